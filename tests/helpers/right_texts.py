"""Right programs by many hands; `right_programs` says what the marks at the lines' ends mean."""

FIRST_SEED = """\
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def sigmoid_prime(x):
    return sigmoid(x) * (1 - sigmoid(x))  #: def z

# data
X = np.array([[0.2, 0.9, 1.3, -0.7], [0.4, 1.1, -0.6, 0.8]])  #: X
Y = np.array([[1, 0, 0, 1]])  #: Y binary
samples = "columns"
batch = 1
# parameters
w1 = np.array([[0.1, 0.2], [-0.3, 0.4], [0.5, 0.6]])  #: W
b1 = np.zeros((3, 1))  #: b
w2 = np.array([0.7, -0.2, 0.3]).reshape(1, 3)  #: W
b2 = np.zeros((1, 1))  #: b
learning_rate = 0.01
# forward
Z1 = np.dot(w1, X) + b1  #: Z
A1 = sigmoid(Z1)  #: A sigmoid
Z2 = np.dot(w2, A1) + b2  #: Z
A2 = sigmoid(Z2)  #: A sigmoid
# loss
cost = (Y - A2) ** 2
# backward
error_gradient = 2 * (A2 - Y)  #: delta
dA2 = np.multiply(error_gradient, sigmoid_prime(Z2))  #: dZ | sigmoid_prime(Z2) | sigmoid A2 Z2
dZ2 = np.dot(w2.T, dA2)  #: dA
dw2 = np.dot(dA2, A1.T)  #: dW w2
db2 = dA2  #: db b2
# update
w2 -= dw2 * learning_rate  #: update w2
b2 -= db2 * learning_rate  #: update b2
# backward
dA1 = np.multiply(dZ2, sigmoid_prime(Z1))  #: dZ | sigmoid_prime(Z1) | sigmoid A1 Z1
dw1 = np.dot(dA1, X.T)  #: dW w1
db1 = dA1  #: db b1
# update
w1 -= dw1 * learning_rate  #: update w1
b1 -= db1 * learning_rate  #: update b1
"""

PLUS = """\
def sigmoid_derivative(a):
    return a * (1 - a)  #: def a

# data
X = np.array([[0.1, 0.3, 1], [0.2, 0.9, 1], [0.8, 0.1, 1], [1.2, 0.7, 1]])  #: X
y = np.array([[0], [1], [1], [0]])  #: Y binary
samples = "rows"
# parameters
np.random.seed(1)
weights1 = np.random.randn(3, 4)  #: W
weights2 = np.random.randn(4, 1)  #: W
# forward
layer1 = sigmoid(np.dot(X, weights1))  #: A sigmoid
output = sigmoid(np.dot(layer1, weights2))  #: A sigmoid
# loss
L = half_sse(output, y)
# backward
error = y - output  #: delta
delta2 = error * sigmoid_derivative(output)  #: dZ | sigmoid_derivative(output) | sigmoid output ?
hidden_error = delta2.dot(weights2.T)  #: dA
delta1 = hidden_error * sigmoid_derivative(layer1)  #: dZ | sigmoid_derivative(layer1) | sigmoid layer1 ?
# update
weights2 += 0.5 * layer1.T.dot(delta2)  #: update dW weights2
weights1 += 0.5 * X.T.dot(delta1)  #: update dW weights1
"""

NG_FUSED = """\
# data
np.random.seed(3)
X = np.random.uniform(-1, 1, (3, 5))  #: X
Y = np.array([[0, 1, 1, 0, 1]])  #: Y binary
samples = "columns"
# parameters
np.random.seed(4)
W1 = np.random.randn(4, 3) * 0.7  #: W
b1 = np.zeros((4, 1))  #: b
W2 = np.random.randn(1, 4) * 0.7  #: W
b2 = np.zeros((1, 1))  #: b
lr = 0.3
# forward
Z1 = W1 @ X + b1  #: Z
A1 = tanh(Z1)  #: A tanh
Z2 = W2 @ A1 + b2  #: Z
A2 = sigmoid(Z2)  #: A sigmoid
# loss
L = bce(A2, Y)
# backward
dZ2 = A2 - Y  #: delta fused | | sigmoid A2 Z2
dW2 = (1 / m) * dZ2 @ A1.T  #: dW W2
db2 = (1 / m) * sum(dZ2, axis=1, keepdims=True)  #: db b2
dZ1 = (W2.T @ dZ2) * (1 - A1 ** 2)  #: dA dZ | (1 - A1 ** 2) | tanh A1 Z1
dW1 = (1 / m) * dZ1 @ X.T  #: dW W1
db1 = (1 / m) * sum(dZ1, axis=1, keepdims=True)  #: db b1
# update
W1 = W1 - lr * dW1  #: update W1
b1 = b1 - lr * db1  #: update b1
W2 = W2 - lr * dW2  #: update W2
b2 = b2 - lr * db2  #: update b2
"""

