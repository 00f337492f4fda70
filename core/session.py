"""What is open, where it stands, what is selected. Knows no Qt; tells plain listeners of every change."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.changes import Cell, cell_in_data, changed_cell, edited_cells, with_optimizer
from core.data.batches import indices_of
from core.errors import ChangeError
from core.execute.events import Event
from core.execute.inputs import Datum, initial_state
from core.execute.timeline import Course, Position, Timeline
from core.execute.tracks import Tracks
from core.frames import OUTSIDE, after_operation, body_line, entered, line_stop, runs, standing
from core.health.cause import Link, chain
from core.health.guard import Guard, first_bad
from core.health.monitor import Mark, Monitor, Problem
from core.health.settings import HealthSettings
from core.library import Opened
from core.moment import Moment, Selection
from core.network_file import Evaluation, scores
from core.notes import Notes
from core.program.ir import Array, Instruction, Program
from core.stops import SIZES, Size, next_stop, previous_stop
from core.visit import Visit

__all__ = ["SIZES", "Moment", "Selection", "Session", "Size", "session_of"]
SMALL = ("element", "operation", "statement")
PAUSE = 0.2
MOST_SCORES = 4096
MOST_AGAIN = 100
"""Iterations that are run again at once when the text of a program was changed."""


@dataclass(frozen=True, slots=True)
class _Score:
    """Where a moment asks for its scores; it remembers the iteration, so that it tells of its own time."""

    session: Session
    iteration: int
    running: bool

    def __call__(self) -> Mapping[str, float]:
        ask = self.session.scores_in_run if self.running else self.session.scores_at
        return ask(self.iteration)


@dataclass(frozen=True, slots=True)
class _Before:
    """Where a moment asks for values of the iteration before its own."""

    timeline: Timeline
    iteration: int

    def __call__(self, index: int) -> Array | None:
        if self.iteration < 2 or self.timeline.program_at(self.iteration - 1) is not self.timeline.program_at(self.iteration):
            return None
        datum = self.timeline.machine_at(self.iteration - 1).value(index)
        return None if datum is None else np.asarray(datum)


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
        self.timeline = Timeline(program)
        self.notes = Notes()
        self.selection = Selection()
        self.running = False
        self.what_if = False
        self.quiet = False
        self._listeners: list[Callable[[], None]] = []
        self._scores: dict[int, Mapping[str, float]] = {}
        self._scored: tuple[float, Mapping[str, float]] | None = None
        self._visit = Visit(program.batching.axis)
        self._placed: int | None = None  # in which call of a `def` a person has put themselves, see `core.frames`
        self._old: dict[int, Datum | None] = {}
        self._undo: list[tuple[Course, Position]] = []
        self._redo: list[tuple[Course, Position]] = []
        self.timeline.forgetters.append(self._forget_scores)
        self.monitor = Monitor(self.timeline)
        self.guard = Guard(self.timeline)
        self._chosen: Problem | None = None
        self._links: tuple[Link, ...] = ()
        self.tracks = Tracks(self.timeline, self.scores_at, _score_keys(self.evaluations))

    @property
    def program(self) -> Program:
        """The program of the iteration that is looked at."""
        return self.timeline.program

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
            score=_Score(self, t.iteration + (k == len(instructions)), self.running) if self.evaluations else _no_scores,
            notes=self.notes, tracks=self.tracks, events=t.events,
            edited=edited_cells(program, t.events, t.iteration), old=self._old,
            old_losses=self._undo[-1][0].losses if self._undo and t.events else (),
            element=self._visit.element, result=self._visit.result, call=self._call,
            what_if=self.what_if, can_undo=bool(self._undo), can_redo=bool(self._redo), earlier=_Before(t, t.iteration),
            base=t.program_at(1), folder=self.folder, problems=() if self.quiet else self.monitor.problems(), chosen=self._chosen,
            links=self._links, signs=_no_marks if self.quiet else self.monitor.marks, health=self.monitor.settings,
            quiet=self.quiet,
        )  # fmt: skip
        inner = self._visit.moment(now)
        return now if inner is None else replace(now, inner=inner)

    # -- moving --------------------------------------------------------------------------------------

    def go(self, iteration: int, k: int) -> None:
        """Stand where `k` instructions of an iteration are executed."""
        self._move(Position(iteration, k))

    def to_start(self) -> None:
        """Stand before the first operation of the first iteration."""
        self.go(1, 0)

    def to_statement(self, statement: int) -> None:
        """Stand, within this iteration, just after a line."""
        self.go(self.timeline.iteration, self.program.statements[statement].last)

    def to_line_later(self, statement: int) -> None:
        """Run on to just after a line: in this iteration if it is still to come, else in the next."""
        at, last = self.timeline.position, self.program.statements[statement].last
        self.go(at.iteration if at.k < last else at.iteration + 1, last)

    def to_line_earlier(self, statement: int) -> None:
        """Go back to when a line was executed last before here."""
        at, last = self.timeline.position, self.program.statements[statement].last
        if at.k > last or at.iteration > 1:
            self.go(at.iteration if at.k > last else at.iteration - 1, last)

    def to_body_line(self, function: str, step: int, later: bool = True) -> None:
        """Run on to just after a line of a `def`, in whatever call comes next; or go back to when it ran last."""
        at, call = self.timeline.position, self._call
        line = body_line(self.program, function, step)
        places = [] if line is None else [end for _, end in runs(self.program, line)]
        # Where a call has just ended and one stands outside of it, its last line is not what one stands at.
        here = call is not None and self.program.calls[call].function == function
        beyond = [k for k in places if (k > at.k if later else (k < at.k or (k == at.k and not here)))]
        if beyond:
            self._to_body(at.iteration, (min if later else max)(beyond), function)
        elif line is not None and (later or at.iteration > 1):
            iteration = at.iteration + (1 if later else -1)
            places = [end for _, end in runs(self.timeline.program_at(iteration), line)]
            if places:
                self._to_body(iteration, (min if later else max)(places), function)

    def stop_before(self, iteration: int, k: int, function: str) -> None:
        """Stand before operation `k` of an iteration, in the call of a function that it comes out of."""
        frames = self.timeline.program_at(iteration).instructions[k].frames
        calls = self.timeline.program_at(iteration).calls
        self._move(Position(iteration, k), next((f.call for f in frames if calls[f.call].function == function), None))

    def later(self, size: Size = "operation") -> None:
        """Go to the next stop of a size; from the end of an iteration to the start of the next.

        Inside an operation a step of an element or an operation stays inside, until its end; a larger one leaves it.
        Inside a `def` a step of a line is one of the lines of the `def`.
        """
        if size == "element" and not self._visit:
            self.into(elements=True)
        if self._visit and size in SMALL:
            self._step_inside(size, later=True)
        elif size in SMALL:
            self._small_step(size, later=True)
        else:
            self._move(next_stop(self.timeline.program_at, self.timeline.position, size))

    def earlier(self, size: Size = "operation") -> None:
        """Go to the previous stop of a size; from the start of an iteration to the end of the one before."""
        if size == "element" and not self._visit:
            self.into(elements=True, later=False)
        if self._visit and size in SMALL:
            self._step_inside(size, later=False)
        elif self._visit:
            self._move(self.timeline.position)
        elif size in SMALL:
            self._small_step(size, later=False)
        else:
            self._move(previous_stop(self.timeline.program_at, self.timeline.position, size))

    def into(self, elements: bool = False, later: bool = True) -> None:
        """Open the next operation (or, towards earlier, the last one at its end): its definition, else its cells.

        Where the next operation lies in a `def` that one is not in yet, go into that; nothing is done by it.
        """
        if self._visit:
            self._visit.deeper(elements, later)
        else:
            at = self.timeline.position
            call = None if elements else entered(self.program, at.k, self._call, later)
            if call is not None:
                self._placed = call
                self._forget_old()
                self._tell()
                return
            if later and at.k >= len(self.program):
                at = Position(at.iteration + 1, 0)
            elif not later and at.k:
                at = Position(at.iteration, at.k - 1)
            elif not later:
                return
            self._forget_old()
            at = self.timeline.go(at)
            if at.k < self.timeline.machine.runnable:
                self._visit.enter(self.program, self.timeline.machine.values, at.k, elements, later)
                self.selection = replace(self.selection, value=self.program.instructions[at.k].result, cell=None)
        self._follow()
        self._tell()

    def out(self, later: bool = True) -> None:
        """Leave an operation or a `def` that was gone into, finishing or, towards earlier, undoing it; else end the phase."""
        if not self._visit and self._call is not None:
            call = self.program.calls[self._call]
            placed = OUTSIDE if call.parent is None else call.parent
            self._move(Position(self.timeline.iteration, call.last if later else call.first), placed)
        elif not self._visit:
            (self.later if later else self.earlier)("phase")
        else:
            opened = self._visit.operation
            if not self._visit.leave(later):
                self._left(later, opened)
            self._tell()

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
        self._swap(self._undo, self._redo)

    def redo(self) -> None:
        """Make a change again that was taken back."""
        self._swap(self._redo, self._undo)

    def recompute(self) -> None:
        """Show what follows from a change by hand: nothing is out of date any more."""
        self._forget_old()
        self._tell()

    def set_what_if(self, on: bool) -> None:
        """Say whether what follows from a change is shown at once."""
        self.what_if = on
        if on:
            self._forget_old()
        self._tell()

    def rewritten(self, program: Program) -> Session:
        """Return a session on the same document after its text was written anew.

        Breakpoints, bookmarks and watches stay, and so does the place: just after the line that was done last, if the new
        text has it, else at the start. Far from the start that is in the first iteration, as all iterations run anew.
        What was changed by hand was a change of the old program, and is not made again; scores of it are gone too.
        """
        made = Session(program, self.title, folder=self.folder)
        made.notes, made.what_if = self.notes.settled(program), self.what_if
        at, old = self.timeline.position, self.program
        iteration = at.iteration if at.iteration <= MOST_AGAIN else 1
        if at.k == 0:
            made.timeline.go(Position(iteration, 0))
        else:
            done = old.statements[old.instructions[min(at.k, len(old)) - 1].statement]
            alike = [s for s in program.statements if s.text == done.text]
            same = min(alike, key=lambda s: abs(s.line - done.line), default=None)
            if same is not None:
                made.timeline.go(Position(iteration, same.last))
        chosen = None if self.selection.value is None else old.values[self.selection.value].label
        value = next((v.index for v in program.values if v.label == chosen), None)
        made.selection = Selection(value, None, None)
        return made

    # -- scores --------------------------------------------------------------------------------------

    def scores_at(self, iteration: int) -> Mapping[str, float]:
        """Return how good the network is with the parameters that an iteration starts from; kept once computed."""
        found = self._scores.get(iteration)
        if found is None:
            found = (
                scores(self.evaluations, self.timeline.state_before(iteration), self._changed(iteration))
                if self.evaluations
                else {}
            )
            if len(self._scores) >= MOST_SCORES:
                del self._scores[next(iter(self._scores))]
            self._scores[iteration] = found
        self._scored = (time.monotonic(), found)
        return found

    def scores_in_run(self, iteration: int) -> Mapping[str, float]:
        """Return the same, but at most five times a second a new one: a run must not wait for its judges."""
        if iteration not in self._scores and self._scored is not None and time.monotonic() - self._scored[0] < PAUSE:
            return self._scored[1]
        return self.scores_at(iteration)

    def _changed(self, iteration: int) -> Mapping[str, Datum]:
        """Return data and hyperparameters that were changed by hand, as they are in an iteration."""
        names = {n for e in self.timeline.events if e.iteration <= iteration for n in e.values}
        return {n: v for n, v in self.timeline.program_at(iteration).first_values.items() if n in names}

    def _forget_scores(self, iteration: int) -> None:
        self._scores = {i: s for i, s in self._scores.items() if i < iteration}
        self._scored = None

    # -- inside --------------------------------------------------------------------------------------

    def _move(self, position: Position, placed: int | None = None) -> None:
        self._stay_outside()
        self.timeline.go(position)
        self._placed = placed
        self._tell()

    def _to_body(self, iteration: int, k: int, function: str) -> None:
        """Stand in the call of a function that the operation before `k` came out of."""
        program = self.timeline.program_at(iteration)
        frames = program.instructions[k - 1].frames
        self._move(Position(iteration, k), next(f.call for f in frames if program.calls[f.call].function == function))

    @property
    def _call(self) -> int | None:
        """The call of a `def` that one stands in, the innermost one."""
        return standing(self.program, self.timeline.position.k, self._placed)

    def _small_step(self, size: Size, later: bool) -> None:
        """Make a step of an operation or a line; within a `def`, a line of it."""
        at, call = self.timeline.position, self._call
        stop = line_stop(self.program, at.k, call, later) if size == "statement" else None
        if stop is not None:
            self._move(Position(at.iteration, stop[0]), stop[1])
            return
        target = (next_stop if later else previous_stop)(self.timeline.program_at, at, size)
        if size == "statement":
            self._move(target)
        else:
            same = target.iteration == at.iteration
            program = self.timeline.program_at(target.iteration)
            self._move(target, after_operation(program, target.k, call if same else None, later))

    def _stay_outside(self) -> None:
        self._visit.end()
        self._placed = None
        self._forget_old()

    def _forget_old(self) -> None:
        self._old = {}

    def _step_inside(self, size: Size, later: bool) -> None:
        opened = self._visit.operation
        if self._visit.step(size, later):
            self._follow()
        else:
            self._left(later, opened)
        self._tell()

    def _left(self, later: bool, operation: Instruction | None) -> None:
        at, call = self.timeline.position, self._call
        self.timeline.go(Position(at.iteration, at.k + later))
        self._placed = after_operation(self.program, at.k + 1, call, True) if later else call
        self.selection = replace(self.selection, value=None if operation is None else operation.result, cell=None)

    def _follow(self) -> None:
        """Cell by cell, select the one that was computed last."""
        if self._visit.element is not None and self._visit.operation is not None:
            self.selection = replace(self.selection, value=self._visit.operation.result, cell=self._visit.cell)

    def _change(self, event: Event) -> None:
        self._undo.append((self.timeline.course(), self.timeline.position))
        self._redo.clear()
        # What was changed later than this was changed in another course.
        kept = tuple(e for e in self.timeline.events if e.iteration <= event.iteration)
        self._apply(Course((*kept, event), self.timeline.course().losses[: event.iteration - 1]))

    def _swap(self, taken: list[tuple[Course, Position]], kept: list[tuple[Course, Position]]) -> None:
        if taken:
            course, at = taken.pop()
            kept.append((self.timeline.course(), self.timeline.position))
            self._apply(course, at)

    def _apply(self, course: Course, at: Position | None = None) -> None:
        """Take another course. What it makes otherwise within this iteration stays as it was, and is out of date."""
        before, machine, old = self.timeline.position, self.timeline.machine, self._old
        self._stay_outside()
        first = self.timeline.take(course)
        program, now = self.program, self.timeline.machine
        if first > before.iteration:
            if at is None and self.timeline.position.k == len(program):
                self.timeline.go(Position(first, 0))
        elif first == before.iteration and machine.program.instructions is program.instructions and not self.what_if:
            made = [i.result for i in program.instructions[: self.timeline.position.k]]
            shown = {index: old.get(index, machine.peek(index)) for index in made}
            self._old = {index: datum for index, datum in shown.items() if not _same(datum, now.peek(index))}
        self._tell()

    def _tell(self) -> None:
        if not self.running:
            self.monitor.stand()
        for listener in list(self._listeners):
            listener()


def session_of(opened: Opened) -> Session:
    """Return a session on what was opened."""
    return Session(opened.program, opened.title, opened.evaluations, opened.folder)


def _score_keys(evaluations: Sequence[Evaluation]) -> list[str]:
    """Return which scores there are, by what the evaluating programs compute."""
    keys: list[str] = []
    for e in evaluations:
        made = {v.name for v in e.program.values}
        if e.part == "held-out":
            keys += [f"held_out_{key}" for key, name in (("loss", "L"), ("accuracy", "accuracy")) if name in made]
        elif "accuracy" in made:
            keys.append("accuracy")
    return keys


def _no_scores() -> Mapping[str, float]:
    return {}


def _no_marks(index: int) -> tuple[Mark, ...]:
    del index
    return ()


def _same(a: Datum | None, b: Datum | None) -> bool:
    return type(a) is type(b) and np.asarray(a).tobytes() == np.asarray(b).tobytes()
