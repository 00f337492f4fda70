"""Going into a small `def` of one's own by F11 in the real window: its line is lit, and its numbers are those of plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MINE = """\
def bump(z):
    hill = np.exp(-z ** 2)
    return z * hill

# data
X = np.array([[0.0, 0.5, 1], [0, 1, -1]])
Y = np.array([[0.0, 1, 1]])
# parameters
W = np.array([[0.4, -0.6]])
lr = 0.5
# forward
Z = W @ X
A = bump(Z)
# loss
L = mse(A, Y)
"""
Z = np.array([[0.4, -0.6]]) @ np.array([[0.0, 0.5, 1], [0, 1, -1]])


def test_f11_goes_into_a_def_and_lights_its_line(opening: Callable[[str], Any], tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    app = opening(str(file))
    app.press("F10")
    app.shows("iteration 1 · epoch 1 · 1 of")
    app.press("F11")
    app.until(lambda seen: any(line.startswith("hill = np.exp(-z ** 2), next") for line in seen["lines"]), "the first line lit")
    seen = app.shows("iteration 1 · epoch 1 · 1 of")
    assert "A = bump(Z), next, 1×3" in seen["lines"]
    app.press("F10")
    app.until(lambda now: "hill = np.exp(-z ** 2), just executed, 1×3, in your function" in now["lines"], "the line to be done")
    seen = app.until(lambda now: now if now["drawn"] and "hill" in now["matrices"] else None, "its numbers")
    shown(seen["matrices"]["hill"], np.exp(-(Z**2)))
    assert "in bump(Z)" in "\n".join(seen["operation"])
    app.press("shift+F10")
    app.until(lambda now: any(line.startswith("hill = np.exp(-z ** 2), next") for line in now["lines"]), "the line to be undone")
    app.press("F10", "F10")
    app.until(lambda now: "return z * hill, just executed, 1×3, in your function" in now["lines"], "the line that returns")
    seen = app.until(lambda now: now if now["drawn"] and "A" in now["matrices"] else None, "what is returned")
    shown(seen["matrices"]["A"], Z * np.exp(-(Z**2)))


def shown(cells: list[list[list[str]]], wanted: Any) -> None:
    """The cells of a matrix are painted with these numbers."""
    found = np.array([[float(painted.replace("−", "-")) for painted, _ in row] for row in cells])
    np.testing.assert_allclose(found, wanted, rtol=1e-3)
