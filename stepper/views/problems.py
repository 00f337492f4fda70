"""What is wrong with the numbers: every problem found so far, its way to its first cause, and what usually mends it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.health.cause import Link
from core.health.remedies import REMEDIES
from core.health.rules import RULES
from core.moment import Moment
from core.notes import Breakpoint
from stepper import theme
from stepper.models.mark_signs import worded
from stepper.models.problem_rows import Key, ProblemModel, ProblemRow
from stepper.widgets import fonts
from stepper.widgets.page import Page, labelled, words
from stepper.widgets.problem_chain import ChainList
from stepper.widgets.problem_header import ProblemHeader
from stepper.widgets.problem_limits import LimitsForm
from stepper.widgets.problem_list import ProblemList
from stepper.widgets.tips import plain
from stepper.widgets.value_tabs import ValueTabs

WIDE = 760
CHAIN, MEND, LIMITS = range(3)


class ProblemsView(QWidget):
    """Lists the problems and says what a person wants of them; it changes nothing itself.

    `place_wanted` (an iteration, how many operations are done) always comes before the `value_clicked` that goes with it.
    `chain_wanted` carries the problem that is looked at: its way to the first cause is then in the moment.
    """

    place_wanted = Signal(int, int)
    value_clicked = Signal(object, object)
    chain_wanted = Signal(object)
    muted = Signal(str, bool)
    limit_changed = Signal(str, str, float)
    limit_reset = Signal(str, str)
    stop_wanted = Signal(str)
    hunt_wanted = Signal(str, str)
    mend_wanted = Signal(object)
    page_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Problems"))
        self._moment: Moment | None = None
        self._program: object = None
        self._key: Key | None = None
        self._drawing = False
        self._asked: Key | None = None
        self._shown_links: object = None
        self.header = ProblemHeader(self)
        self.header.filtered.connect(self._on_filter)
        self.header.unmuted.connect(self._on_unmuted)
        self.rows = ProblemModel(self)
        self.list = ProblemList(self.rows, self)
        self.list.chosen.connect(self._on_chosen)
        self.list.went.connect(self._on_went)
        self.list.mute_asked.connect(self._on_mute)
        self.empty = QLabel(self)
        self.empty.setTextFormat(Qt.TextFormat.PlainText)
        self.empty.setWordWrap(True)
        self.empty.setMargin(8)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.empty.setAccessibleName(self.tr("Why there are no problems"))
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.list)
        self.stack.addWidget(self.empty)
        self._make_details()
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.stack)
        self.splitter.addWidget(self.details)
        self.setFocusProxy(self.list)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 4, 8, 4)
        box.setSpacing(4)
        box.addWidget(self.header)
        box.addWidget(self.splitter, 1)
        self._wide: bool | None = None
        self._arrange(False)

    def sizeHint(self) -> QSize:
        """Room for some problems and a chain."""
        return QSize(420, 420)

    def minimumSizeHint(self) -> QSize:
        """Enough to read one problem."""
        return QSize(240, 100)

    # --- drawing -------------------------------------------------------------------------------

    def draw(self, moment: Moment) -> None:
        """Show what was found up to a moment."""
        self._moment = moment
        if moment.program.text != self._program:
            self._program, self._key, self._asked = moment.program.text, None, None
        self._drawing = True
        self.rows.draw(moment)
        if moment.chosen is not None and self._key is None:
            self._key = (moment.chosen.finding.rule, moment.chosen.finding.value)
        self.list.stand_at(self._key)
        self._drawing = False
        self.header.draw(self.rows.counts, moment.health.muted)
        self._draw_empty(moment)
        self._draw_details()

    def _draw_empty(self, moment: Moment) -> None:
        watched = ", ".join(worded(r.title) for r in RULES.values() if r.name not in moment.health.muted)
        if moment.problems:
            text = self.tr("No problem goes with this filter: {n} are hidden by it.").format(n=len(moment.problems))
        elif not watched:
            text = self.tr("All rules are muted, so no problem can be found.")
        else:
            text = self.tr("✓ No problems found so far.") + "\n" + self.tr("What is watched: {rules}.").format(rules=watched)
        self.empty.setText(text)
        self.stack.setCurrentIndex(0 if self.rows.rows else 1)
        palette = self.empty.palette()
        palette.setColor(self.empty.foregroundRole(), QColor(theme.current().dim))
        self.empty.setPalette(palette)

    def _draw_details(self) -> None:
        moment, row = self._moment, self._row()
        self.details.setVisible(row is not None)
        if moment is None or row is None:
            return
        rule = RULES.get(row.problem.finding.rule)
        stop = self._stop(moment, row)
        self.stop.setText(self.tr("Do not stop on it") if stop else self.tr("Stop on it"))
        for button in (self.earlier, self.later, self.go, self.cause):
            button.setEnabled(not moment.running)
        self.mend.setEnabled(bool(row.problem.finding.remedies) and not moment.running)
        self.page.setEnabled(rule is not None)
        self._draw_chain(moment, row)
        self._draw_mends(row)
        self.limits.show_rule(rule, moment.health)
        if self.parts.currentIndex() != self.tabs.currentIndex():
            self.parts.setCurrentIndex(self.tabs.currentIndex())

    def _draw_chain(self, moment: Moment, row: ProblemRow) -> None:
        links = self._links(row)
        hint = self.tr("Nothing before it explains it: this is where it begins.")
        if links is None:
            hint = self.tr("Choose the problem to see where it comes from.")
        now = (row.key, links, moment.position.iteration, theme.current().key, fonts.zoom(), hint)
        if now != self._shown_links:
            self._shown_links = now
            self.chain.show_links(links or (), hint, moment.position.iteration)

    def _draw_mends(self, row: ProblemRow) -> None:
        rule = RULES.get(row.problem.finding.rule)
        blocks = []
        for name in row.problem.finding.remedies:
            remedy = REMEDIES.get(name)
            if remedy is not None:
                blocks += [
                    words(remedy.title, bold=True),
                    words(remedy.text),
                    labelled(self.tr("What it does not mend:"), remedy.keeps),
                ]
        if not blocks:
            blocks.append(words(self.tr("There is no usual remedy: look at what its first cause says.")))
        if rule is not None:
            blocks += [labelled(self.tr("The rule:"), rule.about), labelled(self.tr("Source:"), rule.source)]
        self.mends.show_page(blocks, row.key)

    def _row(self) -> ProblemRow | None:
        return self.list.current() if self.rows.rows else None

    def _links(self, row: ProblemRow) -> tuple[Link, ...] | None:
        """Return the way to the first cause where it is known."""
        moment = self._moment
        if moment is None or moment.chosen is None:
            return None
        finding = moment.chosen.finding
        return moment.links if (finding.rule, finding.value) == row.key else None

    @staticmethod
    def _stop(moment: Moment, row: ProblemRow) -> bool:
        return any(b.same(Breakpoint("finding", row.problem.finding.rule)) for b in moment.notes.breakpoints)

    # --- what a person wants ---------------------------------------------------------------------

    @Slot(object)
    def _on_chosen(self, row: ProblemRow | None) -> None:
        if self._drawing or row is None:
            return
        self._key = row.key
        if self._links(row) is None:
            self.chain_wanted.emit(row.problem)
        self._draw_details()

    @Slot(bool)
    def _on_went(self, cause: bool) -> None:
        if cause:
            self.go_to_cause()
        else:
            self.go_to_problem()

    @Slot()
    def go_to_problem(self) -> None:
        """Go to where the chosen problem was first seen."""
        row = self._row()
        if row is not None:
            finding = row.problem.finding
            self.place_wanted.emit(*row.problem.first)
            self.value_clicked.emit(finding.value, finding.cells[0] if finding.cells and row.problem.times == 1 else None)

    @Slot()
    def go_to_cause(self) -> None:
        """Go to the first cause of the chosen problem."""
        row = self._row()
        links = None if row is None else self._links(row)
        if row is not None and links is None:
            self.chain_wanted.emit(row.problem)
            return
        if links:
            self._go(links[-1])

    @Slot(object)
    def _go(self, link: Link) -> None:
        self.place_wanted.emit(link.iteration, link.step)
        self.value_clicked.emit(link.value, link.cell)

    @Slot()
    def _on_mute(self) -> None:
        row = self._row()
        if row is not None:
            self._key = None
            self.muted.emit(row.problem.finding.rule, True)

    @Slot(str)
    def _on_unmuted(self, rule: str) -> None:
        self.muted.emit(rule, False)

    @Slot()
    def _on_stop(self) -> None:
        row = self._row()
        if row is not None:
            self.stop_wanted.emit(row.problem.finding.rule)

    @Slot()
    def _on_earlier(self) -> None:
        row = self._row()
        if row is not None:
            self.hunt_wanted.emit("earlier", row.problem.finding.rule)

    @Slot()
    def _on_later(self) -> None:
        row = self._row()
        if row is not None:
            self.hunt_wanted.emit("later", row.problem.finding.rule)

    @Slot()
    def _on_mend(self) -> None:
        row = self._row()
        if row is not None:
            self.mend_wanted.emit(row.problem.finding.remedies)

    @Slot()
    def _on_page(self) -> None:
        row = self._row()
        rule = None if row is None else RULES.get(row.problem.finding.rule)
        if rule is not None:
            self.page_wanted.emit(rule.page)

    @Slot()
    def _on_filter(self) -> None:
        self._drawing = True
        self.rows.set_filter(self.header.line.text(), self.header.severities)
        self.list.stand_at(self._key)
        self._drawing = False
        if self._moment is not None:
            self._draw_empty(self._moment)
            self._draw_details()

    @Slot(int)
    def _on_tab(self, part: int) -> None:
        self.parts.setCurrentIndex(part)

    # --- parts -----------------------------------------------------------------------------------

    def _make_details(self) -> None:
        self.details = QWidget(self)
        self.go = self._button(self.tr("Go to it"), self.tr("Go to where it was first seen (Enter)"), self.go_to_problem)
        self.cause = self._button(self.tr("First cause"), self.tr("Go to where it all began (Shift+Enter)"), self.go_to_cause)
        self.earlier = self._button(
            self.tr("◀ Earlier"), self.tr("Go back to where this rule found something last"), self._on_earlier
        )
        self.later = self._button(self.tr("Later ▶"), self.tr("Run on to where this rule finds something next"), self._on_later)
        self.stop = self._button(self.tr("Stop on it"), self.tr("Stop every run where this rule finds something"), self._on_stop)
        self.mend = self._button(
            self.tr("Try a mend…"), self.tr("Run the network once more with a remedy, and compare the two"), self._on_mend
        )
        self.mute = self._button(self.tr("Mute"), self.tr("Have this rule say nothing any more (M)"), self._on_mute)
        self.page = self._button(self.tr("Help"), self.tr("Read about this rule (F1)"), self._on_page)
        self.tabs = ValueTabs(
            [(self.tr("Where it comes from"), self.tr("Cause")), (self.tr("What mends it"), self.tr("Mend")),
             (self.tr("Limits of the rule"), self.tr("Limits"))],
            self.details,
        )  # fmt: skip
        self.tabs.setAccessibleName(self.tr("what to know of the problem"))
        self.tabs.currentChanged.connect(self._on_tab)
        self.chain = ChainList(self.details)
        self.chain.went.connect(self._go)
        self.mends = Page(self.tr("What usually mends it"), self.details)
        self.limits = LimitsForm(self.details)
        self.limits.changed.connect(self.limit_changed)
        self.limits.given_back.connect(self.limit_reset)
        self.parts = QStackedWidget(self.details)
        for part in (self.chain, self.mends, self.limits):
            self.parts.addWidget(part)
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        box = QVBoxLayout(self.details)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(3)
        box.addLayout(self._grid)
        box.addWidget(self.tabs)
        box.addWidget(self.parts, 1)

    def _button(self, text: str, tip: str, slot: object) -> QPushButton:
        made = QPushButton(text, self.details)
        made.setToolTip(plain(tip))
        made.setAccessibleDescription(tip)
        made.setAutoDefault(False)
        made.clicked.connect(slot)
        return made

    def _arrange(self, wide: bool) -> None:
        """Put the details beside the list where there is room, else below it; buttons in as many columns as fit."""
        if wide is not self._wide:
            self._wide = wide
            self.splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
            self.splitter.setSizes([300, 260] if not wide else [450, 450])
        buttons = (self.go, self.cause, self.earlier, self.later, self.stop, self.mend, self.mute, self.page)
        room = self.details.width() if wide else self.width() - 16
        need = max(b.sizeHint().width() for b in buttons) + 4
        columns = max(2, min(len(buttons), room // max(need, 1)))
        columns = 4 if columns in (5, 6, 7) else 2 if columns == 3 else columns
        for n, button in enumerate(buttons):
            self._grid.addWidget(button, n // columns, n % columns)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the new room."""
        super().resizeEvent(event)
        self._arrange(self.width() >= WIDE * max(1.0, fonts.zoom()))

    def event(self, event: QEvent) -> bool:
        """Claim F1 for the page of the chosen rule."""
        ours = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_F1 and self._row() is not None
        if ours and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F1 opens the page of the chosen rule."""
        if event.key() == Qt.Key.Key_F1 and self._row() is not None:
            self._on_page()
        else:
            super().keyPressEvent(event)
