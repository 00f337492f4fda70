"""ONNX nodes as programs in the notation: one rule an operator, which writes the lines that compute its outputs.

The inputs of a node stand under `# data` as `I0`, `I1`, …, as literals (empty ones under `# parameters`); the lines under
`# predict` give `O0`, `O1`, ….
Inputs that say how (axes, shapes, starts) are read as numbers, since the notation wants them written out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.complete import load
from core.execute.machine import Machine
from core.notation.convert import DTYPES
from core.optimizers import RULES as UPDATES


class CannotError(Exception):
    """A node that the notation has no lines for."""


@dataclass
class Node:
    """One node of an ONNX model with its attributes and the values of its inputs (None where left out)."""

    op: str
    attributes: dict[str, Any]
    inputs: Sequence[Any]
    expected: Sequence[Any]
    more: list[str] = field(default_factory=list)

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an attribute, or the default."""
        return self.attributes.get(name, default)

    def has(self, position: int) -> bool:
        """Tell whether an input is given."""
        return position < len(self.inputs) and self.inputs[position] is not None

    def numbers(self, position: int) -> tuple[int, ...] | None:
        """Return an input as whole numbers, None if it is left out."""
        return tuple(int(v) for v in np.atleast_1d(self.inputs[position])) if self.has(position) else None

    def shape(self, position: int = 0) -> tuple[int, ...]:
        """Return the shape of an input."""
        return np.shape(self.inputs[position])

    def dtype(self, position: int = 0) -> str:
        """Return the name of the dtype of an input."""
        return np.asarray(self.inputs[position]).dtype.name

    def give(self, name: str, array: Any) -> str:
        """Stand one more array under `# data`; return its name."""
        self.more.append(f"{name} = {literal(np.asarray(array))}")
        return name

    def text(self) -> str:
        """Return the program."""
        lines = RULES[self.op](self)
        lines = [f"O0 = {lines}"] if isinstance(lines, str) else lines
        arrays = {f"I{i}": np.asarray(x) for i, x in enumerate(self.inputs) if x is not None}
        data = [f"{name} = {literal(x)}" for name, x in arrays.items() if x.size]
        # Data without a sample are refused; an array of no numbers can only be a parameter.
        empty = [f"{name} = {literal(x)}" for name, x in arrays.items() if not x.size]
        return "\n".join(["# data", *data, *self.more, 'samples = "rows"', "# parameters", *empty, "# predict", *lines]) + "\n"

    def run(self) -> list[Any]:
        """Return the outputs that the program gives, as many as are expected."""
        program = load(self.text())
        assert program.fault is None, f"{program.fault}\n{program.text}"
        machine = Machine(program, {g.name: g.value for g in program.given})
        machine.go(len(program))
        assert machine.fault is None, f"{machine.fault}\n{program.text}"
        made = {v.name: v.index for v in program.values}
        return [np.asarray(machine.value(made[f"O{i}"])) for i in range(len(self.expected))]


