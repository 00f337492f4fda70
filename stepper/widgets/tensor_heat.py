"""The numbers of a tensor as colours in all the room there is: number by number, or block by block where they are many."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QSize
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from core.files.looks.looks import Look
from core.files.problem import shown
from core.files.saved import Tensor
from stepper import theme
from stepper.models.tensor_cells import Place, TensorCells
from stepper.widgets import numbers, tensor_numbers
from stepper.widgets.elided import shortened
from stepper.widgets.grid import Fonts
from stepper.widgets.grid_paint import paint_cell, paint_cursor, pattern_of
from stepper.widgets.heat import Heat
from stepper.widgets.tensor_cursor import CellCursor
from stepper.widgets.tensor_edge import EdgeSign, edge_entries, edge_room, edge_signs, paint_edge
from stepper.widgets.tensor_legend import LEFT, Entry, entry_lines, line_height, paint_entries, paint_scale, scale_lines

MOST_NUMBERS = 600
BLOCK = 40
DIGITS = 6
ROOMY = 0.85
LEGEND = 0.5
WIDEST, TALLEST = 130, 44
STRANGE = {"NaN": float("nan"), "∞": float("inf"), "−∞": float("-inf")}


class TensorHeat(CellCursor):
    """Draws the blocks of a look with their legend. One cell is told in words: that under the mouse, else that of the arrows.

    `copy_wanted` carries the number in that cell, with all its digits.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look: Look | None = None
        self.cells = TensorCells((), 0, 0)
        self.heat: Heat | None = None
        self.extent = 0.0
        self.signs: list[EdgeSign] = []
        self._dtype = self._title = ""
        self._entries: list[Entry] = []
        self._notes: tuple[str, ...] = ()
        self._cell = QSize()
        self._widest = self._explained = 0

    # --- what is shown -------------------------------------------------------------------------

    def set_look(self, look: Look, tensor: Tensor, extent: float, notes: tuple[str, ...] = ()) -> None:
        """Show a look at a tensor; `extent` is the magnitude of the strongest colour, `notes` stand behind the scale."""
        cells = TensorCells.of(look, tensor.shape)
        if self.look is None or look.name != self.look.name or cells != self.cells:
            self.cursor_place = (0, 0)
        self.look, self.cells, self.extent = look, cells, extent
        self._dtype, self._notes = tensor.dtype, notes
        self._title = shown(tensor.name, 60)
        self.heat = Heat(cells.rows, cells.columns, look.blocks, extent)
        self.signs = edge_signs(look, cells)
        self._read_entries()
        self._hover = None
        self._widest = 0
        if cells.exact and 0 < look.blocks.size <= MOST_NUMBERS:
            self._widest = max(len(self.short_of(place)) for place in _places(cells))
        self._measure()
        self.say()
        self.update()

    @property
    def shows_numbers(self) -> bool:
        """Whether the numbers themselves stand in their cells."""
        return not self._cell.isEmpty()

    def size_of(self) -> Place:
        """Return how many rows and columns of cells there are."""
        return self.cells.rows, self.cells.columns

    @property
    def empty(self) -> bool:
        """Whether there is no cell."""
        return self.look is None or not self.look.blocks.size

    @property
    def entries(self) -> list[Entry]:
        """What the legend explains: patterns and signs."""
        return self._entries

    def _read_entries(self) -> None:
        assert self.look is not None and self.heat is not None
        said, t = self.tr("{sign} in {n} cells"), theme.current()
        one = self.tr("{sign} in 1 cell")
        self._entries = [
            Entry((one if n == 1 else said).format(n=n, sign=sign), t.error, QBrush(QColor(t.error), pattern_of(STRANGE[sign])))
            for sign, n in self.heat.bad.items()
        ]
        self._entries += edge_entries(self.look, self.cells)

    def note(self) -> str:
        """Return what stands behind the scale: what a cell is, and what all of them are where no colour tells."""
        if self.empty or self.heat is None:
            return ""
        flat = self.tr("all 0") if self.extent <= 0 and not self.heat.bad else ""
        return " · ".join(x for x in (flat, self.cells.block_words(), *self._notes) if x)

    def sizeHint(self) -> QSize:
        """Room for a small matrix."""
        return QSize(360, 240)

    def minimumSizeHint(self) -> QSize:
        """Enough to see that there is something."""
        return QSize(140, 100)

    def short_of(self, place: Place) -> str:
        """Return the number of a cell in few digits."""
        return tensor_numbers.short(self._number(place))

    def text_of(self, place: Place, full: bool = True) -> str:
        """Return a cell with what it is: `[0, 2] = 0.25 · unit 1, input 3`, `[0–15, 0–15]: mean 0.1 of 256 numbers`.

        A mean is in full or in some digits, a number of the tensor always in full.
        """
        return "" if self.empty else " · ".join(x for x in self._told(place, full) if x)

    def _told(self, place: Place, full: bool) -> tuple[str, str]:
        """Return the number in a cell with its place, and what that cell is."""
        x, where, count = self._number(place), self.cells.where(place), self.cells.count(place)
        number = tensor_numbers.told(x) if full or self.cells.exact else numbers.short(x, DIGITS)
        if count == 1:
            told = f"{where} = {number}" if where else number
        else:
            told = self.tr("{where}: mean {mean} of {n} numbers").format(where=where, mean=number, n=count)
        unit = (place[1] if self.cells.units == "columns" else place[0] // self.cells.each) if self.cells.exact else -1
        signs = " ".join(dict.fromkeys(s.sign for s in self.signs if s.unit == unit))
        return told, f"{self.cells.meaning(place)} {signs}".strip()

    def _two_lines(self) -> bool:
        """Tell whether the words of a cell may need two lines; those of the last one are the longest, or nearly."""
        if self.empty:
            return False
        number, what = self._told((self.cells.rows - 1, self.cells.columns - 1), full=False)
        return bool(what) and self.fontMetrics().horizontalAdvance(f"{number} · {what}") > self.width() - 2 * LEFT

    def copied(self, place: Place) -> str:
        """Return what is copied of a cell."""
        return tensor_numbers.full(self._number(place))

    def _number(self, place: Place) -> object:
        assert self.look is not None
        return tensor_numbers.of_block(float(self.look.blocks[place]), self._dtype, self.cells.exact)

    # --- places --------------------------------------------------------------------------------

    @property
    def _down(self) -> bool:
        return self.cells.units != "columns"

    def body(self) -> QRect:
        """Return where the cells are."""
        if self.heat is None:
            return QRect()
        room = edge_room(self.signs, self.fontMetrics(), self._down)
        left, top = (4 + room, 4) if self._down else (4, 4 + room)
        if self.shows_numbers:
            return QRect(left, top, self.cells.columns * self._cell.width(), self.cells.rows * self._cell.height())
        return QRect(left, top, self.heat.width, self.heat.height)

    def rect_of(self, place: Place) -> QRect:
        """Return where a cell is drawn."""
        body = self.body()
        if self.shows_numbers:
            at = QRect(place[1] * self._cell.width(), place[0] * self._cell.height(), self._cell.width(), self._cell.height())
            return at.translated(body.topLeft())
        assert self.heat is not None
        return self.heat.rect(*place).translated(body.topLeft())

    def place_at(self, point: QPointF) -> Place | None:
        """Return the cell under a point."""
        body = self.body()
        if self.empty or not body.contains(point.toPoint()):
            return None
        rows, columns = self.cells.rows, self.cells.columns
        row = int((point.y() - body.top()) * rows / body.height())
        column = int((point.x() - body.left()) * columns / body.width())
        return min(row, rows - 1), min(column, columns - 1)

    def _measure(self) -> None:
        """Give every cell as much room as there is, and its number where all of them fit."""
        if self.heat is None:
            return
        store, metrics = Fonts.of(self.font()), self.fontMetrics()
        lines = 1 + self._two_lines() + scale_lines(metrics, self.extent, self.note(), self.width())
        # In little room the map comes first: what the signs mean is in the tip, too.
        room = max(round(LEGEND * self.height()) // line_height(metrics) - lines, 1)
        self._explained = min(entry_lines(metrics, self._entries, self.width()), room)
        below = (lines + self._explained) * line_height(metrics) + 8
        edge = edge_room(self.signs, metrics, self._down)
        width = max(self.width() - 10 - (edge if self._down else 0), 24)
        height = max(self.height() - 8 - below - (0 if self._down else edge), 12)
        need = QSize(self._widest * store.of_mono.horizontalAdvance("0") + 14, store.of_mono.height() + 8)
        rows, columns = self.cells.rows, self.cells.columns
        self._cell = QSize()
        if self._widest and need.width() * columns <= width and need.height() * rows <= height:
            self._cell = QSize(
                min(max(width // columns, need.width()), max(need.width(), WIDEST)),
                min(max(height // rows, need.height()), max(need.height(), TALLEST)),
            )
        self.heat.fit(width, height, BLOCK)
        # Cells of whole pixels look best, but not where they would leave much of the room empty.
        wide, high = min(width, max(columns * BLOCK, 24)), min(height, max(rows * BLOCK, BLOCK))
        self.heat.width = wide if self.heat.width < ROOMY * wide else self.heat.width
        self.heat.height = high if self.heat.height < ROOMY * high else self.heat.height

    # --- painting ------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells, the signs at their edge, and the legend."""
        heat = self.heat
        if heat is None or self.look is None:
            return
        painter, body = QPainter(self), self.body()
        if self.shows_numbers:
            self._paint_numbers(painter)
        else:
            heat.paint(painter, body.topLeft())
        painter.setPen(QPen(QColor(theme.current().border), 1))
        painter.drawRect(body.adjusted(-1, -1, 0, 0))
        painter.setFont(self.font())
        paint_edge(painter, self.signs, body, self._down)
        if self.hasFocus() and not self.empty:
            paint_cursor(painter, self.rect_of(self.cursor_place), self.shows_numbers)
        self._paint_below(painter, body.bottom() + 8)
        painter.end()

    def _paint_below(self, painter: QPainter, y: int) -> None:
        """Paint the cell that is told in words, the scale, and what signs and patterns mean."""
        assert self.heat is not None
        metrics, width = painter.fontMetrics(), self.width()
        painter.setPen(QColor(theme.current().text))
        place = self._hover or self.cursor_place
        parts = self._told(place, full=False)
        for text in parts if self._two_lines() else (" · ".join(x for x in parts if x),):
            painter.drawText(LEFT, y + metrics.ascent(), shortened(text, metrics, width - 2 * LEFT))
            y += line_height(metrics)
        paint_scale(painter, self.heat, self.extent, self.note(), y, width)
        y += scale_lines(metrics, self.extent, self.note(), width) * line_height(metrics)
        paint_entries(painter, self._entries, y, width, self._explained)

    def _paint_numbers(self, painter: QPainter) -> None:
        assert self.look is not None
        store = Fonts.of(self.font())
        for place in _places(self.cells):
            x = float(self.look.blocks[place])
            paint_cell(painter, store, self.rect_of(place), self.short_of(place), x, self.extent, False)

    def tip_at(self, point: QPointF) -> str:
        """Return what is said of a point: the cell there; elsewhere what the legend explains, in full."""
        place = self.place_at(point)
        if place is not None:
            return self.text_of(place)
        return "\n".join((self.note(), *(f"{e.sign} {e.text}".strip() for e in self._entries))) if not self.empty else ""

    # --- the rest ------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the new room."""
        self._measure()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_widest"):
            self._measure()
            self.update()
        super().changeEvent(event)

    def say(self) -> None:
        """Have a screen reader know what is shown, and the cell that the arrows are at."""
        name = self.tr("heat map of {name}, {rows} by {columns}").format(
            name="{name}", rows=self.cells.rows, columns=self.cells.columns
        )
        self.setAccessibleName(name.replace("{name}", self._title))
        told = (self.text_of(self.cursor_place), self.note(), *(e.text for e in self._entries))
        self.describe(". ".join(x for x in told if x))


def extent_of(*looks: Look | None) -> float:
    """Return the magnitude of the strongest colour of heat maps that are to be compared."""
    return max((numbers.finite_extent(look.blocks) for look in looks if look is not None), default=0.0)


def _places(cells: TensorCells) -> list[Place]:
    return [(row, column) for row in range(cells.rows) for column in range(cells.columns)]
