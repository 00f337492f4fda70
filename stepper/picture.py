"""A picture of the window or of one view at a position, without a display."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from core.errors import StepperError
from core.library import Opened, open_target
from stepper.saving import save_bytes
from stepper.screen import missing_libraries

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap
    from PySide6.QtWidgets import QWidget

    from core.session import Session

VIEWS = (
    "window", "program", "network", "graph", "operation", "line", "update", "value", "why", "data", "predict", "loss", "curves",
    "notes",
)  # fmt: skip
THEMES = ("light", "dark")
SMALLEST, LARGEST = 100, 10000


class PictureError(StepperError):
    """A picture that cannot be made."""


def picture(
    target: str | Opened,
    iteration: int = 1,
    step: int | None = None,
    view: str = "window",
    theme: str = "light",
    size: tuple[int, int] = (1600, 1000),
    out: Path | str = "picture.png",
) -> None:
    """Save a PNG of a view where `step` operations of an iteration are done (all of them by default).

    Every iteration before it is run, so that the loss curve is there.

    Raises:
        StepperError: with one sentence, if the target, the position, the size or the file is not possible.
    """
    path = Path(out)
    if view not in VIEWS or theme not in THEMES:
        raise PictureError(f"the view is one of {', '.join(VIEWS)}, the theme one of {', '.join(THEMES)}")
    if not all(SMALLEST <= length <= LARGEST for length in size):
        raise PictureError(f"a picture is {SMALLEST} to {LARGEST} pixels wide and high, such as 1600x1000")
    if path.suffix.lower() != ".png":
        raise PictureError(f"{path} should end in .png; pictures are saved as PNG")
    if not path.absolute().parent.is_dir():
        raise PictureError(f"there is no folder {path.absolute().parent}; make it first, or choose another")
    opened = open_target(target) if isinstance(target, str) else target
    session = _session(opened, iteration, step)
    save_bytes(path, _png(session, view, theme, size))


def _session(opened: Opened, iteration: int, step: int | None) -> Session:
    from core.session import session_of

    session = session_of(opened)
    n = len(opened.program)
    k = n if step is None else step
    if iteration < 1 or not 0 <= k <= n:
        raise PictureError(f"iterations count from 1, and this program has {n} operations: --step is 0 to {n}")
    session.go(iteration, k)
    at = session.timeline.position
    if (at.iteration, at.k) != (iteration, k) and step is not None:
        raise PictureError(f"the program cannot go on from operation {at.k} of iteration {at.iteration}; ask for that one")
    return session


def _png(session: Session, view: str, theme: str, size: tuple[int, int]) -> bytes:
    _prepare()
    from PySide6.QtCore import QBuffer, QIODevice

    with TemporaryDirectory() as folder:
        pixmap = _draw(session, view, theme, size, Path(folder))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not pixmap.save(buffer, "PNG"):
        raise PictureError("the picture could not be made; ask for a smaller one")
    return bytes(buffer.data().data())


def _prepare() -> None:
    missing = missing_libraries(window=False)
    if missing:
        raise PictureError(f"libraries are missing; install them, on Debian with `apt install {' '.join(missing)}`")
    from PySide6.QtCore import QCoreApplication

    if QCoreApplication.instance() is None and sys.platform.startswith("linux"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QFontDatabase

    from stepper.application import application

    application()
    if not QFontDatabase.families():
        raise PictureError("there is no font to write with; install one, on Debian: apt install fonts-dejavu-core")


def _draw(session: Session, view: str, theme: str, size: tuple[int, int], folder: Path) -> QPixmap:
    from PySide6.QtWidgets import QApplication

    from stepper.controller import Controller
    from stepper.main_window import MainWindow
    from stepper.settings import Settings

    window = MainWindow(Controller(), Settings(folder / "settings.ini"))
    window.set_theme(theme)
    if view == "window":
        shown: QWidget = window
    else:
        shown = window.panels.view(view)
        shown.setParent(None)
    shown.setMinimumSize(1, 1)
    shown.resize(*size)
    shown.show()
    QApplication.processEvents()
    window.controller.take(session)
    for _ in range(3):
        QApplication.processEvents()
    window.drawer.draw_now()
    while not session.tracks.fill(1.0):  # what the curves wait for
        pass
    window.drawer.show(session.moment())
    window.drawer.draw_now()
    pixmap = shown.grab()
    shown.close()
    if shown is not window:
        shown.deleteLater()
    window.deleteLater()
    return pixmap
