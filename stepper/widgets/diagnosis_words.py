"""What the panel of the diagnosis says by itself; what is said of faults comes from `core.diagnosis.words`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication

from core.diagnosis import Diagnosis, Fault, ParameterVerdict
from core.diagnosis.phrases import factor_text, one_line
from core.diagnosis.words import GLYPHS, title, verdict_sentence
from core.program.dims import show

translate = QCoreApplication.translate
SIDEWAYS = 0.1
STRAIGHT = 1 - 1e-6
DOWN, UP, ACROSS, NONE = "↘", "↗", "→", "–"


def first_up(text: str) -> str:
    """Return a sentence with its first letter large and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "?", "!", ":")) else f"{text}."


def glyph(p: ParameterVerdict) -> str:
    """Return the sign of a verdict, as every check of gradients has it."""
    return GLYPHS[p.verdict]


def short_verdict(p: ParameterVerdict) -> str:
    """Return a verdict in a few words."""
    if p.verdict == "right":
        return translate("diagnosis", "right")
    if p.verdict == "right up to a factor" and p.factor is not None:
        return translate("diagnosis", "right up to a factor {c}").format(c=factor_text(p.factor))
    if p.own is not None and p.true is not None and not has_shape(p):
        return translate("diagnosis", "wrong shape")
    if p.value is None:
        return translate("diagnosis", "no gradient")
    if p.factor is not None and p.factor < 0:
        return translate("diagnosis", "wrong sign")
    return translate("diagnosis", "wrong")


def full_verdict(p: ParameterVerdict, diagnosis: Diagnosis) -> str:
    """Return all that is to say of one parameter: whether it is right, in which shape, where its update leads."""
    shape = shape_sentence(p)
    said = first_up(shape or verdict_sentence(p, diagnosis))
    way = cosine_meaning(p)
    told = any(word in said for word in ("hill", "no update")) and (p.true is None or np.any(p.true))
    return f"{glyph(p)} {said}" if told else f"{glyph(p)} {said} {way}"


def known(cosine: float | None) -> bool:
    """Tell whether there is a cosine."""
    return cosine is not None and cosine == cosine


def direction(cosine: float | None) -> str:
    """Return the arrow of a step that makes this cosine with −∇L."""
    if cosine is None or not known(cosine):
        return NONE
    return DOWN if cosine > SIDEWAYS else UP if cosine < -SIDEWAYS else ACROSS


def cosine_text(cosine: float | None) -> str:
    """Return a cosine in two digits; it is only 1 where it is."""
    if cosine is None or not known(cosine):
        return NONE
    if abs(cosine) < STRAIGHT:
        cosine = max(-0.99, min(0.99, cosine))
    return f"{cosine:+.2f}".replace("-", "−").replace("+0.00", "0.00").replace("−0.00", "0.00")


def cosine_meaning(p: ParameterVerdict) -> str:
    """Say where the learner's own update of a parameter leads, in their first iteration."""
    name, cosine = p.name, p.cosine
    if p.true is not None and not np.any(p.true):
        words = translate(
            "diagnosis", "In your first iteration the true gradient of `{name}` is 0, so there is no way downhill yet."
        )
    elif p.true is not None and not np.isfinite(p.true).all():
        words = translate("diagnosis", "In your first iteration the true gradient of `{name}` is no finite number.")
    elif cosine is None or not known(cosine):
        words = translate(
            "diagnosis", "Where the update of `{name}` leads cannot be said: it makes no step of the right shape there."
        )
    elif cosine >= STRAIGHT:
        words = translate("diagnosis", "Your update of `{name}` goes straight downhill (cosine with −∇L: 1).")
    elif cosine > SIDEWAYS:
        words = translate("diagnosis", "Your update of `{name}` goes downhill, but not straight (cosine with −∇L: {cosine}).")
    elif cosine >= -SIDEWAYS:
        words = translate(
            "diagnosis", "Your update of `{name}` goes sideways: the loss hardly changes by it (cosine with −∇L: {cosine})."
        )
    elif cosine > -STRAIGHT:
        words = translate(
            "diagnosis", "Your update of `{name}` goes uphill: it makes the loss larger (cosine with −∇L: {cosine})."
        )
    else:
        words = translate(
            "diagnosis",
            "Your update of `{name}` climbs straight uphill: no other step of its "
            "length raises the loss faster (cosine with −∇L: −1).",
        )
    return words.format(name=name, cosine=cosine_text(cosine))


