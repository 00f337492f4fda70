"""Two files beside each other, tensor by tensor, such as two checkpoints of one training."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files.arrays import Stream, stream
from core.files.looks.looks import Match, MatchKind
from core.files.problem import FileProblem
from core.files.saved import Saved, Tensor
from core.files.worker import Worker

NEAR = 1e-6
"""Numbers are near each other if no two differ by more than this times the root of the mean square of all of them."""

PREFIXES = ("module", "model", "_orig_mod", "network", "net", "state_dict", "model_state_dict")
"""What is written before all names where a network is wrapped: by DataParallel, by torch.compile, by a class of one's own."""

_Pair = tuple[NDArray[Any], NDArray[Any]]


def paired(saved: Saved, other: Saved) -> tuple[tuple[str, str], ...]:
    """Return which tensors belong together: (name here, name there), '' where there is none; first all here, in their order.

    Equal names do; then names that are equal without `PREFIXES`, if no other one is; and two files of one tensor each.
    """
    there = {t.name for t in other.tensors}
    found = {t.name: t.name for t in saved.tensors if t.name in there}
    rest = [t.name for t in saved.tensors if t.name not in found]
    left = [t.name for t in other.tensors if t.name not in found]
    ours, theirs = _bare(rest), _bare(left)
    found |= {name: theirs[bare] for bare, name in ours.items() if bare in theirs}
    if len(saved.tensors) == len(other.tensors) == 1:
        found = {saved.tensors[0].name: other.tensors[0].name}
    taken = set(found.values())
    here = [(t.name, found.get(t.name, "")) for t in saved.tensors]
    return (*here, *(("", t.name) for t in other.tensors if t.name not in taken))


def compare(saved: Saved, other: Saved) -> Iterator[Match]:
    """Yield how the tensors of two files differ, one after the other, in the order of `paired`.

    They are gone through in pieces; one that is stored in another order than its partner is loaded whole. The numbers are
    compared in float64, whatever their types. 'equal' are those that are all the same number, NaN and NaN too; 'near' those
    of which no two differ by more than 1e-6 times the root of the mean square of all numbers, here and there; 'type' those
    that cannot be read in one of the files. `rms`, `relative` and `cosine` are of the places at which both are finite;
    `largest` is ∞ where one is finite and the other is not. Numbers whose squares are too large to be added up have no `rms`.
    A tensor that is there alone has its name twice.
    """
    here, there = {t.name: t for t in saved.tensors}, {t.name: t for t in other.tensors}
    with Worker() as worker:
        for name, theirs in paired(saved, other):
            if not name:
                yield Match(theirs, theirs, "only there")
            elif not theirs:
                yield Match(name, "", "only here")
            elif here[name].shape != there[theirs].shape:
                yield Match(name, theirs, "shape")
            else:
                try:
                    yield _match(here[name], theirs, together(saved, other, here[name], there[theirs], worker)[1])
                except FileProblem:
                    yield Match(name, theirs, "type")


def together(saved: Saved, other: Saved, tensor: Tensor, theirs: Tensor, worker: Worker) -> tuple[Stream, Iterable[_Pair]]:
    """Return how a tensor of one file is gone through, and its pieces, each with that of a tensor of the same shape.

    `worker` reads the numbers of `other`. The pairs can be gone through once.

    Raises:
        FileProblem: if the numbers of one cannot be read, at the latest while they are.
    """
    first, second = stream(saved, tensor), stream(other, theirs, worker)
    if first.turned != second.turned:
        first, second = stream(saved, tensor, in_rows=True), stream(other, theirs, worker, in_rows=True)
    return first, _side_by_side(first.pieces(), second.pieces())


def _side_by_side(first: Iterator[NDArray[Any]], second: Iterator[NDArray[Any]]) -> Iterator[_Pair]:
    rest = np.zeros(0)
    try:
        for piece in first:
            at = 0
            while at < piece.size:
                while not rest.size:
                    rest = next(second)
                n = min(piece.size - at, rest.size)
                yield piece[at : at + n], rest[:n]
                at, rest = at + n, rest[n:]
        # To its end: only then is it known whether all of it could be read.
        for _ in second:
            pass
    finally:
        # Where one cannot be read, the other one would keep the process that reads it as long as the error is kept.
        for one in (first, second):
            if isinstance(one, Generator):
                one.close()


def _match(tensor: Tensor, theirs: str, pairs: Iterable[_Pair]) -> Match:
    differing, largest = 0, 0.0
    ours_squared = theirs_squared = product = squared = 0.0
    finite_pairs = 0
    for x, y in pairs:
        same = x == y
        if x.dtype.kind in "fc" and y.dtype.kind in "fc":
            same |= np.isnan(x) & np.isnan(y)
        n = int(x.size - np.count_nonzero(same))
        differing += n
        exact = np.complex128 if "c" in (x.dtype.kind, y.dtype.kind) else np.float64
        a, b = x.astype(exact), y.astype(exact)
        finite = np.isfinite(a) & np.isfinite(b)
        if not finite.all():
            if not (finite | same).all():
                largest = math.inf
            a, b = a[finite], b[finite]
        finite_pairs += a.size
        with np.errstate(all="ignore"):
            ours_squared += float(np.vdot(a, a).real)
            theirs_squared += float(np.vdot(b, b).real)
            product += float(np.vdot(a, b).real)
            if n:
                gap = b - a
                squared += float(np.vdot(gap, gap).real)
                largest = max(largest, float(np.abs(gap).max(initial=0.0)))
    n = max(finite_pairs, 1)
    scale = math.sqrt((ours_squared + theirs_squared) / (2 * n))
    kind: MatchKind = "different"
    if not differing:
        kind = "equal"
    elif largest <= NEAR * scale < math.inf:
        kind = "near"
    rms = math.sqrt(squared / n)
    relative = 0.0 if not rms else _by(math.sqrt(squared), math.sqrt(ours_squared))
    cosine = 1.0 if not differing and ours_squared else _by(product, math.sqrt(ours_squared) * math.sqrt(theirs_squared))
    if cosine is not None:
        cosine = min(1.0, max(-1.0, cosine)) if math.isfinite(cosine) else None
    return Match(tensor.name, theirs, kind, largest, rms if math.isfinite(rms) else None, relative, differing, cosine)


def _by(a: float, b: float) -> float | None:
    """Return a / b; None where their squares were too large to be added up."""
    return None if not math.isfinite(a) or not math.isfinite(b) else a / b if b else math.inf


def _bare(names: list[str]) -> dict[str, str]:
    """Return names by what is left of them without prefixes, those only of which no two are the same."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for name in names:
        bare = name
        while (head := bare.replace("/", ".").partition("."))[2] and head[0] in PREFIXES:
            bare = bare[len(head[0]) + 1 :]
        if bare in found:
            twice.add(bare)
        found[bare] = name
    return {bare: name for bare, name in found.items() if bare not in twice}
