"""A short table of numbers that explain another: links to follow, bars with a sign. All of it by keyboard too."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QTableView, QWidget

from core.explain.numbers import exact
from stepper.models.why_rows import WhyModel, WhyRow
from stepper.widgets import fonts, numbers
from stepper.widgets.why_delegate import GAP, PAD, SLACK, SMALLEST_BAR, Index, WhyDelegate

MEASURED = 40
_CHOOSE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_MOVE = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)
_BARE = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)


def _text(number: object) -> str:
    return numbers.short(number)


class WhyTable(QTableView):
    """Shows rows as high as they need.

    `followed` gives the value and cell of a link, `sample_chosen` a sample's index, `looked_at` the rectangle of the field
    that the keyboard came to.
    """

    followed = Signal(object, object)
    sample_chosen = Signal(int)
    more_wanted = Signal()
    looked_at = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = WhyModel(_text, exact, self)
        self.delegate = WhyDelegate(self.rows, self)
        self.setModel(self.rows)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(10)
        header.setSectionsClickable(False)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clicked.connect(self._on_clicked)
        self.entered.connect(self._on_entered)
        self._use_fonts()

    def set_rows(self, headings: Sequence[str], rows: Sequence[WhyRow]) -> None:
        """Show rows; the keyboard stays on the row and column where it was, if there still is one."""
        at = self.currentIndex()
        row, column = at.row(), at.column()
        self.rows.set_rows(headings, rows)
        self.clearSpans()
        if rows and rows[-1].more and len(headings) > 2:
            self.setSpan(len(rows) - 1, 0, 1, len(headings) - 1)  # its words are no name of a column's number
        self.horizontalHeader().setVisible(any(headings))
        if rows:
            found = self.rows.index(min(max(row, 0), len(rows) - 1), min(max(column, 0), len(headings) - 1))
            self.setCurrentIndex(found)
        self.fit()

    def fit(self) -> None:
        """Give each column its width and the table its height."""
        model, delegate, room = self.rows, self.delegate, self.width()
        measured = model.rows[:MEASURED] + model.rows[-1:]
        last = len(model.headings) - 1
        fields = [[row.entries[c] for row in measured if c == last or not row.more] for c in range(last + 1)]
        bars = [e for column in fields for e in column if e.share is not None]
        delegate.beside_bar = max((delegate.needed(e, False) for e in bars), default=0) - SMALLEST_BAR - GAP - 2 * PAD
        small = QFontMetrics(self.horizontalHeader().font())
        heads = [small.horizontalAdvance(h) + 2 * PAD + SLACK for h in model.headings]
        one, two = (
            [max([head, *(delegate.needed(e, folded) for e in column)]) for head, column in zip(heads, fields, strict=True)]
            for folded in (False, True)
        )
        delegate.folded = sum(one) > room
        widths = two if delegate.folded else one
        spare = room - sum(widths)
        if widths and spare > 0:  # the last column has the bars; columns of links do not grow, or a row falls apart
            widths[-1] += spare if bars else 0
        elif widths and spare < 0:  # headings are cut first, then names; numbers last
            for least in (
                [max((delegate.needed(e, True) for e in column), default=0) for column in fields],
                [max((delegate.least(e) for e in column), default=0) for column in fields],
            ):
                spare, widths = room - sum(least), least
                if spare >= 0:
                    break
            for column, head in enumerate(heads):
                more = max(0, min(spare, head - widths[column]))
                widths[column] += more
                spare -= more
            if spare < 0:
                widths = [w * room // sum(widths) for w in widths]
            widths[-1] += max(spare, 0)
        for column, width in enumerate(widths):
            self.setColumnWidth(column, width)
        self.verticalHeader().setDefaultSectionSize(delegate.row_height)
        header = self.horizontalHeader()
        head = 0 if header.isHidden() else header.sizeHint().height()
        self.setFixedHeight(head + len(model.rows) * delegate.row_height + 2)

    def minimumSizeHint(self) -> QSize:
        """Narrow enough for any panel: names are shortened."""
        return QSize(60, 20)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold the rows where they do not fit."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()

    def event(self, event: QEvent) -> bool:
        """Claim the keys that move before they become shortcuts of the window."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent) or event.modifiers() not in _BARE:
            return super().event(event)
        if event.key() not in _MOVE and event.key() not in _CHOOSE:
            return super().event(event)
        event.accept()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move, Enter and Space follow; letters search nothing here, and go on."""
        if event.key() in _CHOOSE and event.modifiers() in _BARE:
            self._on_clicked(self.currentIndex())
        elif event.key() in _MOVE or event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            super().keyPressEvent(event)
        else:
            event.ignore()

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Tell where the keyboard is, so that it can be brought into sight."""
        super().currentChanged(current, previous)
        if self.hasFocus() and current.isValid():
            self.looked_at.emit(self.visualRect(current).translated(self.viewport().pos()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Bring the table into sight."""
        super().focusInEvent(event)
        if self.currentIndex().isValid():
            self.looked_at.emit(self.visualRect(self.currentIndex()).translated(self.viewport().pos()))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "delegate"):
            self._use_fonts()
            self.fit()

    def _use_fonts(self) -> None:
        self.delegate.use_font(QApplication.font())
        self.horizontalHeader().setFont(fonts.sized(QApplication.font(), -1))

    @Slot(QModelIndex)
    def _on_entered(self, index: QModelIndex) -> None:
        """Show a hand over what can be clicked."""
        row = self.rows.rows[index.row()]
        leads = row.more or row.sample is not None or any(e.leads for e in row.entries)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if leads else Qt.CursorShape.ArrowCursor)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        entry, row = self.rows.entry(index), self.rows.rows[index.row()]
        if entry.factor is not None and entry.leads:
            self.followed.emit(entry.factor.value, entry.factor.cell)
        elif row.more:
            self.more_wanted.emit()
        elif row.sample is not None:
            self.sample_chosen.emit(row.sample)
        else:
            first = next((e.factor for e in row.entries if e.factor is not None and e.leads), None)
            if first is not None:
                self.followed.emit(first.value, first.cell)
