"""A learner's CSV as a Table: which columns are targets, what is a number, and what is refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import numpy as np

from core.data.classes import Targets, encoded, first_not_whole, from_numbers, from_text, one_hot_labels
from core.data.csv_rows import INFINITE, MISSING, MOST_CELLS, Rows, is_number, read_rows
from core.data.table import DataError, Table, shown
from core.program.ir import Array

Target = str | int | Sequence[str | int] | None
"""A column by its name, by its position from 1 or from -1, or several of them; None is the last."""

_PLAIN = re.compile(r"[0-9eE+\-.,\n]*")
"""What numbers are made of. Checked first because `float` also takes `1_000`, `nan` and digits of other scripts."""


def read_csv(data: bytes, source: str, *, targets: Targets = "auto", target: Target = None, header: bool | None = None) -> Table:
    """Read the bytes of a CSV; nothing in them is executed.

    UTF-8, Windows-1252 or Latin-1; separated by commas, semicolons, tabs or else runs of spaces; with a decimal comma
    where semicolons or tabs separate. `target` is the target column by name or by position from 1 (-1 is the
    last, None as well), or several of them. `header` says whether the first row names the columns; None guesses.

    A target column of text is classes in sorted order; one of numbers stays numbers unless `targets`
    is "one-hot" or "index", which make classes of whole numbers in numeric order. Several target columns
    must be numbers, and are classes if they are one-hot as they stand.

    Raises:
        DataError: one sentence with the line and the column.
    """
    rows = read_rows(data, source, header)
    chosen = _chosen(rows, target)
    columns: list[tuple[str, ...]] = list(zip(*rows.cells, strict=True))
    others = [j for j in range(len(columns)) if j not in chosen]
    if not others:
        raise DataError(
            f"{source} has no column left for the inputs; it needs at least one column of inputs and one of targets, "
            "separated by commas, semicolons or tabs"
        )
    _one_decimal_sign(rows, columns)
    inputs = np.column_stack([_numbers(rows, columns[j], j, "inputs are numbers") for j in others])
    names = tuple((rows.header[j] if rows.header else "") or f"x{i}" for i, j in enumerate(others, 1))
    if len(chosen) == 1:
        made, labels, classes = _one_target(rows, columns[chosen[0]], chosen[0], targets)
    else:
        made, labels, classes = _several_targets(rows, columns, chosen, targets)
    return Table(inputs, made, labels, names, classes, source)


def _chosen(rows: Rows, target: Target) -> list[int]:
    """Return the target columns, counted from 0."""
    wanted = list(target) if isinstance(target, tuple | list) else [-1 if target is None else target]
    if not wanted:
        raise DataError(f"{rows.source}: no target column is chosen; name at least one")
    found = [_column(rows, one) for one in wanted]
    if len(set(found)) < len(found):
        raise DataError(f"{rows.source}: a target column is chosen twice; name each one once")
    return found


def _column(rows: Rows, one: object) -> int:
    width = len(rows.cells[0])
    if not isinstance(one, str):
        if not isinstance(one, int) or isinstance(one, bool) or one == 0 or abs(one) > width:
            raise DataError(
                f"{rows.source} has no column {one}; its columns are 1 to {width}, or -1 to -{width} counted from the last"
            )
        return one - 1 if one > 0 else width + one
    if rows.header is None:
        raise DataError(
            f"{rows.source} has no header that names its columns, so no column {shown(one)}; "
            f"choose the target by its position, 1 to {width}"
        )
    count = rows.header.count(one)
    if count > 1:
        raise DataError(f"{rows.source} has {count} columns named {shown(one)}; choose the target by its position, 1 to {width}")
    if not count:
        near = difflib.get_close_matches(one, rows.header, n=3, cutoff=0.4) or rows.header[:8]
        raise DataError(f"{rows.source} has no column named {shown(one)}; there is {', '.join(shown(n) for n in near)}")
    return rows.header.index(one)


def _one_decimal_sign(rows: Rows, columns: Sequence[tuple[str, ...]]) -> None:
    """Refuse numbers with a decimal comma beside numbers with a point: 1.234 is then one and a bit, or a thousand."""
    if rows.separator not in "\t;":
        return
    first: dict[str, tuple[int, int]] = {}
    for j, column in enumerate(columns):
        joined = "\n".join(column)
        for sign in ",.":
            if sign not in first and sign in joined:
                i = next((i for i, c in enumerate(column) if sign in c and is_number(c, rows.separator)), None)
                if i is not None:
                    first[sign] = (i, j)
    if len(first) == 2:
        (i, j), (k, n) = first["."], first[","]
        raise DataError(
            f"{rows.place(i, j)}: {shown(rows.cells[i][j])} has a decimal point, but {shown(rows.cells[k][n])} in "
            f"line {rows.lines[k]}, {rows.column(n)} has a decimal comma; write all numbers of the file the same way"
        )


def _quick_numbers(cells: Sequence[str], separator: str) -> Array | None:
    """Return the float64 numbers (N,) if all cells are finite numbers, else None."""
    joined = "\n".join(cells)
    comma = "," in joined
    if not _PLAIN.fullmatch(joined) or (comma and separator not in "\t;"):
        return None
    try:
        numbers = np.array([float(c.replace(",", ".")) for c in cells] if comma else [float(c) for c in cells])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _numbers(rows: Rows, cells: Sequence[str], column: int, why: str) -> Array:
    """Return the column's numbers (N,), or refuse its first cell that is not one."""
    numbers = _quick_numbers(cells, rows.separator)
    if numbers is not None:
        return numbers
    for i, cell in enumerate(cells):
        _refuse_missing(rows, cell, i, column)
        if not is_number(cell, rows.separator):
            raise DataError(
                f"{rows.place(i, column)}: {shown(cell)} is not a number, and {why}; "
                "write a number in its place, remove the column, or choose the right target column"
            )
        if not np.isfinite(float(cell.replace(",", "."))):
            raise DataError(
                f"{rows.place(i, column)}: {shown(cell)} is larger than any float64 number; write it in a larger unit"
            )
    raise AssertionError("a column that is not numbers has a cell that is not one")


