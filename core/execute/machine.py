"""Runs one iteration an instruction at a time and keeps every value, so that going earlier costs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import ExecutionError
from core.execute.inputs import Datum, compute, reader
from core.notation.check import Layout, facts_of, infer
from core.program.ir import Fault, Program


class Machine:
    """One iteration of a program with its values.

    `layout` is what is known of its values before, if someone has inferred it from inputs like these.
    `done` instructions are executed; it moves in both directions, and what was once computed stays.
    """

    def __init__(self, program: Program, inputs: Mapping[str, Datum], layout: Layout | None = None) -> None:
        self.program = program
        self.layout = infer(program, {name: facts_of(value) for name, value in inputs.items()}) if layout is None else layout
        self.fault: Fault | None = self.layout.fault
        self.done = 0
        self._computed = 0
        self._values: list[Any] = [None] * len(program.values)
        for name, index in program.inputs.items():
            self._values[index] = inputs[name]

    @property
    def runnable(self) -> int:
        """How many instructions of this iteration can be executed."""
        return len(self.program) if self.fault is None else self.fault.instruction

    def go(self, k: int) -> None:
        """Stand where `k` instructions are executed; stops short of a line that fails (`fault` says why)."""
        with np.errstate(all="ignore"):
            while self._computed < min(k, self.runnable):
                instruction = self.program.instructions[self._computed]
                try:
                    value = compute(instruction, reader(instruction)(self._values))
                except ExecutionError as error:
                    self.fault = Fault(instruction.statement, instruction.index, str(error))
                    break
                self._values[instruction.result] = value
                self._computed += 1
        self.done = max(0, min(k, self.runnable))

    @property
    def values(self) -> Sequence[Any]:
        """All values of this iteration by index, None for those that were never computed."""
        return self._values

    def value(self, index: int) -> Datum | None:
        """Return a value as it stands here, None if it is not computed yet at this position."""
        maker = self.program.makers.get(index)
        return None if maker is not None and maker >= self.done else self._values[index]

    def peek(self, index: int) -> Datum | None:
        """Return a value wherever it was computed in this iteration, also later than here."""
        return self._values[index]

    def state(self) -> dict[str, Datum]:
        """Return what lives on after the whole iteration; all instructions must be executed."""
        return {name: self._values[end] for name, (_, end) in self.program.carried.items()}
