"""My backward: is it right, and if not, which line is wrong and how; told as far as a person wants."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from core.diagnosis.words import LEVELS
from core.session import Moment
from stepper import theme
from stepper.models.diagnosis_state import PLACE, Diagnosed
from stepper.widgets import fonts
from stepper.widgets.diagnosis_card import FaultCard
from stepper.widgets.diagnosis_detail import ParameterDetail
from stepper.widgets.diagnosis_loss import LossLine
from stepper.widgets.diagnosis_prose import Prose
from stepper.widgets.diagnosis_rows import DiagnosisRows
from stepper.widgets.diagnosis_summary import belongs_to, found, is_verdict
from stepper.widgets.diagnosis_words import first_up
from stepper.widgets.tips import plain
from stepper.widgets.wrap_row import WrapRow

NOTHING = Diagnosed()


class DiagnosisView(QWidget):
    """Shows what `show_state` is given; says what a person wants of it, and changes nothing itself.

    `level_wanted` (a card, how much of it) opens; `line_wanted` is a line of the text, counted from 1; `value_clicked` a value of
    the open program and a cell; `put_wanted` the whole text with a mend in it; `course_wanted` the diagnosis and the line of the
    fault whose mend is to be run.
    """

    check_wanted = Signal()
    cancel_wanted = Signal()
    live_switched = Signal()
    all_switched = Signal()
    loss_chosen = Signal(str)
    level_wanted = Signal(int, int)
    card_wanted = Signal(int)
    line_wanted = Signal(int)
    value_clicked = Signal(object, object)
    put_wanted = Signal(str)
    course_wanted = Signal(object, int)
    editor_wanted = Signal()
    page_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("My backward"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._state = NOTHING
        self._moment: Moment | None = None
        self._followed: object = None
        self.check_button = QPushButton(self)
        self.check_button.setAutoDefault(False)
        self.check_button.clicked.connect(self._on_check)
        self.live_box = self._box(self.tr("Live"), self.tr("Check after every change of the text"))
        self.live_box.clicked.connect(self.live_switched)
        self.all_box = self._box(self.tr("Show all"), self.tr("Open all hints, places, faults and mended lines, for teachers"))
        self.all_box.clicked.connect(self.all_switched)
        self.tools = WrapRow([self.check_button, self.live_box, self.all_box], self)
        self.stale = Prose(self.tr("what the result belongs to"), self)
        self.trouble = Prose(self.tr("what cannot be read"), self)
        self.summary = Prose(self.tr("what was found"), self)
        self.editor_button = QPushButton(self.tr("Write my own backward"), self)
        self.editor_button.setAutoDefault(False)
        self.editor_button.clicked.connect(self.editor_wanted)
        self.loss = LossLine(self)
        self.loss.loss_chosen.connect(self.loss_chosen)
        self.rows = DiagnosisRows(self)
        self.rows.chosen.connect(self._on_row)
        self.legend = QLabel(self.tr("step:  ↘\u00a0+1\u00a0downhill   →\u00a00\u00a0sideways   ↗\u00a0−1\u00a0uphill"), self)
        self.legend.setTextFormat(Qt.TextFormat.PlainText)
        self.legend.setWordWrap(True)
        self.detail = ParameterDetail(self)
        self.detail.cell_chosen.connect(self._on_cell)
        self.hints_title = Prose(self.tr("worth knowing"), self)
        self.cards: list[FaultCard] = []
        self._parts = (-1, 0)
        self._lay_out()
        self._show()

    def sizeHint(self) -> QSize:
        return QSize(420, 560)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 140)

    # --- drawing --------------------------------------------------------------------------------------

    def show_state(self, state: Diagnosed) -> None:
        """Show what is known of the backward."""
        before, self._state = self._state, state
        self._show()
        if state.at != before.at or state.levels != before.levels:
            self._bring_into_view()

    def draw(self, moment: Moment) -> None:
        """Take in a moment: what is selected elsewhere is framed here, in the colours in use."""
        self._moment = moment
        self._show()
        self._follow(moment)

    def _show(self) -> None:
        s, t = self._state, theme.current()
        d = s.diagnosis
        stale = not s.current
        self.check_button.setText(self.tr("Stop") if s.busy else self.tr("Check my backward"))
        self.check_button.setToolTip(plain(self.tr("Find out which gradients are right, and which line is wrong (Ctrl+Shift+D)")))
        self.check_button.setEnabled(bool(s.text.strip()))
        self.live_box.setChecked(s.live)
        self.all_box.setChecked(s.everything)
        self.tools.arrange()
        trouble = f"✗ {first_up(s.trouble)}" if s.trouble else ""
        self.trouble.say(trouble if d is None else "", t.error)
        self.stale.setToolTip(plain(trouble))
        self.stale.say(belongs_to(s), t.error if stale and not s.busy else t.dim)
        self.editor_button.setVisible(s.derived and d is None)
        self.summary.say(*found(s), bold=is_verdict(s))
        self.loss.show_loss(d, s.loss, stale)
        shown = d is not None and bool(d.parameters)
        self.rows.setVisible(shown)
        self.rows.show_verdicts(d.parameters if d is not None else (), stale)
        self.legend.setVisible(shown)
        palette = self.legend.palette()
        palette.setColor(self.legend.foregroundRole(), t.dim)
        self.legend.setPalette(palette)
        self.detail.show_parameter(d, self.rows.current(), stale)
        self._show_cards(stale)

    def _show_cards(self, stale: bool) -> None:
        s = self._state
        d = s.diagnosis
        faults = s.cards
        while len(self.cards) < len(faults):
            self._add_card()
        count = 0 if d is None else len(d.faults)
        for n, card in enumerate(self.cards):
            card.setVisible(n < len(faults))
            if n < len(faults) and d is not None:
                at = s.at == n and len(faults) > 1
                card.show_fault(d, faults[n], s.of, s.level(s.keys[n]), at, stale)
        hints = len(faults) - count
        self.hints_title.say(self.tr("Not wrong, but worth knowing") if hints else "", theme.current().dim, bold=True)
        if self._parts != (count, len(self.cards)):
            self._parts = count, len(self.cards)
            parts = (*self.cards[:count], self.hints_title, *self.cards[count:])
            for part in parts:
                self._stack.removeWidget(part)
            for part in parts:
                self._stack.addWidget(part)

    def _add_card(self) -> None:
        card = FaultCard(len(self.cards), self)
        card.more_wanted.connect(self._on_more)
        card.all_wanted.connect(self._on_all)
        card.here.connect(self._on_here)
        card.line_wanted.connect(self._on_line)
        card.put_wanted.connect(self.put_wanted)
        card.course_wanted.connect(self._on_course)
        card.page_wanted.connect(self.page_wanted)
        self.cards.append(card)

    def _bring_into_view(self) -> None:
        s = self._state
        if s.at < len(self.cards) and self.cards[s.at].isVisible():
            card = self.cards[s.at]
            self._column.activate()
            self._area.ensureWidgetVisible(card, 0, min(12 + card.height() // 2, self._area.viewport().height() // 2))

    # --- what a person wants --------------------------------------------------------------------------

    def tell_more(self) -> None:
        """Open one level more: of the fault that a person is at, or of the next one that has any left."""
        card = self._state.next_card
        if card is not None:
            self._on_more(card)

    @Slot()
    def _on_check(self) -> None:
        if self._state.busy:
            self.cancel_wanted.emit()
        else:
            self.check_wanted.emit()

    @Slot(int)
    def _on_more(self, card: int) -> None:
        s = self._state
        if card < len(s.keys):
            self._open(card, s.level(s.keys[card]) + 1)

    @Slot(int)
    def _on_all(self, card: int) -> None:
        self._open(card, len(LEVELS))

    def _open(self, card: int, level: int) -> None:
        """Open a card; once its place is known the line is shown, and its value chosen everywhere."""
        fault, before = self._state.cards[card], self._state.level(self._state.keys[card])
        self.level_wanted.emit(card, level)
        if before < PLACE <= level:
            self.line_wanted.emit(fault.line)
            self._select(fault.value, None)

    @Slot(int)
    def _on_line(self, line: int) -> None:
        card = next((c for c in self.cards if c.fault is not None and c is self.sender()), None)
        self.line_wanted.emit(line)
        if card is not None and card.fault is not None:
            self._select(card.fault.value, None)

    @Slot(int)
    def _on_here(self, card: int) -> None:
        """Be at a card; where its place is known, its value is chosen everywhere."""
        s = self._state
        if card < len(s.keys):
            self.card_wanted.emit(card)
            if s.level(s.keys[card]) >= PLACE:
                self._select(s.cards[card].value, None)

    @Slot(int)
    def _on_course(self, line: int) -> None:
        if self._state.diagnosis is not None:
            self.course_wanted.emit(self._state.diagnosis, line)

    @Slot(str)
    def _on_row(self, name: str) -> None:
        d = self._state.diagnosis
        self.detail.show_parameter(d, name, not self._state.current)
        found = None if d is None else next((p for p in d.parameters if p.name == name), None)
        if found is not None:
            self._select(found.value, None)

    @Slot(object, object)
    def _on_cell(self, value: int, cell: tuple[int, ...]) -> None:
        self._select(value, cell)

    def _select(self, value: int | None, cell: tuple[int, ...] | None) -> None:
        """Choose a value of the diagnosed program everywhere, if that is the program that is open."""
        index = self._in_open(value)
        if index is not None:
            self.value_clicked.emit(index, cell)

    def _in_open(self, value: int | None) -> int | None:
        """Return which value of the open program one of the diagnosed program is: an assumed loss moves them, labels stay."""
        d, moment = self._state.diagnosis, self._moment
        if value is None or d is None or moment is None or not self._state.of_open:
            return None
        label = d.program.values[value].label
        return next((v.index for v in moment.program.values if v.label == label), None)

    def _follow(self, moment: Moment) -> None:
        """Frame the cell that was chosen elsewhere, of the gradient of the parameter that is shown, or of itself."""
        s, d = moment.selection, self._state.diagnosis
        if s == self._followed or d is None or s.value is None:
            return
        self._followed = s
        found = next((p for p in d.parameters if p.name == self.rows.current()), None)
        if found is not None and s.value in (self._in_open(found.value), moment.program.inputs.get(found.name)):
            self.detail.select(s.cell)

    # --- parts ----------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter checks; Escape stops."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focus = self.focusWidget()
            if isinstance(focus, QPushButton) and focus.hasFocus():
                focus.click()
            else:
                self.check_wanted.emit()
        elif event.key() == Qt.Key.Key_Escape and self._state.busy:
            self.cancel_wanted.emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_area"):
            self.legend.setFont(fonts.sized(self.font(), -1))

    def _box(self, text: str, tip: str) -> QCheckBox:
        made = QCheckBox(text, self)
        made.setToolTip(plain(tip))
        made.setAccessibleDescription(tip)
        return made

    def _lay_out(self) -> None:
        inside = QWidget(self)
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 4, 4)
        self._column.setSpacing(7)
        for part in (self.stale, self.trouble, self.summary):
            self._column.addWidget(part)
        self._column.addWidget(self.editor_button, 0, Qt.AlignmentFlag.AlignLeft)
        for part in (self.loss, self.rows, self.legend, self.detail):
            self._column.addWidget(part)
        self._stack = QVBoxLayout()
        self._stack.setSpacing(7)
        self._column.addLayout(self._stack)
        self._column.addStretch(1)
        self._area = QScrollArea(self)
        self._area.setWidget(inside)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 6, 6)
        box.setSpacing(6)
        box.addWidget(self.tools)
        box.addWidget(self._area, 1)
        self.legend.setFont(fonts.sized(self.font(), -1))
