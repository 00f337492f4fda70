"""The x axis that all curves share: the iterations, where one stands, and a place to click."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.loss_plot import LossPlot


class IterationStrip(LossPlot):
    """A plot that is nothing but its x axis."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("The iterations"))
        self._here = pg.InfiniteLine(angle=90, movable=False)
        self.item.addItem(self._here, ignoreBounds=True)

    def show_range(self, right: int, here: int) -> None:
        """Show iterations 1 to `right`, and which one is looked at."""
        self.item.setXRange(1 - 0.01 * right, right * 1.01, padding=0)
        self._here.setValue(here)

    def dress(self, left_width: int) -> None:
        """Put the colours and the size of text on; `left_width` is what the numbers beside the plots above take."""
        colours = theme.current()
        font = fonts.sized(QApplication.font(), -0.5)
        self.use_font(font)
        self.setBackground(colours.window)
        left = self.item.getAxis("left")
        left.setWidth(left_width)
        left.setStyle(showValues=False)
        for name, ink in (("left", colours.window), ("bottom", colours.border)):
            axis = self.item.getAxis(name)
            axis.setPen(pg.mkPen(ink))
            axis.setTextPen(pg.mkPen(colours.dim))
            axis.setStyle(tickTextOffset=2, tickLength=-4)
        self.item.setLabel("bottom", self.tr("iteration"), color=colours.dim, **{"font-size": f"{font.pointSizeF()}pt"})
        self.setFixedHeight(round(3.6 * self.fontMetrics().height()))
        self._here.setPen(pg.mkPen(colours.selection, width=2, style=Qt.PenStyle.DashLine))
