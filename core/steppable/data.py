"""The samples that a saved network is stepped with: a file, a built-in set, one typed sample, or random ones of its sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from core.data import sources
from core.data.table import Table, counted, shown
from core.errors import TargetError
from core.program.ir import Array

RANDOM_SAMPLES = 8
MOST_RANDOM = 100_000
Targets = Literal["classes", "one-hot", "truth", "signs", "numbers", ""]
"""Numbers of classes, classes as 0 and 1, each 0 or 1, each −1 or 1, any numbers, or what the data decide."""
Answers = Literal["index", "one-hot", "each", ""]


@dataclass(frozen=True)
class Samples:
    """What a person gave as data: `source` is a built-in set or a file, `inputs` one typed sample with its `target`.

    Without any of them there are `count` random samples, the same for the same `seed`.
    """

    source: str = ""
    inputs: tuple[float, ...] = ()
    target: tuple[float, ...] = ()
    count: int = RANDOM_SAMPLES
    seed: int = 0
    standardize: bool = False


@dataclass(frozen=True)
class Wanted:
    """What a network takes and gives: the shape of a sample, how many outputs, 0 where it ends before them, and what for.

    `bound` tells that a person chose the loss: then targets that do not fit it are refused, else another loss is taken.
    """

    shape: tuple[int, ...]
    outputs: int
    targets: Targets
    columns: bool
    bound: bool = False

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Given:
    """The lines of `# data`, what the targets are, what was assumed, and how many samples there are.

    `answers` says how an output is held against its target: by the number of its class, by its largest cell, each cell for
    itself, or '' where the targets are no answers.
    """

    lines: tuple[str, ...]
    targets: Targets
    assumed: tuple[str, ...] = ()
    count: int = 1
    answers: Answers = ""


def quoted(text: str) -> str:
    """Return a text as it stands in a program: in quotes, with nothing in it that could end them or change direction."""
    plain = ascii(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain and "\\'" not in plain else plain


def given_data(samples: Samples, wanted: Wanted, folder: Path | None) -> Given:
    """Return the lines that give X, and Y where the network has outputs.

    Raises:
        TargetError: if the data do not fit the network, with both sizes.
        DataError: if a source cannot be read.
    """
    if samples.inputs:
        return _typed(samples, wanted)
    if samples.source:
        return _named(samples, wanted, folder)
    return _random(samples, wanted)


def _turned(text: str, w: Wanted) -> str:
    """Return what gives samples as rows of numbers in the shape and the direction that the network takes."""
    if len(w.shape) > 1:
        text += f".reshape(-1, {', '.join(map(str, w.shape))})"
    return f"{text}.T" if w.columns else text


def _random(samples: Samples, w: Wanted) -> Given:
    n = samples.count
    if not 1 <= n <= MOST_RANDOM:
        raise TargetError(f"{n} random samples cannot be made; ask for 1 to {MOST_RANDOM}")
    if not 0 <= samples.seed < 2**32:
        raise TargetError(f"{samples.seed} is no seed; it is a whole number from 0 to {2**32 - 1}")
    note = "  # random {} of the right shape"
    x = f"X = {_turned(f'rng.standard_normal(({n}, {w.size}))', w)}{note.format('samples')}"
    lines = [f"rng = np.random.default_rng({samples.seed})", x]
    targets = w.targets or "numbers"
    if w.outputs:
        y = {
            "classes": f"1.0 * rng.integers(0, {w.outputs}, ({n}, 1))",
            "truth": f"1.0 * rng.integers(0, 2, ({n}, {w.outputs}))",
            "signs": f"2.0 * rng.integers(0, 2, ({n}, {w.outputs})) - 1",
        }.get(targets, f"rng.standard_normal(({n}, {w.outputs}))")
        if targets == "one-hot":
            labels = np.random.default_rng(samples.seed).integers(0, w.outputs, n)
            y = f"np.array({[[float(k == label) for k in range(w.outputs)] for label in labels]})"
        y = f"({y}).T" if w.columns and "*" in y else f"{y}.T" if w.columns else y
        lines.append(f"Y = {y}{note.format('targets')}")
    said = f"the {counted(n, 'sample')} are random numbers of the right shape; give data of your own for real answers"
    return Given(tuple(lines), targets, (said,), n)


def _typed(samples: Samples, w: Wanted) -> Given:
    if len(samples.inputs) != w.size:
        raise TargetError(f"the typed sample has {counted(len(samples.inputs), 'number')}, and the network takes {w.size}")
    if not all(math.isfinite(x) for x in (*samples.inputs, *samples.target)):
        raise TargetError("a typed sample or target has a number that is NaN or infinite; type finite numbers")
    lines = [f"X = {_turned(f'np.array([{list(map(float, samples.inputs))}])', w)}  # typed by you"]
    if not w.outputs:
        return Given(tuple(lines), "numbers")
    targets, target = _typed_target(samples.target, w)
    note, assumed = "typed by you", ()
    if not samples.target:
        note = "assumed, no target was typed"
        assumed = (f"the typed sample has no target; {target[0] if len(target) == 1 else list(target)} is used",)
    y = f"np.array([{list(map(float, target))}])"
    return Given((*lines, f"Y = {y}{'.T' * w.columns}  # {note}"), targets, assumed)


def _typed_target(target: tuple[float, ...], w: Wanted) -> tuple[Targets, tuple[float, ...]]:
    """Return what a typed target is, and its numbers; one that is missing is the first class."""
    targets = w.targets or "numbers"
    if not target:
        low = -1.0 if targets == "signs" else 0.0
        return targets, (0.0,) if targets == "classes" else tuple(1.0 if k == 0 else low for k in range(w.outputs))
    named = len(target) == 1 and target[0] in range(w.outputs) and w.outputs > 1
    if named and w.targets == "":
        return "classes", target
    if named and targets == "one-hot":
        return targets, tuple(float(k == target[0]) for k in range(w.outputs))
    if targets == "classes" and len(target) == w.outputs > 1:
        targets = "one-hot"
    if targets == "classes" and not named and (w.outputs > 1 or target != (0.0,)):
        raise TargetError(f"the target is a class from 0 to {w.outputs - 1}, or {w.outputs} numbers that add up to 1")
    if targets != "classes" and len(target) != w.outputs:
        raise TargetError(f"the target has {counted(len(target), 'number')}, and the network gives {w.outputs}")
    if targets == "one-hot" and not math.isclose(sum(target), 1, abs_tol=1e-3):
        raise TargetError(f"the {w.outputs} numbers of the target have to add up to 1, and they add up to {sum(target):.6g}")
    return targets, target


def _named(samples: Samples, w: Wanted, folder: Path | None) -> Given:
    source, assumed = _placed(samples.source, folder), []
    extra = ""
    table = sources.load(source, folder)
    if table.inputs.shape[1] != w.size:
        # A file may hold more than one column of targets, or targets alone decide where the inputs end.
        target = _last_columns(source, table, w)
        if not target:
            raise TargetError(
                f"{table.source} has {counted(table.inputs.shape[1], 'input')} a sample, and the network takes {w.size}; "
                "give data of that size"
            )
        table = sources.load(source, folder, target=target)
        extra = f", target={target}"
        assumed.append(f"the last {counted(len(target), 'column')} of {table.source} are the targets")
    scaled = ", standardize=True" if samples.standardize else ""
    lines = [f"X = {_turned(f'inputs({quoted(source)}{extra}{scaled})', w)}"]
    if not w.outputs:
        return Given(tuple(lines), "numbers", count=table.size)
    found = _labels(table, w)
    if found.labels:
        extra += f', labels="{found.labels}"'
    y = f"targets({quoted(source)}{extra}){'.T' * w.columns}"
    if found.turned:
        y = f"2 * {y} - 1"
    return Given((*lines, f"Y = {y}"), found.targets, (*assumed, *found.said), table.size, found.answers)


def _placed(source: str, folder: Path | None) -> str:
    """Return a source as a program in `folder` names it: by its name alone if it lies there, else by its whole path."""
    if source in sources.BUILT_IN:
        return source
    path = Path(source)
    try:
        whole = path.resolve()
        if folder is not None and whole.parent == folder.resolve():
            return whole.name
    except (OSError, ValueError, RuntimeError):
        return source
    return str(whole)


def _last_columns(source: str, table: Table, w: Wanted) -> list[int]:
    """Return the target columns of a table whose columns are inputs, then outputs; none if they are not."""
    text = not source.lower().endswith(".npz") and source not in sources.BUILT_IN
    columns = table.inputs.shape[1] + 1
    return list(range(-w.outputs, 0)) if text and w.outputs > 1 and columns == w.size + w.outputs else []


@dataclass(frozen=True)
class _Labels:
    """How targets are asked for, what they then are, how an output is held against them, and what was assumed of them.

    `turned`: 0 and 1 become −1 and 1.
    """

    labels: str
    targets: Targets
    answers: Answers
    said: tuple[str, ...] = ()
    turned: bool = False


def _labels(table: Table, w: Wanted) -> _Labels:
    """Return the form of a table's targets that a network and its loss take."""
    width, y = table.targets.shape[1], table.targets
    truth = bool(np.isin(y, (0.0, 1.0)).all())
    if w.outputs == 1:
        if width != 1:
            raise _unfit(table, width, w)
        return _cells(truth, "each" if truth else "", w)
    classes = len(table.class_names)
    if width == w.outputs:
        one_hot = table.labels is not None or _one_hot(y)
        if one_hot and w.targets in ("", "classes", "one-hot"):
            return _Labels("", "one-hot", "one-hot")
        if w.bound and w.targets in ("classes", "one-hot") and not _add_up(y):
            raise TargetError(
                f"the targets of each sample have to add up to 1 for a softmax, and those of {table.source} do not; "
                "choose another loss, such as mse or bce_with_logits"
            )
        if w.targets in ("classes", "one-hot") and _add_up(y):
            return _Labels("", "one-hot", "")
        return _cells(truth, "one-hot" if one_hot else "each" if truth else "", w)
    if classes == w.outputs:
        said = f"the classes of {table.source} are, in the order of the outputs, {_listed(table.class_names)}"
        return _coded(w, said)
    if width == 1 and classes == 0 and _indices(y, w.outputs):
        said = "each target is the number of its class, counted from 0"
        if w.targets in ("", "classes"):
            return _Labels("", "classes", "index", (said,))
        if len(np.unique(y)) == w.outputs:
            return _coded(w, said)
    raise _unfit(table, width, w)


