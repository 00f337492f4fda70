"""Facts about the parts that the pins in pyproject.toml stand for; each would abort or crash the app."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version
from pathlib import Path

from PySide6.QtCore import QObject

from stepper import screen


def test_void_calls_do_not_lose_references_to_none(qapp):
    """PySide6 6.12.0 on Python 3.11 loses one reference to None on each call that returns nothing, then aborts."""
    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(2000):
        thing.setObjectName("x")
    assert sys.getrefcount(None) > before - 200


def test_the_tried_versions_are_installed():
    qt = tuple(int(part) for part in version("PySide6-Essentials").split(".")[:2])
    assert (6, 10) <= qt < (6, 12)
    assert version("pyqtgraph").startswith("0.14.")


def test_make_installs_what_a_window_looks_for():
    installed = (Path(screen.__file__).parents[1] / ".ci" / "system-libraries").read_text("utf-8")
    for _, package in (*screen.NEEDED, *screen.NEEDED_BY_X11):
        assert package in re.findall(r"[\w.-]+", installed), package
