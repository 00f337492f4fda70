"""The statistics of an array as a list of names and numbers, in full precision."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget

from core.explain.statistics import Statistics
from stepper import theme
from stepper.widgets import fonts, numbers
from stepper.widgets.facts_grid import grid_in, ink, label_in
from stepper.widgets.tips import plain


class ValueFacts(QScrollArea):
    """Lists what there is to say of an array; the keyboard scrolls it, a screen reader has all of it as one text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = grid_in(self, 10)
        self._grid.setColumnStretch(1, 1)
        self.setAccessibleName(self.tr("statistics"))
        self.rows: list[tuple[QLabel, QLabel]] = []

    def set_statistics(self, name: str, s: Statistics, stale: bool) -> None:
        """Show the statistics of a value."""
        lines = self._lines(s)
        while len(self.rows) < len(lines):
            pair = (label_in(self), label_in(self))
            pair[1].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            for column, label in enumerate(pair):
                self._grid.addWidget(label, len(self.rows), column)
            self.rows.append(pair)
            self._grid.setRowStretch(len(self.rows) - 1, 0)
            self._grid.setRowStretch(len(self.rows), 1)
        t = theme.current()
        said: list[str] = []
        for pair, (what, number, tip, bad) in zip(self.rows, lines, strict=True):
            pair[0].setText(what)
            pair[1].setText(number)
            pair[1].setFont(fonts.mono(QApplication.font(), -0.5))
            ink(pair[0], t.dim)
            ink(pair[1], t.error if bad else t.dim if stale else t.text)
            for label in pair:
                label.setToolTip(plain(tip))
            pair[1].setAccessibleName(f"{what}: {number}")
            said.append(f"{what}: {number}")
        title = self.tr("statistics of {name}").format(name=name)
        self.setAccessibleName(self.tr("{name}, out of date").format(name=title) if stale else title)
        self.setAccessibleDescription("\n".join(said))

    def as_text(self) -> str:
        """Return all of it as lines of text."""
        return self.accessibleDescription()

    def _lines(self, s: Statistics) -> list[tuple[str, str, str, bool]]:
        def real(x: float | None) -> str:
            return "–" if x is None else numbers.short(x) if x in (float("inf"),) else numbers.full(x)

        finite = self.tr("Of the {n} finite cells.").format(n=s.finite)
        of = finite if s.finite != s.cells else ""
        return [
            (self.tr("shape"), numbers.size_text(s.shape), "", False),
            (self.tr("cells"), str(s.cells), "", False),
            (self.tr("dtype"), s.dtype, self.tr("The type of each number."), False),
            (self.tr("memory"), _bytes(s.memory), self.tr("{n} bytes").format(n=s.memory), False),
            (self.tr("smallest"), real(s.minimum), of, False),
            (self.tr("largest"), real(s.maximum), of, False),
            (self.tr("mean"), real(s.mean), of or self.tr("The sum divided by the number of cells."), False),
            (self.tr("standard deviation"), real(s.deviation),
             self.tr("The root of the mean square distance from the mean, as np.std gives it.") + f" {of}".rstrip(), False),
            (self.tr("norm"), real(s.norm), self.tr("The root of the sum of all squares.") + f" {of}".rstrip(), False),
            (self.tr("above zero"), str(s.positives), "", False),
            (self.tr("zeros"), str(s.zeros), "", False),
            (self.tr("below zero"), str(s.negatives), "", False),
            ("NaN", str(s.nan), self.tr("Not a number, such as 0/0 or ∞ − ∞."), s.nan > 0),
            ("∞", str(s.plus_infinity), self.tr("Larger than a float can hold."), s.plus_infinity > 0),
            ("−∞", str(s.minus_infinity), self.tr("Below what a float can hold."), s.minus_infinity > 0),
        ]  # fmt: skip


def _bytes(n: int) -> str:
    if n < 1024:
        return f"{n} B"
    return f"{n / 1024:.1f} KiB" if n < 1024**2 else f"{n / 1024**2:.1f} MiB"
