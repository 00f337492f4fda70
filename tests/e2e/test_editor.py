"""Writing a program by keys in the real window: shapes, a fault, a completion, running it, and a process that is killed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

XOR = Path(__file__).parents[2] / "resources" / "examples" / "xor.py"


def test_what_is_typed_is_looked_at_run_and_kept(opening: Callable[[str], Any], tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    shutil.copy(XOR, file)
    app = opening(str(file))
    app.press("ctrl+e")
    app.until(lambda seen: "text" in seen["editor"] and seen["focus"] == "Text of the program", "the editor")
    app.press("ctrl+End")
    app.type("# forward")
    app.press("Return")
    app.type("Q = W1 @ Y")
    seen = app.until(lambda seen: "W1 is 3×2, Y is 1×4" in seen["editor"]["strip"] and seen, "the fault in a sentence")
    assert seen["editor"]["stale"]
    assert not any("Q" in line for line in seen["lines"])
    app.press("BackSpace", "BackSpace")
    app.type(" X")
    app.until(lambda seen: seen["editor"]["shapes"].get("Q = W1 @ X") == "3×4", "the shape of the line")
    app.press("Return")
    app.type("R = sigm")
    app.until(lambda seen: seen["editor"]["choices"], "the list of what can be written")
    app.press("Return")
    app.type("Q")
    app.until(lambda seen: seen["editor"]["shapes"].get("R = sigmoid(Q)") == "3×4", "what was taken from the list")
    app.press("ctrl+Return")
    app.until(lambda seen: not seen["editor"]["stale"] and seen["drawn"], "the text to run")
    app.press("alt+1")
    app.until(lambda seen: any(line.startswith("R = sigmoid(Q)") for line in seen["lines"]), "the new line in the program")
    app.press("ctrl+e")
    app.until(lambda seen: seen["focus"] == "Text of the program", "the editor again")
    app.press("ctrl+End")
    app.type(" # the last words")
    typed = app.until(lambda seen: "the last words" in seen["editor"]["text"] and seen["editor"]["text"], "the last words")
    drafts = Path(app.screen.environment["XDG_CONFIG_HOME"])
    app.until(lambda _: any("the last words" in d.read_text() for d in drafts.rglob("drafts/*.json")), "the text to be kept")
    app.process.kill()
    app.process.wait()
    assert file.read_bytes() == XOR.read_bytes()

    again = opening(str(file))
    again.until(lambda seen: "unsaved text of mine.py" in seen["editor"]["offer"], "the offer of what was typed")
    again.press("alt+o")
    seen = again.until(lambda seen: seen if seen["editor"].get("text") == typed else None, "the editor with the text")
    assert not seen["editor"]["offer"]
    again.press("ctrl+s")
    until_saved = again.until(lambda seen: "Saved" in seen["message"] and seen["message"], "the text to be saved")
    assert str(file) in until_saved
    assert file.read_text() == typed
