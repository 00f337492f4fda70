"""How smooth the window is, in ms: start, opening a network, and a step with its repaint in each arrangement.

A frame is 16 ms. Everything is drawn offscreen, into memory: a real display adds what its own driver takes.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["QT_QPA_PLATFORM"] = "offscreen"
BEGIN = time.perf_counter()
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from bench_run import LARGE  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from stepper import app  # noqa: E402
from stepper.arrangement import ARRANGEMENTS  # noqa: E402
from stepper.main_window import MainWindow  # noqa: E402

SIZES = ((1280, 720), (2560, 1440))
STEPS = 30


def settle() -> None:
    """Let the window do all that is waiting."""
    for _ in range(20):
        QApplication.processEvents()


def step(window: MainWindow) -> float:
    """Do an operation and draw it; returns how long that took, in ms."""
    begin = time.perf_counter()
    window.controller.later("operation")
    window.drawer.draw_now()
    QApplication.processEvents()
    return (time.perf_counter() - begin) * 1000


def opened(window: MainWindow, target: str) -> float:
    """Open a network and draw it; returns how long that took, in ms."""
    begin = time.perf_counter()
    window.controller.open(target)
    window.drawer.draw_now()
    QApplication.processEvents()
    return (time.perf_counter() - begin) * 1000


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        large = Path(folder) / "large.py"
        large.write_text(LARGE, "utf-8")
        running = app.start("xor", Path(folder) / "settings.ini")
        running.window.resize(*SIZES[0])
        running.window.drawer.draw_now()
        QApplication.processEvents()
        print(f"start, Python and Qt included, to the first picture: {(time.perf_counter() - BEGIN) * 1000:6.0f} ms")
        window = running.window
        for name, target in (("2-3-1 (xor)", "xor"), ("784-128-64-10, batch 64", str(large))):
            for width, height in SIZES:
                window.resize(width, height)
                for arrangement in ARRANGEMENTS:
                    window.arrange(arrangement)
                    settle()
                    first = opened(window, target)
                    settle()
                    times = sorted(step(window) for _ in range(STEPS))
                    print(
                        f"{name:24} {width}×{height} {arrangement:8} opened {first:6.1f} ms   "
                        f"a step {statistics.median(times):5.1f} ms, the slowest of {STEPS} {times[-1]:5.1f} ms"
                    )
        window.close()
        running.reporter.remove()


if __name__ == "__main__":
    main()
