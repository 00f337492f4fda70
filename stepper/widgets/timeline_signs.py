"""What every curve shows at its iterations: bookmarks as flags, changes by hand as marked lines, where problems begin."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor

from core.health.rules import RULES
from core.session import Moment
from stepper import theme
from stepper.models.mark_signs import WARNING, ink, loud_problems
from stepper.widgets.loss_plot import SIGNS, LossPlot, sign_colour

MOST = 400


class TimelineSigns:
    """The flags and the lines of changes in one plot."""

    def __init__(self, plot: LossPlot) -> None:
        self._plot = plot
        self._grave: set[int] = set()
        self.changes = pg.PlotDataItem(connect="pairs", antialias=False)
        self.pencils = pg.ScatterPlotItem(symbol=SIGNS["event"](), size=12, pxMode=True)
        self.flags = pg.ScatterPlotItem(symbol=SIGNS["flag"](), size=13, pxMode=True)
        self.problems = pg.ScatterPlotItem(symbol=SIGNS["problem"](), size=12, pxMode=True)
        for item in (self.changes, self.pencils, self.flags, self.problems):
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
        begun = self._begun(moment)
        foot = low + 0.07 * (top - low)
        inks = [QColor(ink("error" if n in self._grave else "warning")) for n in begun]
        self.problems.setData(list(begun), [foot] * len(begun), brush=inks or None)
        said = QCoreApplication.translate("TimelineSigns", "From iteration {n} on: {what}")
        empty = QCoreApplication.translate("TimelineSigns", "Bookmark")
        noted = QCoreApplication.translate("TimelineSigns", "{note} (iteration {n})")
        self._plot.tips = [
            *((e.iteration - 0.5, said.format(n=e.iteration, what=e.text)) for e in changes),
            *((float(n), "\n".join(sentences)) for n, sentences in begun.items()),
            *((float(b.iteration), noted.format(note=b.note or empty, n=b.iteration)) for b in marks),
        ]

    def _begun(self, moment: Moment) -> dict[int, list[str]]:
        """Return the iterations in which problems that are more than notes were first seen, with what they say."""
        found: dict[int, list[str]] = {}
        self._grave = set()
        text = QCoreApplication.translate("TimelineSigns", "{glyph} From iteration {n}: {text}")
        for problem in loud_problems(moment)[:MOST]:
            finding = problem.finding
            glyph = RULES[finding.rule].glyph if finding.rule in RULES else WARNING
            sentence = text.format(glyph=glyph, n=problem.first[0], text=finding.text)
            found.setdefault(problem.first[0], []).append(sentence)
            self._grave |= {problem.first[0]} if finding.severity == "error" else set()
        return found

    def dress(self) -> None:
        """Put the colours of the theme on."""
        panel = theme.current().panel
        self.changes.setPen(pg.mkPen(sign_colour("event"), width=1, style=Qt.PenStyle.DashDotLine))
        for item, sign in ((self.pencils, "event"), (self.flags, "flag"), (self.problems, "problem")):
            item.setBrush(QColor(sign_colour(sign)))
            item.setPen(pg.mkPen(panel))
