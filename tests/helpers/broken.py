"""Networks broken on purpose: each with what must be found, and where its first cause lies."""

# ruff: noqa: E501 (a table of networks)
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Broken:
    """A broken network: its text, how many iterations to look at, the rule that must find it, and its first cause.

    `causes` are the values (by label) that may be named as the first cause; `word` stands in one sentence of the chain.
    """

    name: str
    text: str
    rule: str
    causes: tuple[str, ...]
    iterations: int = 1
    word: str = ""


INPUTS = "np.random.uniform(-1, 1, ({n}, {m}))"
PATTERN = (1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0)


def net(
    sizes: Sequence[int] = (3, 6, 4, 1),
    hidden: str = "sigmoid",
    out: str = "sigmoid",
    loss: str = "mse({a}, Y)",
    weights: dict[int, str] | None = None,
    biases: dict[int, str] | None = None,
    x: str = INPUTS,
    y: str = "",
    lr: float = 0.1,
    dtype: str = "",
    m: int = 12,
    head: str = "",
    update: str = "",
    parameters: str = "",
) -> str:
    """Return a healthy dense network in the notation (Glorot weights, zero biases), but for what is named.

    Layer n is `Zn = Wn @ A(n-1) + bn`, `An = act(Zn)`; the last activation is `{a}` in the loss.
    """
    weights, biases = weights or {}, biases or {}
    y = y or f"np.array({[[PATTERN[(i + 3 * n) % 7] for i in range(m)] for n in range(sizes[-1])]})"
    lines = ["# data", "np.random.seed(3)", f"X = {x.format(n=sizes[0], m=m)}", f"Y = {y.format(n=sizes[-1], m=m)}"]
    lines += ['samples = "columns"', *([f'dtype = "{dtype}"'] if dtype else []), "# parameters", "np.random.seed(4)"]
    depth = len(sizes) - 1
    for k in range(1, depth + 1):
        fan_in, fan_out = sizes[k - 1], sizes[k]
        shape = f"({fan_out}, {fan_in})"
        usual = f"np.random.randn({fan_out}, {fan_in}) * {(2 / (fan_in + fan_out)) ** 0.5!r}"
        lines.append(f"W{k} = {weights.get(k, usual).format(usual=usual, shape=shape, n=fan_out, k=fan_in)}")
        lines.append(f"b{k} = {biases.get(k, 'np.zeros(({n}, 1))').format(n=fan_out)}")
    lines += [*([parameters] if parameters else []), f"lr = {lr!r}", "# forward", *([head] if head else [])]
    before = "Xs" if head else "X"
    for k in range(1, depth + 1):
        act = hidden if k < depth else out
        lines.append(f"Z{k} = W{k} @ {before} + b{k}")
        lines.append(f"A{k} = {act}(Z{k})" if "{" not in act else act.format(z=f"Z{k}", a=f"A{k}", k=k))
        before = f"A{k}"
    lines += ["# loss", f"L = {loss.format(a=before, z=f'Z{depth}')}"]
    return "\n".join(lines) + "\n" + (f"# update\n{update}\n" if update else "")


STACK = {n: (4, *(6,) * n, 1) for n in (6, 7, 8, 10)}
BCE = "bce({a}, Y)"
BY_HAND = "-mean(Y * log({a}) + (1 - Y) * log(1 - {a}))"
EXP_BY_HAND = "E{k} = exp({z})\n{a} = E{k} / sum(E{k}, axis=0, keepdims=True)"
CLASSES = "np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])"
THREE: dict[str, Any] = {"sizes": (2, 5, 3), "m": 3, "y": CLASSES, "loss": "-sum(Y * log({a})) / m"}

