"""What is known of a person's backward, and how much of it they have opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.diagnosis import Diagnosis, Fault
from core.diagnosis.words import LEVELS

ALL = len(LEVELS)
HINT, PLACE, FAULT, MEND = range(1, ALL + 1)
Key = tuple[str, str, int]


@dataclass(frozen=True)
class Diagnosed:
    """All that the panel shows: what was found, of which text, and how much of it has been opened.

    `text` is what stands there now, `of` the text that `diagnosis` belongs to, `open_text` that of the program that is open.
    `trouble` says in a sentence why `text` cannot be read. `derived` tells that nothing in the backward and the update of `of`
    was typed. `levels` counts the opened levels by fault (see `key_of`), `everything` opens all; `at` is the fault that a
    person is at. `loss` is the loss chosen where none is written, empty for the one that fits best.
    """

    title: str = ""
    text: str = ""
    folder: Path | None = None
    diagnosis: Diagnosis | None = None
    of: str = ""
    open_text: str = ""
    derived: bool = False
    busy: bool = False
    trouble: str = ""
    live: bool = True
    everything: bool = False
    levels: Mapping[Key, int] = field(default_factory=dict[Key, int])
    at: int = 0
    loss: str = ""

    @property
    def current(self) -> bool:
        """Whether what was found belongs to the text as it is now."""
        return (self.diagnosis is not None or self.derived) and self.of == self.text and not self.trouble

    @property
    def of_open(self) -> bool:
        """Whether what was found belongs to the program that is open, so that its values can be chosen there."""
        return self.diagnosis is not None and self.of == self.open_text

    @property
    def cards(self) -> tuple[Fault, ...]:
        """All that there is to open: the faults, then what is worth knowing."""
        return () if self.diagnosis is None else (*self.diagnosis.faults, *self.diagnosis.hints)

    @property
    def keys(self) -> tuple[Key, ...]:
        """The key of each card."""
        return keys_of(self.cards)

    @property
    def next_card(self) -> int | None:
        """The card to tell more of: the one that a person is at, once all of it is open the next one that has any left."""
        keys = self.keys
        order = [*range(self.at, len(keys)), *range(min(self.at, len(keys)))]
        return next((k for k in order if self.level(keys[k]) < ALL), None)

    def level(self, key: Key) -> int:
        """Return how many levels of a card are opened."""
        return ALL if self.everything else self.levels.get(key, 0)


def keys_of(faults: Sequence[Fault]) -> tuple[Key, ...]:
    """Return what tells faults apart also when lines above them come and go: name, line as typed, and which of several."""
    seen: dict[tuple[str, str], int] = {}
    keys: list[Key] = []
    for f in faults:
        n = seen[f.fault, f.text] = seen.get((f.fault, f.text), -1) + 1
        keys.append((f.fault, f.text, n))
    return tuple(keys)
