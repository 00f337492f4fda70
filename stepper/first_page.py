"""The first page: three things to begin with, lessons, files that were open lately, and what is built in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from stepper import theme
from stepper.models.lesson_state import Entry
from stepper.widgets import fonts
from stepper.widgets.tips import plain

WIDEST = 980
MOST_LESSONS = 5
"""Lessons that stand here; the others are a click away, so that the page stays calm."""
WRAP = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)


class BigButton(QPushButton):
    """A large button: what to do, and below it what then happens."""

    def __init__(self, sign: str, title: str, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.sign, self.title, self.words = sign, title, words
        self.setAccessibleName(title)
        self.setAccessibleDescription(words)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().height() * 15
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(line * 9, line * 8)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, arg__1: int) -> int:
        """Return the height that all of the text needs."""
        line = self.fontMetrics().height()
        title, words = self._texts(QRect(0, 0, arg__1 - 2 * line - 8, 10000))
        return max(words.bottom() + line * 2, line * 8) if title.isValid() else line * 8

    def _texts(self, inner: QRect) -> tuple[QRect, QRect]:
        """Return where the title and the words stand inside a card."""
        line = self.fontMetrics().height()
        title = QFontMetrics(self._bold()).boundingRect(inner.adjusted(0, line * 9 // 4, 0, 0), WRAP, self.title)
        below = QRect(inner.left(), title.bottom() + 6, inner.width(), 10000)
        return title, QFontMetrics(QApplication.font()).boundingRect(below, WRAP, self.words)

    def _bold(self) -> QFont:
        return fonts.sized(QApplication.font(), 2, bold=True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a card; the one with the keyboard has a thick frame."""
        t, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        marked = self.hasFocus() or self.underMouse()
        frame = self.rect().adjusted(2, 2, -2, -2)
        painter.setPen(QPen(QColor(t.accent if marked else t.border), 3 if self.hasFocus() else 1.5))
        painter.setBrush(QColor(t.window if self.isDown() else t.panel))
        painter.drawRoundedRect(frame, 8, 8)
        line = self.fontMetrics().height()
        inner = frame.adjusted(line, line, -line, 0)
        title, words = self._texts(inner)
        painter.setFont(fonts.sized(QApplication.font(), 9))
        painter.setPen(QColor(t.accent))
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, self.sign)
        painter.setFont(self._bold())
        painter.setPen(QColor(t.text))
        painter.drawText(title.adjusted(0, 0, 4, 0), WRAP, self.title)
        painter.setFont(QApplication.font())
        painter.setPen(QColor(t.dim))
        painter.drawText(QRect(words.left(), words.top(), inner.width(), words.height()), WRAP, self.words)
        painter.end()


class ChoiceList(QListWidget):
    """A short list; a click, Enter or Space chooses."""

    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setSpacing(2)
        self.viewport().setAutoFillBackground(False)
        self.itemClicked.connect(self._choose)

    def fit(self) -> None:
        """Be as high as all lines are."""
        line = self.sizeHintForRow(0) if self.count() else 0
        self.setFixedHeight(self.count() * (line + 2 * self.spacing()) + 6)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space choose."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.currentRow() >= 0:
            self._choose(self.currentItem())
        else:
            super().keyPressEvent(event)

    def add(self, text: str, target: str, tip: str, there: bool = True, spoken: str = "") -> None:
        """Add a line; one that is not there any more is grey and cannot be chosen. `spoken` is for a screen reader."""
        item = QListWidgetItem(text)
        if spoken:
            item.setData(Qt.ItemDataRole.AccessibleTextRole, spoken)
        item.setData(Qt.ItemDataRole.UserRole, target)
        item.setToolTip(plain(tip))
        if not there:
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        self.addItem(item)

    @Slot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem) -> None:
        if item.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.chosen.emit(str(item.data(Qt.ItemDataRole.UserRole)))


