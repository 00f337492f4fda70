"""TARGETs: a built-in by its name, or a program file. Reading never executes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources as package_files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from core.complete import load
from core.errors import TargetError
from core.network_file import Evaluation, load_toml
from core.program.ir import Program

LARGEST_FILE = 5 * 1024 * 1024

EXAMPLES: dict[str, str] = {
    "xor": "XOR with 2-3-1 sigmoid units, samples as columns, all four samples at once",
    "first-seed": "the same network trained on one sample an iteration, from small random weights",
    "flower": "400 points in petals, 2-4-1, ReLU and sigmoid; the cost becomes NaN after a while",
    "rows": "XOR with samples as rows (X @ W), 3-4-1, half the sum of squares, no bias",
    "iris": "three kinds of iris flowers, 4-8-3, softmax and cross-entropy, held-out accuracy",
    "digits": "handwritten digits of 8×8 pixels, 64-48-10, Adam, held-out accuracy",
}


@dataclass(frozen=True)
class Opened:
    """A program that was opened, what to call it, the programs that evaluate it, if it was described, and its folder."""

    title: str
    program: Program
    evaluations: tuple[Evaluation, ...] = ()
    folder: Path | None = None


def example_text(name: str) -> str:
    """Return the text of a built-in; raises KeyError."""
    return _example(name).read_text("utf-8")


def _example(name: str) -> Traversable:
    if name not in EXAMPLES:
        raise KeyError(name)
    folder = package_files.files("resources") / "examples"
    described = folder / f"{name}.toml"
    return described if described.is_file() else folder / f"{name}.py"


def open_target(target: str, settings: Mapping[str, Any] | None = None) -> Opened:
    """Open a built-in, a `.py` program file or a `.toml` network description.

    Raises:
        TargetError: if there is no such thing, or it is not text.
        NotationError, SettingError: if the text is not a program, or a setting does not fit.
    """
    if target in EXAMPLES:
        return _opened(target, example_text(target), _example(target).name.endswith(".toml"), None, settings)
    path = Path(target)
    text = read_text(path)
    return _opened(path.name, text, path.suffix.lower() == ".toml", path.parent, settings)


def _opened(title: str, text: str, described: bool, folder: Path | None, settings: Mapping[str, Any] | None) -> Opened:
    if described:
        network = load_toml(text, folder, settings)
        return Opened(title, network.program, network.evaluations, folder)
    return Opened(title, load(text, settings, folder), (), folder)


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
