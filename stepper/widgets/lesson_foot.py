"""Below a step: back, next, the way back to its place, and what is under way."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from stepper import theme
from stepper.models.lesson_state import LessonState


class LessonFoot(QWidget):
    """`step_wanted(n)` carries a step from 0, `action_wanted(name)` is `place`, `stop` or, after the last step, `list`."""

    step_wanted = Signal(int)
    action_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._at, self._count = 0, 0
        self.back_button = QPushButton(self.tr("‹ &Back"), self)
        self.next_button = QPushButton(self.tr("&Next ›"), self)
        self.place_button = QPushButton(self.tr("Back to the &place of this step"), self)
        self.place_button.setToolTip(self.tr("You have moved on: go back to where this step stands"))
        self.stop_button = QPushButton(self.tr("St&op"), self)
        self.busy = QLabel(self)
        self.busy.setTextFormat(Qt.TextFormat.PlainText)
        self.busy.setWordWrap(True)
        self.busy.setAccessibleName(self.tr("what is under way"))
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(6)
        self.bar.setAccessibleName(self.tr("how much of it is done"))
        for button in (self.back_button, self.next_button, self.place_button, self.stop_button):
            button.setAutoDefault(True)
        working, row = QHBoxLayout(), QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(self.busy)
        words.addWidget(self.bar)
        working.addLayout(words, 1)
        working.addWidget(self.stop_button)
        row.addWidget(self.back_button)
        row.addStretch(1)
        row.addWidget(self.next_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column.setSpacing(6)
        column.addLayout(working)
        column.addWidget(self.place_button)
        column.addLayout(row)
        self.back_button.clicked.connect(self._on_back)
        self.next_button.clicked.connect(self._on_next)
        self.place_button.clicked.connect(self._on_place)
        self.stop_button.clicked.connect(self._on_stop)

    def show_state(self, state: LessonState) -> None:
        """Show what can be done from here; hidden without a lesson."""
        self.setVisible(state.lesson is not None)
        if state.lesson is None:
            return
        self._at, self._count = state.at, len(state.lesson.steps)
        self.back_button.setEnabled(self._at > 0)
        last = self._at + 1 == self._count
        self.next_button.setText(self.tr("&Done ✓") if last else self.tr("&Next ›"))
        self.next_button.setToolTip(
            self.tr("Go to the list of all lessons") if last else self.tr("Go to the next step of the lesson (Ctrl+PgDown)")
        )
        self.back_button.setToolTip(self.tr("Go to the step of the lesson before (Ctrl+PgUp)"))
        self._paint_primary(state.told)
        self.place_button.setVisible(state.away and not state.busy)
        for part in (self.busy, self.bar, self.stop_button):
            part.setVisible(bool(state.busy))
        self.busy.setText(state.busy)
        self.bar.setRange(0, 0 if state.part is None else 1000)
        if state.part is not None:
            self.bar.setValue(int(state.part * 1000))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line above."""
        painter = QPainter(self)
        painter.setPen(QColor(theme.current().border))
        painter.drawLine(0, 0, self.width(), 0)
        painter.end()

    def _paint_primary(self, primary: bool) -> None:
        """Give the button to go on the ground of the one thing to press, once there is nothing left to answer."""
        t, palette = theme.current(), QPalette()
        if primary:
            palette.setColor(QPalette.ColorRole.Button, QColor(t.accent))
            palette.setColor(QPalette.ColorRole.ButtonText, QColor(t.accent_text))
        self.next_button.setPalette(palette)

    @Slot()
    def _on_back(self) -> None:
        self.step_wanted.emit(self._at - 1)

    @Slot()
    def _on_next(self) -> None:
        if self._at + 1 < self._count:
            self.step_wanted.emit(self._at + 1)
        else:
            self.action_wanted.emit("list")

    @Slot()
    def _on_place(self) -> None:
        self.action_wanted.emit("place")

    @Slot()
    def _on_stop(self) -> None:
        self.action_wanted.emit("stop")
