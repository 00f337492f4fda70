"""What a program can name under `# data` and `# parameters` that lies in a data set or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.data import sources
from core.data.safe_npz import read_npz
from core.errors import TargetError
from core.program.ir import Array

PARTS = ("training", "held-out")


def table_part(
    source: str, folder: Path | None, labels: str, target: Any, held_out: float, part: str, seed: int, standardize: bool
) -> sources.Table:
    """Return a data set, or the training or held-out part of it; standardised by the training part's statistics.

    Raises:
        StepperError: if the source cannot be read or split.
    """
    if part not in PARTS:
        raise TargetError(f'`part` is {part!r}; it can be "training" or "held-out"')
    table = sources.load(source, folder, targets=labels, target=target)
    training, kept = sources.split(table, held_out, seed) if held_out else (table, table)
    chosen = training if part == "training" else kept
    return sources.standardized(chosen, *sources.statistics(training)) if standardize else chosen


def inputs(
    source: str, standardize: bool = False, held_out: float = 0.0, part: str = "training", seed: int = 0,
    target: Any = None, folder: Path | None = None,
) -> Array:  # fmt: skip
    """Return the inputs of a data set, samples as rows (N×d)."""
    return table_part(source, folder, "auto", target, held_out, part, seed, standardize).inputs


def targets(
    source: str, labels: str = "auto", held_out: float = 0.0, part: str = "training", seed: int = 0,
    target: Any = None, folder: Path | None = None,
) -> Array:  # fmt: skip
    """Return the targets of a data set, samples as rows (N×c): numbers, one-hot, or class indices."""
    return table_part(source, folder, labels, target, held_out, part, seed, False).targets


def values(file: str, name: str, folder: Path | None = None) -> Array:
    """Return one array of an .npz file.

    Raises:
        TargetError: if the file or the array is not there, or does not hold numbers.
    """
    found = read_npz((folder or Path()) / file, [name])
    return np.array(found[name])


def orthogonal(draw):
    """Return an orthogonal matrix made from a random one: its rows or columns have length 1 and are at right angles.

    The signs are fixed by the diagonal of R (Saxe, McClelland, Ganguli, 2014; Mezzadri, 2007).
    """
    q, r = np.linalg.qr(draw if draw.shape[0] >= draw.shape[1] else draw.T)
    q = q * np.sign(np.diag(r))
    return np.ascontiguousarray(q if draw.shape[0] >= draw.shape[1] else q.T)


FILE_FUNCTIONS = {"inputs": inputs, "targets": targets, "values": values}
