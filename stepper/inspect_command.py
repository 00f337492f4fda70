"""`stepper inspect`: what a saved network holds, one of its tensors, or how it differs from another file."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from core.errors import SettingError, TargetError
from core.files.document import is_document
from core.files.inference.infer import ORIENTATIONS
from core.files.looks.compare import compare, paired
from core.files.looks.export import SUFFIXES, export_tensor
from core.files.looks.look import difference, layer_of, look
from core.files.problem import escaped, shown
from core.files.saved import Saved, shape_text
from core.inspect_document import inspected_document
from core.inspect_report import inspect_json, inspect_text, inspected
from core.look_report import look_json, look_text, matches_json, matches_text, tensor_named
from core.saved_target import is_saved, read_saved
from core.steppable.build import Choices, layers_of
from core.steppable.choices import checked
from stepper.printing import put

ABOUT = """\
Shows what a saved network holds: its layers, and every tensor with its shape, type, and the range of its numbers. Nothing
in the file is executed. Where it holds weights alone, the layers are inferred, and why is told under "assumed".

With --tensor it shows one tensor: how its numbers are spread, what is odd about them, its singular values. With --compare
it tells of each tensor how far the other file is from this one (there − here); names are matched without what a wrapper
such as `module.` puts before them. With both it shows the difference of that tensor.

exit status: 0; 2 the file cannot be read, with one sentence that says why.
"""


def add_inspect_arguments(command: argparse.ArgumentParser) -> None:
    """Add what may be written after `stepper inspect`."""
    command.add_argument("file", metavar="FILE", help="a saved network: .npz, .safetensors, .onnx, .keras, .h5, .pt, .pkl, …")
    command.add_argument("--json", action="store_true", help="print one JSON object; of --compare alone a list")
    command.add_argument(
        "--activation", default=None, metavar="HIDDEN[,OUTPUT]", help="functions that the file does not say, as in relu,softmax"
    )
    command.add_argument("--orientation", default=None, choices=ORIENTATIONS, help="how matrices are stored where both ways fit")
    command.add_argument("--tensor", default=None, metavar="NAME", help="show one tensor")
    command.add_argument("--spectrum", action="store_true", help="with --tensor: singular values also where they take minutes")
    command.add_argument("--compare", default=None, metavar="OTHER", help="another saved network, such as a later checkpoint")
    command.add_argument(
        "-o", "--output", type=Path, default=None, metavar="OUT",
        help=f"with --tensor: write its numbers instead, into a name that ends in {', '.join(SUFFIXES)}",
    )  # fmt: skip


def inspect(arguments: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    a = arguments
    for name, given in (("-o", a.output is not None), ("--spectrum", a.spectrum)):
        if given and (a.tensor is None or a.compare is not None):
            raise SettingError(f"{name} is of one tensor of one file; give it with --tensor and without --compare")
    choices = _choices(a)
    if is_document(a.file) and not (a.tensor or a.compare):
        whole = inspected_document(Path(a.file))
        put(inspect_json(whole) if a.json else inspect_text(whole))
        return 0
    saved = _read(a.file)
    if a.output is not None:
        export_tensor(saved, tensor_named(saved, a.tensor).name, a.output)
    elif a.compare is not None:
        _compare(saved, _read(a.compare), a)
    elif a.tensor is not None:
        tensor, layers = tensor_named(saved, a.tensor), layers_of(saved, choices)[0]
        seen = look(saved, tensor.name, layer_of(layers, tensor.name), a.spectrum)
        put(look_json(seen, tensor, layers) if a.json else look_text(seen, tensor, layers))
    else:
        found = inspected(saved, choices)
        put(inspect_json(found) if a.json else inspect_text(found))
    return 0


def _compare(saved: Saved, other: Saved, a: argparse.Namespace) -> None:
    if a.tensor is None:
        matches = list(compare(saved, other))
        put(matches_json(matches) if a.json else matches_text(matches))
        return
    tensor = tensor_named(saved, a.tensor)
    theirs = dict(paired(saved, other))[tensor.name]
    if not theirs:
        raise TargetError(f"{escaped(Path(a.compare).name)} has no tensor that belongs to {shown(tensor.name)}")
    shapes = [shape_text(t.shape) for t in (tensor, other.tensor(theirs))]
    if shapes[0] != shapes[1]:
        raise TargetError(
            f"{shown(tensor.name)} is {shapes[0]} here and {shapes[1]} there, so that there is no difference of them"
        )
    seen = difference(saved, other, tensor.name, theirs)
    # The difference is in float64, whatever its tensors are.
    tensor = replace(tensor, dtype="complex128" if tensor.dtype.startswith("complex") else "float64", bytes=8 * tensor.count)
    put(look_json(seen, tensor) if a.json else look_text(seen, tensor))


def _choices(a: argparse.Namespace) -> Choices | None:
    hidden, _, output = (a.activation or "").partition(",")
    if a.activation is None and a.orientation is None:
        return None
    return checked(Choices(hidden.strip(), output.strip(), a.orientation or ""))


def _read(file: str) -> Saved:
    if is_document(file):
        raise TargetError(f"{file} is a session; write its weights first: `stepper convert {file} -o weights.safetensors`")
    if not is_saved(file) and Path(file).suffix.lower() in (".py", ".toml"):
        raise TargetError(f"{file} is no saved network but a program; open it with `stepper open`")
    return read_saved(file)
