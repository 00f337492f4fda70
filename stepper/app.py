"""Starting the window. Importing this needs no Qt; everything of Qt is loaded when a window is asked for."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.document import open_document
from core.files.document import is_document
from core.library import Opened, open_target
from core.saved_target import is_saved, read_saved
from core.session import session_of
from stepper.screen import choose_platform, display_available, missing_libraries, platforms

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from stepper.crash import CrashReporter
    from stepper.main_window import MainWindow

__all__ = ["Running", "display_available", "missing_libraries", "platforms", "run", "start"]


@dataclass
class Running:
    """What lives as long as the app does."""

    application: QApplication
    window: MainWindow
    reporter: CrashReporter


def start(target: str | None, settings_path: Path | None = None, opened: Opened | None = None) -> Running:
    """Make the window on a TARGET, without one on the first page, and show it; the event loop is the caller's.

    `opened` is what the target was opened as, if it was already.

    Raises:
        StepperError: if the target cannot be opened; nothing is made then.
    """
    restored = open_document(Path(target)) if target is not None and is_document(target) else None
    saved = target is not None and opened is None and is_saved(target)
    if saved and target is not None:
        read_saved(target)  # what cannot be read is said before a window is made; what was read is kept a while
    elif target is not None and restored is None:
        opened = opened or open_target(target)
    choose_platform()
    from stepper.application import application
    from stepper.controller import Controller
    from stepper.crash import CrashReporter
    from stepper.main_window import MainWindow
    from stepper.settings import Settings

    made = application()
    window = MainWindow(Controller(), Settings(settings_path))
    reporter = CrashReporter(parent=window)
    reporter.said.connect(window.say)
    reporter.install()
    if restored is not None and target is not None:
        window.controller.take(restored.session, target, restored)
    elif saved and target is not None:
        window.show_first_page()
        window.inspecting.read(target)
    elif opened is not None and opened.saved is not None:
        window.inspecting.take(opened)
    elif opened is None or target is None:
        window.show_first_page()
    else:
        window.controller.take(session_of(opened), target)
    window.open_up()
    return Running(made, window, reporter)


def run(target: str | None, opened: Opened | None = None, said: str = "") -> int:
    """Show the window on a TARGET or the first page until it is closed, with a sentence in it; returns the exit status."""
    running = start(target, opened=opened)
    if said:
        running.window.say(said)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return running.application.exec()
    finally:
        running.reporter.remove()
