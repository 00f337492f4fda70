"""Another file beside the saved network that is shown: all tensors of both, and the one that is looked at there."""

from __future__ import annotations

from collections.abc import Sequence

from core.files.looks.look import difference, layer_of, look
from core.files.looks.looks import Look, Match
from core.files.saved import Saved
from core.files.source import Stamp
from stepper.inspecting_work import compared, read_other
from stepper.shown_file import ShownFile

OTHER, COMPARE, THERE, DIFFERENCE = "other", "compare", "there", "difference"
KEYS = (OTHER, COMPARE, THERE, DIFFERENCE)
"""The work of comparing: reading the other file, going through the tensors, and the looks at one of them."""


class Comparing:
    """Compares the file that is shown; what it finds goes into the state of that."""

    def __init__(self, shown: ShownFile) -> None:
        self._shown = shown

    def begin(self, path: str) -> None:
        """Compare the file, tensor by tensor, with another one."""
        saved = self._shown.state.saved
        if saved is not None:
            self._shown.read(OTHER, path, lambda: read_other(path), saved)

    def end(self) -> None:
        """Put the other file away."""
        self._shown.cancel(*KEYS)
        self._shown.set(other=None, matches={}, comparing=0, other_look=None, difference=None)

    def take(self, other: Saved, now: Stamp) -> None:
        """Compare with a file that was read."""
        shown = self._shown
        saved = shown.state.saved
        if saved is None:
            return
        shown.cancel(COMPARE, THERE, DIFFERENCE)
        shown.stamps = {saved.path: shown.stamps[saved.path], **({} if other.path == saved.path else {other.path: now})}
        shown.set(other=other, matches={}, comparing=0, other_look=None, difference=None)
        shown.start(COMPARE, lambda: compared(saved, other), saved, other)

    def add(self, found: Sequence[Match]) -> None:
        """Take up tensors that were compared."""
        matches = {**self._shown.state.matches, **{m.name or m.other: m for m in found}}
        self._shown.set(matches=matches, comparing=len(matches))
        self.look()

    def look(self) -> None:
        """Look at the chosen tensor in the other file, and at how it differs from that here."""
        s = self._shown.state
        match, saved, other = s.matches.get(s.tensor), s.saved, s.other
        if match is None or saved is None or other is None or not match.other or s.other_look is not None:
            return
        name, there = s.tensor, match.other
        layer = layer_of(s.layers, name)
        self._shown.start(THERE, lambda: look(other, there, layer), other)
        if match.largest is not None:
            self._shown.start(DIFFERENCE, lambda: difference(saved, other, name, there), saved, other)

    def show(self, key: str, found: Look) -> None:
        """Show a look that is done."""
        self._shown.set(**{"other_look" if key == THERE else "difference": found})
