"""The signs of what is worth knowing of a tensor: those that the health rules have for the same thing, and further ones."""

from __future__ import annotations

from collections.abc import Mapping

from core.files.looks.looks import MatchKind, RemarkKind

GLYPHS: Mapping[RemarkKind, str] = {
    "nonfinite": "", "all_zero": "○", "zeros": "○", "constant": "▬", "duplicated": "≡", "dead": "⊘", "condition": "κ",
    "rank": "◺", "large": "▲", "variance": "−",
}  # fmt: skip
"""An error has a ⚠ before it; numbers that are none have that alone."""

MATCHES: Mapping[MatchKind, str] = {"equal": "=", "near": "≈", "different": "≠", "shape": "≠", "type": "≠"}
"""How a tensor differs from that of another file."""
