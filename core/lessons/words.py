"""A whole lesson as plain text: what a terminal shows, and a teacher reads before a class."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent

from core.lessons.lesson import Lesson, Step
from core.lessons.runs import Asked, Runs, Shown, finish
from core.lessons.shipped import open_lesson


def lesson_text(target: str) -> str:
    """Return a lesson with all numbers and answers filled in; its programs stand at the end.

    Raises:
        TargetError: if there is no such lesson.
        DescriptionError: if its text is none, or something in it does not hold.
    """
    return "\n\n".join(lesson_parts(target))


def lesson_parts(target: str) -> Iterator[str]:
    """Return the paragraphs of a lesson one by one: a step that has to run thousands of iterations takes its time.

    Raises:
        TargetError: if there is no such lesson.
        DescriptionError: if its text is none, or something in it does not hold.
    """
    lesson = open_lesson(target)
    runs = Runs(lesson)
    yield f"{lesson.title}\n{'=' * len(lesson.title)}"
    yield lesson.summary
    for step in lesson.steps:
        yield _step(finish(runs.showing(step)), runs)
    for variant in lesson.variants:
        yield _program(lesson, variant)
    if lesson.credit:
        yield lesson.credit


def _step(shown: Shown, runs: Runs) -> str:
    heading = f"{shown.step.index + 1}. {shown.title}"
    parts = [f"{heading}\n{'-' * len(heading)}", f"[{_where(shown, runs)}]", shown.text]
    if shown.question is not None:
        parts.append(_question(shown.question))
    if shown.reveal:
        parts.append(shown.reveal)
    more = _more(shown.step)
    return "\n\n".join([*parts, more] if more else parts)


def _where(shown: Shown, runs: Runs) -> str:
    place = shown.place
    program = runs.program(place.variant)
    if place.k == 0:
        at = "before its first line"
    elif place.k == len(program):
        at = "at its end"
    else:
        before = next((s for s in program.statements if s.first == place.k), None)
        s = before or program.statements[program.instructions[place.k - 1].statement]
        at = f"{'before' if before else 'in' if s.last != place.k else 'after'} line {s.line}, `{s.text.strip()}`"
    return f"program {place.variant}, iteration {place.iteration}, {at}"


def _question(asked: Asked) -> str:
    lines = [f"Question: {asked.prompt}"]
    lines += [f"  {'*' if n == asked.right else ' '} {option}" for n, option in enumerate(asked.options)]
    return "\n".join([*lines, f"Answer: {asked.right_text}. {asked.explanation}"])


def _more(step: Step) -> str:
    found: list[str] = []
    if step.run:
        found.append(f"run on {step.run} iterations")
    if step.diagnose:
        found.append(f"see the diagnosis of {step.variant}")
    if step.compare is not None:
        found.append(f"compare {' and '.join(step.compare.variants)} over {step.compare.iterations} iterations")
    return f"[Then: {'; '.join(found)}]" if found else ""


def _program(lesson: Lesson, variant: str) -> str:
    return f"Program {lesson.target(variant)}\n\n{indent(lesson.variants[variant].rstrip(), '    ')}"
