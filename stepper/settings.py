"""What the app remembers between runs, declared once, in one table; kept in one ini file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

FILE = "settings.ini"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its key in the file, what it is before anyone chose, and how to read it from the file.

    `read` raises ValueError for what cannot be meant; then the default holds, so a damaged file does no harm.
    """

    key: str
    default: Any
    read: Callable[[object], Any]


def _one_of(*choices: str) -> Callable[[object], str]:
    def read(raw: object) -> str:
        if raw not in choices:
            raise ValueError(raw)
        return str(raw)

    return read


def _number(smallest: int, largest: int) -> Callable[[object], int]:
    def read(raw: object) -> int:
        number = int(str(raw))
        if not smallest <= number <= largest:
            raise ValueError(raw)
        return number

    return read


def _bytes(raw: object) -> QByteArray:
    if not isinstance(raw, QByteArray):
        raise ValueError(raw)
    return raw


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError(raw)
    return raw


SETTINGS: tuple[Setting, ...] = (
    Setting("theme", "system", _one_of("system", "light", "dark")),
    Setting("speed", 5, _number(0, 30)),
    Setting("zoom", 0, _number(-3, 8)),
    Setting("folder", "", _text),
    Setting("window/geometry", QByteArray(), _bytes),
    Setting("window/columns", QByteArray(), _bytes),
    Setting("window/right", QByteArray(), _bytes),
    Setting("window/rows", QByteArray(), _bytes),
)
_BY_KEY = {s.key: s for s in SETTINGS}


class Settings:
    """Reads and writes the settings of the table; any other key is a KeyError."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path if path is not None else standard_path()
        self._store = QSettings(str(self.path), QSettings.Format.IniFormat)

    def get(self, key: str) -> Any:
        """Return what was chosen, or the default where nothing usable was."""
        setting = _BY_KEY[key]
        raw = self._store.value(key)
        if raw is None:
            return setting.default
        try:
            return setting.read(raw)
        except ValueError:
            return setting.default

    def set(self, key: str, value: Any) -> None:
        """Remember a choice; raises ValueError for one that the table does not allow."""
        self._store.setValue(key, _BY_KEY[key].read(value))

    def save(self) -> None:
        """Write to disk now. A folder that cannot be written to is no reason to disturb anyone."""
        self._store.sync()


def standard_path() -> Path:
    """Return where the settings of this app live on this system."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)) / FILE
