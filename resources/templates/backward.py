# XOR: you write the forward pass, the loss and the backward pass.
# The update is derived for you: W1 = W1 - lr * dW1, and so on.

# data (one column is one sample)
X = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
Y = np.array([[0, 1, 1, 0]])

# parameters
np.random.seed(1)
W1 = np.random.randn(3, 2)
b1 = np.zeros((3, 1))
W2 = np.random.randn(1, 3)
b2 = np.zeros((1, 1))
lr = 0.5

# forward
Z1 = W1 @ X + b1
A1 = sigmoid(Z1)
Z2 = W2 @ A1 + b2
A2 = sigmoid(Z2)

# loss
L = mse(A2, Y)

# backward (from the loss to the parameters; dW2 has the shape of W2)
dA2 = 2 * (A2 - Y) / 4
dZ2 = dA2 * A2 * (1 - A2)
dW2 = dZ2 @ A1.T
db2 = sum(dZ2, axis=1, keepdims=True)
dA1 = W2.T @ dZ2
dZ1 = dA1 * A1 * (1 - A1)
dW1 = dZ1 @ X.T
db1 = sum(dZ1, axis=1, keepdims=True)
