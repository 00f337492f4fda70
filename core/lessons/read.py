"""The text of a lesson → a Lesson. What does not fit is one sentence with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from core.description import line_of, read_toml
from core.diagnosis.result import FAULTS
from core.errors import DescriptionError
from core.lessons.fields import Fields
from core.lessons.lesson import (
    ANSWERS,
    KINDS,
    MENDED,
    PANELS,
    WRONG,
    Answer,
    AnswerKind,
    Compare,
    Expected,
    Kind,
    Lesson,
    Question,
    Step,
    Stop,
)

_VARIANT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SEARCHED = 5000
MOST_STEPS = 50


def read_lesson(text: str, name: str, file: str = "") -> Lesson:
    """Read a lesson; `name` is what it is called, `file` where it lies, if it does not come with the app.

    Raises:
        DescriptionError: with the key path, what is wrong, and the line.
    """
    try:
        return _lesson(Fields(read_toml(text), ""), text, name, file)
    except DescriptionError as error:
        raise DescriptionError(error.path, error.bare, error.line or line_of(text, error.path)) from None


def _lesson(top: Fields, text: str, name: str, file: str) -> Lesson:
    title, summary = top.text("title", True, False), top.text("summary", True, False)
    order, credit = top.whole("order", 100, 0), top.text("credit")
    variants = _variants(top)
    diagnosis = _diagnosis(top, variants)
    found = top.raw("step")
    if not isinstance(found, list) or not found:
        raise DescriptionError("", "a lesson needs steps; write each under a line [[step]]")
    if len(found) > MOST_STEPS:
        raise DescriptionError("step", f"is there {len(found)} times; a lesson has at most {MOST_STEPS} steps")
    steps: list[Step] = []
    for n, tree in enumerate(found):
        path = f"step[{n + 1}]"
        steps.append(_step(Fields(tree, path), n, line_of(text, path), variants, steps[-1].variant if steps else WRONG))
    top.done()
    return Lesson(name, title, summary, order, credit, variants, diagnosis, tuple(steps), text, file)


def _variants(top: Fields) -> Mapping[str, str]:
    table = top.inner("programs")
    if table is None:
        raise DescriptionError("", "a lesson needs its programs; write them under a line [programs], first `wrong`")
    found: dict[str, str] = {}
    for key in cast(Mapping[str, Any], top.raw("programs")):
        if not _VARIANT.fullmatch(key):
            raise table.refuse(key, "is no name for a program: use small letters, digits and -, such as sign-only")
        found[key] = _changed(table, key, found) if isinstance(table.raw(key), dict) else table.text(key, needed=True) + "\n"
    if WRONG not in found:
        raise table.refuse(WRONG, "is missing: a lesson begins with the program that has something to find in it")
    return {WRONG: found[WRONG], **found}


def _changed(table: Fields, key: str, before: Mapping[str, str]) -> str:
    """Return a program that is like one written above it but for some of its lines."""
    f = table.inner(key)
    assert f is not None
    lines = before[f.word("like", before, True)].splitlines() if before else []
    pairs = f.raw("lines")
    if not isinstance(pairs, list) or not pairs or not all(isinstance(p, list) and len(p) == 2 for p in pairs):
        raise f.refuse("lines", 'must be a list of pairs, such as [["old line", "new line"]]')
    for n, (old, new) in enumerate(cast(list[tuple[Any, Any]], pairs), 1):
        place = f"lines[{n}]"
        if not isinstance(old, str) or not isinstance(new, str):
            raise f.refuse(place, "must be two texts: the line as it is, and as it becomes")
        at = [i for i, line in enumerate(lines) if line.strip() == old.strip()]
        if len(at) != 1:
            raise f.refuse(place, f"names `{old.strip()}`, which is {len(at)} lines of that program; it must be one")
        indent = lines[at[0]][: len(lines[at[0]]) - len(lines[at[0]].lstrip())]
        lines[at[0] : at[0] + 1] = [indent + line for line in new.splitlines()]
    f.done()
    return "\n".join(lines) + "\n"


def _diagnosis(top: Fields, variants: Mapping[str, str]) -> Mapping[str, Expected]:
    found: dict[str, Expected] = {WRONG: "wrong"}
    if MENDED in variants:
        found[MENDED] = "right"
    table = top.inner("diagnosis")
    if table is None:
        return found
    for key in cast(Mapping[str, Any], top.raw("diagnosis")):
        if key not in variants:
            raise table.refuse(key, f"is no program of this lesson; there are {', '.join(variants)}")
        if isinstance(table.raw(key), str):
            found[key] = cast(Expected, table.word(key, ("right", "wrong", "unasked"), True))
            continue
        names = table.texts(key)
        for name in names:
            if name not in FAULTS:
                raise table.refuse(key, f"names {name!r}, which is no fault; there are {', '.join(FAULTS)}")
        found[key] = names
    return found


def _step(f: Fields, index: int, line: int, variants: Mapping[str, str], before: str) -> Step:
    variant = f.word("variant", variants) or before
    diagnose, show = f.truth("diagnose"), f.texts("show")
    for panel in show:
        if panel not in PANELS:
            raise f.refuse("show", f"names {panel!r}, which is no panel; there are {', '.join(PANELS)}")
    step = Step(
        index=index, line=line, title=f.text("title", True, False), text=f.text("text", True), variant=variant,
        stop=_stop(f), select=f.text("select", lines=False), show=show, question=_question(f, variants),
        reveal=f.text("reveal"), run=f.whole("run", 0, 1), diagnose=diagnose, compare=_compare(f, variants),
    )  # fmt: skip
    f.done()
    return step


def _stop(step: Fields) -> Stop:
    f = step.inner("stop")
    if f is None:
        return Stop()
    for key in ("iteration", "before", "after", "end", "where", "within"):
        f.raw(key)
    if "where" in f and "iteration" in f:
        raise f.refuse("", "can name an iteration or look for one with `where`, not both")
    if sum(key in f for key in ("before", "after", "end")) > 1:
        raise f.refuse("", "can be before a line, after a line or at the end, only one of them")
    after = "after" in f
    key = "after" if after else "before"
    line: str | int | None = None
    if key in f:
        line = f.whole(key, 1, 1) if isinstance(f.raw(key), int) else f.text(key, True, False)
    end = f.truth("end")
    if "where" in f:
        stop = Stop(0, line, after, end, f.text("where", True, False), f.whole("within", SEARCHED, 1))
    else:
        stop = Stop(f.whole("iteration", 1, 1), line, after, end)
    f.done()
    return stop


def _question(step: Fields, variants: Mapping[str, str]) -> Question | None:
    f = step.inner("question")
    if f is None:
        return None
    kind = cast(Kind, f.word("kind", KINDS, True))
    options = f.texts("options")
    answer = _answer(f, kind, options, variants)
    if kind in ("choice", "shape") and len(options) < 2:
        raise f.refuse("options", "must be a list of at least two answers to choose from")
    if kind not in ("choice", "shape") and options:
        raise f.refuse("options", f"is not known here: the answers to a question of the kind {kind} are given")
    if len(set(options)) < len(options):
        raise f.refuse("options", "has the same answer twice")
    expect = f.raw("expect")
    if expect is not None and (isinstance(expect, bool) or not isinstance(expect, (str, int, float))):
        raise f.refuse("expect", "must be a text or a number")
    question = Question(
        kind, f.text("prompt", True), options, answer, f.text("explanation", True), expect, f.number("within", 0.01)
    )  # fmt: skip
    f.done()
    return question


def _answer(question: Fields, kind: Kind, options: tuple[str, ...], variants: Mapping[str, str]) -> Answer:
    f = question.inner("answer")
    known: Sequence[AnswerKind] = ANSWERS[kind]
    if f is None:
        raise question.refuse("answer", f"is missing; here it is a table such as {_SUCH[known[0]]}")
    given: list[AnswerKind] = [k for k in known if k in f]
    if len(given) != 1:
        raise f.refuse("", f"must say one of {', '.join(known)}, as in {_SUCH[known[0]]}")
    which = given[0]
    texts: tuple[str, ...] = ()
    number = 0
    if which == "rises":
        number = f.whole(which, 1, 1)
    elif which == "choice":
        number = f.whole(which, 1, 1)
        if number > len(options):
            raise f.refuse(which, f"is {number}, and there are {len(options)} options")
    elif which == "holds":
        texts = f.texts(which)
        if len(texts) != len(options):
            raise f.refuse(which, f"must hold one condition for each of the {len(options)} options")
    else:
        texts = (f.text(which, True, False),)
    answer = Answer(which, texts, number, f.word("variant", variants), f.whole("iteration", 0, 1))
    f.done()
    return answer


_SUCH: Mapping[AnswerKind, str] = {
    "sign": '{ sign = "dW2[0, 0]" }',
    "shape": '{ shape = "dW2" }',
    "rises": "{ rises = 20 }, how many iterations to look ahead",
    "choice": "{ choice = 2 }",
    "holds": '{ holds = ["A2 > 1", "A2 < 1"] }',
    "value": '{ value = "sum(dW2)" }',
}


def _compare(step: Fields, variants: Mapping[str, str]) -> Compare | None:
    f = step.inner("compare")
    if f is None:
        return None
    names = f.texts("variants")
    if len(names) != 2 or any(n not in variants for n in names) or names[0] == names[1]:
        raise f.refuse("variants", f"must be a list of two of the programs {', '.join(variants)}")
    compare = Compare((names[0], names[1]), f.whole("iterations", 100, 1))
    f.done()
    return compare
