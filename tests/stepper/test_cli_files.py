"""`stepper inspect`, `stepper convert`, and saved networks as TARGETs of every command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import SteppingError
from core.library import open_target
from stepper.cli import main

R = np.random.default_rng(5)
KEYS = {"format", "complete", "assumed", "layers", "tensors", "warnings"}
LAYER_KEYS = {"kind", "name", "inputs", "outputs", "activation", "steppable"}
TENSOR_KEYS = {"name", "shape", "dtype", "bytes", "min", "max", "mean", "nonfinite"}


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.npz"
    np.savez(path, W1=R.standard_normal((4, 6)), b1=np.zeros(6), W2=R.standard_normal((6, 3)).astype("f4"), b2=np.zeros(3))
    return path


def told(capsys: pytest.CaptureFixture[str], *words: Any) -> tuple[int, str, str]:
    status = main([str(w) for w in words])
    out, err = capsys.readouterr()
    return status, out, err


def test_inspect_as_json_has_exactly_what_was_promised(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = told(capsys, "inspect", net, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert set(found) >= KEYS
    assert found["complete"] is False
    assert all(isinstance(s, str) for s in found["assumed"])
    assert [set(n) >= LAYER_KEYS for n in found["layers"]] == [True, True]
    assert [(n["kind"], n["activation"], n["steppable"]) for n in found["layers"]] == [
        ("dense", "relu", True), ("dense", "softmax", True),
    ]  # fmt: skip
    held = np.load(net)
    for t in found["tensors"]:
        assert set(t) == TENSOR_KEYS
        a = held[t["name"]]
        assert (t["shape"], t["dtype"], t["bytes"]) == (list(a.shape), str(a.dtype), a.nbytes)
        assert (t["min"], t["max"], t["nonfinite"]) == (a.min(), a.max(), 0)
        assert t["mean"] == pytest.approx(float(a.mean(dtype="f8")), rel=1e-6, abs=1e-12)


def test_inspect_counts_what_is_not_finite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "net.npz", W1=np.array([[np.nan, 1, np.inf], [2, 3, 4]]), all=np.full(3, np.nan), c=np.zeros(2, "c8"))
    status, out, _ = told(capsys, "inspect", tmp_path / "net.npz", "--json")
    found = {t["name"]: t for t in json.loads(out)["tensors"]}
    assert status == 0
    assert (found["W1"]["nonfinite"], found["W1"]["min"], found["W1"]["max"]) == (2, 1, 4)
    assert (found["all"]["nonfinite"], found["all"]["mean"]) == (3, None)
    assert found["c"]["mean"] is None
    assert any("NaN or infinite" in w for w in json.loads(out)["warnings"])


def test_inspect_for_a_person(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = told(capsys, "inspect", net)
    assert status == 0
    for word in ("4 tensors", "51 numbers", "dense", "4×6", "float32", "relu", "assumed", "chain as 4 → 6 → 3"):
        assert word in out


def test_names_that_would_change_the_terminal_are_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "net.npz", **{"W1\x1b[31m\u202e": np.ones((2, 3))})
    _, out, _ = told(capsys, "inspect", tmp_path / "net.npz")
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b" in out


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("gone.npz", None, "No such file"),
        ("empty.npz", b"", "empty"),
        ("page.pt", b"<!DOCTYPE html><html></html>", "web page"),
        ("lfs.onnx", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "LFS"),
        ("net.py", b"X = 1\n", "program"),
        ("cut.npz", b"PK\x03\x04abc", "cut.npz"),
    ],
)
def test_inspect_says_in_one_sentence_what_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes | None, word: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    status, out, err = told(capsys, "inspect", tmp_path / name)
    assert (status, out) == (2, "")
    assert err.startswith("stepper: ")
    assert err.count("\n") == 1
    assert word in err


def test_trace_train_check_and_script_take_a_saved_network(net: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, err = told(capsys, "trace", net, "--data", "iris", "--activation", "tanh,softmax", "--json")
    assert status == 0
    assert 'X = inputs("iris")' in json.loads(out)["program"]
    assert "tanh(Z1)" in json.loads(out)["program"]
    assert all(line.startswith("assumed: ") for line in err.splitlines())
    status, out, _ = told(capsys, "train", net, "--data", "iris", "--iterations", "3", "--set", "lr=0.01", "--json")
    assert status == 0
    assert len(out.splitlines()) == 3
    status, out, _ = told(capsys, "check", net, "--data", "iris", "--iterations", "5", "--json")
    assert status in (0, 1)
    json.loads(out)
    status, _, _ = told(capsys, "script", net, "--data", "iris", "-o", tmp_path / "net.py")
    assert status == 0
    assert "net.npz" not in (tmp_path / "net.py").read_text().split('"""', 2)[2]


