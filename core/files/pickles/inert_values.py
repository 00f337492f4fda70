"""What an inert pickle is made of: plain values, and boxes that remember what was named or called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Span:
    """Bytes that stay in the file, `length` of them from `offset`."""

    offset: int
    length: int


# Values are compared by identity and printed by nobody: what a file nests or repeats can be endless.
@dataclass(eq=False, repr=False, slots=True)
class Items:
    """A list, a tuple or a set, with its values in the order written."""

    kind: Literal["list", "tuple", "set"]
    values: list[Value]
    depth: int = 1

    def __iter__(self) -> Iterator[Value]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)


@dataclass(eq=False, repr=False, slots=True)
class Table:
    """A dictionary or an OrderedDict; keys are never hashed unless they are text."""

    pairs: list[tuple[Value, Value]] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    depth: int = 1
    state: Value = None

    def put(self, key: Value, value: Value) -> None:
        """Set an entry; a text that is there already keeps its place."""
        if isinstance(key, str):
            place = self.places.setdefault(key, len(self.pairs))
            if place < len(self.pairs):
                self.pairs[place] = (key, value)
                return
        self.pairs.append((key, value))

    def get(self, key: str) -> Value:
        """Return the entry of a text, None if there is none."""
        return self.pairs[self.places[key]][1] if key in self.places else None

    def texts(self) -> Iterator[tuple[str, Value]]:
        """Return the entries whose key is text."""
        return ((k, v) for k, v in self.pairs if isinstance(k, str))


@dataclass(frozen=True)
class Named:
    """A class or a function that the file names: nothing but the name, `module.name`."""

    name: str


@dataclass(eq=False, repr=False, slots=True)
class Called:
    """What the file wants to be made: by calling `name` with `args`, then given a `state`, entries or items."""

    name: str
    args: Items
    keywords: Value = None
    state: Value = None
    entries: Table | None = None
    items: Items | None = None
    # What follows the object in the file, put here by who knows it (joblib's arrays).
    payload: object = None
    depth: int = 1


@dataclass(eq=False, repr=False, slots=True)
class Persistent:
    """A thing that the file keeps somewhere else, by its identifier."""

    pid: Value
    depth: int = 1


Value = bool | int | float | str | bytes | Span | Items | Table | Named | Called | Persistent | None


def depth_of(value: Value) -> int:
    """Return how deep a value is nested, as known when it was made (later additions to shared lists are not counted)."""
    return value.depth if isinstance(value, (Items, Table, Called, Persistent)) else 0


def entries(value: Value) -> Iterator[tuple[str, Value]]:
    """Return the parts of a container with their names: keys, numbers counted from 0, attributes of an object."""
    if isinstance(value, Table):
        for key, inner in value.pairs:
            if isinstance(key, (str, int)):
                yield str(key), inner
    elif isinstance(value, Items):
        for n, inner in enumerate(value.values):
            yield str(n), inner
    elif isinstance(value, Called):
        for inside in (value.entries, value.items, value.state):
            if isinstance(inside, (Table, Items)):
                yield from entries(inside)
