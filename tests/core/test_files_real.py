"""Files that none of us wrote: each opens, and what can be stepped of it computes what the library that wrote it computes.

The references are Keras (its own reader of what older versions wrote), PyTorch and the evaluator of the onnx package.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.keras_torch import keras_on_torch
from helpers.real_files import ARCHIVES, real_file, real_members
from helpers.real_table import FILES, KERAS, MODELS, Real

from core.errors import StepperError
from core.files import worker
from core.files.arrays import array
from core.files.problem import FileProblem
from core.library import open_target
from core.report import trace
from core.steppable.build import layers_of
from core.steppable.data import Samples

BOUND = {"float32": 1e-6, "float64": 1e-12}


def path_of(real: Real) -> Path:
    version = next(v for p, v in ARCHIVES if p == real.package)
    if real.beside:
        real_file(real.package, version, real.weights)
    return real_file(real.package, version, real.member)


def stepped(path: Path) -> tuple[Any, Any, Any]:
    """Return the opened network, its random samples, and what its last line gives."""
    opened = open_target(str(path), None, None, Samples(count=6, seed=5))
    assert opened.program.fault is None
    machine = trace(opened.program, 1).machine
    assert machine.fault is None
    last = [s for s in opened.program.statements if s.phase == "forward"][-1].target
    values = {v.name: v.index for v in opened.program.values if v.kind != "part"}
    return opened, np.asarray(machine.value(values["X"])), np.asarray(machine.value(values[last]))


@pytest.mark.parametrize("real", FILES, ids=lambda r: r.name)
def test_it_opens_and_is_stepped_as_far_as_it_can_be(real: Real) -> None:
    path = path_of(real)
    try:
        saved = worker.read(path)
    except FileProblem as error:
        assert real.layers == 0
        assert real.why in str(error)
        return
    layers, _ = layers_of(saved)
    assert len(layers) == real.layers
    try:
        opened, x, y = stepped(path)
    except StepperError as error:
        assert not real.stepped
        assert real.why
        assert real.why in str(error)
        return
    assert real.why in opened.steps.stops
    assert bool(real.why) == bool(opened.steps.stops)
    assert len(layers) - len(opened.steps.closed) == real.stepped
    assert len(x) == len(y) == 6
    assert np.isfinite(y).all()


def test_no_model_of_these_packages_is_left_out() -> None:
    listed = {(r.package, m) for r in FILES for m in (r.member, r.weights) if m}
    for package, version in ARCHIVES:
        missing = [m for m in real_members(package, version) if MODELS.match(m) and (package, m) not in listed]
        assert not missing, package


def compare(found: Any, wanted: Any) -> None:
    wanted = np.asarray(wanted)
    found = found.reshape(wanted.shape)
    assert np.abs(found - wanted).max() <= BOUND[str(wanted.dtype)] * max(1.0, float(np.abs(wanted).max()))


pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore:source code of class", "ignore:Implicit dimension choice"
)
"""What the libraries say of files so old, and Keras of NumPy."""

WHOLE = [r for r in FILES if r.stepped and not r.why]


@pytest.mark.parametrize("real", [r for r in WHOLE if r.member.endswith(".json")], ids=lambda r: r.name)
def test_forward_equals_keras(real: Real) -> None:
    keras_on_torch()
    import h5py
    from keras.src.legacy.saving import legacy_h5_format, saving_utils

    path = path_of(real)
    net = saving_utils.model_from_config(json.loads(path.read_text()))
    with h5py.File(path.parent / real.weights.rpartition("/")[2]) as file:
        legacy_h5_format.load_weights_from_hdf5_group(file.get("model_weights", file), net)
    _, x, y = stepped(path)
    compare(y, net.predict(x.astype(np.float32), verbose=0))


@pytest.mark.parametrize("real", [r for r in WHOLE if r.member.endswith(".onnx")], ids=lambda r: r.name)
def test_forward_equals_the_evaluator_of_onnx(real: Real) -> None:
    pytest.importorskip("onnx", reason="the oracle extra is not installed")
    from onnx.reference import ReferenceEvaluator

    path = path_of(real)
    made = evaluable(path)
    _, x, y = stepped(path)
    listed = {t.name for t in made.graph.initializer}
    (entering,) = (i.name for i in made.graph.input if i.name not in listed)
    # Some fix the number of samples in how they reshape: those are asked for one at a time.
    evaluator, x = ReferenceEvaluator(made), x.astype(np.float32)
    single = made.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1
    compare(y, np.concatenate([evaluator.run(None, {entering: s})[0] for s in (np.split(x, len(x)) if single else [x])]))


def evaluable(path: Path) -> Any:
    """Return a model as onnx's evaluator takes it: it has no normalisation from before opset 14 that is right."""
    import onnx

    made = onnx.load(str(path))
    if not any(n.op_type == "BatchNormalization" for n in made.graph.node):
        return made
    made.opset_import[0].version = 15
    turned: dict[str, str] = {}
    for node in list(made.graph.node):
        if node.op_type == "Transpose":
            # It turned a table around a normalisation of its columns, which the operator does itself.
            turned[node.output[0]] = node.input[0]
            made.graph.node.remove(node)
            continue
        for i, name in enumerate(node.input):
            node.input[i] = turned.get(name, name)
        for attribute in list(node.attribute):
            if attribute.name in ("spatial", "consumed_inputs", "is_test", "broadcast"):
                node.attribute.remove(attribute)
        if node.op_type == "Unsqueeze" or node.op_type == "Squeeze":
            axes = next(a for a in node.attribute if a.name == "axes")
            made.graph.initializer.append(onnx.numpy_helper.from_array(np.array(axes.ints), f"axes of {node.output[0]}"))
            node.input.append(f"axes of {node.output[0]}")
            node.attribute.remove(axes)
    return made


