"""Gradients that are too small or too large, and steps that do not fit their weights."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from core.health.finding import Finding
from core.health.look import Look, number
from core.health.rule import Limit, Limits, Rule
from core.program.ir import Array

UNCHANGED_FOR = 3
CANCELS = 1e-3


# -- vanishing ---------------------------------------------------------------------------------------


def vanishing(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find gradients of weights that are almost 0 although the loss is far from its floor.

    A gradient that is small only because what the samples say cancels out is at a stationary point, and exempt.
    """
    norms = _norms(look)
    for name, layer, index in _gradients(look):
        over = look.over_epoch("gradient", name) if look.fresh(index) else None
        if not over or look.near_floor(limits["floor"]):
            continue
        mean, norm = (math.fsum(m[n] for m in over) / len(over) for n in (0, 1))
        first_of_many = bool(norms) and name in norms[0] and len(norms) > 1
        last = max((x for x in norms[-1].values()), default=0.0) if norms else 0.0
        ratio = norm / last if first_of_many and last > 0 else math.inf
        small = mean < limits["mean"]
        if not (small or (ratio < limits["ratio"] and norm < limits["norm"])) or _cancels(look, index):
            continue
        severity = "error" if mean < limits["error"] else "warning"
        who = f"The gradient {look.label(index)} of layer {layer}{look.where(index)}"
        text = f"{who} has almost vanished: its mean |g| is {number(mean)}"
        text += f", and it is {number(ratio)} of the last layer's" if ratio < limits["ratio"] else ""
        yield look.finding(
            "vanishing", severity, index, f"{text}, while the loss is far from its floor.", None, layer,
            numbers={"mean": mean, "norm": norm, **({"ratio": ratio} if math.isfinite(ratio) else {})},
            remedies=("glorot", "he", "leaky-relu", "tanh-for-sigmoid", "standardise", "fused-loss"),
        )  # fmt: skip


def _gradients(look: Look) -> Iterator[tuple[str, int, int]]:
    """Each gradient of a weight: the parameter, its layer, the value."""
    for layer, names in look.roles.weights.items():
        for name in names:
            index = look.program.gradients.get(name)
            if index is not None:
                yield name, layer, index


def _norms(look: Look) -> list[dict[str, float]]:
    """The norms of the gradients by layer, first layer first, as far as they are computed."""
    found: dict[int, dict[str, float]] = {}
    for name, layer, _ in _gradients(look):
        known = look.measure("gradient", name)
        if known is not None:
            found.setdefault(layer, {})[name] = known[1]
    return [found[n] for n in sorted(found)]


def _cancels(look: Look, index: int | None) -> bool:
    """Tell whether the samples' shares of a gradient are far larger than their sum."""
    maker = -1 if index is None else look.made_by(index)
    i = look.program.instructions[maker] if maker >= 0 else None
    while i is not None and i.op in ("divide", "multiply", "add", "identity", "negative", "transpose") and i.reads:
        before = max((v for v in i.reads if look.made_by(v) >= 0), key=lambda v: np.size(look.values[v]), default=-1)
        i = look.program.instructions[look.made_by(before)] if before >= 0 else None
    if i is None or i.op not in ("matmul", "dot") or any(o.value is None for o in i.operands):
        return False
    sides: list[Array] = []
    for o in i.operands:
        found = None if o.value is None else look.array(o.value)
        if found is None or found.ndim != 2 or not found.size:
            return False
        sides.append(np.abs(found.T if o.transposed else found).astype(float))
    total, own = float(np.mean(sides[0] @ sides[1])), look.floats(i.result)
    return own is not None and math.isfinite(total) and float(np.mean(np.abs(own))) < CANCELS * total


VANISHING = Rule(
    "vanishing", "Vanishing gradient", "The gradient of some weights is almost 0 while the loss is far from its floor.",
    "Amazon SageMaker Debugger; AutoTrainer (Zhang et al., 2021)", "↘", vanishing,
    {
        "mean": Limit(1e-5, "warn when the mean of |g| is below this", 0.0, 1.0),
        "error": Limit(1e-7, "an error when the mean of |g| is below this", 0.0, 1.0),
        "ratio": Limit(1e-3, "warn when the first layer's ‖g‖ is below this share of the last layer's", 0.0, 1.0),
        "norm": Limit(1e-4, "and is itself below this", 0.0, 1.0),
        "floor": Limit(0.1, "the loss counts as near its floor at this share of the first epoch's", 0.0, 1.0),
    },
    each="iteration", past=True,
)  # fmt: skip


# -- exploding ---------------------------------------------------------------------------------------


