"""`stepper convert`: a saved network, or any other TARGET, written in another form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from core.description_text import to_toml
from core.errors import StepperError, TargetError
from core.files.arrays import array
from core.files.problem import shown
from core.files.saved import Layer, Saved
from core.files.saving.save_arrays import metadata_to_keep, part_of, parts_writer
from core.files.saving.save_npz import member_name
from core.files.saving.save_onnx import onnx_bytes
from core.files.saving.save_safetensors import Part
from core.library import Opened, open_saved, open_target, written
from core.network_file import load_toml
from core.program.ir import Array, Program
from core.saved_target import is_saved, read_saved
from core.saving import save_bytes, save_text, save_with
from core.steppable.build import Choices
from core.steppable.data import Samples

_SAME = ("", "identity", "linear")


def convert(
    target: str,
    out: Path,
    settings: Mapping[str, Any] | None = None,
    choices: Choices | None = None,
    samples: Samples | None = None,
) -> tuple[str, ...]:
    """Write a TARGET into `out`, in the form that its ending says; returns sentences on what a reader should know.

    Raises:
        StepperError: if it cannot be read, or the form cannot hold it; nothing is written then.
    """
    form = out.suffix.lower()
    saved = read_saved(target) if is_saved(target) else None
    if form in (".npz", ".safetensors") and saved is not None:
        return _weights(saved, out, form)
    if form == ".toml":
        return _description(target, saved, out, choices, samples)
    opened = open_target(target, settings, choices, samples) if saved is None else open_saved(saved, settings, choices, samples)
    said = opened.steps.assumed if opened.steps is not None else ()
    if form == ".onnx":
        if opened.steps is not None and opened.steps.stops:
            raise TargetError(f"{opened.title}: {opened.steps.stops}; only a whole network is written as ONNX")
        save_bytes(out, onnx_bytes(opened.program))
        return said
    if form in (".npz", ".safetensors"):
        write_values(out, parameters_of(opened.program))
        return said
    raise TargetError(f"{out} ends in none of .toml, .npz, .safetensors, .onnx; the ending says the form to write")


def parameters_of(program: Program) -> dict[str, Array]:
    """Return the arrays that a program starts from, without its data: parameters and running statistics."""
    return {g.name: g.value for g in program.given if g.section == "parameters" and isinstance(g.value, np.ndarray)}


def write_values(out: Path, values: Mapping[str, Array]) -> None:
    """Write arrays as .npz or .safetensors, by the ending of `out`; raises StepperError."""
    save_with(out, values_writer(out, values))


def values_writer(out: Path, values: Mapping[str, Array]) -> Callable[[IO[bytes]], None]:
    """Return what writes arrays as .npz or .safetensors, by the ending of `out`."""
    return parts_writer(out.suffix, [part_of(n, a) for n, a in values.items()])


def _weights(saved: Saved, out: Path, form: str) -> tuple[str, ...]:
    """Write every tensor of a file under its own name and in its own type."""
    unread = [t for t in saved.tensors if not t.readable]
    if unread:
        raise TargetError(
            f"{shown(unread[0].name)} is of the type {shown(unread[0].dtype)}, which cannot be read; nothing is written"
        )
    if not saved.tensors:
        raise TargetError(f"{Path(saved.path).name} holds no tensors; there is nothing to write")
    parts = [Part(t.name, t.dtype, t.shape, partial(array, saved, t.name)) for t in saved.tensors]
    save_with(out, parts_writer(form, parts, metadata_to_keep(saved)))
    if form == ".npz":
        rounded = [t.name for t in saved.tensors if t.dtype == "bfloat16"]
        said = [f"{shown(n)} is written as float32, which holds each bfloat16 number exactly" for n in rounded[:1]]
        paths = [t.name for t in saved.tensors if member_name(t.name) != t.name]
        said += [f"{shown(n)} would be a path where it is unpacked, and is written as {shown(member_name(n))}" for n in paths[:1]]
        return tuple(said)
    return ()


# -- a description


def _description(
    target: str, saved: Saved | None, out: Path, choices: Choices | None, samples: Samples | None
) -> tuple[str, ...]:
    """Write a TOML description with the weights beside it, and the data where they are no file."""
    if saved is None:
        if choices is None and samples is None and written(target).described:
            text, folder = written(target).text, written(target).folder
            load_toml(text, folder)
            save_text(out, text)
            return ()
        raise TargetError(f"{target} is a program, and a description says less than a program does; write .npz or .onnx")
    opened = open_saved(saved, None, choices, samples)
    assert opened.steps is not None
    if opened.steps.stops:
        raise TargetError(f"{opened.title}: {opened.steps.stops}; only a whole network can be described")
    values, beside = out.with_suffix(".weights.npz"), out.with_suffix(".data.npz")
    program, steps = opened.program, opened.steps
    given = {n: v for n, v in program.first_values.items() if isinstance(v, np.ndarray)}
    tree, arrays = described_layers(steps.layers, program, given, Path(saved.path).name)
    tree["parameters"] = {"values": values.name}
    data = _data(opened, samples, out, beside)
    tree["data"] = {k: v for k, v in data.items() if k != "arrays"}
    text = to_toml(tree)
    said = [*opened.steps.assumed, f"the weights are in {values.name}"]
    files: list[tuple[Path, Mapping[str, Array]]] = [(values, arrays)]
    if "arrays" in data:
        files.append((beside, data["arrays"]))
        said.append(f"the data are in {beside.name}")
    before = {path: path.read_bytes() if path.is_file() else None for path, _ in files}
    try:
        for path, held in files:
            write_values(path, held)
        load_toml(text, out.parent)
        save_text(out, text)
    except StepperError:
        for path, old in before.items():
            if old is None:
                path.unlink(missing_ok=True)
            else:
                save_bytes(path, old)
        raise
    return tuple(said)


def described_layers(
    layers_: Sequence[Layer], program: Program, given: Mapping[str, Array], name: str
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the choices that describe a network, and its parameters by the names that a description gives them.

    `given` are the parameters by the names of the program, `name` is what the file is called.

    Raises:
        TargetError: for a layer or a number that a description cannot hold.
    """
    layers: list[dict[str, Any]] = []
    arrays: dict[str, Array] = {}
    dense = normal = 0
    for layer in layers_:
        if layer.kind == "dense":
            odd = {"product_times", "bias_times"} & set(layer.attributes)
            if odd:
                what = "matrix product" if "product_times" in odd else "bias"
                raise TargetError(
                    f"{name}: the {what} of {shown(layer.name)} is multiplied by a number, which a description cannot say; "
                    "write .onnx"
                )
            dense += 1
            if f"W{dense}" not in given:
                raise TargetError(
                    f"{name}: {shown(layer.name)} has the same weights as a layer before it, which a description cannot say; "
                    "write .onnx"
                )
            weight = _rows(layer, given[f"W{dense}"])
            arrays[f"W{dense}"] = weight
            bias = given.get(f"b{dense}")
            if bias is not None:
                arrays[f"b{dense}"] = bias.reshape(1, -1)
            layers.append({"units": weight.shape[1], "activation": layer.activation or "identity", "bias": bias is not None})
            layers[-1] |= _slope(layer)
        elif layer.kind in ("activation", "softmax"):
            own = layer.activation or ("softmax" if layer.kind == "softmax" else "identity")
            if own in _SAME:
                continue
            if not layers or layers[-1].get("activation", "none") != "identity":  # a dropout ends in no function
                raise TargetError(f"{name}: {shown(layer.name)} follows no dense layer, so it cannot be described; write .onnx")
            layers[-1] |= {"activation": own, **_slope(layer)}
        elif layer.kind == "dropout":
            layers.append({"layer": "dropout", "rate": float(layer.attributes.get("rate", 0.5))})
        elif (
            layer.kind == "layer_norm" and float(layer.attributes.get("epsilon", 1e-5)) == 1e-5 and f"gamma{normal + 1}" in given
        ):
            normal += 1
            layers.append({"layer": "layer_norm", "activation": layer.activation or "identity", **_slope(layer)})
            arrays[f"gamma{normal}"] = given[f"gamma{normal}"].reshape(1, -1)
            beta = given.get(f"beta_{normal}")
            arrays[f"beta_{normal}"] = np.zeros_like(arrays[f"gamma{normal}"]) if beta is None else beta.reshape(1, -1)
        elif layer.kind not in ("input", "flatten"):
            what = layer.kind.replace("_", " ")
            raise TargetError(
                f"{name}: {shown(layer.name)} is a {what}, which a description cannot start from a file; write .onnx"
            )
    for n, a in arrays.items():
        if not np.isfinite(a).all():
            raise TargetError(f"{name}: {n} has numbers that are NaN or infinite, which a description cannot start from")
    loss = next((s.text.split("=", 1)[1].strip().partition("(")[0] for s in program.statements if s.phase == "loss"), "mse")
    tree: dict[str, Any] = {"network": {"layers": layers, "loss": loss, "convention": "rows"}}
    kinds = {str(a.dtype) for a in given.values() if a.dtype.kind == "f"}
    if len(kinds) == 1 and kinds <= {"float32", "float16"}:
        tree["network"]["dtype"] = kinds.pop()
    return tree, arrays


