"""What the panel of the diagnosis says first: what was found, and what that belongs to."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from core.diagnosis import Diagnosis
from core.diagnosis.words import summary
from stepper import theme
from stepper.models.diagnosis_state import Diagnosed
from stepper.widgets.diagnosis_words import first_up
from stepper.widgets.grid import CLOCK

translate = QCoreApplication.translate


def belongs_to(s: Diagnosed) -> str:
    """Return what the result belongs to, always in one line: what stands below does not jump while a person types."""
    if s.busy:
        return translate("diagnosis", "… checking")
    if s.diagnosis is None:
        return ""
    if s.current:
        return translate("diagnosis", "✓ up to date")
    if s.trouble:
        return translate("diagnosis", "{clock} Out of date: the text cannot be read yet").format(clock=CLOCK)
    return translate("diagnosis", "{clock} Out of date: the text has changed").format(clock=CLOCK)


def found(s: Diagnosed) -> tuple[str, str]:
    """Return what was found, or what could be, and the colour of it; in bold where a diagnosis says right or wrong."""
    d, t = s.diagnosis, theme.current()
    if not s.text.strip():
        return translate("diagnosis", "Nothing is open yet. Open a program, or write one, to have its backward checked."), t.dim
    if d is None:
        return _invitation(s), t.dim
    if d.problem:
        text, colour = first_up(d.problem), t.error
    elif not d.right:
        text, colour = f"✗ {first_up(summary(d))}", t.error
    elif all(p.verdict == "right" for p in d.parameters):
        text, colour = translate("diagnosis", "✓ Every gradient is right."), t.phases["update"]
    else:
        text, colour = f"≈ {first_up(summary(d))}", t.phases["update"]
    return text, colour if s.current else t.dim


def is_verdict(s: Diagnosed) -> bool:
    """Tell whether what was found is a verdict on the gradients."""
    d: Diagnosis | None = s.diagnosis
    return bool(s.text.strip()) and d is not None and not d.problem


def _invitation(s: Diagnosed) -> str:
    if s.derived:
        return translate(
            "diagnosis", "The app wrote this backward; there is nothing of yours to check. Write your own under `# backward`."
        )
    if s.trouble:
        return ""
    return translate(
        "diagnosis",
        "Is your backward right, and if not, which line is wrong? Your own lines are measured against the true "
        "derivative of your forward and loss. You are told as much as you ask for: first a hint, then the place, "
        "then the fault.",
    )
