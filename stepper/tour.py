"""The one-minute tour: it points at a panel, says two sentences, and asks the person to do something."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources as package_files

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core.session import Moment
from stepper import theme
from stepper.widgets import fonts

TARGET = "xor"
ASKS = ("", "later", "earlier", "cell", "loss", "backward", "run")
RUN_LENGTH = 3
DOES: Mapping[str, tuple[str, ...]] = {
    "later": ("operation-later",), "earlier": ("operation-earlier",), "loss": ("phase-later", "phase-later"),
    "backward": ("phase-later",), "run": ("iteration-later",) * (2 * RUN_LENGTH),
}  # fmt: skip
"""What Next does for a person who has not done what was asked."""
WIDTH = 24


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the panel pointed at, a title, what to know, and what is asked for (one of ASKS)."""

    panel: str
    title: str
    text: str
    ask: str = ""
    do: str = ""


def steps() -> tuple[Step, ...]:
    """Return the steps of the tour, in the person's language."""
    text = (package_files.files("resources") / "help" / "tour.toml").read_text("utf-8")
    return tuple(
        Step(**{k: QCoreApplication.translate("tour", v) if k in ("title", "text", "do") else v for k, v in step.items()})
        for step in tomllib.loads(text)["step"]
    )


def is_done(ask: str, before: Moment, now: Moment) -> bool:
    """Tell whether what a step asks for was done since the moment at which the step began."""
    then, here = (before.position.iteration, before.k), (now.position.iteration, now.k)
    if ask == "later":
        return here > then
    if ask == "earlier":
        return here < then
    if ask == "cell":
        return now.selection.cell is not None
    if ask == "loss":
        return now.program.loss is not None and now.value(now.program.loss) is not None
    if ask == "backward":
        return now.phase in ("backward", "update") or now.position.iteration > before.position.iteration
    if ask == "run":
        return len(now.losses) >= len(before.losses) + RUN_LENGTH
    return True


class Ring(QWidget):
    """A frame around what the tour points at; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame."""
        painter = QPainter(self)
        painter.setPen(QPen(QColor(theme.current().selection), 4))
        painter.drawRect(self.rect().adjusted(2, 2, -2, -2))
        painter.end()


