"""What a saved network holds, as text for a person and as plain data for a script: layers, tensors, remarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.files.arrays import Summary, summary
from core.files.infer import Inferred
from core.files.problem import FileProblem, escaped, shown
from core.files.saved import Layer, Saved, Tensor
from core.steppable import Choices, layers_of

MOST_LISTED = 200
"""So many layers and tensors are listed as text; the JSON has all of them."""


@dataclass(frozen=True)
class Inspection:
    """A file with its layers (inferred where it holds weights alone), and what its numbers are like, by tensor."""

    saved: Saved
    layers: tuple[Layer, ...]
    inferred: Inferred | None
    summaries: Mapping[str, Summary]
    warnings: tuple[str, ...]

    @property
    def assumed(self) -> tuple[str, ...]:
        """Return what the file does not say and was decided, in sentences."""
        if self.inferred is None:
            return self.saved.assumed
        asked = (f"{q.key.replace('_', ' ')}: {q.chosen}, as the file does not say it" for q in self.inferred.questions)
        return (*self.saved.assumed, *self.inferred.why, *asked)


def inspected(saved: Saved, choices: Choices | None = None) -> Inspection:
    """Look through all numbers of a file, a piece at a time; what cannot be read becomes a warning."""
    layers, inferred = layers_of(saved, choices)
    found: dict[str, Summary] = {}
    warnings = list(saved.warnings)
    for tensor in saved.tensors:
        if not tensor.readable or tensor.dtype.startswith("complex"):
            warnings.append(f"{shown(tensor.name)} holds numbers of the type {shown(tensor.dtype)}, which are not looked at")
            continue
        try:
            found[tensor.name] = summary(saved, tensor.name)
        except FileProblem as error:
            warnings.append(str(error))
            continue
        if found[tensor.name].nonfinite:
            n = found[tensor.name].nonfinite
            odd = "1 number that is" if n == 1 else f"{n} numbers that are"
            warnings.append(f"{shown(tensor.name)} has {odd} NaN or infinite")
    return Inspection(saved, layers, inferred, found, tuple(warnings))


def inspect_json(i: Inspection) -> dict[str, Any]:
    """Return the inspection as JSON holds it; numbers that are not finite do not occur, for min, max and mean leave them out."""
    return {
        "format": i.saved.format,
        "path": i.saved.path,
        "size": i.saved.size,
        "complete": i.saved.complete,
        "assumed": list(i.assumed),
        "layers": [_layer(n) for n in i.layers],
        "tensors": [_tensor(t, i.summaries.get(t.name)) for t in i.saved.tensors],
        "metadata": dict(i.saved.metadata),
        "warnings": list(i.warnings),
    }


def _layer(n: Layer) -> dict[str, Any]:
    return {
        "kind": n.kind, "name": n.name, "inputs": list(n.inputs), "outputs": list(n.outputs), "activation": n.activation,
        "steppable": n.steppable, "why": n.why, "tensors": dict(n.tensors), "attributes": _finite(dict(n.attributes)),
    }  # fmt: skip


def _tensor(t: Tensor, s: Summary | None) -> dict[str, Any]:
    return {
        "name": t.name, "shape": list(t.shape), "dtype": t.dtype, "bytes": t.bytes,
        "min": s.min if s else None, "max": s.max if s else None, "mean": s.mean if s else None,
        "nonfinite": s.nonfinite if s else None,
    }  # fmt: skip


def _finite(value: Any) -> Any:
    """Return plain data with NaN and infinities as texts, which any reader of JSON takes."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, list):
        return [_finite(v) for v in value]  # pyright: ignore[reportUnknownArgumentType]
    return value


def inspect_text(i: Inspection) -> str:
    """Return the inspection as lines for a person; names from the file are escaped and cut."""
    saved = i.saved
    shapes = {t.name: t.shape for t in saved.tensors}
    numbers = sum(t.count for t in saved.tensors)
    tensors = f"{len(saved.tensors)} tensor{'s' * (len(saved.tensors) != 1)}"
    lines = [
        f"{escaped(saved.format)}, {_bytes(saved.size)}, {tensors}, {numbers:,} numbers",
        "graph and weights are known"
        if saved.complete
        else "the file does not hold all of the network; what is assumed, see below",
    ]
    if i.layers:
        lines += ["", "layers", *_table([_layer_row(n, shapes) for n in i.layers[:MOST_LISTED]])]
        if len(i.layers) > MOST_LISTED:
            lines.append(f"  … and {len(i.layers) - MOST_LISTED} more; --json lists all")
    if saved.tensors:
        rows = [_tensor_row(t, i.summaries.get(t.name)) for t in saved.tensors[:MOST_LISTED]]
        lines += ["", "tensors", *_table([("name", "shape", "type", "size", "min", "mean", "max", ""), *rows])]
        if len(saved.tensors) > MOST_LISTED:
            lines.append(f"  … and {len(saved.tensors) - MOST_LISTED} more; --json lists all")
    for title, items in (("assumed", i.assumed), ("warnings", i.warnings)):
        if items:
            lines += ["", title, *(f"  {escaped(s)}" for s in items)]
    if saved.metadata:
        lines += ["", "metadata", *_table([(shown(k)[1:-1], shown(v)[1:-1]) for k, v in saved.metadata.items()])]
    return "\n".join(lines)


def _layer_row(n: Layer, known: Mapping[str, tuple[int, ...]]) -> tuple[str, ...]:
    shapes = ", ".join("×".join(map(str, known[t])) or "1" for t in n.tensors.values())
    what = f"closed: {escaped(n.why)}" if not n.steppable else escaped(n.activation)
    return (shown(n.name, 40)[1:-1], n.kind.replace("_", " "), shapes, what)


def _tensor_row(t: Tensor, s: Summary | None) -> tuple[str, ...]:
    shape = "×".join(map(str, t.shape)) or "1"
    said = ("", "", "") if s is None or s.min is None or s.mean is None or s.max is None else (
        f"{s.min:.4g}", f"{s.mean:.4g}", f"{s.max:.4g}"
    )  # fmt: skip
    odd = f"{s.nonfinite} NaN or ∞" if s is not None and s.nonfinite else ""
    return (shown(t.name, 48)[1:-1], shape, shown(t.dtype, 16)[1:-1], _bytes(t.bytes), *said, odd)


def _bytes(n: int) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("kiB", 2**10)):
        if n >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n} byte{'s' * (n != 1)}"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(r[k]) for r in rows) for k in range(len(rows[0]))]
    return ["  " + "  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
