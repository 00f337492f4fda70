"""Asks where to save: the whole session, the text of its program alone, or something in one of several forms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from core.files.document_form import SUFFIX


class SaveDialog(QFileDialog):
    """A dialog that stops nothing; the kind of file that is chosen gives the ending of its name.

    `text_first` proposes the text before the session, False the session before the text, None the session alone.
    """

    def __init__(self, title: str, text_first: bool | None, folder: str, parent: QWidget) -> None:
        super().__init__(parent, "", folder)
        self.setWindowTitle(self.tr("Save"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        whole, text = self.tr("Whole sessions (*.stepper)"), self.tr("Programs, the text alone (*.py)")
        self.setNameFilters([whole] if text_first is None else [text, whole] if text_first else [whole, text])
        self.setDefaultSuffix("py" if text_first else SUFFIX[1:])
        self.selectFile(f"{_stem(title)}.{self.defaultSuffix()}")
        self.filterSelected.connect(self._on_filter)

    @Slot(str)
    def _on_filter(self, chosen: str) -> None:
        self.setDefaultSuffix("py" if "*.py" in chosen else SUFFIX[1:])


class FormsDialog(QFileDialog):
    """A dialog that stops nothing, for a thing that can be saved in several forms: endings with what they are called."""

    def __init__(self, title: str, stem: str, forms: Mapping[str, str], folder: str, parent: QWidget) -> None:
        super().__init__(parent, "", folder)
        self._forms = dict(forms)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setNameFilters(list(forms.values()))
        self.setDefaultSuffix(next(iter(forms)))
        self.selectFile(f"{_stem(stem)}.{self.defaultSuffix()}")
        self.filterSelected.connect(self._on_filter)

    @Slot(str)
    def _on_filter(self, chosen: str) -> None:
        self.setDefaultSuffix(next((ending for ending, text in self._forms.items() if text == chosen), self.defaultSuffix()))


def _stem(title: str) -> str:
    """Return a title as the beginning of a file name."""
    plain = "".join(c if c.isalnum() or c in " -_" else "-" for c in Path(title).stem)
    return plain.strip(" -") or "session"