UNFUSED = """\
# data
np.random.seed(5)
X = np.random.uniform(-1, 1, (2, 6))  #: X
Y = np.array([[0, 1, 1, 0, 1, 0]])  #: Y binary
samples = "columns"
# parameters
np.random.seed(6)
W1 = np.random.randn(4, 2)  #: W
b1 = 0.1 * np.ones((4, 1))  #: b
W2 = np.random.randn(1, 4) * 0.8  #: W
b2 = np.zeros((1, 1))  #: b
lr = 0.2
# forward
Z1 = np.dot(W1, X) + b1  #: Z
A1 = np.maximum(Z1, 0)  #: A relu
Z2 = np.dot(W2, A1) + b2  #: Z
A2 = sigmoid(Z2)  #: A sigmoid
# loss
L = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
# backward
dA2 = -(np.divide(Y, A2) - np.divide(1 - Y, 1 - A2))  #: delta
dZ2 = dA2 * A2 * (1 - A2)  #: dZ | A2 * (1 - A2) | sigmoid A2 Z2
dW2 = 1 / m * np.dot(dZ2, A1.T)  #: dW W2
db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)  #: db b2
dA1 = np.dot(W2.T, dZ2)  #: dA
dZ1 = dA1 * np.where(Z1 > 0, 1, 0)  #: dZ | np.where(Z1 > 0, 1, 0) | relu A1 Z1
dW1 = 1 / m * np.dot(dZ1, X.T)  #: dW W1
db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)  #: db b1
# update
W1 -= lr * dW1  #: update W1
b1 -= lr * db1  #: update b1
W2 -= lr * dW2  #: update W2
b2 -= lr * db2  #: update b2
"""

SOFTMAX_ROWS = """\
# data
np.random.seed(7)
X = np.random.uniform(-1, 1, (6, 4))  #: X
Y = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]])  #: Y onehot
samples = "rows"
# parameters
np.random.seed(8)
W1 = np.random.randn(4, 5) * 0.7  #: W
b1 = 0.1 * np.ones((1, 5))  #: b
W2 = np.random.randn(5, 3) * 0.7  #: W
b2 = np.zeros((1, 3))  #: b
lr = 0.5
# forward
hidden_in = X @ W1 + b1  #: Z
hidden = relu(hidden_in)  #: A relu
scores = hidden @ W2 + b2  #: Z
probs = softmax(scores, axis=1)  #: A softmax
# loss
loss = cross_entropy(probs, Y)
# backward
dscores = (probs - Y) / m  #: delta fused | | softmax probs scores
dW2 = hidden.T @ dscores  #: dW W2
db2 = np.sum(dscores, axis=0, keepdims=True)  #: db b2
dhidden = dscores @ W2.T  #: dA
dhidden[hidden_in < 0] = 0  #: mask | | relu hidden hidden_in
dW1 = X.T @ dhidden  #: dW W1
db1 = np.sum(dhidden, axis=0, keepdims=True)  #: db b1
# update
W1 += -lr * dW1  #: update W1
b1 += -lr * db1  #: update b1
W2 += -lr * dW2  #: update W2
b2 += -lr * db2  #: update b2
"""

