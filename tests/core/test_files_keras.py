"""Keras files: written by keras itself, and by h5py in the layouts of Keras 1, 2 and 3; hostile HDF5 files of several kinds."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.keras_torch import keras_on_torch
from helpers.reading import answers
from helpers.saved_forward import forward, numbers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.files import arrays, worker
from core.files.limits import LIMITS
from core.files.problem import FileProblem
from core.files.saved import Saved

h5py = pytest.importorskip("h5py")

from core.files.keras_format import read_keras  # noqa: E402

# Said by keras and torch, of their own code.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras"), pytest.mark.filterwarnings("ignore::UserWarning:keras"),
]  # fmt: skip
RNG = np.random.default_rng(1)
SECRET = b"the-secret-of-a-system-file-" * 4


def dense(name: str, units: int, activation: Any = "linear", **more: Any) -> dict[str, Any]:
    return {"class_name": "Dense", "config": {"name": name, "units": units, "activation": activation, "use_bias": True, **more}}


def sequential(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "s", "layers": list(layers)}}


def put_legacy(group: Any, weights: dict[str, dict[str, Any]], version: str = "2.4.0") -> None:
    """Write weights in the layout of Keras 1 and 2: layer_names, weight_names, one group a layer."""
    group.attrs["layer_names"] = [n.encode() for n in weights]
    group.attrs["keras_version"] = version.encode()
    group.attrs["backend"] = b"tensorflow"
    for layer, named in weights.items():
        own = group.create_group(layer)
        own.attrs["weight_names"] = [n.encode() for n in named]
        for name, array in named.items():
            own.create_dataset(name, data=array)


def mlp(kernel: str = "{0}/kernel:0", bias: str = "{0}/bias:0") -> dict[str, dict[str, Any]]:
    w = [RNG.normal(size=s).astype("float32") for s in ((4, 5), (5,), (5, 3), (3,))]
    return {
        "dense_1": {kernel.format("dense_1"): w[0], bias.format("dense_1"): w[1]},
        "dense_2": {kernel.format("dense_2"): w[2], bias.format("dense_2"): w[3]},
    }


def expected(weights: dict[str, dict[str, Any]], x: Any) -> Any:
    (w1, b1), (w2, b2) = (list(v.values()) for v in weights.values())
    e = np.exp(np.maximum(x @ w1 + b1, 0) @ w2 + b2)
    return e / e.sum(-1, keepdims=True)


MLP = sequential(dense("dense_1", 5, "relu", batch_input_shape=[None, 4]), dense("dense_2", 3, "softmax"))
X = RNG.normal(size=(6, 4)).astype("float32")


def checked(path: Path, x: Any, true: Any, bound: float = 1e-6) -> Saved:
    saved = read_keras.read(path, LIMITS)
    again = Saved.from_data(saved.to_data())
    assert again.tensors == saved.tensors
    assert saved.complete, saved.warnings
    ours = forward(saved, x, lambda name: read_keras.array(path, name, None, LIMITS))
    np.testing.assert_allclose(ours, true, rtol=bound, atol=bound)
    return saved


def test_a_whole_model_of_keras_2(tmp_path: Path) -> None:
    weights, path = mlp(), tmp_path / "net.h5"
    with h5py.File(path, "w") as f:
        f.attrs["model_config"] = json.dumps(MLP).encode()
        put_legacy(f.create_group("model_weights"), weights)
    saved = checked(path, X, expected(weights, X))
    assert [n.kind for n in saved.layers] == ["dense", "dense"]
    assert {n.attributes["orientation"] for n in saved.layers} == {"in,out"}
    assert saved.metadata["keras version"] == "2.4.0"
    assert {t.where.kind for t in saved.tensors} == {"span"}


def test_a_whole_model_of_keras_1(tmp_path: Path) -> None:
    """A list of layers in place of a mapping, output_dim, names such as dense_1_W."""
    layers = [
        {"class_name": "Dense", "config": {"name": "dense_1", "output_dim": 5, "activation": "relu", "input_dim": 4}},
        {"class_name": "Dropout", "config": {"name": "dropout_1", "p": 0.25}},
        {"class_name": "Dense", "config": {"name": "dense_2", "output_dim": 3, "activation": "linear", "bias": True}},
        {"class_name": "Activation", "config": {"name": "activation_1", "activation": "softmax"}},
    ]
    weights, path = mlp("{0}_W", "{0}_b"), tmp_path / "net.h5"
    with h5py.File(path, "w") as f:
        f.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": layers}).encode()
        put_legacy(f.create_group("model_weights"), weights, "1.2.2")
    saved = checked(path, X, expected(weights, X))
    assert [n.kind for n in saved.layers] == ["dense", "dropout", "dense", "softmax"]
    assert saved.layers[1].attributes["rate"] == 0.25


@pytest.mark.parametrize("ending", [".h5", "_weights.h5", ".weights.h5"])
def test_a_description_with_its_weights_beside_it(tmp_path: Path, ending: str) -> None:
    weights, path = mlp(), tmp_path / "net.json"
    path.write_text(json.dumps(MLP))
    alone = read_keras.read(path, LIMITS)
    assert not alone.complete
    assert "beside" in alone.warnings[0]
    with h5py.File(tmp_path / f"net{ending}", "w") as f:
        put_legacy(f, weights)
    saved = checked(path, X, expected(weights, X))
    assert {t.where.file for t in saved.tensors} == {f"net{ending}"}


@pytest.mark.parametrize(
    "how", [{"compression": "gzip"}, {"compression": "lzf", "shuffle": True}, {"chunks": (2, 3)}, {"dtype": ">f4"}]
)
def test_packed_weights_and_rows_of_them(tmp_path: Path, how: dict[str, Any]) -> None:
    w = RNG.normal(size=(7, 5)).astype("float32")
    with h5py.File(tmp_path / "w.h5", "w") as f:
        f.create_dataset("a/b/w", data=w, **how)
    saved = read_keras.read(tmp_path / "w.h5", LIMITS)
    assert saved.format == "HDF5"
    assert [t.where.kind for t in saved.tensors] == ["worker"]
    np.testing.assert_array_equal(read_keras.array(tmp_path / "w.h5", "a/b/w", None, LIMITS), w)
    np.testing.assert_array_equal(read_keras.array(tmp_path / "w.h5", "a/b/w", (2, 4), LIMITS), w[2:4])


# --- by keras itself --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keras() -> Any:
    found = keras_on_torch()
    yield found
    set_type(found, "float32")


def set_type(keras: Any, dtype: str) -> None:
    """Let keras calculate in that type; what flows in is converted to its floatx."""
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)


def whole(keras: Any, dtype: str) -> Any:
    keras.utils.set_random_seed(3)
    n = keras.layers
    net = keras.Sequential(
        [
            keras.Input((4,)),
            n.Dense(6, activation="relu", dtype=dtype),
            n.BatchNormalization(dtype=dtype),
            n.Dropout(0.2),
            n.Dense(6, use_bias=False, dtype=dtype, name="Named by me"),
            n.LeakyReLU(negative_slope=0.2),
            n.Reshape((2, 3)),
            n.Flatten(),
            n.LayerNormalization(dtype=dtype, scale=False),
            n.Dense(5, activation=n.LeakyReLU(0.1), dtype=dtype),
            n.ELU(0.5),
            n.Dense(4, activation="softplus", dtype=dtype),
            *(n.Dense(4, activation=f, dtype=dtype) for f in ("gelu", "silu", "selu", "softsign")),
            n.Activation("tanh"),
            n.ReLU(),
            n.Dense(3, dtype=dtype),
            n.Softmax(),
        ]
    )
    rng = np.random.default_rng(5)
    for layer in net.layers:
        low = 0.2 if isinstance(layer, n.BatchNormalization) else -1
        layer.set_weights([rng.uniform(low, 1, w.shape) for w in layer.get_weights()])
    return net


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_what_keras_saves(tmp_path: Path, keras: Any, dtype: str, ending: str) -> None:
    set_type(keras, dtype)
    net, path, x = whole(keras, dtype), tmp_path / f"net{ending}", X.astype(dtype)
    net.save(path)
    # Keras multiplies in 32 bits with this backend, in float64 too; the numbers kept are compared to the last bit.
    saved = checked(path, x, np.asarray(net(x).detach()))
    kept = [numbers(saved, t.name, lambda _: None) for t in saved.tensors]
    for ours, true in zip(kept, net.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, true)
    assert {t.dtype for t in saved.tensors if not t.name.startswith("optimizer")} == {dtype}


def test_weights_alone(tmp_path: Path, keras: Any) -> None:
    set_type(keras, "float32")
    net = whole(keras, "float32")
    net.save_weights(tmp_path / "net.weights.h5")
    saved = read_keras.read(tmp_path / "net.weights.h5", LIMITS)
    assert (saved.complete, saved.layers, len(saved.tensors)) == (False, (), 22)
    (tmp_path / "net.json").write_text(net.to_json())
    checked(tmp_path / "net.json", X, np.asarray(net(X).detach()))


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_models_in_models(tmp_path: Path, keras: Any, ending: str) -> None:
    set_type(keras, "float32")
    n = keras.layers
    inner = keras.Sequential([keras.Input((5,)), n.Dense(6, "tanh", name="z"), n.Dense(2, name="a")], name="inner")
    x = keras.Input((4,), name="x")
    net, path = keras.Model(x, n.Softmax()(inner(n.Dense(5, "sigmoid", name="b")(x)))), tmp_path / f"net{ending}"
    net.save(path)
    assert [n.name for n in checked(path, X, np.asarray(net(X).detach())).layers if n.kind == "dense"] == [
        "b",
        "inner/z",
        "inner/a",
    ]


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_lambdas_own_classes_and_joins_are_boxes(tmp_path: Path, keras: Any, ending: str) -> None:
    set_type(keras, "float32")
    n = keras.layers

    @keras.saving.register_keras_serializable(package="Mine")
    class Dense2(n.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

    x = keras.Input((4,))
    a, b = n.Dense(5, activation="mish")(x), n.Dense(5)(x)
    net, path = keras.Model(x, Dense2()(n.Lambda(lambda t: t * 2)(n.Add()([a, b])))), tmp_path / f"net{ending}"
    net.save(path)
    saved = read_keras.read(path, LIMITS)
    assert [n.kind for n in saved.layers] == ["input", "dense", "dense", "box", "box", "box"]
    assert "mish" in saved.layers[1].why
    assert "never run" in saved.layers[4].why
    assert not saved.complete


def test_a_lambda_is_never_unpacked_and_a_module_never_imported(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    (tmp_path / "evil_module.py").write_text(f"open({str(canary)!r}, 'w')")
    config = sequential(
        {
            "class_name": "Lambda",
            "config": {"name": "l", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAAA"}}},
        },
        {"class_name": "Evil", "module": "evil_module", "registered_name": "os.system", "config": {"name": "<img src=x>"}},
        dense("d", 3, {"module": "evil_module", "class_name": "function", "config": "relu", "registered_name": "function"}),
        {"class_name": "TFOpLambda", "config": {"name": "t", "function": "os.system"}},
        {"class_name": "layer", "config": {"name": "u"}},
    )
    with zipfile.ZipFile(tmp_path / "net.keras", "w") as z:
        z.writestr("config.json", json.dumps(config))
    saved = read_keras.read(tmp_path / "net.keras", LIMITS)
    assert [(n.kind, n.steppable) for n in saved.layers] == [
        ("box", False),
        ("box", False),
        ("dense", False),
        ("box", False),
        ("box", False),
    ]
    assert not saved.complete
    assert not canary.exists()


# --- hostile ----------------------------------------------------------------------------------------------------------


def external_data(f: Any, secret: Path) -> None:
    f.create_dataset("w", (len(SECRET),), "u1", external=[(str(secret), 0, len(SECRET))])


def external_link(f: Any, secret: Path) -> None:
    f["w"] = h5py.ExternalLink(str(secret), "/w")


def external_group(f: Any, secret: Path) -> None:
    f["model_weights"] = h5py.ExternalLink(str(secret), "/")


def soft_link(f: Any, secret: Path) -> None:
    f["a"] = np.zeros(3)
    f["w"] = h5py.SoftLink("/a")


def soft_link_mid_path(f: Any, secret: Path) -> None:
    f.create_group("real/dense_1")
    f["model_weights"] = h5py.SoftLink("/real")


def soft_link_below(f: Any, secret: Path) -> None:
    group = f.create_group("model_weights")
    put_legacy(group, mlp())
    del group["dense_1"]
    group["dense_1"] = h5py.SoftLink("/model_weights/dense_2")


def external_in_vars(f: Any, secret: Path) -> None:
    f.create_group("layers/dense")["vars"] = h5py.ExternalLink(str(secret), "/x")


def virtual(f: Any, secret: Path) -> None:
    layout = h5py.VirtualLayout((4,), "u1")
    layout[:] = h5py.VirtualSource(str(secret), "w", (4,))
    f.create_virtual_dataset("w", layout)


def declares(f: Any, secret: Path) -> None:
    f.create_dataset("w", (20_000, 20_000), "f4")


def declares_pieces(f: Any, secret: Path) -> None:
    f.create_dataset("w", (20_000, 20_000), "f4", chunks=(1000, 1000), compression="gzip")


def one_enormous_piece(f: Any, secret: Path) -> None:
    f.create_dataset("w", (20_000, 20_000), "f4", chunks=(20_000, 20_000), compression="gzip")


def in_a_circle(f: Any, secret: Path) -> None:
    group = f.create_group("a")
    group.create_group("b")["again"] = group


def many_ways(f: Any, secret: Path) -> None:
    group = f
    for i in range(25):
        inner = group.create_group(f"g{i}")
        group["second"] = inner
        group = inner


def too_deep(f: Any, secret: Path) -> None:
    f.create_group("/".join("g" * 100))


def foreign_filter(f: Any, secret: Path) -> None:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((4,))
    plist.set_filter(32004, h5py.h5z.FLAG_OPTIONAL, (1,))
    h5py.h5d.create(f.id, b"w", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((4,)), plist)


HOSTILE = [
    (external_data, "another file"), (external_link, "another file"), (external_group, "another file"), (soft_link, "soft link"),
    (soft_link_mid_path, "soft link"), (soft_link_below, "soft link"), (external_in_vars, "another file"), (virtual, "virtual"),
    (declares, "declares 1600000000 bytes"), (declares_pieces, "declares 1600000000 bytes"), (one_enormous_piece, "pieces"),
    (in_a_circle, "circle"), (many_ways, "two ways"), (too_deep, "nested"), (foreign_filter, "filter 32004"),
]  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("make", "said"), HOSTILE, ids=[h[0].__name__ for h in HOSTILE])
def test_hostile_files(tmp_path: Path, make: Callable[[Any, Path], None], said: str, packed: bool) -> None:
    """Alone, and inside a .keras archive, where HDF5 reads from memory and would still open files of the system."""
    secret, path = tmp_path / "secret", tmp_path / "net.h5"
    secret.write_bytes(SECRET)
    raw = io.BytesIO()
    with h5py.File(raw, "w") as f:
        f.attrs["model_config"] = json.dumps(MLP)
        make(f, secret)
    path.write_bytes(raw.getvalue())
    if packed:
        path = tmp_path / "net.keras"
        with zipfile.ZipFile(path, "w") as z:
            z.writestr("config.json", json.dumps(MLP))
            z.writestr("model.weights.h5", raw.getvalue())
    with pytest.raises(FileProblem, match=said) as caught:
        read_keras.read(path, LIMITS)
    assert SECRET.decode() not in str(caught.value)
    for name in ("w", "model_weights/w", "layers/dense/vars/0"):
        with pytest.raises(FileProblem):
            read_keras.array(path, name, None, LIMITS)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"class_name": "Sequential", "config": {}}, "no layers"),
        ({"class_name": "Sequential", "config": {"layers": [3]}}, "no layers"),
        (sequential(dense("d", 3), dense("d", 3)), "two layers"),
        (
            {
                "class_name": "Model",
                "config": {
                    "layers": [
                        {**dense("a", 2), "inbound_nodes": [[["b", 0, 0, {}]]]},
                        {**dense("b", 2), "inbound_nodes": [[["a", 0, 0, {}]]]},
                    ]
                },
            },
            "circle",
        ),
        (
            {"class_name": "Model", "config": {"layers": [{**dense("a", 2), "inbound_nodes": [[["z", 0, 0, {}]]]}]}},
            "there is not",
        ),
        ([], "no Keras model"),
        (json.loads("[" * 150 + "]" * 150), "no Keras model"),
    ],
)
def test_wrong_descriptions(tmp_path: Path, model: Any, said: str) -> None:
    with zipfile.ZipFile(tmp_path / "net.keras", "w") as z:
        z.writestr("config.json", json.dumps(model))
    with pytest.raises(FileProblem, match=said):
        read_keras.read(tmp_path / "net.keras", LIMITS)


def test_models_nested_too_deep(tmp_path: Path) -> None:
    model = sequential(dense("d", 3))
    for i in range(40):
        model = sequential({**model, "config": {**model["config"], "name": f"m{i}"}})
    with zipfile.ZipFile(tmp_path / "net.keras", "w") as z:
        z.writestr("config.json", json.dumps(model))
    with pytest.raises(FileProblem, match="nested"):
        read_keras.read(tmp_path / "net.keras", LIMITS)


def test_weights_that_do_not_fit_are_said(tmp_path: Path) -> None:
    weights = mlp()
    weights["dense_1"]["dense_1/kernel:0"] = np.zeros((4, 9), "float32")
    weights["dense_2"].pop("dense_2/bias:0")
    with h5py.File(tmp_path / "net.h5", "w") as f:
        f.attrs["model_config"] = json.dumps(MLP)
        put_legacy(f.create_group("model_weights"), weights)
    saved = read_keras.read(tmp_path / "net.h5", LIMITS)
    assert not saved.complete
    assert len(saved.warnings) == 2


def test_nan_weights_and_strange_names(tmp_path: Path) -> None:
    name = "<b>\u202e" + "n" * 30_000
    with h5py.File(tmp_path / "net.h5", "w") as f:
        f.create_dataset(name, data=np.full((2, 2), np.nan))
    saved = Saved.from_data(read_keras.read(tmp_path / "net.h5", LIMITS).to_data())
    assert np.isnan(numbers(saved, saved.tensors[0].name, lambda _: None)).all()


@pytest.mark.parametrize("ending", [".h5", ".keras", ".json"])
def test_through_the_child_process(tmp_path: Path, ending: str) -> None:
    weights, path = mlp(), tmp_path / f"net{ending}"
    weights["dense_1"]["dense_1/bias:0"] = np.arange(5, dtype=">f4")  # not mapped: the reader is asked
    raw = io.BytesIO()
    with h5py.File(raw, "w") as f:
        f.attrs["model_config"] = json.dumps(MLP)
        put_legacy(f, weights)
    if ending == ".h5":
        path.write_bytes(raw.getvalue())
    elif ending == ".json":
        path.write_text(json.dumps(MLP))
        (tmp_path / "net_weights.h5").write_bytes(raw.getvalue())
    else:
        with zipfile.ZipFile(path, "w") as z:
            z.writestr("config.json", json.dumps(MLP))
            z.writestr("model.weights.h5", raw.getvalue())
    saved = worker.read(path)
    assert saved.complete
    for layer in saved.layers:
        for (name, true), role in zip(weights[layer.name].items(), ("weight", "bias"), strict=True):
            np.testing.assert_array_equal(arrays.array(saved, layer.tensors[role]), true, name)


def test_a_secret_of_the_system_does_not_leak_from_the_child_process(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    for make, said in HOSTILE:
        with h5py.File(tmp_path / "net.h5", "w") as f:
            make(f, secret)
        with pytest.raises(FileProblem, match=said):
            worker.read(tmp_path / "net.h5")


# --- anything ---------------------------------------------------------------------------------------------------------


def sample() -> bytes:
    raw = io.BytesIO()
    with h5py.File(raw, "w", libver="latest") as f:
        f.attrs["model_config"] = json.dumps(MLP)
        group = f.create_group("model_weights")
        put_legacy(group, mlp())
        f.create_dataset("packed", data=np.arange(100.0), compression="gzip", chunks=(30,))
    return raw.getvalue()


WHOLE = sample()


def test_cut_at_every_place(tmp_path: Path) -> None:
    for n in range(0, len(WHOLE), 7):
        answers(read_keras, tmp_path / "any.h5", WHOLE[:n])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes(tmp_path: Path, raw: bytes, begun: bool) -> None:
    answers(read_keras, tmp_path / "any.h5", b"\x89HDF\r\n\x1a\n" + raw if begun else raw)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_changed_bytes(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    raw = bytearray(WHOLE)
    for at, byte in changes:
        raw[at] = byte
    answers(read_keras, tmp_path / "any.h5", bytes(raw))
