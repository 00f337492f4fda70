"""How smooth typing is, in ms: a key with its repaint, and the longest the window is busy at a time, with live diagnosis.

A frame is 16 ms. Keys come 120 ms apart, as a person's do: what is looked at and diagnosed runs in between, in pieces.
Everything is drawn offscreen, into memory: a real display adds what its own driver takes.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent), str(Path(__file__).parents[1] / "pictures")]

from own_backward import LARGE_OWN  # noqa: E402
from PySide6.QtCore import Qt  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from stepper import app  # noqa: E402
from stepper.main_window import MainWindow  # noqa: E402
from stepper.views.editor import EditorView  # noqa: E402

LINE = "dZ9 = 2 * (W1 - W1) * (W1 + 1)"
BETWEEN, REST = 0.12, 3.0


def busy(seconds: float) -> list[float]:
    """Let the window work for a while; returns how long it was busy at a time, in ms."""
    end, times = time.perf_counter() + seconds, []
    while (begin := time.perf_counter()) < end:
        QApplication.processEvents()
        took = (time.perf_counter() - begin) * 1000
        if took > 0.5:
            times.append(took)
        else:
            time.sleep(0.001)
    return times


def typed(window: MainWindow, edit: EditorView) -> tuple[list[float], list[float]]:
    """Type a line under `# backward`, key by key; returns the time of each key, and all times that the window was busy."""
    keys: list[float] = []
    waits: list[float] = []
    edit.show_line(next(n for n, line in enumerate(edit.text().split("\n"), 1) if line.startswith("# backward")))
    QTest.keyClick(edit.edit, Qt.Key.Key_End)
    QTest.keyClick(edit.edit, Qt.Key.Key_Return)
    for letter in LINE:
        begin = time.perf_counter()
        QTest.keyClicks(edit.edit, letter)
        edit.repaint()
        keys.append((time.perf_counter() - begin) * 1000)
        waits += busy(BETWEEN)
    waits += busy(REST)
    return keys, waits


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        large = Path(folder) / "large.py"
        large.write_text(LARGE_OWN, "utf-8")
        running = app.start("xor", Path(folder) / "settings.ini")
        window = running.window
        for name, target in (("2-3-1, first seed", "lesson:cost-rises:wrong"), ("784-128-64-10, batch 64", str(large))):
            for width, height in ((1280, 720), (2560, 1440)):
                window.resize(width, height)
                window.arrange("write")
                window.controller.open(target)
                edit = window.panels.view("editor")
                assert isinstance(edit, EditorView)
                busy(REST)
                keys, waits = typed(window, edit)
                print(
                    f"{name:24} {width}×{height}   a key {statistics.median(keys):5.1f} ms, the slowest of {len(keys)} "
                    f"{max(keys):5.1f} ms   busy at a time {statistics.median(waits):5.1f} ms, the longest {max(waits):5.1f} ms"
                )
        window.close()
        running.reporter.remove()


if __name__ == "__main__":
    main()
