"""A picture of the window or of one view at a position, without a display."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

from core.errors import StepperError
from core.library import Opened, open_target
from stepper.saving import save_bytes
from stepper.screen import missing_libraries

if TYPE_CHECKING:
    from PySide6.QtGui import QImage, QPixmap
    from PySide6.QtWidgets import QWidget

    from core.session import Session
    from stepper.arrangement import Arrangement

VIEWS = (
    "window", "program", "network", "graph", "operation", "line", "update", "value", "why", "data", "predict", "loss", "curves",
    "notes", "problems", "check", "conditioning", "compare", "editor", "diagnosis", "course", "lesson",
    "saved", "tensor", "stepping",
)  # fmt: skip
THEMES = ("light", "dark")
ARRANGED: tuple[Arrangement, ...] = ("learn", "write", "debug", "inspect")
"""The arrangements of the window; written here once more so that the command line need not load Qt to know them."""
SMALLEST, LARGEST = 100, 10000
CHOICE = re.compile(r"\s*([^\s\[\]]+)\s*(?:\[([-\d\s,]*)\])?\s*")


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
    arrangement: str = "learn",
    select: str = "",
    lesson: str = "",
) -> None:
    """Save a PNG of a view where `step` operations of an iteration are done (all of them by default).

    Every iteration before it is run, so that the loss curve is there. `select` is a value, `dW2`, or a cell of one,
    `dW2[0, 1]`, chosen as a click in the program does. `lesson` is the TARGET of a lesson: its panel shows the first step.

    Raises:
        StepperError: with one sentence, if the target, the position, the value, the size or the file is not possible.
    """
    path = Path(out)
    if view not in VIEWS or theme not in THEMES or arrangement not in ARRANGED:
        raise PictureError(
            f"the view is one of {', '.join(VIEWS)}, the theme one of {', '.join(THEMES)}, "
            f"the arrangement one of {', '.join(ARRANGED)}"
        )
    if not all(SMALLEST <= length <= LARGEST for length in size):
        raise PictureError(f"a picture is {SMALLEST} to {LARGEST} pixels wide and high, such as 1600x1000")
    if path.suffix.lower() != ".png":
        raise PictureError(f"{path} should end in .png; pictures are saved as PNG")
    if not path.absolute().parent.is_dir():
        raise PictureError(f"there is no folder {path.absolute().parent}; make it first, or choose another")
    opened = open_target(target) if isinstance(target, str) else target
    session = standing(opened, iteration, step)
    chosen = choice(session, select) if select else None
    with Studio() as studio:
        studio.open(session, theme, opened)
        if lesson and view == "lesson":
            studio.open_lesson(lesson)
        if chosen is not None:
            studio.choose(*chosen)
        save_bytes(path, png(studio.take(view, size, arrangement)))


def standing(opened: Opened, iteration: int, step: int | None) -> Session:
    """Return a session where `step` operations of an iteration are done; raises PictureError."""
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


def choice(session: Session, text: str) -> tuple[int, tuple[int, ...] | None]:
    """Return the value, by its index, and the cell that `dW2` or `dW2[0, 1]` names; raises PictureError."""
    found = CHOICE.fullmatch(text)
    program, moment = session.program, session.moment()
    if found is None:
        raise PictureError(f"`{text}` is neither a value such as dW2 nor a cell such as dW2[0, 1]")
    name, inside = found.groups()
    labels = {value.label: index for index, value in enumerate(program.values)}
    names = {value.name for value in program.values}
    if name not in labels and name not in names:
        raise PictureError(f"there is no value {name} in this program; --select wants a name as the program shows it")
    # A name stands for what it is now, a label such as Z1.1 or W1_next for that one version.
    now = moment.current(name)
    index = labels[name] if now is None else now
    if inside is None:
        return index, None
    shape = moment.shape(index)
    try:
        cell = tuple(int(part) for part in inside.split(",") if part.strip())
    except ValueError:
        cell = ()
    if shape is None or len(cell) != len(shape) or not all(0 <= i < n for i, n in zip(cell, shape, strict=True)):
        size = "unknown" if shape is None else "×".join(map(str, shape)) or "a single number"
        raise PictureError(f"{name} has no cell [{inside.strip()}]: its size is {size}, and cells count from 0")
    return index, cell


class Studio:
    """A window that nobody sees, to take pictures of; many pictures can be taken in one `with`.

    Raises PictureError where Qt cannot draw here.
    """

    def __enter__(self) -> Self:
        _prepare()
        from stepper.controller import Controller
        from stepper.main_window import MainWindow
        from stepper.settings import Settings

        self._folder = TemporaryDirectory()
        self.window = MainWindow(Controller(), Settings(Path(self._folder.name) / "settings.ini"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.window.close()
        self.window.deleteLater()
        self._folder.cleanup()

    def open(self, session: Session, theme: str, opened: Opened | None = None) -> None:
        """Have the pictures show a session from now on, in the colours of a theme; `opened` is what it was opened as."""
        self.window.set_theme(theme)
        if self.window.controller.session is not session:
            saved = None if opened is None else opened.saved
            self.window.controller.take(session, "" if saved is None else saved.path)
            if opened is not None:
                self.window.inspecting.show(opened)

    def open_lesson(self, target: str) -> None:
        """Have the panel of lessons show the first step of one; returns when its numbers are worked out."""
        from PySide6.QtWidgets import QApplication

        lessons = self.window.lessons
        lessons.open(target)
        while lessons.work.waits or lessons.state.busy:
            QApplication.processEvents()

    def choose(self, value: int, cell: tuple[int, ...] | None) -> None:
        """Choose a value, by its index, and perhaps a cell, as a click in the program does."""
        self.window.program_view.value_clicked.emit(value, cell)

    def take(self, view: str, size: tuple[int, int], arrangement: str = "learn") -> QPixmap:
        """Return a picture of the window, or of one view by itself, in a size in pixels."""
        window = self.window
        if view == "window":
            window.setMinimumSize(1, 1)
            window.resize(*size)
            window.show()
            if window.panels.arrangement != arrangement:
                window.panels.arrange(cast("Arrangement", arrangement))
            return self._grab(window)
        found, dock = window.panels.view(view), window.panels.docks[view]
        window.hide()
        found.setParent(None)
        found.setMinimumSize(1, 1)
        found.resize(*size)
        found.show()
        pixmap = self._grab(found)
        dock.setWidget(found)
        return pixmap

    def _grab(self, shown: QWidget) -> QPixmap:
        from PySide6.QtWidgets import QApplication

        from stepper.views.editor import EditorView

        window, session = self.window, self.window.controller.session
        for _ in range(4):
            QApplication.processEvents()
        while window.inspecting.work.busy:
            QApplication.processEvents()
        if window.panels.is_shown("diagnosis") or shown is window.panels.views.get("diagnosis"):
            window.diagnosing.check()
            while window.diagnosing.state.busy:
                QApplication.processEvents()
        editor = window.panels.views.get("editor")
        while isinstance(editor, EditorView) and editor.is_busy:
            QApplication.processEvents()
        window.drawer.draw_now()
        if session is not None:
            while not session.tracks.fill(1.0):  # what the curves wait for
                pass
            window.drawer.show(session.moment())
        window.drawer.draw_now()
        for _ in range(4):
            QApplication.processEvents()
        window.drawer.draw_now()
        return shown.grab()


def png(picture: QPixmap | QImage) -> bytes:
    """Return a picture as a PNG file, as small as can be; raises PictureError."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QImageWriter, QPixmap

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"png"))
    writer.setCompression(100)
    if not writer.write(picture.toImage() if isinstance(picture, QPixmap) else picture):
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
