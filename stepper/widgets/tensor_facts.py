"""The statistics of a tensor: few digits to read, all of them in the tip and in what is copied; of two files side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QSizePolicy, QWidget

from core.files.arrays import Summary
from stepper import theme
from stepper.widgets import fonts, numbers
from stepper.widgets.facts_grid import grid_in, ink, label_in
from stepper.widgets.tips import plain

DIGITS = 7
Row = tuple[str, str, str, bool]
"""What it is, in few digits, in full, whether it is bad."""


class TensorFacts(QScrollArea):
    """Lists what there is to say of a tensor; the keyboard scrolls it and copies all of it (`copy_wanted`)."""

    copy_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = grid_in(self, 14)
        self.setAccessibleName(self.tr("statistics"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.labels: list[list[QLabel]] = []

    def set_summaries(self, name: str, notes: Sequence[str], columns: Sequence[tuple[str, Summary | None]]) -> None:
        """Show summaries side by side, each with its title ('' for the only one); `notes` stand below them."""
        found = [(title, self._rows(s)) for title, s in columns]
        first = found[0][1]
        table: list[list[tuple[str, str, bool]]] = []
        if len(found) > 1:
            table.append([("", "", False), *((title, "", False) for title, _ in found)])
        for at, (what, *_) in enumerate(first):
            table.append([(what, "", False), *((rows[at][1], rows[at][2], rows[at][3]) for _, rows in found)])
        self._fit(len(table) + len(notes), len(found) + 1)
        for line, cells in zip(self.labels, table, strict=False):
            for column, (label, (text, tip, bad)) in enumerate(zip(line, cells, strict=True)):
                self._write(label, text, tip, bad, column > 0)
        for line, note in zip(self.labels[len(table) :], notes, strict=True):
            for label in line[1:]:
                label.hide()
            self._write(line[0], note, "", False, False)
            self._grid.addWidget(line[0], self.labels.index(line), 0, 1, -1)
            line[0].setWordWrap(True)
        self.setAccessibleName(self.tr("statistics of {name}").replace("{name}", name))
        self.setAccessibleDescription(self.as_text("; "))

    def as_text(self, between: str = "\t") -> str:
        """Return all of it as lines of text, in full precision."""
        lines = ([label.property("full") or label.text() for label in line if not label.isHidden()] for line in self.labels)
        return "\n".join(between.join(line) for line in lines)

    def sizeHint(self) -> QSize:
        """As high as all of it."""
        return self._grid.sizeHint() + QSize(2, 2)

    def minimumSizeHint(self) -> QSize:
        """Enough to read some of it."""
        return QSize(160, 60)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The usual keys copy all of it."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit(self.as_text())
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Claim the keys that copy before they become shortcuts of the window."""
        ours = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if ours and isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Copy):
            event.accept()
            return True
        return super().event(event)

    def _rows(self, s: Summary | None) -> list[Row]:
        def real(x: float | None) -> tuple[str, str]:
            return ("–", "") if x is None else (numbers.short(x, DIGITS), numbers.full(x))

        def counted(n: int | None) -> tuple[str, str]:
            if n is None or s is None:
                return "–", ""
            share = f"  {numbers.percent(n / s.count)}" if s.count and n else ""
            return f"{n:,}{share}", str(n)

        return [
            (self.tr("numbers"), "–" if s is None else f"{s.count:,}", "" if s is None else str(s.count), False),
            (self.tr("smallest"), *real(None if s is None else s.min), False),
            (self.tr("largest"), *real(None if s is None else s.max), False),
            (self.tr("mean"), *real(None if s is None else s.mean), False),
            (self.tr("standard deviation"), *real(None if s is None else s.std), False),
            (self.tr("zeros"), *counted(None if s is None else s.zeros), False),
            (self.tr("NaN or ∞"), *counted(None if s is None else s.nonfinite), s is not None and s.nonfinite > 0),
        ]  # fmt: skip

    def _fit(self, rows: int, columns: int) -> None:
        """Have as many labels as are needed; they are made anew when their number changes."""
        if len(self.labels) == rows and len(self.labels[0]) == columns and not any(line[0].wordWrap() for line in self.labels):
            return
        for label in (label for line in self.labels for label in line):
            self._grid.removeWidget(label)
            label.hide()
            label.deleteLater()
        self.labels = []
        for row in range(rows):
            line = [label_in(self) for _ in range(columns)]
            for column, label in enumerate(line):
                self._grid.addWidget(label, row, column)
            self.labels.append(line)
        for row in range(rows + 2):
            self._grid.setRowStretch(row, int(row == rows))
        for column in range(6):
            self._grid.setColumnStretch(column, int(column == columns))

    def _write(self, label: QLabel, text: str, full: str, bad: bool, number: bool) -> None:
        t = theme.current()
        label.setText(f"⚠ {text}" if bad else text)
        label.setProperty("full", full)
        label.setToolTip(plain(full))
        if number:
            label.setFont(fonts.mono(QApplication.font(), -0.5))
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setAccessibleName(full or text)
        ink(label, t.error if bad else t.text if number else t.dim)
        label.show()