NONFINITE = [
    Broken("bce of saturated sigmoids, weights × −2000", net(weights={3: "{usual} * -2000"}, loss=BCE), "nonfinite", ("Z3",), word="run out"),
    Broken("logs by hand of saturated sigmoids", net(biases={3: "50 * np.ones(({n}, 1))"}, loss=BY_HAND), "nonfinite", ("Z3",)),
    Broken("bce, sigmoid exactly 0", net(biases={3: "-800 * np.ones(({n}, 1))"}, loss=BCE), "nonfinite", ("Z3",), word="−745"),
    Broken("bce in float32", net(biases={3: "20 * np.ones(({n}, 1))"}, loss=BCE, dtype="float32"), "nonfinite", ("Z3",), word="16.64"),
    Broken("bce in float16", net(biases={3: "10 * np.ones(({n}, 1))"}, loss=BCE, dtype="float16"), "nonfinite", ("Z3",)),
    Broken("bce, inputs × 1000, one layer", net((3, 1), x=INPUTS + " * 1000", loss=BCE), "nonfinite", ("Z1",)),
    Broken("bce, rate too large", net((3, 4, 1), hidden="relu", loss=BCE, lr=500.0), "nonfinite", ("Z2",), iterations=40),
    Broken("log of targets that are 0", net(loss="sum(Y * log(Y / {a}))"), "nonfinite", ("Y",), word="exactly 0"),
    Broken("log(1 − tanh)", net(out="tanh", biases={3: "30 * np.ones(({n}, 1))"}, loss="-mean(log(1 - {a}))"), "nonfinite", ("Z3",)),
    Broken("softmax by hand, weights × 2000", net(**THREE, out=EXP_BY_HAND, weights={2: "{usual} * 2000"}), "nonfinite", ("W2",), word="exp over"),
    Broken("softmax by hand, bias 800", net(**THREE, out=EXP_BY_HAND, biases={2: "800 * np.ones(({n}, 1))"}), "nonfinite", ("b2",)),
    Broken("softmax by hand, bias −800", net(**THREE, out=EXP_BY_HAND, biases={2: "-800 * np.ones(({n}, 1))"}), "nonfinite", ("Z2",)),
    Broken("softmax by hand, inputs × 1e4, ReLU", net(**THREE, hidden="relu", out=EXP_BY_HAND, x=INPUTS + " * 1e4"), "nonfinite", ("X",)),
    Broken("softmax by hand in float32", net(**THREE, out=EXP_BY_HAND, biases={2: "90 * np.ones(({n}, 1))"}, dtype="float32"), "nonfinite", ("b2",)),
    Broken("softmax by hand in float16", net(**THREE, out=EXP_BY_HAND, biases={2: "12 * np.ones(({n}, 1))"}, dtype="float16"), "nonfinite", ("b2",)),
    Broken("softmax sure of the wrong class", net(**THREE, out="softmax", biases={2: "np.array([[900.0], [0.0], [0.0]])"}), "nonfinite", ("Z2",)),
    Broken("standardised by a spread of 0", net(x="np.ones(({n}, {m}))", head="s = sqrt(mean((X - mean(X)) ** 2))\nXs = (X - mean(X)) / s"),
           "nonfinite", ("X",)),
    Broken("root of a negative number", net(x=INPUTS + " - 2", head="Xs = sqrt(X)"), "nonfinite", ("X",), word="square root"),
    Broken("negative power of 0", net(x="np.zeros(({n}, {m}))", head="Xs = X ** -1.0"), "nonfinite", ("X",)),
    Broken("weights divided by a norm of 0", net((3, 4), weights={1: "np.zeros({shape})"}, head="V = W1 / sqrt(sum(W1 ** 2))\nXs = V.T @ (V @ X)"),
           "nonfinite", ("W1",)),
    Broken("NaN among the data", net((2, 3, 1), m=2, x="np.array([[1.0, np.nan], [0.5, 0.2]])"), "nonfinite", ("X",)),
    Broken("∞ among the weights", net((2, 3, 1), weights={2: "np.array([[0.1, np.inf, 0.2]])"}), "nonfinite", ("W2",)),
    Broken("float16, squares of inputs × 300", net((3, 1), out="identity", x=INPUTS + " * 300 + 300", dtype="float16"), "nonfinite", ("X", "W1")),
    Broken("rate far too large, overflow", net((3, 1), out="identity", lr=1e3), "nonfinite", ("W1_next", "b1_next"), iterations=120),
    Broken("rate too large, deep, overflow", net((3, 4, 1), hidden="relu", out="identity", lr=30.0, x=INPUTS + " + 1"), "nonfinite",
           ("W1_next", "W2_next", "b1_next", "b2_next"), iterations=150),
]  # fmt: skip

