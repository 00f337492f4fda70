"""The edits of a wrong line that make it compute what it should, and what the fault is called."""

from __future__ import annotations

import ast
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core import ops
from core.diagnosis.code import Change, Code, computed, splice
from core.diagnosis.definitions import definition_edits, right_elsewhere
from core.diagnosis.edits import Edit, Stock, edits_of
from core.diagnosis.naming import name_of
from core.diagnosis.search import Place
from core.diagnosis.targets import targets_of
from core.diagnosis.tidying import tidy, tidy_def
from core.diagnosis.trials import SAME, Role, constant, fitted
from core.diagnosis.work import Work
from core.errors import NotationError
from core.notation.convert import Definition
from core.notation.parse import Raw, parse
from core.notation.print import expression_text
from core.ops.base import Site
from core.program.expr import Name, Num
from core.program.ir import Program

MOST_MENDS = 12


@dataclass(frozen=True)
class Mend:
    """One edit that mends a line: the fault that it undoes, the line that it changes, and the factor that is left."""

    fault: str
    line: int
    text: str
    expected: str
    change: Change
    factor: float
    edit: Edit
    definition: str = ""


class Mender:
    """Tries edits of wrong lines on the trials of a program."""

    def __init__(self, work: Work, code: Code) -> None:
        self.work, self.code, self.program = work, code, work.program
        self.targets = frozenset(targets_of(self.program))

    def mends(self, place: Place) -> Generator[None, None, list[Mend]]:
        """Find the edits of a place's line that mend it, the most likely first; yields after each one that was tried."""
        for role in (place.role, *place.others):
            found = yield from self._mends(replace(place, role=role))
            if found:
                return found
        return []

    def _mends(self, place: Place) -> Generator[None, None, list[Mend]]:
        statement = self.work.statement_of(place.value)
        raw = self.code.raws[statement]
        found: list[Mend] = []
        for tried in (
            self._in_line(place, statement, raw),
            self._versions(place, statement, raw),
            self._in_def(place, statement, raw),
        ):
            for mend in tried:
                if mend is None:
                    yield
                elif all(m.expected != mend.expected for m in found):
                    found.append(mend)
        return sorted(found, key=_rank)[:MOST_MENDS]

    def for_any_role(self, statement: int, roles: Sequence[Role]) -> Generator[None, None, list[Mend]]:
        """Find the edits with which a line, which may not even run as it is, computes one of some roles."""
        raw = self.code.raws[statement]
        names = self.code.names_before(statement)
        step = raw.target in self.work.starts
        if step:  # an update: its step is what is compared
            roles = [r for r in [self.work.own_role(raw.target)] if r in self.work.trials[0].truth]
        found: list[Mend] = []
        taken: dict[str, bool] = {}
        there = {r for v in self.work.lines if self.work.statement_of(v) != statement for r in self.work.roles_of(v)}
        for edit in edits_of(raw.value, self.program.text, self.stock(statement), everywhere=step):
            yield
            segment = self.code.spliced(raw, edit.spans)
            role, c = self._any(raw, segment, names, roles, step)
            if role is not None and all(m.expected != segment.strip() for m in found):
                segment = tidy(segment, raw.text)
                place = Place(
                    self.program.instructions[max(self.program.statements[statement].last - 1, 0)].result, role, frozenset()
                )
                fault = self.name(edit, place, statement)
                taken[segment.strip()] = role in there  # what another line has is hardly what this one is for
                found.append(Mend(fault, raw.line, raw.text, segment.strip(), self.code.change(raw, segment), c, edit))
        for name, version in self._earlier(raw, statement, names):
            yield
            role, c = self._any(raw, self.code.segment(raw), {**names, name: version}, roles, step)
            if role is not None:
                found.append(self._moved(raw, names[name], name, c))
        return sorted(found, key=lambda m: (taken.get(m.expected, False), *_rank(m)))[:MOST_MENDS]

    def _any(
        self, raw: Raw, segment: str, names: Mapping[str, int], roles: Sequence[Role], step: bool
    ) -> tuple[Role | None, float]:  # fmt: skip
        try:
            e = self.code.read(segment, raw.target)
        except NotationError:
            return None, 0.0
        numbers = [computed(e, names, values, self.extra(n)) for n, values in enumerate(self.work.now)]
        if any(x is None for x in numbers):
            return None, 0.0
        if step:
            old = [values[names[raw.target]] for values in self.work.now]
            if any(np.shape(x) != np.shape(o) for x, o in zip(numbers, old, strict=True)):
                return None, 0.0
            numbers = [np.subtract(x, o) for x, o in zip(numbers, old, strict=True)]
        for role in roles:
            truth = self.work.truth(role)
            c = constant([fitted(x, t.shape) for x, t in zip(numbers, truth, strict=True)], truth)
            if c is not None:
                return role, c
        return None, 0.0

    # -- numbers ------------------------------------------------------------------------------------------

    def result(self, place: Place, statement: int, e: Any, n: int, names: Mapping[str, int]) -> Any:
        """Return what an edited line computes in a trial, comparable with `wanted`."""
        values = self.work.now[n]
        found = computed(e, names, values, self.extra(n))
        if found is None:
            return None
        p = self.program
        s = p.statements[statement]
        end = p.instructions[s.last - 1].result
        if place.step or (end != place.value and s.phase == "update"):  # the gradient stands in the update: judge the step
            start = p.carried[s.target][0] if s.target in p.carried else names[s.target]
            old = values[start]
            return np.subtract(found, old) if np.shape(found) == np.shape(old) else None
        return found

    def extra(self, n: int) -> Mapping[str, Any]:
        size = self.program.batching.size
        return {"m": size, "batch_size": size, "iteration": 1}

    def fits(self, place: Place, statement: int, segment: str, names: Mapping[str, int],
             definitions: Mapping[str, Definition] | None = None) -> float | None:  # fmt: skip
        """Return the c with which an edited line computes c · the truth (c · `scale` times, if that counts); None if not."""
        raw = self.code.raws[statement]
        try:
            e = self.code.read(segment, raw.target, definitions)
        except NotationError:
            return None
        wanted = self.work.truth(place.role)
        found: list[Any] = []
        for n, truth in enumerate(wanted):
            one = fitted(self.result(place, statement, e, n, names), truth.shape)
            if constant([one], [truth]) is None:
                return None
            found.append(one)
        c = constant(found, wanted)
        if c is None or place.scale is None:
            return c
        return c / place.scale if abs(c / place.scale - 1) <= SAME else None

    # -- edits --------------------------------------------------------------------------------------------

    def _in_line(self, place: Place, statement: int, raw: Raw) -> Iterator[Mend | None]:
        names = self.code.names_before(statement)
        stock = self.stock(statement)
        for root in (raw.value, raw.mask):
            if root is None:
                continue
            term = raw.augment is not None and not place.step and raw.target not in self.work.starts
            for edit in edits_of(root, self.program.text, stock, everywhere=place.step, term=term):
                yield None
                segment = self.code.spliced(raw, edit.spans)
                c = self.fits(place, statement, segment, names)
                if c is not None:
                    segment = tidy(segment, raw.text)
                    yield Mend(
                        self.name(edit, place, statement),
                        raw.line,
                        raw.text,
                        segment.strip(),
                        self.code.change(raw, segment),
                        c,
                        edit,
                    )

    def _versions(self, place: Place, statement: int, raw: Raw) -> Iterator[Mend | None]:
        """Where a name stood for something else earlier: the line comes too late, or another one too early."""
        names = dict(self.code.names_before(statement))
        for name, version in self._earlier(raw, statement, names):
            yield None
            c = self.fits(place, statement, self.code.segment(raw), {**names, name: version})
            if c is not None:
                yield self._moved(raw, names[name], name, c)

    def _earlier(self, raw: Raw, statement: int, names: Mapping[str, int]) -> Iterator[tuple[str, int]]:
        p = self.program
        read = {n.id for root in (raw.value, raw.mask) if root is not None for n in ast.walk(root) if isinstance(n, ast.Name)}
        first = p.statements[statement].first
        for name in sorted(n for n in read & set(names) if names[n] in p.makers):
            for v in p.values:
                if v.name == name and v.kind != "part" and v.index != names[name] and p.makers.get(v.index, -1) < first:
                    yield name, v.index

    def _moved(self, raw: Raw, version: int, name: str, c: float) -> Mend:
        """Return the mend that moves the line which gives a name its new value under the one that needs the old one."""
        maker = self.work.statement_of(version)
        updated = self.program.statements[maker].phase == "update"
        early = self.code.raws[maker]
        gone = tuple((n, None) for n in range(early.line, early.end_line + 1))
        change = Change(gone, tuple((raw.end_line + 1, line) for line in self.code.segment(early).split("\n")))
        return Mend("stale" if updated else "overwritten", raw.line, raw.text, f"{raw.text}  (before `{early.text}`)", change, c,
                    Edit("version", (), name, name))  # fmt: skip

    def _in_def(self, place: Place, statement: int, raw: Raw) -> Iterator[Mend | None]:
        """Edits of the small `def`s that a line calls; one counts for all uses."""
        names = self.code.names_before(statement)
        definitions = self.code.source.definitions
        used = {n.id for root in (raw.value, raw.mask) if root is not None for n in ast.walk(root) if isinstance(n, ast.Name)}
        for name in sorted(used & set(definitions)):
            if right_elsewhere(self, name, statement):
                continue
            definition = definitions[name]
            first, last = self.code.definition_lines[name]
            segment = "\n".join(self.code.lines[first - 1 : last])
            for root, spans, edit in definition_edits(self, definition):
                yield None
                new = splice(segment, first, spans)
                try:
                    changed = parse(new).definitions[name]
                except (NotationError, KeyError):
                    continue
                c = self.fits(place, statement, self.code.segment(raw), names, {**definitions, name: changed})
                if c is None:
                    continue
                at = root.lineno
                lines = tidy_def(new).split("\n")
                change = Change(tuple((first + n, line) for n, line in enumerate(lines)))
                yield Mend(
                    self.name(edit, place, statement, definition), at, self.code.lines[at - 1].strip(), lines[at - first].strip(),
                    change, c, edit, name,
                )  # fmt: skip

    def stock(self, statement: int) -> Stock:
        """Return what an edit may write into a line."""
        names = self.code.names_before(statement)
        values = self.work.now[0]
        arrays = [
            n
            for n, v in names.items()
            if isinstance(values[v], np.ndarray) and np.asarray(values[v]).dtype.kind in "fiu" and np.ndim(values[v])
        ]
        state = set(self.program.carried) - set(self.program.trainable)
        arrays = [n for n in arrays if n not in state and n in self.code.words]
        weights = [n for n in arrays if n in self.program.trainable and np.ndim(values[names[n]]) == 2]
        functions = [n for n, d in self.code.source.definitions.items() if len(d.arguments) == 1]
        axis = 1 if self.program.batching.axis == -1 else 0
        numbers = [n for n, v in names.items() if isinstance(values[v], (int, float)) and not isinstance(values[v], bool)]
        sizes = dict.fromkeys(("m", "2", *(n for n in numbers if n in self.code.words)))
        return Stock(arrays, self.derivatives(names), weights, axis, functions, tuple(sizes))

    def derivatives(self, names: Mapping[str, int]) -> list[str]:
        """Return how the local derivative of each activation is written here: by a `def` of the learner, or as an expression."""
        found: list[str] = []
        by_value = {v: n for n, v in names.items()}
        for role, truth in self.work.trials[0].truth.items():
            if role.kind != "factor":
                continue
            i = self.program.instructions[self.program.makers[role.index]]
            z, a = by_value.get(i.reads[0]), by_value.get(role.index)
            found += self._by_def(truth, [n for n in (z, a) if n is not None], names)
            text = _derivative_text(self.program, role, z, a)
            if text is not None:
                found.append(text)
        return list(dict.fromkeys(found))

    def _by_def(self, truth: Any, arguments: list[str], names: Mapping[str, int]) -> list[str]:
        found: list[str] = []
        for f, d in self.code.source.definitions.items():
            for argument in arguments if len(d.arguments) == 1 else ():
                try:
                    e = self.code.read(f"_ = {f}({argument})", "_")
                except NotationError:
                    continue
                if constant([computed(e, names, self.work.trials[0].values, {})], [truth]) == 1.0:
                    found.append(f"{f}({argument})")
        return found

    # -- names --------------------------------------------------------------------------------------------

    def name(self, edit: Edit, place: Place, statement: int, definition: Definition | None = None) -> str:
        """Return what the fault is called that an edit undoes."""
        return name_of(self, edit, place, statement, definition)


