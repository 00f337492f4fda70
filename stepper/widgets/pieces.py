"""Long work in short pieces, so that the window stays alive meanwhile."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot


class Pieces(QObject):
    """Works off one generator at a time, a piece whenever nothing else is to be done.

    `progressed` carries what a piece yields, `ended` what the work was started for and what it returned.
    """

    progressed = Signal(object)
    ended = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work: Generator[Any, None, Any] | None = None
        self._what: object = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._go_on)

    @property
    def busy(self) -> bool:
        """Whether there is something to do."""
        return self._work is not None

    def start(self, what: object, work: Generator[Any, None, Any]) -> None:
        """Begin; what was begun before is given up."""
        self.cancel()
        self._what, self._work = what, work
        self._timer.start()

    def cancel(self) -> None:
        """Give up what is being done."""
        self._timer.stop()
        if self._work is not None:
            self._work.close()
            self._work = None

    @Slot()
    def _go_on(self) -> None:
        if self._work is None:
            self._timer.stop()
            return
        try:
            seen = next(self._work)
        except StopIteration as end:
            self._work = None
            self._timer.stop()
            self.ended.emit(self._what, end.value)
        else:
            self.progressed.emit(seen)
