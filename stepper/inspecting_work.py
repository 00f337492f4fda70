"""What is done with saved networks beside the window: plain functions, which know no Qt and may take their time."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import StepperError
from core.files.inference.infer import Inferred
from core.files.looks.compare import compare
from core.files.looks.export import export_tensor
from core.files.looks.look import first_look, look
from core.files.looks.looks import Look, Match
from core.files.problem import escaped
from core.files.saved import Layer, Saved
from core.files.source import Stamp, stamp, unchanged
from core.library import Opened, open_saved
from core.origin import Origin, same_network
from core.saved_target import read_saved
from core.steppable.build import Choices, Steppable, layers_of, steppable, walk_of
from core.steppable.data import Samples
from stepper.background import Work
from stepper.models.saved_state import RANDOM, USUAL

MATCHES_AT_ONCE = 8
"""The first so many comparisons are told together; each time twice as many, for all found so far are told anew."""


@dataclass(frozen=True)
class Read:
    """A file that was read, and what was made of it: a program, or why there is none; neither where none was asked for.

    `opened` is a program that is to be opened, None where it is open already; `text` is the program as it was made of the file.
    """

    saved: Saved
    layers: tuple[Layer, ...]
    inferred: Inferred | None
    choices: Choices
    samples: Samples
    stamp: Stamp
    opened: Opened | None = None
    steps: Steppable | None = None
    text: str = ""
    trouble: str = ""


def read(path: str, choices: Choices, samples: Samples, largest: int | None = None) -> Read:
    """Read a file and make its program; of more numbers than `largest` only what it holds. Raises FileProblem."""
    now = stamp(Path(path))
    saved = read_saved(path)
    if largest is not None and sum(t.count for t in saved.tensors) > largest:
        walk, inferred = walk_of(saved, choices)
        trouble = walk.stops if walk.takes is None else ""
        return Read(saved, walk.layers, inferred, choices, samples, now, trouble=trouble)
    try:
        return _opened(saved, open_saved(saved, None, choices, samples), choices, samples, now)
    except StepperError as error:
        return Read(saved, *layers_of(saved, choices), choices, samples, now, trouble=str(error))


def read_of(opened: Opened, saved: Saved) -> Read:
    """Return what was read and opened by somebody else; raises FileProblem if the file is gone meanwhile."""
    o = opened.origin
    choices, samples = (USUAL, RANDOM) if o is None else (o.choices, o.samples)
    return _opened(saved, opened, choices, samples, stamp(Path(saved.path)))


def _opened(saved: Saved, opened: Opened, choices: Choices, samples: Samples, now: Stamp) -> Read:
    steps = opened.steps  # in which the layers were worked out already: of many that takes a while
    layers, inferred = layers_of(saved, choices) if steps is None else (steps.layers, steps.inferred)
    return Read(saved, layers, inferred, choices, samples, now, opened, steps, opened.program.text)


def read_again(origin: Origin, folder: Path) -> Read:
    """Read the file that the open session was made of, without making its program anew: that one stands where it stands.

    Raises:
        FileProblem: if the file is gone, or is another one by now.
    """
    now = stamp(folder / origin.file)
    saved = same_network(origin, folder)
    c, samples = origin.choices, origin.samples
    try:
        steps = steppable(saved, c, samples, folder)
    except StepperError as error:  # as where its data are gone: what the file holds can be seen all the same
        return Read(saved, *_layers(saved, c), c, samples, now, text=origin.text, trouble=str(error))
    return Read(saved, steps.layers, steps.inferred, c, samples, now, None, steps, origin.text)


def _layers(saved: Saved, choices: Choices) -> tuple[tuple[Layer, ...], Inferred | None]:
    """Return a file's layers, as they are usually read where a choice that a document has is none."""
    try:
        return layers_of(saved, choices)
    except StepperError:
        return layers_of(saved)


def read_other(path: str) -> tuple[Saved, Stamp]:
    """Read a file to compare with; raises FileProblem."""
    now = stamp(Path(path))
    return read_saved(path), now


def looked(saved: Saved, name: str, layer: Layer | None) -> Generator[Look, None, Look]:
    """Yield a first look at a tensor, and return the whole one."""
    first = first_look(saved, name)
    yield first
    return look(saved, name, layer, False, first)


def compared(saved: Saved, other: Saved) -> Iterator[list[Match]]:
    """Yield the tensors of two files side by side, a few at first."""
    found: list[Match] = []
    most = MATCHES_AT_ONCE
    for match in compare(saved, other):
        found.append(match)
        if len(found) >= most:
            yield found
            found, most = [], 2 * most
    yield found


def exported(saved: Saved, name: str, path: str) -> str:
    """Write a tensor into a file of its own; returns what that is to be called."""
    export_tensor(saved, name, Path(path))
    return escaped(path)


def if_unchanged(work: Work, files: Sequence[tuple[Path, Stamp]]) -> Any:
    """Do some work, unless one of the files that it is about has been written anew since it was read: FileProblem then."""
    for path, since in files:
        unchanged(path, since)
    return work()
