"""The fields of what the reading process answered, each checked: of what type it is, and how long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from core.files.problem import FileProblem

Plain = Any
LONGEST_NAME = 256
_T = TypeVar("_T")


def bad(name: str) -> FileProblem:
    """Return the problem of an answer whose field `name` is none."""
    return FileProblem(f"what its reader answered is not in order ({name}); the file may be damaged, save it anew")


def checked(got: Mapping[str, Plain], key: str, wanted: type[_T], fits: Callable[[_T], bool]) -> _T:
    """Return a field of exactly that type that `fits`; raises FileProblem."""
    value = got.get(key)
    if type(value) is not wanted or not fits(value):
        raise bad(key)
    return value


def fields(data: Plain, what: str) -> Mapping[str, Plain]:
    """Return an answer's part as a mapping; raises FileProblem if it is none."""
    if not isinstance(data, dict):
        raise bad(what)
    return cast("Mapping[str, Plain]", data)


def text(got: Mapping[str, Plain], key: str, most: int) -> str:
    """Return a text of at most `most` characters."""
    value = got.get(key)  # written out here and in `count`: they are asked a million times for a large file
    if type(value) is not str or len(value) > most:
        raise bad(key)
    return value


def count(got: Mapping[str, Plain], key: str) -> int:
    """Return a whole number from 0 on that a file can have of anything."""
    value = got.get(key)
    if type(value) is not int or not 0 <= value < 2**62:
        raise bad(key)
    return value


def truth(got: Mapping[str, Plain], key: str) -> bool:
    """Return a truth value."""
    return checked(got, key, bool, lambda _: True)


def choice(got: Mapping[str, Plain], key: str, choices: tuple[Any, ...]) -> Any:
    """Return one of `choices`."""
    return checked(got, key, str, lambda s: s in choices)


def listed(got: Mapping[str, Plain], key: str, most: int) -> list[Plain]:
    """Return a list of at most `most` values."""
    return checked(got, key, list, lambda v: len(v) <= most)


def mapping(got: Mapping[str, Plain], key: str, most: int) -> dict[str, Plain]:
    """Return a mapping by short names of at most `most` values."""
    return checked(got, key, dict, lambda v: len(v) <= most and all(type(k) is str and len(k) <= LONGEST_NAME for k in v))


def texts(got: Mapping[str, Plain], key: str, most: int, longest: int) -> tuple[str, ...]:
    """Return at most `most` texts of at most `longest` characters."""
    values = listed(got, key, most)
    if not all(type(v) is str and len(v) <= longest for v in values):
        raise bad(key)
    return tuple(values)


def text_mapping(got: Mapping[str, Plain], key: str, most: int, longest: int) -> dict[str, str]:
    """Return a mapping of at most `most` texts of at most `longest` characters."""
    values = mapping(got, key, most)
    if not all(type(v) is str and len(v) <= longest for v in values.values()):
        raise bad(key)
    return dict(values)


def counts(got: Mapping[str, Plain], key: str, most: int) -> list[int]:
    """Return a list of at most `most` whole numbers from 0 on."""
    values = listed(got, key, most)
    if values and (set(map(type, values)) != {int} or min(values) < 0 or max(values) >= 2**62):
        raise bad(key)
    return values
