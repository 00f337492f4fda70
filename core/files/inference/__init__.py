"""Layers inferred from weights alone."""
