"""What is open, where it stands, what is selected. Knows no Qt; tells plain listeners of every change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from core.changes import Cell, cell_in_data, changed_cell, edited_cells, with_optimizer
from core.data.batches import indices_of
from core.edits import Edits
from core.errors import ChangeError
from core.execute.events import Event
from core.execute.inputs import initial_state
from core.execute.timeline import Position, Timeline
from core.execute.tracks import Tracks
from core.files.saved import Layer
from core.health.cause import Link, chain
from core.health.guard import Guard, first_bad
from core.health.monitor import Mark, Monitor, Problem
from core.health.settings import HealthSettings
from core.library import Opened
from core.moment import Before, Moment, Selection
from core.network_file import Evaluation
from core.notes import Notes
from core.origin import Origin
from core.program.ir import Program
from core.scoring import ScoreOf, Scores
from core.stops import SIZES, Size
from core.walk import Walk

__all__ = ["SIZES", "Moment", "Selection", "Session", "Size", "session_of"]


class Session:
    """One open program and its time. Every method that changes something tells the listeners once.

    `folder` is where files lie that the program names. With `what_if` a change by hand is followed by
    computing at once what depends on it; without, that stays as it was and is out of date. While it is `quiet`, as where
    a lesson has asked something, a moment tells of no problem.
    """

    def __init__(self, program: Program, title: str, evaluations: Sequence[Evaluation] = (), folder: Path | None = None) -> None:
        self.title = title
        self.evaluations = tuple(evaluations)
        self.folder = folder
        self.assumed: tuple[str, ...] = ()
        """Sentences on what a saved network's file does not say and was decided here; `chosen`: what a person decided."""
        self.chosen: tuple[str, ...] = ()
        self.layers: tuple[Layer, ...] = ()
        """The layers of a saved network; `closed` are those from the first that is not stepped, `shapes` those of its arrays."""
        self.closed: tuple[Layer, ...] = ()
        self.shapes: Mapping[str, tuple[int, ...]] = {}
        self.described = ""
        """The text of the description that the network was made from."""
        self.origin: Origin | None = None
        """The saved network that the program was made of."""
        self.timeline = Timeline(program)
        self.notes = Notes()
        self.walk = Walk(self.timeline)
        self.edits = Edits(self.timeline)
        self.running = False
        self.quiet = False
        self._listeners: list[Callable[[], None]] = []
        self._scores = Scores(self.timeline, self.evaluations)
        self.monitor = Monitor(self.timeline)
        self.guard = Guard(self.timeline)
        self._chosen: Problem | None = None
        self._links: tuple[Link, ...] = ()
        self.tracks = Tracks(self.timeline, self._scores.at, self._scores.keys())

    @property
    def program(self) -> Program:
        """The program of the iteration that is looked at."""
        return self.timeline.program

    @property
    def selection(self) -> Selection:
        """What is selected."""
        return self.walk.selection

    @selection.setter
    def selection(self, selection: Selection) -> None:
        self.walk.selection = selection

    @property
    def what_if(self) -> bool:
        """Whether what follows from a change by hand is computed at once."""
        return self.edits.what_if

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after every change."""
        self._listeners.append(listener)

    def moment(self) -> Moment:
        """Return what there is to see now."""
        t = self.timeline
        k = t.position.k
        program = t.program
        instructions = program.instructions
        now = Moment(
            title=self.title, program=program, position=t.position, epoch=t.epoch(),
            lit=instructions[k - 1] if k else None, upcoming=instructions[k] if k < len(instructions) else None,
            fault=t.fault, samples=indices_of(program.batching, t.iteration), losses=t.losses,
            epoch_losses=t.epoch_losses, selection=self.selection, running=self.running, machine=t.machine,
            score=ScoreOf(self._scores, t.iteration + (k == len(instructions)), self.running),
            notes=self.notes, tracks=self.tracks, events=t.events,
            edited=edited_cells(program, t.events, t.iteration), old=self.edits.old,
            old_losses=self.edits.old_losses,
            element=self.walk.visit.element, result=self.walk.visit.result, call=self.walk.call,
            what_if=self.what_if, can_undo=self.edits.can_undo, can_redo=self.edits.can_redo, earlier=Before(t, t.iteration),
            base=t.program_at(1), folder=self.folder, problems=() if self.quiet else self.monitor.problems(), chosen=self._chosen,
            links=self._links, signs=_no_marks if self.quiet else self.monitor.marks, health=self.monitor.settings,
            quiet=self.quiet, closed=self.closed, shapes=self.shapes,
        )  # fmt: skip
        inner = self.walk.visit.moment(now)
        return now if inner is None else replace(now, inner=inner)

    # -- moving --------------------------------------------------------------------------------------

    def go(self, iteration: int, k: int) -> None:
        """Stand where `k` instructions of an iteration are executed."""
        self._moved(self.walk.go(Position(iteration, k)))

    def to_start(self) -> None:
        """Stand before the first operation of the first iteration."""
        self.go(1, 0)

    def to_statement(self, statement: int) -> None:
        """Stand, within this iteration, just after a line."""
        self.go(self.timeline.iteration, self.program.statements[statement].last)

    def to_line_later(self, statement: int) -> None:
        """Run on to just after a line: in this iteration if it is still to come, else in the next."""
        self._moved(self.walk.to_line(statement, True))

    def to_line_earlier(self, statement: int) -> None:
        """Go back to when a line was executed last before here."""
        self._moved(self.walk.to_line(statement, False))

    def to_body_line(self, function: str, step: int, later: bool = True) -> None:
        """Run on to just after a line of a `def`, in whatever call comes next; or go back to when it ran last."""
        self._moved(self.walk.to_body_line(function, step, later))

    def stop_before(self, iteration: int, k: int, function: str) -> None:
        """Stand before operation `k` of an iteration, in the call of a function that it comes out of."""
        self._moved(self.walk.before(iteration, k, function))

    def later(self, size: Size = "operation") -> None:
        """Go to the next stop of a size; from the end of an iteration to the start of the next."""
        self._moved(self.walk.step(size, True))

    def earlier(self, size: Size = "operation") -> None:
        """Go to the previous stop of a size; from the start of an iteration to the end of the one before."""
        self._moved(self.walk.step(size, False))

    def into(self, elements: bool = False, later: bool = True) -> None:
        """Open the next operation (or, towards earlier, the last one at its end), or the `def` that it lies in."""
        self._moved(self.walk.into(elements, later))

    def out(self, later: bool = True) -> None:
        """Leave an operation or a `def` that was gone into, finishing or, towards earlier, undoing it; else end the phase."""
        self._moved(self.walk.out(later))

    def run(self, iterations: int) -> bool:
        """Go on by whole iterations at full speed; False if a line failed."""
        self._stay_outside()
        ok = self.timeline.run(iterations)
        self._tell()
        return ok

    def stand_after(self, iteration: int) -> None:
        """Stand at the end of an iteration that was reached at full speed."""
        self._stay_outside()
        self.timeline.stand_after(iteration, iteration)
        self._tell()

    def set_running(self, running: bool) -> None:
        """Say whether the program is running by itself."""
        if running and not self.running:
            self.guard.reset()  # a replay may have come by what a person knows already
            self._stay_outside()
        self.running = running
        self._tell()

    # -- choosing ------------------------------------------------------------------------------------

    def select(self, value: int | None, cell: Cell | None = None) -> None:
        """Select a value, and perhaps one cell of it."""
        self.selection = Selection(value, cell, self.selection.sample)
        self._tell()

    def select_sample(self, sample: int | None) -> None:
        """Make a sample of the data the current one, by its index; None for all of them."""
        self.selection = replace(self.selection, sample=sample)
        self._tell()

    def note(self, notes: Notes) -> None:
        """Keep other breakpoints, bookmarks or watches."""
        self.notes = notes
        self._tell()

    # -- health --------------------------------------------------------------------------------------

    def choose_problem(self, problem: Problem | None) -> None:
        """Look at a problem, or at none: its way to its first cause is worked out."""
        self._chosen, self._links = problem, ()
        if problem is not None:
            here = self.timeline.iteration if problem.current else problem.last
            self._links = chain(self.timeline, here, problem.finding)
        self._tell()

    def set_health(self, settings: HealthSettings) -> None:
        """Use other limits for the health rules, or mute some."""
        self.monitor.set_settings(settings)
        self._tell()

    def set_quiet(self, quiet: bool) -> None:
        """Tell of no problems for a while, or tell of them again."""
        self.quiet = quiet
        self._tell()

    def to_first_bad(self) -> bool:
        """Where a run has made numbers that are not finite, stand just after the operation that did; False if none has."""
        self.guard.check(self.timeline.iteration - (self.timeline.position.k < len(self.program)))
        if self.guard.alarm is None:
            return False
        place = first_bad(self.timeline, self.guard.alarm)
        self.guard.reset()
        if place is None:
            return False
        self.go(place.iteration, place.k)
        return True

    # -- changing ------------------------------------------------------------------------------------

    def change_cell(self, index: int, cell: Cell, text: str) -> None:
        """Type a number over one cell of a parameter, an input, a target or a hyperparameter, from this iteration on.

        A parameter that this iteration has already updated is changed from the next one on.

        Raises:
            ChangeError: with one sentence, where that cannot be.
        """
        program, at = self.program, self.timeline.position
        ends = {end for _, end in program.carried.values()}
        iteration = at.iteration + (index in ends)
        if index in ends and program.makers[index] >= at.k:
            name = program.values[index].name
            raise ChangeError(f"{program.values[index].label} is not computed yet; change {name} as it is now, or step on first")
        name = program.values[index].name
        if name in program.carried:
            whole = self.timeline.state_before(iteration)[name]
        else:
            whole = program.first_values.get(name)
            cell = cell_in_data(program, name, cell, at.iteration)
        self._change(changed_cell(program, index, iteration, whole, cell, text))

    def back_to_first_weights(self) -> None:
        """Go on from here with the parameters and the optimizer's state that the training began with."""
        at = self.timeline.position
        iteration = at.iteration if at.k < len(self.program) else at.iteration + 1
        program = self.timeline.program_at(iteration)
        self.timeline.go(Position(iteration, 0))
        self._change(Event(iteration, "back to the first weights", initial_state(program)))

    def use_optimizer(self, name: str) -> None:
        """Update with another optimizer from the next iteration on (from this one, if it has not begun).

        Raises:
            ChangeError: with one sentence, where that cannot be.
        """
        at = self.timeline.position
        iteration = at.iteration + (at.k > 0)
        program, state = with_optimizer(self.timeline.program_at(iteration), name, iteration, self.folder)
        values = {n: program.first_values[n] for n in state}
        self._change(Event(iteration, f"optimizer: {name}", values, program=program))

    def undo(self) -> None:
        """Take the newest change by hand back; from later on, stand where it was made."""
        if self.edits.can_undo:
            self.walk.stay_outside()
            self.edits.undo()
            self._tell()

    def redo(self) -> None:
        """Make a change again that was taken back."""
        if self.edits.can_redo:
            self.walk.stay_outside()
            self.edits.redo()
            self._tell()

    def recompute(self) -> None:
        """Show what follows from a change by hand: nothing is out of date any more."""
        self.edits.forget_old()
        self._tell()

    def set_what_if(self, on: bool) -> None:
        """Say whether what follows from a change is shown at once."""
        self.edits.what_if = on
        if on:
            self.edits.forget_old()
        self._tell()

    # -- scores --------------------------------------------------------------------------------------

    def scores_at(self, iteration: int) -> Mapping[str, float]:
        """Return how good the network is with the parameters that an iteration starts from; kept once computed."""
        return self._scores.at(iteration)

    # -- inside --------------------------------------------------------------------------------------

    def _moved(self, moved: bool) -> None:
        """Tell of a move, if there was one; what was out of date no longer is."""
        if moved:
            self.edits.forget_old()
            self._tell()

    def _stay_outside(self) -> None:
        self.walk.stay_outside()
        self.edits.forget_old()

    def _change(self, event: Event) -> None:
        self.walk.stay_outside()
        self.edits.make(event)
        self._tell()

    def _tell(self) -> None:
        if not self.running:
            self.monitor.stand()
        for listener in list(self._listeners):
            listener()


def session_of(opened: Opened) -> Session:
    """Return a session on what was opened."""
    session = Session(opened.program, opened.title, opened.evaluations, opened.folder)
    if opened.steps is not None:
        session.assumed, session.chosen = tuple(opened.steps.assumed), tuple(opened.steps.chosen)
        session.layers, session.closed = tuple(opened.steps.layers), tuple(opened.steps.closed)
    if opened.saved is not None:
        named = {name for layer in session.layers for name in layer.tensors.values()}
        session.shapes = {t.name: t.shape for t in opened.saved.tensors if t.name in named}
    session.described, session.origin = opened.described, opened.origin
    return session


def _no_marks(index: int) -> tuple[Mark, ...]:
    del index
    return ()
