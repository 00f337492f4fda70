"""The first seed as it was asked, with its two faults, and each of them mended."""

from __future__ import annotations

FIRST = """
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


def sign_mended(text: str) -> str:
    return text.replace("2 * (Y - A2)", "2 * (A2 - Y)")


def operand_mended(text: str) -> str:
    return text.replace("np.dot(dA2, A2.T)", "np.dot(dA2, A1.T)")
