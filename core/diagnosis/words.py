"""A diagnosis in plain sentences: what was found of each parameter, and each fault from a hint to the mended line."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

import numpy as np

from core.diagnosis.fault_texts import SAID
from core.diagnosis.result import FAULTS, Diagnosis, Fault, ParameterVerdict
from core.errors import NotationError
from core.notation.parse import parse
from core.program.ir import Program

LEVELS = ("hint", "place", "fault", "mend")
GLYPHS: dict[str, str] = {"right": "✓", "right up to a factor": "c·", "wrong": "✗"}
REMARKS = ("bias-missing", "symmetric-start", "epsilon")
PRODUCTS = ("matmul", "dot")
MOST_NAMES = 4
MOST_TIES = 3
LONGEST_OLD = 40


def title(fault: Fault | str) -> str:
    """Return the name of a fault in plain words; raises KeyError for a name that is none of FAULTS."""
    return SAID[fault if isinstance(fault, str) else fault.fault].title


def page(fault: Fault | str) -> str:
    """Return the page of help on a fault."""
    return f"fault-{fault if isinstance(fault, str) else fault.fault}"


PAGES = tuple(page(name) for name in FAULTS)


def levels(fault: Fault, diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """Return (level, text) of a fault, each telling more than the one before: hint, place, fault, mend.

    Plain text: names and code stand between backticks, a mended line in a line of its own, indented.
    """
    said = (hint(fault, diagnosis), place(fault, diagnosis), fault_sentence(fault, diagnosis), mend(fault, diagnosis))
    return list(zip(LEVELS, said, strict=True))


def hint(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return what to look at and think about; it names no line."""
    said = SAID[fault.fault]
    template = said.hints.get("fails" if said.fails and _fails(fault, diagnosis) else _kind(fault, diagnosis), said.hint)
    if fault.fault == "sign" and 0 < len(fault.parameters) < len(diagnosis.program.trainable):
        template = _SOME_UPHILL
    return _filled(template, fault, diagnosis)


_SOME_UPHILL = (
    "{Names} {move} exactly uphill, which the other parameters need not do. So look for a minus too many or too few on the way that only"
    " {names} {use}: where {gradients} {are} made, and in the update."
)


