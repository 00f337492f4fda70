"""What a check of gradients found, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterable

from core.explain.moving import index_text
from core.health.agreement import NOTE, Verdict
from core.health.gradresult import GradientCheck, ParameterCheck
from core.program.ir import Program

GLYPHS: dict[Verdict, str] = {
    "agrees": "✓", "near": "≈", "factor": "≈", "wrong": "✗", "both zero": "⊘", "kink": "✓", "not finite": "⊘", "unknown": "⊘",
}  # fmt: skip
SHOWN_ROUNDING = 1e-4


def short_verdict(r: ParameterCheck) -> str:
    """Return a verdict in a few words."""
    match r.verdict:
        case "agrees":
            return "agrees"
        case "kink":
            return "agrees, but for kinks"
        case "near":
            return "nearly agrees"
        case "factor":
            return f"up to a factor {number(r.factor)}"
        case "wrong":
            if r.own is not None and r.own.array.shape != r.nudged.shape:
                return "wrong shape"
            if r.factor is not None and abs(r.factor + 1) < 1e-3:
                return "wrong sign"
            return "wrong"
        case "both zero":
            return "both are zero"
        case "not finite":
            return "not finite"
        case _:
            return "could not be checked"


def error_text(error: float) -> str:
    """Return a relative error in one or two digits."""
    if error != error:
        return "–"
    if error == 0:
        return "0"
    return "∞" if error == float("inf") else number(error)


def number(x: float | None) -> str:
    """Return a number in three digits."""
    text = "?" if x is None else f"{x:.3g}"
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−")


def sentence(program: Program, r: ParameterCheck) -> str:
    """Return what was found of a parameter: what was compared, what came out, where it differs most, what to know of it."""
    said = [_verdict(program, r)]
    if r.own is not None and r.own.uphill:
        said.append("The update adds it, so it is compared with its sign turned.")
    if r.own is not None and r.own.without:
        names = " and ".join(r.own.without)
        said.append(f"It stands in the line of the update, so it is compared with {names} = 1.")
    if r.own is not None and not r.confirmed and r.verdict != "not finite":
        said.append("Nudging does not confirm the derived gradient here; where they differ, nudging was taken.")
    if r.kinks:
        said.append(_kinks(program, r))
    if 0 < r.nudges < r.cells:
        said.append(_sampled(r))
    if r.own is not None and r.own.rounding > SHOWN_ROUNDING:
        said.append(
            f"All this is in float64; in the network's own precision the numbers differ by up to {number(r.own.rounding)} "
            "of the largest."
        )
    return " ".join(said)


def glyph_of(check: GradientCheck) -> str:
    """Return the sign of the whole check."""
    if check.problem or any(r.verdict == "not finite" for r in check.results):
        return "⊘"
    if check.right:
        return "✓" if check.factor is None else "≈"
    return "✗" if any(r.verdict in ("wrong", "factor") for r in check.results) else "≈"


def summary(check: GradientCheck) -> str:
    """Return in a sentence or two what was found of the whole program."""
    if check.problem:
        return check.problem
    label = "L" if check.program.loss is None else check.program.values[check.program.loss].label
    if any(r.verdict == "not finite" for r in check.results):
        if check.loss is not None and check.loss - check.loss != 0:
            where = "Go to an earlier iteration and check there."
            return f"{label} is not a finite number in this iteration, so it has no slope. {where}"
        names = _names(r for r in check.results if r.verdict == "not finite")
        return f"Nudging gives no finite number for {names}."
    n = len(check.results)
    written = any(r.own is not None for r in check.results)
    whose = "your gradients" if written else "the derived gradients"
    if check.factor is not None:
        return (
            f"All {n} gradients are {number(check.factor)} times the slope of {label}: they point the right way, "
            "and the factor acts like another learning rate."
        )
    wrong = [r for r in check.results if r.verdict == "wrong"]
    scaled = [r for r in check.results if r.verdict == "factor"]
    near = [r for r in check.results if r.verdict in ("near", "unknown")]
    if not wrong and not scaled and not near:
        what = f"All {n} of {whose} agree" if n > 1 else f"The gradient of {check.results[0].name} agrees"
        return f"{what} with the slope of {label} that nudging shows."
    said: list[str] = []
    if wrong:
        said.append(f"Wrong: the {'gradient' if len(wrong) == 1 else 'gradients'} of {_names(wrong)}.")
    if scaled:
        said.append(f"Scaled by a factor of their own, so that parameters learn at different rates: {_names(scaled)}.")
    if near:
        said.append(f"Not quite the slope: {_names(near)}.")
    return " ".join(said)


def _verdict(program: Program, r: ParameterCheck) -> str:
    loss = "L" if program.loss is None else program.values[program.loss].label
    whose = "The derived gradient" if r.own is None else "Your gradient"
    slope = f"∂{loss}/∂{r.name}"
    at = "" if r.where is None or not r.where else f" at {index_text(r.name, r.where)}"
    match r.verdict:
        case "agrees" | "kink":
            if not r.largest > 0:
                return f"{whose} agrees with {slope}: no cell differs by more than rounding."
            tail = "" if r.largest <= NOTE else f" The largest relative error is {error_text(r.largest)}{at}."
            return f"{whose} agrees with {slope}.{tail}"
        case "near":
            return f"{whose} is nearly {slope}, but not quite: the largest relative error is {error_text(r.largest)}{at}."
        case "factor":
            return f"{whose} is {number(r.factor)} times {slope} in every cell."
        case "wrong":
            return _wrong(r, whose, slope, at)
        case "both zero":
            return f"Both are zero: {loss} does not change when {r.name} is nudged, and the gradient says so too."
        case "not finite":
            return f"{loss} has no finite slope along {r.name} here, so there is nothing to compare with."
        case _:
            return f"Nothing could be compared with {slope}."


def _wrong(r: ParameterCheck, whose: str, slope: str, at: str) -> str:
    if r.own is not None and r.own.array.shape != r.nudged.shape:
        shape, wanted = _shape(r.own.array.shape), _shape(r.nudged.shape)
        return f"{whose} has the shape {shape}, {r.name} has {wanted}: each cell needs a slope of its own."
    if r.factor is not None and r.factor < 0:
        if abs(r.factor + 1) < 1e-3:
            return f"{whose} is −{slope}: the sign is turned, so the update goes uphill."
        return f"{whose} is {number(r.factor)} times {slope}: the sign is turned, so the update goes uphill."
    if r.own is not None and r.own.array.size and not r.own.array.any():
        return f"{whose} is zero everywhere, {slope} is not."
    if r.own is None and not r.largest > 0:
        return f"{whose} is not {slope}: along a random direction of the whole array, nudging says something else."
    if r.factor is not None:
        return f"{whose} is {number(r.factor)} times {slope}."
    size = "not a finite number there" if r.largest == float("inf") else f"the largest relative error is {error_text(r.largest)}"
    return f"{whose} is not {slope}: {size}{at}."


def _kinks(program: Program, r: ParameterCheck) -> str:
    index, cell = next(iter(r.kinks.values()))
    i = program.instructions[index]
    s = program.statements[i.statement]
    label = index_text(program.values[i.result].label, cell)
    n = len(r.kinks)
    cells = "one cell" if n == 1 else f"{n} cells"
    return (
        f"At {cells} the nudge went over a kink, where the slope jumps (first `{i.op}` in line {s.line}, `{s.text}`, "
        f"at {label}): there the numbers may differ, and that is no fault."
    )


def _sampled(r: ParameterCheck) -> str:
    ways = f", and the whole array along {len(r.slopes)} random directions" if r.slopes else ""
    rest = "" if r.own is None else "; yours was compared with the derived one in every cell"
    return f"{r.nudges} of {r.cells} cells were nudged{ways}{rest}."


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) if len(shape) > 1 else f"({shape[0]},)" if shape else "a single number"


def _names(results: Iterable[ParameterCheck]) -> str:
    names = [r.name for r in results]
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)
