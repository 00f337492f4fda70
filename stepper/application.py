"""The one QApplication: its name, its icon, its language."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication

from stepper import i18n, resources

NAME = "stepper"


def application() -> QApplication:
    """Return the QApplication, made and named if there is none yet."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QApplication.setApplicationName(NAME)
    QApplication.setOrganizationName("backprop-stepper")
    QApplication.setApplicationDisplayName("")
    QApplication.setDesktopFileName("backprop-stepper")
    made = QApplication(sys.argv[:1])
    made.setStyle("Fusion")
    made.setWindowIcon(resources.app_icon())
    i18n.install(made)
    return made
