"""Which actions are possible now, and why the others are not."""

from __future__ import annotations

from PySide6.QtCore import QObject

from core.program.ir import Fault
from core.session import Moment
from stepper import actions
from stepper.actions import Actions
from stepper.models.saved_state import SavedState
from stepper.widgets.top_bar import TopBar

NEED_PANELS = (actions.STEP, actions.STOPS, actions.CHANGE, actions.OPTIMIZER, actions.ARRANGEMENT, actions.PANELS_MENU)
"""Menus whose actions change what the panels show: not possible where no panels are."""


class Possible(QObject):
    """Disables what leads nowhere: earlier at the very start, later at a line that fails, all steps on the first page."""

    def __init__(self, table: Actions, top_bar: TopBar, parent: QObject) -> None:
        super().__init__(parent)
        self._actions, self._top_bar = table, top_bar
        self._moment: Moment | None = None
        self._at_first_page = False
        self._saved = SavedState()

    def update(self, moment: Moment | None, at_first_page: bool, can_dismiss: bool) -> None:
        """Enable and disable every action for a moment, None while nothing is open."""
        self._moment, self._at_first_page = moment, at_first_page
        here = None if at_first_page else moment
        for item in actions.ITEMS:
            if item.menu in NEED_PANELS and item.later is None:
                self._actions[item.id].setEnabled(here is not None)
        if here is not None:
            for name, can in (("undo", here.can_undo), ("redo", here.can_redo), ("recompute", bool(here.stale))):
                self._actions[name].setEnabled(can)
            self._actions.turn("what-if", here.what_if)
        stuck = here is None or (here.fault is not None and here.k >= here.machine.runnable)
        inside = here is not None and (here.inner is not None or here.element is not None or here.call is not None)
        at_start = here is None or (here.position.iteration == 1 and here.k == 0 and not inside)
        steps = {item.id: not (stuck if item.later else at_start) for item in actions.ITEMS if item.later is not None}
        fault = here.fault if here is not None and stuck else None
        for name in sorted(steps, key=steps.__getitem__, reverse=True):
            if not steps[name]:
                self._top_bar.keep_focus(self._actions[name])
            self._actions[name].setEnabled(steps[name])
            self._actions.explain(name, self._why_stuck(fault) if fault is not None and not steps[name] else "")
        for name in ("save-script", "save-network"):
            self._actions[name].setEnabled(moment is not None)
        self._actions["save-weights"].setEnabled(moment is not None and bool(moment.program.trainable or moment.closed))
        self._show_saved()
        self._actions["dismiss"].setEnabled(can_dismiss)

    def update_saved(self, state: SavedState) -> None:
        """Enable and disable what is done with a saved network."""
        self._saved = state
        self._show_saved()

    def _show_saved(self) -> None:
        here = self._saved.saved is not None and not self._at_first_page
        can = {
            "inspect": here, "stepping": here, "compare-files": here,
            "stop-comparing": here and self._saved.other is not None,
            "export-tensor": here and self._saved.known is not None and self._saved.known.readable,
        }  # fmt: skip
        for name, possible in can.items():
            self._actions[name].setEnabled(possible)

    def why_not(self, name: str) -> str:
        """Return why an action is not possible now; empty if it is."""
        moment, item = self._moment, actions.BY_ID[name]
        if self._actions[name].isEnabled():
            return ""
        if item.menu == actions.INSPECT and not self._at_first_page:
            if self._saved.saved is None:
                return self.tr("open a saved network first")
            return (
                self.tr("it is compared with none") if name == "stop-comparing" else self.tr("choose a tensor of numbers first")
            )
        if moment is None:
            return self.tr("open a program first")
        if self._at_first_page:
            return self.tr("go back to {title} first").format(title=moment.title)
        reasons = {
            "save-weights": self.tr("this program has no parameters"),
            "dismiss": self.tr("there is no message"), "undo": self.tr("nothing was changed by hand"),
            "check-backward": self.tr("there is no text"), "next-fault": self.tr("there is no other fault"),
            "tell-more": self.tr("nothing was found in your backward that is not open yet"),
            "lesson-next": self.tr("there is no next step of a lesson"),
            "lesson-back": self.tr("there is no step of a lesson before"), "lesson-place": self.tr("no lesson is open"),
            "redo": self.tr("no change was taken back"), "recompute": self.tr("nothing is out of date"),
        }  # fmt: skip
        if name in reasons:
            return reasons[name]
        if item.later and moment.fault is not None:
            return self._why_stuck(moment.fault)
        return self.tr("this is the very start; there is nothing earlier") if item.later is False else ""

    def _why_stuck(self, fault: Fault) -> str:
        line = "" if self._moment is None else self._moment.program.statements[fault.statement].text
        return self.tr("The next line cannot run: {line}\n{why}").format(line=line, why=fault.message)
