"""The strip below the text: what is wrong, in one sentence, and how many faults there are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QColor, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from core.writing import Trouble
from stepper import theme
from stepper.widgets import fonts


class Strip(QWidget):
    """Shows the fault of the line with the cursor, else the first one; the button goes from fault to fault."""

    line_wanted = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Faults of the text"))
        self.text = QLabel(self)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setAccessibleName(self.tr("What is wrong"))
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.next_button = QToolButton(self)
        self.next_button.setText(self.tr("Next (F2)"))
        self.next_button.setAccessibleName(self.tr("Go to the next fault"))
        self.next_button.setToolTip(self.tr("Go to the next line with a fault or a ✗ (F2)"))
        self.next_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.next_button.clicked.connect(self._on_next)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.text, 1)
        row.addWidget(self.next_button, 0, Qt.AlignmentFlag.AlignTop)
        self._lines: list[int] = []
        self._line = 1
        self._spoken = ""

    def show_troubles(self, troubles: Sequence[Trouble], line: int, words: str, marks: Sequence[int] = ()) -> None:
        """Show what is wrong; `line` has the cursor, `words` is what else is to be said of it, `marks` the lines with a ✗."""
        self._lines, self._line = sorted({*(t.line for t in troubles), *marks}), line
        here = next((t for t in troubles if t.line <= line <= t.last), None)
        shown = here or (troubles[0] if troubles and not words else None)
        if shown is None:
            sentence = words or self.tr("✓ Every line can be read.")
        else:
            count = "" if len(troubles) == 1 else self.tr(" ({n} lines with faults)").format(n=len(troubles))
            sentence = self.tr("⚠ Line {line}: {what}{count}").format(line=shown.line, what=shown.message, count=count)
        if sentence != self.text.text():
            self.text.setText(sentence)
            if here is not None and sentence != self._spoken and QAccessible.isActive():
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.text, sentence))
            self._spoken = sentence
        self.next_button.setVisible(len(self._lines) > (1 if here is not None else 0))
        palette = QPalette(self.palette())
        t = theme.current()
        wrong = shown is not None or "✗" in words
        palette.setColor(QPalette.ColorRole.WindowText, QColor(t.error if wrong else t.dim))
        self.text.setPalette(palette)
        self.text.setFont(fonts.sized(self.font(), -0.5))

    def next_line(self) -> int | None:
        """Return the next line with a fault after that of the cursor, from the first again after the last."""
        after = [n for n in self._lines if n > self._line]
        return after[0] if after else self._lines[0] if self._lines else None

    @Slot()
    def _on_next(self) -> None:
        line = self.next_line()
        if line is not None:
            self.line_wanted.emit(line)
