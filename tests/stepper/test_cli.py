"""The command line, as a teacher scripts it."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.library import EXAMPLES
from stepper import cli


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    try:
        status = cli.main(argv)
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def test_trace_json_tells_every_step_of_an_iteration(capsys, tmp_path):
    status, out, err = run(capsys, "trace", "xor", "--json", "--values", str(tmp_path / "v.npz"))
    found = json.loads(out)
    values = np.load(tmp_path / "v.npz")
    assert (status, err) == (0, "")
    assert [s["index"] for s in found["steps"]] == list(range(29))
    assert found["iteration"] == found["epoch"] == 1
    assert found["loss"] == values["L"]
    matmul = found["steps"][0]
    assert (matmul["op"], matmul["phase"], matmul["layer"], matmul["statement"]) == ("matmul", "forward", 1, "Z1 = W1 @ X + b1")
    assert matmul["inputs"] == [
        {"name": "W1", "shape": [3, 2], "dtype": "float64"},
        {"name": "X", "shape": [2, 4], "dtype": "int64"},
    ]
    gradient = next(s for s in found["steps"] if s["output"]["name"] == "dW2")
    assert found["steps"][gradient["adjoint_of"]]["output"]["name"] == "Z2.1"
    assert gradient["output"]["min"] == values["dW2"].min() and gradient["output"]["nonfinite"] == 0
    np.testing.assert_array_equal(values["W2_next"], values["W2"] - 3.0 * values["dW2"])


def test_trace_of_a_later_iteration_continues_the_training(capsys, tmp_path):
    run(capsys, "trace", "first-seed", "--iteration", "1", "--values", str(tmp_path / "a.npz"))
    run(capsys, "trace", "first-seed", "--iteration", "2", "--values", str(tmp_path / "b.npz"))
    first, second = np.load(tmp_path / "a.npz"), np.load(tmp_path / "b.npz")
    np.testing.assert_array_equal(first["W1_next"], second["W1"])
    np.testing.assert_array_equal(second["X"], [[0], [1]])


def test_train_json_prints_a_line_an_iteration(capsys):
    status, out, _ = run(capsys, "train", "first-seed", "--iterations", "8", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 0 and [r["iteration"] for r in rows] == list(range(1, 9))
    assert [r["epoch"] for r in rows] == [1] * 4 + [2] * 4
    assert rows[0]["epoch_loss"] is None
    assert rows[3]["epoch_loss"] == pytest.approx(0.2557335792798098, rel=1e-9)
    assert rows[3]["epoch_loss"] == pytest.approx(np.mean([r["loss"] for r in rows[:4]]), rel=1e-15)


def test_train_every_shows_the_first_each_kth_and_the_last(capsys):
    _, out, _ = run(capsys, "train", "xor", "--iterations", "25", "--every", "10", "--json")
    assert [json.loads(line)["iteration"] for line in out.splitlines()] == [1, 10, 20, 25]


def test_set_replaces_hyperparameters_and_reserved_names(capsys):
    _, out, _ = run(capsys, "trace", "xor", "--set", "lr=0.5", "--set", "batch=1", "--json")
    found = json.loads(out)
    assert "lr = 0.5" in found["program"] and "batch = 1" in found["program"]
    assert found["steps"][0]["inputs"][1]["shape"] == [2, 1]


def test_script_runs_without_us_and_gives_the_same_bits(capsys, tmp_path):
    target = tmp_path / "plain.py"
    assert run(capsys, "script", "first-seed", "--set", "batch=3", "--set", "shuffle=True", "-o", str(target))[0] == 0
    plain = subprocess.run([sys.executable, "-I", target, "40"], capture_output=True, text=True, check=True, cwd=tmp_path)
    argv = ("train", "first-seed", "--set", "batch=3", "--set", "shuffle=True", "--iterations", "40", "--json")
    ours = [json.loads(line)["loss"] for line in run(capsys, *argv)[1].splitlines()]
    assert [line.split()[1] for line in plain.stdout.splitlines()] == [repr(loss) for loss in ours]
    assert "stepper" not in re.sub('""".*?"""', "", target.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("trace", "no-such-net"), "neither a built-in"),
        (("trace", "xor", "--set", "speed=3"), "there is no setting `speed`"),
        (("trace", "xor", "--set", "lr"), "NAME=VALUE"),
        (("trace", "xor", "--set", "lr=fast"), "needs a number"),
        (("trace", "xor", "--set", "batch=0"), "whole number"),
        (("trace", "xor", "--iteration", "0"), "at least 1"),
        (("train", "xor"), "--iterations"),
        (("trian", "xor"), "invalid choice"),
        (("script", "xor", "-o", "/no/such/folder/x.py"), "cannot be written"),
        (("trace", "xor", "--values", "/no/such/folder/x.npz"), "cannot be written"),
        (("picture", "xor", "--size", "big", "-o", "x.png"), "size"),
    ],
)
def test_trouble_is_one_sentence_on_stderr_and_status_2(capsys, argv, words):
    status, out, err = run(capsys, *argv)
    assert status == 2 and out == ""
    assert words in err and err.count("\n") == 1 and "Traceback" not in err


def test_a_line_that_cannot_run_is_explained_after_the_lines_that_can(capsys, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "# data\nX = np.ones((2, 5))\n# parameters\nW1 = np.ones((4, 5))\nW2 = np.ones((4, 4))\n"
        "# forward\nA1 = sigmoid(W1 @ X.T)\nP = sigmoid(W2 @ X)\n"
    )
    status, out, err = run(capsys, "trace", str(file))
    assert status == 2 and "A1 = sigmoid(A1.1)" in out
    assert err.startswith("stepper: line 8, `P = sigmoid(W2 @ X)`: W2 is 4×4, X is 2×5: the 4 columns of W2 meet the 2 rows of X")


def test_without_a_display_the_iteration_comes_as_a_table(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    for display in ({}, {"DISPLAY": ":7654"}):
        done = subprocess.run(
            [sys.executable, "-m", "stepper.cli"], env=environment | display, capture_output=True, text=True,
            cwd=Path(cli.__file__).parents[1], timeout=60,
        )  # fmt: skip
        lines = done.stdout.splitlines()
        assert done.returncode == 0 and done.stderr == ""
        assert sum("backward" in line for line in lines) == 14
        assert lines[-1].startswith("There is no window because")


def test_version_help_and_lists(capsys):
    assert re.fullmatch(r"stepper \d+\.\d+\.\d+\n", run(capsys, "--version")[1])
    assert "examples:" in run(capsys, "--help")[1]
    assert [line.split()[0] for line in run(capsys, "list")[1].splitlines()] == list(EXAMPLES)
    assert "bce_with_logits" in run(capsys, "list", "losses")[1]
    assert len(run(capsys, "list", "ops")[1].splitlines()) > 40


def test_a_target_alone_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[str | None] = []

    def window(arguments: argparse.Namespace) -> int:
        seen.append(arguments.target)
        return 0

    monkeypatch.setattr("stepper.cli._window", window)
    mine = tmp_path / "my_net.py"
    mine.write_text("x", encoding="utf-8")
    assert cli.main([str(mine)]) == cli.main(["lesson:cost-rises"]) == cli.main(["xor"]) == 0
    assert seen == [str(mine), "lesson:cost-rises", "xor"]
    with pytest.raises(SystemExit):
        cli.main(["nothing-of-that-name"])
