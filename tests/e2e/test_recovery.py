"""Two windows on saved networks are killed: the next start offers both, exactly as they stood, whatever became of the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.driving import network

Seen = dict[str, Any]


def kept(screen: Any) -> list[Path]:
    """The sessions that are kept."""
    return list(Path(screen.environment["HOME"]).rglob("drafts/*.stepper"))


@pytest.fixture
def killed(screen: Any, starting: Any, seen_soon: Any, tmp_path: Path) -> dict[str, Seen]:
    """What two windows showed when they were killed, by the name of their file."""
    left: dict[str, Seen] = {}
    for n, name in enumerate(("one.npz", "two.npz")):
        np.savez(tmp_path / name, **network(n))
        app = starting("open", str(tmp_path / name))
        app.press(*["shift+Page_Down"] * 3, *["Right"] * (4 + n))
        app.press("F5")
        app.until(lambda seen: "running" in seen["status"] or "iteration 3" in seen["status"], "it to run")
        app.press("F5")
        app.until(lambda seen: "running" not in seen["status"] and seen["drawn"], "it to stop")
        seen_soon(lambda n=n: len(kept(screen)) == n + 1, "the session to be kept")
        left[name] = app.read()
        app.process.kill()
        app.process.wait()
    return left


def take(app: Any, name: str) -> Seen:
    """Open what is offered, by keys."""
    app.until(lambda seen: name in seen["editor"]["offer"], f"{name} to be offered")
    app.press("alt+o")
    return app.until(lambda seen: seen if seen["title"].startswith(f"● {name}") and seen["drawn"] else None, name)


def same(seen: Seen, before: Seen) -> None:
    for part in ("status", "labels"):
        assert seen[part] == before[part], part


def test_both_come_back_and_one_whose_network_is_gone(killed: dict[str, Seen], newcomer: Any, tmp_path: Path) -> None:
    (tmp_path / "two.npz").unlink()
    seen = newcomer.until(lambda now: now if now["editor"]["offer"] else None, "the offer")
    assert "two.npz" in seen["editor"]["offer"] and "1 more" in seen["editor"]["offer"]
    same(take(newcomer, "two.npz"), killed["two.npz"])
    same(take(newcomer, "one.npz"), killed["one.npz"])


def test_a_damaged_one_is_a_sentence_and_the_other_is_declined(
    killed: dict[str, Seen], screen: Any, newcomer: Any, seen_soon: Callable[..., Any]
) -> None:
    for path in kept(screen):
        if json.loads(path.with_suffix(".json").read_text("utf-8"))["title"] == "two.npz":
            path.write_bytes(path.read_bytes()[:-200])
    newcomer.until(lambda now: "two.npz" in now["editor"]["offer"], "the offer")
    newcomer.press("alt+o")
    seen = newcomer.until(lambda now: now if now["message"] else None, "a sentence")
    assert "cannot be opened again" in seen["message"] and seen["title"] == "Backprop Stepper"
    newcomer.press("alt+y")
    newcomer.until(lambda now: "one.npz" in now["editor"]["offer"], "the other one")
    newcomer.press("alt+y")
    newcomer.until(lambda now: not now["editor"]["offer"], "the offer to go")
    assert kept(screen) == []


def test_what_another_window_took_is_not_opened_twice(killed: dict[str, Seen], newcomer: Any, starting: Any) -> None:
    newcomer.until(lambda now: "two.npz" in now["editor"]["offer"], "the offer")
    second = starting()
    second.until(lambda now: "two.npz" in now["editor"]["offer"], "the same offer")
    newcomer.screen.do("windowactivate", newcomer.window)
    take(newcomer, "two.npz")
    second.screen.do("windowactivate", "--sync", second.window)
    second.press("alt+o")
    seen = second.until(lambda now: now if "one.npz" in now["editor"]["offer"] else None, "the other one")
    assert seen["title"] == "Backprop Stepper" and "Another window" in seen["message"]
