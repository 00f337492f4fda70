"""What stands above the button that steps a saved network: what is missing, or whether the form is what is open now."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from core.steppable.draft import Read
from stepper import theme
from stepper.models.saved_state import SavedState
from stepper.widgets.stepping_words import cut, label


def note_of(s: SavedState, read: Read) -> tuple[str, str]:
    """Return a sentence with its sign, and its colour."""
    t, first = theme.current(), next(iter(read.wrong), "")
    applied = (read.choices, read.samples) == (s.choices, s.samples) and s.steps is not None and not s.steps_trouble
    if s.busy:
        return _tr("… {name} is being read.").format(name=cut(s.busy, 60)), t.dim
    if first == "network":
        return _tr("⚠ It cannot be stepped."), t.error
    if first:
        return f"⚠ {label(first)}: {cut(read.wrong[first], 160)}.", t.error
    if applied and s.by_hand:
        return _tr("● The open program was made like this, and changed by hand since."), t.written
    if applied:
        return _tr("✓ The open program is stepped like this."), t.dim
    if s.steps is None:  # and there may be no open program at all
        return _tr("● Not applied yet: it is stepped once you choose “Step it like this”."), t.written
    return _tr("● Not applied yet: the open program is another one."), t.written


def _tr(text: str) -> str:
    return QCoreApplication.translate("SteppingView", text)
