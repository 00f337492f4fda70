"""The five seeds (/work/shared/seeds) as programs in the notation: as asked, as the accepted answer has them, and mended.

Numbers, names, order of the lines and faults are the askers'. What the notation does not have is written the nearest way: a
loop over samples is `batch = 1`, a class is its lines one under the other, `self.` is left away. HEALTH.md, section 3, holds
the facts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Seed:
    """One seed. `answered` is what the accepted answer makes of it; `mended` has every fault of the gradients mended.

    `faults` are those that its diagnosis must name at the least, as (the line as typed, name of the fault); where there are none,
    it is right as asked.
    """

    name: str
    asked: str
    answered: str
    mended: str
    faults: tuple[tuple[str, str], ...]


def _replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


# --- 1: the cost rises ---------------------------------------------------------------------------------

COST_RISES = """\
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def sigmoid_prime(x):
    return sigmoid(x) * (1 - sigmoid(x))

# data
X = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
Y = np.array([[0, 1, 1, 0]])
samples = "columns"
batch = 1
# parameters
w1 = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
b1 = np.zeros((3, 1))
w2 = np.array([0.1, 0.2, 0.3]).reshape(1, 3)
b2 = np.zeros((1, 1))
learning_rate = 0.01
# forward
Z1 = np.dot(w1, X) + b1
A1 = sigmoid(Z1)
Z2 = np.dot(w2, A1) + b2
A2 = sigmoid(Z2)
# loss
cost = (Y - A2) ** 2
# backward
error_gradient = 2 * (Y - A2)
dA2 = np.multiply(error_gradient, sigmoid_prime(Z2))
dZ2 = np.dot(w2.T, dA2)
dw2 = np.dot(dA2, A2.T)
db2 = dA2
# update
w2 -= dw2 * learning_rate
b2 -= db2 * learning_rate
# backward
dA1 = np.multiply(dZ2, sigmoid_prime(Z1))
dZ1 = np.dot(w1.T, dA1)
dw1 = np.dot(dA1, X.T)
db1 = dA1
# update
w1 -= dw1 * learning_rate
b1 -= db1 * learning_rate
"""
_SIGN = ("error_gradient = 2 * (Y - A2)", "error_gradient = 2 * (A2 - Y)")
_OPERAND = ("dw2 = np.dot(dA2, A2.T)", "dw2 = np.dot(dA2, A1.T)")
_START = (
    ("w1 = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])", "np.random.seed(1)\nw1 = np.random.randn(3, 2) * 0.1"),
    ("w2 = np.array([0.1, 0.2, 0.3]).reshape(1, 3)", "w2 = np.random.randn(1, 3) * 0.1"),
    ("learning_rate = 0.01", "learning_rate = 0.1"),
)
COST_RISES_SIGN_MENDED = _replaced(COST_RISES, _SIGN)
COST_RISES_OPERAND_MENDED = _replaced(COST_RISES, _OPERAND)
COST_RISES_MENDED = _replaced(COST_RISES, _SIGN, _OPERAND)

# --- 2: NaN after a while ------------------------------------------------------------------------------

NAN_LATER = """\
def relu_function(Z):
    return np.maximum(Z, 0)

def sigmoid_function(Z):
    return 1 / (1 + np.exp(-Z))

def relu_gradient(Z):
    return np.where(Z > 0, 1, 0)

def sigmoid_gradient(Z):
    return sigmoid_function(Z) * (1 - sigmoid_function(Z))