def shape_text(p: ParameterVerdict) -> str:
    """Return the shape of a gradient; where the learner's own has another, both."""
    true = None if p.true is None else p.true.shape
    own = None if p.own is None else p.own.shape
    if own is None or true is None or own == true or has_shape(p):
        known = true if true is not None else own
        return "" if known is None else _shape(known)
    return f"{_shape(own)} ≠ {_shape(true)}"


def has_shape(p: ParameterVerdict) -> bool:
    """Tell whether the learner's own gradient has its parameter's shape, or is one number for a parameter of one."""
    return p.own is not None and p.true is not None and (p.own.shape == p.true.shape or p.own.size == p.true.size == 1)


def shape_sentence(p: ParameterVerdict) -> str:
    """Say what another shape of the learner's own gradient means; empty where it has the right one."""
    if p.own is None or p.true is None or has_shape(p):
        return ""
    own, true = _shape(p.own.shape), _shape(p.true.shape)
    if p.own.size == 1:
        words = translate("diagnosis", "Yours is {own}, but `{name}` is {true}: one number is used for all of its {n} cells.")
    elif _spreads(p.own.shape, p.true.shape):
        words = translate("diagnosis", "Yours is {own}, but `{name}` is {true}: NumPy repeats it until it fits, without a word.")
    elif _spreads(p.true.shape, p.own.shape):
        words = translate(
            "diagnosis", "Yours is {own}, but `{name}` is {true}: the update makes `{name}` grow to the larger shape."
        )
    elif p.own.T.shape == p.true.shape:
        words = translate("diagnosis", "Yours is {own}, but `{name}` is {true}: it lies on its side.")
    else:
        words = translate("diagnosis", "Yours is {own}, but `{name}` is {true}: they cannot be compared cell by cell.")
    return words.format(own=own, true=true, name=p.name, n=p.true.size)


def reaches(names: Sequence[str], hint: bool = False) -> str:
    """Say of a fault that nothing has been opened of no more than which parameters it makes wrong."""
    listed = joined(names)
    if hint and listed:
        return translate("diagnosis", "Not wrong, but worth knowing: something about {names}.").format(names=listed)
    if hint:
        return translate("diagnosis", "Not wrong, but worth knowing.")
    if not listed:
        return translate("diagnosis", "Something is wrong.")
    return translate("diagnosis", "Something is wrong that reaches {names}.").format(names=listed)


def ties_text(fault: Fault) -> str:
    """Say which other lines could be the fault as well: the numbers cannot tell them apart. It tells no mend."""
    said: list[str] = []
    for tie in fault.ties:
        name = title(tie.fault)
        name = name[0].lower() + name[1:]
        if tie.line != fault.line:
            words = translate(
                "diagnosis", "≡ It could as well be line {line}, `{text}` ({fault}): the numbers cannot tell which."
            )
        else:
            words = translate(
                "diagnosis", "≡ The line could be meant in another way too ({fault}): the numbers cannot tell which."
            )
        said.append(words.format(line=tie.line, text=one_line(tie.text), fault=name))
    return "\n".join(dict.fromkeys(said))


def joined(names: Sequence[str]) -> str:
    """Return names as one says them: `W1`, `b1` and `W2`; of many only the first."""
    quoted = [f"`{n}`" for n in names]
    if len(quoted) > MOST_NAMES:
        more = len(quoted) - MOST_NAMES + 1
        return translate("diagnosis", "{names} and {n} more").format(names=", ".join(quoted[: MOST_NAMES - 1]), n=more)
    if len(quoted) < 2:
        return "".join(quoted)
    return translate("diagnosis", "{names} and {last}").format(names=", ".join(quoted[:-1]), last=quoted[-1])


MOST_NAMES = 6


def _shape(shape: tuple[int, ...]) -> str:
    return show(shape) if shape else translate("diagnosis", "one number")


def _spreads(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    """Tell whether NumPy would repeat an array of a shape until it has another, larger one."""
    if len(small) > len(large):
        return False
    padded = (1,) * (len(large) - len(small)) + small
    return all(a in (1, b) for a, b in zip(padded, large, strict=True))