def _derivative_text(program: Program, role: Role, z: str | None, a: str | None) -> str | None:
    i = program.instructions[program.makers[role.index]]
    op = ops.get(i.op)
    args = tuple(Num(o.number) if o.value is None and o.number is not None else Name(z or "?") for o in i.operands)
    rule = next(r for r, o in zip(op.vjp, i.operands, strict=True) if o.value is not None)
    assert rule is not None
    attributes = {k: v for k, v in i.attributes.items() if k != "in_place"}
    text = expression_text(rule(Site(Num(1), args, Name(a or "?"), attributes, ((2,),) * len(args), (2,))))
    return None if "?" in text else text


_ORDER = (
    "version", "transpose", "name", "axis", "plus", "drop call", "function", "put call", "drop factor", "put derivative",
    "product", "put sum", "write derivative", "compare", "put weights", "scale", "drop term", "inverse",
)  # fmt: skip


def _rank(m: Mend) -> tuple[float, ...]:
    """The likelier first: no factor is left over, few places changed, a usual kind."""
    kind = next((n for n, k in enumerate(_ORDER) if m.edit.kind.startswith(k)), len(_ORDER))
    plain = abs(m.factor) in (1.0,) or np.isclose(abs(m.factor), 1.0)
    swapped = m.edit.kind == "name" and len({new for _, new in m.edit.spans}) > 1
    sideways = m.fault == "batch-sum" and m.edit.kind == "transpose"  # a sum over the other axis is plainer
    return (0 if plain else 1, kind + (20 if swapped or sideways else 0), len(m.edit.spans), len(m.expected), len(m.edit.old))
