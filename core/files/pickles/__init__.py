"""Pickles read without running anything in them, and the scikit-learn networks found there."""
