"""A file opened from the file manager: the entry of the desktop starts the app with it, and trouble is said in a window."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ENTRY = "applications/backprop-stepper.desktop"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The same network under names that are hard for a shell, an entry or an address."""
    names = ("a b.npz", "100%20 %f.npz", 'it\'s "$HOME" `x`.npz', "ünï→.npz", "-o.npz")
    for name in names:
        np.savez(tmp_path / name, W1=np.ones((3, 2)), b1=np.zeros(2))
    return [tmp_path / name for name in names]


@pytest.fixture
def entry(screen: Any) -> Path:
    """The installed entry."""
    stepper = shutil.which("stepper", path=str(Path(sys.executable).parent))
    if stepper is None:
        pytest.skip("the app is not installed beside this Python")
    subprocess.run([stepper, "desktop", "install"], env=screen.environment, check=True, capture_output=True)
    return Path(screen.environment["XDG_DATA_HOME"]) / ENTRY


def started_with(entry: Path, file: str) -> list[str]:
    """What the app is started with for a file, as the specification of entries has it."""
    line = next(x for x in entry.read_text("utf-8").splitlines() if x.startswith("Exec=")).removeprefix("Exec=")
    words = [file if word == "%f" else word.replace("%%", "%") for word in shlex.split(line)]
    return [word for word in words[1:] if word]


def test_any_name_opens_and_without_a_file_the_first_page(entry: Path, files: list[Path], starting: Any) -> None:
    for file in files:
        app = starting(*started_with(entry, str(file)))
        assert app.read()["title"] == f"{file.name} — Backprop Stepper"
        app.end()
    assert starting(*started_with(entry, "")).read()["title"] == "Backprop Stepper"


def test_a_damaged_file_is_a_sentence_in_the_window(entry: Path, files: list[Path], tmp_path: Path, starting: Any) -> None:
    bad = tmp_path / "half.npz"
    bad.write_bytes(files[0].read_bytes()[:200])
    seen = starting(*started_with(entry, str(bad))).read()
    assert "half.npz" in seen["message"] and seen["title"] == "Backprop Stepper"
    assert "gone.stepper" in starting(*started_with(entry, str(tmp_path / "gone.stepper"))).read()["message"]


@pytest.fixture
def launched(screen: Any) -> Iterator[list[int]]:
    """Processes that others have started for us."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        os.kill(pid, signal.SIGTERM)


def test_the_desktop_itself_opens_it(entry: Path, files: list[Path], screen: Any, launched: list[int], seen_soon: Any) -> None:
    gio = shutil.which("gio")
    if gio is None or shutil.which("update-mime-database") is None:
        pytest.skip("needs gio and update-mime-database: apt install libglib2.0-bin shared-mime-info")
    subprocess.run([gio, "open", str(files[1])], env=screen.environment, check=True, timeout=60)
    found = seen_soon(lambda: screen.do("search", "--onlyvisible", "--name", "^100%20 %f.npz .+ Backprop Stepper$"), "the window")
    launched.append(int(screen.do("getwindowpid", found.splitlines()[0])))
