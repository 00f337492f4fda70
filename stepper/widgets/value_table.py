"""The numbers of a value as a table: in full precision, to be copied and typed over."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from core.explain.copying import table_text
from stepper import theme
from stepper.models import mark_signs
from stepper.widgets import fonts, mark_overlay
from stepper.widgets.grid import PENCIL
from stepper.widgets.grid_paint import stale_brush
from stepper.widgets.value_model import ValueModel
from stepper.widgets.value_plane import Place, Plane

Index = QModelIndex | QPersistentModelIndex
MOVES = (
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End,
    Qt.Key.Key_PageUp, Qt.Key.Key_PageDown,
)  # fmt: skip
EDITS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)
STRIP = 7


class Marks(QStyledItemDelegate):
    """Draws a pencil in cells that were changed by hand, a dotted strip in those that are out of date, and glyphs of marks."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        model = index.model()
        plane = model.plane if isinstance(model, ValueModel) else None
        if plane is None:
            return
        rect: QRect = option.rect  # type: ignore[attr-defined]
        if plane.stale:
            painter.fillRect(QRect(rect.left(), rect.top(), STRIP, rect.height()), stale_brush())
        if plane.is_edited((index.row(), index.column())):
            selected = option.state & QStyle.StateFlag.State_Selected  # type: ignore[attr-defined]
            painter.setPen(QColor(theme.current().panel if selected else theme.current().written))
            left = rect.adjusted(3 + (STRIP if plane.stale else 0), 0, 0, 0)
            painter.drawText(left, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, PENCIL)
        marks = plane.marks_at((index.row(), index.column()))
        if marks:
            selected = option.state & QStyle.StateFlag.State_Selected  # type: ignore[attr-defined]
            strip = QRect(rect.left(), rect.top(), STRIP - 2, rect.height())
            painter.fillRect(strip, mark_overlay.brush(marks[0]))
            painter.setPen(QColor(theme.current().panel if selected else mark_signs.ink(marks[0].severity)))
            left = rect.adjusted(STRIP + 1 + (13 if plane.is_edited((index.row(), index.column())) else 0), 0, 0, 0)
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(left, flags, mark_signs.glyphs_of(marks))


class ValueTable(QTableView):
    """Shows a plane. `chosen` carries the value and the cell that the keyboard or the mouse goes to, `typed` also a text.

    `refused` carries the reason when someone tries to type over what cannot be changed.
    """

    chosen = Signal(object, object)
    typed = Signal(int, object, str)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = True
        self._width = 0
        self.numbers = ValueModel(fonts.mono(self.font()), self)
        self.setModel(self.numbers)
        self.setItemDelegate(Marks(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setHighlightSections(True)
            header.setMinimumSectionSize(10)
        # Queued: the answer may change the model, while Qt is still busy with the editor.
        self.numbers.typed.connect(self.typed, Qt.ConnectionType.QueuedConnection)
        self._quiet = False
        self._use_fonts()

    def set_plane(self, plane: Plane, selected: Place | None = None) -> None:
        """Show a plane; the keyboard goes to `selected` where it is another place than it is at."""
        old = self.numbers.plane
        if old is None or old.index != plane.index or old.size != plane.size:
            self._width = 0
        self._quiet = True
        self.numbers.set_plane(plane)
        self._fit()
        current = self.currentIndex()
        if selected is not None and (current.row(), current.column()) != selected:
            self.setCurrentIndex(self.numbers.index(*selected))
        self._quiet = False
        rows, columns = plane.size
        name = self.tr("table of {name}, {rows} by {columns}").format(name=plane.name, rows=rows, columns=columns)
        self.setAccessibleName(self.tr("{name}, out of date").format(name=name) if plane.stale else name)

    def copy_selection(self) -> str:
        """Put the selected numbers, or the one at the cursor, on the clipboard: tabs between columns, all digits."""
        ranges = self.selectionModel().selection()
        plane = self.numbers.plane
        if plane is None:
            return ""
        if not ranges.isEmpty():
            r = ranges.first()
            part = plane.numbers[r.top() : r.bottom() + 1, r.left() : r.right() + 1]
        elif self.currentIndex().isValid():
            part = plane.numbers[self.currentIndex().row() :, self.currentIndex().column() :][:1, :1]
        else:
            return ""
        text = table_text(part)
        text = text.removesuffix("\n") if part.shape[0] == 1 else text
        QGuiApplication.clipboard().setText(text)
        return text

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Tell where the keyboard or the mouse went."""
        super().currentChanged(current, previous)  # type: ignore[arg-type]
        plane = None if self._quiet else self.numbers.plane
        if plane is not None and current.isValid():
            self.chosen.emit(plane.index, plane.cell((current.row(), current.column())))

    def edit(self, index: Index, trigger: QAbstractItemView.EditTrigger, event: QEvent | None) -> bool:  # type: ignore[override]
        """Begin to type over a number, or tell why not."""
        plane = self.numbers.plane
        if plane is not None and plane.refusal and index.isValid() and trigger in (
            QAbstractItemView.EditTrigger.DoubleClicked, QAbstractItemView.EditTrigger.EditKeyPressed,
            QAbstractItemView.EditTrigger.AnyKeyPressed,
        ):  # fmt: skip
            key = trigger == QAbstractItemView.EditTrigger.AnyKeyPressed and isinstance(event, QKeyEvent)
            text = event.text().strip() if key and isinstance(event, QKeyEvent) else "x"
            if text and text.isprintable():
                self.refused.emit(plane.refusal)
            return False
        return super().edit(index, trigger, event)  # type: ignore[call-overload]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter types over a number as F2 does; the usual keys copy."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
            event.accept()
        elif event.key() in EDITS and self.state() != QAbstractItemView.State.EditingState:
            self.edit(self.currentIndex(), QAbstractItemView.EditTrigger.EditKeyPressed, event)
            event.accept()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Claim the keys that are ours before they become shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            text = event.text()
            plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
            typed = plain and len(text) == 1 and text.isprintable() and text != " "
            if (
                (plain and (event.key() in MOVES or event.key() in EDITS))
                or typed
                or event.matches(QKeySequence.StandardKey.Copy)
            ):
                event.accept()
                return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "numbers"):
            self._use_fonts()
        super().changeEvent(event)

    def _use_fonts(self) -> None:
        self.numbers.font = fonts.mono(QApplication.font(), -0.5)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setFont(QApplication.font())  # one that nobody has seen yet keeps the old one else
        self._width = 0
        self._fit()

    def _fit(self) -> None:
        """Make all columns as wide as the widest number so far: formatted are only some, and nothing jumps between steps."""
        metrics = QFontMetrics(self.numbers.font)
        heading = self.horizontalHeader().fontMetrics()
        plane = self.numbers.plane
        titles = 0
        if plane is not None and 0 not in plane.size:
            columns = plane.size[1]
            some = {0, columns - 1, *range(0, columns, max(columns // 20, 1))}
            titles = max(heading.horizontalAdvance(plane.heading(1, j)) for j in some) + 14
        wanted = max(self.numbers.widest() * metrics.horizontalAdvance("0") + 34, titles, 60)
        self._width = max(self._width, wanted)
        if self.horizontalHeader().defaultSectionSize() != self._width:
            self.horizontalHeader().setDefaultSectionSize(self._width)
        if self.verticalHeader().defaultSectionSize() != metrics.height() + 8:
            self.verticalHeader().setDefaultSectionSize(metrics.height() + 8)
