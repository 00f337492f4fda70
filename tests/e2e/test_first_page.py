"""What a newcomer does: start, Enter, step; ask for a panel, float it, and still step; by keys and mouse alone."""

from __future__ import annotations

from typing import Any


def test_from_the_first_page_to_the_first_step(newcomer: Any) -> None:
    assert newcomer.read()["title"] == "Backprop Stepper"
    assert newcomer.read()["focus"] == "Watch one iteration"
    newcomer.press("Return")
    newcomer.shows("iteration 1 · epoch 1 · 0 of 29 done · → forward")
    newcomer.press("Right")
    newcomer.shows("iteration 1 · epoch 1 · 1 of 29 done")
    newcomer.press("alt+Home")
    newcomer.until(lambda seen: seen["focus"] == "Watch one iteration", "the first page")
    newcomer.press("Right", "F5")
    assert newcomer.read()["status"].startswith("iteration 1 · epoch 1 · 1 of 29 done")


def test_a_panel_comes_by_a_key_floats_and_the_arrows_still_step(app: Any) -> None:
    app.press("alt+5")
    app.until(lambda seen: "value" in seen["panels"], "the panel")
    assert app.read()["panels"]["value"]["focus"]
    x, y = app.read()["panels"]["value"]["float"]
    app.screen.do("mousemove", str(x), str(y), "click", "1")
    app.until(lambda seen: seen["panels"]["value"]["floating"], "the panel to float")
    app.press("Right")
    app.shows("iteration 1 · epoch 1 · 1 of 29 done")
    x, y = app.read()["panels"]["value"]["float"]
    app.screen.do("mousemove", str(x), str(y), "click", "1")
    app.until(lambda seen: not seen["panels"]["value"]["floating"], "the panel to come back")
    app.press("ctrl+shift+p")
    app.screen.do("type", "--delay", "30", "reset arr")
    app.press("Return")
    app.until(lambda seen: "value" not in seen["panels"], "the arrangement to come back")
    app.press("Right")
    app.shows("iteration 1 · epoch 1 · 2 of 29 done")
