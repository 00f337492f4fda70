"""What an iteration starts from, and the one way in which an instruction is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from core import ops
from core.data.batches import Picker
from core.errors import ExecutionError
from core.program.ir import Array, Instruction, Number, Program

Datum = Array | np.generic | Number
State = Mapping[str, Datum]
LARGEST_WHOLE = 2**62
REFUSALS = (ArithmeticError, ValueError, TypeError, IndexError)


def initial_state(program: Program) -> dict[str, Datum]:
    """Return what lives on from iteration to iteration, as it is before iteration 1."""
    return {name: program.given_named(name).value for name in program.carried}


def inputs_of(program: Program, picker: Picker, state: State, iteration: int) -> dict[str, Datum]:
    """Return every input of an iteration: the batch, parameters and state, constants, the batch size."""
    given = program.first_values
    found: dict[str, Datum] = {}
    for name in program.inputs:
        if name in state:
            found[name] = state[name]
        elif name in program.batching.sliced:
            whole = given[name]
            assert isinstance(whole, np.ndarray)
            found[name] = picker.cut(whole, iteration)
        elif name in given:
            found[name] = given[name]
        else:
            found[name] = iteration if name == "iteration" else picker.size(iteration)
    return found


def reader(instruction: Instruction) -> Callable[[Sequence[Any]], list[Any]]:
    """Return a function that fetches an instruction's operands from the list of all values."""
    parts = [(o.value, o.transposed, o.number) for o in instruction.operands]
    plain = [v for v, transposed, _ in parts if v is not None and not transposed]
    if len(plain) == len(parts) == 1:
        a = plain[0]
        return lambda values: [values[a]]
    if len(plain) == len(parts) == 2:
        a, b = plain
        return lambda values: [values[a], values[b]]

    def read(values: Sequence[Any]) -> list[Any]:
        return [n if v is None else (np.transpose(values[v]) if t else values[v]) for v, t, n in parts]

    return read


def compute(instruction: Instruction, operands: list[Any]) -> Datum:
    """Return the result of an instruction, in the memory layout that NumPy itself gives it.

    Raises:
        ExecutionError: where Python or NumPy refuses, as in 1 / 0 or for want of memory.
    """
    op = ops.get(instruction.op)
    attributes = dict(instruction.attributes)
    in_place = attributes.pop("in_place", False)
    try:
        if in_place:
            return changed_in_place(instruction, operands)
        if instruction.op == "power" and _grows(*operands):
            raise ExecutionError(f"`{instruction.text}`: this whole number becomes too large; write it with a decimal point")
        result = op.forward(*operands, **attributes)
    except MemoryError:
        raise ExecutionError(f"`{instruction.text}`: there is not enough memory for the result; use smaller arrays") from None
    except REFUSALS as error:
        who = "NumPy" if any(isinstance(o, np.ndarray) for o in operands) else "Python"
        numbers = "" if who == "NumPy" else " with plain numbers"
        raise ExecutionError(f"`{instruction.text}`: {who} refuses this{numbers} ({error})") from None
    if type(result) is int and abs(result) > LARGEST_WHOLE:
        raise ExecutionError(f"`{instruction.text}`: this whole number becomes too large; write it with a decimal point")
    if type(result) is complex:
        raise ExecutionError(f"`{instruction.text}`: a root of a negative number is not a real number")
    return result


def _grows(base: Any, exponent: Any) -> bool:
    """Tell whether a power of whole numbers is too large even to try: Python would compute every digit."""
    return type(base) is type(exponent) is int and abs(base) > 1 and exponent > 64


def changed_in_place(instruction: Instruction, operands: list[Any]) -> Array:
    """Return what `a -= b` leaves in `a`: the layout and dtype of `a`, in memory of its own."""
    out = np.copy(operands[0], order="K")
    if instruction.op == "power":
        out **= operands[1]
        return out
    ufunc = ops.get(instruction.op).ufunc
    assert ufunc is not None
    ufunc(operands[0], operands[1], out=out, casting="same_kind")
    return out
