"""Puts what the core computed of the data into the scenes that the data view's widgets draw, with their legends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from core.predictions import Answer, Answers, Box, NeuronLine, Predictor, Surface, box_around, padded
from core.program.ir import Array
from stepper.widgets.data_card import Card
from stepper.widgets.data_frame import MOST_NUMBERED, PlotScene
from stepper.widgets.data_marks import Key
from stepper.widgets.data_pictures import SheetScene
from stepper.widgets.numbers import short

translate = QCoreApplication.translate
MOST_PICTURES = 100
MOST_KEYS = 10


@dataclass(frozen=True, eq=False)
class Seen:
    """What all scenes are made of: the predictor, its answer, and which samples the batch holds."""

    predictor: Predictor
    answer: Answer
    in_batch: Array

    @property
    def classes(self) -> int:
        """How many classes the points are told apart by, 0 for none."""
        return self.predictor.classes if self.predictor.truth is not None else 0

    @property
    def numbers(self) -> Array:
        """The true class of each sample, 0 where there are no classes."""
        truth = self.predictor.truth
        return np.zeros(self.predictor.samples, dtype=np.int64) if truth is None else truth


def input_name(feature: int) -> str:
    """Return what an input is called."""
    return translate("DataView", "input x{n}").format(n=feature + 1)


def plane_box(predictor: Predictor, across: int, up: int) -> Box:
    """Return the part of the plane that is shown: the same as long as the data are."""
    return box_around(predictor.points[across], predictor.points[up])


def curve_box(predictor: Predictor, outputs: Array) -> Box:
    """Return the part of the plane in which a curve is shown; `outputs` serve where there are no targets."""
    kind = predictor.reading.kind
    heights = predictor.heights()
    if kind == "value":
        low, high = padded(heights if np.isfinite(heights).any() else outputs, 0.25)
    else:
        low, high = padded(np.array([predictor.reading.low, 1.0]), 0.12)
    return Box(*padded(predictor.points[predictor.varying[0]], 0.06), low, high)


def plane_scene(seen: Seen, across: int, up: int, surface: Surface | None, lines: tuple[NeuronLine, ...]) -> PlotScene:
    """Return the samples in the plane of two inputs."""
    predictor = seen.predictor
    by_number = seen.classes == 0 and predictor.targets is not None
    return PlotScene(
        box=plane_box(predictor, across, up), x=predictor.points[across].astype(float), y=predictor.points[up].astype(float),
        sample=np.arange(predictor.samples), number=seen.numbers, classes=seen.classes, wrong=seen.answer.wrong,
        filled=seen.in_batch, x_name=input_name(across), y_name=input_name(up),
        strength=predictor.strengths() if by_number else None, surface=surface, lines=lines,
    )  # fmt: skip


def curve_scene(seen: Seen, box: Box, curve: Answers | None) -> PlotScene:
    """Return the samples beside the curve of the network's answer."""
    predictor = seen.predictor
    heights = predictor.heights()
    rows = heights.shape[0]
    outputs = np.repeat(np.arange(rows), predictor.samples)
    y_name = translate("DataView", "target and answer")
    return PlotScene(
        box=box, x=np.tile(predictor.points[predictor.varying[0]].astype(float), rows), y=heights.ravel(),
        sample=np.tile(np.arange(predictor.samples), rows), number=seen.numbers if seen.classes else outputs,
        classes=seen.classes or (rows if rows > 1 else 0), wrong=np.tile(seen.answer.wrong, rows),
        filled=np.tile(seen.in_batch, rows), x_name=input_name(predictor.varying[0]), y_name=y_name,
        curve=curve, threshold=predictor.reading.threshold if predictor.reading.kind == "threshold" else None,
    )  # fmt: skip


