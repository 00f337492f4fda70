"""See what it does: a program and mended ones from the same start, their losses, and how far downhill each step goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

from core.diagnosis import Diagnosis
from core.diagnosis.course import WHOLE_EPOCHS, Course, epoch_means
from core.diagnosis.course_choices import Choice, by_interest, choices, course_of, is_of
from core.errors import StepperError
from core.program.ir import Program
from core.session import Moment
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.course_controls import FURTHER, CourseControls
from stepper.widgets.course_panel import CoursePanel, Drawn
from stepper.widgets.course_words import CourseWords
from stepper.widgets.curve_panel import axis_width
from stepper.widgets.iteration_strip import IterationStrip
from stepper.widgets.loss_plot import key_target
from stepper.widgets.numbers import short
from stepper.widgets.pieces import Pieces

BETWEEN_DRAWINGS = 100
FEWEST_ITERATIONS = 10
SHOWN_AT_FIRST = 8
MUCH = 1000.0
WIDE, LOW, LEAST = 440, 500, 340


class CourseView(QWidget):
    """Runs a diagnosed program and a mended one beside each other; nothing that is open is touched.

    `place_wanted` asks for an iteration and how many operations of it are done.
    """

    place_wanted = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("See what it does"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._program: Program | None = None
        self._folder: Path | None = None
        self._diagnosis: Diagnosis | None = None
        self._choices: tuple[Choice, ...] = ()
        self._choice: Choice | None = None
        self._hidden: set[str] = set()
        self._stale = False
        self._names: tuple[str, ...] = ()
        self._scaled = False
        self._dressed = ""
        self.course: Course | None = None
        self.here = 0
        self._problem = ""
        self.controls = CourseControls(self)
        self.controls.mend_chosen.connect(self._on_mend)
        self.controls.steps_chosen.connect(self._redraw)
        self.controls.further.connect(self.run_further)
        self.controls.stopped.connect(self.stop)
        self.controls.reset.connect(self.reset)
        self.controls.parameter_switched.connect(self._on_parameter)
        self.controls.redraw_wanted.connect(self._redraw)
        self.words = CourseWords(self)
        self.words.place_wanted.connect(self.place_wanted)
        self.losses = CoursePanel(False, self)
        self.steps = CoursePanel(True, self)
        self.axis, self.other_axis = IterationStrip(self), IterationStrip(self)
        for plot in (self.losses, self.steps, self.axis, self.other_axis):
            plot.travelled.connect(self._look_at)
        self._pieces = Pieces(self)
        self._pieces.ended.connect(self._on_ended)
        self._often = QTimer(self)
        self._often.setInterval(BETWEEN_DRAWINGS)
        self._often.timeout.connect(self._redraw)
        self._lay_out()
        self._redraw()

    # -- what is shown ---------------------------------------------------------------------------------

    def show_diagnosis(
        self, program: Program | None, folder: Path | None, diagnosis: Diagnosis, line: int = 0, names: tuple[str, ...] = (),
        iterations: int = 0,
    ) -> None:  # fmt: skip
        """Run a diagnosed program and a mended one from the start.

        `program` is the open one, in which *Go there* goes; None where another text was diagnosed. `line` chooses the mend of
        the fault in that line alone, where there is one; 0 all that is mended. `names` are what two programs of a lesson are
        called there: neither need be faulty, and nothing is said where another one is open. `iterations` are run at first.
        """
        self._folder, self._diagnosis, self._names = folder, diagnosis, names
        self._compare_with(program)
        self._choices = choices(diagnosis)
        self._choice = next((c for c in self._choices if line and c.line == line), next(iter(self._choices), None))
        self._hidden = set(by_interest(diagnosis)[SHOWN_AT_FIRST:])
        self._scaled = False
        self.reset()
        self.run_further(-(-iterations // self._unit()) or self._least())

    def draw(self, moment: Moment) -> None:
        """Notice whether the open program is still the one that was checked, and draw in the colours of today."""
        if moment.base is not self._program:
            self._compare_with(moment.base)
        self._redraw()

    def _compare_with(self, program: Program | None) -> None:
        self._program, d = program, self._diagnosis
        self._stale = d is not None and (program is None or not is_of(d, program))

    @property
    def busy(self) -> bool:
        """Whether anything is being run."""
        return self._pieces.busy

    # -- what a person wants ---------------------------------------------------------------------------

    @Slot(int)
    def run_further(self, units: int) -> None:
        """Run all programs so many epochs further; iterations, where an epoch has only one, or very many."""
        if self.course is not None:
            self._pieces.start(self.course, self.course.running(units * self._unit()))
            self._often.start()
            self._redraw()

    @Slot()
    def stop(self) -> None:
        """Run no further than now."""
        self._pieces.cancel()
        self._often.stop()
        self._redraw()

    @Slot()
    def reset(self) -> None:
        """Begin again, at the start."""
        self._pieces.cancel()
        self._often.stop()
        self.course, self._problem, self.here = None, "", 0
        d = self._diagnosis
        if d is not None and d.program.loss is None:
            self._problem = d.problem or self.tr("No loss is written, so that there is nothing to draw.")
        elif d is not None:
            try:
                self.course = course_of(d, self._folder, self._choice)
            except StepperError as error:
                self._problem = self.tr("The mended program cannot be read: {why}").format(why=str(error))
        self._redraw()

    def _unit(self) -> int:
        per = 1 if self.course is None else self.course.per_epoch
        return per if per <= WHOLE_EPOCHS else 1

    def _least(self) -> int:
        """Return how many units are run at once: an epoch of single samples shows as much as some iterations of all."""
        return FURTHER[0] if self._unit() > 1 else FURTHER[1]

    @Slot(int)
    def _on_mend(self, row: int) -> None:
        if 0 <= row < len(self._choices):
            done = 0 if self.course is None else self.course.done // self._unit()
            self._choice = self._choices[row]
            self.reset()
            self.run_further(max(done, self._least()))

    @Slot(str, bool)
    def _on_parameter(self, name: str, on: bool) -> None:
        if on:
            self._hidden.discard(name)
        else:
            self._hidden.add(name)
        self._redraw()

    @Slot(int)
    def _look_at(self, iteration: int) -> None:
        """Name the numbers of an iteration; at the last one those that come as it goes on."""
        done = 0 if self.course is None else self.course.done
        self.here = 0 if iteration >= done else max(1, iteration)
        self._redraw()

    @Slot(object, object)
    def _on_ended(self, _: object, __: object) -> None:
        self._often.stop()
        self._redraw()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Look at earlier and later iterations with the arrow keys."""
        course = self.course
        wanted = None
        if course is not None and course.done:
            wanted = key_target(event.key(), self.here or course.done, True, course.done)
        if wanted is None:
            super().keyPressEvent(event)
        else:
            self._look_at(wanted)

    # -- drawing ---------------------------------------------------------------------------------------

    @Slot()
    def _redraw(self) -> None:
        course = self.course
        for part in (self.losses, self.steps, self.axis):
            part.setVisible(course is not None)
        self.other_axis.setVisible(course is not None and self._plots.direction() == QBoxLayout.Direction.LeftToRight)
        self.controls.setVisible(self._diagnosis is not None and not self._problem)
        self.words.hint(self._diagnosis, self._choice, self._problem, self._stale and not self._names)
        d = self._diagnosis
        if course is None or d is None:
            return
        key = f"{theme.current().key}/{fonts.zoom()}"
        if key != self._dressed:
            self._dressed = key
            for axis in (self.axis, self.other_axis):
                axis.dress(axis_width())
        names = list(self._names) or self.words.run_names(course, self._choice)
        whose = [self.tr("steps: {name}").format(name=n) for n in names]
        self.controls.offer([*self._names[1:]] or [self.words.mend_name(c, d) for c in self._choices], whose, self._unit() > 1)
        if self._choice is not None:
            self.controls.mends.setCurrentIndex(self._choices.index(self._choice))
        self.controls.set_state(self.busy, course.ended, course.done > 0)
        self.words.say(course, self._choice, d, None if self._stale else self._program, self._names)
        right, here = max(FEWEST_ITERATIONS, course.done), self.here or course.done
        self._draw_losses(course, names, right, here)
        self._draw_steps(course, names, right, here)
        for axis in (self.axis, self.other_axis):
            axis.show_range(right, here)

    def _draw_losses(self, course: Course, names: list[str], right: int, here: int) -> None:
        drawn: list[Drawn] = []
        means = self._means(course)
        for place, run in enumerate(course.runs):
            y = np.array(run.losses, dtype=np.float64)
            x = np.arange(1, y.size + 1)
            if means:
                x, y = course.per_epoch * np.arange(1, len(run.epoch_losses) + 1), np.array(run.epoch_losses, dtype=np.float64)
            tip = self.tr("stops: {why}").format(why=run.stopped) if run.stopped else ""
            none = self.tr("stopped") if run.stopped else ""
            drawn.append(Drawn(names[place], x, np.where(np.isfinite(y), y, np.nan), place, run.first_bad, tip, none))
        self._scale(drawn)
        title = self.tr("Loss, mean of each epoch") if means else self.tr("Loss")
        self.losses.draw(title, drawn, right, here, self.controls.log.isChecked())

    def _scale(self, drawn: list[Drawn]) -> None:
        """Change to the logarithmic scale, once, where a loss grows so much that the other curves would be one flat line."""
        sizes = [float(np.nanmax(c.y, initial=0.0)) for c in drawn]
        if not self._scaled and min(sizes) > 0 and max(sizes) > MUCH * min(sizes):
            self._scaled = True
            self.controls.log.blockSignals(True)
            self.controls.log.setChecked(True)
            self.controls.log.blockSignals(False)

    def _draw_steps(self, course: Course, names: list[str], right: int, here: int) -> None:
        place = max(0, self.controls.steps.currentIndex())
        run = course.runs[min(place, len(course.runs) - 1)]
        self.controls.offer_parameters(run.names, self._hidden)
        means = self._means(course)
        drawn: list[Drawn] = []
        for k, name in enumerate(run.names):
            if name not in self._hidden:
                x, y = run.cosine(name)
                lengths = run.length(name)[1]
                tip = self.tr("length of the last step: {n}").format(n=short(lengths[-1])) if lengths.size else ""
                if means:
                    x, y = epoch_means(x, y, course.per_epoch)
                    x, y = x[x <= course.done], y[x <= course.done]
                drawn.append(Drawn(name, x, y, k, tip=tip))
        title = self.tr("Steps of {name}: cosine").format(name=names[min(place, len(names) - 1)])
        if course.rarely:
            title += " " + self.tr("({n} of {m} iterations)").format(n=len(run.sampled), m=course.done)
        self.steps.draw(title, drawn, right, here)

    def _means(self, course: Course) -> bool:
        """Whether there is a point for each epoch: where there are at least two of several iterations."""
        wanted = self.controls.means.isChecked() and self._unit() > 1
        return wanted and course.done >= 2 * course.per_epoch

    # -- parts -----------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(640, 520)

    def minimumSizeHint(self) -> QSize:
        """What can be read in less is nothing but words; before anything runs there is nothing else."""
        return QSize(240, 160) if self.course is None else QSize(300, LEAST)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the plots beside each other where there is more room for that."""
        super().resizeEvent(event)
        zoom = max(1.0, fonts.zoom())
        flat = self.width() >= WIDE * zoom and self.height() < LOW * zoom
        self._plots.setDirection(QBoxLayout.Direction.LeftToRight if flat else QBoxLayout.Direction.TopToBottom)
        self._plots.setStretch(0, 2 if flat else 3)
        self._redraw()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_pieces"):
            self._redraw()

    def _lay_out(self) -> None:
        inside = QWidget(self)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(5)
        for part in (self.controls, self.words):
            column.addWidget(part)
        self._plots = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._plots.setSpacing(5)
        for panel, axis, share in ((self.losses, self.other_axis, 3), (self.steps, self.axis, 2)):
            both = QVBoxLayout()
            both.setSpacing(3)
            both.addWidget(panel, 1)
            both.addWidget(axis)
            self._plots.addLayout(both, share)
        column.addLayout(self._plots, 1)
        area = QScrollArea(self)
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 8, 6)
        box.addWidget(area)
