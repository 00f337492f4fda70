"""What the rows and columns of a value are: units, inputs, samples."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QCoreApplication

from core.explain.samples import sample_axes
from core.program.ir import Program
from core.program.network import Network, network_of
from core.session import Moment

Kind = Literal["unit", "source", "input", "sample", "plain"]
Names = tuple[Kind, ...]
translate = QCoreApplication.translate


class AxisNames:
    """Tells for a value what each of its axes counts. Knows the samples and the network of one program at a time."""

    def __init__(self) -> None:
        self._program: Program | None = None
        self._batch = -1
        self.samples: dict[int, int] = {}
        self.network: Network | None = None

    def read(self, moment: Moment) -> None:
        """Take in a moment; the work is done only when the program or the size of the batch is another one."""
        if moment.program is not self._program or len(moment.samples) != self._batch:
            self._program, self._batch = moment.program, len(moment.samples)
            self.samples = sample_axes(moment.program, moment.shape)
            self.network = network_of(moment.program, moment.shape)

    def of(self, index: int, shape: tuple[int, ...]) -> Names:
        """Return what the axes of a value count."""
        names: list[Kind] = ["plain" for _ in shape]
        for axis, kind in self._known(index, shape).items():
            if axis < len(names):
                names[axis] = kind
        if index in self.samples:
            names[self.samples[index]] = "sample"
        return tuple(names)

    def _known(self, index: int, shape: tuple[int, ...]) -> dict[int, Kind]:
        network = self.network
        for part in () if network is None else network.parts.get(index, ()):
            assert network is not None
            if part[0] == "input":
                axis = network.input.unit_axis
                return {} if axis is None else {axis: "input"}
            if part[0] == "loss":
                continue
            layer = network.layers[int(part[1]) - 1]  # type: ignore[misc]
            source: Kind = "input" if part[1] == 1 else "source"  # type: ignore[misc]
            if part[0] == "weights" and shape == layer.weight_shape and len(shape) == 2:
                return {0: "unit", 1: source} if layer.weight_out_first else {0: source, 1: "unit"}
            if part[0] == "bias" and shape == layer.bias_shape:
                return {axis: "unit" for axis, n in enumerate(shape) if n > 1}
            if part[0] == "units":
                units = layer.pre
                if units.unit_axis is not None and len(shape) == (units.sample_axis is not None) + 1:
                    return {units.unit_axis: "unit"}
        return {}


def place_name(kind: Kind, i: int, moment: Moment) -> str:
    """Return what stands at place `i` (from 0) of an axis, counted from 1 as in all other views; empty where nothing is known.

    A sample has its number in the data, and the one that is selected a ▸ before it.
    """
    match kind:
        case "unit":
            return translate("AxisNames", "unit {n}").format(n=i + 1)
        case "source":
            return translate("AxisNames", "from unit {n}").format(n=i + 1)
        case "input":
            return translate("AxisNames", "input {n}").format(n=i + 1)
        case "sample":
            data = int(moment.samples[i]) if i < len(moment.samples) else i
            mark = "▸ " if data == moment.selection.sample else ""
            return mark + translate("AxisNames", "sample {n}").format(n=data + 1)
        case "plain":
            return ""
