"""A network that is being described: its choices, the same as text, what is wrong, and the program, made beside the window."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.description import Problem, describe, line_of, problems, problems_of_keys, read_toml
from core.description_text import to_toml
from core.errors import DescriptionError, StepperError
from core.network_file import Network, build

PAUSE = 200
LOOK = 15
MOST_JOBS = 2


@dataclass(frozen=True)
class _Made:
    """What came of a try to build: a network, or what is wrong."""

    network: Network | None
    problems: tuple[Problem, ...]


class _Job(threading.Thread):
    """Builds one network beside the window. It knows nothing of Qt, and the app can end while it works."""

    def __init__(self, tree: Mapping[str, Any], folder: Path) -> None:
        super().__init__(name="network-preview", daemon=True)
        self._tree, self._folder = tree, folder
        self.made: _Made | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        """Build it."""
        try:
            self.made = _make(self._tree, self._folder)
        except Exception as error:  # handed to the window's thread, which raises it there
            self.error = error


class NetworkDraft(QObject):
    """The choices of a form and of a text, kept equal. A moment after a change it says what comes of them.

    `text_renewed`, `tree_renewed`: the other side has changed and must be shown. `checked`: problems and
    network are those of the present choices, or the network is being made (`waiting`).
    """

    text_renewed = Signal()
    tree_renewed = Signal()
    checked = Signal()

    def __init__(self, text: str, folder: Path, parent: QObject) -> None:
        super().__init__(parent)
        self.folder = folder
        self.text = ""
        self.tree: dict[str, Any] = {}
        self.form_is_behind = False
        self.problems: tuple[Problem, ...] = ()
        self.lines: tuple[int, ...] = ()
        self.network: Network | None = None
        self.waiting = False
        self._wanted: dict[str, Any] | None = None
        self._faults: tuple[tuple[Problem, ...], int] = ((), 0)
        self._job: _Job | None = None
        self._jobs: list[_Job] = []
        self._soon, self._look = QTimer(self), QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(PAUSE)
        self._look.setInterval(LOOK)
        self._soon.timeout.connect(self.check)
        self._look.timeout.connect(self._look_at_job)
        self.set_text(text)
        self.text_renewed.emit()

    def set_value(self, path: str, value: Any) -> None:
        """Take a value from the form; None leaves the key out."""
        section, _, key = path.partition(".")
        keys = self.tree.setdefault(section, {})
        if value is None:
            keys.pop(key, None)
        else:
            keys[key] = value
        self._from_form()

    def set_layers(self, layers: list[dict[str, Any]]) -> None:
        """Take the layers from the form."""
        self.tree.setdefault("network", {})["layers"] = layers
        self._from_form()

    def set_text(self, text: str) -> None:
        """Take a text; the form follows if it can show what the text says."""
        self.text = text
        try:
            tree = read_toml(text)
        except DescriptionError as error:
            self._wait(None, (Problem("", error.bare),), error.line)
            self.form_is_behind = True
            return
        wrong = tuple(problems_of_keys(tree))
        self._wait(tree, wrong, 0)
        self.form_is_behind = bool(wrong)
        if not wrong:
            self.tree = copy.deepcopy(tree)
            for section in ("network", "data", "parameters", "optimizer"):
                self.tree.setdefault(section, {})
            self.tree_renewed.emit()

    def drop_text(self) -> None:
        """Write the text anew from what the form shows."""
        self._from_form()

    def start_from(self, text: str) -> None:
        """Take another description as a whole."""
        self.set_text(text)
        self.text_renewed.emit()

    def look_in(self, folder: Path) -> None:
        """Read data files beside another place."""
        self.folder = folder
        self._wait(self._wanted, *self._faults)

    def hurry(self) -> None:
        """Check now what would be checked in a moment."""
        if self._soon.isActive():
            self._soon.stop()
            self.check()

    @property
    def title(self) -> str:
        """What to call the network: its data and its sizes, as in `moons 2-8-1`."""
        if self.network is None:
            return ""
        d = self.network.description
        first = getattr(self.network.program.first_values.get("W1"), "shape", None)
        units = [str(layer["units"]) for layer in d.layers if layer["layer"] == "dense"]
        if first is not None:
            units.insert(0, str(first[1 if d.network["convention"] == "columns" else 0]))
        return f"{Path(d.data['source']).stem} {'-'.join(units)}"

    def stop(self) -> None:
        """Make nothing more."""
        self._soon.stop()
        self._look.stop()
        self._job = None

    def _from_form(self) -> None:
        self.text = to_toml(self.tree)
        self.form_is_behind = False
        self._wait(copy.deepcopy(self.tree), (), 0)
        self.text_renewed.emit()

    def _wait(self, tree: dict[str, Any] | None, faults: tuple[Problem, ...], line: int) -> None:
        self._wanted, self._faults = tree, (faults, line)
        self.waiting = True
        self.network = None
        # One that is on its way goes on to its end, and nobody waits for it.
        self._job = None
        self._look.stop()
        self._soon.start()

    @Slot()
    def check(self) -> None:
        """Look for what is wrong; where nothing is, have the network made."""
        faults, line = self._faults
        if not faults and self._wanted is not None:
            faults = tuple(problems(self._wanted))
        if faults or self._wanted is None:
            self._done(_Made(None, faults), line)
            return
        self._job = _Job(self._wanted, self.folder)
        self._look.start()
        self._look_at_job()
        self.checked.emit()

    @Slot()
    def _look_at_job(self) -> None:
        job = self._job
        self._jobs = [other for other in self._jobs if other.is_alive() or other is job]
        if job is None:
            return
        if job not in self._jobs:
            if len(self._jobs) < MOST_JOBS:
                self._jobs.append(job)
                job.start()
        elif not job.is_alive():
            self._look.stop()
            self._job = None
            self._done(job.made or _Made(None, (Problem("", "this network cannot be made"),)), 0)
            if job.error is not None:
                raise job.error

    def _done(self, made: _Made, line: int) -> None:
        self.network, self.problems = made.network, made.problems
        self.lines = tuple(line or line_of(self.text, p.path) for p in self.problems)
        self.waiting = False
        self.checked.emit()


def _make(tree: Mapping[str, Any], folder: Path) -> _Made:
    """Build a network; runs beside the window, so it touches nothing of it."""
    try:
        network = build(describe(tree), folder)
    except DescriptionError as error:
        return _Made(None, (Problem(error.path, error.bare),))
    except StepperError as error:
        return _Made(None, (Problem("", str(error)),))
    except MemoryError:
        return _Made(None, (Problem("network.layers", "need more memory than there is; make them smaller"),))
    fault = network.program.fault
    if fault is None:
        return _Made(network, ())
    place = "parameters.values" if network.description.parameters["values"] is not None else ""
    return _Made(None, (Problem(place, f"does not fit the layers: {fault.message}" if place else fault.message),))
