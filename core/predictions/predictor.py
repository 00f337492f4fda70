"""Runs a program's forward lines on all its samples, on the points of a plane or of a line, with given parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from core.errors import ExecutionError
from core.execute.inputs import Datum, compute, reader
from core.predictions.find import Refusal, Source, cut, source_of
from core.predictions.plane import Answers, Box, NeuronLine, Surface, grid, line_through, surface_of
from core.predictions.reading import Answer, Reading, answer_of, reading_of, truth_of
from core.program.ir import Array, Program

MOST_SAMPLES, FEWEST_SAMPLES = 5000, 200
MOST_PRODUCTS, MOST_PRODUCTS_OF_A_GRID = 1.5e8, 4e7
SOME = 500
FINEST, COARSEST = 180, 24
PICTURES = (64, 784)
SMALLEST_PICTURE = 16
SAME = ("identity", "copy", "transpose", "astype")

Parameters = Mapping[int, Datum]


def parameters_at(program: Program, k: int, peek: Callable[[int], Datum | None]) -> Parameters | None:
    """Return what the inputs of a program stand for after `k` operations of an iteration: after its update, the updated one.

    `peek` gives a value of the iteration by its index. Data are not among them. None if one is not there.
    """
    newest = dict(program.inputs)
    for i in program.instructions[:k]:
        made = program.values[i.result]
        if made.name in program.carried and made.kind != "part":
            newest[made.name] = i.result
    found: dict[int, Datum] = {}
    for name, start in program.inputs.items():
        if name in program.batching.sliced or name == "m":
            continue
        datum = peek(newest[name])
        if datum is None:
            return None
        found[start] = datum
    return found


class Predictor:
    """What the network of one program answers; `refusal` says why it cannot be asked, None if it can.

    `points` holds the data that the network reads as features×samples, `shape` is the shape of one sample,
    `varying` are the features that are not the same in all samples. `targets` is outputs×samples (or class
    numbers, 1×samples), `truth` the true class of each sample; None where there are none. `samples` counts
    the samples that are judged: the first of the `total`, fewer the larger the network, so that it takes milliseconds.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.total = program.batching.total
        self._weights = max(1, sum(np.size(program.first_values[name]) for name in program.trainable))
        self.samples = min(self.total, MOST_SAMPLES, max(FEWEST_SAMPLES, int(MOST_PRODUCTS / self._weights)))
        self._answer: tuple[list[Datum], Answer | None] | None = None
        self._held: dict[int, Datum] = {}
        self._alone: bool | None = None
        self._shaded: tuple[tuple[int, ...], Array] | None = None
        self.shape: tuple[int, ...] = ()
        found = source_of(program, self.samples) if self.samples else "no data"
        self.refusal: Refusal | None = found if isinstance(found, str) else None
        if not isinstance(found, str):
            self._take(found)

    def _take(self, source: Source) -> None:
        program = self.program
        self.source = source
        self._reads = [(i, reader(i)) for i in source.lines]
        self._name = next(n for n, v in program.inputs.items() if v == source.input)
        self._inputs = {program.inputs[n]: n for n in program.inputs}
        self._needed = {v for i in source.lines for v in i.reads} & set(self._inputs)
        self._data = np.asarray(cut(program, self._name, self.samples))
        self._axis = program.batching.axis % self._data.ndim
        last = np.moveaxis(self._data, self._axis, -1)
        self.shape = last.shape[:-1]
        self.points: Array = last.reshape(-1, self.samples)
        self.varying = tuple(np.flatnonzero((self.points != self.points[:, :1]).any(axis=1)).tolist())
        self.targets = self._targets()
        shape = source.layout.shape(source.output) or ()
        self.outputs = 1 if source.unit_axis is None else int(shape[source.unit_axis])  # type: ignore[arg-type]
        line = source.loss
        raw = line in ("bce_with_logits", "softmax_cross_entropy") and self._compared()
        self.reading: Reading = reading_of(self.targets, self.outputs, line, raw)
        self.truth = truth_of(self.targets, self.reading, self.samples)

    # -- what there is --------------------------------------------------------------------------------

    @property
    def classes(self) -> int:
        """How many classes there are, 0 for numbers."""
        return self.reading.classes

    @property
    def side(self) -> tuple[int, int] | None:
        """The height and width of a sample as a picture, None if it cannot be one."""
        sizes = tuple(d for d in self.shape if d != 1)
        if len(sizes) == 2:
            return sizes[0], sizes[1]
        features = self.points.shape[0]
        root = round(features**0.5)
        return (root, root) if len(sizes) == 1 and features >= SMALLEST_PICTURE and root * root == features else None

    @property
    def pictures(self) -> bool:
        """Whether the samples are most likely pictures: 8×8 or 28×28 numbers, or given with height and width."""
        return self.side is not None and (len(self.shape) > 1 or self.points.shape[0] in PICTURES)

    @property
    def has_surface(self) -> bool:
        """Whether the answer depends on two inputs, and on those of one sample alone."""
        return len(self.varying) == 2 and self._alone is not False

    @property
    def has_curve(self) -> bool:
        """Whether the answer depends on one input, and on that of one sample alone."""
        return len(self.varying) == 1 and self._alone is not False

    @property
    def scale(self) -> tuple[float, float]:
        """The lowest and the highest target: the scale on which answers that are numbers are shown."""
        finite = np.zeros(0) if self.targets is None else self.targets[np.isfinite(self.targets)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 1.0)
        return (low, high) if high > low else (low - 1, high + 1)

    def strengths(self) -> Array:
        """Return where each sample's (first) target stands on the scale, from −1 to 1."""
        low, high = self.scale
        return np.zeros(self.samples) if self.targets is None else (2 * self.targets[0] - low - high) / (high - low)

    def heights(self) -> Array:
        """Return at which heights the samples stand beside a curve, rows×samples: their targets, 1 for a class of several."""
        if self.reading.kind == "largest" or self.targets is None:
            return np.full((1, self.samples), 1.0 if self.reading.kind == "largest" else np.nan)
        return self.targets

    @cached_property
    def standardised(self) -> bool:
        """Whether each feature seems to have been given the mean 0 and a spread of its own."""
        with np.errstate(all="ignore"):
            some = self.points[list(self.varying), :SOME].astype(float)
            return some.size > 0 and bool(np.abs(some.mean(axis=1)).max() < 0.5 and some.std() > 0.5 and some.min() < 0)

    def shade(self, sample: int) -> Array:
        """Return one sample as shades from 0 to 1."""
        low, high = self._ends
        with np.errstate(all="ignore"):
            picked = self.points[:, [sample]].astype(float)
            return np.where(high > low, (picked - low) / np.where(high > low, high - low, 1.0), picked * 0)[:, 0]

    def shades(self, samples: Sequence[int]) -> Array:
        """Return samples as shades from 0 (the smallest number) to 1 (the largest), features×samples.

        All features share one scale, unless they were standardised one by one: then each has its own, which
        gives a picture its looks back. Not finite stays not finite.
        """
        if self._shaded is None or self._shaded[0] != tuple(samples):
            found = np.stack([self.shade(s) for s in samples], axis=1) if samples else np.zeros((len(self.points), 0))
            self._shaded = (tuple(samples), found)
        return self._shaded[1]

    @cached_property
    def _ends(self) -> tuple[Array, Array]:
        axis = 1 if self.standardised else None
        usable = np.isfinite(self.points)
        low = np.min(self.points, axis=axis, keepdims=True, where=usable, initial=np.inf)
        return low, np.max(self.points, axis=axis, keepdims=True, where=usable, initial=-np.inf)

    # -- answers --------------------------------------------------------------------------------------

    def answer(self, parameters: Parameters) -> Answer | None:
        """Return the answers for all samples, None if a line cannot be computed; kept until a parameter changes."""
        key = [parameters[v] for v in sorted(self._needed & parameters.keys())]
        if self._answer is not None and all(a is b for a, b in zip(self._answer[0], key, strict=True)):
            return self._answer[1]
        self._held = {}
        values = self._run(self._data, self.samples, parameters)
        found = None
        if values is not None:
            self._held = {v: values[v] for v in self.source.shared}
            found = answer_of(self._rows(values), self.targets, self.truth, self.reading)
        self._answer = (key, found)
        return found

    def surface(self, parameters: Parameters, box: Box, width: int, height: int) -> Surface | None:
        """Return the answers over a box of the two varying inputs, about `width`×`height` points or fewer."""
        columns, rows = self._grid_size(width, height)
        x, y = grid(box, columns, rows)
        outputs = self._at(parameters, np.stack([np.tile(x, rows), np.repeat(y, columns)]))
        if outputs is None:
            return None
        low, high = self.scale
        with np.errstate(all="ignore"):
            return surface_of(outputs, box, columns, rows, self.reading, (low + high) / 2, (high - low) / 2)

    def curve(self, parameters: Parameters, low: float, high: float, points: int) -> Answers | None:
        """Return the answers along the one varying input."""
        x = np.linspace(low, high, points)
        outputs = self._at(parameters, x[None])
        return None if outputs is None else Answers(x, outputs)

    def neuron_lines(self, parameters: Parameters, box: Box) -> tuple[NeuronLine, ...]:
        """Return where W·x + b = 0 for the units of the first layer; empty where it does not read the data as they are."""
        network = self.source.network
        if network is None or len(self.varying) != 2 or self._data.ndim != 2 or not self._reads_data(network.input.value):
            return ()
        layer = network.layers[0]
        weights = np.asarray(parameters[self.program.inputs[layer.weight]])
        bias = None if layer.bias is None else np.asarray(parameters[self.program.inputs[layer.bias]])
        sign = -1.0 if self._made_by(layer.pre.value) == "subtract" else 1.0
        found: list[NeuronLine] = []
        for unit in range(layer.units):
            w = [float(weights[layer.weight_cell(unit, v)]) for v in range(layer.inputs)]
            rest = [w[v] * float(self.points[v, 0]) for v in range(layer.inputs) if v not in self.varying]
            b = sum(rest) + (0.0 if bias is None else sign * float(bias[layer.bias_cell(unit)]))
            one, other = (w[v] for v in self.varying)
            ends = line_through(box, (one, other), b)
            if ends is not None:
                found.append(NeuronLine(unit, *ends, (one, other)))
        return tuple(found)

    # -- running --------------------------------------------------------------------------------------

    def _run(self, data: Array, samples: int, parameters: Parameters) -> dict[int, Any] | None:
        """Compute the lines with other data; results that all samples share are those of the training data."""
        values: dict[int, Any] = dict(parameters)
        values[self.source.input] = data
        for index in self._needed - values.keys():
            values[index] = samples
        with np.errstate(all="ignore"):
            for instruction, read in self._reads:
                if instruction.result in self._held:
                    values[instruction.result] = self._held[instruction.result]
                    continue
                try:
                    operands = read(values)  # type: ignore[arg-type]
                    dropped = instruction.op == "dropout_mask"
                    values[instruction.result] = np.ones_like(operands[0]) if dropped else compute(instruction, operands)
                except ExecutionError:
                    return None
        return values

    def _rows(self, values: dict[int, Any]) -> Array:
        """Return the answer as outputs×samples."""
        found = np.asarray(values[self.source.output])
        return found[None] if self.source.unit_axis is None else np.moveaxis(found, self.source.unit_axis, 0)

    def _at(self, parameters: Parameters, varying: Array) -> Array | None:
        """Return the answers where the varying inputs are as given (inputs×points), the others as in all samples."""
        if self.answer(parameters) is None or not self._is_alone(parameters):
            return None
        points = np.repeat(self.points[:, :1], varying.shape[1], axis=1).astype(np.result_type(self.points, np.float32))
        points[list(self.varying)] = varying
        data = np.moveaxis(points.reshape(*self.shape, -1), -1, self._axis)
        values = self._run(data, varying.shape[1], parameters)
        return None if values is None else self._rows(values)

    def _is_alone(self, parameters: Parameters) -> bool:
        """Tell whether the answer for a sample is the same with other samples beside it: tried, once."""
        if self._alone is None and self.samples > 1:
            whole = self.answer(parameters)
            part = (self.samples + 1) // 2
            values = self._run(np.take(self._data, np.arange(part), axis=self._axis), part, parameters)
            if values is None or whole is None:
                self._alone = False
            elif np.isfinite(whole.outputs).all():
                rows = self._rows(values)
                self._alone = rows.shape == whole.outputs[:, :part].shape and np.allclose(
                    rows, whole.outputs[:, :part], 1e-4, 1e-6
                )
        return self._alone is not False

    def _grid_size(self, width: int, height: int) -> tuple[int, int]:
        side = (MOST_PRODUCTS_OF_A_GRID / self._weights) ** 0.5
        most = int(min(FINEST, max(COARSEST, side)))
        return max(2, min(width, most)), max(2, min(height, most))

    def _targets(self) -> Array | None:
        """Return the targets as outputs×samples."""
        if self.source.target is None:
            return None
        found = np.asarray(cut(self.program, self._inputs[self.source.target], self.samples))
        axis = self.program.batching.axis % found.ndim
        rows = np.moveaxis(found, axis, -1).reshape(-1, self.samples)
        return rows.astype(float)

    def _compared(self) -> bool:
        """Tell whether the loss itself reads the answer: then it is not a probability yet."""
        lines = self.program.instructions
        return any(i.op == self.source.loss and self.source.output in i.reads[:1] for i in lines)

    def _made_by(self, value: int) -> str:
        maker = self.program.makers.get(value)
        return "" if maker is None else self.program.instructions[maker].op

    def _reads_data(self, value: int) -> bool:
        """Tell whether a value shows the numbers of the data unchanged."""
        while (maker := self.program.makers.get(value)) is not None:
            instruction = self.program.instructions[maker]
            if instruction.op not in SAME or instruction.operands[0].value is None:
                return False
            value = instruction.operands[0].value
        return value == self.source.input
