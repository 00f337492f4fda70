"""What a part of a network is and its numbers in full: for its tooltip, and for who hears the window."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from core.program.ir import Array
from stepper.models.mark_signs import sentences
from stepper.widgets.net_items import Item
from stepper.widgets.net_scene import Scene
from stepper.widgets.numbers import full, size_text


def words_of(scene: Scene, item: Item, shown: int | None) -> str:
    """Return what an item of a scene is, and its numbers; `shown` is the sample that is shown, None for all of them."""
    value, cell = scene.target(item)
    if value is None:
        return kind_of(item, shown) + "\n" + _tr("No line computes its gradient.") if scene.gradients else ""
    shape = scene.moment.shape(value) or ()
    if item.source < 0:
        text = _tr("{name}: the gradient of the weights into layer {layer}, {size}") if scene.gradients else ""
        text = text or _tr("{name}: the weights into layer {layer}, {size}")
        text = text.format(name=scene.label(value), layer=item.layer, size=size_text(shape))
        return "\n".join((text, *_broken(scene.array(value)), *sentences(scene.marks.of(value))))
    if cell is None and shape:
        text = kind_of(item, shown) + "\n" + _tr("{name}, {size}").format(name=scene.label(value), size=size_text(shape))
        return "\n".join((text, *sentences(scene.marks.at(item))))
    place = scene.label(value) + (f"[{', '.join(map(str, cell))}]" if cell else "")
    number = scene.number(item)
    known = _tr("not computed yet") if number is None else full(number)
    lines = [kind_of(item, shown), _tr("{place} = {number}").format(place=place, number=known)]
    more = scene.parameter(item) if scene.gradients else scene.gradient(item)
    for found in (scene.before_activation(item), more, scene.adjoint(item)):
        if found is not None:
            lines.append(_tr("{place} = {number}").format(place=found[0], number=full(found[1])))
    if scene.edited(item):
        lines.append(_tr("✎ changed by hand"))
    if scene.stale(item):
        lines.append(_tr("out of date since a change by hand"))
    return "\n".join(lines + sentences(scene.marks.at(item)))


def kind_of(item: Item, shown: int | None) -> str:
    """Return what an item is, without any number."""
    if item.kind == "loss":
        return _tr("The loss")
    if item.kind == "bias":
        return _tr("Bias of unit {n} in layer {layer}").format(n=item.unit + 1, layer=item.layer)
    if item.kind == "weight":
        text = _tr("Weight from input {source} to unit {n} of layer {layer}")
        if item.layer > 1:
            text = _tr("Weight from unit {source} of layer {before} to unit {n} of layer {layer}")
        return text.format(source=item.source + 1, before=item.layer - 1, n=item.unit + 1, layer=item.layer)
    place = shown if item.sample < 0 else item.sample
    if place is None:
        text = _tr("Input {n}, all samples") if item.layer == 0 else _tr("Unit {n} of layer {layer}, all samples")
    else:
        text = _tr("Input {n}, sample {sample}")
        text = text if item.layer == 0 else _tr("Unit {n} of layer {layer}, sample {sample}")
    return text.format(n=item.unit + 1, layer=item.layer, sample=0 if place is None else place + 1)


def _broken(array: Array | None) -> list[str]:
    """Return how many numbers are not finite, which below a narrow heat map has no room."""
    if array is None:
        return []
    bad = int(array.size - np.count_nonzero(np.isfinite(array)))
    return [_tr("⚠ {bad} of {n} numbers are NaN or ∞").format(bad=f"{bad:,}", n=f"{array.size:,}")] if bad else []


def _tr(text: str) -> str:
    return QCoreApplication.translate("NetworkView", text)
