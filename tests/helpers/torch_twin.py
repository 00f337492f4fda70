"""The training of a described network, written once more with `torch.nn.functional` and `torch.optim`.

It knows the description and the values that a program starts from, none of our lines: what is compared with it is text,
derivation and execution together. `tests/core/test_networks_torch.py` says where definitions differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.data.batches import indices_of
from core.description import Description
from core.program.ir import Program

Masks = Callable[[int], Mapping[str, Any]]


class TorchTwin:
    """A described network in PyTorch, float64, started from the values that `program` starts from.

    `state` holds its parameters and running statistics by the program's names and in its layout.
    """

    def __init__(self, d: Description, program: Program) -> None:
        import torch

        self.torch, self.d, self.program = torch, d, program
        self.columns = d.network["convention"] == "columns"
        given = program.first_values
        self.parameters = {n: self._tensor(given[n]).requires_grad_(True) for n in program.trainable}
        self.running = {n: self._tensor(v) for n, v in given.items() if n.startswith(("mean", "variance"))}
        self.data = {n: self._rows(given[n]) for n in ("X", "Y")}
        self.losses: list[float] = []
        self.largest_gradient = dict.fromkeys(self.parameters, 0.0)
        self._velocity = {n: torch.zeros_like(p) for n, p in self.parameters.items()}
        self._optimizer = self._made()
        self._schedule = self._scheduled()

    @property
    def state(self) -> dict[str, Any]:
        """Parameters and running statistics as arrays."""
        return {n: t.detach().numpy() for n, t in {**self.parameters, **self.running}.items()}

    def run(self, iterations: int, masks: Masks) -> None:
        """Train; `masks(iteration)` holds the dropout masks of an iteration by their names, in the program's layout."""
        for iteration in range(1, iterations + 1):
            chosen = self.torch.tensor(np.array(indices_of(self.program.batching, iteration)))
            x, y = (self.data[n].index_select(0, chosen) for n in ("X", "Y"))
            total = self._loss(*self._forward(x, masks(iteration)), y)
            self._optimizer.zero_grad()
            total.backward()
            self.losses.append(float(total.detach()))
            self._step()

    def _tensor(self, value: Any) -> Any:
        return self.torch.tensor(np.array(value), dtype=self.torch.float64)

    def _rows(self, value: Any) -> Any:
        """Return data with the samples first, whatever the convention."""
        return self._tensor(np.moveaxis(np.asarray(value), -1, 0) if self.columns else value)

    def _forward(self, x: Any, masks: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return the network's output, and what the last activation was applied to."""
        functional = self.torch.nn.functional
        p, pre = self.parameters, x
        dense = norms = drops = 0
        for layer in self.d.layers:
            kind, entered = layer["layer"], x
            if kind == "flatten":
                x = pre = x.flatten(1)
            elif kind == "dropout":
                if layer["rate"]:
                    drops += 1
                    x = pre = x * self._rows(masks[f"D{drops}"])
            elif kind == "dense":
                dense += 1
                weight = p[f"W{dense}"]
                bias = p[f"b{dense}"].reshape(-1) if layer["bias"] else None
                pre = functional.linear(x, weight if self.columns else weight.T, bias)
                x = self._activation(layer, pre)
                if layer["residual"]:
                    x = pre = x + entered
            else:
                norms += 1
                scale, shift = p[f"gamma{norms}"].reshape(-1), p[f"beta_{norms}"].reshape(-1)
                if kind == "layer_norm":
                    pre = functional.layer_norm(x, (x.shape[1],), scale, shift, 1e-5)
                else:
                    running = (self.running[f"{n}{norms}"].view(-1) for n in ("mean", "variance"))
                    pre = functional.batch_norm(x, *running, scale, shift, True, layer["momentum"], 1e-5)
                x = self._activation(layer, pre)
        return x, pre

    def _activation(self, layer: Mapping[str, Any], z: Any) -> Any:
        functional, slope = self.torch.nn.functional, layer["slope"]
        return {
            "sigmoid": lambda: self.torch.sigmoid(z),
            "tanh": lambda: self.torch.tanh(z),
            "relu": lambda: functional.relu(z),
            "leaky_relu": lambda: functional.leaky_relu(z, 0.01 if slope is None else slope),
            "elu": lambda: functional.elu(z, 1.0 if slope is None else slope),
            "selu": lambda: functional.selu(z),
            "gelu": lambda: functional.gelu(z, approximate="tanh"),
            "gelu_erf": lambda: functional.gelu(z),
            "silu": lambda: functional.silu(z),
            "softsign": lambda: functional.softsign(z),
            "softplus": lambda: functional.softplus(z, threshold=1e9),
            "softmax": lambda: functional.softmax(z, 1),
            "log_softmax": lambda: functional.log_softmax(z, 1),
            "identity": lambda: z,
        }[layer["activation"]]()

    def _loss(self, a: Any, z: Any, y: Any) -> Any:
        functional, kind, m = self.torch.nn.functional, self.d.network["loss"], len(y)
        classes = y.reshape(-1).long() if y.shape != a.shape else y.argmax(1)
        target = y if y.shape == a.shape else classes
        total = {
            "mse": lambda: functional.mse_loss(a, y, reduction="sum"),
            "sse": lambda: functional.mse_loss(a, y, reduction="sum"),
            "half_sse": lambda: functional.mse_loss(a, y, reduction="sum") / 2,
            "mae": lambda: functional.l1_loss(a, y, reduction="sum"),
            "huber": lambda: functional.huber_loss(a, y, reduction="sum", delta=1.0),
            "hinge": lambda: functional.margin_ranking_loss(
                a, self.torch.zeros_like(a), y, margin=1.0, reduction="sum"
            ),  # max(0, −y·(a − 0) + 1)
            "bce": lambda: functional.binary_cross_entropy(a, y, reduction="sum"),
            "bce_with_logits": lambda: functional.binary_cross_entropy_with_logits(z, y, reduction="sum"),
            "cross_entropy": lambda: functional.nll_loss(a.log(), classes, reduction="sum"),
            "softmax_cross_entropy": lambda: functional.cross_entropy(z, target, reduction="sum"),
        }[kind]()
        if self.d.network["reduction"] == "mean" and kind not in ("sse", "half_sse"):
            total = total / (y.numel() if kind == "mse" else m)
        weights = [w for n, w in self.parameters.items() if n[0] == "W"]
        o = self.d.optimizer
        return total + 0.5 * o["l2"] * sum((w**2).sum() for w in weights) + o["l1"] * sum(w.abs().sum() for w in weights)

    def _made(self) -> Any:
        optim, o = self.torch.optim, self.d.optimizer
        weights = [w for n, w in self.parameters.items() if n[0] == "W"]
        others = [w for n, w in self.parameters.items() if n[0] != "W"]
        decay = o["weight_decay"] if o["name"] in ("adam", "adamw") else 0.0
        groups = [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
        rate = o["learning_rate"]
        return {
            "sgd": lambda: optim.SGD(groups, rate),
            "averaged_momentum": lambda: optim.SGD(groups, rate),
            "momentum": lambda: optim.SGD(groups, rate, momentum=o["beta"]),
            "nesterov": lambda: optim.SGD(groups, rate, momentum=o["beta"], nesterov=True),
            "adagrad": lambda: optim.Adagrad(groups, rate, eps=o["epsilon"]),
            "rmsprop": lambda: optim.RMSprop(groups, rate, alpha=o["beta"], eps=o["epsilon"]),
            "adam": lambda: optim.AdamW(groups, rate, (o["beta1"], o["beta2"]), o["epsilon"]),
            "adamw": lambda: optim.AdamW(groups, rate, (o["beta1"], o["beta2"]), o["epsilon"]),
        }[o["name"]]()

    def _scheduled(self) -> Any:
        schedules, o = self.torch.optim.lr_scheduler, self.d.optimizer
        if o["schedule"] == "step":
            return schedules.StepLR(self._optimizer, o["every"], o["drop"])
        if o["schedule"] == "cosine":
            return schedules.CosineAnnealingLR(self._optimizer, o["total"])
        return None

    def _step(self) -> None:
        o, clip = self.d.optimizer, self.torch.nn.utils
        every = list(self.parameters.values())
        for n, p in self.parameters.items():
            self.largest_gradient[n] = max(self.largest_gradient[n], float(p.grad.abs().max()))
        if o["clip_value"] is not None:
            clip.clip_grad_value_(every, o["clip_value"])
        if o["clip_norm"] is not None:
            clip.clip_grad_norm_(every, o["clip_norm"])
        rate = self._optimizer.param_groups[0]["lr"]
        with self.torch.no_grad():
            for n, p in self.parameters.items():
                if o["weight_decay"] and n[0] == "W" and o["name"] not in ("adam", "adamw"):
                    p.mul_(1 - rate * o["weight_decay"])
                if o["name"] == "averaged_momentum":
                    self._velocity[n] = o["beta"] * self._velocity[n] + (1 - o["beta"]) * p.grad
                    p.grad = self._velocity[n].clone()
        self._optimizer.step()
        if self._schedule is not None:
            self._schedule.step()
