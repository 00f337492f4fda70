"""How smooth the window is, in milliseconds: a step repaints in under one frame (16), a first picture comes within 500.

A step is everything from the action to the last pixel: the session's move, drawing every visible view, painting.
Each number is the median (and the slowest) over the steps of two iterations; the ratio beside it is to an empty
repaint of the same window, measured in the same run.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent))

from bench_run import LARGE
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget

from core.complete import load
from core.library import open_target
from core.session import Session
from stepper.application import application
from stepper.controller import Controller
from stepper.main_window import MainWindow
from stepper.settings import Settings

SIZE = (1440, 900)


def painted(app: QApplication, window: MainWindow) -> None:
    """Have everything that waits be drawn and painted."""
    window.drawer.draw_now()
    app.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    app.processEvents()


def empty_repaint(app: QApplication, window: MainWindow) -> float:
    """Return the time that painting the whole window takes when nothing has changed."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for view in window.findChildren(QWidget):
            if view.isVisible():
                view.update()
        app.processEvents()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(app: QApplication, name: str, session: Session, arrangement: str) -> None:
    """Print one line for a program in an arrangement."""
    with tempfile.TemporaryDirectory() as folder:
        window = MainWindow(Controller(), Settings(Path(folder) / "settings.ini"))
        window.resize(*SIZE)
        window.show()
        app.processEvents()
        window.arrange(arrangement)
        app.processEvents()
        start = time.perf_counter()
        window.controller.take(session)
        for _ in range(3):
            painted(app, window)
        first = time.perf_counter() - start
        for _ in range(3):
            window.controller.later()
            painted(app, window)
        times = []
        for _ in range(2 * len(session.program)):
            start = time.perf_counter()
            window.controller.later()
            painted(app, window)
            times.append(time.perf_counter() - start)
        nothing = empty_repaint(app, window)
        middle, slowest = statistics.median(times), max(times)
        print(
            f"{name:>16} {arrangement:>8}  step {middle * 1e3:6.1f} ms (slowest {slowest * 1e3:6.1f})"
            f"  {middle / nothing:5.2f} of a whole repaint  first picture {first * 1e3:6.0f} ms"
        )
        window.close()
        window.deleteLater()
        app.processEvents()


def main() -> None:
    """Measure the two networks in the two arrangements that are stepped in."""
    app = application()
    for arrangement in ("learn", "debug"):
        measure(app, "2-3-1", Session(open_target("xor").program, "xor"), arrangement)
        measure(app, "784-128-64-10", Session(load(LARGE), "large"), arrangement)


if __name__ == "__main__":
    main()
