"""What a person says of problems: which one to look at, what to mute, where the limits are; kept between runs."""

from __future__ import annotations

import json

from PySide6.QtCore import QObject, Slot

from core.health.monitor import Problem
from core.health.settings import HealthSettings
from core.notes import Breakpoint
from stepper.controller import Controller
from stepper.settings import Settings

KEY = "health"


class Health(QObject):
    """Passes choices about problems on to the session."""

    def __init__(self, controller: Controller, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller, self._settings = controller, settings

    @Slot()
    def read(self) -> None:
        """Use the limits of earlier runs for the program that has just been opened."""
        session = self._controller.session
        if session is None:
            return
        try:
            data: object = json.loads(self._settings.get(KEY) or "{}")
        except ValueError:
            data = {}
        session.monitor.set_settings(HealthSettings.from_data(data))

    @Slot(object)
    def choose(self, problem: Problem | None) -> None:
        """Look at a problem and its way to its first cause."""
        session = self._controller.session
        if session is not None and not session.running:
            session.choose_problem(problem)

    @Slot(str, bool)
    def mute(self, rule: str, on: bool) -> None:
        """Say nothing more of a rule, or speak of it again."""
        session = self._controller.session
        if session is not None:
            self._use(session.monitor.settings.mute(rule, on))

    @Slot(str, str, object)
    def set_limit(self, rule: str, limit: str, number: float | None) -> None:
        """Use another limit for a rule; None for its usual one."""
        session = self._controller.session
        if session is not None:
            self._use(session.monitor.settings.with_limit(rule, limit, number))

    @Slot(str, str)
    def reset_limit(self, rule: str, limit: str) -> None:
        """Use the usual limit of a rule again."""
        self.set_limit(rule, limit, None)

    @Slot(str, str)
    def hunt(self, direction: str, rule: str) -> None:
        """Go later or earlier to where a rule finds something next."""
        self._controller.hunt(direction, [Breakpoint("finding", rule)])

    def _use(self, settings: HealthSettings) -> None:
        session = self._controller.session
        if session is not None:
            session.set_health(settings)
            self._settings.set(KEY, json.dumps(settings.to_data()))
