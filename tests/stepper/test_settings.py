"""Settings come back after a restart; a damaged file does no harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray

from stepper.settings import SETTINGS, Settings


def test_defaults_hold_at_first(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.ini")
    assert {s.key: settings.get(s.key) for s in SETTINGS} == {s.key: s.default for s in SETTINGS}


def test_every_default_is_allowed() -> None:
    for setting in SETTINGS:
        assert setting.read(setting.default) == setting.default


def test_choices_are_kept(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.ini")
    chosen = {"theme": "dark", "speed": 0, "zoom": -2, "folder": "/tmp/ä ö", "window/geometry": QByteArray(b"\0\x01abc")}
    for key, value in chosen.items():
        settings.set(key, value)
    settings.save()
    again = Settings(tmp_path / "s.ini")
    assert {key: again.get(key) for key in chosen} == chosen


def test_a_damaged_file_gives_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "s.ini"
    path.write_bytes(b"[General]\ntheme=purple\nspeed=many\nzoom=99\nfolder=@Invalid()\n[window]\ngeometry=3\nrows\xff\xfe\n")
    settings = Settings(path)
    for setting in SETTINGS:
        assert settings.get(setting.key) == setting.default


def test_what_is_not_in_the_table_is_refused(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.ini")
    with pytest.raises(KeyError):
        settings.get("colour")
    with pytest.raises(ValueError, match="purple"):
        settings.set("theme", "purple")


def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    settings = Settings(tmp_path / "file" / "s.ini")
    settings.set("theme", "dark")
    settings.save()
    assert settings.get("theme") == "dark"
