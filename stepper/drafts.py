"""Unsaved work, texts and whole sessions, kept in a folder, so that neither a crash nor a closed window loses any.

A window writes under one name and holds a lock on it as long as it lives; what nobody holds was left behind. A text is
kept within a second of the last key, its session (`.stepper`, beside it) within a few seconds, by another thread.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from PySide6.QtCore import QLockFile, QSysInfo

from core.files.document_form import SUFFIX
from stepper.saving import SavingError, save_bytes, save_text

MOST = 50
LONGEST = 4_000_000
NEXT = ".next"
"""How the name of a session ends that is still being written."""
OLD = 3600
"""Seconds after which a text that was locked elsewhere counts as left behind."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An unsaved text: what it is called, where its program came from, when it was written last (ISO, local time).

    `session` is the file of the session that it belongs to, which stood in `iteration`; then the text may be empty.
    """

    text: str
    title: str
    target: str = ""
    when: str = ""
    file: str = ""
    session: str = ""
    iteration: int = 0


class Drafts:
    """The folder of unsaved texts, as one window uses it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ""
        self._lock: QLockFile | None = None
        self._draft: Draft | None = None
        self._files = threading.RLock()  # the files of this window change under it alone
        self._turn = 0  # counts what makes a session that is still being written an older one

    @property
    def has_session(self) -> bool:
        """Whether a session of this window is kept."""
        return self._draft is not None and self._draft.iteration > 0

    def keep(self, text: str, title: str, target: str) -> None:
        """Write the text that is being edited.

        Raises:
            SavingError: if that is not possible.
        """
        with self._files:
            self._begin()
            self._write(Draft(text, title, target, iteration=0 if self._draft is None else self._draft.iteration))

    def keep_session(self, data: bytes, title: str, target: str, iteration: int) -> None:
        """Write the session that is open, as a document.

        Raises:
            SavingError: if that is not possible.
        """
        with self._files:
            self._begin()
            self._turn += 1
            save_bytes(self.folder / f"{self._key}{SUFFIX}", data)
            self._write(Draft("" if self._draft is None else self._draft.text, title, target, iteration=iteration))

    def session_writer(self, title: str, target: str, iteration: int) -> Callable[[bytes], bool]:
        """Return what writes the session that is open now, as a document, in any thread.

        It tells whether it did: not where something newer was kept, or nothing is to be kept any more. Both raise SavingError.
        """
        self._begin()
        self._turn += 1
        folder, key, turn = self.folder, self._key, self._turn

        def write(data: bytes) -> bool:
            beside = folder / f"{key}{NEXT}"
            save_bytes(beside, data)  # this takes long: the window may keep texts meanwhile
            with self._files:
                if turn != self._turn:
                    self._remove(beside)
                    return False
                try:
                    beside.replace(folder / f"{key}{SUFFIX}")
                except OSError as error:
                    raise SavingError(f"{folder} cannot be written to ({error.strerror or error})") from None
                self._write(Draft("" if self._draft is None else self._draft.text, title, target, iteration=iteration))
            return True

        return write

    def drop(self) -> None:
        """Forget the text that this window kept: it is saved elsewhere, or it is what was opened."""
        with self._files:
            if self._draft is not None and self.has_session:
                with contextlib.suppress(SavingError):
                    self._write(replace(self._draft, text=""))
            else:
                self._drop_all()

    def drop_session(self) -> None:
        """Forget the session that this window kept."""
        with self._files:
            self._turn += 1
            if self._draft is not None and self.has_session:
                self._remove(self.folder / f"{self._key}{SUFFIX}")
                if self._draft.text.strip():
                    with contextlib.suppress(SavingError):
                        self._write(replace(self._draft, iteration=0))
                else:
                    self._drop_all()

    def _begin(self) -> None:
        """Take a name of one's own, and hold it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SavingError(f"{self.folder} cannot be made ({error.strerror or error})") from None
        if not self._key:
            self._key = uuid.uuid4().hex
            self._lock = QLockFile(str(self.folder / f"{self._key}.lock"))
            self._lock.setStaleLockTime(0)
            self._lock.tryLock(0)

    def _write(self, draft: Draft) -> None:
        now = datetime.datetime.now().isoformat(timespec="seconds")
        save_text(self.folder / f"{self._key}.json", json.dumps(asdict(replace(draft, when=now))))
        self._draft = draft

    def _drop_all(self) -> None:
        if self._key:
            self._remove(self.folder / f"{self._key}.json")
            self._remove(self.folder / f"{self._key}{SUFFIX}")
            self.set_aside()

    def set_aside(self) -> None:
        """Leave what this window kept for later; what is kept next is another text."""
        with self._files:
            self._turn += 1
            if self._lock is not None:
                self._lock.unlock()
            self._key, self._lock, self._draft = "", None, None

    def found(self) -> list[Draft]:
        """Return what was left behind, the newest first; what cannot be read is passed over."""
        drafts: list[Draft] = []
        try:
            files = sorted(self.folder.glob("*.json"))[:MOST]
        except OSError:
            return []
        for half in self.folder.glob(f"*{NEXT}"):
            if half.stem != self._key and self._is_free(half):
                self._remove(half)
        for file in files:
            if file.stem != self._key and self._is_free(file):
                draft = _read(file)
                if draft is not None:
                    drafts.append(draft)
        return sorted(drafts, key=lambda d: d.when, reverse=True)

    def throw_away(self, draft: Draft) -> None:
        """Delete what was left behind."""
        self._remove(Path(draft.file))
        self._remove(Path(draft.file).with_suffix(SUFFIX))
        self._remove(Path(draft.file).with_suffix(NEXT))

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
        iteration = data.get("iteration", 0)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not all(isinstance(t, str) for t in texts) or "\0" in texts[0]:
        return None
    session = file.with_suffix(SUFFIX)
    known = isinstance(iteration, int) and iteration > 0 and session.is_file()
    if not known and not texts[0].strip():
        return None
    return Draft(*texts, file=str(file), session=str(session) if known else "", iteration=iteration if known else 0)
