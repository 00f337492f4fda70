"""The samples that a saved network is stepped with: a file, a built-in set, one typed sample, or random ones of its sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data import sources
from core.data.table import Table, counted, shown
from core.errors import TargetError
from core.program.ir import Array

RANDOM_SAMPLES = 8


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

    `targets` is 'classes', 'one-hot', 'truth' (0 or 1), 'numbers', or '' where the data decide.
    """

    shape: tuple[int, ...]
    outputs: int
    targets: str
    columns: bool

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Given:
    """The lines of `# data`, what the targets are ('classes', 'one-hot', 'truth', 'numbers'), and what was assumed."""

    lines: tuple[str, ...]
    targets: str
    assumed: tuple[str, ...] = ()


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
    n = max(1, samples.count)
    lines = [f"rng = np.random.default_rng({samples.seed})", f"X = {_turned(f'rng.standard_normal(({n}, {w.size}))', w)}"]
    targets = w.targets or "numbers"
    if w.outputs:
        y = {
            "classes": f"1.0 * rng.integers(0, {w.outputs}, ({n}, 1))",
            "truth": f"1.0 * rng.integers(0, 2, ({n}, {w.outputs}))",
        }.get(targets, f"rng.standard_normal(({n}, {w.outputs}))")
        if targets == "one-hot":
            labels = np.random.default_rng(samples.seed).integers(0, w.outputs, n)
            y = f"np.array({[[float(k == label) for k in range(w.outputs)] for label in labels]})"
        lines.append(f"Y = {f'({y}).T' if w.columns and '*' in y else f'{y}.T' if w.columns else y}")
    said = f"the {counted(n, 'sample')} are random numbers of the right shape; give your own with --data"
    return Given(tuple(lines), targets, (said,))


def _typed(samples: Samples, w: Wanted) -> Given:
    if len(samples.inputs) != w.size:
        raise TargetError(f"the typed sample has {counted(len(samples.inputs), 'number')}, and the network takes {w.size}")
    lines = [f"X = {_turned(f'np.array([{list(map(float, samples.inputs))}])', w)}"]
    if not w.outputs:
        return Given(tuple(lines), "numbers")
    targets, target, assumed = w.targets or "numbers", samples.target, ()
    if not target:
        target = (0.0,) if targets == "classes" else tuple(float(k == 0) for k in range(w.outputs))
        assumed = (f"the typed sample has no target; {target[0] if len(target) == 1 else list(target)} is used",)
    if targets == "classes" and len(target) == w.outputs > 1:
        targets = "one-hot"
    if targets == "classes" and (len(target) != 1 or target[0] not in range(w.outputs)):
        raise TargetError(f"the target is a class from 0 to {w.outputs - 1}, or {w.outputs} numbers that add up to 1")
    if targets != "classes" and len(target) != w.outputs:
        raise TargetError(f"the target has {counted(len(target), 'number')}, and the network gives {w.outputs}")
    y = f"np.array([{list(map(float, target))}])"
    return Given((*lines, f"Y = {y}.T" if w.columns else f"Y = {y}"), targets, assumed)


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
        return Given(tuple(lines), "numbers")
    labels, targets, said = _labels(table, w)
    if labels:
        extra += f', labels="{labels}"'
    y = f"targets({quoted(source)}{extra})"
    return Given((*lines, f"Y = {y}.T" if w.columns else f"Y = {y}"), targets, (*assumed, *said))


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


def _labels(table: Table, w: Wanted) -> tuple[str, str, tuple[str, ...]]:
    """Return how the targets are asked for, what they then are, and what was assumed about them."""
    width, y = table.targets.shape[1], table.targets
    classes = len(table.class_names)
    if w.outputs == 1:
        if width != 1:
            raise _unfit(table, width, w)
        truth = bool(np.isin(y, (0.0, 1.0)).all())
        if w.targets == "truth" and not truth and classes != 2:
            return "", "numbers", ()
        return "", "truth" if truth else "numbers", ()
    if w.targets != "numbers":
        if width == w.outputs and (table.labels is not None or _one_hot(y)):
            return "", "one-hot" if w.targets in ("", "one-hot", "classes") else "truth", ()
        if classes == w.outputs:
            said = f"the classes of {table.source} are, in the order of the outputs, {_listed(table.class_names)}"
            return "one-hot", "one-hot", (said,)
        if width == 1 and classes == 0 and _indices(y, w.outputs) and w.targets in ("", "classes"):
            return "", "classes", ("each target is the number of its class, counted from 0",)
        if width == 1 and classes == 0 and _indices(y, w.outputs) and len(np.unique(y)) == w.outputs:
            return "one-hot", "one-hot", ()
    if width == w.outputs:
        return "", "truth" if bool(np.isin(y, (0.0, 1.0)).all()) else "numbers", ()
    raise _unfit(table, width, w)


def _unfit(table: Table, width: int, w: Wanted) -> TargetError:
    classes = f" ({counted(len(table.class_names), 'class')})".replace("classs", "classes") if table.class_names else ""
    return TargetError(
        f"{table.source} has targets of {counted(width, 'number')} a sample{classes}, and the network gives {w.outputs}; "
        "give data with such targets"
    )


def _one_hot(y: Array) -> bool:
    return bool(np.isin(y, (0.0, 1.0)).all() and (y.sum(axis=1) == 1).all())


def _indices(y: Array, classes: int) -> bool:
    return bool((y == np.floor(y)).all() and y.min(initial=0) >= 0 and y.max(initial=0) < classes)


def _listed(names: Sequence[str]) -> str:
    few = ", ".join(shown(n) for n in names[:6])
    return few + (" …" if len(names) > 6 else "")
