"""What a saved network holds, as text for a person and as plain data for a script: layers, tensors, remarks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.costs import memory_text
from core.explain.prose_activations import CALLED
from core.files.arrays import summary_of
from core.files.inference.infer import Inferred
from core.files.looks.gather import Summary
from core.files.problem import FileProblem, bare, escaped, shown
from core.files.saved import ITEM_BYTES, Layer, Saved, Tensor, shape_text
from core.look_report import finite
from core.steppable.build import Choices, layers_of

MOST_LISTED = 200
"""So many layers and tensors are listed as text; the JSON has all of them."""
NUMBERS = (3, 4, 5, 6)
"""The columns of the tensors that hold numbers."""
PATIENCE, MANY = 5.0, 10_000
"""Seconds after which no more tensors are looked at, once there were as many, or all bytes of the file: those of a trap share."""


@dataclass(frozen=True)
class Inspection:
    """A file with its layers (inferred where it holds weights alone), and what its numbers are like, by tensor."""

    saved: Saved
    layers: tuple[Layer, ...]
    inferred: Inferred | None
    summaries: Mapping[str, Summary]
    warnings: tuple[str, ...]
    choices: Choices | None = None

    @property
    def chosen(self) -> tuple[str, ...]:
        """Return what a person decided, in phrases."""
        asked = () if self.inferred is None else self.inferred.questions
        return tuple(f"{q.key.replace('_', ' ')}: {q.chosen}" for q in asked if self.choices and getattr(self.choices, q.key))

    @property
    def assumed(self) -> tuple[str, ...]:
        """Return what the file does not say and was decided, in sentences."""
        if self.inferred is None:
            return self.saved.assumed
        asked = [f"{q.key.replace('_', ' ')}: {q.chosen}" for q in self.inferred.questions]
        open_still = (f"{a}, as the file does not say it" for a in asked if a not in self.chosen)
        return (*self.saved.assumed, *self.inferred.why, *open_still)


def inspected(saved: Saved, choices: Choices | None = None) -> Inspection:
    """Look through all numbers of a file, a piece at a time; what cannot be read becomes a warning."""
    layers, inferred = layers_of(saved, choices)
    found: dict[str, Summary] = {}
    warnings = list(saved.warnings)
    start, left = time.monotonic(), saved.size
    for n, tensor in enumerate(saved.tensors):
        if (left < 0 or n >= MANY) and time.monotonic() - start > PATIENCE:
            warnings.append(f"the numbers of {len(saved.tensors) - n} tensors more are not looked at: it takes too long")
            break
        # A reader that is asked for one tensor goes through the whole file.
        left -= saved.size if tensor.where.kind == "worker" else tensor.count * ITEM_BYTES.get(tensor.dtype, 0)
        if not tensor.readable or tensor.dtype.startswith("complex"):
            warnings.append(f"{shown(tensor.name)} holds numbers of the type {shown(tensor.dtype)}, which are not looked at")
            continue
        try:
            found[tensor.name] = summary_of(saved, tensor)
        except FileProblem as error:
            warnings.append(str(error))
            continue
        if found[tensor.name].nonfinite:
            warnings.append(odd_numbers(tensor.name, found[tensor.name]))
    return Inspection(saved, layers, inferred, found, tuple(warnings), choices)


def odd_numbers(name: str, s: Summary) -> str:
    """Return the sentence on an array with numbers that are not finite."""
    odd = "1 number that is" if s.nonfinite == 1 else f"{s.nonfinite} numbers that are"
    return f"{shown(name)} has {odd} NaN or infinite"


def inspect_json(i: Inspection) -> dict[str, Any]:
    """Return the inspection as JSON holds it; numbers that are not finite do not occur, for min, max and mean leave them out."""
    return {
        "format": i.saved.format,
        "path": i.saved.path,
        "size": i.saved.size,
        "complete": i.saved.complete,
        "assumed": list(i.assumed),
        "chosen": list(i.chosen),
        "layers": [_layer(n) for n in i.layers],
        "tensors": [_tensor(t, i.summaries.get(t.name)) for t in i.saved.tensors],
        "metadata": dict(i.saved.metadata),
        "warnings": list(i.warnings),
    }


def _layer(n: Layer) -> dict[str, Any]:
    return {
        "kind": n.kind, "name": n.name, "inputs": list(n.inputs), "outputs": list(n.outputs), "activation": n.activation,
        "steppable": n.steppable, "why": n.why, "tensors": dict(n.tensors), "attributes": finite(dict(n.attributes)),
    }  # fmt: skip


def _tensor(t: Tensor, s: Summary | None) -> dict[str, Any]:
    return {
        "name": t.name, "shape": list(t.shape), "dtype": t.dtype, "bytes": t.bytes,
        "min": s.min if s else None, "max": s.max if s else None, "mean": s.mean if s else None,
        "nonfinite": s.nonfinite if s else None,
    }  # fmt: skip


def inspect_text(i: Inspection) -> str:
    """Return the inspection as lines for a person; names from the file are escaped and cut."""
    saved = i.saved
    shapes = {t.name: t.shape for t in saved.tensors}
    numbers = sum(t.count for t in saved.tensors)
    tensors = f"{len(saved.tensors)} tensor{'s' * (len(saved.tensors) != 1)}"
    lines = [
        f"{escaped(saved.format)}, {memory_text(saved.size)}, {tensors}, {numbers:,} numbers",
        "its layers and its weights are known"
        if saved.complete
        else "the file does not hold all of the network; what is assumed, see below",
    ]
    if i.layers:
        rows = [_layer_row(n, shapes) for n in i.layers[:MOST_LISTED]]
        lines += ["", "layers", *_table([("name", "kind", "tensors", "function"), *rows])]
        if len(i.layers) > MOST_LISTED:
            lines.append(f"  … and {len(i.layers) - MOST_LISTED} more; --json lists all")
    if saved.tensors:
        rows = [_tensor_row(t, i.summaries.get(t.name)) for t in saved.tensors[:MOST_LISTED]]
        lines += ["", "tensors", *_table([("name", "shape", "type", "size", "min", "mean", "max", ""), *rows], NUMBERS)]
        if len(saved.tensors) > MOST_LISTED:
            lines.append(f"  … and {len(saved.tensors) - MOST_LISTED} more; --json lists all")
    for title, items in (("assumed", i.assumed), ("chosen by you", i.chosen), ("warnings", i.warnings)):
        if items:
            lines += ["", title, *(f"  {escaped(s)}" for s in items)]
    if saved.metadata:
        lines += ["", "metadata", *_table([(bare(k), bare(v)) for k, v in saved.metadata.items()])]
    return "\n".join(lines)


def _layer_row(n: Layer, known: Mapping[str, tuple[int, ...]]) -> tuple[str, ...]:
    roles = sorted(n.tensors, key=lambda role: role != "weight")
    shapes = ", ".join(f"{bare(role, 20)} {shape_text(known[n.tensors[role]])}" for role in roles)
    closed = f"closed: {escaped(n.why)}" if n.why else "not stepped: it follows a closed layer"
    what = CALLED.get(n.activation, escaped(n.activation)) if n.steppable else closed
    made = n.attributes.get("class")
    kind = n.kind.replace("_", " ")
    if n.kind == "box":  # a beginner knows a layer by its class, and a box not at all
        kind = bare(made.rpartition(".")[2], 30) if isinstance(made, str) and made else ""
    return (_ends(n.name, 40), kind, shapes, what)


def _tensor_row(t: Tensor, s: Summary | None) -> tuple[str, ...]:
    said = ("", "", "") if s is None or s.min is None or s.mean is None or s.max is None else (
        f"{s.min:.4g}", f"{s.mean:.4g}", f"{s.max:.4g}"
    )  # fmt: skip
    odd = f"{s.nonfinite:,} NaN or ∞" if s is not None and s.nonfinite else ""
    return (_ends(t.name, 48), shape_text(t.shape), bare(t.dtype, 16), memory_text(t.bytes), *said, odd)


def _ends(name: str, most: int) -> str:
    """Return a name that is cut in its middle, where it is too long: names of one layer differ at their ends."""
    head = most // 3
    return bare(name if len(name) <= most else f"{name[:head]}…{name[head + 1 - most :]}", 2 * most)


def _table(rows: Sequence[tuple[str, ...]], right: Sequence[int] = ()) -> list[str]:
    """Return rows in columns; those of numbers end below one another."""
    widths = [max(len(r[k]) for r in rows) for k in range(len(rows[0]))]
    placed = [[c.rjust(w) if k in right else c.ljust(w) for k, (c, w) in enumerate(zip(r, widths, strict=True))] for r in rows]
    return ["  " + "  ".join(row).rstrip() for row in placed]
