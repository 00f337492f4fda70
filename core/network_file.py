"""A network described in TOML → programs: one to train, and one a part of the data to evaluate it on."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.complete import load
from core.data import given
from core.description import Description, describe, line_of, read_toml
from core.errors import DescriptionError, NotationError, SettingError, StepperError
from core.execute.machine import Machine
from core.models import program_text
from core.notation.syntax import python_tree
from core.program.ir import Array, Number, Program


@dataclass(frozen=True)
class Evaluation:
    """A program that only uses the network, on one part of the data: `training` or `held-out`."""

    part: str
    program: Program

    def run(self, state: Mapping[str, Any]) -> dict[str, float]:
        """Return the loss, and the accuracy where there are classes, with the parameters of `state`."""
        whole = {g.name: g.value for g in self.program.given}
        inputs: dict[str, Any] = {name: state.get(name, whole.get(name)) for name in self.program.inputs if name in whole}
        for name in set(self.program.inputs) - set(whole):
            inputs[name] = self.program.batching.total
        machine = Machine(self.program, inputs)
        machine.go(len(self.program))
        found: dict[str, float] = {}
        for v in self.program.values:
            if v.name in ("L", "accuracy") and v.kind != "part":
                datum: Array | np.generic | Number | None = machine.value(v.index)
                if datum is not None:
                    found["loss" if v.name == "L" else "accuracy"] = float(datum)
        return found


def scores(
    evaluations: Sequence[Evaluation], state: Mapping[str, Any], changed: Mapping[str, Any] | None = None
) -> dict[str, float]:
    """Return `accuracy` (where there are classes), `held_out_loss` and `held_out_accuracy` with the parameters of a state.

    `changed` are data and hyperparameters of the training that were changed by hand; held-out data stay as they are.
    """
    found: dict[str, float] = {}
    for evaluation in evaluations:
        prefix = "held_out_" if evaluation.part == "held-out" else ""
        # The loss of the training part is what the training itself shows.
        found |= {
            prefix + key: value
            for key, value in evaluation.run({**_for(evaluation, changed), **state}).items()
            if prefix or key != "loss"
        }
    return found


def _for(evaluation: Evaluation, changed: Mapping[str, Any] | None) -> dict[str, Any]:
    own = evaluation.program.batching.sliced if evaluation.part == "held-out" else ()
    return {n: v for n, v in (changed or {}).items() if n not in own}


@dataclass(frozen=True)
class Network:
    """A described network: its choices, the program that trains it, and its evaluations."""

    description: Description
    program: Program
    evaluations: tuple[Evaluation, ...]


def load_toml(text: str, folder: Path | None = None, settings: Mapping[str, Any] | None = None) -> Network:
    """Read a TOML text; `settings` replaces `section.key` and the program's own numbers.

    Raises:
        DescriptionError: naming the key path, what it can be, and the line.
        SettingError: if a setting names nothing.
    """
    tree = read_toml(text)
    rest: dict[str, Any] = {}
    for name, value in (settings or {}).items():
        section, dot, key = name.partition(".")
        if not dot:
            rest[name] = value
        elif not isinstance(tree.setdefault(section, {}), dict):
            raise SettingError(f"there is no setting `{name}` here")
        else:
            tree[section][key] = value
    try:
        return build(describe(tree), folder, rest)
    except DescriptionError as error:
        line = error.line or line_of(text, error.path)
        raise DescriptionError(error.path, error.bare, line) from None


def build(d: Description, folder: Path | None = None, settings: Mapping[str, Any] | None = None) -> Network:
    """Return the programs of a description; raises DescriptionError where layers and data do not fit."""
    try:
        table = given.table_part(
            d.data["source"], folder, labels=d.data["labels"], target=d.data["target"], held_out=d.data["held_out"],
            seed=d.data["seed"], samples=_file_samples(d),
        )  # fmt: skip
    except DescriptionError:
        raise
    except StepperError as error:
        raise DescriptionError("data.source", f"cannot be used: {error}") from None
    sizes = _sizes(d, table.inputs.shape[1])
    indices = d.data["labels"] == "index"
    outputs = None if indices else table.targets.shape[1]
    _check_batches(d, table.size)
    text = program_text(d, sizes, outputs, _data_lines(d, sizes, "training"), classes=len(table.class_names))
    try:
        program = load(text, settings, folder)
    except NotationError as error:
        raise _placed(error, d, text) from None
    if d.parameters["values"] is not None:
        _check_values(d, program, sizes, outputs, folder)
    parts = ["training"] + (["held-out"] if d.data["held_out"] else [])
    classes = table.labels is not None or bool(np.isin(table.targets, (0, 1)).all())
    evaluations = tuple(
        Evaluation(part, load(_evaluation_text(d, sizes, outputs, part, classes), None, folder)) for part in parts
    )
    return Network(d, program, evaluations)


def _placed(error: NotationError, d: Description, text: str) -> StepperError:
    """Return a fault of the text as one of the choice that it comes from: a person knows those, not the lines."""
    lines = text.splitlines()
    made = re.match(r"W(\d+) = ", lines[error.line - 1]) if 0 < error.line <= len(lines) else None
    if d.parameters["values"] is not None:
        return DescriptionError("parameters.values", f"cannot be used: {error.bare}")
    if made is None:
        return error
    dense = [n for n, layer in enumerate(d.layers, 1) if layer["layer"] == "dense"]
    place = dense[int(made[1]) - 1]
    return DescriptionError(f"network.layers[{place}].units", f"is {d.layers[place - 1]['units']}: {error.bare}")


def _check_values(d: Description, program: Program, sizes: tuple[int, ...], outputs: int | None, folder: Path | None) -> None:
    """Refuse starting values that are not of the shapes that the layers have."""
    own = replace(d, parameters={**d.parameters, "values": None, "init": "zeros"})
    needed = load(program_text(own, sizes, outputs, _data_lines(d, sizes, "training")), None, folder)
    for name in needed.trainable:
        found, wanted = (np.shape(p.first_values[name]) for p in (program, needed))
        if found != wanted:
            raise DescriptionError("parameters.values", f"cannot be used: {name} has the shape {found}, and {wanted} is needed")


def _check_batches(d: Description, samples: int) -> None:
    """Refuse a batch of one sample where a batch is normalised: its variance says nothing, and m − 1 is 0."""
    batch = samples if d.data["batch"] == "full" else min(d.data["batch"], samples)
    if 1 in (batch, samples % batch) and any(layer["layer"] == "batch_norm" for layer in d.layers):
        which = "each batch" if batch == 1 else "the last batch of an epoch"
        reason = f"{which} has 1 of the {samples} samples, and batch_norm needs at least 2; choose another size"
        raise DescriptionError("data.batch", f"is {d.data['batch']}: {reason}")


def _file_samples(d: Description) -> str:
    """Return how the data file holds its samples: an .npz in the network's convention, a table always as rows."""
    return d.network["convention"] if d.data["source"].lower().endswith(".npz") else "rows"


