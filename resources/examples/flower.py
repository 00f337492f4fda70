# data
# 400 points of two classes, arranged like the petals of a flower
X = flower_points(1)
Y = flower_labels()
samples = "columns"
# parameters
np.random.seed(1)
W1 = np.random.randn(4, 2) * np.sqrt(2 / 2)
b1 = np.zeros((4, 1))
W2 = np.random.randn(1, 4) * np.sqrt(2 / 4)
b2 = np.zeros((1, 1))
lr = 1.2
# forward
Z1 = W1 @ X + b1
A1 = relu(Z1)
Z2 = W2 @ A1 + b2
A2 = sigmoid(Z2)
# loss
L = bce(A2, Y)
