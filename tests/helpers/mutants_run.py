"""Programs of the tests' own run by Python and NumPy alone: changes of parameters, and gradients by central differences.

Nothing of `core` is used here, so that what it says of a program is judged from outside. Only texts of the tests are run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

STARTS = 3


def _softmax(z: Any, axis: int | None) -> Any:
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def _samples(space: Mapping[str, Any], a: Any) -> int:
    return a.shape[-1 if space["samples"] == "columns" else 0]


def _space() -> dict[str, Any]:
    own = "exp log sqrt tanh sum mean max maximum minimum abs where dot multiply transpose sign"
    space: dict[str, Any] = {n: getattr(np, n) for n in own.split()}
    space |= {
        "np": np,
        "len": len,
        "relu": lambda z: np.maximum(z, 0),
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "softmax": _softmax,
    }

    def same(a: Any, y: Any) -> None:
        if np.shape(a) != np.shape(y):
            raise ValueError("outputs and targets have different shapes")

    def loss(each: Any, per: Any) -> Any:
        def compute(a: Any, y: Any) -> Any:
            same(a, y)
            return each(a, y) / per(a)

        return compute

    space["half_sse"] = loss(lambda a, y: 0.5 * np.sum((a - y) ** 2), lambda a: 1)
    space["sse"] = loss(lambda a, y: np.sum((a - y) ** 2), lambda a: 1)
    space["mse"] = loss(lambda a, y: np.sum((a - y) ** 2), lambda a: a.size)
    space["bce"] = loss(lambda a, y: -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)), lambda a: _samples(space, a))
    space["cross_entropy"] = loss(lambda a, y: -np.sum(y * np.log(a)), lambda a: _samples(space, a))
    return space


@dataclass(frozen=True)
class Start:
    """The given data and parameters (seed None), or random ones in their shapes."""

    seed: int | None


@lru_cache(maxsize=4096)
def _code(text: str) -> tuple[Any, Any, Any, str]:
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("# forward"))
    back = next(i for i, line in enumerate(lines) if line.startswith("# backward"))
    heading = max(i for i in range(back) if lines[i].startswith("# loss"))
    loss = next(line.split(" =")[0] for line in reversed(lines[heading + 1 : back]) if " = " in line)
    blank = [""] * first
    return (
        compile("\n".join(lines[:first]), "setup", "exec"),
        compile("\n".join(blank + lines[first:]), "iteration", "exec"),
        compile("\n".join(blank + lines[first:back]), "forward", "exec"),
        loss,
    )


class Run:
    """One program at one start. `kinds` maps data names to what they hold: inputs, or binary, onehot or real targets."""

    def __init__(self, text: str, parameters: tuple[str, ...], kinds: Mapping[str, str], seed: int | None) -> None:
        setup, self._iteration, self._forward, self._loss = _code(text)
        self.space = _space()
        with np.errstate(all="ignore"):
            exec(setup, self.space)
        self.parameters = parameters
        self._redraw(kinds, seed)
        axis = -1 if self.space["samples"] == "columns" else 0
        total = self.space[next(iter(kinds))].shape[axis]
        batch = self.space.get("batch", total)
        for name in kinds:
            whole = self.space[name]
            if whole.shape[axis] == total:
                self.space[name] = whole[..., :batch] if axis == -1 else whole[:batch]
        self.space["m"] = batch

    def _redraw(self, kinds: Mapping[str, str], seed: int | None) -> None:
        space = self.space
        for name in self.parameters:
            space[name] = np.array(space[name], dtype=np.float64)
        for name in kinds:
            space[name] = np.array(space[name], dtype=np.float64)
        if seed is None:
            return
        rng = np.random.default_rng(seed)
        classes = 0 if space["samples"] == "columns" else 1
        for name in self.parameters:
            space[name] = rng.normal(0, 0.9, space[name].shape)
        for name, kind in kinds.items():
            shape = space[name].shape
            if kind == "onehot":
                drawn = rng.normal(size=shape)
                space[name] = 1.0 * (drawn == drawn.max(axis=classes, keepdims=True))
            elif kind == "binary":
                space[name] = 1.0 * (rng.random(shape) > 0.5)
            else:
                space[name] = rng.normal(0, 1, shape)

    def iterate(self, times: int = 1) -> dict[str, Any]:
        """Return how far each parameter moves in the last of so many iterations; raises what NumPy raises."""
        space = dict(self.space)
        for name in self.parameters:
            space[name] = self.space[name].copy()
        before: dict[str, Any] = {}
        with np.errstate(all="ignore"):
            for _ in range(times):
                before = {p: np.array(space[p], copy=True) for p in self.parameters}
                exec(self._iteration, space)
        return {p: np.asarray(space[p]) - before[p] for p in self.parameters}

    def gradients(self) -> dict[str, Any]:
        """Return dL/dp of the forward lines as they are written, by central differences."""
        space = dict(self.space)
        out: dict[str, Any] = {}
        with np.errstate(all="ignore"):
            for p in self.parameters:
                start = self.space[p]
                slope = np.zeros_like(start)
                for cell in np.ndindex(start.shape):
                    seen = []
                    for sign in (1, -1):
                        space.update(self.space)
                        space[p] = start.copy()
                        space[p][cell] += sign * 1e-5
                        exec(self._forward, space)
                        seen.append(float(np.sum(space[self._loss])))
                    slope[cell] = (seen[0] - seen[1]) / 2e-5
                out[p] = slope
        return out
