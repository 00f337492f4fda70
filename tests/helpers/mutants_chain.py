"""Faults of the chain rule in one line of a backward pass: derivatives, weights, sums, products."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.mutants_site import Site, Sketch
from helpers.mutants_text import (
    differences,
    parts,
    products,
    simple,
    spliced,
    transposed,
    with_right,
)

_TWICE = {
    "sigmoid": ("sigmoid({a}) * (1 - sigmoid({a}))", "exp(-{a}) / (1 + exp(-{a})) ** 2"),
    "tanh": ("1 - tanh({a}) ** 2", "4 / (exp({a}) + exp(-{a})) ** 2"),
}
_OTHER = {"sigmoid": "1 - {a} ** 2", "tanh": "{a} * (1 - {a})"}
_WRONG = ("derivative-missing", "derivative-of-preactivation", "derivative-twice", "operand")


def derivatives(s: Site) -> Iterator[Sketch]:
    """σ′ of something else, left out, or once too often."""
    for n, i in enumerate(s.right.at("dZ")):
        mark, rhs = s.marks[i], s.rhs(i)
        d, a, z = mark.derivative, mark.a, mark.z

        def put(new: str, i: int = i, d: str = d, rhs: str = rhs) -> str:
            return with_right(s.lines[i], rhs.replace(d, simple(new)))

        called = re.fullmatch(r"(\w+)\((\w+)\)", d)
        if mark.kind in _TWICE:
            plain, odd = (t.format(a=a) for t in _TWICE[mark.kind])
            known = f"{called[1]}({a})" if called and called[2] == z else d.replace(z, a) if f"tanh({z})" in d else plain
            yield s.change(i, put(known), "derivative-twice", f"σ′ of {a}")
            yield s.change(i, put(odd), "derivative-twice", f"σ′ of {a} by exp", known=False)
            if mark.kind == "sigmoid":
                yield s.detour(
                    i, f"again = sigmoid({a})", put("again * (1 - again)"), "derivative-twice", "σ of σ in a line of its own"
                )
            if z != "?":
                at_z = f"{z} * (1 - {z})" if mark.kind == "sigmoid" else f"1 - {z} ** 2"
                if called is None and f"tanh({z})" not in d:
                    yield s.change(i, put(re.sub(rf"\b{a}\b", z, d)), "derivative-of-preactivation", f"{z} for {a}")
                else:
                    yield s.change(i, put(at_z), "derivative-of-preactivation", "z itself")
                odd = f"{z} - {z} * {z}" if mark.kind == "sigmoid" else f"(1 - {z}) * (1 + {z})"
                yield s.change(i, put(odd), "derivative-of-preactivation", "z itself, multiplied out", known=False)
            yield s.change(i, put(_OTHER[mark.kind].format(a=a)), _WRONG, "another function's derivative", known=False)
            yield s.change(i, put(f"1 - {a}" if mark.kind == "sigmoid" else f"1 - abs({a})"), _WRONG, "half of σ′", known=False)
        for dropped in _dropped(rhs, d):
            yield s.change(i, with_right(s.lines[i], dropped), "derivative-missing", "σ′ left out")
        yield s.change(i, put(f"({a} * 0 + 1)"), "derivative-missing", "σ′ is 1 everywhere", known=False)
        if mark.kind == "relu":
            yield s.change(
                i,
                put(f"({z} < 0)" if n % 2 else f"1 - {simple(d)}"),
                ("operand", "sign", "derivative-missing"),
                "mask the other way round",
                known=False,
            )
        else:
            yield s.change(i, with_right(s.lines[i], f"{simple(rhs)} * {simple(d)}"), "derivative-extra", "σ′ once more")
            odd = f"{a} - {a} ** 2" if mark.kind == "sigmoid" else f"(1 - {a}) * (1 + {a})"
            yield s.change(
                i,
                with_right(s.lines[i], f"{simple(rhs)} * ({odd})"),
                "derivative-extra",
                "σ′ once more, multiplied out",
                known=False,
            )
    for i in s.right.at("fused"):
        mark = s.marks[i]
        yield s.change(
            i,
            with_right(s.lines[i], f"{simple(s.rhs(i))} * {mark.a} * (1 - {mark.a})"),
            "derivative-extra",
            "σ′ although it cancels",
        )
        yield s.change(
            i,
            with_right(s.lines[i], f"{simple(s.rhs(i))} * ({mark.a} - {mark.a} ** 2)"),
            "derivative-extra",
            "σ′ although it cancels, multiplied out",
            known=False,
        )
        if mark.kind == "sigmoid":
            yield s.change(
                i,
                with_right(s.lines[i], f"{simple(s.rhs(i))} * exp(-{mark.z}) / (1 + exp(-{mark.z})) ** 2"),
                "derivative-extra",
                "σ′ although it cancels, by exp",
                known=False,
            )
    for i in s.right.at("mask"):
        before, after = i - 1, i + 1
        yield Sketch({i: ()}, ((before, 0), (after, 0)), ("derivative-missing",), "mask left out", True, also=((i + 2, 0),))
        yield s.change(
            i,
            s.lines[i].replace("< 0", "> 0"),
            ("operand", "sign", "derivative-missing"),
            "mask the other way round",
            known=False,
        )
        yield s.change(
            i, s.lines[i].replace("< 0", "< 0.3"), ("operand", "derivative-missing"), "mask at another limit", known=False
        )
    for i in s.right.at("def"):
        kind, line = s.marks[i].words[1], s.lines[i]
        rhs = parts(line)[2]
        if kind in ("z", "s"):
            name = "x" if kind == "z" else "z"
            yield s.change(i, with_right(line, f"{name} * (1 - {name})"), "derivative-of-preactivation", "z itself, in the def")
            yield s.change(
                i,
                with_right(line, f"{name} - {name} ** 2"),
                "derivative-of-preactivation",
                "z itself, in the def, multiplied out",
                known=False,
            )
            yield s.change(i, with_right(line, rhs.replace("1 - ", "1 + ")), ("sign", *_WRONG), "plus for minus in the def")
            yield s.change(i, with_right(line, rhs.split(" * ")[0]), _WRONG, "half of σ′ in the def", known=False)
            yield s.change(
                i,
                with_right(line, rhs.replace("1 - ", "") if kind == "s" else "sigmoid(x) ** 2"),
                _WRONG,
                "σ² in the def",
                known=False,
            )
            a, b, start, end = differences(rhs)[0]
            yield s.change(i, with_right(line, spliced(rhs, start, end, f"{b} - {a}")), "sign", "subtraction turned in the def")
            yield s.change(i, with_right(line, f"2 * {rhs}"), "scale", "doubled in the def")
        if kind == "s":
            yield s.change(i - 1, "    s = z", "derivative-of-preactivation", "σ left out in the def", also=((i, 0),))
            yield s.change(i - 1, "    s = sig(sig(z))", "derivative-twice", "σ of σ in the def", also=((i, 0),))
        if kind == "a":
            yield s.change(i, with_right(line, "sigmoid(a) * (1 - sigmoid(a))"), "derivative-twice", "σ′ of σ in the def")
            yield s.change(
                i,
                with_right(line, "np.exp(-a) / (1 + np.exp(-a)) ** 2"),
                "derivative-twice",
                "σ′ of σ in the def, by exp",
                known=False,
            )
            yield s.change(i, with_right(line, "a * (a - 1)"), "sign", "subtraction turned in the def")
            yield s.change(i, with_right(line, "1 - a ** 2"), _WRONG, "another function's derivative in the def", known=False)
        if kind == "r":
            yield s.change(
                i, with_right(line, "z < 0"), ("operand", "sign", "derivative-missing"), "mask the other way round, in the def"
            )
            yield s.change(
                i,
                with_right(line, "z > 0.3"),
                ("operand", "derivative-missing"),
                "mask at another limit, in the def",
                known=False,
            )
            yield s.change(
                i,
                with_right(line, "np.maximum(z, 0)"),
                ("operand", "derivative-missing"),
                "relu itself for its derivative",
                known=False,
            )


def _dropped(rhs: str, d: str) -> list[str]:
    """Return the right side without a derivative that multiplies it."""
    called = re.fullmatch(rf"np\.multiply\((.*), {re.escape(d)}\)", rhs)
    if called:
        return [called[1]]
    return [rhs.replace(f" * {d}", "")] if f" * {d}" in rhs else []


def chains(s: Site) -> Iterator[Sketch]:
    """The weights' transpose skipped, or the raw error passed on."""
    for n, i in enumerate(s.right.at("dA")):
        rhs = s.rhs(i)
        left, right, start, end = products(rhs)[0]
        weight, delta = (left, right) if any(w in left for w in s.weights) else (right, left)
        axis = 0 if s.columns else 1
        yield s.change(i, with_right(s.lines[i], spliced(rhs, start, end, delta)), "chain-skipped", "weights left out")
        yield s.change(
            i, with_right(s.lines[i], spliced(rhs, start, end, f"({s.out()} - {s.y()})")), "chain-skipped", "raw error passed on"
        )
        bare = transposed(weight)
        ones = [f"({bare} * 0 + 1).T", f"({bare} ** 0).T", f"np.sign({bare}).T"][n % 3]
        pair = f"{ones} @ {delta}" if weight == left else f"{delta} @ {ones}"
        yield s.change(
            i,
            with_right(s.lines[i], spliced(rhs, start, end, f"({pair})")),
            ("chain-skipped", "operand"),
            "weights taken as 1",
            known=False,
        )
        yield s.change(
            i,
            with_right(s.lines[i], spliced(rhs, start, end, f"sum({delta}, axis={axis}, keepdims=True)")),
            "chain-skipped",
            "sum for the weights",
            known=False,
        )
        yield s.change(
            i,
            with_right(s.lines[i], spliced(rhs, start, end, f"mean({delta}, axis={axis}, keepdims=True)")),
            "chain-skipped",
            "mean for the weights",
            known=False,
        )


