"""Faults of the target, the forward pass and the start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from helpers.mutants_site import Edits, Site, Sketch
from helpers.mutants_text import products, spliced, with_right


def no_target(s: Site) -> Iterator[Sketch]:
    """A delta that does not know the target."""
    i = s.right.at("delta")[0]
    rhs, y, out = s.rhs(i), s.y(), s.out()
    if "divide" in rhs or f"/ {out}" in rhs:
        yield s.change(
            i,
            re.sub(rf"\b{y}\b", out, rhs) and with_right(s.lines[i], re.sub(rf"\b{y}\b", "0.5", rhs)),
            "no-target",
            "0.5 for the target",
            known=False,
        )
        yield s.change(
            i,
            with_right(s.lines[i], re.sub(rf"\b{y}\b", f"({out} > 0.5)", rhs)),
            "no-target",
            "the decision for the target",
            known=False,
        )
        return
    for old in (f"{out} - {y}", f"{y} - {out}"):
        if old not in rhs:
            continue

        def with_target(new: str, old: str = old) -> str:
            return re.sub(rf"\b{y}\b", new, old)

        for way, new, known in (
            ("target left out", out if old.startswith(out) else f"-{out}", True),
            ("output itself for the target", with_target(f"{out} ** 2"), False),
            ("0.5 for the target", with_target("0.5"), False),
            ("mean for the target", with_target(f"mean({out})"), False),
            ("the decision for the target", with_target(f"({out} > 0.5)"), False),
        ):
            yield s.change(i, with_right(s.lines[i], rhs.replace(old, new)), "no-target", way, known)
        hidden = [u for u in s.units if u not in (out, "X")]
        for other in hidden:
            yield s.change(
                i, with_right(s.lines[i], rhs.replace(old, with_target(other))), "no-target", f"{other} for the target"
            )


def bias_missing(s: Site) -> Iterator[Sketch]:
    """A bias that the forward pass leaves out."""
    for i in s.right.at("b"):
        b = s.target(i)
        k = next(k for k in range(i, s.lines.index("# loss")) if f" + {b}" in s.lines[k])
        yield s.change(k, s.lines[k].replace(f" + {b}", ""), "bias-missing", "left out of the forward pass")
        yield s.change(k, s.lines[k].replace(f" + {b}", f" + 0 * {b}"), "bias-missing", "multiplied by 0", known=False)


def symmetric_start(s: Site) -> Iterator[Sketch]:
    """Units that start alike stay alike."""
    at = s.right.at("W")
    if any("random" in s.lines[i] for i in s.right.at("b")):
        return  # the biases tell the units apart
    drawn = any("np.random.seed" in line for line in s.lines[s.lines.index("# parameters") :])
    for n, (first, second) in enumerate(pairwise(at)):
        shapes = [_shape(s, k) for k in (first, second)]
        ways = (
            ("zeros", "np.zeros(({}, {}))", "np.zeros(({}, {}))", True),
            ("a constant", "0.3 * np.ones(({}, {}))", "-0.2 * np.ones(({}, {}))", True),
            ("zeros by multiplying", "0 * np.random.randn({}, {})", "0.0 * np.random.randn({}, {})", False),
            ("equal units", _alike(s.columns), _alike(not s.columns), False),
            ("np.full", "np.full(({}, {}), 0.5)", "np.full(({}, {}), -0.25)", False),
        )
        for k, (way, one, two, known) in enumerate(ways):
            if (n and k == 1) or ("random" in one and not drawn):
                continue
            edits: Edits = {
                at[n]: (with_right(s.lines[first], one.format(*shapes[0])),),
                at[n + 1]: (with_right(s.lines[second], two.format(*shapes[1])),),
            }
            yield Sketch(edits, ((first, 0), (second, 0)), ("symmetric-start",), way, known)


def _alike(same_rows: bool) -> str:
    """Return a start whose rows (or columns) are all one."""
    return "np.ones(({0}, 1)) * np.random.randn(1, {1})" if same_rows else "np.random.randn({0}, 1) * np.ones((1, {1}))"


def _shape(s: Site, i: int) -> tuple[int, int]:
    line = s.lines[i]
    found = re.search(r"(?:randn|reshape)\((\d+), (\d+)\)", line)
    if found:
        return int(found[1]), int(found[2])
    return line.count("[") - 1, line.split("]")[0].count(",") + 1


def epsilon(s: Site) -> Iterator[Sketch]:
    """A small number in the denominators of the output's delta."""
    i = s.right.at("delta")[0]
    rhs, out = s.rhs(i), s.out()
    for eps, known in (("1e-5", True), ("1e-3", True), ("1e-8", True), ("0.01", False)):
        if "divide" in rhs:
            new = rhs.replace(f"(Y, {out})", f"(Y, {out} + {eps})").replace(f"1 - {out})", f"1 - {out} + {eps})")
        elif f"/ {out}" in rhs:
            new = rhs.replace(f"/ {out}", f"/ ({out} + {eps})").replace(f"(1 - {out})", f"(1 - {out} + {eps})")
        else:
            return
        yield s.change(i, with_right(s.lines[i], new), "epsilon", f"{eps} added in the denominators", known)
    new = re.sub(rf"1 - {out}", f"maximum(1 - {out}, 0.4)", rhs)
    yield s.change(i, with_right(s.lines[i], new), ("epsilon", "operand"), "the denominator held above a limit", known=False)


