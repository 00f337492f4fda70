"""What a program can name under `# data` and `# parameters` that lies in a data set or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.data import sources
from core.data.npz_arrays import Arrays
from core.errors import TargetError
from core.files.source import tensor
from core.program.ir import Array

PARTS = ("training", "held-out")


def table_part(
    source: Any,
    folder: Path | None,
    *,
    labels: str = "auto",
    target: Any = None,
    held_out: Any = 0.0,
    part: str = "training",
    seed: Any = 0,
    standardize: bool = False,
    samples: str = "rows",
) -> sources.Table:
    """Return a data set, or the training or held-out part of it; standardised by the training part's statistics.

    `labels` and `target` are those of `sources.load`; `samples` says how an .npz file holds its samples.

    Raises:
        StepperError: if the source cannot be read or split.
    """
    if part not in PARTS:
        raise TargetError(f'`part` is {part!r}; it can be "training" or "held-out"')
    if samples not in ("rows", "columns"):
        raise TargetError(f'`samples` is {samples!r}; it can be "rows" or "columns"')
    share = isinstance(held_out, (int, float)) and not isinstance(held_out, bool) and 0 <= held_out < 1
    if not share or isinstance(seed, bool) or not isinstance(seed, int) or seed < 0 or not isinstance(source, str):
        raise TargetError("`held_out` is a share from 0 to 1, `seed` a whole number, and the source a name in quotes")
    table = sources.load(source, folder, targets=labels, target=target, samples=samples)
    training, kept = sources.split(table, held_out, seed) if held_out else (table, table)
    chosen = training if part == "training" else kept
    return sources.standardized(chosen, *sources.statistics(training)) if standardize else chosen


def inputs(source: str, folder: Path | None = None, **choices: Any) -> Array:
    """Return the inputs of a data set, samples as rows (N×d); `choices` are those of `table_part`."""
    return table_part(source, folder, **choices).inputs


def targets(source: str, folder: Path | None = None, **choices: Any) -> Array:
    """Return the targets of a data set, samples as rows (N×c): numbers, one-hot, or class indices."""
    return table_part(source, folder, **choices).targets


def values(file: str, name: str, folder: Path | None = None) -> Array:
    """Return one array of an .npz file beside the program.

    Raises:
        TargetError: if the file or the array is not there, or does not hold numbers.
    """
    path = (folder or Path()) / file
    try:
        with path.open("rb") as raw:
            arrays = Arrays(raw, file)
            if name not in arrays.names:
                raise TargetError(f"{file} holds no array `{name}`; it holds {', '.join(sorted(arrays.names)[:20]) or 'none'}")
            return arrays.read(name)
    except OSError as error:
        raise TargetError(f"{file} cannot be read ({error.strerror or error}); put it beside the program") from None


FILE_FUNCTIONS = {"inputs": inputs, "targets": targets, "values": values, "tensor": tensor}
