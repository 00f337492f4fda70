"""A rectangle of numbers as colours in all the room there is; with the numbers where they fit, as pixels where they do not."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from stepper import theme
from stepper.models import mark_signs
from stepper.widgets import numbers
from stepper.widgets.grid import PENCIL, Fonts
from stepper.widgets.grid_paint import corner, paint_cell, paint_cursor, paint_frame, stale_brush
from stepper.widgets.heat import Heat
from stepper.widgets.tensor_cursor import STEPS, CellCursor
from stepper.widgets.value_editor import NumberEditor
from stepper.widgets.value_legend import line_height, paint_legend, pattern_lines
from stepper.widgets.value_plane import Place, Plane

MOST_NUMBERS = 600
BLOCK = 28
WIDEST, TALLEST = 130, 44
CHOOSE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
UNMODIFIED = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier, Qt.KeyboardModifier.ShiftModifier)
BEGINS = frozenset("0123456789.+-−ni")


class ValueHeat(CellCursor):
    """Draws a plane as a heat map with its legend. A cell is chosen by click, Enter or Space and changed by typing.

    `chosen` carries the value and the cell, `typed` also what was typed there; `refused` the reason why a number
    cannot be typed over.
    """

    chosen = Signal(object, object)
    typed = Signal(int, object, str)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plane: Plane | None = None
        self.heat: Heat | None = None
        self.selected: Place | None = None
        self._cell = QSize()
        self._widest = 0
        self.editor = NumberEditor(self)
        self.editor.typed.connect(self._on_typed)

    # --- what is shown -------------------------------------------------------------------------

    def set_plane(self, plane: Plane, selected: Place | None = None) -> None:
        """Show a plane; `selected` is framed, and the keyboard's place follows it when it is another one than before."""
        if self.plane is None or plane.size != self.plane.size or plane.index != self.plane.index:
            self.editor.give_up()
            self.cursor_place = (0, 0)
        if selected is not None and selected != self.selected:
            self.cursor_place = selected
        self.plane, self.selected = plane, selected
        rows, columns = plane.size
        values = plane.numbers
        self.heat = Heat(rows, columns, values, plane.extent, marks=plane.marks)
        self._widest = 0
        if 0 < rows * columns <= MOST_NUMBERS:
            self._widest = max(len(numbers.short(x)) for x in values.flat)
        self._measure()
        self.say()
        self.update()

    @property
    def shows_numbers(self) -> bool:
        """Whether the numbers themselves stand in their cells."""
        return not self._cell.isEmpty()

    def sizeHint(self) -> QSize:
        """Room for a small matrix."""
        return QSize(300, 240)

    def minimumSizeHint(self) -> QSize:
        """Enough to see that there is something."""
        return QSize(140, 120)

    def size_of(self) -> Place:
        """Return how many rows and columns of cells there are."""
        return (0, 0) if self.plane is None else self.plane.size

    def body(self) -> QRect:
        """Return where the cells are."""
        if self.plane is None or self.heat is None:
            return QRect()
        rows, columns = self.plane.size
        if self.shows_numbers:
            return QRect(4, 4, columns * self._cell.width(), rows * self._cell.height())
        return QRect(4, 4, self.heat.width, self.heat.height)

    def rect_of(self, place: Place) -> QRect:
        """Return where a cell is drawn."""
        body = self.body()
        if self.shows_numbers:
            return QRect(
                body.left() + place[1] * self._cell.width(), body.top() + place[0] * self._cell.height(),
                self._cell.width(), self._cell.height(),
            )  # fmt: skip
        assert self.heat is not None
        return self.heat.rect(*place).translated(body.topLeft())

    def place_at(self, point: QPointF) -> Place | None:
        """Return the cell under a point."""
        body = self.body()
        if self.plane is None or 0 in self.plane.size or not body.contains(point.toPoint()):
            return None
        rows, columns = self.plane.size
        row = int((point.y() - body.top()) * rows / body.height())
        column = int((point.x() - body.left()) * columns / body.width())
        return min(row, rows - 1), min(column, columns - 1)

    def text_of(self, place: Place) -> str:
        """Return a cell in full with what it is: `W1[0, 2] = 0.25 · unit 1, input 3`; below that what its marks say."""
        marks = () if self.plane is None else self.plane.marks_at(place)
        return "\n".join((" · ".join(x for x in self._lines(place) if x), *mark_signs.sentences(marks)))

    def _lines(self, place: Place) -> tuple[str, str]:
        """Return the number in a cell in full, and what that cell is."""
        plane = self.plane
        assert plane is not None
        notes = [plane.meaning(place)]
        if plane.is_edited(place):
            notes.append(f"{PENCIL} " + self.tr("changed by hand"))
        notes += [mark_signs.named(m) for m in plane.marks_at(place)]
        return f"{plane.where(place)} = {numbers.full(plane.numbers[place])}", " · ".join(x for x in notes if x)

    def _measure(self) -> None:
        """Give every cell as much room as there is, and its number where all of them fit."""
        if self.plane is None or self.heat is None:
            return
        rows, columns = self.plane.size
        fonts, room = Fonts.of(self.font()), self._room()
        beside = fonts.of_mono.horizontalAdvance(mark_signs.glyphs_of(self.plane.marks)) + 4 if self.plane.marks else 0
        need = QSize(self._widest * fonts.of_mono.horizontalAdvance("0") + 14 + beside, fonts.of_mono.height() + 8)
        self._cell = QSize()
        if self._widest and need.width() * columns <= room.width() and need.height() * rows <= room.height():
            width = min(max(room.width() // columns, need.width()), max(need.width(), WIDEST))
            height = min(max(room.height() // rows, need.height()), max(need.height(), TALLEST))
            self._cell = QSize(width, height)
        self.heat.fit(room.width(), room.height(), BLOCK)

    def _room(self) -> QSize:
        warned = 0
        if self.plane is not None and self.heat is not None:
            warned = pattern_lines(self.fontMetrics(), self.plane, self.heat, self.width())
        below = (2 + self._explained() + warned) * line_height(self.fontMetrics().height()) + 8
        return QSize(max(self.width() - 10, 24), max(self.height() - below - 8, 12))

    def _explained(self) -> bool:
        """Tell whether a second line says what the cell is."""
        return self.plane is not None and (
            set(self.plane.axes) - {"plain"} != set() or self.plane.edited is not None or bool(self.plane.marks)
        )

    # --- painting ------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells, their marks and the legend."""
        plane, heat = self.plane, self.heat
        if plane is None or heat is None:
            return
        painter = QPainter(self)
        if self.shows_numbers:
            self._paint_numbers(painter, plane)
        else:
            heat.paint(painter, self.body().topLeft())
            if plane.stale:
                painter.fillRect(self.body(), stale_brush())
        painter.setPen(QPen(QColor(theme.current().border), 1))
        painter.drawRect(self.body().adjusted(-1, -1, 0, 0))
        if 0 not in plane.size:
            self._paint_marks(painter, plane)
        painter.setFont(self.font())
        texts = () if 0 in plane.size else self._lines(self._hover or self.cursor_place)[: 1 + self._explained()]
        paint_legend(painter, plane, heat, texts, self.rect().adjusted(0, self.body().bottom() + 8, 0, 0))
        painter.end()

    def _paint_numbers(self, painter: QPainter, plane: Plane) -> None:
        fonts, values = Fonts.of(self.font()), plane.numbers
        rows, columns = plane.size
        for row in range(rows):
            for column in range(columns):
                x = values[row, column]
                paint_cell(
                    painter, fonts, self.rect_of((row, column)), numbers.short(x), float(x), plane.extent, plane.stale,
                    plane.marks_at((row, column)),
                )  # fmt: skip

    def _paint_marks(self, painter: QPainter, plane: Plane) -> None:
        large = self.shows_numbers
        if self.selected is not None:
            paint_frame(painter, self.rect_of(self.selected), large)
        if self.hasFocus():
            paint_cursor(painter, self.rect_of(self.cursor_place), large)
        # Last, so that no frame hides them.
        if plane.edited is not None and not plane.edited:
            corner(painter, self.body(), 10)
        for place in plane.edited_places():
            corner(painter, self.rect_of(place) if large else self.rect_of(place).adjusted(0, 0, 3, 3), 8)

    # --- mouse and keys ------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the mouse."""
        super().mousePressEvent(event)
        if self.place_at(event.position()) is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Type over the cell under the mouse."""
        place = self.place_at(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self.move_to(place)
            self.begin()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space choose, F2 or the begin of a number changes; the rest is as of all cells."""
        if self.empty or not self.is_ours(event) or event.key() in STEPS or event.matches(QKeySequence.StandardKey.Copy):
            super().keyPressEvent(event)
        elif event.key() in CHOOSE:
            self._choose()
        else:
            self.begin("" if event.key() == Qt.Key.Key_F2 else event.text().replace("−", "-"))

    def is_ours(self, event: QKeyEvent) -> bool:
        """Tell whether a key is meant for the cells: a number may be typed here."""
        if event.matches(QKeySequence.StandardKey.Copy):
            return True
        if event.modifiers() not in UNMODIFIED:
            return False
        plain_key = event.modifiers() != Qt.KeyboardModifier.ShiftModifier
        known = event.key() in STEPS or event.key() in CHOOSE or event.key() == Qt.Key.Key_F2
        return (plain_key and known) or (len(event.text()) == 1 and event.text() in BEGINS)

    def tip_at(self, point: QPointF) -> str:
        """Return the cell at a point in full."""
        place = self.place_at(point)
        return "" if place is None else self.text_of(place)

    def _choose(self) -> None:
        if self.plane is not None:
            self.chosen.emit(self.plane.index, self.plane.cell(self.cursor_place))

    # --- typing over ---------------------------------------------------------------------------

    def begin(self, text: str = "") -> None:
        """Have a new number typed over the cell at the cursor, where that may be; `text` is its begin."""
        if self.plane is None:
            return
        if self.plane.refusal:
            self.refused.emit(self.plane.refusal)
            return
        number = numbers.full(self.plane.numbers[self.cursor_place])
        self.editor.begin(self.rect_of(self.cursor_place), number, text)

    @Slot(str)
    def _on_typed(self, text: str) -> None:
        if self.plane is not None:
            self.typed.emit(self.plane.index, self.plane.cell(self.cursor_place), text)

    # --- the rest ------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the new room."""
        self._measure()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "heat"):
            self._measure()
            self.update()
        super().changeEvent(event)

    def say(self) -> None:
        """Have a screen reader know what is shown, and the cell that the arrows are at."""
        assert self.plane is not None
        rows, columns = self.plane.size
        name = self.tr("heat map of {name}, {rows} by {columns}").format(name=self.plane.name, rows=rows, columns=columns)
        if self.plane.stale:
            name = self.tr("{name}, out of date").format(name=name)
        self.setAccessibleName(name)
        self.describe("" if self.empty else self.text_of(self.cursor_place))
