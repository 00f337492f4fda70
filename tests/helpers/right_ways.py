"""Six other right ways of writing each right program; each is checked to be right up to one factor by `mutants_run`."""

from __future__ import annotations

import re
from collections.abc import Callable

from helpers.mutants_text import differences, parts, products, simple, spliced, transposed, with_right
from helpers.right_programs import Right


def factors_moved(right: Right) -> str | None:
    """Move a factor from the output's delta to the lines that make gradients, or from those to the delta."""
    lines = list(right.lines)
    gradients = [i for i, mark in enumerate(right.marks) if {"dW", "db"} & set(mark.words)]
    shared = right.lines[right.at("delta")[0]]
    if shared.endswith(" / m"):
        lines[right.at("delta")[0]] = shared.removesuffix(" / m")
        return _text(_scaled(lines, gradients, "1 / m * {}"))
    by_m = all(re.search(r"\(1 / m\) \*|1 / m \*| / m$|mean\(", lines[i]) for i in gradients)
    if by_m:
        for i in gradients:
            lines[i] = re.sub(r"\(1 / m\) \* |1 / m \* | / m$", "", lines[i]).replace("mean(", "sum(")
        return _text(_scaled(lines, right.at("delta"), "{} / m"))
    return _text(_scaled(_scaled(lines, right.at("delta"), "2 * {}"), gradients, "0.5 * {}"))


def transposes_moved(right: Right) -> str | None:
    """Write each product of the backward pass as the transpose of the transposes' product."""
    lines = list(right.lines)
    for i, mark in enumerate(right.marks):
        if {"dW", "dA"} & set(mark.words):
            rhs = parts(lines[i])[2]
            left, factor, start, end = products(rhs)[0]
            prefix = ""
            if " * " in left:
                prefix, left = "(1 / m) * " if "1 / m" in left else "", left.strip("()").split(" * ")[-1]
            lines[i] = with_right(lines[i], spliced(rhs, start, end, f"{prefix}({transposed(factor)} @ {transposed(left)}).T"))
    return _text(lines)


def sums_split(right: Right) -> str | None:
    """Write the output's delta as two terms, and products over the samples as the sum of two products."""
    lines = list(right.lines)
    columns = any(line == 'samples = "columns"' for line in lines)
    if "batch = 1" not in lines:
        for i in right.at("dW"):
            rhs = parts(lines[i])[2]
            left, factor, start, end = products(rhs)[0]
            prefix = ""
            if " * " in left:
                prefix, left = "(1 / m) * ", left.strip("()").split(" * ")[-1]
            cuts = [(f"{_cut(left, c, columns)} @ {_cut(factor, c, columns)}") for c in (":2", "2:")]
            lines[i] = with_right(lines[i], spliced(rhs, start, end, f"{prefix}({cuts[0]} + {cuts[1]})"))
        return _text(lines)
    return _text(_distributed(right, lines))


def _cut(factor: str, samples: str, columns: bool) -> str:
    """Return some samples of a product's factor; a factor that is transposed is cut before that."""
    bare = transposed(factor)
    if len(bare) < len(factor):
        return f"{bare}[:, {samples}].T" if columns else f"{bare}[{samples}].T"
    return f"{factor}[:, {samples}]" if columns else f"{factor}[{samples}]"


def _distributed(right: Right, lines: list[str]) -> list[str]:
    i = right.at("delta")[0]
    rhs = parts(lines[i])[2]
    a, b, start, end = differences(rhs)[0]
    if (start, end) == (0, len(rhs)):
        lines[i] = with_right(lines[i], f"0.5 * {a} - 0.5 * {b} + 0.5 * ({a} - {b})")
    else:
        lines[i] = with_right(lines[i], f"2 * {a} - 2 * {b}")
    return lines


def fused(right: Right) -> str | None:
    """Fuse the output's delta, or write it in parts."""
    text = right.text
    for old, new in right.unfused:
        text = text.replace(old, new)
    return text


def other_loss_scale(right: Right) -> str | None:
    """Leave the backward pass, but let the loss be another multiple: right up to one factor."""
    lines = list(right.lines)
    heading = lines.index("# loss")
    at = max(i for i in range(heading, lines.index("# backward")) if " = " in lines[i])
    rhs = parts(lines[at])[2]
    for old, new in ((" / m", ""), ("np.mean(", "np.sum("), ("mean(", "sum("), ("mse(", "sse("), ("half_sse(", "sse(")):
        if old in rhs:
            lines[at] = with_right(lines[at], rhs.replace(old, new))
            return _text(lines)
    lines[at] = with_right(lines[at], f"3 * {simple(rhs)}")
    return _text(lines)


def sign_in_update(right: Right) -> str | None:
    """Turn the sign of the output's delta, and that of the updates."""
    lines = list(right.lines)
    i = right.at("delta")[0]
    rhs = parts(lines[i])[2]
    turned = [(a, b, start, end) for a, b, start, end in differences(rhs) if "1" not in (a, b)]
    if turned and "divide" not in rhs:
        a, b, start, end = turned[0]
        lines[i] = with_right(lines[i], spliced(rhs, start, end, f"{b} - {a}"))
    elif rhs.startswith("-("):
        lines[i] = with_right(lines[i], rhs[2:-1])
    else:
        lines[i] = with_right(lines[i], f"-{simple(rhs)}")
    for j in right.at("update"):
        if right.name == "momentum-rows":
            continue
        lines[j] = turned_update(lines[j])
    if right.name == "momentum-rows":
        for j in right.at("v"):
            lines[j] = lines[j].replace(" - lr", " + lr")
    return _text(lines)


def turned_update(line: str) -> str:
    """Return an update that goes the other way."""
    target, sign, rhs = parts(line)
    if sign in ("-=", "+="):
        if rhs.startswith("-"):
            return f"{target} {sign} {rhs[1:]}"
        return f"{target} {'+=' if sign == '-=' else '-='} {rhs}"
    assert rhs.startswith(f"{target} ")
    other = "+" if rhs[len(target) + 1] == "-" else "-"
    return f"{target} = {target} {other}{rhs[len(target) + 2 :]}"


def _scaled(lines: list[str], at: list[int], how: str) -> list[str]:
    """Scale what stands on the right; in an update, what stands behind the rate."""
    for i in at:
        target, _, rhs = parts(lines[i])
        update = re.match(rf"((?:{target} [-+] )?(?:0\.\d|alpha|lr)) \* (.*)$", rhs)
        lines[i] = with_right(lines[i], f"{update[1]} * {how.format(simple(update[2]))}" if update else how.format(simple(rhs)))
    return lines


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


WAYS: dict[str, Callable[[Right], str | None]] = {
    "factors moved": factors_moved, "transposes moved": transposes_moved, "sums split": sums_split, "fused or not": fused,
    "other loss scale": other_loss_scale, "sign in the update": sign_in_update,
}  # fmt: skip


def ways(right: Right) -> dict[str, str]:
    """Return the other right ways of writing a program, by name."""
    made = {name: way(right) for name, way in WAYS.items()}
    return {name: text for name, text in made.items() if text is not None and text != right.text}
