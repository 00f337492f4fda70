"""The first half of the programs of `helpers.found_programs`, and what they share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """One program; `faults` are its lines at fault and the names that fit them, none for a right one."""

    name: str
    where: str
    text: str
    faults: tuple[tuple[str, tuple[str, ...]], ...] = ()


def _replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, (text.count(old), old)
        text = text.replace(old, new)
    return text


_COLUMNS = """\
# data
np.random.seed(5)
X = np.random.randn(2, 7)
Y = np.array([[1, 0, 0, 1, 1, 0, 1]])
samples = "columns"
# parameters
np.random.seed(2)
"""

_ROWS = """\
# data
np.random.seed(6)
X = np.random.randn(6, 3)
labels = np.array([0, 2, 1, 1, 0, 2])
samples = "rows"
# parameters
np.random.seed(3)
"""

PLANAR = (
    _COLUMNS
    + """\
W1 = np.random.randn(4, 2) * 0.01
b1 = np.zeros((4, 1))
W2 = np.random.randn(1, 4) * 0.01
b2 = np.zeros((1, 1))
learning_rate = 1.2
# forward
Z1 = np.dot(W1, X) + b1
A1 = np.tanh(Z1)
Z2 = np.dot(W2, A1) + b2
A2 = sigmoid(Z2)
# cost
logprobs = np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 - Y)
cost = -1 / m * np.sum(logprobs)
# backward
dZ2 = A2 - Y
dW2 = 1 / m * np.dot(dZ2, A1.T)
db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
dZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.power(A1, 2))
dW1 = 1 / m * np.dot(dZ1, X.T)
db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
# update
W1 = W1 - learning_rate * dW1
b1 = b1 - learning_rate * db1
W2 = W2 - learning_rate * dW2
b2 = b2 - learning_rate * db2
"""
)

DEEP_COLUMNS = (
    _COLUMNS
    + """\
W1 = np.random.randn(5, 2) * np.sqrt(2 / 2)
b1 = np.zeros((5, 1))
W2 = np.random.randn(3, 5) * np.sqrt(2 / 5)
b2 = np.zeros((3, 1))
W3 = np.random.randn(1, 3) * np.sqrt(1 / 3)
b3 = np.zeros((1, 1))
lambd = 0.7
learning_rate = 0.3
# forward
Z1 = np.dot(W1, X) + b1
A1 = relu(Z1)
Z2 = np.dot(W2, A1) + b2
A2 = relu(Z2)
Z3 = np.dot(W3, A2) + b3
A3 = sigmoid(Z3)
# cost
cross_entropy_cost = -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3)) / m
L2_cost = lambd / (2 * m) * (np.sum(np.square(W1)) + np.sum(np.square(W2)) + np.sum(np.square(W3)))
cost = cross_entropy_cost + L2_cost
# backward
dZ3 = A3 - Y
dW3 = 1 / m * np.dot(dZ3, A2.T) + lambd / m * W3
db3 = 1 / m * np.sum(dZ3, axis=1, keepdims=True)
dA2 = np.dot(W3.T, dZ3)
dZ2 = np.multiply(dA2, A2 > 0)
dW2 = 1 / m * np.dot(dZ2, A1.T) + lambd / m * W2
db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
dA1 = np.dot(W2.T, dZ2)
dZ1 = np.multiply(dA1, A1 > 0)
dW1 = 1 / m * np.dot(dZ1, X.T) + lambd / m * W1
db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
# update
W1 = W1 - learning_rate * dW1
b1 = b1 - learning_rate * db1
W2 = W2 - learning_rate * dW2
b2 = b2 - learning_rate * db2
W3 = W3 - learning_rate * dW3
b3 = b3 - learning_rate * db3
"""
)

LAYERWISE = (
    _COLUMNS
    + """\
W1 = np.random.randn(3, 2)
b1 = np.zeros((3, 1))
W2 = np.random.randn(1, 3)
b2 = np.zeros((1, 1))
alpha = 0.0075
# forward
Z1 = W1.dot(X) + b1
A1 = relu(Z1)
Z2 = W2.dot(A1) + b2
AL = sigmoid(Z2)
# cost
cost = np.squeeze(-1 / m * np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)))
# backward
dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
s = 1 / (1 + np.exp(-Z2))
dZ2 = dAL * s * (1 - s)
dW2 = 1.0 / m * np.dot(dZ2, A1.T)
db2 = 1.0 / m * np.sum(dZ2, axis=1, keepdims=True)
dA1 = np.dot(W2.T, dZ2)
dZ1 = dA1.copy()
dZ1[Z1 <= 0] = 0
dW1 = 1.0 / m * np.dot(dZ1, X.T)
db1 = 1.0 / m * np.sum(dZ1, axis=1, keepdims=True)
# update
W1 = W1 - alpha * dW1
b1 = b1 - alpha * db1
W2 = W2 - alpha * dW2
b2 = b2 - alpha * db2
"""
)

MINIMAL_CLASSIFIER = (
    _ROWS
    + """\