SQUARE_SOFTMAX = """\
# data
np.random.seed(9)
X = np.random.uniform(-1, 1, (4, 4))  #: X
Y = np.array([[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]])  #: Y onehot
samples = "columns"
# parameters
np.random.seed(10)
W1 = np.random.randn(4, 4) * 0.8  #: W
b1 = np.zeros((4, 1))  #: b
W2 = np.random.randn(4, 4) * 0.8  #: W
b2 = np.zeros((4, 1))  #: b
W3 = np.random.randn(4, 4) * 0.8  #: W
b3 = np.zeros((4, 1))  #: b
lr = 0.1
# forward
Z1 = W1 @ X + b1  #: Z
A1 = tanh(Z1)  #: A tanh
Z2 = W2 @ A1 + b2  #: Z
A2 = tanh(Z2)  #: A tanh
Z3 = W3 @ A2 + b3  #: Z
E = np.exp(Z3)
A3 = E / np.sum(E, axis=0, keepdims=True)  #: A softmax
# loss
L = -np.sum(Y * np.log(A3)) / m
# backward
dZ3 = (A3 - Y) / m  #: delta fused | | softmax A3 Z3
dW3 = dZ3 @ A2.T  #: dW W3
db3 = dZ3.sum(axis=1, keepdims=True)  #: db b3
dA2 = W3.T @ dZ3  #: dA
dZ2 = dA2 * (1 - A2 ** 2)  #: dZ | (1 - A2 ** 2) | tanh A2 Z2
dW2 = dZ2 @ A1.T  #: dW W2
db2 = dZ2.sum(axis=1, keepdims=True)  #: db b2
dA1 = W2.T @ dZ2  #: dA
dZ1 = dA1 * (1 - A1 ** 2)  #: dZ | (1 - A1 ** 2) | tanh A1 Z1
dW1 = dZ1 @ X.T  #: dW W1
db1 = dZ1.sum(axis=1, keepdims=True)  #: db b1
# update
W3 -= lr * dW3  #: update W3
b3 -= lr * db3  #: update b3
W2 -= lr * dW2  #: update W2
b2 -= lr * db2  #: update b2
W1 -= lr * dW1  #: update W1
b1 -= lr * db1  #: update b1
"""

DEEP_MSE = """\
def sig(z):
    return 1 / (1 + np.exp(-z))

def dsig(z):
    s = sig(z)
    return s * (1 - s)  #: def s

# data
np.random.seed(11)
X = np.random.uniform(-1, 1, (5, 3))  #: X
T = np.random.uniform(-1, 1, (5, 2))  #: Y real
samples = "rows"
# parameters
np.random.seed(12)
W1 = np.random.randn(3, 4)  #: W
b1 = 0.1 * np.random.randn(4)  #: b
W2 = np.random.randn(4, 4)  #: W
b2 = 0.1 * np.random.randn(4)  #: b
W3 = np.random.randn(4, 4)  #: W
b3 = 0.1 * np.random.randn(4)  #: b
W4 = np.random.randn(4, 2)  #: W
b4 = np.zeros(2)  #: b
eta = 0.1
# forward
z1 = X @ W1 + b1  #: Z
a1 = sig(z1)  #: A sigmoid
z2 = a1 @ W2 + b2  #: Z
a2 = sig(z2)  #: A sigmoid
z3 = a2 @ W3 + b3  #: Z
a3 = sig(z3)  #: A sigmoid
out = a3 @ W4 + b4  #: Z
# loss
L = np.mean((out - T) ** 2)
# backward
delta4 = 2 * (out - T) / out.shape[0] / 2  #: delta
grad_W4 = a3.T @ delta4  #: dW W4
grad_b4 = delta4.sum(axis=0)  #: db b4
delta3 = (delta4 @ W4.T) * dsig(z3)  #: dA dZ | dsig(z3) | sigmoid a3 z3
grad_W3 = a2.T @ delta3  #: dW W3
grad_b3 = delta3.sum(axis=0)  #: db b3
delta2 = (delta3 @ W3.T) * dsig(z2)  #: dA dZ | dsig(z2) | sigmoid a2 z2
grad_W2 = a1.T @ delta2  #: dW W2
grad_b2 = delta2.sum(axis=0)  #: db b2
delta1 = (delta2 @ W2.T) * dsig(z1)  #: dA dZ | dsig(z1) | sigmoid a1 z1
grad_W1 = X.T @ delta1  #: dW W1
grad_b1 = delta1.sum(axis=0)  #: db b1
# update
W4 -= eta * grad_W4  #: update W4
b4 -= eta * grad_b4  #: update b4
W3 -= eta * grad_W3  #: update W3
b3 -= eta * grad_b3  #: update b3
W2 -= eta * grad_W2  #: update W2
b2 -= eta * grad_b2  #: update b2
W1 -= eta * grad_W1  #: update W1
b1 -= eta * grad_b1  #: update b1
"""
