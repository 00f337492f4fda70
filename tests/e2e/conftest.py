"""A real X server with a real window manager, and the real app in it, driven by keys and mouse.

The app runs in a process of its own, started by its own entry point; `reading_app.py` lets the test ask
what the widgets show. Where the programs for this are not installed, these tests say so and are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = {"Xvfb": "xvfb", "openbox": "openbox", "xdotool": "xdotool", "import": "imagemagick"}
PATIENCE = 60.0


def until(found: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Ask until there is an answer; fails after a while, saying what was waited for."""
    end = time.monotonic() + patience
    while True:
        answer = found()
        if answer:
            return answer
        if time.monotonic() > end:
            pytest.fail(f"waited {patience:.0f} s for {what}")
        time.sleep(0.03)


def end(process: subprocess.Popen[Any]) -> None:
    """End a process that we started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


class Screen:
    """A display with a window manager; keys and mouse go to it by xdotool."""

    def __init__(self, number: str, home: Path) -> None:
        dropped = ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "XAUTHORITY")
        self.environment = {k: v for k, v in os.environ.items() if k not in dropped}
        self.environment |= {"DISPLAY": f":{number}", "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
        self.environment |= {"XDG_DATA_HOME": str(home / "data"), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}

    def do(self, *words: str) -> str:
        """Run xdotool; returns what it prints, empty if it failed."""
        done = subprocess.run(["xdotool", *words], env=self.environment, capture_output=True, text=True, timeout=PATIENCE)
        return done.stdout.strip() if done.returncode == 0 else ""

    def pixels(self) -> bytes:
        """Return everything that is on the screen, as ImageMagick reads it from the X server."""
        return subprocess.run(
            ["import", "-window", "root", "rgb:-"], env=self.environment, capture_output=True, timeout=PATIENCE
        ).stdout


class App:
    """The running app."""

    def __init__(self, screen: Screen, *arguments: str) -> None:
        self.screen = screen
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("reading_app.py")), *arguments],
            env=screen.environment, cwd=screen.environment["HOME"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait(self) -> App:
        """Wait until the window is there and has the keyboard."""
        self.window = until(self._find, "the window").splitlines()[0]
        until(self._is_active, "the window to be active")
        return self

    def end(self) -> None:
        """End the app, if it has not ended by itself."""
        end(self.process)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def _find(self) -> str:
        assert self.process.poll() is None, "the app ended by itself"
        pid = str(self.process.pid)
        return self.screen.do("search", "--all", "--onlyvisible", "--pid", pid, "--name", "Backprop Stepper$")

    def _is_active(self) -> bool:
        self.screen.do("windowactivate", self.window)
        return self.screen.do("getactivewindow") == self.window and bool(self.read()["focus"])

    def read(self) -> dict[str, Any]:
        """Return what the window shows now."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("read\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the app ended by itself"
        seen = json.loads(line)
        assert "trouble" not in seen, seen["trouble"]
        return seen

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        self.screen.do("key", "--delay", "20", *keys)

    def type(self, text: str) -> None:
        """Type a text, letter by letter."""
        self.screen.do("type", "--delay", "20", text)

    def until(self, found: Callable[[dict[str, Any]], Any], what: str) -> Any:
        """Wait until what the window shows is as wanted."""
        return until(lambda: found(self.read()), what)

    def shows(self, start: str) -> dict[str, Any]:
        """Wait until the status starts in a certain way and the views have followed; returns what is shown."""

        def found() -> dict[str, Any] | None:
            seen = self.read()
            return seen if seen["status"].startswith(start) and seen["drawn"] else None

        return until(found, f"the status {start!r}")


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    if not sys.platform.startswith("linux"):
        pytest.skip("the window is driven through an X server, on Linux alone")
    missing = [package for program, package in NEEDED.items() if shutil.which(program) is None]
    if missing:
        pytest.skip(f"driving the real window needs {', '.join(missing)}: apt install {' '.join(missing)}")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        # Without -noreset the server starts afresh whenever its last client goes, under the feet of the next one.
        ["Xvfb", "-displayfd", str(writing), "-noreset", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    made = Screen(number, tmp_path_factory.mktemp("home"))
    manager = subprocess.Popen(
        ["openbox"], env=made.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )  # fmt: skip
    try:
        until(lambda: made.do("get_num_desktops"), "the window manager")
        yield made
    finally:
        end(manager)
        end(server)


@pytest.fixture(autouse=True)
def fresh(screen: Screen) -> None:
    """Have each test begin as on a new machine: no settings, no recent files, no unsaved texts of the one before."""
    for folder in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        shutil.rmtree(screen.environment[folder], ignore_errors=True)


@pytest.fixture
def seen_soon() -> Callable[..., Any]:
    """Ask until there is an answer."""
    return until


@pytest.fixture
def starting(screen: Screen) -> Iterator[Callable[..., App]]:
    """Start the app with words, as often as wanted."""
    started: list[App] = []

    def start(*words: str) -> App:
        started.append(App(screen, *words))
        return started[-1].wait()

    try:
        yield start
    finally:
        for running in started:
            running.end()


@pytest.fixture
def opening(starting: Callable[..., App]) -> Callable[[str], App]:
    """Open a program in an app of its own, as often as wanted."""

    def open_(target: str) -> App:
        return starting("open", target)

    return open_


@pytest.fixture
def app(screen: Screen) -> Iterator[App]:
    running = App(screen, "open", "xor")
    try:
        yield running.wait()
    finally:
        running.end()


@pytest.fixture
def newcomer(screen: Screen) -> Iterator[App]:
    """The app as it starts without a target."""
    running = App(screen)
    try:
        yield running.wait()
    finally:
        running.end()


@pytest.fixture
def drop(screen: Screen) -> Iterator[Callable[..., str]]:
    """Drag something to a place on the screen and let it go there; returns what the window did with it."""
    sources: list[subprocess.Popen[str]] = []

    def drop(place: list[int], kind: str, *words: object) -> str:
        words_ = [sys.executable, str(Path(__file__).with_name("drag_source.py")), kind, *map(str, words)]
        source = subprocess.Popen(words_, env=screen.environment, stdout=subprocess.PIPE, text=True)
        sources.append(source)
        assert source.stdout is not None
        hold = [int(x) for x in source.stdout.readline().split()]
        screen.do("mousemove", *map(str, hold))
        screen.do("mousedown", "1")
        x, y = place
        for at in ((hold[0] + 6, hold[1] + 6), (hold[0] + 30, hold[1] + 20), (x - 9, y - 5), (x - 3, y - 2), (x, y)):
            screen.do("mousemove", *map(str, at), "sleep", "0.15")
        screen.do("mouseup", "1")
        return source.stdout.readline().strip()  # the source stays: it is asked for the rest after that

    yield drop
    for source in sources:
        end(source)
        if source.stdout is not None:
            source.stdout.close()
