"""What does not hold in a lesson: programs that do not load, stops that are not reached, answers that are others."""

from __future__ import annotations

from pathlib import Path

from core.diagnosis import diagnose
from core.diagnosis.result import Diagnosis
from core.errors import DescriptionError, StepperError, TargetError
from core.lessons.lesson import Expected, Lesson, Step
from core.lessons.runs import Asked, Runs, finish
from core.lessons.shipped import SUFFIX, open_lesson
from core.toml_lines import line_of


def check_file(path: Path | str) -> list[str]:
    """Return what does not hold in the lesson of a file, a sentence each.

    Raises:
        TargetError: if it cannot be read, or is not called `NAME.lesson.toml`.
    """
    if not str(path).endswith(SUFFIX):
        raise TargetError(f"{path} is no lesson; the file of a lesson ends in {SUFFIX}")
    try:
        return check(open_lesson(str(path)))
    except DescriptionError as error:
        return [str(error)]


def check(lesson: Lesson, runs: Runs | None = None) -> list[str]:
    """Return what does not hold in a lesson, a sentence each, with its line; nothing where all does.

    `runs` are those of the lesson, if there are some: what was run once is not run again.
    """
    runs = runs or Runs(lesson)
    found: list[str] = []
    for variant in lesson.variants:
        try:
            runs.program(variant)
        except StepperError as error:
            found.append(_said(lesson, f"programs.{variant}", f"cannot be read: {error}"))
    if found:
        return found
    for step in lesson.steps:
        found += _of_step(runs, step)
    for variant, expected in lesson.diagnosis.items():
        if expected == "unasked":
            continue
        why = _not_as(diagnose(lesson.variants[variant], runs.folder), expected)
        if why:
            found.append(_said(lesson, f"programs.{variant}", why))
    return found


def _of_step(runs: Runs, step: Step) -> list[str]:
    path = f"step[{step.index + 1}]"
    try:
        shown = finish(runs.showing(step))
    except DescriptionError as error:
        return [str(error)]
    found: list[str] = []
    if step.question is not None and shown.question is not None:
        why = _unexpected(shown.question, step.question.expect)
        if why:
            found.append(_said(runs.lesson, f"{path}.question.expect", why))
    runnings = [(f"{path}.run", step.variant, shown.place.iteration + step.run - 1)] if step.run else []
    if step.compare is not None:
        runnings += [(f"{path}.compare", v, step.compare.iterations) for v in step.compare.variants]
    for key, variant, iterations in runnings:
        try:
            finish(runs.losses(variant, iterations))
            if key.endswith("compare") and runs.program(variant).loss is None:
                found.append(_said(runs.lesson, key, f"cannot be: {variant} has no loss to draw"))
        except StepperError as error:
            found.append(_said(runs.lesson, key, f"cannot be: {variant}: {error}"))
    return found


def _unexpected(asked: Asked, expect: str | float | None) -> str:
    if expect is None:
        return ""
    if isinstance(expect, str):
        right = asked.right_text == expect
    elif asked.number is None:
        right = asked.right + 1 == expect
    else:
        right = asked.is_right(float(expect))
    return "" if right else f"is {expect!r}, and the programs answer {asked.right_text}"


def _not_as(d: Diagnosis, expected: Expected) -> str:
    """Return what a diagnosis finds against what is expected, or nothing."""
    if d.problem:
        return f"cannot be diagnosed: {d.problem}"
    named = [f"line {f.line}, {f.fault}" for f in d.faults]
    if expected == "right":
        return "" if d.right else f"should be right, and the diagnosis finds: {'; '.join(named) or 'wrong parameters'}"
    if expected == "wrong":
        return "" if not d.right else "should have something wrong in it, and the diagnosis finds it right"
    names = {f.fault for f in (*d.faults, *d.hints)}
    missing = [n for n in expected if n not in names]
    return (
        f"should show {', '.join(missing)}, and the diagnosis names: {', '.join(sorted(names)) or 'nothing'}" if missing else ""
    )


def _said(lesson: Lesson, path: str, why: str) -> str:
    return str(DescriptionError(path, why, line_of(lesson.text, path)))
