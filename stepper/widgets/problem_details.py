"""What there is to know of one problem, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QMenu, QPushButton, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from core.health.remedies import REMEDIES
from core.health.rules import RULES
from stepper import theme
from stepper.models.problem_rows import ProblemRow
from stepper.widgets import fonts
from stepper.widgets.page import Page, labelled, words
from stepper.widgets.problem_chain import ChainList
from stepper.widgets.problem_limits import LimitsForm
from stepper.widgets.tips import plain
from stepper.widgets.value_tabs import ValueTabs

if TYPE_CHECKING:
    from core.health.cause import Link
    from core.moment import Moment

CHAIN, MEND, LIMITS = range(3)


class ProblemDetails(QWidget):
    """Tells where a problem comes from, what mends it and where the limits of its rule are.

    `wanted` carries what a person wants with the problem: go, cause, earlier, later, stop, mend, mute or page;
    `link_chosen` a link of its chain.
    """

    wanted = Signal(str)
    link_chosen = Signal(object)
    limit_changed = Signal(str, str, float)
    limit_reset = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("The chosen problem"))
        self._shown: object = None
        self.go = self._button("go", self.tr("Go to it"), self.tr("Go to where it was first seen (Enter)"))
        self.cause = self._button("cause", self.tr("First cause"), self.tr("Go to where it all began (Shift+Enter)"))
        self.mend = self._button(
            "mend", self.tr("Try a mend…"), self.tr("Run the network once more with a remedy, and compare the two")
        )
        self.menu = QMenu(self)
        self.menu.setAccessibleName(self.tr("More to do with the problem"))
        self.menu.setToolTipsVisible(True)
        self.earlier = self._action("earlier", self.tr("◀ Find it earlier"), self.tr("Go back to where its rule found something"))
        self.later = self._action("later", self.tr("Find it later ▶"), self.tr("Run on to where its rule finds something next"))
        self.stop = self._action("stop", self.tr("Stop on it"), self.tr("Stop every run where its rule finds something"))
        self.stop.setCheckable(True)
        self.mute = self._action("mute", self.tr("Mute its rule (M)"), self.tr("Have the rule say nothing any more"))
        self.page = self._action("page", self.tr("Help on its rule (F1)"), self.tr("Read about the rule and its source"))
        self.more = QToolButton(self)
        self.more.setText(self.tr("More"))
        self.more.setAccessibleName(self.tr("More to do with the problem"))
        self.more.setMenu(self.menu)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabs = ValueTabs(
            [(self.tr("Where it comes from"), self.tr("Cause")), (self.tr("What mends it"), self.tr("Mend")),
             (self.tr("Limits of the rule"), self.tr("Limits"))],
            self,
        )  # fmt: skip
        self.tabs.setAccessibleName(self.tr("what to know of the problem"))
        self.chain = ChainList(self)
        self.chain.went.connect(self.link_chosen)
        self.mends = Page(self.tr("What usually mends it"), self)
        self.limits = LimitsForm(self)
        self.limits.changed.connect(self.limit_changed)
        self.limits.given_back.connect(self.limit_reset)
        self.parts = QStackedWidget(self)
        for part in (self.chain, self.mends, self.limits):
            self.parts.addWidget(part)
        self.tabs.currentChanged.connect(self.parts.setCurrentIndex)
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(3)
        box.addLayout(self._grid)
        box.addWidget(self.tabs)
        box.addWidget(self.parts, 1)
        self._columns = 0
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """Enough for the buttons and two links."""
        return QSize(150, 60)

    def draw(self, moment: Moment, row: ProblemRow, links: Sequence[Link] | None, stops: bool) -> None:
        """Show a problem with the way to its first cause, None where that is not known; `stops`: a run stops on it."""
        rule = RULES.get(row.problem.finding.rule)
        self.stop.setChecked(stops)
        for part in (self.go, self.cause, self.earlier, self.later):
            part.setEnabled(not moment.running)
        self.mend.setEnabled(bool(row.problem.finding.remedies) and not moment.running)
        self.page.setEnabled(rule is not None)
        hint = self.tr("Nothing before it explains it: this is where it begins.")
        if links is None:
            hint = (
                self.tr("Stop the run to see where it comes from.")
                if moment.running
                else self.tr("Choose the problem to see it.")
            )
        now = (row.key, links, moment.position.iteration, theme.current().key, fonts.zoom(), hint)
        if now != self._shown:
            self._shown = now
            self.chain.show_links(links or (), hint, moment.position.iteration)
        self._draw_mends(row)
        self.limits.show_rule(rule, moment.health)

    def _draw_mends(self, row: ProblemRow) -> None:
        rule = RULES.get(row.problem.finding.rule)
        blocks: list[str] = []
        for remedy in (REMEDIES[r] for r in row.problem.finding.remedies if r in REMEDIES):
            keeps = labelled(self.tr("What it does not mend:"), remedy.keeps)
            blocks += [words(remedy.title, bold=True), words(remedy.text), keeps]
        if not blocks:
            blocks.append(words(self.tr("There is no usual remedy: look at what its first cause says.")))
        if rule is not None:
            blocks += [labelled(self.tr("The rule:"), rule.about), labelled(self.tr("Source:"), rule.source)]
        self.mends.show_page(blocks, row.key)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons into one row where there is room."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        buttons = (self.go, self.cause, self.mend, self.more)
        columns = 4 if sum(b.sizeHint().width() + 4 for b in buttons) <= self.width() else 2
        if columns != self._columns:
            self._columns = columns
            for n, button in enumerate(buttons):
                self._grid.addWidget(button, n // columns, n % columns)
                self._grid.setColumnStretch(n, int(n < columns))

    def _button(self, name: str, text: str, tip: str) -> QPushButton:
        made = QPushButton(text, self)
        made.setObjectName(name)
        made.setToolTip(plain(tip))
        made.setAccessibleDescription(tip)
        made.setAutoDefault(False)
        made.clicked.connect(self._on_wanted)
        return made

    def _action(self, name: str, text: str, tip: str) -> QAction:
        made = self.menu.addAction(text)
        made.setObjectName(name)
        made.setToolTip(plain(tip))
        made.triggered.connect(self._on_wanted)
        return made

    @Slot()
    def _on_wanted(self) -> None:
        sender = self.sender()
        self.wanted.emit(sender.objectName())