def _rows(layer: Layer, weight: Array) -> Array:
    """Return a weight with a column a unit, as a description of samples as rows has it."""
    return weight if layer.attributes.get("orientation") == "in,out" else np.ascontiguousarray(weight.T)


def _slope(layer: Layer) -> dict[str, float]:
    found = layer.attributes.get("slope" if layer.activation == "leaky_relu" else "alpha")
    return {"slope": float(found)} if layer.activation in ("leaky_relu", "elu") and found is not None else {}


def _data(opened: Opened, samples: Samples | None, out: Path, beside: Path) -> dict[str, Any]:
    """Return the `[data]` of a description; numbers of no file come with it, under "arrays"."""
    program = opened.program
    lines = [line for line in program.text.splitlines() if line.startswith(("Y = targets(", "Y = 2 * targets("))]
    if samples is not None and samples.source and lines and "target=" not in lines[0]:
        labels = next((w for w in ("one-hot", "index") if f'labels="{w}"' in lines[0]), "auto")
        source = samples.source
        path = Path(source)
        if path.is_file():
            same = path.resolve().parent == out.resolve().parent
            source = path.name if same else str(path.resolve())
        found: dict[str, Any] = {"source": source, "labels": labels}
        # A column of class numbers is taken as it is by a program; a description says so.
        if targets_are_classes(program) and labels == "auto":
            found["labels"] = "index"
        return found
    x, y = (np.asarray(v) for v in both_as_rows(program))
    return {"source": beside.name, "labels": "index" if targets_are_classes(program) else "auto", "arrays": {"X": x, "Y": y}}


def targets_are_classes(program: Program) -> bool:
    """Tell whether the targets are numbers of classes, one a sample, where the network gives several numbers."""
    x = program.first_values["X"]
    y = np.asarray(program.first_values["Y"])
    axis = program.batching.axis
    fused = any("softmax_cross_entropy(" in s.text for s in program.statements if s.phase == "loss")
    return fused and y.size == np.shape(x)[axis]


def both_as_rows(program: Program) -> Iterator[Array]:
    """Yield X and Y of a program with samples as rows; a description makes −1 and 1 of 0 and 1 for the hinge loss itself."""
    hinge = any("= hinge(" in s.text for s in program.statements if s.phase == "loss")
    for name in ("X", "Y"):
        value = np.asarray(program.first_values[name], np.float64)
        value = (value + 1) / 2 if hinge and name == "Y" else value
        yield value.T if program.batching.axis == -1 else value.reshape(len(value), -1)
