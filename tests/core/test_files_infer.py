"""Which layers weights are, by names and shapes that learners' files have."""

from __future__ import annotations

from itertools import pairwise

import pytest

from core.files.inference.infer import infer
from core.files.saved import Tensor, Where

Shapes = dict[str, tuple[int, ...]]


def tensors(shapes: Shapes, dtype: str = "float32") -> list[Tensor]:
    return [Tensor(n, s, "int64" if n.endswith("num_batches_tracked") else dtype, 0, Where("worker")) for n, s in shapes.items()]


def dense(sizes: list[int], weight: str, bias: str, out_first: bool, start: int = 1, by: int = 1, b: str = "flat") -> Shapes:
    found: Shapes = {}
    for k, (i, o) in enumerate(pairwise(sizes)):
        n = start + k * by
        found[weight.format(n)] = (o, i) if out_first else (i, o)
        if bias:
            found[bias.format(n)] = {"flat": (o,), "column": (o, 1), "row": (1, o)}[b]
    return found


A = [4, 8, 5, 3]
MLPS: list[tuple[str, Shapes, str, list[int]]] = [
    ("torch sequential", dense(A, "{}.weight", "{}.bias", True, 0, 2), "out,in", A),
    ("torch fc", dense(A, "fc{}.weight", "fc{}.bias", True), "out,in", A),
    ("torch stack", dense([784, 512, 512, 10], "linear_relu_stack.{}.weight", "linear_relu_stack.{}.bias", True, 0, 2),
     "out,in", [784, 512, 512, 10]),
    ("torch module prefix", dense(A, "module.net.{}.weight", "module.net.{}.bias", True, 0, 3), "out,in", A),
    ("torch no bias", dense(A, "layers.{}.weight", "", True), "out,in", A),
    ("torch hidden output", {"hidden.weight": (7, 3), "hidden.bias": (7,), "output.weight": (2, 7), "output.bias": (2,)},
     "out,in", [3, 7, 2]),
    ("torch output first", {"output.weight": (2, 7), "output.bias": (2,), "hidden.weight": (7, 3), "hidden.bias": (7,)},
     "out,in", [3, 7, 2]),
    ("keras", dense(A, "dense_{}/kernel:0", "dense_{}/bias:0", False), "in,out", A),
    ("keras first without number", {"dense/kernel:0": (4, 8), "dense/bias:0": (8,), "dense_1/kernel:0": (8, 3),
                                    "dense_1/bias:0": (3,)}, "in,out", [4, 8, 3]),
    ("keras vars", {"layers/dense/vars/0": (4, 8), "layers/dense/vars/1": (8,), "layers/dense_1/vars/0": (8, 3),
                    "layers/dense_1/vars/1": (3,)}, "in,out", [4, 8, 3]),
    ("flax", dense(A, "params/Dense_{}/kernel", "params/Dense_{}/bias", False, 0), "in,out", A),
    ("sklearn", dense(A, "coefs_.{}", "intercepts_.{}", False, 0), "in,out", A),
    ("sklearn underscore", dense(A, "coefs_{}", "intercepts_{}", False, 0), "in,out", A),
    ("course columns", dense(A, "W{}", "b{}", True, b="column"), "out,in", A),
    ("course rows", dense(A, "W{}", "b{}", False, b="row"), "in,out", A),
    ("course flat", dense(A, "W{}", "b{}", False), "in,out", A),
    ("underscores", dense(A, "w_{}", "b_{}", False, 0), "in,out", A),
    ("weights biases", dense(A, "weights_{}", "biases_{}", True, 0), "out,in", A),
    ("layer1_W", dense(A, "layer{}_W", "layer{}_b", True), "out,in", A),
    ("params.W1", dense(A, "params.W{}", "params.b{}", False), "in,out", A),
    ("weights first", {"W1": (4, 8), "W2": (8, 5), "W3": (5, 3), "b1": (8,), "b2": (5,), "b3": (3,)}, "in,out", A),
    ("more than ten", dense([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 2], "fc{}.weight", "fc{}.bias", True), "out,in",
     [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 2]),
    ("numpy arr", {"arr_0": (4, 8), "arr_1": (8,), "arr_2": (8, 3), "arr_3": (3,)}, "in,out", [4, 8, 3]),
    ("numpy arr, weights then biases", {"arr_0": (4, 8), "arr_1": (8, 3), "arr_2": (8,), "arr_3": (3,)}, "in,out", [4, 8, 3]),
    ("numpy arr columns", {"arr_0": (4, 2), "arr_1": (4, 1), "arr_2": (1, 4), "arr_3": (1, 1)}, "out,in", [2, 4, 1]),
    ("numpy arr no bias", {"arr_0": (3, 4), "arr_1": (4, 1)}, "in,out", [3, 4, 1]),
    ("tensorflow 1", {"Variable:0": (4, 8), "Variable_1:0": (8,), "Variable_2:0": (8, 3), "Variable_3:0": (3,)},
     "in,out", [4, 8, 3]),
    ("syn0", {"syn0": (3, 4), "syn1": (4, 1)}, "in,out", [3, 4, 1]),
    ("wih who", {"wih": (100, 784), "who": (10, 100)}, "out,in", [784, 100, 10]),
    ("wih who with biases", {"wih": (100, 784), "who": (10, 100), "bh": (100, 1), "bo": (10, 1)}, "out,in", [784, 100, 10]),
    ("W_ih", {"W_ih": (3, 5), "b_h": (5,), "W_ho": (5, 2), "b_o": (2,)}, "in,out", [3, 5, 2]),
    ("octave Theta", {"Theta1": (25, 401), "Theta2": (10, 26)}, "out,in", [400, 25, 10]),
    ("octave theta, with data", {"X": (5000, 400), "y": (5000, 1), "Theta1": (25, 401), "Theta2": (10, 26)},
     "out,in", [400, 25, 10]),
    ("one layer", {"W": (3, 4), "b": (3,)}, "out,in", [4, 3]),
    ("logistic regression", {"w": (2, 1), "b": (1,)}, "in,out", [2, 1]),
    ("sklearn logistic", {"coef_": (3, 4), "intercept_": (3,)}, "out,in", [4, 3]),
    ("weights biases words", {"hidden_weights": (2, 3), "hidden_bias": (1, 3), "output_weights": (3, 1), "output_bias": (1, 1)},
     "in,out", [2, 3, 1]),
    ("encoder decoder", {"encoder.weight": (3, 9), "encoder.bias": (3,), "decoder.weight": (9, 3), "decoder.bias": (9,)},
     "out,in", [9, 3, 9]),
    ("names that say no order", {"zeta.weight": (6, 4), "zeta.bias": (6,), "alpha.weight": (2, 6), "alpha.bias": (2,)},
     "out,in", [4, 6, 2]),
    ("names against the file", {"alpha.weight": (2, 6), "alpha.bias": (2,), "zeta.weight": (6, 4), "zeta.bias": (6,)},
     "out,in", [4, 6, 2]),
    ("adam beside", {**dense(A, "W{}", "b{}", False), **dense(A, "mW{}", "mb{}", False), **dense(A, "vW{}", "vb{}", False)},
     "in,out", A),
    ("gradients beside", {**dense(A, "W{}", "b{}", True), **dense(A, "dW{}", "db{}", True), **dense(A, "W{}_m", "b{}_m", True)},
     "out,in", A),
    ("checkpoint", {**dense(A, "model.{}.weight", "model.{}.bias", True, 0, 2),
                    **dense(A, "optimizer.state.{}.exp_avg", "optimizer.state.{}.exp_avg_sq", True, 0), "epoch": ()},
     "out,in", A),
]  # fmt: skip