def _sizes(d: Description, width: int) -> tuple[int, ...]:
    asked = d.network["inputs"]
    if asked is None:
        return (width,)
    sizes = (asked,) if isinstance(asked, int) else tuple(asked)
    if int(np.prod(sizes)) != width:
        raise DescriptionError("network.inputs", f"is {asked}; each sample of {d.data['source']} has {width} numbers")
    return sizes


def _data_lines(d: Description, sizes: tuple[int, ...], part: str) -> list[str]:
    data, columns = d.data, d.network["convention"] == "columns"
    source = data["source"]
    name = repr(source) if set("'\"\\") & set(source) else f'"{source}"'
    shared = ', samples="columns"' if _file_samples(d) == "columns" else ""
    if data["held_out"]:
        shared += f', held_out={data["held_out"]!r}, part="{part}", seed={data["seed"]}'
    if data["target"] is not None:
        shared += f", target={data['target']!r}"
    x = f"inputs({name}{', standardize=True' if data['standardize'] else ''}{shared})"
    y = f"targets({name}{'' if data['labels'] == 'auto' else f', labels={chr(34)}' + data['labels'] + chr(34)}{shared})"
    turn = ".T" if columns else ""
    shape = ""
    if len(sizes) > 1:
        numbers = ", ".join(map(str, sizes))
        shape = f".reshape({numbers}, -1)" if columns else f".reshape(-1, {numbers})"
    y = f"{y}{turn}"
    return [f"X = {x}{turn}{shape}", f"Y = {f'2 * {y} - 1' if d.network['loss'] == 'hinge' else y}"]


def _evaluation_text(d: Description, sizes: tuple[int, ...], outputs: int | None, part: str, classes: bool) -> str:
    text = program_text(d, sizes, outputs, _data_lines(d, sizes, part), evaluate=True)
    if not classes:
        return text
    axis = 0 if d.network["convention"] == "columns" else 1
    last = [n.targets[0].id for n in python_tree(text).body if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)][
        -2
    ]
    if outputs is None:
        right = f"argmax({last}, axis={axis}, keepdims=True) == Y"
    elif outputs == 1:
        right = f"({last} > {0 if d.network['loss'] == 'hinge' else 0.5}) == (Y > 0.5)"
    else:
        right = f"argmax({last}, axis={axis}) == argmax(Y, axis={axis})"
    return text + f"# predict\naccuracy = mean({right})\n"
