"""Where samples come from: a built-in data set by its name, or a learner's own file."""

from __future__ import annotations

import difflib
import gzip
from collections.abc import Callable
from importlib import resources as package_files
from pathlib import Path

import numpy as np

from core.data import made
from core.data.classes import Targets, checked_targets, encoded, re_encoded
from core.data.csv_rows import LARGEST_FILE as LARGEST_CSV
from core.data.csv_table import Target, read_csv
from core.data.datasets import flower_labels, flower_points
from core.data.npz_arrays import LARGEST_FILE as LARGEST_NPZ
from core.data.npz_table import checked_samples, read_npz
from core.data.table import DataError, Table, shown, split, standardized, statistics
from core.program.ir import Array

__all__ = ["BUILT_IN", "SUFFIXES", "DataError", "Table", "load", "split", "standardized", "statistics"]

BUILT_IN: dict[str, str] = {
    "xor": "exclusive or: 4 samples, 2 inputs, 2 classes that no straight line separates",
    "flower": "400 points in petals, 2 inputs, 2 classes of 200",
    "moons": "200 points in two interleaved half circles, 2 inputs, 2 classes of 100",
    "circles": "200 points on a circle around a smaller one, 2 inputs, 2 classes of 100",
    "spirals": "300 points in three spiral arms, 2 inputs, 3 classes of 100",
    "sine": "200 points of a noisy sine curve, 1 input, a number as target (regression)",
    "iris": "150 iris flowers, 4 measurements in centimetres, 3 species of 50",
    "breast-cancer": "569 tumours, 30 measurements of an image, 2 diagnoses: 357 benign, 212 malignant",
    "digits": "1797 handwritten digits, 8×8 pixels as 64 inputs from 0 to 16, 10 classes",
}
SUFFIXES = (".csv", ".tsv", ".txt", ".npz")

_MADE: dict[str, Callable[[], tuple[Array, Array]]] = {
    "xor": made.xor,
    "flower": lambda: (np.ascontiguousarray(flower_points().T), flower_labels()[0].astype(np.int64)),
    "moons": made.moons,
    "circles": made.circles,
    "spirals": made.spirals,
}
_FILES = {"iris": "iris.csv", "breast-cancer": "breast-cancer.csv.gz", "digits": "digits.csv.gz"}


def load(
    source: str,
    folder: Path | None = None,
    *,
    targets: str = "auto",
    target: Target = None,
    samples: str = "rows",
    header: bool | None = None,
) -> Table:
    """Load a data set: samples as rows, float64, whatever the file's own layout.

    `source` is a name in BUILT_IN, or a file (.csv, .tsv, .txt or .npz) relative to `folder`, else to the
    current folder. `targets` says how classes are written: "one-hot" (N×c), "index" (N×1), or "auto": one
    0/1 column for two classes, else one-hot. `target` and `header` are for text files (`read_csv`),
    `samples` is for .npz files (`read_npz`): "rows" if X is N×d there, "columns" if it is d×N.

    Raises:
        DataError: one sentence that says what is wrong, where, and what to do.
    """
    written, convention = checked_targets(targets), checked_samples(samples)
    if source in BUILT_IN:
        if target is not None:
            raise DataError(f"{source} is built in and its target is fixed; leave out the choice of a target column")
        return _built_in(source, written)
    path = _path(source, folder)
    if path.suffix.lower() == ".npz":
        if target is not None:
            raise DataError(f"{path.name} has its targets in the array Y; leave out the choice of a target column")
        _check_size(path, LARGEST_NPZ)
        try:
            with path.open("rb") as file:
                return read_npz(file, path.name, targets=written, samples=convention)
        except OSError as error:
            raise _unreadable(path, error) from None
    _check_size(path, LARGEST_CSV)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    return read_csv(data, path.name, targets=written, target=target, header=header)


def _built_in(name: str, targets: Targets) -> Table:
    if name in _FILES:
        data = (package_files.files("resources") / "data" / _FILES[name]).read_bytes()
        plain = gzip.decompress(data) if _FILES[name].endswith(".gz") else data
        # Digits are numbers in the file, but classes whatever is asked for.
        wanted = "one-hot" if name == "digits" and targets == "auto" else targets
        return read_csv(plain, name, targets=wanted, header=True)
    if name == "sine":
        inputs, numbers = made.sine()
        return re_encoded(Table(inputs, numbers, None, ("x",), (), name), targets)
    inputs, labels = _MADE[name]()
    classes = tuple(str(k) for k in range(int(labels.max()) + 1))
    return Table(inputs, encoded(labels, len(classes), targets), labels, ("x1", "x2"), classes, name)


def _path(source: str, folder: Path | None) -> Path:
    """Return the file that a source names, or say why it names none."""
    known = ", ".join(BUILT_IN)
    try:
        if "\0" in source:
            raise ValueError
        path = Path(source) if folder is None else folder / source
        if path.is_dir():
            raise DataError(f"{shown(source)} is a folder; name a data file in it, such as points.csv")
        exists, plain = path.exists(), path.is_file()
    except (OSError, ValueError):
        raise DataError(f"{shown(source)} is not a file name; name a built-in data set ({known}) or a data file") from None
    if not exists:
        near = difflib.get_close_matches(source, BUILT_IN, n=1)
        hint = f"did you mean {near[0]}?" if near else f"check the spelling, and that it is in the folder {path.parent}"
        raise DataError(f"there is neither a built-in data set ({known}) nor a file {shown(source)}; {hint}")
    if not plain:
        raise DataError(f"{shown(source)} is not a regular file; name a data file, such as points.csv")
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"{path.name} does not end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}; save the data as CSV or .npz")
    return path


def _check_size(path: Path, largest: int) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from None
    if size > largest:
        raise DataError(f"{path.name} is larger than {largest // 10**6} MB; keep fewer samples or columns of it")


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path.name} cannot be read ({error.strerror or error}); check the name and your permissions")
