"""What more real files taught: models of scikit-learn that are no MLP, scalers of ONNX, weights in several pieces, containers."""

from __future__ import annotations

import importlib
import io
import json
import pickle
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from core.files import arrays, worker
from core.files.inference.infer import infer
from core.files.problem import FileProblem
from core.files.saved import Tensor, Where
from core.library import open_target
from core.report import trace
from core.steppable.build import layers_of
from core.steppable.data import Samples

R = np.random.default_rng(7)
X = R.normal(1, 2, (50, 4))
LINE, BUNCH = X @ R.normal(size=4) + 0.3, R.integers(0, 3, 50)


def forward(path: Path, wanted: Any, bound: float = 1e-12) -> None:
    """Hold what the last line of a saved network gives against a function of the samples."""
    opened = open_target(str(path), None, None, Samples(count=5, seed=2))
    assert opened.steps is not None
    assert not opened.steps.stops
    machine = trace(opened.program, 1).machine
    last = [s for s in opened.program.statements if s.phase == "forward"][-1].target
    values = {v.name: v.index for v in opened.program.values if v.kind != "part"}
    x, y = np.asarray(machine.value(values["X"])), np.asarray(machine.value(values[last]))
    right = np.asarray(wanted(x))
    assert np.abs(y.reshape(right.shape) - right).max() <= bound * max(1.0, float(np.abs(right).max()))


def learned(name: str, y: np.ndarray, **settings: Any) -> Any:
    pytest.importorskip("sklearn", reason="the oracle extra is not installed")
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(f"sklearn.{module}"), last)(**settings).fit(X, y)


@pytest.mark.parametrize("name", ["LinearRegression", "Ridge", "Lasso"])
def test_a_linear_model_is_one_dense_layer(name: str, tmp_path: Path) -> None:
    made = learned(f"linear_model.{name}", LINE)
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(made))
    saved = worker.read(tmp_path / "net.pkl")
    assert saved.complete
    assert [(n.kind, n.activation) for n in saved.layers] == [("dense", "")]
    forward(tmp_path / "net.pkl", made.predict)


def test_several_targets_at_once_and_no_bias(tmp_path: Path) -> None:
    made = learned("linear_model.LinearRegression", np.stack([LINE, -LINE, X[:, 0]], 1), fit_intercept=False)
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(made))
    assert "bias" not in worker.read(tmp_path / "net.pkl").layers[0].tensors
    forward(tmp_path / "net.pkl", made.predict)


@pytest.mark.parametrize(("classes", "function"), [(2, "sigmoid"), (3, "softmax")])
def test_a_logistic_regression_in_a_pipeline_gives_its_probabilities(classes: int, function: str, tmp_path: Path) -> None:
    scaler = learned("preprocessing.StandardScaler", BUNCH)
    model = learned("linear_model.LogisticRegression", BUNCH % classes)
    from sklearn.pipeline import make_pipeline

    made = make_pipeline(scaler, model).fit(X, BUNCH % classes)
    (tmp_path / "net.pkl").write_bytes(pickle.dumps({"model": made, "classes": ["a", "b", "c"]}))
    assert [(n.kind, n.activation) for n in worker.read(tmp_path / "net.pkl").layers] == [("scale", ""), ("dense", function)]
    forward(tmp_path / "net.pkl", lambda x: made.predict_proba(x)[:, -1] if classes == 2 else made.predict_proba(x))


@pytest.mark.parametrize("name", ["ensemble.RandomForestClassifier", "svm.SVC", "naive_bayes.GaussianNB", "cluster.KMeans"])
def test_a_model_that_is_no_network_says_so(name: str, tmp_path: Path) -> None:
    """Its arrays were read as layers: the means of a naive Bayes as a matrix, the support vectors as one before another."""
    made = learned(name, BUNCH)
    (tmp_path / "net.pkl").write_bytes(pickle.dumps({"model": made, "version": 1}))
    saved = worker.read(tmp_path / "net.pkl")
    assert saved.tensors
    (box,), _ = layers_of(saved)
    assert box.name == type(made).__name__
    assert "no neural network" in box.why


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_a_forest_by_joblib_whose_nodes_are_records(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib", reason="the oracle extra is not installed")
    forest = learned("ensemble.RandomForestClassifier", BUNCH, n_estimators=3)
    net = learned("neural_network.MLPClassifier", BUNCH, hidden_layer_sizes=(5,), max_iter=3)
    for packing in (0, 3):
        joblib.dump({"forest": forest, "net": net, "when": np.array(["2020-01-01"], "M8[D]")}, tmp_path / "net.joblib", packing)
        saved = worker.read(tmp_path / "net.joblib")
        assert np.array_equal(arrays.array(saved, "coefs_.0"), net.coefs_[0])
        assert np.array_equal(arrays.array(saved, "coefs_.1"), net.coefs_[1])


def test_weights_beside_a_model_of_scikit_learn_are_a_network(tmp_path: Path) -> None:
    held = {"W1": R.normal(size=(4, 3)), "b1": R.normal(size=3), "scaler": learned("preprocessing.StandardScaler", BUNCH)}
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(held))
    assert [n.kind for n in layers_of(worker.read(tmp_path / "net.pkl"))[0]] == ["dense"]


