"""A question: an expression in the notation over the values of a program, such as `abs(dW1).max() > 10`.

Read by our own reader, lowered to instructions like a line of the program, and answered with the operations' own
`forward`. A name means its newest version at the place where it is asked; `W1_next`, a label, means one version.
"""

from __future__ import annotations

import difflib
import math
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from core import ops
from core.data.batches import epoch_of
from core.errors import ExecutionError, NotationError
from core.notation.builder import Builder
from core.notation.check import Facts, Layout, first_facts, infer
from core.notation.question_text import LONGEST, SHORT, question_expr
from core.program.dims import show
from core.program.expr import Expr, Name, walk
from core.program.ir import Array, Instruction, Number, Program

Datum = Array | np.generic | Number
__all__ = [
    "IMPLICIT", "LONGEST", "Point", "Question", "compile", "compile_condition", "evaluate", "known_names",
]  # fmt: skip
IMPLICIT = ("iteration", "epoch", "m")
_REFUSALS = (ArithmeticError, ValueError, TypeError, IndexError)
_PART = re.compile(r"\?\.\d+")


class Values(Protocol):
    """The values of an iteration by their index."""

    def __getitem__(self, index: int, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Point:
    """A place in an iteration, after `k` instructions, and the value that each name stands for there.

    None stands for what is no value of the program: `iteration`, `epoch`, and `m` where no line reads it.
    """

    k: int
    values: tuple[int | None, ...]


@dataclass(frozen=True)
class Question:
    """An expression that a program can be asked. `points` are the places where its answer can change, earliest first.

    Before the first point it is not computed yet. `shape` is that of the answer with full batches; `condition` tells
    whether the answer is one truth value.
    """

    text: str
    names: tuple[str, ...]
    program: Program
    points: tuple[Point, ...]
    shape: tuple[int, ...]
    condition: bool
    _steps: tuple[tuple[Callable[[list[Any]], Any], int], ...]
    _slots: tuple[int, ...]
    _size: int

    def at(self, k: int) -> Point | None:
        """Return what the names stand for after `k` instructions, None if one of them is not computed yet."""
        n = bisect_right(self.points, k, key=lambda p: p.k)
        return self.points[n - 1] if n else None

    def ask(self, point: Point, values: Values, iteration: int) -> Datum | None:
        """Return the answer at a point; `values` holds the values of the iteration by their index.

        None where a value is not computed (behind a line that failed). Divisions by zero and the like give ±∞ or NaN,
        as in the program; call it under `np.errstate(all="ignore")`.

        Raises:
            ExecutionError: where Python or NumPy refuses.
        """
        slots: list[Any] = [None] * self._size
        for name, slot, index in zip(self.names, self._slots, point.values, strict=True):
            found = implicit(self.program, name, iteration) if index is None else values[index]
            if found is None:
                return None
            slots[slot] = found
        try:
            for step, result in self._steps:
                slots[result] = step(slots)
        except MemoryError:
            raise ExecutionError(f"`{self.text}`: there is not enough memory for the answer; ask for less at once") from None
        except _REFUSALS as error:
            raise ExecutionError(f"`{self.text}` cannot be computed here ({error})") from None
        answer = slots[self._steps[-1][1]]
        if isinstance(answer, complex):
            raise ExecutionError(f"`{self.text}`: a root of a negative number is not a real number")
        return answer


def evaluate(question: Question, k: int, lookup: Callable[[int], Datum | None], iteration: int) -> Datum | None:
    """Return the answer after `k` instructions of an iteration, None where it is not computed yet there.

    `lookup` returns a value by its index. Raises ExecutionError where NumPy refuses.
    """
    point = question.at(k)
    if point is None:
        return None
    with np.errstate(all="ignore"):
        return question.ask(point, _Looked(lookup), iteration)


def compile(text: str, program: Program, layout: Layout | None = None) -> Question:
    """Read a question. `layout` (what is known of the program's shapes) saves inferring it anew.

    Raises:
        NotationError: in one sentence, for what is no expression, an unknown name, or shapes that do not fit.
    """
    expr = question_expr(text, program)
    layout = layout or infer(program, first_facts(program))
    names = _names(expr)
    builder = Builder()
    for name in names:
        builder.add_input(name, "constant", _facts(program, layout, name, names))
    try:
        builder.assign("?", expr, 0, text)
    except NotationError as error:
        raise NotationError(error.bare) from None
    except AttributeError:  # of `(-8) ** 0.5`: a complex number has no dtype
        raise NotationError(f"`{text}`: a root of a negative number is not a real number") from None
    texts: dict[str, str] = {}
    for i in builder.instructions:
        label, _, right = i.text.partition(" = ")
        texts[label] = f"({right})"
        texts[label] = _named(texts[label], texts)
    if builder.fault is not None:
        raise NotationError(_named(builder.fault.message, texts))
    last = builder.instructions[-1].result
    facts = builder.facts[last]
    assert facts is not None
    return Question(
        text=text.strip(), names=names, program=program, points=_points(program, names),
        shape=tuple(d for d in facts.shape if isinstance(d, int)),
        condition=math.prod(d for d in facts.shape if isinstance(d, int)) == 1 and facts.dtype in (bool, np.dtype(bool)),
        _steps=tuple((_step(i), i.result) for i in builder.instructions),
        _slots=tuple(builder.inputs[n] for n in names), _size=len(builder.values),
    )  # fmt: skip


def compile_condition(text: str, program: Program, layout: Layout | None = None) -> Question:
    """Read a question that is answered by yes or no; raises NotationError."""
    question = compile(text, program, layout)
    if question.condition:
        return question
    if math.prod(question.shape) != 1:
        raise NotationError(
            f"`{question.text}` is {show(question.shape)}, not one yes or no; ask for `any(…)`, `all(…)`, `norm(…)` or one cell"
        )
    raise NotationError(f"a condition compares: write `{question.text} > 0.5`, with > >= < <= == or !=")


def known_names(program: Program) -> list[str]:
    """Return every name that a question can hold, for completion: names, labels of versions, the implicit ones, functions."""
    found: dict[str, None] = {}
    for v in program.values:
        if v.kind != "part":
            found.setdefault(v.name)
            if v.label.isidentifier():
                found.setdefault(v.label)
    own = [f.name for f in program.functions if f.name not in found and f.name not in SHORT]
    return [*found, *(n for n in IMPLICIT if n not in found), *own, *SHORT]


def implicit(program: Program, name: str, iteration: int) -> int:
    """Return what a name that is no value of the program stands for: a count from 1, or the number of samples."""
    if name == "iteration":
        return iteration
    b = program.batching
    if name == "epoch":
        return epoch_of(b, iteration)
    return min(b.size, b.total - (iteration - 1) % b.per_epoch * b.size)


class _Looked:
    """A function, indexed like a list."""

    def __init__(self, lookup: Callable[[int], Any]) -> None:
        self._lookup = lookup

    def __getitem__(self, index: int) -> Any:
        return self._lookup(index)


def _names(expr: Expr) -> tuple[str, ...]:
    found: dict[str, None] = {}

    def visit(e: Expr) -> None:
        if isinstance(e, Name):
            found.setdefault(e.name)

    walk(expr, visit)
    return tuple(found)


def _versions(program: Program, name: str, asked: Sequence[str]) -> list[int]:
    """Return the values that a name stands for in the course of an iteration, or the one value with this label.

    Beside the label of a later version the bare name is the first one: `W1_next - W1` is what the update did.
    """
    named = [v for v in program.values if v.name == name and v.kind != "part"]
    if any(v.label in asked and v.label != name for v in named):
        named = []
    return [v.index for v in named] or [v.index for v in program.values if v.label == name and v.kind != "part"]


def _facts(program: Program, layout: Layout, name: str, asked: Sequence[str]) -> Facts:
    versions = _versions(program, name, asked)
    if not versions and name in IMPLICIT:
        return Facts((), int)
    if not versions:
        near = difflib.get_close_matches(name, known_names(program), 1)
        if not near:
            near = [n for n in known_names(program) if n.lower() == name.lower()]
        hint = f"did you mean `{near[0]}`?" if near else "use a name that stands in the program"
        raise NotationError(f"there is no value `{name}`; {hint}")
    known = [f for f in (layout.facts[v] for v in versions) if f is not None]
    if not known:
        raise NotationError(f"`{name}` is never computed: a line before it fails")
    return known[-1]


def _points(program: Program, names: Sequence[str]) -> tuple[Point, ...]:
    """Return where in an iteration one of the names gets a value, once all of them have one."""
    changes: dict[int, dict[int, int]] = {0: {}}
    now: list[int | None] = [None] * len(names)
    missing: set[int] = set()
    for slot, name in enumerate(names):
        versions = _versions(program, name, names)
        if versions:
            missing.add(slot)
        for v in versions:
            maker = program.makers.get(v)
            changes.setdefault(0 if maker is None else maker + 1, {})[slot] = v
    found: list[Point] = []
    for k in sorted(changes):
        for slot, v in changes[k].items():
            now[slot] = v
            missing.discard(slot)
        if not missing:
            found.append(Point(k, tuple(now)))
    return tuple(found)


def _step(i: Instruction) -> Callable[[list[Any]], Any]:
    op = ops.get(i.op)
    forward: Callable[..., Any] = (
        _power if i.op == "power" else (partial(op.forward, **i.attributes) if i.attributes else op.forward)
    )
    parts = [(o.value, o.transposed, o.number) for o in i.operands]
    if len(parts) == 1 and parts[0][0] is not None and not parts[0][1]:
        a = parts[0][0]
        return lambda slots: forward(slots[a])

    def step(slots: list[Any]) -> Any:
        return forward(*[n if v is None else (np.transpose(slots[v]) if t else slots[v]) for v, t, n in parts])

    return step


def _power(base: Any, exponent: Any) -> Any:
    """Powers of plain whole numbers are computed as fractions: Python would work out every digit."""
    return float(base) ** exponent if type(base) is type(exponent) is int and exponent > 16 else base**exponent


def _named(text: str, texts: Mapping[str, str]) -> str:
    return _PART.sub(lambda found: texts.get(found[0], found[0]), text)
