"""What real files taught: weights in other people's names and containers, each case as it was met in a public package."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files import arrays, worker
from core.files.inference.infer import infer
from core.files.saved import Tensor, Where
from core.steppable.build import layers_of

R = np.random.default_rng(3)


def layers(*shapes: tuple[str, tuple[int, ...]]) -> list[tuple[str, str]]:
    found = infer([Tensor(n, s, "float32", 4, Where("worker")) for n, s in shapes])
    return [(n.kind, n.name) for n in found.layers]


def test_a_prelu_keeps_what_flows_and_the_order_of_the_file_is_trusted() -> None:
    """As in facenet-pytorch: sorted by name, dense5 and its prelu5 would come apart."""
    found = layers(
        ("conv4.weight", (8, 4, 2, 2)), ("conv4.bias", (8,)), ("prelu4.weight", (8,)), ("dense5.weight", (6, 32)),
        ("dense5.bias", (6,)), ("prelu5.weight", (6,)), ("dense6_1.weight", (2, 6)), ("dense6_1.bias", (2,)),
    )  # fmt: skip
    assert found == [
        ("box", "conv4"), ("box", "prelu4"), ("dense", "dense5"), ("box", "prelu5"), ("dense", "dense6_1"),
    ]  # fmt: skip


def test_what_takes_the_inputs_of_a_recurrent_layer_is_closed_too() -> None:
    """As in madmom."""
    found = layers(
        ("layers.0.weights", (4, 6)), ("layers.0.bias", (6,)), ("layers.0.recurrent.weights", (6, 6)),
        ("layers.1.weights", (6, 1)), ("layers.1.bias", (1,)),
    )  # fmt: skip
    assert [k for k, _ in found] == ["box", "box", "dense"]


def test_a_list_of_numbers_alone_is_no_normalisation() -> None:
    assert not layers(("ra", (40,)), ("dec", (40,)), ("parallax", (40,)))
    assert not layers(("scaler.scale_", (40,)), ("scaler.min_", (40,)))


def test_a_normalisation_with_an_axis_of_one() -> None:
    """As in pesto-pitch: over a channel and its numbers."""
    assert layers(("encoder.layernorm.weight", (1, 264)), ("encoder.layernorm.bias", (1, 264))) == [
        ("layer_norm", "encoder.layernorm")
    ]


def test_what_the_training_is_measured_by_is_no_layer() -> None:
    found = layers(("predictor.ffn.0.weight", (5, 4)), ("metrics.0.task_weights", (1, 1)), ("predictor.criterion.weight", (1, 5)))
    assert found == [("dense", "predictor.ffn.0")]


def test_layers_that_keras_numbers_by_class_find_their_places() -> None:
    """As in every .weights.h5: nothing says where the normalisation stands but its size."""
    found = layers(
        ("layers/batch_normalization/vars/0", (6,)), ("layers/batch_normalization/vars/1", (6,)),
        ("layers/batch_normalization/vars/2", (6,)), ("layers/batch_normalization/vars/3", (6,)),
        ("layers/dense/vars/0", (5, 7)), ("layers/dense/vars/1", (7,)), ("layers/dense_1/vars/0", (7, 6)),
        ("layers/dense_1/vars/1", (6,)), ("layers/dense_2/vars/0", (6, 3)), ("layers/dense_2/vars/1", (3,)),
    )  # fmt: skip
    assert [k for k, _ in found] == ["dense", "dense", "batch_norm", "dense"]


@pytest.mark.parametrize(("names", "epsilon"), [(("gamma", "beta", "moving_mean", "moving_variance"), 1e-3),
                                                (("weight", "bias", "running_mean", "running_var"), 1e-5)])  # fmt: skip
def test_what_is_added_to_a_variance_is_said(names: tuple[str, ...], epsilon: float) -> None:
    tensors = [Tensor(f"bn.{n}", (4,), "float32", 16, Where("worker")) for n in names]
    found = infer([Tensor("fc.weight", (4, 4), "float32", 64, Where("worker")), *tensors])
    (norm,) = (n for n in found.layers if n.kind == "batch_norm")
    assert norm.attributes["epsilon"] == epsilon
    assert any(str(epsilon) in s or f"{epsilon:g}" in s for s in found.why)


def test_of_several_networks_the_names_of_layers_are_none() -> None:
    """As in geNomad: a network called model, beside layers that are called by their kind."""
    tensors = [
        ("model/conv1d/kernel", (6, 4, 3)), ("model/dense/kernel", (3, 4)), ("dense_1/kernel", (4, 5)), ("dense_1/bias", (5,)),
        ("batch_normalization_1/gamma", (5,)), ("batch_normalization_1/beta", (5,)), ("dense_2/kernel", (5, 2)),
    ]  # fmt: skip
    assert ("layer_norm", "batch_normalization_1") in layers(*tensors)


# -- containers


class _Jax:
    """Pickles as an array of JAX does: NumPy's function, its arguments and its state."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __reduce__(self) -> Any:
        function, arguments, state = self.array.__reduce__()
        return _reconstruct_array, (function, arguments, state, {"weak_type": False})


def _reconstruct_array(*_: Any) -> None:
    raise AssertionError("nothing in a file is called")


_reconstruct_array.__module__ = "jax._src.array"


def test_arrays_of_jax(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import ModuleType

    for name in ("jax", "jax._src", "jax._src.array"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["jax._src.array"]._reconstruct_array = _reconstruct_array  # type: ignore[attr-defined]
    held = {"params": {"Dense_0": {"kernel": R.normal(size=(4, 5)), "bias": R.normal(size=5)}}}
    wrapped = {"params": {"Dense_0": {n: _Jax(a) for n, a in held["params"]["Dense_0"].items()}}}
    (tmp_path / "params.pkl").write_bytes(pickle.dumps(wrapped))
    saved = worker.read(tmp_path / "params.pkl")
    assert np.array_equal(arrays.array(saved, "params.Dense_0.kernel"), held["params"]["Dense_0"]["kernel"])
    found, _ = layers_of(saved)
    assert [(n.kind, n.attributes["orientation"]) for n in found] == [("dense", "in,out")]


def test_an_array_of_objects_beside_numbers_is_left_out(tmp_path: Path) -> None:
    held = {"W1": R.normal(size=(3, 2)), "names": np.array(["a", None], object)}
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(held))
    assert [t.name for t in worker.read(tmp_path / "net.pkl").tensors] == ["W1"]


def test_a_graph_of_torch_fx_shows_its_tensors(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    net = torch.fx.symbolic_trace(torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2)))
    torch.save(net, tmp_path / "net.pt")
    saved = worker.read(tmp_path / "net.pt")
    assert [t.name for t in saved.tensors] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert not saved.complete
    assert [n.kind for n in layers_of(saved)[0]] == ["dense", "dense"]


def test_settings_that_hold_modules_are_beside_the_network(tmp_path: Path) -> None:
    """As PyTorch Lightning keeps them."""
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    net = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2))
    torch.save({"state_dict": net.state_dict(), "hyper_parameters": {"head": torch.nn.Linear(2, 2)}}, tmp_path / "net.ckpt")
    saved = worker.read(tmp_path / "net.ckpt")
    assert saved.metadata["network"] == "state_dict"
    assert [n.name for n in layers_of(saved)[0] if n.kind == "dense"] == ["0", "2"]


def test_joblib_of_long_ago_is_named(tmp_path: Path) -> None:
    (tmp_path / "net.pkl.gz").write_bytes(b"ZF0x1212f4             x^")
    with pytest.raises(Exception, match=r"joblib before 0\.10"):
        worker.read(tmp_path / "net.pkl.gz")
