"""The picture of an array that is too large to read as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QImage, QLinearGradient, QPainter

from core.program.ir import Array
from stepper import theme
from stepper.widgets import shades
from stepper.widgets.blocks import blocks, spread, widened
from stepper.widgets.mark_overlay import layers_of, overlay

if TYPE_CHECKING:
    from core.health.monitor import Mark

LEVELS = 64
HATCH = 5
SEEN = 5


class Heat:
    """Cells as coloured pixels or blocks, in the room that `fit` gives.

    Where several cells share a pixel, the one of largest magnitude is shown; NaN and ∞ are hatched, and never smaller
    than can be seen. Of an array that is worked out cell by cell, the first `done` are shown, in C order.
    `marks` are what health rules say of these cells, see `mark_overlay`.
    """

    def __init__(
        self, rows: int, columns: int, shown: Array | None, extent: float, done: int | None = None, marks: Sequence[Mark] = ()
    ) -> None:
        self.rows, self.columns = rows, columns
        self.marks = tuple(marks)
        self._over: tuple[tuple[str, int, int], QImage] | None = None
        self._done = rows * columns if done is None else done
        if shown is not None and self._done < rows * columns:  # what is not worked out yet must not be told
            shown = np.where(np.arange(rows * columns).reshape(rows, columns) < self._done, shown, 0)
        self.width = self.height = 0
        self.bad: dict[str, int] = {}
        self._shown, self._extent = shown, extent
        self._made: tuple[str, int, int] | None = None
        self._image: QImage | None = None
        if shown is not None and shown.size:
            counts = (
                {"NaN": np.isnan(shown), "∞": np.isposinf(shown), "−∞": np.isneginf(shown)} if shown.dtype.kind == "f" else {}
            )
            self.bad = {sign: n for sign, where in counts.items() if (n := int(np.count_nonzero(where)))}

    def fit(self, most_width: int, most_height: int, block: int) -> None:
        """Use at most so many pixels in all, and at most `block` a cell."""
        rows, columns = self.rows, self.columns
        self.width = min(most_width, max(columns * block, 24)) if columns else 24
        self.height = min(most_height, max(rows * block, block)) if rows else block
        self.width -= self.width % columns if columns and columns <= self.width else 0
        self.height -= self.height % rows if rows and rows <= self.height else 0

    @property
    def flat(self) -> str:
        """What all cells are, where that is one and the same finite number and so no colours can be told apart."""
        if self._shown is None or not self._shown.size or self._extent > 0 or self.bad:
            return ""
        return "false" if self._shown.dtype.kind == "b" else "0"

    def rect(self, row: int, column: int) -> QRect:
        """Return where a cell is drawn, at least 3 pixels wide and high so that a frame can be seen."""
        x0, x1 = column * self.width // max(self.columns, 1), (column + 1) * self.width // max(self.columns, 1)
        y0, y1 = row * self.height // max(self.rows, 1), (row + 1) * self.height // max(self.rows, 1)
        return QRect(x0, y0, max(x1 - x0, 3), max(y1 - y0, 3))

    def paint(self, painter: QPainter, at: QPoint) -> None:
        """Paint the picture."""
        t = theme.current()
        if self._shown is None or not self._shown.size:
            painter.fillRect(
                QRect(at, QRect(0, 0, self.width, self.height).size()), QBrush(QColor(t.border), Qt.BrushStyle.Dense6Pattern)
            )
            return
        if self._image is None or self._made != (t.key, self.width, self.height):
            self._make()
        assert self._image is not None
        painter.drawImage(at, self._image)
        if self.marks:
            painter.drawImage(at, self._overlay())

    def _overlay(self) -> QImage:
        key = (theme.current().key, self.width, self.height)
        if self._over is None or self._over[0] != key:
            self._over = (key, overlay(layers_of(self.marks), self.width, self.height))
        return self._over[1]

    def legend_width(self, metrics: QFontMetrics, largest: str, note: str) -> int:
        """Return how wide the legend is."""
        return 85 + 2 * metrics.horizontalAdvance(f"−{largest}") + metrics.horizontalAdvance(note)

    def paint_legend(self, painter: QPainter, rect: QRect, largest: str, note: str) -> None:
        """Paint the scale from −largest over zero to +largest, and a note beside it."""
        t = theme.current()
        metrics = painter.fontMetrics()
        painter.setPen(QColor(t.dim))
        if self._shown is None:
            return
        if not self._extent > 0:
            painter.setPen(QColor(t.error if self.bad else t.dim))
            painter.drawText(rect.left(), rect.top() + metrics.ascent(), note)
            return
        left = f"−{largest}"
        x = rect.left()
        painter.drawText(x, rect.top() + metrics.ascent(), left)
        x += metrics.horizontalAdvance(left) + 4
        bar = QRect(x, rect.top() + 3, 60, max(rect.height() - 6, 4))
        gradient = QLinearGradient(bar.left(), 0, bar.right(), 0)
        for stop, value in ((0.0, -1.0), (0.5, 0.0), (1.0, 1.0)):
            gradient.setColorAt(stop, theme.diverging(value, 1.0))
        painter.fillRect(bar, gradient)
        painter.drawRect(bar)
        x = bar.right() + 5
        painter.drawText(x, rect.top() + metrics.ascent(), largest)
        if note:
            painter.setPen(QColor(t.error if self.bad else t.dim))
            painter.drawText(x + metrics.horizontalAdvance(largest) + 10, rect.top() + metrics.ascent(), note)

    def _make(self) -> None:
        t = theme.current()
        self._made = (t.key, self.width, self.height)
        assert self._shown is not None
        with np.errstate(all="ignore"):
            picked, bad = strongest(
                np.asarray(self._shown, dtype=float), min(self.rows, self.height), min(self.columns, self.width)
            )
            share = picked / self._extent if self._extent > 0 else np.zeros_like(picked)
        steps = np.rint(np.clip(np.nan_to_num(share), -1, 1) * LEVELS).astype(int) + LEVELS
        # One pixel of the image is one of the screen, so that the hatching is as fine in large blocks as in small ones.
        pixels = spread(shades.table(LEVELS)[steps], self.height, self.width)
        if bad.any():
            kind = widened(
                spread(bad, self.height, self.width),
                max(SEEN - self.width // steps.shape[1], 0),
                max(SEEN - self.height // len(steps), 0),
            )
            at = np.nonzero(kind)
            lines = ((kind[at] & 1) > 0) & ((at[1] - at[0]) % HATCH == 0) | ((kind[at] & 2) > 0) & ((at[1] + at[0]) % HATCH == 0)
            pixels[at] = np.where(lines, QColor(t.panel).rgb(), QColor(t.error).rgb())
        if self._done < self.rows * self.columns:
            y, x = np.arange(self.height)[:, None], np.arange(self.width)[None, :]
            first = (y * self.rows // self.height) * self.columns + x * self.columns // self.width
            dots = np.where((x % 4 == 0) & (y % 4 == 0), QColor(t.dim).rgb(), QColor(t.panel).rgb())
            pixels = np.where(first < self._done, pixels, dots)
        data = np.ascontiguousarray(pixels, dtype=np.uint32).tobytes()
        self._image = QImage(data, self.width, self.height, 4 * self.width, QImage.Format.Format_RGB32).copy()


def strongest(shown: Array, height: int, width: int) -> tuple[Array, Array]:
    """Return for each of `height` × `width` blocks its finite number of largest magnitude, and what else it holds.

    The second array has 3 where a block holds a NaN, 2 for ∞, 1 for −∞, else 0: the hatchings, as bits.
    """
    finite = np.isfinite(shown)
    if finite.all():  # nearly always, and then much is saved
        bad, clean = np.zeros((1, 1), dtype=np.uint8), shown
    else:
        bad = np.where(np.isnan(shown), 3, np.where(np.isposinf(shown), 2, np.where(np.isneginf(shown), 1, 0))).astype(np.uint8)
        clean = np.where(finite, shown, 0.0)
    high, low = blocks(clean, height, width, np.maximum), blocks(clean, height, width, np.minimum)
    picked = np.where(high >= -low, high, low)
    return picked, blocks(bad, height, width, np.maximum) if bad.shape == shown.shape else np.zeros(picked.shape, dtype=np.uint8)