def exploding(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find gradients that are very large, or much larger in the first layer than in the last."""
    norms = _norms(look)
    for name, layer, index in _gradients(look):
        known = look.measure("gradient", name) if look.fresh(index) else None
        if known is None or not math.isfinite(known[1]):
            continue
        norm = known[1]
        last = max(norms[-1].values()) if len(norms) > 1 and name in norms[0] else math.nan
        ratio = norm / last if last > 0 else math.nan
        steep = ratio > limits["ratio"] and norm > limits["from"]
        if norm > limits["norm"] or steep:
            text = (
                f"The gradient {look.label(index)} of layer {layer}{look.where(index)} is very large: its norm is {number(norm)}"
            )
            text += f", {number(ratio)} times the last layer's." if steep else "."
            yield look.finding(
                "exploding", "error" if norm > limits["error"] else "warning", index, text, None, layer,
                numbers={"norm": norm, **({"ratio": ratio} if steep else {})},
                remedies=("clip", "smaller-rate", "standardise", "glorot"),
            )  # fmt: skip


EXPLODING = Rule(
    "exploding", "Exploding gradient", "The gradient of some weights is very large.",
    "TorchLens; AutoTrainer (Zhang et al., 2021)", "↗", exploding,
    {
        "norm": Limit(1e2, "warn when ‖g‖ is above this", 1e-3, 1e12),
        "error": Limit(1e4, "an error when ‖g‖ is above this", 1e-3, 1e12),
        "ratio": Limit(70.0, "warn when the first layer's ‖g‖ is more than this many times the last layer's", 1.0, 1e9),
        "from": Limit(1.0, "and is itself above this", 0.0, 1e12),
    },
    each="iteration",
)  # fmt: skip


# -- update ratio ------------------------------------------------------------------------------------


def update_ratio(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find weights whose step ‖ΔW‖ is far too long or too short for ‖W‖. Biases and converged nets are exempt."""
    for end, name in look.roles.of_end.items():
        if name in look.roles.biases or not look.fresh(end):
            continue
        over = look.over_epoch("step", name)
        ratios = [] if over is None else [s / w for s, w in over if w > 0]
        if over is None or not ratios or len(ratios) < len(over):
            continue
        ratio = math.fsum(ratios) / len(ratios) if all(map(math.isfinite, ratios)) else math.nan
        high, low = ratio > limits["largest"], ratio < limits["smallest"]
        rest = low and (look.near_floor(limits["floor"]) or _cancels(look, look.program.gradients.get(name)))
        if not (high or low) or rest:
            continue
        text = (
            f"The update{look.where(end)} changes {look.label(look.roles.parameters[name][0])} by {number(ratio)} of its length, "
            f"{'far too much' if high else 'hardly at all'}: about 0.001 is usual."
        )
        remedies = ("smaller-rate", "clip") if high else ()
        layer = look.roles.layer_of.get(name)
        yield look.finding("update-ratio", "warning", end, text, None, layer, numbers={"ratio": ratio}, remedies=remedies)


UPDATE_RATIO = Rule(
    "update-ratio", "Steps that do not fit", "An update changes weights by far too much or by hardly anything.",
    "CS231n; DeepDiagnosis", "⇅",
    update_ratio,
    {
        "smallest": Limit(1e-5, "warn when ‖ΔW‖/‖W‖ is below this", 0.0, 1.0),
        "largest": Limit(1e-1, "warn when ‖ΔW‖/‖W‖ is above this", 1e-6, 1e6),
        "floor": Limit(0.1, "small steps are right once the loss is below this share of the first epoch's", 0.0, 1.0),
    },
    each="iteration", past=True,
)  # fmt: skip


# -- unchanged ---------------------------------------------------------------------------------------


def unchanged(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find parameters that no line changes though others are trained, and those that stay equal with a gradient that is not 0."""
    trained = look.roles.of_end
    for name, (start, end) in look.roles.parameters.items():
        layer = look.roles.layer_of.get(name)
        if start == end:
            if trained and look.fresh(start) and start in look.roles.to_loss:
                text = (
                    f"{look.label(start)} is never changed: the loss depends on it and other parameters are trained, but no line "
                    "updates it."
                )
                yield look.finding("unchanged", "warning", start, text, None, layer)
            continue
        if not look.fresh(end):
            continue
        count = int(limits["steps"])
        steps, gradients = look.over(count, "step", name), look.over(count, "gradient", name)
        if steps is None or gradients is None or any(s != 0 for s, _ in steps) or any(not g > 0 for _, g in gradients):
            continue
        if look.near_floor(limits["floor"]) or _cancels(look, look.program.gradients.get(name)):
            continue
        text = (
            f"{look.label(end)}{look.where(end)} is the same as {count} steps ago although its gradient is not 0 "
            f"(‖g‖ = {number(gradients[-1][1])})."
        )
        numbers: dict[str, float] = {"norm": gradients[-1][1], "steps": count}
        yield look.finding("unchanged", "warning", end, text, None, layer, numbers=numbers)


UNCHANGED = Rule(
    "unchanged", "Unchanged parameter", "A parameter stays as it is although it should learn.",
    "Amazon SageMaker Debugger", "‖", unchanged,
    {
        "steps": Limit(UNCHANGED_FOR, "warn after so many equal steps", 1, 50),
        "floor": Limit(0.01, "exempt once the loss is below this share of the first epoch's", 0.0, 1.0),
    },
    each="iteration", past=True,
)  # fmt: skip
