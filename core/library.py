"""TARGETs: a built-in by its name, or a program file. Reading never executes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources as package_files
from pathlib import Path
from typing import Any

from core.complete import load
from core.errors import TargetError
from core.program.ir import Program

LARGEST_FILE = 5 * 1024 * 1024

EXAMPLES: dict[str, str] = {
    "xor": "XOR with 2-3-1 sigmoid units, samples as columns, all four samples at once",
    "first-seed": "the same network trained on one sample an iteration, from small random weights",
    "flower": "400 points in petals, 2-4-1, ReLU and sigmoid; the cost becomes NaN after a while",
    "rows": "XOR with samples as rows (X @ W), 3-4-1, half the sum of squares, no bias",
}


@dataclass(frozen=True)
class Opened:
    """A program that was opened, and what to call it."""

    title: str
    program: Program


def example_text(name: str) -> str:
    """Return the text of a built-in; raises KeyError."""
    if name not in EXAMPLES:
        raise KeyError(name)
    return (package_files.files("resources") / "examples" / f"{name}.py").read_text("utf-8")


def open_target(target: str, settings: Mapping[str, Any] | None = None) -> Opened:
    """Open a built-in or a `.py` program file.

    Raises:
        TargetError: if there is no such thing, or it is not text.
        NotationError, SettingError: if the text is not a program, or a setting does not fit.
    """
    if target in EXAMPLES:
        return Opened(target, load(example_text(target), settings))
    path = Path(target)
    return Opened(path.name, load(read_text(path), settings))


def read_text(path: Path) -> str:
    """Return the text of a file of at most LARGEST_FILE bytes; raises TargetError."""
    try:
        if path.is_dir():
            raise TargetError(f"{path} is a folder; name a program file in it, such as my_net.py")
        if not path.exists():
            raise TargetError(f"{path} is neither a built-in ({', '.join(EXAMPLES)}) nor a file; check the spelling")
        if path.stat().st_size > LARGEST_FILE:
            raise TargetError(
                f"{path} is larger than {LARGEST_FILE // 2**20} MiB, too large for a program; is it the right file?"
            )
        data = path.read_bytes()
    except OSError as error:
        raise TargetError(f"{path} cannot be read ({error.strerror or error}); check the name and your permissions") from None
    except ValueError:
        raise TargetError("this is not a file name; name a built-in or a program file") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TargetError(f"{path} is not a text file in UTF-8; a program file is plain text ending in .py") from None
    if "\0" in text:
        raise TargetError(f"{path} is not a text file; a program file is plain text ending in .py")
    return text