GRADIENTS = [
    *(Broken(f"{n} sigmoids, weights × 0.3", net(STACK[n], weights=dict.fromkeys(range(1, n + 2), "{usual} * 0.3")), "vanishing",
             tuple(f"d{v}{k}" for v in "ZA" for k in range(1, n + 1)) + tuple(f"W{k}" for k in range(1, n + 2)))
      for n in STACK),
    Broken("10 sigmoids, usual weights", net(STACK[10]), "vanishing", tuple(f"d{v}{k}" for v in "ZA" for k in range(1, 12)) + tuple(f"W{k}" for k in range(1, 12))),
    Broken("tanh, second weights × 1e-6", net((3, 5, 5, 1), hidden="tanh", weights={2: "{usual} * 1e-6"}), "vanishing", ("W2",)),
    Broken("inputs × 1e-7", net((3, 4, 1), x=INPUTS + " * 1e-7"), "vanishing", ("X",), word="shrinks by"),
    Broken("third weights × 1e-5 of ReLUs", net((3, 5, 5, 1), hidden="relu", out="identity", weights={3: "{usual} * 1e-5"}), "vanishing", ("W3",)),
    Broken("ReLU, weights × 8, four layers", net((4, 8, 8, 8, 1), hidden="relu", out="identity", weights=dict.fromkeys(range(1, 5), "{usual} * 8")), "exploding",
           ("X", "W1", "W2", "W3", "W4")),
    Broken("ReLU, second weights × 400", net((4, 8, 8, 1), hidden="relu", out="identity", weights={2: "{usual} * 400"}), "exploding", ("W2",)),
    Broken("ReLU, inputs × 1000", net((4, 8, 1), hidden="relu", out="identity", x=INPUTS + " * 1000"), "exploding", ("X",)),
    Broken("tanh, first weights fine, inputs × 1e5", net((4, 8, 1), hidden="tanh", out="identity", x=INPUTS + " * 1e5", biases={2: "300 * np.ones(({n}, 1))"}),
           "exploding", ("X", "b2")),
    Broken("saturated sigmoids in the way, weights × 300", net((3, 6, 6, 1), weights={2: "{usual} * 300"}), "vanishing", ("W2",)),
    Broken("targets × 1e4", net((4, 8, 1), hidden="relu", out="identity", y="np.random.rand({n}, {m}) * 1e4"), "exploding", ("Y",)),
]  # fmt: skip

