"""GELU in its exact form, SiLU, SELU, softsign and erf: values, gradients, types, one meaning wherever they are run."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.bits import bits, floats
from helpers.programs import SETTINGS
from helpers.scripts import compare
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core import ops
from core.complete import load
from core.description import describe
from core.execute.runner import Runner
from core.execute.timeline import Position, Timeline
from core.explain import EXPLANATIONS
from core.explain.prose_activations import CALLED
from core.files.saving.save_onnx import onnx_bytes
from core.inspect_report import inspect_json, inspect_text, inspected
from core.library import open_target
from core.network_file import build
from core.report import trace
from core.saved_convert import convert
from core.saved_target import read_saved
from core.steppable.build import Choices
from core.steppable.data import Samples

NEW = ("gelu_erf", "silu", "selu", "softsign")
ALL = (*NEW, "erf", "gelu_erf_slope")
FAR = np.array([-1e308, -1e9, -800.0, -745.2, -40.0, -6.0, -1e-320, -0.0, 0.0, 1e-320, 6.0, 40.0, 800.0, 1e9, 1e308])


def exact(name: str, z: float) -> float:
    """Return what a function gives, by its definition and one number at a time."""
    half = 0.5 * math.erfc(-z / math.sqrt(2))
    return {
        "erf": lambda: math.erf(z),
        "gelu_erf": lambda: z * half,
        "gelu_erf_slope": lambda: half + z * math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
        "silu": lambda: z / (1 + math.exp(-z)) if z > -700 else z * math.exp(z),
        "selu": lambda: 1.0507009873554804934 * (z if z > 0 else 1.6732632423543772848 * math.expm1(z)),
        "softsign": lambda: z / (1 + abs(z)),
    }[name]()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_values_are_those_of_the_definition(name: str, dtype: str) -> None:
    z = np.linspace(-12, 12, 481).astype(dtype)
    got = ops.get(name).forward(z)
    assert got.dtype == dtype
    wanted = np.array([exact(name, float(n)) for n in z])
    assert np.abs(got - wanted).max() <= 6 * float(np.finfo(dtype).eps) * np.abs(wanted).max()


@pytest.mark.parametrize("name", ALL)
def test_far_out_nothing_overflows_but_squares(name: str) -> None:
    function = ops.get(name).forward
    with (
        np.errstate(all="raise", under="ignore", over="ignore" if name == "gelu_erf_slope" else "raise"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error")
        got = function(FAR)
    wanted = {
        "erf": np.sign(FAR), "softsign": np.sign(FAR), "gelu_erf_slope": np.where(FAR > 1, 1.0, 0.0),
        "selu": np.where(FAR > 0, 1.0507009873554805 * FAR, -1.7580993408473766),
    }.get(name, np.maximum(FAR, 0))  # fmt: skip
    far = np.abs(FAR) >= 745
    np.testing.assert_allclose(got[far], wanted[far], rtol=2e-3, atol=1e-300)
    assert np.isfinite(got).all()


@pytest.mark.parametrize("name", ALL)
def test_nan_stays_and_infinity_goes_where_it_leads(name: str) -> None:
    with np.errstate(all="ignore"):
        nan, up, down = ops.get(name).forward(np.array([np.nan, np.inf, -np.inf]))
    assert np.isnan(nan)
    if name in ("erf", "selu"):
        assert (up, down) == ((1, -1) if name == "erf" else (np.inf, pytest.approx(-1.7580993408473766)))
    elif name in ("gelu_erf", "silu"):  # 0 · −∞ is NaN there, as in PyTorch
        assert up == np.inf and np.isnan(down)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_shape_type_and_layout_are_the_operands(name: str, dtype: str) -> None:
    function = ops.get(name).forward
    numbers = np.random.default_rng(1).normal(size=(4, 6)).astype(dtype)
    for z in (
        numbers, numbers.T, np.asfortranarray(numbers), numbers[::2, ::-1], numbers.reshape(2, 2, 6).transpose(1, 0, 2),
        np.broadcast_to(numbers[:1], (4, 6)), np.zeros((0, 3), dtype), np.array(0.5, dtype), numbers[0, 0],
    ):  # fmt: skip
        before = bits(z)
        got, usual = np.asarray(function(z)), np.asarray(np.tanh(z))
        assert (got.shape, got.dtype, got.strides) == (usual.shape, usual.dtype, usual.strides)
        assert bits(z) == before
        flat = [np.asarray(function(n)) for n in np.ravel(z)]
        assert np.ravel(got).tolist() == [n.item() for n in flat]
    for z in (1, 2.5):
        assert float(function(z)) == pytest.approx(exact(name, float(z)), rel=1e-15)


def gradient(name: str, z: Any) -> tuple[Any, str]:
    """Return the derivative of the sum of a function's results, as it is derived, and the program."""
    given = f"# data\nX = np.ones({z.shape})\n# parameters\nZ = np.array({z.tolist()!r})\n"
    text = f"{given}# forward\nA = {name}(Z)\n# loss\nL = sum(A * X)\n"
    program = load(text)
    assert program.fault is None, program.fault
    machine = trace(program, 1).machine
    return np.asarray(machine.value(program.gradients["Z"])), program.text


