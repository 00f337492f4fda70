"""The program, line by line as it is written: what has run, what has just happened, what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QListView,
    QVBoxLayout,
    QWidget,
)

from core.session import Moment
from stepper.models import def_rows
from stepper.models.program_model import ROW_ROLE, STATE_ROLE, Index, ProgramModel, Row
from stepper.views.program_lines import LineDelegate
from stepper.widgets.call_strip import CallStrip


class LineList(QListView):
    """The list with its keys: up and down move the cursor, Enter goes there, Space chooses the value."""

    went = Signal(QModelIndex)
    chose = Signal(QModelIndex)
    pressed_at = QPoint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the lines anew for another width, which a QListView does not see by itself."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()

    def dataChanged(self, topLeft: Index, bottomRight: Index, roles: Sequence[int] = ()) -> None:
        """Paint anew; lay out anew only where a row may have another height."""
        if list(roles) == [STATE_ROLE]:
            self.viewport().update()
        else:
            super().dataChanged(topLeft, bottomRight, list(roles))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where a click began: on the code or on the shape."""
        self.pressed_at = event.position().toPoint()
        super().mousePressEvent(event)

    def event(self, e: QEvent) -> bool:
        """Claim the keys that go there and choose, before they become shortcuts of the window."""
        if e.type() == QEvent.Type.ShortcutOverride and isinstance(e, QKeyEvent):
            claimed = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
            if e.key() in claimed and e.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier):
                e.accept()
                return True
        return super().event(e)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle Enter and Space; leave the rest to the list."""
        index = self.currentIndex()
        if index.isValid() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.went.emit(index)
        elif index.isValid() and event.key() == Qt.Key.Key_Space:
            self.chose.emit(index)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.ignore()  # earlier and later belong to the window
        else:
            super().keyPressEvent(event)


class ProgramView(QWidget):
    """Shows the program of a moment. Clicking a line goes to it; clicking its shape chooses its value.

    Clicking at the left edge puts a breakpoint there; `cursor_moved` names the line that the cursor is on, -1 for none;
    `menu_wanted` asks for its menu at a place on the screen. `body_…` say the same of a line of a `def`.
    """

    statement_clicked = Signal(int)
    value_clicked = Signal(object, object)
    stop_clicked = Signal(int)
    cursor_moved = Signal(int)
    menu_wanted = Signal(QPoint)
    body_line_clicked = Signal(object)
    body_stop_clicked = Signal(object)
    body_cursor_moved = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Program"))
        self.model = ProgramModel(self)
        self.list = LineList(self)
        self.list.setAccessibleName(self.tr("Program, line by line"))
        self.list.setModel(self.model)
        self.delegate = LineDelegate(self)
        self.list.setItemDelegate(self.delegate)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.clicked.connect(self._on_clicked)
        self.list.went.connect(self._on_went)
        self.list.chose.connect(self._on_chose)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._on_menu)
        self.list.selectionModel().currentChanged.connect(self._on_cursor)
        self.setFocusProxy(self.list)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.list, 1)
        self.strip = CallStrip(self)
        self.strip.value_clicked.connect(self.value_clicked)
        box.addWidget(self.strip)
        self._moment: Moment | None = None

    def sizeHint(self) -> QSize:
        """A column wide enough for usual lines."""
        return QSize(360, 500)

    def draw(self, moment: Moment) -> None:
        """Show a moment; the lit line is brought into view whenever it is another one, and the next one where there is room."""
        before, self._moment = self._moment, moment
        self.strip.draw(moment)
        renewed = self.model.draw(moment)
        if renewed or before is None or (before.position, before.call) != (moment.position, moment.call):
            self._show_lit()
        self.list.viewport().update()

    def set_faults(self, faults: Mapping[int, str]) -> None:
        """Mark lines that are at fault, each with what is wrong with it."""
        if faults != self.model.faults:
            self.model.faults = dict(faults)
            if self._moment is not None:
                self.model.draw_again()
            self.list.viewport().update()

    def show_statement(self, statement: int) -> None:
        """Put the cursor on a line and bring it into view."""
        row = self.model.row_of(statement)
        if row is not None:
            self.list.setCurrentIndex(self.model.index(row))
            self.list.scrollTo(self.model.index(row), QAbstractItemView.ScrollHint.PositionAtCenter)

    def _show_lit(self) -> None:
        at = None if self._moment is None else self._moment.lit or self._moment.upcoming
        row = None if at is None else self.model.row_of(at.statement)
        if row is None or self._moment is None:
            return
        line = def_rows.exact(self._moment)
        other = None if line is None else self.model.row_of_body(line)
        if other is not None and self.model.row(row).status != "lit":
            row, other = other, row  # in the midst of a call, the line of the `def`
        self.list.setCurrentIndex(self.model.index(row))
        if self._moment.lit is None:
            self.list.scrollToTop()
        head = None if line is None else self.model.row_of_body(replace(line, step=0))
        coming = None if self._moment.lit is None or self._moment.upcoming is None else self._moment.upcoming.statement
        after = None if coming is None else self.model.row_of(coming)
        for shown in (after, other, None if head is None else head - 1, row):  # all, where there is room
            if shown is not None:
                self.list.scrollTo(self.model.index(shown), QAbstractItemView.ScrollHint.EnsureVisible)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the lit line in view."""
        super().resizeEvent(event)
        self._show_lit()

    def changeEvent(self, event: QEvent) -> None:
        """Take new fonts into account."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "delegate"):
            self.delegate.use_font(QApplication.font())
            self.list.scheduleDelayedItemsLayout()
        super().changeEvent(event)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        row: Row = index.data(ROW_ROLE)
        rect = self.list.visualRect(index)
        if self.delegate.left_edge(rect).contains(self.list.pressed_at):
            if row.statement is not None:
                self.stop_clicked.emit(row.statement)
                return
            if row.body is not None:
                self.body_stop_clicked.emit(row.body)
                return
        word = self.delegate.word_at(row, rect, self.list.pressed_at) if row.names else ""
        value = next((value for name, value, _ in row.names if name == word), None)
        if value is not None:
            self.value_clicked.emit(value, None)
            return
        on_shape = row.shape and self.delegate.right_edge(row, self.list.visualRect(index)).contains(self.list.pressed_at)
        if row.kind in ("line", "body") and on_shape:
            self._on_chose(index)
        else:
            self._on_went(index)

    @Slot(QPoint)
    def _on_menu(self, at: QPoint) -> None:
        """Ask for the menu of a line, at the mouse or, from the keyboard, at the cursor."""
        index = self.list.indexAt(at)
        index = index if index.isValid() else self.list.currentIndex()
        if index.isValid() and (index.data(ROW_ROLE).statement is not None or index.data(ROW_ROLE).body is not None):
            self.list.setCurrentIndex(index)
            self.menu_wanted.emit(self.list.viewport().mapToGlobal(at))

    @Slot(QModelIndex, QModelIndex)
    def _on_cursor(self, index: QModelIndex, _: QModelIndex) -> None:
        row: Row | None = index.data(ROW_ROLE)
        self.cursor_moved.emit(-1 if row is None or row.statement is None else row.statement)
        self.body_cursor_moved.emit(None if row is None else row.body)

    @Slot(QModelIndex)
    def _on_went(self, index: QModelIndex) -> None:
        row: Row = index.data(ROW_ROLE)
        if row.kind == "given-heading":
            self.model.toggle_given()
            self.list.setCurrentIndex(self.model.index(index.row()))
        elif row.kind == "defs-heading":
            self.model.toggle_defs()
            self.list.setCurrentIndex(self.model.index(index.row()))
        elif row.body is not None:
            self.body_line_clicked.emit(row.body)
        elif row.statement is not None:
            self.statement_clicked.emit(row.statement)
        elif row.value is not None:
            self.value_clicked.emit(row.value, None)

    @Slot(QModelIndex)
    def _on_chose(self, index: QModelIndex) -> None:
        row: Row = index.data(ROW_ROLE)
        if row.value is not None:
            self.value_clicked.emit(row.value, None)
        elif row.kind in ("given-heading", "defs-heading"):
            self._on_went(index)
