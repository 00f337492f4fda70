"""Weights and networks of a session as it stands: the real libraries read what was saved, to the last bit."""

from __future__ import annotations

import errno
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from helpers.saved_files import WEIGHTS, seeds
from onnx.reference import ReferenceEvaluator
from safetensors.numpy import load_file, save_file

from core.document import document_of, open_document
from core.errors import TargetError
from core.files.arrays import array
from core.files.saved import Layer
from core.files.worker import read
from core.library import open_target
from core.network_writing import write_network
from core.saved_writing import values_now, write_weights
from core.saving import SavingError
from core.session import Session, session_of
from core.steppable.build import Choices
from core.steppable.data import Samples

ADAM = Choices(activation="tanh", optimizer="adam", learning_rate=0.02, loss="mse", batch=3)
OWN = {"W1": "fc1.weight", "b1": "fc1.bias", "W2": "fc2.weight", "b2": "fc2.bias"}


def session_on(path: Path, choices: Choices | None = ADAM, samples: Samples | None = None, iterations: int = 9) -> Session:
    session = session_of(open_target(str(path), None, choices, samples or Samples(count=8)))
    assert session.program.fault is None
    session.run(iterations)
    return session


def seed(folder: Path, name: str) -> Path:
    held = seeds()
    if name not in held:
        pytest.skip(f"{name} is written by the oracle extra, which is not installed")
    (folder / name).write_bytes(held[name])
    return folder / name


def same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def now(session: Session, name: str) -> Any:
    index = session.moment().current(name)
    assert index is not None
    return session.moment().value(index)


@pytest.mark.parametrize("form", [".npz", ".safetensors"])
@pytest.mark.parametrize("name", ["seed.npz", "seed.safetensors", "seed.h5", "seed.onnx"])
def test_weights_are_saved_under_the_names_of_their_file(tmp_path: Path, name: str, form: str) -> None:
    session = session_on(seed(tmp_path, name))
    out = tmp_path / f"out{form}"
    assert write_weights(session, out) == ()
    found: Any = np.load(out) if form == ".npz" else load_file(out)
    own = OWN if name != "seed.h5" else {k: v.replace(".", "/") for k, v in OWN.items()}
    assert set(found) == set(own.values())
    for mine, theirs in own.items():
        assert same(found[theirs], now(session, mine)) and not same(found[theirs], WEIGHTS[OWN[mine]])


def test_torch_takes_what_was_trained_here(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    from safetensors.torch import load_file as load_torch

    net = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.ReLU(), torch.nn.Linear(6, 3))
    torch.save(net, tmp_path / "net.pt")
    session = session_on(tmp_path / "net.pt", Choices(mode="training", loss="mse"), Samples(count=12))
    write_weights(session, tmp_path / "out.safetensors")
    state = load_torch(str(tmp_path / "out.safetensors"))
    assert state["1.num_batches_tracked"].dtype == torch.int64
    net.load_state_dict(state)
    for mine, theirs in (("W1", "0.weight"), ("b2", "3.bias"), ("mean1", "1.running_mean"), ("variance1", "1.running_var")):
        assert same(net.state_dict()[theirs].numpy(), now(session, mine)), mine
    session.go(session.timeline.iteration + 1, 0)
    write_weights(session, tmp_path / "out.safetensors")
    net.load_state_dict(load_torch(str(tmp_path / "out.safetensors")))
    session.go(session.timeline.iteration, len(session.program) - 1)
    with torch.no_grad():
        given = net.train()(torch.tensor(now(session, "X"), dtype=torch.float32)).numpy()
    np.testing.assert_allclose(now(session, "Z2"), given, rtol=2e-6, atol=2e-6)
    # Standing at the start of an iteration, the forward lines compute with the very parameters that were saved.
    session.to_start()
    write_weights(session, tmp_path / "first.npz")
    with np.load(tmp_path / "first.npz") as first:
        assert same(first["0.weight"], session.timeline.opened.first_values["W1"])


def test_the_place_in_time_decides_what_is_saved(tmp_path: Path) -> None:
    session = session_on(seed(tmp_path, "seed.npz"))
    iteration = session.timeline.iteration
    session.go(iteration, 0)
    write_weights(session, tmp_path / "before.npz")
    session.go(iteration, len(session.program))
    write_weights(session, tmp_path / "after.npz")
    session.change_cell(session.moment().current("W1") or 0, (0, 0), "0.25")
    write_weights(session, tmp_path / "changed.npz")
    before, after, changed = (np.load(tmp_path / f"{n}.npz") for n in ("before", "after", "changed"))
    assert not same(before["fc1.weight"], after["fc1.weight"])
    assert changed["fc1.weight"][0, 0] == 0.25 or now(session, "W1")[0, 0] == changed["fc1.weight"][0, 0]


