"""What a text gives before the first iteration: data, parameters, reserved names, and how batches are cut."""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import NotationError
from core.notation.convert import constant
from core.notation.parse import SETUP, Raw, Source
from core.notation.setup import RESERVED, Setup
from core.program.ir import Array, Batching, Given, Number

_CREATING = ("rand", "zeros", "ones", "full", "normal", "uniform", "eye")


def split(source: Source) -> tuple[list[Raw | ast.Expr], list[Raw]]:
    """Separate what is given from the lines of an iteration: by section, else by what a line does."""
    setup: list[Raw | ast.Expr] = []
    lines: list[Raw] = []
    divided = any(section not in SETUP for section in source.sections.values())
    for item in source.statements:
        if isinstance(item, ast.Expr):
            if lines and isinstance(item.value, ast.Call) and ast.unparse(item.value.func) != "print":
                raise NotationError("this line gives no name to its result; write `name = …`", item.lineno, item.col_offset + 1)
            if not lines:
                setup.append(item)
        elif (item.section in SETUP and divided and not _computes(item, setup)) or (
            (item.section is None or not divided) and item.augment is None and item.mask is None and _gives(item, setup, lines)
        ):
            if item.augment is not None or item.mask is not None:
                raise NotationError("data and parameters are given once, with `=`", item.line, item.column)
            setup.append(item)
        else:
            lines.append(item)
    return setup, lines


def _computes(item: Raw, setup: list[Raw | ast.Expr]) -> bool:
    """Tell whether a line under `# parameters` is a forward line whose heading was forgotten: data meet parameters."""
    if item.section != "parameters":
        return False
    sizes = {id(n.value) for n in ast.walk(item.value) if isinstance(n, ast.Attribute) and n.attr in ("shape", "size")}
    names = {n.id for n in ast.walk(item.value) if isinstance(n, ast.Name) and id(n) not in sizes}
    sections = {s.section for s in setup if isinstance(s, Raw) and s.target in names and s.target not in RESERVED}
    return "data" in sections and "parameters" in sections


def _gives(item: Raw, setup: list[Raw | ast.Expr], lines: list[Raw]) -> bool:
    """Tell whether a line without a section gives something rather than computes it."""
    if item.target in RESERVED and _plain(item.value):
        return True
    if lines:
        return False
    names = {n.id for n in ast.walk(item.value) if isinstance(n, ast.Name)} - {"np", "numpy", "float", "int"}
    calls = [ast.unparse(n.func).split(".")[-1] for n in ast.walk(item.value) if isinstance(n, ast.Call)]
    known = {s.target for s in setup if isinstance(s, Raw)}
    creates = any(
        c in ("array", "asarray", "arange", "linspace", "default_rng", "RandomState") or c.startswith(_CREATING) for c in calls
    )
    computes = [c for c in calls if c not in ("sqrt",) and not creates]
    moved = isinstance(item.value, ast.Attribute) or (isinstance(item.value, ast.Subscript) and not creates)
    return creates or (not (names - known - {"sqrt"} or computes) and (not names or moved))


def given_by(setup_lines: list[Raw | ast.Expr], lines: list[Raw], folder: Path | None) -> tuple[list[Given], dict[str, Any]]:
    """Return what the setup lines give, in order, and the reserved names; raises NotationError."""
    setup = Setup(folder)
    found: dict[str, Given] = {}
    reserved: dict[str, Any] = {}
    updated = {raw.target for raw in lines}
    for item in setup_lines:
        given = give(setup, item, updated, reserved)
        if given is not None:
            found[given.name] = given
    for name in ("np", "numpy"):
        if name in found or name in updated:
            raise NotationError(f"`{name}` is the name of NumPy; choose another name", 1, 1)
    return list(found.values()), reserved


def give(setup: Setup, item: Raw | ast.Expr, updated: Container[str], reserved: dict[str, Any]) -> Given | None:
    """Evaluate one setup line; what it gives, None for a call, a reserved name or a generator of random numbers.

    `updated` are the names that a line of the iteration gives anew; a reserved name is put into `reserved`.

    Raises:
        NotationError: if it cannot be given so.
    """
    if isinstance(item, ast.Expr):
        setup.call(item)
        return None
    if item.target in RESERVED and _plain(item.value):
        reserved[item.target] = setup.names[item.target] = _reserved(item, constant(item.value))
        return None
    value = setup.evaluate(item.value)
    setup.names[item.target] = value
    if isinstance(value, (np.random.Generator, np.random.RandomState)):
        return None
    if isinstance(value, (list, tuple, str)):
        raise NotationError(f"put `np.array(…)` around the list that `{item.target}` stands for", item.line, item.column)
    return Given(item.target, _settled(value), _section(item, value, updated), item.line)


