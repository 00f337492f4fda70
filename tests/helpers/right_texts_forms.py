"""Right programs in other forms, by many hands: regression, deep ones, gradients in the update, an update with a plus."""

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
