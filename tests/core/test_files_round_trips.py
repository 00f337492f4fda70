"""A network of PyTorch, written in every form of ours: the library of that form and we ourselves read it as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
onnx = pytest.importorskip("onnx", reason="the oracle extra is not installed")

from helpers.torch_nets import Stepped, close, sequential, without_dropout  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from core.errors import StepperError  # noqa: E402
from core.files import arrays, worker  # noqa: E402
from core.library import open_target  # noqa: E402
from core.report import trace  # noqa: E402
from core.saved_convert import convert  # noqa: E402
from core.steppable.build import Choices  # noqa: E402
from core.steppable.data import Samples  # noqa: E402

SEEDS = range(10)


def written(folder: Path, seed: int, form: str) -> tuple[Any, Path, str]:
    dtype = ("float32", "float64")[seed % 2]
    net = sequential(seed, dtype).eval()
    torch.save(net, folder / "net.pt")
    out = folder / f"out{form}"
    convert(str(folder / "net.pt"), out, None, Choices(loss="mse"), Samples(count=7, seed=3))
    return net, out, dtype


@pytest.mark.parametrize("form", [".npz", ".safetensors"])
@pytest.mark.parametrize("seed", SEEDS)
def test_weights(tmp_path: Path, seed: int, form: str) -> None:
    net, out, _ = written(tmp_path, seed, form)
    if form == ".npz":
        held = dict(np.load(out))
    else:
        held = pytest.importorskip("safetensors.numpy").load_file(out)
    saved = worker.read(out)
    wanted = {n: t.numpy() for n, t in net.state_dict().items()}
    assert set(held) == set(wanted) == {t.name for t in saved.tensors}
    for name, array in wanted.items():
        for found in (held[name], arrays.array(saved, name)):
            assert found.dtype == array.dtype
            assert np.array_equal(found, array)
    net.load_state_dict({n: torch.tensor(a) for n, a in held.items()})


@pytest.mark.parametrize("seed", SEEDS)
def test_onnx(tmp_path: Path, seed: int) -> None:
    net, out, dtype = written(tmp_path, seed, ".onnx")
    onnx.checker.check_model(onnx.load(str(out)), full_check=True)
    stepped = Stepped(out)
    x = torch.tensor(stepped.value("X"), dtype=getattr(torch, dtype))
    evaluator = ReferenceEvaluator(str(out))
    theirs = evaluator.run(None, {evaluator.input_names[0]: x.numpy()})[0]
    # Settings of ONNX are of 32 bits.
    bound = "float32" if dtype == "float64" else dtype
    close(stepped.out, net(x), bound)
    close(theirs, net(x), bound)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_description(tmp_path: Path, seed: int) -> None:
    try:
        net, out, dtype = written(tmp_path, seed, ".toml")
    except StepperError as error:
        assert "\n" not in str(error)
        assert not (tmp_path / "out.toml").exists()
        return
    if not without_dropout(net):
        return  # a description trains, and draws who is left out
    program = open_target(str(out)).program
    machine = trace(program, 1).machine
    values = {v.name: v.index for v in program.values if v.kind != "part"}
    last = [s for s in program.statements if s.phase == "forward"][-1].target
    found, x = np.asarray(machine.value(values[last])), np.asarray(machine.value(values["X"]))
    turned = found.shape[0] != len(x) or x.shape[0] != 7
    wanted = net(torch.tensor(x.T if turned else x, dtype=getattr(torch, dtype)))
    close(found.T if turned else found, wanted, dtype)
