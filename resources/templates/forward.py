# XOR: you write the forward pass and the loss.
# The backward pass and the update are derived for you.

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

# loss (one number: how wrong the answers are)
L = mse(A2, Y)
