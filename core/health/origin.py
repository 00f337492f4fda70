"""Where every NaN and ±∞ of an iteration came from: the earliest operation that it descends from.

Each bad cell gets a number that orders all places in time: (iteration, operation, cell). A cell made of bad cells
takes the smallest of theirs; one that is bad though all it was made of is finite begins a number of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import ops
from core.explain.cells import Cell
from core.explain.loss_terms import RULES as LOSSES
from core.health.nonfinite import finite
from core.program.ir import Array, Instruction, Operand, Program

NEVER = np.iinfo(np.int64).max
_SLOT = 2**32
_ITERATION = 2**16 * _SLOT
Marks = dict[int, Array]


@dataclass(frozen=True, order=True)
class Origin:
    """Where bad numbers begin: an iteration, a place in it (0 for what it starts from), a value and a cell of it.

    `place` is k: so many operations are done when the cell stands.
    """

    iteration: int
    place: int
    value: int
    cell: Cell


def numbered(iteration: int, program: Program, value: int, shape: tuple[int, ...]) -> Array:
    """Return the numbers of all cells of a value as places where something begins, in the order of time."""
    size = int(np.prod(shape, dtype=np.int64))
    return (iteration * _ITERATION + _slot(program, value) * _SLOT + np.arange(size, dtype=np.int64)).reshape(shape)


def decoded(number: int, program: Program, shape_of: Callable[[int], tuple[int, ...]]) -> Origin:
    """Return the place that a number stands for; `program` is the one of its iteration."""
    iteration, rest = divmod(int(number), _ITERATION)
    slot, flat = divmod(rest, _SLOT)
    inputs = list(program.inputs.values())
    value = inputs[slot] if slot < len(inputs) else program.instructions[slot - len(inputs)].result
    cell = tuple(int(c) for c in np.unravel_index(flat, shape_of(value))) if shape_of(value) else ()
    return Origin(iteration, max(0, slot - len(inputs) + 1), value, cell)


def iteration_of(number: int) -> int:
    """Return the iteration that a number belongs to."""
    return int(number) // _ITERATION


def origins(program: Program, values: Sequence[Any], iteration: int, entering: Mapping[int, Array]) -> Marks:
    """Return for each value of an iteration that has bad cells the numbers of their origins; NEVER for good cells.

    `entering` are those of what lives on, by the index of its value at the start of the iteration: a bad cell without
    a number there begins here, as what is given or was changed by hand does. Values not computed (None) count as good.
    """
    found: Marks = {}
    for value in program.inputs.values():
        if not finite(values[value]):
            _note(found, program, value, values[value], iteration, entering.get(value))
    with np.errstate(all="ignore"):
        for i in program.instructions:
            if not finite(values[i.result]):
                passed = _passed(i, values, found) if any(v in found for v in i.reads) else None
                _note(found, program, i.result, values[i.result], iteration, passed)
    return found


def marked(operand: Operand, marks: Marks, values: Sequence[Any]) -> Array:
    """Return the numbers of an operand's cells as the instruction sees them."""
    if operand.value is None:
        return np.array(NEVER)
    found = marks.get(operand.value)
    found = np.full(np.shape(values[operand.value]), NEVER) if found is None else found
    return found.T if operand.transposed else found


def _slot(program: Program, value: int) -> int:
    maker = program.makers.get(value)
    return list(program.inputs.values()).index(value) if maker is None else len(program.inputs) + maker


def _note(found: Marks, program: Program, value: int, datum: Any, iteration: int, passed: Array | None) -> None:
    array = np.asarray(datum)
    own = numbered(iteration, program, value, array.shape)
    if passed is not None:
        own = np.where(passed < NEVER, passed, own)
    found[value] = np.where(np.isfinite(array), NEVER, own)


def _passed(i: Instruction, values: Sequence[Any], marks: Marks) -> Array:
    """Return for each cell of the result the smallest number among the cells that it is made of."""
    parts = [marked(o, marks, values) for o in i.operands]
    rule = _RULES.get(i.op)
    if rule is None and ops.get(i.op).elementwise:
        rule = _cellwise
    attributes = {k: v for k, v in i.attributes.items() if k != "in_place"}
    seen: list[Any] = [o.number if o.value is None else values[o.value] for o in i.operands]
    seen = [np.transpose(s) if o.transposed else s for o, s in zip(i.operands, seen, strict=True)]
    return np.broadcast_to((rule or _everything)(parts, seen, attributes), np.shape(values[i.result]))