# data
X = flower_points(1)
Y = flower_labels()
samples = "columns"
# parameters
np.random.seed(1)
W1 = np.random.randn(4, 2) * np.sqrt(2 / 2)
b1 = np.zeros((4, 1))
W2 = np.random.randn(1, 4) * np.sqrt(2 / 4)
b2 = np.zeros((1, 1))
learning_rate = 1.2
m = Y.shape[1]
# forward
Z1 = np.dot(W1, X) + b1
A1 = relu_function(Z1)
Z2 = np.dot(W2, A1) + b2
A2 = sigmoid_function(Z2)
# loss
cost = -1 / m * np.sum((Y * np.log(A2)) + ((1 - Y) * np.log(1 - A2)))
# backward
dA2 = -(np.divide(Y, A2) - np.divide(1 - Y, 1 - A2))
dZ2 = dA2 * sigmoid_gradient(Z2)
dW2 = 1 / m * np.dot(dZ2, A1.T)
db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
dA1 = np.dot(W2.T, dZ2)
dZ1 = dA1 * relu_gradient(Z1)
dW1 = 1 / m * np.dot(dZ1, X.T)
db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
# update
W1 -= (learning_rate * dW1)
b1 -= (learning_rate * db1)
W2 -= (learning_rate * dW2)
b2 -= (learning_rate * db2)
"""
NAN_LATER_ANSWERED = _replaced(
    NAN_LATER,
    ("m = Y.shape[1]", "m = Y.shape[1]\nepsilon = 0.00001"),
    ("np.log(A2)", "np.log(A2 + epsilon)"),
    ("np.log(1 - A2)", "np.log(1 - A2 + epsilon)"),
    ("np.divide(Y, A2)", "np.divide(Y, A2 + epsilon)"),
    ("np.divide(1 - Y, 1 - A2)", "np.divide(1 - Y, 1 - A2 + epsilon)"),
)
NAN_LATER_MENDED = _replaced(
    NAN_LATER,
    ("cost = -1 / m * np.sum((Y * np.log(A2)) + ((1 - Y) * np.log(1 - A2)))", "cost = bce_with_logits(Z2, Y)"),
    ("dA2 = -(np.divide(Y, A2) - np.divide(1 - Y, 1 - A2))\ndZ2 = dA2 * sigmoid_gradient(Z2)", "dZ2 = A2 - Y"),
)

# --- 3: shapes (4,4) and (2,5) not aligned -------------------------------------------------------------

NOT_ALIGNED = """\
def sigmoid(z):
    s = 1 / (1 + np.exp(-z))
    return s

# data
X_train = np.asarray([[1, 1, 1, 1, 1], [1, 1, 1, 1, 1]])
Y_train = np.asarray([[0, 0, 0, 0], [1, 0, 0, 0]])
X_trainT = X_train.T
Y_trainT = Y_train.T
samples = "columns"
# parameters
M = 2
learning_rate = 0.0001
w1 = np.zeros((4, 5))
b1 = np.zeros((4, 1))
w2 = np.zeros((4, 4))
b2 = np.zeros((4, 1))
# forward
A1 = sigmoid(np.dot(w1, X_trainT))
A2 = sigmoid(np.dot(w2, A1))
# forward propogation
dw1 = (1 / M) * np.dot((A1 - A2), X_trainT.T / M)
db1 = (A1 - A2).mean(axis=1, keepdims=True)
w1 = w1 - learning_rate * dw1
b1 = b1 - learning_rate * db1
dw2 = (1 / M) * np.dot((A2 - A1), Y_trainT.T / M)
db2 = (A2 - Y_trainT).mean(axis=1, keepdims=True)
w2 = w2 - learning_rate * dw2
b2 = b2 - learning_rate * db2
# predict
Y_prediction_train = sigmoid(np.dot(w2, X_train) + b2)
"""
# with the data of the question's second half, and the prediction that meets A1
NOT_ALIGNED_SECOND = _replaced(
    NOT_ALIGNED,
    ("[[1, 1, 1, 1, 1], [1, 1, 1, 1, 1]]", "[[1, 0, 1, 1, 1], [1, 1, 1, 1, 1]]"),
    ("[[0, 0, 0, 0], [1, 0, 0, 0]]", "[[0, 1, 0, 0], [1, 0, 0, 0]]"),
    ("np.dot(w2, X_train)", "np.dot(w2, A1)"),
)
NOT_ALIGNED_ANSWERED = _replaced(
    NOT_ALIGNED_SECOND, ("dw2 = (1 / M) * np.dot((A2 - A1), Y_trainT.T / M)", "dw2 = (1 / M) * np.dot((A2 - Y_trainT), A1.T)")
)
# every fault mended, for the loss whose gradient the answer's dw2 is; the start is random
NOT_ALIGNED_MENDED = """\
def sigmoid(z):
    s = 1 / (1 + np.exp(-z))
    return s

# data
X_train = np.asarray([[1, 0, 1, 1, 1], [1, 1, 1, 1, 1]])
Y_train = np.asarray([[0, 1, 0, 0], [1, 0, 0, 0]])
X_trainT = X_train.T
Y_trainT = Y_train.T
samples = "columns"
# parameters
M = 2
learning_rate = 0.0001
np.random.seed(1)
w1 = np.random.uniform(-1, 1, (4, 5))
b1 = np.zeros((4, 1))
w2 = np.random.uniform(-1, 1, (4, 4))
b2 = np.zeros((4, 1))
# forward
A1 = sigmoid(np.dot(w1, X_trainT) + b1)
A2 = sigmoid(np.dot(w2, A1) + b2)
# loss
L = bce(A2, Y_trainT)
# backward
dZ2 = A2 - Y_trainT
dw2 = (1 / M) * np.dot(dZ2, A1.T)
db2 = dZ2.mean(axis=1, keepdims=True)
dZ1 = np.dot(w2.T, dZ2) * A1 * (1 - A1)
dw1 = (1 / M) * np.dot(dZ1, X_trainT.T)
db1 = dZ1.mean(axis=1, keepdims=True)
# update
w1 = w1 - learning_rate * dw1
b1 = b1 - learning_rate * db1
w2 = w2 - learning_rate * dw2
b2 = b2 - learning_rate * db2
# predict
Y_prediction_train = sigmoid(np.dot(w2, A1) + b2)
"""

# --- 4: stuck at a loss of 1 ---------------------------------------------------------------------------

STUCK = """\
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def sigmoid_derivative(x):
    sig = 1 / (1 + np.exp(-x))
    return sig * (1 - sig)

