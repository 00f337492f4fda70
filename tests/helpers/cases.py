"""One small program an operation, operand and position of broadcasting: what the rules of `core.ops` are checked on.

Each case is an expression of parameters (its names in capitals other than K) and of data (names beginning with K), and the same
in PyTorch. The loss is `sum(R * C)` with fixed random weights C, so that the adjoint of the result is generic.
"""

# ruff: noqa: E501 (tables of programs, one a line)
from __future__ import annotations

import operator
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core import ops
from core.complete import load
from core.execute.machine import Machine
from core.execute.timeline import Position, Timeline
from core.program.ir import Program

Torch = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Spec:
    """How an operand is drawn: its shape and its range (`normal`, `positive`, `probability`, `distinct`, `mask`, `simplex` along an axis)."""

    shape: tuple[int, ...]
    kind: str

    def draw(self, random: np.random.Generator) -> np.ndarray:
        """Return a generic array; kinks and poles are kept at a distance."""
        if self.kind == "positive":
            return random.uniform(0.5, 2.0, self.shape)
        if self.kind == "probability":
            return random.uniform(0.1, 0.9, self.shape)
        if self.kind in ("simplex 0", "simplex -1"):
            x = random.uniform(0.1, 0.9, self.shape)
            return x / x.sum(axis=int(self.kind.split()[1]), keepdims=True)
        if self.kind == "mask":
            return random.integers(0, 2, self.shape)
        x = random.uniform(0.2, 1.7, self.shape) * np.where(random.random(self.shape) < 0.5, -1.0, 1.0)
        if self.kind == "distinct":
            x = random.permutation(np.linspace(-1.5, 1.4, max(x.size, 1))).reshape(self.shape)
        return x


def N(*shape: int) -> Spec:
    """Numbers of both signs, at least 0.2 away from 0."""
    return Spec(shape, "normal")


def P(*shape: int) -> Spec:
    """Positive numbers."""
    return Spec(shape, "positive")


def U(*shape: int) -> Spec:
    """Probabilities."""
    return Spec(shape, "probability")


def D(*shape: int) -> Spec:
    """Numbers with a distance between any two, so that the largest and smallest are clear."""
    return Spec(shape, "distinct")


def M(*shape: int) -> Spec:
    """Whole numbers 0 and 1."""
    return Spec(shape, "mask")


@dataclass(frozen=True)
class Case:
    """An expression, or lines that end with `R = …`, for one operation."""

    op: str
    text: str
    torch: Torch
    operands: dict[str, Spec]
    samples: str = ""

    @property
    def title(self) -> str:
        """What the case is called in a test run."""
        shapes = " ".join(f"{n}{'x'.join(map(str, s.shape)) or 'scalar'}" for n, s in self.operands.items())
        return f"{self.op}: {self.text.replace(chr(10), '; ')} [{shapes}]{self.samples}"

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the operands' values, always the same for a case."""
        random = np.random.default_rng(zlib.crc32(self.title.encode()))
        return {name: spec.draw(random) for name, spec in self.operands.items()}

    @property
    def lines(self) -> str:
        """The forward lines."""
        return self.text if "R =" in self.text else f"R = {self.text}"

    def weights(self) -> np.ndarray:
        """Return C, of the result's shape."""
        return self._weights

    @cached_property
    def _weights(self) -> np.ndarray:
        probe = load(self._text(None))
        assert probe.fault is None, probe.fault
        timeline = Timeline(probe)
        timeline.go(Position(1, len(probe)))
        shape = np.shape(timeline.machine.value(next(v.index for v in probe.values if v.label == "R")))
        random = np.random.default_rng(zlib.crc32(self.title.encode()) + 1)
        return random.uniform(0.3, 1.5, shape) * np.where(random.random(shape) < 0.5, -1.0, 1.0)

    def program(self) -> Program:
        """Return the whole program, its backward derived."""
        return self._program

    @cached_property
    def _program(self) -> Program:
        return load(self._text(self.weights()))

    def _text(self, weights: np.ndarray | None) -> str:
        data = [f"{n} = {written(x)}" for n, x in self.arrays().items() if n[0] == "K"]
        parameters = [f"{n} = {written(x)}" for n, x in self.arrays().items() if n[0] != "K"]
        if self.samples:
            data.append(f'samples = "{self.samples}"')
        if weights is not None:
            data.append(f"C = {written(weights)}")
        text = "\n".join(["# data", *data, "# parameters", *parameters, "# forward", self.lines]) + "\n"
        if weights is not None:
            text += "# loss\nL = sum(R * C)\n"
        return text


def written(x: np.ndarray) -> str:
    """Return an array as it is typed, every bit of it."""
    flat = np.array(x)
    dtype = "" if flat.size else f", dtype={flat.dtype.name!r}"
    return f"np.array({flat.tolist()!r}{dtype})"


def loss_at(program: Program, inputs: dict[str, Any]) -> float:
    """Return the program's loss for given inputs, without its backward."""
    assert program.loss is not None
    machine = Machine(program, inputs)
    machine.go(program.makers[program.loss] + 1)
    return float(np.asarray(machine.value(program.loss)))


def first_inputs(program: Program) -> dict[str, Any]:
    """Return what the first iteration starts from."""
    timeline = Timeline(program)
    return {name: timeline.machine.peek(index) for name, index in program.inputs.items()}


def gradients(program: Program) -> dict[str, np.ndarray]:
    """Return the gradient of each parameter in the first iteration, as the program's own lines compute it."""
    assert program.fault is None, program.fault
    timeline = Timeline(program)
    timeline.go(Position(1, len(program)))
    assert timeline.fault is None, timeline.fault
    return {name: np.asarray(timeline.machine.value(index)) for name, index in program.gradients.items()}


def case(op: str, text: str, torch: Torch, samples: str = "", **operands: Spec) -> Case:
    """Make a case."""
    return Case(op, text, torch, operands, samples)


