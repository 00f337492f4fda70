"""Documents with another content than the app wrote, and right checksums."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.files.document_form import MAIN


def rewritten(whole: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """Return a document with other members."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Have a document say something else in its JSON."""

    def main(members: dict[str, bytes]) -> None:
        data = json.loads(members[MAIN])
        change(data)
        members[MAIN] = json.dumps(data).encode()

    path.write_bytes(rewritten(path.read_bytes(), main))
