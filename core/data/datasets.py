"""Data sets made by formula. Each function's source also goes into printed scripts, so each stands alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def flower_points(seed=1):
    """Return the 400 points of the planar flower, 2×400: two classes of 200, four petals each.

    The draws are made by NumPy's legacy generator in the order of the published exercise: for each
    class 200 normal draws for the angle, then 200 for the radius.
    """
    draw = np.random.RandomState(seed)
    points = np.zeros((400, 2))
    for label in range(2):
        angle = np.linspace(label * 3.12, (label + 1) * 3.12, 200) + draw.randn(200) * 0.2
        radius = 4 * np.sin(4 * angle) + draw.randn(200) * 0.2
        points[label * 200 : (label + 1) * 200] = np.c_[radius * np.sin(angle), radius * np.cos(angle)]
    return points.T


def flower_labels():
    """Return the labels of the planar flower, 1×400: 200 zeros, then 200 ones."""
    return np.repeat([0.0, 1.0], 200).reshape(1, 400)


def orthogonal(draw):
    """Return an orthogonal matrix made from a random one: its rows or columns have length 1 and are at right angles.

    The signs are fixed by the diagonal of R (Saxe, McClelland, Ganguli, 2014; Mezzadri, 2007).
    """
    tall = draw if draw.shape[0] >= draw.shape[1] else draw.T
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))
    return np.ascontiguousarray(q if draw.shape[0] >= draw.shape[1] else q.T)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "flower_points": flower_points,
    "flower_labels": flower_labels,
    "orthogonal": orthogonal,
}