# -- pickles


class _Dill:
    """Pickles as dill writes an array: NumPy's function, its arguments, its state, and a dictionary."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __reduce__(self) -> Any:
        function, arguments, state = self.array.__reduce__()
        return _create_array, (function, arguments, state, None)


def _create_array(*_: Any) -> None:
    raise AssertionError("nothing in a file is called")


_create_array.__module__ = "dill._dill"


def test_arrays_of_dill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dill", "dill._dill"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["dill._dill"]._create_array = _create_array  # type: ignore[attr-defined]
    held = {"W1": R.normal(size=(3, 2)), "b1": R.normal(size=2)}
    (tmp_path / "net.pkl").write_bytes(pickle.dumps({n: _Dill(a) for n, a in held.items()}))
    assert np.array_equal(arrays.array(worker.read(tmp_path / "net.pkl"), "W1"), held["W1"])


def test_a_pickle_of_python_2_with_numbers_as_text(tmp_path: Path) -> None:
    """Its protocol 0 has no mark of its own, and bytes that are no ASCII: small files were taken for a text."""
    numbers = R.normal(size=(2, 3))
    text = "".join(f"\\x{b:02x}" for b in numbers.tobytes())
    (tmp_path / "net.pkl").write_text(
        "(dp1\nS'W1'\np2\ncnumpy.core.multiarray\n_reconstruct\np3\n(cnumpy\nndarray\np4\n(I0\ntS'b'\ntRp5\n(I1\n(I2\nI3\nt"
        f"cnumpy\ndtype\np6\n(S'f8'\nI0\nI1\ntRp7\n(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'{text}'\ntbs."
    )
    assert np.array_equal(arrays.array(worker.read(tmp_path / "net.pkl"), "W1"), numbers)


def test_a_network_that_keras_pickled_says_how_to_save_it(tmp_path: Path) -> None:
    """It is a packed file in memory, which was said to be a trap."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("config.json", "{}")
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(packed))
    with pytest.raises(FileProblem, match=r"model\.save\('name\.keras'\)"):
        worker.read(tmp_path / "net.pkl")


def test_a_table_of_pandas_is_said_to_be_data(tmp_path: Path) -> None:
    """Its columns were read as layers. Written by hand, as pandas is not installed here."""
    table = b"cpandas.core.frame\nDataFrame\n)\x81}X\x04\x00\x00\x00_mgrK\x01sb."
    (tmp_path / "data.pkl").write_bytes(b"\x80\x02" + table)
    with pytest.raises(FileProblem, match="DataFrame of pandas, which is data and no network"):
        worker.read(tmp_path / "data.pkl")


# -- other containers


def test_safetensors_without_metadata_may_say_null(tmp_path: Path) -> None:
    """As MLX writes it."""
    head = b'{"__metadata__":null,"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    (tmp_path / "net.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + np.ones(2, "<f4").tobytes())
    assert [t.name for t in worker.read(tmp_path / "net.safetensors").tensors] == ["w"]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("net.tflite", b"\x1c\0\0\0TFL3" + bytes(64), "TensorFlow Lite"),
        ("net.pb", b"\x0a\x09\x0a\x01x\x12\x04Relu", "frozen graph"),
        ("net.pb", b"\x08\x02\x10\x01\x4a\x08" + bytes(8), "it is not a TensorFlow SavedModel"),
        ("net.pkl", b"\x83\xa4grid\x9a\x9a" + bytes(64), "it is not a Python pickle"),
    ],
)
def test_what_is_not_read_is_called_what_it_is(name: str, data: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FileProblem, match=words):
        worker.read(tmp_path / name)


def test_a_scaler_of_onnx_ml_is_a_layer(tmp_path: Path) -> None:
    """As skl2onnx writes a pipeline: Scaler, then MatMul and Add."""
    onnx = pytest.importorskip("onnx", reason="the oracle extra is not installed")
    from onnx import helper, numpy_helper

    w, b = R.normal(size=(4, 3)).astype("f4"), R.normal(size=3).astype("f4")
    offset, scale = R.normal(size=4).astype("f4"), R.normal(size=4).astype("f4")
    nodes = [
        helper.make_node("Scaler", ["x"], ["s"], "scaler", domain="ai.onnx.ml", offset=offset.tolist(), scale=scale.tolist()),
        helper.make_node("MatMul", ["s", "w"], ["m"]), helper.make_node("Add", ["m", "b"], ["a"]),
        helper.make_node("Relu", ["a"], ["y"]),
    ]  # fmt: skip
    ends = [helper.make_tensor_value_info(n, 1, [None, k]) for n, k in (("x", 4), ("y", 3))]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")])
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets), tmp_path / "net.onnx")
    saved = worker.read(tmp_path / "net.onnx")
    assert saved.complete
    assert np.array_equal(arrays.array(saved, "scaler.scale"), scale)
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(str(tmp_path / "net.onnx"))
    forward(tmp_path / "net.onnx", lambda x: evaluator.run(None, {"x": x.astype("f4")})[0], 1e-6)


