"""How long each view takes to draw and paint a moment, in milliseconds, beside an empty widget of the same size.

On 784-128-64-10 with a batch of 64, through one iteration; then a program of 1500 lines and a curve of 100 000 points.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from bench_run import LARGE
from PySide6.QtWidgets import QApplication, QWidget

from core.complete import load
from core.session import Moment, Session
from stepper.application import application
from stepper.arrangement import PANELS

SIZE = (900, 600)


def measure(app: QApplication, name: str, view: QWidget, moments: Iterator[Moment]) -> None:
    """Print how long a view takes for each of some moments."""
    room = QWidget()
    room.resize(*SIZE)
    view.setParent(room)
    view.resize(*SIZE)
    room.show()
    app.processEvents()
    draw: Callable[[Moment], None] = getattr(view, "draw", lambda _: None)
    times = []
    for moment in moments:
        start = time.perf_counter()
        draw(moment)
        view.update()
        app.processEvents()
        times.append(time.perf_counter() - start)
    print(f"{name:>14}  middle {statistics.median(times) * 1e3:6.1f} ms  slowest {max(times) * 1e3:6.1f} ms")
    room.close()
    room.deleteLater()
    app.processEvents()


def through(session: Session, select: bool = False) -> Iterator[Moment]:
    """Yield the moments of the second iteration, with a cell of each result selected if asked for."""
    session.go(2, 0)
    for instruction in session.program.instructions:
        session.later()
        if select:
            shape = session.moment().shape(instruction.result) or ()
            session.select(instruction.result, tuple(n // 2 for n in shape))
        yield session.moment()


def main() -> None:
    """Measure an empty widget, then every panel, then what is long."""
    app = application()
    session = Session(load(LARGE), "large")
    measure(app, "nothing", QWidget(), through(session))
    views = {p.id: p.view for p in PANELS if p.id != "help"}
    for name, view in views.items():
        measure(app, name, view(), through(session, select=name in ("why", "value", "update")))
    body = "".join(f"Z{i} = Z{i - 1} + {i}.0\n" for i in range(1, 1500))
    long = Session(load(f"# data\nX = np.ones((2, 3))\n# parameters\nlr = 0.1\n# forward\nZ0 = X * 2.0\n{body}"), "long")
    measure(app, "1500 lines", views["program"](), through(long))
    losses = list(np.random.RandomState(0).rand(100_000))
    moments = (replace(session.moment(), losses=losses[: len(losses) - n]) for n in range(20))
    measure(app, "100 000 losses", views["loss"](), moments)


if __name__ == "__main__":
    main()
