"""Damaged files: cut short, with bytes changed; and what every one of them must end in."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from hypothesis import strategies as st

from core.files.problem import FileProblem
from core.files.saved import Saved
from core.files.worker import Worker

FUZZ = max(1, int(os.environ.get("STEPPER_FUZZ", "1")))
"""How many times as many examples as usual."""
_TELLING = (0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF)


def outcome(worker: Worker, path: Path) -> Saved | str:
    """Read a file: what it holds, or the one sentence in its place. Anything else, such as another error, fails the test."""
    before = sorted(p.name for p in path.parent.iterdir())
    start = time.monotonic()
    try:
        got: Saved | str = worker.read(path)
    except FileProblem as error:
        got = str(error)
        check_sentence(got, path.name)
    assert time.monotonic() - start < 15, "it must be stopped after 10 seconds"
    assert sorted(p.name for p in path.parent.iterdir()) == before, "reading creates nothing"
    return got


def problem(path: Path, worker: Worker | None = None) -> str:
    """Read a file that cannot be read, in a process of its own, and return the sentence."""
    if worker is not None:
        got = outcome(worker, path)
    else:
        with Worker() as own:
            got = outcome(own, path)
    assert isinstance(got, str), f"{path.name} was read: {got}"
    return got


def check_sentence(text: str, name: str = "") -> None:
    """Fail unless it is one sentence that can be shown as it stands, and is no traceback."""
    assert text.isprintable(), repr(text)
    assert 10 < len(text) < 900, text
    assert "Traceback" not in text and not text.endswith(("\n", ".")), text
    if name and name.isprintable() and len(name) < 60:
        assert text.startswith(f"{name}: "), text


def truncated(data: bytes, most: int = 2000) -> Iterator[bytes]:
    """Give the beginnings of a file of every length from 0 on, or of `most` lengths evenly spread."""
    step = max(1, -(-len(data) // most))
    for n in range(0, len(data), step):
        yield data[:n]


@st.composite
def mutations(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file with a few bytes set, inserted, removed, doubled, or numbers in it replaced by telling ones."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        if not data:
            break
        # Headers are at the beginning, a zip's directory is at the end: most changes in the middle hit numbers, and say nothing.
        place = draw(st.sampled_from(("begin", "end", "any")))
        reach = len(data) if place == "any" else min(len(data), 300)
        at = draw(st.integers(0, reach - 1))
        at = len(data) - 1 - at if place == "end" else at
        how = draw(st.sampled_from(("set", "flip", "number", "insert", "remove", "double")))
        length = draw(st.integers(1, 16))
        if how == "set":
            data[at] = draw(st.integers(0, 255))
        elif how == "flip":
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "number":
            data[at : at + 8] = bytes([draw(st.sampled_from(_TELLING))]) * draw(st.sampled_from((1, 2, 4, 8)))
        elif how == "insert":
            data[at:at] = draw(st.binary(min_size=1, max_size=16))
        elif how == "remove":
            del data[at : at + length]
        else:
            data[at:at] = data[at : at + length]
    return bytes(data)