def test_a_graph_with_a_million_numbers_in_an_attribute_is_read_at_once(tmp_path: Path) -> None:
    """As trees have them: each is a field of its own, and only tensors of Constant nodes are looked for."""
    onnx = pytest.importorskip("onnx", reason="the oracle extra is not installed")
    from onnx import helper

    from core.files.onnx_format import onnx_wire

    tree = helper.make_node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", target_weights=[0.5] * 1000)
    kept = helper.make_node("Constant", [], ["c"], value=onnx.numpy_helper.from_array(np.ones((2, 2), "f4")))
    ends = [helper.make_tensor_value_info(n, 1, [None, 2]) for n in ("x", "y")]
    onnx.save(helper.make_model(helper.make_graph([tree, kept], "g", ends[:1], ends[1:])), tmp_path / "net.onnx")
    asked: list[int] = []
    whole = onnx_wire._varint

    def counted(*args: Any) -> Any:
        asked.append(1)
        return whole(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_wire, "_varint", counted)
        assert list(onnx_wire.spans(tmp_path / "net.onnx")) == [("node", 1, 0)]
    assert len(asked) < 500


def test_weights_of_keras_beside_a_description_of_another_name(tmp_path: Path) -> None:
    """As model.json and weights.h5."""
    h5py = pytest.importorskip("h5py")
    layer = {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "tanh", "batch_input_shape": [None, 3]}}
    (tmp_path / "my_model.json").write_text(json.dumps({"class_name": "Sequential", "config": [layer]}))
    with h5py.File(tmp_path / "my_weights.h5", "w") as file:
        file.attrs["layer_names"] = [b"d"]
        group = file.create_group("d")
        group.attrs["weight_names"] = [b"d/kernel:0", b"d/bias:0"]
        group["d/kernel:0"], group["d/bias:0"] = np.ones((3, 2), "f4"), np.zeros(2, "f4")
    saved = worker.read(tmp_path / "my_model.json")
    assert saved.complete
    assert [n.activation for n in saved.layers if n.kind == "dense"] == ["tanh"]


# -- names


def layers(*shapes: tuple[str, tuple[int, ...]]) -> list[tuple[str, str]]:
    found = infer([Tensor(n, s, "float32", 4, Where("worker")) for n, s in shapes])
    return [(n.kind, n.name) for n in found.layers]


@pytest.mark.parametrize(
    "names", [("weight_g", "weight_v"), ("parametrizations.weight.original0", "parametrizations.weight.original1")]
)
def test_a_weight_in_pieces_closes_its_layer(names: tuple[str, str]) -> None:
    """As in ESPNN: direction and length were read as two layers."""
    found = layers(
        (f"dense1.{names[0]}", (5, 1)), (f"dense1.{names[1]}", (5, 4)), ("dense1.bias", (5,)), ("dense2.weight", (2, 5)),
        ("dense2.bias", (2,)),
    )  # fmt: skip
    assert [k for k, _ in found] == ["box", "dense"]


def test_cells_that_keras_only_numbers_are_recurrent() -> None:
    found = layers(
        ("layers/bidirectional/cell/vars/0", (4, 12)), ("layers/bidirectional/cell/vars/1", (3, 12)),
        ("layers/bidirectional/cell/vars/2", (12,)), ("layers/dense/vars/0", (3, 1)), ("layers/dense/vars/1", (1,)),
    )  # fmt: skip
    assert [k for k, _ in found] == ["box", "dense"]


def test_statistics_of_the_data_are_no_layer() -> None:
    """As in autocrucible: the means of the classes, which would follow the last layer by their size."""
    found = layers(("W1", (4, 6)), ("b1", (6,)), ("W2", (6, 3)), ("b2", (3,)), ("class_means", (3, 4)))
    assert [k for k, _ in found] == ["dense", "dense"]


def test_networks_whose_names_differ_in_a_number_alone() -> None:
    """As in rlcard: agents that are counted, each with a normalisation and layers of the same sizes."""
    shapes: list[tuple[str, tuple[int, ...]]] = []
    for agent in ("agent0_value", "agent0_target", "agent1_value", "agent1_target"):
        shapes += [(f"{agent}.1.weight", (6,)), (f"{agent}.1.bias", (6,)), (f"{agent}.1.running_mean", (6,)),
                   (f"{agent}.1.running_var", (6,)), (f"{agent}.2.weight", (5, 6)), (f"{agent}.2.bias", (5,)),
                   (f"{agent}.4.weight", (2, 5)), (f"{agent}.4.bias", (2,))]  # fmt: skip
    assert layers(*shapes) == [("batch_norm", "agent0_value.1"), ("dense", "agent0_value.2"), ("dense", "agent0_value.4")]
