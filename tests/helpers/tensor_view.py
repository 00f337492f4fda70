"""Files with tensors for the tensor view, what is known of them, and what the view shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.files.looks.compare import compare
from core.files.looks.look import difference, first_look, look
from core.files.looks.pages import table_rows
from core.files.saved import Layer, Saved
from core.saved_target import read_saved
from stepper.models.saved_state import SavedState
from stepper.views.tensor import TensorView

RNG = np.random.default_rng(7)


def saved_of(path: Path, tensors: Mapping[str, np.ndarray]) -> Saved:
    np.savez(path, **tensors)
    return read_saved(str(path))


def layer_of(weight: str, orientation: str = "out,in", **more: str) -> Layer:
    return Layer("dense", "fc1", tensors={"weight": weight, **more}, attributes={"orientation": orientation})


def state_of(saved: Saved, name: str, layer: Layer | None = None, whole: bool = True, spectrum: bool = False) -> SavedState:
    """All that is known of a tensor that is looked at; `whole` False: before more than the heat map is there."""
    found = look(saved, name, layer, spectrum) if whole else first_look(saved, name)
    layers = () if layer is None else (layer,)
    return SavedState(saved, layers, tensor=name, look=found, seen={name: found} if whole else {})


def compared(state: SavedState, other: Saved) -> SavedState:
    assert state.saved is not None and state.look is not None
    matches = {m.name or m.other: m for m in compare(state.saved, other)}
    match = matches[state.tensor]
    there = look(other, match.other, None) if match.other else None
    change = difference(state.saved, other, state.tensor, match.other) if match.largest is not None else None
    return replace(state, other=other, matches=matches, other_look=there, difference=change)


def shown_view(qtbot: QtBot, width: int = 540, height: int = 330) -> tuple[QWidget, TensorView]:
    """A window with a tensor view in it, shown and active; both are to be kept."""
    window = QWidget()  # a view shown by itself would have Qt warn of size hints
    window.resize(1600, 1000)
    qtbot.addWidget(window)
    view = TensorView(window)
    view.resize(width, height)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window, view


class Reader:
    """Answers what a view asks for, from a file, and keeps what it asked."""

    def __init__(self, view: TensorView, state: SavedState) -> None:
        assert state.saved is not None
        self.view, self.saved, self.name = view, state.saved, state.tensor
        self.asked: list[tuple[int, int]] = []
        view.rows_wanted.connect(self.answer)

    def answer(self, first: int, last: int) -> None:
        self.asked.append((first, last))
        self.view.show_rows(first, table_rows(self.saved, self.name, first, last))
