"""What is known of the backward that a person wrote: diagnosed when they ask, or live a moment after each change of the text."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.complete import load
from core.diagnosis import Diagnosis, diagnosing
from core.diagnosis.words import written_by_hand
from core.errors import StepperError
from stepper.models.diagnosis_state import ALL, Diagnosed, keys_of
from stepper.settings import Settings
from stepper.widgets.pieces import Pieces

PAUSE = 400
LONGEST_PAUSE = 3000
"""Milliseconds after the last change of the text before it is diagnosed live: longer where the last diagnosis took long."""


class Diagnosing(QObject):
    """Owns the diagnosis of the text that is open; tells every change by `changed(Diagnosed)`.

    `diagnosed(Diagnosis | None, text)` tells what was found of a text, once each time. Nobody waits: the work is done in
    pieces, and given up when the text changes meanwhile.
    """

    changed = Signal(object)
    diagnosed = Signal(object, str)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.state = Diagnosed(live=bool(settings.get("live")))
        self._seen = False
        self._began = 0.0
        self.work = Pieces(self)
        self.work.ended.connect(self._on_ended)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(PAUSE)
        self._later.timeout.connect(self.check)

    # --- the text -------------------------------------------------------------------------------------

    @Slot(str, object, str)
    def take(self, text: str, folder: Path | None, title: str) -> None:
        """Look at another text; nothing that was found or opened of the one before is kept."""
        self.cancel()
        before = self.state
        self.state = Diagnosed(title, text, folder, open_text=text, live=before.live, everything=before.everything)
        self._tell()
        if self.state.live and self._seen:
            self.check()

    @Slot(str)
    def set_text(self, text: str) -> None:
        """Take in a change of the text; what was found before is out of date, and with `live` found anew in a moment."""
        if text == self.state.text:
            return
        self.cancel()
        self._set(text=text, trouble="")
        self._look_soon()

    @Slot(str)
    def set_open(self, text: str) -> None:
        """Say which text the program that is open has: what was typed has been applied."""
        self._set(open_text=text)

    @Slot(bool)
    def set_seen(self, seen: bool) -> None:
        """Say whether anybody looks at what is found: nothing is diagnosed live for nobody."""
        if seen != self._seen:
            self._seen = seen
            self._look_soon()

    def _look_soon(self) -> None:
        s = self.state
        if s.live and self._seen and s.text.strip() and not s.current:
            self._later.start()

    # --- diagnosing -----------------------------------------------------------------------------------

    @Slot()
    def check(self) -> None:
        """Diagnose the text as it is now."""
        self._later.stop()
        s = self.state
        if s.text.strip():
            self._began = time.perf_counter()
            self.work.start(s.text, _diagnosed(s.text, s.folder, s.loss))
            self._set(busy=True, trouble="")

    @Slot()
    def cancel(self) -> None:
        """Give up what is being diagnosed."""
        self._later.stop()
        self.work.cancel()
        self._set(busy=False)

    @Slot()
    def toggle_live(self) -> None:
        """Diagnose after each change by itself, or only when asked."""
        live = not self.state.live
        self._settings.set("live", int(live))
        self._set(live=live)
        if live:
            self._look_soon()
        else:
            self._later.stop()

    @Slot(str)
    def choose_loss(self, name: str) -> None:
        """Measure against another loss where none is written; empty for the one that fits best."""
        if name != self.state.loss:
            self._set(loss=name)
            self.check()

    @Slot(object, object)
    def _on_ended(self, text: object, found: Diagnosis | str | None) -> None:
        took = round(1000 * (time.perf_counter() - self._began))
        self._later.setInterval(max(PAUSE, min(took, LONGEST_PAUSE)))
        if isinstance(found, str):
            self._set(busy=False, trouble=found)
            return
        of = str(text)
        at = self._same_place(found)
        self._set(busy=False, diagnosis=found, of=of, derived=found is None, at=at)
        self.diagnosed.emit(found, of)

    def _same_place(self, found: Diagnosis | None) -> int:
        """Return where the fault that a person is at stands among those found now."""
        before, s = self.state.keys, self.state
        now = () if found is None else keys_of((*found.faults, *found.hints))
        here = before[s.at] if s.at < len(before) else None
        return now.index(here) if here in now else 0

    # --- opening --------------------------------------------------------------------------------------

    @Slot(int, int)
    def open_level(self, card: int, level: int) -> None:
        """Open a card up to a level, and be at it."""
        keys = self.state.keys
        if 0 <= card < len(keys):
            self._set(levels={**self.state.levels, keys[card]: max(0, min(level, ALL))}, at=card)

    @Slot()
    def show_all(self) -> None:
        """Show everything of every fault at once, as a teacher may want it, or only what was opened."""
        self._set(everything=not self.state.everything)

    @Slot()
    def next_fault(self) -> None:
        """Be at the next fault; after the last one at the first."""
        count = len(self.state.keys)
        if count:
            self._set(at=(self.state.at + 1) % count)

    @Slot(int)
    def go_to(self, card: int) -> None:
        """Be at a fault."""
        if card != self.state.at and 0 <= card < len(self.state.keys):
            self._set(at=card)

    def _set(self, **what: object) -> None:
        before = self.state
        self.state = replace(before, **what)  # type: ignore[arg-type]
        if self.state != before:
            self._tell()

    def _tell(self) -> None:
        self.changed.emit(self.state)


def _diagnosed(text: str, folder: Path | None, loss: str) -> Generator[None, None, Diagnosis | str | None]:
    """Diagnose in pieces; a sentence where the text cannot be read, None where all of the backward would be derived."""
    try:
        program = load(text, folder=folder)
        yield
        if not written_by_hand(program):
            return None
        return (yield from diagnosing(text, folder, loss))
    except StepperError as error:
        return str(error)
