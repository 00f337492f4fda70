"""Keeping the open session a few seconds after every change, so that not even a killed process loses more than those.

What there is to keep is gathered in the window's thread, which takes milliseconds; it is packed and written in another one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.document import Written, document_of, document_work
from core.errors import StepperError
from core.session import Session
from stepper.background import Background
from stepper.drafts import Drafts

SOON, LATEST = 2_000, 5_000
"""Milliseconds after the last change, and at most after the first one, until the session is kept."""
SHARE, REST = 50, 10
"""Gathering may take this part of the window's time, packing and writing that part of the other thread's: then it rests."""
STATES = 2
"""Starts of iterations that are kept besides those near the one that is looked at: going far back may take a while then."""
KEEP = "keep"


@dataclass(frozen=True)
class ToKeep:
    """A session that can be kept, and where; `mark` tells what is in it from what was in it before.

    `often` tells that there is work in it that could be lost, and not so much that keeping it takes long.
    """

    session: Session
    written: Written | None
    target: str
    mark: tuple[Any, ...]
    drafts: Drafts
    often: bool


class Keeping(QObject):
    """Keeps what `wanted` gives (None: nothing); `failed(sentence)` tells, once, that this is not possible."""

    failed = Signal(str)

    def __init__(self, wanted: Callable[[], ToKeep | None], parent: QObject) -> None:
        super().__init__(parent)
        self._wanted = wanted
        self.kept: tuple[Any, ...] | None = None
        """The mark of what was kept last, or needs not be kept."""
        self.work = Background(self)
        self.work.ended.connect(self._on_ended)
        self.clock = time.monotonic
        self._since = self._not_before = 0.0
        self._packing: tuple[Any, ...] | None = None
        self._complained = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.often)

    @Slot()
    def soon(self) -> None:
        """Keep the session when it has not changed for a moment, or has changed all the time for a longer one."""
        now = self.clock()
        if not self._timer.isActive():
            self._since = now
        self._timer.start(max(0, min(SOON, int(LATEST - 1000 * (now - self._since)))))

    @Slot()
    def often(self) -> None:
        """Keep the session now if it has changed since it was kept last and it is time; else later."""
        found = self._wanted()
        if found is None or not found.often or found.mark == self.kept:
            return
        wait = self._not_before - self.clock()
        if wait > 0 or self.work.is_on(KEEP):
            self._timer.start(max(SOON, int(1000 * wait)))
            return
        begin = self.clock()
        try:
            pack = document_work(found.session, found.written, STATES)
            write = found.drafts.session_writer(found.session.title, found.target, found.session.timeline.iteration)
        except StepperError as error:
            self._fail(error)
            return
        self._not_before = self.clock() + SHARE * (self.clock() - begin)
        self._packing = found.mark
        self.work.start(KEEP, lambda: _timed(lambda: write(pack())))

    def now(self) -> bool:
        """Keep the session before anything else happens; False where that is not possible. What is being kept is given up."""
        found = self._wanted()
        if found is None:
            return True
        self.work.cancel(KEEP)
        session = found.session
        try:
            found.drafts.keep_session(
                document_of(session, found.written), session.title, found.target, session.timeline.iteration
            )
        except StepperError as error:
            self._fail(error)
            return False
        self.kept = found.mark
        return True

    def finish(self) -> None:
        """Wait until what is being kept is kept."""
        self.work.finish(KEEP)

    def end(self) -> None:
        """Keep nothing any more."""
        self._timer.stop()
        self.work.close()

    @Slot(str, object)
    def _on_ended(self, _: str, found: object) -> None:
        if isinstance(found, StepperError):
            self._fail(found)
        elif isinstance(found, tuple):
            written, seconds = found
            self._not_before = max(self._not_before, self.clock() + REST * seconds)
            if written:
                self.kept = self._packing
            else:  # what is kept of this window has begun anew meanwhile
                self._timer.start(SOON)

    def _fail(self, error: StepperError) -> None:
        if not self._complained:
            self._complained = True
            words = self.tr("The session cannot be kept in case something goes wrong: {why}. Save it with Ctrl+S.")
            self.failed.emit(words.format(why=error))


def _timed(work: Callable[[], bool]) -> tuple[bool, float]:
    begin = time.monotonic()
    return work(), time.monotonic() - begin
