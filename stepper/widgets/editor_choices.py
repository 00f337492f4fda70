"""The list of what can be written on, under the cursor: never in the way, gone with the next key that does not fit."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from core.writing import Completion, Completions
from stepper.widgets import fonts

MOST_ROWS = 8
ITEM = Qt.ItemDataRole.UserRole
GAP = "   "


class Choices(QFrame):
    """Shows completions; the editor keeps the keyboard and passes the keys on."""

    taken = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("What can be written here"))
        self.setFrameShape(QFrame.Shape.Box)
        self.setAutoFillBackground(True)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("What can be written here"))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.words.setAccessibleName(self.tr("What it is"))
        self.words.setMargin(4)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self.list)
        column.addWidget(self.words)
        self.list.currentRowChanged.connect(self._on_row)
        self.list.itemClicked.connect(self._on_clicked)
        self.hide()

    @property
    def current(self) -> Completion | None:
        """The completion that would be taken."""
        row = self.list.currentRow()
        return None if row < 0 or self.isHidden() else self.list.item(row).data(ITEM)

    def offer(self, found: Completions, cursor: QRect, room: QRect) -> None:
        """Show completions below the cursor (above it where there is no room); hide where there are none."""
        if not found.items:
            self.hide()
            return
        mono = fonts.mono(self.font())
        self.list.setFont(mono)
        self.words.setFont(fonts.sized(self.font(), -1))
        self.list.clear()
        for completion in found.items:
            shape = completion.detail if completion.kind == "name" else ""
            item = QListWidgetItem(completion.text.rstrip("([") + (GAP + shape if shape else ""), self.list)
            item.setData(ITEM, completion)
        self.list.setCurrentRow(0)
        metrics = self.list.fontMetrics()
        width = max(metrics.horizontalAdvance(self.list.item(n).text()) for n in range(min(self.list.count(), 200)))
        self.resize(max(240, min(width + 60, 420, room.width() - 4)), 10)
        rows = min(MOST_ROWS, len(found.items))
        self.list.setFixedHeight(rows * max(1, self.list.sizeHintForRow(0)) + 4)
        # Room for the longest of the sentences, so that the list does not jump while one goes through it.
        words = max((self._words(i) for i in found.items[:100]), key=len)
        self.words.setMinimumHeight(self._height(words))
        height = self.list.height() + self.words.minimumHeight() + 4
        height = min(height, max(room.height() - 4, 80))
        below = room.bottom() - cursor.bottom()
        top = cursor.bottom() + 2 if below >= height or below >= cursor.top() - room.top() else cursor.top() - height - 2
        left = max(room.left(), min(cursor.left(), room.right() - self.width() - 2))
        self.setGeometry(QRect(QPoint(left, max(room.top(), top)), self.size()).adjusted(0, 0, 0, height - self.height()))
        self.show()
        self.raise_()

    def move_by(self, rows: int) -> None:
        """Choose another row."""
        count = self.list.count()
        if count:
            self.list.setCurrentRow(max(0, min(count - 1, self.list.currentRow() + rows)))

    @Slot(int)
    def _on_row(self, row: int) -> None:
        completion: Completion | None = None if row < 0 else self.list.item(row).data(ITEM)
        if completion is not None:
            self.words.setText(self._words(completion))

    @staticmethod
    def _words(completion: Completion) -> str:
        return " · ".join(p for p in (completion.detail, completion.meaning) if p) or completion.text

    def _height(self, words: str) -> int:
        room = QRect(0, 0, self.width() - 12, 1000)
        return self.words.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, words).height() + 10

    @Slot(QListWidgetItem)
    def _on_clicked(self, item: QListWidgetItem) -> None:
        self.taken.emit(item.data(ITEM))