def plot_keys(seen: Seen, scene: PlotScene, current: bool) -> tuple[Key, ...]:
    """Return what the signs in a plot mean."""
    predictor, found = seen.predictor, list[Key]()
    curves = 0 if scene.curve is None else scene.curve.outputs.shape[0]
    if scene.strength is not None:
        low, high = predictor.scale
        found.append(Key("scale", translate("DataView", "target and answer, {a} to {b}").format(a=short(low), b=short(high))))
    elif seen.classes:
        names = [
            translate("DataView", "class {c}").format(c=predictor.reading.name(c)) for c in range(min(seen.classes, MOST_KEYS))
        ]
        found += [Key("class", name, c, seen.classes) for c, name in enumerate(names)]
    elif scene.classes <= 1:
        found.append(
            Key("class", translate("DataView", "target") if predictor.targets is not None else translate("DataView", "sample"))
        )
    for n in range(min(curves, MOST_KEYS)):
        text = translate("DataView", "answer") if curves == 1 else translate("DataView", "output {n}").format(n=n + 1)
        found.append(Key("curve", text, n, curves))
    if scene.threshold is not None:
        found.append(Key("threshold", translate("DataView", "threshold {x}").format(x=short(scene.threshold))))
    if scene.surface is not None and scene.surface.borders.size:
        found.append(Key("border", translate("DataView", "the class changes here")))
    if scene.lines:
        numbered = len(scene.lines) <= MOST_NUMBERED
        found.append(
            Key(
                "neuron",
                translate("DataView", "a neuron's W·x + b = 0 (arrow: > 0)")
                if numbered
                else translate("DataView", "a neuron's W·x + b = 0"),
            )
        )
    if seen.answer.wrong.any():
        found.append(Key("wrong", translate("DataView", "misclassified")))
    if not seen.in_batch.all():
        found += [
            Key("batch", translate("DataView", "in this batch")),
            Key("elsewhere", translate("DataView", "not in this batch")),
        ]
    if seen.answer.silent or (scene.surface is not None and scene.surface.nothing.any()):
        found.append(Key("nothing", translate("DataView", "no answer: NaN")))
    return (*found, Key("current", translate("DataView", "current sample"))) if current else tuple(found)


def sheet_scene(seen: Seen, only_wrong: bool) -> SheetScene:
    """Return the first samples, or the first wrong ones (those without an answer among them), as pictures."""
    predictor, answer = seen.predictor, seen.answer
    bad = answer.wrong | answer.nothing
    picked = np.flatnonzero(bad) if only_wrong else np.arange(predictor.samples)
    samples = tuple(picked[:MOST_PICTURES].tolist())
    side = predictor.side
    assert side is not None
    return SheetScene(
        samples, predictor.shades(samples), side, tuple(_word(seen, s) for s in samples), tuple(bool(bad[s]) for s in samples),
        tuple(bool(seen.in_batch[s]) and not seen.in_batch.all() for s in samples),
    )  # fmt: skip


def card(seen: Seen, sample: int, text: str) -> Card:
    """Return one sample as a picture with the network's outputs."""
    predictor, side = seen.predictor, seen.predictor.side
    assert side is not None
    outputs, found = seen.answer.outputs[:, sample], int(seen.answer.found[sample])
    several = predictor.reading.kind == "largest"
    names = tuple(predictor.reading.name(n) if several else str(n + 1) for n in range(len(outputs)))
    target = None if predictor.truth is None or not several else int(predictor.truth[sample])
    return Card(predictor.shade(sample), side, text, outputs, names, target, found if several and found >= 0 else None)


def sheet_keys(seen: Seen, current: bool) -> tuple[Key, ...]:
    """Return what the signs around pictures mean."""
    found: list[Key] = []
    if seen.classes:
        found.append(Key("wrong picture", translate("DataView", "target ✗ answer: misclassified")))
    if not seen.in_batch.all():
        found.append(Key("underline", translate("DataView", "in this batch")))
    if seen.classes > 2:
        found.append(Key("outlined", translate("DataView", "output of the target")))
    return (*found, Key("current picture", translate("DataView", "current sample"))) if current else tuple(found)


def _word(seen: Seen, sample: int) -> str:
    truth, name = seen.predictor.truth, seen.predictor.reading.name
    if truth is None:
        return str(sample + 1)
    if seen.answer.nothing[sample]:
        return translate("DataView", "{c} NaN").format(c=name(int(truth[sample])))
    if seen.answer.wrong[sample]:
        return f"{name(int(truth[sample]))} ✗ {name(int(seen.answer.found[sample]))}"
    return name(int(truth[sample]))
