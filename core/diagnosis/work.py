"""What is known of the values of a hand-written backward: trials of it, some of its values replaced by the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from core.diagnosis.trials import SAME, Role, Trial, again, constant, fitted
from core.health.gradcheck import nudged_version
from core.program.ir import Array, Program
from core.program.structure import ancestors, descendants

_NUMBERS = ("hyperparameter", "size")


@dataclass(eq=False)
class Work:
    """The trials of a program, some values replaced by the truth, and what is known of each value of the backward."""

    program: Program
    trials: list[Trial]
    replaced: dict[int, Role] = field(default_factory=dict[int, Role])
    scales: dict[int, float] = field(default_factory=dict[int, float])
    settled: set[str] = field(default_factory=set[str])
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
        return constant([self.gradient(name, v) for v in values], self.truth(self.own_role(name)))

    def gradient(self, name: str, values: list[Any]) -> Any:
        """Return what a parameter's update uses as its gradient, the way round in which the update reads it."""
        if name in self.by_step:
            start, end = self.program.carried[name]
            return step_of(values, start, end)
        found = values[self.gradients[name]]
        found = np.transpose(found) if name in self.turned and found is not None else found
        return fitted(found, self.trials[0].truth[self.own_role(name)].shape)

    @cached_property
    def turned(self) -> frozenset[str]:
        """Parameters whose update reads the gradient transposed."""
        found: set[str] = set()
        for name, v in self.gradients.items():
            _, end = self.program.carried[name]
            way = ancestors(self.program.instructions, [end])
            readers = [o for i in self.program.instructions if i.result in way for o in i.operands if o.value == v
                       and self.program.phase_of(i.index) == "update"]  # fmt: skip
            if readers and all(o.transposed for o in readers):
                found.add(name)
        return frozenset(found)

    @cached_property
    def by_step(self) -> frozenset[str]:
        """Parameters whose gradient stands in the line of the update in more than one piece: the step itself is judged."""
        found: set[str] = set()
        p = self.program
        for name, v in self.gradients.items():
            if name in self.adaptive:
                continue
            if p.phase_of(p.makers[v]) != "update":
                other = any(p.values[x].kind == "data" for x in self._beside(name))
                if other and self._drifts(name, [t.values for t in self.trials]):
                    found.add(name)
                continue
            start, end = p.carried[name]
            steps = [step_of(t.values, start, end) for t in self.trials]
            shape = np.shape(self.trials[0].values[start])
            part = [np.transpose(t.values[v]) if name in self.turned else t.values[v] for t in self.trials]
            if constant(steps, [np.asarray(fitted(x, shape), dtype=float) for x in part]) is None:
                found.add(name)
        return frozenset(found)

    @cached_property
    def adaptive(self) -> frozenset[str]:
        """Parameters whose update reads a state, as momentum and Adam do."""
        p = self.program
        states = {start: n for n, (start, _) in p.carried.items() if n not in p.trainable}
        return frozenset(n for n in self.gradients if not ancestors(p.instructions, [p.carried[n][1]]).isdisjoint(states))

    def strays(self, name: str) -> bool:
        """Tell whether an update without a state moves its parameter otherwise than along its gradient (and its own size)."""
        if name in self.adaptive or name in self.by_step:
            return False
        return not self._along(name) and self._drifts(name, self.now)

    def _drifts(self, name: str, of: list[list[Any]]) -> bool:
        """Tell whether a step is no sum of a multiple of its gradient and one of its parameter."""
        start, end = self.program.carried[name]
        g = self.gradients[name]
        for v in of:
            step, own = step_of(v, start, end), np.transpose(v[g]) if name in self.turned else v[g]
            own = fitted(own, np.shape(v[start]))
            if step is None or np.shape(own) != np.shape(step):
                return True
            parts = np.stack([np.ravel(np.asarray(x, dtype=float)) for x in (own, v[start])], axis=1)
            if not np.isfinite(parts).all() or not np.isfinite(step).all():
                return False
            best, *_ = np.linalg.lstsq(parts, np.ravel(step), rcond=None)
            if np.max(np.abs(parts @ best - np.ravel(step)), initial=0.0) > 1e-6 * np.max(np.abs(step), initial=1e-300):
                return True
        return False

    def own_role(self, name: str) -> Role:
        """Return the role that a parameter's gradient must have."""
        return Role("adjoint", self.starts[name])

    def _along(self, name: str) -> bool:
        """Tell whether all cells move along their own gradient, or all against it, scaled by its size, as RMSProp does."""
        p = self.program
        start, end = p.carried[name]
        if any(p.values[v].kind not in _NUMBERS for v in self._beside(name)):
            return False
        pairs = [(step_of(v, start, end), self.gradient(name, v)) for v in self.now]
        if any(s is None or np.shape(s) != np.shape(x) for s, x in pairs):
            return False
        with np.errstate(all="ignore"):
            return any(all(bool(np.all(sign * s * x >= 0)) for s, x in pairs) for sign in (1, -1))

    def _beside(self, name: str) -> set[int]:
        """Return what an update is made from beside its gradient and its parameter, as inputs of the iteration, and sizes."""
        p = self.program
        start, end = p.carried[name]
        g = self.gradients[name]
        below, above = descendants(p.instructions, [g]) - {g}, ancestors(p.instructions, [end])
        made = [i for i in p.instructions if i.result in below & above]
        read = {v for i in made for v in i.reads} - {i.result for i in made} - {g, start}
        sources = [i for i in p.instructions if i.op != "size_of"]
        return ancestors(sources, read) - {i.result for i in sources} - {start}

    def wrong(self) -> list[str]:
        """Return the parameters whose gradient is no multiple of the true one, or whose step is none of the gradient."""
        return [n for n in self.gradients if n not in self.settled and (self.factor(n) is None or self.strays(n))]

    def role_of(self, value: int) -> tuple[Role, float] | None:
        """Return what a value is, up to a factor, as it stands now."""
        found = [v[value] for v in self.now]
        own = [self.own_role(n) for n, v in self.gradients.items() if v == value]
        for role in [*own, *self.trials[0].truth]:
            if (c := constant(found, self.truth(role))) is not None:
                return role, c
        return None

    def roles_of(self, value: int) -> list[Role]:
        """Return all that a value is, up to a factor."""
        found = [v[value] for v in self.now]
        return [role for role in self.trials[0].truth if constant(found, self.truth(role)) is not None]

    def put(self, replaced: Mapping[int, Role], scale: float = 1.0) -> list[list[Any]] | None:
        """Return the values of all trials with the truth, `scale` times, in some places more."""
        found: list[list[Any]] = []
        for n in range(len(self.trials)):
            values = self._put(n, replaced, scale)
            if values is None:
                return None
            found.append(values)
        return found

    def _put(self, n: int, replaced: Mapping[int, Role], scale: float) -> list[Any] | None:
        """Return the values of one trial with the truth, `scale` times, in some places more."""
        return again(self.trials[n], {**self._known(n), **{v: self.truth(r)[n] * scale for v, r in replaced.items()}})

    def _known(self, n: int) -> dict[int, Array]:
        """Return what the values that are taken as mended are in a trial."""
        return {v: self.truth(r)[n] * self.scales.get(v, 1.0) for v, r in self.replaced.items()}

    def mended_by(self, value: int, role: Role, wrong: Sequence[str], times: float | None = None) -> frozenset[str]:
        """Return which of some wrong parameters a role, so many `times`, in a value's place makes right up to a factor."""
        scale, exact = (1.0, False) if times is None else (times, True)
        wanted = [n for n in wrong if n in self.leads_to[value]]
        if not wanted:
            return frozenset()
        first = self._put(0, {value: role}, scale)
        if first is None or not any(self._one(n, first) for n in wanted):
            return frozenset()
        values = self.put({value: role}, scale)
        if values is None:
            return frozenset()
        factors = {n: self.factor(n, values) for n in self.leads_to[value]}
        others = [factors[n] for n in factors if n not in wrong]
        mended = {n: c for n, c in factors.items() if n in wanted and c is not None}
        if any(c is None for c in others):
            return frozenset()  # what was right becomes wrong: the fault is not here
        if exact and any(abs(c / k - 1) > SAME for c in others if c is not None for k in mended.values()):
            return frozenset()  # what was right becomes so by another factor
        return frozenset(mended)

    def beside(self, value: int) -> dict[str, list[Array]]:
        """Return the part of each gradient that is not made from a value, as the decay of weights is one, where there is one."""
        values = [again(t, {**self._known(n), value: np.zeros(np.shape(self.now[n][value]))}) for n, t in enumerate(self.trials)]
        found: dict[str, list[Array]] = {}
        for name in sorted(self.leads_to[value], key=lambda n: self.program.makers[self.gradients[n]]):
            parts: list[Any] = [None if v is None else self.gradient(name, v) for v in values]
            truth = self.truth(self.own_role(name))
            if all(np.shape(x) == t.shape and np.isfinite(x).all() and np.any(x) for x, t in zip(parts, truth, strict=True)):
                found[name] = [np.asarray(x, dtype=float) for x in parts]
        return found

    def scale_for(self, value: int, role: Role, beside: Mapping[str, list[Array]]) -> float | None:
        """Return how many times a role a value must be for what stands `beside` it to fit; None if any factor will do."""
        if not beside or np.shape(self.now[0][value]) != self.truth(role)[0].shape:
            return None
        once = self.put({value: role})
        usual = [1.0, *(k for n in self.gradients if (k := self.factor(n)) is not None and k > 0)]
        for name, parts in beside.items() if once is not None else ():
            whole, truth = [self.gradient(name, v) for v in once or ()], self.truth(self.own_role(name))
            if any(np.shape(w) != t.shape or not np.isfinite(w).all() for w, t in zip(whole, truth, strict=True)):
                continue
            # c · (whole − beside) + beside = k · truth
            made = np.concatenate([np.ravel(w - b) for w, b in zip(whole, parts, strict=True)])
            equations = np.stack([made, -np.concatenate([np.ravel(t) for t in truth])], axis=1)
            rest = -np.concatenate([np.ravel(b) for b in parts])
            solved, *_ = np.linalg.lstsq(equations, rest, rcond=None)
            size = SAME * np.max(np.abs(rest))
            fits = np.max(np.abs(made * solved[0])) > size >= np.max(np.abs(equations @ solved - rest))
            if fits and any(abs(solved[1] / k - 1) <= SAME for k in usual):
                return float(solved[0])
        return None

    def _one(self, name: str, values: list[Any]) -> bool:
        truth = self.trials[0].truth[self.own_role(name)]
        return constant([self.gradient(name, values)], [truth]) is not None

    def accept(self, value: int, role: Role, scale: float | None = None) -> None:
        """Take a value as mended."""
        self.replaced[value] = role
        self.scales[value] = 1.0 if scale is None else scale
        values = self.put({})
        assert values is not None
        self.now = values


def step_of(values: list[Any], start: int, end: int) -> Any:
    """Return what an update takes from its parameter; None where the shape of that changes."""
    if values[end] is None or values[start] is None or np.shape(values[end]) != np.shape(values[start]):
        return None
    return np.asarray(values[start], dtype=float) - np.asarray(values[end], dtype=float)