@pytest.mark.parametrize("real", [r for r in WHOLE if r.member.endswith((".pt", ".pth"))], ids=lambda r: r.name)
def test_forward_equals_pytorch(real: Real) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    path = path_of(real)
    net: Any = torch.load(path, map_location="cpu", weights_only=False)
    while isinstance(net, dict):
        # A checkpoint: what is a network in it, or holds one.
        net = next(v for v in net.values() if isinstance(v, (dict, torch.nn.Module)))
    net.eval()
    _, x, y = stepped(path)
    compare(y, net(torch.tensor(x, dtype=next(net.parameters()).dtype)).detach().numpy())


@pytest.mark.parametrize(
    "real", [r for r in WHOLE if r.package in ("NeuralFoil", "epednn-mit") and r.layers > 2], ids=lambda r: r.name
)
def test_weights_alone_compute_as_numpy_does(real: Real) -> None:
    """Hidden layers are taken to end in relu, the last one in softmax: the rest is as the files' order and sizes have it."""
    path = path_of(real)
    saved = worker.read(path)
    held = [t for t in saved.tensors if t.name.endswith(("weight", "bias"))]
    weights, biases = ([array(saved, t.name) for t in held if t.name.endswith(end)] for end in ("weight", "bias"))
    _, x, y = stepped(path)
    turned = weights[0].shape == (len(biases[0]), x.shape[1])
    for n, (w, b) in enumerate(zip(weights, biases, strict=True)):
        x = x @ (w.T if turned else w) + b
        x = np.maximum(x, 0) if n < len(weights) - 1 else np.exp(x - x.max(1, keepdims=True))
    compare(y, x / x.sum(1, keepdims=True))


def test_weights_alone_compute_as_with_their_description() -> None:
    """The functions of hidden layers are taken to be relu: here they are."""
    described = Real("hls4ml", KERAS + "KERAS_3layer.json", 5, 5, beside=True)
    first, alone = (stepped(path_of(r)) for r in (described, Real("hls4ml", described.weights, 4, 4)))
    assert np.array_equal(first[1], alone[1])
    assert np.array_equal(first[2], alone[2])
