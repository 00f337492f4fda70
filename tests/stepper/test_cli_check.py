"""`stepper check` as a teacher scripts it: what it prints and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.health.rules import RULES
from stepper import cli

FAR_INPUTS = """\
# data
X = np.array([[0.0, 0.0, 5.0, 5.0], [0.0, 5.0, 0.0, 5.0]])
Y = np.array([[0, 1, 1, 0]])
# parameters
np.random.seed(2)
W1 = np.random.randn(3, 2)
lr = 0.1
W2 = np.random.randn(1, 3)
# forward
A1 = tanh(W1 @ X)
A2 = W2 @ A1
# loss
L = mse(A2, Y)
"""
ZERO_START = """\
# data
X = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
Y = np.array([[0.0, 1.0, 1.0, 0.0]])
# parameters
W1 = np.zeros((3, 2))
W2 = np.zeros((1, 3))
lr = 0.5
# forward
A1 = tanh(W1 @ X)
A2 = sigmoid(W2 @ A1)
# loss
L = bce(A2, Y)
"""


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    try:
        status = cli.main(("check", *argv))
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def test_a_healthy_training_is_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "xor", "--iterations", "300")
    assert (status, err) == (0, "")
    assert out.startswith("xor: 300 iterations") and out.splitlines()[-1].startswith("healthy")


def test_findings_are_status_1_and_name_their_rule(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "zero.py"
    file.write_text(ZERO_START)
    status, out, err = run(capsys, str(file), "--iterations", "20")
    assert (status, err) == (1, "") and " symmetric: " in out and out.splitlines()[-1].startswith("not healthy")
    status, out, _ = run(capsys, str(file), "--iterations", "20", "--rules", "symmetric", "--json")
    assert status == 1 and out.count("\n") == 1
    data = json.loads(out, parse_constant=pytest.fail)
    assert {f["rule"] for f in data["findings"]} == {"symmetric"} and data["rules"] == ["symmetric"]


def test_notes_alone_are_status_0(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "far.py"
    file.write_text(FAR_INPUTS)
    status, out, _ = run(capsys, str(file), "--iterations", "5", "--rules", "input-range")
    assert status == 0 and "note input-range" in out and "healthy: nothing but 1 note" in out


def test_settings_and_gradients(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "xor", "--iterations", "8", "--gradients", "--set", "batch=1", "--rules", "nonfinite", "--json")
    data = json.loads(out, parse_constant=pytest.fail)
    assert status == 0 and [g["iteration"] for g in data["gradients"]] == [1, 8]
    assert all(p["verdict"] in ("agrees", "both zero") for g in data["gradients"] for p in g["parameters"])


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("no-such-net",), "neither a built-in"),
        (("xor", "--set", "speed=3"), "there is no setting `speed`"),
        (("xor", "--iterations", "0"), "at least 1"),
        (("xor", "--rules", "nan"), f"there is no rule `nan`; the rules are {', '.join(RULES)}"),
    ],
)
def test_trouble_is_one_sentence_on_stderr_and_status_2(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], words: str
) -> None:
    status, out, err = run(capsys, *argv, "--json")
    assert status == 2 and out == ""
    assert words in err and err.count("\n") == 1 and "Traceback" not in err


def test_help_tells_the_status(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--help")
    assert status == 0 and "exit status: 0 healthy; 1" in out and "nonfinite" in out
