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
from core.execute.inputs import Datum, State, compute, initial_state, inputs_of, reader
from core.notation.check import facts_of, infer
from core.program.ir import Fault, Instruction, Program

Step = Callable[[list[Any]], None]


class Runner:
    """Iterates a program from a state; `state` is safe to keep, nothing in it is ever written to."""

    def __init__(self, program: Program, state: State | None = None, iteration: int = 0) -> None:
        self.program = program
        self.state: State = dict(initial_state(program) if state is None else state)
        self.iteration = iteration
        self.loss: float | None = None
        self.fault: Fault | None = None
        self._picker = Picker(program.batching)
        self._plans: dict[Any, tuple[list[Step], list[Any]]] = {}
        self._kept = _escaping(program)
        self._ends = [(name, end) for name, (_, end) in program.carried.items()]

    def step(self) -> bool:
        """Run the next iteration; False if it cannot run (`fault` says why, the state is as before)."""
        inputs = inputs_of(self.program, self._picker, self.state, self.iteration + 1)
        key = tuple(_key(v) for v in inputs.values())
        plan = self._plans.get(key)
        with np.errstate(all="ignore"):
            if plan is None:
                values = self._first(inputs, key)
                if values is None:
                    return False
            else:
                steps, values = plan
                for name, index in self.program.inputs.items():
                    values[index] = inputs[name]
                for step in steps:
                    try:
                        step(values)
                    except ExecutionError as error:
                        at = self.program.instructions[steps.index(step)]
                        self.fault = Fault(at.statement, at.index, str(error))
                        return False
        self.iteration += 1
        self.state = {name: values[end] for name, end in self._ends}
        self.loss = None if self.program.loss is None else float(np.asarray(values[self.program.loss]).reshape(-1)[0])
        return True

    def _first(self, inputs: dict[str, Datum], key: Any) -> list[Any] | None:
        layout = infer(self.program, {name: facts_of(v) for name, v in inputs.items()})
        if layout.fault is not None:
            self.fault = layout.fault
            return None
        values: list[Any] = [None] * len(self.program.values)
        for name, index in self.program.inputs.items():
            values[index] = inputs[name]
        for i in self.program.instructions:
            try:
                values[i.result] = compute(i, reader(i)(values))
            except ExecutionError as error:
                self.fault = Fault(i.statement, i.index, str(error))
                return None
        self._plans[key] = ([self._compile(i, values[i.result]) for i in self.program.instructions], list(values))
        return values

    def _compile(self, i: Instruction, sample: Any) -> Step:
        op = ops.get(i.op)
        result = i.result
        plain = isinstance(sample, np.ndarray) and sample.ndim > 0 and not i.attributes
        if plain and op.ufunc is not None and result not in self._kept:
            return _buffered(i, op.ufunc, sample if sample.base is None else None)
        read = reader(i)

        def step(values: list[Any]) -> None:
            values[result] = compute(i, read(values))

        return step


def _buffered(i: Instruction, ufunc: np.ufunc, buffer: Any) -> Step:
    result = i.result
    read = reader(i)

    def step(values: list[Any]) -> None:
        values[result] = ufunc(*read(values), out=buffer)

    return step


def _key(value: Datum) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, value.strides, value.dtype.char
    return type(value) if isinstance(value, (bool, int, float)) and not isinstance(value, np.generic) else value.dtype.char


def _escaping(program: Program) -> set[int]:
    """Values whose memory may live on after the iteration: the carried ones and what they are views of."""
    kept = {end for _, end in program.carried.values()}
    if program.loss is not None:
        kept.add(program.loss)
    for i in reversed(program.instructions):
        if i.result in kept and ops.get(i.op).view:
            kept.update(i.reads)
    return kept
