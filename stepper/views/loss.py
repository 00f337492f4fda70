"""The loss over time. Its x axis is the timeline: click, drag or use the arrow keys to travel."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from core.program.ir import Array
from core.session import Moment
from stepper import theme
from stepper.widgets.numbers import full, short

MOST_SYMBOLS = 400
FEWEST_ITERATIONS = 10


class Series:
    """Losses as an array that grows with the list it is read from; infinite ones are gaps, as NaN is."""

    def __init__(self) -> None:
        self._of: Sequence[float] | None = None
        self._buffer: Array = np.empty(256)
        self.count = 0
        self.low, self.high = math.inf, -math.inf
        self.bad: list[int] = []

    @property
    def y(self) -> Array:
        """The losses read so far, NaN where one is not finite."""
        return self._buffer[: self.count]

    def read(self, losses: Sequence[float]) -> bool:
        """Take in what is new in `losses`; returns whether anything is."""
        last = losses[self.count - 1] if 0 < self.count <= len(losses) else math.nan
        known = self.y[-1] if self.count else math.nan
        same = last == known or (not math.isfinite(last) and not math.isfinite(known))
        changed = losses is not self._of or len(losses) < self.count or not same
        if changed:
            self._of, self.count, self.low, self.high, self.bad = losses, 0, math.inf, -math.inf, []
        total = len(losses)
        if total == self.count:
            return changed
        if total > self._buffer.size:
            grown = np.empty(max(total, 2 * self._buffer.size))
            grown[: self.count] = self.y
            self._buffer = grown
        new = np.array(losses[self.count : total], dtype=float)
        finite = np.isfinite(new)
        self.bad.extend((np.flatnonzero(~finite) + self.count + 1).tolist())
        if finite.any():
            self.low, self.high = min(self.low, float(new[finite].min())), max(self.high, float(new[finite].max()))
        self._buffer[self.count : total] = np.where(finite, new, np.nan)
        self.count = total
        return True


class LossPlot(pg.PlotWidget):  # type: ignore[misc]
    """The plot itself: never pans or zooms; a press or a drag says which iteration is meant."""

    travelled = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(False, False)
        item.disableAutoRange()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFrameShape(self.Shape.NoFrame)
        self._last = 0

    def iteration_at(self, x: float) -> int:
        """Return the iteration nearest to a place in the widget, not limited to those that exist."""
        box = self.getPlotItem().getViewBox()
        return round(box.mapSceneToView(self.mapToScene(round(x), 0)).x())

    def x_of(self, iteration: float) -> float:
        """Return where in the widget an iteration stands."""
        box = self.getPlotItem().getViewBox()
        return float(self.mapFromScene(box.mapViewToScene(QPointF(iteration, 0))).x())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._last = 0
            self._travel(event)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._travel(event)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def _travel(self, event: QMouseEvent) -> None:
        iteration = self.iteration_at(event.position().x())
        if iteration != self._last:
            self._last = iteration
            self.travelled.emit(iteration)


class KeyToSigns(QWidget):
    """One entry of the legend: a sample of what is drawn, and what it means."""

    def __init__(self, sign: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sign, self._text = sign, text
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(24 + metrics.horizontalAdvance(self._text) + 12, metrics.height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        middle = self.height() / 2
        if self._sign == "line":
            painter.setPen(QPen(QColor(colours.read), 1))
            painter.drawLine(QPointF(0, middle), QPointF(18, middle))
        elif self._sign == "point":
            painter.setPen(QPen(QColor(colours.written), 1))
            painter.drawLine(QPointF(0, middle), QPointF(18, middle))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(QColor(colours.written))
            painter.drawEllipse(QPointF(9, middle), 3.5, 3.5)
        elif self._sign == "here":
            painter.setPen(QPen(QColor(colours.selection), 2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(9, 1), QPointF(9, self.height() - 1))
        else:
            painter.setPen(QPen(QColor(colours.error), 2))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawLine(QPointF(5, middle - 4), QPointF(13, middle + 4))
            painter.drawLine(QPointF(5, middle + 4), QPointF(13, middle - 4))
        painter.setPen(QColor(colours.dim))
        place = QRectF(24, 0, self.width() - 24, self.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._text)


class LossView(QWidget):
    """Draws the loss of each iteration and each epoch; `iteration_clicked` says where a person wants to go."""

    iteration_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Loss over the iterations"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._moment: Moment | None = None
        self._stale = False
        self._series, self._epochs = Series(), Series()
        self._build_header()
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
        layout.addWidget(self._header)
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

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale and self._moment is not None:
            self._stale = False
            self._draw(self._moment)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moment = self._moment
        count = 0 if moment is None else len(moment.losses)
        if moment is None or not count:
            return super().keyPressEvent(event)
        here, done = moment.position.iteration, moment.k == moment.n
        page = max(1, count // 10)
        targets = {
            Qt.Key.Key_Left: here - 1, Qt.Key.Key_Right: here + 1 if done else here,
            Qt.Key.Key_PageUp: here - page, Qt.Key.Key_PageDown: here + page,
            Qt.Key.Key_Home: 1, Qt.Key.Key_End: count,
        }  # fmt: skip
        wanted = targets.get(Qt.Key(event.key()))
        if wanted is None:
            return super().keyPressEvent(event)
        wanted = min(max(wanted, 1), count)
        if (wanted, True) != (here, done):
            self.iteration_clicked.emit(wanted)

    def _build_header(self) -> None:
        self._header = QWidget(self)
        self.now = QLabel(self._header)
        self.now.setTextFormat(Qt.TextFormat.PlainText)
        self.now.setAccessibleName(self.tr("Loss at the iteration looked at"))
        self._keys = {
            "line": KeyToSigns("line", self.tr("each iteration"), self._header),
            "point": KeyToSigns("point", self.tr("mean of each epoch"), self._header),
            "here": KeyToSigns("here", self.tr("where you are"), self._header),
            "bad": KeyToSigns("bad", self.tr("not a finite number"), self._header),
        }
        row = QHBoxLayout(self._header)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.now)
        row.addStretch(1)
        for key in self._keys.values():
            row.addWidget(key)

    def _build_plot(self) -> None:
        self.plot = LossPlot(self)
        self.plot.setAccessibleName(self.tr("Loss curve"))
        self.plot.travelled.connect(self._travel)
        item = self.plot.getPlotItem()
        self._bad_region = pg.LinearRegionItem(movable=False)
        self._bad_region.setZValue(-10)
        item.addItem(self._bad_region, ignoreBounds=True)
        self.curve = pg.PlotDataItem(connect="finite", antialias=False)
        self.epoch_curve = pg.PlotDataItem(connect="finite", antialias=False)
        for curve in (self.curve, self.epoch_curve):
            item.addItem(curve, ignoreBounds=True)
        self.curve.setDownsampling(auto=True, method="peak")
        self.curve.setClipToView(True)
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
        self._say_now(moment)
        fresh = self._series.read(moment.losses)
        per_epoch = moment.program.batching.per_epoch
        fresh = self._epochs.read(moment.epoch_losses) or fresh
        self._keys["point"].setVisible(per_epoch > 1)
        self._keys["bad"].setVisible(bool(self._series.bad))
        if not self._series.count:
            self.hint.setText(
                self.tr("The loss curve grows as iterations are completed: step on, or press Run.")
                if moment.program.loss is not None
                else self.tr("This program has no loss, so there is no curve to draw; write one under `# loss`.")
            )
            self._stack.setCurrentWidget(self.hint)
            return
        self._stack.setCurrentWidget(self.plot)
        if fresh:
            n = self._series.count
            self.curve.setData(np.arange(1, n + 1), self._series.y)
            epochs = self._epochs.count if per_epoch > 1 else 0
            self.epoch_curve.setData(
                np.arange(1, epochs + 1) * per_epoch, self._epochs.y[:epochs], symbol="o" if epochs <= MOST_SYMBOLS else None
            )
        self._scale(moment)
        self._mark(moment)

    def _scale(self, moment: Moment) -> None:
        s = self._series
        low, high = (s.low, s.high) if s.low <= s.high else (0.0, 1.0)
        low = min(low, 0.0)
        high = high if high > low else low + 1.0
        right = max(s.count, moment.position.iteration, FEWEST_ITERATIONS)
        item = self.plot.getPlotItem()
        item.setXRange(1 - 0.01 * right, right * 1.01, padding=0)
        item.setYRange(low, high + 0.16 * (high - low), padding=0)
        self._top = high + 0.15 * (high - low)

    def _mark(self, moment: Moment) -> None:
        here = moment.position.iteration
        s = self._series
        right = max(s.count, here, FEWEST_ITERATIONS)
        self.line.setValue(here)
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
        shown = bad[:1] if for_good else bad[:MOST_SYMBOLS]
        self.bad_marks.setData(shown, [self._top - 0.02 * self._top] * len(shown))
        text = self.tr("{loss} from iteration {n}") if for_good else self.tr("{loss} at iteration {n}")
        self.bad_label.setText("× " + text.format(loss=short(moment.losses[first - 1]), n=first))
        self.bad_label.setAnchor((1, 0) if first > right / 2 else (0, 0))
        self.bad_label.setPos(first, self._top - 0.14 * (self._top - min(s.low, 0.0)))
        if for_good:
            self._bad_region.setRegion((first, right * 1.01))

    def _say_now(self, moment: Moment) -> None:
        here = moment.position.iteration
        loss: float | None = None
        if here <= len(moment.losses):
            loss = moment.losses[here - 1]
        elif moment.program.loss is not None and (value := moment.value(moment.program.loss)) is not None:
            loss = float(value.reshape(-1)[0])
        if loss is None:
            self.now.setText(self.tr("Loss: not computed yet in iteration {n}").format(n=here))
            self.now.setToolTip("")
        else:
            self.now.setText(self.tr("Loss {loss} in iteration {n}").format(loss=short(loss), n=here))
            self.now.setToolTip(full(loss))

    def _dress(self) -> None:
        """Put the colours of the theme on; cheap where they have not changed."""
        colours = theme.current()
        if getattr(self, "_dressed", None) == (colours.name, colours.panel):
            return
        self._dressed = (colours.name, colours.panel)
        self.plot.setBackground(colours.panel)
        item = self.plot.getPlotItem()
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.setPen(pg.mkPen(colours.border))
            axis.setTextPen(pg.mkPen(colours.dim))
        item.setLabel("bottom", self.tr("iteration"), color=colours.dim)
        self.curve.setPen(pg.mkPen(colours.read, width=1))
        self.epoch_curve.setPen(pg.mkPen(colours.written, width=1))
        self.epoch_curve.setSymbolBrush(pg.mkBrush(colours.written))
        self.epoch_curve.setSymbolPen(pg.mkPen(colours.panel))
        self.epoch_curve.setSymbolSize(7)
        self.line.setPen(pg.mkPen(colours.selection, width=2, style=Qt.PenStyle.DashLine))
        self.line_label.setColor(QColor(colours.selection))
        self.bad_label.setColor(QColor(colours.error))
        self.bad_marks.setPen(pg.mkPen(colours.error, width=2))
        self._bad_region.setBrush(QBrush(QColor(colours.error), Qt.BrushStyle.BDiagPattern))
        for line in self._bad_region.lines:
            line.setPen(pg.mkPen(colours.error))
        for label in (self.now, self.hint):
            palette = label.palette()
            palette.setColor(label.foregroundRole(), QColor(colours.text if label is self.now else colours.dim))
            label.setPalette(palette)
