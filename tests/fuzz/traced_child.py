"""The reading process as it is, and besides it counts which lines of the readers a file reaches that none reached before."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))

from core.files import child

_READERS = str(Path(child.__file__).parent)
_seen: set[tuple[str, int]] = set()
_fresh = 0


def _trace(frame: FrameType, event: str, _: Any) -> Any:
    global _fresh
    if not frame.f_code.co_filename.startswith(_READERS):
        return None
    if event == "line":
        place = (frame.f_code.co_filename, frame.f_lineno)
        if place not in _seen:
            _seen.add(place)
            _fresh += 1
    return _trace


_answer = child._answer


def _traced(*args: Any) -> Iterator[tuple[bytes, bytes | memoryview]]:
    global _fresh
    _fresh = 0
    sys.settrace(_trace)
    frames = list(_answer(*args))
    args[2].open()  # the guard hears of settrace, too
    sys.settrace(None)
    kind, last = frames.pop()
    yield from frames
    yield kind, json.dumps({**json.loads(bytes(last)), "fresh": _fresh}).encode("ascii")


child._answer = _traced  # type: ignore[assignment]
child.main()
