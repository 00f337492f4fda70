"""The one plain sentence under an operation: what it does here, in this program, with these shapes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.explain.explanation import Explanation
from core.explain.numbers import number
from core.explain.prose import EXPLANATIONS
from core.explain.prose_activations import CALLED
from core.explain.prose_losses import LOSSES
from core.explain.samples import ShapeOf, operand_axis, operand_shape, sample_axes
from core.program.ir import Instruction, Operand, Phase, Program

__all__ = ["EXPLANATIONS", "Explanation", "explanation", "explanation_of", "filled", "operand_name", "sentence"]

_SLOPES = {
    "sigmoid": "sigmoid", "sigmoid_written_out": "sigmoid", "tanh": "tanh", "relu": "relu", "gelu": CALLED["gelu"],
    "gelu_erf": CALLED["gelu_erf"], "silu": "silu", "softplus": "softplus",
}  # fmt: skip
_LOSSES = tuple(LOSSES)
_FUSED = ("bce_with_logits", "softmax_cross_entropy")
_USUAL: dict[str, float] = {"slope": 0.01, "alpha": 1.0, "delta": 1.0, "rate": 0.5}
_SUMMED = (
    ("averaged over the samples", "added up over the samples"), ("Averaged over the samples", "Added up over the samples"),
    ("and the mean is taken over all of them", "and all are added up"), (" / (how many numbers there are)", ""), (" / m", ""),
    (", / m", ""), ("mean(", "Σ ("),
)  # fmt: skip
_UNKNOWN = Explanation("operation", "", "{out} is computed from {a}.", "", "")


def explanation(op: str) -> Explanation:
    """Return what is said of an operation in general; a plain stand-in for one that has no prose."""
    return EXPLANATIONS.get(op, _UNKNOWN)


def explanation_of(instruction: Instruction) -> Explanation:
    """Return what is said of an instruction's operation: of a loss that is only summed, nothing about a mean."""
    found = explanation(instruction.op)
    if instruction.op not in LOSSES or instruction.attributes.get("reduction") != "sum":
        return found
    texts = [found.formula, found.sentence, found.derivative]
    for mean, total in _SUMMED:
        texts = [text.replace(mean, total) for text in texts]
    return replace(found, formula=texts[0], sentence=texts[1], derivative=texts[2])


def operand_name(operand: Operand, program: Program) -> str:
    """Return an operand as a person sees it: `A1.T`, `lr`, `2`."""
    if operand.value is None:
        return str(operand.number)
    return program.values[operand.value].label + (".T" if operand.transposed else "")


def filled(text: str, instruction: Instruction, program: Program) -> str:
    """Put an instruction's names in the place of `{a}`, `{b}`, `{c}`, `{out}`, its numbers in that of `{slope}` and the like."""
    names = [operand_name(o, program) for o in instruction.operands]
    axis = instruction.attributes.get("axis")
    along = "" if axis is None else f" along axis {axis}" if isinstance(axis, int) else f" along the axes {axis}"
    keys = dict(zip("abc", [*names, "", "", ""], strict=False))
    numbers = {k: number(instruction.attributes.get(k, usual)) for k, usual in _USUAL.items()}
    return text.format(**keys, **numbers, out=program.values[instruction.result].label, along=along)


def sentence(instruction: Instruction, program: Program, shapes: ShapeOf, axes: dict[int, int] | None = None) -> str:
    """Return one plain sentence on what an instruction does where it stands.

    `shapes` gives the shape of a value by its index, None where it is not known; `axes` is what `sample_axes`
    found, if that is known already. The general sentence of the operation is the answer wherever nothing
    more is sure.
    """
    known = sample_axes(program, shapes, instruction.index) if axes is None else axes
    site = _Site(instruction, program, shapes, known)
    rules = {
        "matmul": _product, "dot": _product, "sum": _sum, "add": _add, "multiply": _multiply, "divide": _divide,
        "subtract": _subtract, "greater": _gate,
    }  # fmt: skip
    rule = rules.get(instruction.op)
    special = rule(site) if rule is not None else None
    return special or filled(explanation_of(instruction).sentence, instruction, program) + _end_of_adjoint(site)


