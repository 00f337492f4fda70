"""Parts of sentences about a diagnosis: numbers, shapes, lists of names, what a line makes and what that should be."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from core.diagnosis.result import Diagnosis, Fault
from core.errors import NotationError
from core.notation.parse import parse

Shape = tuple[int, ...]
PRODUCTS = ("matmul", "dot")
REMARKS = ("bias-missing", "symmetric-start", "epsilon")
MOST_NAMES = 4
LONGEST_OLD = 40


def number(x: float) -> str:
    """Return a number in four digits, with a minus that is one."""
    return f"{x:.4g}".replace("e-0", "e-").replace("-", "−")


def factor_text(x: float) -> str:
    """Return a factor as `2`, or as `1/400` where it is one part of a whole."""
    inverse = 1 / abs(x) if x else 0.0
    if 1.5 < inverse < 1e6 and abs(inverse - round(inverse)) < 1e-6 * inverse:
        return f"{'−' if x < 0 else ''}1/{round(inverse)}"
    return number(round(x) if abs(x - round(x)) < 1e-9 * abs(x) else x)


def times(x: float) -> str:
    """Return a factor to be followed by what it is a factor of: `2 times` the step, `1/400 of` the step."""
    text = factor_text(x)
    return f"{text} of" if "/" in text else f"{text} times"


def size(shape: Sequence[int]) -> str:
    """Return a shape as it is written everywhere: 3×4."""
    return "×".join(str(n) for n in shape) if shape else "a single number"


def one_line(text: str) -> str:
    """Return code as typed in one line."""
    return " ".join(text.split())


def small(text: str) -> str:
    return text[:1].lower() + text[1:]


def listed(names: Iterable[str]) -> str:
    several = list(names)
    if len(several) > MOST_NAMES + 1:
        return f"{', '.join(several[:MOST_NAMES])} and {len(several) - MOST_NAMES} more"
    return f"{', '.join(several[:-1])} and {several[-1]}" if len(several) > 1 else "".join(several)


def some(names: Sequence[str]) -> str:
    return listed(n if " more" in n else f"`{n}`" for n in names)


@lru_cache(maxsize=8)
def _definitions(text: str) -> tuple[tuple[str, int, str], ...]:
    """Return (name, line, its text) of every line of a `def`."""
    try:
        source = parse(text)
    except NotationError:
        return ()
    return tuple(
        (name, n, source.lines[n - 1].strip()) for name, d in source.definitions.items()
        for n in range(d.node.lineno, (d.node.end_lineno or d.node.lineno) + 1)
    )  # fmt: skip


def definition_of(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return the name of the `def` that the line of a fault stands in, empty if it stands in none."""
    # An assumed loss has been written into the text that is diagnosed, with a heading or two, and moves what is below it.
    near = 3 if diagnosis.loss_assumed else 0
    return next(
        (d for d, n, line in _definitions(diagnosis.text) if abs(n - fault.line) <= near and line == fault.text.strip()), ""
    )


def target_of(fault: Fault) -> str:
    """Return the name that a line gives its result to, empty if it gives none."""
    head = fault.text.split("=")[0].rstrip("+-*/@ ")
    return head.split("[")[0].strip() if "=" in fault.text and not fault.text.startswith("return") else ""


def is_remark(fault: Fault, diagnosis: Diagnosis) -> bool:
    """Tell whether a fault is one that makes no gradient wrong."""
    return fault.fault in REMARKS or fault in diagnosis.hints


def in_update(fault: Fault, diagnosis: Diagnosis) -> bool:
    """Tell whether a line is one that changes a parameter."""
    target = target_of(fault)
    return target in parameters_of(diagnosis) and not definition_of(fault, diagnosis) and not is_remark(fault, diagnosis)


def it(fault: Fault, diagnosis: Diagnosis) -> str:
    inside = definition_of(fault, diagnosis)
    if inside:
        return f"`{inside}`"
    if in_update(fault, diagnosis):
        return "the gradient in this line"
    target = target_of(fault)
    return f"`{target}`" if target else "the line"


def role_of(fault: Fault, diagnosis: Diagnosis) -> str:
    if definition_of(fault, diagnosis):
        return "the slope of the activation"
    slope = fault.role.removeprefix("the derivative of ")
    if slope != fault.role:
        return f"the slope of the activation that makes `{slope}`"
    name = fault.role.removeprefix("∂L/∂")
    if name == fault.role:
        return "what the lines after it take it for"
    if name in parameters_of(diagnosis):
        return f"the gradient of `{name}`"
    return f"{fault.role}, the derivative of the loss by `{name}`"


def parameters_of(diagnosis: Diagnosis) -> set[str]:
    """Return the names of the parameters, also of those that the forward does not use."""
    return {*diagnosis.program.trainable, *(p.name for p in diagnosis.parameters)}


