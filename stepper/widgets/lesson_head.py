"""Above a step: which lesson this is, how far it has come, and the way to all lessons."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from stepper import theme
from stepper.models.lesson_state import LessonState
from stepper.widgets import fonts
from stepper.widgets.elided import ElidedLabel
from stepper.widgets.lesson_dots import LessonDots


class LessonHead(QWidget):
    """`step_wanted(n)` carries a step from 0, `list_wanted()` asks for the list of lessons."""

    step_wanted = Signal(int)
    list_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ElidedLabel(self)
        self.title.setAccessibleName(self.tr("Lesson"))
        self.count = QLabel(self)
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.list_button = QPushButton(self.tr("&All lessons"), self)
        self.list_button.setFlat(True)
        self.list_button.setAutoDefault(True)
        self.dots = LessonDots(self)
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self.title, 1)
        above.addWidget(self.list_button)
        below.addWidget(self.dots, 1)
        below.addWidget(self.count)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 6, 8, 6)
        column.setSpacing(2)
        column.addLayout(above)
        column.addLayout(below)
        self.dots.wanted.connect(self.step_wanted)
        self.list_button.clicked.connect(self._on_list)
        self._use_fonts()

    def show_state(self, state: LessonState) -> None:
        """Show where the lesson stands; hidden without one."""
        self.setVisible(state.lesson is not None)
        if state.lesson is None:
            return
        count = len(state.lesson.steps)
        self.title.setText(state.lesson.title)
        self.count.setText(self.tr("step {n} of {count}").format(n=state.at + 1, count=count))
        self.dots.show_steps(count, state.at, state.read)
        palette = QPalette()
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
            palette.setColor(role, QColor(theme.current().dim))
        for label in (self.title, self.count):
            label.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "dots"):
            self._use_fonts()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line below."""
        painter = QPainter(self)
        painter.setPen(QColor(theme.current().border))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        painter.end()

    def _use_fonts(self) -> None:
        base = QApplication.font()
        self.title.setFont(fonts.sized(base, 0, bold=True))
        self.count.setFont(fonts.sized(base, -0.5))
        self.list_button.setFont(fonts.sized(base, -0.5))

    @Slot()
    def _on_list(self) -> None:
        self.list_wanted.emit()
