"""Whether a TARGET is a saved network, and reading it. What it is, its contents tell; nothing in it is executed."""

from __future__ import annotations

from pathlib import Path

from core.files.kinds import SUFFIXES
from core.files.saved import Saved
from core.files.source import saved_file

_TEXTS = (".py", ".toml", ".stepper", "")


def is_saved(target: str) -> bool:
    """Tell whether a TARGET that is no built-in is to be read as a saved network: by its name, else if it is no text."""
    path = Path(target)
    suffix = path.suffix.lower()
    try:
        if path.is_dir():
            return (path / "saved_model.pb").is_file()
        if not path.is_file() or suffix in _TEXTS:
            return False
        if suffix in SUFFIXES:
            return True
        with path.open("rb") as file:
            head = file.read(4096)
    except (OSError, ValueError):
        return False
    return b"\0" in head


def read_saved(target: str) -> Saved:
    """Return what a saved network holds; raises FileProblem."""
    return saved_file(Path(target))
