"""The network of a session as a description (.toml), with its parameters as they stand beside it, and its data."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from core.changes import rate_of
from core.data.sources import BUILT_IN
from core.description import read_toml
from core.description_text import to_toml
from core.errors import TargetError
from core.execute.machine import Machine
from core.files.problem import shown
from core.network_file import load_toml
from core.optimizers import RULES, USES
from core.program.ir import Array, Program
from core.saved_convert import both_as_rows, described_layers, targets_are_classes, values_writer
from core.saved_writing import values_now
from core.saving import SavingError, save_all
from core.session import Session

Files = dict[str, Mapping[str, Array] | bytes]
"""What stands beside a description, by its name: arrays, or a data file as it is."""


def write_network(session: Session, out: Path) -> tuple[str, ...]:
    """Write a description of the network, its parameters as they stand beside it, and the data where they are no file there.

    Returns sentences on what a person should know.

    Raises:
        StepperError: if a description cannot say what the program does, or nothing can be written there; nothing is changed then.
    """
    if out.suffix.lower() != ".toml":
        raise TargetError(f"{out.name} does not end in .toml; a description of a network does")
    files: Files = {}
    said: list[str] = []
    why = why_not_described(session)
    if why:
        raise TargetError(why)
    tree = (_own if session.described else _of_layers)(session, out, files, said)
    text = to_toml(tree)
    _check(session, text, files)
    writers = {out.parent / name: _writer(out.parent / name, held) for name, held in files.items()}
    save_all({**writers, out: partial(_bytes, text.encode("utf-8"))})
    return (
        *said,
        f"beside it lie {' and '.join(files)}, which belong to it"
        if len(files) > 1
        else f"beside it lies {next(iter(files))}, which belongs to it",
    )


def why_not_described(session: Session) -> str:
    """Return why there can be no description of what is open; empty if there may be one."""
    if session.described:
        return ""
    if session.closed:
        return f"steps end before the layer {shown(session.closed[0].name)}; only a whole network can be described"
    if session.layers:
        return ""
    return "this is a program, and a description says less than a program does; save the session, or its text"


def _own(session: Session, out: Path, files: Files, said: list[str]) -> dict[str, Any]:
    """Return the description that the network was made from, starting from the parameters as they stand."""
    tree = read_toml(session.described)
    values = out.with_suffix(".weights.npz").name
    trained = {n: a for n, a in values_now(session).items() if n in session.program.trainable}
    files[values] = trained
    tree["parameters"] = {**tree.get("parameters", {}), "values": values}
    source = tree.get("data", {}).get("source")
    if isinstance(source, str) and source not in BUILT_IN:
        path = (session.folder or Path()) / source
        if path.resolve().parent != out.resolve().parent:
            beside = out.with_name(f"{out.stem}.data{path.suffix}").name
            try:
                files[beside] = path.read_bytes()
            except OSError as error:
                raise SavingError(f"{path} cannot be read ({error.strerror or error}), and the description needs it") from None
            tree["data"] = {**tree["data"], "source": beside}
    if session.timeline.program is not session.timeline.opened:
        said.append("the description has the optimizer that the training began with")
    if any(layer.get("layer") == "batch_norm" for layer in tree["network"]["layers"]):
        said.append("the running statistics of batch_norm are not in a description; they begin anew")
    return tree


def _of_layers(session: Session, out: Path, files: Files, said: list[str]) -> dict[str, Any]:
    """Return a description of the layers of a saved network, with the data of the program."""
    program = session.program
    tree, arrays = described_layers(session.layers, program, values_now(session), session.title)
    values, beside = out.with_suffix(".weights.npz").name, out.with_suffix(".data.npz").name
    files[values] = arrays
    tree["parameters"] = {"values": values}
    if "X" not in program.first_values or "Y" not in program.first_values:
        raise TargetError("the program has no X or no Y, so a description of it would have no data")
    x, y = (np.asarray(v) for v in both_as_rows(program))
    files[beside] = {"X": x, "Y": y}
    b = program.batching
    tree["data"] = {"source": beside, "labels": "index" if targets_are_classes(program) else "auto"}
    if b.batch is not None:
        tree["data"] |= {"batch": b.batch, "shuffle": b.shuffle, "seed": b.seed}
    tree["optimizer"] = _optimizer(program, said)
    return tree


def _optimizer(program: Program, said: list[str]) -> dict[str, Any]:
    """Return what the lines of the update do, as a description says it."""
    rate, known = rate_of(program), program.first_values
    lines = {s.text for s in program.statements if s.phase == "update"}
    # adamw is adam with a line more, so what has most lines is looked for first
    for name, (rule, _) in reversed(RULES.items()):
        if rate is None or (name == "adamw") != ("weight_decay" in known):
            continue
        wanted = {line for p, g in program.gradients.items() for line in rule(p, program.values[g].name, rate).lines}
        if wanted and wanted <= lines:
            numbers = {"learning_rate": rate, **{n: n for n in USES.get(name, ())}}
            numbers |= {"weight_decay": "weight_decay"} if name == "adamw" else {}
            return {"name": name, **{key: float(np.asarray(known[n])) for key, n in numbers.items() if n in known}}
    said.append("the lines of the update are none that a description has, so it says gradient descent")
    return {}


def _check(session: Session, text: str, files: Files) -> None:
    """Refuse a description that would not give the loss that the program gives with the same parameters."""
    with tempfile.TemporaryDirectory(prefix="stepper-") as folder:
        save_all({Path(folder) / name: _writer(Path(folder) / name, held) for name, held in files.items()})
        made = load_toml(text, _beside(session, text, files, Path(folder))).program
    if "dropout_mask" in session.program.text:
        return  # a draw at random in each
    mine = _loss(session.program, values_now(session))
    theirs = _loss(made, {})
    if mine is None or theirs is None or not math.isfinite(mine):
        return
    single = any(str(np.asarray(v).dtype) in ("float32", "float16") for v in made.first_values.values())
    if not math.isclose(mine, theirs, rel_tol=1e-3 if single else 1e-9, abs_tol=1e-6 if single else 1e-12):
        raise TargetError(
            f"a description would give the loss {theirs:.6g}, and the program gives {mine:.6g}: it does something that "
            "a description cannot say; save the session, or its text"
        )


def _beside(session: Session, text: str, files: Files, folder: Path) -> Path:
    """Return the folder to read a description in; a data file that stays where it is comes along."""
    source = read_toml(text).get("data", {}).get("source")
    if isinstance(source, str) and source not in BUILT_IN and source not in files:
        data = _read((session.folder or Path()) / source)
        if data is not None:
            (folder / source).write_bytes(data)
    return folder


def _loss(program: Program, values: Mapping[str, Array]) -> float | None:
    """Return the loss of all samples at once, with some values instead of those that a program starts from."""
    if program.loss is None or program.fault is not None:
        return None
    whole: dict[str, Any] = {**program.first_values, **values}
    inputs = {name: whole.get(name, program.batching.total) for name in program.inputs}
    machine = Machine(program, inputs)
    machine.go(program.makers[program.loss] + 1)
    found = machine.value(program.loss)
    return None if found is None else float(np.asarray(found))


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None


def _writer(path: Path, held: Mapping[str, Array] | bytes) -> Callable[[IO[bytes]], None]:
    return partial(_bytes, held) if isinstance(held, bytes) else values_writer(path, held)


def _bytes(data: bytes, file: IO[bytes]) -> None:
    file.write(data)
