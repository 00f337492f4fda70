"""The limits of one rule, each a number that a person can change and give back."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QLineEdit, QPushButton, QScrollArea, QWidget

from core.health.rule import Limit, Rule
from core.health.settings import HealthSettings
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.tips import plain


class LimitsForm(QScrollArea):
    """`changed` carries rule, limit and number, `given_back` rule and limit. What cannot be is said, and changes nothing."""

    changed = Signal(str, str, float)
    given_back = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setAccessibleName(self.tr("Limits of the rule"))
        self._rule: Rule | None = None
        self._inside = QWidget(self)
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(4, 4, 4, 4)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        self.setWidget(self._inside)
        self.lines: dict[str, QLineEdit] = {}
        self._resets: dict[str, QPushButton] = {}
        self.said = QLabel(self._inside)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.setAccessibleName(self.tr("What does not fit"))

    def show_rule(self, rule: Rule | None, settings: HealthSettings) -> None:
        """Show the limits of a rule as they are now; what is being typed stays."""
        if rule is not self._rule:
            self._rule = rule
            self._build(rule)
        if rule is None:
            return
        for name, number in settings.limits_of(rule).items():
            line, limit = self.lines[name], rule.limits[name]
            if not (line.hasFocus() and line.isModified()):
                line.setText(_text(number))
                line.setModified(False)
            self._resets[name].setEnabled(number != limit.default)

    def _build(self, rule: Rule | None) -> None:
        self._grid.removeWidget(self.said)
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.lines, self._resets = {}, {}
        limits = {} if rule is None else dict(rule.limits)
        for n, (name, limit) in enumerate(limits.items()):
            self._add(n, name, limit)
        self.said.setText("" if limits else self.tr("This rule has no limits to set."))
        self._ink(theme.current().dim)
        self._grid.addWidget(self.said, len(limits), 0, 1, 3)
        self._grid.setRowStretch(len(limits) + 1, 1)

    def _add(self, row: int, name: str, limit: Limit) -> None:
        label = QLabel(limit.text, self._inside)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        line = QLineEdit(self._inside)
        line.setObjectName(name)
        line.setAccessibleName(limit.text)
        tip = self.tr("From {low} to {high}; usually {usual}. Enter takes it.")
        tip = tip.format(low=_text(limit.smallest), high=_text(limit.largest), usual=_text(limit.default))
        line.setToolTip(plain(tip))
        line.setAccessibleDescription(tip)
        line.setFixedWidth(round(96 * max(1.0, fonts.zoom())))
        line.editingFinished.connect(self._on_finished)
        reset = QPushButton(self.tr("Reset"), self._inside)
        reset.setObjectName(name)
        reset.setAccessibleName(self.tr("Reset: {text}").format(text=limit.text))
        reset.setAutoDefault(False)
        reset.clicked.connect(self._on_reset)
        for column, widget in enumerate((label, line, reset)):
            self._grid.addWidget(widget, row, column)
        self.lines[name], self._resets[name] = line, reset

    @Slot()
    def _on_finished(self) -> None:
        line = self.sender()
        if not isinstance(line, QLineEdit) or self._rule is None or not line.isModified():
            return
        limit = self._rule.limits[line.objectName()]
        number = _number(line.text())
        if number is None or not limit.smallest <= number <= limit.largest:
            text = self.tr("⚠ {typed} does not fit: type a number from {low} to {high}.")
            self.said.setText(text.format(typed=line.text() or "…", low=_text(limit.smallest), high=_text(limit.largest)))
            self._ink(theme.current().error)
            return
        line.setModified(False)
        self.said.setText("")
        self.changed.emit(self._rule.name, line.objectName(), number)

    @Slot()
    def _on_reset(self) -> None:
        button = self.sender()
        if isinstance(button, QPushButton) and self._rule is not None:
            self.lines[button.objectName()].setModified(False)
            self.said.setText("")
            self.given_back.emit(self._rule.name, button.objectName())

    def _ink(self, colour: str) -> None:
        palette = self.said.palette()
        palette.setColor(self.said.foregroundRole(), QColor(colour))
        self.said.setPalette(palette)


def _text(number: float) -> str:
    """Return a number in the fewest digits, a whole one without a point."""
    return f"{number:g}" if float(f"{number:g}") == number else repr(number)


def _number(text: str) -> float | None:
    try:
        number = float(text.strip().replace("−", "-").replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
