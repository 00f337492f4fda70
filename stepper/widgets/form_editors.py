"""One editor a kind of choice, by the kinds of the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLineEdit, QPushButton, QWidget

from core.choices import meaning
from core.description import Field
from core.explain.prose_activations import CALLED
from stepper.widgets.form_editor import Chooser, Editor, WholeSpin
from stepper.widgets.form_lines import ColumnEditor, FloatEditor, SizesEditor
from stepper.widgets.tips import plain

LARGEST_BATCH = 10**9


class IntEditor(Editor):
    """A whole number."""

    def __init__(self, field: Field, path: str, parent: QWidget) -> None:
        super().__init__(field, path, parent)
        self.spin = WholeSpin(int(field.least or 0), int(field.most or LARGEST_BATCH), self)
        self._put(self.spin)
        self.spin.valueChanged.connect(self.changed)

    def holds(self) -> int:
        return int(self.spin.value())

    def take(self, value: Any) -> None:
        self.spin.setValue(self.usual(value))


class BoolEditor(Editor):
    """Yes or no."""

    def __init__(self, field: Field, path: str, parent: QWidget) -> None:
        super().__init__(field, path, parent)
        self.box = QCheckBox(self.tr("yes"), self)
        self._put(self.box)
        self.box.toggled.connect(self.changed)

    def holds(self) -> bool:
        return self.box.isChecked()

    def take(self, value: Any) -> None:
        self.box.setChecked(bool(self.usual(value)))


class ChoiceEditor(Editor):
    """One of a few."""

    def __init__(self, field: Field, path: str, parent: QWidget) -> None:
        super().__init__(field, path, parent)
        self.box = Chooser(self)
        for n, choice in enumerate(field.choices):
            self.box.addItem(CALLED.get(choice, choice), choice)
            self.box.setItemData(n, plain(meaning(path, choice)), Qt.ItemDataRole.ToolTipRole)
        self._put(self.box)
        self.box.currentIndexChanged.connect(self.changed)

    def holds(self) -> str:
        return str(self.box.currentData() or "")

    def take(self, value: Any) -> None:
        self.box.setCurrentIndex(self.box.findData(str(self.usual(value))))


class BatchEditor(Editor):
    """All samples at once, or a number of them."""

    def __init__(self, field: Field, path: str, parent: QWidget) -> None:
        super().__init__(field, path, parent)
        self.whole = QCheckBox(self.tr("all of them"), self)
        self.spin = WholeSpin(1, LARGEST_BATCH, self)
        self._put(self.whole, 0)
        self._put(self.spin)
        self.whole.toggled.connect(self._on_whole)
        self.spin.valueChanged.connect(self.changed)

    def holds(self) -> int | str:
        return "full" if self.whole.isChecked() else int(self.spin.value())

    def take(self, value: Any) -> None:
        chosen = self.usual(value)
        if chosen != "full":
            self.spin.setValue(chosen)
        self.whole.setChecked(chosen == "full")
        self.spin.setEnabled(chosen != "full")

    def name(self, name: str, description: str) -> None:
        self.whole.setAccessibleName(self.tr("{name}: all samples at once").format(name=name))
        self.spin.setAccessibleName(self.tr("{name}: how many samples").format(name=name))
        for widget in (self.whole, self.spin):
            widget.setAccessibleDescription(description)

    @Slot(bool)
    def _on_whole(self, whole: bool) -> None:
        self.spin.setEnabled(not whole)
        self.changed.emit()


class TextEditor(Editor):
    """A text; one that can name a file has a button that looks for it, one with examples offers them."""

    def __init__(self, field: Field, path: str, parent: QWidget) -> None:
        super().__init__(field, path, parent)
        self.folder = Path()
        self.box: Chooser | None = None
        if field.choices:
            self.box = Chooser(self)
            self.box.setEditable(True)
            self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
            self.box.addItems(list(field.choices))
            for n, choice in enumerate(field.choices):
                self.box.setItemData(n, plain(meaning(path, choice)), Qt.ItemDataRole.ToolTipRole)
            self._put(self.box)
        line = self.box.lineEdit() if self.box is not None else None
        self.line = line if line is not None else QLineEdit(self)
        if self.box is None:
            self._put(self.line)
        self.line.setPlaceholderText(str(field.default) if field.default is not None else self.tr("left out"))
        self.line.textChanged.connect(self.changed)
        self.button: QPushButton | None = None
        if field.suffixes:
            self.button = QPushButton(self.tr("File…"), self)
            self.button.setAutoDefault(False)
            self.button.clicked.connect(self.choose)
            self._put(self.button, 0)

    def holds(self) -> str | None:
        return self.line.text().strip() or None

    def take(self, value: Any) -> None:
        if value != self.holds():
            self.line.setText("" if value is None else str(value))

    def name(self, name: str, description: str) -> None:
        super().name(name, description)
        if self.box is not None:
            self.line.setAccessibleName(name)
        if self.button is not None:
            self.button.setAccessibleName(self.tr("{name}: look for a file").format(name=name))

    @Slot()
    def choose(self) -> None:
        """Ask for a file."""
        dialog = QFileDialog(self, self.tr("Choose a file"), str(self.folder))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        kinds = " ".join(f"*{suffix}" for suffix in self.field.suffixes)
        dialog.setNameFilters([self.tr("Data files ({kinds})").format(kinds=kinds), self.tr("All files (*)")])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take_file)
        dialog.open()

    @Slot(str)
    def take_file(self, path: str) -> None:
        """Name a file: by its name alone if it lies beside the network, else by its whole path."""
        file, folder = Path(path), self.folder.absolute()
        self.line.setText(file.relative_to(folder).as_posix() if file.is_relative_to(folder) else path)


EDITORS: dict[str, type[Editor]] = {
    "int": IntEditor, "float": FloatEditor, "bool": BoolEditor, "text": TextEditor, "choice": ChoiceEditor,
    "batch": BatchEditor, "sizes": SizesEditor, "column": ColumnEditor,
}  # fmt: skip
