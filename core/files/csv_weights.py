"""Weights as a table of text: a block of lines at a time, so that it takes no more memory than its numbers.

A line that is a single word begins a new array, and is its name: `W1`, then its rows.
"""

from __future__ import annotations

import csv
import io
import re
from array import array
from collections.abc import Iterator

import numpy as np

from core.files.problem import FileProblem, shown
from core.program.ir import Array

MOST_ARRAYS = 10_000
MOST_BEFORE = 1_000
"""Lines that may stand before the first numbers: titles, the names of the columns."""

_BLOCK = 2**20


class Names:
    """Gives each name once: what is called `W` again is `W (2)`."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def free(self, name: str) -> str:
        """Return a name that was not returned before."""
        found = name
        while found in self._given:
            self._given[name] += 1
            found = f"{name} ({self._given[name]})"
        self._given[found] = 1
        return found


def csv_arrays(text: str, name: str) -> dict[str, Array]:
    """Return the matrices of a table by name, as float64 of (rows, columns); a row or column called like a bias as a list.

    `name` is that of a matrix with no name before it. Lines end in \\n.

    Raises:
        FileProblem: where rows differ in length, a cell is no number, or it cannot be a table of weights; it says the line.
    """
    table = _Table(name, next((s for s in "\t;" if s in text), "," if "," in text else " "))
    at = 0
    while at < len(text):
        end = text.find("\n", at + _BLOCK) + 1 or len(text)
        table.take(text[at:end])
        at = end
    return table.done()


def too_many() -> FileProblem:
    """Return the problem of a text with more arrays than the app takes."""
    return FileProblem(f"it holds more than {MOST_ARRAYS} arrays; save the weights with np.savez as .npz")


class _Table:
    """Takes lines, and makes arrays of them."""

    def __init__(self, name: str, separator: str) -> None:
        self._separator = separator
        self._arrays: dict[str, Array] = {}
        self._names = Names()
        self._name, self._named = name, 0
        self._line, self._before, self._bad = 0, 0, ""
        self._numbers = array("d")
        self._width, self._first = 0, 0  # how many numbers there are in a row, and the line of the first one

    def take(self, block: str) -> None:
        """Take the next lines."""
        if not block.isspace():
            rows = self._plain(block)
            if rows is None:
                self._one_by_one(block)
            else:
                if not self._width:
                    blank = len(block) - len(block.lstrip())
                    self._width, self._first = rows.shape[1], self._line + 1 + block.count("\n", 0, blank)
                self._numbers.frombytes(rows.tobytes())
        self._line += block.count("\n")

    def done(self) -> dict[str, Array]:
        """Return all arrays."""
        self._close()
        if self._bad and not self._arrays:
            raise FileProblem(
                f"{self._bad} is not a number; write numbers with a decimal point, or save the weights with np.savez as .npz"
            )
        return self._arrays

    def _plain(self, block: str) -> Array | None:
        """Return lines of nothing but numbers, as many in each as in those before; None for any others.

        NumPy reads them as `float` does, to the last bit.
        """
        words = self._separator == " "
        between, quotes = (None, None) if words else (self._separator, '"')
        try:
            rows = np.loadtxt(io.StringIO(block), delimiter=between, quotechar=quotes, comments=None, ndmin=2)
        except ValueError:
            return None
        return rows if self._width in (0, rows.shape[1]) else None

    def _one_by_one(self, block: str) -> None:
        for line, cells in self._cells(block):
            numbers = _floats(cells)
            if numbers is not None:
                self._row(line, numbers)
            elif len(cells) == 1:
                self._close()
                self._name = re.sub(r"^#\s*|:$", "", cells[0]) or "W"
                self._named += 1
                if self._named > MOST_ARRAYS:
                    raise too_many()
            elif self._width or self._arrays:
                bad = _not_a_number(line, cells)
                raise FileProblem(f"{bad} is not a number; correct it, or save the weights with np.savez as .npz")
            else:
                self._before, self._bad = self._before + 1, _not_a_number(line, cells)
                if self._before > MOST_BEFORE:
                    raise FileProblem(
                        f"none of its first {MOST_BEFORE} lines is a row of numbers; save the weights with np.savez as .npz"
                    )

    def _cells(self, block: str) -> Iterator[tuple[int, list[str]]]:
        """Yield the cells of each line that has any, and its number."""
        if self._separator == " ":
            rows: Iterator[list[str]] = (line.split() for line in block.split("\n"))
        else:
            rows = csv.reader(io.StringIO(block), delimiter=self._separator)
        line = self._line
        while True:
            line += 1
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error:
                raise FileProblem(
                    f"line {line} is no row of numbers (it is too long, or its quotes do not close); "
                    "save the weights with np.savez as .npz"
                ) from None
            cells = [c.strip() for c in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield line, cells

    def _row(self, line: int, numbers: list[float]) -> None:
        if not self._width:
            self._width, self._first = len(numbers), line
        elif len(numbers) != self._width:
            raise FileProblem(
                f"line {line} has {len(numbers)} numbers where line {self._first} has {self._width}; "
                "give each row of a matrix as many, and put a line with the name before the next one"
            )
        self._numbers.extend(numbers)

    def _close(self) -> None:
        """End the array whose rows were taken, if there are any."""
        if self._width:
            if len(self._arrays) >= MOST_ARRAYS:
                raise too_many()
            found = np.frombuffer(self._numbers).reshape(-1, self._width)
            flat = self._name[:1] in "bB" and 1 in found.shape
            self._arrays[self._names.free(self._name)] = found.reshape(-1) if flat else found
            self._numbers, self._width = array("d"), 0


def _not_a_number(line: int, cells: list[str]) -> str:
    return f"line {line}: {shown(next(c for c in cells if _floats([c]) is None))}"


def _floats(cells: list[str]) -> list[float] | None:
    """Return the numbers of cells; None if one of them is none. `float` alone would take 1_000, and digits of any script."""
    text = "".join(cells)
    if not text.isascii() or "_" in text:
        return None
    try:
        return list(map(float, cells))
    except ValueError:
        return None