def test_the_forward_values_are_those_of_numpy(net: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    points = R.standard_normal((5, 4))
    np.savez(tmp_path / "points.npz", X=points, Y=np.eye(3)[[0, 1, 2, 0, 1]])
    told(capsys, "trace", net, "--data", tmp_path / "points.npz", "--activation", "tanh,identity", "--loss", "mse",
         "--values", tmp_path / "values.npz")  # fmt: skip
    held, found = np.load(net), np.load(tmp_path / "values.npz")
    wanted = np.tanh(points @ held["W1"] + held["b1"]) @ held["W2"] + held["b2"]
    assert np.allclose(found["Z2"], wanted, rtol=1e-12, atol=1e-12)


def test_loss_and_orientation_and_mode_are_taken(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", W1=np.eye(3), W2=np.eye(3))
    for orientation, line in (("out,in", "Z1 = X @ W1.T"), ("in,out", "Z1 = X @ W1")):
        _, out, _ = told(capsys, "trace", tmp_path / "net.npz", "--orientation", orientation, "--loss", "mse", "--json")
        program = json.loads(out)["program"].splitlines()
        assert line in program
        assert "L = mse(A2, Y)  # mse: chosen by you" in program


@pytest.mark.parametrize(
    "words",
    [
        ["trace", "xor", "--data", "iris"],
        ["trace", "NET", "--activation", "swish"],
        ["trace", "NET", "--data", "gone.csv"],
        ["trace", "NET", "--data", "sine"],
        ["convert", "NET", "-o", "out.zip"],
        ["convert", "NET", "-o", "gone/out.npz"],
        ["convert", "nothing", "-o", "out.npz"],
        ["diagnose", "NET"],
    ],
)
def test_what_cannot_be_is_one_sentence(words: list[str], net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = told(capsys, *(str(net) if w == "NET" else w for w in words))
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith("stepper: ")
    assert len([n for n in err.splitlines() if not n.startswith("assumed: ")]) == 1


@pytest.mark.parametrize("ending", ["npz", "safetensors", "onnx", "toml", "stepper"])
def test_convert_writes_what_can_be_opened_again(
    net: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"out.{ending}"
    status, said, _ = told(capsys, "convert", net, "--data", "iris", "-o", out)
    assert (status, said) == (0, "")
    losses = []
    for target, data in ((net, ["--data", "iris"]), (out, ["--data", "iris"] if ending not in ("toml", "stepper") else [])):
        _, text, _ = told(capsys, "train", target, *data, "--iterations", "1", "--json")
        losses.append(json.loads(text)["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)


def test_convert_keeps_every_tensor(net: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told(capsys, "convert", net, "-o", tmp_path / "a.safetensors")
    told(capsys, "convert", tmp_path / "a.safetensors", "-o", tmp_path / "b.npz")
    held, found = np.load(net), np.load(tmp_path / "b.npz")
    assert set(held.files) == set(found.files)
    for name in held.files:
        assert held[name].dtype == found[name].dtype
        assert held[name].tobytes() == found[name].tobytes()


def test_nothing_in_a_file_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import os
    import pickle

    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {canary}",)

    for name in ("evil.pkl", "evil.pt", "evil.joblib", "evil.npz"):
        (tmp_path / name).write_bytes(pickle.dumps({"W1": Evil()}))
        for command in (["inspect"], ["trace"], ["convert", "-o", str(tmp_path / "out.npz")]):
            main([command[0], str(tmp_path / name), *command[1:]])
            capsys.readouterr()
    assert not canary.exists()
    assert not (tmp_path / "out.npz").exists()


def test_a_network_that_cannot_be_stepped_is_refused_with_what_can_be_done(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    np.savez(tmp_path / "conv.npz", **{"conv.weight": np.ones((4, 1, 3, 3)), "conv.bias": np.ones(4)})
    status, _, complaint = told(capsys, "trace", tmp_path / "conv.npz")
    assert status == 2 and "before the layer 'conv'" in complaint
    assert complaint.count("\n") == 1 and complaint.endswith("; `stepper inspect` shows what it holds\n")
    with pytest.raises(SteppingError) as found:  # what the window says names no command
        open_target(str(tmp_path / "conv.npz"))
    assert "`" not in str(found.value)
    assert told(capsys, "inspect", tmp_path / "conv.npz")[0] == 0


# One tensor, and two files


@pytest.fixture
def checkpoints(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    w = R.standard_normal((6, 4)).astype("f4")
    w[3], w[5] = w[1], 0
    held = {"W1": w, "b1": np.zeros(6, "f4"), "W2": R.standard_normal((3, 6)).astype("f4"), "b2": np.zeros(3, "f4")}
    np.savez(first, **held)
    later = w.copy()
    later[0, 0], later[2, 2] = np.nan, 9
    np.savez(second, **{"module.W1": later, "module.b1": held["b1"], "module.W2": np.ones((3, 5)), "step": np.array(7)})
    return first, second


def test_one_tensor_for_a_script(checkpoints: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = told(capsys, "inspect", checkpoints[0], "--tensor", "W1", "--json")
    assert (status, err) == (0, "")
    found, a = json.loads(out), np.load(checkpoints[0])["W1"]
    assert (found["name"], found["shape"], found["dtype"], found["units"], found["layer"]) == (
        "W1",
        [6, 4],
        "float32",
        "rows",
        "1",
    )
    assert (found["count"], found["zeros"], found["nonfinite"], found["min"], found["max"]) == (24, 4, 0, a.min(), a.max())
    assert found["histogram"]["counts"] == np.histogram(a.astype("f8"), 64)[0].tolist()
    assert {r["kind"]: r["at"] for r in found["remarks"]} == {"dead": [[5]], "duplicated": [[1, 3]]}
    assert np.allclose(found["singular_values"], np.linalg.svd(a.astype("f8"), compute_uv=False))
    assert (found["rank"], found["spectrum_later"]) == (4, False)


def test_one_tensor_for_a_person(checkpoints: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "inspect", checkpoints[0], "--tensor", "W1")
    for word in (
        "6×4",
        "a row for each",
        "histogram",
        "█",
        "condition",
        "4 of 4",
        "warning: All weights of unit 6",
        "unit 4 as unit 2",
    ):
        assert word in out
    _, out, _ = told(capsys, "inspect", checkpoints[1], "--tensor", "module.W1")
    assert "error: 1 of 24 numbers is NaN or infinite, at [0, 0]" in out
    assert "singular values" not in out


def test_large_matrices_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "W.npy", np.diag(np.arange(1.0, 601)))
    assert "add --spectrum" in told(capsys, "inspect", tmp_path / "W.npy", "--tensor", "W")[1]
    assert "600 of 600" in told(capsys, "inspect", tmp_path / "W.npy", "--tensor", "W", "--spectrum")[1]


def test_two_files_for_a_script(checkpoints: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = told(capsys, "inspect", checkpoints[0], "--compare", checkpoints[1], "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert [(m["name"], m["other"], m["kind"]) for m in found] == [
        ("W1", "module.W1", "different"), ("b1", "module.b1", "equal"), ("W2", "module.W2", "shape"), ("b2", None, "only here"),
        (None, "step", "only there"),
    ]  # fmt: skip
    assert (found[0]["largest"], found[0]["differing"], found[1]["rms"], found[2]["rms"]) == ("inf", 2, 0, None)


def test_two_files_for_a_person(checkpoints: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "inspect", checkpoints[0], "--compare", checkpoints[1])
    assert out.splitlines()[0].split() == ["name", "largest", "rms", "relative", "differing", "cosine", "name", "there"]
    assert "1 equal, 1 different, 1 other shape, 1 only here, 1 only there" in out
    _, out, _ = told(capsys, "inspect", checkpoints[0], "--compare", checkpoints[1], "--tensor", "W1")
    assert "22 are 0" in out


def test_a_tensor_as_a_file(checkpoints: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending in ("npy", "npz", "csv", "safetensors"):
        assert told(capsys, "inspect", checkpoints[0], "--tensor", "W1", "-o", tmp_path / f"out.{ending}") == (0, "", "")
    a = np.load(checkpoints[0])["W1"]
    assert np.load(tmp_path / "out.npy").tobytes() == a.tobytes()
    assert np.loadtxt(tmp_path / "out.csv", delimiter=",", dtype="f4").tobytes() == a.tobytes()


def test_choices_decide_what_is_inspected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "net.npz", W1=np.eye(3), W2=np.eye(3))
    for orientation, units in (("out,in", "rows"), ("in,out", "columns")):
        given = ("--orientation", orientation, "--activation", "tanh,sigmoid")
        _, out, _ = told(capsys, "inspect", tmp_path / "net.npz", "--json", *given)
        found = json.loads(out)
        assert [n["activation"] for n in found["layers"]] == ["tanh", "sigmoid"]
        assert {n["attributes"]["orientation"] for n in found["layers"]} == {orientation}
        assert found["chosen"] == [f"orientation: {orientation}", "activation: tanh", "output activation: sigmoid"]
        assert not any("as the file does not say it" in s for s in found["assumed"])
        _, out, _ = told(capsys, "inspect", tmp_path / "net.npz", "--json", "--tensor", "W1", *given)
        assert json.loads(out)["units"] == units
    assert json.loads(told(capsys, "inspect", tmp_path / "net.npz", "--json")[1])["chosen"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tensor", "W9\x1b[31m"], "there is no tensor 'W9\\x1b[31m'; there are 'W1', 'b1'"),
        (["--tensor", "W1", "-o", "out.txt"], "ends in none of"),
        (["-o", "out.npy"], "give it with --tensor"),
        (["--spectrum"], "give it with --tensor"),
        (["--compare", "gone.npz"], "No such file"),
        (["--compare", "OTHER", "--tensor", "W2"], "is 3×6 here and 3×5 there"),
        (["--compare", "OTHER", "--tensor", "b2"], "has no tensor that belongs to 'b2'"),
        (["--compare", "OTHER", "--tensor", "W1", "-o", "out.npy"], "without --compare"),
        (["--activation", "swish"], "'swish' is no activation"),
    ],
)
def test_what_cannot_be_inspected_is_one_sentence(
    words: list[str], said: str, checkpoints: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = told(capsys, "inspect", checkpoints[0], *(checkpoints[1] if w == "OTHER" else w for w in words))
    assert (status, out) == (2, "")
    assert err.startswith("stepper: ")
    assert err.count("\n") == 1
    assert said in err
    assert "\x1b" not in err


# -- data and choices of a saved network


def program_of(capsys: pytest.CaptureFixture[str], *words: Any) -> list[str]:
    status, out, err = told(capsys, "trace", *words, "--json")
    assert status == 0, err
    return json.loads(out)["program"].splitlines()


def test_one_sample_is_typed_with_its_target(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = program_of(capsys, net, "--sample=0.5,-1,2,1e1", "--target", "2")
    assert "X = np.array([[0.5, -1.0, 2.0, 10.0]])  # typed by you" in found
    assert "Y = np.array([[2.0]])  # typed by you" in found


def test_all_other_choices_can_be_given(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = program_of(capsys, net, "--samples", "5", "--seed", "3", "--optimizer", "adam", "--batch", "2", "--shuffle")
    assert "rng = np.random.default_rng(3)" in found
    assert "X = rng.standard_normal((5, 4))  # random samples of the right shape" in found
    assert {"batch = 2", "shuffle = True", "beta2 = 0.999"} <= set(found)
    assert 'X = inputs("iris", standardize=True)' in program_of(capsys, net, "--data", "iris", "--standardize")


def test_training_tells_the_accuracy_where_there_are_answers(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = told(capsys, "train", net, "--data", "iris", "--iterations", "2", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert all(0 <= row["accuracy"] <= 1 and row["accuracy"] * 150 == pytest.approx(round(row["accuracy"] * 150)) for row in rows)
    _, out, _ = told(capsys, "train", net, "--iterations", "1", "--json")
    assert "accuracy" not in json.loads(out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sample", "1,2"], "2 numbers, and the network takes 4"),
        (["--sample", "1,2,x,4"], "'x', at place 3, is none"),
        (["--sample", "1,nan,3,4"], "'nan', at place 2, is none"),
        (["--sample", ""], "nothing is typed"),
        (["--sample", "1,2,3,4", "--target", "7"], "from 0 to 2"),
        (["--sample", "1,2,3,4", "--data", "iris"], "give one of them"),
        (["--target", "1"], "--target belongs to --sample"),
        (["--standardize"], "--standardize belongs to --data"),
        (["--data", "iris", "--seed", "1"], "--seed belongs to random samples"),
        (["--activation", "tanh,relu,sigmoid"], "two functions at most, the one of all hidden layers and the one of the last"),
        (["--optimizer", "lion"], "lion"),
        (["--batch", "0"], "at least 1"),
        (["--samples", "1000000"], "ask for 1 to 100000"),
    ],
)
def test_a_choice_that_cannot_be_is_one_sentence(
    net: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:  # fmt: skip
    try:
        status = main(["trace", str(net), *words])
    except SystemExit as left:
        status = left.code
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("stepper")
    assert said in err


def test_choices_belong_to_saved_networks(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--sample", "1"], ["--optimizer", "sgd"], ["--batch", "2"], ["--samples", "3"]):
        status, _, err = told(capsys, "trace", "xor", *words)
        assert status == 2
        assert "no saved network" in err
