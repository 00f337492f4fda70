"""What a matrix widget shows and where: the array, its names and colours, and the geometry of its cells."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QFont, QFontMetrics

from core.program.ir import Array
from stepper.models import mark_signs
from stepper.widgets import fonts as fonts_of
from stepper.widgets import numbers
from stepper.widgets.heat import Heat

if TYPE_CHECKING:
    from core.health.monitor import Mark

MOST_ROWS = 12
MOST_COLUMNS = 8
HEAT_WIDTH = 280
HEAT_HEIGHT = 120
BLOCK = 14
LEAST_SCALE = 0.85
GAP = 4
PENCIL = "✎"
CLOCK = "◷"
Cell = tuple[int, ...]


class Fonts:
    """The fonts of a grid with their metrics: of its title, its numbers, its small print."""

    def __init__(self, font: QFont, scale: float) -> None:
        base = fonts_of.scaled(font, scale)
        self.bold = fonts_of.sized(base, 0, bold=True)
        self.mono = fonts_of.mono(base, -0.5)
        self.small = fonts_of.sized(base, -1.5)
        self.of_bold, self.of_mono, self.of_small = (QFontMetrics(f) for f in (self.bold, self.mono, self.small))

    @classmethod
    def of(cls, font: QFont, scale: float = 1.0) -> Fonts:
        """Return the fonts that go with a widget's own, `scale` times as big, but not much smaller; from a small store."""
        scale = max(scale, LEAST_SCALE)
        key = (font.key(), scale)
        if key not in _KNOWN:
            if len(_KNOWN) > 32:
                _KNOWN.clear()
            _KNOWN[key] = cls(font, scale)
        return _KNOWN[key]


_KNOWN: dict[tuple[str, float], Fonts] = {}


