"""What the app remembers between runs, declared once, in one table; kept in one ini file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QCoreApplication, QSettings, QStandardPaths

FILE = "settings.ini"
MOST_RECENT = 8


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its key in the file, what it is before anyone chose, and how to read it from the file.

    `read` raises ValueError for what cannot be meant; then the default holds, so a damaged file does no harm.
    A setting with a `title` stands in the dialog of settings: as a choice of (value, words), or as a number
    from `least` to `most`.
    """

    key: str
    default: Any
    read: Callable[[object], Any]
    title: str = ""
    tip: str = ""
    choices: tuple[tuple[Any, str], ...] = ()
    least: int = 0
    most: int = 0


def translate(context: str, text: str) -> str:
    """Mark a text for translators, whose tool looks for this name; it is translated when it is shown."""
    del context
    return text


def say(text: str) -> str:
    """Return a text of the table in the person's language."""
    return QCoreApplication.translate("settings", text)


def _chosen(key: str, default: Any, title: str, tip: str, *choices: tuple[Any, str]) -> Setting:
    words = {str(value): value for value, _ in choices}

    def read(raw: object) -> Any:
        if str(raw) not in words:
            raise ValueError(raw)
        return words[str(raw)]

    return Setting(key, default, read, title, tip, choices)


def _counted(key: str, default: int, title: str, tip: str, least: int, most: int) -> Setting:
    return Setting(key, default, _number(least, most), title, tip, (), least, most)


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


def _paths(raw: object) -> tuple[str, ...]:
    """Read a list of paths; an ini file gives back a list of one as a text."""
    many = [raw] if isinstance(raw, str) else raw
    if not isinstance(many, (list, tuple)) or not all(isinstance(path, str) for path in many):
        raise ValueError(raw)
    return tuple(dict.fromkeys(path for path in many if path))[:MOST_RECENT]


SETTINGS: tuple[Setting, ...] = (
    _chosen("theme", "system", translate("settings", "Colours"), translate("settings", "Light or dark"),
            ("system", translate("settings", "as the system")), ("light", translate("settings", "light")),
            ("dark", translate("settings", "dark"))),
    _counted("zoom", 0, translate("settings", "Text size"), translate("settings", "Makes all text bigger or smaller"), -3, 8),
    _counted("digits", 4, translate("settings", "Digits shown"),
             translate("settings", "How many digits of a number stand in matrices; pointing at one shows all of them"), 3, 17),
    _chosen("notation", "d", translate("settings", "Adjoints are written"),
            translate("settings", "How headings name the derivative of the loss by a value; program lines stay as they are"),
            ("d", "dW1"), ("partial", "∂L/∂W1")),
    _chosen("scale", "blue-orange", translate("settings", "Colours of numbers"),
            translate("settings", "The scale from negative over zero to positive"),
            ("blue-orange", translate("settings", "blue to orange")),
            ("purple-orange", translate("settings", "purple to orange (for colour-blind eyes)")),
            ("grey", translate("settings", "grey (dark is negative)"))),
    _chosen("speed", 5, translate("settings", "Speed of a run"), translate("settings", "How many iterations a second a run does"),
            (1, translate("settings", "1 a second")), (2, translate("settings", "2 a second")),
            (5, translate("settings", "5 a second")), (10, translate("settings", "10 a second")),
            (30, translate("settings", "30 a second")), (0, translate("settings", "as fast as it can"))),
    _chosen("arrangement", "learn", "", "", ("learn", ""), ("write", ""), ("debug", ""), ("inspect", "")),
    Setting("log", 0, _number(0, 1)),
    Setting("live", 1, _number(0, 1)),
    Setting("health", "", _text),
    Setting("lessons", "", _text),
    Setting("folder", "", _text),
    Setting("recent", (), _paths),
    Setting("window/geometry", QByteArray(), _bytes),
    Setting("window/docks", QByteArray(), _bytes),
    Setting("window/panels", "", _text),
)  # fmt: skip
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
        chosen = _BY_KEY[key].read(value)
        self._store.setValue(key, list(chosen) if isinstance(chosen, tuple) else chosen)

    def save(self) -> None:
        """Write to disk now. A folder that cannot be written to is no reason to disturb anyone."""
        self._store.sync()


def standard_path() -> Path:
    """Return where the settings of this app live on this system."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)) / FILE