def test_onnx_computes_what_the_session_computes(tmp_path: Path) -> None:
    session = session_on(seed(tmp_path, "seed.onnx"))
    session.go(session.timeline.iteration + 1, 0)
    write_weights(session, tmp_path / "out.onnx")
    end = [s for s in session.program.statements if s.phase == "forward"][-1].last
    session.go(session.timeline.iteration, end)
    x = now(session, "X").astype(np.float32)
    wanted = session.moment().value(session.program.instructions[end - 1].result)
    model = onnx.load(tmp_path / "out.onnx")
    (got,) = ReferenceEvaluator(model).run(None, {model.graph.input[0].name: x})
    np.testing.assert_allclose(got, wanted, rtol=2e-6, atol=2e-6)
    for held in model.graph.initializer:
        if held.name in OWN:
            assert same(onnx.numpy_helper.to_array(held), now(session, held.name))


def test_a_matrix_with_the_biases_in_its_first_column_is_put_together_again(tmp_path: Path) -> None:
    theta = {
        "Theta1": np.random.default_rng(1).standard_normal((5, 3)),
        "Theta2": np.random.default_rng(2).standard_normal((2, 6)),
    }
    np.savez(tmp_path / "theta.npz", **theta)
    session = session_on(tmp_path / "theta.npz", Choices(activation="sigmoid", loss="mse"))
    assert 'tensor("theta.npz", "Theta1")[:, 1:]' in session.program.text
    write_weights(session, tmp_path / "out.npz")
    found = np.load(tmp_path / "out.npz")
    assert set(found) == set(theta)
    assert same(found["Theta1"], np.column_stack([now(session, "b1"), now(session, "W1")]))


def test_arrays_that_are_not_stepped_come_along_as_they_are(tmp_path: Path) -> None:
    more = {"extra": np.arange(3, dtype=np.int64), "scale": np.array(2.5, np.float16)}
    save_file({**WEIGHTS, **more}, tmp_path / "net.safetensors", {"framework": "numpy"})
    session = session_on(tmp_path / "net.safetensors")
    write_weights(session, tmp_path / "net.safetensors")  # over its own file
    found = load_file(tmp_path / "net.safetensors")
    assert all(same(found[k], v) for k, v in more.items())
    assert same(found["fc1.weight"], now(session, "W1"))
    assert read(tmp_path / "net.safetensors").metadata == {"framework": "numpy"}


