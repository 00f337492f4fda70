"""A line to look for layers and tensors by, and how many there are."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from stepper.models.saved_rows import SavedRows
from stepper.widgets.tips import plain


class SearchLine(QLineEdit):
    """Esc empties it; empty, Esc and the arrow down and Enter at any time, leave it (`left`)."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        """Claim Esc before it is a shortcut of the window."""
        ours = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if ours and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc empties the line, or leaves it; so do the arrow down and Enter."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        else:
            super().keyPressEvent(event)


class SavedSearch(QWidget):
    """`changed` carries the words that are looked for, `left` that the keyboard is to go to what was found."""

    changed = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.line = SearchLine(self)
        self.line.setPlaceholderText(self.tr("find: fc1, bias, dense, 64×10…"))
        self.line.setAccessibleName(self.tr("Find layers and tensors"))
        self.line.setToolTip(plain(self.tr("By name, kind or shape; all words have to be there (Ctrl+F; Esc empties)")))
        self.line.setClearButtonEnabled(True)
        self.line.setMinimumWidth(60)
        self.line.setMaxLength(300)
        self.line.textChanged.connect(self.changed)
        self.line.left.connect(self.left)
        self.count = QLabel(self)
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.count.setAccessibleName(self.tr("What was found"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.line, 1)
        row.addWidget(self.count)

    def show_count(self, rows: SavedRows) -> None:
        """Say how many tensors are shown; of layers without any, how many of those."""
        n, total = f"{rows.found:,}", f"{rows.nodes.total:,}"
        if not rows.sought:
            text = ""
        elif rows.found or not rows.found_layers:
            text = self.tr("{n} of {total}").format(n=n, total=total)
        else:
            text = self.tr("1 layer") if rows.found_layers == 1 else self.tr("{n} layers").format(n=f"{rows.found_layers:,}")
        self.count.setText(text)
        self.count.setVisible(bool(text))
        self.count.setAccessibleDescription(text)