def _refuse_missing(rows: Rows, cell: str, row: int, column: int) -> None:
    if cell.lower() in MISSING:
        fault = f"{shown(cell)} means that the value is missing" if cell else "the cell is empty"
        raise DataError(f"{rows.place(row, column)}: {fault}; write a value in its place or remove the line")
    if cell.lower() in INFINITE:
        raise DataError(
            f"{rows.place(row, column)}: {shown(cell)} is not a finite number; write a value in its place or remove the line"
        )


def _one_target(rows: Rows, cells: Sequence[str], column: int, targets: Targets) -> tuple[Array, Array | None, tuple[str, ...]]:
    what = f"{rows.source}, {rows.column(column)}"
    numbers = _quick_numbers(cells, rows.separator)
    if numbers is not None and targets == "auto":
        return numbers.reshape(-1, 1), None, ()
    if numbers is not None:
        i = first_not_whole(numbers)
        if i is not None:
            raise DataError(
                f"{rows.place(i, column)}: {shown(cells[i])} is not a whole number (or too large a one) and cannot be a class; "
                'correct it, or keep the column as numbers with targets = "auto"'
            )
        labels, names = from_numbers(numbers, what)
    else:
        for i, cell in enumerate(cells):
            _refuse_missing(rows, cell, i, column)
        if targets == "auto":
            _refuse_mixed(rows, cells, column)
        labels, names = from_text(cells, what)
    if len(cells) * len(names) > MOST_CELLS:
        raise DataError(
            f"{what} has {len(names)} classes in {len(cells)} samples, more than {MOST_CELLS:,} one-hot cells; keep fewer rows"
        )
    return encoded(labels, len(names), targets), labels, names


def _refuse_mixed(rows: Rows, cells: Sequence[str], column: int) -> None:
    """Refuse text in a target column that is mostly numbers: it is more likely a slip than a class."""
    numeric = [is_number(c, rows.separator) for c in cells]
    if 2 * sum(numeric) < len(cells):
        return
    if False in numeric:
        i = numeric.index(False)
        raise DataError(
            f"{rows.place(i, column)}: {shown(cells[i])} is text in a target column that is mostly numbers; "
            'correct it, or make classes of the column with targets = "one-hot" or "index"'
        )
    _numbers(rows, cells, column, "the other targets are")


def _several_targets(
    rows: Rows, columns: Sequence[tuple[str, ...]], chosen: Sequence[int], targets: Targets
) -> tuple[Array, Array | None, tuple[str, ...]]:
    made = np.column_stack([_numbers(rows, columns[j], j, "several target columns must all be numbers") for j in chosen])
    labels = one_hot_labels(made)
    if labels is None:
        if targets != "auto":
            raise DataError(
                f"{rows.source}: the chosen target columns do not hold a single 1 and otherwise 0 in each line, "
                'so they are not classes; choose one column of classes, or targets = "auto"'
            )
        return made, None, ()
    names = tuple((rows.header[j] if rows.header else "") or str(i) for i, j in enumerate(chosen))
    return (encoded(labels, len(names), "index") if targets == "index" else made), labels, names
