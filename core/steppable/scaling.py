"""Layers that shift and scale each number: normalisations, and those by numbers that stand in the file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from core.files.saved import ROLES, Layer

if TYPE_CHECKING:
    from core.steppable.walk import Walk

_MOST_STEPS = 8


def normal(walk: Walk, layer: Layer, axis: int, training: bool | None) -> str:
    """Add the lines of a normalisation over an axis; `training` is None where there are no running statistics.

    Returns why it cannot be stepped, '' if it can.
    """
    if walk.sizes is None:
        known = next((walk.tensor(t) for t in layer.tensors.values()), None)
        if known is None:
            return "how many numbers enter it is not known"
        walk.sizes = walk.takes = (known.count,)
    if len(walk.sizes) != 1:
        return "it normalises samples that are not flat"
    for role, name in layer.tensors.items():
        if walk.tensor(name).count != walk.sizes[0]:
            return f"its {role} has {walk.tensor(name).count} numbers, and {walk.sizes[0]} come from the layer before"
    k, x, out, alone = walk.out.number("N"), walk.current, walk.out, not walk.shares
    mean, variance = f"mean{k}", f"variance{k}"
    if training is not None and {"mean", "variance"} <= set(layer.tensors):
        mean = out.parameter(mean, walk.tensor(layer.tensors["mean"]), trained=False, alone=alone)
        variance = out.parameter(variance, walk.tensor(layer.tensors["variance"]), trained=False, alone=alone)
    mu, var = (f"mu{k}", f"var{k}") if training is not False else (mean, variance)
    if training is not False:
        walk.line(mu, f"mean({x}, axis={axis}, keepdims=True)", flows=False)
        walk.line(var, f"mean(({x} - {mu}) ** 2, axis={axis}, keepdims=True)", flows=False)
    if training and {"mean", "variance"} <= set(layer.tensors):
        share = float(layer.attributes.get("momentum", 0.1))
        turn = "" if len(walk.tensor(layer.tensors["mean"]).shape) == 2 else f".reshape({walk.sizes[0]})"
        # PyTorch keeps the variance that a batch estimates; Keras and ONNX keep the batch's own.
        spread = "" if layer.attributes.get("population") is True else " * (m / (m - 1))"
        out.update.append(f"{mean} = {1 - share!r} * {mean} + {share!r} * {mu}{turn}")
        out.update.append(f"{variance} = {1 - share!r} * {variance} + {share!r} * {var}{turn}{spread}")
    walk.line(f"std{k}", f"sqrt({var} + {float(layer.attributes.get('epsilon', 1e-5))!r})", flows=False)
    walk.line(f"N{k}", f"({x} - {mu}) / std{k}")
    scaled = walk.current
    if "gamma" in layer.tensors:
        scaled = f"{out.parameter(f'gamma{k}', walk.tensor(layer.tensors['gamma']), new=True, alone=alone)} * {scaled}"
    if "beta" in layer.tensors:
        new = "gamma" not in layer.tensors
        scaled += f" + {out.parameter(f'beta_{k}', walk.tensor(layer.tensors['beta']), new=new, alone=alone)}"
    if scaled != walk.current:
        walk.line(f"S{k}", scaled)
    return walk.apply(layer.activation, layer, f"B{k}")


def scale(walk: Walk, layer: Layer) -> str:
    """Add the line that scales and shifts by numbers, and by tensors that are not trained; return why it cannot be stepped."""
    steps: Any = layer.attributes.get("steps")
    if not _is_steps(steps) or any(isinstance(by, str) and by not in layer.tensors for _, by in steps):
        return "by what it scales is not in the file"
    for role, name in layer.tensors.items():
        shape = walk.tensor(name).shape
        if walk.sizes is None and len(shape) in (1, 2) and walk.tensor(name).count == shape[-1]:
            walk.sizes = walk.takes = (shape[-1],)
        if walk.sizes is None or not _spreads(shape, walk.sizes):
            came = "how many" if walk.sizes is None else "×".join(map(str, walk.sizes))
            unknown = " is not known" if walk.sizes is None else ""
            return f"its {role} is of the shape {shape}, and {came} numbers a sample come from the layer before{unknown}"
    k, text, last = walk.out.number("N"), walk.current, ""
    for sign, by in steps:
        operand = repr(float(by)) if not isinstance(by, str) else f"{by}{k}"
        if isinstance(by, str):
            walk.out.parameter(operand, walk.tensor(layer.tensors[by]), trained=False, alone=True)
        if by == "variance":
            operand = f"maximum(sqrt({operand}), {float(layer.attributes.get('least', 0.0))!r})"
        text = f"({text})" if sign in "*/" and last and last in "+-" else text
        text = f"{operand} {sign} {text}" if layer.attributes.get("turned") else f"{text} {sign} {operand}"
        last = sign
    walk.line(f"S{k}", text)
    return walk.apply(layer.activation, layer, f"B{k}")


def times(text: str, number: Any) -> str:
    """Return what multiplies a part of a line by a number of the file; `number` is None where there is none."""
    if number is None:
        return text
    return f"{float(number)!r} * ({text})" if " " in text else f"{float(number)!r} * {text}"


def _is_steps(value: Any) -> bool:
    """Tell whether a value says how to scale: signs, each with a number or the role of a tensor."""
    return isinstance(value, list) and 0 < len(value) <= _MOST_STEPS and all(  # pyright: ignore[reportUnknownArgumentType]
        isinstance(s, list) and len(s) == 2 and s[0] in ("+", "-", "*", "/")  # pyright: ignore[reportUnknownArgumentType]
        and (s[1] in ROLES if isinstance(s[1], str) else isinstance(s[1], (int, float)) and math.isfinite(s[1]))
        for s in value
    )  # fmt: skip


def _spreads(shape: tuple[int, ...], sizes: tuple[int, ...]) -> bool:
    """Tell whether numbers of a shape spread over samples of some sizes without making more of them."""
    own = shape[1:] if len(shape) == len(sizes) + 1 and shape[0] == 1 else shape
    return len(own) <= len(sizes) and all(a in (1, b) for a, b in zip(own[::-1], sizes[::-1], strict=False))
