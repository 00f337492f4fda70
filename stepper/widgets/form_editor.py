"""What every editor of a choice is, and the parts that leave the wheel to the page that scrolls."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QPaintEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from core.description import Field
from stepper import theme
from stepper.widgets.elided import shortened


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

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it outlined as a line to type into is; from a palette of its own the list below it would take that over."""
        option, painter = QStyleOptionComboBox(), QStylePainter(self)
        self.initStyleOption(option)
        option.palette = theme.outlining(option.palette, theme.LINE)  # type: ignore[attr-defined]
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )  # fmt: skip
        # The style cuts off in the middle of a letter what has no room.
        option.currentText = shortened(option.currentText, self.fontMetrics(), field.width() - 4)  # type: ignore[attr-defined]
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

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