class FirstPage(QScrollArea):
    """Where to begin. Its signals say what a person wants; `chosen(target)` names an example or a file.

    `lesson_wanted(target)` names a lesson.
    """

    watch_wanted = Signal()
    code_wanted = Signal()
    write_wanted = Signal()
    network_wanted = Signal()
    new_wanted = Signal()
    tour_wanted = Signal()
    back_wanted = Signal()
    lesson_wanted = Signal(str)
    chosen = Signal(str)

    def __init__(self, examples: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("First page"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QWidget(self)
        self.title = self._label(self.tr("Backprop Stepper"), page)
        self.words = self._label(
            self.tr("One training iteration of a neural network, operation by operation: earlier, later, and why."), page
        )
        self.watch_button = BigButton(
            "▶", self.tr("Watch one iteration"),
            self.tr("A small network learns XOR. Step through it: forward, backward, update."), page,
        )  # fmt: skip
        self.code_button = BigButton(
            "✓", self.tr("Check my code"),
            self.tr("Open your NumPy program, or write it here: which line is wrong, and how? It is read, never executed."), page,
        )  # fmt: skip
        self.code_menu = QMenu(self)
        self.code_menu.setAccessibleName(self.tr("Where your code is"))
        self.code_menu.addAction(self.tr("&Open a file (.py)…")).triggered.connect(self.code_wanted)
        self.code_menu.addAction(self.tr("&Write it here")).triggered.connect(self.write_wanted)
        self.network_button = BigButton(
            "◫", self.tr("Open a saved network"),
            self.tr("From PyTorch, Keras, scikit-learn, ONNX or NumPy: look into it, then step it. Nothing in it is run."), page,
        )  # fmt: skip
        self.recent = ChoiceList(self.tr("Recent files"), page)
        self.lessons = ChoiceList(self.tr("Lessons"), page)
        self.examples = ChoiceList(self.tr("Examples"), page)
        self.nothing = self._label(self.tr("Files that you open are listed here."), page)
        self.tour_button = QPushButton(self.tr("Take the one-min&ute tour"), page)
        self.new_button = QPushButton(self.tr("Describe a &new network…"), page)
        self.back_button = QPushButton(page)
        for name, what in examples.items():
            self.examples.add(f"{name}: {what}", name, what)
        self._lay_out(page)
        self._connect()
        self.set_recent(())
        self.set_lessons(())
        self.set_back("")
        self._use_fonts()
        self.setWidget(page)

    def begin(self) -> None:
        """Take the keyboard: Enter does the first of the three."""
        self.watch_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_recent(self, paths: Sequence[str]) -> None:
        """List the files that were open lately; those that are gone are grey."""
        self.recent.clear()
        for path in paths:
            there = Path(path).is_file()
            text = Path(path).name if there else self.tr("{name} (not there any more)").format(name=Path(path).name)
            self.recent.add(f"{text}   {Path(path).parent}", path, path, there)
        self.recent.fit()
        self.recent.setVisible(bool(paths))
        self.nothing.setVisible(not paths)

    def set_lessons(self, entries: Sequence[Entry]) -> None:
        """List the first lessons with a sign for how far each was read, and the way to the others."""
        self._entries = tuple(entries)
        self._list_lessons(MOST_LESSONS)

    def _list_lessons(self, most: int) -> None:
        entries = self._entries
        self.lessons.clear()
        for entry in entries[:most]:
            sign, state = ("○", self.tr("not read yet"))
            if entry.read:
                sign, state = ("✓", self.tr("read")) if entry.done else ("◐", self.tr("begun"))
            spoken = self.tr("{text} ({state})").format(text=entry.line, state=state)
            self.lessons.add(f"{sign}  {entry.line}", entry.target, spoken, spoken=spoken)
        if len(entries) > most:
            words = self.tr("All {n} lessons…").format(n=len(entries))
            self.lessons.add(f"    {words}", "", words, spoken=words)
        self.lessons.fit()

    @Slot(str)
    def _on_lesson(self, target: str) -> None:
        """Open a lesson; the last line shows the others, with the keyboard on the first of them."""
        if target:
            self.lesson_wanted.emit(target)
        else:
            self._list_lessons(len(self._entries))
            self.lessons.setCurrentRow(MOST_LESSONS)

    @Slot()
    def ask_code(self) -> None:
        """Ask where the code is: in a file, or still to be written."""
        button = self.code_button
        self.code_menu.setActiveAction(self.code_menu.actions()[0])
        self.code_menu.popup(button.mapToGlobal(QPoint(button.fontMetrics().height(), button.height() * 2 // 3)))

    def set_back(self, title: str) -> None:
        """Offer the way back to what is open; without a title there is none."""
        self.back_button.setText(self.tr("&Back to {title}").format(title=title.replace("&", "&&")))
        self.back_button.setVisible(bool(title))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "back_button"):
            self._use_fonts()
        super().changeEvent(event)

    def _lay_out(self, page: QWidget) -> None:
        inner = QWidget(page)
        inner.setMaximumWidth(WIDEST)
        grid = QGridLayout(inner)
        grid.setContentsMargins(24, 12, 24, 12)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(10)
        grid.addWidget(self.title, 0, 0, 1, 6)
        grid.addWidget(self.words, 1, 0, 1, 6)
        for column, button in enumerate((self.watch_button, self.code_button, self.network_button)):
            grid.addWidget(button, 2, column * 2, 1, 2)
        self._heads = [self._label(text, page) for text in (self.tr("Lessons"), self.tr("Examples"), self.tr("Recent files"))]
        places = ((3, 2, 4, self.lessons), (5, 2, 4, self.examples), (3, 0, 2, self.recent))
        for head in self._heads:
            head.setContentsMargins(0, self.fontMetrics().height(), 0, 0)
        for head, (row, column, span, choices) in zip(self._heads, places, strict=True):
            grid.addWidget(head, row, column, 1, span)
            grid.addWidget(choices, row + 1, column, 3 if choices is self.recent else 1, span, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.nothing, 4, 0, 1, 2, Qt.AlignmentFlag.AlignTop)
        grid.setRowMinimumHeight(7, self.fontMetrics().height())
        below = QHBoxLayout()
        below.setSpacing(10)
        for button in (self.tour_button, self.new_button, self.back_button):
            below.addWidget(button)
        below.addStretch(1)
        grid.addLayout(below, 8, 0, 1, 6)
        for column in range(6):
            grid.setColumnStretch(column, 1)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(inner, 100)
        across.addStretch(1)
        column = QVBoxLayout(page)
        column.addStretch(2)
        column.addLayout(across)
        column.addStretch(3)

    def _connect(self) -> None:
        for button, signal in (
            (self.watch_button, self.watch_wanted), (self.code_button, self.ask_code),
            (self.network_button, self.network_wanted), (self.tour_button, self.tour_wanted),
            (self.new_button, self.new_wanted), (self.back_button, self.back_wanted),
        ):  # fmt: skip
            button.clicked.connect(signal)
        self.recent.chosen.connect(self.chosen)
        self.examples.chosen.connect(self.chosen)
        self.lessons.chosen.connect(self._on_lesson)

    def _use_fonts(self) -> None:
        base = QApplication.font()
        self.title.setFont(fonts.sized(base, 10, bold=True))
        self.words.setFont(fonts.sized(base, 2))
        for head in self._heads:
            head.setFont(fonts.sized(base, 0, bold=True))
        for choices in (self.recent, self.examples, self.lessons):
            choices.fit()

    def _label(self, text: str, parent: QWidget) -> QLabel:
        label = QLabel(text, parent)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        return label
