"""One editor a kind of choice. Each has a value, None where the key is left out, and tells when a person changed it.

What a person types and the table would not allow is kept as it is typed: the check says what is wrong with it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLocale, Qt, Signal, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from core.choices import meaning
from core.description import Field
from stepper.widgets.tips import plain

LARGEST_BATCH = 10**9


class WholeSpin(QDoubleSpinBox):
    """A spin box for whole numbers of any size (Qt's own end at 2³¹); the wheel turns it only when it has the focus."""

    def __init__(self, least: int, most: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setLocale(QLocale(QLocale.Language.C))
        self.setDecimals(0)
        self.setRange(least, most)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page that scrolls, unless a person is in this box."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Chooser(QComboBox):
    """A combo box that leaves the wheel to the page that scrolls."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Pass the wheel on."""
        event.ignore()


class Editor(QWidget):
    """Edits one key; `changed` is told only of what a person does."""

    changed = Signal()

    def __init__(self, field: Field, path: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = field
        self.path = path
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(6)

    def holds(self) -> Any:
        """Return the value, None if the key is left out."""
        raise NotImplementedError

    def take(self, value: Any) -> None:
        """Show a value, None for a key that is left out."""
        raise NotImplementedError

    def name(self, name: str, description: str) -> None:
        """Give what can be focused a name for those who hear the window."""
        proxy = self.focusProxy() or self
        proxy.setAccessibleName(name)
        proxy.setAccessibleDescription(description)

    def usual(self, value: Any) -> Any:
        """Return a value, the default where it is left out."""
        return self.field.default if value is None else value

    def _put(self, widget: QWidget, stretch: int = 1) -> None:
        self.row.addWidget(widget, stretch)
        if self.focusProxy() is None:
            self.setFocusProxy(widget)


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


class LineEditor(Editor):
    """What is typed in a line: a number such as 1e-3, sizes, a column, a text. Empty is left out."""

    def __init__(self, field: Field, path: str, parent: QWidget) -> None:
        super().__init__(field, path, parent)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(self._written(field.default) if field.default is not None else self.tr("left out"))
        self._put(self.line)
        self.line.textChanged.connect(self.changed)

    def holds(self) -> Any:
        text = self.line.text().strip()
        return self._read(text) if text else None

    def take(self, value: Any) -> None:
        if value != self.holds() or type(value) is not type(self.holds()):
            self.line.setText("" if value is None else self._written(value))

    def _read(self, text: str) -> Any:
        return text

    def _written(self, value: Any) -> str:
        return str(value)


class FloatEditor(LineEditor):
    """A number."""

    def take(self, value: Any) -> None:
        # A whole number in the TOML is the same number here.
        whole = isinstance(value, int) and not isinstance(value, bool)
        super().take(float(value) if whole else value)

    def _read(self, text: str) -> Any:
        try:
            return float(text)
        except ValueError:
            return text

    def _written(self, value: Any) -> str:
        return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


class SizesEditor(LineEditor):
    """One whole number, or several: `8, 8`."""

    def _read(self, text: str) -> Any:
        parts = text.strip("[]").replace("×", ",").split(",")
        try:
            sizes = [int(part) for part in parts]
        except ValueError:
            return text
        return sizes[0] if len(sizes) == 1 and not text.startswith("[") else sizes

    def _written(self, value: Any) -> str:
        return ", ".join(map(str, value)) if isinstance(value, list) and len(value) > 1 else str(value)


class ColumnEditor(LineEditor):
    """A column's number from 0, or its name; in quotes where a name looks like a number."""

    def _read(self, text: str) -> Any:
        if len(text) > 1 and text[0] == text[-1] == '"':
            return text[1:-1]
        return int(text) if text.lstrip("-").isdecimal() and len(text) < 19 else text

    def _written(self, value: Any) -> str:
        looks_like_a_number = isinstance(value, str) and self._read(value) != value
        return json.dumps(value, ensure_ascii=False) if looks_like_a_number else str(value)


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
            self.box.addItem(choice)
            self.box.setItemData(n, plain(meaning(path, choice)), Qt.ItemDataRole.ToolTipRole)
        self._put(self.box)
        self.box.currentIndexChanged.connect(self.changed)

    def holds(self) -> str:
        return self.box.currentText()

    def take(self, value: Any) -> None:
        self.box.setCurrentIndex(self.box.findText(str(self.usual(value))))


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
            self.row.addWidget(self.button)

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
