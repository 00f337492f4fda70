"""The dense layers of a program as data: inputs, weights, biases, units, and which value counts for which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

ShapeOf = Callable[[int], tuple[int, ...] | None]
Part = tuple[str, ...] | tuple[str, int] | tuple[str, int, str]
"""`("input",)`, `("weights", l)`, `("bias", l)`, `("units", l, "pre")`, `("units", l, "act")` or `("loss",)`; layers from 1."""
INPUT: Part = ("input",)
LOSS: Part = ("loss",)


@dataclass(frozen=True, slots=True)
class Units:
    """A value that holds one number for each unit and sample; an axis is None where the array has none."""

    value: int
    unit_axis: int | None
    sample_axis: int | None

    def cell(self, unit: int, sample: int) -> tuple[int, ...]:
        """Return where the number of a unit for a sample stands."""
        axes = {self.unit_axis: unit, self.sample_axis: sample}
        return tuple(axes[a] for a in range(sum(a is not None for a in axes)))

    def unit_and_sample(self, cell: Sequence[int]) -> tuple[int, int]:
        """Return the unit and the sample of a cell; 0 for an axis that the array does not have."""
        return tuple(0 if a is None else cell[a] for a in (self.unit_axis, self.sample_axis))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Layer:
    """One dense layer. `weight_out_first` tells whether the weights are stored as out×in, as in `W @ X`.

    `pre` is the weighted sum with its bias, `act` the last value of the layer that the next layer or the
    loss reads (the same as `pre` where there is no activation). `product` is the instruction of the product.
    """

    weight: str
    weight_shape: tuple[int, ...]
    weight_out_first: bool
    inputs: int
    units: int
    product: int
    pre: Units
    act: Units
    activation: str | None
    bias: str | None = None
    bias_shape: tuple[int, ...] = ()

    def weight_cell(self, unit: int, source: int) -> tuple[int, ...]:
        """Return where the weight from input `source` to `unit` stands."""
        if len(self.weight_shape) == 1:
            return (source,) if self.units == 1 else (unit,)
        return (unit, source) if self.weight_out_first else (source, unit)

    def unit_and_source(self, cell: Sequence[int]) -> tuple[int, int]:
        """Return the unit and the input that the weight in a cell joins."""
        if len(cell) == 1:
            return (0, cell[0]) if self.units == 1 else (cell[0], 0)
        return (cell[0], cell[1]) if self.weight_out_first else (cell[1], cell[0])

    def bias_cell(self, unit: int) -> tuple[int, ...]:
        """Return where the bias of a unit stands; one bias may serve all units."""
        return tuple(unit if d > 1 else 0 for d in self.bias_shape)


@dataclass(frozen=True)
class Network:
    """A chain of dense layers from `input` to the loss.

    `adjoints` maps a forward value to the derived value that is its adjoint; `parts` maps a value to the
    part of the picture that it counts for.
    """

    input: Units
    inputs: int
    layers: tuple[Layer, ...]
    loss: int | None
    adjoints: Mapping[int, int] = field(default_factory=dict)
    parts: Mapping[int, frozenset[Part]] = field(default_factory=dict)

    def size(self, column: int) -> int:
        """The number of units in a column: 0 is the input, `l` is layer `l`."""
        return self.inputs if column == 0 else self.layers[column - 1].units

    def units(self, column: int) -> Units:
        """What a column shows: the input, or the activations of a layer."""
        return self.input if column == 0 else self.layers[column - 1].act


@dataclass(frozen=True, slots=True)
class Touch:
    """What an instruction reads and writes, in parts of the network."""

    reads: frozenset[Part] = frozenset()
    writes: frozenset[Part] = frozenset()
