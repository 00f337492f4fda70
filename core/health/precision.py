"""Where floating point is about to end: logarithms of almost 0, overflow, denormal numbers, cancelled digits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.health.finding import Finding
from core.health.look import Look, cell_text, first_cells, number, share_text
from core.health.roles import Roles
from core.health.rule import Limit, Limits, Mask, Rule
from core.program.ir import Array, Instruction

SAMPLE = 1024
PRIMES = (127, 131, 137, 139, 149, 151, 157, 163, 167, 173)


# -- about to be non-finite --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Risk:
    """A value that an operation reads (or makes) near one of its ends: `kind` says which."""

    value: int
    kind: str
    instruction: Instruction
    other: int | None = None


def about_to_be(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find values that the next operation on them can turn into NaN or ∞."""
    for value, risks in look.roles.once("about", _risks).items():
        if not look.fresh(value):
            continue
        found = [(r, m) for r in risks if (m := _at_risk(look, r, limits)) is not None and m.any()]
        if not found:
            continue
        mask = np.logical_or.reduce([m for _, m in found])
        risk = found[0][0]
        array = np.asarray(look.values[value])
        many = share_text(int(mask.sum()), array.size)
        harmless = all(r.kind == "one" for r, _ in found)
        verb = "are" if mask.sum() > 1 else "is"
        text = f"{many} {look.label(value)}{look.where(value)} {verb} {_sentence(look, risk, limits, array)}".strip()
        yield look.finding(
            "about-to-be", "note" if harmless else "warning", value, text[0].upper() + text[1:], mask,
            numbers={"smallest": float(np.min(array[mask])), "largest": float(np.max(array[mask]))},
            remedies=("fused-loss", "smaller-rate", "standardise"),
        )  # fmt: skip


def about_to_be_cells(look: Look, value: int, limits: Limits) -> Mask | None:
    """Mark the cells at risk."""
    risks = look.roles.once("about", _risks).get(value, ())
    found = [m for r in risks if (m := _at_risk(look, r, limits)) is not None]
    return np.logical_or.reduce(found) if found else None


def _risks(roles: Roles) -> dict[int, list[_Risk]]:
    found: dict[int, list[_Risk]] = {}

    def add(value: int | None, kind: str, i: Instruction, other: int | None = None) -> None:
        if value is not None:
            found.setdefault(value, []).append(_Risk(value, kind, i, other))

    for i in roles.program.instructions:
        first, second = (*i.operands, *i.operands, *i.operands)[:2] if i.operands else (None, None)
        if first is None or second is None:
            continue
        if i.op in ("log", "exp"):
            add(first.value, i.op, i)
        elif i.op == "sigmoid_written_out":
            add(first.value, "exp of minus", i)
        elif i.op == "divide":
            add(second.value, "divisor", i)
        elif i.op in ("power", "power_function") and (second.number or 0) < 0:
            add(first.value, "divisor", i)
        elif i.op == "bce":
            add(first.value, "bce", i)
        elif i.op == "cross_entropy":
            add(first.value, "cross_entropy", i, None if second.transposed else second.value)
    for i in roles.forward:
        if i.op in ("sigmoid", "sigmoid_written_out"):
            add(i.result, "one, then log" if _reaches_an_end(roles, i.result, found) else "one", i)
    return found


def _reaches_an_end(roles: Roles, value: int, risks: dict[int, list[_Risk]]) -> bool:
    """Tell whether a value, or 1 minus it, is read by a logarithm, a division or a loss with logarithms."""
    near = {value, *(i.result for i in roles.readers.get(value, ()) if i.op in ("subtract", "add", "negative", "clip"))}
    return any(r.kind in ("log", "divisor", "bce", "cross_entropy") for v in near for r in risks.get(v, ()))


def _at_risk(look: Look, risk: _Risk, limits: Limits) -> Mask | None:
    x = look.floats(risk.value)
    if x is None:
        return None
    facts = np.finfo(x.dtype)
    least = max(limits["log"], float(facts.tiny))
    # Beyond this number exp is ∞ already: 709 in float64, 88 in float32, 11 in float16.
    most = math.floor(math.log(float(facts.max))) + limits["exp"]
    match risk.kind:
        case "log":
            return x <= least
        case "exp":
            return x > most
        case "exp of minus":
            return x < -most
        case "divisor":
            return np.abs(x) < max(limits["divisor"], float(facts.tiny))
        case "bce":
            return (x <= least) | (1 - x <= max(least, float(facts.epsneg)))
        case "cross_entropy":
            y = None if risk.other is None else look.array(risk.other)
            return (x <= least) & (y != 0) | (x <= 0) if y is not None and y.shape == x.shape else x <= least
        case _:
            return x == 1


def _sentence(look: Look, risk: _Risk, limits: Limits, array: Array) -> str:
    line = look.program.statements[risk.instruction.statement].line
    least = number(limits["log"])
    match risk.kind:
        case "log":
            smallest = number(np.nanmin(array))
            return f"at {least} or less: the logarithm in line {line} is about to be −∞ or NaN (smallest {smallest})."
        case "exp":
            return f"so large that exp in line {line} is about to be ∞ (largest {number(np.nanmax(array))})."
        case "exp of minus":
            return f"so negative that exp(−z) inside the sigmoid of line {line} is ∞ (smallest {number(np.nanmin(array))})."
        case "divisor":
            return f"almost 0: the division by it in line {line} is about to be ∞ or NaN."
        case "bce" | "cross_entropy":
            return f"within {least} of 0 or 1: the logarithm in the loss of line {line} is about to be −∞."
        case "one, then log":
            return (
                "exactly 1: the sigmoid has run out of digits, and the logarithm or division that follows is about to meet a 0."
            )
        case _:
            return "exactly 1: the sigmoid has run out of digits; its slope is 0 there."


