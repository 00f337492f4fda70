"""TARGETs: a built-in by its name, a program of a lesson, or a program file. Reading never executes anything."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources as package_files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from core.complete import load
from core.document_program import first_of
from core.errors import TargetError
from core.files.document import is_document
from core.files.saved import Saved
from core.health.mending import typed
from core.lessons.shipped import PREFIX, headings, is_lesson, variant_of
from core.network_file import Evaluation, load_toml
from core.origin import Origin, mark_of
from core.program.ir import Program
from core.saved_target import is_saved, read_saved
from core.steppable.build import Choices, Steppable, steppable
from core.steppable.data import Samples
from core.text_file import read_text

EXAMPLES: dict[str, str] = {
    "xor": "XOR with 2-3-1 sigmoid units, samples as columns, all four samples at once",
    "first-seed": "the same network trained on one sample an iteration, from small random weights",
    "flower": "400 points in petals, 2-4-1, ReLU and sigmoid; the cost becomes NaN after a while",
    "rows": "XOR with samples as rows (X @ W), 3-4-1, half the sum of squares, no bias",
    "iris": "three kinds of iris flowers, 4-8-3, softmax and cross-entropy, held-out accuracy",
    "digits": "handwritten digits of 8×8 pixels, 64-48-10, Adam, held-out accuracy",
}


@dataclass(frozen=True)
class Opened:
    """A program that was opened, what to call it, the programs that evaluate it, if it was described, and its folder.

    Of a saved network: what the file holds, how it became this program, with what was assumed and what was chosen; `origin` is
    the file and what was asked for, also of a document that was made of one.
    `described` is the text that describes it; empty where there is none, or settings replaced some of it.
    """

    title: str
    program: Program
    evaluations: tuple[Evaluation, ...] = ()
    folder: Path | None = None
    saved: Saved | None = None
    steps: Steppable | None = None
    origin: Origin | None = None
    described: str = ""


@dataclass(frozen=True)
class Written:
    """The text of a TARGET as typed, what to call it, whether it describes a network, and where the files that it names lie."""

    title: str
    text: str
    described: bool = False
    folder: Path | None = None


def example_text(name: str) -> str:
    """Return the text of a built-in; raises KeyError."""
    return _example(name).read_text("utf-8")


def _example(name: str) -> Traversable:
    if name not in EXAMPLES:
        raise KeyError(name)
    folder = package_files.files("resources") / "examples"
    described = folder / f"{name}.toml"
    return described if described.is_file() else folder / f"{name}.py"


def open_target(
    target: str,
    settings: Mapping[str, Any] | None = None,
    choices: Choices | None = None,
    samples: Samples | None = None,
) -> Opened:
    """Open a built-in, a lesson's program, a `.py` program, a `.toml` description, a `.stepper` document or a saved network.

    `choices` and `samples` are for a saved network alone: what its file does not say, and the data to step it with. A lesson
    is `lesson:NAME`, `lesson:NAME:VARIANT`, or a file ending in `.lesson.toml`, with `:VARIANT` or without.

    Raises:
        TargetError: if there is no such thing, or it is not text, or it takes no choices.
        FileProblem: if a saved network cannot be read.
        NotationError, SettingError: if the text is not a program, or a setting does not fit.
        DescriptionError: if the text of a network or a lesson is none.
    """
    if is_saved(target):
        return open_saved(read_saved(target), settings, choices, samples)
    if choices is not None or samples is not None:
        raise TargetError(f"{target} is no saved network: it says its own data, activations and loss; change them in its text")
    if is_document(target):
        title, program, evaluations, folder, origin = first_of(Path(target), settings)
        return Opened(title, program, evaluations, folder, origin=origin)
    w = written(target)
    if w.described:
        network = load_toml(w.text, w.folder, settings)
        return Opened(w.title, network.program, network.evaluations, w.folder, described="" if settings else w.text)
    return Opened(w.title, load(w.text, settings, w.folder), (), w.folder)


def open_saved(
    saved: Saved, settings: Mapping[str, Any] | None = None, choices: Choices | None = None, samples: Samples | None = None
) -> Opened:
    """Return the program of a saved network that was read; raises as `open_target` does."""
    path = Path(saved.path)
    steps = steppable(saved, choices, samples, path.parent)
    program = load(steps.text, settings, path.parent)
    origin = Origin(path.name, mark_of(saved), program.text, choices or Choices(), samples or Samples())
    evaluations = (Evaluation("training", load(steps.evaluation, None, path.parent)),) if steps.evaluation else ()
    return Opened(path.name, program, evaluations, path.parent, saved, steps, origin)


def written(target: str) -> Written:
    """Return the text of a TARGET; raises TargetError, and DescriptionError if a lesson is none."""
    if target in EXAMPLES:
        return Written(target, example_text(target), _example(target).name.endswith(".toml"))
    if is_lesson(target):
        lesson, variant = variant_of(target)
        folder = Path(lesson.file).parent if lesson.file else None
        return Written(f"{lesson.name}: {variant}", lesson.variants[variant], False, folder)
    path = Path(target)
    if is_saved(target):
        return Written(path.name, steppable(read_saved(target), None, None, path.parent).text, False, path.parent)
    if is_document(target):
        title, program, _, folder, _ = first_of(path)
        return Written(title, typed(program).text, False, folder)
    if not _exists(path):
        raise TargetError(f"{target} is neither a built-in nor a file; {_instead(target)}")
    return Written(path.name, read_text(path), path.suffix.lower() == ".toml", path.parent)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return True  # what is wrong with it is said by who reads it


def _instead(target: str) -> str:
    """Return what to try where a TARGET names nothing."""
    names = [*EXAMPLES, *(f"{PREFIX}{h.name}" for h in headings())]
    near = [n for n in names if n.removeprefix(PREFIX) == target] or difflib.get_close_matches(target, names, 1)
    return f"did you mean {near[0]}?" if near else "check the spelling, or see `stepper list` and `stepper lesson list`"
