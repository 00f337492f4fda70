"""Paints a grid. No cell is told apart by colour alone: patterns, words, corners and frames say it too."""

from __future__ import annotations

import math

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QPainter, QPen

from stepper import theme
from stepper.widgets import numbers
from stepper.widgets.grid import Cell, Grid


def paint_grid(painter: QPainter, grid: Grid, focused: bool) -> None:
    """Paint the title, the bars of the sizes, the cells and their marks."""
    _title(painter, grid)
    _bars(painter, grid)
    if grid.heat is not None:
        _heat(painter, grid)
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
    painter.setPen(QColor(t.text))
    painter.drawText(x, bold.ascent(), grid.name)
    painter.setFont(grid.fonts.small)
    painter.setPen(QColor(t.dim))
    painter.drawText(x + bold.horizontalAdvance(grid.name) + 8, bold.ascent(), grid.shape_text())


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
    t = theme.current()
    rect, text = grid.rect(cell), grid.text(cell)
    value = None if grid.array is None else float(grid.array[cell])
    strange = value is not None and not math.isfinite(value)
    painter.fillRect(rect, QColor(t.panel) if value is None else tint(value, grid.extent))
    painter.setFont(grid.fonts.mono)
    if strange and value is not None:
        painter.fillRect(rect, QBrush(QColor(t.error), pattern_of(value)))
        # The word stands on a clear ground, so that the pattern around it does not eat it.
        width = grid.fonts.of_mono.horizontalAdvance(text) + 6
        painter.fillRect(QRect(rect.center().x() - width // 2, rect.top() + 3, width, rect.height() - 6), QColor(t.panel))
    painter.setPen(QPen(QColor(t.border), 1))
    painter.drawRect(rect.adjusted(0, 0, -1, -1))
    painter.setPen(QColor(t.error if strange else t.dim if value is None else t.text))
    painter.drawText(rect.adjusted(2, 0, -2, 0), Qt.AlignmentFlag.AlignCenter, text)


def _heat(painter: QPainter, grid: Grid) -> None:
    t, body = theme.current(), grid.body()
    assert grid.heat is not None
    grid.heat.paint(painter, body.topLeft())
    painter.setPen(QPen(QColor(t.border), 1))
    painter.drawRect(body.adjusted(-1, -1, 0, 0))
    if grid.empty:
        return
    metrics = grid.fonts.of_small
    painter.setFont(grid.fonts.small)
    painter.setPen(QColor(t.text))
    cell = grid.index(*(grid.cursor if grid.hover is None else grid.hover))
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
        _frame(painter, grid, grid.rect(grid.selected))
    if focused and not grid.empty:
        inset = 3 if grid.heat is None else -4
        painter.setPen(QPen(QColor(t.text), 1, Qt.PenStyle.DotLine))
        painter.drawRect(grid.rect(grid.index(*grid.cursor)).adjusted(inset, inset, -inset - 1, -inset - 1))


def _frame(painter: QPainter, grid: Grid, rect: QRect) -> None:
    """Frame the selected cell: inside it where it is large, around it with a rim where it is a few pixels."""
    t = theme.current()
    if grid.heat is None:
        painter.setPen(QPen(QColor(t.selection), 3))
        painter.drawRect(rect.adjusted(1, 1, -2, -2))
        return
    painter.setPen(QPen(QColor(t.panel), 1))
    painter.drawRect(rect.adjusted(-4, -4, 3, 3))
    painter.setPen(QPen(QColor(t.selection), 2))
    painter.drawRect(rect.adjusted(-2, -2, 2, 2))
