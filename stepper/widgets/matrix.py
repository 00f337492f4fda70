"""One named array: its numbers in a grid, or a heat map where there are too many to read."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.program.ir import Array
from stepper.models import mark_signs
from stepper.widgets import numbers
from stepper.widgets.grid import CLOCK, Cell, Fonts, Grid
from stepper.widgets.grid_paint import paint_grid
from stepper.widgets.tips import plain

if TYPE_CHECKING:
    from core.health.monitor import Mark

STEPS = {
    Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1),
}  # fmt: skip
CHOOSE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
UNMODIFIED = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)


class MatrixWidget(QWidget):
    """Draws an array of 0, 1 or 2 axes (of more: the first slice). A cell is chosen by click, Enter or Space.

    `cell_clicked` carries the index of a cell of the array as it is shown here.
    """

    cell_clicked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown = Grid(Fonts.of(self.font()))
        # A click does not take the keyboard: the arrows go on stepping until a person tabs in here.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_matrix(
        self, name: str, array: Array | None, *, shape: tuple[int, ...] | None = None, row_colour: str = "",
        column_colour: str = "", row_label: str = "", column_label: str = "", extent: float | None = None,
        clashes: tuple[bool, bool] = (False, False), stale: bool = False, edited: Set[Cell] | None = None,
        done: int | None = None, marks: tuple[Mark, ...] = (),
    ) -> None:  # fmt: skip
        """Show an array, or, for None, the places of one that is not computed yet; nothing is selected or marked.

        `shape` is needed only where `array` is None. The colours mark sizes that are equal elsewhere; the
        labels stand in place of the sizes (`4 samples`). `extent` is the magnitude of the strongest colour;
        without it, the largest finite one of the array. `clashes` marks sizes that do not fit elsewhere.
        `stale` shows all of it as out of date; `edited` marks cells of the array as it is shown here as changed by
        hand (None: none, an empty set: all); of a `done` number only the first cells in C order are worked out.
        `marks` are what health rules say of the array as it is shown here.
        """
        grid = self.shown
        if extent is None:
            extent = 0.0 if array is None else numbers.finite_extent(array)
        grid.name, grid.array, grid.extent = name, array, extent
        grid.shape = tuple(array.shape) if array is not None else tuple(shape or ())
        grid.colours, grid.labels = (row_colour, column_colour), (row_label, column_label)
        grid.clashes = clashes
        grid.stale, grid.edited, grid.done, grid.marks = stale, edited, done, marks
        grid.selected, grid.sources, grid.hover = None, frozenset(), None
        grid.read()
        grid.note = self._note()
        self._say()
        self.updateGeometry()
        self.resize(self.sizeHint())
        self.update()

    def set_scale(self, scale: float) -> None:
        """Draw bigger or smaller than usual."""
        if scale != self.shown.scale:
            self.shown.scale = scale
            self._renew()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "shown"):
            self._renew()
        super().changeEvent(event)

    def _renew(self) -> None:
        self.shown.fonts = Fonts.of(self.font(), self.shown.scale)
        self.shown.measure()
        self.updateGeometry()
        self.update()

    def set_selected(self, cell: Cell | None) -> None:
        """Frame one cell."""
        self.shown.selected = cell
        if cell is not None and len(cell) == len(self.shown.shape):
            self.shown.cursor = self.shown.place(cell)
        self._say()
        self.update()

    def set_highlighted(self, cells: Set[Cell]) -> None:
        """Mark the cells that something came from, with a corner and a frame as well as a colour."""
        self.shown.sources = cells
        self.update()

    @property
    def name(self) -> str:
        """The name that is shown."""
        return self.shown.name

    @property
    def array(self) -> Array | None:
        """The array that is shown."""
        return self.shown.array

    @property
    def selected(self) -> Cell | None:
        """The framed cell."""
        return self.shown.selected

    @property
    def highlighted(self) -> Set[Cell]:
        """The marked cells."""
        return self.shown.sources

    @property
    def is_heat_map(self) -> bool:
        """Whether the array is drawn as colours rather than numbers."""
        return self.shown.heat is not None

    def grid(self) -> tuple[int, int]:
        """Return the rows and columns that are drawn; a vector is one row."""
        return self.shown.size

    def text_of(self, cell: Cell) -> str:
        """Return the short text of a cell, a dot for one that is not computed yet."""
        return self.shown.text(cell)

    def cell_text(self, cell: Cell) -> str:
        """Return a cell in full: `W1[0, 2] = 0.30000000000000004`."""
        where = f"{self.shown.name}[{', '.join(str(i) for i in cell)}]" if cell else self.shown.name
        missing = self.shown.array is None or not self.shown.is_done(cell)
        text = f"{where} = {'…' if missing or self.shown.array is None else numbers.full(self.shown.array[cell])}"
        if self.shown.is_edited(cell):
            text = self.tr("{text}, changed by hand").format(text=text)
        text = self.tr("{text}, out of date").format(text=text) if self.shown.stale else text
        return "\n".join((text, *mark_signs.sentences(self.shown.marks_at(cell)))) if self.shown.cell_marks else text

    def body(self) -> QRect:
        """Return where the cells are drawn."""
        return self.shown.body()

    def cell_rect(self, cell: Cell) -> QRect:
        """Return where a cell is drawn."""
        return self.shown.rect(cell)

    def cell_at(self, point: QPointF) -> Cell | None:
        """Return the cell under a point."""
        at = self.shown.at(point)
        return None if at is None else self.shown.index(*at)

    def sizeHint(self) -> QSize:
        """Return the size that shows everything."""
        return self.shown.whole()

    def minimumSizeHint(self) -> QSize:
        """Nothing is cut off; what holds the widget scrolls instead."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the array."""
        painter = QPainter(self)
        paint_grid(painter, self.shown, self.hasFocus())
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move, Enter and Space choose."""
        key, grid = Qt.Key(event.key()), self.shown
        if grid.empty or (key not in STEPS and key not in CHOOSE):
            super().keyPressEvent(event)
        elif key in STEPS:
            rows, columns = grid.size
            down, right = STEPS[key]
            grid.cursor = (min(max(grid.cursor[0] + down, 0), rows - 1), min(max(grid.cursor[1] + right, 0), columns - 1))
            grid.hover = None
            self._say()
            self.update()
        else:
            self.cell_clicked.emit(grid.index(*grid.cursor))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the mouse."""
        at = self.shown.at(event.position())
        if at is not None and event.button() == Qt.MouseButton.LeftButton:
            self.shown.cursor = at
            self._say()
            self.update()
            self.cell_clicked.emit(self.shown.index(*at))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell in a heat map which cell the mouse is over."""
        self.shown.hover = self.shown.at(event.position())
        if self.shown.heat is not None:
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Forget where the mouse was."""
        self.shown.hover = None
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the cursor."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the cursor."""
        self.update()

    def event(self, event: QEvent) -> bool:
        """Claim the keys that move before they become shortcuts of the window; show a cell's number in full."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.modifiers() in UNMODIFIED:
            if event.key() in STEPS or event.key() in CHOOSE:
                event.accept()
                return True
            return super().event(event)
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self.cell_at(QPointF(event.pos()))
            text = "\n".join(mark_signs.sentences(self.shown.marks)) if cell is None else self.cell_text(cell)
            QToolTip.showText(event.globalPos(), plain(text), self)
            return True
        return super().event(event)

    def _note(self) -> str:
        """Return what must be said beside the cells: what a heat map cannot colour, what part of an array is shown."""
        notes: list[str] = [f"{CLOCK} " + self.tr("out of date")] if self.shown.stale else []
        if self.shown.heat is not None and self.shown.heat.bad:
            counts = (self.tr("{n} × {sign}").format(n=n, sign=sign) for sign, n in self.shown.heat.bad.items())
            notes.append("▨ " + "  ".join(counts))
        if self.shown.heat is not None and self.shown.heat.flat:
            notes.append(self.tr("all {n}").format(n=self.shown.heat.flat))
        if len(self.shown.shape) > 2:
            inside = ", ".join(["0"] * (len(self.shown.shape) - 2) + [":", ":"])
            notes.append(self.tr("only the slice [{slice}] is shown").format(slice=inside))
        return "  ".join(notes)

    def _say(self) -> None:
        grid = self.shown
        sizes = self.tr(" by ").join(str(n) for n in grid.shape) if grid.shape else self.tr("a single number")
        name = self.tr("{name}, {sizes}").format(name=grid.name, sizes=sizes)
        if grid.stale:
            name = self.tr("{name}, out of date").format(name=name)
        if grid.edited is not None:
            name = self.tr("{name}, changed by hand").format(name=name)
        if grid.done is not None:
            name = self.tr("{name}, {n} cells worked out").format(name=name, n=grid.done)
        if grid.marks:
            name = ". ".join((name, *mark_signs.sentences(grid.marks)))
        self.setAccessibleName(name)
        description = "" if grid.empty else self.cell_text(grid.index(*grid.cursor))
        if description != self.accessibleDescription():
            self.setAccessibleDescription(description)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