@pytest.mark.parametrize(("shapes", "orientation", "sizes"), [m[1:] for m in MLPS], ids=[m[0] for m in MLPS])
def test_weights_are_read_as_the_network_that_they_are(shapes: Shapes, orientation: str, sizes: list[int]) -> None:
    found = infer(tensors(shapes))
    assert [layer.kind for layer in found.layers] == ["dense"] * (len(sizes) - 1), found.why
    assert found.orientation == orientation
    assert [found.layers[0].attributes["inputs"], *(n.attributes["outputs"] for n in found.layers)] == sizes
    assert all(n.steppable for n in found.layers)
    assert "orientation" not in [q.key for q in found.questions]
    assert [n.activation for n in found.layers[:-1]] == ["relu"] * (len(sizes) - 2)
    assert found.layers[-1].activation == ("sigmoid" if sizes[-1] == 1 else "softmax")
    used = {t for n in found.layers for t in n.tensors.values()}
    assert used | set(found.extras) == set(shapes)
    assert not used & set(found.extras)


def test_there_are_enough_of_them() -> None:
    assert len(MLPS) >= 27


@pytest.mark.parametrize(
    ("shapes", "usual"),
    [
        (dense([4, 4, 4], "{}.weight", "{}.bias", True, 0, 2), "out,in"),
        (dense([4, 4, 4], "dense_{}/kernel", "dense_{}/bias", False), "in,out"),
        (dense([4, 4, 4], "W{}", "b{}", False), "in,out"),
        (dense([4, 4, 4], "W{}", "b{}", True, b="row"), "in,out"),
        (dense([3, 3], "coefs_{}", "intercepts_{}", False, 0), "in,out"),
    ],
)
def test_equal_sizes_are_asked_with_what_such_names_usually_mean(shapes: Shapes, usual: str) -> None:
    found = infer(tensors(shapes))
    asked = {q.key: q for q in found.questions}
    assert asked["orientation"].chosen == found.orientation == usual
    other = next(o for o in asked["orientation"].options if o != usual)
    assert infer(tensors(shapes), orientation=other).orientation == other


def test_a_column_of_biases_decides_even_where_matrices_are_square() -> None:
    found = infer(tensors(dense([4, 4, 4], "W{}", "b{}", True, b="column")))
    assert found.orientation == "out,in"
    assert "orientation" not in [q.key for q in found.questions]


