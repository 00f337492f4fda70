"""Which of the learner's own functions one stands in, and what it was called with."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QToolButton, QWidget

from core.notation.print import number_text
from core.program.dims import show
from core.program.ir import Operand
from core.session import Moment
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.elided import ElidedLabel
from stepper.widgets.tips import plain

MOST = 4


class CallStrip(QFrame):
    """One line: the functions one stands in, and a button for each argument of the innermost, which chooses its value.

    It keeps its place in a program that calls functions, so that nothing jumps where one goes in and out.
    """

    value_clicked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Function that you are in"))
        self.setAutoFillBackground(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 8, 3)
        row.setSpacing(4)
        self.words = ElidedLabel(self)
        self.words.setAccessibleName(self.tr("Function"))
        row.addWidget(self.words, 1)
        self.buttons: list[QToolButton] = []
        self._values: list[int | None] = []
        for _ in range(MOST):
            button = QToolButton(self)
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(self._on_clicked)
            button.hide()
            row.addWidget(button)
            self.buttons.append(button)
        self._use_fonts()
        self.hide()

    def draw(self, moment: Moment) -> None:
        """Show where a moment stands."""
        calls = moment.calls
        self.setVisible(any(c.first < c.last for c in moment.program.calls))
        self._values = []
        if not calls:
            self.words.setText(self.tr("in none of your functions; into (F11) goes into the next call"))
        else:
            self.words.setText(self.tr("in {functions}").format(functions=" ▸ ".join(c.function for c in calls)))
            self.words.setToolTip(plain(" ▸ ".join(c.text for c in calls)))
            function = next(f for f in moment.program.functions if f.name == calls[-1].function)
            for button, name, operand in zip(self.buttons, function.arguments, calls[-1].arguments, strict=False):
                self._values.append(None if operand is None else operand.value)
                words = f"{name} = {_operand(moment, operand)}"
                button.setText(words)
                button.setAccessibleName(self.tr("argument {words}").format(words=words))
                button.setEnabled(self._values[-1] is not None)
                button.setToolTip(plain(self.tr("What this call was given for {name}. Click to see it.").format(name=name)))
        for n, button in enumerate(self.buttons):
            button.setVisible(n < len(self._values))
        self.paint_theme(bool(calls))

    def sizeHint(self) -> QSize:
        """As high with buttons as without."""
        return QSize(200, self.buttons[0].sizeHint().height() + 6)

    def minimumSizeHint(self) -> QSize:
        """Give way in width."""
        return QSize(80, self.sizeHint().height())

    def paint_theme(self, inside: bool) -> None:
        """Draw in the colours of the theme in use, lit while one is in a function."""
        t = theme.current()
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Window, QColor(t.lit if inside else t.window))
        ink = QColor(t.lit_text if inside else t.dim)
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText, QPalette.ColorRole.Text):
            palette.setColor(role, ink)
        self.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "buttons"):
            self._use_fonts()
        super().changeEvent(event)

    def _use_fonts(self) -> None:
        base = QApplication.font()
        self.words.setFont(fonts.sized(base, -1))
        for button in self.buttons:
            button.setFont(fonts.mono(base, -1))

    @Slot()
    def _on_clicked(self) -> None:
        n = next((n for n, b in enumerate(self.buttons) if b is self.sender()), None)
        if n is not None and n < len(self._values) and self._values[n] is not None:
            self.value_clicked.emit(self._values[n], None)


def _operand(moment: Moment, operand: Operand | None) -> str:
    """Return what was given for an argument: a value with its shape, a number, or … for what nothing is made of."""
    if operand is None:
        return "…"
    if operand.value is None:
        return number_text(operand.number or 0)
    shape = moment.told_shape(operand.value)
    size = "" if not shape else f" {show(shape[::-1] if operand.transposed else shape)}"
    return moment.program.values[operand.value].label + (".T" if operand.transposed else "") + size
