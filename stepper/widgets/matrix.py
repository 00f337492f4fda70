"""One named array: its numbers in a grid, or a heat map where there are too many to read."""

from __future__ import annotations

import math
from collections.abc import Set
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QBrush,
    QColor,
    QFocusEvent,
    QFont,
    QFontDatabase,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.program.ir import Array
from stepper import theme
from stepper.widgets import numbers
from stepper.widgets.heat import Heat
from stepper.widgets.tips import plain

MOST_ROWS = 12
MOST_COLUMNS = 8
HEAT_WIDTH = 320
HEAT_HEIGHT = 160
BAR = 17
GAP = 4
Cell = tuple[int, ...]
KEYS = {
    Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1),
}  # fmt: skip


class MatrixWidget(QWidget):
    """Draws an array of 0, 1 or 2 axes (of more: the first slice). A cell is chosen by click, Enter or Space.

    `cell_clicked` carries the index of a cell of the array as it is shown here.
    """

    cell_clicked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._shape: tuple[int, ...] = ()
        self._array: Array | None = None
        self._colours = ("", "")
        self._labels = ("", "")
        self._selected: Cell | None = None
        self._sources: Set[Cell] = frozenset()
        self._cursor = (0, 0)
        self._hover: tuple[int, int] | None = None
        self._extent = 0.0
        self._heat: Heat | None = None
        self._cell = QSize(40, 22)
        self._mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self._mono.setPointSizeF(max(7.5, self.font().pointSizeF() - 0.5))
        self._small = QFont(self.font())
        self._small.setPointSizeF(max(7.5, self.font().pointSizeF() - 1.5))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    # --- what to show ---------------------------------------------------------------------------

    def set_matrix(
        self, name: str, array: Array | None, *, shape: tuple[int, ...] | None = None, row_colour: str = "",
        column_colour: str = "", row_label: str = "", column_label: str = "", extent: float | None = None,
    ) -> None:  # fmt: skip
        """Show an array, or, for None, the places of one that is not computed yet.

        `shape` is needed only where `array` is None. The colours mark sizes that are equal elsewhere; the
        labels stand in place of the sizes (`4 samples`). `extent` is the magnitude of the strongest colour;
        without it, the largest finite one of the array.
        """
        self._name, self._array = name, array
        self._shape = tuple(array.shape) if array is not None else tuple(shape or ())
        self._colours, self._labels = (row_colour, column_colour), (row_label, column_label)
        self._extent = extent if extent is not None else 0.0 if array is None else numbers.finite_extent(array)
        self._selected, self._sources, self._hover = None, frozenset(), None
        rows, columns = self.grid()
        self._cursor = (min(self._cursor[0], max(rows - 1, 0)), min(self._cursor[1], max(columns - 1, 0)))
        shown = self._shown()
        self._heat = None
        if rows > MOST_ROWS or columns > MOST_COLUMNS:
            self._heat = Heat(rows, columns, shown, self._extent, HEAT_WIDTH, HEAT_HEIGHT)
        else:
            self._cell = self._cell_size(shown)
        self._say()
        self.updateGeometry()
        self.resize(self.sizeHint())
        self.update()

    def set_selected(self, cell: Cell | None) -> None:
        """Frame one cell."""
        self._selected = cell
        if cell is not None and len(cell) == len(self._shape):
            self._cursor = self._place(cell)
        self._say()
        self.update()

    def set_highlighted(self, cells: Set[Cell]) -> None:
        """Mark the cells that something came from, with a corner and a frame as well as a colour."""
        self._sources = cells
        self.update()

    @property
    def name(self) -> str:
        """The name that is shown."""
        return self._name

    @property
    def array(self) -> Array | None:
        """The array that is shown."""
        return self._array

    @property
    def selected(self) -> Cell | None:
        """The framed cell."""
        return self._selected

    @property
    def highlighted(self) -> Set[Cell]:
        """The marked cells."""
        return self._sources

    @property
    def is_heat_map(self) -> bool:
        """Whether the array is drawn as colours rather than numbers."""
        return self._heat is not None

    def grid(self) -> tuple[int, int]:
        """Return the rows and columns that are drawn; a vector is one row."""
        if not self._shape:
            return 1, 1
        return (1, self._shape[0]) if len(self._shape) == 1 else (self._shape[-2], self._shape[-1])

    def text_of(self, cell: Cell) -> str:
        """Return the short text of a cell, a dot for one that is not computed yet."""
        return "·" if self._array is None else numbers.short(self._array[cell])

    def cell_text(self, cell: Cell) -> str:
        """Return a cell in full: `W1[0, 2] = 0.30000000000000004`."""
        where = f"{self._name}[{', '.join(str(i) for i in cell)}]" if cell else self._name
        return f"{where} = {'…' if self._array is None else numbers.full(self._array[cell])}"

    # --- geometry -------------------------------------------------------------------------------

    def body(self) -> QRect:
        """Return where the cells are drawn."""
        rows, columns = self.grid()
        title = QFontMetrics(self.font()).height() + GAP
        top = title + (BAR if self._has_bars() and len(self._shape) >= 1 else 0)
        left = BAR if self._has_bars() and len(self._shape) >= 2 else 2
        if self._heat is not None:
            return QRect(left, top, self._heat.width, self._heat.height)
        return QRect(left, top, columns * self._cell.width(), rows * self._cell.height())

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size that shows everything."""
        body = self.body()
        title = self._title_width()
        below = 0
        width = max(body.right() + 4, title)
        if self._heat is not None:
            small = QFontMetrics(self._small)
            below = 2 * small.height() + 10
            legend = self._heat.legend_width(small, numbers.short(self._extent, 2), self._bad_note())
            width = max(width, body.left() + legend, body.left() + small.horizontalAdvance("[000, 000] −0.000e−00"))
        elif len(self._shape) > 2:
            below = QFontMetrics(self._small).height() + 4
            width = max(width, QFontMetrics(self._small).horizontalAdvance(self._note()) + 4)
        return QSize(width, body.bottom() + 3 + below)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Nothing is cut off; the panel scrolls instead."""
        return self.sizeHint()

    def cell_rect(self, cell: Cell) -> QRect:
        """Return where a cell is drawn."""
        row, column = self._place(cell)
        body = self.body()
        if self._heat is not None:
            return self._heat.rect(row, column).translated(body.topLeft())
        w, h = self._cell.width(), self._cell.height()
        return QRect(body.left() + column * w, body.top() + row * h, w, h)

    def cell_at(self, point: QPointF) -> Cell | None:
        """Return the cell under a point."""
        at = self._grid_at(point)
        return None if at is None else self._index(*at)

    def _grid_at(self, point: QPointF) -> tuple[int, int] | None:
        body = self.body()
        rows, columns = self.grid()
        if not QRectF(body).contains(point) or not rows or not columns:
            return None
        row = int((point.y() - body.top()) * rows / body.height())
        column = int((point.x() - body.left()) * columns / body.width())
        return min(row, rows - 1), min(column, columns - 1)

    def _index(self, row: int, column: int) -> Cell:
        if not self._shape:
            return ()
        if len(self._shape) == 1:
            return (column,)
        return (*(0 for _ in self._shape[:-2]), row, column)

    def _place(self, cell: Cell) -> tuple[int, int]:
        return (0, 0) if not cell else (0, cell[0]) if len(cell) == 1 else (cell[-2], cell[-1])

    def _shown(self) -> Array | None:
        if self._array is None:
            return None
        plane = self._array[tuple(0 for _ in self._shape[:-2])] if len(self._shape) > 2 and 0 not in self._shape[:-2] else self._array
        return np.reshape(plane, self.grid())

    def _cell_size(self, shown: Array | None) -> QSize:
        metrics = QFontMetrics(self._mono)
        widest = 0 if shown is None else max((len(numbers.short(x)) for x in shown.flat), default=0)
        width = max(6 if shown is not None else 4, widest) * metrics.horizontalAdvance("0") + 10
        return QSize(width, metrics.height() + 8)

    def _has_bars(self) -> bool:
        return bool(self._shape)

    def _shape_text(self) -> str:
        return numbers.size_text(self._shape) if self._shape else ""

    def _title_width(self) -> int:
        bold = QFont(self.font())
        bold.setBold(True)
        return QFontMetrics(bold).horizontalAdvance(self._name) + 8 + QFontMetrics(self._small).horizontalAdvance(self._shape_text()) + 4

    def _note(self) -> str:
        inside = ", ".join(["0"] * (len(self._shape) - 2) + [":", ":"])
        return self.tr("only the slice [{slice}] is shown").format(slice=inside)

    # --- painting -------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the title, the bars of the sizes and the cells."""
        painter = QPainter(self)
        self._paint_title(painter)
        self._paint_bars(painter)
        if self._heat is not None:
            self._paint_heat(painter)
        else:
            for row in range(self.grid()[0]):
                for column in range(self.grid()[1]):
                    self._paint_cell(painter, self._index(row, column))
            painter.setPen(QPen(QColor(theme.current().border), 1))
            painter.drawRect(self.body().adjusted(0, 0, -1, -1))
        self._paint_marks(painter)
        if len(self._shape) > 2 and self._heat is None:
            painter.setFont(self._small)
            painter.setPen(QColor(theme.current().dim))
            painter.drawText(self.body().left(), self.height() - QFontMetrics(self._small).descent() - 1, self._note())
        painter.end()

    def _paint_title(self, painter: QPainter) -> None:
        t = theme.current()
        bold = QFont(self.font())
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(QColor(t.text))
        ascent = QFontMetrics(bold).ascent()
        x = self.body().left()
        painter.drawText(x, ascent, self._name)
        x += QFontMetrics(bold).horizontalAdvance(self._name) + 8
        painter.setFont(self._small)
        painter.setPen(QColor(t.dim))
        painter.drawText(x, ascent, self._shape_text())

    def _paint_bars(self, painter: QPainter) -> None:
        """Draw the size of each axis beside it, in the colour of that size."""
        if not self._shape or 0 in self._shape:
            return
        body = self.body()
        rows, columns = self.grid()
        self._bar(painter, QRect(body.left(), body.top() - BAR, body.width(), BAR), columns, 1)
        if len(self._shape) >= 2:
            painter.save()
            painter.translate(body.left() - BAR, body.bottom() + 1)
            painter.rotate(-90)
            self._bar(painter, QRect(0, 0, body.height(), BAR), rows, 0)
            painter.restore()

    def _bar(self, painter: QPainter, rect: QRect, size: int, axis: int) -> None:
        colour = QColor(self._colours[axis] or theme.current().dim)
        metrics = QFontMetrics(self._small)
        label = self._labels[axis] or str(size)
        if metrics.horizontalAdvance(label) > rect.width():
            label = str(size)
        painter.setFont(self._small)
        painter.setPen(QPen(colour, 2 if self._colours[axis] else 1))
        y = rect.center().y() + 1
        half = metrics.horizontalAdvance(label) // 2 + 4
        middle = rect.center().x()
        if middle - half > rect.left() + 3:
            for a, b, end in ((rect.left() + 1, middle - half, rect.left() + 1), (middle + half, rect.right(), rect.right())):
                painter.drawLine(a, y, b, y)
                painter.drawLine(end, y - 3, end, y + 3)
        painter.drawText(rect.adjusted(-20, 0, 20, 0), Qt.AlignmentFlag.AlignCenter, label)

    def _paint_cell(self, painter: QPainter, cell: Cell) -> None:
        t = theme.current()
        rect = self.cell_rect(cell)
        if self._array is None:
            painter.fillRect(rect, QColor(t.panel))
        else:
            value = self._array[cell]
            painter.fillRect(rect, tint(value, self._extent))
            if not math.isfinite(float(value)):
                painter.fillRect(rect, QBrush(QColor(t.error), pattern_of(float(value))))
        painter.setPen(QPen(QColor(t.border), 1))
        painter.drawRect(rect.adjusted(0, 0, -1, -1))
        text = self.text_of(cell)
        painter.setFont(self._mono)
        if self._array is not None and not math.isfinite(float(self._array[cell])):
            # The word stands on a clear ground, so that the pattern around it does not eat it.
            width = QFontMetrics(self._mono).horizontalAdvance(text) + 6
            painter.fillRect(QRect(rect.center().x() - width // 2, rect.top() + 3, width, rect.height() - 6), QColor(t.panel))
            painter.setPen(QColor(t.error))
        else:
            painter.setPen(QColor(t.text if self._array is not None else t.dim))
        painter.drawText(rect.adjusted(2, 0, -2, 0), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_heat(self, painter: QPainter) -> None:
        t = theme.current()
        body = self.body()
        assert self._heat is not None
        self._heat.paint(painter, body.topLeft())
        painter.setPen(QPen(QColor(t.border), 1))
        painter.drawRect(body.adjusted(-1, -1, 0, 0))
        metrics = QFontMetrics(self._small)
        y = body.bottom() + 5
        painter.setFont(self._small)
        painter.setPen(QColor(t.text))
        at = self._hover if self._hover is not None else self._cursor
        cell = self._index(*at)
        where = f"[{', '.join(str(i) for i in cell)}]"
        painter.drawText(body.left(), y + metrics.ascent(), f"{where} {self.text_of(cell)}")
        y += metrics.height() + 2
        self._heat.paint_legend(painter, QRect(body.left(), y, 90, metrics.height()), numbers.short(self._extent, 2), self._bad_note())

    def _bad_note(self) -> str:
        if self._heat is None or not self._heat.bad:
            return self._note() if len(self._shape) > 2 else ""
        return "▨ " + "  ".join(self.tr("{n} × {sign}").format(n=n, sign=sign) for sign, n in self._heat.bad.items())

    def _paint_marks(self, painter: QPainter) -> None:
        t = theme.current()
        if self._heat is not None:
            self._paint_source_block(painter)
        else:
            painter.setPen(QPen(QColor(t.read), 2))
            for row in range(self.grid()[0]):
                for column in range(self.grid()[1]):
                    cell = self._index(row, column)
                    if cell in self._sources:
                        rect = self.cell_rect(cell)
                        painter.drawRect(rect.adjusted(1, 1, -2, -2))
                        corner = rect.topLeft()
                        painter.fillRect(QRect(corner.x() + 1, corner.y() + 1, 6, 6), QColor(t.read))
        if self._selected is not None and len(self._selected) == len(self._shape):
            self._frame(painter, self.cell_rect(self._selected))
        if self.hasFocus() and 0 not in self._shape:
            rect = self.cell_rect(self._index(*self._cursor))
            inset = 3 if self._heat is None else -4
            painter.setPen(QPen(QColor(t.text), 1, Qt.PenStyle.DotLine))
            painter.drawRect(rect.adjusted(inset, inset, -inset - 1, -inset - 1))

    def _frame(self, painter: QPainter, rect: QRect) -> None:
        """Frame the selected cell: inside it where it is large, around it with a rim where it is a few pixels."""
        t = theme.current()
        if self._heat is None:
            painter.setPen(QPen(QColor(t.selection), 3))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))
            return
        painter.setPen(QPen(QColor(t.panel), 1))
        painter.drawRect(rect.adjusted(-4, -4, 3, 3))
        painter.setPen(QPen(QColor(t.selection), 2))
        painter.drawRect(rect.adjusted(-2, -2, 2, 2))

    def _paint_source_block(self, painter: QPainter) -> None:
        axes: Any = getattr(self._sources, "axes", None)
        if axes is None and self._sources:
            cells = list(self._sources)
            axes = tuple(range(min(c[i] for c in cells), max(c[i] for c in cells) + 1) for i in range(len(self._shape)))
        if axes is None or len(axes) != len(self._shape) or not len(self._sources) or not axes:
            return
        first = self.cell_rect(tuple(r[0] for r in axes))
        last = self.cell_rect(tuple(r[-1] for r in axes))
        painter.setPen(QPen(QColor(theme.current().read), 2))
        painter.drawRect(first.united(last).adjusted(-2, -2, 1, 1))

    # --- what a person does ---------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrows move, Enter and Space choose."""
        key = Qt.Key(event.key())
        rows, columns = self.grid()
        if key in KEYS and rows and columns:
            down, right = KEYS[key]
            self._cursor = (min(max(self._cursor[0] + down, 0), rows - 1), min(max(self._cursor[1] + right, 0), columns - 1))
            self._hover = None
            self._say()
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and rows and columns:
            self.cell_clicked.emit(self._index(*self._cursor))
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose the cell under the mouse."""
        at = self._grid_at(event.position())
        if at is not None and event.button() == Qt.MouseButton.LeftButton:
            self._cursor = at
            self._say()
            self.update()
            self.cell_clicked.emit(self._index(*at))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Tell in a heat map which cell the mouse is over."""
        self._hover = self._grid_at(event.position())
        if self._heat is not None:
            self.update()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Forget where the mouse was."""
        self._hover = None
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Show the cursor."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Hide the cursor."""
        self.update()

    def event(self, event: QEvent) -> bool:
        """Show a cell's number in full, as plain text."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self.cell_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if cell is None else plain(self.cell_text(cell)), self)
            return True
        return super().event(event)

    def _say(self) -> None:
        sizes = self.tr(" by ").join(str(n) for n in self._shape) if self._shape else self.tr("a single number")
        self.setAccessibleName(self.tr("{name}, {sizes}").format(name=self._name, sizes=sizes))
        cell = self._selected if self._selected is not None else self._index(*self._cursor)
        description = "" if 0 in self._shape or len(cell) != len(self._shape) else self.cell_text(self._index(*self._cursor))
        if description != self.accessibleDescription():
            self.setAccessibleDescription(description)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))


def tint(value: object, extent: float) -> QColor:
    """Return the faint colour behind a number that is read: at most half of the full colour."""
    colour = theme.diverging(float(value), extent)  # type: ignore[arg-type]
    zero = QColor(theme.current().panel)
    part = 0.5
    return QColor.fromRgbF(
        zero.redF() + (colour.redF() - zero.redF()) * part,
        zero.greenF() + (colour.greenF() - zero.greenF()) * part,
        zero.blueF() + (colour.blueF() - zero.blueF()) * part,
    )


def pattern_of(value: float) -> Qt.BrushStyle:
    """Return the pattern of a number that is none: NaN crossed, ∞ and −∞ hatched either way."""
    if math.isnan(value):
        return Qt.BrushStyle.DiagCrossPattern
    return Qt.BrushStyle.BDiagPattern if value > 0 else Qt.BrushStyle.FDiagPattern