def literal(array: Any) -> str:
    """Return the text of an array as the notation reads it."""
    if array.dtype.name not in ("bool", "float16", "float32", "float64") and array.dtype.kind not in "iu":
        raise CannotError(f"NumPy has no type {array.dtype}")
    if array.size == 0:
        return f'np.zeros({array.shape}, dtype="{array.dtype}")'
    numbers = repr(array.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
    return f'np.array({numbers}, dtype="{array.dtype}")'


def nodes_of(case: Any) -> list[Node]:
    """Return the node of a test case of one node, once for each of its data sets; raises CannotError."""
    from onnx import TensorProto, helper, numpy_helper

    def array(value: Any) -> Any:
        made = numpy_helper.to_array(value) if isinstance(value, TensorProto) else value
        if not isinstance(made, (np.ndarray, np.generic)):
            raise CannotError("a list or an optional value, not an array")
        return made

    graph = case.model.graph
    (node,) = graph.node
    found = []
    for inputs, outputs in case.data_sets:
        known = {n.name: numpy_helper.to_array(n) for n in graph.initializer}
        known |= {i.name: array(v) for i, v in zip(graph.input, inputs, strict=False)}
        attributes = {a.name: _plain(helper.get_attribute_value(a)) for a in node.attribute}
        places = dict(zip((o.name for o in graph.output), map(array, outputs), strict=True))
        expected = [places[n] for n in node.output if n]
        if list(node.output)[: len(expected)] != [n for n in node.output if n]:
            raise CannotError("an output is left out in the middle")
        found.append(Node(node.op_type, attributes, [known.get(n) if n else None for n in node.input], expected))
    return found


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


Rule = Callable[[Node], "str | list[str]"]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register a function as the rule of some operators."""

    def keep(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return keep


_PLAIN = {
    "Add": "I0 + I1", "Sub": "I0 - I1", "Mul": "I0 * I1", "Neg": "-I0", "Exp": "exp(I0)", "Log": "log(I0)", "Sqrt": "sqrt(I0)",
    "Abs": "abs(I0)", "Sign": "sign(I0)", "Floor": "floor(I0)", "Sin": "sin(I0)", "Cos": "cos(I0)", "Tanh": "tanh(I0)",
    "Where": "where(I0, I1, I2)", "Greater": "I0 > I1", "GreaterOrEqual": "I0 >= I1", "Less": "I0 < I1",
    "LessOrEqual": "I0 <= I1", "Equal": "I0 == I1",
    "MatMul": "I0 @ I1", "Relu": "relu(I0)", "Softplus": "softplus(I0)", "Sigmoid": "sigmoid(I0)",
    "Identity": "identity(I0)", "Reciprocal": "1 / I0", "Ceil": "-floor(-I0)", "Softsign": "softsign(I0)", "Erf": "erf(I0)",
    "Tan": "sin(I0) / cos(I0)", "Sinh": "(exp(I0) - exp(-I0)) / 2", "Cosh": "(exp(I0) + exp(-I0)) / 2",
    "Mish": "I0 * tanh(softplus(I0))", "HardSwish": "I0 * maximum(0, minimum(1, I0 / 6 + 0.5))",
    "PRelu": "where(I0 < 0, I1 * I0, I0)", "Not": "I0 == False", "And": "minimum(I0, I1)", "Or": "maximum(I0, I1)",
    "Xor": "I0 != I1", "IsNaN": "I0 != I0",
}  # fmt: skip
for _name, _text in _PLAIN.items():
    RULES[_name] = lambda n, text=_text: text
_WITH = {
    "LeakyRelu": ("leaky_relu(I0, slope={alpha!r})", {"alpha": 0.01}),
    "Elu": ("elu(I0, alpha={alpha!r})", {"alpha": 1.0}),
    "Celu": ("maximum(I0, 0) + minimum(0, {alpha!r} * (exp(I0 / {alpha!r}) - 1))", {"alpha": 1.0}),
    "Selu": ("{gamma!r} * elu(I0, alpha={alpha!r})", {"alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875}),
    "ThresholdedRelu": ("where(I0 > {alpha!r}, I0, 0)", {"alpha": 1.0}),
    "HardSigmoid": ("maximum(0, minimum(1, {alpha!r} * I0 + {beta!r}))", {"alpha": 0.2, "beta": 0.5}),
    "Swish": ("I0 * sigmoid({alpha!r} * I0)", {"alpha": 1.0}),
    "Shrink": ("where(I0 < -{lambd!r}, I0 + {bias!r}, where(I0 > {lambd!r}, I0 - {bias!r}, 0))", {"lambd": 0.5, "bias": 0.0}),
    "Softmax": ("softmax(I0, axis={axis})", {"axis": -1}),
    "LogSoftmax": ("log_softmax(I0, axis={axis})", {"axis": -1}),
}
for _name, (_text, _defaults) in _WITH.items():
    RULES[_name] = lambda n, text=_text, defaults=_defaults: text.format(**{**defaults, **n.attributes})


def _cast(text: str, dtype: str) -> str:
    if dtype not in DTYPES:
        raise CannotError(f"`astype` knows {', '.join(DTYPES)}, not {dtype}")
    return f'({text}).astype("{dtype}")'


@rule("Div")
def _div(n: Node) -> str:
    if np.asarray(n.inputs[0]).dtype.kind in "iu":
        raise CannotError("whole numbers divided without a rest: `/` gives fractions here")
    return "I0 / I1"


@rule("Pow")
def _pow(n: Node) -> str:
    return "I0 ** I1" if n.dtype(0) == n.dtype(1) else _cast("I0 ** I1", n.dtype(0))


@rule("Max", "Min")
def _extreme(n: Node) -> str:
    text = "I0"
    for i in range(1, len(n.inputs)):
        text = f"{n.op.lower()}imum({text}, I{i})"
    return text


@rule("Sum", "Mean")
def _total(n: Node) -> str:
    text = " + ".join(f"I{i}" for i in range(len(n.inputs)))
    return text if n.op == "Sum" else f"({text}) / {len(n.inputs)}"


@rule("IsInf")
def _is_inf(n: Node) -> str:
    up, down = n.attribute("detect_positive", 1), n.attribute("detect_negative", 1)
    return "abs(I0) == np.inf" if up and down else "I0 == np.inf" if up else "I0 == -np.inf"


@rule("Gelu")
def _gelu(n: Node) -> str:
    return "gelu(I0)" if n.attribute("approximate", "none") == "tanh" else "gelu_erf(I0)"


@rule("Gemm")
def _gemm(n: Node) -> str:
    a, b = ("I0.T" if n.attribute("transA", 0) else "I0"), ("I1.T" if n.attribute("transB", 0) else "I1")
    text = f"{n.attribute('alpha', 1.0)!r} * ({a} @ {b})"
    return text + (f" + {n.attribute('beta', 1.0)!r} * I2" if n.has(2) else "")


def _axes(n: Node) -> tuple[int, ...] | None:
    axes = n.numbers(1) if n.has(1) else n.attribute("axes")
    return tuple(axes) if axes else None


_REDUCTIONS = {
    "ReduceSum": "sum(I0, {})", "ReduceMean": "mean(I0, {})", "ReduceMax": "max(I0, {})", "ReduceMin": "min(I0, {})",
    "ReduceL1": "sum(abs(I0), {})", "ReduceL2": "sqrt(sum(I0 ** 2, {}))", "ReduceSumSquare": "sum(I0 ** 2, {})",
    "ReduceLogSum": "log(sum(I0, {}))", "ReduceLogSumExp": "log(sum(exp(I0), {}))",
}  # fmt: skip
_UNREDUCED = {
    "ReduceL1": "abs(I0)", "ReduceL2": "sqrt(I0 ** 2)", "ReduceSumSquare": "I0 ** 2", "ReduceLogSum": "log(I0)",
}  # fmt: skip


@rule(*_REDUCTIONS)
def _reduce(n: Node) -> str:
    axes = _axes(n)
    if axes is None and n.attribute("noop_with_empty_axes", 0):
        return _UNREDUCED.get(n.op, "identity(I0)")
    return _REDUCTIONS[n.op].format(f"axis={axes}, keepdims={bool(n.attribute('keepdims', 1))}")


@rule("ArgMax", "ArgMin")
def _arg(n: Node) -> str:
    axis, keep = n.attribute("axis", 0), bool(n.attribute("keepdims", 1))
    x = "I0" if n.op == "ArgMax" else "(-I0)"
    if not n.attribute("select_last_index", 0):
        return f"argmax({x}, axis={axis}, keepdims={keep})"
    index = ", ".join("::-1" if i == axis % len(n.shape()) else ":" for i in range(len(n.shape())))
    return f"{n.shape()[axis] - 1} - argmax({x}[{index}], axis={axis}, keepdims={keep})"


@rule("Transpose")
def _transpose(n: Node) -> str:
    return f"transpose(I0, axes={tuple(n.attributes['perm'])})" if "perm" in n.attributes else "I0.T"


@rule("Reshape")
def _reshape(n: Node) -> str:
    shape = n.numbers(1) or ()
    if not n.attribute("allowzero", 0):
        shape = tuple(n.shape()[i] if size == 0 else size for i, size in enumerate(shape))
    return f"reshape(I0, {shape})"


@rule("Flatten")
def _flatten(n: Node) -> str:
    axis = n.attribute("axis", 1)
    axis += len(n.shape()) if axis < 0 else 0
    return f"reshape(I0, {(math.prod(n.shape()[:axis]), math.prod(n.shape()[axis:]))})"


@rule("Squeeze", "Unsqueeze")
def _axes_of_one(n: Node) -> str:
    return f"{'squeeze' if n.op == 'Squeeze' else 'expand_dims'}(I0, axis={n.numbers(1)})"


@rule("Slice")
def _slice(n: Node) -> str:
    starts, ends = n.numbers(1) or (), n.numbers(2) or ()
    axes, steps = n.numbers(3) or tuple(range(len(starts))), n.numbers(4) or (1,) * len(starts)
    cut = {a % len(n.shape()): f"{b}:{e}:{s}" for a, b, e, s in zip(axes, starts, ends, steps, strict=True)}
    return f"I0[{', '.join(cut.get(i, ':') for i in range(len(n.shape())))}]"


@rule("Split")
def _split(n: Node) -> list[str]:
    axis = n.attribute("axis", 0) % len(n.shape())
    parts, size = len(n.expected), n.shape()[axis]
    each = -(-size // parts)
    sizes = n.numbers(1) or tuple(min(each, size - i * each) for i in range(parts))
    lines, at = [], 0
    for i, part in enumerate(sizes):
        lines.append(f"O{i} = I0[{':, ' * axis}{at}:{at + part}]")
        at += part
    return lines


@rule("Clip")
def _clip(n: Node) -> str:
    text = "maximum(I0, I1)" if n.has(1) else "I0"
    return f"minimum({text}, I2)" if n.has(2) else text if n.has(1) else "identity(I0)"


@rule("Cast")
def _to(n: Node) -> str:
    from onnx import helper

    dtype = helper.tensor_dtype_to_np_dtype(n.attributes["to"])
    if dtype.name not in DTYPES:
        raise CannotError(f"`astype` knows {', '.join(DTYPES)}, not {dtype.name}")
    return _cast("I0", dtype.name)


@rule("Dropout")
def _dropout(n: Node) -> list[str]:
    """Inverted dropout, as here. Its mask is drawn by a generator of its own, so it is taken from the expected outputs."""
    ratio = float(n.inputs[1]) if n.has(1) else 0.5
    if not (n.has(2) and bool(n.inputs[2])) or ratio == 0.0:
        return ["O0 = identity(I0)", "O1 = I0 == I0"]
    if len(n.expected) < 2:
        raise CannotError("its random mask is not among the outputs")
    n.give("kept", n.expected[1])
    return ["O1 = identity(kept)", f"D = kept / {1.0 - ratio!r}", f'O0 = I0 * D.astype("{n.dtype()}")']


@rule("LayerNormalization")
def _layer_norm(n: Node) -> list[str]:
    axis = n.attribute("axis", -1) % len(n.shape())
    over = tuple(range(axis, len(n.shape())))
    lines = [
        f"O1 = mean(I0, axis={over}, keepdims=True)",
        f"var = mean((I0 - O1) ** 2, axis={over}, keepdims=True)",
        f"O2 = 1 / sqrt(var + {n.attribute('epsilon', 1e-5)!r})",
    ]
    return [*lines, "O0 = (I0 - O1) * O2 * I1" + (" + I2" if n.has(2) else "")]


@rule("RMSNormalization")
def _rms_norm(n: Node) -> str:
    over = tuple(range(n.attribute("axis", -1) % len(n.shape()), len(n.shape())))
    return f"I0 / sqrt(mean(I0 ** 2, axis={over}, keepdims=True) + {n.attribute('epsilon', 1e-5)!r}) * I1"


@rule("MeanVarianceNormalization")
def _mean_variance(n: Node) -> list[str]:
    over = tuple(n.attribute("axes", (0, 2, 3)))
    lines = [f"mu = mean(I0, axis={over}, keepdims=True)", f"var = mean((I0 - mu) ** 2, axis={over}, keepdims=True)"]
    return [*lines, "O0 = (I0 - mu) / sqrt(var + 1e-09)"]


@rule("LpNormalization")
def _lp_norm(n: Node) -> str:
    axis, p = n.attribute("axis", -1), n.attribute("p", 2)
    size = f"sum(abs(I0), axis={axis}, keepdims=True)" if p == 1 else f"sqrt(sum(I0 ** 2, axis={axis}, keepdims=True))"
    return f"where({size} == 0, 0, I0 / {size})"


@rule("InstanceNormalization")
def _instance_norm(n: Node) -> list[str]:
    over, each = tuple(range(2, len(n.shape()))), (1, n.shape()[1], *(1,) * (len(n.shape()) - 2))
    return [
        f"mu = mean(I0, axis={over}, keepdims=True)",
        f"var = mean((I0 - mu) ** 2, axis={over}, keepdims=True)",
        f"N = (I0 - mu) / sqrt(var + {n.attribute('epsilon', 1e-5)!r})",
        f"O0 = I1.reshape{each} * N + I2.reshape{each}",
    ]


@rule("GroupNormalization")
def _group_norm(n: Node) -> list[str]:
    groups, shape = n.attributes["num_groups"], n.shape()
    each = (1, shape[1], *(1,) * (len(shape) - 2))
    return [
        f"G = reshape(I0, {(shape[0], groups, -1)})",
        "mu = mean(G, axis=2, keepdims=True)",
        "var = mean((G - mu) ** 2, axis=2, keepdims=True)",
        f"N = (G - mu) / sqrt(var + {n.attribute('epsilon', 1e-5)!r})",
        f"O0 = I1.reshape{each} * reshape(N, {shape}) + I2.reshape{each}",
    ]


@rule("BatchNormalization")
def _batch_norm(n: Node) -> list[str]:
    """Running statistics here keep 1 − momentum, and take the variance with m − 1; ONNX keeps momentum, and divides by m."""
    each, over = (1, n.shape()[1], *(1,) * (len(n.shape()) - 2)), (0, *range(2, len(n.shape())))
    keep, lines, mean, var = n.attribute("momentum", 0.9), [], "I3", "I4"
    if n.attribute("training_mode", 0):
        mean, var = "mu", "var"
        lines = [
            f"mu = mean(I0, axis={over})",
            f"var = mean((I0 - mu.reshape{each}) ** 2, axis={over})",
            f"O1 = {keep!r} * I3 + {1 - keep!r} * mu",
            f"O2 = {keep!r} * I4 + {1 - keep!r} * var",
        ]
    scaled = f"(I0 - {mean}.reshape{each}) / sqrt({var}.reshape{each} + {n.attribute('epsilon', 1e-5)!r})"
    return [*lines, f"O0 = I1.reshape{each} * ({scaled}) + I2.reshape{each}"]


@rule("SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss")
def _class_loss(n: Node) -> list[str]:
    """Weighted classes, an ignored class, and further axes are written out; the plain case is our own loss.

    A mean of weighted losses is divided by the weights that were used, as in ONNX.
    """
    fused, reduction = n.op == "SoftmaxCrossEntropyLoss", n.attribute("reduction", "mean")
    shape, ignored = n.shape(), n.attribute("ignore_index")
    lines = ["log_p = log_softmax(I0, axis=1)" if fused else "log_p = identity(I0)"]
    lines += ["O1 = identity(log_p)"] if fused and len(n.expected) > 1 else []
    if len(shape) == 2 and not n.has(2) and ignored is None and reduction != "none":
        if fused:
            return [*lines, f'O0 = softmax_cross_entropy(I0, I1, reduction="{reduction}")']
        return [*lines, "y = one_hot(I1, log_p)", f'O0 = cross_entropy(exp(log_p), y, reduction="{reduction}")']
    each = (1, shape[1], *(1,) * (len(shape) - 2))
    n.give("classes", np.arange(shape[1]).reshape(each))
    lines.append("hot = expand_dims(I1, axis=1) == classes")
    weight = f"sum(hot * I2.reshape{each}, axis=1)" if n.has(2) else f'sum(hot, axis=1).astype("{n.dtype()}")'
    lines.append(f"w = {weight}" if ignored is None else f"w = {weight} * (I1 != {ignored})")
    lines.append("each = -sum(where(hot, log_p, 0), axis=1) * w")
    end = {"none": "identity(each)", "sum": "sum(each)", "mean": "sum(each) / sum(w)"}[reduction]
    return [*lines, f"O0 = {end}"]


@rule("Momentum", "Adagrad", "Adam")
def _update(n: Node) -> list[str]:
    """Our own update lines, for each tensor.

    ONNX differs: `norm_coefficient` is L2, added to the gradient by the operator itself; Momentum's `beta` scales the gradient
    from the second step on (T > 0), Adagrad's rate decays with T, Adam is not corrected at T = 0, and after that puts its epsilon
    beside the uncorrected root. T is 0 in these cases; no correction is our correction after infinitely many iterations.
    """
    a = n.attributes
    states = 2 if n.op == "Adam" else 1
    count = (len(n.inputs) - 2) // (2 + states)
    name = {"Adagrad": "adagrad", "Adam": "adam"}.get(n.op, "nesterov" if a.get("mode") == "nesterov" else "momentum")
    if int(n.inputs[1]) != 0 or a.get("norm_coefficient_post", 0.0):
        raise CannotError("T is not 0, or the parameters shrink after the step")
    names = {"beta1": "alpha", "beta2": "beta"} if n.op == "Adam" else {"beta": "alpha"} if n.op == "Momentum" else {}
    lines = [f"{ours} = float({a[theirs]!r})" for ours, theirs in names.items()]
    lines += [f"epsilon = float({a.get('epsilon', 0.0)!r})", "t = float(np.inf)", "rate = float(I0)"]
    kept = ("mW", "vW") if n.op == "Adam" else ("vW",) if n.op == "Momentum" else ("sW",)
    for i in range(count):
        w, g = 2 + i, 2 + count + i
        lines += [f"W = identity(I{w})", f"g = {a.get('norm_coefficient', 0.0)!r} * I{w} + I{g}"]
        lines += [f"{s} = identity(I{2 + (2 + k) * count + i})" for k, s in enumerate(kept)]
        lines += UPDATES[name][0]("W", "g", "rate").lines
        lines += [f"O{i} = identity(W)", *(f"O{(1 + k) * count + i} = identity({s})" for k, s in enumerate(kept))]
    return lines
