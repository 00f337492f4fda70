"""One row a parameter: whether its gradient is right, in which shape, and where its update leads."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from core.diagnosis import ParameterVerdict
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.diagnosis_words import (
    cosine_meaning,
    cosine_text,
    direction,
    glyph,
    has_shape,
    known,
    shape_text,
    short_verdict,
)
from stepper.widgets.tips import plain

MOST_ROWS = 8
NAME, VERDICT, SHAPE, STEP = range(4)
COSINE = Qt.ItemDataRole.UserRole + 1
BAR, GAP, WIDEST_BAR = 44, 6, 100


class StepDelegate(QStyledItemDelegate):
    """Paints a cosine as a bar from the middle: to the right downhill, to the left uphill, hatched; and its number."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Room for a bar and a number."""
        metrics = option.fontMetrics
        return QSize(BAR + GAP + metrics.horizontalAdvance(f"{direction(-1)} −0.00") + 10, metrics.height() + 6)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Paint one cosine."""
        super().paint(painter, option, index)  # the ground of a chosen row; the cell has no text of its own
        cosine: float | None = index.data(COSINE)
        t = theme.current()
        faded = bool(index.data(COSINE + 1))
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        font = fonts.mono(option.font)
        metrics = QFontMetrics(font)
        number = f"{direction(cosine)} {cosine_text(cosine)}" if known(cosine) else cosine_text(cosine)
        wide = metrics.horizontalAdvance(f"{direction(-1)} −0.00")
        rect: QRect = option.rect.adjusted(4, 0, -4, 0)
        painter.save()
        painter.setFont(font)
        bad = cosine is not None and cosine < 0
        ink = t.panel if chosen else t.dim if faded else t.error if bad else t.text
        painter.setPen(QColor(ink))
        painter.drawText(QRect(rect.right() - wide, rect.top(), wide + 1, rect.height()), Qt.AlignmentFlag.AlignVCenter, number)
        room = QRectF(rect.left(), rect.center().y() - 4, rect.width() - wide - GAP, 9)
        if room.width() >= 24:
            fill = ink if chosen or faded or bad else t.phases["update"]
            self._bar(painter, room, cosine, t.panel if chosen else t.border, fill)
        painter.restore()

    def _bar(self, painter: QPainter, room: QRectF, cosine: float | None, edge: str, ink: str) -> None:
        painter.setPen(QPen(QColor(edge), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(room)
        middle = room.center().x()
        if cosine is not None and known(cosine):
            far = middle + cosine * room.width() / 2
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(ink))
            if cosine < 0:
                painter.setBrush(Qt.BrushStyle.BDiagPattern)
                brush = painter.brush()
                brush.setColor(QColor(ink))
                painter.setBrush(brush)
                painter.setPen(QPen(QColor(ink), 1))
            painter.drawRect(QRectF(min(middle, far), room.top(), abs(far - middle), room.height()))
        painter.setPen(QPen(QColor(ink), 1))
        painter.drawLine(QPointF(middle, room.top() - 2), QPointF(middle, room.bottom() + 2))


class DiagnosisRows(QTreeWidget):
    """The parameters; `chosen` carries the name of the one that was clicked, empty where it was given up again."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Gradients of your backward"))
        self.setHeaderLabels([self.tr("parameter"), self.tr("gradient"), self.tr("shape"), self.tr("step")])
        self.headerItem().setToolTip(STEP, plain(self.tr(
            "The cosine of your update with the way straight downhill: +1 straight downhill, 0 sideways, −1 straight uphill"
        )))  # fmt: skip
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QTreeWidget.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegateForColumn(STEP, StepDelegate(self))
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(20)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionsClickable(False)
        self.itemSelectionChanged.connect(self._on_chosen)

    def show_verdicts(self, found: Sequence[ParameterVerdict], stale: bool) -> None:
        """Show what was found; the same parameter stays chosen."""
        name, t = self.current(), theme.current()
        self.blockSignals(True)
        if [p.name for p in found] != [item.text(NAME) for item in self._items()]:
            self.clear()
            self.addTopLevelItems([QTreeWidgetItem([p.name]) for p in found])
        for item, p in zip(self._items(), found, strict=True):
            short = short_verdict(p)
            item.setText(VERDICT, f"{glyph(p)} {short}")
            item.setText(SHAPE, shape_text(p))
            item.setData(STEP, COSINE, p.cosine)
            item.setData(STEP, COSINE + 1, stale)
            bad = p.verdict == "wrong"
            item.setForeground(NAME, QColor(t.dim if stale else t.text))
            item.setForeground(VERDICT, QColor(t.dim if stale else t.error if bad else t.phases["update"]))
            wrong_shape = p.own is not None and p.true is not None and not has_shape(p)
            item.setForeground(SHAPE, QColor(t.dim if stale or not wrong_shape else t.error))
            for column in (NAME, SHAPE):
                item.setFont(column, fonts.mono(self.font()))
            said = ". ".join((f"{p.name}: {short}", shape_text(p), cosine_meaning(p).replace("`", "")))
            for column in range(4):
                item.setToolTip(column, plain(said))
            item.setData(NAME, Qt.ItemDataRole.AccessibleTextRole, said)
        if name and not any(p.name == name for p in found):
            self.clearSelection()
        self.blockSignals(False)
        self._fit()

    def current(self) -> str:
        """Return the name of the chosen parameter, empty if there is none."""
        chosen = self.selectedItems()
        return chosen[0].text(NAME) if chosen else ""

    def choose(self, name: str) -> None:
        """Choose a parameter; an empty name chooses none."""
        if name == self.current():
            return
        if not name:
            self.clearSelection()
        for item in self._items():
            if item.text(NAME) == name:
                self.setCurrentItem(item)

    def sizeHint(self) -> QSize:
        return QSize(320, self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        return QSize(180, self.minimumHeight())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on the chosen row gives it up."""
        item = self.itemAt(event.position().toPoint())
        if item is not None and item.isSelected():
            self.clearSelection()
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space and Enter choose and give up; Escape gives up."""
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and item is not None:
            item.setSelected(not item.isSelected())
        elif event.key() == Qt.Key.Key_Escape and self.selectedItems():
            self.clearSelection()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the verdict the room that is left."""
        super().resizeEvent(event)
        self._fit()

    def _items(self) -> list[QTreeWidgetItem]:
        found = (self.topLevelItem(k) for k in range(self.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _fit(self) -> None:
        rows = self.topLevelItemCount()
        height = self.sizeHintForRow(0) if rows else 0
        self.setFixedHeight(self.header().sizeHint().height() + 2 + height * min(rows, MOST_ROWS))
        wanted = [max(self.sizeHintForColumn(c), self.header().sectionSizeHint(c)) + 6 for c in range(4)]
        number = QFontMetrics(fonts.mono(self.font())).horizontalAdvance(f"{direction(-1)} −0.00") + 16
        room = self.viewport().width()
        # First the bar becomes its number alone, then the shape goes: the sentences below say both.
        if sum(wanted) > room:
            wanted[STEP] = number
        hidden = sum(wanted) > room
        self.setColumnHidden(SHAPE, hidden)
        shown = [c for c in range(4) if c != SHAPE or not hidden]
        over = sum(wanted[c] for c in shown) - room
        if over > 0:  # a long name gives way before the verdict does
            wanted[NAME] = max(70, wanted[NAME] - over)
            over = sum(wanted[c] for c in shown) - room
            wanted[VERDICT] = max(70, wanted[VERDICT] - max(over, 0))
        spare = max(0, room - sum(wanted[c] for c in shown))
        bar = min(spare // 2, WIDEST_BAR) if wanted[STEP] > number else 0
        more = {VERDICT: spare - bar, STEP: bar}
        for column in shown:
            self.setColumnWidth(column, wanted[column] + more.get(column, 0))

    @Slot()
    def _on_chosen(self) -> None:
        self.chosen.emit(self.current())
