"""Rules of gradients and steps: vanishing, exploding, the update ratio, unchanged parameters."""

from __future__ import annotations

import pytest
from helpers.health import found, judged, label, net, of

DEEP = """# data
np.random.seed(3)
X = np.random.randn(4, 16)
Y = np.array([[0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0]])
samples = "columns"
# parameters
{parameters}
lr = 0.1
# forward
{forward}
# loss
L = mse(A{n}, Y)
"""


def deep(n: int, scale: float, act: str = "sigmoid") -> str:
    """Return a program of n layers of 4 units (the last of 1) with weights of one scale."""
    parameters, forward, before = list[str](), list[str](), "X"
    for i in range(1, n + 1):
        units = 1 if i == n else 4
        parameters.append(f"W{i} = {scale} * np.random.randn({units}, 4)")
        forward += [f"Z{i} = W{i} @ {before}", f"A{i} = {'sigmoid' if i == n else act}(Z{i})"]
        before = f"A{i}"
    return DEEP.format(parameters="\n".join(parameters), forward="\n".join(forward), n=n)


def test_a_deep_net_of_sigmoids_vanishes_from_the_first_layer_on() -> None:
    findings = found(deep(9, 0.5), "vanishing")
    layers = {f.layer: f.severity for f in findings}
    assert layers[1] == "error" and 9 not in layers and set(layers) == set(range(1, len(layers) + 1))
    assert found(deep(5, 0.5), "vanishing")[0].severity == "warning"
    assert not found(deep(2, 1.0), "vanishing")
    assert not found(deep(9, 1.5, "tanh"), "vanishing")


def test_a_converged_net_has_small_gradients_and_is_healthy() -> None:
    line = "# data\nX = np.array([[1.0, 2, 3, 4]])\nY = np.array([[{}]])\nsamples = 'columns'\n# parameters\n"
    line += "W = np.array([[0.5]])\nlr = 0.05\n# forward\nP = W @ X\n# loss\nL = mse(P, Y)\n"
    assert not found(line.format("2.0, 4, 6, 8"), "vanishing", 200)  # to a loss of 0
    assert not found(line.format("2.0, 9, 0, 8"), "vanishing", 200)  # to a floor: what the samples say cancels
    problems = judged(line.format("2.0, 9, 0, 8"), 200).problems()
    assert not [p for p in problems if p.finding.rule == "update-ratio" and p.current]
    assert not found(line.format("2.0, 9, 0, 8"), "unchanged", 200)


def test_gradients_of_one_sample_are_judged_over_an_epoch() -> None:
    X, Y = "np.array([[1.0, 0, 0, 0]] )", "np.array([[1.0, 0, 0, 0]])"
    text = f"# data\nX = {X}\nY = {Y}\nsamples = 'columns'\nbatch = 1\n# parameters\nW = np.array([[0.5]])\nlr = 0.001\n"
    text += "# forward\nP = W @ X\n# loss\nL = mse(P, Y)\n"
    assert not found(text, "vanishing", 12)


@pytest.mark.parametrize(("scale", "severity"), [(1.0, ""), (3.0, "warning"), (15.0, "error")])
def test_exploding(scale: float, severity: str) -> None:
    text = net(
        f"{scale} * np.random.randn(6, 3)", act="identity", out="identity", loss="mse", X=f"{scale} * np.random.randn(3, 8)"
    )
    assert {f.severity for f in found(text, "exploding") if f.layer == 2} == ({severity} if severity else set())


def test_a_gradient_that_grows_on_its_way_back() -> None:
    text = net("0.001 * np.random.randn(6, 3)", "150 * np.random.randn(1, 6)", act="tanh", out="identity")
    [finding] = [f for f in found(text, "exploding") if "ratio" in f.numbers]
    assert finding.layer == 1 and finding.numbers["ratio"] > 70
    assert not found(net(act="tanh", out="identity"), "exploding")


@pytest.mark.parametrize(("lr", "what"), [(1e-7, "hardly"), (0.02, ""), (300.0, "too much")])
@pytest.mark.parametrize("rows", [False, True])
def test_update_ratio(lr: float, what: str, rows: bool) -> None:
    monitor = judged(net(lr=lr, rows=rows), 3)
    findings = of(monitor, "update-ratio")
    assert bool(findings) == bool(what)
    # Biases start at 0: any step is infinitely long beside them.
    assert all(label(monitor, f) in ("W1_next", "W2_next") for f in findings)
    assert not what or any(what in p.begin.text for p in monitor.problems())


def test_a_parameter_that_no_line_changes() -> None:
    text = net().replace("# loss\nL = mse(A2, Y)\n", "")
    text += (
        "# loss\nL = mse(A2, Y)\n# backward\ndA2 = 2 * (A2 - Y) / m\ndZ2 = dA2 * A2 * (1 - A2)\ndW2 = dZ2 @ A1.T\n"
        "# update\nW2 = W2 - lr * dW2\n"
    )
    monitor = judged(text)
    assert {label(monitor, f) for f in of(monitor, "unchanged")} == {"W1", "b1", "b2"}
    # Nothing is updated at all: then it is no training, and nothing is missing.
    assert not found(text.split("# backward")[0].replace("lr = 0.1\n", ""), "unchanged")
    assert not found(net(), "unchanged", 5)


def test_equal_for_three_steps_with_a_gradient() -> None:
    monitor = judged(net(lr=0.0), 2)
    assert not of(monitor, "unchanged")
    monitor = judged(net(lr=0.0), 3)
    assert {label(monitor, f) for f in of(monitor, "unchanged")} == {"W1_next", "b1_next", "W2_next", "b2_next"}


def test_steps_that_rounding_swallows_in_float16() -> None:
    text = "# data\nX = np.array([[1.0]], dtype=np.float16)\nY = np.array([[40.0]], dtype=np.float16)\n"
    text += "samples = 'columns'\n# parameters\n"
    text += "W = np.array([[30.0]], dtype=np.{0})\nlr = 0.0003\n# forward\nP = W @ X\n# loss\nL = mse(P, Y)\n"
    assert found(text.format("float16"), "unchanged", 3)
    assert not found(text.format("float32"), "unchanged", 3)
