"""Facts about the parts that the pins in pyproject.toml stand for; each would abort or crash the app."""

from __future__ import annotations

import sys
from importlib.metadata import version

from PySide6.QtCore import QObject


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
