"""Backward passes as people write them: the mathematics of public courses, blogs and questions in our own words and names.

`RIGHT` are right as they are; of `WRONG`, each has the fault that its asker had, as (the line as typed, the names that fit it).
`where` says what it goes back to. No text is copied: data, names and starts are ours.
"""

from __future__ import annotations

from helpers.found_texts import (
    _COLUMNS,
    BIKES,
    DEEP_COLUMNS,
    DENOISED_CURVE,
    DIGITS,
    ELEVEN_LINES,
    LAYERWISE,
    LINEAR,
    LOGISTIC_FLAT,
    MINIMAL_CLASSIFIER,
    NIELSEN,
    ONES_COLUMN,
    PLANAR,
    SLOPE,
    Found,
    _replaced,
)

DROPOUT = (
    _COLUMNS
    + """\
W1 = np.random.randn(6, 2)
b1 = np.zeros((6, 1))
W2 = np.random.randn(1, 6)
b2 = np.zeros((1, 1))
D = np.array([[1, 1, 0, 1, 1, 1, 0], [0, 1, 1, 1, 1, 0, 1], [1, 0, 1, 1, 1, 1, 1], [1, 1, 1, 0, 1, 1, 1], [1, 1, 1, 1, 0, 1, 1],
              [1, 1, 1, 1, 1, 1, 0]])
keep_prob = 0.8
lr = 0.3
# forward
Z1 = W1 @ X + b1
A1 = relu(Z1)
A1d = A1 * D / keep_prob
Z2 = W2 @ A1d + b2
A2 = sigmoid(Z2)
# loss
L = bce(A2, Y)
# backward
dZ2 = (A2 - Y) / m
dW2 = dZ2 @ A1d.T
db2 = dZ2.sum(axis=1, keepdims=True)
dA1 = W2.T @ dZ2
dA1 = dA1 * D
dA1 = dA1 / keep_prob
dZ1 = dA1 * (Z1 > 0)
dW1 = dZ1 @ X.T
db1 = dZ1.sum(axis=1, keepdims=True)
# update
W1 -= lr * dW1
b1 -= lr * db1
W2 -= lr * dW2
b2 -= lr * db2
"""
)

LEAKY = """\
def leaky(z):
    return np.where(z > 0, z, 0.01 * z)

def leaky_slope(z):
    return np.where(z > 0, 1.0, 0.01)

# data
np.random.seed(20)
X = np.random.randn(10, 2)
T = np.random.randn(10, 1)
samples = "rows"
batch = 5
# parameters
np.random.seed(21)
W1 = np.random.randn(2, 5)
b1 = np.zeros(5)
W2 = np.random.randn(5, 1)
b2 = np.zeros(1)
rate = 0.01
# forward
Z1 = X @ W1 + b1
H = leaky(Z1)
O = H @ W2 + b2
# loss
E = np.sum((O - T) ** 2) / (2 * 5)
# backward
dO = (O - T) / 5
dH = dO @ W2.T
dZ1 = dH * leaky_slope(Z1)
# update
W2 = W2 - rate * (H.T @ dO)
b2 = b2 - rate * dO.sum(axis=0)
W1 = W1 - rate * (X.T @ dZ1)
b1 = b1 - rate * dZ1.sum(axis=0)
"""

_OPTIMISER = """\
# data
np.random.seed(22)
X = np.random.randn(6, 2)
y = np.random.randn(6, 1)
samples = "rows"
# parameters
np.random.seed(23)
W1 = np.random.randn(2, 3)
b1 = np.zeros((1, 3))
W2 = np.random.randn(3, 1)
b2 = np.zeros((1, 1))
{state}# forward
z1 = X @ W1 + b1
a1 = np.tanh(z1)
out = a1 @ W2 + b2
# loss
L = np.mean((out - y) ** 2)
# backward
dout = 2 * (out - y) / m
dW2 = a1.T @ dout
db2 = dout.sum(axis=0, keepdims=True)
dz1 = (dout @ W2.T) * (1 - a1 ** 2)
dW1 = X.T @ dz1
db1 = dz1.sum(axis=0, keepdims=True)
# update
{update}"""

_PARAMETERS = (("W1", "(2, 3)"), ("b1", "(1, 3)"), ("W2", "(3, 1)"), ("b2", "(1, 1)"))