def place(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return which line it is, and which value; not what is wrong with it."""
    line = f"Line {fault.line}, `{one_line(fault.text)}`"
    inside = _definition(fault, diagnosis)
    if inside:
        line += f", inside `{inside}`"
    if not fault.parameters or fault.fault in REMARKS:
        return f"{line}: look at {_it(fault, diagnosis)}."
    return f"{line}: it makes {_some(fault.parameters)} wrong."


def fault_sentence(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return the fault by name, what the line computes and what it should."""
    said = SAID[fault.fault]
    template = said.fault
    if said.fails and _fails(fault, diagnosis):
        template = said.fails
    elif said.alone and not fault.parameters:
        template = said.alone
    elif said.unknown and not fault.expected:
        template = said.unknown
    elif said.update and _in_update(fault, diagnosis):
        template = said.update
    text = f"{said.title}. {_filled(template, fault, diagnosis)}"
    if fault.fault == "operand":
        text += _stretched(fault, diagnosis)
    return text


def mend(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return what mends a fault: in words, then the mended line, then what would do as well."""
    parts = [_filled(SAID[fault.fault].mend, fault, diagnosis)]
    if fault.expected:
        # "(before `W2 -= …`)" after the line itself says that it only has to move.
        moves = fault.expected.startswith(fault.text) and fault.expected != fault.text
        parts[0] += f" Line {fault.line} {'goes to another place' if moves else 'becomes'}"
        parts.append("\n".join(f"    {line}" for line in fault.expected.split("\n")))
    elif fault.fault not in REMARKS:
        parts[0] += f" No single change of line {fault.line} was found that mends it."
    return "\n".join([*parts, *tie_sentences(fault)])


def tie_sentences(fault: Fault) -> list[str]:
    """Return what else would mend it: which of the changes is meant, the numbers cannot tell. Code stands in indented lines."""
    said: list[str] = []
    here = [t.expected for t in fault.ties if t.expected and t.line == fault.line]
    if here:
        more = f"\n    … and {len(here) - MOST_TIES} more" if len(here) > MOST_TIES else ""
        said.append("This would mend it as well; the numbers cannot tell which is meant:" + "".join(f"\n    {e}" for e in here[:MOST_TIES]) + more)
    for tie in [t for t in fault.ties if t.expected and t.line != fault.line][:MOST_TIES]:
        name = "" if tie.fault == fault.fault else f" ({_small(title(tie.fault))})"
        said.append(
            f"Or the fault is in line {tie.line}, `{one_line(tie.text)}`{name}; the numbers cannot tell. That line would become\n    {tie.expected}"
        )
    return said


def confirmed_sentence(fault: Fault) -> str:
    """Return what confirmed a fault, empty if nothing did."""
    return fault.confirmed_by


def verdict_short(parameter: ParameterVerdict) -> str:
    """Return what was found of a parameter in a few words."""
    if parameter.verdict == "right up to a factor" and parameter.factor is not None:
        return f"right up to a factor: {times(parameter.factor)} the true gradient"
    return parameter.verdict


def verdict_sentence(parameter: ParameterVerdict, diagnosis: Diagnosis) -> str:
    """Return what was found of a parameter in a sentence."""
    p = parameter
    if p.verdict == "right":
        return "right"
    if p.verdict == "right up to a factor":
        if p.factor is None:
            return "right up to a factor"
        return (
            f"right up to a factor: {times(p.factor)} the true gradient, as for every parameter;"
            f" it acts like {times(p.factor)} the learning rate"
        )
    if p.name not in diagnosis.program.trainable:
        return "wrong: it is updated, but the forward does not use it"
    if p.own is not None and p.true is not None and np.shape(p.own) != np.shape(p.true):
        return f"wrong: your gradient is {size(np.shape(p.own))}, and {p.name} is {size(np.shape(p.true))}"
    if p.factor is not None and p.factor < 0:
        length = "" if abs(p.factor + 1) < 1e-6 else f", {times(-p.factor)} as far as the others"
        return f"wrong: its update goes exactly uphill{length}"
    if p.factor is not None:
        return f"wrong: {times(p.factor)} the true gradient, unlike the others"
    if p.value is None:
        return "wrong: no update uses a gradient of it"
    if p.cosine is None or not np.isfinite(p.cosine):
        return "wrong: not the gradient, nor a multiple of it"
    return f"wrong: not the gradient; {_direction(p.cosine)} (cosine {cosine_text(p.cosine)})"


def _direction(cosine: float) -> str:
    """Say where an update goes that makes this cosine with −∇L."""
    if cosine < -0.9:
        return "its update goes uphill"
    if cosine < 0:
        return "its update goes rather uphill than down"
    if cosine < 0.9:
        return "its update goes downhill, but far from straight"
    return "here its update still goes almost straight downhill"


def cosine_text(cosine: float) -> str:
    """Return a cosine in four digits, cut off: it is 1 only where it is."""
    near = round(cosine) if abs(cosine - round(cosine)) < 1e-12 else int(cosine * 10_000) / 10_000
    return number(near)


def loss_sentence(diagnosis: Diagnosis) -> str:
    """Return which loss the verdicts are about; says so if it is assumed. Empty where there is none."""
    if not diagnosis.loss:
        return ""
    if diagnosis.loss_assumed:
        return (
            f"No loss is written. Assumed: `{one_line(diagnosis.loss)}`, which fits your gradients best. If you mean another, write it"
            " under `# loss`."
        )
    return f"Your loss: `{one_line(diagnosis.loss)}`."


def summary(diagnosis: Diagnosis) -> str:
    """Return in a sentence what was found, without naming a line."""
    d = diagnosis
    if d.problem:
        return d.problem
    n = len(d.parameters)
    wrong = [p for p in d.parameters if p.verdict == "wrong"]
    if d.right:
        whose = "your gradients are" if written_by_hand(d.program) else "the gradients are derived by the app, and"
        factor = next((p.factor for p in d.parameters if p.verdict == "right up to a factor"), None)
        if factor is not None:
            return f"right up to a factor: all are {times(factor)} the true gradients, which acts like {times(factor)} the learning rate"
        return f"right: {whose} those of the loss ({n} of {n} parameters)"
    faults = f"{len(d.faults)} fault{'' if len(d.faults) == 1 else 's'} found"
    if not d.faults:
        faults = "no line was found that alone explains it"
    return f"wrong: {_plain(p.name for p in wrong) or 'the update'}; {faults}"


def written_by_hand(program: Program) -> bool:
    """Tell whether a person wrote any line of the backward or the update."""
    return any(s.phase in ("backward", "update") and not s.derived for s in program.statements)


# --- numbers and names -------------------------------------------------------------------------------


def number(x: float) -> str:
    """Return a number in four digits, with a minus that is one."""
    return f"{x:.4g}".replace("e-0", "e-").replace("-", "−")


def times(x: float) -> str:
    """Return a factor as `2 times`, or `1/400 times` where it is one part of a whole."""
    inverse = 1 / abs(x) if x else 0.0
    sign = "−" if x < 0 else ""
    if 1.5 < inverse < 1e6 and abs(inverse - round(inverse)) < 1e-6 * inverse:
        return f"{sign}1/{round(inverse)} times"
    return f"{number(round(x) if abs(x - round(x)) < 1e-9 * abs(x) else x)} times"


def size(shape: Sequence[int]) -> str:
    """Return a shape as it is written everywhere: 3×4."""
    return "×".join(str(n) for n in shape) if shape else "a single number"


def one_line(text: str) -> str:
    """Return code as typed in one line."""
    return " ".join(text.split())


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _plain(names: Iterable[str]) -> str:
    several = list(names)
    if len(several) > MOST_NAMES + 1:
        return f"{', '.join(several[:MOST_NAMES])} and {len(several) - MOST_NAMES} more"
    return f"{', '.join(several[:-1])} and {several[-1]}" if len(several) > 1 else "".join(several)


def _some(names: Sequence[str]) -> str:
    return _plain(n if " more" in n else f"`{n}`" for n in names)


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


def _definition(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return the name of the `def` that the line of a fault stands in, empty if it stands in none."""
    # An assumed loss has been written into the text that is diagnosed, with a heading or two, and moves what is below it.
    near = 3 if diagnosis.loss_assumed else 0
    return next((d for d, n, line in _definitions(diagnosis.text) if abs(n - fault.line) <= near and line == fault.text.strip()), "")


def _target(fault: Fault) -> str:
    """Return the name that a line gives its result to, empty if it gives none."""
    head = fault.text.split("=")[0].rstrip("+-*/@ ")
    return head.split("[")[0].strip() if "=" in fault.text and not fault.text.startswith("return") else ""


def _in_update(fault: Fault, diagnosis: Diagnosis) -> bool:
    """Tell whether a line is one that changes a parameter."""
    target = _target(fault)
    return target in _parameters(diagnosis) and not _definition(fault, diagnosis) and fault.fault not in REMARKS


def _it(fault: Fault, diagnosis: Diagnosis) -> str:
    inside = _definition(fault, diagnosis)
    if inside:
        return f"`{inside}`"
    if _in_update(fault, diagnosis):
        return "the gradient in this line"
    target = _target(fault)
    return f"`{target}`" if target else "the line"


def _role(fault: Fault, diagnosis: Diagnosis) -> str:
    if _definition(fault, diagnosis):
        return "the slope of the activation"
    slope = fault.role.removeprefix("the derivative of ")
    if slope != fault.role:
        return f"the slope of the activation that makes `{slope}`"
    name = fault.role.removeprefix("∂L/∂")
    if name == fault.role:
        return "what it is used as"
    return f"the gradient of `{name}`" if name in _parameters(diagnosis) else f"{fault.role}, the derivative of the loss by `{name}`"


def _parameters(diagnosis: Diagnosis) -> set[str]:
    """Return the names of the parameters, also of those that the forward does not use."""
    return {*diagnosis.program.trainable, *(p.name for p in diagnosis.parameters)}


def _kind(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return what a line should compute: the gradient of a weight or a bias, an error on the way back, a slope."""
    name = fault.role.removeprefix("∂L/∂")
    if fault.role.startswith("the derivative of") or _definition(fault, diagnosis):
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


def _old(fault: Fault) -> str:
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


def _wrong_shapes(fault: Fault, diagnosis: Diagnosis) -> list[ParameterVerdict]:
    return [
        p for p in diagnosis.parameters
        if p.name in fault.parameters and p.own is not None and p.true is not None and np.shape(p.own) != np.shape(p.true)
    ]  # fmt: skip


def _shapes(fault: Fault, diagnosis: Diagnosis) -> str:
    return "".join(
        f" `{p.name}` is {size(np.shape(p.true))}, its gradient {size(np.shape(p.own))}." for p in _wrong_shapes(fault, diagnosis)
    )


def _fails(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return why a line cannot run, empty if it can."""
    program = diagnosis.program
    if program.fault is None or program.statements[program.fault.statement].text != fault.text:
        return ""
    return program.fault.message.removeprefix(f"`{fault.text}`: ")


def _stretched(fault: Fault, diagnosis: Diagnosis) -> str:
    """Say so where an update hides a wrong shape by stretching it."""
    return "".join(
        f" It is {size(np.shape(p.own))} and `{p.name}` is {size(np.shape(p.true))}: the update stretches it without a word, and so hides"
        " the fault." for p in _wrong_shapes(fault, diagnosis)[:1]
        if all(b in (1, a) for a, b in zip(np.shape(p.true)[::-1], np.shape(p.own)[::-1], strict=False))
    )  # fmt: skip


def _factor(fault: Fault, diagnosis: Diagnosis) -> float | None:
    """Return how many times too large what a fault makes is, against the parameters that it leaves alone."""
    mine = [p.factor for p in diagnosis.parameters if p.name in fault.parameters and p.factor]
    rest = [p.factor for p in diagnosis.parameters if p.name not in fault.parameters and p.factor and p.verdict != "wrong"]
    if not mine or any(abs(f / mine[0] - 1) > 1e-6 for f in mine):
        return None
    return mine[0] / (rest[0] if rest else 1.0)


def _filled(template: str, fault: Fault, diagnosis: Diagnosis) -> str:
    text = template.format_map(_fields(fault, diagnosis))
    return text[:1].upper() + text[1:]


def _fields(fault: Fault, diagnosis: Diagnosis) -> Mapping[str, str]:
    one = len(fault.parameters) == 1
    names = _some([n for n in diagnosis.program.trainable if n in fault.parameters] or fault.parameters) or "the parameters"
    gradients = f"the gradient{'' if one else 's'} of {names}"
    factor = _factor(fault, diagnosis)

    def agrees(verb: str) -> str:
        return verb + "s" if one else verb

    shapes = _shapes(fault, diagnosis)
    return {
        "it": _it(fault, diagnosis), "role": _role(fault, diagnosis), "names": names, "Names": names[0].upper() + names[1:],
        "gradients": gradients, "Gradients": "T" + gradients[1:], "are": "is" if one else "are",
        "is_gradient": "is it" if one else "are they", "have": "has" if one else "have", "them": "it" if one else "them",
        "move": agrees("move"), "keep": agrees("keep"), "use": agrees("use"), "learn": agrees("learn"), "change": agrees("change"),
        "stand": agrees("stand"), "get": agrees("get"), "fails": _fails(fault, diagnosis),
        "point": agrees("point"), "grow": agrees("grow"), "long": "short" if factor is not None and abs(factor) < 1 else "long",
        "off": f"{times(factor)} what it should be" if factor is not None else "off by a constant factor", "old": _old(fault), "shapes": shapes,
        "sum": shapes.strip(),
    }  # fmt: skip