# every way in which NumPy repeats an operand: (shape of A, shape of B)
BROADCASTS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((3, 4), (3, 4)), ((3, 4), ()), ((), (3, 4)), ((3, 4), (3, 1)), ((3, 1), (3, 4)), ((3, 4), (1, 4)), ((1, 4), (3, 4)),
    ((3, 4), (4,)), ((4,), (3, 4)), ((3, 1), (1, 4)), ((3, 1), (4,)), ((1,), (4,)), ((1, 1), (3, 4)), ((), ()), ((4,), (4,)),
    ((2, 3, 4), (3, 4)), ((3, 4), (2, 3, 4)), ((2, 3, 4), (4,)), ((2, 3, 4), (2, 1, 4)), ((2, 3, 4), (1, 3, 1)), ((2, 1, 4), (3, 1)),
    ((2, 3, 4), ()), ((1, 1), (1,)), ((1, 3, 4), (4,)), ((1, 4), (4,)), ((4,), (1, 4)), ((1, 1, 1), (3, 4)),
)  # fmt: skip


def _binary() -> list[Case]:
    made: list[Case] = []
    infix = {
        "add": ("A + B", lambda T, t: t.A + t.B), "subtract": ("A - B", lambda T, t: t.A - t.B),
        "multiply": ("A * B", lambda T, t: t.A * t.B), "divide": ("A / B", lambda T, t: t.A / t.B),
    }  # fmt: skip
    for a, b in BROADCASTS:
        for op, (text, torch) in infix.items():
            made.append(case(op, text, torch, A=N(*a), B=P(*b) if op == "divide" else N(*b)))
        made.append(case("power", "A ** B", lambda T, t: t.A**t.B, A=P(*a), B=N(*b)))
        made.append(case("maximum", "maximum(A, B)", lambda T, t: T.maximum(t.A, t.B), A=N(*a), B=N(*b)))
        made.append(case("minimum", "minimum(A, B)", lambda T, t: T.minimum(t.A, t.B), A=N(*a), B=N(*b)))
        made.append(case("where", "where(K > 0, A, B)", lambda T, t: T.where(t.K > 0, t.A, t.B), A=N(*a), B=N(*b), K=M(3, 4)))
    for a, b in BROADCASTS[:7]:
        made.append(case("power_function", "np.power(A, B)", lambda T, t: t.A**t.B, A=P(*a), B=N(*b)))
    for text, torch in (
        ("A + 2", lambda T, t: t.A + 2), ("2 - A", lambda T, t: 2 - t.A), ("A - 0.5", lambda T, t: t.A - 0.5),
        ("3 * A", lambda T, t: 3 * t.A), ("A * -2", lambda T, t: t.A * -2), ("1 / A", lambda T, t: 1 / t.A),
        ("A / 4", lambda T, t: t.A / 4), ("-1 / A", lambda T, t: -1 / t.A), ("-A / 3", lambda T, t: -t.A / 3),
        ("-(A - 2) * 3", lambda T, t: -(t.A - 2) * 3), ("1 - (1 - A)", lambda T, t: 1 - (1 - t.A)),
        ("A * A", lambda T, t: t.A * t.A), ("A / A", lambda T, t: t.A / t.A), ("A - A", lambda T, t: t.A - t.A),
        ("A ** 2", lambda T, t: t.A**2), ("A ** 3", lambda T, t: t.A**3), ("A ** 1", lambda T, t: t.A**1), ("A ** 0", lambda T, t: t.A**0),
        ("A ** -1", lambda T, t: t.A**-1), ("A ** -2.5", lambda T, t: t.A**-2.5), ("A ** 0.5", lambda T, t: t.A**0.5), ("2 ** A", lambda T, t: 2**t.A),
        ("A ** 2 ** A", lambda T, t: t.A ** (2**t.A)), ("0 * A", lambda T, t: 0 * t.A), ("A * True", lambda T, t: t.A * 1),
    ):  # fmt: skip
        op = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}.get(text.split()[1] if " " in text else "", "power")
        made.append(case(op, text, torch, A=P(3, 4)))
    for number in ("0", "0.3", "-1", "2.5"):
        for op in ("maximum", "minimum"):
            made.append(
                case(
                    op,
                    f"{op}(A, {number})",
                    lambda T, t, o=op, n=number: getattr(T, o)(t.A, T.tensor(float(n), dtype=T.float64)),
                    A=D(3, 5),
                )
            )
            made.append(
                case(
                    op,
                    f"{op}({number}, A)",
                    lambda T, t, o=op, n=number: getattr(T, o)(t.A, T.tensor(float(n), dtype=T.float64)),
                    A=D(3, 5),
                )
            )
    for compare, op in (
        (">", "greater"),
        (">=", "greater_equal"),
        ("<", "less"),
        ("<=", "less_equal"),
        ("==", "equal"),
        ("!=", "not_equal"),
    ):

        def masked(T: Any, t: Any, c: str = compare) -> Any:
            return t.A * _compared(t.A, c, t.K).to(T.float64)

        made.append(case(op, f"A * (A {compare} K)", masked, A=N(3, 4), K=N(4)))
        made.append(
            case(
                op,
                f"where(A {compare} 0.1, A * 2, -A)",
                lambda T, t, c=compare: T.where(_compared(t.A, c, 0.1), t.A * 2, -t.A),
                A=N(3, 4),
            )
        )
    made += [
        case("where", "where(A > 0, A, 0.1 * A)", lambda T, t: T.where(t.A > 0, t.A, 0.1 * t.A), A=N(3, 4)),
        case("where", "where(A > 0, A, 0)", lambda T, t: T.where(t.A > 0, t.A, 0.0), A=N(3, 4)),
        case("where", "where(A > 0, 1, A)", lambda T, t: T.where(t.A > 0, 1.0, t.A), A=N(3, 4)),
        case("where", "where(K, A, B)", lambda T, t: T.where(t.K > 0, t.A, t.B), A=N(3, 1), B=N(4), K=M(3, 4)),
    ]
    return made


