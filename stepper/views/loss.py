"""The loss over time. Its x axis is the timeline: click, drag or use the arrow keys to travel."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QLabel, QStackedLayout, QVBoxLayout, QWidget

from core.explain.curve import extent, logarithms
from core.program.ir import Array
from core.session import Moment
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.loss_header import LossHeader
from stepper.widgets.loss_plot import LossPlot, Series, key_target
from stepper.widgets.numbers import short
from stepper.widgets.timeline_signs import TimelineSigns

MOST_SYMBOLS = 400
FEWEST_SYMBOLS = 25
FEWEST_ITERATIONS = 10
ROOM_FOR_A_LABEL = 165
ROOM_FOR_A_NAME = 80


class LossView(QWidget):
    """Draws the loss of each iteration and each epoch; `iteration_clicked` says where a person wants to go.

    `log_switched` says that the loss is drawn on another scale.
    """

    iteration_clicked = Signal(int)
    log_switched = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Loss over the iterations"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(84)
        self._moment: Moment | None = None
        self._stale = False
        self._dressed: str | None = None
        self._series, self._epochs, self._old = self._all = Series(), Series(), Series()
        self._log = self._drawn_log = False
        self.header = LossHeader(self)
        self.header.log_switched.connect(self._on_log)
        self.now, self.scores, self._keys = self.header.now, self.header.scores, self.header.keys
        self._build_plot()
        self.hint = QLabel(self)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setWordWrap(True)
        body = QWidget(self)
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.hint)
        self._stack.addWidget(self.plot)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(2)
        layout.addWidget(self.header)
        layout.addWidget(body, 1)

    def sizeHint(self) -> QSize:
        return QSize(900, 150)

    def draw(self, moment: Moment) -> None:
        """Draw a moment; while hidden, only remember it."""
        self._moment = moment
        if not self.isVisible():
            self._stale = True
            return
        self._stale = False
        self._draw(moment)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.plot.item.showLabel("bottom", self._has_room_for_a_label())

    def _has_room_for_a_label(self) -> bool:
        return self.height() >= ROOM_FOR_A_LABEL * max(1.0, fonts.zoom())

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange:
            self._dressed = None
        super().changeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale and self._moment is not None:
            self._stale = False
            self._draw(self._moment)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        wanted = self._key_target(event.key())
        if wanted is None:
            super().keyPressEvent(event)
        else:
            self._travel(wanted)

    def _key_target(self, key: int) -> int | None:
        """Return the iteration that a key leads to, perhaps beyond the ends; None for a key that is not ours."""
        moment = self._moment
        if moment is None or not moment.losses:
            return None
        return key_target(key, moment.position.iteration, moment.k == moment.n, len(moment.losses))

    def set_log(self, on: bool) -> None:
        """Draw the loss on a logarithmic scale, or not."""
        self.header.log_button.setChecked(on)

    @Slot(bool)
    def _on_log(self, on: bool) -> None:
        self._log = on
        self.plot.item.getAxis("left").setLogMode(on)
        self._drawn_log = not on
        if self._moment is not None:
            self.draw(self._moment)
        self.log_switched.emit(on)

    def _build_plot(self) -> None:
        self.plot = LossPlot(self)
        self.plot.setAccessibleName(self.tr("Loss curve"))
        self.plot.travelled.connect(self._travel)
        item = self.plot.item
        self._bad_region = pg.LinearRegionItem(movable=False)
        self._bad_region.setZValue(-10)
        item.addItem(self._bad_region, ignoreBounds=True)
        # Without antialiasing Qt leaves out every step that is smaller than a pixel, and with them whole stretches.
        self.curve = pg.PlotDataItem(connect="finite", antialias=True)
        self.epoch_curve = pg.PlotDataItem(connect="finite", antialias=True)
        self.ghost = pg.PlotDataItem(connect="finite", antialias=True)
        for curve in (self.ghost, self.curve, self.epoch_curve):
            item.addItem(curve, ignoreBounds=True)
        self.here_mark = pg.ScatterPlotItem(symbol="o", size=8, pxMode=True)
        item.addItem(self.here_mark, ignoreBounds=True)
        for curve in (self.ghost, self.curve):
            curve.setDownsampling(auto=True, method="peak")
            curve.opts["autoDownsampleFactor"] = 2.0  # points a pixel: more would cost much and show nothing
            curve.setClipToView(True)
        self.signs = TimelineSigns(self.plot)
        self.line = pg.InfiniteLine(angle=90, movable=False)
        item.addItem(self.line, ignoreBounds=True)
        self.bad_marks = pg.ScatterPlotItem(symbol="x", size=11, pxMode=True)
        item.addItem(self.bad_marks, ignoreBounds=True)
        self.line_label, self.bad_label = pg.TextItem(), pg.TextItem()
        for label in (self.line_label, self.bad_label):
            item.addItem(label, ignoreBounds=True)

    @Slot(int)
    def _travel(self, iteration: int) -> None:
        count = 0 if self._moment is None else len(self._moment.losses)
        if count:
            self.iteration_clicked.emit(min(max(iteration, 1), count))

    def _draw(self, moment: Moment) -> None:
        self._dress()
        fresh = [s.read(x) for s, x in zip(self._all, (moment.losses, moment.epoch_losses, moment.old_losses), strict=True)]
        per_epoch = moment.program.batching.per_epoch
        self.header.say(moment, bool(self._series.bad))
        if not self._series.count:
            hint = self.tr("The loss curve grows as iterations are completed: step on, or press Run.")
            if moment.fault is not None:
                hint = self.tr("There is no loss curve while a line of the program cannot run.")
            elif moment.program.loss is None:
                hint = self.tr("This program has no loss, so there is no curve to draw; write one under `# loss`.")
            self.hint.setText(hint)
            self._stack.setCurrentWidget(self.hint)
            return
        self._stack.setCurrentWidget(self.plot)
        if any(fresh) or self._drawn_log is not self._log:
            self._drawn_log = self._log
            self._feed(self.curve, self._series, 1, FEWEST_SYMBOLS)
            self._feed(self.epoch_curve, self._epochs if per_epoch > 1 else Series(), per_epoch, MOST_SYMBOLS)
            self._feed(self.ghost, self._old, 1, 0)
        self._scale(moment)
        self._mark(moment)

    def _scale(self, moment: Moment) -> None:
        s = self._series
        if self._log:
            low, high = extent([logarithms(x.y) for x in (s, self._old)]) or (-1.0, 1.0)
            self._bottom = low - 0.05 * (high - low)
        else:
            low, high = extent([np.array([x.low, x.high]) for x in (s, self._old)]) or (0.0, 1.0)
            self._bottom = low = min(low, 0.0)
        right = max(s.count, moment.position.iteration, FEWEST_ITERATIONS)
        item = self.plot.item
        item.setXRange(1 - 0.01 * right, right * 1.01, padding=0)
        item.setYRange(self._bottom, high + 0.16 * (high - low), padding=0)
        self._top = high + 0.15 * (high - low)

    def _mark(self, moment: Moment) -> None:
        here = moment.position.iteration
        s = self._series
        right = max(s.count, here, FEWEST_ITERATIONS)
        self.line.setValue(here)
        at = self._heights(s.y[here - 1 : here])
        shown = bool(np.isfinite(at).any())
        self.here_mark.setData([here] if shown else [], [float(at[0])] if shown else [])
        self.signs.show(moment, self._bottom, self._top)
        self.line_label.setVisible(self.plot.height() >= ROOM_FOR_A_NAME)
        self.line_label.setText(self.tr("iteration {n}").format(n=here))
        self.line_label.setAnchor((1, 0) if here > right / 2 else (0, 0))
        self.line_label.setPos(here, self._top)
        bad = s.bad
        self.bad_label.setVisible(bool(bad))
        for_good = bool(bad) and bad[-1] == s.count and len(bad) == s.count - bad[0] + 1
        self._bad_region.setVisible(for_good)
        if not bad:
            self.bad_marks.setData([], [])
            return
        first = bad[0]
        marked = bad[:1] if for_good else bad[:MOST_SYMBOLS]
        self.bad_marks.setData(marked, [self._top - 0.07 * (self._top - self._bottom)] * len(marked))
        kind = short(moment.losses[first - 1])
        text = self.tr("{loss} in iteration {n}")
        if for_good:
            text = self.tr("{loss} from iteration {n}")
            if kind != "NaN" and math.isnan(moment.losses[-1]):
                text = self.tr("{loss} in iteration {n}, then NaN")
        self.bad_label.setText(text.format(loss=kind, n=first))
        self.bad_label.setAnchor((1, 0) if first > right / 2 else (0, 0))
        self.bad_label.setPos(first, self._top - 0.12 * (self._top - self._bottom))
        if for_good:
            self._bad_region.setRegion((first, right * 1.01))

    def _heights(self, numbers: Array) -> Array:
        """Return where losses stand on the scale in use; NaN where they have no place on it."""
        return logarithms(numbers) if self._log else numbers

    def _feed(self, curve: pg.PlotDataItem, series: Series, step: int, most_symbols: int) -> None:
        """Give a curve its points. Symbols at NaN, and a curve of NaN alone, make Qt crash: neither gets that far."""
        n, y = series.count, self._heights(series.y)
        finite = np.isfinite(y)
        if not finite.any():
            curve.setData([], [])
        else:
            curve.setData(np.arange(1, n + 1) * step, y, symbol="o" if n <= most_symbols and bool(finite.all()) else None)

    def _dress(self) -> None:
        """Put the colours of the theme on; cheap where they have not changed."""
        colours = theme.current()
        if self._dressed == colours.name:
            return
        self._dressed = colours.name
        font = fonts.sized(QApplication.font(), -0.5)
        self.plot.use_font(font)
        for label in (self.line_label, self.bad_label):
            label.setFont(font)
        self.plot.setBackground(colours.panel)
        item = self.plot.item
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.setPen(pg.mkPen(colours.border))
            axis.setTextPen(pg.mkPen(colours.dim))
            axis.setStyle(tickTextOffset=2, tickLength=-4)
        item.setLabel("bottom", self.tr("iteration"), color=colours.dim, **{"font-size": f"{font.pointSizeF()}pt"})
        item.showLabel("bottom", self._has_room_for_a_label())
        self.curve.setPen(pg.mkPen(colours.read, width=1))
        self.curve.setSymbolBrush(pg.mkBrush(colours.read))
        self.curve.setSymbolPen(pg.mkPen(colours.panel))
        self.curve.setSymbolSize(4)
        self.here_mark.setBrush(pg.mkBrush(colours.selection))
        self.here_mark.setPen(pg.mkPen(colours.panel))
        self.epoch_curve.setPen(pg.mkPen(colours.written, width=1))
        self.epoch_curve.setSymbolBrush(pg.mkBrush(colours.written))
        self.epoch_curve.setSymbolPen(pg.mkPen(colours.panel))
        self.epoch_curve.setSymbolSize(7)
        self.line.setPen(pg.mkPen(colours.selection, width=2, style=Qt.PenStyle.DashLine))
        for label in (self.line_label, self.bad_label):
            label.fill = pg.mkBrush(colours.panel)
        self.line_label.setColor(QColor(colours.selection))
        self.bad_label.setColor(QColor(colours.error))
        self.bad_marks.setPen(pg.mkPen(colours.error, width=2))
        self._bad_region.setBrush(QBrush(QColor(colours.error), Qt.BrushStyle.BDiagPattern))
        for line in self._bad_region.lines:
            line.setPen(pg.mkPen(colours.error))
        self.ghost.setPen(pg.mkPen(colours.dim, width=1, style=Qt.PenStyle.DashLine))
        self.signs.dress()
        self.header.dress()
        palette = self.hint.palette()
        palette.setColor(self.hint.foregroundRole(), QColor(colours.dim))
        self.hint.setPalette(palette)