def _optimiser(head: str, states: str, lines: str) -> str:
    """Return the program with the lines of an update written for each parameter P with its gradient dP."""
    state = head + "".join(f"{s}{p} = np.zeros({shape})\n" for s in states for p, shape in _PARAMETERS)
    update = "".join(line.replace("@", p) + "\n" for p, _ in _PARAMETERS for line in lines.splitlines())
    return _OPTIMISER.format(state=state, update=update)


ADAM = _optimiser(
    "lr = 0.01\nbeta1 = 0.9\nbeta2 = 0.999\neps = 1e-8\n", "mv",
    "m@ = beta1 * m@ + (1 - beta1) * d@\nv@ = beta2 * v@ + (1 - beta2) * d@ ** 2\nm@_hat = m@ / (1 - beta1 ** iteration)\n"
    "v@_hat = v@ / (1 - beta2 ** iteration)\n@ -= lr * m@_hat / (np.sqrt(v@_hat) + eps)",
)  # fmt: skip
ADAM_BARE = _optimiser(
    "lr = 0.01\nbeta1 = 0.9\nbeta2 = 0.999\neps = 1e-8\n", "mv",
    "m@ = beta1 * m@ + (1 - beta1) * d@\nv@ = beta2 * v@ + (1 - beta2) * np.square(d@)\n@ -= lr * m@ / (np.sqrt(v@) + eps)",
)  # fmt: skip
ADAMW = _optimiser(
    "lr = 0.01\nbeta1 = 0.9\nbeta2 = 0.999\neps = 1e-8\nwd = 0.01\nt = 0\n", "mv",
    "m@ = beta1 * m@ + (1 - beta1) * d@\nv@ = beta2 * v@ + (1 - beta2) * d@ ** 2\n"
    "@ -= lr * (m@ / (1 - beta1 ** t) / (np.sqrt(v@ / (1 - beta2 ** t)) + eps) + wd * @)",
).replace("# update\n", "# update\nt = t + 1\n")  # fmt: skip
NORMED = _optimiser("lr = 0.01\n", "", "@ -= lr * d@ / norm").replace(
    "# update\n", "norm = np.sqrt(np.sum(dW1 ** 2) + np.sum(db1 ** 2) + np.sum(dW2 ** 2) + np.sum(db2 ** 2))\n# update\n"
)
ADAGRAD = _optimiser("lr = 0.1\n", "c", "c@ += d@ ** 2\n@ += -lr * d@ / (np.sqrt(c@) + 1e-7)")
RMSPROP = _optimiser("lr = 0.01\nrho = 0.9\n", "c", "c@ = rho * c@ + (1 - rho) * d@ ** 2\n@ -= lr * d@ / np.sqrt(c@ + 1e-8)")
NESTEROV = _optimiser("lr = 0.01\nmu = 0.9\n", "v", "prev@ = v@\nv@ = mu * v@ - lr * d@\n@ += -mu * prev@ + (1 + mu) * v@")
MOMENTUM = _optimiser("lr = 0.01\nmu = 0.9\n", "v", "v@ = mu * v@ - lr * d@\n@ = @ + v@")
SCHEDULE = _optimiser("lr0 = 0.5\ndecay = 0.01\n", "", "lr = lr0 / (1 + decay * iteration)\n@ -= lr * d@").replace(
    "lr = lr0 / (1 + decay * iteration)\nb1", "b1").replace("lr = lr0 / (1 + decay * iteration)\nW2", "W2").replace(
    "lr = lr0 / (1 + decay * iteration)\nb2", "b2")  # fmt: skip
WEIGHT_DECAY = _optimiser("lr = 0.01\nwd = 0.001\n", "", "@ = @ - lr * d@ - lr * wd * @")
CLIPPED = _optimiser("lr = 0.01\n", "", "d@ = np.minimum(np.maximum(d@, -1), 1)\n@ -= lr * d@")