def broadcast(s: Site) -> Iterator[Sketch]:
    """One target a row meets one output a column."""
    i = s.right.at("delta")[0]
    y, rhs, out = s.y(), s.rhs(i), s.out()
    if s.columns or (
        "[0], [1]" not in s.lines[s.line_of("Y")].replace("0.0", "0") and "[0.1], [0.7]" not in s.lines[s.line_of("Y")]
    ):
        return
    for way, new, known in (
        ("flat target", f"{y}[:, 0]", True),
        ("target turned over", f"{y}.T", True),
        ("target by reshape", f"{y}.reshape(-1)", False),
        ("squeezed target", f"np.squeeze({y}, axis=1)", False),
    ):
        names = ("broadcast", "shape", "transpose") if way == "target turned over" else ("broadcast", "shape")
        yield s.change(i, with_right(s.lines[i], re.sub(rf"\b{y}\b", new, rhs)), names, way, known)
        if out in rhs:
            yield s.change(
                i,
                with_right(s.lines[i], re.sub(rf"\b{out}\b", new.replace(y, out), rhs, count=1)),
                names,
                way.replace("target", "output"),
                known,
            )
    loss = next(k for k in range(s.lines.index("# loss") + 1, i) if " = " in s.lines[k])
    if "bce(" not in s.lines[loss] and "half_sse" not in s.lines[loss]:
        k = s.line_of("Y")
        flat = re.sub(r"\[([-\d.]+)\]", r"\1", s.lines[k])
        yield Sketch({k: (flat,)}, ((k, 0), (i, 0), (loss, 0)), ("broadcast", "shape"), "target given flat", True)


def axis(s: Site) -> Iterator[Sketch]:
    """Softmax over the wrong axis."""
    # The delta does not fit this forward pass either, so that it may be named, but it is not where the mistake was made.
    delta = ((s.right.at("delta")[0], 0),)
    for k in s.right.at("A", "softmax"):
        right, wrong = ("axis=0", "axis=1") if s.columns else ("axis=1", "axis=0")
        line = s.lines[k]
        yield s.change(k, line.replace(right, wrong), "axis", "over the samples", also=delta)
        yield s.change(k, line.replace(right, "axis=None"), "axis", "over everything", also=delta)
        z = s.reads(k)[0]
        if "softmax(" in line:
            yield s.change(k, with_right(line, f"softmax({z}.T, {right}).T"), "axis", "turned over", known=False, also=delta)
            yield s.change(
                k, with_right(line, f"exp({z}) / sum(exp({z}))"), "axis", "over everything, by hand", known=False, also=delta
            )
        else:
            yield s.change(
                k, with_right(line, f"{z} / {z}.sum()"), "axis", "over everything, by a method", known=False, also=delta
            )


def shapes(s: Site) -> Iterator[Sketch]:
    """Operands that cannot meet."""
    for n, i in enumerate(s.right.at("dW") + s.right.at("dA")):
        core = s.core(i)[1]
        left, right, start, end = products(core)[0]
        if " * " in left:
            continue
        axis = "[1:]" if n % 2 else "[:, 1:]"
        yield s.change(
            i,
            s.with_core(i, spliced(core, start, end, f"({left}{axis} @ {right})")),
            ("shape", "operand", "batch-sum"),
            "an operand cut",
            known=False,
        )


FORWARD = (no_target, bias_missing, symmetric_start, epsilon, broadcast, axis, shapes)
