"""Data sets that a program can name, and how iterations pick their samples."""
