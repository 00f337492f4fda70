"""Updates, written in the notation: one function an optimiser."""

from __future__ import annotations

RATE_NAMES = ("lr", "learning_rate", "learningRate", "alpha", "eta", "rate")


def sgd(parameter: str, gradient: str, rate: str) -> str:
    """Gradient descent: step against the gradient (Goodfellow et al., *Deep Learning*, 2016, 4.3)."""
    return f"{parameter} = {parameter} - {rate} * {gradient}"


def append_update(gradients: dict[str, str], rate: str) -> list[str]:
    """Return the update lines for parameters and the names of their gradients, in that order."""
    return [sgd(parameter, gradient, rate) for parameter, gradient in gradients.items()]
