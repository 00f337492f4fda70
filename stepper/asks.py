"""Small questions with one line to type in. None of them stops anything."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QInputDialog, QWidget

from stepper.changing import Changing
from stepper.controller import Controller
from stepper.stops import Stops

LAST = 10**9


class Asks(QObject):
    """Asks for an iteration, a learning rate, the note of a bookmark."""

    def __init__(self, controller: Controller, changing: Changing, stops: Stops, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller, self._changing, self._stops, self._window = controller, changing, stops, parent
        changing.rate_asked.connect(self.ask_rate)
        stops.note_asked.connect(self.ask_note)

    @Slot()
    def ask_iteration(self) -> None:
        """Ask for the number of an iteration and go there."""
        session = self._controller.session
        if session is None:
            return
        self._controller.stop()
        dialog = self._dialog(self.tr("To an iteration"), self.tr("To the end of iteration number:"))
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(1, LAST)
        dialog.setIntValue(session.timeline.iteration)
        dialog.intValueSelected.connect(self._controller.to_iteration)
        dialog.open()

    @Slot(str, str)
    def ask_rate(self, name: str, now: str) -> None:
        """Ask for another learning rate."""
        dialog = self._dialog(self.tr("Learning rate"), self.tr("{name} from here on:").format(name=name), now)
        dialog.textValueSelected.connect(self._changing.change_rate)
        dialog.open()

    @Slot(str)
    def ask_note(self, note: str) -> None:
        """Ask for the note of a bookmark here."""
        dialog = self._dialog(self.tr("Bookmark"), self.tr("A note for this place in time:"), note)
        dialog.textValueSelected.connect(self._stops.bookmark)
        dialog.open()

    def _dialog(self, title: str, label: str, text: str = "") -> QInputDialog:
        dialog = QInputDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(title)
        dialog.setAccessibleName(title)
        dialog.setLabelText(label)
        dialog.setTextValue(text)
        return dialog