ABOUT = Rule(
    "about-to-be", "About to be NaN or ∞",
    "A number is so near the end of what floating point can hold that the next operation may leave it.",
    "IEEE 754-2019", "◬", about_to_be,
    {
        "log": Limit(1e-12, "a logarithm of this or less is at risk (at least the smallest normal number)", 0.0, 1e-2),
        "divisor": Limit(1e-12, "a divisor below this is at risk", 0.0, 1e-2),
        "exp": Limit(
            0.0, "added to the largest exponent (709 in float64, 88 in float32, 11 in float16)", -700.0, 0.0,
        ),
    },
    about_to_be_cells,
)  # fmt: skip


# -- denormal ----------------------------------------------------------------------------------------


def denormal(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find values a share of which is so small that digits are lost."""
    program = look.program
    for value in (*program.inputs.values(), *(i.result for i in look.made)):
        if not look.fresh(value):
            continue
        x = look.floats(value)
        if x is None or not _denormals(_sample(x)).any():
            continue
        mask = _denormals(x)
        share = float(np.mean(mask))
        if share > limits["share"]:
            tiny = number(np.finfo(x.dtype).tiny)
            text = (
                f"{round(100 * share)} % of {look.label(value)}{look.where(value)} is denormal, below {tiny}: such "
                f"{x.dtype} numbers have lost digits, and computing with them is many times slower."
            )
            yield look.finding("denormal", "warning", value, text, mask, numbers={"share": share}, remedies=("smaller-rate",))


def denormal_cells(look: Look, value: int, limits: Limits) -> Mask | None:
    """Mark the denormal cells."""
    del limits
    x = look.floats(value)
    return None if x is None else _denormals(x)


def _denormals(x: Array) -> Mask:
    small = np.abs(x) < np.finfo(x.dtype).tiny
    return small & (x != 0) if small.any() else np.asarray(small)


def _sample(x: Array) -> Array:
    """Some cells of a large array, spread so that each row and each column is met."""
    if x.size <= SAMPLE:
        return x
    prime = next((p for p in PRIMES if all(d % p for d in x.shape)), PRIMES[0])
    stride = max(1, min(prime, x.size // SAMPLE))
    while any(d > 1 and math.gcd(stride, d) > 1 for d in x.shape) and stride > 1:
        stride -= 1
    return x.ravel(order="K")[::stride]


DENORMAL = Rule(
    "denormal", "Denormal numbers", "Many numbers are so small that they have lost digits.",
    "IEEE 754-2019; measured", "₀", denormal,
    {"share": Limit(0.01, "warn when more than this share of a value is denormal", 0.0, 1.0)}, denormal_cells,
)  # fmt: skip


# -- cancellation ------------------------------------------------------------------------------------


def cancelling(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find differences of almost equal numbers. The residual of the loss and the step of an update are exempt."""
    for result, i in look.roles.once("cancelling", _differences).items():
        mask = _cancelled(look, i, limits) if look.fresh(result) else None
        if mask is None or not mask.any():
            continue
        out = np.asarray(look.values[result])
        cell, verb = first_cells(mask)[0], "hold" if mask.sum() > 1 else "holds"
        text = (
            f"{share_text(int(mask.sum()), out.size)} {look.label(result)}{look.where(result)} {verb} hardly a right digit: "
            f"almost equal numbers were subtracted there (first {cell_text(cell)} = {number(out[cell])})."
        ).strip()
        yield look.finding(
            "cancelling", "warning", result, text, mask, numbers={"first": float(out[cell])}, remedies=("fused-loss",)
        )


def cancelling_cells(look: Look, value: int, limits: Limits) -> Mask | None:
    """Mark the cells that are such a difference."""
    i = look.roles.once("cancelling", _differences).get(value)
    return None if i is None else _cancelled(look, i, limits)


def _differences(roles: Roles) -> dict[int, Instruction]:
    """The sums and differences to judge, by their result."""
    ends = {v for pair in roles.parameters.values() for v in pair}
    found: dict[int, Instruction] = {}
    for i in roles.program.instructions:
        if i.op not in ("add", "subtract") or len(i.operands) != 2 or i.result in ends:
            continue
        if not roles.data.intersection(i.reads):
            found[i.result] = i
    return found


def _cancelled(look: Look, i: Instruction, limits: Limits) -> Mask | None:
    out, first = look.floats(i.result), i.operands[0]
    if out is None:
        return None
    a: Any = first.number if first.value is None else look.array(first.value)
    if a is None:
        return None
    a = np.asarray(a).T if first.transposed else np.asarray(a)
    size = np.abs(out)
    # Where they cancel, the two operands are equal but for the last digits: one of them tells the size of both.
    mask = size < limits["digits"] * float(np.finfo(out.dtype).eps) * np.abs(a, dtype=float)
    if mask.shape != out.shape:
        return None
    return mask & (size > 0) if mask.any() else np.asarray(mask)


CANCELLING = Rule(
    "cancelling", "Cancellation", "Almost equal numbers were subtracted, so that hardly a right digit is left.",
    "Goldberg, What Every Computer Scientist Should Know About Floating-Point Arithmetic (1991)", "≈", cancelling,
    {"digits": Limit(8.0, "a difference below this many rounding errors of its operands counts", 1.0, 1e9)}, cancelling_cells,
)  # fmt: skip
