"""A plot of curves that are known at some iterations only, with its legend, and a line where one looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QVBoxLayout, QWidget

from core.explain.curve import extent, logarithms
from core.program.ir import Array
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.curve_legend import CurveLegend, Entry
from stepper.widgets.curve_panel import axis_width, look_of
from stepper.widgets.loss_plot import LossPlot
from stepper.widgets.numbers import full, short

LEAST_HEIGHT = 70
FEW = 60
MOST_POWER = 308.0
MOST_BEYOND = 1.9
"""How far the scale of cosines goes at most, so that the words above 1 and below −1 have room."""


@dataclass(frozen=True)
class Drawn:
    """One curve: `y` at the iterations `x`, NaN where there is no number; `place` gives its colour and dash.

    `bad` is the iteration from which on it is not finite, 0 if it is finite; `none` stands where there is no number, `tip`
    says more of it.
    """

    name: str
    x: Array
    y: Array
    place: int
    bad: int = 0
    tip: str = ""
    none: str = ""

    def at(self, iteration: int) -> float:
        """Return the number at the last known iteration up to this one, NaN if there is none."""
        k = int(np.searchsorted(self.x, iteration, side="right")) - 1
        return float(self.y[k]) if k >= 0 else float("nan")


class CoursePanel(QWidget):
    """Draws curves over iterations 1 to `right`. With `cosine` the scale is −1 to 1 and says what its ends mean."""

    travelled = Signal(int)

    def __init__(self, cosine: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.legend = CurveLegend(self)
        self.plot = LossPlot(self)
        self.plot.travelled.connect(self.travelled)
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # its own wish makes others scroll
        self.plot.item.getAxis("bottom").setStyle(showValues=False)
        self.line = pg.InfiniteLine(angle=90, movable=False)
        self.bad_marks = pg.ScatterPlotItem(symbol="x", size=11, pxMode=True)
        self.bad_label = pg.TextItem()
        self._cosine = cosine
        self.guides = [pg.InfiniteLine(pos=y, angle=0, movable=False) for y in (-1, 0, 1)] if cosine else []
        self.words = [pg.TextItem(anchor=(0, 1)), pg.TextItem(anchor=(0, 0))] if cosine else []
        for item in (*self.guides, *self.words, self.line, self.bad_marks, self.bad_label):
            self.plot.item.addItem(item, ignoreBounds=True)
        if cosine:
            self.plot.item.getAxis("left").setTicks([[(-1, "−1"), (0, "0"), (1, "1")]])
            self.words[0].setText("↘ " + self.tr("1: straight downhill"))
            self.words[1].setText("↗ " + self.tr("−1: straight uphill"))
        self.curves: list[Any] = []
        self._log = False
        self._dressed = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.legend)
        layout.addWidget(self.plot, 1)

    def draw(self, title: str, drawn: Sequence[Drawn], right: int, here: int, log: bool = False) -> None:
        """Draw curves; `here` is the iteration whose numbers the legend names."""
        self._dress()
        self.setAccessibleName(title)
        self.plot.setAccessibleName(self.tr("Plot: {name}").format(name=title))
        self.legend.show_entries(title, [self._entry(c, here) for c in drawn])
        self._claim()
        if log is not self._log:
            self._log = log
            self.plot.item.getAxis("left").setLogMode(log)
        shown = [logarithms(c.y) if log else c.y for c in drawn]
        self._feed(drawn, shown)
        low, high = (-1.0, 1.0) if self._cosine else extent(shown) or (0.0, 1.0)
        height = high - low
        bottom, top = self._ends() if self._cosine else (low - 0.06 * height, high + 0.22 * height)
        if log:  # beyond that nothing can be drawn
            top = min(top, MOST_POWER)
        self.plot.item.setXRange(1 - 0.01 * right, right * 1.01, padding=0)
        self.plot.item.setYRange(bottom, top, padding=0)
        self.line.setValue(here)
        for text, y in zip(self.words, (1.0, -1.0), strict=False):
            text.setPos(1 - 0.01 * right, y)
        self._mark_bad(drawn, right, top, height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._claim()
        if self._cosine:
            self.plot.item.setYRange(*self._ends(), padding=0)

    def _claim(self) -> None:
        """Have room for the plot below all lines of the legend; their number depends on the width."""
        self.setMinimumHeight(self.legend.heightForWidth(max(self.width(), 1)) + self.plot.minimumHeight())

    def _ends(self) -> tuple[float, float]:
        """Return the ends of the scale of cosines, with room for a line of words beyond 1 and −1."""
        share = 2.0 * (self.fontMetrics().height() + 2) / max(self.plot.height() - 16, 1)
        far = MOST_BEYOND if share >= 1 else min(MOST_BEYOND, 1 / (1 - share))
        return -far, far

    def _entry(self, curve: Drawn, here: int) -> Entry:
        value = curve.at(here)
        if np.isfinite(value):
            number, exact = short(value), full(value)
        else:
            number, exact = (self.tr("not finite") if curve.bad and here >= curve.bad else curve.none or self.tr("none here")), ""
        return Entry(f"{curve.name} {number}", "\n".join(filter(None, (curve.tip, exact))), look_of(curve.place, False))

    def _feed(self, drawn: Sequence[Drawn], shown: Sequence[Array]) -> None:
        while len(self.curves) < len(drawn):
            made = pg.PlotDataItem(connect="finite", antialias=True)
            self.plot.item.addItem(made, ignoreBounds=True)
            made.setDownsampling(auto=True, method="peak")
            made.setClipToView(True)
            self.curves.append(made)
        for k, item in enumerate(self.curves):
            finite = np.isfinite(shown[k]) if k < len(drawn) else np.zeros(0, dtype=bool)
            if not finite.any():
                item.setData([], [])  # a curve of NaN alone makes Qt crash
                continue
            pen = look_of(drawn[k].place, False)
            # Where a parameter takes no step now and then, its points are joined over the gap.
            x, y = drawn[k].x[finite], shown[k][finite]
            item.setPen(pen)
            few = y.size <= FEW
            item.setSymbol("o" if few else None)
            item.setSymbolSize(4)
            item.setSymbolPen(None)
            item.setSymbolBrush(pen.color())
            item.setData(x, y)

    def _mark_bad(self, drawn: Sequence[Drawn], right: int, top: float, height: float) -> None:
        bad = [c for c in drawn if c.bad]
        self.bad_label.setVisible(bool(bad))
        y = top - 0.09 * height
        self.bad_marks.setData([c.bad for c in bad], [y] * len(bad))
        if bad:
            first = min(bad, key=lambda c: c.bad)
            names = ", ".join(c.name for c in bad if c.bad == first.bad)
            self.bad_label.setText(self.tr("✕ not finite in iteration {n}: {names}").format(n=first.bad, names=names))
            self.bad_label.setAnchor((1, 0) if first.bad > right / 2 else (0, 0))
            self.bad_label.setPos(first.bad, y)

    def _dress(self) -> None:
        """Put the colours and the size of text on; cheap where they have not changed."""
        colours = theme.current()
        key = f"{colours.key}/{fonts.zoom()}"
        if self._dressed == key:
            return
        self._dressed = key
        font = fonts.sized(QApplication.font(), -0.5)
        self.plot.use_font(font)
        self.plot.setMinimumHeight(round(LEAST_HEIGHT * max(1.0, fonts.zoom())))
        self.plot.setBackground(colours.panel)
        self.plot.item.getAxis("left").setWidth(axis_width())
        self.plot.item.getAxis("bottom").setHeight(3)
        for name in ("left", "bottom"):
            axis = self.plot.item.getAxis(name)
            axis.setPen(pg.mkPen(colours.border))
            axis.setTextPen(pg.mkPen(colours.dim))
            axis.setStyle(tickTextOffset=2, tickLength=-4)
        self.line.setPen(pg.mkPen(colours.selection, width=2, style=Qt.PenStyle.DashLine))
        for guide in self.guides:
            guide.setPen(pg.mkPen(colours.border, width=1))
        for text in self.words:
            text.setFont(font)
            text.setColor(QColor(colours.dim))
        self.bad_label.setFont(font)
        self.bad_label.fill = pg.mkBrush(colours.panel)
        self.bad_label.setColor(QColor(colours.error))
        self.bad_marks.setPen(pg.mkPen(colours.error, width=2))
