"""What a reader of files makes of one, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.files.limits import LIMITS
from core.files.problem import FileProblem
from core.files.saved import Saved


def outcome(reader: Callable[[Path, object], Saved], path: Path) -> Saved | str:
    """Return what a reader makes of a file: a `Saved` that passes its own check, or the one sentence of a problem."""
    try:
        saved = reader(path, LIMITS)
    except FileProblem as error:
        sentence = str(error)
        assert sentence
        assert "\n" not in sentence
        assert len(sentence) < 500
        assert sentence.isprintable()
        return sentence
    return Saved.from_data(saved.to_data())