def _compared(a: Any, sign: str, b: Any) -> Any:
    comparisons = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne}
    return comparisons[sign](a, b)


def _unary() -> list[Case]:
    made: list[Case] = []
    rows: list[tuple[str, str, Torch, Callable[..., Spec]]] = [
        ("negative", "-A", lambda T, t: -t.A, N), ("exp", "exp(A)", lambda T, t: T.exp(t.A), N),
        ("log", "log(A)", lambda T, t: T.log(t.A), P), ("sqrt", "sqrt(A)", lambda T, t: T.sqrt(t.A), P),
        ("square", "square(A)", lambda T, t: t.A**2, N), ("abs", "abs(A)", lambda T, t: T.abs(t.A), N),
        ("sign", "sign(A)", lambda T, t: T.sign(t.A), N), ("floor", "floor(A) * A", lambda T, t: T.floor(t.A) * t.A, N), ("sigmoid", "sigmoid(A)", lambda T, t: T.sigmoid(t.A), N),
        ("sigmoid_written_out", "1 / (1 + np.exp(-A))", lambda T, t: T.sigmoid(t.A), N),
        ("sigmoid_written_out", "1 / (np.exp(-(3 * A)) + 1)", lambda T, t: T.sigmoid(3 * t.A), N),
        ("tanh", "tanh(A)", lambda T, t: T.tanh(t.A), N), ("relu", "relu(A)", lambda T, t: T.relu(t.A), N),
        ("copy", "A.copy()", lambda T, t: t.A.clone(), N), ("ones_like", "ones_like(A) * 3", lambda T, t: T.ones_like(t.A) * 3, N),
        ("zeros_like", "zeros_like(A) + A", lambda T, t: T.zeros_like(t.A) + t.A, N),
        ("astype", 'A.astype("float64") * 2', lambda T, t: t.A * 2, N),
        ("identity", "identity(A)", lambda T, t: t.A * 1, N), ("identity", "B = A\nR = B * A", lambda T, t: t.A * t.A, N),
    ]  # fmt: skip
    for op, text, torch, kind in rows:
        for shape in ((3, 4), (4,), (), (2, 3, 4), (1, 1)):
            made.append(case(op, text, torch, A=kind(*shape)))
        if text.count("A") == 1 and op != "identity":
            made.append(
                case(op, text.replace("A", "A.T", 1), lambda T, t, f=torch: f(T, type("Swapped", (), {"A": t.A.T})), A=kind(3, 4))
            )
            made.append(case(op, f"H = {text}\nR = H * H + H", lambda T, t, f=torch: f(T, t) * f(T, t) + f(T, t), A=kind(3, 4)))
    return made


