"""The panels that a lesson may name are those that the window has."""

from __future__ import annotations

from core.lessons.lesson import PANELS
from core.lessons.shipped import headings, open_lesson
from stepper.arrangement import BY_ID


def test_every_panel_that_a_lesson_may_name_is_one() -> None:
    assert set(PANELS) <= set(BY_ID)
    named = {p for h in headings() for s in open_lesson(h.name).steps for p in s.show}
    assert named <= set(PANELS) and {"program", "diagnosis", "loss", "operation"} <= named
