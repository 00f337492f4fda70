"""The program of a lesson that is open: opened as the lesson has it, and told apart from what became of it."""

from __future__ import annotations

from core.lessons.lesson import Lesson
from core.session import Session
from stepper.controller import Controller


class LessonPlace:
    """Opens the programs of a lesson. While it does so, `opening` says that nobody else has opened anything."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._session: Session | None = None
        self._program: object = None
        self._variant = ""
        self.opening = False

    def forget(self) -> None:
        """Open the program anew the next time: another lesson may have one of the same name."""
        self._variant = ""

    def open(self, lesson: Lesson, variant: str) -> bool:
        """Have a program of the lesson be open as it is written there; False if it cannot be."""
        if variant == self._variant and self.is_unchanged:
            return True
        self.opening = True
        try:
            ok = self._controller.open(lesson.target(variant))
        finally:
            self.opening = False
        session = self._controller.session
        if ok and session is not None:
            self._session, self._program, self._variant = session, session.timeline.opened, variant
        return ok

    def have_text(self, lesson: Lesson, variant: str) -> bool:
        """Have a program of the lesson be open, or what a person has made of it in the editor."""
        return self._controller.target == lesson.target(variant) or self.open(lesson, variant)

    @property
    def is_open(self) -> bool:
        """Whether a program of the lesson is open, be it changed by hand."""
        return self._session is not None and self._controller.session is self._session

    @property
    def is_unchanged(self) -> bool:
        """Whether what is open is a program of the lesson as it is written there, without a change by hand."""
        session = self._controller.session
        return (
            session is not None and self.is_open and session.timeline.opened is self._program and not session.timeline.events
        )  # fmt: skip

    def set_quiet(self, quiet: bool) -> None:
        """Say nothing of problems in a program of the lesson, or speak of them again."""
        session = self._controller.session
        if session is not None:
            quiet = quiet and self.is_open
            if session.quiet != quiet:
                session.set_quiet(quiet)