def test_answers_are_taken() -> None:
    found = infer(tensors(dense(A, "W{}", "b{}", False)), "tanh", "identity")
    assert [n.activation for n in found.layers] == ["tanh", "tanh", ""]
    assert [(q.key, q.chosen) for q in found.questions] == [("activation", "tanh"), ("output_activation", "identity")]


def test_batch_norm_by_names_and_its_counter_aside() -> None:
    shapes: Shapes = {
        "fc1.weight": (8, 4), "fc1.bias": (8,), "fc2.weight": (8, 8), "fc2.bias": (8,), "out.weight": (3, 8), "out.bias": (3,),
        "bn1.weight": (8,), "bn1.bias": (8,), "bn1.running_mean": (8,), "bn1.running_var": (8,), "bn1.num_batches_tracked": (),
        "bn2.weight": (8,), "bn2.bias": (8,), "bn2.running_mean": (8,), "bn2.running_var": (8,), "bn2.num_batches_tracked": (),
    }  # fmt: skip
    found = infer(tensors(shapes))
    assert [n.kind for n in found.layers] == ["dense", "batch_norm", "dense", "batch_norm", "dense"]
    assert [n.activation for n in found.layers] == ["", "relu", "", "relu", "softmax"]
    assert found.layers[1].tensors == {
        "gamma": "bn1.weight", "beta": "bn1.bias", "mean": "bn1.running_mean", "variance": "bn1.running_var",
    }  # fmt: skip
    assert set(found.extras) == {"bn1.num_batches_tracked", "bn2.num_batches_tracked"}


def test_layer_norm_in_a_sequential() -> None:
    shapes: Shapes = {"0.weight": (8, 4), "0.bias": (8,), "1.weight": (8,), "1.bias": (8,), "3.weight": (1, 8), "3.bias": (1,)}
    found = infer(tensors(shapes))
    assert [n.kind for n in found.layers] == ["dense", "layer_norm", "dense"]
    assert [n.activation for n in found.layers] == ["", "relu", "sigmoid"]


def test_convolutions_are_closed_and_what_follows_is_kept() -> None:
    shapes: Shapes = {
        "conv1.weight": (6, 1, 5, 5), "conv1.bias": (6,), "conv2.weight": (16, 6, 5, 5), "conv2.bias": (16,),
        "fc1.weight": (120, 400), "fc1.bias": (120,), "fc2.weight": (10, 120), "fc2.bias": (10,),
    }  # fmt: skip
    found = infer(tensors(shapes))
    assert [n.kind for n in found.layers] == ["box", "box", "dense", "dense"]
    assert not found.layers[0].steppable
    assert "convolution" in found.layers[0].why
    assert found.layers[0].tensors == {"weight": "conv1.weight", "bias": "conv1.bias"}


def test_recurrent_layers_are_closed() -> None:
    shapes: Shapes = {
        "lstm.weight_ih_l0": (16, 3), "lstm.weight_hh_l0": (16, 4), "lstm.bias_ih_l0": (16,), "lstm.bias_hh_l0": (16,),
        "fc.weight": (2, 4), "fc.bias": (2,),
    }  # fmt: skip
    found = infer(tensors(shapes))
    assert "dense" in [n.kind for n in found.layers]
    assert all(not n.steppable for n in found.layers if n.kind == "box")


def test_layers_that_do_not_chain_are_said() -> None:
    found = infer(tensors({"W1": (4, 8), "b1": (8,), "W2": (5, 3), "b2": (3,)}))
    assert [n.steppable for n in found.layers] == [True, False]
    assert "only the first 1 of 2" in " ".join(found.why)


def test_one_of_two_networks_is_chosen_and_said() -> None:
    shapes = {
        **dense([4, 16, 2], "actor.{}.weight", "actor.{}.bias", True, 0, 2),
        **dense([4, 16, 16, 1], "critic.{}.weight", "critic.{}.bias", True, 0, 2),
    }
    found = infer(tensors(shapes))
    assert len(found.layers) == 3
    assert "2 networks" in found.why[0]
    assert set(found.extras) == {n for n in shapes if n.startswith("actor")}


def test_nothing_to_infer() -> None:
    assert infer([]).layers == ()
    assert infer(tensors({"X": (100, 3), "y": (100,)})).layers == ()


@pytest.mark.parametrize("name", ["<b>W1</b>", "\u202eW1", "W" * 5000, "", "..", "/", "💥", "weight.weight.weight"])
def test_odd_names_are_only_names(name: str) -> None:
    found = infer(tensors({name: (3, 4), f"{name}b": (3,), "b": (3,)}))
    assert len(found.layers) <= 3


def test_many_tensors_take_no_search() -> None:
    shapes = {f"block{k}.weight": (7 + k % 3, 9) for k in range(1000)}
    assert infer(tensors(shapes)).layers
    found = infer(tensors({f"block{k}.weight": (7, 7) for k in range(4000)}))
    assert found.layers == ()
    assert "4000 parameters" in found.why[0]
