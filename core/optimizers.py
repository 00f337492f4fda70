"""Updates, written in the notation: one function an optimiser. State is plain values that a person can watch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

RATE_NAMES = ("lr", "learning_rate", "learningRate", "alpha", "eta", "rate")


@dataclass(frozen=True)
class Update:
    """The lines of one parameter's update, and the state it needs: name → how it starts."""

    lines: tuple[str, ...]
    state: Mapping[str, str]


def sgd(p: str, g: str, rate: str) -> Update:
    """Gradient descent: step against the gradient (Goodfellow et al., *Deep Learning*, 2016, 4.3)."""
    return Update((f"{p} = {p} - {rate} * {g}",), {})


def momentum(p: str, g: str, rate: str) -> Update:
    """Classical momentum (Polyak, 1964): the velocity adds up gradients and forgets by beta."""
    v = f"v{p}"
    return Update((f"{v} = beta * {v} + {g}", f"{p} = {p} - {rate} * {v}"), {v: f"zeros_like({p})"})


def averaged_momentum(p: str, g: str, rate: str) -> Update:
    """Momentum as a running mean of gradients: v = βv + (1 − β)g."""
    v = f"v{p}"
    return Update((f"{v} = beta * {v} + (1 - beta) * {g}", f"{p} = {p} - {rate} * {v}"), {v: f"zeros_like({p})"})


def nesterov(p: str, g: str, rate: str) -> Update:
    """Nesterov momentum in the form of Sutskever et al. (2013), as deep learning libraries write it."""
    v = f"v{p}"
    return Update((f"{v} = beta * {v} + {g}", f"{p} = {p} - {rate} * ({g} + beta * {v})"), {v: f"zeros_like({p})"})


def adagrad(p: str, g: str, rate: str) -> Update:
    """Adagrad (Duchi, Hazan, Singer, 2011): each cell's step shrinks with its own past gradients."""
    s = f"s{p}"
    lines = (f"{s} = {s} + {g} ** 2", f"{p} = {p} - {rate} * {g} / (sqrt({s}) + epsilon)")
    return Update(lines, {s: f"zeros_like({p})"})


def rmsprop(p: str, g: str, rate: str) -> Update:
    """RMSProp (Hinton, Coursera lecture 6e, 2012): like Adagrad, but the past is forgotten by beta."""
    s = f"s{p}"
    lines = (f"{s} = beta * {s} + (1 - beta) * {g} ** 2", f"{p} = {p} - {rate} * {g} / (sqrt({s}) + epsilon)")
    return Update(lines, {s: f"zeros_like({p})"})


def adam(p: str, g: str, rate: str) -> Update:
    """Adam (Kingma, Ba, 2015, algorithm 1), with its bias corrections as lines of their own."""
    m, v = f"m{p}", f"v{p}"
    lines = (
        f"{m} = beta1 * {m} + (1 - beta1) * {g}",
        f"{v} = beta2 * {v} + (1 - beta2) * {g} ** 2",
        f"{m}_hat = {m} / (1 - beta1 ** t)",
        f"{v}_hat = {v} / (1 - beta2 ** t)",
        f"{p} = {p} - {rate} * {m}_hat / (sqrt({v}_hat) + epsilon)",
    )
    return Update(lines, {m: f"zeros_like({p})", v: f"zeros_like({p})"})


RULES: dict[str, tuple[Callable[[str, str, str], Update], str]] = {
    "sgd": (sgd, "W = W - lr * dW"),
    "momentum": (momentum, "v = beta * v + dW;  W = W - lr * v"),
    "averaged_momentum": (averaged_momentum, "v = beta * v + (1 - beta) * dW;  W = W - lr * v"),
    "nesterov": (nesterov, "v = beta * v + dW;  W = W - lr * (dW + beta * v)"),
    "adagrad": (adagrad, "s = s + dW ** 2;  W = W - lr * dW / (sqrt(s) + epsilon)"),
    "rmsprop": (rmsprop, "s = beta * s + (1 - beta) * dW ** 2;  W = W - lr * dW / (sqrt(s) + epsilon)"),
    "adam": (adam, "running means of dW and dW ** 2, corrected for their start at 0"),
    "adamw": (adam, "adam, with the weights shrunk by lr * weight_decay before each step"),
}
USES = {
    "momentum": ("beta",), "averaged_momentum": ("beta",), "nesterov": ("beta",), "adagrad": ("epsilon",),
    "rmsprop": ("beta", "epsilon"), "adam": ("beta1", "beta2", "epsilon"), "adamw": ("beta1", "beta2", "epsilon"),
}  # fmt: skip
SCHEDULE_USES = {"step": ("drop", "every"), "cosine": ("total",)}


def append_update(gradients: Mapping[str, str], rate: str, name: str = "sgd") -> list[str]:
    """Return the update lines for parameters and the names of their gradients, in that order."""
    return [line for p, g in gradients.items() for line in RULES[name][0](p, g, rate).lines]