_Passing = Callable[[list[Array], list[Any], dict[str, Any]], Array]


def _cellwise(parts: list[Array], seen: list[Any], attributes: dict[str, Any]) -> Array:
    found = parts[0]
    for part in parts[1:]:
        found = np.minimum(found, part)
    return found


def _everything(parts: list[Array], seen: list[Any], attributes: dict[str, Any]) -> Array:
    return np.array(min(int(p.min(initial=NEVER)) for p in parts))


def _nothing(parts: list[Array], seen: list[Any], attributes: dict[str, Any]) -> Array:
    return np.array(NEVER)


def _chosen(parts: list[Array], seen: list[Any], attributes: dict[str, Any]) -> Array:
    return np.where(seen[0], parts[1], parts[2])


def _masked(parts: list[Array], seen: list[Any], attributes: dict[str, Any]) -> Array:
    return np.where(seen[1], parts[2], parts[0])


def _moved(name: str) -> _Passing:
    forward = ops.get(name).forward

    def rule(parts: list[Array], seen: list[Any], attributes: dict[str, Any]) -> Array:
        return np.asarray(forward(parts[0], *seen[1:], **attributes))

    return rule


def _unslice(parts: list[Array], seen: list[Any], attributes: dict[str, Any]) -> Array:
    out = np.full(np.shape(seen[1]), NEVER)
    out[tuple(slice(*i) if isinstance(i, tuple) else i for i in attributes["index"])] = parts[0]
    return out


def _product(parts: list[Array], seen: list[Any], attributes: dict[str, Any]) -> Array:
    """A row of the first meets a column of the second."""
    a, b = parts
    if a.ndim == 0 or b.ndim == 0:
        return np.minimum(a, b)
    rows = a.min(axis=-1, initial=NEVER)
    columns = b.min(axis=-2 if b.ndim > 1 else -1, initial=NEVER)
    if a.ndim == 1 or b.ndim == 1:
        return np.minimum(rows, columns)
    return np.minimum(rows[..., :, None], columns[..., None, :])


def _dot(parts: list[Array], seen: list[Any], attributes: dict[str, Any]) -> Array:
    a, b = parts
    if a.ndim <= 2 and b.ndim <= 2:
        return _product(parts, seen, attributes)
    return np.minimum.outer(a.min(axis=-1, initial=NEVER), b.min(axis=-2 if b.ndim > 1 else -1, initial=NEVER))


def _outer(parts: list[Array], seen: list[Any], attributes: dict[str, Any]) -> Array:
    return np.minimum.outer(parts[0].reshape(-1), parts[1].reshape(-1))


def _reduced(parts: list[Array], seen: list[Any], attributes: dict[str, Any]) -> Array:
    return np.asarray(
        parts[0].min(axis=attributes.get("axis"), keepdims=attributes.get("keepdims", False), initial=NEVER)
    )  # fmt: skip


def _along(parts: list[Array], seen: list[Any], attributes: dict[str, Any]) -> Array:
    return parts[0].min(axis=attributes["axis"], keepdims=True, initial=NEVER)


_RULES: dict[str, _Passing] = {
    "where": _chosen, "mask_assign": _masked, "unslice": _unslice, "matmul": _product, "dot": _dot, "outer": _outer,
    "sum": _reduced, "mean": _reduced, "max": _reduced, "min": _reduced, "softmax": _along, "log_softmax": _along,
    "astype": _cellwise, "plain_number": _everything, "one_hot": _nothing, "dropout_mask": _nothing, "ones_like": _nothing,
    "zeros_like": _nothing, "size_of": _nothing, "argmax": _nothing,
    **{name: _moved(name) for name in
       ("identity", "copy", "reshape", "reshape_like", "expand_dims", "squeeze", "transpose", "swapaxes", "getitem")},
    **{name: _everything for name in LOSSES if name not in ("softmax", "log_softmax")},
}  # fmt: skip
