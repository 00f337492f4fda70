"""Asking for the files that have to do with a saved network: the network, another one beside it, data, where to export."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from core.files.kinds import SUFFIXES
from core.files.looks.export import SUFFIXES as EXPORTED
from stepper.settings import Settings

DATA = ("csv", "tsv", "txt", "npz")
LONGEST = 60


class SavedFiles(QObject):
    """Asks in dialogs that stop nothing; each answer is a signal of its own."""

    network_chosen = Signal(str)
    other_chosen = Signal(str)
    data_chosen = Signal(str)
    export_chosen = Signal(str, str)

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._settings, self._window = settings, parent
        self._tensor = ""
        self._exporting: QFileDialog | None = None

    @Slot()
    def choose_network(self) -> None:
        """Ask for a saved network, or one that was described and saved here."""
        dialog = self._open(
            self.tr("Open a saved network"), self.tr("Saved networks ({kinds})"), networks() + ("toml", "stepper")
        )
        dialog.fileSelected.connect(self.network_chosen)
        dialog.open()

    @Slot()
    def choose_other(self) -> None:
        """Ask for a saved network to compare with."""
        dialog = self._open(self.tr("Compare with another saved network"), self.tr("Saved networks ({kinds})"), networks())
        dialog.fileSelected.connect(self.other_chosen)
        dialog.open()

    @Slot()
    def choose_data(self) -> None:
        """Ask for a file of samples."""
        dialog = self._open(self.tr("Choose the data"), self.tr("Tables and arrays ({kinds})"), DATA)
        dialog.fileSelected.connect(self.data_chosen)
        dialog.open()

    @Slot(str)
    def choose_export(self, name: str) -> None:
        """Ask where to write the numbers of a tensor."""
        self._tensor = name
        dialog = self._dialog(self.tr("Export the tensor"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([f"{s[1:].upper() if s != '.safetensors' else 'safetensors'} (*{s})" for s in EXPORTED])
        dialog.setDefaultSuffix(EXPORTED[0][1:])
        dialog.filterSelected.connect(self._on_filter)
        dialog.fileSelected.connect(self._on_export)
        dialog.selectFile(f"{plain_name(name)}{EXPORTED[0]}")
        dialog.finished.connect(self._on_finished)
        self._exporting = dialog
        dialog.open()

    @Slot()
    def forget_export(self) -> None:
        """Ask no more where to write a tensor: another file is shown, and may have one of the same name."""
        if self._exporting is not None:
            self._exporting.reject()

    @Slot()
    def _on_finished(self) -> None:
        self._exporting = None

    @Slot(str)
    def _on_export(self, path: str) -> None:
        self.export_chosen.emit(self._tensor, path)

    @Slot(str)
    def _on_filter(self, chosen: str) -> None:
        dialog = self.sender()
        if isinstance(dialog, QFileDialog):
            dialog.setDefaultSuffix(chosen[chosen.rindex(".") + 1 : -1])

    def _open(self, title: str, words: str, suffixes: tuple[str, ...]) -> QFileDialog:
        dialog = self._dialog(title)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([words.format(kinds=patterns(suffixes)), self.tr("All files (*)")])
        return dialog

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title, self._settings.get("folder"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog


def networks() -> tuple[str, ...]:
    """Return the endings of saved networks, each once and without its dot."""
    return tuple(dict.fromkeys(suffix.lstrip(".") for suffix in SUFFIXES))


def patterns(suffixes: tuple[str, ...]) -> str:
    """Return endings as a file dialog wants them."""
    return " ".join(f"*.{suffix}" for suffix in suffixes)


def plain_name(name: str) -> str:
    """Return the name of a tensor as the beginning of a file's name: letters, digits, dots, - and _ alone."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name[:LONGEST])
    return Path(kept.strip("-.") or "tensor").name
