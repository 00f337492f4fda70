"""Which signs a picture of a network uses, and what they mean, for its legend."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from stepper.models import mark_signs
from stepper.widgets.net_layout import Geometry
from stepper.widgets.net_legend import Entry
from stepper.widgets.net_scene import Scene
from stepper.widgets.numbers import short


def entries(scene: Scene, g: Geometry) -> tuple[Entry, ...]:
    """Return the signs of a scene as it is laid out, with their meanings."""
    layers = range(1, len(scene.network.layers) + 1)
    out = [Entry("read", _say("read by this step")), Entry("written", _say("written by it"))]
    out += _edges(scene, any(not g.block(i) for i in layers), any(g.block(i) for i in layers))
    if scene.stripes:
        out.append(Entry("stripes", _say("a stripe for each of the {n} samples, in order").format(n=scene.stripes)))
    if scene.stripes or not g.roomy or any(g.big(c) for c in (0, *layers)):
        out.append(Entry("scale", _say("units, each layer its own scale")))
    if any(layer.bias is not None for layer in scene.network.layers):
        out.append(Entry("gradient", _say("gradient of a bias")) if scene.gradients else Entry("bias", _say("bias")))
    if scene.network.adjoints and g.roomy and not scene.stripes:
        out.append(Entry("adjoint", _say("adjoint")))
    out.append(Entry(_broken(g, layers), _say("NaN or ∞")))
    if g.closed:
        out.append(Entry("closed", _say("closed layer: it is not stepped")))
    chosen = scene.moment.selection.sample
    if chosen is not None and not scene.stripes and chosen not in scene.moment.samples:
        out.append(Entry("absent", _say("sample {n}, chosen elsewhere, is not in this batch").format(n=chosen + 1)))
    if scene.shown_values & scene.moment.stale:
        out.append(Entry("stale", _say("out of date since a change by hand")))
    if scene.shown_values & scene.moment.edited.keys():
        out.append(Entry("edited", _say("changed by hand")))
    marks = [mark for mark in scene.marks.shown() if not mark_signs.is_nonfinite(mark)]
    signs = [f"mark {mark.severity} {mark.mask is None}" for mark in marks]  # marks themselves cannot be compared
    out += [Entry(sign, mark_signs.named(mark), mark) for sign, mark in zip(signs, marks, strict=True)]
    return tuple(out)


def _broken(g: Geometry, layers: range) -> str:
    """Return the sign of what is not finite: hatched in neurons and their biases, crossed in heat maps."""
    cells = any(g.big(c) for c in (0, *layers))
    neurons = not all(g.big(c) for c in (0, *layers))
    return "broken both" if cells and neurons else "broken cell" if cells else "broken"


def _edges(scene: Scene, lines: bool, blocks: bool) -> list[Entry]:
    if scene.waiting:
        return [Entry("hollow", _say("no gradient yet: it comes with the backward lines"))]
    above, below = _say("weight > 0"), _say("weight < 0")
    block = _say("weights −{scale} to {scale}")
    if scene.gradients:
        above, below = _say("gradient > 0"), _say("gradient < 0")
        block = _say("gradients −{scale} to {scale}")
    out: list[Entry] = []
    if lines:
        width = _say("width: 0 to {scale}").format(scale=short(scene.edge_scale)) if scene.edge_scale else _say("width: size")
        out = [Entry("positive", above), Entry("negative", below), Entry("width", width)]
        if scene.gradients:
            out.append(Entry("hollow", _say("no gradient yet")))
    if blocks:
        out.append(Entry("scale", block.format(scale=short(scene.edge_scale))))
    return out


def _say(text: str) -> str:
    return QCoreApplication.translate("NetworkView", text)