def _linear() -> list[Case]:
    made: list[Case] = []
    products = (
        ((3, 4), (4, 2)), ((3, 4), (4,)), ((4,), (4, 2)), ((4,), (4,)), ((1, 4), (4, 1)), ((3, 1), (1, 2)), ((1, 1), (1, 1)),
        ((1,), (1,)), ((1, 4), (4,)), ((1,), (1, 5)),
    )  # fmt: skip
    batched = (
        ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((2, 3, 4), (4,)), ((4,), (2, 4, 5)),
        ((1, 3, 4), (2, 4, 5)), ((2, 3, 4), (1, 4, 5)), ((2, 1, 3, 4), (5, 4, 2)), ((5, 3, 4), (2, 1, 4, 2)), ((1, 3, 4), (4, 5)),
        ((2, 2, 3, 4), (4,)), ((4,), (2, 2, 4, 3)), ((2, 3, 1), (2, 1, 4)),
    )  # fmt: skip
    for a, b in (*products, *batched):
        made.append(case("matmul", "A @ B", lambda T, t: t.A @ t.B, A=N(*a), B=N(*b)))
        made.append(
            case("matmul", "tanh(A @ B) @ K", lambda T, t: T.tanh(t.A @ t.B) @ t.K, A=N(*a), B=N(*b), K=N(_last(a, b), 2))
            if _last(a, b)
            else case("matmul", "np.matmul(A, B) * 2", lambda T, t: (t.A @ t.B) * 2, A=N(*a), B=N(*b))
        )
    for a, b in products:
        made.append(case("dot", "np.dot(A, B)", lambda T, t: t.A @ t.B, A=N(*a), B=N(*b)))
        made.append(case("dot", "A.dot(B)", lambda T, t: t.A @ t.B, A=N(*a), B=N(*b)))
    for a, b in (((), (3, 4)), ((3, 4), ()), ((), ())):
        made.append(case("dot", "np.dot(A, B)", lambda T, t: t.A * t.B, A=N(*a), B=N(*b)))
    made += [
        case("dot", "np.dot(A, B)", lambda T, t: t.A @ t.B, A=N(2, 3, 4), B=N(4)),
        case("dot", "np.dot(A, K)", lambda T, t: t.A @ t.K, A=N(2, 3, 4), K=N(4)),
        case("dot", "np.dot(2, A)", lambda T, t: 2 * t.A, A=N(3, 4)),
        case("matmul", "A.T @ B", lambda T, t: t.A.T @ t.B, A=N(4, 3), B=N(4, 2)),
        case("matmul", "A @ B.T", lambda T, t: t.A @ t.B.T, A=N(3, 4), B=N(2, 4)),
        case("matmul", "A.T @ B.T", lambda T, t: t.A.T @ t.B.T, A=N(4, 3), B=N(2, 4)),
        case("matmul", "A @ A", lambda T, t: t.A @ t.A, A=N(3, 3)),
        case("matmul", "A.T @ A", lambda T, t: t.A.T @ t.A, A=N(4, 3)),
        case("matmul", "(A @ B).T @ A", lambda T, t: (t.A @ t.B).T @ t.A, A=N(3, 4), B=N(4, 2)),
        case("matmul", "(A * 2).T @ B", lambda T, t: (t.A * 2).T @ t.B, A=N(3, 4), B=N(3, 2)),
        case("dot", "np.dot(A.T, B.T)", lambda T, t: t.A.T @ t.B.T, A=N(4, 3), B=N(2, 4)),
        case("matmul", "A.T @ B", lambda T, t: t.A @ t.B, A=N(4), B=N(4)),
        case("matmul", "A @ B @ A", lambda T, t: t.A @ t.B @ t.A, A=N(3, 4), B=N(4, 3)),
        case("outer", "outer(A, B)", lambda T, t: T.outer(t.A, t.B), A=N(3), B=N(4)),
        case("outer", "np.outer(A, A)", lambda T, t: T.outer(t.A, t.A), A=N(3)),
        case("outer", "np.outer(A * 2, exp(B))", lambda T, t: T.outer(t.A * 2, T.exp(t.B)), A=N(1), B=N(4)),
        case("transpose", "A.T * B", lambda T, t: t.A.T * t.B, A=N(3, 4), B=N(4, 3)),
        case("transpose", "A.T", lambda T, t: t.A.T, A=N(3, 4)),
        case("add", "A.T.T + B", lambda T, t: t.A + t.B, A=N(3, 4), B=N(4)),
        case("transpose", "np.transpose(A)", lambda T, t: t.A.T, A=N(3, 4)),
        case("transpose", "np.transpose(A)", lambda T, t: t.A.permute(2, 1, 0), A=N(2, 3, 4)),
        case("transpose", "np.transpose(A, (1, 2, 0))", lambda T, t: t.A.permute(1, 2, 0), A=N(2, 3, 4)),
        case("transpose", "np.transpose(A, axes=(-1, 0, 1))", lambda T, t: t.A.permute(2, 0, 1), A=N(2, 3, 4)),
        case("transpose", "A.transpose(2, 0, 1) * 2", lambda T, t: t.A.permute(2, 0, 1) * 2, A=N(2, 3, 4)),
        case("transpose", "A.transpose(0, 2, 1, 3)", lambda T, t: t.A.permute(0, 2, 1, 3), A=N(2, 3, 2, 4)),
        case("transpose", "(A + B).T", lambda T, t: (t.A + t.B).T, A=N(3, 4), B=N(3, 1)),
        case("transpose", "A.T + B", lambda T, t: t.A + t.B, A=N(4), B=N(3, 4)),
        case("swapaxes", "swapaxes(A, -1, -2)", lambda T, t: t.A.swapaxes(-1, -2), A=N(2, 3, 4)),
        case("swapaxes", "np.swapaxes(A, 0, 2) * 2", lambda T, t: t.A.swapaxes(0, 2) * 2, A=N(2, 3, 4)),
        case("swapaxes", "swapaxes(A, axis1=0, axis2=1)", lambda T, t: t.A.swapaxes(0, 1), A=N(3, 4)),
    ]
    return made


