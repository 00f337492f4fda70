"""The parameters of a session, as they stand where it stands, as a file of weights.

Where they came from a file, all of its arrays are written, under its own names and in its own types, so that what wrote it reads
it again. Which parameter is which array, the text of the program says: `W1 = tensor("mlp.pt", "fc1.weight")[:, 1:]`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import TargetError
from core.files.arrays import array
from core.files.problem import FileProblem, shown
from core.files.saved import Saved, Tensor
from core.files.saving.save_arrays import metadata_to_keep, part_of, parts_writer
from core.files.saving.save_onnx import onnx_bytes
from core.files.saving.save_safetensors import Part
from core.files.source import saved_file
from core.notation.syntax import python_tree
from core.optimizers import RULES
from core.program.ir import Array, Program
from core.saved_convert import write_values
from core.saving import save_bytes, save_with
from core.session import Session

FORMS = (".npz", ".safetensors", ".onnx")
_Step = str | tuple[Any, ...]


@dataclass(frozen=True)
class _Place:
    """Where in a file a parameter lies: its array, and how the text goes from that to the parameter, a view at a time."""

    file: str
    tensor: str
    steps: tuple[_Step, ...]

    def view(self, whole: Array) -> Array:
        for step in self.steps:
            whole = whole.T if isinstance(step, str) else whole[step]
        return whole


def values_now(session: Session) -> dict[str, Array]:
    """Return the parameters and running statistics as they stand at the moment, without what an optimiser keeps."""
    moment, program = session.moment(), session.program
    states = {
        name for rule, _ in RULES.values() for p in program.trainable for name in rule(p, "g", "lr").state
        if name not in program.trainable
    }  # fmt: skip
    found: dict[str, Array] = {}
    for g in program.given:
        wanted = g.name in program.trainable or isinstance(g.value, np.ndarray)
        index = moment.current(g.name)
        value = None if index is None or g.section != "parameters" or not wanted or g.name in states else moment.value(index)
        if value is not None:
            found[g.name] = value
    return found


def write_weights(session: Session, out: Path) -> tuple[str, ...]:
    """Write the parameters as they stand at the moment, in the form that the ending of `out` says.

    Returns sentences on what a person should know.

    Raises:
        StepperError: if the form cannot hold them, or nothing can be written there; nothing is changed then.
    """
    return weights_work(session, out)()


def weights_work(session: Session, out: Path) -> Callable[[], tuple[str, ...]]:
    """Return what writes the parameters as they stand now, whatever the session does meanwhile; see `write_weights`."""
    form, values, program, folder = out.suffix.lower(), values_now(session), session.program, session.folder or Path()
    if form not in FORMS:
        raise TargetError(f"{out.name} ends in none of {', '.join(FORMS)}; the ending says the form to write")
    if form == ".onnx" and session.closed:
        first = shown(session.closed[0].name)
        raise TargetError(f"steps end before the layer {first}; only a whole network is written as ONNX, so write .safetensors")
    if not values:
        raise TargetError("the program has no parameters; there is nothing to write")

    def write() -> tuple[str, ...]:
        if form == ".onnx":
            save_bytes(out, onnx_bytes(program, values))
            return ()
        file = origin_of(program)
        if not file:
            write_values(out, values)
            return ()
        try:
            saved = saved_file(folder / file)
        except FileProblem as error:
            write_values(out, values)
            return (f"{error}. The weights are written under the names that the program has for them",)
        places = {name: place for name, place in _places(program).items() if place.file == file}
        return _into_own(saved, values, places, out)

    return write


def origin_of(program: Program) -> str:
    """Return the file that most parameters come from, as the text names it; empty if they come from none."""
    files = [place.file for place in _places(program).values()]
    return max(files, key=files.count, default="")


def tensor_names(program: Program, file: Path | None = None, folder: Path | None = None) -> dict[str, str]:
    """Return, by name, the array of a file that each parameter comes from, as the text says.

    With a file only those that come from it; the text names it as seen from `folder`.
    """
    places = _places(program)
    if file is not None:
        wanted = file.absolute()
        places = {name: place for name, place in places.items() if ((folder or Path()) / place.file).absolute() == wanted}
    return {name: place.tensor for name, place in places.items()}


def _into_own(saved: Saved, values: Mapping[str, Array], places: Mapping[str, _Place], out: Path) -> tuple[str, ...]:
    """Write every array of the file that the parameters came from, those of the program as they stand now."""
    unread = [t for t in saved.tensors if not t.readable]
    if unread:
        raise TargetError(f"{shown(unread[0].name)} is of the type {shown(unread[0].dtype)}, which cannot be read; write .onnx")
    known = {t.name: t for t in saved.tensors}
    mine = {n: p for n, p in places.items() if n in values and p.tensor in known}
    new: dict[str, Array] = {}
    strays: list[str] = []
    said: list[str] = []
    for name, value in values.items():
        place = mine.get(name)
        if place is None:
            strays.append(name)
            continue
        whole = new.get(place.tensor)
        if whole is None:
            first = array(saved, place.tensor)
            # As wide as both, so that nothing is rounded before it has to be.
            whole = np.array(first, np.result_type(first, value), order="K", copy=True)
        view = place.view(whole)
        if view.shape != value.shape:
            strays.append(name)
            continue
        view[...] = value
        new[place.tensor] = whole
    # What lies in one place under several names, as of a layer that is used twice, is written under each.
    places_of = {(known[n].where, known[n].shape): a for n, a in new.items() if known[n].where.kind != "worker"}
    new |= {t.name: places_of[t.where, t.shape] for t in saved.tensors if t.count and (t.where, t.shape) in places_of}
    extra = {n: values[n] for n in strays if n not in known}
    if strays:
        said.append(f"{_listed(strays)} did not come from {Path(saved.path).name} and is written under the program's own name")
    if len(extra) < len(strays):
        raise TargetError(f"{Path(saved.path).name} has an array of its own called {_listed(sorted(set(strays) - set(extra)))}")
    parts: list[Part] = []
    rounded: list[str] = []
    for t in saved.tensors:
        if t.name not in new:
            parts.append(Part(t.name, t.dtype, t.shape, partial(array, saved, t.name)))
            continue
        made, exact = _as_stored(new[t.name], t, out.suffix.lower())
        rounded += [] if exact else [t.name]
        kind = t.dtype if t.dtype == "bfloat16" and made.dtype == np.float32 else str(made.dtype)
        parts.append(part_of(t.name, made, kind))
    parts += [part_of(n, a) for n, a in extra.items()]
    if rounded:
        said.append(f"the numbers of {_listed(rounded)} are rounded to the type that they have in {Path(saved.path).name}")
    save_with(out, parts_writer(out.suffix, parts, metadata_to_keep(saved)))
    return tuple(said)


def _as_stored(value: Array, t: Tensor, form: str) -> tuple[Array, bool]:
    """Return an array in the type that it has in its file, and whether no number was rounded for that."""
    if t.dtype == "bfloat16":
        wide = np.asarray(value, np.float32)
        if form == ".npz":  # NumPy has no bfloat16
            return wide, np.array_equal(wide, value, equal_nan=True)
        bits = wide.view(np.uint32)
        # To the nearest of the numbers whose lower 16 bits are 0, to the even one of two that are as near.
        near = np.where(np.isnan(wide), bits, (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32)
        found = near.view(np.float32)
        return found, np.array_equal(found, value, equal_nan=True)
    kept = np.dtype(t.dtype)
    if kept.kind != "f":  # whole numbers stay what they are only where they are still whole
        same = value.astype(kept) if np.isfinite(value).all() else value
        return (same, True) if np.array_equal(same, value) else (value, True)
    with np.errstate(over="ignore"):
        made = value.astype(kept)
    return made, np.array_equal(made, value, equal_nan=True)


def _places(program: Program) -> dict[str, _Place]:
    """Return, by name, where in a file each value lies that the text takes from one."""
    lines = {g.line: g.name for g in program.given if g.section == "parameters"}
    try:
        tree = python_tree(program.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[str, _Place] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            place = _place(node.value) if lines.get(node.lineno) == name else None
            if place is not None:
                found[name] = place
    return found


def _place(node: ast.expr) -> _Place | None:
    steps: list[_Step] = []
    while not isinstance(node, ast.Call):
        if isinstance(node, ast.Attribute) and node.attr == "T":
            steps.append("T")
        elif isinstance(node, ast.Subscript):
            index = _index(node.slice)
            if index is None:
                return None
            steps.append(index)
        else:
            return None
        node = node.value
    given = {**dict(zip(("file", "name"), node.args, strict=False)), **{k.arg: k.value for k in node.keywords}}
    texts = {k: a.value for k, a in given.items() if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    if not isinstance(node.func, ast.Name) or node.func.id != "tensor" or set(texts) != {"file", "name"}:
        return None
    return _Place(texts["file"], texts["name"], tuple(reversed(steps)))


def _index(node: ast.expr) -> tuple[Any, ...] | None:
    """Return an index of whole numbers and slices of them, which gives a view; None for any other."""
    out: list[Any] = []
    for part in node.elts if isinstance(node, ast.Tuple) else [node]:
        try:
            if isinstance(part, ast.Slice):
                ends = [None if e is None else ast.literal_eval(e) for e in (part.lower, part.upper, part.step)]
                out.append(slice(*ends))
            else:
                ends = [ast.literal_eval(part)]
                out += ends
        except ValueError:
            return None
        if any(e is not None and type(e) is not int for e in ends):
            return None
    return tuple(out)


def _listed(names: list[str]) -> str:
    few = ", ".join(shown(n) for n in names[:4])
    return f"{few} and {len(names) - 4} more" if len(names) > 4 else few
