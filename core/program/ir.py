"""The program as immutable data: values assigned once, instructions, statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

Phase = Literal["forward", "loss", "backward", "update", "predict"]
Kind = Literal["data", "parameter", "hyperparameter", "state", "constant", "size", "result", "part"]
Number = bool | int | float
Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Value:
    """A named array, assigned once.

    `name` is the name as typed, `version` counts its assignments from 0, `label` is unique and is
    what a person sees (`W1`, `Z1.1` for a part of a compound line, `dZ₂`-like versions as `dZ (2)`).
    `statement` is the index of the statement that makes it, None for what an iteration starts from.
    """

    index: int
    name: str
    version: int
    label: str
    kind: Kind
    statement: int | None = None


@dataclass(frozen=True, slots=True)
class Operand:
    """What an instruction reads: a value (perhaps seen through `.T`, always a view) or a number."""

    value: int | None = None
    transposed: bool = False
    number: Number | None = None


@dataclass(frozen=True, slots=True)
class BodyLine:
    """One line of a `def`: `target = …`, or its `return`, whose target is empty. `step` counts them from 0."""

    function: str
    step: int
    line: int
    text: str
    target: str


@dataclass(frozen=True, slots=True)
class Function:
    """A small `def` of the learner, as it is written; its lines run where it is called."""

    name: str
    arguments: tuple[str, ...]
    line: int
    lines: tuple[BodyLine, ...]

    @property
    def text(self) -> str:
        """Its first line."""
        return f"def {self.name}({', '.join(self.arguments)}):"


@dataclass(frozen=True, slots=True)
class Frame:
    """An instruction stands in the line `step` of the function that `call` (an index of `Program.calls`) calls."""

    call: int
    step: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a `def`: the instructions `first` up to but not including `last` came out of it.

    `text` is the call as written, `line` the line that it stands in, `parent` the call that this line belongs to
    (None: a line of the program). `arguments` and `results` are what it was given and what each line of its body
    gave, None where nothing is made of it; a plain number is one.
    """

    index: int
    function: str
    text: str
    line: int
    parent: int | None
    statement: int
    first: int
    last: int
    arguments: tuple[Operand | None, ...]
    results: tuple[Operand | None, ...]


@dataclass(frozen=True, slots=True)
class Instruction:
    """`result = op(operands, attributes)`. `adjoint_of` is the forward instruction it is the adjoint of.

    `frames` are the calls of `def`s that it came out of, the outermost first.
    """

    index: int
    op: str
    operands: tuple[Operand, ...]
    attributes: Mapping[str, Any]
    result: int
    statement: int
    text: str
    adjoint_of: int | None = None
    frames: tuple[Frame, ...] = field(default=(), compare=False)

    @property
    def reads(self) -> tuple[int, ...]:
        """The indices of the values read, in order, without numbers."""
        return tuple(o.value for o in self.operands if o.value is not None)


@dataclass(frozen=True, slots=True)
class Statement:
    """One line as written, made of the instructions `first` up to but not including `last`."""

    index: int
    line: int
    text: str
    target: str
    phase: Phase
    derived: bool
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a program cannot run past one line: the statement that fails, in the learner's names.

    `instruction` is the operation of that line that fails; it stands last in the program.
    """

    statement: int
    instruction: int
    message: str


@dataclass(frozen=True, slots=True)
class Given:
    """What `# data` and `# parameters` say: one name with its first value, and the line it stands on."""

    name: str
    value: Array | Number
    section: Literal["data", "parameters"]
    line: int


@dataclass(frozen=True, slots=True)
class Batching:
    """How an iteration picks its samples: the reserved names `samples`, `batch`, `shuffle`, `seed`.

    `axis` is the sample axis of every data array (0 for rows, -1 for columns); `batch` is None for all
    samples at once; `sliced` names the data arrays that have `total` samples and are cut into batches.
    """

    axis: int
    total: int
    batch: int | None
    shuffle: bool
    seed: int
    sliced: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of samples in a full batch."""
        return self.total if self.batch is None else min(self.batch, self.total)

    @property
    def per_epoch(self) -> int:
        """The number of iterations that make one epoch."""
        return -(-self.total // self.size) if self.size else 1


@dataclass(frozen=True)
class Program:
    """One training iteration. Immutable; built and checked by `core.notation`.

    `text` is the whole program as a person reads it, what was typed as it was typed. `carried` maps the
    names that live on from one iteration to the next to their value at its start and at its end.
    `layers` gives the layer (from 1) of each instruction, None where it belongs to none. `functions` are the learner's
    own `def`s, `calls` where they are called, in the order in which they begin.
    """

    text: str
    given: tuple[Given, ...]
    batching: Batching
    values: tuple[Value, ...]
    instructions: tuple[Instruction, ...]
    statements: tuple[Statement, ...]
    inputs: Mapping[str, int]
    carried: Mapping[str, tuple[int, int]]
    trainable: tuple[str, ...]
    loss: int | None
    gradients: Mapping[str, int]
    layers: tuple[int | None, ...] = ()
    fault: Fault | None = None
    functions: tuple[Function, ...] = ()
    calls: tuple[Call, ...] = ()

    def __len__(self) -> int:
        return len(self.instructions)

    @cached_property
    def makers(self) -> Mapping[int, int]:
        """The index of the instruction that makes each value; inputs are not in it."""
        return {i.result: i.index for i in self.instructions}

    @cached_property
    def first_values(self) -> Mapping[str, Array | Number]:
        """What is given, by name."""
        return {g.name: g.value for g in self.given}

    @property
    def runnable(self) -> int:
        """How many instructions can be executed: all of them, or those before the fault."""
        return len(self.instructions) if self.fault is None else self.fault.instruction

    def phase_of(self, instruction: int) -> Phase:
        """The phase of an instruction by its index."""
        return self.statements[self.instructions[instruction].statement].phase

    def given_named(self, name: str) -> Given:
        """Return what was given under `name`; raises KeyError."""
        for item in self.given:
            if item.name == name:
                return item
        raise KeyError(name)


def fault_sentence(program: Program, fault: Fault) -> str:
    """Return a fault as one sentence that begins with its line and names the operation once."""
    s = program.statements[fault.statement]
    return f"line {s.line}, `{s.text}`: {fault.message.removeprefix(f'`{s.text}`: ')}"
