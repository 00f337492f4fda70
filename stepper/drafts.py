"""Unsaved texts, kept in a folder while they are written, so that neither a crash nor a closed window loses one.

A window writes one file and holds a lock on it as long as it lives; a file that nobody holds was left behind.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile, QSysInfo

from stepper.saving import SavingError, save_text

MOST = 50
LONGEST = 4_000_000
OLD = 3600
"""Seconds after which a text that was locked elsewhere counts as left behind."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An unsaved text: what it is called, where its program came from, when it was written last (ISO, local time)."""

    text: str
    title: str
    target: str = ""
    when: str = ""
    file: str = ""


class Drafts:
    """The folder of unsaved texts, as one window uses it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ""
        self._lock: QLockFile | None = None

    def keep(self, text: str, title: str, target: str) -> None:
        """Write the text that is being edited.

        Raises:
            SavingError: if that is not possible.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SavingError(f"{self.folder} cannot be made ({error.strerror or error})") from None
        if not self._key:
            self._key = uuid.uuid4().hex
            self._lock = QLockFile(str(self.folder / f"{self._key}.lock"))
            self._lock.setStaleLockTime(0)
            self._lock.tryLock(0)
        now = datetime.datetime.now().isoformat(timespec="seconds")
        data = asdict(Draft(text, title, target, now))
        save_text(self.folder / f"{self._key}.json", json.dumps(data))

    def drop(self) -> None:
        """Forget what this window kept: it is saved elsewhere, or it is what was opened."""
        if self._key:
            self._remove(self.folder / f"{self._key}.json")
            self.set_aside()

    def set_aside(self) -> None:
        """Leave what this window kept for later; what is kept next is another text."""
        if self._lock is not None:
            self._lock.unlock()
        self._key, self._lock = "", None

    def found(self) -> list[Draft]:
        """Return the texts that were left behind, the newest first; what cannot be read is passed over."""
        drafts: list[Draft] = []
        try:
            files = sorted(self.folder.glob("*.json"))[:MOST]
        except OSError:
            return []
        for file in files:
            if file.stem != self._key and self._is_free(file):
                draft = _read(file)
                if draft is not None:
                    drafts.append(draft)
        return sorted(drafts, key=lambda d: d.when, reverse=True)

    def throw_away(self, draft: Draft) -> None:
        """Delete a text that was left behind."""
        self._remove(Path(draft.file))

    def _is_free(self, file: Path) -> bool:
        lock = QLockFile(str(file.with_suffix(".lock")))
        lock.setStaleLockTime(0)
        if not lock.tryLock(0):
            # A folder that cannot be written to holds no living window's text either; and of a lock that another computer
            # made, or this one under another name, nobody can tell whether its window lives: then its age decides.
            return lock.error() != QLockFile.LockError.LockFailedError or self._is_old(file, lock)
        lock.unlock()
        return True

    @staticmethod
    def _is_old(file: Path, lock: QLockFile) -> bool:
        host = lock.getLockInfo()[1]  # of process, computer, app
        try:
            age = time.time() - file.stat().st_mtime
        except OSError:
            return False
        return age > OLD and host != QSysInfo.machineHostName()

    @staticmethod
    def _remove(file: Path) -> None:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def _read(file: Path) -> Draft | None:
    try:
        if file.stat().st_size > LONGEST * 6:
            return None
        data = json.loads(file.read_text("utf-8"))
        texts = [data[key] for key in ("text", "title", "target", "when")]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not all(isinstance(t, str) for t in texts) or "\0" in texts[0] or not texts[0].strip():
        return None
    return Draft(*texts, file=str(file))
