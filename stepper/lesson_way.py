"""The way to where a step of a lesson stands: how far it is, and whether one has gone elsewhere since."""

from __future__ import annotations

from core.lessons.runs import Shown
from core.session import Moment


class LessonWay:
    """Follows the moments of the controller; `goal` is the iteration that is on the way to, 0 where it is reached."""

    def __init__(self) -> None:
        self.goal = 0
        self._start = 0
        self._moment: Moment | None = None

    def begin(self, goal: int) -> None:
        """Begin the way from here to an iteration; 0 where that is here already."""
        self.goal = goal
        self._start = 0 if self._moment is None else self._moment.position.iteration

    def follow(self, moment: Moment) -> bool:
        """Note where one is now; returns False for what only goes on in a run of the person's own."""
        before, self._moment = self._moment, moment
        if not moment.running:
            self.goal = 0
        return not moment.running or before is None or bool(self.goal) or not before.running

    @property
    def place(self) -> tuple[int, float] | None:
        """The iteration that one is in on the way, and how much of the way is done, from 0 to 1; None where there is no way."""
        if not self.goal or self._moment is None:
            return None
        here = self._moment.position.iteration
        return here, min(1.0, max(0.0, (here - self._start) / max(1, self.goal - self._start)))

    def is_at(self, shown: Shown) -> bool:
        """Tell whether one stands where a step stands."""
        moment = self._moment
        if moment is None:
            return False
        return (moment.position.iteration, moment.k) == (shown.place.iteration, shown.place.k) and moment.inner is None

    @property
    def is_under_way(self) -> bool:
        """Whether anything runs, or nothing was seen yet."""
        return self._moment is None or self._moment.running
