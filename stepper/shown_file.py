"""The saved network that is shown: what is known of it, and the work that is done with its file in the background."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.files.problem import escaped
from core.files.saved import Saved
from core.files.source import Stamp
from stepper.background import Background, Work
from stepper.inspecting_work import if_unchanged
from stepper.models.saved_state import SavedState

READ = "read"
"""The work of reading a file that a person has just opened."""
LONGEST = 80
PATIENCE = 400
"""Milliseconds of reading after which it is said what is being waited for."""


class ShownFile(QObject):
    """Holds the state that the panels show; every change is told by `changed(SavedState)`, and by `waits(name)` a slow file.

    `stamps` are of the files that are looked into, as they were when they were read.
    """

    changed = Signal(object)
    waits = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.state = SavedState()
        self.work = Background(self)
        self.stamps: dict[str, Stamp] = {}
        self._names: dict[str, str] = {}  # of the files that are being read, by the work that reads them
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE)
        self._patience.timeout.connect(self._on_patience)

    @property
    def path(self) -> str:
        """Where the file lies; empty without one."""
        return "" if self.state.saved is None else self.state.saved.path

    @property
    def busy(self) -> str:
        """The name of the file that is being read."""
        return next(reversed(self._names.values()), "")

    def set(self, **what: object) -> None:
        """Change some of the state."""
        self.set_all(replace(self.state, **what))  # type: ignore[arg-type]

    def set_all(self, state: SavedState) -> None:
        """Show another state."""
        self.state = state
        self.changed.emit(state)

    def start(self, key: str, work: Work, *files: Saved) -> None:
        """Do something with files, unless one of them has been written anew since it was read."""
        known = [(Path(f.path), self.stamps[f.path]) for f in files if f.path in self.stamps]
        self.work.start(key, lambda: if_unchanged(work, known))

    def read(self, key: str, path: str, work: Work, *files: Saved) -> None:
        """Read a file, as `start` does something with others, and say so until this is done or given up."""
        self._names.pop(key, None)
        self._names[key] = escaped(Path(path).name)[:LONGEST]
        self.set(busy=self.busy)
        if key == READ:
            self._patience.start()
        self.start(key, work, *files)

    def ended(self, key: str) -> None:
        """Say no more that a file is being read by this work."""
        if self._names.pop(key, None) is not None:
            self.set(busy=self.busy)

    def cancel(self, *keys: str) -> None:
        """Give up some work."""
        for key in keys:
            self.work.cancel(key)
            self.ended(key)

    @Slot()
    def _on_patience(self) -> None:
        if self.work.is_on(READ):
            self.waits.emit(self.busy)
