"""Files: asking for one, opening it, saving a script, and which were open lately."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from core.description_text import text_of
from core.document_files import is_laid_out
from core.errors import StepperError
from core.files.problem import escaped
from core.library import EXAMPLES
from core.network_file import Network
from core.network_writing import why_not_described, write_network
from core.notation.script import script_text
from core.saved_target import is_saved
from core.saved_writing import origin_of, weights_work
from core.session import Session
from stepper.background import Background
from stepper.controller import Controller
from stepper.network_dialog import NetworkDialog
from stepper.save_dialog import FormsDialog
from stepper.saved_files import networks, patterns
from stepper.saving import save_text
from stepper.settings import Settings

OURS = (".py", ".toml", ".stepper")
LARGE = 128 * 2**20
"""Bytes of a file from which on its weights are saved in the background."""


class Files(QObject):
    """Asks for files in windows that stop nothing; `said(sentence)` on trouble, `told(sentence)` of what was saved."""

    said = Signal(str)
    told = Signal(str)
    code_opened = Signal()
    saved_wanted = Signal(str)
    recent_changed = Signal()

    def __init__(self, controller: Controller, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller, self._settings, self._window = controller, settings, parent
        self._described = ""
        self._work = Background(self)
        self._work.ended.connect(self._on_saved)
        self._iteration = 0
        self._failed = False

    @Slot()
    def choose(self) -> None:
        """Ask for anything that can be opened, and open it."""
        kinds = self.tr("Programs, networks and sessions ({kinds})").format(
            kinds=patterns(("py", "toml", "stepper", *networks()))
        )
        self._ask_to_open(self.tr("Open"), kinds)

    @Slot()
    def choose_code(self) -> None:
        """Ask for a program file whose backward is to be checked; `code_opened` tells that it is open."""
        self._ask_to_open(self.tr("Open a program"), self.tr("Programs (*.py)"), self.open_code)

    @Slot(str)
    def open_code(self, path: str) -> None:
        """Open a program file whose backward is to be checked."""
        if self._controller.open(path):
            self.code_opened.emit()

    @Slot(str)
    def open(self, path: str) -> None:
        """Open a file, a saved network too, or an example; on trouble a sentence says why, and what is open stays."""
        if path not in EXAMPLES and is_saved(path):
            self.saved_wanted.emit(path)
        else:
            self._controller.open(path)

    @Slot(str)
    def open_network(self, path: str) -> None:
        """Open a file that was chosen as a saved network: what is none is said to be none, not read as a program."""
        if Path(path).suffix.lower() in OURS:
            self.open(path)
        else:
            self.saved_wanted.emit(path)

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
        session = Session(network.program, title, network.evaluations)
        session.described = text_of(network.description)
        self._controller.take(session, path)

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
    def choose_weights(self) -> None:
        """Ask where to save the parameters as they stand."""
        session = self._controller.session
        if session is not None:
            forms = {
                "safetensors": self.tr("safetensors (*.safetensors)"), "npz": self.tr("NumPy arrays (*.npz)"),
                "onnx": self.tr("ONNX, the forward lines with the weights (*.onnx)"),
            }  # fmt: skip
            self._ask_to_save(self.tr("Save the weights"), f"{Path(session.title).stem}-weights", forms, self.save_weights)

    @Slot(str)
    def save_weights(self, path: str) -> None:
        """Save the parameters as they stand where the program stands."""
        session = self._controller.session
        if session is None:
            return
        self._controller.stop()
        try:
            work = weights_work(session, Path(path))
            if _is_large(session):
                self._iteration = session.timeline.iteration
                self.told.emit(self.tr("Saving {file} …").format(file=escaped(path)))
                self._work.start(path, work)
                return
            self._tell_saved(path, work(), session.timeline.iteration)
        except StepperError as error:
            self._tell_trouble(error)

    @Slot(str, object)
    def _on_saved(self, path: str, found: object) -> None:
        """Tell how saving in the background has ended."""
        if isinstance(found, StepperError):
            self._tell_trouble(found)
        elif isinstance(found, tuple):
            self._tell_saved(path, found, self._iteration)

    def close(self) -> bool:
        """Wait for what is being saved before the window goes; False, and a sentence, where that has failed."""
        self._failed = False
        self._work.finish()
        return not self._failed

    def end(self) -> None:
        """Do nothing any more."""
        self._work.close()

    def _tell_trouble(self, error: StepperError) -> None:
        self._failed = True
        self.said.emit(self.tr("The weights were not saved: {why}").format(why=error))

    def _tell_saved(self, path: str, remarks: tuple[str, ...], iteration: int) -> None:
        words = self.tr("Saved, as it stands in iteration {n}: {file}").format(n=iteration, file=escaped(path))
        self.told.emit("\n".join((words, *(f"{r[:1].upper()}{r[1:]}." for r in map(escaped, remarks)))))

    @Slot()
    def choose_described(self) -> None:
        """Ask where to save a description of the network; where there can be none a sentence says why."""
        session = self._controller.session
        if session is None:
            return
        why = why_not_described(session)
        if why:
            self.said.emit(self.tr("The network was not saved: {why}").format(why=why))
            return
        forms = {"toml": self.tr("Described networks (*.toml)")}
        self._ask_to_save(self.tr("Save the network"), Path(session.title).stem, forms, self.save_described)

    @Slot(str)
    def save_described(self, path: str) -> None:
        """Save a description of the network, with its parameters as they stand beside it."""
        session = self._controller.session
        if session is None:
            return
        self._controller.stop()
        try:
            self._tell_saved(path, write_network(session, Path(path)), session.timeline.iteration)
        except StepperError as error:
            self.said.emit(self.tr("The network was not saved: {why}").format(why=error))

    @Slot()
    def remember(self) -> None:
        """Remember the file that was just opened, and its folder."""
        if self._controller.target not in EXAMPLES:
            self.remember_file(self._controller.target)

    @Slot(str)
    def remember_file(self, name: str) -> None:
        """Remember a file that is open, and its folder."""
        path = Path(name)
        if not path.is_file() or is_laid_out(path.absolute()):
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

    def _ask_to_save(self, title: str, stem: str, forms: Mapping[str, str], then: Callable[[str], None]) -> None:
        dialog = FormsDialog(title, stem, forms, self._settings.get("folder"), self._window)
        dialog.fileSelected.connect(then)
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


def _is_large(session: Session) -> bool:
    """Tell whether the weights, with all that their file holds besides, take a while to save."""
    try:
        return ((session.folder or Path()) / (origin_of(session.program) or ".")).stat().st_size > LARGE
    except OSError:
        return False
