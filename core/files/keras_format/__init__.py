"""Keras: its JSON and HDF5, layer by layer; nothing of Keras is imported."""
