"""What second runs have shown: their rows, the chosen one's verdict, where it first differs, and all losses in one plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from core.health.compare import Difference
from core.session import Moment
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.curve_panel import Curve, CurvePanel, axis_width
from stepper.widgets.iteration_strip import IterationStrip
from stepper.widgets.tips import plain
from stepper.widgets.tries_list import TriesList, Try

FURTHER, MUCH_FURTHER = 100, 1000
FEWEST_ITERATIONS = 10
LEAST_PLOT = 150


class TriesPane(QWidget):
    """Draws tries. `chosen` carries the try of a row that was chosen, `further` how many more iterations are wanted.

    `removed` carries a try, `place_wanted` an iteration and how many operations of it are done, `travelled` an iteration.
    """

    chosen = Signal(object)
    removed = Signal(object)
    further = Signal(int)
    stopped = Signal()
    place_wanted = Signal(int, int)
    travelled = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._moment: Moment | None = None
        self._tries: Sequence[Try] = ()
        self._dressed = ""
        self.list = TriesList(self)
        self.list.chosen.connect(self._on_chosen)
        self.list.removed.connect(self.removed)
        self.hint = self._label(self.tr("What a second run shows"))
        self.hint.setText(
            self.tr("A second run begins with the same numbers as yours and has the remedy in it. Both losses are drawn here.")
        )
        self.verdict = self._label(self.tr("What came of it"))
        self.link = self._button("", self.tr("Go to this operation in your own run"))
        self.link.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.link.clicked.connect(self._on_link)
        run_both = self.tr("Run both {n} iterations further")
        self.more = self._button(self.tr("+{n}").format(n=FURTHER), run_both.format(n=FURTHER))
        self.much_more = self._button(self.tr("+{n}").format(n=MUCH_FURTHER), run_both.format(n=MUCH_FURTHER))
        self.stop = self._button(self.tr("Stop"), self.tr("Stop where the second run is now"))
        self.remove = self._button(self.tr("Remove"), self.tr("Take this second run away (Delete)"))
        self.more.clicked.connect(self._on_more)
        self.much_more.clicked.connect(self._on_much_more)
        self.stop.clicked.connect(self.stopped)
        self.remove.clicked.connect(self._on_remove)
        self.log = QToolButton(self)
        self.log.setText(self.tr("log scale"))
        self.log.setCheckable(True)
        self.log.setAccessibleName(self.tr("Draw the losses on a logarithmic scale"))
        self.log.setToolTip(self.tr("Draw the losses on a logarithmic scale: each line up is ten times as much"))
        self.log.toggled.connect(self._redraw)
        self.panel = CurvePanel(self)
        self.panel.travelled.connect(self.travelled)
        self.panel.setMinimumHeight(LEAST_PLOT)
        self.axis = IterationStrip(self)
        self.axis.travelled.connect(self.travelled)
        self._lay_out()

    def draw(self, moment: Moment, tries: Sequence[Try]) -> None:
        """Show tries at a moment."""
        self._moment, self._tries = moment, tries
        self.list.show_tries(tries)
        one = self.list.chosen_try()
        for part in (self.list, self.verdict, self._holder, self.panel, self.axis):
            part.setVisible(one is not None)
        self.hint.setVisible(one is None)
        self._draw_difference(None if one is None else one.run.difference)
        if one is None:
            return
        words = [one.run.verdict().text, *one.run.notes]
        stays = () if one.waiting else one.run.stays()
        if stays:
            words += [self.tr("What stays:"), *(f"• {text}" for text in stays)]
        self.verdict.setText("\n".join(words))
        self.more.setEnabled(not one.stale and not one.run.ended)
        self.much_more.setEnabled(self.more.isEnabled())
        self.stop.setEnabled(any(t.waiting for t in tries))
        self._draw_curves(moment, one)

    def set_wide(self, wide: bool) -> None:
        """Put the buttons into one row where there is room, else into two."""
        self._rows.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def _draw_difference(self, difference: Difference | None) -> None:
        self.link.setVisible(difference is not None)
        if difference is None:
            return
        cell = f"[{', '.join(map(str, difference.cell))}]" if difference.cell else ""
        old, new = difference.shown
        text = self.tr("First differs in iteration {i} in {name}\n{old} → {new}").format(
            i=difference.iteration, name=difference.name + cell, old=old, new=new
        )
        self.link.setText(text.replace("&", "&&"))
        self.link.setAccessibleName(text.replace("\n", ": "))
        both = self.tr("as it is: {old}\nwith the remedy: {new}").format(old=difference.old, new=difference.new)
        self.link.setToolTip(plain(both + "\n" + self.tr("Click to go to this operation in your own run.")))

    def _draw_curves(self, moment: Moment, chosen: Try) -> None:
        """Draw the losses of all tries that are of today's program, or of the chosen one if it is not."""
        key = f"{theme.current().key}/{fonts.zoom()}"
        if key != self._dressed:
            self._dressed = key
            self.axis.dress(axis_width())
        tries = [chosen] if chosen.stale else [t for t in self._tries if not t.stale]
        longest = max(tries, key=lambda t: t.run.done)
        curves = [self._curve(self.tr("as it is"), longest, 0), *(self._curve(t.title, t, 1) for t in tries)]
        right = max(FEWEST_ITERATIONS, moment.position.iteration, *(t.run.done for t in tries))
        marks = [(id(t.run), t.run.done) for t in tries]
        self.panel.draw(moment, self.tr("Loss"), curves, right, self.log.isChecked(), marks)
        self.axis.show_range(right, moment.position.iteration)

    def _curve(self, name: str, one: Try, which: int) -> Curve:
        sentence = "" if which else self.tr("The program without any remedy.")
        numbers = one.series(which)
        return Curve(name, sentence, numbers, np.ones(numbers.size, dtype=bool))

    @Slot()
    def _redraw(self) -> None:
        if self._moment is not None:
            self.draw(self._moment, self._tries)

    @Slot()
    def _on_chosen(self) -> None:
        self._redraw()
        one = self.list.chosen_try()
        if one is not None:
            self.chosen.emit(one)

    @Slot()
    def _on_link(self) -> None:
        one = self.list.chosen_try()
        if one is not None and one.run.difference is not None:
            self.place_wanted.emit(one.run.difference.iteration, one.run.difference.k)

    @Slot()
    def _on_more(self) -> None:
        self.further.emit(FURTHER)

    @Slot()
    def _on_much_more(self) -> None:
        self.further.emit(MUCH_FURTHER)

    @Slot()
    def _on_remove(self) -> None:
        one = self.list.chosen_try()
        if one is not None:
            self.removed.emit(one)

    def _label(self, name: str) -> QLabel:
        made = QLabel(self)
        made.setTextFormat(Qt.TextFormat.PlainText)
        made.setWordWrap(True)
        made.setAccessibleName(name)
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        return made

    def _button(self, text: str, tip: str) -> QPushButton:
        made = QPushButton(text, self)
        made.setToolTip(plain(tip))
        made.setAccessibleDescription(tip)
        made.setAutoDefault(False)
        return made

    def _lay_out(self) -> None:
        self._holder = QWidget(self)
        self._rows = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._holder)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(6)
        for parts in ((self.more, self.much_more, self.stop), (self.remove, self.log)):
            row = QHBoxLayout()
            for part in parts:
                row.addWidget(part)
            row.addStretch(1)
            self._rows.addLayout(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for part in (self.hint, self.list, self.verdict, self.link, self._holder):
            column.addWidget(part)
        column.addWidget(self.panel, 1)
        column.addWidget(self.axis)
        column.addStretch()
