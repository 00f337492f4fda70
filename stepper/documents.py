"""The open session as a document: saving it whole, that it comes back after a crash, and the title that says what is unsaved."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from core import numerics
from core.document import Restored, Written, document_of, open_document
from core.errors import StepperError
from core.files.document import is_document
from core.files.problem import escaped
from core.lessons.shipped import PREFIX
from core.numerics import Threads
from core.session import Session
from stepper.controller import Controller
from stepper.drafts import Draft, Drafts
from stepper.keeping import Keeping, ToKeep
from stepper.save_dialog import SaveDialog
from stepper.saving import save_bytes
from stepper.settings import Settings
from stepper.writing import Writing

LARGEST_OFTEN = 64 * 2**20
"""Bytes of data and parameters above which a session is kept only when it is left."""


class Documents(QObject):
    """Saves sessions, and keeps them. `title_changed(text)` follows what the window is to be called; `said` and `told` carry
    sentences; `saved` tells that a document was saved.

    It must hear of another open program before the owner of the text does: connect it first.
    """

    title_changed = Signal(str)
    said = Signal(str)
    told = Signal(str)
    saved = Signal()

    def __init__(self, controller: Controller, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller, self._settings, self._window = controller, settings, parent
        self._writing: Writing | None = None
        self._session: Session | None = None
        self._target = ""
        self._saved: tuple[Any, ...] | None = None
        self._recovering = self._warned = False
        self._title = ""
        self._threads = Threads()
        self.keeping = Keeping(self._to_keep, self)
        self.keeping.failed.connect(self.said)
        controller.opened.connect(self._on_opened)
        controller.changed.connect(self.keeping.soon)
        controller.changed.connect(self.show_title)

    def use(self, writing: Writing) -> None:
        """Save this text with the session."""
        self._writing = writing
        writing.text_changed.connect(self.show_title)
        writing.told.connect(self.show_title)
        writing.opened.connect(self.show_title)
        writing.left.open_wanted.connect(self._open_left)

    @property
    def path(self) -> Path | None:
        """The document that is open; None where a program, a network or an example is."""
        target = self._controller.target
        return Path(target) if self._session is not None and is_document(target) else None

    @property
    def is_unsaved(self) -> bool:
        """Whether there is work that is not saved: a text, changes by hand; in a document also what else it holds.

        Where one stands is no work: looking around in a document does not change it.
        """
        return self._is_text_unsaved or (self._session is not None and self._saved != self._mark())

    # -- saving ------------------------------------------------------------------------------------------

    @Slot()
    def save(self) -> None:
        """Save what is open where it belongs: a document whole, a program its text; asks where it has no file."""
        path, writing = self.path, self._writing
        if path is not None and (writing is None or writing.run_text is not None):
            self.save_to(str(path))
        elif writing is not None and (writing.has_file or self._session is None):
            writing.save()
            if writing.is_saved and self.is_unsaved:
                words = self.tr("The text is saved. Your changes by hand are not in it: File ▸ Save the session as… keeps them.")
                self.told.emit(words)
        else:
            self._ask(self._saved == self._mark())

    @Slot()
    def choose_file(self) -> None:
        """Ask where to save the whole session."""
        if self._session is None:
            self.said.emit(self.tr("There is no session to save yet: open or write a program first."))
        else:
            self._ask(None)

    @Slot(str)
    def save_to(self, name: str) -> None:
        """Save in a file: the whole session if its name ends in `.stepper`, else the text. On trouble a sentence says why."""
        if not is_document(name):
            if self._writing is not None:
                self._writing.save_to(name)
            return
        session, path = self._session, Path(name)
        if session is None:
            return
        self._controller.stop()
        before = session.title
        session.title = path.name
        try:
            save_bytes(path, document_of(session, self._written()))
        except StepperError as error:
            session.title = before
            self.keep()
            self.said.emit(self.tr("The session was not saved: {why}. It is kept here.").format(why=error))
            return
        self._saved = self.keeping.kept = None
        self._controller.rename(path.name, str(path.absolute()))
        self._target = self._controller.target
        if self._writing is not None:
            self._writing.saved_in(path)
            self._writing.drafts.drop_session()
        self._saved, self.keeping.kept = self._mark(), self._whole_mark()
        self.saved.emit()
        self.show_title()
        self.told.emit(self.tr("Saved: {file}").format(file=path))

    def _ask(self, text_first: bool | None) -> None:
        """Ask where to save: the text or the session, or with None the session alone."""
        assert self._session is not None
        dialog = SaveDialog(self._session.title, text_first, self._settings.get("folder"), self._window)
        dialog.fileSelected.connect(self.save_to)
        dialog.open()

    # -- keeping -----------------------------------------------------------------------------------------

    def keep(self) -> bool:
        """Keep the session now, so that nothing can lose it; False, and once a sentence, where that is not possible."""
        return self.keeping.now() if self._session is not None else True

    def _to_keep(self) -> ToKeep | None:
        session, writing = self._session, self._writing
        if session is None or writing is None:
            return None
        often = not self._is_lesson and (self.is_unsaved or bool(session.timeline.losses)) and _size(session) <= LARGEST_OFTEN
        return ToKeep(session, self._written(), self._absolute, self._whole_mark(), writing.drafts, often)

    def close(self) -> bool:
        """Keep what is unsaved before the window goes; False, once, if that is not possible.

        Call it before the text is closed, which asks by itself.
        """
        self.keeping.finish()
        if not self._leave() and not self._is_text_unsaved and not self._warned:
            self._warned = True
            words = self.tr("Your session could not be kept. Save it in another folder, or close once more to lose it.")
            self.said.emit(words)
            return False
        self._threads.release()
        return True

    def end(self) -> None:
        """Keep nothing any more: the window has gone."""
        self.keeping.end()

    def _leave(self) -> bool:
        """Keep the session that is left, if there is anything unsaved in it."""
        if self._writing is None or self._session is None:
            return True
        if self.is_unsaved and not self._is_lesson:
            return self.keep()
        self._writing.drafts.drop_session()
        return True

    def _leave_behind(self, writing: Writing) -> None:
        """Keep a session whose place a new text takes: what is kept of this window from now on is of that text."""
        if self._session is not None and self._saved != self._mark():
            drafts = Drafts(writing.drafts.folder)
            with contextlib.suppress(StepperError):
                session = self._session
                drafts.keep_session(document_of(session), session.title, self._absolute, session.timeline.iteration)
            drafts.set_aside()

    # -- what was left behind ----------------------------------------------------------------------------

    @Slot(object)
    def _open_left(self, draft: Draft) -> None:
        """Open a session that was left behind as it was; where there is none or it cannot be read, the text of it."""
        writing = self._writing
        if writing is None:
            return
        restored: Restored | None = None
        if draft.session:
            try:
                beside = Path(draft.target).parent if Path(draft.target).is_absolute() else None
                restored = open_document(Path(draft.session), beside)
            except StepperError as error:
                self.said.emit(self.tr("The session cannot be opened again: {why}").format(why=error))
        if restored is not None:
            self._recovering = True
            self._controller.take(restored.session, draft.target, restored)
            self._recovering = False
        elif not draft.text.strip():
            return
        writing.open_left(draft, restored is not None)
        if writing.keep() and (restored is None or self.keep()):  # only now is the older copy not needed any more
            writing.drafts.throw_away(draft)
        writing.left.offer()
        self.show_title()

    # -- inside ------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_opened(self, _: object) -> None:
        """Keep what was open before if it is unsaved, and compute the new one as it was computed."""
        session, restored = self._controller.session, self._controller.restored
        applying = self._writing is not None and self._writing.is_applying
        if not applying:
            self._leave()
        elif self._writing is not None and self._writing.run_text is None:
            self._leave_behind(self._writing)
        self._session, self._target = session, self._controller.target
        if self._recovering:
            self._saved = None
        elif not applying or not is_document(self._target):
            self._saved = self._mark()
        # What was just read from a document needs not be kept beside it.
        fresh = restored is not None and not self._recovering and not applying
        self.keeping.kept = self._whole_mark() if fresh else None
        if applying:
            return
        if restored is None:
            self._threads.release()
            return
        self._threads.hold(restored.numerics.threads)
        words = [numerics.mismatch(restored.numerics, numerics.here()), *restored.said]
        for sentence in filter(None, words):
            self._controller.told.emit(sentence)

    @Slot()
    def show_title(self) -> None:
        """Say what the window is to be called."""
        session = self._session
        if session is None:
            text = self.tr("Backprop Stepper")
        else:
            words = self.tr("● {title} — Backprop Stepper") if self.is_unsaved else self.tr("{title} — Backprop Stepper")
            text = words.format(title=escaped(session.title).replace("[*]", "[*][*]"))  # as Qt wants it
        if text != self._title:
            self._title = text
            self.title_changed.emit(text)

    @property
    def _is_text_unsaved(self) -> bool:
        return self._writing is not None and not self._writing.is_saved

    @property
    def _is_lesson(self) -> bool:
        return self._target.startswith(PREFIX) or self._target.lower().endswith(".lesson.toml")

    @property
    def _absolute(self) -> str:
        path = Path(self._target)
        return str(path.absolute()) if path.is_file() or is_document(self._target) else self._target

    def _written(self) -> Written | None:
        writing = self._writing
        return None if writing is None or writing.run_text is None else Written(writing.text, writing.run_text)

    def _mark(self) -> tuple[Any, ...]:
        """Return what makes the session another one to save: compared, never shown."""
        session = self._session
        if session is None:
            return ()
        if self._is_lesson:
            return ("lesson",)
        events = session.timeline.events
        return (events, session.notes, session.monitor.settings) if is_document(self._target) else (events,)

    def _whole_mark(self) -> tuple[Any, ...]:
        session = self._session
        if session is None:
            return ()
        t = session.timeline
        text = "" if self._writing is None else self._writing.text
        return (*self._mark(), session.notes, t.position, len(t.losses), text)


def _size(session: Session) -> int:
    return sum(g.value.nbytes for g in session.timeline.opened.given if isinstance(g.value, np.ndarray))
