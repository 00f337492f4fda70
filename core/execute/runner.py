"""Runs many iterations fast, in reused buffers, with the same bits as the Machine.

The first iteration with a new set of shapes and layouts is computed like the Machine's; NumPy's own
results then serve as the buffers, so that their strides are right by construction. What may live on
(parameters, state, and views into values) is never put into a buffer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core import ops
from core.data.batches import Picker
from core.errors import ExecutionError
from core.execute.inputs import REFUSALS, Datum, State, compute, initial_state, inputs_of, reader
from core.notation.check import facts_of, infer
from core.program.ir import Fault, Instruction, Program

Step = Callable[[list[Any]], None]


class Runner:
    """Iterates a program from a state; `state` is safe to keep, nothing in it is ever written to.

    `values` are all values of the iteration just done, by index; the next one writes over them.
    """

    def __init__(self, program: Program, state: State | None = None, iteration: int = 0) -> None:
        self.program = program
        self.state: State = dict(initial_state(program) if state is None else state)
        self.iteration = iteration
        self.loss: float | None = None
        self.fault: Fault | None = None
        self.values: list[Any] = []
        self._picker = Picker(program.batching)
        self._plans: dict[Any, tuple[list[Step], list[Any]]] = {}
        self._kept = _escaping(program)
        self._carried = [(name, start, end) for name, (start, end) in program.carried.items()]

    def step(self) -> bool:
        """Run the next iteration; False if it cannot run (`fault` says why, the state is as before)."""
        inputs = inputs_of(self.program, self._picker, self.state, self.iteration + 1)
        key = tuple(map(_key, inputs.values()))
        plan = self._plans.get(key)
        try:
            with np.errstate(all="ignore"):
                values = self._first(inputs, key) if plan is None else self._again(inputs, *plan)
        except _Stopped as stop:
            self.fault = stop.fault
            return False
        except (MemoryError, *REFUSALS):
            return self._refused(inputs, key)
        self.iteration += 1
        self.values = values
        self.state = {name: values[end] for name, _, end in self._carried}
        self.loss = None if self.program.loss is None else float(np.asarray(values[self.program.loss]).reshape(-1)[0])
        return True

    def _refused(self, inputs: dict[str, Datum], key: Any) -> bool:
        """Compute an iteration that stopped without saying where once more, an instruction at a time."""
        try:
            with np.errstate(all="ignore"):
                self._first(inputs, key)
        except _Stopped as stop:
            self.fault = stop.fault
        return False

    def _first(self, inputs: dict[str, Datum], key: Any) -> list[Any]:
        """Compute an iteration like the Machine, and make a plan of it for all that have the same layout."""
        layout = infer(self.program, {name: facts_of(v) for name, v in inputs.items()})
        if layout.fault is not None:
            raise _Stopped(layout.fault)
        values: list[Any] = [None] * len(self.program.values)
        for name, index in self.program.inputs.items():
            values[index] = inputs[name]
        for i in self.program.instructions:
            values[i.result] = _computed(i, reader(i)(values))
        self._plans[key] = ([self._compile(i, values[i.result]) for i in self.program.instructions], list(values))
        return values

    def _again(self, inputs: dict[str, Datum], steps: list[Step], values: list[Any]) -> list[Any]:
        for value, index in zip(inputs.values(), self.program.inputs.values(), strict=True):
            values[index] = value
        for step in steps:
            step(values)
        return values

    def _compile(self, i: Instruction, sample: Any) -> Step:
        op = ops.get(i.op)
        owned = isinstance(sample, np.ndarray) and sample.ndim > 0 and sample.base is None and i.result not in self._kept
        if owned and op.ufunc is not None and not i.attributes:
            return _buffered(i, op.ufunc, sample)
        result, read = i.result, reader(i)
        if i.attributes or not isinstance(sample, (np.ndarray, np.generic)):

            def step(values: list[Any]) -> None:
                values[result] = _computed(i, read(values))

            return step
        forward = op.forward

        def plain(values: list[Any]) -> None:
            values[result] = forward(*read(values))

        return plain


class _Stopped(Exception):
    """An instruction that cannot be computed."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def _computed(i: Instruction, operands: list[Any]) -> Datum:
    try:
        return compute(i, operands)
    except ExecutionError as error:
        raise _Stopped(Fault(i.statement, i.index, str(error))) from None


def _buffered(i: Instruction, ufunc: np.ufunc, buffer: Any) -> Step:
    """Return a step that writes into `buffer`, which already stands in the list of values."""
    operands = i.operands
    if len(operands) == 2 and all(o.value is not None for o in operands):
        a, b = (o.value for o in operands)
        assert a is not None and b is not None
        if not operands[0].transposed and not operands[1].transposed:

            def both(values: list[Any]) -> None:
                ufunc(values[a], values[b], out=buffer)

            return both
    read = reader(i)

    def step(values: list[Any]) -> None:
        ufunc(*read(values), out=buffer)

    return step


def _key(value: Datum) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, value.strides, value.dtype.num
    return type(value)


def _escaping(program: Program) -> set[int]:
    """Values whose memory may live on after the iteration: the carried ones and what they are views of."""
    kept = {end for _, end in program.carried.values()}
    if program.loss is not None:
        kept.add(program.loss)
    for i in reversed(program.instructions):
        if i.result in kept and ops.get(i.op).view:
            kept.update(i.reads)
    return kept
