"""Unsaved work that was left behind: one after the other is offered, to be opened or thrown away."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from core.notation.parse import lines_of
from stepper.drafts import Draft, Drafts
from stepper.widgets.draft_bar import DraftBar


class Leftovers(QObject):
    """Has a bar that offers what was left behind. `open_wanted(Draft)` asks for one; `told` carries news."""

    open_wanted = Signal(object)
    told = Signal(str)

    def __init__(self, drafts: Drafts, parent: QWidget) -> None:
        super().__init__(parent)
        self._drafts = drafts
        self._offered: list[Draft] = []
        self.bar = DraftBar(parent)
        self.bar.open_wanted.connect(self._open)
        self.bar.throw_wanted.connect(self._throw_away)

    @Slot()
    def offer(self) -> None:
        """Offer the newest work that was left behind; the bar hides where there is none."""
        self._offered = self._drafts.found()
        if self._offered:
            draft = self._offered[0]
            lines = len(lines_of(draft.text)) if draft.text.strip() else 0
            self.bar.offer(draft.title, draft.when, lines, len(self._offered) - 1, draft.iteration)
        else:
            self.bar.hide()

    @Slot()
    def offer_asked(self) -> None:
        """Offer it to a person who asks: also say that there is none."""
        self.offer()
        if not self._offered:
            self.told.emit(self.tr("There is no unsaved work."))

    @Slot()
    def _open(self) -> None:
        if not self._offered:
            return
        if self._offered[0] in self._drafts.found():
            self.open_wanted.emit(self._offered[0])
        else:
            self.offer()
            self.told.emit(self.tr("Another window has taken it already."))

    @Slot()
    def _throw_away(self) -> None:
        if self._offered:
            self._drafts.throw_away(self._offered[0])
        self.offer()
