"""Units that give nothing: saturated, dead, or each a copy of another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from core.health.finding import Finding
from core.health.look import Look, number
from core.health.roles import Site
from core.health.rule import Limit, Limits, Mask, Rule
from core.program.ir import Array

SAME = 1e-9
FUSED = ("bce_with_logits", "softmax_cross_entropy")


# -- saturated ---------------------------------------------------------------------------------------


def saturated(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find hidden layers most of whose sigmoids or tangents are flat, and outputs that are flat at the wrong label."""
    for site in look.roles.sites:
        if site.kind == "relu" or not look.fresh(site.result):
            continue
        z, mask = look.floats(site.pre), saturated_cells(look, site.result, limits)
        if z is None or mask is None:
            continue
        share = _share(look, site, mask, limits["at"])
        remedies = ("glorot", "standardise", "smaller-rate")
        numbers = {"share": share or 0.0, "largest": float(np.max(np.abs(z[mask]), initial=0))}
        if site.hidden and share is not None and share > limits["share"]:
            over = "this iteration" if look.program.batching.per_epoch == 1 else "the last epoch"
            text = (
                f"{_percent(share)} of {look.label(site.result)}{look.where(site.result)} is saturated over {over}: |z| is "
                f"{number(limits['at'])} or more, where {_name(site)} is almost flat and hands on almost no gradient."
            )
            yield look.finding("saturated", "warning", site.result, text, mask, site.layer, numbers=numbers, remedies=remedies)
        elif not site.hidden and mask.any() and mask.size:
            text = (
                f"{int(mask.sum())} of the {mask.size} outputs in {look.label(site.result)}{look.where(site.result)} "
                f"are saturated at the wrong label: the answer is confident and wrong, and {_name(site)} hands on almost "
                "no gradient to mend it."
            )
            found = ("fused-loss", *remedies)
            yield look.finding("saturated", "warning", site.result, text, mask, site.layer, numbers=numbers, remedies=found)


def saturated_cells(look: Look, value: int, limits: Limits) -> Mask | None:
    """Mark the flat cells of an activation and of what it reads; of an output only those at the wrong label."""
    site = look.roles.site_of.get(value)
    z = None if site is None or site.kind == "relu" else look.floats(site.pre)
    if z is None or site is None:
        return None
    with np.errstate(invalid="ignore"):
        flat = np.abs(z) >= limits["at"]
    if site.hidden:
        return flat
    target, out = look.roles.target_of(site), look.floats(site.result)
    y = None if target is None else look.array(target)
    if _fused(look, site) or y is None or out is None or y.shape != out.shape or not flat.any():
        return None
    middle = 0.5 if site.kind == "sigmoid" else 0.0
    with np.errstate(invalid="ignore"):
        return flat & ((out > middle) != (y > middle))


def _fused(look: Look, site: Site) -> bool:
    return site.result not in look.roles.to_loss or any(i.op in FUSED for i in look.roles.readers.get(site.pre, ()))


def _share(look: Look, site: Site, mask: Mask, at: float) -> float | None:
    """The share of flat cells: of this iteration where it sees all samples, else of an epoch."""
    if look.program.batching.per_epoch == 1 or not site.hidden:
        return float(np.mean(mask)) if mask.size else 0.0
    counts = look.over_epoch("sizes", site.result)
    if counts is None:
        return None
    total: Any = sum(counts)
    size = int(total.sum())
    return float(total[int(np.ceil(at * 4)) :].sum()) / size if size else 0.0


def _name(site: Site) -> str:
    return "the sigmoid" if site.kind == "sigmoid" else "the tangent"


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"


SATURATED = Rule(
    "saturated", "Saturated units",
    "Most sigmoids or tangents of a hidden layer are flat, or outputs are flat at the wrong label.",
    "DeepDiagnosis (Wardat et al., 2022); Glorot, Bengio (2010)", "▥", saturated,
    {
        "at": Limit(5.0, "a cell counts as saturated from this |z| on", 1.0, 40.0),
        "share": Limit(0.5, "warn when more than this share of a hidden layer is saturated", 0.0, 1.0),
    },
    saturated_cells, past=True,
)  # fmt: skip


