"""Data sets made by formula. The same arguments give the same numbers: draws are made by PCG64(seed).

Each function uses nothing but NumPy and its arguments, and returns float64 inputs (N×d, samples as
rows) with class labels (N,) int64, or with numbers (N×1) where it says regression. Samples stand
class by class, so train on them shuffled or all at once.
"""

from __future__ import annotations

import numpy as np

from core.program.ir import Array


def xor() -> tuple[Array, Array]:
    """Return the four inputs (4×2) of exclusive or, in the order 00, 01, 10, 11, and the labels 0, 1, 1, 0."""
    return np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0], dtype=np.int64)


def moons(samples: int = 200, noise: float = 0.1, seed: int = 1) -> tuple[Array, Array]:
    """Return two interleaved half circles, samples×2: (cos t, sin t) and (1 - cos t, 1/2 - sin t), 0 ≤ t ≤ π.

    The formula is that of `make_moons` in scikit-learn (sklearn/datasets/_samples_generator.py).
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    upper = samples // 2
    t, u = np.linspace(0, np.pi, upper), np.linspace(0, np.pi, samples - upper)
    points = np.concatenate([np.c_[np.cos(t), np.sin(t)], np.c_[1 - np.cos(u), 0.5 - np.sin(u)]])
    labels = np.repeat(np.array([0, 1], dtype=np.int64), [upper, samples - upper])
    return points + noise * draw.standard_normal(points.shape), labels


def circles(samples: int = 200, noise: float = 0.08, seed: int = 1, inner: float = 0.5) -> tuple[Array, Array]:
    """Return a circle of radius 1 (class 0) around one of radius `inner` (class 1), samples×2.

    The formula is that of `make_circles` in scikit-learn (sklearn/datasets/_samples_generator.py).
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    outside = samples // 2
    t = np.linspace(0, 2 * np.pi, outside, endpoint=False)
    u = np.linspace(0, 2 * np.pi, samples - outside, endpoint=False)
    points = np.concatenate([np.c_[np.cos(t), np.sin(t)], inner * np.c_[np.cos(u), np.sin(u)]])
    labels = np.repeat(np.array([0, 1], dtype=np.int64), [outside, samples - outside])
    return points + noise * draw.standard_normal(points.shape), labels


def spirals(samples: int = 300, noise: float = 0.2, seed: int = 1, arms: int = 3) -> tuple[Array, Array]:
    """Return spiral arms, samples×2: (r sin t, r cos t), r from 0 to 1 while t runs 4 radians, the noise on t.

    The formula is that of the course notes of Stanford CS231n ("Putting it together: Minimal Neural
    Network Case Study", https://cs231n.github.io/neural-networks-case-study/), 100 points an arm there too.
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    labels = np.arange(samples, dtype=np.int64) * arms // samples
    points = np.zeros((samples, 2))
    for arm in range(arms):
        rows = labels == arm
        r = np.linspace(0, 1, rows.sum())
        t = np.linspace(arm * 4, (arm + 1) * 4, rows.sum()) + noise * draw.standard_normal(rows.sum())
        points[rows] = np.c_[r * np.sin(t), r * np.cos(t)]
    return points, labels


def sine(samples: int = 200, noise: float = 0.1, seed: int = 1) -> tuple[Array, Array]:
    """Return a regression: x (samples×1) evenly spaced from -π to π, and sin(x) plus normal noise (samples×1).

    The textbook example of curve fitting: C. M. Bishop, Pattern Recognition and Machine Learning (2006), section 1.1,
    there over one period from 0 to 1.
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    x = np.linspace(-np.pi, np.pi, samples).reshape(-1, 1)
    return x, np.sin(x) + noise * draw.standard_normal((samples, 1))
