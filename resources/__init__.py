"""Data of the app, read through importlib.resources."""
