"""Faults that one line of a backward pass has: sign, scale, operand, transpose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.mutants_site import Site, Sketch
from helpers.mutants_text import (
    constants,
    differences,
    names,
    products,
    simple,
    spliced,
    transposed,
    transposes,
    with_right,
)
from helpers.right_ways import turned_update


def signs(s: Site) -> Iterator[Sketch]:
    """A minus too many or too few."""
    for n, i in enumerate(s.backward):
        core = s.core(i)[1]
        yield s.change(i, s.with_core(i, f"-{simple(core)}"), "sign", "minus before the line")
        other = [f"0 - {simple(core)}", f"{simple(core)} * -1 + 0", f"{simple(core)} / (3 - 4)", f"(1 - 2) * {simple(core)}"][
            n % 4
        ]
        if not (s.core(i)[0] and other.startswith("0 -")):
            yield s.change(i, s.with_core(i, other), "sign", "a roundabout minus", known=False)
        for a, b, start, end in differences(core):
            if not ("1 -" in core[start:end] and "np.divide" not in core):
                yield s.change(i, s.with_core(i, spliced(core, start, end, f"{b} - {a}")), "sign", "subtraction turned")
            elif s.marks[i].derivative and core[start:end] in s.marks[i].derivative:
                yield s.change(i, s.with_core(i, spliced(core, start, end, f"{b} - {a}")), "sign", "subtraction turned in σ′")
    for i in s.right.at("update"):
        yield s.change(i, turned_update(s.lines[i]), "sign", "update turned")
    for i in s.right.at("v"):
        line = s.lines[i]
        turned = line.replace(" - lr", " + lr") if " - lr" in line else line.replace(" + (1 - beta)", " - (1 - beta)")
        yield s.change(i, turned, "sign", "running mean turned")
    i = s.right.at("delta")[0]
    for a, b, start, end in differences(s.rhs(i))[:1]:
        if {a, b} == {s.out(), s.y()}:
            yield s.detour(
                i,
                f"difference = {b} - {a}",
                with_right(s.lines[i], spliced(s.rhs(i), start, end, "difference")),
                "sign",
                "subtraction turned in a line of its own",
            )


def scales(s: Site) -> Iterator[Sketch]:
    """A factor too many or too few, for some parameters."""
    features = "X.shape[0]" if s.columns else "X.shape[1]"
    for n, i in enumerate(s.backward):
        core = s.core(i)[1]
        for what, start, end in constants(core):
            cut = core[:start] + core[end:]
            if cut.count("(") == cut.count(")") and cut.strip():
                yield s.change(i, s.with_core(i, cut), "scale", f"factor {what} left out")
        ways = (
            ("doubled", "2 * {}"),
            ("divided by m once more", "{} / m"),
            ("halved", "0.5 * {}"),
            ("multiplied by m", "m * {}"),
        )
        for way, new in ways[n % 2 :: 2]:
            yield s.change(i, s.with_core(i, new.format(simple(core))), "scale", way)
        roundabout = (
            f"{simple(core)} * 0.5 + 0",
            f"{simple(core)} + {simple(core)}",
            f"{simple(core)} / {features}",
            f"{simple(core)} * 0.9",
            f"sqrt(m) * {simple(core)}",
        )
        new = roundabout[n % 5]
        yield s.change(i, s.with_core(i, f"({new})" if s.core(i)[0] else new), "scale", "another factor, roundabout", known=False)
        found = products(core)
        if found:
            left, right, start, end = found[0]
            if " * " not in left:
                yield s.change(
                    i,
                    s.with_core(i, spliced(core, start, end, f"(({left} + {left}) @ {right})")),
                    "scale",
                    "an operand taken twice",
                    known=False,
                )
        if re.search(r"\bsum\(", core):
            yield s.change(i, s.with_core(i, re.sub(r"\bsum\(", "mean(", core)), "scale", "mean for sum")
        if re.search(r"\bmean\(", core):
            yield s.change(i, s.with_core(i, re.sub(r"\bmean\(", "sum(", core)), "scale", "sum for mean")
    for i in s.right.at("update"):
        rhs = s.rhs(i)
        rate = re.search(r"\b(lr|eta|alpha|learning_rate|0\.\d)\b", rhs)
        if rate:
            yield s.change(
                i,
                with_right(s.lines[i], spliced(rhs, rate.start(), rate.end(), f"{rate[0]} * 2")),
                "scale",
                "rate doubled in one update",
            )
            yield s.change(
                i,
                with_right(s.lines[i], spliced(rhs, rate.start(), rate.end(), f"{rate[0]} ** 2")),
                "scale",
                "rate squared in one update",
                known=False,
            )


def operands(s: Site) -> Iterator[Sketch]:
    """Another value where one was meant."""
    for n, i in enumerate(s.backward):
        core = s.core(i)[1]
        d = s.marks[i].derivative
        inside = range(core.index(d), core.index(d) + len(d)) if d and d in core else range(0)
        for name, start, end in names(core):
            if start in inside:
                continue
            # All others would be most of the mutants: two a place, other ones from line to line.
            others = list(s.others(i, name))
            for other in dict.fromkeys((others + others)[n % max(len(others), 1) :][:2]):
                yield s.change(i, s.with_core(i, spliced(core, start, end, other)), "operand", f"{other} for {name}")
            if name in s.units and "delta" not in s.marks[i].words:
                new = [f"({name} ** 2)", f"({name} + 1)", f"abs({name})", f"{name}[::-1]", f"({name} - mean({name}))"][n % 5]
                yield s.change(i, s.with_core(i, spliced(core, start, end, new)), "operand", f"{new} for {name}", known=False)
            if name in s.weights:
                new = [f"abs({name})", f"({name} ** 2)", f"{name}[:, ::-1]", f"({name} + 0.5)"][n % 4]
                yield s.change(i, s.with_core(i, spliced(core, start, end, new)), "operand", f"{new} for {name}", known=False)
            if name in s.deltas and {"dW", "db"} & set(s.marks[i].words):
                new = [f"abs({name})", f"({name} ** 2)"][n % 2]
                yield s.change(i, s.with_core(i, spliced(core, start, end, new)), "operand", f"{new} for {name}", known=False)
        for name, start, end in names(core):
            if start in inside and name in s.units and core.count(name, inside.start, inside.stop) > 1:
                for other in s.others(i, name):
                    if other not in (s.marks[i].z,):
                        yield s.change(
                            i, s.with_core(i, spliced(core, start, end, other)), "operand", f"{other} for one {name} in σ′"
                        )
    updates = s.right.at("update")
    for i in updates:
        for name, start, end in names(s.rhs(i)):
            made = [k for k in s.backward if s.target(k) == name and {"dW", "db"} & set(s.marks[k].words)]
            for k in s.backward if made else ():
                if s.target(k) != name and {"dW", "db"} & set(s.marks[k].words) and s.target(k) in s.before(i):
                    yield s.change(
                        i,
                        with_right(s.lines[i], spliced(s.rhs(i), start, end, s.target(k))),
                        "operand",
                        f"{s.target(k)} for {name} in the update",
                        also=tuple((g, 0) for g in made),
                    )


def transposes_wrong(s: Site) -> Iterator[Sketch]:
    """Turned over, or not turned over."""
    for n, i in enumerate(s.right.at("dW") + s.right.at("dA")):
        core = s.core(i)[1]
        for inner, start, end in transposes(core):
            yield s.change(i, s.with_core(i, spliced(core, start, end, inner)), "transpose", ".T left out")
        left, right, start, end = products(core)[0]
        piece = core[start:end]
        yield s.change(i, s.with_core(i, spliced(core, start, end, f"({piece}).T")), "transpose", "result turned over")
        if " * " not in left:
            turned = f"({transposed(right)} @ {transposed(left)})"
            yield s.change(
                i,
                s.with_core(i, spliced(core, start, end, turned)),
                "transpose",
                "both operands turned and exchanged",
                known=False,
            )
            yield s.change(
                i,
                s.with_core(i, spliced(core, start, end, f"({right} @ {left})")),
                ("transpose", "product", "shape", "operand"),
                "operands exchanged",
                known=False,
            )
        if n % 2 == 0:
            yield s.change(
                i,
                s.with_core(i, spliced(core, start, end, f"np.transpose({piece})")),
                "transpose",
                "np.transpose of the result",
                known=False,
            )


LINES = (signs, scales, operands, transposes_wrong)
