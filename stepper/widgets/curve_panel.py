"""One small plot of curves over the iterations with its own legend; all of them share the x axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPen
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from core.explain.curve import Broken, broken, extent, logarithms
from core.program.ir import Array
from core.session import Moment
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.curve_legend import CurveLegend, Entry
from stepper.widgets.loss_plot import LossPlot
from stepper.widgets.numbers import full, short
from stepper.widgets.timeline_signs import TimelineSigns

DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
AXIS_WIDTH = 58
LEAST_HEIGHT = 74
MOST_MARKS = 200


@dataclass(frozen=True)
class Curve:
    """One curve: `numbers` for iterations 1, 2, …, NaN where not finite or not known.

    A `sparse` one is known at few iterations: its numbers are dots with lines between. A `ghost` is what was before a
    change. `say` writes a number.
    """

    name: str
    sentence: str
    numbers: Array
    known: Array
    sparse: bool = False
    ghost: bool = False
    say: Callable[[float], str] = short


def look_of(place: int, ghost: bool) -> QPen:
    """Return the pen of the curve at a place of the legend: a colour and a dash that no other has."""
    colours = theme.current()
    if ghost:
        return pg.mkPen(colours.dim, width=1, style=Qt.PenStyle.DashLine)
    inks = list(dict.fromkeys((colours.read, colours.written, *colours.sizes)))  # 7, so that ink and dash meet anew only after 28
    return pg.mkPen(inks[place % len(inks)], width=1, style=DASHES[place % len(DASHES)])


class CurvePanel(QWidget):
    """A title with the legend, and the plot. It keeps nothing of a moment but what is drawn."""

    travelled = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.legend = CurveLegend(self)
        self.plot = LossPlot(self)
        self.plot.travelled.connect(self.travelled)
        self.plot.item.getAxis("bottom").setStyle(showValues=False)
        self.signs = TimelineSigns(self.plot)
        self.bad_region = pg.LinearRegionItem(movable=False)
        self.bad_region.setZValue(-10)
        self.line = pg.InfiniteLine(angle=90, movable=False)
        self.bad_marks = pg.ScatterPlotItem(symbol="x", size=11, pxMode=True)
        self.dots = pg.ScatterPlotItem(symbol="o", size=5, pxMode=True)
        self.bad_label = pg.TextItem()
        for item in (self.bad_region, self.line, self.dots, self.bad_marks, self.bad_label):
            self.plot.item.addItem(item, ignoreBounds=True)
        self.curves: list[Any] = []
        self._drawn: list[object] = []
        self._extent = (0.0, 1.0)
        self._broken: list[Broken] = []
        self._log = False
        self._dressed = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.legend)
        layout.addWidget(self.plot, 1)

    def draw(
        self, moment: Moment, title: str, curves: Sequence[Curve], right: int, log: bool, marks: Sequence[object],
        span: tuple[float, float] | None = None,
    ) -> None:  # fmt: skip
        """Draw curves up to iteration `right`. `marks` tell for each whether it is the one that stands there already.

        With `span` the scale is this one, whatever the numbers.
        """
        self._dress()
        self.setAccessibleName(title)
        self.plot.setAccessibleName(self.tr("Plot: {name}").format(name=title))
        self.legend.show_entries(title, [self._entry(c, n, moment.position.iteration) for n, c in enumerate(curves)])
        if log is not self._log:
            self._log = log
            self.plot.item.getAxis("left").setLogMode(log)
        fresh = [*marks, log, theme.current().key]
        if fresh != self._drawn:
            self._drawn = fresh
            shown = [logarithms(c.numbers) if log else c.numbers for c in curves]
            self._feed(curves, shown)
            self._extent = span or extent(shown) or ((-1.0, 1.0) if log else (0.0, 1.0))
            self._broken = [broken(c.numbers, c.known) for c in curves]
        low, high = self._extent
        top = high + 0.22 * (high - low)
        self.plot.item.setXRange(1 - 0.01 * right, right * 1.01, padding=0)
        self.plot.item.setYRange(low - 0.06 * (high - low), top, padding=0)
        self.line.setValue(moment.position.iteration)
        self.signs.show(moment, low, top)
        self._mark_broken(curves, right, top, high - low)

    def _entry(self, curve: Curve, place: int, here: int) -> Entry:
        number, exact = "" if curve.sparse else self.tr("not known yet"), ""
        if here <= curve.numbers.size and curve.known[here - 1]:
            value = float(curve.numbers[here - 1])
            number, exact = (curve.say(value), full(value)) if np.isfinite(value) else (self.tr("not finite"), "")
        text = curve.name if curve.ghost else " ".join((curve.name, number)).strip()
        return Entry(text, "\n".join(filter(None, (curve.sentence, exact))), look_of(place, curve.ghost), curve.sparse)

    def _feed(self, curves: Sequence[Curve], shown: Sequence[Array]) -> None:
        while len(self.curves) < len(curves):
            made = pg.PlotDataItem(connect="finite", antialias=True)
            self.plot.item.addItem(made, ignoreBounds=True)
            made.setDownsampling(auto=True, method="peak")
            made.opts["autoDownsampleFactor"] = 2.0
            made.setClipToView(True)
            self.curves.append(made)
        dots_x, dots_y, brushes = list[float](), list[float](), list[QBrush]()
        for place, item in enumerate(self.curves):
            if place >= len(curves) or not np.isfinite(shown[place]).any():
                item.setData([], [])  # a curve of NaN alone makes Qt crash
                continue
            y, pen = shown[place], look_of(place, curves[place].ghost)
            at = np.flatnonzero(curves[place].known) if curves[place].sparse else np.arange(y.size)
            item.setPen(pen)
            item.setData(at + 1, y[at])
            single = np.isfinite(y[at]) if curves[place].sparse or at.size < 3 else np.zeros(0, dtype=bool)
            if single.any():
                dots_x += (at[single] + 1).tolist()
                dots_y += y[at][single].tolist()
                brushes += [pg.mkBrush(pen.color())] * int(single.sum())
        self.dots.setData(dots_x, dots_y, brush=brushes or None, pen=None)

    def _mark_broken(self, curves: Sequence[Curve], right: int, top: float, height: float) -> None:
        found = [(c, b) for c, b in zip(curves, self._broken, strict=True) if b.iterations.size and not c.ghost]
        self.bad_label.setVisible(bool(found))
        self.bad_region.setVisible(any(b.for_good and not c.sparse for c, b in found))
        if not found:
            self.bad_marks.setData([], [])
            return
        n, again_finite = min((int(b.iterations[0]), not b.for_good) for _, b in found)
        names = [c.name for c, b in found if b.iterations[0] == n]
        places = sorted({int(i) for _, b in found for i in (b.iterations[:1] if b.for_good else b.iterations[:MOST_MARKS])})
        self.bad_marks.setData(places, [top - 0.07 * height] * len(places))
        text = self.tr("not finite in iteration {n}") if again_finite else self.tr("not finite from iteration {n} on")
        self.bad_label.setText("✕ " + text.format(n=n) + (": " + ", ".join(names) if len(names) < len(curves) else ""))
        self.bad_label.setAnchor((1, 0) if n > right / 2 else (0, 0))
        self.bad_label.setPos(n, top - 0.1 * height)
        if self.bad_region.isVisible():
            self.bad_region.setRegion((min(int(b.iterations[0]) for c, b in found if b.for_good and not c.sparse), right * 1.01))

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
        left = self.plot.item.getAxis("left")
        left.setWidth(axis_width())
        self.plot.item.getAxis("bottom").setHeight(3)
        for name in ("left", "bottom"):
            axis = self.plot.item.getAxis(name)
            axis.setPen(pg.mkPen(colours.border))
            axis.setTextPen(pg.mkPen(colours.dim))
            axis.setStyle(tickTextOffset=2, tickLength=-4)
        self.line.setPen(pg.mkPen(colours.selection, width=2, style=Qt.PenStyle.DashLine))
        self.bad_label.setFont(font)
        self.bad_label.fill = pg.mkBrush(colours.panel)
        self.bad_label.setColor(QColor(colours.error))
        self.bad_marks.setPen(pg.mkPen(colours.error, width=2))
        self.bad_region.setBrush(QBrush(QColor(colours.error), Qt.BrushStyle.BDiagPattern))
        for line in self.bad_region.lines:
            line.setPen(pg.mkPen(colours.error))
        self.signs.dress()


def axis_width() -> int:
    """Return how wide the numbers beside every plot are, the same for all, so that their x axes stand under each other."""
    return round(AXIS_WIDTH * max(1.0, fonts.zoom()))
