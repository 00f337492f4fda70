"""Sessions for the value view, and what it shows, read from outside."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.library import open_target
from core.session import Session
from stepper.views.value import HEAT, ValueView

SHAPES = """\
# data
X = np.arange(24.0).reshape(2, 3, 4)
V = np.array([1.5, -2.0, 0.0])
E = np.zeros((0, 3))
N = np.array([[np.nan, 1.0, -np.inf], [np.inf, -0.0, 0.1]])
# parameters
W = np.array([[0.5, -0.25]])
lr = 0.1
# forward
B = V > 0
S = X * 2
D = N * 2
L = sum(W * W)
"""


def value(session: Session, label: str) -> int:
    return next(v.index for v in session.program.values if v.label == label)


def show(view: ValueView, session: Session, label: str, cell: tuple[int, ...] | None = None, part: int = HEAT) -> np.ndarray:
    session.select(value(session, label), cell)
    view.show_part(part)
    view.draw(session.moment())
    array = session.moment().value(value(session, label))
    assert array is not None
    return array


def table(view: ValueView) -> list[list[str]]:
    model = view.table.numbers
    return [[str(model.index(i, j).data()) for j in range(model.columnCount())] for i in range(model.rowCount())]


def image(widget: QWidget) -> np.ndarray:
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(picture.constBits(), np.uint32).reshape(picture.height(), -1)[:, : picture.width()].copy()


def shown_view(qtbot: QtBot) -> tuple[QWidget, ValueView]:
    """A window with a value view in it, shown and active; both are to be kept."""
    window = QWidget()  # a view shown by itself would have Qt warn of size hints
    window.resize(900, 700)
    qtbot.addWidget(window)
    widget = ValueView(window)
    widget.resize(420, 480)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window, widget


def at_end(target: str, iteration: int) -> Session:
    """A session at the end of an iteration."""
    session = Session(open_target(target).program, target)
    session.go(iteration, len(session.program))
    return session
