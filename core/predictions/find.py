"""Finds, in a program, what the network reads, where its answer stands, and what the answer should have been."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.execute.inputs import Datum
from core.explain.samples import sample_axes
from core.notation.check import Layout, facts_of, infer
from core.program.ir import Instruction, Program
from core.program.network import Network, network_of
from core.program.structure import ancestors, descendants

Refusal = Literal["no loss", "no data", "no network", "two data", "no samples", "does not fit"]
LOSSES = ("mse", "sse", "half_sse", "mae", "huber", "hinge", "bce", "bce_with_logits", "cross_entropy", "softmax_cross_entropy")
REDUCING = ("sum", "mean", "max", "min", "matmul", "dot", "argmax", "argmin")


@dataclass(frozen=True)
class Source:
    """Where to find things, as indices of values: the data array that the network reads, its answer, the targets.

    `lines` are the instructions from the inputs to the answer, in order. `shared` are results among them that
    are one for all samples though computed from them, as the mean in batch normalisation. `unit_axis` and
    `sample_axis` are those of the answer, None where it has no such axis. `network` is None where the layers
    are not recognised; the answer is then what the loss compares with the targets.
    """

    input: int
    output: int
    target: int | None
    lines: tuple[Instruction, ...]
    shared: tuple[int, ...]
    unit_axis: int | None
    sample_axis: int
    loss: str | None
    network: Network | None
    layout: Layout

    @property
    def dropout(self) -> bool:
        """Whether units are dropped in training; none is when the network is used."""
        return any(i.op == "dropout_mask" for i in self.lines)


def source_of(program: Program, samples: int) -> Source | Refusal:
    """Return where things are in a program that is run on `samples` samples at once, or why there is nothing to find."""
    # A line of the backward or the update that fails does not keep the network from answering.
    if program.fault is not None and program.statements[program.fault.statement].phase in ("forward", "loss"):
        return "does not fit"
    if not program.batching.sliced:
        return "no data"
    layout = infer(program, {name: facts_of(cut(program, name, samples)) for name in program.inputs})

    def shape_of(value: int) -> tuple[int, ...] | None:
        shape = layout.shape(value)
        return None if shape is None else tuple(d for d in shape if isinstance(d, int))

    network = network_of(program, shape_of)
    loss_line = _loss_line(program)
    output = network.layers[-1].act.value if network is not None else loss_line.reads[0] if loss_line is not None else None
    if output is None:
        return "no network" if program.loss is not None else "no loss"
    if shape_of(output) is None:
        return "does not fit"
    wanted = ancestors(program.instructions, [output])
    data = {program.inputs[name]: name for name in program.batching.sliced if name in program.inputs}
    root = wanted if network is None else ancestors(program.instructions, [network.input.value])
    read = [v for v in data if v in root]
    if len(read) != 1 or any(v in wanted for v in data if v != read[0]):
        return "two data" if read else "no data"
    axes = sample_axes(program, shape_of)
    units = None if network is None else network.layers[-1].act
    sample_axis = axes.get(output) if units is None or units.sample_axis is None else units.sample_axis
    shape = shape_of(output) or ()
    if sample_axis is None or not shape or shape[sample_axis] != samples or len(shape) > 2:
        return "no samples"
    lines = tuple(i for i in program.instructions if i.result in wanted)
    return Source(
        input=read[0], output=output, target=_target(program, set(data) - wanted, samples), lines=lines,
        shared=_shared(program, lines, axes, read[0]), unit_axis=None if len(shape) == 1 else 1 - sample_axis,
        sample_axis=sample_axis, loss=None if loss_line is None else loss_line.op, network=network, layout=layout,
    )  # fmt: skip


def cut(program: Program, name: str, samples: int) -> Datum:
    """Return an input of a program as it is when the first `samples` samples are one batch; 1 for the iteration."""
    given = program.first_values
    if name not in given:
        return 1 if name == "iteration" else samples
    whole = given[name]
    if name in program.batching.sliced and isinstance(whole, np.ndarray):
        # A slice, even of all: what an iteration with all samples sees has the same layout, and so the same bits.
        return whole[(slice(None),) * (program.batching.axis % whole.ndim) + (slice(0, samples),)]
    return whole


def _loss_line(program: Program) -> Instruction | None:
    """The known loss that the program's loss is made of, if it is written as a call of one."""
    made_of = set() if program.loss is None else ancestors(program.instructions, [program.loss])
    found = [i for i in program.instructions if i.op in LOSSES and i.result in made_of and i.operands[0].value is not None]
    return found[-1] if found else None


def _target(program: Program, rest: set[int], samples: int) -> int | None:
    """The data array that the loss compares the answer with: the only one that it reads and the network does not."""
    made_of = set() if program.loss is None else ancestors(program.instructions, [program.loss])
    found = [v for v in rest if v in made_of]
    return found[0] if len(found) == 1 else None


def _shared(program: Program, lines: tuple[Instruction, ...], axes: dict[int, int], start: int) -> tuple[int, ...]:
    """The results in which the samples are summed (or the like) away."""
    late = descendants(program.instructions, [start])
    return tuple(
        i.result for i in lines
        if i.op in REDUCING and i.result in late and i.result not in axes and any(v in axes for v in i.reads)
    )  # fmt: skip
