"""Activations and what belongs to them, in plain English."""

from __future__ import annotations

from core.explain.explanation import Explanation

SAME = "Cell by cell: the result has the shape of {a}."
CALLED = {"gelu": "GELU (tanh form)", "gelu_erf": "GELU (exact, by erf)"}
"""Activations whose names alone do not say which one it is, as a person reads them."""
GROUPS = "The shape of {a}: one number for each class and sample, as before."

ACTIVATIONS: dict[str, Explanation] = {
    "sigmoid": Explanation(
        "sigmoid",
        "1 / (1 + exp(−z))",
        "Each number of {a} is squashed into the range from 0 to 1; 0 becomes 0.5.",
        "g · {out} · (1 − {out}): steepest, 0.25, where {out} is 0.5 and almost flat near 0 and 1",
        SAME,
    ),
    "sigmoid_written_out": Explanation(
        "sigmoid, written out",
        "1 / (1 + exp(−z))",
        "Each number of {a} is squashed into the range from 0 to 1; 0 becomes 0.5.",
        "g · {out} · (1 − {out}): steepest, 0.25, where {out} is 0.5 and almost flat near 0 and 1",
        SAME,
    ),
    "tanh": Explanation(
        "hyperbolic tangent",
        "(exp(z) − exp(−z)) / (exp(z) + exp(−z))",
        "Each number of {a} is squashed into the range from −1 to 1; 0 stays 0.",
        "g · (1 − {out}²): slope 1 at 0 and almost flat near −1 and 1",
        SAME,
    ),
    "relu": Explanation(
        "rectified linear unit",
        "max(z, 0)",
        "Each positive number of {a} stays as it is; every other one becomes 0.",
        "g where {a} is positive, 0 elsewhere",
        SAME,
    ),
    "leaky_relu": Explanation(
        "leaky rectified linear unit",
        "z where z > 0, else slope · z",
        "Each positive number of {a} stays as it is; every other one is multiplied by {slope}, so that it is not lost.",
        "g where {a} is positive, {slope} · g elsewhere",
        SAME,
    ),
    "elu": Explanation(
        "exponential linear unit",
        "z where z > 0, else α · (exp(z) − 1)",
        "Each positive number of {a} stays as it is; every other one bends smoothly towards −{alpha}.",
        "g where {a} is positive, g · ({out} + {alpha}) elsewhere",
        SAME,
    ),
    "gelu": Explanation(
        CALLED["gelu"],
        "½ · z · (1 + tanh(√(2/π) · (z + 0.044715 · z³)))",
        "GELU in its tanh form: each number of {a} is scaled by nearly the chance that a normal random number lies below it. "
        "Large ones stay, small ones fade to 0.",
        "g · gelu_slope({a})",
        SAME,
    ),
    "gelu_slope": Explanation(
        f"slope of {CALLED['gelu']}",
        "½ · (1 + t) + ½ · z · (1 − t²) · √(2/π) · (1 + 0.134145 · z²), with t = tanh(√(2/π) · (z + 0.044715 · z³))",
        "How steep GELU in its tanh form is at each number of {a}: near 1 for large ones, near 0 for very negative ones.",
        "not passed back: only the backward uses it",
        SAME,
    ),
    "gelu_erf": Explanation(
        CALLED["gelu_erf"],
        "½ · z · (1 + erf(z / √2))",
        "GELU in its exact form, by erf: each number of {a} is scaled by the chance that a normal random number lies below it. "
        "Large ones stay, small ones fade to 0.",
        "g · gelu_erf_slope({a})",
        SAME,
    ),
    "gelu_erf_slope": Explanation(
        f"slope of {CALLED['gelu_erf']}",
        "½ · (1 + erf(z / √2)) + z · exp(−z² / 2) / √(2π)",
        "How steep the exact GELU is at each number of {a}: near 1 for large ones, near 0 for very negative ones.",
        "not passed back: only the backward uses it",
        SAME,
    ),
    "silu": Explanation(
        "sigmoid linear unit, also called Swish",
        "z · sigmoid(z)",
        "Each number of {a} is multiplied by its own sigmoid: large ones stay, very negative ones fade to 0.",
        "g · (sigmoid({a}) + {out} · sigmoid(−{a}))",
        SAME,
    ),
    "selu": Explanation(
        "scaled exponential linear unit",
        "λ · z where z > 0, else λ · α · (exp(z) − 1), with λ = 1.0507, α = 1.6733",
        "Each positive number of {a} grows by 5 %; every other one bends smoothly towards −1.7581. So the numbers "
        "keep mean 0 and spread 1 through many layers that start from lecun weights.",
        "1.0507 · g where {a} is positive, g · ({out} + 1.7581) elsewhere",
        SAME,
    ),
    "softsign": Explanation(
        "softsign",
        "z / (1 + |z|)",
        "Each number of {a} is squashed into the range from −1 to 1; 0 stays 0. It nears the ends more slowly than tanh.",
        "g / (1 + |{a}|)²: slope 1 at 0",
        SAME,
    ),
    "softplus": Explanation(
        "softplus",
        "log(1 + exp(z))",
        "A smooth form of relu: large numbers of {a} stay nearly as they are, very negative ones come close to 0.",
        "g · sigmoid({a})",
        SAME,
    ),
    "softmax": Explanation(
        "softmax",
        "exp(zᵢ) / Σₖ exp(zₖ)",
        "The numbers of {a}{along} become probabilities: all positive, adding up to 1, the largest staying the largest.",
        "{out} · (g − Σ g · {out}), the sum over the same classes: a class gains only what others lose",
        GROUPS,
    ),
    "log_softmax": Explanation(
        "logarithm of softmax",
        "zᵢ − log(Σₖ exp(zₖ))",
        "The logarithms of the probabilities that softmax would make of {a}{along}, computed so that none becomes −∞.",
        "g − exp({out}) · Σ g, the sum over the same classes",
        GROUPS,
    ),
    "dropout_mask": Explanation(
        "dropout mask",
        "0 with probability p, else 1 / (1 − p)",
        "Chance decides, anew in every iteration: with probability {rate} a cell is 0 and silences its number of {a}; "
        "the others are scaled up to make good for it.",
        "0: what chance decides does not depend on {a}",
        "The shape of {a}.",
    ),
}