BATCH_NORM = """\
# data
np.random.seed(24)
X = np.random.randn(6, 3)
Y = np.random.randn(6, 2)
samples = "rows"
# parameters
np.random.seed(25)
W1 = np.random.randn(3, 4)
gamma = np.ones(4)
beta = np.zeros(4)
W2 = np.random.randn(4, 2)
b2 = np.zeros(2)
lr = 0.1
# forward
z = X @ W1
mu = np.mean(z, axis=0)
xmu = z - mu
var = np.mean(xmu ** 2, axis=0)
sqrtvar = np.sqrt(var + 1e-5)
ivar = 1 / sqrtvar
xhat = xmu * ivar
out = gamma * xhat + beta
h = np.maximum(0, out)
s = h @ W2 + b2
# loss
L = np.sum((s - Y) ** 2) / 6
# backward
N = 6
ds = 2 * (s - Y) / N
dW2 = h.T @ ds
db2 = ds.sum(axis=0)
dout = (ds @ W2.T) * (out > 0)
dbeta = np.sum(dout, axis=0)
dgamma = np.sum(dout * xhat, axis=0)
dxhat = dout * gamma
dz = 1 / N * ivar * (N * dxhat - np.sum(dxhat, axis=0) - xhat * np.sum(dxhat * xhat, axis=0))
dW1 = X.T @ dz
# update
W1 -= lr * dW1
gamma -= lr * dgamma
beta -= lr * dbeta
W2 -= lr * dW2
b2 -= lr * db2
"""

RELU_OUT = """\
# data
np.random.seed(26)
entrée = np.random.rand(4, 6)
cible = np.random.rand(2, 6)
samples = "columns"
# parameters
np.random.seed(27)
θ1 = np.random.rand(3, 4)
θ2 = np.random.rand(2, 3)
β2 = np.zeros((2, 1))
η = 0.05
# forward
u = θ1 @ entrée
caché = relu(u)
sortie = relu(θ2 @ caché + β2)
# loss
coût = half_sse(sortie, cible)
# backward
δ2 = (sortie - cible) * (sortie > 0)
δ1 = θ2.T @ δ2 * (u > 0)
# update
θ2 -= η * δ2 @ caché.T
β2 -= η * np.sum(δ2, axis=1, keepdims=True)
θ1 -= η * δ1 @ entrée.T
"""

SINGLE_32 = """\
# data
np.random.seed(28)
X = np.random.rand(5, 3)
Y = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [0, 1]])
samples = "rows"
batch = 1
dtype = "float32"
# parameters
np.random.seed(29)
n = 5
M = 4
W1 = np.random.randn(3, M) / np.sqrt(3)
b1 = np.zeros((1, M))
W2 = np.random.randn(M, 2) / np.sqrt(M)
b2 = np.zeros((1, 2))
N = 0.2
# forward
A1 = sigmoid(X @ W1 + b1)
P = softmax(A1 @ W2 + b2)
# loss
L = -np.sum(Y * np.log(P))
# backward
D2 = P - Y
D1 = D2 @ W2.T * A1 * (1 - A1)
# update
W2 = W2 - N * A1.T @ D2
b2 = b2 - N * D2
W1 = W1 - N * X.T @ D1
b1 = b1 - N * D1
"""

RIGHT = (
    Found("planar", "a course's planar data with one tanh layer", PLANAR),
    Found("deep columns with L2", "the same course's regularisation exercise", DEEP_COLUMNS),
    Found("layer by layer", "the same course's deep network with caches", LAYERWISE),
    Found("minimal classifier", "a university course's case study: softmax over a ReLU layer, weight decay", MINIMAL_CLASSIFIER),
    Found("eleven lines", "a blog's network in eleven lines", ELEVEN_LINES),
    Found("network of a book", "an online book's mini-batch class, squares", NIELSEN),
    Found("digits", "a video's digits: ReLU, softmax, columns", DIGITS),
    Found("warm-up", "a framework's tutorial: ReLU and squares without biases", DENOISED_CURVE),
    Found("bicycles", "an online degree's first project: linear output, updates added", BIKES),
    Found("column of ones", "a course's Theta with the bias folded into it", ONES_COLUMN),
    Found("straight line", "a question on exploding linear regression; its gradients are right", LINEAR),
    Found("slope and intercept", "a question on alternating signs; its gradients are right", SLOPE),
    Found("flat logistic", "logistic regression with flat vectors", LOGISTIC_FLAT),
    Found("dropout", "a course's inverted dropout with a kept mask", DROPOUT),
    Found("leaky", "leaky ReLU in a small def, literal batch size", LEAKY),
    Found("Adam", "Adam by hand", ADAM),
    Found("Adam without correction", "Adam by hand without the correction of its start", ADAM_BARE),
    Found("AdamW", "Adam with the decay beside it", ADAMW),
    Found("steps of one length", "all gradients divided by their common norm", NORMED),
    Found("Adagrad", "a course's sum of squares", ADAGRAD),
    Found("RMSProp", "a running mean of squares", RMSPROP),
    Found("Nesterov", "a course's look-ahead momentum", NESTEROV),
    Found("momentum", "a velocity that is added", MOMENTUM),
    Found("schedule", "a rate that falls with the iterations", SCHEDULE),
    Found("weight decay", "decay in the update alone", WEIGHT_DECAY),
    Found("clipped", "every cell of a gradient kept between -1 and 1", CLIPPED),
    Found("batch norm", "batch normalisation by hand, the short formula", BATCH_NORM),
    Found("ReLU output", "Greek and French names, ReLU at the output", RELU_OUT),
    Found("single precision", "float32, single samples, names such as n, N and M", SINGLE_32),
)

