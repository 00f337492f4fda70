"""More right programs by many hands: running means, mini-batches, single samples, gradients in the update."""

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

REGRESSION = """\
# data
np.random.seed(21)
X = np.random.uniform(-1, 1, (2, 5))  #: X
Y = np.array([[0.3, -0.2, 0.9, 1.4, -0.8]])  #: Y real
samples = "columns"
# parameters
np.random.seed(22)
W1 = np.random.randn(3, 2)  #: W
b1 = np.zeros((3, 1))  #: b
W2 = np.random.randn(1, 3)  #: W
b2 = np.zeros((1, 1))  #: b
lr = 0.05
# forward
Z1 = W1.dot(X) + b1  #: Z
A1 = np.tanh(Z1)  #: A tanh
Yhat = W2.dot(A1) + b2  #: Z
# loss
L = np.mean((Yhat - Y) ** 2)
# backward
dYhat = 2 / m * (Yhat - Y)  #: delta
dW2 = dYhat.dot(A1.T)  #: dW W2
db2 = dYhat.sum(axis=1, keepdims=True)  #: db b2
dA1 = W2.T.dot(dYhat)  #: dA
dZ1 = dA1 * (1 - np.tanh(Z1) ** 2)  #: dZ | (1 - np.tanh(Z1) ** 2) | tanh A1 Z1
dW1 = dZ1.dot(X.T)  #: dW W1
db1 = dZ1.sum(axis=1, keepdims=True)  #: db b1
# update
W1 -= lr * dW1  #: update W1
b1 -= lr * db1  #: update b1
W2 -= lr * dW2  #: update W2
b2 -= lr * db2  #: update b2
"""

DEEP_BCE = """\
def relu_prime(z):
    return z > 0  #: def r

# data
np.random.seed(23)
X = np.random.uniform(-1, 1, (4, 6))  #: X
Y = np.array([[0, 1, 1, 0, 1, 0]])  #: Y binary
samples = "columns"
# parameters
np.random.seed(24)
W1 = np.random.randn(4, 4) * 0.7  #: W
b1 = 0.1 * np.ones((4, 1))  #: b
W2 = np.random.randn(4, 4) * 0.7  #: W
b2 = 0.1 * np.ones((4, 1))  #: b
W3 = np.random.randn(1, 4) * 0.7  #: W
b3 = np.zeros((1, 1))  #: b
lr = 0.1
# forward
Z1 = W1 @ X + b1  #: Z
A1 = relu(Z1)  #: A relu
Z2 = W2 @ A1 + b2  #: Z
A2 = relu(Z2)  #: A relu
Z3 = W3 @ A2 + b3  #: Z
A3 = sigmoid(Z3)  #: A sigmoid
# loss
L = bce(A3, Y)
# backward
dA3 = (-Y / A3 + (1 - Y) / (1 - A3)) / m  #: delta
dZ3 = dA3 * (A3 * (1 - A3))  #: dZ | (A3 * (1 - A3)) | sigmoid A3 Z3
dA2 = W3.T @ dZ3  #: dA
dZ2 = np.multiply(dA2, relu_prime(Z2))  #: dZ | relu_prime(Z2) | relu A2 Z2
dA1 = W2.T @ dZ2  #: dA
dZ1 = np.multiply(dA1, relu_prime(Z1))  #: dZ | relu_prime(Z1) | relu A1 Z1
dW3 = dZ3 @ A2.T  #: dW W3
dW2 = dZ2 @ A1.T  #: dW W2
dW1 = dZ1 @ X.T  #: dW W1
db3 = dZ3.sum(axis=1, keepdims=True)  #: db b3
db2 = dZ2.sum(axis=1, keepdims=True)  #: db b2
db1 = dZ1.sum(axis=1, keepdims=True)  #: db b1
# update
W1 -= lr * dW1  #: update W1
b1 -= lr * db1  #: update b1
W2 -= lr * dW2  #: update W2
b2 -= lr * db2  #: update b2
W3 -= lr * dW3  #: update W3
b3 -= lr * db3  #: update b3
"""

IN_UPDATE = """\
# data
np.random.seed(25)
X = np.random.uniform(-1, 1, (3, 4))  #: X
Y = np.random.uniform(0, 1, (3, 4))  #: Y real
samples = "columns"
# parameters
np.random.seed(26)
W1 = np.random.randn(4, 3)  #: W
b1 = np.zeros((4, 1))  #: b
W2 = np.random.randn(3, 4)  #: W
b2 = np.zeros((3, 1))  #: b
# forward
A1 = sigmoid(np.dot(W1, X) + b1)  #: A sigmoid
A2 = sigmoid(np.dot(W2, A1) + b2)  #: A sigmoid
# loss
L = 0.5 * np.sum((Y - A2) ** 2)
# backward
d2 = np.multiply(A2 - Y, A2 * (1 - A2))  #: delta dZ | A2 * (1 - A2) | sigmoid A2 ?
d1 = np.multiply(W2.T @ d2, A1 * (1 - A1))  #: dA dZ | A1 * (1 - A1) | sigmoid A1 ?
# update
W2 = W2 - 0.4 * np.dot(d2, A1.T)  #: update dW W2
b2 = b2 - 0.4 * np.sum(d2, axis=1, keepdims=True)  #: update db b2
W1 = W1 - 0.4 * np.dot(d1, X.T)  #: update dW W1
b1 = b1 - 0.4 * np.sum(d1, axis=1, keepdims=True)  #: update db b1
"""

MSE_PLUS = """\
# data
np.random.seed(27)
X = np.random.uniform(-1, 1, (4, 2))  #: X
Y = np.array([[0.1], [0.7], [0.9], [0.4]])  #: Y real
samples = "rows"
# parameters
np.random.seed(28)
W1 = np.random.randn(2, 3)  #: W
b1 = np.zeros((1, 3))  #: b
W2 = np.random.randn(3, 1)  #: W
b2 = np.zeros((1, 1))  #: b
lr = 0.8
# forward
Z1 = X @ W1 + b1  #: Z
A1 = sigmoid(Z1)  #: A sigmoid
Z2 = A1 @ W2 + b2  #: Z
A2 = sigmoid(Z2)  #: A sigmoid
# loss
err = Y - A2
L = np.mean(err ** 2)
# backward
d2 = 2 * (Y - A2) * A2 * (1 - A2)  #: delta dZ | A2 * (1 - A2) | sigmoid A2 Z2
d1 = (d2 @ W2.T) * A1 * (1 - A1)  #: dA dZ | A1 * (1 - A1) | sigmoid A1 Z1
dW2 = A1.T @ d2 / m  #: dW W2
db2 = np.mean(d2, axis=0, keepdims=True)  #: db b2
dW1 = X.T @ d1 / m  #: dW W1
db1 = np.mean(d1, axis=0, keepdims=True)  #: db b1
# update
W2 = W2 + lr * dW2  #: update W2
b2 = b2 + lr * db2  #: update b2
W1 = W1 + lr * dW1  #: update W1
b1 = b1 + lr * db1  #: update b1
"""
