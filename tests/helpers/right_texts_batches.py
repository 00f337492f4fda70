"""Right programs with momentum, mini-batches or single samples, by many hands."""

MOMENTUM = """\
# data
np.random.seed(13)
X = np.random.uniform(-1, 1, (3, 5))  #: X
Y = np.random.uniform(0, 1, (2, 5))  #: Y real
samples = "columns"
# parameters
np.random.seed(14)
W1 = np.random.randn(4, 3)  #: W
b1 = np.zeros((4, 1))  #: b
W2 = np.random.randn(2, 4)  #: W
b2 = np.zeros((2, 1))  #: b
vW1 = np.zeros((4, 3))
vb1 = np.zeros((4, 1))
vW2 = np.zeros((2, 4))
vb2 = np.zeros((2, 1))
beta = 0.9
lr = 0.5
# forward
Z1 = W1 @ X + b1  #: Z
A1 = sigmoid(Z1)  #: A sigmoid
Z2 = W2 @ A1 + b2  #: Z
A2 = sigmoid(Z2)  #: A sigmoid
# loss
L = mse(A2, Y)
# backward
n = Y.shape[0] * Y.shape[1]
dA2 = 2 * (A2 - Y) / n  #: delta
dZ2 = dA2 * A2 * (1 - A2)  #: dZ | A2 * (1 - A2) | sigmoid A2 Z2
dW2 = dZ2 @ A1.T  #: dW W2
db2 = np.sum(dZ2, axis=1, keepdims=True)  #: db b2
dA1 = W2.T @ dZ2  #: dA
dZ1 = dA1 * A1 * (1 - A1)  #: dZ | A1 * (1 - A1) | sigmoid A1 Z1
dW1 = dZ1 @ X.T  #: dW W1
db1 = np.sum(dZ1, axis=1, keepdims=True)  #: db b1
# update
vW1 = beta * vW1 + (1 - beta) * dW1  #: v W1
vb1 = beta * vb1 + (1 - beta) * db1  #: v b1
vW2 = beta * vW2 + (1 - beta) * dW2  #: v W2
vb2 = beta * vb2 + (1 - beta) * db2  #: v b2
W1 = W1 - lr * vW1  #: update W1
b1 = b1 - lr * vb1  #: update b1
W2 = W2 - lr * vW2  #: update W2
b2 = b2 - lr * vb2  #: update b2
"""

MOMENTUM_ROWS = """\
# data
np.random.seed(15)
X = np.random.uniform(-1, 1, (5, 3))  #: X
Y = np.array([[0.0], [1], [1], [0], [1]])  #: Y binary
samples = "rows"
# parameters
np.random.seed(16)
W1 = np.random.randn(3, 4)  #: W
b1 = np.zeros((1, 4))  #: b
W2 = np.random.randn(4, 1)  #: W
b2 = np.zeros((1, 1))  #: b
v1 = np.zeros((3, 4))
u1 = np.zeros((1, 4))
v2 = np.zeros((4, 1))
u2 = np.zeros((1, 1))
mu = 0.9
lr = 0.1
# forward
Z1 = X @ W1 + b1  #: Z
A1 = tanh(Z1)  #: A tanh
Z2 = A1 @ W2 + b2  #: Z
A2 = sigmoid(Z2)  #: A sigmoid
# loss
L = -mean(Y * log(A2) + (1 - Y) * log(1 - A2))
# backward
d2 = (A2 - Y) / len(X)  #: delta fused | | sigmoid A2 Z2
dW2 = A1.T @ d2  #: dW W2
db2 = sum(d2, axis=0, keepdims=True)  #: db b2
d1 = d2 @ W2.T * (1 - A1 * A1)  #: dA dZ | (1 - A1 * A1) | tanh A1 Z1
dW1 = X.T @ d1  #: dW W1
db1 = sum(d1, axis=0, keepdims=True)  #: db b1
# update
v1 = mu * v1 - lr * dW1  #: v W1
u1 = mu * u1 - lr * db1  #: v b1
v2 = mu * v2 - lr * dW2  #: v W2
u2 = mu * u2 - lr * db2  #: v b2
W1 += v1  #: update W1
b1 += u1  #: update b1
W2 += v2  #: update W2
b2 += u2  #: update b2
"""

SINGLE_ROWS = """\
# data
np.random.seed(17)
X = np.random.uniform(-1, 1, (6, 3))  #: X
Y = np.array([[1], [0], [1], [0], [1], [0]])  #: Y binary
samples = "rows"
batch = 1
# parameters
np.random.seed(18)
W1 = np.random.randn(3, 5)  #: W
b1 = np.zeros((1, 5))  #: b
W2 = np.random.randn(5, 1)  #: W
b2 = np.zeros((1, 1))  #: b
alpha = 0.1
# forward
net1 = np.dot(X, W1) + b1  #: Z
h = np.tanh(net1)  #: A tanh
net2 = np.dot(h, W2) + b2  #: Z
o = sigmoid(net2)  #: A sigmoid
# loss
L = bce(o, Y)
# backward
d_o = o - Y  #: delta fused | | sigmoid o net2
d_h = np.dot(d_o, W2.T)  #: dA
d_net1 = d_h * (1 - h ** 2)  #: dZ | (1 - h ** 2) | tanh h net1
# update
W2 -= alpha * np.dot(h.T, d_o)  #: update dW W2
b2 -= alpha * d_o  #: update db b2
W1 -= alpha * np.dot(X.T, d_net1)  #: update dW W1
b1 -= alpha * d_net1  #: update db b1
"""

MINI = """\
# data
np.random.seed(19)
X = np.random.uniform(-1, 1, (8, 3))  #: X
Y = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]])  #: Y onehot
samples = "rows"
batch = 4
# parameters
np.random.seed(20)
W1 = np.random.randn(3, 4)  #: W
b1 = 0.1 * np.ones(4)  #: b
W2 = np.random.randn(4, 4)  #: W
b2 = 0.1 * np.ones(4)  #: b
W3 = np.random.randn(4, 3)  #: W
b3 = np.zeros(3)  #: b
lr = 0.1
# forward
Z1 = X @ W1 + b1  #: Z
A1 = relu(Z1)  #: A relu
Z2 = A1 @ W2 + b2  #: Z
A2 = relu(Z2)  #: A relu
Z3 = A2 @ W3 + b3  #: Z
P = softmax(Z3, axis=1)  #: A softmax
# loss
L = -sum(Y * log(P)) / m
# backward
dZ3 = P - Y  #: delta fused | | softmax P Z3
dW3 = A2.T @ dZ3 / m  #: dW W3
db3 = dZ3.mean(axis=0)  #: db b3
dA2 = dZ3 @ W3.T  #: dA
dZ2 = dA2 * (Z2 > 0)  #: dZ | (Z2 > 0) | relu A2 Z2
dW2 = A1.T @ dZ2 / m  #: dW W2
db2 = dZ2.mean(axis=0)  #: db b2
dA1 = dZ2 @ W2.T  #: dA
dZ1 = dA1 * (Z1 > 0)  #: dZ | (Z1 > 0) | relu A1 Z1
dW1 = X.T @ dZ1 / m  #: dW W1
db1 = dZ1.mean(axis=0)  #: db b1
# update
W3 -= lr * dW3  #: update W3
b3 -= lr * db3  #: update b3
W2 -= lr * dW2  #: update W2
b2 -= lr * db2  #: update b2
W1 -= lr * dW1  #: update W1
b1 -= lr * db1  #: update b1
"""
