"""What can be pointed at in the picture of a network, and the grid that the cells of a heat map stand in."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF


class Item(NamedTuple):
    """One thing that can be pointed at: `unit` of a `layer` (0 is the input), `weight`, `bias` or `loss`;
    `closed` is a box of layers that are not stepped, `unit` is its place from above.

    A weight matrix drawn as one block has `source` −1 where no single weight is meant. In a picture of all
    samples `sample` says which of the batch is meant, −1 none in particular.
    """

    kind: str
    layer: int
    unit: int = 0
    source: int = 0
    sample: int = -1


class Heat(NamedTuple):
    """A heat map in the picture: where it stands, and its rows and columns of cells."""

    rect: QRectF
    rows: int
    columns: int

    def cell(self, row: int, column: int) -> QRectF:
        """Return the place of a cell."""
        w, h = self.rect.width() / self.columns, self.rect.height() / self.rows
        return QRectF(self.rect.left() + column * w, self.rect.top() + row * h, w, h)

    def at(self, p: QPointF) -> tuple[int, int]:
        """Return the row and column nearest to a point."""
        row = int((p.y() - self.rect.top()) / self.rect.height() * self.rows)
        column = int((p.x() - self.rect.left()) / self.rect.width() * self.columns)
        return min(self.rows - 1, max(0, row)), min(self.columns - 1, max(0, column))