def kind_of(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return what a line should compute: the gradient of a weight or a bias, an error on the way back, a slope."""
    name = fault.role.removeprefix("∂L/∂")
    if fault.role.startswith("the derivative of") or definition_of(fault, diagnosis):
        return "slope"
    program = diagnosis.program
    if name in program.trainable:
        versions = {v.index for v in program.values if v.name == name}
        return "weight" if any(i.op in PRODUCTS and not versions.isdisjoint(i.reads) for i in program.instructions) else "bias"
    return "error" if name != fault.role else ""


def _tokens(text: str) -> list[str]:
    try:
        found = [t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.string.strip()]
    except (tokenize.TokenError, SyntaxError):
        return text.split()
    return found


def what_stands_there(fault: Fault) -> str:
    """Return in words what stands in a line and does not belong there, as far as one place differs from the mended line."""
    before, after = _tokens(fault.text), _tokens(fault.expected)
    changed = [o for o in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if o[0] != "equal"]
    if fault.expected and len(changed) == 1:
        _, a, b, _, _ = changed[0]
        if fault.fault == "transpose" and a:
            while a and before[a - 1] in (".", "T"):
                a -= 1
            a = max(a - 1, 0)
        old = "".join(before[a:b])
        if old.replace(".", "").replace("_", "").isalnum() and len(old) <= LONGEST_OLD:
            return f"`{old}`"
    names = {t for t in before if t.isidentifier()} - {t for t in after if t.isidentifier()}
    if fault.expected and len(names) == 1:
        return f"`{names.pop()}`"
    return "one of its values"


def _wrong_shapes(fault: Fault, diagnosis: Diagnosis) -> list[tuple[str, Shape, Shape]]:
    """Return (name, its shape, the shape of its gradient) of the parameters of a fault for which the two differ."""
    found: list[tuple[str, Shape, Shape]] = []
    for p in diagnosis.parameters:
        if p.name in fault.parameters and p.own is not None and p.true is not None and p.own.shape != p.true.shape:
            found.append((p.name, p.true.shape, p.own.shape))
    return found


def shapes_said(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return the shapes of parameters and their gradients where the two differ."""
    return "".join(f" `{name}` is {size(true)}, its gradient {size(own)}." for name, true, own in _wrong_shapes(fault, diagnosis))


def why_it_fails(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return why a line cannot run, empty if it can."""
    program = diagnosis.program
    if program.fault is None or program.statements[program.fault.statement].text != fault.text:
        return ""
    return program.fault.message.removeprefix(f"`{fault.text}`: ")


def stretched(fault: Fault, diagnosis: Diagnosis) -> str:
    """Say so where an update hides a wrong shape by stretching it."""
    for name, true, own in _wrong_shapes(fault, diagnosis):
        if len(own) <= len(true) and all(b in (1, a) for a, b in zip(true[::-1], own[::-1], strict=False)):
            return f" It is {size(own)} and `{name}` is {size(true)}: the update stretches it silently, which hides the fault."
    return ""


def factor_of(fault: Fault, diagnosis: Diagnosis) -> float | None:
    """Return how many times too large what a fault makes is, against the parameters that it leaves alone."""
    mine = [p.factor for p in diagnosis.parameters if p.name in fault.parameters and p.factor]
    rest = [p.factor for p in diagnosis.parameters if p.name not in fault.parameters and p.factor and p.verdict != "wrong"]
    if not mine or any(abs(f / mine[0] - 1) > 1e-6 for f in mine):
        return None
    return mine[0] / (rest[0] if rest else 1.0)


def fields(fault: Fault, diagnosis: Diagnosis) -> Mapping[str, str]:
    """Return what the templates of `core.diagnosis.fault_texts` are filled with."""
    one = len(fault.parameters) == 1
    names = some([n for n in diagnosis.program.trainable if n in fault.parameters] or fault.parameters) or "the parameters"
    gradients = f"the gradient{'' if one else 's'} of {names}"
    factor = factor_of(fault, diagnosis)

    def agrees(verb: str) -> str:
        return verb + "s" if one else verb

    shapes = shapes_said(fault, diagnosis)
    return {
        "it": it(fault, diagnosis), "role": role_of(fault, diagnosis), "names": names,
        "Names": names[0].upper() + names[1:], "old": what_stands_there(fault), "shapes": shapes,
        "gradients": gradients, "Gradients": "T" + gradients[1:], "are": "is" if one else "are",
        "is_gradient": "is it" if one else "are they", "have": "has" if one else "have", "them": "it" if one else "them",
        "move": agrees("move"), "keep": agrees("keep"), "use": agrees("use"), "learn": agrees("learn"),
        "change": agrees("change"),
        "stand": agrees("stand"), "get": agrees("get"), "fails": why_it_fails(fault, diagnosis),
        "point": agrees("point"), "grow": agrees("grow"), "long": "short" if factor is not None and abs(factor) < 1 else "long",
        "off": f"{times(factor)} what it should be" if factor is not None else "off by a constant factor",
        "sum": shapes.strip(),
    }  # fmt: skip
