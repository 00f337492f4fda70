# data
# XOR, samples as rows; the third input is always 1 and works as a bias
X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
Y = np.array([[0], [1], [1], [0]])
samples = "rows"
# parameters
np.random.seed(1)
W1 = np.random.random((3, 4))
W2 = np.random.random((4, 1))
lr = 1.0
# forward
Z1 = X @ W1
A1 = sigmoid(Z1)
Z2 = A1 @ W2
A2 = sigmoid(Z2)
# loss
L = half_sse(A2, Y)