W = 0.01 * np.random.randn(3, 8)
b = np.zeros((1, 8))
W2 = 0.01 * np.random.randn(8, 3)
b2 = np.zeros((1, 3))
step_size = 1.0
reg = 0.001
# forward
hidden_layer = np.maximum(0, np.dot(X, W) + b)
scores = np.dot(hidden_layer, W2) + b2
exp_scores = np.exp(scores)
probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
# loss
Y = one_hot(labels, scores)
data_loss = -np.sum(Y * np.log(probs)) / 6
reg_loss = 0.5 * reg * np.sum(W * W) + 0.5 * reg * np.sum(W2 * W2)
loss = data_loss + reg_loss
# backward
dscores = probs - Y
dscores /= 6
dW2 = np.dot(hidden_layer.T, dscores)
db2 = np.sum(dscores, axis=0, keepdims=True)
dhidden = np.dot(dscores, W2.T)
dhidden[hidden_layer <= 0] = 0
dW = np.dot(X.T, dhidden)
db = np.sum(dhidden, axis=0, keepdims=True)
dW2 += reg * W2
dW += reg * W
# update
W += -step_size * dW
b += -step_size * db
W2 += -step_size * dW2
b2 += -step_size * db2
"""
)

ELEVEN_LINES = """\
# data
X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0], [1], [1], [0]])
samples = "rows"
# parameters
np.random.seed(4)
syn0 = 2 * np.random.random((3, 4)) - 1
syn1 = 2 * np.random.random((4, 1)) - 1
# forward
l1 = 1 / (1 + np.exp(-(np.dot(X, syn0))))
l2 = 1 / (1 + np.exp(-(np.dot(l1, syn1))))
# backward
l2_delta = (y - l2) * (l2 * (1 - l2))
l1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))
# update
syn1 += l1.T.dot(l2_delta)
syn0 += X.T.dot(l1_delta)
"""

NIELSEN = """\
def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))

# data
np.random.seed(8)
x = np.random.rand(5, 6)
y = np.array([[0, 1, 0, 0, 0, 1], [1, 0, 0, 0, 1, 0], [0, 0, 1, 1, 0, 0]])
samples = "columns"
batch = 3
# parameters
np.random.seed(9)
w2 = np.random.randn(4, 5)
b2 = np.random.randn(4, 1)
w3 = np.random.randn(3, 4)
b3 = np.random.randn(3, 1)
eta = 3.0
# forward
z2 = np.dot(w2, x) + b2
a2 = sigmoid(z2)
z3 = np.dot(w3, a2) + b3
a3 = sigmoid(z3)
# loss
C = 0.5 * np.sum((a3 - y) ** 2) / 3
# backward
delta3 = (a3 - y) * sigmoid_prime(z3)
nabla_b3 = np.sum(delta3, axis=1, keepdims=True)
nabla_w3 = np.dot(delta3, a2.transpose())
delta2 = np.dot(w3.transpose(), delta3) * sigmoid_prime(z2)
nabla_b2 = np.sum(delta2, axis=1, keepdims=True)
nabla_w2 = np.dot(delta2, x.transpose())
# update
w3 = w3 - (eta / 3) * nabla_w3
b3 = b3 - (eta / 3) * nabla_b3
w2 = w2 - (eta / 3) * nabla_w2
b2 = b2 - (eta / 3) * nabla_b2
"""

DIGITS = """\
def ReLU(Z):
    return np.maximum(Z, 0)

def ReLU_deriv(Z):
    return Z > 0

