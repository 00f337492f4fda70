"""Runs the programs of a lesson: where each step stands, every number in its texts, every right answer.

What may take long is a generator that yields about every 10 ms, so that a window stays alive; `finish` runs one to its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from core.complete import load
from core.data.batches import epoch_of
from core.errors import DescriptionError, ExecutionError, NotationError
from core.execute.breakpoints import arm, later
from core.execute.timeline import Position, Timeline
from core.lessons.asked import SIGNS, WAYS, Asked, right_of, way_of
from core.lessons.fill import Placeholder, in_words, parts_of
from core.lessons.lesson import Answer, Lesson, Question, Step, Stop
from core.lessons.places import Place, answer_at, statement_named, value_named
from core.notation.question import compile_condition
from core.notes import Breakpoint
from core.program.ir import Array, Program, fault_sentence
from core.toml_lines import line_of

__all__ = ["Asked", "Place", "Runs", "Shown", "Work", "finish"]

T = TypeVar("T")
Work = Generator[None, None, T]
PIECE = 0.01
BUDGET = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Shown:
    """A step with everything computed."""

    step: Step
    place: Place
    title: str
    text: str
    question: Asked | None
    reveal: str


def finish(work: Work[T]) -> T:
    """Run a generator to its end and return what it returns."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


class Runs:
    """The programs of one lesson, each with its history, and what was computed from them."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self._timelines: dict[str, Timeline] = {}
        self._reached: dict[str, int] = {}
        self._shown: dict[int, Shown] = {}
        self._hits: dict[tuple[str, str], Position] = {}

    @property
    def folder(self) -> Path | None:
        """Where files lie that a program names."""
        return Path(self.lesson.file).parent if self.lesson.file else None

    def program(self, variant: str) -> Program:
        """Return a program of the lesson; raises NotationError."""
        return self._timeline(variant).opened

    def showing(self, step: Step) -> Work[Shown]:
        """Work out a step.

        Raises:
            DescriptionError: for the first thing in it that does not hold, with its line.
        """
        found = self._shown.get(step.index)
        if found is None:
            at = yield from self._at(step, "stop", self._stopped(step))
            place = yield from self._at(step, "select", self._selected(step, at))
            title = yield from self._at(step, "title", self._filled(step.title, place))
            text = yield from self._at(step, "text", self._filled(step.text, place))
            asked = None
            if step.question is not None:
                asked = yield from self._asked(step, step.question, place)
            reveal = yield from self._at(step, "reveal", self._filled(step.reveal, place))
            found = self._shown[step.index] = Shown(step, place, title, text, asked, reveal)
        return found

    def losses(self, variant: str, iterations: int) -> Work[list[float]]:
        """Return the loss of each iteration, or of each whole epoch where a batch is a part of the data.

        Raises:
            ExecutionError: if the program cannot run that far.
        """
        yield from self._reach(variant, iterations)
        timeline = self._timeline(variant)
        per = timeline.opened.batching.per_epoch
        return timeline.losses[:iterations] if per == 1 else timeline.epoch_losses[: iterations // per]

    # -- places ----------------------------------------------------------------------------------------

    def _timeline(self, variant: str) -> Timeline:
        if variant not in self._timelines:
            self._timelines[variant] = Timeline(load(self.lesson.variants[variant], folder=self.folder), BUDGET)
        return self._timelines[variant]

    def _reach(self, variant: str, iteration: int) -> Work[None]:
        """Do all iterations up to one; raises ExecutionError where a line fails."""
        timeline = self._timeline(variant)
        done = self._reached.get(variant, 0)
        until = time.perf_counter() + PIECE
        while done < iteration:
            broken = True
            for n in timeline.iterate(done + 1, iteration):
                done = self._reached[variant] = n
                if time.perf_counter() > until:
                    broken = False
                    break
            if broken and done < iteration:
                machine = timeline.machine_at(done + 1)
                why = "" if machine.fault is None else f": {fault_sentence(machine.program, machine.fault)}"
                raise ExecutionError(f"iteration {iteration} is not reached{why}")
            yield
            until = time.perf_counter() + PIECE

    def _stopped(self, step: Step) -> Work[Position]:
        stop = step.stop
        at = Position(stop.iteration, 0)
        if stop.where:
            at = yield from self._hunted(step.variant, stop)
        if not stop.where or stop.line is not None or stop.end:
            at = yield from self._named(step.variant, stop, at.iteration)
        return at

    def _selected(self, step: Step, at: Position) -> Work[Place]:
        value: int | None = None
        cell: tuple[int, ...] | None = None
        if step.select:
            timeline = self._timeline(step.variant)
            yield from self._reach(step.variant, at.iteration - 1)
            value, cell = value_named(timeline.opened, timeline.machine_at(at.iteration), at.k, step.select)
        return Place(step.variant, at.iteration, at.k, value, cell)

    def _hunted(self, variant: str, stop: Stop) -> Work[Position]:
        known = self._hits.get((variant, stop.where))
        if known is not None and known.iteration <= stop.within:
            return known
        timeline = self._timeline(variant)
        compile_condition(stop.where, timeline.opened)
        armed = arm([Breakpoint("condition", stop.where)], _no_rule)
        hunt = later(timeline, armed, Position(0, 0), stop.within)
        while True:
            try:
                next(hunt)
            except StopIteration as end:
                hit = end.value
                break
            yield
        if hit is None:
            raise NotationError(f"`{stop.where}` does not become true within {stop.within} iterations")
        self._hits[variant, stop.where] = hit.position
        return hit.position

    def _named(self, variant: str, stop: Stop, iteration: int) -> Work[Position]:
        timeline = self._timeline(variant)
        yield from self._reach(variant, iteration - 1)
        program = timeline.opened
        k = len(program) if stop.end else 0
        if stop.line is not None:
            statement = statement_named(program, stop.line)
            k = statement.last if stop.after else statement.first
        machine = timeline.machine_at(iteration)
        if k > machine.runnable:
            raise NotationError("is not reached: a line before it cannot run")
        return Position(iteration, k)

    # -- texts -----------------------------------------------------------------------------------------

    def _filled(self, text: str, place: Place) -> Work[str]:
        """Return a text with its placeholders filled in."""
        words: list[str] = []
        for part in parts_of(text):
            if isinstance(part, Placeholder):
                words.append((yield from self._word(part, place)))
            else:
                words.append(part)
        return "".join(words)

    def _word(self, p: Placeholder, place: Place) -> Work[str]:
        variant = p.variant or place.variant
        if variant not in self.lesson.variants:
            raise NotationError(f"there is no program {variant} in this lesson")
        if p.kind == "line":
            return str(statement_named(self.program(variant), p.of).line)
        if p.kind == "loss":
            return in_words(p, np.asarray((yield from self._loss(variant, p.of, p.count))))
        return in_words(p, (yield from self._answer(p.of, place, p.variant, p.iteration)))

    def _answer(self, text: str, place: Place, variant: str, iteration: int) -> Work[Array]:
        """Return what an expression is where a step stands, or at the end of an iteration, or there in another program."""
        timeline = self._timeline(variant or place.variant)
        at = iteration or place.iteration
        yield from self._reach(variant or place.variant, at - 1)
        program = timeline.opened
        k = len(program) if iteration else place.k
        return answer_at(program, timeline.machine_at(at), at, k, text)

    def _loss(self, variant: str, of: str, count: int) -> Work[float]:
        """Return the loss of an iteration, or the mean of an epoch."""
        timeline = self._timeline(variant)
        per = timeline.opened.batching.per_epoch
        yield from self._reach(variant, count * per if of == "epoch" else count)
        losses = timeline.epoch_losses if of == "epoch" else timeline.losses
        if len(losses) < count:
            raise NotationError("the program has no loss")
        return losses[count - 1]

    # -- questions -------------------------------------------------------------------------------------

    def _asked(self, step: Step, q: Question, place: Place) -> Work[Asked]:
        options: list[str] = []
        for option in q.options:
            options.append((yield from self._at(step, "question.options", self._filled(option, place))))
        prompt = yield from self._at(step, "question.prompt", self._filled(q.prompt, place))
        explanation = yield from self._at(step, "question.explanation", self._filled(q.explanation, place))
        right = yield from self._at(step, "question.answer", self._right(q.answer, place))
        number: float | None = None
        if q.kind == "sign":
            options = list(SIGNS)
        elif q.kind == "rises-or-falls":
            options = list(WAYS)
        if isinstance(right, float):
            number, right = right, -1
        elif isinstance(right, str):
            if right not in options:
                raise self._refused(step, "question.options", f"lacks the right answer, {right}")
            right = options.index(right)
        return Asked(q.kind, prompt, tuple(options), right, number, q.within, explanation)

    def _right(self, a: Answer, place: Place) -> Work[int | str | float]:
        """Return the right answer: the index of an option, its text, or a number."""
        if a.kind == "choice":
            return a.number - 1
        if a.kind == "rises":
            return (yield from self._way(a, place))
        answers: list[Array] = []
        for text in a.texts:
            answers.append((yield from self._answer(text, place, a.variant, a.iteration)))
        return right_of(a, answers)

    def _way(self, a: Answer, place: Place) -> Work[str]:
        """Return what the loss does over so many iterations; over epochs, by their means, where a batch is a part of the data."""
        variant = a.variant or place.variant
        first = a.iteration or place.iteration
        b = self._timeline(variant).opened.batching
        if b.per_epoch > 1:
            which, one, other = "epoch", epoch_of(b, first), epoch_of(b, first + a.number - 1)
        else:
            which, one, other = "iteration", first, first + a.number
        before = yield from self._loss(variant, which, one)
        after = yield from self._loss(variant, which, other)
        return way_of(before, after)

    # -- faults ----------------------------------------------------------------------------------------

    def _at(self, step: Step, key: str, work: Work[T]) -> Work[T]:
        """Do what a key of a step asks for; what goes wrong is told with the key and its line."""
        try:
            return (yield from work)
        except NotationError as error:
            raise self._refused(step, key, error.bare) from None
        except ExecutionError as error:
            raise self._refused(step, key, str(error)) from None

    def _refused(self, step: Step, key: str, why: str) -> DescriptionError:
        path = f"step[{step.index + 1}].{key}"
        return DescriptionError(path, f"cannot be: {why}", line_of(self.lesson.text, path))


def _no_rule(_: str) -> Callable[..., Any]:
    raise NotationError("a stop of a lesson is no health rule")
