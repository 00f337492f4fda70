"""The command palette: every action of the one table, found by a few letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QBrush, QColor, QKeyEvent
from PySide6.QtWidgets import QFrame, QHeaderView, QLabel, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from stepper import actions, theme
from stepper.actions import Actions, Item
from stepper.widgets.tips import plain

WIDTH, ROWS = 620, 12
MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


def closeness(wanted: str, text: str) -> int | None:
    """Return how well letters fit a text, more is better; None if they do not stand in it in this order.

    Letters at the start of a word count most, then letters that follow one another.
    """
    letters, low = [c for c in wanted.lower() if not c.isspace()], text.lower()
    at, score, before = 0, 0, -2
    for letter in letters:
        starts = [i for i in range(at, len(low)) if low[i] == letter and (i == 0 or not low[i - 1].isalnum())]
        place = at if at == before + 1 and low[at : at + 1] == letter else starts[0] if starts else low.find(letter, at)
        if place < 0:
            return None
        score += 8 if place in starts else 5 if place == before + 1 else 1
        before, at = place, place + 1
    return score - len(text) // 20


def rank(wanted: str, item: Item) -> int | None:
    """Return how well an action fits what was typed, None if not at all: its text first, then menu and tip."""
    if not wanted.strip():
        return 0
    text, menu = actions.plain(item.text), actions.plain(item.menu).replace("/", " ")
    found = closeness(wanted, text)
    if found is not None:
        return 1000 + found
    found = closeness(wanted, f"{menu} {text}")
    if found is not None and found >= 4 * len(wanted.replace(" ", "")):
        return 500 + found
    words = wanted.lower().split()
    told = f"{menu} {text} {actions.say(item.tip)}".lower()
    return 100 if all(word in told for word in words) else None


class Palette(QFrame):
    """A small window with one line to type in. `wanted(id)` tells which action to do; then it is closed."""

    wanted = Signal(str)

    def __init__(self, table: Actions, why_not: Callable[[str], str], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._actions, self._why_not = table, why_not
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(self.tr("Command palette"))
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.line = QLineEdit(self)
        self.line.setAccessibleName(self.tr("What do you want to do?"))
        self.line.setPlaceholderText(self.tr("What do you want to do? Type a few letters"))
        self.line.setClearButtonEnabled(True)
        self.list = QTreeWidget(self)
        self.list.setAccessibleName(self.tr("Actions"))
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAllColumnsShowFocus(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.list.header().setStretchLastSection(False)
        for column, mode in enumerate((QHeaderView.ResizeMode.Stretch, *[QHeaderView.ResizeMode.ResizeToContents] * 2)):
            self.list.header().setSectionResizeMode(column, mode)
        self.tip = QLabel(self)
        self.tip.setTextFormat(Qt.TextFormat.PlainText)
        self.tip.setWordWrap(True)
        self.tip.setAccessibleName(self.tr("What this action does"))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        for part in (self.line, self.list, self.tip):
            column.addWidget(part)
        self.line.installEventFilter(self)
        self.line.textChanged.connect(self.search)
        self.list.currentItemChanged.connect(self._tell)
        self.list.itemClicked.connect(self._do)
        self.search("")

    def open_over(self, window: QWidget) -> None:
        """Show in the upper middle of a window, with the keyboard."""
        metrics = self.fontMetrics()
        width = min(max(WIDTH, metrics.averageCharWidth() * 88), window.width() - 40)
        height = min((metrics.height() + 7) * (ROWS + 4), window.height() - 80)
        self.resize(width, height)
        self.move(window.mapToGlobal(QPoint((window.width() - width) // 2, 60)))
        self.show()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)

    @Slot(str)
    def search(self, wanted: str) -> None:
        """List what fits, the best first; among equals in the order of the table."""
        ranked = [(score, item) for item in actions.ITEMS if (score := rank(wanted, item)) is not None]
        ranked.sort(key=lambda pair: -pair[0])
        self._fill([item for _, item in ranked])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move in the list while the line has the keyboard; Enter does what is chosen."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in MOVES:
                self._move(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _fill(self, items: Sequence[Item]) -> None:
        self.list.clear()
        dim = QBrush(QColor(theme.current().dim))
        for item in items:
            action: QAction = self._actions[item.id]
            menu = actions.plain(item.menu).replace("/", " › ")
            row = QTreeWidgetItem([action.text().replace("&", "").rstrip("…"), menu, actions.keys_text(item)])
            row.setData(0, Qt.ItemDataRole.UserRole, item.id)
            row.setForeground(1, dim)
            if action.isCheckable() and action.isChecked():
                row.setText(0, f"✓ {row.text(0)}")
            if not action.isEnabled():
                row.setText(0, self.tr("{action} (not now)").format(action=row.text(0)))
                row.setToolTip(0, plain(self._why_not(item.id)))
                for column in range(3):
                    row.setForeground(column, dim)
            row.setSizeHint(0, QSize(0, self.fontMetrics().height() + 7))
            self.list.addTopLevelItem(row)
        self._stand(0)
        self._tell()

    def _stand(self, row: int) -> None:
        item = self.list.topLevelItem(row)
        if item is not None:
            self.list.setCurrentItem(item)

    def _move(self, event: QKeyEvent) -> None:
        count, at = self.list.topLevelItemCount(), self.list.currentIndex().row()
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -ROWS}.get(Qt.Key(event.key()), ROWS)
        if count:
            self._stand(max(0, min(count - 1, at + step)))

    @Slot()
    def _tell(self) -> None:
        item = self.list.currentItem()
        if item is None:
            self.tip.setText(self.tr("No action has these letters. Try fewer."))
            return
        name = str(item.data(0, Qt.ItemDataRole.UserRole))
        if self._actions[name].isEnabled():
            self.tip.setText(actions.say(actions.BY_ID[name].tip) or actions.plain(actions.BY_ID[name].text))
        else:
            self.tip.setText(self.tr("Not possible now: {why}").format(why=self._why_not(name)))
        self.line.setAccessibleDescription(f"{item.text(0)}. {self.tip.text()}")

    @Slot(QTreeWidgetItem)
    def _do(self, item: QTreeWidgetItem | None) -> None:
        if item is None:
            return
        name = str(item.data(0, Qt.ItemDataRole.UserRole))
        if self._actions[name].isEnabled():
            self.close()
            self.wanted.emit(name)
