"""Losses, in plain English.

What is said here holds for reduction="mean"; `operations.explanation_of` puts it right for "sum".
"""

from __future__ import annotations

from core.explain.explanation import Explanation

ONE = "A loss is a single number, whatever the shape of the outputs."

LOSSES: dict[str, Explanation] = {
    "mse": Explanation(
        "mean squared error",
        "mean((a − y)²)",
        "How far {a} is from {b}: every difference is squared, and the mean is taken over all of them.",
        "2 · ({a} − {b}) / (how many numbers there are)",
        ONE,
    ),
    "sse": Explanation(
        "sum of squared errors",
        "Σ (a − y)²",
        "How far {a} is from {b}: every difference is squared, and all are added up.",
        "2 · ({a} − {b})",
        ONE,
    ),
    "half_sse": Explanation(
        "half the sum of squared errors",
        "½ · Σ (a − y)²",
        "How far {a} is from {b}: every difference is squared, all are added up, and the sum is halved.",
        "{a} − {b}: the ½ is there to make it this simple",
        ONE,
    ),
    "bce": Explanation(
        "binary cross-entropy",
        "−Σ (y · log(a) + (1 − y) · log(1 − a)) / m",
        "How surprised {a}, read as probabilities, is by the answers {b}: sure and wrong costs most. "
        "Summed over outputs, averaged over the samples.",
        "((1 − {b}) / (1 − {a}) − {b} / {a}) / m",
        ONE,
    ),
    "bce_with_logits": Explanation(
        "binary cross-entropy of a sigmoid",
        "Σ (max(z, 0) − z · y + log(1 + exp(−|z|))) / m",
        "How surprised sigmoid({a}) is by the answers {b}, computed from {a} itself so that it stays finite; "
        "summed over outputs, averaged over the samples.",
        "(sigmoid({a}) − {b}) / m",
        ONE,
    ),
    "cross_entropy": Explanation(
        "cross-entropy",
        "−Σ y · log(a) / m",
        "How surprised {a}, read as the probabilities of the classes, is by the answers {b}: only the probability of the "
        "right class counts. Averaged over the samples.",
        "−{b} / {a} / m",
        ONE,
    ),
    "softmax_cross_entropy": Explanation(
        "cross-entropy of a softmax",
        "−Σ y · log(softmax(z)) / m",
        "How surprised softmax({a}) is by the right classes {b}, computed from {a} itself so that it stays finite. "
        "Averaged over the samples.",
        "(softmax({a}) − {b}) / m: the probabilities, less 1 at the right class",
        ONE,
    ),
    "mae": Explanation(
        "mean absolute error",
        "Σ |a − y| / m",
        "How far {a} is from {b}: the differences without their signs, summed over outputs, averaged over the samples.",
        "the sign of {a} − {b}, / m: the same pull from near and far",
        ONE,
    ),
    "huber": Explanation(
        "Huber's loss",
        "Σ (½ · e² where |e| ≤ δ, else δ · (|e| − ½ · δ)) / m, with e = a − y",
        "How far {a} is from {b}: differences up to {delta} count squared and halved, larger ones only in proportion. "
        "Summed over outputs, averaged over the samples.",
        "({a} − {b}, cut off at −{delta} and {delta}) / m",
        ONE,
    ),
    "hinge": Explanation(
        "hinge loss",
        "Σ max(0, 1 − y · a) / m",
        "How much each output of {a} is short of 1 on the side of its target in {b}, which is −1 or 1. "
        "Summed over outputs, averaged over the samples.",
        "−{b} / m where {b} · {a} is below 1, 0 elsewhere",
        ONE,
    ),
}