class Tour(QFrame):
    """The card of the tour. `ended()` when it is over; `panel_wanted(id)` and `action_wanted(id)` ask for what a step needs."""

    begun = Signal()
    ended = Signal()
    panel_wanted = Signal(str)
    action_wanted = Signal(str)

    def __init__(self, place_of: Callable[[str], QWidget | None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Tour"))
        self._place_of, self._window = place_of, parent
        self._target: QWidget | None = None
        self.steps = steps()
        self.at = -1
        self._began: Moment | None = None
        self._now: Moment | None = None
        self.ring = Ring(parent)
        self.count, self.title, self.text, self.do = (QLabel(self) for _ in range(4))
        for label in (self.count, self.title, self.text, self.do):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.back_button = QPushButton(self.tr("‹ &Back"), self)
        self.next_button = QPushButton(self.tr("&Next ›"), self)
        self.end_button = QPushButton(self.tr("&End the tour"), self)
        self.end_button.setToolTip(self.tr("End the tour (Esc)"))
        row = QHBoxLayout()
        row.addWidget(self.end_button)
        row.addStretch(1)
        row.addWidget(self.back_button)
        row.addWidget(self.next_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(6)
        for label in (self.count, self.title, self.text, self.do):
            column.addWidget(label)
        column.addLayout(row)
        self.back_button.clicked.connect(self.back)
        self.next_button.clicked.connect(self.next)
        self.end_button.clicked.connect(self.end)
        for button in (self.back_button, self.next_button, self.end_button):
            button.setAutoDefault(True)
        self.hide()
        self.ring.hide()

    @property
    def is_on(self) -> bool:
        """Whether the tour is under way."""
        return self.at >= 0

    def begin(self, moment: Moment) -> None:
        """Begin at the first step, from a moment before the first operation."""
        self._now = moment
        self._window.installEventFilter(self)
        self.paint_theme()
        self._go(0)
        self.begun.emit()

    def follow(self, moment: Moment) -> None:
        """Notice what the person did."""
        self._now = moment
        if self.is_on:
            self._draw_ask()

    @Slot()
    def next(self) -> None:
        """Go to the next step, having done what this one asks for; after the last one the tour is over."""
        for action in DOES.get(self.steps[self.at].ask, ()):
            if not self._is_done():
                self.action_wanted.emit(action)
        if self.at + 1 < len(self.steps):
            self._go(self.at + 1)
        else:
            self.end()

    @Slot()
    def back(self) -> None:
        """Go to the step before."""
        self._go(max(0, self.at - 1))

    @Slot()
    def end(self) -> None:
        """End the tour."""
        if self.is_on:
            self.at = -1
            self._window.removeEventFilter(self)
            self._point_at(None)
            self.hide()
            self.ended.emit()

    def paint_theme(self) -> None:
        """Use the colours of the theme."""
        t, palette = theme.current(), QPalette()
        palette.setColor(QPalette.ColorRole.Window, QColor(t.panel))
        self.setPalette(palette)
        dim = QPalette(palette)
        dim.setColor(QPalette.ColorRole.WindowText, QColor(t.dim))
        self.count.setPalette(dim)
        self.title.setFont(fonts.sized(QApplication.font(), 2, bold=True))
        self.do.setFont(fonts.sized(QApplication.font(), 0, bold=True))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc ends the tour."""
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay beside what is pointed at when it or the window changes its size."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.LayoutRequest) and self.is_on:
            self.place()
        return super().eventFilter(watched, event)

    def place(self) -> None:
        """Put the ring around the panel and the card beside it, where it hides as little of it as can be."""
        target = self._target
        if target is None or not target.isVisible():
            self.ring.hide()
            return
        room = self._window.rect()
        at = QRect(target.mapTo(self._window, target.rect().topLeft()), target.size())
        self.ring.setGeometry(at.adjusted(-2, -2, 2, 2).intersected(room))
        self.ring.show()
        self.ring.raise_()
        width = min(self.fontMetrics().averageCharWidth() * 2 * WIDTH, room.width() - 40)
        size = QSize(width, self.heightForWidth(width))
        self.setGeometry(beside(at, size, room))
        self.raise_()

    def _go(self, at: int) -> None:
        self.at = at
        self._began = self._now
        step = self.steps[at]
        self.panel_wanted.emit(step.panel)
        self.count.setText(self.tr("Tour: {n} of {count}").format(n=at + 1, count=len(self.steps)))
        self.title.setText(step.title)
        self.text.setText(step.text)
        self.back_button.setEnabled(at > 0)
        self.next_button.setText(self.tr("&Next ›") if at + 1 < len(self.steps) else self.tr("&Done"))
        self._draw_ask()
        self._point_at(self._place_of(step.panel))
        self.show()
        self.place()
        self.next_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.setAccessibleDescription(" ".join(part for part in (step.title, step.text, step.do) if part))

    def _draw_ask(self) -> None:
        step = self.steps[self.at]
        self.do.setText(self.tr("✓ Done. Go on with Next.") if step.ask and self._is_done() else step.do)
        self.do.setVisible(bool(step.do))

    def _is_done(self) -> bool:
        return self._began is not None and self._now is not None and is_done(self.steps[self.at].ask, self._began, self._now)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the card with a frame in the colour of the ring."""
        painter = QPainter(self)
        painter.setPen(QPen(QColor(theme.current().selection), 2))
        painter.setBrush(QColor(theme.current().panel))
        painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _point_at(self, target: QWidget | None) -> None:
        if self._target is not None and self._target is not target:
            self._target.removeEventFilter(self)
        self._target = target
        if target is None:
            self.ring.hide()
        else:
            target.installEventFilter(self)


def beside(target: QRect, size: QSize, room: QRect) -> QRect:
    """Return where a card of a size stands in a room: at the right of a target, left, below, above, else in its lower corner."""
    gap = 8
    middle = max(room.top() + gap, min(target.center().y() - size.height() // 2, room.bottom() - size.height() - gap))
    left = max(room.left() + gap, min(target.left() + gap, room.right() - size.width() - gap))
    if target.right() + size.width() + 2 * gap < room.right():
        return QRect(target.right() + gap, middle, size.width(), size.height())
    if target.left() - size.width() - 2 * gap > room.left():
        return QRect(target.left() - size.width() - gap, middle, size.width(), size.height())
    if target.bottom() + size.height() + 2 * gap < room.bottom():
        return QRect(left, target.bottom() + gap, size.width(), size.height())
    if target.top() - size.height() - 2 * gap > room.top():
        return QRect(left, target.top() - size.height() - gap, size.width(), size.height())
    corner = QRect(0, 0, size.width(), size.height())
    corner.moveBottomRight(target.bottomRight() - QRect(0, 0, 2 * gap, 2 * gap).bottomRight())
    return corner
