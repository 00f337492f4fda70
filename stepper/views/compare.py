"""Try a mend: a second run from the same start with a remedy in it, beside the run as it is."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.health.compare import SecondRun
from core.health.remedies import REMEDIES, Mended, RemedyError, apply
from core.program.ir import Program
from core.session import Moment
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.curve_panel import Curve, CurvePanel, axis_width
from stepper.widgets.iteration_strip import IterationStrip
from stepper.widgets.remedy_card import RemedyCard
from stepper.widgets.tips import plain
from stepper.widgets.tries_list import TriesList, Try

SLICE = 0.012
BETWEEN_DRAWINGS = 0.12
LEAST, FURTHER, MUCH_FURTHER = 100, 100, 1000
WIDE = 720
MOST_TRIES = 8


class CompareView(QWidget):
    """Offers remedies as edits to try. It changes nothing of what is open; both runs are its own.

    `program_wanted` asks to open a mended program under a title, `place_wanted` for an iteration and how many of
    its operations are done, `iteration_clicked` for an iteration.
    """

    program_wanted = Signal(object, str)
    place_wanted = Signal(int, int)
    iteration_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Try a mend"))
        self._moment: Moment | None = None
        self._base: Program | None = None
        self._events: object = ()
        self._fitting: dict[str, Mended | str] = {}
        self._offered: tuple[str, ...] = ()
        self._drawn_at = 0.0
        self._dressed = ""
        self.tries: list[Try] = []
        self.card = RemedyCard(self)
        self.card.try_wanted.connect(self.try_remedy)
        self.card.take_wanted.connect(self._on_take)
        self.card.choice_wanted.connect(self._on_choice)
        self.list = TriesList(self)
        self.list.chosen.connect(self._on_chosen)
        self.list.removed.connect(self.remove)
        self.hint = self._label(self.tr("What a second run shows"))
        self.hint.setText(
            self.tr("A second run begins with the same numbers as yours and has the remedy in it. Both losses are drawn here.")
        )
        self.verdict = self._label(self.tr("What came of it"))
        self.link = self._button("", self.tr("Go to this operation in your own run"))
        self.link.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.link.clicked.connect(self._on_link)
        self.further = self._button(
            self.tr("+{n}").format(n=FURTHER), self.tr("Run both {n} iterations further").format(n=FURTHER)
        )
        self.far = self._button(
            self.tr("+{n}").format(n=MUCH_FURTHER), self.tr("Run both {n} iterations further").format(n=MUCH_FURTHER)
        )
        self.stop_button = self._button(self.tr("Stop"), self.tr("Stop where the second run is now"))
        self.log = QToolButton(self)
        self.log.setText(self.tr("log scale"))
        self.log.setCheckable(True)
        self.log.setAccessibleName(self.tr("Draw the losses on a logarithmic scale"))
        self.log.setToolTip(self.tr("Draw the losses on a logarithmic scale: each line up is ten times as much"))
        self.log.toggled.connect(self._show_chosen)
        self.remove_button = self._button(self.tr("Remove"), self.tr("Take this second run away (Delete)"))
        self.further.clicked.connect(self._on_further)
        self.far.clicked.connect(self._on_far)
        self.stop_button.clicked.connect(self.stop)
        self.remove_button.clicked.connect(self._on_remove)
        self.panel = CurvePanel(self)
        self.panel.travelled.connect(self._on_travelled)
        self.axis = IterationStrip(self)
        self.axis.travelled.connect(self._on_travelled)
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._slice)
        self._lay_out()
        self._show_chosen()

    # -- what is shown ---------------------------------------------------------------------------------

    def draw(self, moment: Moment) -> None:
        """Show what can be tried with the program of a moment."""
        self._moment = moment
        if moment.base is not self._base or moment.events != self._events:
            self._begin(moment)
        self.card.show_fitting(self._fitting, self._offered)
        self._show_chosen()

    def _begin(self, moment: Moment) -> None:
        """Look anew at what fits; second runs of another program go, those from before a change by hand are out of date."""
        if self._base is None or moment.base is None or moment.base.text != self._base.text:
            self.tries = []
        for one in self.tries:
            one.stale = True
        self._base, self._events = moment.base, moment.events
        self._fitting = {}
        self._timer.start()

    @Slot(object)
    def offer(self, ids: object) -> None:
        """Put remedies first: those of the problem that a person has chosen, by their ids."""
        self._offered = tuple(str(i) for i in ids) if isinstance(ids, (tuple, list)) else ()  # type: ignore[reportUnknownArgumentType]
        self.card.show_fitting(self._fitting, self._offered)
        known = [i for i in self._offered if i in REMEDIES]
        if known:
            self.card.choose(known[0])

    @Slot()
    def _show_chosen(self) -> None:
        """Show the chosen try: its verdict, where it first differs, and all curves."""
        self.list.show_tries(self.tries)
        one = self.list.chosen_try()
        there = one is not None
        for part in (self.list, self.verdict, self._holder, self.panel, self.axis):
            part.setVisible(there)
        self.hint.setVisible(not there)
        difference = None if one is None else one.run.difference
        self.link.setVisible(difference is not None)
        if one is None or self._moment is None:
            return
        verdict = one.run.verdict()
        words = [verdict.text, *one.run.notes]
        if not one.waiting and (stays := one.run.stays()):
            words += [self.tr("What stays:"), *(f"• {text}" for text in stays)]
        self.verdict.setText("\n".join(words))
        if difference is not None:
            cell = f"[{', '.join(map(str, difference.cell))}]" if difference.cell else ""
            text = self.tr("First differs in iteration {i} in {name}\n{old} → {new}").format(
                i=difference.iteration, name=difference.name + cell, old=difference.shown[0], new=difference.shown[1]
            )
            self.link.setText(text)
            self.link.setAccessibleName(text.replace("\n", ": "))
            both = self.tr("as it is: {old}\nwith the remedy: {new}").format(old=difference.old, new=difference.new)
            self.link.setToolTip(plain(both + "\n" + self.tr("Click to go to this operation in your own run.")))
        self.further.setEnabled(not one.stale and not one.run.ended)
        self.far.setEnabled(self.further.isEnabled())
        self.stop_button.setEnabled(one.waiting)
        self._draw_curves(self._moment, one)

    @Slot()
    def _on_chosen(self) -> None:
        """Show a try that was chosen, and the remedy that it is of."""
        one = self.list.chosen_try()
        if one is not None:
            self.card.choose(one.run.mended.remedy, one.run.choice)
        self._show_chosen()

    def _draw_curves(self, moment: Moment, chosen: Try) -> None:
        """Draw the losses of all tries that are of today's program, or of the chosen one if it is not."""
        tries = [t for t in self.tries if not t.stale] if not chosen.stale else [chosen]
        longest = max(tries, key=lambda t: t.run.done)
        curves = [self._curve(self.tr("as it is"), longest.run, 0)]
        curves += [self._curve(t.title, t.run, 1) for t in tries]
        key = f"{theme.current().key}/{fonts.zoom()}"
        if key != self._dressed:
            self._dressed = key
            self.axis.dress(axis_width())
        right = max(10, moment.position.iteration, *(t.run.done for t in tries))
        marks: list[object] = [(id(t.run), t.run.done) for t in tries]
        self.panel.draw(moment, self.tr("Loss"), curves, right, self.log.isChecked(), marks)
        self.axis.show_range(right, moment.position.iteration)

    def _curve(self, name: str, run: SecondRun, which: int) -> Curve:
        numbers = np.array(run.losses[which], dtype=np.float64)
        finite = np.where(np.isfinite(numbers), numbers, np.nan)
        return Curve(name, "" if which else self.tr("The program without any remedy."), finite, np.ones(numbers.size, dtype=bool))

    # -- what a person wants ---------------------------------------------------------------------------

    @Slot(str, str)
    def try_remedy(self, id: str, choice: str) -> None:
        """Begin a second run, to where the first has come and at least some iterations far."""
        m = self._moment
        if m is None or m.base is None:
            return
        try:
            run = SecondRun(m.base, apply(id, m.base, m.folder, choice), m.events, m.folder, choice)
        except RemedyError as error:
            self._fitting[id] = str(error)
            self.card.show_fitting(self._fitting, self._offered)
            return
        one = Try(run, max(LEAST, len(m.losses)))
        self.tries = [t for t in self.tries if t.title != one.title or t.stale][1 - MOST_TRIES :] + [one]
        self.list.show_tries(self.tries)
        self.list.choose(one)
        self._timer.start()
        self._show_chosen()

    @Slot(object)
    def remove(self, one: Try) -> None:
        """Take a second run away."""
        self.tries = [t for t in self.tries if t is not one]
        self._show_chosen()

    @Slot()
    def stop(self) -> None:
        """Run no further than now."""
        for one in self.tries:
            one.target = min(one.target, one.run.done)
        self._show_chosen()

    @Slot(str, str)
    def _on_take(self, id: str, choice: str) -> None:
        mended = self._fitting.get(id)
        if self._moment is not None and isinstance(mended, Mended):
            self.program_wanted.emit(mended.program, f"{self._moment.title}, {mended.title}")

    @Slot(str, str)
    def _on_choice(self, id: str, choice: str) -> None:
        """Look at what another strength would change."""
        if self._base is not None and self._moment is not None and id in self._fitting:
            self._fit(id, choice)
            self.card.show_fitting(self._fitting, self._offered)

    def _fit(self, id: str, choice: str) -> None:
        assert self._base is not None and self._moment is not None
        try:
            self._fitting[id] = apply(id, self._base, self._moment.folder, choice)
        except RemedyError as error:
            self._fitting[id] = str(error)

    @Slot()
    def _on_link(self) -> None:
        one = self.list.chosen_try()
        if one is not None and one.run.difference is not None:
            self.place_wanted.emit(one.run.difference.iteration, one.run.difference.k)

    @Slot()
    def _on_further(self) -> None:
        self._go_on(FURTHER)

    @Slot()
    def _on_far(self) -> None:
        self._go_on(MUCH_FURTHER)

    def _go_on(self, iterations: int) -> None:
        """Run all tries on to the same iteration, so that their curves can be compared."""
        one = self.list.chosen_try()
        if one is not None:
            target = max(one.target, one.run.done) + iterations
            for other in self.tries:
                other.target = other.target if other.stale else max(other.target, target)
            self._timer.start()
            self._show_chosen()

    @Slot()
    def _on_remove(self) -> None:
        one = self.list.chosen_try()
        if one is not None:
            self.remove(one)

    @Slot(int)
    def _on_travelled(self, iteration: int) -> None:
        if self._moment is not None and self._moment.losses:
            self.iteration_clicked.emit(min(max(iteration, 1), len(self._moment.losses)))

    # -- running ---------------------------------------------------------------------------------------

    @Slot()
    def _slice(self) -> None:
        """Go on a little: first with what fits, one remedy at a time, then with the runs."""
        unknown = next((i for i in (*self._offered, *REMEDIES) if i in REMEDIES and i not in self._fitting), None)
        if self._base is not None and unknown is not None:
            chosen = self.card.chosen() == unknown
            self._fit(unknown, self.card.strength() if chosen else "")
            self.card.show_fitting(self._fitting, self._offered)
            return
        waiting = [t for t in self.tries if t.waiting]
        end = time.monotonic() + SLICE
        while waiting and time.monotonic() < end:
            # The one that is furthest behind goes first, so that all curves grow together.
            one = min(waiting, key=lambda t: t.run.done)
            one.run.step()
            waiting = [t for t in waiting if t.waiting]
        if not waiting:
            self._timer.stop()
        if not waiting or time.monotonic() - self._drawn_at > BETWEEN_DRAWINGS:
            self._drawn_at = time.monotonic()
            if self.tries:
                self._show_chosen()

    # -- parts -----------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(380, 560)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 160)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the runs beside the remedies where there is room, else beneath them."""
        super().resizeEvent(event)
        wide = self.width() >= WIDE * max(1.0, fonts.zoom())
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._body.setDirection(across if wide else down)
        self._body.setStretch(0, 2 if wide else 0)
        self._rows.setDirection(across if wide else down)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self._moment is not None:
            self._show_chosen()

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
        inside = QWidget(self)
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom, inside)
        self._body.setContentsMargins(0, 0, 4, 0)
        self._body.setSpacing(10)
        self._body.addWidget(self.card, 2)
        self._holder = QWidget(self)
        self._rows = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._holder)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(6)
        for parts in ((self.further, self.far, self.stop_button), (self.remove_button, self.log)):
            row = QHBoxLayout()
            for part in parts:
                row.addWidget(part)
            row.addStretch(1)
            self._rows.addLayout(row)
        column = QVBoxLayout()
        column.setSpacing(5)
        for part in (self.hint, self.list, self.verdict, self.link, self._holder):
            column.addWidget(part)
        self.panel.setMinimumHeight(150)
        column.addWidget(self.panel, 1)
        column.addWidget(self.axis)
        column.addStretch()
        self._body.addLayout(column, 3)
        area = QScrollArea(self)
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 8, 6)
        box.addWidget(area)