def test_types_of_the_file_stay_and_rounding_is_said(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    from safetensors.torch import load_file as load_torch
    from safetensors.torch import save_file as save_torch

    held = {k: torch.from_numpy(v.copy()).to(torch.bfloat16) for k, v in WEIGHTS.items()}
    save_torch(held, str(tmp_path / "b.safetensors"))
    session = session_on(tmp_path / "b.safetensors")
    (said,) = write_weights(session, tmp_path / "out.safetensors")
    assert "rounded" in said
    found = load_torch(str(tmp_path / "out.safetensors"))
    for mine, theirs in OWN.items():
        assert found[theirs].dtype == torch.bfloat16
        assert torch.equal(found[theirs], torch.from_numpy(np.array(now(session, mine), np.float32)).to(torch.bfloat16))
    assert write_weights(session, tmp_path / "out.npz") == ()
    assert same(np.load(tmp_path / "out.npz")["fc1.weight"], now(session, "W1"))
    session.to_start()
    assert write_weights(session, tmp_path / "out.safetensors") == ()


def test_a_parameter_of_ones_own_is_written_beside_and_said(tmp_path: Path) -> None:
    path = seed(tmp_path, "seed.npz")
    text = session_on(path).program.text.replace('b1 = tensor("seed.npz", "fc1.bias")', "b1 = np.zeros(3)")
    (tmp_path / "own.py").write_text(text, "utf-8")
    session = session_of(open_target(str(tmp_path / "own.py")))
    (said,) = write_weights(session, tmp_path / "out.npz")
    assert "'b1'" in said
    found = np.load(tmp_path / "out.npz")
    assert same(found["fc1.bias"], WEIGHTS["fc1.bias"]) and same(found["b1"], now(session, "b1"))


def test_weights_of_a_program_have_its_names_and_no_state_of_the_optimiser(tmp_path: Path) -> None:
    session = session_of(open_target("digits"))
    session.run(2)
    assert any(n.startswith("mW") for n in session.program.first_values)
    for form in (".npz", ".safetensors"):
        assert write_weights(session, tmp_path / f"out{form}") == ()
    found, theirs = np.load(tmp_path / "out.npz"), load_file(tmp_path / "out.safetensors")
    assert set(found) == set(theirs) == set(session.program.trainable)
    assert all(same(found[n], now(session, n)) and same(theirs[n], now(session, n)) for n in found)


def test_a_restored_session_saves_as_the_one_that_was_kept(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    session = session_on(seed(tmp_path / "mine", "seed.pt"))
    write_weights(session, tmp_path / "one.safetensors")
    (tmp_path / "a.stepper").write_bytes(document_of(session))
    (tmp_path / "mine" / "seed.pt").unlink()
    write_weights(open_document(tmp_path / "a.stepper").session, tmp_path / "two.safetensors")
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "two.safetensors").read_bytes()


def test_where_the_file_is_gone_the_names_of_the_program_are_used_and_said(tmp_path: Path) -> None:
    session = session_on(seed(tmp_path, "seed.npz"))
    (tmp_path / "seed.npz").unlink()
    (said,) = write_weights(session, tmp_path / "out.npz")
    assert "seed.npz" in said and set(np.load(tmp_path / "out.npz")) == set(OWN)


def test_what_cannot_be_written_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_on(seed(tmp_path, "seed.npz"))
    out = tmp_path / "out.npz"
    write_weights(session, out)
    before = out.read_bytes()
    with pytest.raises(TargetError, match="ends in none"):
        write_weights(session, tmp_path / "out.txt")
    session.closed = (Layer("box", "conv", steppable=False, why="it is a convolution"),)
    with pytest.raises(TargetError, match="'conv'"):
        write_weights(session, tmp_path / "out.onnx")
    with pytest.raises(TargetError, match="'conv'"):
        write_network(session, tmp_path / "out.toml")
    with pytest.raises(SavingError):
        write_weights(session, tmp_path / "no such folder" / "out.npz")
    assert out.read_bytes() == before and sorted(p.name for p in tmp_path.iterdir()) == ["out.npz", "seed.npz"]
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", _full)
        for write, name in ((write_weights, "out.npz"), (write_network, "out.toml")):
            session.closed = ()
            with pytest.raises(SavingError, match="No space left"):
                write(session, tmp_path / name)
    assert out.read_bytes() == before and sorted(p.name for p in tmp_path.iterdir()) == ["out.npz", "seed.npz"]


def test_a_description_and_what_belongs_to_it_are_written_all_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_on(seed(tmp_path, "seed.npz"))
    names = ("net.toml", "net.weights.npz", "net.data.npz")
    for name in names[:2]:
        (tmp_path / name).write_bytes(b"precious")
    real, calls = os.fsync, [0]

    def full_in_the_end(handle: int) -> None:
        calls[0] += 1
        if calls[0] == 5:  # two files to try the description with, then the two beside it, then itself
            _full(handle)
        real(handle)

    monkeypatch.setattr(os, "fsync", full_in_the_end)
    with pytest.raises(SavingError, match="No space left"):
        write_network(session, tmp_path / "net.toml")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.toml", "net.weights.npz", "seed.npz"]
    assert all((tmp_path / name).read_bytes() == b"precious" for name in names[:2])
    write_network(session, tmp_path / "net.toml")
    assert all((tmp_path / name).stat().st_size > 20 for name in names)


def _full(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


# -- networks


@pytest.mark.parametrize("name", ["seed.npz", "seed.safetensors", "module.pt", "seed.keras", "seed.onnx"])
def test_a_saved_network_is_described_as_it_stands(tmp_path: Path, name: str) -> None:
    if name not in seeds():
        pytest.skip("the oracle extra is not installed")
    session = session_on(seed(tmp_path, name))
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / "net.toml"
    write_network(session, out)
    assert sorted(p.name for p in out.parent.iterdir()) == ["net.data.npz", "net.toml", "net.weights.npz"]
    again = session_of(open_target(str(out)))
    assert again.timeline.program.batching.batch == 3
    assert 'name = "adam"' in out.read_text("utf-8") and "learning_rate = 0.02" in out.read_text("utf-8")
    turned = {n: now(session, n) for n in OWN}
    for n, value in turned.items():
        mine = again.program.first_values[n]
        assert np.array_equal(np.sort(np.ravel(mine)), np.sort(np.ravel(value))), n
    again.run(3)
    assert np.isfinite(again.timeline.losses).all()


def test_a_described_network_is_saved_with_its_parameters_and_its_data(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("a,b,y\n1,0,1\n0,1,0\n1,1,0\n0,0,1\n", "utf-8")
    text = (
        '[network]\nlayers = [{units = 3, activation = "tanh"}, {units = 1, activation = "sigmoid"}]\nloss = "bce"\n'
        '[data]\nsource = "points.csv"\nstandardize = true\n[optimizer]\nname = "rmsprop"\nschedule = "step"\n'
    )
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    session = session_of(open_target(str(tmp_path / "mine.toml")))
    session.run(20)
    session.go(21, 0)
    (tmp_path / "a.stepper").write_bytes(document_of(session))
    back = open_document(tmp_path / "a.stepper").session
    (tmp_path / "out").mkdir()
    for n, one in enumerate((session, back)):
        out = tmp_path / "out" / f"net{n}.toml"
        write_network(one, out)
        assert "standardize = true" in out.read_text("utf-8") and (tmp_path / "out" / f"net{n}.data.csv").is_file()
        again = session_of(open_target(str(out)))
        assert all(same(again.program.first_values[p], now(session, p)) for p in session.program.trainable)
        again.run(1)
    beside = tmp_path / "beside.toml"
    write_network(session, beside)
    assert 'source = "points.csv"' in beside.read_text("utf-8") and not (tmp_path / "beside.data.csv").exists()


def test_a_program_that_does_more_than_its_description_is_refused(tmp_path: Path) -> None:
    session = session_on(seed(tmp_path, "seed.npz"))
    text = session.program.text.replace("tanh(Z1)", "tanh(2 * Z1)")
    (tmp_path / "own.py").write_text(text, "utf-8")
    other = session_of(open_target(str(tmp_path / "own.py")))
    other.layers = session.layers
    with pytest.raises(TargetError, match="would give the loss"):
        write_network(other, tmp_path / "net.toml")
    with pytest.raises(TargetError, match="says less than a program"):
        write_network(session_of(open_target(str(tmp_path / "own.py"))), tmp_path / "net.toml")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["own.py", "seed.npz"]


def test_values_are_those_at_the_place_in_time(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        session = session_on(seed(tmp_path, "seed.safetensors"))
        assert set(values_now(session)) == set(OWN)
        saved = read(tmp_path / "seed.safetensors")
        session.to_start()
        assert all(same(values_now(session)[m], array(saved, t)) for m, t in OWN.items())


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ('tensor("n.npz", "A").T', lambda w: w.T),
        ('tensor(file="n.npz", name="A").T[:, :2].T', None),
        ('tensor("n.npz", "A")[1:3]', None),
        ('tensor("n.npz", "A")[-2:, 0:2]', None),
        ('2 * tensor("n.npz", "A")', "own"),
        ('tensor("n.npz", "A").reshape(3, 4)', "own"),
    ],
)
def test_what_the_text_takes_of_an_array_is_put_back_there(tmp_path: Path, text: str, back: Any) -> None:
    a = np.arange(12.0).reshape(4, 3) / 7
    np.savez(tmp_path / "n.npz", A=a, other=np.arange(3))
    lines = (
        f"# data\nX = np.ones((1, 1))\nY = np.ones((1, 1))\n# parameters\nW = {text}\nlr = 0.5\n# forward\nZ = X * sum(W * W)\n"
    )
    (tmp_path / "p.py").write_text(lines + "# loss\nL = mse(Z, Y)\n", "utf-8")
    session = session_of(open_target(str(tmp_path / "p.py")))
    assert session.program.fault is None, session.program.fault
    session.run(1)
    said = write_weights(session, tmp_path / "out.npz")
    found = np.load(tmp_path / "out.npz")
    wanted = a.copy()
    if back == "own":
        assert said == () and set(found) == {"W"} and same(found["W"], now(session, "W"))
        return
    view = eval(text, {"tensor": lambda *_, **__: wanted})  # what NumPy itself makes of the text
    view[...] = now(session, "W")
    assert said == () and set(found) == {"A", "other"}
    assert same(found["A"], wanted) and not same(found["A"], a)
    if back is not None:
        assert same(np.ascontiguousarray(back(now(session, "W"))), np.ascontiguousarray(found["A"]))
