"""What can be written on from a place in the text: names known there, functions of the notation, methods after a dot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from core import ops
from core.data import datasets, given
from core.explain.operations import explanation
from core.notation.convert import CONSTANTS, METHODS
from core.notation.parse import lines_of
from core.ops.base import REQUIRED, Op
from core.writing.analysis import Analysis

_ASSIGNED = re.compile(r"^([^\W\d]\w*)\s*(?:\[.*\]\s*)?(?:\*\*|//|[-+*/@])?=(?!=)")
_DEFINED = re.compile(r"^def\s+([^\W\d]\w*)\s*\(([^)]*)\)?")
_ARGUMENTS = re.compile(r"[^\W\d]\w*")
_WORD = re.compile(r"[^\W\d]\w*$")
_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'?|\"(?:\\.|[^\"\\])*\"?|#.*")
_HEADING = re.compile(r"^\s*#+\s*(data|parameters?|forward|loss|cost|backward|update|predict)\b", re.IGNORECASE)
_CREATORS: Mapping[str, tuple[str, str]] = {
    "array": ("array(rows)", "An array of the numbers that you list, row by row."),
    "zeros": ("zeros(shape)", "An array of this shape, full of 0."),
    "ones": ("ones(shape)", "An array of this shape, full of 1."),
    "full": ("full(shape, number)", "An array of this shape, full of one number."),
    "arange": ("arange(start, stop, step)", "Numbers in equal steps, without the stop."),
    "linspace": ("linspace(start, stop, count)", "So many numbers at equal distances, with both ends."),
    "eye": ("eye(size)", "The identity: 1 along the diagonal, else 0."),
    "random.seed": ("random.seed(number)", "Every run starts from the same random numbers."),
    "random.randn": ("random.randn(rows, columns)", "Random numbers around 0 (normal, spread 1)."),
    "random.rand": ("random.rand(rows, columns)", "Random numbers from 0 to 1."),
    "random.uniform": ("random.uniform(low, high, shape)", "Random numbers between two ends."),
    "random.normal": ("random.normal(mean, spread, shape)", "Random numbers around a mean."),
    "random.randint": ("random.randint(low, high, shape)", "Random whole numbers, without the high end."),
    "random.default_rng": ("random.default_rng(seed)", "A generator of random numbers of its own."),
}
_INNER = (
    "sigmoid_written_out", "mask_assign", "unslice", "size_of", "reshape_like", "gelu_slope", "gelu_erf_slope", "identity",
)  # fmt: skip
"""Operations that stand for other ways of writing; nobody calls them by name."""
_METHOD_WORDS: Mapping[str, str] = {
    "T": "Rows become columns: the array, flipped over its diagonal.", "shape": "Its sizes; name one, as in `X.shape[1]`.",
    "copy": "The same numbers in memory of their own.", "astype": "The same numbers in another type.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Completion:
    """One thing to write: its text, what it is (a shape or how it is called), and one sentence."""

    text: str
    detail: str = ""
    meaning: str = ""
    kind: str = "name"


@dataclass(frozen=True)
class Completions:
    """What can stand instead of the characters from `start` (from 0) up to the cursor, which hold `typed`."""

    start: int
    typed: str
    items: tuple[Completion, ...] = ()


def completions(text: str, line: int, column: int, analysis: Analysis | None = None) -> Completions:
    """Return what can be written at a place; `line` counts from 1, `column` characters from 0. None in comments and texts.

    `analysis`, which may be a little older than the text, tells the shapes of names.
    """
    rows = lines_of(text)
    row = rows[line - 1] if 0 < line <= len(rows) else ""
    before = row[:column]
    if any(m.start() < column and (m[0][0] == "#" or column < m.end() or not _ended(m[0])) for m in _TOKEN.finditer(row)):
        return Completions(column, "")
    match = _WORD.search(before)
    typed = match[0] if match else ""
    start = column - len(typed)
    if not typed and before[-1:].isalnum():  # in a number
        return Completions(column, "")
    section = _section(rows, line)
    if before[:start].endswith("."):
        items = _after_dot(before[: start - 1], section)
    else:
        items = [*_names(rows, line, analysis), *_definitions(rows), *_functions(section, "")]
    wanted = typed.lower()
    found = {i.text: i for i in items if i.text.lower().startswith(wanted) and i.text != typed}
    exact = [i for i in found.values() if i.text.startswith(typed)]
    return Completions(start, typed, (*exact, *(i for i in found.values() if i not in exact)))


def signature(op: Op, name: str) -> str:
    """Return how a function is called: `sum(x, axis=None, keepdims=False)`."""
    operands = ["x"] if op.arity == 1 else list("abcdef"[: op.arity])
    shown = [n for n in range(op.arity) if op.arity - n > len(op.implicit)]
    given = [k if v is REQUIRED else f"{k}={v!r}" for k, v in op.attributes.items() if k not in op.context]
    return f"{name}({', '.join([*(operands[n] for n in shown), *given])})"


def _ended(token: str) -> bool:
    return len(token) > 1 and token[-1] == token[0]


def _section(rows: list[str], line: int) -> str:
    headings = [m[1].lower() for row in rows[: max(line - 1, 0)] if (m := _HEADING.match(row))]
    return headings[-1].rstrip("s") if headings else ""


def _names(rows: list[str], line: int, analysis: Analysis | None) -> list[Completion]:
    """Return the names given above a line, the nearest first; inside a `def` those of its arguments and lines before."""
    found: dict[str, Completion] = {}
    here = rows[line - 1] if 0 < line <= len(rows) else ""
    shapes = {} if analysis is None else {f.name: f.shape for _, f in sorted(analysis.lines.items()) if f.shape}
    inside = here[:1] in (" ", "\t")
    for row in reversed(rows[: max(line - 1, 0)]):
        indented = row[:1] in (" ", "\t")
        if inside and row.strip() and not indented:
            match = _DEFINED.match(row)
            for name in _ARGUMENTS.findall(match[2]) if match else ():
                found.setdefault(name, Completion(name, "argument"))
            break
        match = _ASSIGNED.match(row.strip() if inside else row)
        if match and match[1] not in found:
            found[match[1]] = Completion(match[1], shapes.get(match[1], ""))
    if analysis is not None and not inside:
        for name in analysis.missing:
            found.setdefault(name, Completion(name, "derived", "This gradient is derived for you, as nothing above gives it."))
    if not inside:
        found.setdefault("m", Completion("m", "number", "How many samples this iteration has."))
    return list(found.values())


def _definitions(rows: list[str]) -> list[Completion]:
    matches = [m for row in rows if (m := _DEFINED.match(row))]
    return [Completion(f"{m[1]}(", f"{m[1]}({m[2].strip()})", "Your own function.", "function") for m in matches]


def _functions(section: str, prefix: str) -> list[Completion]:
    found = list(_operations())
    if section in ("data", "parameter", ""):
        if not prefix:
            names = [*datasets.FUNCTIONS, *given.FILE_FUNCTIONS]
            words = "Data that come with the app or from a file."
            found += [Completion(f"{name}(", f"{name}(…)", words, "function") for name in names]
        found += [Completion(f"{n if prefix else 'np.' + n}(", d, w, "function") for n, (d, w) in _CREATORS.items()]
    if prefix:
        found += [Completion(name, f"{value:.6g}", "", "constant") for name, value in CONSTANTS.items()]
    else:
        found.append(Completion("np.", "NumPy", "The functions of NumPy; they can be written without `np.` too.", "module"))
    return found


@cache
def _operations() -> tuple[Completion, ...]:
    found: list[Completion] = []
    for name in ops.function_names():
        op = ops.named(name)
        if op is not None and op.name not in _INNER:
            found.append(Completion(f"{name}(", signature(op, name), explanation(op.name).title, "function"))
    return tuple(found)


def _after_dot(before: str, section: str) -> list[Completion]:
    match = _WORD.search(before)
    owner = match[0] if match else ""
    if owner in ("np", "numpy"):
        return _functions(section, "np.")
    if owner == "random" and before[: -len(owner)].endswith("."):
        return [Completion(f"{n.removeprefix('random.')}(", d.removeprefix("random."), w, "function")
                for n, (d, w) in _CREATORS.items() if n.startswith("random.")]  # fmt: skip
    if not owner and not before.endswith((")", "]")):
        return []
    found = [Completion("T", "", _METHOD_WORDS["T"], "method")]
    found.append(Completion("shape[", ".shape[i]", _METHOD_WORDS["shape"], "method"))
    for name in METHODS:
        op = ops.named(name)
        call = signature(op, name) if op is not None else f"{name}()"
        call = re.sub(r"\((?:x|a)(?:, )?", "(", call, count=1)
        words = _METHOD_WORDS.get(name) or (explanation(op.name).title if op is not None else "")
        found.append(Completion(f"{name}(", f".{call}", words, "method"))
    return found
