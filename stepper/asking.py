"""The small questions: which iteration, which learning rate, what to write on a bookmark."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QInputDialog, QWidget

from stepper.changing import Changing
from stepper.controller import Controller
from stepper.stops import Stops

LAST_ITERATION = 10_000_000


class Asking(QObject):
    """Asks, and has the answer done; the dialogs belong to `window`."""

    def __init__(self, controller: Controller, changing: Changing, stops: Stops, window: QWidget) -> None:
        super().__init__(window)
        self._controller, self._changing, self._stops, self._window = controller, changing, stops, window
        changing.rate_asked.connect(self.rate)
        stops.note_asked.connect(self.note)

    @Slot()
    def iteration(self) -> None:
        """Ask for an iteration to jump to."""
        session = self._controller.session
        if session is None:
            return
        self._controller.stop()
        dialog = self._dialog(self.tr("Jump to an iteration"), self.tr("Iteration (counted from 1; its end is shown):"))
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(1, LAST_ITERATION)
        dialog.setIntValue(session.timeline.iteration)
        dialog.intValueSelected.connect(self._controller.to_iteration)
        dialog.open()

    @Slot(str, str)
    def rate(self, name: str, now: str) -> None:
        """Ask for another learning rate."""
        dialog = self._dialog(self.tr("Learning rate"), self.tr("{name} from this iteration on:").format(name=name))
        dialog.setTextValue(now)
        dialog.textValueSelected.connect(self._changing.change_rate)
        dialog.open()

    @Slot(str)
    def note(self, known: str) -> None:
        """Ask what to write on a bookmark."""
        dialog = self._dialog(self.tr("Bookmark"), self.tr("What is to be remembered of this place?"))
        dialog.setTextValue(known)
        dialog.textValueSelected.connect(self._stops.bookmark)
        dialog.open()

    def _dialog(self, title: str, label: str) -> QInputDialog:
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle(title)
        dialog.setLabelText(label)
        dialog.setAccessibleName(title)
        dialog.finished.connect(dialog.deleteLater)
        return dialog
