"""What every curve shows at its iterations: where one stands, bookmarks as flags, changes by hand as marked lines."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor

from core.session import Moment
from stepper import theme
from stepper.widgets.loss_plot import SIGNS, LossPlot, sign_colour

MOST = 400


class TimelineSigns:
    """The flags and the lines of changes in one plot."""

    def __init__(self, plot: LossPlot) -> None:
        self._plot = plot
        self.changes = pg.PlotDataItem(connect="pairs", antialias=False)
        self.pencils = pg.ScatterPlotItem(symbol=SIGNS["event"](), size=12, pxMode=True)
        self.flags = pg.ScatterPlotItem(symbol=SIGNS["flag"](), size=13, pxMode=True)
        for item in (self.changes, self.pencils, self.flags):
            plot.item.addItem(item, ignoreBounds=True)

    def show(self, moment: Moment, low: float, top: float) -> None:
        """Show the signs of a moment between two heights of the scale."""
        height = top - 0.06 * (top - low)
        marks = moment.notes.bookmarks[:MOST]
        changes = moment.events[:MOST]
        self.flags.setData([b.iteration for b in marks], [height] * len(marks))
        # A change holds from before the first operation of its iteration.
        places = [e.iteration - 0.5 for e in changes]
        self.pencils.setData(places, [height] * len(places))
        self.changes.setData(np.repeat(places, 2), np.tile([low - 10 * (top - low), top], len(places)))
        said = QCoreApplication.translate("TimelineSigns", "From iteration {n} on: {what}")
        empty = QCoreApplication.translate("TimelineSigns", "Bookmark")
        noted = QCoreApplication.translate("TimelineSigns", "{note} (iteration {n})")
        self._plot.tips = [
            *((e.iteration - 0.5, said.format(n=e.iteration, what=e.text)) for e in changes),
            *((float(b.iteration), noted.format(note=b.note or empty, n=b.iteration)) for b in marks),
        ]

    def dress(self) -> None:
        """Put the colours of the theme on."""
        panel = theme.current().panel
        self.changes.setPen(pg.mkPen(sign_colour("event"), width=1, style=Qt.PenStyle.DashDotLine))
        for item, sign in ((self.pencils, "event"), (self.flags, "flag")):
            item.setBrush(QColor(sign_colour(sign)))
            item.setPen(pg.mkPen(panel))