# data
X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0], [1], [1], [0]])
samples = "rows"
# parameters
np.random.seed(0)
weights1 = np.random.rand(3, 4)
weights2 = np.random.rand(4, 1)
v_dw1 = np.zeros((3, 4))
v_dw2 = np.zeros((4, 1))
alpha = 0.5
beta = 0.5
# forward
layer1 = sigmoid(np.dot(X, weights1))
output = sigmoid(np.dot(layer1, weights2))
# loss
loss = sum((y - output) ** 2)
# backward
d_weights2 = np.dot(layer1.T, (2 * (y - output) * sigmoid_derivative(output)))
d_weights1 = np.dot(X.T, (np.dot(2 * (y - output) * sigmoid_derivative(output), weights2.T) * sigmoid_derivative(layer1)))
# update
v_dw1 = (beta * v_dw1) + ((1 - beta) * d_weights1)
v_dw2 = (beta * v_dw2) + ((1 - beta) * d_weights2)
weights1 = weights1 + (v_dw1 * alpha)
weights2 = weights2 + (v_dw2 * alpha)
"""
STUCK_ANSWERED = _replaced(STUCK, ("    sig = 1 / (1 + np.exp(-x))\n    return sig * (1 - sig)", "    return x * (1 - x)"))

# --- 5: why multiply by the layer before, and why plus? --------------------------------------------------

WHY_PLUS = """\
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def derv_sigmoid(x):
    return x * (1 - x)

# data
x = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0, 1, 1, 0]]).T
samples = "rows"
# parameters
np.random.seed(1)
weight1 = np.random.random((3, 4))
weight2 = np.random.random((4, 1))
learningRate = 1
# forward
a0 = x
z1 = x @ weight1
a1 = sigmoid(z1)
z2 = a1 @ weight2
a2 = sigmoid(z2)
# backward
delta2 = (y - a2)
dC_dw2 = delta2 * derv_sigmoid(a2)
dC_dw1 = (np.multiply(dC_dw2, weight2.T)) * derv_sigmoid(a1)
# update
weight2 = weight2 + learningRate * np.dot(a1.T, dC_dw2)
weight1 = weight1 + learningRate * np.dot(a0.T, dC_dw1)
"""
# the lines that the asker has commented out: only the first of them fits
WHY_PLUS_COMMENTED = _replaced(
    WHY_PLUS, ("weight2 = weight2 + learningRate * np.dot(a1.T, dC_dw2)", "weight2 = weight2 - learningRate * dC_dw2")
)

SEEDS = (
    Seed(
        "cost-rises", COST_RISES, _replaced(COST_RISES_MENDED, *_START), COST_RISES_MENDED,
        (("error_gradient = 2 * (Y - A2)", "sign"), ("dw2 = np.dot(dA2, A2.T)", "operand")),
    ),
    Seed("nan", NAN_LATER, NAN_LATER_ANSWERED, NAN_LATER_MENDED, ()),
    Seed(
        "not-aligned", NOT_ALIGNED, NOT_ALIGNED_ANSWERED, NOT_ALIGNED_MENDED,
        (
            ("w1 = np.zeros((4, 5))", "symmetric-start"),
            ("A1 = sigmoid(np.dot(w1, X_trainT))", "bias-missing"),
            ("A2 = sigmoid(np.dot(w2, A1))", "bias-missing"),
            ("dw1 = (1 / M) * np.dot((A1 - A2), X_trainT.T / M)", "no-target"),
            ("db1 = (A1 - A2).mean(axis=1, keepdims=True)", "no-target"),
            ("dw2 = (1 / M) * np.dot((A2 - A1), Y_trainT.T / M)", "operand"),
            ("Y_prediction_train = sigmoid(np.dot(w2, X_train) + b2)", "shape"),
        ),
    ),
    Seed("stuck", STUCK, STUCK_ANSWERED, STUCK_ANSWERED, (("sig = 1 / (1 + np.exp(-x))", "derivative-twice"),)),
    Seed("why-plus", WHY_PLUS, WHY_PLUS, WHY_PLUS, ()),
)  # fmt: skip
BY_NAME = {seed.name: seed for seed in SEEDS}
