"""Work that waits for files, in a thread of its own, so that the window stays alive meanwhile."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.errors import StepperError

LOOK = 15
"""Milliseconds between two looks at what the thread has done."""
Work = Callable[[], Any]


class Background(QObject):
    """Does one thing after the other; what waits under a key is replaced by newer work of the same key.

    `part(key, found)` tells what a generator yields, `ended(key, found)` what the work returned, or the StepperError that
    it raised. Nothing is told of work that was given up. The thread knows no Qt: its answers are fetched by a timer.
    """

    part = Signal(str, object)
    ended = Signal(str, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._wanted: dict[str, tuple[int, Work]] = {}
        self._numbers: dict[str, int] = {}
        self._count = 0
        self._lock = threading.Condition()
        self._answers: queue.SimpleQueue[tuple[str, int, bool, Any]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._fetch)

    @property
    def busy(self) -> bool:
        """Whether anything is being done or waits."""
        return bool(self._numbers)

    def is_on(self, key: str) -> bool:
        """Tell whether work of a key is being done or waits."""
        return key in self._numbers

    def start(self, key: str, work: Work) -> None:
        """Do some work: a function without arguments, which may be a generator. What was begun under the key is given up."""
        with self._lock:
            self._count += 1
            self._wanted[key] = (self._count, work)
            self._numbers[key] = self._count
            self._lock.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="stepper-files", daemon=True)
            self._thread.start()
        self._timer.start()

    def cancel(self, key: str) -> None:
        """Give up the work of a key."""
        with self._lock:
            self._wanted.pop(key, None)
            self._numbers.pop(key, None)

    def finish(self, beginning: str = "") -> None:
        """Wait until all is done whose keys begin like this, and tell how it has ended."""
        while any(key.startswith(beginning) for key in self._numbers):
            self._tell(*self._answers.get())

    def close(self) -> None:
        """Give up everything; a piece that is being done ends by itself."""
        with self._lock:
            self._closed = True
            self._wanted.clear()
            self._numbers.clear()
            self._lock.notify()
        self._timer.stop()

    # -- in the thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._wanted and not self._closed:
                    self._lock.wait()
                if self._closed:
                    return
                key = next(iter(self._wanted))
                number, work = self._wanted.pop(key)
            try:
                found = work()
                if isinstance(found, Generator):
                    found = self._drained(key, number, found)
            except StepperError as error:
                found = error
            except Exception as error:  # told by the window as any fault of ours is
                found = error
            self._answers.put((key, number, True, found))

    def _drained(self, key: str, number: int, parts: Generator[Any, None, Any]) -> Any:
        while self._numbers.get(key) == number:
            try:
                found = next(parts)
            except StopIteration as end:
                return end.value
            self._answers.put((key, number, False, found))
        parts.close()
        return None

    # -- in the window -------------------------------------------------------------------------------

    @Slot()
    def _fetch(self) -> None:
        while not self._answers.empty():
            self._tell(*self._answers.get())
        if not self._numbers:
            self._timer.stop()

    def _tell(self, key: str, number: int, ended: bool, found: Any) -> None:
        if self._numbers.get(key) != number:
            return
        if not ended:
            self.part.emit(key, found)
            return
        self._numbers.pop(key, None)
        if isinstance(found, Exception) and not isinstance(found, StepperError):
            self.ended.emit(key, StepperError(self.tr("a mistake in this app; its details are written down")))
            raise found
        self.ended.emit(key, found)
