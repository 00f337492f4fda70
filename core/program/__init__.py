"""The program as data: sizes, expressions, instructions, structure. Nothing here computes values."""
