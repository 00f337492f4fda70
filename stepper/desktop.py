"""`stepper desktop`: files of saved networks open in this app from the file manager, and no longer.

Sources: the Desktop Entry, Shared MIME-info and Icon Theme specifications of freedesktop.org.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import resources as package_files
from pathlib import Path
from xml.sax.saxutils import quoteattr

from core.errors import StepperError
from core.files.problem import escaped
from stepper.saving import save_text

NAME = "backprop-stepper"
TYPES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("application/x-backprop-stepper", "Backprop Stepper session", (".stepper",), "application/zip"),
    ("application/x-safetensors", "Weights of a neural network (safetensors)", (".safetensors",), ""),
    ("application/x-numpy-npz", "NumPy arrays", (".npz",), "application/zip"),
    ("application/x-numpy-npy", "NumPy array", (".npy",), ""),
    ("application/x-onnx", "Neural network (ONNX)", (".onnx",), ""),
    ("application/x-keras", "Neural network (Keras)", (".keras",), "application/zip"),
    ("application/x-hdf", "HDF5 file", (".h5", ".hdf5"), ""),
    ("application/x-pytorch", "Neural network (PyTorch)", (".pt", ".pth"), ""),
)
"""Media types with what people call them, the endings of their files, and the type that they are a kind of."""
_ENTRY = """\
[Desktop Entry]
Type=Application
Version=1.0
Name=Backprop Stepper
GenericName=Neural Network Stepper
Comment=Step through backpropagation one operation at a time, and look into saved networks
Exec={exec} open --from-desktop %f
Icon={name}
Terminal=false
Categories=Education;ArtificialIntelligence;
Keywords=neural;network;backpropagation;gradient;weights;tensor;
MimeType={types}
"""
_PATIENCE = 60


def install(words: Sequence[str] | None = None) -> list[str]:
    """Have the file manager offer this app for saved networks; returns lines that say what was done.

    `words` is how this app is started, found out if not given.

    Raises:
        StepperError: if a file cannot be written; `remove` takes away what was.
    """
    if not _is_free():
        return [_by_hand()]
    folder = data_home()
    written = {
        folder / "applications" / f"{NAME}.desktop": entry_text(words or command()),
        folder / "mime" / "packages" / f"{NAME}.xml": types_text(),
        folder / "icons" / "hicolor" / "scalable" / "apps" / f"{NAME}.svg": _icon(),
    }
    lines: list[str] = []
    for path, text in written.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StepperError(f"{path.parent} cannot be made ({error.strerror or error}); check your permissions") from None
        save_text(path, text)
        lines.append(f"wrote {path}")
    lines += _refresh(folder)
    endings = " ".join(ending for _, _, endings, _ in TYPES for ending in endings)
    return [*lines, f"Backprop Stepper is now among the apps that open {endings}", "take it away with `stepper desktop remove`"]


def remove() -> list[str]:
    """Undo `install`; returns lines that say what was done.

    Raises:
        StepperError: if a file cannot be taken away.
    """
    if not _is_free():
        return [_by_hand()]
    folder = data_home()
    lines: list[str] = []
    for path in (
        folder / "applications" / f"{NAME}.desktop",
        folder / "mime" / "packages" / f"{NAME}.xml",
        folder / "icons" / "hicolor" / "scalable" / "apps" / f"{NAME}.svg",
    ):
        try:
            path.unlink()
            lines.append(f"removed {path}")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StepperError(f"{path} cannot be removed ({error.strerror or error}); check your permissions") from None
    return [*lines, *_refresh(folder)] if lines else ["there was nothing to remove"]


def data_home() -> Path:
    """Return the folder of a person's own data, as the XDG Base Directory Specification has it."""
    said = os.environ.get("XDG_DATA_HOME", "")
    return Path(said) if Path(said).is_absolute() else Path.home() / ".local" / "share"


def command() -> tuple[str, ...]:
    """Return how this very app is started: by its own script, else by its Python."""
    own = Path(sys.argv[0])
    if own.stem == "stepper" and own.is_file() and os.access(own, os.X_OK):
        return (str(own.absolute()),)
    beside = Path(sys.executable).with_name("stepper")
    return (str(beside),) if beside.is_file() else (sys.executable, "-m", "stepper.cli")


def entry_text(words: Sequence[str]) -> str:
    """Return the desktop entry of an app that is started with these words.

    Raises:
        StepperError: if one of them cannot stand in an entry.
    """
    for word in words:
        if not word.isprintable() or "=" in word:
            raise StepperError(f"the app lies in {escaped(word)}, a name that no desktop entry can hold; install it elsewhere")
    types = "".join(f"{name};" for name, *_ in TYPES)
    return _ENTRY.format(exec=" ".join(map(_quoted, words)), name=NAME, types=types)


def _quoted(word: str) -> str:
    """Return a word as `Exec` holds it: quoted, then escaped once more as all texts of an entry are."""
    inside = "".join(f"\\{c}" if c in '"`$\\' else c for c in word)
    return f'"{inside}"'.replace("\\", "\\\\").replace("%", "%%")


def types_text() -> str:
    """Return the media types as shared-mime-info reads them."""
    parts: list[str] = []
    for name, comment, endings, parent in TYPES:
        kind = f"\n    <sub-class-of type={quoteattr(parent)}/>" if parent else ""
        globs = "".join(f"\n    <glob pattern={quoteattr('*' + ending)}/>" for ending in endings)
        parts.append(f"  <mime-type type={quoteattr(name)}>\n    <comment>{comment}</comment>{kind}{globs}\n  </mime-type>")
    whole = "\n".join(parts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">\n{whole}\n</mime-info>\n'
    )


def _icon() -> str:
    return (package_files.files("resources") / "icons" / "app.svg").read_text("utf-8")


def _refresh(folder: Path) -> list[str]:
    """Tell the desktop of what has changed, where it has the tools for that; else it finds out at the next login."""
    lines: list[str] = []
    for tool, where in (("update-desktop-database", folder / "applications"), ("update-mime-database", folder / "mime")):
        program = shutil.which(tool)
        if program is None or not where.is_dir():
            lines.append(f"{tool} is not here; the desktop finds out at your next login")
            continue
        try:
            done = subprocess.run([program, str(where)], capture_output=True, timeout=_PATIENCE, check=False)
            lines.append(f"ran {tool}" if done.returncode == 0 else f"{tool} did not work; log out and in again")
        except (OSError, subprocess.SubprocessError):
            lines.append(f"{tool} did not work; log out and in again")
    return lines


def _is_free() -> bool:
    """Tell whether this system has a desktop of freedesktop.org."""
    return sys.platform not in ("win32", "darwin", "cygwin")


def _by_hand() -> str:
    program = command()[0]
    if sys.platform == "darwin":
        return f"On macOS choose the app by hand: in the Finder, Get Info on a file, Open with ▸ Other…, {program}, Change All."
    return f"On Windows choose the app by hand: right-click a file, Open with ▸ Choose another app, {program}, Always."