@SETTINGS(60)
@given(
    st.sampled_from((*NEW, "erf")), arrays.arrays(np.float64, (2, 3), elements=st.floats(-9, 9).filter(lambda n: abs(n) > 1e-3))
)
def test_the_derivative_is_the_numeric_one(name: str, z: Any) -> None:
    found, text = gradient(name, z)
    h = 1e-4
    f = ops.get(name).forward
    # Five points: what is left out is of the order h⁴.
    numeric = (f(z - 2 * h) - 8 * f(z - h) + 8 * f(z + h) - f(z + 2 * h)) / (12 * h)
    assert np.abs(found - numeric).max() <= 1e-10 * max(1, np.abs(z).max()), text


@pytest.mark.parametrize("name", [*NEW, "erf"])
def test_values_and_derivatives_equal_torch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    function = {"gelu_erf": torch.nn.functional.gelu, "erf": torch.erf}.get(name) or getattr(torch.nn.functional, name)
    z = np.concatenate([np.linspace(-40, 40, 2001), [-700.0, -1e4, 1e4, 1e15, -1e15, 0.0]]).reshape(-1, 1)
    t = torch.tensor(z, requires_grad=True)
    out = function(t)
    out.sum().backward()
    np.testing.assert_allclose(ops.get(name).forward(z), out.detach().numpy(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(gradient(name, z)[0], t.grad.numpy(), rtol=1e-12, atol=1e-12)


NET = """
# data
samples = "{samples}"
dtype = "{dtype}"
X = np.random.default_rng(2).normal(size=({x}))
Y = np.random.default_rng(3).normal(size=({y}))
batch = {batch}
shuffle = True
# parameters
np.random.seed(1)
W1 = np.random.randn({w1})
b1 = np.zeros({b1})
W2 = np.random.randn({w2})
lr = 0.05
# forward
{lines}
# loss
L = mse({last}, Y)
"""
ROWS = {"samples": "rows", "x": "{m}, 4", "y": "{m}, 2", "w1": "4, {u}", "b1": "(1, {u})", "w2": "{u}, 2"}
COLUMNS = {"samples": "columns", "x": "4, {m}", "y": "2, {m}", "w1": "{u}, 4", "b1": "({u}, 1)", "w2": "2, {u}"}


def a_net(name: str, rows: bool, dtype: str, m: int = 23, units: int = 6, batch: int | str = 7) -> Any:
    shapes = {k: v.format(m=m, u=units) for k, v in (ROWS if rows else COLUMNS).items()}
    lines = f"Z1 = X @ W1 + b1\nA1 = {name}(Z1)\nZ2 = A1 @ W2\nA2 = {name}(Z2)" if rows else (
        f"Z1 = W1 @ X + b1\nA1 = {name}(Z1)\nZ2 = ({name}(A1.T * 2) @ W2.T).T\nA2 = {name}(Z2)"
    )  # fmt: skip
    program = load(NET.format(**shapes, dtype=dtype, lines=lines, last="A2", batch=batch))
    assert program.fault is None, program.fault
    return program


@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("name", [*NEW, "erf"])
def test_machine_runner_and_script_give_the_same_bits(name: str, dtype: str, rows: bool) -> None:
    program = a_net(name, rows, dtype)
    compare(program, 8)
    slow, fast = Timeline(program), Runner(program)
    losses = []
    for iteration in range(1, 9):
        slow.go(Position(iteration, len(program)))
        assert fast.step(), fast.fault
        losses.append(fast.loss)
        for n, value in slow.machine.state().items():
            assert bits(fast.state[n]) == bits(value)
            assert np.asarray(value).dtype == (dtype if n in program.trainable else np.asarray(value).dtype)
    assert floats(losses) == floats(slow.losses)


@pytest.mark.parametrize("name", NEW)
def test_large_arrays_give_the_same_bits(name: str) -> None:
    # From 256 KiB on NumPy reuses the memory of operands that nobody holds.
    program = a_net(name, False, "float64", m=700, units=64, batch=700)
    compare(program, 2)


def test_a_script_needs_nothing_but_numpy_and_renames_what_is_taken() -> None:
    given = "# data\nX = np.ones((3, 2))\n# parameters\nmath = np.ones((2, 1))\nerf = 0.5\n"
    compare(load(f"{given}# forward\nA = gelu_erf(X @ math) * erf\n# loss\nL = sum(A)\n"), 3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NEW)
def test_what_is_written_as_onnx_steps_as_before(tmp_path: Path, name: str, dtype: str) -> None:
    pytest.importorskip("onnx", reason="the oracle extra is not installed")
    program = a_net(name, True, dtype, batch='"full"')
    (tmp_path / "net.onnx").write_bytes(onnx_bytes(program))
    saved = read_saved(str(tmp_path / "net.onnx"))
    assert [n.activation for n in saved.layers if n.activation] == [name, name]
    np.savez(tmp_path / "points.npz", **{n: program.first_values[n] for n in "XY"})
    again = open_target(str(tmp_path / "net.onnx"), None, Choices(loss="mse"), Samples(str(tmp_path / "points.npz"))).program
    before, after = trace(program, 1).machine, trace(again, 1).machine
    bound = 1e-5 if dtype == "float32" else 1e-12
    for n in ("W1", "b1", "W2"):
        a, b = (np.asarray(m.value(p.gradients[n])) for m, p in ((before, program), (after, again)))
        assert np.abs(a.reshape(b.shape) - b).max() <= bound * max(1, np.abs(a).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_module_is_inspected_converted_and_trained_alike(tmp_path: Path, dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    nn = torch.nn
    torch.manual_seed(5)
    layers = [nn.Linear(4, 6), nn.GELU(), nn.Linear(6, 5), nn.SiLU(), nn.Linear(5, 5), nn.SELU(), nn.Linear(5, 3), nn.Softsign()]
    torch.save(nn.Sequential(*layers).to(getattr(torch, dtype)), tmp_path / "net.pt")
    report = inspected(read_saved(str(tmp_path / "net.pt")))
    assert [n["activation"] for n in inspect_json(report)["layers"] if n["activation"]] == list(NEW)
    assert all(n["steppable"] for n in inspect_json(report)["layers"])
    assert CALLED["gelu_erf"] in inspect_text(report)
    convert(str(tmp_path / "net.pt"), tmp_path / "net.toml", None, None, Samples("iris"))
    text = (tmp_path / "net.toml").read_text()
    assert all(f'activation = "{name}"' in text for name in NEW)
    losses = []
    for opened in (open_target(str(tmp_path / "net.pt"), None, None, Samples("iris")), open_target(str(tmp_path / "net.toml"))):
        t = trace(opened.program, 4)
        assert opened.program.loss is not None
        losses.append(float(np.asarray(t.machine.value(opened.program.loss))))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5 if dtype == "float32" else 1e-12)


def test_gelu_still_means_its_tanh_form() -> None:
    tree = {"network": {"layers": [{"units": 3, "activation": "gelu"}, {"units": 1, "activation": "gelu_erf"}]}}
    program = build(describe(tree)).program
    assert [i.op for i in program.instructions if i.op.startswith("gelu") and "slope" not in i.op] == ["gelu", "gelu_erf"]
    assert ops.get("gelu").forward(np.array(1.0)) == pytest.approx(0.8411919906082768, abs=1e-15)
    assert ops.get("gelu_erf").forward(np.array(1.0)) == pytest.approx(0.8413447460685429, abs=1e-15)


@pytest.mark.parametrize("name", ["gelu", "gelu_erf"])
def test_what_is_said_of_a_gelu_says_which_one_it_is(name: str) -> None:
    word = {"gelu": "tanh", "gelu_erf": "exact"}[name]
    for op in (name, f"{name}_slope"):
        assert word in EXPLANATIONS[op].title
        assert word in EXPLANATIONS[op].sentence
    assert word in CALLED[name]
