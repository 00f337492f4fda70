"""The derived backward, beside one's own or alone, each gradient with the line of the text that makes the same one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from core.writing import Derived, DerivedLine
from stepper.widgets import fonts

LINE = Qt.ItemDataRole.UserRole


class LinesList(QListWidget):
    """A list in which Enter chooses."""

    chosen = Signal(QListWidgetItem)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose with Enter; leave left and right to the window."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentRow() >= 0:
            self.chosen.emit(self.currentItem())
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.ignore()
        else:
            super().keyPressEvent(event)


class DerivedPane(QFrame):
    """Shows what the app derives from the forward of the text. A click on a line goes to one's own line of the same gradient."""

    line_wanted = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName(self.tr("Derived backward"))
        self.head = QLabel(self.tr("Derived from your forward lines"), self)
        self.head.setTextFormat(Qt.TextFormat.PlainText)
        self.head.setWordWrap(True)
        self.head.setMargin(4)
        self.list = LinesList(self)
        self.list.setAccessibleName(self.tr("Derived backward, line by line"))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.list, 1)
        self.list.itemClicked.connect(self._on_chosen)
        self.list.chosen.connect(self._on_chosen)
        self._use_fonts()

    def show_derived(self, derived: Derived) -> None:
        """Show derived lines, or why there are none."""
        self.list.clear()
        self.head.setText(derived.problem or self.tr("Derived from your forward lines"))
        for line in derived.lines:
            note = ""
            if line.parameter and line.own:
                words = self.tr("the gradient of {p}; yours is {name}, line {n}")
                note = words.format(p=line.parameter, name=line.own_name, n=line.own)
            elif line.parameter:
                note = self.tr("the gradient of {p}").format(p=line.parameter)
            item = QListWidgetItem(f"{line.text}\n    ↳ {note}" if note else line.text, self.list)
            item.setData(LINE, line)
            item.setToolTip("")
            if line.parameter:
                font = QFont(self.list.font())
                font.setBold(True)
                item.setFont(font)

    def show_own(self, line: int) -> None:
        """Choose the derived line of the gradient that a line of the text makes."""
        for row in range(self.list.count()):
            derived: DerivedLine = self.list.item(row).data(LINE)
            if derived.own and derived.own == line:
                self.list.setCurrentRow(row)
                return
        self.list.setCurrentRow(-1)

    def changeEvent(self, event: QEvent) -> None:
        """Take new fonts."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "list"):
            self._use_fonts()

    @Slot(QListWidgetItem)
    def _on_chosen(self, item: QListWidgetItem) -> None:
        line: DerivedLine = item.data(LINE)
        if line.own:
            self.line_wanted.emit(line.own)

    def _use_fonts(self) -> None:
        self.list.setFont(fonts.mono(QApplication.font()))
        self.head.setFont(fonts.sized(QApplication.font(), -0.5))
