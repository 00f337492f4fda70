"""Breakpoints, bookmarks and watches: put there, taken away, kept with the document; and the tracks that curves show."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.notes import Bookmark, Breakpoint, Notes, Watch, from_data, to_data
from core.program.ir import BodyLine
from core.session import Session
from stepper.controller import Controller
from stepper.saving import SavingError, save_text

SLICE = 0.012
PAUSE = 0.25


class Stops(QObject):
    """Passes what is left in a program on to the session, and keeps it in `folder`, a file for each document."""

    note_asked = Signal(str)

    def __init__(self, controller: Controller, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._folder = folder
        self._filling = QTimer(self)
        self._filling.setInterval(20)
        self._filling.timeout.connect(self._fill)
        self._shown = 0.0

    @Slot()
    def read(self) -> None:
        """Take up what was left in the document that has just been opened; call this before it is first shown."""
        session = self._session()
        if session is None:
            return
        try:
            data = json.loads(self._file().read_text("utf-8"))
        except (OSError, ValueError):
            data = None
        notes, said = from_data(data)
        session.notes = notes.settled(session.program)
        for sentence in said:
            self._controller.said.emit(sentence)

    # -- breakpoints ---------------------------------------------------------------------------------

    @Slot()
    def toggle_at_cursor(self) -> None:
        """Put a breakpoint on the line with the cursor, or take it away."""
        cursor, line = self._controller.cursor, self._controller.body_cursor
        if line is not None:
            self.toggle_body_line(line)
        elif cursor is not None:
            self.toggle_line(cursor)

    @Slot(int)
    def toggle_line(self, statement: int) -> None:
        """Put a breakpoint on a line, or take it away."""
        session = self._session()
        if session is not None:
            self._keep(session.notes.toggle_line(session.program.statements[statement]))

    @Slot(object)
    def toggle_body_line(self, line: BodyLine) -> None:
        """Put a breakpoint on a line of a `def`, or take it away; it stops in every call."""
        self._keep(self._notes().toggle_line(line))

    @Slot(object)
    def add(self, note: Breakpoint | Bookmark | Watch) -> None:
        """Add a breakpoint, a bookmark or a watch."""
        self._keep(self._notes().add(note))

    @Slot(object)
    def remove(self, note: Breakpoint | Bookmark | Watch) -> None:
        """Take one away."""
        self._keep(self._notes().remove(note))

    @Slot(object)
    def switch(self, which: Breakpoint) -> None:
        """Switch a breakpoint on or off."""
        self._keep(self._notes().switch(which))

    @Slot(str)
    def stop_on_change(self, place: str) -> None:
        """Stop where a value or a cell of it changes."""
        self.add(Breakpoint("change", place))
        self._controller.told.emit(
            self.tr("A run now stops where {place} changes; F5 runs later, Shift+F5 earlier.").format(place=place)
        )

    @Slot(str)
    def stop_on_finding(self, rule: str = "") -> None:
        """Stop at the first value that a rule finds something in; any rule if it is empty."""
        self.add(Breakpoint("finding", rule))

    @Slot(str, object)
    def hunt(self, direction: str, which: Breakpoint) -> None:
        """Go later or earlier to where a breakpoint hits."""
        self._controller.hunt(direction, [which])

    # -- watches and bookmarks -----------------------------------------------------------------------

    @Slot(str)
    def watch(self, text: str) -> None:
        """Watch an expression."""
        self.add(Watch(text))

    @Slot(str)
    def unwatch(self, text: str) -> None:
        """Watch it no more."""
        self.remove(Watch(text))

    @Slot()
    def ask_bookmark(self) -> None:
        """Ask for the note of a bookmark of this place; `note_asked` carries the note that it has already."""
        at = self._here()
        if at is not None:
            self._controller.stop()
            known = next((b.note for b in self._notes().bookmarks if (b.iteration, b.k) == (at.iteration, at.k)), "")
            self.note_asked.emit(known)

    @Slot(str)
    def bookmark(self, note: str) -> None:
        """Put a bookmark with a note here."""
        at = self._here()
        if at is not None:
            self.add(replace(at, note=note))

    @Slot(object, str)
    def renote(self, which: Bookmark, note: str) -> None:
        """Give a bookmark another note."""
        self.add(replace(which, note=note))

    @Slot(object)
    def go_to(self, which: Bookmark) -> None:
        """Go to a bookmark."""
        self._controller.go(which.iteration, which.k)

    # -- tracks --------------------------------------------------------------------------------------

    @Slot(object)
    def want(self, tracks: Sequence[str]) -> None:
        """Take these tracks from now on, and what is missing of them."""
        session = self._session()
        if session is not None:
            session.tracks.want(tracks)
            self._filling.start()

    @Slot()
    def _fill(self) -> None:
        session = self._session()
        if session is None or session.running:
            return
        if session.tracks.complete():
            self._filling.stop()
            return
        if session.tracks.fill(SLICE) or time.monotonic() - self._shown > PAUSE:
            self._shown = time.monotonic()
            session.note(session.notes)

    @Slot(object)
    def on_changed(self, moment: object) -> None:
        """Look again for what is missing when something has changed."""
        del moment
        session = self._session()
        if session is not None and not self._filling.isActive() and not session.running and not session.tracks.complete():
            self._filling.start()

    # -- inside --------------------------------------------------------------------------------------

    def _session(self) -> Session | None:
        return self._controller.session

    def _notes(self) -> Notes:
        session = self._session()
        return Notes() if session is None else session.notes

    def _here(self) -> Bookmark | None:
        session = self._session()
        if session is None:
            return None
        at = session.timeline.position
        return Bookmark(at.iteration, at.k)

    def _keep(self, notes: Notes) -> None:
        session = self._session()
        if session is None:
            return
        session.note(notes)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            save_text(self._file(), json.dumps({"document": self._document(), **to_data(notes)}, indent=1))
        except (OSError, SavingError):
            self._controller.said.emit(
                self.tr("Breakpoints, bookmarks and watches cannot be kept: {folder} cannot be written to.").format(
                    folder=self._folder
                )
            )

    def _document(self) -> str:
        target = self._controller.target
        return str(Path(target).absolute()) if Path(target).is_file() else target

    def _file(self) -> Path:
        return self._folder / f"{hashlib.sha256(self._document().encode()).hexdigest()[:24]}.json"
