"""Editors in which a choice is typed: what is typed and cannot be is kept, and the check says what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from core.description import Field
from stepper.widgets.form_editor import Editor


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
