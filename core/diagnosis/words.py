"""A diagnosis in plain sentences: what was found of each parameter, and each fault from a hint to the mended line."""

from __future__ import annotations

import numpy as np

from core.diagnosis.fault_texts import SAID
from core.diagnosis.phrases import (
    definition_of,
    factor_text,
    fields,
    in_update,
    is_remark,
    it,
    kind_of,
    listed,
    number,
    one_line,
    size,
    small,
    some,
    stretched,
    times,
    why_it_fails,
)
from core.diagnosis.result import FAULTS, Diagnosis, Fault, ParameterVerdict
from core.program.ir import Program

LEVELS = ("hint", "place", "fault", "mend")
GLYPHS: dict[str, str] = {"right": "✓", "right up to a factor": "≈", "wrong": "✗"}
MOST_TIES = 3


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
    template = said.hints.get("fails" if said.fails and why_it_fails(fault, diagnosis) else kind_of(fault, diagnosis), said.hint)
    if fault.term:
        template = _TERM_HINT
    elif fault.fault == "sign" and 0 < len(fault.parameters) < len(diagnosis.program.trainable):
        template = _SOME_UPHILL
    return _filled(template, fault, diagnosis)


_TERM_HINT = (
    "{Gradients} {are} not true, though not turned round either: something in the midst of a formula is off. Derive it once more,"
    " term by term, and compare."
)
_TERM = "One term of this line has the wrong sign, so that {it} is not {role}, nor a multiple of it."
_TERM_MEND = "Turn the sign of that term."
_SOME_UPHILL = (
    "{Names} {move} exactly uphill, which the other parameters need not do. So look for a minus too many or too few on the way"
    " that only {names} {use}: where {gradients} {are} made, and in the update."
)


def place(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return which line it is, and which value; not what is wrong with it."""
    line = f"Line {fault.line}, `{one_line(fault.text)}`"
    inside = definition_of(fault, diagnosis)
    if inside:
        line += f", inside `{inside}`"
    if not fault.parameters or is_remark(fault, diagnosis):
        return f"{line}: look at {it(fault, diagnosis)}."
    return f"{line}: it makes {some(fault.parameters)} wrong."


def fault_sentence(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return the fault by name, what the line computes and what it should."""
    said = SAID[fault.fault]
    template = said.fault
    if said.fails and why_it_fails(fault, diagnosis):
        template = said.fails
    elif said.alone and not fault.parameters:
        template = said.alone
    elif said.unknown and not fault.expected:
        template = said.unknown
    elif fault.term:
        template = _TERM
    elif said.update and in_update(fault, diagnosis):
        template = said.update
    text = f"{said.title}. {_filled(template, fault, diagnosis)}"
    if template != said.fails and why_it_fails(fault, diagnosis):
        text += f" This line cannot run. {why_it_fails(fault, diagnosis)}"
    if fault.fault == "operand":
        text += stretched(fault, diagnosis)
    return text


def mend(fault: Fault, diagnosis: Diagnosis) -> str:
    """Return what mends a fault: in words, then the mended line, then what would do as well."""
    parts = [_filled(_TERM_MEND if fault.term else SAID[fault.fault].mend, fault, diagnosis)]
    if fault.expected:
        # "(before `W2 -= …`)" after the line itself says that it only has to move.
        moves = fault.expected.startswith(f"{fault.text}  (before ")
        does = f"Line {fault.line} goes to another place" if moves else f"Line {fault.line} becomes"
        parts[0] += f" {'Add this line' if fault.fault == 'never-applied' else does}:"
        parts.append("\n".join(f"    {line}" for line in fault.expected.split("\n")))
    elif not is_remark(fault, diagnosis):
        parts[0] += f" No single change of line {fault.line} was found that mends it."
    return "\n".join([*parts, *tie_sentences(fault)])


def tie_sentences(fault: Fault) -> list[str]:
    """Return what else would mend it: which of the changes is meant, the numbers cannot tell. Code stands in indented lines."""
    said: list[str] = []
    here = [t.expected for t in fault.ties if t.expected and t.line == fault.line]
    if here:
        more = f"\n    … and {len(here) - MOST_TIES} more" if len(here) > MOST_TIES else ""
        said.append(
            "This would mend it as well; the numbers cannot tell which is meant:"
            + "".join(f"\n    {e}" for e in here[:MOST_TIES])
            + more
        )
    for tie in [t for t in fault.ties if t.expected and t.line != fault.line][:MOST_TIES]:
        name = "" if tie.fault == fault.fault else f" ({small(title(tie.fault))})"
        where = f"line {tie.line}, `{one_line(tie.text)}`{name}"
        said.append(f"Or the fault is in {where}; the numbers cannot tell. That line would become\n    {tie.expected}")
    return said


def confirmed_sentence(fault: Fault) -> str:
    """Return what confirmed a fault, empty if nothing did."""
    return fault.confirmed_by


def verdict_short(parameter: ParameterVerdict) -> str:
    """Return what was found of a parameter in a few words."""
    if parameter.verdict == "right up to a factor" and parameter.factor is not None:
        return f"right up to a factor {factor_text(parameter.factor)}"
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
    if p.own is not None and p.true is not None and p.own.shape != p.true.shape:
        return f"wrong: your gradient is {size(p.own.shape)}, and {p.name} is {size(p.true.shape)}"
    if p.own is None and diagnosis.program.fault is not None:
        return "wrong: not computed, because a line cannot run"
    if p.factor is not None and p.factor < 0:
        length = "" if abs(p.factor + 1) < 1e-6 else f", and by {times(-p.factor)} what it should go"
        return f"wrong: its update goes exactly uphill{length}"
    if p.factor is not None:
        return f"wrong: {times(p.factor)} the true gradient, unlike the others"
    if p.value is None:
        return "wrong: no update changes it by its gradient"
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
            f"No loss is written. Assumed: `{one_line(diagnosis.loss)}`, which fits your gradients best. If you mean another,"
            " write it under `# loss`."
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
            c = times(factor)
            return f"right up to a factor: all are {c} the true gradients, which acts like {c} the learning rate"
        return f"right: {whose} those of the loss ({n} of {n} parameters)"
    if not wrong and d.faults and d.parameters:
        return f"the gradients are right, but not all the rest: {len(d.faults)} fault{'' if len(d.faults) == 1 else 's'} found"
    faults = f"{len(d.faults)} fault{'' if len(d.faults) == 1 else 's'} found"
    if not d.faults:
        faults = "no line was found that alone explains it"
    return f"wrong: {listed(p.name for p in wrong)}; {faults}" if wrong else f"wrong: {faults}"


def written_by_hand(program: Program) -> bool:
    """Tell whether a person wrote any line of the backward or the update."""
    return any(s.phase in ("backward", "update") and not s.derived for s in program.statements)


def _filled(template: str, fault: Fault, diagnosis: Diagnosis) -> str:
    text = template.format_map(fields(fault, diagnosis))
    return text[:1].upper() + text[1:]