UNITS = [
    Broken("sigmoids, first weights × 100", net(weights={1: "{usual} * 100"}), "saturated", ("W1",)),
    Broken("sigmoids, second weights × 100", net(weights={2: "{usual} * 100"}), "saturated", ("W2",)),
    Broken("sigmoids, inputs × 1000", net(x=INPUTS + " * 1000"), "saturated", ("X",)),
    Broken("tanh, inputs × 300", net(hidden="tanh", x=INPUTS + " * 300"), "saturated", ("X",)),
    Broken("sigmoids, bias 20", net(biases={1: "20 * np.ones(({n}, 1))"}), "saturated", ("b1",)),
    Broken("sigmoids, bias −9 in layer 2", net(biases={2: "-9 * np.ones(({n}, 1))"}), "saturated", ("b2",)),
    Broken("output saturated at the wrong label", net(biases={3: "12 * np.ones(({n}, 1))"}), "saturated", ("b3",)),
    Broken("ReLU dead by bias −10", net(hidden="relu", biases={1: "-10 * np.ones(({n}, 1))"}), "dead", ("b1",)),
    Broken("ReLU dead by bias −10 in layer 2", net(hidden="relu", biases={2: "-10 * np.ones(({n}, 1))"}), "dead", ("b2",)),
    Broken("ReLU by maximum, dead", net(hidden="{a} = maximum(0, {z})", biases={1: "-10 * np.ones(({n}, 1))"}), "dead", ("b1",)),
    Broken("ReLU by where, dead", net(hidden="{a} = where({z} > 0, {z}, 0)", biases={1: "-10 * np.ones(({n}, 1))"}), "dead", ("b1",)),
    Broken("ReLU dead by negative weights", net(hidden="relu", x="np.random.rand({n}, {m})", weights={1: "-5 - np.random.rand({n}, {k})"}), "dead", ("W1",)),
    Broken("some ReLUs dead", net((3, 4, 1), hidden="relu", biases={1: "np.array([[0.1], [-10.0], [-10.0], [-10.0]])"}), "dead", ("b1",)),
    Broken("zero weights", net(weights=dict.fromkeys((1, 2, 3), "np.zeros({shape})")), "symmetric", ("W1", "W2")),
    Broken("constant weights", net(weights=dict.fromkeys((1, 2, 3), "0.5 * np.ones({shape})")), "symmetric", ("W1", "W2")),
    Broken("two copied units", net((2, 3, 1), weights={1: "np.array([[0.3, 0.2], [0.3, 0.2], [0.5, -0.1]])", 2: "np.array([[0.4, 0.4, 0.2]])"}), "symmetric", ("W1",)),
    Broken("constant weights of tanh", net((3, 4, 1), hidden="tanh", weights={1: "0.2 * np.ones({shape})", 2: "0.1 * np.ones({shape})"}), "symmetric", ("W1",)),
]  # fmt: skip

ROW = "0.1, 0.7, -0.3, 0.5, -0.9, 0.2, -0.6"
COPIED = f"np.array([[{ROW}, 0.9], [{ROW}, 0.9000000001], [0.4, -0.2, 0.6, 0.5, 0.8, -0.5, -0.7, 0.3]])"
MATRICES = [
    Broken("two equal input columns, nearly", net((3, 4, 1), m=8, x=COPIED), "condition", ("X",)),
    Broken("equal input columns", net((3, 4, 1), m=8, x=COPIED.replace("0.9000000001", "0.9")), "condition", ("X",)),
    Broken("inputs of very different sizes", net((2, 4, 1), m=4, x="np.array([[1.0, 2.0, -1.5, 0.3], [1e-9, -3e-9, 2e-9, 2e-9]])"), "condition", ("X",)),
    Broken("weights of rank 1", net((3, 4, 1), weights={1: "np.ones({shape}) + 1e-12 * np.random.rand({n}, {k})"}), "condition", ("W1",)),
    Broken("weights badly conditioned in float32", net((2, 2, 1), dtype="float32", weights={1: "np.array([[1.0, 1.0], [1.0, 1.00001]])"}), "condition", ("W1",)),
    Broken("first weights × 50", net(hidden="tanh", weights={1: "{usual} * 50"}), "initialisation", ("W1",)),
    Broken("last weights × 0.001", net(hidden="relu", weights={3: "{usual} * 0.001"}), "initialisation", ("W3",)),
    Broken("second weights × 30", net(hidden="relu", weights={2: "{usual} * 30"}), "initialisation", ("W2",)),
    Broken("inputs × 1000, hint", net(x=INPUTS + " * 1000"), "input-range", ("X",)),
    Broken("inputs 0 to 255", net(x="np.random.rand({n}, {m}) * 255"), "input-range", ("X",)),
    Broken("first loss off by inputs × 300", net((3, 4, 1), hidden="relu", x=INPUTS + " * 300", loss=BCE, weights=dict.fromkeys((1, 2), "{usual} * 0.3")), "initial-loss", ("X",)),
    Broken("first loss off by inputs × 1000, classes", net((2, 3), m=3, y=CLASSES, x=INPUTS + " * 1000", out="softmax", loss="cross_entropy({a}, Y)",
           weights={1: "{usual} * 0.1"}), "initial-loss", ("X",)),
]  # fmt: skip

