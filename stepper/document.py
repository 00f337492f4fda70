"""Where an open text came from, and what stands in its file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from core.health.mending import typed
from core.lessons.shipped import PREFIX
from core.library import EXAMPLES
from core.notation.parse import lines_of
from core.session import Session
from stepper.saving import save_bytes

BOM = b"\xef\xbb\xbf"


@dataclass
class Document:
    """What a text is called and belongs to; `path` is its own file, `disk` what stood there when it was last read or written."""

    title: str
    target: str = ""
    path: Path | None = None
    folder: Path | None = None
    disk: bytes | None = None
    _told_of: bytes | None = field(default=None, init=False)

    def data(self, path: Path, text: str) -> bytes:
        """Return a text as it goes into a file; raises UnicodeEncodeError."""
        data = text.encode("utf-8")
        return BOM + data if path == self.path and self.disk is not None and self.disk.startswith(BOM) else data

    def is_changed_outside(self, path: Path, data: bytes) -> bool:
        """Tell whether another program has written into this file meanwhile; of the same change it is told once."""
        if path != self.path or self.disk is None:
            return False
        now = _bytes(path)
        if now is None or now in (self.disk, data, self._told_of):
            return False
        self._told_of = now
        return True

    def save(self, path: Path, data: bytes) -> bool:
        """Write into a file, which is this document's from now on; returns whether it was before. Raises SavingError."""
        save_bytes(path, data)
        same = path == self.path
        self.path, self.disk, self._told_of = path, data, None
        if not same:
            self.title, self.target, self.folder = path.name, str(path), path.parent
        return same


def document_of(session: Session, target: str) -> tuple[Document, str]:
    """Return the document of an open program, and its text: as its file has it, where it was opened from one."""
    text = typed(session.timeline.program_at(1)).text
    if Path(target).is_file():
        target = str(Path(target).absolute())  # the next window may be started in another folder
    document = Document(session.title, target, folder=session.folder)
    found = _read(Path(target)) if target.lower().endswith(".py") else None
    if found is not None and lines_of(found[0]) == lines_of(text):
        text, document.disk = found
        document.path = Path(target)
    return document, text


def can_be_opened(target: str) -> bool:
    """Tell whether there still is what a target names."""
    try:
        return target in EXAMPLES or target.startswith(PREFIX) or (bool(target) and Path(target).is_file())
    except (OSError, ValueError):
        return False


def _read(path: Path) -> tuple[str, bytes] | None:
    data = _bytes(path)
    try:
        return None if data is None else (data.decode("utf-8-sig"), data)
    except UnicodeDecodeError:
        return None


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (OSError, ValueError):
        return None
