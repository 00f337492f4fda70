"""The tensor of a saved network that is looked at: its picture, its numbers, its singular values, a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.errors import StepperError
from core.files.looks.look import layer_of, look
from core.files.looks.looks import Look
from core.files.looks.pages import table_rows
from stepper.background import Background
from stepper.inspecting_work import exported, looked
from stepper.shown_file import ShownFile

HERE, ROWS, EXPORT = "here", "rows", "export"
KEPT_LOOKS = 1000
KEPT_BYTES = 64 * 2**20
"""Of the heat maps of tensors that were looked at before; of older ones only what the list says of them is kept."""


class Looking(QObject):
    """Looks at one tensor after the other; `said(sentence)` tells of trouble with singular values."""

    said = Signal(str)

    def __init__(self, shown: ShownFile) -> None:
        super().__init__(shown)
        self._shown = shown
        self._asked = ""
        self.slow = Background(self)  # singular values may take minutes: nothing else waits for them
        self.slow.ended.connect(self._on_spectrum)

    def choose(self, name: str, *others: str) -> bool:
        """Look at a tensor of the file, and give up `others`, which belong to the last one; False if that is not needed."""
        shown = self._shown
        s = shown.state
        is_shown = name == s.tensor and (s.look is not None or bool(s.look_trouble) or shown.work.is_on(HERE))
        if s.saved is None or is_shown or all(t.name != name for t in s.saved.tensors):
            return False
        shown.cancel(HERE, ROWS, *others)
        saved, layer = s.saved, layer_of(s.layers, name)
        known = s.seen.get(name)
        if known is not None and not known.blocks.size:
            known = None
        shown.set(tensor=name, look=known, look_trouble="", other_look=None, difference=None)
        if known is None:
            shown.start(HERE, lambda: looked(saved, name, layer), saved)
        else:  # it stands as long as the file does
            shown.start(HERE, lambda: known, saved)
        return True

    def show(self, found: Look) -> None:
        """Show a whole look, and keep it."""
        self._shown.set(look=found, seen=with_look(self._shown.state.seen, found))

    def ask_spectrum(self) -> None:
        """Work out the singular values of the tensor that is looked at, also where that takes long."""
        s, first = self._shown.state, self._shown.state.look
        saved, name = s.saved, s.tensor
        if saved is None or first is None or not first.spectrum_later or self.slow.is_on(name):
            return
        layer = layer_of(s.layers, name)
        for other in (self._asked, name):  # the one asked for before is waited for no longer
            self.slow.cancel(other)
        self._asked = name
        self.slow.start(name, lambda: look(saved, name, layer, True, first))

    def ask_rows(self, first: int, last: int) -> None:
        """Ask for rows of the numbers of the tensor that is looked at."""
        saved, name = self._shown.state.saved, self._shown.state.tensor
        if saved is not None and self._shown.state.known is not None:
            self._shown.start(ROWS, lambda: (first, table_rows(saved, name, first, last)), saved)

    def export(self, name: str, path: str) -> None:
        """Write the numbers of a tensor into a file of its own."""
        saved = self._shown.state.saved
        if saved is not None:
            self._shown.start(f"{EXPORT} {path}", lambda: exported(saved, name, path), saved)

    def leave(self) -> None:
        """Wait no longer for singular values."""
        self.slow.cancel(self._asked)

    @Slot(str, object)
    def _on_spectrum(self, name: str, found: object) -> None:
        """Take up the singular values of a tensor; it may be another one that is looked at by now."""
        if isinstance(found, StepperError):
            self.said.emit(str(found))
        elif isinstance(found, Look):
            s = self._shown.state
            here = {"look": found} if s.tensor == name else {}
            self._shown.set(seen=with_look(s.seen, found), **here)


def with_look(seen: Mapping[str, Look], found: Look) -> dict[str, Look]:
    """Return the looks with one more, of the oldest without their pictures where all take too much."""
    kept = {name: one for name, one in list(seen.items())[-KEPT_LOOKS:] if name != found.name} | {found.name: found}
    too_much = sum(one.blocks.nbytes for one in kept.values()) - KEPT_BYTES
    for name, one in kept.items():
        if too_much <= 0:
            break
        if one.blocks.size and one is not found:
            too_much -= one.blocks.nbytes
            kept[name] = replace(one, blocks=np.empty((0, 0)))
    return kept
