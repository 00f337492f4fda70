"""The same training computed from its first iteration on: no timeline, no checkpoints, no Runner."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.data.batches import indices_of
from core.execute.machine import Machine
from core.program.ir import Program

BATCHED = """\
# data
samples = "rows"
batch = 3
shuffle = True
seed = 5
X = np.array([[0.0, 1.0], [1.0, 0.5], [2.0, -1.0], [0.5, 0.5], [-1.0, 2.0], [1.5, 1.0], [0.2, -0.3]])
Y = np.array([[0.0], [1.0], [0.0], [1.0], [1.0], [0.0], [1.0]])
# parameters
W = np.array([[0.3], [-0.2]])
b = np.array([[0.1]])
v = np.zeros((2, 1))
lr = 0.5
# forward
A = sigmoid(X @ W + b)
# loss
L = mse(A, Y)
# update
v = 0.9 * v + dW
W = W - lr * v
b = b - lr * db
"""


class Twin:
    """The same training computed from its first iteration, without timeline, checkpoints or Runner."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.changes: list[tuple[int, dict[str, Any]]] = []  # (iteration, {name: new value}), in the order of making
        self.undone: list[Any] = []
        self.back: list[Any] = []

    def do(self, iteration: int, values: dict[str, Any]) -> None:
        self.back.append(list(self.changes))
        self.undone: list[Any] = []
        self.changes = [*(c for c in self.changes if c[0] <= iteration), (iteration, values)]

    def machine(self, wanted: int) -> tuple[Machine, list[float]]:
        """Return the wanted iteration with all its values, and the losses up to it."""
        p = self.program
        given = dict(p.first_values)
        state = {name: given[name] for name in p.carried}
        losses = []
        for iteration in range(1, wanted + 1):
            for at, values in self.changes:
                if at == iteration:
                    for name, value in values.items():
                        (state if name in p.carried else given)[name] = value
            batch = indices_of(p.batching, iteration)
            inputs = {}
            for name in p.inputs:
                if name in state:
                    inputs[name] = state[name]
                elif name in p.batching.sliced:
                    inputs[name] = np.take(given[name], batch, axis=p.batching.axis)
                elif name in given:
                    inputs[name] = given[name]
                else:
                    inputs[name] = iteration if name == "iteration" else len(batch)
            machine = Machine(p, inputs)
            machine.go(len(p))
            state = machine.state()
            losses.append(float(machine.value(p.loss)))
        return machine, losses


def change(session: Any, twin: Twin, name: str, at: int, number: float) -> None:
    """Type a number over a cell of what an iteration starts with, in the session and in its twin."""
    program, iteration = session.program, session.timeline.iteration
    shown = session.moment().value(program.inputs[name])
    cell = tuple(int(i) for i in np.unravel_index(at % shown.size, shown.shape)) if shown.ndim else ()
    fresh, _ = twin.machine(iteration)
    session.change_cell(program.inputs[name], cell, repr(number))
    if name in program.batching.sliced:
        whole = program.first_values[name]
        for when, values in twin.changes:
            whole = values.get(name, whole) if when <= iteration else whole
        cell = (int(indices_of(program.batching, iteration)[cell[0]]), *cell[1:])
    else:
        whole = fresh.peek(program.inputs[name])
    changed = number
    if isinstance(whole, np.ndarray):
        changed = np.copy(whole, order="K")
        changed[cell] = number
    twin.do(iteration, {name: changed})