# data
np.random.seed(10)
X = np.random.rand(6, 9)
labels = np.array([0, 1, 2, 3, 0, 1, 2, 3, 2])
samples = "columns"
# parameters
np.random.seed(11)
W1 = np.random.rand(5, 6) - 0.5
b1 = np.random.rand(5, 1) - 0.5
W2 = np.random.rand(4, 5) - 0.5
b2 = np.random.rand(4, 1) - 0.5
alpha = 0.10
# forward
Z1 = W1.dot(X) + b1
A1 = ReLU(Z1)
Z2 = W2.dot(A1) + b2
A2 = np.exp(Z2) / sum(np.exp(Z2), axis=0)
# loss
one_hot_Y = one_hot(labels, Z2)
loss = -np.sum(one_hot_Y * np.log(A2)) / m
# backward
dZ2 = A2 - one_hot_Y
dW2 = 1 / m * dZ2.dot(A1.T)
db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
dZ1 = W2.T.dot(dZ2) * ReLU_deriv(Z1)
dW1 = 1 / m * dZ1.dot(X.T)
db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
# update
W1 = W1 - alpha * dW1
b1 = b1 - alpha * db1
W2 = W2 - alpha * dW2
b2 = b2 - alpha * db2
"""

DENOISED_CURVE = """\
# data
np.random.seed(12)
x = np.random.randn(8, 4)
y = np.random.randn(8, 2)
samples = "rows"
# parameters
np.random.seed(13)
w1 = np.random.randn(4, 6)
w2 = np.random.randn(6, 2)
learning_rate = 1e-6
# forward
h = x.dot(w1)
h_relu = np.maximum(h, 0)
y_pred = h_relu.dot(w2)
# loss
loss = np.square(y_pred - y).sum()
# backward
grad_y_pred = 2.0 * (y_pred - y)
grad_w2 = h_relu.T.dot(grad_y_pred)
grad_h_relu = grad_y_pred.dot(w2.T)
grad_h = grad_h_relu.copy()
grad_h[h < 0] = 0
grad_w1 = x.T.dot(grad_h)
# update
w1 -= learning_rate * grad_w1
w2 -= learning_rate * grad_w2
"""

BIKES = """\
# data
np.random.seed(14)
features = np.random.randn(7, 3)
targets = np.random.randn(7, 1)
samples = "rows"
# parameters
np.random.seed(15)
weights_input_to_hidden = np.random.normal(0.0, 0.5, (3, 4))
weights_hidden_to_output = np.random.normal(0.0, 0.5, (4, 1))
lr = 0.1
# forward
hidden_inputs = np.dot(features, weights_input_to_hidden)
hidden_outputs = sigmoid(hidden_inputs)
final_inputs = np.dot(hidden_outputs, weights_hidden_to_output)
final_outputs = final_inputs
# loss
L = np.mean((targets - final_outputs) ** 2)
# backward
error = targets - final_outputs
output_error_term = error * 1.0
hidden_error = np.dot(output_error_term, weights_hidden_to_output.T)
hidden_error_term = hidden_error * hidden_outputs * (1 - hidden_outputs)
delta_weights_i_h = np.dot(features.T, hidden_error_term)
delta_weights_h_o = np.dot(hidden_outputs.T, output_error_term)
n_records = features.shape[0]
# update
weights_hidden_to_output += lr * delta_weights_h_o / n_records
weights_input_to_hidden += lr * delta_weights_i_h / n_records
"""

ONES_COLUMN = """\
# data
np.random.seed(16)
raw = np.random.randn(5, 3)
X = np.array([[1, 0.2, -0.4, 0.7], [1, 1.2, 0.3, -0.5], [1, -0.6, 0.9, 0.1], [1, 0.4, -1.1, 0.3], [1, -0.2, 0.5, 0.8]])
y = np.array([[1.0], [0.0], [1.0], [1.0], [0.0]])
samples = "rows"
# parameters
np.random.seed(17)
Theta1 = np.random.uniform(-0.5, 0.5, (4, 3))
Theta2 = np.random.uniform(-0.5, 0.5, (3, 1))
c = np.zeros(1)
alpha = 0.5
# forward
a2 = sigmoid(X @ Theta1)
h = sigmoid(a2 @ Theta2 + c)
# cost
J = -(1 / m) * np.sum(y * np.log(h) + (1 - y) * np.log(1 - h))
# backward
d3 = h - y
d2 = d3 @ Theta2.T * a2 * (1 - a2)
Theta2_grad = a2.T @ d3 / m
Theta1_grad = X.T @ d2 / m
c_grad = d3.mean(axis=0)
# update
Theta1 -= alpha * Theta1_grad
Theta2 -= alpha * Theta2_grad
c -= alpha * c_grad
"""

LINEAR = """\
# data
np.random.seed(18)
x = np.random.rand(1, 9)
y = np.random.rand(1, 9)
samples = "columns"
# parameters
w = np.zeros((1, 1))
c = 0.0
lr = 0.01
# forward
yhat = np.dot(w.T, x) + c
# loss
L = np.mean((yhat - y) ** 2)
# backward
dlw = (2 / m) * np.dot(x, (yhat - y).T)
dlc = (2 / m) * np.sum(yhat - y)
# update
w = w - lr * dlw
c = c - lr * dlc
"""

SLOPE = """\
# data
x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
y = np.array([5.0, 7.0, 9.0, 11.0, 13.5])
# parameters
m_curr = 0.1
b_curr = 0.2
learning_rate = 0.08
# forward
y_predicted = m_curr * x + b_curr
# cost
cost = 1 / len(x) * np.sum((y - y_predicted) ** 2)
# backward
md = -(2 / len(x)) * np.sum(x * (y - y_predicted))
bd = -(2 / len(x)) * np.sum(y - y_predicted)
# update
m_curr = m_curr - learning_rate * md
b_curr = b_curr - learning_rate * bd
"""

LOGISTIC_FLAT = """\
# data
np.random.seed(19)
X = np.random.randn(8, 3)
y = np.array([0.0, 1, 1, 0, 1, 0, 0, 1])
samples = "rows"
# parameters
theta = np.array([0.1, -0.2, 0.3])
bias = 0.0
lr = 0.1
# forward
z = np.dot(X, theta) + bias
h = 1 / (1 + np.exp(-z))
# loss
loss = (-y * np.log(h) - (1 - y) * np.log(1 - h)).mean()
# backward
gradient = np.dot(X.T, (h - y)) / len(y)
db = np.mean(h - y)
# update
theta -= lr * gradient
bias -= lr * db
"""
