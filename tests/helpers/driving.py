"""The real window by keys, as `App` of tests/e2e/conftest.py drives it: dialogs, the palette, numbers on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def network(seed: int) -> dict[str, Array]:
    """The weights of a network of 3, 4 and 2 units, samples as rows."""
    rng = np.random.default_rng(seed)
    sizes = {"W1": (3, 4), "b1": (4,), "W2": (4, 2), "b2": (2,)}
    return {name: rng.normal(size=size) for name, size in sizes.items()}


def number(text: str) -> float:
    """A number as it stands on the screen."""
    return float(text.removeprefix("⚠ ").split()[0].replace(",", "").replace("−", "-"))


def cells(matrix: list[list[list[str]]]) -> Array:
    """The numbers of a matrix on the screen, in full as pointing at a cell tells."""
    return np.array([[number(full.split(" = ")[-1]) for _, full in row] for row in matrix])


def go_to(app: Any, name: str) -> None:
    """Press Tab until something has the keyboard."""
    for _ in range(60):
        seen = app.read()
        assert not seen["unseen"], f"{seen['focus']!r} has the keyboard, and is not to be seen"
        if seen["focus"] == name:
            return
        app.press("Tab")
    raise AssertionError(f"the Tab key does not come to {name!r}")


def type_path(app: Any, dialog: str, path: Path) -> None:
    """Answer a dialog of files that has been asked for."""
    app.until(lambda seen: seen["modal"], dialog)
    app.press("ctrl+a")
    app.type(str(path))
    app.press("Return")


def call(app: Any, action: str) -> None:
    """Call an action by the palette."""
    app.press("ctrl+shift+p")
    app.until(lambda seen: seen["focus"] == "What do you want to do?", "the palette")
    app.type(action)
    app.press("Return")
    app.until(lambda seen: seen["focus"] != "What do you want to do?", "the palette to go")


def open_saved(app: Any, path: Path) -> None:
    """Open a saved network by typing its path."""
    app.press("ctrl+shift+o")
    type_path(app, "the dialog of saved networks", path)
