"""Faults that take more than one line: order and state."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.mutants_site import Edits, Site, Sketch
from helpers.mutants_text import parts, simple, with_right


def stale(s: Site) -> Iterator[Sketch]:
    """A weight updated before its last use."""
    for i in s.right.at("dA"):
        rhs = s.rhs(i)
        weight = next(w for w in s.weights if re.search(rf"\b{w}\b", rhs))
        moved = sorted({*s.right.at("dW", weight), *s.right.at("v", weight), *s.right.at("update", weight)})
        before = tuple(s.lines[k] for k in moved if k > i or "update" in s.marks[k].words)
        edits: Edits = {k: () for k in moved if s.lines[k] in before}
        edits[i] = (*before, s.lines[i])
        update = next(k for k in moved if "update" in s.marks[k].words)
        spot = (i, len(before))
        yield Sketch(edits, (spot,), ("stale",), "updated before its last use", True, also=((i, len(before) - 1),))
        if update < i:
            continue
        gradient = next(k for k in s.right.at("dW", weight))
        if gradient < i and "update" not in s.marks[gradient].words and not s.right.at("v", weight):
            rate = re.search(r"\b(lr|eta|alpha|learning_rate)\b", s.rhs(update))
            assert rate
            new = re.sub(rf"\b{weight}\b", f"({weight} - {rate[0]} * {s.target(gradient)})", rhs)
            yield s.change(
                i, with_right(s.lines[i], new), ("stale", "operand"), "the updated weight worked out in the line", known=False
            )


def overwritten(s: Site) -> Iterator[Sketch]:
    """A cached value written over before it is needed."""
    for i in s.right.at("dA"):
        rhs, given = s.rhs(i), s.target(i)
        weight = next(w for w in s.weights if re.search(rf"\b{w}\b", rhs))
        delta = next((n for n in s.reads(i) if n in s.deltas), None)
        gradients = [k for k in (*s.right.at("dW", weight), *s.right.at("db")) if delta in s.reads(k)]
        later = [k for k in range(i + 1, len(s.lines)) if re.search(rf"\b{given}\b", s.lines[k]) and k not in gradients]
        if delta is None or not gradients:
            continue
        edits: Edits = {k: (re.sub(rf"\b{given}\b", delta, s.lines[k]),) for k in later}
        first = min(gradients)
        written = with_right(re.sub(rf"^{given}\b", delta, s.lines[i]), rhs)
        if first < i:
            edits[i] = ()
            edits[first] = (written, s.lines[first])
            spots = ((first, 0), (first, 1), *((k, 0) for k in gradients if k != first))
        else:
            edits[i] = (written,)
            spots = ((i, 0), *((k, 0) for k in gradients))
        yield Sketch(edits, spots, ("overwritten",), "the delta's name used for the next layer", True)
    for i in s.right.at("dZ"):
        mark = s.marks[i]
        users = [k for k in s.right.at("dW") if re.search(rf"\b{mark.a}\b", s.rhs(k)) and k < i]
        if mark.kind not in ("sigmoid", "tanh") or not users or mark.a not in mark.derivative:
            continue
        k = users[0]
        edits = {k: (f"{mark.a} = {mark.derivative}", s.lines[k]), i: (s.lines[i].replace(mark.derivative, mark.a),)}
        yield Sketch(edits, ((k, 0), (k, 1)), ("overwritten",), "σ′ written into the activation", False)
        k = min(s.backward)
        if not any(mark.a in s.reads(x) for x in s.right.at("delta")):
            edits = {k: (f"{mark.a} = {mark.derivative}", s.lines[k]), i: (s.lines[i].replace(mark.derivative, mark.a),)}
            yield Sketch(
                edits,
                ((k, 0), *((u, int(u == k)) for u in users)),
                ("overwritten",),
                "σ′ written into the activation, early",
                False,
            )
    for i in s.right.at("A", "relu"):
        z = next(n for n in s.reads(i) if n not in ("np",))
        a = s.target(i)
        masks = [k for k in (*s.right.at("mask"), *s.right.at("dZ")) if re.search(rf"\b{z}\b", s.lines[k])]
        if not masks:
            continue
        strict = {k: (re.sub(rf"\b{z} > 0", f"{z} >= 0", s.lines[k]),) for k in masks if f"{z} > 0" in s.lines[k]}
        if any(f"{z} < 0" in s.lines[k] for k in masks) or strict:
            edits = {**strict, i: (f"{a} = {z}", f"{a}[{a} < 0] = 0")}
            yield Sketch(
                edits, ((i, 0), (i, 1), *((k, 0) for k in masks)), ("overwritten",), "relu written into the cached z", True
            )
        edits = {i: (s.lines[i], f"{z} = abs({z})")}
        yield Sketch(edits, ((i, 1), *((k, 0) for k in masks)), ("overwritten",), "z written over by |z|", False)


def never_applied(s: Site) -> Iterator[Sketch]:
    """A gradient computed, and not used."""
    for n, i in enumerate(s.right.at("update")):
        p = s.target(i)
        inline = {"dW", "db"} & set(s.marks[i].words)
        gradient = i if inline else next(k for k in s.backward if p in s.marks[k].words)
        running = tuple((k, 0) for k in s.right.at("v", p))
        # `db = dZ`: the line that makes dZ makes the gradient.
        made = tuple((k, 0) for k in s.assigned if s.target(k) == s.core(gradient)[1])
        if not inline:
            yield Sketch({i: ()}, ((gradient, 0), *made), ("never-applied",), "update left out", True, also=running)
        target, sign, rhs = parts(s.lines[i])
        whole = rhs if sign == "=" else f"{target} {sign[0]} {simple(rhs) if rhs.startswith('-') else rhs}"
        yield Sketch(
            {i: (f"{p}_new = {whole}",)},
            ((gradient, 0), (i, 0), *made),
            ("never-applied",),
            "the result given another name",
            False,
            also=running,
        )
        nothing = [s.with_core(i, f"0 * {s.core(i)[1]}"), f"{p} = {p} * 1.0"][n % 2] if " * " in rhs else f"{p} = {p} * 1.0"
        yield Sketch(
            {i: (nothing,)},
            ((i, 0), (gradient, 0), *made),
            ("never-applied", "scale"),
            "an update by nothing",
            False,
            also=running,
        )


def never_reset(s: Site) -> Iterator[Sketch]:
    """A gradient that grows from one iteration to the next."""
    for i in s.right.at("v"):
        p = s.marks[i].words[1]
        line = re.sub(r"\b(beta|mu) \* ", "", s.lines[i])
        yield s.change(i, line, "never-reset", "decay left out", wrong=(p,), also=((s.line_of("update", p), 0),))
        if "beta" in s.lines[i]:
            yield s.change(
                i,
                re.sub(r"\bbeta \* ", "1.0 * ", s.lines[i]),
                "never-reset",
                "a decay of 1",
                known=False,
                wrong=(p,),
                also=((s.line_of("update", p), 0),),
            )
    if s.right.at("v"):
        return
    for n, i in enumerate(s.right.at("dW") + s.right.at("db")):
        if "update" in s.marks[i].words:
            continue
        p = s.marks[i].words[s.marks[i].words.index("dW" if "dW" in s.marks[i].words else "db") + 1]
        given = next(k for k in (*s.right.at("W"), *s.right.at("b")) if s.target(k) == p)
        g = s.target(i)
        zero = {given: (s.lines[given], f"{g} = 0 * {p}")}
        grown = f"{g} += {s.rhs(i)}" if n % 2 else f"{g} = {g} + {simple(s.rhs(i))}"
        yield Sketch({**zero, i: (grown,)}, ((i, 0),), ("never-reset",), "summed up over iterations", True, wrong=(p,))
        u = s.line_of("update", p)
        if n < 3:
            total = f"total_{p}"
            edits: Edits = {
                given: (s.lines[given], f"{total} = 0 * {p}"),
                i: (s.lines[i], f"{total} = {total} + {g}"),
                u: (re.sub(rf"\b{g}\b", total, s.lines[u]),),
            }
            yield Sketch(
                edits, ((i, 1),), ("never-reset",), "summed up in another name", False, wrong=(p,), also=((u, 0), (i, 0))
            )


MOVES = (stale, overwritten, never_applied, never_reset)