@dataclass(frozen=True)
class _Site:
    """An instruction with all that is known of its place."""

    instruction: Instruction
    program: Program
    shapes: ShapeOf
    axes: dict[int, int]

    @property
    def phase(self) -> Phase:
        return self.program.phase_of(self.instruction.index)

    @property
    def out(self) -> str:
        return self.program.values[self.instruction.result].label

    @property
    def last(self) -> bool:
        """Whether this operation completes its line."""
        return self.program.statements[self.instruction.statement].last == self.instruction.index + 1

    @property
    def adjoint_of(self) -> Instruction | None:
        at = self.instruction.adjoint_of
        return None if at is None else self.program.instructions[at]

    def name(self, i: int) -> str:
        return operand_name(self.instruction.operands[i], self.program)

    def shape(self, i: int) -> tuple[int, ...] | None:
        return operand_shape(self.instruction.operands[i], self.shapes)

    def samples(self, i: int) -> int | None:
        return operand_axis(self.instruction.operands[i], self.axes, self.shapes)

    def trainable(self, i: int) -> str | None:
        """The name of the parameter that an operand is, None if it is none."""
        value = self.instruction.operands[i].value
        return next((n for n in self.program.trainable if self.program.inputs.get(n) == value), None)

    @property
    def gradient_of(self) -> str | None:
        """The name of the parameter whose gradient the result is."""
        return next((n for n, v in self.program.gradients.items() if v == self.instruction.result), None)


def _summed_away(samples: int, what: str) -> str:
    if samples == 1:
        return f"There is only one sample, so nothing has to be added up: {what}."
    return f"The {samples} samples are summed away: {what}."


def _product(s: _Site) -> str | None:
    a, b = s.shape(0), s.shape(1)
    if a is None or b is None or len(a) != 2 or len(b) != 2:
        return None
    if s.samples(0) == 1 and s.samples(1) == 0:
        owner = s.gradient_of
        cells = f"one number for each cell of {owner}" if owner else "one number for each pair of a row and a column"
        if owner and _multiplies_in_forward(s, owner):
            cells = f"one number for each weight of {owner}"
        return _summed_away(a[1], cells)
    weights = next((i for i in (0, 1) if s.trainable(i)), None)
    if weights is None:
        return None
    other = 1 - weights
    # The sample axis must be the one that survives: the rows of a first operand, the columns of a second.
    if s.samples(other) != (0 if other == 0 else 1):
        return None
    units = a[0] if weights == 0 else b[1]
    samples = b[1] if weights == 0 else a[0]
    transposed = s.instruction.operands[weights].transposed
    every = "for the one sample" if samples == 1 else f"for each of the {samples} samples"
    if s.phase in ("forward", "predict") and not transposed:
        who = "The one unit adds" if units == 1 else f"Each of the {units} units adds"
        what = "its one input, weighted" if a[1] == 1 else f"its {a[1]} inputs, each times its weight"
        return f"{who} up {what}, {every}."
    forward = s.adjoint_of
    if s.phase == "backward" and transposed and forward is not None and forward.op in ("matmul", "dot"):
        who = "The one input" if units == 1 else f"Each of the {units} inputs"
        via = "the unit that it feeds" if a[1] == 1 else f"the {a[1]} units that it feeds"
        return f"{who} of {s.name(weights)[:-2]} gathers what comes back from {via}, each times its weight, {every}."
    return None


def _multiplies_in_forward(s: _Site, name: str) -> bool:
    index = s.program.inputs[name]
    return any(
        i.op in ("matmul", "dot") and index in i.reads and s.program.phase_of(i.index) == "forward"
        for i in s.program.instructions
    )  # fmt: skip


def _sum(s: _Site) -> str | None:
    axis, shape, at = s.instruction.attributes.get("axis"), s.shape(0), s.samples(0)
    if shape is None or at is None or not isinstance(axis, int) or axis % len(shape) != at:
        return None
    owner = s.gradient_of
    added = owner is not None and any(
        i.op in ("add", "subtract") and s.program.inputs[owner] in i.reads and s.program.phase_of(i.index) == "forward"
        for i in s.program.instructions
    )  # fmt: skip
    what = f"one number for each bias in {owner}" if added else f"one number for each cell of {s.out}"
    return _summed_away(shape[at], what)


def _takes_its_step(s: _Site) -> str | None:
    """What is said of the last operation of an update: the parameter as the next iteration finds it."""
    name = next((n for n, (_, end) in s.program.carried.items() if end == s.instruction.result), None)
    if s.phase != "update" or name is None or s.trainable(0) != name:
        return None
    return f"{name} takes its step: this is the {name} that the next iteration starts from."