# -- dead --------------------------------------------------------------------------------------------


def dead(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find rectified units that are 0 for every sample of an epoch; of an output those that should not be."""
    for site in look.roles.sites:
        if site.kind != "relu" or not look.fresh(site.result):
            continue
        gone = _dead_units(look, site)
        if gone is None or not gone.any():
            continue
        units, size = tuple(int(u) for u in np.flatnonzero(gone)), gone.size
        share = len(units) / size
        severity = "error" if share >= limits["error"] else "warning" if share > limits["warn"] else "note"
        text = (
            f"{len(units)} of the {size} units of {look.label(site.result)}{look.where(site.result)} "
            f"{'is' if len(units) == 1 else 'are'} dead: 0 for every sample of an epoch, so that no gradient reaches the weights."
        )
        yield look.finding(
            "dead", severity, site.result, text, dead_cells(look, site.result, limits), site.layer, units, {"share": share},
            ("leaky-relu", "smaller-rate", "he", "standardise"),
        )  # fmt: skip


def dead_cells(look: Look, value: int, limits: Limits) -> Mask | None:
    """Mark all cells of the dead units."""
    del limits
    site = look.roles.site_of.get(value)
    gone = None if site is None or site.kind != "relu" else _dead_units(look, site)
    shape = np.shape(look.values[value])
    if gone is None or site is None or len(shape) != 2 or not gone.any():
        return None
    return np.broadcast_to(np.expand_dims(gone, 1 - (site.unit_axis or 0)), shape)


def _dead_units(look: Look, site: Site) -> Mask | None:
    seen = look.over_epoch("alive", site.result)
    if not seen:
        return None
    gone = ~np.logical_or.reduce(seen)
    return gone if site.hidden else gone & _wanted(look, site, gone)


def _wanted(look: Look, site: Site, gone: Mask) -> Mask:
    """Which units of an output should be above 0 for some sample: an output of 0 may well be the answer."""
    target = look.roles.target_of(site)
    name = next((n for n, v in look.program.inputs.items() if v == target), "")
    y = np.asarray(look.program.first_values.get(name, 0.0))
    if site.sample_axis is None or y.ndim != 2 or y.shape[1 - site.sample_axis] != gone.size:
        return np.zeros_like(gone)
    return np.max(y, axis=site.sample_axis, initial=0) > 0


DEAD = Rule(
    "dead", "Dead units", "A rectified unit is 0 for every sample of an epoch.",
    "Amazon SageMaker Debugger; DeepDiagnosis", "⊘", dead,
    {
        "warn": Limit(0.5, "warn when more than this share of a layer is dead", 0.0, 1.0),
        "error": Limit(0.7, "an error from this share of a layer on", 0.0, 1.0),
    },
    dead_cells, past=True,
)  # fmt: skip


# -- symmetric ---------------------------------------------------------------------------------------


def symmetric(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find hidden units that are copies of each other: the same weights in and out, bias and gradients."""
    del limits
    for number_, layer, last in _judged(look):
        groups = _copies(look, number_)
        units = tuple(sorted(u for group in groups for u in group))
        if not units:
            continue
        start = look.roles.parameters[layer.weight][0]
        each = "all" if len(groups) == 1 and len(units) == layer.units else f"{len(units)} of the"
        text = (
            f"{each} {layer.units} hidden units of layer {number_} are copies of each other ({look.label(start)}): the same "
            f"weights in and out and the same gradients, so that they stay equal and count as {len(groups)}."
        )
        mask = symmetric_cells(look, start, {})
        yield look.finding(
            "symmetric", "error" if each == "all" else "warning", start, text[0].upper() + text[1:], mask, number_, units,
            {"units": len(units), "groups": len(groups)}, ("break-symmetry", "glorot"), last,
        )  # fmt: skip


def symmetric_cells(look: Look, value: int, limits: Limits) -> Mask | None:
    """Mark the weights of the units that are copies."""
    del limits
    for number_, layer in enumerate(() if look.roles.network is None else look.roles.network.layers, 1):
        if layer.weight in look.roles.parameters and value == look.roles.parameters[layer.weight][0]:
            shape = np.shape(look.values[value])
            groups = _copies(look, number_) if len(shape) == 2 else []
            if not groups:
                return None
            mask = np.zeros(shape, dtype=bool)
            units = [u for group in groups for u in group]
            mask[(units, slice(None)) if layer.weight_out_first else (slice(None), units)] = True
            return mask
    return None


def _judged(look: Look) -> Iterator[tuple[int, Any, int]]:
    """The hidden layers whose units can be compared now: when their last gradient is there, else at the start; and that value."""
    layers = () if look.roles.network is None else look.roles.network.layers
    for number_, layer in enumerate(layers[:-1], 1):
        names = [n for n in (layer.weight, layer.bias, layers[number_].weight) if n is not None]
        gradients = [look.program.gradients[n] for n in names if n in look.program.gradients]
        if layer.units > 1 and layer.weight in look.roles.parameters:
            # With no gradients at all, equal weights are all that can be seen.
            last = max(gradients, key=look.made_by) if gradients else look.roles.parameters[layer.weight][0]
            if look.fresh(last):
                yield number_, layer, last


def _copies(look: Look, number_: int) -> list[list[int]]:
    """Groups of units of a layer with the same weights and gradients, but for what a product of matrices rounds in turn."""
    network = look.roles.network
    assert network is not None
    layer, following = network.layers[number_ - 1], network.layers[number_] if number_ < len(network.layers) else None
    if following is None:
        return []
    parts, tolerance = list[Array](), 0.0
    for name, axis in _columns(layer, following):
        start = look.program.inputs.get(name)
        for index in (start, look.program.gradients.get(name)):
            found = None if index is None else look.array(index)
            if found is None or found.dtype.kind != "f":
                continue
            found = np.atleast_1d(found)
            at = axis if found.ndim == 2 else int(np.argmax(found.shape)) if found.ndim else 0
            if found.ndim > 2 or found.shape[at] != layer.units or not np.isfinite(found).all():
                continue
            rows = np.moveaxis(found, at, 0).reshape(layer.units, -1)
            largest = float(np.max(np.abs(rows), initial=0))
            close = max(16 * float(np.finfo(found.dtype).eps), SAME)
            rows = rows.astype(float) / (largest or 1.0)
            # One column already tells most units apart.
            if np.min(np.diff(np.sort(rows[:, 0])), initial=np.inf) > close:
                return []
            parts.append(rows)
            tolerance = max(tolerance, close)
    if not parts:
        return []
    whole = np.concatenate(parts, axis=1)
    # Units that are equal stand next to each other along any direction.
    along = whole @ np.cos(np.arange(whole.shape[1]))
    order = np.argsort(along, kind="stable")
    groups: list[list[int]] = [[int(order[0])]]
    for before, unit in pairwise(order):
        if np.max(np.abs(whole[unit] - whole[before])) <= tolerance:
            groups[-1].append(int(unit))
        else:
            groups.append([int(unit)])
    return sorted(sorted(g) for g in groups if len(g) > 1)


def _columns(layer: Any, following: Any) -> Iterator[tuple[str, int]]:
    """The parameters that belong to the units of a layer, with the axis that counts them."""
    yield layer.weight, 0 if layer.weight_out_first else 1
    if layer.bias is not None and int(np.prod(layer.bias_shape)) == layer.units:
        yield layer.bias, int(np.argmax(layer.bias_shape))
    yield following.weight, 1 if following.weight_out_first else 0


SYMMETRIC = Rule(
    "symmetric", "Units that are copies", "Hidden units have the same weights in and out and the same gradients.",
    "exact; Goodfellow, Bengio, Courville (2016), 8.4", "≡", symmetric, marks=symmetric_cells, each="iteration",
)  # fmt: skip
