"""Tables below each other, each with a heading; as many as there is something to say in."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy, QVBoxLayout, QWidget

from stepper.models.why_rows import WhyRow
from stepper.widgets import fonts
from stepper.widgets.tips import plain
from stepper.widgets.why_table import WhyTable


class Stack(QWidget):
    """Keeps its tables and uses them again. Say `begin`, `show_table` for each one, then `end`.

    The signals are those of its tables; `looked_at` gives a rectangle in this widget.
    """

    followed = Signal(object, object)
    sample_chosen = Signal(int)
    more_wanted = Signal()
    looked_at = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.headings: list[QLabel] = []
        self.tables: list[WhyTable] = []
        self._used = 0
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(2)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    @property
    def shown(self) -> list[WhyTable]:
        """The tables that have something to say."""
        return self.tables[: self._used]

    def begin(self) -> None:
        """Have nothing to say yet."""
        self._used = 0

    def show_table(self, heading: str, headings: Sequence[str], rows: Sequence[WhyRow], tip: str = "") -> None:
        """Show one more table."""
        at, self._used = self._used, self._used + 1
        if len(self.tables) <= at:
            self._add()
        label, table = self.headings[at], self.tables[at]
        label.setText(heading)
        label.setToolTip(plain(tip))
        label.setVisible(bool(heading))
        table.setAccessibleName(heading or self.tr("numbers to choose from"))
        table.show()
        table.set_rows(headings, rows)

    def end(self) -> None:
        """Hide the tables that are not needed."""
        for widget in (*self.headings[self._used :], *self.tables[self._used :]):
            widget.hide()
        self.setVisible(self._used > 0)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_box"):
            for heading in self.headings:
                heading.setFont(fonts.sized(QApplication.font(), 0, bold=True))

    @Slot(object)
    def _on_looked_at(self, rect: QRect) -> None:
        table = self.sender()
        if isinstance(table, WhyTable):
            self.looked_at.emit(rect.translated(table.pos()))

    def _add(self) -> None:
        heading = wrapped_label(self.tr("heading"), self)
        heading.setFont(fonts.sized(QApplication.font(), 0, bold=True))
        heading.setContentsMargins(0, 4, 0, 0)
        table = WhyTable(self.tr("numbers"), self)
        table.followed.connect(self.followed)
        table.sample_chosen.connect(self.sample_chosen)
        table.more_wanted.connect(self.more_wanted)
        table.looked_at.connect(self._on_looked_at)
        if self.tables:
            QWidget.setTabOrder(self.tables[-1], table)
        self.headings.append(heading)
        self.tables.append(table)
        self._box.addWidget(heading)
        self._box.addWidget(table)


def wrapped_label(name: str, parent: QWidget) -> QLabel:
    """Return a label for sentences, which takes no more height than they need."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAccessibleName(name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label


def ink(label: QLabel, colour: str) -> None:
    """Write a label in a colour."""
    palette = QPalette()  # an empty one, so that all other roles follow the theme
    palette.setColor(QPalette.ColorRole.WindowText, QColor(colour))
    label.setPalette(palette)
