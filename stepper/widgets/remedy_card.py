"""The remedies to choose from, and what the chosen one does, does not mend, and changes in the program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.health.remedies import REMEDIES, Mended
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.change_lines import ChangeLines
from stepper.widgets.tips import plain

ID = int(Qt.ItemDataRole.UserRole)
ROWS = 6
Fitting = Mapping[str, Mended | str]


class RemedyList(QListWidget):
    """Rows of remedies; Enter tries the one that is chosen."""

    entered_key = Signal()

    def sizeHint(self) -> QSize:
        """Room for the most usual ones."""
        height = self.sizeHintForRow(0) if self.count() else self.fontMetrics().height() + 6
        return QSize(240, height * ROWS + 2 * self.frameWidth())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered_key.emit()
        else:
            super().keyPressEvent(event)


class RemedyCard(QWidget):
    """`try_wanted`, `take_wanted` carry the id and strength of a remedy, `choice_wanted` asks what a strength would change."""

    try_wanted = Signal(str, str)
    take_wanted = Signal(str, str)
    choice_wanted = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fitting: Fitting = {}
        self._offered: tuple[str, ...] = ()
        self._shown: tuple[object, ...] = ()
        self.list = RemedyList(self)
        self.list.setAccessibleName(self.tr("Remedies"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.list.currentItemChanged.connect(self._on_row)
        self.list.entered_key.connect(self._on_try)
        self.list.itemDoubleClicked.connect(self._on_try)
        self.about = self._label(self.tr("What it does"))
        self.keeps = self._label(self.tr("What it does not mend"))
        self.note = self._label(self.tr("What to know of it here"))
        self.lines = ChangeLines(self)
        self.choice = QComboBox(self)
        self.choice.setAccessibleName(self.tr("How strong"))
        self.choice.currentIndexChanged.connect(self._on_choice)
        self.try_button = self._button(
            self.tr("Try it"), self.tr("Run the program with this beside the program as it is (Enter)")
        )
        self.take_button = self._button(
            self.tr("Use this program"), self.tr("Open the program with this in it, from its start; changes by hand stay behind")
        )
        self.try_button.clicked.connect(self._on_try)
        self.take_button.clicked.connect(self._on_take)
        row = QHBoxLayout()
        row.setSpacing(6)
        for part in (self.choice, self.try_button, self.take_button):
            row.addWidget(part)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for part in (self.list, self.about, self.keeps, self.note):
            column.addWidget(part)
        column.addLayout(row)  # above the changed lines, so that it is in sight in a low panel too
        column.addWidget(self.lines)
        column.addStretch(1)

    def _label(self, name: str) -> QLabel:
        made = QLabel(self)
        made.setTextFormat(Qt.TextFormat.PlainText)
        made.setWordWrap(True)
        made.setAccessibleName(name)
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        return made

    def _button(self, text: str, tip: str) -> QPushButton:
        made = QPushButton(text, self)
        made.setToolTip(plain(tip))
        made.setAccessibleDescription(tip)
        made.setAutoDefault(False)
        return made

    def show_fitting(self, fitting: Fitting, offered: Sequence[str]) -> None:
        """Show what fits, with what a problem asks for first; a remedy that is not in `fitting` is still being looked at."""
        self._fitting, self._offered = fitting, tuple(i for i in offered if i in REMEDIES)
        order = sorted(REMEDIES, key=lambda i: (i not in self._offered, isinstance(fitting.get(i), str)))
        rows = [(i, self._row_text(i), isinstance(fitting.get(i), str)) for i in order]
        fresh = (tuple(rows), theme.current().key, fonts.zoom())
        if fresh != self._shown:
            self._shown = fresh
            chosen = self.chosen() if self.list.count() else ""
            self.list.blockSignals(True)
            self.list.clear()
            for id, text, out in rows:
                item = QListWidgetItem(text, self.list)
                item.setData(ID, id)
                item.setForeground(QColor(theme.current().dim if out else theme.current().text))
                item.setFont(fonts.sized(self.font(), 0, bold=id in self._offered))
                item.setToolTip(plain(REMEDIES[id].text))
            self.list.blockSignals(False)
            self.choose(chosen if chosen in order else order[0])
            self.list.updateGeometry()
        self._show_chosen()

    def _row_text(self, id: str) -> str:
        title = REMEDIES[id].title
        if id not in self._fitting:
            return self.tr("{title} …").format(title=title)
        if isinstance(self._fitting[id], str):
            return self.tr("{title} — does not fit").format(title=title)
        if id in self._offered:
            return self.tr("➤ {title} — for this problem").format(title=title)
        return title

    def choose(self, id: str, strength: str = "") -> None:
        """Choose a remedy, and perhaps how strong."""
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(ID) == id:
                self.list.setCurrentRow(row)
                self.list.scrollToItem(item)
        if strength and self.choice.findData(strength) >= 0:
            self.choice.setCurrentIndex(self.choice.findData(strength))

    def chosen(self) -> str:
        """Return the id of the remedy that is chosen."""
        row = self.list.currentRow()
        return "" if row < 0 else str(self.list.item(row).data(ID))

    def strength(self) -> str:
        """Return the chosen strength, empty where there are none."""
        return str(self.choice.currentData() or "") if self.choice.count() else ""

    def _show_chosen(self) -> None:
        id = self.chosen()
        if not id:
            return
        remedy, found = REMEDIES[id], self._fitting.get(id)
        self.about.setText(remedy.text)
        self.keeps.setText(self.tr("✗ Its limits: {text}").format(text=remedy.keeps))
        if isinstance(found, str):
            self.note.setText(self.tr("It does not fit here: {why}.").format(why=found.rstrip(".")))
        else:
            self.note.setText("\n".join(f"• {note}" for note in found.notes) if found is not None else "")
        self.note.setVisible(bool(self.note.text()))
        palette = self.note.palette()
        palette.setColor(
            self.note.foregroundRole(), QColor(theme.current().error if isinstance(found, str) else theme.current().dim)
        )
        self.note.setPalette(palette)
        fits = isinstance(found, Mended)
        self.lines.setVisible(fits)
        if isinstance(found, Mended):
            self.lines.show_changes(found.changes)
        self.try_button.setEnabled(fits)
        self.take_button.setEnabled(fits)

    @Slot()
    def _on_row(self) -> None:
        """Offer the strengths of the remedy that was chosen."""
        remedy = REMEDIES.get(self.chosen())
        self.choice.blockSignals(True)
        self.choice.clear()
        for key, text in ({} if remedy is None else remedy.choices).items():
            self.choice.addItem(text, key)
        self.choice.blockSignals(False)
        self.choice.setVisible(self.choice.count() > 0)
        if self.choice.count():
            self.choice_wanted.emit(self.chosen(), self.strength())
        self._show_chosen()

    @Slot()
    def _on_choice(self) -> None:
        self.choice_wanted.emit(self.chosen(), self.strength())

    @Slot()
    def _on_try(self) -> None:
        if self.try_button.isEnabled():
            self.try_wanted.emit(self.chosen(), self.strength())

    @Slot()
    def _on_take(self) -> None:
        self.take_wanted.emit(self.chosen(), self.strength())
