"""Remedies are edits of the text: what they write is what a person would write, runs, and has the right gradients."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.numeric import central_difference, relative_error, step_for
from helpers.programs import SETTINGS, Net, nets
from hypothesis import given

from core.changes import with_optimizer
from core.complete import load
from core.errors import StepperError
from core.execute.timeline import Position, Timeline
from core.health.mending import Mended, RemedyError, first_iteration, typed
from core.health.remedies import REMEDIES, apply, offered
from core.library import EXAMPLES, open_target
from core.program.ir import Program

DATA = "X = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]])\nY = np.array([[0, 1, 1, 0]])\n"
START = "np.random.seed(3)\nW1 = np.random.randn(3, 2)\nb1 = np.full((3, 1), 0.1)\nW2 = np.random.randn(1, 3)\nlr = 0.5\n"
FORWARD = "# forward\nZ1 = W1 @ X + b1\nA1 = {hidden}(Z1)\n{out}\n# loss\n{loss}\n"


def net(loss: str = "L = bce(A2, Y)", hidden: str = "relu", out: str = "A2 = sigmoid(W2 @ A1)", more: str = "") -> Program:
    head = "# data\n" + DATA + 'samples = "columns"\n# parameters\n' + START
    return load(head + FORWARD.format(hidden=hidden, out=out, loss=loss) + more)


def lines(mended: Mended, sign: str) -> list[str]:
    return [c.text for c in mended.changes if c.sign == sign]


def check_gradients(program: Program) -> None:
    """The gradients that a program computes are those of its own loss, checked by nudging."""
    assert program.loss is not None
    machine = first_iteration(program)
    names = [p for p in program.gradients if p in program.carried]
    start = {p: np.asarray(program.first_values[p], dtype=np.float64) for p in names}
    loss = lambda at: float(np.asarray(first_iteration(program, at).peek(program.loss or 0)).reshape(-1)[0])  # noqa: E731
    for p in names:
        mine = np.asarray(machine.peek(program.gradients[p]), dtype=np.float64)
        true = central_difference(loss, start, p)
        assert relative_error(mine, true, loss(start), step_for(start[p])) < 1e-4, p


# -- the fused loss --------------------------------------------------------------------------------------


def test_flower_gets_the_loss_that_a_person_would_write() -> None:
    program = open_target("flower").program
    mended = apply("fused-loss", program)
    by_hand = program.text[: program.text.index("# loss")] + "# loss\nL = bce_with_logits(Z2, Y)\n"
    assert mended.program.text == load(by_hand).text
    assert lines(mended, "+") == ["L = bce_with_logits(Z2, Y)", "dZ2 = (A2 - Y) / m"]
    check_gradients(mended.program)


@pytest.mark.parametrize(
    "loss",
    [
        "L = bce(A2, Y)", 'L = bce(A2, Y, reduction="sum")', "L = bce(sigmoid(W2 @ A1), Y)",
        "L = bce(A2, Y) + 0.1 * sum(W1 ** 2)",
        "L = -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))",
        "L = -1 / m * np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))",
        "logs = np.multiply(np.log(A2), Y) + np.multiply(1 - Y, np.log(1 - A2))\nL = -np.sum(logs) / m",
    ],
)  # fmt: skip
@pytest.mark.parametrize("out", ["A2 = sigmoid(W2 @ A1)", "Z2 = W2 @ A1\nA2 = 1 / (1 + np.exp(-Z2))"])
def test_a_cross_entropy_in_any_spelling_is_fused(loss: str, out: str) -> None:
    program = net(loss, out=out)
    mended = apply("fused-loss", program)
    old, new = first_iteration(program), first_iteration(mended.program)
    assert program.loss is not None and mended.program.loss is not None
    assert np.isclose(old.peek(program.loss), new.peek(mended.program.loss), rtol=1e-12)  # type: ignore[arg-type]
    assert any("bce_with_logits" in line for line in lines(mended, "+"))
    assert not [i for i in mended.program.instructions if i.op == "log"], "no logarithm of a probability is left"
    for p, g in program.gradients.items():
        assert np.allclose(old.peek(g), new.peek(mended.program.gradients[p]), rtol=1e-9, atol=1e-12)  # type: ignore[arg-type]
    check_gradients(mended.program)


def test_softmax_and_cross_entropy_are_fused_in_rows_too() -> None:
    text = (
        "# data\nX = np.array([[0.0, 1], [1, 2], [3, -1]])\nY = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]])\n"
        "# parameters\nnp.random.seed(1)\nW = np.random.randn(2, 3)\n# forward\n"
        "A = softmax({z})\n# loss\nL = cross_entropy(A, Y)\n"
    )
    mended = apply("fused-loss", load(text.format(z="X @ W")))
    assert "Z = X @ W" in lines(mended, "+") and "L = softmax_cross_entropy(Z, Y)" in lines(mended, "+")
    check_gradients(mended.program)


@pytest.mark.parametrize("loss", ["L = mse(A2, Y)", "L = bce_with_logits(W2 @ A1, Y)", "L = 2.7 * sum((A2 - Y) ** 2)"])
def test_another_loss_is_not_fused(loss: str) -> None:
    with pytest.raises(RemedyError, match="loss"):
        apply("fused-loss", net(loss))


# -- a backward that was typed -----------------------------------------------------------------------------

OWN = """# backward
m = Y.shape[1]
dA2 = ((1 - Y) / (1 - A2) - Y / A2) / m
dZ2 = dA2 * A2 * (1 - A2)
dW2 = {sign}dZ2 @ A1.T
dZ1 = W2.T @ dZ2 * (Z1 > 0)
dW1 = dZ1 @ X.T
db1 = np.sum(dZ1, axis=1, keepdims=True)
# update
W1 = W1 - lr * dW1
b1 -= lr * db1
{update}
"""


def test_a_typed_backward_is_derived_anew_and_said() -> None:
    program = net(more=OWN.format(sign="", update="W2 -= lr * dW2"))
    mended = apply("fused-loss", program)
    assert any("derived anew" in note for note in mended.notes)
    assert [s.text for s in mended.program.statements if s.phase == "update"] == [
        "W1 = W1 - lr * dW1", "b1 -= lr * db1", "W2 -= lr * dW2",
    ]  # fmt: skip
    check_gradients(mended.program)


SEED_2 = """# forward
Z1 = np.dot(W1, X) + b1
A1 = np.maximum(0, Z1)
Z2 = np.dot(W2, A1)
A2 = 1 / (1 + np.exp(-Z2))
m = Y.shape[1]
logprobs = np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 - Y)
cost = -(1 / m) * np.sum(logprobs)
# backward
dA2 = -(np.divide(Y, A2) - np.divide(1 - Y, 1 - A2))
dZ2 = dA2 * sigmoid(Z2) * (1 - sigmoid(Z2))
dW2 = (1 / m) * np.dot(dZ2, A1.T)
dZ1 = np.dot(W2.T, dZ2)
dZ1[Z1 <= 0] = 0
dW1 = (1 / m) * np.dot(dZ1, X.T)
db1 = (1 / m) * np.sum(dZ1, axis=1, keepdims=True)
# update
W1 = W1 - lr * dW1
b1 = b1 - lr * db1
W2 = W2 - lr * dW2
"""


def test_the_second_seed_as_it_was_asked_is_mended() -> None:
    program = load("# data\n" + DATA + "# parameters\n" + START + SEED_2)
    mended = apply("fused-loss", program)
    assert "cost = bce_with_logits(Z2, Y)" in lines(mended, "+") and len(mended.notes) == 1
    assert "log" not in "".join(s.text for s in mended.program.statements).replace("bce_with_logits", "")
    check_gradients(mended.program)
    check_gradients(apply("leaky-relu", program).program)


def test_a_typed_gradient_of_the_wrong_sign_is_refused() -> None:
    with pytest.raises(RemedyError, match=r"W2.*opposite sign"):
        apply("leaky-relu", net(more=OWN.format(sign="-", update="W2 += lr * dW2")))


def test_a_typed_gradient_that_is_wrong_is_said() -> None:
    mended = apply("leaky-relu", net(more=OWN.format(sign="2 * ", update="W2 = W2 - lr * dW2")))
    assert any("gradient of W2 that you wrote is not the derived one" in note for note in mended.notes)


def test_a_typed_gradient_that_is_not_finite_is_said() -> None:
    program = load(
        net(more=OWN.format(sign="", update="W2 -= lr * dW2")).text.replace("np.random.randn(1, 3)", "np.full((1, 3), 1e3)")
    )
    assert any("not finite" in note for note in apply("fused-loss", program).notes)


def test_updates_that_read_more_than_gradients_are_refused() -> None:
    with pytest.raises(RemedyError, match="updates with `dZ2`"):
        apply("fused-loss", net(more=OWN.format(sign="", update="W2 -= lr * (dZ2 @ A1.T)")))


def test_a_setup_remedy_leaves_a_typed_backward_as_it_is() -> None:
    program = net(more=OWN.format(sign="", update="W2 -= lr * dW2"))
    for id in ("smaller-rate", "he", "clip", "standardise"):
        mended = apply(id, program)
        assert [s.text for s in mended.program.statements if s.phase == "backward"] == [
            s.text for s in program.statements if s.phase == "backward"
        ]


# -- every remedy, every program -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_remedies_of_the_built_ins_run_and_can_be_read_again(name: str) -> None:
    opened = open_target(name)
    fitting = {id: m for id, m in offered(opened.program, opened.folder).items() if isinstance(m, Mended)}
    assert {"smaller-rate", "glorot", "he", "clip"} <= fitting.keys()
    for id, mended in fitting.items():
        timeline = Timeline(mended.program)
        assert timeline.run(3), id
        assert load(mended.program.text, folder=opened.folder).text == mended.program.text, id
        assert mended.changes and mended.remedy == id
        assert mended.program.trainable == opened.program.trainable


@pytest.mark.parametrize("name", ["xor", "flower", "rows"])
def test_gradients_stay_right(name: str) -> None:
    for id, mended in offered(open_target(name).program).items():
        if isinstance(mended, Mended) and id != "clip":
            check_gradients(mended.program)


@given(nets())
@SETTINGS(40)
def test_any_program_is_mended_or_refused_in_a_sentence(written: Net) -> None:
    program = load(written.text)
    for mended in offered(program).values():
        if isinstance(mended, str):
            assert mended and "\n" not in mended
            continue
        assert mended.program.fault is None or program.fault is not None
        assert set(mended.program.trainable) == set(program.trainable)
        Timeline(mended.program).go(Position(2, 0))


@given(nets())
@SETTINGS(40)
def test_what_was_typed_is_derived_to_the_same_program(written: Net) -> None:
    program = load(written.text)
    assert load(typed(program).text).text == program.text


def test_another_optimizer_stays() -> None:
    program, _ = with_optimizer(net(), "adam", 4)
    mended = apply("fused-loss", program)
    assert "t = iteration - 3" in mended.program.text and "mW1_hat" in mended.program.text
    check_gradients(mended.program)


# -- what is given ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("id", "variance"), [("he", 2 / 50), ("glorot", 2 / (50 + 80))])
@pytest.mark.parametrize("product", ["W @ X", "X.T @ W"])
def test_starts_have_their_variance_and_nothing_else_changes(id: str, variance: float, product: str) -> None:
    columns = product == "W @ X"
    shape, y = ((80, 50), "(80, 9)") if columns else ((50, 80), "(9, 80)")
    program = load(
        f"# data\nrng = np.random.default_rng(0)\nX = rng.standard_normal((50, 9))\nY = np.zeros({y})\n"
        f'samples = "{"columns" if columns else "rows"}"\n'
        f"# parameters\nnp.random.seed(1)\nW = np.random.randn{shape}\nV = np.random.randn(2, 2)\nlr = 0.1\n"
        f"# forward\nA = {product}\n# loss\nL = mse(A, Y)\n"
    )
    mended = apply(id, program)
    start = np.asarray(mended.program.first_values["W"])
    assert start.shape == shape and np.isclose(start.var(), variance, rtol=0.1) and abs(start.mean()) < 0.02
    assert np.array_equal(mended.program.first_values["V"], program.first_values["V"]), "later random numbers stay"
    assert np.array_equal(apply(id, program).program.first_values["W"], start), "the same numbers each time"


def test_symmetry_is_broken_only_where_it_is() -> None:
    text = net().text.replace("W1 = np.random.randn(3, 2)", "W1 = np.zeros((3, 2))")
    program = load(text)
    mended = apply("break-symmetry", program)
    start = np.asarray(mended.program.first_values["W1"])
    assert len(np.unique(start, axis=0)) == 3 and np.abs(start).max() < 1
    assert np.array_equal(mended.program.first_values["W2"], program.first_values["W2"])
    with pytest.raises(RemedyError, match="no symmetry"):
        apply("break-symmetry", net())


def test_inputs_are_standardised_and_a_feature_that_never_changes_stays() -> None:
    text = net().text.replace("X = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]])", "X = np.array([[1.0, 2, 30, 4], [1, 1, 1, 1]])")
    mended = apply("standardise", load(text))
    x = np.asarray(mended.program.first_values["X"])
    assert np.allclose(x[0].mean(), 0) and np.allclose(x[0].std(), 1) and np.array_equal(x[1], np.ones(4))
    assert "1 of the features" in mended.notes[0]
    both = np.asarray(apply("standardise", net()).program.first_values["X"])
    assert np.allclose(both.mean(axis=1), 0) and np.allclose(both.std(axis=1), 1)
    with pytest.raises(RemedyError, match="already"):
        apply("standardise", apply("standardise", net()).program)


def test_data_without_a_heading_are_not_standardised_in_each_iteration() -> None:
    program = load(DATA + START + FORWARD.format(hidden="tanh", out="A2 = sigmoid(W2 @ A1)", loss="L = mse(A2, Y)"))
    found = offered(program)["standardise"]
    assert isinstance(found, str) or len(found.program) == len(program)


def test_float64_is_for_what_is_not() -> None:
    program = load(net().text.replace("# parameters", 'dtype = "float32"\n# parameters', 1))
    assert np.asarray(program.first_values["W1"]).dtype == np.float32
    mended = apply("float64", program)
    assert np.asarray(mended.program.first_values["W1"]).dtype == np.float64
    assert lines(mended, "+") == ["dtype = 'float64'"] or lines(mended, "+") == ['dtype = "float64"']
    with pytest.raises(RemedyError, match="already"):
        apply("float64", net())


# -- the step ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "update", "wanted"),
    [
        ("lr", "W1 = W1 - lr * dW1", "lr = 0.05"), ("alpha", "W1 -= alpha * dW1", "alpha = 0.05"),
        ("step", "W1 -= step * dW1", "step = 0.05"), ("lr", "W1 -= 0.7 * dW1", "W1 -= 0.07 * dW1"),
        ("lr", "W1 -= dW1", "W1 -= (dW1) / 10"), ("lr", "W1 = W1 - dW1", "W1 = W1 - (dW1) / 10"),
    ],
)  # fmt: skip
def test_the_rate_is_divided_whatever_it_is_called(rate: str, update: str, wanted: str) -> None:
    name = f"{rate} = 0.5\n" if rate in update else ""
    program = load(f"# data\n{DATA}# parameters\nW1 = np.ones((1, 2))\n{name}# forward\nL = mse(W1 @ X, Y)\n# update\n{update}\n")
    mended = apply("smaller-rate", program, None, "10")
    assert wanted in lines(mended, "+")
    old, new = (first_iteration(p) for p in (program, mended.program))
    step = lambda m, p: np.asarray(m.peek(p.carried["W1"][1])) - 1  # noqa: E731
    assert np.allclose(step(new, mended.program) * 10, step(old, program))


def test_clipping_shortens_all_gradients_together() -> None:
    program = load(net().text.replace("X = np.array([[0.0, 0, 1, 1]", "X = np.array([[0.0, 0, 900, 1]"))
    mended = apply("clip", program, None, "5")
    old, new = first_iteration(program), first_iteration(mended.program)
    steps = {p: np.asarray(new.peek(mended.program.carried[p][1])) - np.asarray(program.first_values[p]) for p in program.carried}
    flat = np.concatenate([s.reshape(-1) for s in steps.values()])
    raw = np.concatenate([np.asarray(old.peek(program.gradients[p])).reshape(-1) for p in program.carried])
    assert np.linalg.norm(raw) > 5 and np.isclose(np.linalg.norm(flat), 0.5 * 5, rtol=1e-5)
    assert np.isclose(flat @ raw, -np.linalg.norm(flat) * np.linalg.norm(raw)), "the direction stays"


def test_updates_between_other_lines_cannot_be_clipped() -> None:
    own = OWN.format(sign="", update="").replace("dZ1 = ", "W2 = W2 - lr * dW2\ndZ1 = ")
    with pytest.raises(RemedyError, match="between"):
        apply("clip", net(more=own))


def test_each_remedy_says_what_it_does_not_mend() -> None:
    for remedy in REMEDIES.values():
        assert remedy.text.endswith(".") and remedy.keeps.endswith(".")
    with pytest.raises(KeyError):
        apply("smaller-rate", net(), None, "7")
    broken = load("# data\nX = np.ones((2, 3))\n# parameters\nW = np.ones((4, 5))\n# forward\nL = sum(W @ X)\n")
    assert all(isinstance(found, str) for found in offered(broken).values())
    assert issubclass(RemedyError, StepperError)
