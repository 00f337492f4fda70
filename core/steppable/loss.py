"""The loss of a saved network, its accuracy, and how its parameters move: lines that no file of weights says."""

from __future__ import annotations

from collections.abc import Sequence

from core.optimizers import RULES, USES
from core.steppable.choices import ALONG, Choices
from core.steppable.data import Given, Targets
from core.steppable.walk import Walk

_DEFAULTS = {"beta": 0.9, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
_DECAY = 0.01
_WANTED: dict[str, Targets] = {
    "softmax_cross_entropy": "classes", "cross_entropy": "one-hot", "bce": "truth", "bce_with_logits": "truth", "hinge": "signs",
}  # fmt: skip
_NEEDS = {"bce": ("sigmoid", "bce_with_logits"), "cross_entropy": ("softmax", "softmax_cross_entropy")}
"""A loss of probabilities → the function that gives those, and the loss to take where the network ends in another."""
_SHARED = ("cross_entropy", "softmax_cross_entropy")


def wanted_targets(loss: str, last: str, size: int) -> Targets:
    """Return what the targets have to be for a loss, or else by the last function; '' where the data decide."""
    if loss:
        return _WANTED.get(loss, "numbers")
    if last in ALONG and size != 1:
        return "classes"
    return "truth" if last == "sigmoid" else "numbers" if last else ""


def usual_loss(last: str, targets: Targets, size: int) -> str:
    """Return the loss that goes with the last function of a network and its targets."""
    if last in ALONG:
        return "softmax_cross_entropy" if size > 1 and targets in ("classes", "one-hot") else "mse"
    if last == "sigmoid":
        return "mse" if targets == "numbers" else "bce_with_logits"
    if not last and targets in ("classes", "one-hot") and size > 1:
        return "softmax_cross_entropy"
    return "bce_with_logits" if not last and targets == "truth" else "mse"


def unfit_loss(loss: str, last: str, size: int) -> str:
    """Return why a loss cannot follow the last function of a network; '' if it can."""
    if loss in _SHARED and size == 1:
        return f"the loss {loss} shares out a whole among several outputs, and the network gives 1; use bce_with_logits or mse"
    needed, instead = _NEEDS.get(loss, ("", ""))
    if not needed or last == needed:
        return ""
    return f"the loss {loss} needs a {needed} in the last layer, and it ends in {last or 'no function'}; use {instead}"


def loss_line(loss: str, walk: Walk) -> str:
    """Return the line of a loss that fits, fused with the last function where the loss contains it."""
    fused = (loss == "bce_with_logits" and walk.last == "sigmoid") or (loss == "softmax_cross_entropy" and walk.last in ALONG)
    return f"L = {loss}({walk.before if fused else walk.current}, Y)"


def accuracy_line(loss: str, walk: Walk, data: Given) -> str:
    """Return the line that says which share of the samples is answered right; '' where targets are no answers."""
    axis, out = (0 if walk.columns else 1), walk.current
    if data.answers == "index":
        return f"accuracy = mean(argmax({out}, axis={axis}, keepdims=True) == Y)"
    if data.answers == "one-hot":
        return f"accuracy = mean(argmax({out}, axis={axis}) == argmax(Y, axis={axis}))"
    if data.answers == "each":
        logits = loss == "hinge" or (loss == "bce_with_logits" and walk.last != "sigmoid")
        return f"accuracy = mean(({out} > {0 if logits else 0.5}) == (Y > {0 if loss == 'hinge' else 0.5}))"
    return ""


def update_lines(c: Choices, trainable: Sequence[Sequence[str]]) -> tuple[list[str], list[str]]:
    """Return the hyperparameters with the states, and the lines of the update, the last layer first."""
    name = c.optimizer
    start = [f"lr = {c.learning_rate!r}", *(f"{n} = {_DEFAULTS[n]!r}" for n in USES.get(name, ()))]
    timed = name in ("adam", "adamw")
    lines = ["t = t + 1"] if timed else []
    start += ["t = 0"] if timed else []
    start += [f"weight_decay = {_DECAY}"] if name == "adamw" else []
    for p in (p for group in reversed(trainable) for p in group):
        if name == "adamw" and p.startswith("W"):
            lines.append(f"{p} = (1 - lr * weight_decay) * {p}")
        rule = RULES[name][0](p, f"d{p}", "lr")
        start += [f"{n} = {text}" for n, text in rule.state.items()]
        lines += rule.lines
    return start, lines
