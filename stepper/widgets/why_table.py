"""A short table of numbers that explain another: links to follow, bars with a sign. All of it by keyboard too."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QWidget,
)

from core.explain.numbers import exact
from stepper import theme
from stepper.models.why_rows import Entry, WhyModel, WhyRow
from stepper.widgets import fonts, numbers
from stepper.widgets.tips import plain

Index = QModelIndex | QPersistentModelIndex
PAD = 6
GAP = 8
SMALLEST_BAR = 64
LARGEST_BAR = 240
SLACK = 4  # widths of text are rounded
MEASURED = 40
_CHOOSE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_MOVE = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)
_BARE = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)


def _text(number: object) -> str:
    return numbers.short(number)


class WhyDelegate(QStyledItemDelegate):
    """Paints one field: its name underlined where it leads on, its number, and a bar from the middle."""

    def __init__(self, model: WhyModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.folded = False
        self.beside_bar = 0
        self.use_font(QApplication.font())

    def use_font(self, font: QFont) -> None:
        """Write names and numbers in sizes that go with a font."""
        self.mono, self.small = fonts.mono(font), fonts.mono(font, -1)

    @property
    def row_height(self) -> int:
        """The height of a row: one line, or two where the room is narrow."""
        lines = QFontMetrics(self.mono).height()
        return lines + 8 + (QFontMetrics(self.small).height() if self.folded else 0)

    def needed(self, entry: Entry, folded: bool) -> int:
        """Return the width that a field needs in one line or in two."""
        name = QFontMetrics(self.small).horizontalAdvance(self._model.name_of(entry))
        number = QFontMetrics(self.mono).horizontalAdvance(self._model.number_of(entry))
        bar = SMALLEST_BAR if entry.share is not None else 0
        parts = [n for n in (name, number, bar) if n]
        return (max(parts, default=0) if folded else sum(parts) + GAP * max(len(parts) - 1, 0)) + 2 * PAD + SLACK

    def least(self, entry: Entry) -> int:
        """Return the width without which a number could not be read."""
        words = self._model.number_of(entry) or (entry.words if entry.factor is None else "")
        return QFontMetrics(self.mono).horizontalAdvance(words) + 2 * PAD

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a field."""
        t, model = theme.current(), self._model
        entry, row = model.entry(index), model.rows[index.row()]
        painter.save()
        rect = option.rect
        ink = QColor(t.text)
        painter.fillRect(rect, QColor(t.lit if row.current else t.panel))
        if row.current:
            ink = QColor(t.lit_text)
        painter.setPen(QPen(QColor(t.border), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        inner = rect.adjusted(PAD, 3, -PAD, -4)
        name, number = model.name_of(entry), model.number_of(entry)
        upper, lower = inner, inner
        if self.folded:
            upper = QRect(inner.left(), inner.top(), inner.width(), QFontMetrics(self.small).height())
            lower = QRect(inner.left(), upper.bottom() + 1, inner.width(), inner.bottom() - upper.bottom())
            if not name:
                upper, lower = lower, upper  # a number alone stands on the line of the other numbers, its bar above it
        if entry.share is not None:
            number_at = upper if self.folded and not name else lower
            self._paint_number(painter, number_at, entry, number, ink, not self.folded)
            self._paint_bar(painter, lower if self.folded and not name else inner, entry.share, number)
        else:
            self._paint_number(painter, lower if name or not self.folded else upper, entry, number, ink, False)
        if name:
            leads = entry.leads or row.more or (row.sample is not None and not index.column())
            self._paint_name(painter, upper, entry, name, number, row.current, leads)
        view = option.widget
        if isinstance(view, QAbstractItemView) and view.hasFocus() and view.currentIndex() == index:
            painter.setPen(QPen(QColor(t.selection), 2))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))
        painter.restore()

    def _paint_number(self, painter: QPainter, rect: QRect, entry: Entry, text: str, ink: QColor, beside_bar: bool) -> None:
        if not text:
            return
        font = QFont(self.mono)
        raw = entry.number if entry.factor is None else entry.factor.number
        if not math.isfinite(float(raw)):
            ink = QColor(theme.current().error)
            font.setBold(True)
        painter.setFont(font)
        painter.setPen(ink)
        if beside_bar:
            rect = QRect(rect.left(), rect.top(), self._number_width(rect), rect.height())
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _number_width(self, rect: QRect) -> int:
        """The room for a name and a number beside a bar."""
        return min(self.beside_bar, rect.width() - SMALLEST_BAR - GAP)

    def _paint_name(
        self, painter: QPainter, rect: QRect, entry: Entry, name: str, number: str, current: bool, leads: bool
    ) -> None:
        t = theme.current()
        font = QFont(self.small if entry.factor is not None else QApplication.font())
        font.setUnderline(leads)
        painter.setFont(font)
        ink = t.read if leads else t.text if entry.factor is None else t.dim
        painter.setPen(QColor(t.lit_text if current else ink))
        room = rect.width()
        if number and not self.folded:
            room -= QFontMetrics(self.mono).horizontalAdvance(number) + GAP
        text = QFontMetrics(font).elidedText(name, Qt.TextElideMode.ElideRight, max(room, 0))
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_bar(self, painter: QPainter, rect: QRect, share: float, number: str) -> None:
        if not self.folded:
            rect = rect.adjusted(self._number_width(rect) + GAP, 0, 0, 0)
            rect.setWidth(min(rect.width(), LARGEST_BAR))
        if rect.width() < 12 or math.isnan(share):
            return
        t = theme.current()
        height = min(rect.height(), 10)
        middle, top = rect.left() + rect.width() // 2, rect.top() + (rect.height() - height) // 2
        length = round(abs(share) * (rect.width() // 2))
        bar = QRect(middle if share > 0 else middle - length, top, length, height)
        painter.fillRect(bar, QColor(t.positive if share > 0 else t.negative))
        painter.setPen(QPen(QColor(t.dim), 1))
        painter.drawLine(middle, top - 2, middle, top + height + 1)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        """Show a number in full, as plain text."""
        text = index.data(int(Qt.ItemDataRole.ToolTipRole)) if index.isValid() else ""
        QToolTip.showText(event.globalPos(), plain(str(text or "")), view)
        return bool(text)


class WhyTable(QTableView):
    """Shows rows as high as they need; `followed` gives the value and cell of a link, `sample_chosen` a sample's index."""

    followed = Signal(object, object)
    sample_chosen = Signal(int)
    more_wanted = Signal()

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
        self.horizontalHeader().setVisible(any(headings))
        if rows:
            found = self.rows.index(min(max(row, 0), len(rows) - 1), min(max(column, 0), len(headings) - 1))
            self.setCurrentIndex(found)
        self.fit()

    def fit(self) -> None:
        """Give each column its width and the table its height."""
        model, delegate, room = self.rows, self.delegate, self.width()
        measured = model.rows[:MEASURED] + model.rows[-1:]
        fields = [[row.entries[c] for row in measured if c < len(row.entries)] for c in range(len(model.headings))]
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
            widths[-1] += spare if spare > 0 else 0
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
