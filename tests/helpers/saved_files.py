"""A small network in every format, written by the library that the format belongs to."""

from __future__ import annotations

import io
import json
import pickle
import struct
import tempfile
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save as save_safetensors

try:
    import torch
except ImportError:  # only `make test EXTRAS=oracle` has it
    torch = None

_W1, _B1 = np.linspace(-1, 1, 6, dtype=np.float32).reshape(3, 2), np.array([0.5, -0.5, 0.25], np.float32)
_W2, _B2 = np.array([[1.0, -2.0, 3.0]], np.float32), np.array([0.125], np.float32)
WEIGHTS = {"fc1.weight": _W1, "fc1.bias": _B1, "fc2.weight": _W2, "fc2.bias": _B2}


def seeds() -> dict[str, bytes]:
    """Return files by the name that they would have."""
    return {
        "seed.npy": _written(lambda f: np.save(f, _W1)),
        "seed.npz": _written(lambda f: np.savez(f, **WEIGHTS)),
        "packed.npz": _written(lambda f: np.savez_compressed(f, **WEIGHTS)),
        "seed.safetensors": save_safetensors(WEIGHTS, {"framework": "numpy"}),
        **_torch(),
        "seed.pkl": pickle.dumps({"W1": _W1, "b1": _B1}),
        "protocol0.pkl": pickle.dumps({"W1": _W1, "b1": _B1}, protocol=0),
        "packed.joblib": zlib.compress(pickle.dumps({"W1": _W1, "b1": _B1})),
        "seed.onnx": _onnx(),
        "seed.h5": _h5(),
        "model.h5": _h5_model(),
        "seed.keras": _keras(),
        "seed.json": json.dumps({k: v.tolist() for k, v in WEIGHTS.items()}).encode(),
        "seed.csv": b"x1,x2,y\n1,2,0\n-0.5,0.25,1\n",
        "seed.gguf": _gguf(),
        "seed.skops": _skops(),
        **_mat(),
        **_mlp(),
    }


def _torch() -> dict[str, bytes]:
    if torch is None:
        return {}
    state = {k: torch.from_numpy(v.copy()) for k, v in WEIGHTS.items()}
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    return {
        "seed.pt": _written(lambda f: torch.save(state, f)),
        "legacy.pt": _written(lambda f: torch.save(state, f, _use_new_zipfile_serialization=False)),
        "module.pt": _written(lambda f: torch.save(module, f)),
    }


def _written(write: Any) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(stream)
    return stream.getvalue()


def _onnx() -> bytes:
    nodes = [
        helper.make_node("Gemm", ["x", "fc1.weight", "fc1.bias"], ["z1"], transB=1, name="fc1"),
        helper.make_node("Relu", ["z1"], ["a1"]),
        helper.make_node("Gemm", ["a1", "fc2.weight", "fc2.bias"], ["y"], transB=1, name="fc2"),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 1])],
        [numpy_helper.from_array(v, k) for k, v in WEIGHTS.items()],
    )
    return onnx.ModelProto(ir_version=10, opset_import=[helper.make_opsetid("", 20)], graph=graph).SerializeToString()


def _keras() -> bytes:
    """Return an archive as Keras 3 writes it; the library itself is not needed for that."""
    dense = [
        {"module": "keras.layers", "class_name": "Dense", "registered_name": None,
         "config": {"name": name, "units": units, "activation": activation, "use_bias": True},
         "build_config": {"input_shape": [None, inputs]}}
        for name, units, activation, inputs in (("fc1", 3, "tanh", 2), ("fc2", 1, "linear", 3))
    ]  # fmt: skip
    first = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 2], "name": "x"}}
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "net", "layers": [first, *dense]}}
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        for group, (w, b) in (("dense", (_W1, _B1)), ("dense_1", (_W2, _B2))):
            file.create_dataset(f"layers/{group}/vars/0", data=w.T)
            file.create_dataset(f"layers/{group}/vars/1", data=b)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.8.0"}))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", weights.getvalue())
    return stream.getvalue()


def _h5() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.h5")
        with h5py.File(path, "w") as file:
            file.attrs["backend"] = "numpy"
            for name, value in WEIGHTS.items():
                file.create_dataset(name.replace(".", "/"), data=value)
        return path.read_bytes()


def _h5_model() -> bytes:
    """Return a whole model as Keras 2 writes it, with packed weights and others that begin with the highest byte."""
    layers = [
        {
            "class_name": "Dense",
            "config": {"name": name, "units": units, "activation": activation, "batch_input_shape": [None, 2]},
        }
        for name, units, activation in (("fc1", 3, "relu"), ("fc2", 1, "linear"))
    ]
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": "net", "layers": layers}})
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = ["fc1", "fc2"]
        for name, w, b in (("fc1", _W1, _B1), ("fc2", _W2, _B2)):
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [f"{name}/kernel:0", f"{name}/bias:0"]
            inner.create_dataset(f"{name}/kernel:0", data=w.T, chunks=True, compression="gzip", shuffle=True)
            inner.create_dataset(f"{name}/bias:0", data=b.astype(">f4"))
    return stream.getvalue()


def _gguf() -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    head = b"GGUF" + struct.pack("<IQQ", 3, 2, 3)
    head += text("general.name") + struct.pack("<I", 8) + text("net") + text("count") + struct.pack("<II", 4, 7)
    head += text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    head += text("w") + struct.pack("<IQQIQ", 2, 2, 3, 0, 0) + text("b") + struct.pack("<IQIQ", 1, 3, 0, 32)
    return head + bytes(-len(head) % 32) + _W1.tobytes() + bytes(8) + _B1.tobytes()


def _skops() -> bytes:
    arrays = {f"{k}.npy": _written(lambda f, v=v: np.save(f, v)) for k, v in WEIGHTS.items()}
    content = {k: {"__class__": "ndarray", "type": "numpy", "file": f"{k}.npy"} for k in WEIGHTS}
    schema = {"__class__": "MLPClassifier", "content": {"__class__": "dict", "content": content}}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
        for name, data in arrays.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _mat() -> dict[str, bytes]:
    try:
        from scipy.io import savemat
    except ImportError:
        return {}
    whole = {"Theta1": _W1.astype(float), "b": _B1, "said": "a text", "s": {"a": 1.0}, "right": np.array([[True, False]])}
    return {
        n: _written(lambda f, p=p: savemat(f, whole, do_compression=p)) for n, p in (("seed.mat", False), ("packed.mat", True))
    }


def _mlp() -> dict[str, bytes]:
    try:
        import joblib
        from sklearn.neural_network import MLPClassifier
    except ImportError:
        return {}
    inputs = np.linspace(-1, 1, 20).reshape(10, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = MLPClassifier((3,), max_iter=1, random_state=0).fit(inputs, np.arange(10) % 2)
    return {"mlp.joblib": _written(lambda f: joblib.dump(made, f)), "mlp.pkl": pickle.dumps(made)}