@dataclass
class Grid:
    """One array as it is drawn; for None, the places of one that is not computed yet.

    A vector is one row, of an array with more than two axes the first slice is drawn. `colours` and
    `labels` belong to the rows and the columns, as does `clashes`: a size that does not go with another one.
    `sources` are the marked cells, `cursor` and `hover` are places (row, column). `stale` says that all of it is out
    of date; `edited` holds the cells that were changed by hand: none for None, all for an empty set. Of an array that is
    worked out cell by cell, the first `done` are, in C order. `marks` are what health rules say of the array; those in
    `cell_marks` stand at its cells.
    """

    fonts: Fonts
    name: str = ""
    array: Array | None = None
    shape: tuple[int, ...] = ()
    colours: tuple[str, str] = ("", "")
    labels: tuple[str, str] = ("", "")
    clashes: tuple[bool, bool] = (False, False)
    scale: float = 1.0
    extent: float = 0.0
    selected: Cell | None = None
    sources: Set[Cell] = field(default_factory=frozenset)
    cursor: tuple[int, int] = (0, 0)
    hover: tuple[int, int] | None = None
    stale: bool = False
    edited: Set[Cell] | None = None
    done: int | None = None
    marks: tuple[Mark, ...] = ()
    cell_marks: tuple[Mark, ...] = ()
    note: str = ""
    heat: Heat | None = None
    widest: int = 0
    cell: QSize = field(default_factory=lambda: QSize(40, 22))

    def read(self) -> None:
        """Take in another array: its numbers, or the picture of one that is too large for numbers."""
        rows, columns = self.size
        shown = self._shown()
        self.cursor = (min(self.cursor[0], max(rows - 1, 0)), min(self.cursor[1], max(columns - 1, 0)))
        large = rows > MOST_ROWS or columns > MOST_COLUMNS
        self.cell_marks = mark_signs.cells_only(self.marks, self.array) if self.marks else ()
        first = tuple(0 for _ in self.shape[:-2])
        plane = mark_signs.sliced(self.cell_marks, self.shape, first, self.size) if large and self.cell_marks else ()
        self.heat = Heat(rows, columns, shown, self.extent, self.done, plane) if large else None
        self.widest = 0 if large or shown is None else max((len(numbers.short(x)) for x in shown.flat), default=0)
        self.measure()

    def measure(self) -> None:
        """Work out anew how much room everything takes, for the fonts and the scale there are."""
        if self.heat is not None:
            self.heat.fit(round(HEAT_WIDTH * self.scale), round(HEAT_HEIGHT * self.scale), round(BLOCK * self.scale))
            return
        metrics = self.fonts.of_mono
        least = 4 if self.array is None else 6
        room = round(14 * self.scale)
        if self.cell_marks:
            room += self.fonts.of_mono.horizontalAdvance(mark_signs.glyphs_of(self.cell_marks)) + mark_signs.STRIP
        self.cell = QSize(
            max(least, self.widest) * metrics.horizontalAdvance("0") + room, metrics.height() + max(round(8 * self.scale), 2)
        )

    @property
    def bar(self) -> int:
        """How broad the strip is in which a size stands."""
        return self.fonts.of_small.height() + 3

    @property
    def size(self) -> tuple[int, int]:
        """The rows and columns that are drawn."""
        if not self.shape:
            return 1, 1
        return (1, self.shape[0]) if len(self.shape) == 1 else (self.shape[-2], self.shape[-1])

    @property
    def empty(self) -> bool:
        """Whether there is no cell at all."""
        return 0 in self.shape

    def index(self, row: int, column: int) -> Cell:
        """Return the cell of the array at a place."""
        if not self.shape:
            return ()
        return (column,) if len(self.shape) == 1 else (*(0 for _ in self.shape[:-2]), row, column)

    def place(self, cell: Cell) -> tuple[int, int]:
        """Return where a cell of the array is drawn, as row and column."""
        return (0, 0) if not cell else (0, cell[0]) if len(cell) == 1 else (cell[-2], cell[-1])

    def text(self, cell: Cell) -> str:
        """Return the short text of a cell, a dot for one that is not computed yet."""
        return "·" if self.array is None or not self.is_done(cell) else numbers.short(self.array[cell])

    def is_done(self, cell: Cell) -> bool:
        """Tell whether a cell is worked out yet."""
        return self.done is None or (int(np.ravel_multi_index(cell, self.shape)) if cell else 0) < self.done

    def is_edited(self, cell: Cell) -> bool:
        """Tell whether a cell was changed by hand."""
        return self.edited is not None and (not self.edited or cell in self.edited)

    def title_width(self) -> int:
        """Return how wide the name with the shape and the sign behind it is."""
        shape = self.fonts.of_small.horizontalAdvance(self.shape_text() + (f" {PENCIL}" if self.edited is not None else ""))
        tags = sum(self.fonts.of_small.horizontalAdvance(f"{text} ") for text, _ in mark_signs.tags(self.marks))
        return self.fonts.of_bold.horizontalAdvance(self.name) + 8 + shape + (tags + 6 if tags else 0) + 4

    def marks_at(self, cell: Cell) -> tuple[Mark, ...]:
        """Return the marks that stand at a cell, the strongest first."""
        return mark_signs.at_cell(self.cell_marks, cell, self.shape)

    def shape_text(self) -> str:
        """Return the shape as people say it; of a single number, nothing."""
        return numbers.size_text(self.shape) if self.shape else ""

    def body(self) -> QRect:
        """Return where the cells are drawn."""
        rows, columns = self.size
        top = self.fonts.of_bold.height() + GAP + (self.bar if self.shape else 0)
        left = self.bar if len(self.shape) >= 2 else 2
        if self.heat is not None:
            return QRect(left, top, self.heat.width, self.heat.height)
        return QRect(left, top, columns * self.cell.width(), rows * self.cell.height())

    def whole(self) -> QSize:
        """Return the size that shows everything."""
        body, small = self.body(), self.fonts.of_small
        width, below = max(body.right() + 4, body.left() + self.title_width()), 0
        if self.heat is not None:
            below = 2 * small.height() + 10
            legend = self.heat.legend_width(small, numbers.short(self.extent, 2), self.note)
            width = max(width, body.left() + legend, body.left() + small.horizontalAdvance("[000, 000] −0.000e−00"))
        elif self.note:
            below = small.height() + 4
            width = max(width, body.left() + small.horizontalAdvance(self.note) + 4)
        return QSize(width, body.bottom() + 3 + below)

    def rect(self, cell: Cell) -> QRect:
        """Return where a cell is drawn."""
        row, column = self.place(cell)
        body = self.body()
        if self.heat is not None:
            return self.heat.rect(row, column).translated(body.topLeft())
        w, h = self.cell.width(), self.cell.height()
        return QRect(body.left() + column * w, body.top() + row * h, w, h)

    def at(self, point: QPointF) -> tuple[int, int] | None:
        """Return the place under a point."""
        body = self.body()
        rows, columns = self.size
        if self.empty or not QRectF(body).contains(point):
            return None
        row = int((point.y() - body.top()) * rows / body.height())
        column = int((point.x() - body.left()) * columns / body.width())
        return min(row, rows - 1), min(column, columns - 1)

    def source_block(self) -> QRect | None:
        """Return the smallest block of cells that holds all marked ones, or None if there are none."""
        axes: tuple[range, ...] | None = getattr(self.sources, "axes", None)
        if axes is None:
            cells = list(self.sources)
            axes = tuple(range(min(c), max(c) + 1) for c in zip(*cells, strict=True))
        if not self.shape or len(axes) != len(self.shape) or not all(len(r) for r in axes):
            return None
        return self.rect(tuple(r[0] for r in axes)).united(self.rect(tuple(r[-1] for r in axes)))

    def _shown(self) -> Array | None:
        if self.array is None:
            return None
        first = tuple(0 for _ in self.shape[:-2])
        plane = self.array[first] if first and 0 not in self.shape[:-2] else self.array
        return np.zeros((0, 0)) if 0 in self.shape else np.reshape(plane, self.size)
