"""Tables below each other, each with a heading; as many as there is something to say in."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy, QVBoxLayout, QWidget

from stepper.models.why_rows import WhyRow
from stepper.widgets import fonts
from stepper.widgets.tips import plain
from stepper.widgets.why_table import WhyTable


class Stack(QWidget):
    """Keeps its tables and uses them again. Say `begin`, `show_table` for each one, then `end`."""

    followed = Signal(object, object)
    sample_chosen = Signal(int)
    more_wanted = Signal()

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

    def _add(self) -> None:
        heading = QLabel(self)
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setAccessibleName(self.tr("heading"))
        heading.setWordWrap(True)
        heading.setFont(fonts.sized(QApplication.font(), 0, bold=True))
        heading.setContentsMargins(0, 4, 0, 0)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        policy.setHeightForWidth(True)
        heading.setSizePolicy(policy)
        table = WhyTable(self.tr("numbers"), self)
        table.followed.connect(self.followed)
        table.sample_chosen.connect(self.sample_chosen)
        table.more_wanted.connect(self.more_wanted)
        if self.tables:
            QWidget.setTabOrder(self.tables[-1], table)
        self.headings.append(heading)
        self.tables.append(table)
        self._box.addWidget(heading)
        self._box.addWidget(table)
