"""The second runs of a program: one row each, with what has come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from core.health.compare import SecondRun
from core.program.ir import Array
from stepper import theme
from stepper.widgets.tips import plain

SIGNS = {"better": "✓", "worse": "✗", "same": "=", "open": "…"}
FEWEST, MOST = 2, 5


@dataclass(eq=False)
class Try:
    """One second run, how far it is to go, and whether a change by hand since has made it out of date."""

    run: SecondRun
    target: int
    stale: bool = False
    _series: dict[int, tuple[int, Array]] = field(default_factory=dict)

    @property
    def waiting(self) -> bool:
        """Whether it has still to go on."""
        return not self.stale and not self.run.ended and self.run.done < self.target

    def series(self, which: int) -> Array:
        """Return the losses of the first (0) or the second run (1), NaN where one is not finite."""
        known = self._series.get(which)
        if known is None or known[0] != self.run.done:
            numbers = np.array(self.run.losses[which], dtype=np.float64)
            known = self._series[which] = (self.run.done, np.where(np.isfinite(numbers), numbers, np.nan))
        return known[1]

    @property
    def title(self) -> str:
        """What was tried."""
        return self.run.mended.title


class TriesList(QTreeWidget):
    """Rows of tries, newest last; Delete takes the chosen one away."""

    chosen = Signal()
    removed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Second runs"))
        self.setHeaderHidden(True)
        self.setColumnCount(2)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.currentItemChanged.connect(self._on_current)
        self._tries: list[Try] = []

    def sizeHint(self) -> QSize:
        rows = max(FEWEST, min(MOST, len(self._tries)))
        height = self.sizeHintForRow(0) if self._tries else self.fontMetrics().height() + 6
        return QSize(240, rows * height + 2 * self.frameWidth())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def show_tries(self, tries: Sequence[Try]) -> None:
        """Show these; the one that was chosen stays so."""
        if list(tries) != self._tries:
            before = self.chosen_try()
            self._tries = list(tries)
            self.blockSignals(True)
            self.clear()
            for _ in tries:
                self.addTopLevelItem(QTreeWidgetItem(["", ""]))
            self.blockSignals(False)
            self.setFixedHeight(self.sizeHint().height())
            if tries:
                self.choose(before if before in self._tries else self._tries[-1])
            self.resizeEvent(QResizeEvent(self.size(), self.size()))
        for row, one in enumerate(self._tries):
            item = self.topLevelItem(row)
            verdict = one.run.verdict()
            said, sign = verdict.text, SIGNS[verdict.kind]
            if one.waiting:
                sign = SIGNS["open"]
                said = self.tr("iteration {i} of {n}").format(i=one.run.done, n=one.target)
            elif one.stale:
                sign = "⚠"
                said = self.tr("out of date: the program was changed by hand since. {text}").format(text=said)
            kind = "open" if one.waiting or one.stale else verdict.kind
            colours = theme.current()
            ink = {"better": colours.phases["update"], "worse": colours.error}.get(kind, colours.dim)
            if item is not None:
                for column, text in enumerate((f"{sign} {one.title}", said)):
                    if item.text(column) != text:
                        item.setText(column, text)
                        item.setToolTip(column, plain(f"{one.title}\n{said}"))
                item.setForeground(0, QColor(ink))

    def choose(self, one: Try) -> None:
        """Choose a row."""
        item = self.topLevelItem(self._tries.index(one))
        if item is not None:
            self.setCurrentItem(item)

    def chosen_try(self) -> Try | None:
        """Return the try of the chosen row."""
        item = self.currentItem()
        row = -1 if item is None else self.indexOfTopLevelItem(item)
        return self._tries[row] if 0 <= row < len(self._tries) else None

    @Slot()
    def _on_current(self) -> None:
        self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        one = self.chosen_try()
        if event.key() == Qt.Key.Key_Delete and one is not None:
            self.removed.emit(one)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        widest = max((self.sizeHintForColumn(0), 90))
        self.setColumnWidth(0, min(widest + 8, self.viewport().width() * 55 // 100))
