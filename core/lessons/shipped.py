"""The lessons that come with the app, and TARGETs that name a lesson or one of its programs.

A TARGET is `lesson:NAME`, `lesson:NAME:VARIANT`, or the path of a file that ends in `.lesson.toml`, with `:VARIANT` or without.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources as package_files
from pathlib import Path
from typing import NamedTuple

from core.errors import TargetError
from core.lessons.lesson import WRONG, Lesson
from core.lessons.read import read_lesson
from core.text_file import read_text

PREFIX, SUFFIX = "lesson:", ".lesson.toml"
_FILE = re.compile(r"(.*\.lesson\.toml)(?::([\w-]*))?", re.DOTALL | re.IGNORECASE)


class Heading(NamedTuple):
    """What a list of lessons shows of each."""

    name: str
    title: str
    summary: str
    order: int


@cache
def headings() -> tuple[Heading, ...]:
    """Return the lessons that come with the app in the order in which to learn from them."""
    found: list[Heading] = []
    for file in (package_files.files("resources") / "lessons").iterdir():
        if file.name.endswith(".toml"):
            # Only what stands before the first table: a list of lessons needs no more.
            head = tomllib.loads(re.split(r"^\[", file.read_text("utf-8"), maxsplit=1, flags=re.MULTILINE)[0])
            found.append(Heading(file.name.removesuffix(".toml"), head["title"], head["summary"], head["order"]))
    return tuple(sorted(found, key=lambda h: (h.order, h.name)))


def list_lessons() -> list[tuple[str, str]]:
    """Return the name and the summary of each lesson that comes with the app."""
    return [(h.name, h.summary) for h in headings()]


def is_lesson(target: str) -> bool:
    """Tell whether a TARGET means a lesson."""
    return target.startswith(PREFIX) or _FILE.fullmatch(target) is not None


def open_lesson(target: str) -> Lesson:
    """Return the lesson that a TARGET means; a bare name of one that comes with the app will do.

    Raises:
        TargetError: if there is no such lesson.
        DescriptionError: if its text is none.
    """
    return _opened(target)[0]


def variant_of(target: str) -> tuple[Lesson, str]:
    """Return the lesson that a TARGET means and which of its programs.

    Raises:
        TargetError: if there is no such lesson or program.
        DescriptionError: if its text is none.
    """
    lesson, variant = _opened(target)
    variant = variant or WRONG
    if variant not in lesson.variants:
        known = f"there are {', '.join(lesson.variants)}"
        raise TargetError(f"the lesson {lesson.name} has no program {variant!r}; {_near(variant, lesson.variants, known)}")
    return lesson, variant


def _opened(target: str) -> tuple[Lesson, str]:
    file = _FILE.fullmatch(target)
    if file is not None:
        path = Path(file[1])
        return read_lesson(read_text(path), path.name[: -len(SUFFIX)], str(path)), file[2] or ""
    name, _, variant = target.removeprefix(PREFIX).partition(":")
    names = [h.name for h in headings()]
    if name not in names:
        near = _near(name, names, "`stepper lesson list` shows them")
        raise TargetError(f"there is no lesson {name!r}; {near}")
    return _shipped(name), variant


@cache
def _shipped(name: str) -> Lesson:
    return read_lesson((package_files.files("resources") / "lessons" / f"{name}.toml").read_text("utf-8"), name)


def _near(word: str, known: Iterable[str], otherwise: str) -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {near[0]}?" if near else otherwise
