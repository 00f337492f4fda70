"""The printed script runs without us and gives the same bits."""

# ruff: noqa: E501 (programs on one line)
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.bits import floats
from helpers.programs import SETTINGS, Net, nets
from helpers.scripts import compare, run
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.errors import StepperError
from core.execute.timeline import Timeline
from core.library import EXAMPLES, example_text, open_target
from core.notation.script import script_text


@SETTINGS(120)
@given(nets())
def test_script_and_machine_give_the_same_bits(net: Net) -> None:
    compare(load(net.text))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_built_ins_as_scripts(name: str) -> None:
    compare(open_target(name).program, 50)


@SETTINGS(20)
@given(nets(), st.sampled_from(["", '"""', "'''", "\\", "\n# no", "é ∂L/∂W {x}", '"\n', "end\\"]))
def test_any_title_leaves_a_script_that_runs(net: Net, title: str) -> None:
    script = script_text(load(net.text), title)
    run(script, 1)


def test_a_script_runs_in_a_python_that_has_no_core(tmp_path: Path) -> None:
    program = load(example_text("first-seed"))
    path = tmp_path / "first.py"
    path.write_text(script_text(program, "first-seed"), encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", f"import sys; sys.argv = ['x', '8']; sys.modules['core'] = None; exec(open({str(path)!r}).read())"],
        capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    timeline = Timeline(program)
    timeline.run(8)
    assert floats(float(line.split()[1]) for line in done.stdout.splitlines()) == floats(timeline.losses)


PIECES = {
    "no sections": """
X = np.array([[0.5, -0.25, 0.75], [1.0, 0.5, -0.5]])
Y = np.array([[0.2, 0.9, 0.4]])
np.random.seed(4)
W = np.random.randn(1, 2)
A = sigmoid(W @ X)
L = mse(A, Y)
""",
    "names of the script's own": """
# data
X = np.array([[0.5, -0.25, 0.75], [1.0, 0.5, -0.5]])
order = np.array([[0.2, 0.9, 0.4]])
samples = "columns"
batch = 2
shuffle = True
# parameters
iteration = np.ones((1, 2))
start = 0.5
losses = 2
lr = 0.1
# forward
sys = iteration @ X * start
iterations = sys - order
X_all = iterations * losses
# loss
range_ = sum(X_all * iterations) / m
""",
    "python's own names": """
# data
X = np.array([[0.5, -0.25, 0.75], [1.0, 0.5, -0.5]])
# parameters
range = np.ones((1, 2))
sys = 1.0
lr = 0.1
# forward
print = range @ X * sys
int = print * 2
float = int * print
# loss
len = sum(float)
""",
    "an expression over several lines": """
# data
X = np.array([
    [0.5, -0.25],   # first
    [1.0, 0.5],
])
# parameters
W = np.ones(
    (1, 2)
)
lr = 0.1
# forward
A = sigmoid(
    W @ X  # the product
    + 0.5
)
# loss
L = sum(A)
""",
    "numpy as numpy, functions as methods": """
import numpy
# data
X = numpy.array([[0.5, -0.25, 0.75], [1.0, 0.5, -0.5]])
# parameters
W = numpy.full((1, 2), 0.3)
lr = 0.1
# forward
Z = W.dot(X)
A = numpy.maximum(Z, 0).reshape(3).copy()
B = A.astype("float32").mean()
# loss
L = ((A - B) ** 2).sum()
""",
    "masks, slices, views": """
# data
X = np.array([[0.5, -0.25, 0.75], [1.0, 0.5, -0.5]])
# parameters
W = np.array([[0.2, -0.7], [0.4, 0.3]])
lr = 0.1
# forward
Z = W @ X
A = Z.copy()
A[Z <= 0] = 0.01
B = A[0:1, :] * A[1, 1:2] + A[-1]
C = np.squeeze(B[0, :, None])
# loss
L = np.max(C) + np.sum(C ** 2)
""",
    "a def with steps": '''
def act(z):
    """Say what it is."""
    e = np.exp(-z)
    return 1 / (1 + e)
def twice(z):
    return act(act(z))
# data
X = np.array([[0.5, -0.25, 0.75], [1.0, 0.5, -0.5]])
# parameters
W = np.array([[0.2, -0.7], [0.4, 0.3]])
lr = 0.1
# forward
A = twice(W @ X)
# loss
L = mean(A)
''',
    "a seeded generator": """
# data
rng = np.random.default_rng(7)
X = rng.normal(0, 1, (2, 5))
Y = rng.random((1, 5))
samples = "columns"
batch = 2
# parameters
W = rng.standard_normal((1, 2))
b = rng.uniform(-1, 1, size=(1, 1))
n = rng.integers(0, 5, (1, 2)) * 1.0
lr = 0.1
# forward
A = tanh((W + n) @ X + b)
# loss
L = mse(A, Y)
""",
    "scalars of all kinds": """
# data
X = np.array([[0.5, -0.25, 0.75]])
# parameters
w = np.array(0.7)
t = 0
lr = 0.1
decay = np.array(0.9)
# forward
A = w * X
# loss
L = sum(A * A)
# backward
dw = sum(2 * A * X)
# update
t = t + 1
w = w - lr * decay ** t * dw
""",
    "whole numbers": """
# data
X = np.array([[0, 1, 1], [1, 0, 1]])
Y = np.array([[1, 0, 1]])
# parameters
W = np.array([[0.5, 0.25]])
K = np.array([[1, 2]])
lr = 0.5
# forward
A = (W * K) @ X
E = A - Y
# loss
L = sum(E ** 2) / Y.shape[1]
""",
    "float32 with plain numbers": """
# data
X = np.array([[0.1, 0.2, 0.3]])
dtype = "float32"
# parameters
W = np.array([[0.5]])
c = 0.1
lr = 0.1
# forward
A = exp(W @ X * c) ** 3 / 7
# loss
L = mean(A)
""",
    "unslice and reshape_like typed": """
# data
X = np.array([[0.1, 0.2, 0.3]])
# parameters
W = np.array([0.5, 0.1, 0.4, 0.2])
lr = 0.1
# forward
A = W[1:] * X
B = W.reshape(2, 2)[0]
# loss
L = sum(A) + sum(B * B)
""",
    "a name that is also a function": """
# data
X = np.array([[0.1, 0.2, 0.3]])
# parameters
W = np.array([[0.5]])
lr = 0.1
# forward
sigmoid = sigmoid(W @ X)
mean = sigmoid * 2
copy = mean.copy()
# loss
sum = sum(copy)
""",
    "units dropped at random": """
# data
X = np.array([[0.1, 0.2, 0.3], [0.5, -0.2, 0.7]])
batch = 2
shuffle = True
seed = 4
# parameters
W = np.array([[0.5, -0.2, 0.4], [0.3, 0.2, 0.1], [0.9, -0.6, 0.5]])
lr = 0.1
# forward
H = tanh(X @ W)
D = dropout_mask(H, rate=0.5)
E = dropout_mask(H, rate=0.25)
A = H * D * E
# loss
L = mean(A ** 2)
""",
    "a predict line": """
# data
X = np.array([[0.1, 0.2, 0.3]])
Y = np.array([[0.3, 0.1, 0.2]])
# parameters
W = np.array([[0.5]])
lr = 0.1
# forward
A = W @ X
# loss
L = mse(A, Y)
# predict
P = W @ X
""",
}


@pytest.mark.parametrize("title", PIECES)
def test_pieces_of_the_notation_as_scripts(title: str) -> None:
    compare(load(PIECES[title].lstrip("\n")))


@pytest.mark.parametrize(
    "settings", [{"batch": 1}, {"batch": 3, "shuffle": True, "seed": 5}, {"lr": 0.01, "dtype": "float32"}, {"batch": "full"}]
)
@pytest.mark.parametrize("name", EXAMPLES)
def test_settings_are_in_the_script(name: str, settings: dict[str, Any]) -> None:
    compare(open_target(name, settings).program, 9)


def test_a_program_that_cannot_run_prints_no_script() -> None:
    program = load("# data\nX = np.ones((2, 3))\n# parameters\nW = np.ones((3, 3))\n# forward\nA = W @ X\n# loss\nL = sum(A)\n")
    assert program.fault is not None
    with pytest.raises(StepperError, match="W is 3×3"):
        script_text(program, "x")


def test_nan_and_infinity_print_and_compare_too() -> None:
    compare(
        load(
            "# data\nX = np.array([[800.0, -800.0]])\n# parameters\nW = np.array([[1.0]])\nlr = 1e300\n# forward\nA = exp(W @ X)\n# loss\nL = sum(A)\n"
        ),
        4,
    )


def test_large_arrays_of_mixed_layouts_keep_their_bits() -> None:
    """NumPy writes into large temporaries that nobody holds, which changes layouts and so the last bits of products."""
    text = (
        '# data\nnp.random.seed(3)\nX = np.random.rand(64, 200).T\nY = np.random.rand(10, 64)\nsamples = "columns"\n'
        "# parameters\nW1 = np.random.randn(200, 640).T\nb1 = np.zeros((640, 1))\nW2 = np.random.randn(10, 640) * 0.05\nlr = 0.1\n"
        "# forward\nA1 = relu(W1 @ X + b1) * 0.5 + tanh(W1 @ X) * exp((X.T @ W1.T * 0.01).T)\nA2 = sigmoid(W2 @ A1)\n"
        "# loss\nL = mse(A2, Y)\n"
    )
    assert "(part_1 := " in script_text(load(text), "large")
    compare(load(text), 4)
