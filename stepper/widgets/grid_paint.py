"""Paints a grid. No cell is told apart by colour alone: patterns, words, corners and frames say it too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QPainter, QPen, QPolygon

from stepper import theme
from stepper.models import mark_signs
from stepper.widgets import mark_paint, numbers
from stepper.widgets.grid import PENCIL, Cell, Fonts, Grid

if TYPE_CHECKING:
    from core.health.monitor import Mark


def paint_grid(painter: QPainter, grid: Grid, focused: bool) -> None:
    """Paint the title, the bars of the sizes, the cells and their marks."""
    _title(painter, grid)
    _bars(painter, grid)
    if grid.heat is not None:
        _heat(painter, grid, focused)
    else:
        for cell in _cells(grid):
            _cell(painter, grid, cell)
        painter.setPen(QPen(QColor(theme.current().border), 1))
        painter.drawRect(grid.body().adjusted(0, 0, -1, -1))
        if grid.note:
            metrics = grid.fonts.of_small
            painter.setFont(grid.fonts.small)
            painter.setPen(QColor(theme.current().dim))
            painter.drawText(grid.body().left(), grid.body().bottom() + 3 + metrics.ascent(), grid.note)
    _marks(painter, grid, focused)


def tint(value: object, extent: float) -> QColor:
    """Return the faint colour behind a number that is read: half of the full colour."""
    colour, ground = theme.diverging(float(value), extent), QColor(theme.current().panel)  # type: ignore[arg-type]
    return QColor.fromRgbF(
        (ground.redF() + colour.redF()) / 2, (ground.greenF() + colour.greenF()) / 2, (ground.blueF() + colour.blueF()) / 2
    )  # fmt: skip


def pattern_of(value: float) -> Qt.BrushStyle:
    """Return the pattern of a number that is none: NaN crossed, ∞ and −∞ hatched either way."""
    if math.isnan(value):
        return Qt.BrushStyle.DiagCrossPattern
    return Qt.BrushStyle.BDiagPattern if value > 0 else Qt.BrushStyle.FDiagPattern


def _cells(grid: Grid) -> list[Cell]:
    rows, columns = grid.size
    return [grid.index(row, column) for row in range(rows) for column in range(columns)]


def _title(painter: QPainter, grid: Grid) -> None:
    t, bold = theme.current(), grid.fonts.of_bold
    x = grid.body().left()
    painter.setFont(grid.fonts.bold)
    painter.setPen(QColor(t.dim if grid.stale else t.text))
    painter.drawText(x, bold.ascent(), grid.name)
    painter.setFont(grid.fonts.small)
    painter.setPen(QColor(t.dim))
    x += bold.horizontalAdvance(grid.name) + 8
    painter.drawText(x, bold.ascent(), grid.shape_text())
    x += grid.fonts.of_small.horizontalAdvance(grid.shape_text())
    if grid.edited is not None:
        painter.setPen(QColor(t.written))
        painter.drawText(x + grid.fonts.of_small.horizontalAdvance(" "), bold.ascent(), PENCIL)
        x += grid.fonts.of_small.horizontalAdvance(f" {PENCIL}")
    if grid.marks:
        mark_paint.paint_tags(painter, x + 6, bold.ascent(), grid.marks)


def _bars(painter: QPainter, grid: Grid) -> None:
    """Draw the size of each axis beside it, in the colour of that size."""
    if not grid.shape or grid.empty:
        return
    body = grid.body()
    rows, columns = grid.size
    _bar(painter, grid, QRect(body.left(), body.top() - grid.bar, body.width(), grid.bar), columns, 1)
    if len(grid.shape) >= 2:
        painter.save()
        painter.translate(body.left() - grid.bar, body.bottom() + 1)
        painter.rotate(-90)
        _bar(painter, grid, QRect(0, 0, body.height(), grid.bar), rows, 0)
        painter.restore()


def _bar(painter: QPainter, grid: Grid, rect: QRect, size: int, axis: int) -> None:
    clash = grid.clashes[axis]
    colour = QColor(theme.current().error if clash else grid.colours[axis] or theme.current().dim)
    font = QFont(grid.fonts.small)
    font.setBold(clash)
    metrics = QFontMetrics(font)
    label = grid.labels[axis] or str(size)
    if metrics.horizontalAdvance(label) > rect.width():
        label = str(size)
    label = f"✗ {label}" if clash else label
    painter.setFont(font)
    painter.setPen(QPen(colour, 3 if clash else 2 if grid.colours[axis] else 1))
    y, middle = rect.center().y() + 1, rect.center().x()
    half = metrics.horizontalAdvance(label) // 2 + 4
    if middle - half > rect.left() + 3:
        for a, b, end in ((rect.left() + 1, middle - half, rect.left() + 1), (middle + half, rect.right(), rect.right())):
            painter.drawLine(a, y, b, y)
            painter.drawLine(end, y - 3, end, y + 3)
    painter.drawText(rect.adjusted(-20, 0, 20, 0), Qt.AlignmentFlag.AlignCenter, label)


def _cell(painter: QPainter, grid: Grid, cell: Cell) -> None:
    value = None if grid.array is None or not grid.is_done(cell) else float(grid.array[cell])
    marks = grid.marks_at(cell) if grid.cell_marks and value is not None else ()
    paint_cell(painter, grid.fonts, grid.rect(cell), grid.text(cell), value, grid.extent, grid.stale, marks)


def paint_cell(
    painter: QPainter, fonts: Fonts, rect: QRect, text: str, value: float | None, extent: float, stale: bool,
    marks: Sequence[Mark] = (),
) -> None:  # fmt: skip
    """Paint a number on its colour, what is no number on its pattern; for None the place of one that is not there yet.

    What is `stale` is dotted and without a colour, and easy to read all the same. `marks` are those of this cell.
    """
    t = theme.current()
    strange = value is not None and not math.isfinite(value)
    painter.fillRect(rect, QColor(t.panel) if value is None or stale else tint(value, extent))
    if stale:
        painter.fillRect(rect, stale_brush())
    painter.setFont(fonts.mono)
    if strange and value is not None:
        painter.fillRect(rect, QBrush(QColor(t.error), pattern_of(value)))
    if strange or stale:
        # The word stands on a clear ground, so that the pattern around it does not eat it.
        width = fonts.of_mono.horizontalAdvance(text) + 6
        painter.fillRect(QRect(rect.center().x() - width // 2, rect.top() + 3, width, rect.height() - 6), QColor(t.panel))
    painter.setPen(QPen(QColor(t.border), 1))
    painter.drawRect(rect.adjusted(0, 0, -1, -1))
    painter.setPen(QColor(t.error if strange else t.dim if value is None or stale else t.text))
    beside = fonts.of_mono.horizontalAdvance(mark_signs.glyphs_of(marks)) if marks else 0
    left = mark_signs.STRIP if marks else 0
    painter.drawText(rect.adjusted(2 + left, 0, -2 - beside, 0), Qt.AlignmentFlag.AlignCenter, text)
    if marks:
        mark_paint.paint_at_cell(painter, rect, marks)


def stale_brush() -> QBrush:
    """Return the pattern of what is out of date: dots, as lines stand for NaN and ∞, and a level one would read as a minus."""
    return QBrush(QColor(theme.current().dim), Qt.BrushStyle.Dense6Pattern)


def corner(painter: QPainter, rect: QRect, size: int) -> None:
    """Mark a cell that was changed by hand: its lower right corner is turned over."""
    t = theme.current()
    x, y = rect.right(), rect.bottom()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(t.panel), 1))
    painter.setBrush(QColor(t.written))
    painter.drawPolygon(QPolygon([QPoint(x - size, y), QPoint(x, y - size), QPoint(x, y)]))
    painter.restore()


def _heat(painter: QPainter, grid: Grid, focused: bool) -> None:
    t, body = theme.current(), grid.body()
    assert grid.heat is not None
    grid.heat.paint(painter, body.topLeft())
    if grid.stale:
        painter.fillRect(body, stale_brush())
    painter.setPen(QPen(QColor(t.border), 1))
    painter.drawRect(body.adjusted(-1, -1, 0, 0))
    if grid.empty:
        return
    metrics = grid.fonts.of_small
    painter.setFont(grid.fonts.small)
    painter.setPen(QColor(t.text))
    cell = grid.index(*(grid.cursor if grid.hover is None else grid.hover))
    if grid.hover is None and not focused and grid.selected is None and len(grid.sources):
        cell = next(iter(grid.sources))  # of the cells that are marked, rather than of one that nobody asked about
    y = body.bottom() + 5
    painter.drawText(body.left(), y + metrics.ascent(), f"[{', '.join(str(i) for i in cell)}] {grid.text(cell)}")
    legend = QRect(body.left(), y + metrics.height() + 2, 90, metrics.height())
    grid.heat.paint_legend(painter, legend, numbers.short(grid.extent, 2), grid.note)


def _marks(painter: QPainter, grid: Grid, focused: bool) -> None:
    t = theme.current()
    if grid.sources:
        painter.setPen(QPen(QColor(t.read), 2))
        if grid.heat is not None:
            block = grid.source_block()
            if block is not None:
                painter.drawRect(block.adjusted(-2, -2, 1, 1))
        else:
            for cell in _cells(grid):
                if cell in grid.sources:
                    rect = grid.rect(cell)
                    painter.drawRect(rect.adjusted(1, 1, -2, -2))
                    painter.fillRect(QRect(rect.left() + 1, rect.top() + 1, 6, 6), QColor(t.read))
    if grid.selected is not None and len(grid.selected) == len(grid.shape) and not grid.empty:
        paint_frame(painter, grid.rect(grid.selected), grid.heat is None)
    if focused and not grid.empty:
        paint_cursor(painter, grid.rect(grid.index(*grid.cursor)), grid.heat is None)
    _edits(painter, grid)  # last, so that no frame hides them


def _edits(painter: QPainter, grid: Grid) -> None:
    for cell in grid.edited or ():
        if len(cell) == len(grid.shape) and grid.index(*grid.place(cell)) == cell:
            rect = grid.rect(cell)
            # Where a cell is a few pixels, the mark stands around it.
            corner(painter, rect if grid.heat is None else rect.adjusted(0, 0, 3, 3), 7)
    if grid.edited is not None and not grid.edited and not grid.empty:
        corner(painter, grid.body(), 10)


def paint_cursor(painter: QPainter, rect: QRect, large: bool) -> None:
    """Show where the keyboard is: a dotted frame, around a cell that is only a few pixels."""
    inset = 3 if large else -4
    painter.setPen(QPen(QColor(theme.current().text), 1, Qt.PenStyle.DotLine))
    painter.drawRect(rect.adjusted(inset, inset, -inset - 1, -inset - 1))


def paint_frame(painter: QPainter, rect: QRect, large: bool) -> None:
    """Frame the selected cell: inside it where it is large, around it with a rim where it is a few pixels."""
    t = theme.current()
    if large:
        painter.setPen(QPen(QColor(t.selection), 3))
        painter.drawRect(rect.adjusted(1, 1, -2, -2))
        return
    painter.setPen(QPen(QColor(t.panel), 1))
    painter.drawRect(rect.adjusted(-4, -4, 3, 3))
    painter.setPen(QPen(QColor(t.selection), 2))
    painter.drawRect(rect.adjusted(-2, -2, 2, 2))
