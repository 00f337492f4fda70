"""Gradients and trainings against PyTorch, which knows nothing of our rules."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from helpers.cases import CASES, Case, first_inputs, gradients, loss_at
from helpers.programs import SETTINGS, Net, nets, torch_training
from hypothesis import given

from core.complete import load
from core.execute.timeline import Timeline

torch = pytest.importorskip("torch", reason="the oracle extra is not installed")

BOUND = 1e-10
ROUNDING = 1e-14  # where the true gradient is 0, as of A / A


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.title)
def test_derived_gradient_is_that_of_autograd(case: Case) -> None:
    program = case.program()
    arrays = case.arrays()
    tensors = {n: torch.tensor(np.array(x), dtype=torch.float64, requires_grad=n[0] != "K") for n, x in arrays.items()}
    result = case.torch(torch, SimpleNamespace(**tensors))
    loss = (result * torch.tensor(np.array(case.weights()))).sum()
    if loss.requires_grad:
        loss.backward()
    ours = loss_at(program, first_inputs(program))
    assert abs(ours - loss.item()) <= 1e-12 * max(1.0, abs(ours))
    found = gradients(program)
    for name, tensor in tensors.items():
        if name[0] == "K":
            continue
        true = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
        assert found[name].shape == true.shape
        scale = np.max(np.abs(true), initial=0.0)
        assert np.max(np.abs(found[name] - true), initial=0.0) <= BOUND * scale + ROUNDING, f"{name}\n{program.text}"


@SETTINGS(60)
@given(nets(dtype="float64", oracle=True))
def test_a_whole_training_is_that_of_torch(net: Net) -> None:
    program = load(net.text)
    timeline = Timeline(program)
    assert timeline.run(20), timeline.fault
    losses, weights, last_gradients = torch_training(net, program, 20)
    np.testing.assert_allclose(timeline.losses, losses, rtol=1e-9, atol=1e-12)
    state = timeline.machine.state()
    for name, true in weights.items():
        np.testing.assert_allclose(np.asarray(state[name]), true, rtol=1e-9, atol=1e-9 * np.max(np.abs(true)), err_msg=net.text)
    for name, index in program.gradients.items():
        true = last_gradients[name]
        ours = np.asarray(timeline.machine.value(index))
        np.testing.assert_allclose(ours, true, rtol=1e-9, atol=1e-9 * np.max(np.abs(true)) + 1e-14, err_msg=net.text)


def test_tanh_of_a_float32_cast_is_differentiated_through() -> None:
    """`astype` rounds in between; its gradient is that of torch's own cast."""
    program = load(
        "# data\nX = np.array([[0.3, -0.7], [0.2, 0.9]])\n# parameters\nW = np.array([[0.4, -0.1], [0.8, 0.5]])\n"
        '# forward\nH = (W @ X).astype("float32")\nA = tanh(H)\n# loss\nL = sum(A * A)\n'
    )
    weight = torch.tensor([[0.4, -0.1], [0.8, 0.5]], dtype=torch.float64, requires_grad=True)
    x = torch.tensor([[0.3, -0.7], [0.2, 0.9]], dtype=torch.float64)
    (torch.tanh((weight @ x).to(torch.float32)) ** 2).sum().backward()
    assert weight.grad is not None
    np.testing.assert_allclose(gradients(program)["W"], weight.grad.numpy(), rtol=1e-5)