WRONG = (
    Found(
        "own layer's output",
        "datascience.stackexchange.com/questions/25394",
        _replaced(
            LAYERWISE,
            ("dW2 = 1.0 / m * np.dot(dZ2, A1.T)", "dW2 = 1.0 / m * np.dot(dZ2, AL.T)"),
            ("dW1 = 1.0 / m * np.dot(dZ1, X.T)", "dW1 = 1.0 / m * np.dot(dZ1, A1.T)"),
        ),
        (
            ("dW2 = 1.0 / m * np.dot(dZ2, AL.T)", ("operand", "shape")),
            ("dW1 = 1.0 / m * np.dot(dZ1, A1.T)", ("operand", "shape")),
        ),
    ),
    Found(
        "raw error passed on",
        "a question whose hidden delta uses the output's error: stackoverflow 46395467's sample loop",
        """\
# data
X = np.array([[0, 0, 1, 1], [1, 1, 0, 0]])
Y = np.array([[0, 0, 1, 1]])
samples = "columns"
batch = 1
# parameters
np.random.seed(1)
w_0 = 2 * np.random.rand(2, 2) - 1
w_1 = 2 * np.random.rand(1, 2) - 1
lr = 0.1
# forward
hidden = sigmoid(np.dot(w_0, X))
output = sigmoid(np.dot(w_1, hidden))
# backward
error = Y - output
delta = error * output * (1 - output)
hidden_error = np.dot(w_1.T, delta)
delta_hidden = error * hidden * (1 - hidden)
# update
w_1 += np.dot(delta, hidden.T) * lr
w_0 += np.dot(delta_hidden, X.T) * lr
""",
        (("delta_hidden = error * hidden * (1 - hidden)", ("chain-skipped", "operand")),),
    ),
    Found(
        "hidden error of the raw error",
        "the same question: the hidden error is made of the error, not of the delta",
        """\
# data
X = np.array([[0.3, 0.1, 1, 1.2], [1, 0.8, 0.1, 0]])
Y = np.array([[0, 0, 1, 1]])
samples = "columns"
batch = 1
# parameters
np.random.seed(1)
w_0 = 2 * np.random.rand(2, 2) - 1
w_1 = 2 * np.random.rand(1, 2) - 1
lr = 0.1
# forward
hidden = sigmoid(np.dot(w_0, X))
output = sigmoid(np.dot(w_1, hidden))
# loss
E = 0.5 * (Y - output) ** 2
# backward
error = Y - output
delta = error * output * (1 - output)
hidden_error = np.dot(w_1.T, error)
delta_hidden = hidden_error * hidden * (1 - hidden)
# update
w_1 += np.dot(delta, hidden.T) * lr
w_0 += np.dot(delta_hidden, X.T) * lr
""",
        (("hidden_error = np.dot(w_1.T, error)", ("operand", "derivative-missing")),),
    ),
    Found(
        "sigmoid of a sigmoid",
        "a Chinese forum's XOR that stays at 0.5",
        """\
# data
X = np.array([[0, 1, 0, 1], [0, 0, 1, 1]])
Y = np.array([[0, 1, 1, 0]])
samples = "columns"
batch = 1
# parameters
np.random.seed(3)
W1 = np.random.rand(2, 2)
b1 = np.zeros([2, 1])
W2 = np.random.rand(1, 2)
b2 = np.random.rand(1, 1)
alpha = 0.05
# forward
out1 = sigmoid(np.dot(W1, X) + b1)
pred_y = sigmoid(np.dot(W2, out1) + b2)
# loss
L = (Y - pred_y) ** 2
# backward
err = Y - pred_y
s2 = -2 * sigmoid(pred_y) * (1 - sigmoid(pred_y)) * err
slope1 = sigmoid(out1) * (1 - sigmoid(out1))
s1 = slope1 * np.dot(W2.T, s2)
# update
W2 = W2 - alpha * s2 * np.transpose(out1)
b2 = b2 - alpha * s2
W1 = W1 - alpha * np.dot(s1, np.transpose(X))
b1 = b1 - alpha * s1
""",
        (
            ("s2 = -2 * sigmoid(pred_y) * (1 - sigmoid(pred_y)) * err", ("derivative-twice",)),
            ("slope1 = sigmoid(out1) * (1 - sigmoid(out1))", ("derivative-twice",)),
        ),
    ),
    Found(
        "axes of rows",
        "pytroubles.com id1785: a digits network that stays at 10 %",
        _replaced(
            MINIMAL_CLASSIFIER,
            ("db2 = np.sum(dscores, axis=0, keepdims=True)", "db2 = np.sum(dscores)"),
            ("db = np.sum(dhidden, axis=0, keepdims=True)", "db = np.sum(dhidden)"),
        ),
        (("db2 = np.sum(dscores)", ("batch-sum",)), ("db = np.sum(dhidden)", ("batch-sum",))),
    ),
    Found(
        "softmax over the samples",
        "stackoverflow.com/questions/76450489: sum without an axis over rows",
        _replaced(MINIMAL_CLASSIFIER, ("np.sum(exp_scores, axis=1, keepdims=True)", "np.sum(exp_scores, axis=0)")),
        (("probs = exp_scores / np.sum(exp_scores, axis=0)", ("axis",)),),
    ),
    Found(
        "cells for the product",
        "datascience.stackexchange.com/questions/56928: one layer, the update adds",
        """\
# data
X = np.array([[1, 0, 1], [0, 1, 1], [0.2, 1, 0], [0, 0.3, 1]])
y = np.array([[1], [0], [0], [0]])
samples = "rows"
# parameters
np.random.seed(3)
weights = 2 * np.random.random((3, 1)) - 1
# forward
out = sigmoid(np.dot(X, weights))
# loss
L = np.sum((y - out) ** 2)
# backward
dE = 2 * np.dot(X.T, (out - y) * out * (1 - out))
# update
weights += dE
""",
        (("weights += dE", ("sign",)),),
    ),
    Found(
        "derivative beside cross-entropy",
        "hunkim/DeepLearningZeroToAll issue 112",
        _replaced(PLANAR, ("dZ2 = A2 - Y", "dZ2 = (A2 - Y) * A2 * (1 - A2)")),
        (("dZ2 = (A2 - Y) * A2 * (1 - A2)", ("derivative-extra",)),),
    ),
    Found(
        "stale and without slope",
        "Bot-Academy/NeuralNetworkFromScratch pull request 3",
        """\
# data
np.random.seed(30)
img = np.random.rand(6, 5)
l = np.array([[1, 0, 0, 0, 1], [0, 0, 1, 1, 0], [0, 1, 0, 0, 0]])
samples = "columns"
batch = 1
# parameters
np.random.seed(31)
w_i_h = np.random.uniform(-0.5, 0.5, (4, 6))
w_h_o = np.random.uniform(-0.5, 0.5, (3, 4))
b_i_h = np.zeros((4, 1))
b_h_o = np.zeros((3, 1))
learn_rate = 0.01
# forward
h_pre = b_i_h + w_i_h @ img
h = 1 / (1 + np.exp(-h_pre))
o_pre = b_h_o + w_h_o @ h
o = 1 / (1 + np.exp(-o_pre))
# loss
e = 1 / len(o) * np.sum((o - l) ** 2, axis=0)
# backward
delta_o = o - l
# update
w_h_o += -learn_rate * delta_o @ np.transpose(h)
b_h_o += -learn_rate * delta_o
# backward
delta_h = np.transpose(w_h_o) @ delta_o * (h * (1 - h))
# update
w_i_h += -learn_rate * delta_h @ np.transpose(img)
b_i_h += -learn_rate * delta_h
""",
        (("delta_o = o - l", ("derivative-missing",)), ("delta_h = np.transpose(w_h_o) @ delta_o * (h * (1 - h))", ("stale",))),
    ),
    Found(
        "weights before the error",
        "kim-marcel/basic_neural_network issue 7",
        ELEVEN_LINES.replace(
            "l1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))\n# update\nsyn1 += l1.T.dot(l2_delta)\n",
            "# update\nsyn1 += l1.T.dot(l2_delta)\n# backward\nl1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))\n# update\n",
        ),
        (("l1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))", ("stale",)),),
    ),
    Found(
        "slope left away",
        "louisjc/mnist-neural-network issue 1: the hidden deltas without the output's slope",
        """\
# data
np.random.seed(32)
X = np.random.rand(7, 4)
t = np.random.rand(7, 2)
samples = "rows"
batch = 1
# parameters
np.random.seed(33)
V = np.random.randn(4, 3)
W = np.random.randn(3, 2)
c = 0.1
# forward
hidden_outputs = sigmoid(X @ V)
outputs = sigmoid(hidden_outputs @ W)
# loss
E = half_sse(outputs, t)
# backward
output_deltas = outputs * (1 - outputs) * (outputs - t)
hidden_deltas = np.dot(output_deltas, W.T)
# update
W -= c * hidden_outputs.T @ output_deltas
V -= c * X.T @ hidden_deltas
""",
        (("hidden_deltas = np.dot(output_deltas, W.T)", ("derivative-missing",)),),
    ),
    Found(
        "slope of the output's output",
        "libBrain issue 78: a slope of z fed with a",
        NIELSEN.replace("sigmoid_prime(z2)", "sigmoid_prime(a2)").replace("sigmoid_prime(z3)", "sigmoid_prime(a3)"),
        (("return sigmoid(z) * (1 - sigmoid(z))", ("derivative-twice",)),),
    ),
    Found(
        "output without its slope",
        "stackoverflow.com/questions/59399842: XOR, dE/dw1 = dE · h",
        """\
# data
X = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
y = np.array([[0], [1], [1], [0]])
samples = "rows"
batch = 1
# parameters
w0 = np.array([[0.9, 0.1], [0.3, 0.5]])
w1 = np.array([[0.8], [0.7]])
lr = 0.5
# forward
h = sigmoid(X @ w0)
y0 = sigmoid(h @ w1)
# loss
E = 0.5 * (y - y0) ** 2
# backward
dey0 = -(y - y0)
deW0 = X.T @ (dey0 * y0 * (1 - y0) * w1.T * h * (1 - h))
deW1 = h.T @ dey0
# update
w0 -= lr * deW0
w1 -= lr * deW1
""",
        (("deW1 = h.T @ dey0", ("derivative-missing", "operand")),),
    ),
    Found(
        "flat targets",
        "regression whose targets are (m,): every residual meets every target",
        _replaced(
            DENOISED_CURVE,
            ("y = np.random.randn(8, 2)", "y = np.random.randn(8)"),
            ("w2 = np.random.randn(6, 2)", "w2 = np.random.randn(6, 1)"),
        ),
        (("y = np.random.randn(8)", ("broadcast",)),),
    ),
    Found(
        "mask on the wrong side",
        "a tutorial's copy with the mask turned",
        _replaced(DENOISED_CURVE, ("grad_h[h < 0] = 0", "grad_h[h > 0] = 0")),
        (("grad_h[h > 0] = 0", ("operand",)),),
    ),
    Found(
        "decay forgotten",
        "the L2 exercise with one lambd / m * W left away",
        _replaced(DEEP_COLUMNS, ("np.dot(dZ2, A1.T) + lambd / m * W2", "np.dot(dZ2, A1.T)")),
        (("dW2 = 1 / m * np.dot(dZ2, A1.T)", ("operand", "derivative-missing", "scale")),),
    ),
    Found(
        "error turned round beside decay",
        "the L2 exercise with the error written the other way",
        _replaced(DEEP_COLUMNS, ("dZ3 = A3 - Y", "dZ3 = Y - A3")),
        (("dZ3 = Y - A3", ("sign",)),),
    ),
    Found(
        "mean forgotten beside decay",
        "the L2 exercise with 1 / m left away in one line",
        _replaced(DEEP_COLUMNS, ("dW2 = 1 / m * np.dot(dZ2, A1.T)", "dW2 = np.dot(dZ2, A1.T)")),
        (("dW2 = np.dot(dZ2, A1.T) + lambd / m * W2", ("scale",)),),
    ),
    Found(
        "decay of another layer",
        "the L2 exercise with the decay of W3 in dW2",
        _replaced(DEEP_COLUMNS, ("np.dot(dZ2, A1.T) + lambd / m * W2", "np.dot(dZ2, A1.T) - lambd / m * W2")),
        (("dW2 = 1 / m * np.dot(dZ2, A1.T) - lambd / m * W2", ("sign",)),),
    ),
    Found(
        "slope's sign beside decay",
        "the L2 exercise with the sign turned at a mask",
        _replaced(DEEP_COLUMNS, ("dZ2 = np.multiply(dA2, A2 > 0)", "dZ2 = -np.multiply(dA2, A2 > 0)")),
        (("dZ2 = -np.multiply(dA2, A2 > 0)", ("sign",)),),
    ),
    Found(
        "decay taken away",
        "the classifier with the decay's sign turned",
        _replaced(MINIMAL_CLASSIFIER, ("dW2 += reg * W2", "dW2 -= reg * W2")),
        (("dW2 -= reg * W2", ("sign",)),),
    ),
    Found(
        "product's sign before decay",
        "the classifier with a minus before the decay is added",
        _replaced(MINIMAL_CLASSIFIER, ("dW = np.dot(X.T, dhidden)", "dW = -np.dot(X.T, dhidden)")),
        (("dW = -np.dot(X.T, dhidden)", ("sign",)),),
    ),
    Found(
        "clipped upwards",
        "clipped cells, one step up",
        _replaced(CLIPPED, ("W2 -= lr * dW2", "W2 += lr * dW2")),
        (("W2 += lr * dW2", ("sign",)),),
    ),
    Found(
        "mask not in the backward",
        "dropout forward only",
        _replaced(DROPOUT, ("dA1 = dA1 * D\n", "")),
        (("dA1 = dA1 / keep_prob", ("derivative-missing",)),),
    ),
    Found(
        "not divided by keep_prob",
        "dropout whose backward does not scale",
        _replaced(DROPOUT, ("dA1 = dA1 / keep_prob\n", "")),
        (("dA1 = dA1 * D", ("scale",)),),
    ),
    Found(
        "rows and columns",
        "a digits network turned over: dZ2 @ A1 for rows",
        _replaced(MINIMAL_CLASSIFIER, ("dW2 = np.dot(hidden_layer.T, dscores)", "dW2 = np.dot(hidden_layer, dscores.T)")),
        (("dW2 = np.dot(hidden_layer, dscores.T)", ("transpose", "shape")),),
    ),
    Found(
        "error turned round",
        "a network that predicts the contrary",
        _replaced(DIGITS, ("dZ2 = A2 - one_hot_Y", "dZ2 = one_hot_Y - A2")),
        (("dZ2 = one_hot_Y - A2", ("sign",)),),
    ),
    Found(
        "both minus",
        "updates that subtract what is meant to be added",
        _replaced(BIKES, ("weights_input_to_hidden += lr", "weights_input_to_hidden -= lr")),
        (("weights_input_to_hidden -= lr * delta_weights_i_h / n_records", ("sign",)),),
    ),
    Found(
        "slope of ReLU by the values",
        "digits whose ReLU' is Z",
        _replaced(DIGITS, ("return Z > 0", "return np.maximum(Z, 0)")),
        (("return np.maximum(Z, 0)", ("operand", "derivative-missing", "derivative-of-preactivation", "derivative-twice")),),
    ),
    Found(
        "tanh with the sigmoid's slope",
        "planar data with A1 · (1 − A1)",
        _replaced(PLANAR, ("1 - np.power(A1, 2)", "A1 * (1 - A1)")),
        (("dZ1 = np.multiply(np.dot(W2.T, dZ2), A1 * (1 - A1))", ("operand",)),),
    ),
    Found(
        "biases never moved",
        "planar data whose b1 stays",
        _replaced(PLANAR, ("b1 = b1 - learning_rate * db1\n", "")),
        (("db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)", ("never-applied",)),),
    ),
    Found(
        "hidden bias of the wrong delta",
        "planar data, db1 of dZ2",
        _replaced(PLANAR, ("np.sum(dZ1, axis=1, keepdims=True)", "np.sum(dZ2, axis=1, keepdims=True)")),
        (("db1 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)", ("operand",)),),
    ),
    Found(
        "Adam without the square",
        "Adam whose v sums the gradient itself",
        _replaced(ADAM, ("vW1 = beta2 * vW1 + (1 - beta2) * dW1 ** 2", "vW1 = beta2 * vW1 + (1 - beta2) * dW1")),
        (("vW1 = beta2 * vW1 + (1 - beta2) * dW1", ("operand",)),),
    ),
    Found(
        "RMSProp without the square",
        "a running mean of the gradients themselves under the root",
        _replaced(RMSPROP, *((f"(1 - rho) * d{p} ** 2", f"(1 - rho) * d{p}") for p, _ in _PARAMETERS)),
        tuple((f"c{p} = rho * c{p} + (1 - rho) * d{p}", ("operand",)) for p, _ in _PARAMETERS),
    ),
    Found(
        "RMSProp upwards",
        "a running mean of squares, one step up",
        _replaced(RMSPROP, ("b2 -= lr * db2", "b2 += lr * db2")),
        (("b2 += lr * db2 / np.sqrt(cb2 + 1e-8)", ("sign",)),),
    ),
    Found(
        "Nesterov without looking ahead",
        "the look-ahead with the velocity's sign turned",
        _replaced(NESTEROV, ("W1 += -mu * prevW1 + (1 + mu) * vW1", "W1 += mu * prevW1 - (1 + mu) * vW1")),
        (("W1 += mu * prevW1 - (1 + mu) * vW1", ("sign",)),),
    ),
    Found(
        "Adam upwards",
        "Adam that adds",
        _replaced(ADAM, ("W2 -= lr * mW2_hat", "W2 += lr * mW2_hat")),
        (("W2 += lr * mW2_hat / (np.sqrt(vW2_hat) + eps)", ("sign",)),),
    ),
    Found(
        "momentum upwards",
        "a velocity with the gradient's sign lost",
        _replaced(MOMENTUM, ("vb1 = mu * vb1 - lr * db1", "vb1 = mu * vb1 + lr * db1")),
        (("vb1 = mu * vb1 + lr * db1", ("sign",)),),
    ),
    Found(
        "three in a row",
        "three faults, one after the other",
        _replaced(
            DEEP_COLUMNS,
            ("dZ3 = A3 - Y", "dZ3 = (A3 - Y) * A3 * (1 - A3)"),
            ("dA2 = np.dot(W3.T, dZ3)", "dA2 = np.dot(W3.T, -dZ3)"),
            ("dZ1 = np.multiply(dA1, A1 > 0)", "dZ1 = dA1"),
        ),
        (
            ("dZ3 = (A3 - Y) * A3 * (1 - A3)", ("derivative-extra",)),
            ("dA2 = np.dot(W3.T, -dZ3)", ("sign",)),
            ("dZ1 = dA1", ("derivative-missing",)),
        ),
    ),
    Found(
        "batch norm without its mean",
        "batch normalisation whose backward forgets that the mean depends on z",
        _replaced(BATCH_NORM, ("N * dxhat - np.sum(dxhat, axis=0) - xhat", "N * dxhat - xhat")),
        (("dz = 1 / N * ivar * (N * dxhat - xhat * np.sum(dxhat * xhat, axis=0))", ("chain-skipped", "operand")),),
    ),
    Found(
        "flat logistic without the transpose",
        "flat logistic regression whose residual is the target's",
        _replaced(LOGISTIC_FLAT, ("np.dot(X.T, (h - y)) / len(y)", "np.dot(X.T, h) / len(y)")),
        (("gradient = np.dot(X.T, h) / len(y)", ("no-target", "operand")),),
    ),
    Found(
        "mean of cells",
        "mse's 1 / (m · n) forgotten in one line",
        _replaced(LEAKY, ("W2 = W2 - rate * (H.T @ dO)", "W2 = W2 - rate * (H.T @ dO) / 5")),
        (("W2 = W2 - rate * (H.T @ dO) / 5", ("scale",)),),
    ),
    Found(
        "Greek sign",
        "Greek and French names, one turned sign",
        _replaced(RELU_OUT, ("θ1 -= η * δ1 @ entrée.T", "θ1 += η * δ1 @ entrée.T")),
        (("θ1 += η * δ1 @ entrée.T", ("sign",)),),
    ),
    Found(
        "single precision operand",
        "float32, single samples, a wrong operand",
        _replaced(SINGLE_32, ("W2 = W2 - N * A1.T @ D2", "W2 = W2 - N * A1.T @ P")),
        (("W2 = W2 - N * A1.T @ P", ("operand", "no-target")),),
    ),
)
