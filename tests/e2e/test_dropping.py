"""Files dragged by the mouse from another program, as from a file manager, onto the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.driving import go_to, network

Drop = Callable[..., str]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A network of 3, 4 and 2 units, in a file with an odd name."""
    path = tmp_path / "a net, 100% & “mine”.npz"
    np.savez(path, **network(4))
    return path


def test_a_network_is_dropped_on_the_first_page(newcomer: Any, drop: Drop, file: Path) -> None:
    assert drop(newcomer.read()["middle"], "files", file) == "CopyAction"
    seen = newcomer.until(lambda now: now if now["saved"] and now["drawn"] else None, "the file")
    assert seen["title"] == f"{file.name} — Backprop Stepper"
    assert file.is_file()  # it is opened, not moved


@pytest.mark.parametrize("panel", ["network", "program", "operation"])
def test_a_network_is_dropped_on_a_panel(app: Any, drop: Drop, file: Path, panel: str) -> None:
    assert drop(app.read()["places"][panel], "files", file) == "CopyAction"
    app.until(lambda now: now["title"] == f"{file.name} — Backprop Stepper", "the file")


def test_a_network_is_dropped_on_a_lesson(newcomer: Any, drop: Drop, file: Path) -> None:
    go_to(newcomer, "Lessons")
    newcomer.press("Down", "Up", "Return")
    seen = newcomer.until(lambda now: now if now["lesson"] and now["lesson"]["stands"] else None, "the lesson")
    assert drop(seen["places"]["lesson"], "files", file) == "CopyAction"
    newcomer.until(lambda now: now["title"] == f"{file.name} — Backprop Stepper", "the file")


def test_what_cannot_be_opened_is_one_sentence_and_changes_nothing(app: Any, drop: Drop, file: Path, tmp_path: Path) -> None:
    app.press("Right")
    app.shows("iteration 1 · epoch 1 · 1 of")
    before = app.read()
    bad = tmp_path / "half.npz"
    bad.write_bytes(file.read_bytes()[:300])
    place = before["places"]["network"]
    for kind, words, said in (
        ("files", [bad], "half.npz"), ("files", [file, bad], "2 files were dropped"), ("files", [tmp_path], "is a folder"),
        ("urls", ["https://example.org/net.npz"], "https://example.org/net.npz is an address"),
    ):  # fmt: skip
        assert drop(place, kind, *words) == "CopyAction"
        seen = app.until(lambda now, said=said: now if said in now["message"] else None, f"{said!r}")
        for part in ("title", "status", "lines", "matrices", "labels"):
            assert seen[part] == before[part], (said, part)
        app.press("Escape")
        app.until(lambda now: not now["message"], "the sentence to go")
    assert drop(place, "text", "Z1 = 5") == "IgnoreAction"
    assert app.read()["lines"] == before["lines"]


def test_a_file_dropped_on_the_editor_opens_and_a_text_is_written_into_it(app: Any, drop: Drop, file: Path) -> None:
    app.press("ctrl+e")
    seen = app.until(lambda now: now if now["editor"].get("text") else None, "the editor")
    place = seen["places"]["editor"]
    assert drop(place, "text", "typed = 1") == "CopyAction"
    app.until(lambda now: "typed = 1" in now["editor"]["text"], "the text")
    app.press("ctrl+z")
    assert drop(place, "files", file) == "CopyAction"
    app.until(lambda now: now["title"] == f"{file.name} — Backprop Stepper", "the file")
    assert str(file) not in str(app.read()["editor"])
