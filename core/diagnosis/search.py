"""Where a backward goes wrong: which line, given what it reads, does not compute what it is used as.

No name is trusted. A value is put in the place of another (the true adjoint of some forward value), and what follows is
computed anew: where that makes parameters right that were wrong, everything after the line is right, and the line is not.
The lines that are found are taken as mended, and the rest is looked at again, so that several faults are found at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from core.diagnosis.trials import Role, Trial, again, constant, fitted
from core.health.gradcheck import nudged_version
from core.program.ir import Array, Instruction, Program
from core.program.structure import ancestors

MOST_FAULTS = 12


@dataclass(eq=False)
class Work:
    """The trials of a program, some values replaced by the truth, and what is known of each value of the backward."""

    program: Program
    trials: list[Trial]
    replaced: dict[int, Role] = field(default_factory=dict[int, Role])
    now: list[list[Any]] = field(default_factory=list[list[Any]])

    def __post_init__(self) -> None:
        self.now = self.now or [t.values for t in self.trials]

    @cached_property
    def starts(self) -> dict[str, int]:
        """The version of each parameter that the loss is computed with."""
        return {n: nudged_version(self.program, n) for n in self.program.trainable}

    @cached_property
    def gradients(self) -> dict[str, int]:
        """What each parameter's update uses as its gradient, as far as the loss depends on the parameter."""
        return {
            n: v for n, v in self.program.gradients.items()
            if n in self.starts and Role("adjoint", self.starts[n]) in self.trials[0].truth
        }  # fmt: skip

    @cached_property
    def lines(self) -> list[int]:
        """The values that lines of the backward give a name to, in the order in which they are computed; typed ones only."""
        p = self.program
        made = [p.instructions[s.last - 1].result for s in p.statements if s.last > s.first and self.judged(s.index)]
        wanted = set(self.gradients.values())
        needed = ancestors(p.instructions, wanted)
        found = {v for v in made if v in needed} | {v for v in wanted if self.judged(self.statement_of(v))}
        return sorted(found, key=lambda v: p.makers[v])

    def judged(self, statement: int) -> bool:
        """Tell whether a line is a typed one of the backward or the update."""
        s = self.program.statements[statement]
        return s.phase in ("backward", "update") and not s.derived

    def statement_of(self, value: int) -> int:
        """Return the line that makes a value."""
        return self.program.instructions[self.program.makers[value]].statement

    @cached_property
    def leads_to(self) -> dict[int, frozenset[str]]:
        """Which parameters' gradients are made from each value of the backward."""
        above = {n: ancestors(self.program.instructions, [v]) for n, v in self.gradients.items()}
        return {v: frozenset(n for n, a in above.items() if v in a) for v in self.lines}

    def truth(self, role: Role) -> list[Array]:
        """Return the true numbers of a role, one array a trial."""
        found = [t.truth[Role(role.kind, role.index)] for t in self.trials]
        return [a.T for a in found] if role.transposed else found

    def factor(self, name: str, values: list[list[Any]] | None = None) -> float | None:
        """Return the c with a parameter's gradient = c · the true one, None if there is none."""
        values = values or self.now
        shape = self.trials[0].truth[self.own_role(name)].shape
        return constant([fitted(v[self.gradients[name]], shape) for v in values], self.truth(self.own_role(name)))

    def own_role(self, name: str) -> Role:
        """Return the role that a parameter's gradient must have."""
        return Role("adjoint", self.starts[name])

    def wrong(self) -> list[str]:
        """Return the parameters whose gradient is no multiple of the true one."""
        return [n for n in self.gradients if self.factor(n) is None]

    def role_of(self, value: int) -> tuple[Role, float] | None:
        """Return what a value is, up to a factor, as it stands now."""
        found = [v[value] for v in self.now]
        own = [self.own_role(n) for n, v in self.gradients.items() if v == value]
        for role in [*own, *self.trials[0].truth]:
            if (c := constant(found, self.truth(role))) is not None:
                return role, c
        return None

    def put(self, replaced: Mapping[int, Role]) -> list[list[Any]] | None:
        """Return the values of all trials with the truth in some places more."""
        whole = {**self.replaced, **replaced}
        found: list[list[Any]] = []
        for n, trial in enumerate(self.trials):
            values = again(trial, {v: self.truth(r)[n] for v, r in whole.items()})
            if values is None:
                return None
            found.append(values)
        return found

    def mended_by(self, value: int, role: Role, wrong: Iterable[str]) -> frozenset[str]:
        """Return which of some wrong parameters become right (up to a factor) with a role in the place of a value."""
        wanted = [n for n in wrong if n in self.leads_to[value]]
        if not wanted:
            return frozenset()
        first = again(self.trials[0], {v: self.truth(r)[0] for v, r in {**self.replaced, value: role}.items()})
        if first is None or not any(self._one(n, first) for n in wanted):
            return frozenset()
        values = self.put({value: role})
        return frozenset(n for n in wanted if values is not None and self.factor(n, values) is not None)

    def _one(self, name: str, values: list[Any]) -> bool:
        truth = self.trials[0].truth[self.own_role(name)]
        return constant([fitted(values[self.gradients[name]], truth.shape)], [truth]) is not None

    def accept(self, value: int, role: Role) -> None:
        """Take a value as mended."""
        self.replaced[value] = role
        values = self.put({})
        assert values is not None
        self.now = values


@dataclass(frozen=True)
class Place:
    """A wrong line: the value that it makes, what it should be, and the parameters that this mends."""

    value: int
    role: Role
    parameters: frozenset[str]


def places(work: Work) -> list[Place]:
    """Find the wrong lines, and leave them mended in `work`."""
    found: list[Place] = []
    while len(found) < MOST_FAULTS:
        wrong = work.wrong()
        if not wrong:
            break
        best = _best(work, wrong)
        if best is None:
            break
        work.accept(best.value, best.role)
        found.append(best)
    return sorted(found, key=lambda p: work.program.makers[p.value])


def _best(work: Work, wrong: list[str]) -> Place | None:
    candidates: list[Place] = []
    for value in work.lines:
        if value in work.replaced or not any(n in work.leads_to[value] for n in wrong):
            continue
        mended: Place | None = None
        for role in roles_for(work, value):
            parameters = work.mended_by(value, role, wrong)
            if parameters and (mended is None or len(parameters) > len(mended.parameters)):
                mended = Place(value, role, parameters)
        if mended is not None:
            candidates.append(mended)
    if not candidates:
        return None
    most = max(len(c.parameters) for c in candidates)
    top = [c for c in candidates if len(c.parameters) == most]
    chain = [c for c in top if c is top[0] or _follows(work, top[0].value, c.value)]
    return next((c for c in chain if work.role_of(c.value) is None), chain[-1])


def _follows(work: Work, earlier: int, later: int) -> bool:
    return earlier in ancestors(work.program.instructions, [later])


def roles_for(work: Work, value: int) -> list[Role]:
    """Return what a value could be, the likeliest first: roles of its own shape, then others."""
    own = [work.own_role(n) for n, v in work.gradients.items() if v == value]
    if own:
        return own
    here = np.shape(work.now[0][value])
    truth = work.trials[0].truth
    same = [r for r, a in truth.items() if a.shape == here]
    turned = [Role(r.kind, r.index, True) for r, a in truth.items() if a.ndim == 2 and a.T.shape == here and a.shape != here]
    return [*same, *turned, *(r for r, a in truth.items() if a.shape != here)]


def instructions_of(program: Program, statement: int) -> tuple[Instruction, ...]:
    """Return the operations of a line."""
    s = program.statements[statement]
    return program.instructions[s.first : s.last]
