"""The dense layers in a program: which values are inputs, weights, biases and units, found by dataflow alone.

A dense layer is a product of a weight parameter with what the layer before gives (Goodfellow, Bengio,
Courville, *Deep Learning*, 2016, 6.1), in either convention: `W @ X` with samples as columns, `X @ W` as rows.
"""

from __future__ import annotations

from core.program.ir import Instruction, Program
from core.program.network_find import Finder
from core.program.network_parts import INPUT, LOSS, Layer, Network, Part, ShapeOf, Touch, Units

__all__ = ["INPUT", "LOSS", "Layer", "Network", "Part", "ShapeOf", "Touch", "Units", "network_of", "touches"]


def network_of(program: Program, shape_of: ShapeOf) -> Network | None:
    """Return the chain of dense layers that leads to the loss (without one: the longest), None if there is none.

    `shape_of` gives the shape of a value, None where it is not known.
    """
    return Finder(program, shape_of).run()


def touches(network: Network, program: Program, instruction: Instruction) -> Touch:
    """Return what an instruction reads and writes, in parts of the network.

    A value of the backward counts for the part that it is the gradient or the adjoint of; what is not known
    to be one counts for nothing. In lines written by hand that is what meets the input of a layer in the product
    that its weights are updated with (∂L/∂W = δ·Aᵀ, up to a factor). The parts of a compound line count for
    what the whole line writes, except in an update, where only the last operation changes the parameter.
    """
    phase = program.phase_of(instruction.index)
    nothing: frozenset[Part] = frozenset()
    reads = nothing.union(*(network.parts.get(v, nothing) for v in instruction.reads))
    if phase == "update" and program.values[instruction.result].kind == "part":
        return Touch(reads, nothing)
    return Touch(reads, network.parts.get(instruction.result, nothing))
