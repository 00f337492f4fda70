"""How one field of a number's explanation is painted: a link, a number, a bar with a sign."""

from __future__ import annotations

import math

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QApplication, QStyledItemDelegate, QStyleOptionViewItem, QToolTip, QWidget

from stepper import theme
from stepper.models.why_rows import Entry, WhyModel
from stepper.widgets import fonts
from stepper.widgets.tips import plain

Index = QModelIndex | QPersistentModelIndex
PAD = 6
GAP = 8
SMALLEST_BAR = 64
LARGEST_BAR = 240
SLACK = 4  # widths of text are rounded


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
        length = round(min(abs(share), 1.0) * (rect.width() // 2))
        bar = QRect(middle if share > 0 else middle - length, top, length, height)
        ink = QColor(t.positive if share > 0 else t.negative)
        painter.fillRect(bar, ink)
        if abs(share) > 1:  # longer than there is room for: a gap near its end
            gap = QRect(bar.right() - 9 if share > 0 else bar.left() + 6, top, 4, height)
            painter.fillRect(gap, QColor(t.panel))
        painter.setPen(QPen(QColor(t.dim), 1))
        painter.drawLine(middle, top - 2, middle, top + height + 1)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        """Show a number in full, as plain text."""
        text = index.data(int(Qt.ItemDataRole.ToolTipRole)) if index.isValid() else ""
        QToolTip.showText(event.globalPos(), plain(str(text or "")), view)
        return bool(text)
