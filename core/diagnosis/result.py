"""What a diagnosis gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.program.ir import Array, Program

FAULTS = (
    "sign", "scale", "operand", "transpose", "derivative-twice", "derivative-of-preactivation", "derivative-missing",
    "derivative-extra", "chain-skipped", "batch-sum", "product", "broadcast", "axis", "stale", "overwritten", "never-applied",
    "never-reset", "shape", "no-target", "bias-missing", "symmetric-start", "epsilon",
)  # fmt: skip
Verdict = Literal["right", "right up to a factor", "wrong"]


@dataclass(frozen=True)
class Tie:
    """Another single edit that mends as well."""

    line: int
    text: str
    expected: str
    fault: str


@dataclass(frozen=True)
class Fault:
    """One fault. `line` counts from 1 in the text that was given; `text` is that line as typed.

    `expected` is the mended line, empty where no edit was found; `confirmed_by` says in a sentence what proves it; `parameters`
    are those that it makes wrong; `role` is what the line should compute, such as ∂L/∂Z2; `value` the index of the value that
    it computes; `mended` the whole text with this fault mended alone. With `term`, the sign of one term is wrong.
    """

    line: int
    text: str
    fault: str
    expected: str = ""
    confirmed_by: str = ""
    ties: tuple[Tie, ...] = ()
    parameters: tuple[str, ...] = ()
    role: str = ""
    value: int | None = None
    mended: str | None = None
    term: bool = False


@dataclass(frozen=True, eq=False)
class ParameterVerdict:
    """What was found of one parameter.

    `factor` is the c with yours = c · true where there is one, over all trials. `cosine` is that of the update with −∇L on the
    learner's own first batch. `own` and `true` (the parameter's shape; `own` may have another) are the gradients there, `own`
    with the sign that its update gives it; `value` is the index of the learner's gradient.
    """

    name: str
    verdict: Verdict
    factor: float | None
    cosine: float | None
    own: Array | None
    true: Array | None
    value: int | None


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What is wrong with a hand-written backward; see `core.diagnosis.diagnose`."""

    program: Program
    text: str
    loss: str
    loss_assumed: bool
    parameters: tuple[ParameterVerdict, ...] = ()
    faults: tuple[Fault, ...] = ()
    hints: tuple[Fault, ...] = ()
    mended: str | None = None
    problem: str = ""

    @property
    def right(self) -> bool:
        """Whether nothing is wrong; also up to one factor."""
        return not self.problem and not self.faults and all(p.verdict != "wrong" for p in self.parameters)
