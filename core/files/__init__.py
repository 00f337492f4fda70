"""Saved networks: files of other programs, read as data in a limited process of their own. Nothing in a file is run."""
