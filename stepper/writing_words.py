"""What is said when a text becomes the open program, or cannot."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from core.errors import NotationError, StepperError
from core.session import Session
from core.writing import said

translate = QCoreApplication.translate


def refused(error: StepperError, shown: bool) -> str:
    """Say why a text cannot be run; `shown` says whether the window shows an earlier program."""
    why = said(error) if isinstance(error, NotationError) else str(error)
    line = error.line if isinstance(error, NotationError) else 0
    words = translate("writing", "This text cannot be run yet. {place}{why}")
    place = translate("writing", "line {n}: ").format(n=line) if line else ""
    text = words.format(place=place, why=why if why.endswith((".", "?")) else f"{why}.")
    return text + translate("writing", " The rest of the window shows the earlier program.") if shown else text


def lost(before: Session, now: Session) -> str:
    """Say what of the earlier program did not come along, empty if all did: nothing goes silently."""
    said: list[str] = []
    if before.timeline.events:
        said.append(translate("writing", "Your changes by hand belonged to the earlier text and are gone."))
    if before.evaluations:
        words = translate("writing", "The accuracy belonged to the described network; it is not computed for a text of your own.")
        said.append(words)
    if now.timeline.iteration != before.timeline.iteration:
        words = translate("writing", "You are back in iteration {n}, as all iterations run anew.")
        said.append(words.format(n=now.timeline.iteration))
    return " ".join(said)
