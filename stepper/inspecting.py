"""The saved network that is inspected: read, looked at and compared in the background, and opened to be stepped."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.errors import StepperError
from core.files.inference.infer import Inferred
from core.files.looks.compare import compare
from core.files.looks.export import export_tensor
from core.files.looks.look import difference, first_look, layer_of, look
from core.files.looks.looks import Look, Match
from core.files.looks.pages import table_rows
from core.files.problem import escaped
from core.files.saved import Layer, Saved
from core.files.source import Stamp, stamp, unchanged
from core.library import EXAMPLES, Opened, open_saved
from core.program.ir import Program
from core.saved_target import is_saved, read_saved
from core.saved_writing import tensor_names
from core.session import session_of
from core.steppable.build import Choices, layers_of, walk_of
from core.steppable.data import Samples
from stepper.background import Background, Work
from stepper.controller import Controller
from stepper.models.saved_state import RANDOM, USUAL, SavedState

HERE, THERE, DIFFERENCE, EXPORT = "here", "there", "difference", "export"
MATCHES_AT_ONCE = 8
"""The first so many comparisons are told together; each time twice as many, for all found so far are told anew."""
KEPT_LOOKS = 1000
LARGEST_AT_ONCE = 10_000_000
"""A network of more numbers is stepped only when somebody asks for it: its program takes long, and eight bytes a number."""
KEPT_BYTES = 64 * 2**20
"""Of the heat maps of tensors that were looked at before; of older ones only what the list says of them is kept."""
PATIENCE = 400
"""Milliseconds of reading after which it is said what is being waited for."""
LONGEST = 80
OF_THE_FILE = (HERE, THERE, DIFFERENCE, "other", "compare", "rows")
"""What is done with the file that is shown, and is given up with it."""


@dataclass(frozen=True)
class _Read:
    """A file that was read, and what was made of it: a program, or why there is none; neither where none was asked for."""

    saved: Saved
    layers: tuple[Layer, ...]
    inferred: Inferred | None
    choices: Choices
    samples: Samples
    opened: Opened | None
    stamp: Stamp
    trouble: str = ""


class Inspecting(QObject):
    """Owns what is known of the saved network; tells every change by `changed(SavedState)`.

    `read_in()` tells that another file was read and is shown, `rows(first, numbers)` brings numbers that were asked for,
    `said(sentence)` tells of trouble and `told(sentence)` of what has happened. Nothing that is open is lost by a file that
    cannot be read.
    """

    changed = Signal(object)
    read_in = Signal()
    rows = Signal(int, object)
    said = Signal(str)
    told = Signal(str)

    def __init__(self, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = SavedState()
        self.work = Background(self)
        self.work.part.connect(self._on_part)
        self.work.ended.connect(self._on_ended)
        self.slow = Background(self)  # singular values may take minutes: nothing else waits for them
        self.slow.ended.connect(self._on_spectrum)
        self._asked = ""
        self._controller = controller
        self._taking = False
        self._failed = False
        self._holds = False  # whether the program that is open is that of the file
        self._text = ""  # as it was made of the file, before anything was changed by hand
        self._named: tuple[Program | None, Mapping[str, str]] = (None, {})  # of a program that was changed by hand
        self._names: dict[str, str] = {}  # of the files that are being read, by the work that reads them
        self._stamps: dict[str, Stamp] = {}  # of the file and the other one, as they were when they were read
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE)
        self._patience.timeout.connect(self._ask_for_patience)
        controller.opened.connect(self._on_opened)
        controller.changed.connect(self._on_changed)

    @property
    def path(self) -> str:
        """Where the file lies; empty without one."""
        return "" if self.state.saved is None else self.state.saved.path

    @property
    def holds(self) -> bool:
        """Whether a saved network is shown, or is just being opened."""
        return self._taking or self.state.saved is not None or self.work.is_on("see")

    @property
    def parameters(self) -> Mapping[str, str]:
        """Which tensor of the file each parameter of the open program began with, by name."""
        s, session = self.state, self._controller.session
        if s.steps is None or session is None or not self._holds:
            return {}
        program = session.timeline.opened
        if program.text == self._text:
            return s.steps.parameters
        if self._named[0] is not program:
            self._named = program, tensor_names(program, Path(self.path), session.folder)
        return self._named[1]

    # -- files -----------------------------------------------------------------------------------------

    def read(self, path: str, choices: Choices = USUAL, samples: Samples = RANDOM) -> None:
        """Read a saved network and open it to be stepped, as far as it can be."""
        self._cancel("see", "step")
        self._patience.start()
        self._reading("read", path)
        self.work.start("read", lambda: _read(path, choices, samples, LARGEST_AT_ONCE))

    def take(self, opened: Opened) -> None:
        """Open a saved network of which the program was made already."""
        if opened.saved is not None:
            self._take(_read_of(opened, opened.saved), False)

    def show(self, opened: Opened) -> None:
        """Show a saved network of which somebody else has opened the program."""
        if opened.saved is not None:
            self._cancel("see")
            self._show(_read_of(opened, opened.saved))

    @Slot(object, object)
    def step(self, choices: Choices, samples: Samples) -> None:
        """Open the program of the file anew, as a person chose it; on trouble the open one stays."""
        saved = self.state.saved
        if saved is not None and not self.work.is_on("read"):
            self._set(steps_trouble="")
            self._reading("step", saved.path)
            self.work.start("step", lambda: _read(saved.path, choices, samples))

    def close(self) -> bool:
        """Wait for what is being exported before the window goes; False, and a sentence, where that has failed."""
        self._failed = False
        self.work.finish(EXPORT)
        return not self._failed

    def end(self) -> None:
        """Give up everything else."""
        self.work.close()
        self.slow.close()

    # -- tensors ---------------------------------------------------------------------------------------

    @Slot(object)
    def choose(self, name: str) -> None:
        """Look at a tensor of the file."""
        s = self.state
        is_shown = name == s.tensor and (s.look is not None or bool(s.look_trouble) or self.work.is_on(HERE))
        if s.saved is None or is_shown or all(t.name != name for t in s.saved.tensors):
            return
        self._cancel(HERE, THERE, DIFFERENCE, "rows")
        known = s.seen.get(name)
        if known is not None and not known.blocks.size:
            known = None
        self._set(tensor=name, look=known, look_trouble="", other_look=None, difference=None)
        if known is None:
            self._look()
        else:  # it stands as long as the file does
            self._start(HERE, lambda: known, s.saved)
        self._look_there()

    @Slot()
    def ask_spectrum(self) -> None:
        """Work out the singular values of the tensor that is looked at, also where that takes long."""
        s, first = self.state, self.state.look
        saved, name = s.saved, s.tensor
        if saved is None or first is None or not first.spectrum_later or self.slow.is_on(name):
            return
        layer = layer_of(s.layers, name)
        for other in (self._asked, name):  # the one asked for before is waited for no longer
            self.slow.cancel(other)
        self._asked = name
        self.slow.start(name, lambda: look(saved, name, layer, True, first))

    @Slot(int, int)
    def ask_rows(self, first: int, last: int) -> None:
        """Ask for rows of the numbers of the tensor that is looked at."""
        saved, name = self.state.saved, self.state.tensor
        if saved is not None and self.state.known is not None:
            self._start("rows", lambda: (first, table_rows(saved, name, first, last)), saved)

    def export(self, name: str, path: str) -> None:
        """Write the numbers of a tensor into a file of its own."""
        saved = self.state.saved
        if saved is not None:
            self._start(f"{EXPORT} {path}", lambda: _exported(saved, name, path), saved)

    def _look(self) -> None:
        s = self.state
        saved, name = s.saved, s.tensor
        assert saved is not None
        layer = layer_of(s.layers, name)
        self._start(HERE, lambda: _looked(saved, name, layer), saved)

    # -- comparing -------------------------------------------------------------------------------------

    def compare_with(self, path: str) -> None:
        """Compare the file, tensor by tensor, with another one, such as a later checkpoint."""
        saved = self.state.saved
        if saved is not None:
            self._reading("other", path)
            self._start("other", lambda: _other(path), saved)

    @Slot()
    def stop_comparing(self) -> None:
        """Put the other file away."""
        self._cancel("other", "compare", THERE, DIFFERENCE)
        self._set(other=None, matches={}, comparing=0, other_look=None, difference=None)

    def _compare(self, other: Saved, now: Stamp) -> None:
        """Compare with a file that was read."""
        saved = self.state.saved
        if saved is None:
            return
        self._cancel("compare", THERE, DIFFERENCE)
        self._stamps = {saved.path: self._stamps[saved.path], **({} if other.path == saved.path else {other.path: now})}
        self._set(other=other, matches={}, comparing=0, other_look=None, difference=None)
        self._start("compare", lambda: _compared(saved, other), saved, other)

    def _look_there(self) -> None:
        """Look at the chosen tensor in the other file, and at how it differs from that here."""
        s = self.state
        match, saved, other = s.matches.get(s.tensor), s.saved, s.other
        if match is None or saved is None or other is None or not match.other or s.other_look is not None:
            return
        name, there = s.tensor, match.other
        layer = layer_of(s.layers, name)
        self._start(THERE, lambda: look(other, there, layer), other)
        if match.largest is not None:
            self._start(DIFFERENCE, lambda: difference(saved, other, name, there), saved, other)

    def _start(self, key: str, work: Work, *files: Saved) -> None:
        """Do something with files, unless one of them has been written anew since it was read."""
        known = [(Path(f.path), self._stamps[f.path]) for f in files if f.path in self._stamps]
        self.work.start(key, lambda: _done(work, known))

    # -- inside ----------------------------------------------------------------------------------------

    @Slot()
    def _ask_for_patience(self) -> None:
        if self.work.is_on("read"):
            self.told.emit(self.tr("Reading {name} …").format(name=self.state.busy))

    @Slot(str, object)
    def _on_part(self, key: str, found: Any) -> None:
        if key == HERE:
            self._set(look=found)
        elif key == "compare":
            matches = {**self.state.matches, **{m.name or m.other: m for m in found}}
            self._set(matches=matches, comparing=len(matches))
            self._look_there()

    @Slot(str, object)
    def _on_ended(self, key: str, found: Any) -> None:
        self._read_to_its_end(key)
        if isinstance(found, StepperError):
            self._on_trouble(key, str(found))
        elif key == "see":
            self._show(found)
        elif isinstance(found, _Read):
            same = found.stamp == self._stamps.get(found.saved.path) and found.saved == self.state.saved
            self._take(found, key == "step" and same)
        elif key == HERE and isinstance(found, Look):
            self._set(look=found, seen=_with(self.state.seen, found))
        elif key == "other":
            self._compare(*found)
        elif key == THERE:
            self._set(other_look=found)
        elif key == DIFFERENCE:
            self._set(difference=found)
        elif key == "rows":
            self.rows.emit(*found)
        elif key.startswith(EXPORT):
            self.told.emit(self.tr("Saved: {file}").format(file=found))

    @Slot(str, object)
    def _on_spectrum(self, name: str, found: Any) -> None:
        """Take up the singular values of a tensor; it may be another one that is looked at by now."""
        if isinstance(found, StepperError):
            self.said.emit(str(found))
        elif isinstance(found, Look):
            here = {"look": found} if self.state.tensor == name else {}
            self._set(seen=_with(self.state.seen, found), **here)

    def _on_trouble(self, key: str, sentence: str) -> None:
        if key == HERE:
            self._set(look=None, look_trouble=sentence)
        elif key in (THERE, DIFFERENCE, "rows"):
            self.said.emit(sentence)
        elif key in ("read", "see", "step"):
            self._set(trouble="" if self.state.saved is not None else sentence)
            self.said.emit(sentence)
        elif key in ("other", "compare"):
            self.said.emit(self.tr("It cannot be compared: {why}").format(why=sentence))
        else:
            self._failed = True
            self.said.emit(self.tr("The tensor was not saved: {why}").format(why=sentence))

    def _take(self, read: _Read, again: bool) -> None:
        """Show a file that was read and open its program; where none can be made, what is open stays.

        `again` tells that the file is shown already.
        """
        if read.opened is None:
            if again:
                self._set(steps_trouble=read.trouble)
                return
            self._show(read, False)
            session = self._controller.session
            still = (
                "" if session is None else " " + self.tr("The program that is open is still {title}.").format(title=session.title)
            )
            words = self.tr("It can be inspected, and not be stepped: {why}.").format(why=read.trouble)
            if not read.trouble:
                n = sum(t.count for t in read.saved.tensors)
                words = self.tr(
                    "It holds {n} numbers: it can be inspected at once, and is stepped when you choose “Step it like this”."
                ).format(n=f"{n:,}")
            self.told.emit(words + still)
            self.read_in.emit()
            return
        self._taking = True
        self._controller.take(session_of(read.opened), read.saved.path)
        self._taking = False
        if again:
            self._hold(read)
            self._set(
                layers=read.layers, inferred=read.inferred, choices=read.choices, samples=read.samples,
                steps=read.opened.steps, steps_trouble="", by_hand=False,
            )  # fmt: skip
            return
        self._show(read)
        self.read_in.emit()

    def _hold(self, read: _Read, holds: bool = True) -> None:
        self._holds = holds and read.opened is not None
        self._text = "" if read.opened is None else read.opened.program.text

    def _show(self, read: _Read, holds: bool = True) -> None:
        """Show a file that was read, with its first weight; `holds` tells that its program is the open one."""
        self._leave()
        self._hold(read, holds)
        self._stamps = {read.saved.path: read.stamp}
        steps = None if read.opened is None else read.opened.steps
        self.state = SavedState(
            read.saved, read.layers, read.inferred, choices=read.choices, samples=read.samples, steps=steps,
            steps_trouble=read.trouble, busy=self._busy, by_hand=self._is_by_hand,
        )  # fmt: skip
        self.changed.emit(self.state)
        first = next((n for layer in read.layers for r, n in layer.tensors.items() if r == "weight"), "")
        self.choose(first or next((t.name for t in read.saved.tensors), ""))

    @Slot(object)
    def _on_opened(self, _: object) -> None:
        """Put the file away when another program is opened; inspect that of one that somebody else opened."""
        if self._taking:
            return
        if self._controller.rewriting:
            self._on_rewritten()
            return
        self._leave("read", "see", "step")
        self._put_away()
        target = self._controller.target
        if target not in EXAMPLES and is_saved(target):
            self.work.start("see", lambda: _read(target, USUAL, RANDOM, LARGEST_AT_ONCE))

    def _on_rewritten(self) -> None:
        """Stay with the file, unless it was written anew: then the program has other numbers by now."""
        s = self.state
        self._cancel("step")
        if not self._holds or s.saved is None:
            return
        path, choices, samples = s.saved.path, s.choices, s.samples
        try:
            unchanged(Path(path), self._stamps[path])
        except StepperError:
            self._leave()
            self._put_away()
            self._reading("see", path)
            self.work.start("see", lambda: _read(path, choices, samples))

    @Slot(object)
    def _on_changed(self, _: object) -> None:
        if not self._taking and self._is_by_hand != self.state.by_hand:
            self._set(by_hand=self._is_by_hand)

    @property
    def _is_by_hand(self) -> bool:
        session = self._controller.session
        if session is None or not self._holds:
            return False
        return session.timeline.opened.text != self._text or bool(session.timeline.events)

    def _put_away(self) -> None:
        self._holds = False
        if self.state != SavedState():
            self._set_all(SavedState(busy=self._busy))

    # -- files that are being read ---------------------------------------------------------------------

    @property
    def _busy(self) -> str:
        return next(reversed(self._names.values()), "")

    def _reading(self, key: str, path: str) -> None:
        """Tell that a file is being read, until this work ends or is given up."""
        self._names.pop(key, None)
        self._names[key] = _name(path)
        self._set(busy=self._busy)

    def _read_to_its_end(self, key: str) -> None:
        if self._names.pop(key, None) is not None:
            self._set(busy=self._busy)

    def _leave(self, *more: str) -> None:
        """Give up all that is being done with the file."""
        self._cancel(*OF_THE_FILE, *more)
        self.slow.cancel(self._asked)

    def _cancel(self, *keys: str) -> None:
        for key in keys:
            self.work.cancel(key)
            self._read_to_its_end(key)

    def _set(self, **what: object) -> None:
        self._set_all(replace(self.state, **what))  # type: ignore[arg-type]

    def _set_all(self, state: SavedState) -> None:
        self.state = state
        self.changed.emit(state)


def _name(path: str) -> str:
    return escaped(Path(path).name)[:LONGEST]


def _read(path: str, choices: Choices, samples: Samples, largest: int | None = None) -> _Read:
    now = stamp(Path(path))
    saved = read_saved(path)
    layers, inferred = layers_of(saved, choices)
    if largest is not None and sum(t.count for t in saved.tensors) > largest:
        walk, _ = walk_of(saved, choices)
        return _Read(saved, layers, inferred, choices, samples, None, now, walk.stops if walk.takes is None else "")
    try:
        opened, trouble = open_saved(saved, None, choices, samples), ""
    except StepperError as error:
        opened, trouble = None, str(error)
    return _Read(saved, layers, inferred, choices, samples, opened, now, trouble)


def _read_of(opened: Opened, saved: Saved) -> _Read:
    choices, samples = opened.asked or (USUAL, RANDOM)
    layers, inferred = layers_of(saved, choices)
    return _Read(saved, layers, inferred, choices, samples, opened, stamp(Path(saved.path)))


def _looked(saved: Saved, name: str, layer: Layer | None) -> Generator[Look, None, Look]:
    first = first_look(saved, name)
    yield first
    return look(saved, name, layer, False, first)


def _done(work: Work, files: list[tuple[Path, Stamp]]) -> Any:
    for path, since in files:
        unchanged(path, since)
    return work()


def _other(path: str) -> tuple[Saved, Stamp]:
    now = stamp(Path(path))
    return read_saved(path), now


def _compared(saved: Saved, other: Saved) -> Iterator[list[Match]]:
    found: list[Match] = []
    most = MATCHES_AT_ONCE
    for match in compare(saved, other):
        found.append(match)
        if len(found) >= most:
            yield found
            found, most = [], 2 * most
    yield found


def _with(seen: Mapping[str, Look], found: Look) -> dict[str, Look]:
    """Return the looks with one more, of the oldest without their pictures where all take too much."""
    kept = {name: one for name, one in list(seen.items())[-KEPT_LOOKS:] if name != found.name} | {found.name: found}
    too_much = sum(one.blocks.nbytes for one in kept.values()) - KEPT_BYTES
    for name, one in kept.items():
        if too_much <= 0:
            break
        if one.blocks.size and one is not found:
            too_much -= one.blocks.nbytes
            kept[name] = replace(one, blocks=np.empty((0, 0)))
    return kept


def _exported(saved: Saved, name: str, path: str) -> str:
    export_tensor(saved, name, Path(path))
    return escaped(path)