def _coded(w: Wanted, said: str) -> _Labels:
    """Return targets that are classes, as 0 and 1."""
    signs = w.targets == "signs"
    return _Labels("one-hot", "signs" if signs else "one-hot", "one-hot", (said,), signs)


def _cells(truth: bool, answers: Answers, w: Wanted) -> _Labels:
    """Return targets of a number for each output, as they are; for the hinge loss 0 and 1 become −1 and 1."""
    if w.targets == "signs" and truth:
        return _Labels("", "signs", answers, ("targets of 0 are −1 for the hinge loss",), True)
    return _Labels("", "truth" if truth else "numbers", answers)


def _unfit(table: Table, width: int, w: Wanted) -> TargetError:
    classes = f" ({counted(len(table.class_names), 'class')})".replace("classs", "classes") if table.class_names else ""
    return TargetError(
        f"{table.source} has targets of {counted(width, 'number')} a sample{classes}, and the network gives {w.outputs}; "
        "give data with such targets"
    )


def _one_hot(y: Array) -> bool:
    return bool(np.isin(y, (0.0, 1.0)).all() and (y.sum(axis=1) == 1).all())


def _add_up(y: Array) -> bool:
    return bool(np.allclose(y.sum(axis=1), 1, rtol=0, atol=1e-3))


def _indices(y: Array, classes: int) -> bool:
    return bool((y == np.floor(y)).all() and y.min(initial=0) >= 0 and y.max(initial=0) < classes)


def _listed(names: Sequence[str]) -> str:
    few = ", ".join(shown(n) for n in names[:6])
    return few + (" …" if len(names) > 6 else "")
