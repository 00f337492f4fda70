"""What is wrong with the numbers: every problem found so far, its way to its first cause, and what usually mends it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.health import nonfinite
from core.health.cause import Link
from core.health.rules import RULES
from core.moment import Moment
from core.notes import Breakpoint
from stepper import theme
from stepper.models.mark_signs import worded
from stepper.models.problem_rows import Key, ProblemModel, ProblemRow
from stepper.widgets.problem_details import ProblemDetails
from stepper.widgets.problem_header import ProblemHeader
from stepper.widgets.problem_list import ProblemList


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
        self._text = ""
        self._key: Key | None = None
        self._drawing = False
        self.header = ProblemHeader(self)
        self.header.filtered.connect(self._on_filter)
        self.header.unmuted.connect(self._on_unmuted)
        self.rows = ProblemModel(self)
        self.list = ProblemList(self.rows, self)
        self.list.chosen.connect(self._on_chosen)
        self.list.wanted.connect(self._on_wanted)
        self.empty = QLabel(self)
        self.empty.setTextFormat(Qt.TextFormat.PlainText)
        self.empty.setWordWrap(True)
        self.empty.setMargin(8)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.empty.setAccessibleName(self.tr("Why there are no problems"))
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.list)
        self.stack.addWidget(self.empty)
        self.began = QPushButton(self.tr("⚠ NaN or ∞ since an earlier iteration: find where it began"), self)
        self.began.setAutoDefault(False)
        self.began.clicked.connect(self._on_find)
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.header)
        column.addWidget(self.began)
        column.addWidget(self.stack, 1)
        self.details = ProblemDetails(self)
        self.details.wanted.connect(self._on_wanted)
        self.details.link_chosen.connect(self._go)
        self.details.limit_changed.connect(self.limit_changed)
        self.details.limit_reset.connect(self.limit_reset)
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.details)
        self.splitter.splitterMoved.connect(self._on_split)
        self._split = False
        self.setFocusProxy(self.list)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 4, 8, 4)
        box.addWidget(self.splitter, 1)

    def sizeHint(self) -> QSize:
        """Room for some problems and a chain."""
        return QSize(400, 440)

    def minimumSizeHint(self) -> QSize:
        """Enough to read one problem."""
        return QSize(240, 100)

    # --- drawing -------------------------------------------------------------------------------

    def draw(self, moment: Moment) -> None:
        """Show what was found up to a moment."""
        self._moment = moment
        if moment.program.text != self._text:
            self._text, self._key = moment.program.text, None
        if self._key is None and moment.chosen is not None:
            self._key = moment.chosen.finding.rule, moment.chosen.finding.value
        self._drawing = True
        self.rows.draw(moment)
        self.list.stand_at(self._key)
        self._drawing = False
        self.header.draw(self.rows.counts, moment.health.muted)
        self.began.setVisible(_began_unseen(moment))
        self._draw_empty(moment)
        self._draw_details()

    def _draw_empty(self, moment: Moment) -> None:
        watched = ", ".join(worded(r.title) for r in RULES.values() if r.name not in moment.health.muted)
        if moment.problems:
            text = self.tr("No problem goes with this filter; it hides {n}.").format(n=len(moment.problems))
        elif _began_unseen(moment):
            text = self.tr("The numbers were not finite any more when this iteration began.")
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
        moment, row = self._moment, self.list.current()
        self.details.setVisible(row is not None)
        if moment is not None and row is not None:
            stop = Breakpoint("finding", row.problem.finding.rule)
            stops = any(b.same(stop) for b in moment.notes.breakpoints)
            self.details.draw(moment, row, self._links(row), stops)

    def _links(self, row: ProblemRow) -> tuple[Link, ...] | None:
        """Return the way to the first cause where it is known."""
        chosen = None if self._moment is None else self._moment.chosen
        if self._moment is None or chosen is None:
            return None
        return self._moment.links if (chosen.finding.rule, chosen.finding.value) == row.key else None

    # --- what a person wants ---------------------------------------------------------------------

    @Slot(object)
    def _on_chosen(self, row: ProblemRow | None) -> None:
        if self._drawing or row is None:
            return
        self._key = row.key
        if self._links(row) is None:
            self.chain_wanted.emit(row.problem)
        self._draw_details()

    @Slot(str)
    def _on_wanted(self, what: str) -> None:
        """Say what a person wants with the chosen problem."""
        row = self.list.current()
        if row is None:
            return
        finding = row.problem.finding
        match what:
            case "go":
                self.place_wanted.emit(*row.problem.first)
                # Its cells are known of the newest time it was seen, not of the first.
                self.value_clicked.emit(finding.value, finding.cells[0] if finding.cells and row.problem.times == 1 else None)
            case "cause":
                links = self._links(row)
                if links:
                    self._go(links[-1])
                elif links is None:
                    self.chain_wanted.emit(row.problem)
            case "earlier" | "later":
                self.hunt_wanted.emit(what, finding.rule)
            case "stop":
                self.stop_wanted.emit(finding.rule)
            case "mend":
                self.mend_wanted.emit(finding.remedies)
            case "mute":
                self._key = None
                self.muted.emit(finding.rule, True)
            case "page" if finding.rule in RULES:
                self.page_wanted.emit(RULES[finding.rule].page)
            case _:
                pass

    @Slot(object)
    def _go(self, link: Link) -> None:
        self.place_wanted.emit(link.iteration, link.step)
        self.value_clicked.emit(link.value, link.cell)

    @Slot()
    def _on_find(self) -> None:
        self.hunt_wanted.emit("earlier", nonfinite.NAME)

    @Slot(str)
    def _on_unmuted(self, rule: str) -> None:
        self.muted.emit(rule, False)

    @Slot()
    def _on_filter(self) -> None:
        self._drawing = True
        self.rows.set_filter(self.header.line.text(), self.header.severities)
        self.list.stand_at(self._key)
        self._drawing = False
        if self._moment is not None:
            self._draw_empty(self._moment)
            self._draw_details()

    # --- room and keys -----------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the details beside the list where the panel is wide, else below it."""
        super().resizeEvent(event)
        wide = self.width() > 1.5 * self.height() and self.width() >= 420
        way = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self.splitter.orientation() != way:
            self.splitter.setOrientation(way)
            self._split = False
        if not self._split:
            half = (self.width() if wide else self.height()) // 2
            self.splitter.setSizes([half, half])

    @Slot()
    def _on_split(self) -> None:
        """Leave the room shared as a person has shared it."""
        self._split = True

    def event(self, event: QEvent) -> bool:
        """Claim F1 for the page of the chosen rule."""
        ours = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_F1 and self.list.current() is not None
        if ours and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F1 opens the page of the chosen rule."""
        if event.key() == Qt.Key.Key_F1 and self.list.current() is not None:
            self._on_wanted("page")
        else:
            super().keyPressEvent(event)


def _began_unseen(moment: Moment) -> bool:
    """Tell whether an iteration starts from numbers that are not finite, and nobody has looked at where that began."""
    if moment.running or any(p.finding.rule == nonfinite.NAME for p in moment.problems):
        return False
    starts = (start for start, _ in moment.program.carried.values())
    return any(m.rule == nonfinite.NAME for start in starts for m in moment.marks(start))