UPDATES = [
    Broken("first weights never updated", net((3, 4, 1), update="W2 = W2 - lr * g_W2\nb2 = b2 - lr * g_b2\nb1 = b1 - lr * g_b1"), "unchanged", ("W1",)),
    Broken("a bias never updated", net((3, 4, 1), update="W2 = W2 - lr * g_W2\nW1 = W1 - lr * g_W1\nb1 = b1 - lr * g_b1"), "unchanged", ("b2",)),
    Broken("steps lost to rounding", net((3, 4, 1), biases={1: "0.3 * np.ones(({n}, 1))", 2: "0.3 * np.ones(({n}, 1))"}, lr=1e-18), "unchanged", ("lr",), iterations=5),
    Broken("steps lost to rounding in float16", net((3, 4, 1), lr=1e-5, dtype="float16", biases={1: "np.ones(({n}, 1))", 2: "np.ones(({n}, 1))"}), "unchanged",
           ("lr",), iterations=5),
    Broken("rate 50", net((3, 4, 1), lr=50.0), "update-ratio", ("lr",)),
    Broken("rate 1e-7", net((3, 4, 1), lr=1e-7), "update-ratio", ("lr",)),
    Broken("rate 20, sigmoids, loss alternates", net((3, 6, 1), x="np.random.rand({n}, {m})", lr=20.0), "alternating", ("lr",), iterations=40),
    Broken("rate 1.2, tanh, loss alternates", net((3, 6, 1), hidden="tanh", out="tanh", x="np.random.rand({n}, {m})", lr=1.2), "alternating",
           ("lr",), iterations=80),
    Broken("rate too large, loss rises", net((3, 1), out="identity", lr=4.0), "rising", ("b1_next", "W1_next"), iterations=15),
    Broken("update in the wrong direction", net((3, 4, 1), hidden="tanh", update="W2 = W2 + lr * g_W2\nb2 = b2 + lr * g_b2\nW1 = W1 + lr * g_W1\nb1 = b1 + lr * g_b1", lr=0.3),
           "rising", ("W1_next", "W2_next"), iterations=15, word="uphill"),
    Broken("rate 1e-6, loss stalls", net((3, 4, 1), lr=1e-6), "stalled", ("lr",), iterations=12),
    Broken("dead network, loss stalls", net((3, 4, 1), hidden="relu", out="relu", biases={2: "-10 * np.ones(({n}, 1))"}), "stalled",
           ("b2",), iterations=12),
]  # fmt: skip

ENDS = [
    Broken("sigmoid exactly 1", net((3, 4, 1), biases={2: "40 * np.ones(({n}, 1))"}, loss=BCE), "about-to-be", ("Z2",)),
    Broken("log of 1e-13", net((3, 4, 1), biases={2: "-30 * np.ones(({n}, 1))"}, loss=BCE), "about-to-be", ("b2",)),
    Broken("exp of 720", net(**THREE, out=EXP_BY_HAND, biases={2: "720 * np.ones(({n}, 1))"}), "about-to-be", ("b2",)),
    Broken("a divisor of 1e-14", net((3, 4, 1), parameters="s = 1e-14", head="t = s * 1.0\nXs = X / t"), "about-to-be", ("s",)),
    Broken("denormal velocity in float32", net((3, 4, 1), dtype="float32", parameters="v = 1e-40 * np.ones((4, 3))",
           update="v = 0.9 * v + 0 * g_W1\nW1 = W1 - lr * v\nW2 = W2 - lr * g_W2"), "denormal", ("v",)),
    Broken("denormal inputs", net((3, 4, 1), x="1e-310 * np.random.rand({n}, {m})"), "denormal", ("X",)),
    Broken("denormal by weights of 1e-200", net((3, 4, 4, 1), hidden="identity", weights={1: "{usual} * 1e-200", 2: "{usual} * 1e-115"}), "denormal", ("W1", "W2")),
    Broken("digits cancelled", net((3, 4, 1), head="B = X + 1e15\nC = 1.0 * B\nD = C + 0.125\nXs = D - C"), "cancelling", ("X", "B", "C", "D")),
    Broken("variance by the difference of large squares", net((3, 4, 1), head="q = mean((X + 1e8) ** 2)\nr = mean(X + 1e8)\nv = q - r ** 2\nXs = X / (1 + v * v)"),
           "cancelling", ("X", "X.1", "q", "r")),
]  # fmt: skip

