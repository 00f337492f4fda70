"""A form made from the table of choices: a row a key, with its name, its editor, its help and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from core.choices import matters, meaning
from core.description import Field
from stepper import theme
from stepper.widgets.form_editors import EDITORS, TextEditor

NAME_SIGNS = 15


def say(text: str) -> str:
    """Return a text of the table in the person's language."""
    return QCoreApplication.translate("description", text)


def title(key: str) -> str:
    """Return a key as a name: `learning_rate` → `Learning rate`."""
    words = say(key.replace("_", " "))
    return words[:1].upper() + words[1:]


def words(text: str, parent: QWidget, wrap: bool = True) -> QLabel:
    """Return a label that shows exactly this text."""
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wrap)
    return label


def tint(label: QWidget, colour: str) -> None:
    """Write in a colour."""
    palette = QPalette(label.palette())
    palette.setColor(QPalette.ColorRole.WindowText, QColor(colour))
    label.setPalette(palette)


class Wrong(QLabel):
    """A sentence of what is wrong, with a sign; hidden while nothing is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.hide()

    def tell(self, sentence: str) -> None:
        """Show a sentence, or nothing."""
        self.setText(f"⚠ {sentence}" if sentence else "")
        self.setVisible(bool(sentence))
        tint(self, theme.current().error)


class Framed(QFrame):
    """Draws a frame around an editor whose value cannot be."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.wrong = False
        # Words that are wrapped tell their height late; the editor must not be squeezed for them.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(3, 3, 3, 3)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame; its words stand below it, so it is never colour alone."""
        super().paintEvent(event)
        if self.wrong:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.current().error), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 4, 4)
            painter.end()


class FieldRow(QWidget):
    """One key of the table."""

    edited = Signal(str, object)

    def __init__(self, path: str, field: Field, parent: QWidget) -> None:
        super().__init__(parent)
        self.path, self.field = path, field
        key = path.rpartition(".")[2]
        self.key = key
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 6)
        row.setSpacing(8)
        self.label = words(title(key), self, wrap=True)
        row.addWidget(self.label, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(1)
        row.addLayout(column, 1)
        self.frame = Framed(self)
        self.editor = EDITORS[field.kind](field, path, self.frame)
        self.frame.column.addWidget(self.editor)
        self.help = words(_sentence(say(field.help)), self)
        self.meaning = words("", self)
        self.wrong = Wrong(self)
        self.wrong.setAccessibleName(self.tr("What is wrong with {name}").format(name=title(key)))
        for widget in (self.frame, self.wrong, self.meaning, self.help):
            column.addWidget(widget)
        for widget in (self.help, self.meaning, self.wrong):
            widget.setContentsMargins(5, 0, 0, 0)
        self.editor.name(title(key), _sentence(say(field.help)))
        self.label.setBuddy(self.editor)
        self.editor.changed.connect(self._on_changed)
        self.editor.take(None)
        self._dress()

    def take(self, value: Any) -> None:
        """Show a value without telling anyone; None for a key that is left out."""
        self.editor.blockSignals(True)
        self.editor.take(value)
        self.editor.blockSignals(False)
        self._say_meaning()

    def tell(self, message: str) -> None:
        """Say what is wrong with the value, or nothing."""
        self.wrong.tell(f"{self.key} {message}" if message else "")
        self.frame.wrong = bool(message)
        self.frame.update()
        self.editor.name(title(self.key), f"{self.key} {message}" if message else _sentence(say(self.field.help)))

    def changeEvent(self, event: QEvent) -> None:
        """Follow another theme or text size."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "wrong"):
            self._dress()

    def _dress(self) -> None:
        metrics = self.fontMetrics()
        self.label.setFixedWidth(metrics.averageCharWidth() * NAME_SIGNS)
        self.label.setContentsMargins(0, max(0, (self.editor.sizeHint().height() + 6 - metrics.height()) // 2), 0, 0)
        small = self.font()
        small.setPointSizeF(max(7.5, small.pointSizeF() - 1))
        for label in (self.help, self.meaning):
            label.setFont(small)
            tint(label, theme.current().dim)
        tint(self.wrong, theme.current().error)

    def _say_meaning(self) -> None:
        text = say(meaning(self.path, self.editor.holds()))
        self.meaning.setText(text)
        self.meaning.setVisible(bool(text))

    @Slot()
    def _on_changed(self) -> None:
        self._say_meaning()
        self.edited.emit(self.path, self.editor.holds())


class Rows(QWidget):
    """The rows of one section, or of one layer. A key that changes nothing now is hidden, unless it is wrong."""

    edited = Signal(str, object)

    def __init__(self, prefix: str, fields: Mapping[str, Field], parent: QWidget) -> None:
        super().__init__(parent)
        self.prefix = prefix
        self.rows: dict[str, FieldRow] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for key, field in fields.items():
            row = self.rows[key] = FieldRow(f"{prefix}.{key}", field, self)
            row.edited.connect(self.edited)
            column.addWidget(row)
        column.addStretch(1)

    def stand_at(self, prefix: str) -> None:
        """Be the rows of another layer."""
        self.prefix = prefix
        for key, row in self.rows.items():
            row.path = f"{prefix}.{key}"

    def take(self, values: Mapping[str, Any], tree: Mapping[str, Any]) -> None:
        """Show the values of a section; `tree` is all choices."""
        for key, row in self.rows.items():
            row.take(values.get(key))
        self.fit(tree)

    def fit(self, tree: Mapping[str, Any]) -> None:
        """Show the rows that matter beside the other choices."""
        for row in self.rows.values():
            row.setVisible(row.frame.wrong or matters(tree, row.path))

    def tell(self, wrong: Mapping[str, str]) -> None:
        """Say what is wrong: path → sentence."""
        for row in self.rows.values():
            row.tell(wrong.get(row.path, ""))
            if row.frame.wrong:
                row.show()

    def look_in(self, folder: Path) -> None:
        """Look for files in this folder."""
        for row in self.rows.values():
            if isinstance(row.editor, TextEditor):
                row.editor.folder = folder


def scrolled(
    parts: Sequence[QWidget], name: str, parent: QWidget, margins: tuple[int, int, int, int] = (12, 10, 12, 10)
) -> QScrollArea:
    """Return a page that scrolls where the room is not enough."""
    area = QScrollArea(parent)
    area.setAccessibleName(name)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    inside = QWidget(area)
    inside.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    column = QVBoxLayout(inside)
    column.setContentsMargins(*margins)
    for part in parts:
        column.addWidget(part)
    column.addStretch(1)
    area.setWidget(inside)
    # The ground of the tab that it lies on, not one of its own.
    inside.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)
    return area


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "…")) else ".")