def _section(item: Raw, value: Any, updated: Container[str]) -> Any:
    if item.section is not None:
        return item.section
    if not isinstance(value, np.ndarray) or item.target in updated:
        return "parameters"
    calls = [ast.unparse(n.func).split(".")[-1] for n in ast.walk(item.value) if isinstance(n, ast.Call)]
    return "parameters" if any(c.startswith(_CREATING) for c in calls) else "data"


def _settled(value: Any) -> Array | Number:
    """Return plain numbers as they are, arrays with memory of their own in a compact layout."""
    if isinstance(value, (bool, int, float)) and not isinstance(value, np.generic):
        return value
    array = np.asarray(value)
    if array.ndim == 0:
        return array[()]
    return array if array.flags.c_contiguous or array.flags.f_contiguous else np.copy(array, order="K")


def _plain(node: ast.expr) -> bool:
    """Tell whether a value is a plain number or text, perhaps with a minus."""
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)


def _reserved(item: Raw, value: Any) -> Any:
    name = item.target
    number: int = value if isinstance(value, int) and not isinstance(value, bool) else -1
    ok = {
        "samples": value in ("columns", "rows"),
        "batch": value == "full" or number >= 1,
        "shuffle": isinstance(value, bool),
        "seed": 0 <= number < 2**32,
        "dtype": value in ("float64", "float32", "float16"),
    }[name]
    allowed = {
        "samples": '"columns" or "rows"', "batch": '"full" or a whole number of at least 1', "shuffle": "True or False",
        "seed": "a whole number from 0 to 4294967295", "dtype": '"float64", "float32" or "float16"',
    }[name]  # fmt: skip
    if not ok:
        raise NotationError(f"`{name}` is a reserved name; it can be {allowed}", item.line, item.column)
    return value


def recast(given: list[Given], dtype: str | None) -> list[Given]:
    """Return the arrays that are given in the type that the reserved name `dtype` asks for."""
    if dtype is None:
        return given
    return [replace(g, value=g.value.astype(dtype)) if isinstance(g.value, np.ndarray) else g for g in given]


def batching_of(given: list[Given], reserved: Mapping[str, Any], lines: list[Raw]) -> Batching:
    """Return how the data are cut into batches, from the reserved names and from how the lines use the data."""
    arrays = {g.name: g.value for g in given if g.section == "data" and isinstance(g.value, np.ndarray) and g.value.ndim}
    read = [n.id for raw in lines for n in ast.walk(raw.value) if isinstance(n, ast.Name) and n.id in arrays]
    first = read[0] if read else next(iter(arrays), None)
    samples = reserved.get("samples") or _side(lines, arrays, first, read)
    axis = -1 if samples == "columns" else 0
    total = arrays[first].shape[axis] if first is not None else 1
    batch = reserved.get("batch", "full")
    sliced = tuple(n for n, a in arrays.items() if a.shape[axis] == total)
    if total == 0:
        raise NotationError("the data hold no samples", next((g.line for g in given if g.name == first), 1), 1)
    size = None if batch == "full" else int(batch)
    return Batching(axis, total, size, bool(reserved.get("shuffle", False)), int(reserved.get("seed", 0)), sliced)


def _side(lines: list[Raw], arrays: Mapping[str, Array], first: str | None, read: Sequence[str]) -> str:
    """Tell rows from columns: `X @ W` or `W @ X`; else by the axis that the data arrays share."""
    for raw in lines:
        for node in ast.walk(raw.value):
            pair: list[ast.expr] = []
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                pair = [node.left, node.right]
            elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("dot", "matmul"):
                owner = [node.func.value] if isinstance(node.func, ast.Attribute) and len(node.args) == 1 else []
                pair = [*owner, *node.args][:2]
            for side, operand in zip(("rows", "columns"), pair, strict=False):
                if isinstance(operand, ast.Name) and operand.id in arrays:
                    return side
    others = [arrays[n] for n in read if n != first]
    if first is not None and others:
        a, b = arrays[first], others[0]
        if a.shape[0] != b.shape[0] and a.shape[-1] == b.shape[-1]:
            return "columns"
    return "rows"