BY_ROWS = """\
# data
np.random.seed(3)
X = {x}
Y = np.array([[1.0], [0.0], [1.0], [1.0], [0.0], [0.0], [1.0], [0.0]])
samples = "rows"
batch = 4
# parameters
np.random.seed(4)
W1 = {w1}
b1 = {b1}
W2 = {w2}
b2 = {b2}
v = np.zeros((3, 5))
lr = {lr}
# forward
Z1 = X @ W1 + b1
A1 = 1 / (1 + np.exp(-Z1))
Z2 = A1 @ W2 + b2
A2 = 1 / (1 + np.exp(-Z2))
# loss
L = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
# backward
dZ2 = (A2 - Y) / m
dW2 = A1.T @ dZ2
db2 = dZ2.sum(axis=0, keepdims=True)
dZ1 = (dZ2 @ W2.T) * A1 * (1 - A1)
dW1 = X.T @ dZ1
db1 = dZ1.sum(axis=0, keepdims=True)
# update
v = 0.9 * v + dW1
W1 -= lr * v
b1 -= lr * db1
W2 {sign}= lr * dW2
b2 -= lr * db2
"""


def by_hand(**faults: str) -> str:
    """Return a network with samples as rows, mini-batches, momentum, everything written out; healthy but for what is named."""
    usual = {
        "x": "np.random.uniform(-1, 1, (8, 3))", "w1": "np.random.randn(3, 5) * 0.5", "b1": "np.zeros((1, 5))",
        "w2": "np.random.randn(5, 1) * 0.6", "b2": "np.zeros((1, 1))", "lr": "0.1", "sign": "-",
    }  # fmt: skip
    return BY_ROWS.format(**(usual | faults))


HAND = [
    Broken("by hand: last bias 40", by_hand(b2="40 * np.ones((1, 1))"), "nonfinite", ("Z2",), word="36.74"),
    Broken("by hand: last bias −720", by_hand(b2="-720 * np.ones((1, 1))"), "nonfinite", ("Z2",), word="−709.78"),
    Broken("by hand: rate 1e4", by_hand(lr="1e4"), "nonfinite", ("Z2",), iterations=60),
    Broken("by hand: hidden bias 20", by_hand(b1="20 * np.ones((1, 5))"), "saturated", ("b1",), iterations=2),
    Broken("by hand: inputs × 1000", by_hand(x="np.random.uniform(-1, 1, (8, 3)) * 1000"), "saturated", ("X",), iterations=2),
    Broken(
        "by hand: last weights × 1e-7", by_hand(w2="np.random.randn(5, 1) * 1e-7", lr="1e-9"), "vanishing", ("W2",), iterations=2
    ),
    Broken(
        "by hand: inputs × 1e5",
        by_hand(x="np.random.uniform(-1, 1, (8, 3)) * 1e5", w1="np.random.randn(3, 5) * 1e-5"),
        "exploding",
        ("X",),
    ),
    Broken("by hand: zero weights", by_hand(w1="np.zeros((3, 5))", w2="np.zeros((5, 1))"), "symmetric", ("W1",)),
    Broken("by hand: W2 is added to", by_hand(sign="+", lr="0.5"), "rising", ("W2_next",), iterations=60, word="uphill"),
    Broken("by hand: rate 1e-9", by_hand(lr="1e-9"), "update-ratio", ("lr",), iterations=2),
]

BROKEN = [*HAND, *NONFINITE, *GRADIENTS, *UNITS, *MATRICES, *UPDATES, *ENDS]