def _add(s: _Site) -> str | None:
    step = _takes_its_step(s)
    if step is not None:
        return step
    for bias, other in ((1, 0), (0, 1)):
        name, at, shape, small = s.trainable(bias), s.samples(other), s.shape(other), s.shape(bias)
        if name is None or at is None or shape is None or small is None or s.phase not in ("forward", "predict"):
            continue
        along = at - (len(shape) - len(small))
        if along >= 0 and small[along] != 1:
            continue
        count = 1
        for n in small:
            count *= n
        numbers = "The one number" if count == 1 else f"The same {count} numbers"
        verb = "is" if count == 1 else "are"
        each = "the one sample" if shape[at] == 1 else f"every one of the {shape[at]} samples"
        return f"{numbers} of {name} {verb} added for {each}: a bias for each unit."
    return None


def _multiply(s: _Site) -> str | None:
    forward = s.adjoint_of
    operands = s.instruction.operands
    kinds = [None if o.value is None else s.program.values[o.value].kind for o in operands]
    if s.phase == "update" and "hyperparameter" in kinds:
        rate = kinds.index("hyperparameter")
        name = next((n for n, v in s.program.gradients.items() if v == operands[1 - rate].value), None)
        if name is not None:
            return f"The gradient of {name} is scaled by {s.name(rate)}: the step that {name} is about to take."
    if forward is None or not s.last:
        return None
    result = s.program.values[forward.result].label
    if forward.op == "softmax" and result in (s.name(0), s.name(1)):
        return f"The chain rule through softmax is complete: in {result} a class can only gain what the others lose."
    if forward.op not in _SLOPES:
        return None
    if forward.op == "relu":
        return _through_relu(s, forward, result)
    return f"The chain rule through {_SLOPES[forward.op]} is complete: what came back to {result}, times its slope at each cell."


def _through_relu(s: _Site, forward: Instruction, result: str) -> str | None:
    gates = [m for o in s.instruction.operands if o.value is not None and (m := _maker(s.program, o.value)) is not None]
    if not any(g.op == "greater" and g.operands[0] == forward.operands[0] for g in gates):
        return None
    before = operand_name(forward.operands[0], s.program)
    return f"What came back to {result} passes where {before} was positive; everywhere else it becomes 0."


def _gate(s: _Site) -> str | None:
    forward = s.adjoint_of
    if forward is None or forward.op != "relu":
        return None
    return f"The slope of relu: true, that is 1, where {s.name(0)} is positive, and false, 0, elsewhere."


def _divide(s: _Site) -> str | None:
    value = s.instruction.operands[1].value
    if value is None or s.program.values[value].kind != "size":
        return None
    text = f"Everything is divided by the number of samples, {s.name(1)}: a mean over the samples."
    return text[:-1] + _end_of_adjoint(s).replace(" Now", "; now") if _end_of_adjoint(s) else text


def _subtract(s: _Site) -> str | None:
    forward = s.adjoint_of
    step = _takes_its_step(s)
    if step is not None:
        return step
    if forward is not None and forward.op in ("sigmoid", "sigmoid_written_out") and s.instruction.operands[0].number == 1:
        return f"A part of the slope of sigmoid, {s.name(1)} · (1 − {s.name(1)})."
    if forward is not None and forward.op in _LOSSES and forward.operands == s.instruction.operands:
        return (
            f"How far each output {s.name(0)} is from its target {s.name(1)}; the sign says in which direction."
            + _end_of_adjoint(s)
        )
    if forward is not None and forward.op in _FUSED and s.instruction.operands[1] == forward.operands[1]:
        return (
            f"The probabilities {s.name(0)} less the targets {s.name(1)}: positive where the network gave too much."
            + _end_of_adjoint(s)
        )
    return None


def _end_of_adjoint(s: _Site) -> str:
    """What the last operation of a loss' adjoint adds: the name of what it has found."""
    forward = s.adjoint_of
    if forward is None or forward.op not in _LOSSES or not s.last or forward.result != s.program.loss:
        return ""
    wanted = next((operand_name(o, s.program) for o in forward.operands if f"d{operand_name(o, s.program)}" == s.out), None)
    loss = s.program.values[forward.result].label
    return f" Now {s.out} says how {loss} changes as each number of {wanted} does." if wanted else ""


def _maker(program: Program, value: int) -> Instruction | None:
    at = program.makers.get(value)
    return None if at is None else program.instructions[at]
