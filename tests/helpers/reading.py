"""What a reader of files makes of one, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

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


def answers(reader: ModuleType, path: Path, raw: bytes) -> None:
    """Check that bytes are either read by a reader, and then all of them can be sent, or refused by a FileProblem."""
    path.write_bytes(raw)
    try:
        saved = reader.read(path, LIMITS)
        Saved.from_data(saved.to_data())
        for t in saved.tensors:
            if t.where.kind == "worker" and t.readable:
                assert reader.array(path, t.name, None, LIMITS).shape == t.shape
    except FileProblem as problem:
        assert str(problem)
