"""What was chosen and what was assumed stands in the program itself, as comments of our own words, wherever it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.document import document_of
from core.library import Opened, open_target
from core.notation.script import script_text
from core.saved_convert import convert
from core.session import session_of
from core.steppable.build import Choices
from core.steppable.data import Samples

R = np.random.default_rng(9)
UNSAID = "assumed, the file does not say it"


def net(tmp_path: Path, **more: Any) -> str:
    held = {"W1": (4, 6), "b1": (6,), "W2": (6, 5), "b2": (5,), "W3": (5, 3), "b3": (3,)}
    np.savez(tmp_path / "net.npz", **{n: R.standard_normal(s) for n, s in held.items()}, **more)
    return str(tmp_path / "net.npz")


def lines(opened: Opened) -> list[str]:
    assert opened.steps is not None
    assert opened.program.text.startswith(opened.steps.text.split("# update")[0].split("# forward")[0])
    return opened.program.text.splitlines()


def test_functions_and_the_loss_are_marked_on_their_lines(tmp_path: Path) -> None:
    found = lines(open_target(net(tmp_path)))
    assert f"A1 = relu(Z1)  # relu: {UNSAID}" in found
    assert f"A2 = relu(Z2)  # relu: {UNSAID}" in found
    assert f"A3 = softmax(Z3, axis=1)  # softmax: {UNSAID}" in found
    assert f"L = softmax_cross_entropy(Z3, Y)  # softmax_cross_entropy: {UNSAID}" in found
    found = lines(open_target(net(tmp_path), None, Choices("tanh", "identity", loss="mae")))
    assert "A1 = tanh(Z1)  # tanh: chosen by you" in found
    assert "Z3 = A2 @ W3 + b3  # identity: chosen by you" in found
    assert "L = mae(Z3, Y)  # mae: chosen by you" in found


def test_a_function_after_a_normalisation_is_marked_there(tmp_path: Path) -> None:
    held = {
        "0.weight": (6, 4), "0.bias": (6,), "1.weight": (6,), "1.bias": (6,), "1.running_mean": (6,), "1.running_var": (6,),
        "3.weight": (3, 6), "3.bias": (3,),
    }  # fmt: skip
    np.savez(tmp_path / "norm.npz", **{n: R.uniform(0.5, 1, s) for n, s in held.items()})
    found = lines(open_target(str(tmp_path / "norm.npz")))
    assert f"B1 = relu(S1)  # relu: {UNSAID}" in found
    assert "Z1 = X @ W1.T + b1" in found
    found = lines(open_target(str(tmp_path / "norm.npz"), None, Choices("identity", "tanh")))
    assert "S1 = gamma1 * N1 + beta_1  # identity: chosen by you" in found
    assert "A2 = tanh(Z2)  # tanh: chosen by you" in found


def test_what_a_file_says_is_not_marked(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    torch.save(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh()), tmp_path / "net.pt")
    found = lines(open_target(str(tmp_path / "net.pt"), None, Choices("relu", "relu"), Samples("iris")))
    assert "A1 = tanh(Z1)" in found
    assert [line for line in found if "  # " in line] == [f"L = mse(A1, Y)  # mse: {UNSAID}"]


def test_the_orientation_is_marked_where_both_ways_fit(tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", W1=np.eye(3), W2=np.eye(3))
    for choices, note in (
        (None, "a column for each unit: assumed, both ways fit"),
        (Choices(orientation="out,in"), "a row for each unit: chosen by you"),
    ):
        found = lines(open_target(str(tmp_path / "net.npz"), None, choices))
        assert f'W1 = tensor("net.npz", "W1")  # {note}' in found
        assert f'W2 = tensor("net.npz", "W2")  # {note}' in found


def test_the_data_are_marked(tmp_path: Path) -> None:
    found = lines(open_target(net(tmp_path)))
    assert "X = rng.standard_normal((8, 4))  # random samples of the right shape" in found
    assert any(line.startswith("Y = ") and line.endswith("  # random targets of the right shape") for line in found)
    typed = Samples(inputs=(1.0, 2.0, 3.0, 4.0), target=(2.0,))
    found = lines(open_target(net(tmp_path), None, None, typed))
    assert "X = np.array([[1.0, 2.0, 3.0, 4.0]])  # typed by you" in found
    assert "Y = np.array([[2.0]])  # typed by you" in found
    found = lines(open_target(net(tmp_path), None, None, Samples(inputs=(1.0, 2.0, 3.0, 4.0))))
    assert "Y = np.array([[0.0]])  # assumed, no target was typed" in found
    found = lines(open_target(net(tmp_path), None, None, Samples("iris")))
    assert 'X = inputs("iris")' in found


def test_the_marks_are_in_the_script_and_in_the_document(tmp_path: Path) -> None:
    opened = open_target(net(tmp_path), None, Choices("tanh", loss="mse"), Samples("iris"))
    marks = ("  # tanh: chosen by you", f"  # softmax: {UNSAID}", "  # mse: chosen by you")
    script = script_text(opened.program, "net", 2)
    (tmp_path / "net.stepper").write_bytes(document_of(session_of(opened)))
    kept = open_target(str(tmp_path / "net.stepper")).program.text
    for mark in marks:
        assert mark in script
        assert mark in kept
    compile(script, "net.py", "exec")


@pytest.mark.parametrize("ending", ["onnx", "toml", "npz"])
@pytest.mark.parametrize("loss", ["", "hinge", "mae"])
def test_a_marked_program_is_converted(tmp_path: Path, ending: str, loss: str) -> None:
    target, choices = net(tmp_path), Choices("tanh", "identity" if loss else "", loss=loss)
    convert(target, tmp_path / f"out.{ending}", None, choices, Samples("iris"))
    if ending == "toml":
        again = open_target(str(tmp_path / "out.toml")).program
        was = open_target(target, None, choices, Samples("iris")).program
        assert np.array_equal(again.first_values["Y"], was.first_values["Y"])
        convert(target, tmp_path / "random.toml", None, choices, Samples(count=5))
        again = open_target(str(tmp_path / "random.toml")).program
        was = open_target(target, None, choices, Samples(count=5)).program
        assert np.array_equal(np.reshape(again.first_values["Y"], -1), np.reshape(was.first_values["Y"], -1))


def test_a_comment_of_ones_own_comes_along_into_the_script() -> None:
    from core.complete import load

    program = load("# data\nX = np.ones((3, 2))  # \"three\" 'ones' # two\n# forward\nZ = X + 1  # \u202e\nV = Z * 2\n")
    script = script_text(program, "own", 1)
    assert "  # \"three\" 'ones' # two\n" in script
    assert "\u202e" not in script


# -- what the program knows of the file


def test_every_parameter_knows_its_tensor_and_the_closed_layers_are_known(tmp_path: Path) -> None:
    more = {"lstm.weight_ih_l0": R.standard_normal((12, 3)), "lstm.weight_hh_l0": R.standard_normal((12, 3))}
    steps = open_target(net(tmp_path)).steps
    assert steps is not None
    assert dict(steps.parameters) == {n: n for n in ("W1", "b1", "W2", "b2", "W3", "b3")}
    assert steps.closed == ()
    assert (steps.takes, steps.gives, steps.loss) == ((4,), 3, "softmax_cross_entropy")
    steps = open_target(net(tmp_path, **more)).steps
    assert steps is not None
    assert [n.name for n in steps.closed] == [n.name for n in steps.layers[3:]]
    assert (steps.gives, steps.loss, steps.evaluation) == (0, "", "")


def test_the_parts_of_a_theta_are_both_that_tensor(tmp_path: Path) -> None:
    np.savez(tmp_path / "ex4.npz", Theta1=R.standard_normal((5, 5)), Theta2=R.standard_normal((3, 6)))
    steps = open_target(str(tmp_path / "ex4.npz")).steps
    assert steps is not None
    assert dict(steps.parameters) == {"W1": "Theta1", "b1": "Theta1", "W2": "Theta2", "b2": "Theta2"}
