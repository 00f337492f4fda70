"""Where faults are put: a right program with what its names are, and the edits that faults are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from helpers.mutants_text import names, parts, with_right
from helpers.right_programs import Mark, Right

Edits = dict[int, tuple[str, ...]]


@dataclass(frozen=True)
class Sketch:
    """A fault as edits of lines: index in the right program → what stands there instead.

    `spots` are (index, which of the new lines) of the line that is wrong; several where each is truly it. `also` are lines
    that may be named too, without being it. `names` are the fault's names, the first the usual one. `wrong` says which
    parameters are wrong where one iteration cannot show it.
    """

    edits: Edits
    spots: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    way: str
    known: bool
    also: tuple[tuple[int, int], ...] = ()
    wrong: tuple[str, ...] | None = None


class Site:
    """A right program to put faults into."""

    def __init__(self, right: Right) -> None:
        self.right, self.lines, self.marks = right, right.lines, right.marks
        self.columns = 'samples = "columns"' in right.lines
        self.single = "batch = 1" in right.lines

    def target(self, i: int) -> str:
        """The name that a line gives."""
        return parts(self.lines[i])[0]

    def rhs(self, i: int) -> str:
        """What stands right of a line's `=`."""
        return parts(self.lines[i])[2]

    @cached_property
    def backward(self) -> list[int]:
        """The lines of the backward pass, masks not among them."""
        return [i for i, m in enumerate(self.marks) if {"delta", "dA", "dZ", "dW", "db"} & set(m.words)]

    @cached_property
    def assigned(self) -> list[int]:
        """The lines of the backward pass that do not change a parameter themselves."""
        return [i for i in self.backward if "update" not in self.marks[i].words]

    @cached_property
    def weights(self) -> list[str]:
        """The weight matrices."""
        return [self.target(i) for i in self.right.at("W")]

    @cached_property
    def units(self) -> list[str]:
        """The inputs, pre-activations and activations."""
        return [self.target(i) for w in ("X", "Z", "A") for i in self.right.at(w)]

    @cached_property
    def deltas(self) -> list[str]:
        """The names of errors and of the values that they become."""
        return list(dict.fromkeys(self.target(i) for i in self.assigned if not {"dW", "db"} & set(self.marks[i].words)))

    @property
    def output(self) -> Mark:
        """The mark of the output's delta."""
        return self.marks[self.right.at("delta")[0]]

    def y(self) -> str:
        """The target's name."""
        return self.target(self.right.at("Y")[0])

    def out(self) -> str:
        """The output's name."""
        made = [i for i in range(self.lines.index("# loss")) if self.marks[i].words[:1] in (("Z",), ("A",))]
        return self.target(made[-1])

    def before(self, i: int) -> set[str]:
        """Return the names that have a value before a line."""
        return {self.target(k) for k in range(i) if " = " in self.lines[k] and not self.lines[k].startswith(("#", " "))}

    def others(self, i: int, name: str) -> Iterator[str]:
        """Yield the names of the same kind that a line could read instead of `name`."""
        here = self.before(i)
        for kind in (self.weights, self.units, self.deltas):
            if name in kind:
                yield from (other for other in kind if other != name and other in here)

    def core(self, i: int) -> tuple[str, str, str]:
        """Return what stands before, in and behind the gradient of a line: in an update, behind the rate."""
        rhs = self.rhs(i)
        if "update" not in self.marks[i].words:
            return "", rhs, ""
        target, start = self.target(i), 0
        for prefix in (f"{target} - ", f"{target} + "):
            if rhs.startswith(prefix):
                start = len(prefix)
        return rhs[: rhs.index(" * ", start) + 3], rhs[rhs.index(" * ", start) + 3 :], ""

    def with_core(self, i: int, core: str) -> str:
        """Return a line with another gradient."""
        before, _, behind = self.core(i)
        return with_right(self.lines[i], before + core + behind)

    def line_of(self, *words: str) -> int:
        """Return the only line with these words."""
        found = self.right.at(*words)
        assert len(found) == 1, (self.right.name, words)
        return found[0]

    def change(self, i: int, new: str, fault: tuple[str, ...] | str, way: str, known: bool = True, **more: object) -> Sketch:
        """Return a sketch that changes one line."""
        named = (fault,) if isinstance(fault, str) else fault
        return Sketch({i: (new,)}, ((i, 0),), named, way, known, **more)  # type: ignore[arg-type]

    def detour(self, i: int, helper: str, new: str, fault: tuple[str, ...] | str, way: str) -> Sketch:
        """Return a sketch that puts a new line before one that then reads it; either may be called wrong."""
        named = (fault,) if isinstance(fault, str) else fault
        return Sketch({i: (helper, new)}, ((i, 0), (i, 1)), named, way, False)

    def reads(self, i: int) -> list[str]:
        """The names that a line reads."""
        return [n for n, _, _ in names(self.rhs(i))]
