"""Starting: never a core dump, never a traceback; pictures; what happens after a mistake of ours."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from core.errors import StepperError
from stepper import screen
from stepper.crash import CrashReporter
from stepper.i18n import install
from stepper.picture import VIEWS, picture
from stepper.saving import SavingError, save_text

ROOT = Path(__file__).parents[2]
NAMES = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_SESSION_TYPE", "XDG_RUNTIME_DIR")
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are found this way on Linux alone")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@on_linux
def test_without_a_display_there_is_no_window(bare: pytest.MonkeyPatch) -> None:
    assert not screen.display_available()
    assert screen.platforms() == []


@on_linux
@pytest.mark.parametrize("display", [":4711", "localhost:4711", "nonsense", "", ":99999", "x" * 300, ":0\n"])
def test_a_display_that_does_not_answer_is_none(bare: pytest.MonkeyPatch, display: str) -> None:
    bare.setenv("DISPLAY", display)
    assert not screen.display_available()


@on_linux
def test_a_wayland_display_that_does_not_answer_is_none(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("WAYLAND_DISPLAY", "wayland-7")
    assert not screen.display_available()
    bare.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert not screen.display_available()


@on_linux
@pytest.mark.parametrize(("asked", "found"), [("offscreen", True), ("minimal", True), ("nonsense", False), ("xcb", False)])
def test_a_platform_that_is_asked_for_is_tried(bare: pytest.MonkeyPatch, asked: str, found: bool) -> None:
    bare.setenv("QT_QPA_PLATFORM", asked)
    assert screen.display_available() == found


@on_linux
def test_missing_libraries_are_named_as_packages(bare: pytest.MonkeyPatch) -> None:
    bare.setattr(screen, "_loads", lambda library: library not in ("libEGL.so.1", "libxcb-cursor.so.0"))
    assert screen.missing_libraries() == ["libegl1", "libxcb-cursor0"]
    assert screen.missing_libraries(window=False) == ["libegl1"]


def test_looking_for_a_display_loads_no_qt() -> None:
    code = (
        "import sys; from stepper import app; app.display_available(); app.missing_libraries();"
        "print([m for m in sys.modules if 'PySide' in m])"
    )
    environment = {k: v for k, v in os.environ.items() if k not in NAMES}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def png_size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", data[16:24])


@pytest.mark.parametrize("view", VIEWS)
def test_pictures_of_every_view(qtbot: QtBot, tmp_path: Path, view: str) -> None:
    picture("xor", 3, 8, view, "dark", (700, 500), tmp_path / "p.png")
    assert png_size(tmp_path / "p.png") == (700, 500)


def test_a_picture_of_a_lesson_shows_its_first_step(qtbot: QtBot, tmp_path: Path) -> None:
    listed, step = tmp_path / "list.png", tmp_path / "step.png"
    for path, lesson in ((listed, ""), (step, "lesson:stale-weight")):
        picture("lesson:stale-weight", view="lesson", size=(420, 640), out=path, lesson=lesson)
    assert QImage(str(step)).size() == QImage(str(listed)).size() and QImage(str(step)) != QImage(str(listed))


def test_there_is_a_picture_of_every_panel() -> None:
    from stepper.arrangement import PANELS

    assert set(VIEWS) == {"window", *(p.id for p in PANELS)} - {"help"}


def test_a_picture_without_a_display(tmp_path: Path) -> None:
    code = "from stepper.picture import picture; picture('rows', size=(640, 480), out='p.png')"
    environment = {k: v for k, v in os.environ.items() if k not in NAMES} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert png_size(tmp_path / "p.png") == (640, 480)


@pytest.mark.parametrize(
    "wrong",
    [
        {"out": "no/folder/p.png"}, {"out": "p.jpg"}, {"view": "nothing"}, {"theme": "pink"}, {"size": (1, 1)},
        {"size": (99999, 100)}, {"step": 30}, {"step": -1}, {"iteration": 0}, {"target": "nothing"},
    ],
    ids=str,
)  # fmt: skip
def test_a_picture_that_cannot_be_is_one_sentence(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, object]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StepperError) as raised:
        picture(**({"target": "xor", "out": "p.png", "size": (300, 200)} | wrong))  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_of_ours_is_written_down_and_said_in_one_sentence(
    qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reporter = CrashReporter(tmp_path / "a" / "problems.log")
    said: list[str] = []
    reporter.said.connect(said.append)
    before = sys.excepthook
    reporter.install()
    try:
        raise_and_report()
    finally:
        reporter.remove()
    assert sys.excepthook is before
    assert len(said) == 1
    assert "your work is still open" in said[0]
    assert str(reporter.path) in said[0]
    assert "Traceback" not in said[0]
    assert "ZeroDivisionError" in reporter.path.read_text("utf-8")
    assert capsys.readouterr() == ("", "")


def raise_and_report() -> None:
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError as error:
        sys.excepthook(type(error), error, error.__traceback__)


def test_the_details_do_not_grow_without_end(qtbot: QtBot, tmp_path: Path) -> None:
    reporter = CrashReporter(tmp_path / "problems.log")
    reporter.path.write_bytes(b"x" * 2_000_000)
    reporter.report(ValueError, ValueError("new"), None)
    assert reporter.path.stat().st_size < 10_000


def test_translations_may_be_absent(qtbot: QtBot) -> None:
    from PySide6.QtCore import QLocale
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance()
    assert application is not None
    for translator in install(application, QLocale("xx_XX")):
        application.removeTranslator(translator)


def test_saving_keeps_the_old_file_when_it_fails(tmp_path: Path) -> None:
    with pytest.raises(SavingError, match="is a folder"):
        save_text(tmp_path, "x")
    with pytest.raises(SavingError, match="cannot be written"):
        save_text(tmp_path / "none" / "a.py", "x")
    real = tmp_path / "real.py"
    real.write_text("old", "utf-8")
    (tmp_path / "link.py").symlink_to(real)
    save_text(tmp_path / "link.py", "new — ∂")
    assert real.read_text("utf-8") == "new — ∂"
    assert (tmp_path / "link.py").is_symlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.py", "real.py"]


def test_nobody_asks_a_widget_for_its_screen() -> None:
    """PySide6 takes the application's screen away with a widget that was asked for it; see stepper.widgets.room."""
    folder = Path(__file__).parents[2] / "stepper"
    code = {p.name: p.read_text("utf-8") for p in folder.rglob("*.py") if p.name != "room.py"}
    assert [name for name, text in code.items() if ".screen()" in text] == []