def _last(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    return b[-1] if len(a) > 1 and len(b) > 1 else 0


def _losses() -> list[Case]:
    made: list[Case] = []
    for samples, axis in (("rows", 0), ("columns", -1), ("", 0)):
        for shape in ((3, 4), (1, 4), (4, 1), (4,), (1, 1), (2, 3, 4)):
            made += [
                case("mse", "mse(A, B)", lambda T, t: ((t.A - t.B) ** 2).mean(), samples, A=N(*shape), B=N(*shape)),
                case("sse", "sse(A, B)", lambda T, t: ((t.A - t.B) ** 2).sum(), samples, A=N(*shape), B=N(*shape)),
                case("half_sse", "half_sse(A, B)", lambda T, t: 0.5 * ((t.A - t.B) ** 2).sum(), samples, A=N(*shape), B=N(*shape)),
                case(
                    "bce", "bce(A, B)", lambda T, t, x=axis: T.nn.functional.binary_cross_entropy(t.A, t.B, reduction="sum") / t.A.shape[x],
                    samples, A=U(*shape), B=U(*shape),
                ),
                case(
                    "bce_with_logits", "bce_with_logits(A, B)",
                    lambda T, t, x=axis: T.nn.functional.binary_cross_entropy_with_logits(t.A, t.B, reduction="sum") / t.A.shape[x],
                    samples, A=N(*shape), B=U(*shape),
                ),
            ]  # fmt: skip
    made += [
        case("mse", "mse(A.T, K)", lambda T, t: ((t.A.T - t.K) ** 2).mean(), A=N(3, 4), K=N(4, 3)),
        case("mse", "2 * mse(A, K) + mse(K, A) * 3", lambda T, t: 5 * ((t.A - t.K) ** 2).mean(), A=N(3, 4), K=N(3, 4)),
        case("mse", "exp(mse(A, K) * B)", lambda T, t: T.exp(((t.A - t.K) ** 2).mean() * t.B), A=N(3, 4), K=N(3, 4), B=N(3)),
        case("bce", "bce(sigmoid(A), K)", lambda T, t: T.nn.functional.binary_cross_entropy_with_logits(t.A, t.K, reduction="sum") / 4, "columns",
             A=N(3, 4), K=U(3, 4)),
        case("bce_with_logits", "bce_with_logits(A @ B, K)",
             lambda T, t: T.nn.functional.binary_cross_entropy_with_logits(t.A @ t.B, t.K, reduction="sum") / 4, "columns", A=N(3, 2), B=N(2, 4), K=U(3, 4)),
        case("mse", "mse(A, B)", lambda T, t: ((t.A - t.B) ** 2).mean(), A=N(), B=N()),
    ]  # fmt: skip
    return made


def _reduce(T: Any, op: str) -> Any:
    return {"sum": T.sum, "mean": T.mean, "max": T.amax, "min": T.amin}[op]


def _reductions() -> list[Case]:
    made: list[Case] = []
    axes: tuple[tuple[tuple[int, ...], Any], ...] = (
        ((3, 4), None), ((3, 4), 0), ((3, 4), 1), ((3, 4), -1), ((3, 4), -2), ((3, 4), (0, 1)), ((3, 4), (1,)), ((4,), 0), ((4,), None), ((4,), -1),
        ((2, 3, 4), 0), ((2, 3, 4), 1), ((2, 3, 4), -1), ((2, 3, 4), (0, 2)), ((2, 3, 4), (-1, 0)), ((2, 3, 4), (1, 2)), ((2, 3, 4), (0, 1, 2)),
        ((2, 3, 4), None), ((1, 4), 0), ((3, 1), 1), ((3, 1), 0), ((1, 1), None),
    )  # fmt: skip
    for op in ("sum", "mean", "max", "min"):
        for shape, axis in axes:
            for keep in (False, True):

                def torch(T: Any, t: Any, op: str = op, axis: Any = axis, keep: bool = keep) -> Any:
                    x = t.A
                    dims = tuple(range(x.dim())) if axis is None else axis
                    f = _reduce(T, op)
                    return f(x, dim=dims, keepdim=keep)

                given = ([f"axis={axis}"] if axis is not None else []) + (["keepdims=True"] if keep else [])
                made.append(case(op, f"{op}({', '.join(['A', *given])})", torch, A=D(*shape)))
                made.append(
                    case(
                        op,
                        f"H = A.{op}({', '.join(given)})\nR = A * 2 + H" if keep else f"np.{op}({', '.join(['exp(A)', *given])})",
                        (lambda T, t, f=torch: t.A * 2 + f(T, t))
                        if keep
                        else (lambda T, t, f=torch: f(T, type("E", (), {"A": T.exp(t.A)}))),
                        A=D(*shape),
                    )
                )
        made += [
            case(op, f"{op}(A.T, axis=0)", lambda T, t, op=op: _reduce(T, op)(t.A.T, dim=0), A=D(3, 4)),
            case(op, f"{op}(A + B, axis=1, keepdims=True)",
                 lambda T, t, op=op: _reduce(T, op)(t.A + t.B, dim=1, keepdim=True), A=D(3, 4), B=D(4)),
            case(op, f"{op}({op}(A, axis=1))",
                 lambda T, t, op=op: _reduce(T, op)(
                     _reduce(T, op)(t.A, dim=1), dim=0), A=D(3, 4)),
            case(op, f"{op}(A, axis=0) * B", lambda T, t, op=op: _reduce(T, op)(t.A, dim=0) * t.B,
                 A=D(3, 4), B=N(2, 4)),
        ]  # fmt: skip
    made += [
        case("sum", "H = sum(A, 1)\nG = sum(H)\nR = G * A", lambda T, t: t.A.sum() * t.A, A=N(3, 4)),
        case("sum", "sum(sum(sum(A, axis=2), axis=1), axis=0)", lambda T, t: t.A.sum(), A=N(2, 3, 4)),
        case("mean", "mean(mean(A, axis=0, keepdims=True), axis=1)", lambda T, t: t.A.mean(0, keepdim=True).mean(1), A=N(3, 4)),
        case("sum", "exp(A) / sum(exp(A), axis=1, keepdims=True)", lambda T, t: T.softmax(t.A, 1), A=N(3, 4)),
        case("max", "E = exp(A - A.max(axis=0, keepdims=True))\nR = E / E.sum(axis=0, keepdims=True)", lambda T, t: T.softmax(t.A, 0), A=D(3, 4)),
        case("mean", "(A - A.mean(axis=0)) / sqrt(((A - A.mean(axis=0)) ** 2).mean(axis=0) + 0.01)",
             lambda T, t: (t.A - t.A.mean(0)) / T.sqrt(((t.A - t.A.mean(0)) ** 2).mean(0) + 0.01), A=N(5, 3)),
    ]  # fmt: skip
    return made


def _shaping() -> list[Case]:
    made: list[Case] = []
    for shape, index, torch in (
        ((3, 4), "1", lambda a: a[1]), ((3, 4), "-1", lambda a: a[-1]), ((3, 4), "1, 2", lambda a: a[1, 2]), ((3, 4), ":, 2", lambda a: a[:, 2]),
        ((3, 4), "1:", lambda a: a[1:]), ((3, 4), ":-1, 1:3", lambda a: a[:-1, 1:3]), ((3, 4), "..., 0", lambda a: a[..., 0]),
        ((3, 4), ":, ::2", lambda a: a[:, ::2]), ((3, 4), "0:1", lambda a: a[0:1]), ((2, 3, 4), "1, ..., -1", lambda a: a[1, ..., -1]),
        ((2, 3, 4), ":, 1", lambda a: a[:, 1]), ((4,), "2", lambda a: a[2]), ((4,), "1:3", lambda a: a[1:3]), ((4,), ":, None", lambda a: a[:, None]),
        ((4,), "None, :", lambda a: a[None, :]), ((4,), "np.newaxis", lambda a: a[None]), ((3, 4), "None, 1, :, None", lambda a: a[None, 1, :, None]),
        ((3, 4), ":", lambda a: a[:]), ((3, 4), "...", lambda a: a[...]), ((5,), "-3:-1", lambda a: a[-3:-1]), ((5,), "1:100", lambda a: a[1:100]),
    ):  # fmt: skip
        made.append(case("getitem", f"A[{index}]", lambda T, t, f=torch: f(t.A), A=N(*shape)))
        made.append(case("getitem", f"exp(A)[{index}] * 2", lambda T, t, f=torch: f(T.exp(t.A)) * 2, A=N(*shape)))
    made += [
        case("getitem", "A[::-1]", lambda T, t: t.A.flip(0), A=N(4)),
        case("getitem", "A[1:] - A[:-1]", lambda T, t: t.A[1:] - t.A[:-1], A=N(5)),
        case("getitem", "A[0] * A[1] + A[2]", lambda T, t: t.A[0] * t.A[1] + t.A[2], A=N(3, 4)),
        case("getitem", "A.T[1]", lambda T, t: t.A.T[1], A=N(3, 4)),
        case("getitem", "B = A[1:3]\nR = B @ B.T", lambda T, t: t.A[1:3] @ t.A[1:3].T, A=N(4, 3)),
        case("reshape", "A.reshape(4, 3)", lambda T, t: t.A.reshape(4, 3), A=N(3, 4)),
        case("reshape", "A.reshape((2, 6))", lambda T, t: t.A.reshape(2, 6), A=N(3, 4)),
        case("reshape", "np.reshape(A, (2, -1))", lambda T, t: t.A.reshape(2, -1), A=N(3, 4)),
        case("reshape", "A.reshape(-1)", lambda T, t: t.A.reshape(-1), A=N(3, 4)),
        case("reshape", "A.reshape(-1, 1) * B", lambda T, t: t.A.reshape(-1, 1) * t.B, A=N(4), B=N(3)),
        case("reshape", "A.T.reshape(2, 6)", lambda T, t: t.A.T.reshape(2, 6), A=N(3, 4)),
        case("reshape", "(A * 2).T.reshape(2, 6) @ B", lambda T, t: (t.A * 2).T.reshape(2, 6) @ t.B, A=N(3, 4), B=N(6)),
        case("reshape", "A.reshape(1, 1)", lambda T, t: t.A.reshape(1, 1), A=N()),
        case("reshape_like", "reshape_like(A, K)", lambda T, t: t.A.reshape(6, 2), A=N(3, 4), K=N(6, 2)),
        case("reshape_like", "A.reshape(K.shape) * K", lambda T, t: t.A.reshape(6, 2) * t.K, A=N(3, 4), K=N(6, 2)),
        case("reshape_like", "reshape_like(A, B) * B", lambda T, t: t.A.reshape(6, 2) * t.B, A=N(3, 4), B=N(6, 2)),
        case("expand_dims", "expand_dims(A, 0) * B", lambda T, t: t.A[None] * t.B, A=N(4), B=N(3, 1)),
        case("expand_dims", "expand_dims(A, axis=1)", lambda T, t: t.A[:, None], A=N(4)),
        case("expand_dims", "np.expand_dims(A, axis=-1) * B", lambda T, t: t.A[..., None] * t.B, A=N(3, 4), B=N(5)),
        case("expand_dims", "expand_dims(A, axis=(0, 2))", lambda T, t: t.A[None, :, None, :], A=N(3, 4)),
        case("expand_dims", "expand_dims(A, axis=(-1, 0))", lambda T, t: t.A[None, :, :, None], A=N(3, 4)),
        case("squeeze", "squeeze(A)", lambda T, t: t.A.squeeze(), A=N(1, 4, 1)),
        case("squeeze", "np.squeeze(A, axis=0) * B", lambda T, t: t.A.squeeze(0) * t.B, A=N(1, 4), B=N(3, 1)),
        case("squeeze", "A.squeeze(axis=-1)", lambda T, t: t.A.squeeze(-1), A=N(3, 1)),
        case("squeeze", "squeeze(A, axis=(0, 2))", lambda T, t: t.A[0, :, 0], A=N(1, 4, 1)),
        case("squeeze", "squeeze(A @ B)", lambda T, t: (t.A @ t.B).squeeze(), A=N(1, 4), B=N(4, 1)),
        case(
            "unslice", "unslice(A, B[1:3]) * B", lambda T, t: T.nn.functional.pad(t.A, (0, 0, 1, 1)) * t.B, A=N(2, 3), B=N(4, 3)
        ),
        case("unslice", "unslice(A, K[:, 0])", lambda T, t: T.nn.functional.pad(t.A[:, None], (0, 2)), A=N(4), K=N(4, 3)),
        case(
            "unslice",
            "unslice(A, B[2, 1]) * B",
            lambda T, t: t.B * T.nn.functional.pad(t.A.reshape(1, 1), (1, 1, 2, 1)),
            A=N(),
            B=N(4, 3),
        ),
        case("mask_assign", "R = A.copy()\nR[A <= 0] = 0", lambda T, t: T.relu(t.A), A=N(3, 4)),
        case(
            "mask_assign",
            "H = A * 2\nH[K > 0] = B\nR = H * H",
            lambda T, t: T.where(t.K > 0, t.B, t.A * 2) ** 2,
            A=N(3, 4),
            B=N(),
            K=M(3, 4),
        ),
        case(
            "mask_assign",
            "H = exp(A)\nH[H > 1] = 1\nR = H + H * A",
            lambda T, t: T.clamp(T.exp(t.A), max=1) * (1 + t.A),
            A=N(3, 4),
        ),
        case("mask_assign", "H = A.copy()\nH[A <= 0] = B\nR = H", lambda T, t: T.where(t.A <= 0, t.B, t.A), A=N(3, 4), B=N()),
        case("mask_assign", "mask_assign(A, A > 0, 2.5)", lambda T, t: T.where(t.A > 0, 2.5, t.A), A=N(3, 4)),
        case("size_of", "A * A.shape[1] + K.shape[0]", lambda T, t: t.A * 4 + 5, A=N(3, 4), K=N(5)),
        case("size_of", "A / len(A)", lambda T, t: t.A / 3, A=N(3, 4)),
        case("size_of", "A.T / A.T.shape[0] * A.shape[-1]", lambda T, t: t.A.T, A=N(3, 4)),
    ]
    return made


def _fan_out() -> list[Case]:
    return [
        case("add", "H = A * B\nG = H + A\nR = G * H - B", lambda T, t: (t.A * t.B + t.A) * (t.A * t.B) - t.B, A=N(3, 4), B=N(4)),
        case("multiply", "H = A + B\nR = H * H * H", lambda T, t: (t.A + t.B) ** 3, A=N(3, 1), B=N(4)),
        case("subtract", "H = tanh(A)\nG = H - B\nH = G * H\nR = H - G * A", lambda T, t: (T.tanh(t.A) - t.B) * (T.tanh(t.A) - t.A), A=N(3, 4), B=N(3, 1)),
        case("multiply", "H = A\nH = H * A\nH = H * A\nR = H", lambda T, t: t.A**3, A=N(3, 4)),
        case("add", "H = A * 2\nH += B\nH *= A\nR = H", lambda T, t: (t.A * 2 + t.B) * t.A, A=N(3, 4), B=N(4)),
        case("divide", "H = A * 2\nH -= 1\nH /= B\nR = H * H", lambda T, t: ((t.A * 2 - 1) / t.B) ** 2, A=N(3, 4), B=P(3, 1)),
        case("power", "H = A * 2\nH **= 2\nR = H * A", lambda T, t: (t.A * 2) ** 2 * t.A, A=N(3, 4)),
        case("multiply", "(A * B) * (A * B)", lambda T, t: (t.A * t.B) ** 2, A=N(3, 4), B=N(4)),
        case("multiply", "2 * ((A + 1) * (B - A)) / (A * A + B * B)", lambda T, t: 2 * (t.A + 1) * (t.B - t.A) / (t.A**2 + t.B**2), A=P(3, 4), B=P(1, 4)),
        case("add", "A + A.T", lambda T, t: t.A + t.A.T, A=N(3, 3)),
        case("multiply", "H = A.T\nR = H * B + H", lambda T, t: t.A.T * t.B + t.A.T, A=N(3, 4), B=N(4, 3)),
        case("exp", "H = exp(A)\nG = log(H + 1)\nF = sqrt(G) / H\nR = F * G + H", lambda T, t: T.sqrt(T.log(T.exp(t.A) + 1)) / T.exp(t.A)
             * T.log(T.exp(t.A) + 1) + T.exp(t.A), A=N(3, 4)),
        case("add", "A + B + A * B + sum(A) * mean(B)", lambda T, t: t.A + t.B + t.A * t.B + t.A.sum() * t.B.mean(), A=N(3, 1), B=N(1, 4)),
        case("add", "H = sum(A)\nR = H + B", lambda T, t: t.A.sum() + t.B, A=N(3, 4), B=N(4)),
        case("sum", "s = sum(A * A)\nR = A / sqrt(s)", lambda T, t: t.A / T.sqrt((t.A * t.A).sum()), A=N(3, 4)),
        case("mask_assign", "H = A.copy()\nH[A <= 0] = 0\nG = H @ B\nG[G > 0.5] = 0.5\nR = G", lambda T, t: T.clamp(T.relu(t.A) @ t.B, max=0.5), A=N(3, 4), B=N(4, 2)),
    ]  # fmt: skip


def _dropped(like: Any, rate: float) -> np.ndarray:
    """The mask `D` of iteration 1; which units it drops is the draw's affair, not the derivative's."""
    return ops.get("dropout_mask").forward(np.zeros(tuple(like.shape)), 1, rate, 0, "D")


def _activations() -> list[Case]:
    made: list[Case] = []
    rows: list[tuple[str, str, Torch]] = [
        ("leaky_relu", "leaky_relu(A)", lambda T, t: T.nn.functional.leaky_relu(t.A, 0.01)),
        ("leaky_relu", "leaky_relu(A, slope=0.2)", lambda T, t: T.nn.functional.leaky_relu(t.A, 0.2)),
        ("elu", "elu(A)", lambda T, t: T.nn.functional.elu(t.A)),
        ("elu", "elu(A, alpha=0.5)", lambda T, t: T.nn.functional.elu(t.A, 0.5)),
        ("gelu", "gelu(A)", lambda T, t: T.nn.functional.gelu(t.A, approximate="tanh")),
        ("softplus", "softplus(A)", lambda T, t: T.nn.functional.softplus(t.A)),
        ("erf", "erf(A)", lambda T, t: T.erf(t.A)),
        ("gelu_erf", "gelu_erf(A)", lambda T, t: T.nn.functional.gelu(t.A)),
        ("silu", "silu(A)", lambda T, t: T.nn.functional.silu(t.A)),
        ("selu", "selu(A)", lambda T, t: T.nn.functional.selu(t.A)),
        ("softsign", "softsign(A)", lambda T, t: T.nn.functional.softsign(t.A)),
    ]
    for op, text, torch in rows:
        for shape in ((3, 4), (4,), (), (2, 3, 4)):
            made.append(case(op, text, torch, A=N(*shape)))
        made.append(case(op, f"H = {text}\nR = H * H + H", lambda T, t, f=torch: f(T, t) ** 2 + f(T, t), A=N(3, 4)))
        made.append(
            case(
                op,
                text.replace("A", "A.T @ B"),
                lambda T, t, f=torch: f(T, type("P", (), {"A": t.A.T @ t.B})),
                A=N(4, 3),
                B=N(4, 2),
            )
        )
    for op, form in (("gelu_slope", "tanh"), ("gelu_erf_slope", "none")):

        def slope(T: Any, t: Any, form: str = form) -> Any:
            each = T.func.vmap(T.func.grad(lambda z: T.nn.functional.gelu(z, approximate=form)))
            return each(t.K.reshape(-1)).reshape(t.K.shape) * t.A

        made.append(case(op, f"{op}(K) * A", slope, A=N(3, 4), K=N(3, 4)))
    for shape in ((3, 4), (), (2, 3, 4)):
        made.append(case("sin", "sin(A)", lambda T, t: T.sin(t.A), A=N(*shape)))
        made.append(case("cos", "np.cos(A) * A", lambda T, t: T.cos(t.A) * t.A, A=N(*shape)))
    made += [
        case(
            "dropout_mask", "D = dropout_mask(A, rate=0.5)\nR = A * D", lambda T, t: t.A * T.tensor(_dropped(t.A, 0.5)), A=N(4, 5)
        ),
        case(
            "dropout_mask",
            "D = dropout_mask(A, 0.3)\nR = A * D * A",
            lambda T, t: t.A * T.tensor(_dropped(t.A, 0.3)) * t.A,
            A=N(4, 5),
        ),
        case("argmax", "A * (argmax(A, axis=0) + 1)", lambda T, t: t.A * (t.A.argmax(0) + 1), A=D(3, 4)),
        case("plain_number", "A * float(sum(B))", lambda T, t: t.A * t.B.sum(), A=N(3, 4), B=N(3)),
    ]
    for op in ("softmax", "log_softmax"):
        for axis in (0, 1, -1):
            made.append(case(op, f"{op}(A, axis={axis})", lambda T, t, o=op, x=axis: getattr(T, o)(t.A, x), A=N(3, 4)))
            made.append(case(op, f"{op}(A, axis={axis})", lambda T, t, o=op, x=axis: getattr(T, o)(t.A, x), A=N(2, 3, 4)))
        made.append(case(op, f"H = {op}(A @ B, axis=0)\nR = H * H + H", lambda T, t, o=op: getattr(T, o)(t.A @ t.B, 0) ** 2
                         + getattr(T, o)(t.A @ t.B, 0), A=N(3, 2), B=N(2, 4)))  # fmt: skip
        for samples, axis in (("columns", 0), ("rows", -1)):
            made.append(case(op, f"{op}(A)", lambda T, t, o=op, x=axis: getattr(T, o)(t.A, x), samples, A=N(3, 4)))
    return made


def _more_losses() -> list[Case]:
    made: list[Case] = []
    for samples, axis in (("rows", 0), ("columns", -1)):
        for tail, mean in (("", True), (', reduction="sum"', False)):
            for shape in ((3, 4), (1, 4), (4, 1)):
                over = shape[axis] if mean else 1
                made += [
                    case("mae", f"mae(A, B{tail})", lambda T, t, n=over: (t.A - t.B).abs().sum() / n, samples, A=N(*shape), B=P(*shape)),
                    case("huber", f"huber(A, B{tail})", lambda T, t, n=over: T.nn.functional.huber_loss(t.A, t.B, reduction="sum") / n, samples,
                         A=N(*shape), B=N(*shape)),
                    case("huber", f"huber(A, B, delta=0.3{tail})", lambda T, t, n=over: T.nn.functional.huber_loss(t.A, t.B, reduction="sum", delta=0.3) / n,
                         samples, A=N(*shape), B=N(*shape)),
                    case("hinge", f"hinge(A, B{tail})", lambda T, t, n=over: T.relu(1 - t.A * t.B).sum() / n, samples, A=N(*shape), B=N(*shape)),
                    case("cross_entropy", f"cross_entropy(A, B{tail})", lambda T, t, n=over: -(t.B * T.log(t.A)).sum() / n, samples, A=U(*shape), B=U(*shape)),
                    case("bce", f"bce(A, B{tail})", lambda T, t, n=over: T.nn.functional.binary_cross_entropy(t.A, t.B, reduction="sum") / n, samples,
                         A=U(*shape), B=U(*shape)),
                    case("bce_with_logits", f"bce_with_logits(A, B{tail})",
                         lambda T, t, n=over: T.nn.functional.binary_cross_entropy_with_logits(t.A, t.B, reduction="sum") / n, samples, A=N(*shape), B=U(*shape)),
                    case("mse", f"mse(A, B{tail})", lambda T, t, k=mean: ((t.A - t.B) ** 2).mean() if k else ((t.A - t.B) ** 2).sum(), samples,
                         A=N(*shape), B=N(*shape)),
                ]  # fmt: skip
            classes = 0 if samples == "columns" else -1
            shape = (3, 4)
            n = shape[axis] if mean else 1
            one_hot = (shape[axis],)
            for targets in (one_hot, (1, 4) if samples == "columns" else (3, 1)):
                made.append(case(
                    "softmax_cross_entropy", f"softmax_cross_entropy(A, K{tail})",
                    lambda T, t, n=n, c=classes: -T.log_softmax(t.A, c).gather(c, t.K.reshape(-1).long().unsqueeze(c)).sum() / n,
                    samples, A=N(*shape), K=M(*targets)))  # fmt: skip
                made.append(case(
                    "one_hot", "one_hot(K, A) * A", lambda T, t, c=classes: T.zeros_like(t.A).scatter(c, t.K.reshape(-1).long().unsqueeze(c), 1.0) * t.A,
                    samples, A=N(*shape), K=M(*targets)))  # fmt: skip
            made.append(case(
                "softmax_cross_entropy", f"softmax_cross_entropy(A, K{tail})", lambda T, t, n=n, c=classes: -(t.K * T.log_softmax(t.A, c)).sum() / n,
                samples, A=N(*shape), K=Spec(shape, f"simplex {classes}")))  # fmt: skip
    return made


CASES: tuple[Case, ...] = tuple(
    {
        c.title: c
        for c in (
            *_binary(),
            *_unary(),
            *_linear(),
            *_losses(),
            *_reductions(),
            *_shaping(),
            *_fan_out(),
            *_activations(),
            *_more_losses(),
        )
    }.values()
)
