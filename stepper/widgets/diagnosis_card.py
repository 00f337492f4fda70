"""One fault, told as far as a person wants: a hint, the place, the fault, the mended line."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from core.diagnosis import Diagnosis, Fault
from core.diagnosis.words import LEVELS, confirmed_sentence, levels, page, tie_sentences, title
from stepper import theme
from stepper.models.diagnosis_state import FAULT, MEND, PLACE
from stepper.models.mended_text import changes, put_into
from stepper.widgets import fonts
from stepper.widgets.change_lines import ChangeLines
from stepper.widgets.diagnosis_prose import Prose
from stepper.widgets.diagnosis_words import reaches, ties_text
from stepper.widgets.tips import plain
from stepper.widgets.wrap_row import WrapRow

STRIPE = 4


class FaultCard(QFrame):
    """Says no more than what has been opened. `more_wanted` and `all_wanted` carry the card's number, as does `here`.

    `line_wanted` carries the line of the place, `put_wanted` and `course_wanted` ask for the mend: in the text, and as a run.
    """

    more_wanted = Signal(int)
    all_wanted = Signal(int)
    here = Signal(int)
    line_wanted = Signal(int)
    put_wanted = Signal(str)
    course_wanted = Signal(int)
    page_wanted = Signal(str)

    def __init__(self, number: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.number = number
        self.fault: Fault | None = None
        self.level = 0
        self.is_at = False
        self._shown: tuple[object, ...] = ()
        self._put = ""
        self._is_hint = False
        self._stale = False
        self.head = Prose(self.tr("what is known of it"), self)
        self.names = [QLabel(self) for _ in LEVELS]
        self.said = [Prose(self.tr("what is known of it"), self) for _ in LEVELS]
        self.extra = Prose(self.tr("what confirms it"), self)
        self.lines = ChangeLines(self)
        self.more_button = self._button("", self.tr("Open one level more (F4)"))
        self.all_button = self._button(self.tr("Tell me all of it"), self.tr("Open place, fault and mended line at once"))
        self.put_button = self._button(
            self.tr("Put it into my text"), self.tr("Write the mended line into your program; undo takes it back")
        )
        self.course_button = self._button(self.tr("See what it does"), self.tr("Run your program beside the mended one"))
        self.go_button = self._button(self.tr("Go to the line"), self.tr("Show the line in your program"))
        self.page_button = self._button(self.tr("About this fault"), self.tr("Open the page of help on it"))
        for button, slot in (
            (self.more_button, self._on_more), (self.all_button, self._on_all), (self.go_button, self._on_go),
            (self.put_button, self._on_put), (self.course_button, self._on_course), (self.page_button, self._on_page),
        ):  # fmt: skip
            button.clicked.connect(slot)
        self.buttons = WrapRow(
            [self.more_button, self.all_button, self.put_button, self.course_button, self.go_button, self.page_button], self
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(STRIPE + 10, 8, 10, 8)
        column.setSpacing(3)
        column.addWidget(self.head)
        for name, said in zip(self.names, self.said, strict=True):
            name.setTextFormat(Qt.TextFormat.PlainText)
            name.setContentsMargins(0, 5, 0, 0)
            column.addWidget(name)
            column.addWidget(said)
        column.addWidget(self.lines)
        column.addWidget(self.extra)
        column.addSpacing(3)
        column.addWidget(self.buttons)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_fault(self, diagnosis: Diagnosis, fault: Fault, text: str, level: int, at: bool, stale: bool) -> None:
        """Show a fault of a text up to a level; `stale`: the text has changed since."""
        t = theme.current()
        now = (diagnosis, fault, text, level, at, stale, t.key, fonts.zoom())
        if now == self._shown:
            return
        self._shown = now
        self.fault, self.level, self.is_at, self._stale = fault, level, at, stale
        self._is_hint = fault in diagnosis.hints
        ink = t.dim if stale else ""
        many = len(diagnosis.faults) > 1 and not self._is_hint
        sign = "ℹ" if self._is_hint else f"✗ {self.number + 1}." if many else "✗"
        if level >= FAULT:
            head = self.tr("{sign} {title}, line {line}").format(sign=sign, title=title(fault), line=fault.line)
        elif level >= PLACE:
            head = self.tr("{sign} Line {line}").format(sign=sign, line=fault.line)
        else:
            head = f"{sign} {reaches(fault.parameters, self._is_hint)}"
        self.head.say(head, t.dim if stale else t.text if self._is_hint else t.error, bold=True)
        self.setAccessibleName(head.replace("`", ""))
        told = levels(fault, diagnosis)
        titles = (self.tr("Hint"), self.tr("Place"), self.tr("Fault"), self.tr("Mended line"))
        for n, (name, said) in enumerate(zip(self.names, self.said, strict=True)):  # hint, place, fault, mend
            open_ = n < level
            name.setText(titles[n])
            name.setFont(fonts.sized(self.font(), -1, bold=True))
            palette = name.palette()
            palette.setColor(name.foregroundRole(), QColor(t.dim))
            name.setPalette(palette)
            name.setVisible(open_ and level > 1)
            said.say(self._worded(told[n][1], n + 1, fault) if open_ else "", ink)
        self._show_mend(diagnosis, fault, text, level)
        self._show_buttons(level, titles)

    def _worded(self, text: str, level: int, fault: Fault) -> str:
        """Return what is said of a level; the mended line itself stands below, as lines that go and come."""
        if level == FAULT:
            confirmed = confirmed_sentence(fault)
            return "\n".join(x for x in (text, confirmed and f"✓ {confirmed}", ties_text(fault)) if x)
        if level != MEND:
            return text
        text = text.removesuffix("\n".join(tie_sentences(fault))).rstrip("\n")
        if fault.mended is None:
            return text
        mended = "\n".join(f"    {line}" for line in fault.expected.split("\n"))
        return f"{text.removesuffix(mended).rstrip().rstrip(':')}:" if fault.expected and text.endswith(mended) else text

    def _show_mend(self, diagnosis: Diagnosis, fault: Fault, text: str, level: int) -> None:
        self._put = ""
        if level >= MEND:
            self._put = _mended(diagnosis, fault, text)
            self.lines.show_changes(changes(text, self._put))
        self.lines.setVisible(bool(self._put) and self._put != text)
        self.extra.say("\n".join(tie_sentences(fault)) if level >= MEND else "", theme.current().dim)

    def _show_buttons(self, level: int, titles: tuple[str, ...]) -> None:
        self.more_button.setVisible(level < MEND)
        if level < MEND:
            self.more_button.setText(self.tr("Tell me more: {what}").format(what=titles[level].lower()))
        self.all_button.setVisible(level < FAULT)
        self.go_button.setVisible(level >= PLACE)
        self.page_button.setVisible(level >= FAULT)
        self.put_button.setVisible(level >= MEND and not self.lines.isHidden())
        self.course_button.setVisible(level >= MEND and self.fault is not None and self.fault.mended is not None)
        self.put_button.setEnabled(not self._stale)
        self.course_button.setEnabled(not self._stale)
        self.go_button.setEnabled(not self._stale)
        self.buttons.arrange()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a card with a stripe; the one that a person is at has a stronger frame."""
        t, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(t.accent if self.is_at else t.border), 1.5 if self.is_at else 1))
        painter.setBrush(QColor(t.panel))
        painter.drawRoundedRect(rect, 5, 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.dim if self._is_hint or self._stale else t.error))
        painter.drawRoundedRect(QRectF(rect.left() + 3, rect.top() + 4, STRIPE, rect.height() - 8), 2, 2)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on a card is at it."""
        self.here.emit(self.number)
        super().mousePressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._shown = ()

    def _button(self, text: str, tip: str) -> QPushButton:
        made = QPushButton(text, self)
        made.setToolTip(plain(tip))
        made.setAccessibleDescription(tip)
        made.setAutoDefault(False)
        return made

    @Slot()
    def _on_more(self) -> None:
        self.more_wanted.emit(self.number)

    @Slot()
    def _on_all(self) -> None:
        self.all_wanted.emit(self.number)

    @Slot()
    def _on_go(self) -> None:
        if self.fault is not None:
            self.line_wanted.emit(self.fault.line)

    @Slot()
    def _on_put(self) -> None:
        if self._put:
            self.put_wanted.emit(self._put)

    @Slot()
    def _on_course(self) -> None:
        if self.fault is not None:
            self.course_wanted.emit(self.fault.line)

    @Slot()
    def _on_page(self) -> None:
        if self.fault is not None:
            self.page_wanted.emit(page(self.fault))


def _mended(diagnosis: Diagnosis, fault: Fault, text: str) -> str:
    """Return the text with this fault mended alone; as it is where no mend of the whole text is known."""
    if fault.mended is None:
        return text
    others = {f.line for f in (*diagnosis.faults, *diagnosis.hints)} - {fault.line}
    return put_into(text, diagnosis.text, fault.mended, others)
