"""Try a mend: a second run from the same start with a remedy in it, beside the run as it is."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

from core.health.compare import SecondRun
from core.health.remedies import REMEDIES, Mended, RemedyError, apply
from core.program.ir import Program
from core.session import Moment
from stepper.widgets import fonts
from stepper.widgets.remedy_card import RemedyCard
from stepper.widgets.tries_list import Try
from stepper.widgets.tries_pane import TriesPane

SLICE = 0.012
BETWEEN_DRAWINGS = 0.12
LEAST = 100
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
        self.fitting: dict[str, Mended | str] = {}
        self._offered: tuple[str, ...] = ()
        self._drawn_at = 0.0
        self.tries: list[Try] = []
        self.card = RemedyCard(self)
        self.card.try_wanted.connect(self.try_remedy)
        self.card.take_wanted.connect(self._on_take)
        self.card.choice_wanted.connect(self._on_choice)
        self.pane = TriesPane(self)
        self.pane.chosen.connect(self._on_chosen)
        self.pane.removed.connect(self.remove)
        self.pane.further.connect(self._on_further)
        self.pane.stopped.connect(self.stop)
        self.pane.place_wanted.connect(self.place_wanted)
        self.pane.travelled.connect(self._on_travelled)
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._slice)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._reveal)
        self._lay_out()

    # -- what is shown ---------------------------------------------------------------------------------

    def draw(self, moment: Moment) -> None:
        """Show what can be tried with the program of a moment."""
        self._moment = moment
        if moment.base is not self._base or moment.events != self._events:
            self._begin(moment)
        self.card.show_fitting(self.fitting, self._offered)
        self._show_tries()

    def _begin(self, moment: Moment) -> None:
        """Look anew at what fits; second runs of another program go, those from before a change by hand are out of date."""
        if self._base is None or moment.base is None or moment.base.text != self._base.text:
            self.tries = []
            self._offered = () if self._base is not None else self._offered
        for one in self.tries:
            one.stale = True
        self._base, self._events = moment.base, moment.events
        self.fitting = {}
        self._timer.start()

    @Slot(object)
    def offer(self, ids: object) -> None:
        """Put remedies first: those of the problem that a person has chosen, by their ids."""
        self._offered = tuple(str(i) for i in ids) if isinstance(ids, (tuple, list)) else ()  # type: ignore[reportUnknownArgumentType]
        self.card.show_fitting(self.fitting, self._offered)
        known = [i for i in self._offered if i in REMEDIES]
        if known:
            self.card.choose(known[0])

    @property
    def busy(self) -> bool:
        """Whether there is anything left to look at or to run."""
        return self._timer.isActive()

    def _show_tries(self) -> None:
        if self._moment is not None:
            self.pane.draw(self._moment, self.tries)

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
            self.fitting[id] = str(error)
            self.card.show_fitting(self.fitting, self._offered)
            return
        reached = max((t.target for t in self.tries if not t.stale), default=0)
        one = Try(run, max(LEAST, len(m.losses), reached))
        kept = [t for t in self.tries if t.title != one.title or t.stale]
        self.tries = [*kept[1 - MOST_TRIES :], one]
        self._show_tries()
        self.pane.list.choose(one)
        self._timer.start()
        self._soon.start()

    @Slot()
    def _reveal(self) -> None:
        """Have the plot in sight when a second run begins, and when it has come to its end."""
        self._area.ensureWidgetVisible(self.pane.axis)

    @Slot(object)
    def remove(self, one: Try) -> None:
        """Take a second run away."""
        self.tries = [t for t in self.tries if t is not one]
        self._show_tries()

    @Slot()
    def stop(self) -> None:
        """Run no further than now."""
        for one in self.tries:
            one.target = min(one.target, one.run.done)
        self._show_tries()

    @Slot(str, str)
    def _on_take(self, id: str, choice: str) -> None:
        del choice
        mended = self.fitting.get(id)
        if self._moment is not None and isinstance(mended, Mended):
            self.program_wanted.emit(mended.program, f"{self._moment.title}, {mended.title}")

    @Slot(str, str)
    def _on_choice(self, id: str, choice: str) -> None:
        """Look at what another strength would change."""
        if self._base is not None and id in self.fitting:
            self._fit(id, choice)
            self.card.show_fitting(self.fitting, self._offered)

    def _fit(self, id: str, choice: str) -> None:
        assert self._base is not None and self._moment is not None
        try:
            self.fitting[id] = apply(id, self._base, self._moment.folder, choice)
        except RemedyError as error:
            self.fitting[id] = str(error)

    @Slot(object)
    def _on_chosen(self, one: Try) -> None:
        """Show the remedy that a chosen try is of."""
        self.card.choose(one.run.mended.remedy, one.run.choice)

    @Slot(int)
    def _on_further(self, iterations: int) -> None:
        """Run all tries on to the same iteration, so that their curves can be compared."""
        target = max((max(t.target, t.run.done) for t in self.tries if not t.stale), default=0) + iterations
        for one in self.tries:
            one.target = one.target if one.stale else target
        self._timer.start()
        self._show_tries()

    @Slot(int)
    def _on_travelled(self, iteration: int) -> None:
        if self._moment is not None and self._moment.losses:
            self.iteration_clicked.emit(min(max(iteration, 1), len(self._moment.losses)))

    # -- running ---------------------------------------------------------------------------------------

    @Slot()
    def _slice(self) -> None:
        """Go on a little: first with what fits, one remedy at a time, then with the runs."""
        unknown = next((i for i in (*self._offered, *REMEDIES) if i in REMEDIES and i not in self.fitting), None)
        if self._base is not None and unknown is not None:
            self._fit(unknown, self.card.strength() if self.card.chosen() == unknown else "")
            self.card.show_fitting(self.fitting, self._offered)
            return
        waiting = [t for t in self.tries if t.waiting]
        end = time.monotonic() + SLICE
        while waiting and time.monotonic() < end:
            # The one that is furthest behind goes first, so that all curves grow together.
            min(waiting, key=lambda t: t.run.done).run.step()
            waiting = [t for t in waiting if t.waiting]
        if not waiting:
            self._timer.stop()
            if self.tries:
                self._soon.start()
        if self.tries and (not waiting or time.monotonic() - self._drawn_at > BETWEEN_DRAWINGS):
            self._drawn_at = time.monotonic()
            self._show_tries()

    # -- parts -----------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(380, 560)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 160)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the runs beside the remedies where there is room, else beneath them."""
        super().resizeEvent(event)
        wide = self.width() >= WIDE * max(1.0, fonts.zoom())
        self._body.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._body.setStretch(0, 2 if wide else 0)
        self.pane.set_wide(wide)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_body"):
            self._show_tries()

    def _lay_out(self) -> None:
        inside = QWidget(self)
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom, inside)
        self._body.setContentsMargins(0, 0, 4, 0)
        self._body.setSpacing(10)
        self._body.addWidget(self.card, 0)
        self._body.addWidget(self.pane, 3)
        self._area = QScrollArea(self)
        self._area.setWidget(inside)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 8, 6)
        box.addWidget(self._area)
