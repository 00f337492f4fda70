"""The open lesson: where the learner is in it, the place that its step stands at, the answers given; kept between runs."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.errors import StepperError
from core.lessons.lesson import Lesson, Step
from core.lessons.runs import Asked, Runs, Shown
from core.lessons.shipped import PREFIX, is_lesson, open_lesson
from core.session import Moment
from stepper.controller import Controller
from stepper.lesson_keeping import Keeping, mark_of
from stepper.lesson_panels import StepPanels
from stepper.lesson_place import LessonPlace
from stepper.lesson_way import LessonWay
from stepper.lesson_work import StepWork
from stepper.models.lesson_state import Comparison, Entry, Given, LessonState
from stepper.panels import Panels
from stepper.settings import Settings
from stepper.widgets.lesson_question import fits

PANEL = "lesson"


class Lessons(QObject):
    """Owns the open lesson; every change arrives as `changed(LessonState)`, trouble as `said(sentence)`.

    `seen()` asks for the panels to be in sight and the lesson's to have the keyboard, `diagnose_wanted()`, `edit_wanted()` and
    `compare_wanted(Comparison)` for what other panels do.
    """

    changed = Signal(object)
    said = Signal(str)
    seen = Signal()
    diagnose_wanted = Signal()
    edit_wanted = Signal()
    compare_wanted = Signal(object)

    def __init__(self, controller: Controller, panels: Panels, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._controller, self._panels = controller, panels
        self._lesson: Lesson | None = None
        self._runs: Runs | None = None
        self._at = 0
        self._shown: Shown | None = None
        self._trouble = ""
        self._place = LessonPlace(controller)
        self._way = LessonWay()
        self._titles: dict[int, str] = {}
        self._step_panels = StepPanels(panels)
        self._wanted = ""
        self._keeping = Keeping(settings)
        self.work = StepWork(self)
        self.work.ready.connect(self._on_ready)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._begin_wanted)
        controller.opened.connect(self._on_opened)
        controller.changed.connect(self._on_changed)
        panels.changed.connect(self._on_panels)
        panels.closed.connect(self._on_closed)

    @property
    def lesson(self) -> Lesson | None:
        """The lesson that is open."""
        return self._lesson

    @property
    def holds(self) -> bool:
        """Whether what is open belongs to the lesson: then it is the lesson that shows panels."""
        return self._lesson is not None and self._panels.kept == PANEL and self._place.is_open

    @property
    def state(self) -> LessonState:
        """What there is to see now."""
        lesson, kept = self._lesson, self._keeping.of(self._lesson)
        busy, part = self._busy()
        return LessonState(
            entries=self.entries(), lesson=lesson, at=self._at, shown=self._shown, given=self._given(),
            read={} if lesson is None else {n: self._titles.get(n, _plain(lesson, n)) for n in kept.read},
            away=self._away(), busy=busy, part=part, trouble=self._trouble, acted=self._at in kept.acted,
            panels=frozenset(self._panels.docks),
        )  # fmt: skip

    def entries(self) -> tuple[Entry, ...]:
        """Return every lesson that comes with the app, with how far it was read."""
        return self._keeping.entries()

    # -- what a person does ----------------------------------------------------------------------------

    @Slot(str)
    def open(self, target: str) -> bool:
        """Open a lesson where it was left, a finished one at its first step; trouble is one sentence, and nothing is lost."""
        try:
            lesson = open_lesson(target)
        except StepperError as error:
            self.said.emit(str(error))
            return False
        kept = self._keeping.of(lesson)
        done = len(kept.read) >= len(lesson.steps)
        self._take(lesson, 0 if done else min(kept.at, len(lesson.steps) - 1))
        return True

    @Slot(int)
    def go(self, n: int) -> None:
        """Go to a step, from 0."""
        if self._lesson is not None and 0 <= n < len(self._lesson.steps):
            self._go(n)

    @Slot()
    def next(self) -> None:
        """Go to the next step."""
        self.go(self._at + 1)

    @Slot()
    def back(self) -> None:
        """Go to the step before."""
        self.go(self._at - 1)

    @Slot()
    def to_place(self) -> None:
        """Go back to where the step stands, with its program as the lesson has it."""
        if self._lesson is not None:
            self._go(self._at)

    @Slot(object)
    def answer(self, given: Given) -> None:
        """Take an answer to the question of the step; only the first one counts."""
        asked = self._asked()
        if asked is None or self._given() is not None or not fits(asked, given):
            return
        self._keeping.of(self._lesson).answers[mark_of(asked)] = given
        self._keeping.save()
        self._hush()
        self._step_panels.show(self.state)
        self._tell()

    @Slot(str)
    def act(self, name: str) -> None:
        """Do what a button of the panel says: `place`, `stop`, `run`, `diagnose`, `compare`, `edit`, `read`, `list`."""
        step = None if self._lesson is None else self._lesson.steps[self._at]
        if name == "list":
            self.show_list()
        elif step is None or self._lesson is None:
            return
        elif name == "place":
            self.to_place()
        elif name == "stop":
            if self.work.waits:
                self._trouble = self.tr("You stopped it before the numbers of this step were known.")
            self._stop()
            self._tell()
        elif name == "edit":
            if self._place.have_text(self._lesson, step.variant):
                self.edit_wanted.emit()
        else:
            self._do(name, self._lesson, step)

    def _do(self, name: str, lesson: Lesson, step: Step) -> None:
        """Do what a step asks for; then it tells what comes of it."""
        if name == "run" and self._place.open(lesson, step.variant):
            self._set_goal(self._controller.run_on(step.run))
        elif name == "diagnose" and self._place.have_text(lesson, step.variant):
            self._step_panels.mark("diagnosis")
            self.diagnose_wanted.emit()
        elif name == "compare" and step.compare is not None:
            one, other = step.compare.variants
            folder = Path(lesson.file).parent if lesson.file else None
            self._step_panels.mark("course")
            texts = lesson.variants[one], lesson.variants[other]
            self.compare_wanted.emit(Comparison((one, other), texts, step.compare.iterations, folder))
        self._keeping.of(self._lesson).acted.add(self._at)
        self._keeping.save()
        self._tell()

    @Slot()
    def show_list(self) -> None:
        """Leave the lesson and show the list of lessons; the program stays open."""
        self._stop()
        self._lesson, self._runs, self._shown, self._trouble = None, None, None, ""
        self._panels.kept = ""
        self._hush()
        self._step_panels.clear()
        self._tell()
        self.seen.emit()

    # -- going to a step -------------------------------------------------------------------------------

    def _take(self, lesson: Lesson, at: int) -> None:
        self._lesson, self._runs, self._titles = lesson, Runs(lesson), {}
        self._place.forget()
        self._panels.kept = PANEL
        self._go(at)
        self.seen.emit()

    def _go(self, n: int) -> None:
        """Open what a step is about and work out what it says; it stands at its place when that is done."""
        lesson, runs = self._lesson, self._runs
        assert lesson is not None and runs is not None
        self._stop()
        step = lesson.steps[n]
        self._at, self._shown, self._trouble = n, None, ""
        if not self._place.open(lesson, step.variant):
            self._tell()
            return
        self.work.waits = True
        self._hush()
        self.work.begin(runs, step)
        if self.work.waits:
            self._tell()

    @Slot(object)
    def _on_ready(self, found: object) -> None:
        """Show a step that has been worked out, and stand where it stands."""
        if self._lesson is None:
            return
        if isinstance(found, str):
            self._trouble = found
            self._tell()
            return
        shown = self._shown = cast(Shown, found)
        kept = self._keeping.of(self._lesson)
        self._titles[self._at] = shown.title
        kept.at, kept.steps = self._at, len(self._lesson.steps)
        kept.read.add(self._at)
        self._keeping.save()
        self._hush()
        self._step_panels.show(self.state)
        place = shown.place
        self._tell()
        self._set_goal(self._controller.travel(place.iteration, place.k, place.value, place.cell))
        if self._runs is not None and self._at + 1 < len(self._lesson.steps):
            self.work.look_ahead(self._runs, self._lesson.steps[self._at + 1])

    def _set_goal(self, goal: int) -> None:
        """Note which iteration is on the way to; 0 if it is reached."""
        self._way.begin(goal)
        self._tell()

    def _stop(self) -> None:
        self.work.cancel()
        if self._way.goal:
            self._way.goal = 0
            self._controller.stop()

    # -- what is shown ---------------------------------------------------------------------------------

    def _hush(self) -> None:
        """Say nothing of problems, anywhere, while a question waits for its answer."""
        waits = self.work.waits or (self._asked() is not None and self._given() is None)
        self._place.set_quiet(waits and self._lesson is not None and self._panels.kept == PANEL)

    def _busy(self) -> tuple[str, float | None]:
        if self.work.waits:
            return self.tr("Working out the numbers of this step…"), None
        place = self._way.place
        if place is None:
            return "", None
        here, part = place
        return self.tr("On the way: iteration {n} of {goal}").format(n=here, goal=self._way.goal), part

    def _away(self) -> bool:
        if self._shown is None or self._way.is_under_way:
            return bool(self._trouble)
        return not self._place.is_unchanged or not self._way.is_at(self._shown)

    def _asked(self) -> Asked | None:
        return None if self._shown is None else self._shown.question

    def _given(self) -> Given | None:
        asked = self._asked()
        given = None if asked is None else self._keeping.of(self._lesson).answers.get(mark_of(asked))
        return given if asked is not None and given is not None and fits(asked, given) else None

    def _tell(self) -> None:
        self.changed.emit(self.state)

    # -- what happens elsewhere ------------------------------------------------------------------------

    @Slot(object)
    def _on_opened(self, moment: Moment) -> None:
        """Begin the lesson that was opened as a file or by its TARGET; any other program leaves the lesson where it is."""
        del moment
        target = self._controller.target
        if not self._place.opening and is_lesson(target):
            self._wanted = target
            self._soon.start()

    @Slot()
    def _begin_wanted(self) -> None:
        target, self._wanted = self._wanted, ""
        try:
            lesson = open_lesson(target)
        except StepperError as error:
            self.said.emit(str(error))
            return
        variant = target.removeprefix(PREFIX).rpartition(":")[2]
        if variant not in lesson.variants:  # one of its programs by name is wanted as a program
            self._take(lesson, 0)

    @Slot(object)
    def _on_changed(self, moment: Moment) -> None:
        if self._way.follow(moment) and self._lesson is not None:
            self._tell()

    @Slot()
    def _on_panels(self) -> None:
        """Go on with a lesson whose panel was closed and is open again."""
        if self._lesson is not None and not self._panels.kept and self._panels.is_shown(PANEL):
            self._panels.kept = PANEL
            self._hush()
            self._step_panels.show(self.state)

    @Slot(str)
    def _on_closed(self, name: str) -> None:
        """Give back the place of the lesson, and tell of problems again, when a person closes its panel."""
        if name == PANEL and self._lesson is not None:
            self._stop()
            self._panels.kept = ""
            self._hush()
            self._step_panels.clear()


def _plain(lesson: Lesson, n: int) -> str:
    """Return the title of a step; empty where it holds numbers, or where a file that was changed has no such step any more."""
    title = lesson.steps[n].title if n < len(lesson.steps) else ""
    return "" if "{" in title else title
