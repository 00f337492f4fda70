"""Files: asking for one, opening it, saving a script, and which were open lately."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from core.errors import StepperError
from core.library import EXAMPLES
from core.network_file import Network
from core.notation.script import script_text
from core.session import Session
from stepper.controller import Controller
from stepper.network_dialog import NetworkDialog
from stepper.saving import save_text
from stepper.settings import Settings


class Files(QObject):
    """Asks for files in windows that stop nothing; `said(sentence)` on trouble."""

    said = Signal(str)
    code_opened = Signal()
    recent_changed = Signal()

    def __init__(self, controller: Controller, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller, self._settings, self._window = controller, settings, parent
        self._described = ""

    @Slot()
    def choose(self) -> None:
        """Ask for a program file, a described network or a saved session and open it."""
        self._ask_to_open(self.tr("Open"), self.tr("Programs, networks and sessions (*.py *.toml *.stepper)"))

    @Slot()
    def choose_code(self) -> None:
        """Ask for a program file whose backward is to be checked; `code_opened` tells that it is open."""
        self._ask_to_open(self.tr("Open a program"), self.tr("Programs (*.py)"), self.open_code)

    @Slot(str)
    def open_code(self, path: str) -> None:
        """Open a program file whose backward is to be checked."""
        if self._controller.open(path):
            self.code_opened.emit()

    @Slot()
    def choose_network(self) -> None:
        """Ask for a saved network and open it."""
        self._ask_to_open(self.tr("Open a saved network"), self.tr("Described networks (*.toml)"))

    @Slot(str)
    def open(self, path: str) -> None:
        """Open a program file; on trouble a sentence says why, and the open program stays."""
        self._controller.open(path)

    @Slot()
    def describe_network(self) -> None:
        """Show the form that makes a network; it begins with what was last described."""
        dialog = NetworkDialog(self._described, self._settings.get("folder"), self._window)
        dialog.created.connect(self.take_network)
        dialog.finished.connect(self._on_described)
        dialog.open()

    @Slot(object, str, str)
    def take_network(self, network: Network, title: str, path: str) -> None:
        """Open a network that was described; `path` is where it was saved, if it was."""
        self._controller.take(Session(network.program, title, network.evaluations), path)

    @Slot()
    def choose_script(self) -> None:
        """Ask where to save the program as a plain NumPy script."""
        session = self._controller.session
        if session is None:
            return
        dialog = self._dialog(self.tr("Save as a plain NumPy script"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([self.tr("Python scripts (*.py)")])
        dialog.setDefaultSuffix("py")
        dialog.selectFile(f"{Path(session.title).stem}-script.py")
        dialog.fileSelected.connect(self.save_script)
        dialog.open()

    @Slot(str)
    def save_script(self, path: str) -> None:
        """Save the program as a plain NumPy script."""
        session = self._controller.session
        if session is None:
            return
        try:
            save_text(Path(path), script_text(session.timeline.opened, session.title))
        except StepperError as error:
            self.said.emit(self.tr("The script was not saved: {why}").format(why=error))
            return
        if session.timeline.events:
            self.said.emit(self.tr("The script is the program as it was opened: your changes by hand are not in it."))

    @Slot()
    def remember(self) -> None:
        """Remember the file that was just opened, and its folder."""
        target = self._controller.target
        path = Path(target)
        if target in EXAMPLES or not path.is_file():
            return
        self._settings.set("folder", str(path.absolute().parent))
        recent = [str(path.absolute()), *self._settings.get("recent")]
        self._settings.set("recent", tuple(dict.fromkeys(recent)))
        self.recent_changed.emit()

    def recent(self) -> tuple[str, ...]:
        """Return the paths of the files that were open lately, the last one first."""
        return self._settings.get("recent")

    def _ask_to_open(self, title: str, kinds: str, then: Callable[[str], None] | None = None) -> None:
        dialog = self._dialog(title)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([kinds, self.tr("All files (*)")])
        dialog.fileSelected.connect(self.open if then is None else then)
        dialog.open()

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title, self._settings.get("folder"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    @Slot()
    def _on_described(self) -> None:
        """Keep the choices for the next time; they are changed and tried more often than made anew."""
        dialog = self.sender()
        if isinstance(dialog, NetworkDialog):
            self._described = dialog.draft.text
