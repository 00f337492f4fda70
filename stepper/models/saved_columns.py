"""The columns of the tree of a saved network, and what has to say what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Protocol

from PySide6.QtCore import QCoreApplication

from core.files.looks.looks import Look, Match
from stepper.models.saved_nodes import Node

translate = QCoreApplication.translate


class Column(IntEnum):
    """The columns, from left to right; the second and the third are there in a comparison alone."""

    NAME = 0
    DIFFERENCE = 1
    RELATIVE = 2
    WHAT = 3
    SHAPE = 4
    REMARK = 5
    MIN = 6
    MAX = 7
    NUMBERS = 8
    TYPE = 9
    BYTES = 10


def titles() -> dict[Column, tuple[str, str]]:
    """Return the name of each column, and what it says."""
    return {
        Column.NAME: (translate("saved", "layer, tensor"), translate("saved", "The name in the file")),
        Column.DIFFERENCE: (
            translate("saved", "difference"),
            translate("saved", "The largest difference of a number here and there; ≈ is no more than rounding"),
        ),
        Column.RELATIVE: (
            translate("saved", "relative"),
            translate("saved", "The root of the mean squared difference, by that of the numbers here (rms)"),
        ),
        Column.WHAT: (translate("saved", "what"), translate("saved", "What a layer does; what a tensor is in its layer")),
        Column.SHAPE: (translate("saved", "size"), translate("saved", "What flows in → out of a layer; the shape of a tensor")),
        Column.REMARK: (
            translate("saved", "remarks"),
            translate("saved", "What is worth knowing of the numbers, once they were looked at; ✓ is nothing"),
        ),
        Column.MIN: (translate("saved", "min"), translate("saved", "The smallest finite number, once looked at")),
        Column.MAX: (translate("saved", "max"), translate("saved", "The largest finite number, once looked at")),
        Column.NUMBERS: (translate("saved", "numbers"), translate("saved", "How many numbers there are")),
        Column.TYPE: (translate("saved", "type"), translate("saved", "How each number is stored")),
        Column.BYTES: (translate("saved", "in the file"), translate("saved", "The bytes that are stored")),
    }


class Said(Protocol):
    """Says what the lines show; `seen` and `matches` are what is known of the tensors so far."""

    seen: Mapping[str, Look]
    matches: Mapping[str, Match]

    def text(self, node: Node, column: int) -> str:
        """Return what stands in a cell."""
        ...

    def said(self, node: Node) -> str:
        """Return a line in words, as a screen reader says it."""
        ...

    def tip(self, node: Node, column: int) -> str:
        """Return all that a cell has no room for."""
        ...

    def tone(self, node: Node, column: int) -> str:
        """Return how a cell is written: `strong`, `dim`, `error`, `warning`, or as usual ''."""
        ...

    def key(self, node: Node, column: int) -> float | str | None:
        """Return what a line is sorted by in a column; None, where nothing is known, is last."""
        ...
