"""Sums written out with their numbers, long ones by their largest terms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.explain.numbers import number
from core.program.ir import Array

MOST_TERMS = 6
LARGEST_TERMS = 4


def sum_text(terms: Array, write: Callable[[int], str]) -> str:
    """Write a sum of numbers; of a long one its largest terms, NaN and ∞ first, and the sum of the others.

    `write(i)` is the text of term i, fit to stand after a plus sign.
    """
    terms = np.asarray(terms).reshape(-1)
    if terms.size <= MOST_TERMS:
        return " + ".join(write(i) for i in range(terms.size)) or "0"
    if terms.dtype.kind == "b":
        terms = terms.astype(int)
    rank = np.where(np.isnan(terms), np.inf, np.abs(terms))
    largest = np.sort(np.argsort(-rank, kind="stable")[:LARGEST_TERMS])
    others = np.delete(terms, largest)
    shown = " + ".join(write(int(i)) for i in largest)
    return f"{shown} + the other {others.size} terms: {number(others.sum())}"


def bare(text: str) -> str:
    """Drop the parentheses around a sign that opens an expression: nothing stands before it."""
    if text.startswith("(−") and ")" in text:
        inner, rest = text[1:].split(")", 1)
        return inner + rest
    return text
