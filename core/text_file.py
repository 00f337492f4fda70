"""Reads a text file that a person named; nothing in it is ever executed."""

from __future__ import annotations

from pathlib import Path

from core.errors import TargetError

LARGEST_FILE = 5 * 1024 * 1024


def read_text(path: Path) -> str:
    """Return the text of a file of at most LARGEST_FILE bytes; raises TargetError."""
    try:
        if path.is_dir():
            raise TargetError(f"{path} is a folder; name a program file in it, such as my_net.py")
        if path.exists() and not path.is_file():
            raise TargetError(f"{path} is a device or a pipe, no file; name a program file, such as my_net.py")
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