def batch_sums(s: Site) -> Iterator[Sketch]:
    """Summed over everything, over the other axis, or not at all."""
    first = "[:, :1]" if s.columns else "[:1]"
    last = "[:, -1:]" if s.columns else "[-1:]"
    for n, i in enumerate(s.right.at("db")):
        core = s.core(i)[1]
        called = re.search(r"(?:np\.)?(sum|mean)\((\w+)(, axis=(\d)[^)]*)\)", core) or re.search(
            r"(\w+)\.(sum|mean)\((axis=(\d)[^)]*)\)", core
        )
        if not called or s.single:
            continue
        function, delta = (called[1], called[2]) if called[1] in ("sum", "mean") else (called[2], called[1])
        before, behind = core[: called.start()], core[called.end() :]
        other = called[0].replace(f"axis={called[4]}", f"axis={1 - int(called[4])}")
        flat = "keepdims" not in called[0]
        yield s.change(i, s.with_core(i, f"{before}np.{function}({delta}){behind}"), "batch-sum", "over everything")
        yield s.change(i, s.with_core(i, before + other + behind), "batch-sum", "over the other axis")
        yield s.change(i, s.with_core(i, before + delta + behind), "batch-sum", "not summed")
        one = f"{delta}[0]" if flat else f"{delta}{first}"
        yield s.change(i, s.with_core(i, before + one + behind), "batch-sum", "of the first sample", known=False)
        keep = "" if flat else ", keepdims=True"
        odd = [
            f"np.max({delta}, axis={called[4]}{keep})",
            f"{delta}[-1]" if flat else f"{delta}{last}",
            f"np.sum({delta}) / {delta}.shape[{1 - int(called[4])}]",
        ][n % 3]
        yield s.change(
            i,
            s.with_core(i, before + odd + behind),
            ("batch-sum", "operand") if "max" in odd else "batch-sum",
            "something else than the sum",
            known=False,
        )
    for i in s.right.at("dW"):
        core = s.core(i)[1]
        left, right, start, end = products(core)[0]
        if " * " in left or s.single:
            continue
        if s.columns:
            new = f"({left}{first} @ {transposed(right)}{first}.T)"
        else:
            new = f"({transposed(left)}{first}.T @ {right}{first})"
        yield s.change(
            i, s.with_core(i, spliced(core, start, end, new)), ("batch-sum", "operand"), "first sample only", known=False
        )


def products_wrong(s: Site) -> Iterator[Sketch]:
    """`*` where `@` was meant, and the other way round."""
    for n, i in enumerate(s.backward):
        core = s.core(i)[1]
        for left, right, start, end in products(core):
            if " * " in left:
                continue
            yield s.change(i, s.with_core(i, spliced(core, start, end, f"({left} * {right})")), "product", "* for @")
            odd = [f"({transposed(left)} * {right})", f"({left} * {transposed(right)})"][n % 2]
            yield s.change(i, s.with_core(i, spliced(core, start, end, odd)), "product", "* for @, turned over", known=False)
        d = s.marks[i].derivative
        if d and f" * {d}" in core:
            yield s.change(i, s.with_core(i, core.replace(f" * {d}", f" @ {simple(d)}")), "product", "@ for *")
            yield s.change(
                i, s.with_core(i, core.replace(f" * {d}", f" @ {simple(d)}.T")), "product", "@ for *, turned over", known=False
            )
        if d and core.startswith("np.multiply("):
            yield s.change(i, s.with_core(i, "np.dot(" + core[12:]), "product", "np.dot for np.multiply")


CHAIN = (derivatives, chains, batch_sums, products_wrong)
