"""The marks of a heat map: patterns over its colours, never smaller than can be seen, never averaged away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtGui import QBrush, QColor, QImage

from core.program.ir import Array
from stepper import theme
from stepper.models.mark_signs import ink, short_glyph
from stepper.widgets.blocks import blocks, spread, widened

if TYPE_CHECKING:
    from core.health.monitor import Mark

SEEN, FRAMED = 5, 7
"""The least width and height of a mark in pixels, among many and among few; every pattern repeats within the first."""
MANY = 0.3
"""Where marks take more than this share of the picture they are lines that let the colours through."""
TILE = 20
Lines = Callable[[Array, Array], Array]


def _vertical(y: Array, x: Array) -> Array:
    return (x % 4 == 1) & (y >= 0)


def _horizontal(y: Array, x: Array) -> Array:
    return (y % 4 == 1) & (x >= 0)


def _rising(y: Array, x: Array) -> Array:
    return (x + y) % 4 == 0


def _falling(y: Array, x: Array) -> Array:
    return (x - y) % 5 == 0


def _dots(y: Array, x: Array) -> Array:
    return (x % 4 < 2) & (y % 4 < 2)


def _grid(y: Array, x: Array) -> Array:
    return (x % 5 == 1) | (y % 5 == 1)


def _crosses(y: Array, x: Array) -> Array:
    return ((x + y) % 5 == 0) | ((x - y) % 5 == 0)


PATTERNS: Mapping[str, Lines] = {"▥": _vertical, "⊘": _horizontal, "◬": _rising, "≈": _dots, "≡": _grid, "₀": _falling}


class Layer(NamedTuple):
    """Cells of a rectangle that get the pattern of a glyph in a colour."""

    glyph: str
    colour: str
    mask: Array


def layers_of(marks: Sequence[Mark]) -> list[Layer]:
    """Return marks, all with a mask of two axes, as layers, the strongest first as they are."""
    return [Layer(short_glyph(m), ink(m.severity), np.asarray(m.mask)) for m in marks]


def lines_of(glyph: str, height: int, width: int) -> Array:
    """Return where the lines of the pattern of a glyph are in a picture."""
    y, x = np.arange(height)[:, None], np.arange(width)[None, :]
    return PATTERNS.get(glyph, _crosses)(y, x)


def brush(mark: Mark) -> QBrush:
    """Return the pattern of a mark in its ink on the ground of a panel."""
    return pattern(short_glyph(mark), ink(mark.severity))


def pattern(glyph: str, colour: str) -> QBrush:
    """Return the pattern of a glyph in a colour on the ground of a panel."""
    return QBrush(_tile(glyph, theme.current().panel, colour))


def overlay(layers: Sequence[Layer], width: int, height: int) -> QImage:
    """Return a picture of `width` × `height` pixels of the marks of a rectangle of cells, clear where there is none.

    Few marks are framed boxes; of many there are only the lines, with a light edge, so that the colours below are seen.
    The first layer is on top. What was drawn lately is kept: from step to step most marks stay.
    """
    told = tuple((x.glyph, x.colour, x.mask.shape, np.ascontiguousarray(x.mask, dtype=bool).tobytes()) for x in layers)
    return _drawn(told, width, height, QColor(theme.current().panel).rgba())


@lru_cache(maxsize=128)
def _drawn(told: tuple[tuple[str, str, tuple[int, ...], bytes], ...], width: int, height: int, ground: int) -> QImage:
    pixels = np.zeros((height, width), dtype=np.uint32)
    for glyph, ink_, shape, cells in reversed(told):
        mask = np.frombuffer(cells, dtype=bool).reshape(shape)
        colour = QColor(ink_).rgba()
        small = blocks(mask, min(mask.shape[0], height), min(mask.shape[1], width), np.logical_or)
        where = _seen(small, height, width, FRAMED)
        lines = lines_of(glyph, height + 1, width + 1)
        on, beside = lines[:height, :width], lines[1:, 1:] | lines[:height, 1:]
        if np.count_nonzero(where) > MANY * where.size:
            where = _seen(small, height, width, SEEN)
            pixels[where & beside & ~on] = ground
        else:
            pixels[where] = ground
            on = on | _rim(where)
        pixels[where & on] = colour
    data = np.ascontiguousarray(pixels).tobytes()
    return QImage(data, width, height, 4 * width, QImage.Format.Format_ARGB32).copy()


def _seen(small: Array, height: int, width: int, least: int) -> Array:
    """Return where marks are in the picture, none of them narrower or lower than so many pixels."""
    across, down = least - width // small.shape[1], least - height // small.shape[0]
    return widened(spread(small, height, width).astype(np.uint8), max(across, 0), max(down, 0)) > 0


def _rim(where: Array) -> Array:
    """Return the pixels of an area that have one beside them that is not of it."""
    padded = np.pad(where, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return where & ~inner


@lru_cache(maxsize=64)
def _tile(glyph: str, ground: str, colour: str) -> QImage:
    pixels = np.where(lines_of(glyph, TILE, TILE), QColor(colour).rgb(), QColor(ground).rgb()).astype(np.uint32)
    return QImage(pixels.tobytes(), TILE, TILE, 4 * TILE, QImage.Format.Format_RGB32).copy()
