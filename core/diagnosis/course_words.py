"""What the loss shows of a fault, and what it cannot show, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from core.diagnosis.course import Course, Run
from core.explain.numbers import number

INVISIBLE = 1e-3
"""Losses that differ by less than this part of the larger cannot be told apart in a curve."""
TELLING = 0.01
DIGITS, MOST_DIGITS = 6, 15


def verdict(course: Course, place: int, what: str, many: bool = False) -> str:
    """Say what the loss shows of what the run at a place is faulty in and the next one is not; empty before the first iteration.

    `what` names it, as `this fault`; `many` tells whether that is a plural.
    """
    one, other = course.runs[place], course.runs[place + 1]
    it = "them" if many else "it"
    having = f"with {what}"
    if not course.done and not course.ended:
        return ""
    if one.stopped or other.stopped:
        return " ".join(filter(None, (_goes(one, f"With {what}"), _goes(other, f"Without {it}"))))
    if one.first_bad or other.first_bad:
        return _not_finite(one, other, having)
    first, a, b, when = _losses(one, other)
    if course.parting(place) is None:
        return f"No difference yet: {when} every value has the same bits {having} and without."
    x, y = _apart(a, b)
    if abs(a - b) <= INVISIBLE * max(abs(a), abs(b)):
        said = f"{x} with {it}, {y} without" if a != b else f"{x} with {it} and without"
        return f"The curve cannot show {what}: {when} {said}; {_what_can(course, place)}."
    risen = f", risen from {number(first, DIGITS)}" if a > first else ""
    if a < b:
        return f"The loss is lower {having}: {when} {x}{risen}, without {y}. That does not make the gradients right."
    return f"The curve shows {what}: {when} {x} with {it}{risen}; {y} without."


def beside(course: Course, names: Sequence[str]) -> str:
    """Say where the losses of two runs, called so, have come to; empty before the first iteration."""
    one, other = course.runs[:2]
    if not one.losses or not other.losses:
        return ""
    if one.stopped or other.stopped:
        return " ".join(filter(None, (_goes(run, f"In {name}") for run, name in zip((one, other), names, strict=True))))
    _, a, b, when = _losses(one, other)
    x, y = _apart(a, b)
    return f"{when[:1].upper()}{when[1:]}: {names[0]} {x}, {names[1]} {y}."


def _what_can(course: Course, place: int) -> str:
    """Say what tells two runs apart that the curve does not: a shape, the direction of a first step, or only a check."""
    parting = course.parting(place)
    if parting is not None and parting.shapes:
        return f"the shape of {parting.name} can"
    one, other = course.runs[place], course.runs[place + 1]
    apart = [
        (abs(float(a[0]) - float(b[0])), n, float(a[0]), float(b[0]))
        for n in one.names
        if n in other.names and (a := one.cosine(n)[1]).size and (b := other.cosine(n)[1]).size
    ]
    telling = [x for x in apart if x[0] > TELLING]
    if not telling:
        return "a check of the gradients can"
    _, name, a, b = max(telling)
    return f"the first step of {name} can, its cosine is {number(a, 3)} and not {number(b, 3)}"


def _goes(run: Run, whose: str) -> str:
    if run.stopped:
        return f"{whose}, the training stops in iteration {len(run.losses) + 1}: {run.stopped.rstrip('.')}."
    if not run.losses:
        return ""
    return f"{whose}, it goes on: after {count(len(run.losses), 'iteration')} the loss is {number(run.losses[-1], DIGITS)}."


def _not_finite(one: Run, other: Run, having: str) -> str:
    if one.first_bad and other.first_bad:
        return f"The loss is not finite from iteration {one.first_bad} on {having}, from iteration {other.first_bad} on without."
    if one.first_bad:
        return f"The loss is not finite from iteration {one.first_bad} on {having}; without, it stays finite."
    return f"The loss is not finite from iteration {other.first_bad} on in the mended run; {having}, it stays finite."


def _losses(one: Run, other: Run) -> tuple[float, float, float, str]:
    """Return the first loss, the last ones of both, and when that is: of whole epochs where they have several iterations."""
    per = one.program.batching.per_epoch
    a, b, unit = one.losses, other.losses, "iteration"
    if per > 1 and one.epoch_losses and other.epoch_losses and per == other.program.batching.per_epoch:
        a, b, unit = one.epoch_losses, other.epoch_losses, "epoch"
    return a[0], a[-1], b[-1], f"after {count(len(a), unit)}"


def count(n: int, unit: str) -> str:
    """Return `1 epoch`, `20 epochs`."""
    return f"{n} {unit}" if n == 1 else f"{n} {unit}s"


def _apart(a: float, b: float) -> tuple[str, str]:
    """Write two losses in six digits, or in as many more as tell them apart."""
    found = (number(a, DIGITS), number(b, DIGITS))
    for digits in range(DIGITS + 1, MOST_DIGITS + 1):
        if found[0] != found[1] or a == b:
            break
        found = (number(a, digits), number(b, digits))
    return found
