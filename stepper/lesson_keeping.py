"""What is kept of lessons between runs: how far each was read, and what was answered. Written at once, whole or not."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.lessons.lesson import Lesson
from core.lessons.runs import Asked
from core.lessons.shipped import PREFIX, headings
from stepper.models.lesson_state import Entry, Given
from stepper.settings import Settings

KEY = "lessons"
MOST = 200


@dataclass
class Kept:
    """Of one lesson: the step one was at, how many it has, which were read and in which was done what they ask for.

    `answers` are kept by what was asked, so that a question that was changed since is asked anew.
    """

    at: int = 0
    steps: int = 0
    read: set[int] = field(default_factory=set[int])
    acted: set[int] = field(default_factory=set[int])
    answers: dict[str, Given] = field(default_factory=dict[str, Given])


class Keeping:
    """All that is kept, by lesson."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept = _read(settings.get(KEY))

    def of(self, lesson: Lesson | None) -> Kept:
        """Return what is kept of a lesson, to be changed; `save` writes it."""
        return Kept() if lesson is None else self._kept.setdefault(_key(lesson), Kept())

    def save(self) -> None:
        """Write it down now: whoever closes the window, or whose machine does, finds it again."""
        data = {
            key: {"at": k.at, "steps": k.steps, "read": sorted(k.read), "acted": sorted(k.acted), "answers": k.answers}
            for key, k in list(self._kept.items())[-MOST:]
        }
        self._settings.set(KEY, json.dumps(data))
        self._settings.save()

    def entries(self) -> tuple[Entry, ...]:
        """Return every lesson that comes with the app, with how far it was read."""
        found: list[Entry] = []
        for h in headings():
            kept = self._kept.get(h.name, Kept())
            found.append(Entry(PREFIX + h.name, h.title, h.summary, len(kept.read), kept.steps))
        return tuple(found)


def mark_of(asked: Asked) -> str:
    """Return what the answer to a question is kept by."""
    return f"{zlib.crc32(repr((asked.kind, asked.prompt, asked.options)).encode()):08x}"


def _key(lesson: Lesson) -> str:
    return f"file:{Path(lesson.file).absolute()}" if lesson.file else lesson.name


def _read(text: str) -> dict[str, Kept]:
    """Read what was kept; whatever in it is not as it should be is left out."""
    try:
        data: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    found: dict[str, Kept] = {}
    for key, one in data.items() if isinstance(data, dict) else ():
        if isinstance(one, dict):
            answers = one.get("answers")
            found[str(key)] = Kept(
                _count(one.get("at")), _count(one.get("steps")), _counts(one.get("read")), _counts(one.get("acted")),
                {str(m): a for m, a in answers.items() if _is_given(a)} if isinstance(answers, dict) else {},
            )  # fmt: skip
    return found


def _count(found: Any) -> int:
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else 0


def _counts(found: Any) -> set[int]:
    return {_count(n) for n in found if n == _count(n)} if isinstance(found, list) else set()


def _is_given(found: Any) -> bool:
    return isinstance(found, (int, float, str)) and not isinstance(found, bool)
