"""What is worth knowing of a tensor, in sentences for a beginner: what it is, what it means, what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication

from core.files.looks.looks import Look, Match, Remark
from core.files.problem import bare, shown
from core.files.saved import Tensor
from stepper.models.mark_signs import ORDER, WARNING
from stepper.models.remark_signs import GLYPHS, MATCHES
from stepper.models.saved_state import SavedState
from stepper.widgets import numbers

translate = QCoreApplication.translate
MOST_NAMED = 6


class Said(NamedTuple):
    """A remark in words: its sign, what is there, what that means and what mends it."""

    sign: str
    what: str
    means: str
    severity: str


def _tr(text: str) -> str:
    return translate("TensorHealth", text)


def ordered(remarks: Sequence[Remark]) -> list[Remark]:
    """Return remarks with the gravest first."""
    return sorted(remarks, key=lambda r: ORDER[r.severity])


def said(remark: Remark, look: Look, shape: tuple[int, ...], role: str) -> Said:
    """Return a remark in words; `role` is that of the tensor in its layer, '' if it is not known."""
    makers = {
        "nonfinite": _nonfinite, "all_zero": _all_zero, "zeros": _zeros, "constant": _constant, "duplicated": _duplicated,
        "dead": _dead, "condition": _condition, "rank": _rank, "large": _large, "variance": _variance,
    }  # fmt: skip
    what, means = makers[remark.kind](remark, look, shape, role)
    glyph = GLYPHS[remark.kind]
    return Said(f"{WARNING} {glyph}".strip() if remark.severity == "error" else glyph, what, means, remark.severity)


def _nonfinite(r: Remark, look: Look, shape: tuple[int, ...], role: str) -> tuple[str, str]:
    one, many = _tr("{n} of {all} numbers is NaN or infinite."), _tr("{n} of {all} numbers are NaN or infinite.")
    what = (one if r.count == 1 else many).format(n=f"{r.count:,}", all=f"{look.summary.count:,}")
    if r.at and r.at[0]:
        places = ", ".join(f"[{', '.join(map(str, cell))}]" for cell in r.at[:MOST_NAMED])
        some = r.count > min(len(r.at), MOST_NAMED)
        what = what.removesuffix(".") + (_tr(", the first at {places}.") if some else _tr(", at {places}.")).format(places=places)
    return what, _tr(
        "Whatever is computed with such a number is NaN or infinite as well, so the network answers nothing. The training blew "
        "up: go back to an earlier checkpoint, and train on with a smaller learning rate or with clipped gradients."
    )


def _all_zero(r: Remark, look: Look, shape: tuple[int, ...], role: str) -> tuple[str, str]:
    what = _tr("All numbers are 0.")
    if role in ("bias", "beta", "mean"):
        return what, _tr("That is usual before the first update; after a training it means that nothing was learned here.")
    if role == "weight":
        return what, _tr(
            "Every unit gives the same, whatever comes in, and no gradient goes further back. Start from random weights, and "
            "look whether the file was saved before its numbers were filled in."
        )
    return what, _tr("That is usual of what counts or adds up and has not begun; of weights it means that nothing was learned.")


def _zeros(r: Remark, look: Look, shape: tuple[int, ...], role: str) -> tuple[str, str]:
    share = numbers.percent(r.count / max(look.summary.count, 1))
    return _tr("{share} of the numbers are exactly 0.").format(share=share), _tr(
        "Training alone hardly ever makes a number exactly 0. If the network was pruned on purpose all is well; if not, look "
        "whether something sets weights to 0."
    )


def _constant(r: Remark, look: Look, shape: tuple[int, ...], role: str) -> tuple[str, str]:
    what = _tr("All numbers are {value}.").format(value=numbers.short(r.value))
    if role in ("bias", "beta", "gamma", "mean", "variance"):
        return what, _tr("That is usual before the first update; after a training it means that nothing was learned here.")
    return what, _tr("All units compute the same and learn the same, as if there were only one. Start from random weights.")


def _duplicated(r: Remark, look: Look, shape: tuple[int, ...], role: str) -> tuple[str, str]:
    groups = unit_groups(r)
    if len(groups) == 1 and r.count <= sum(len(g) - 1 for g in groups):
        what = _tr("Units {units} have the same weights.").format(units=_listed([str(u + 1) for u in groups[0]]))
    else:
        sets = "; ".join(" = ".join(str(u + 1) for u in group[:MOST_NAMED]) for group in groups[:MOST_NAMED])
        what = (
            _tr("{n} units have the same weights as another one: {units}.")
            .format(n=f"{r.count:,}", units=sets + _more(r))
            .replace("….", "…")
        )
    return what, _tr("They compute the same and learn the same, so all but one are wasted. Start from random weights.")


def _dead(r: Remark, look: Look, shape: tuple[int, ...], role: str) -> tuple[str, str]:
    units = [str(at[0] + 1) for at in r.at[:MOST_NAMED] if at]
    if r.count == 1 and units:
        what = _tr("All weights of unit {unit} are 0.").format(unit=units[0])
    else:
        what = (
            _tr("All weights of {n} units are 0: {units}.")
            .format(n=f"{r.count:,}", units=", ".join(units) + _more(r))
            .replace("….", "…")
        )
    return what, _tr(
        "Such a unit gives the same whatever comes in. If the network was pruned on purpose all is well; else start these units "
        "from random weights."
    )


def _condition(r: Remark, look: Look, shape: tuple[int, ...], role: str) -> tuple[str, str]:
    return _tr("Condition number {value}.").format(value=numbers.short(r.value)), _tr(
        "It stretches some directions that many times more than others: small errors in what comes in may drown what comes out, "
        "and training is slow. Smaller weight changes, weight decay or a normalisation before this layer help."
    )


def _rank(r: Remark, look: Look, shape: tuple[int, ...], role: str) -> tuple[str, str]:
    most = min(shape[0], shape[-1]) if len(shape) > 1 else 1
    return _tr("Its rank is {rank} of {most}.").format(rank=f"{r.value:.0f}", most=most), _tr(
        "Some of its rows are sums of others, so that it passes on less than it has room for. Copied or empty units are the "
        "usual cause: start from random weights, or make the layer smaller."
    )


def _large(r: Remark, look: Look, shape: tuple[int, ...], role: str) -> tuple[str, str]:
    return _tr("The largest number is {value} in size.").format(value=numbers.short(r.value)), _tr(
        "What is multiplied by it overflows easily, or saturates the activation behind it, which then learns no more. A smaller "
        "learning rate, clipped gradients or weight decay keep weights small."
    )


def _variance(r: Remark, look: Look, shape: tuple[int, ...], role: str) -> tuple[str, str]:
    one, many = _tr("{n} variance is negative."), _tr("{n} variances are negative.")
    return (one if r.count == 1 else many).format(n=f"{r.count:,}"), _tr(
        "No variance can be, and the normalisation takes its square root, which is NaN. The file is damaged, or this tensor is "
        "not the variance: take the file anew from where it came."
    )


def unit_groups(remark: Remark) -> list[list[int]]:
    """Return the units with the same weights, group by group, each beginning with the earliest."""
    groups: dict[int, list[int]] = {}
    for pair in remark.at:
        if len(pair) == 2:
            groups.setdefault(pair[0], [pair[0]]).append(pair[1])
    return list(groups.values())


def edge_words(remark: Remark) -> str:
    """Return what the signs of a remark at the edge of a heat map say; '' of one that has none there."""
    if remark.kind == "duplicated":
        sets = ", ".join(" = ".join(str(u + 1) for u in group[:MOST_NAMED]) for group in unit_groups(remark)[:MOST_NAMED])
        return _tr("same weights: units {units}").format(units=sets + _more(remark))
    if remark.kind == "dead":
        units = ", ".join(str(at[0] + 1) for at in remark.at[:MOST_NAMED])
        words = _tr("all weights 0: unit {units}") if remark.count == 1 else _tr("all weights 0: units {units}")
        return words.format(units=units + _more(remark))
    return ""


def _more(r: Remark) -> str:
    named = len(r.at[:MOST_NAMED]) if r.kind == "dead" else sum(len(g[:MOST_NAMED]) - 1 for g in unit_groups(r)[:MOST_NAMED])
    return ", …" if r.count > named else ""


def _listed(words: Sequence[str]) -> str:
    if len(words) > MOST_NAMED:
        words = [*words[:MOST_NAMED], "…"]
    return _tr("{some} and {last}").format(some=", ".join(words[:-1]), last=words[-1]) if len(words) > 1 else "".join(words)


# -- what a tensor is --------------------------------------------------------------------------------------------------------


def role_of(state: SavedState, name: str) -> tuple[str, str]:
    """Return the role of a tensor in its layer, and what it is in words; both '' where nothing is known of it."""
    words = {
        "weight": translate("TensorHead", "weights of {layer}"), "bias": translate("TensorHead", "biases of {layer}"),
        "gamma": translate("TensorHead", "scale (gamma) of {layer}"), "beta": translate("TensorHead", "shift (beta) of {layer}"),
        "mean": translate("TensorHead", "running mean of {layer}"),
        "variance": translate("TensorHead", "running variance of {layer}"),
    }  # fmt: skip
    for layer in state.layers:
        for role, tensor in layer.tensors.items():
            if tensor == name:
                other = translate("TensorHead", "{role} of {layer}").replace("{role}", bare(role, 30))
                return role, words.get(role, other).replace("{layer}", shown(layer.name, 40))
    extra = "" if state.inferred is None else state.inferred.extras.get(name, "")
    return "", bare(extra, 90) if extra else ""


def shape_words(tensor: Tensor, look: Look | None) -> str:
    """Return a shape, and where it is known what lies along its axes: `64×10 (units × inputs)`."""
    if not tensor.shape:
        return translate("TensorHead", "a single number")
    text = numbers.size_text(tensor.shape)
    if look is None or not look.units or len(tensor.shape) < 2:
        return text
    if len(tensor.shape) > 2:
        last = translate("TensorHead", "the last axis is units")
        return f"{text} ({translate('TensorHead', 'the first axis is units') if look.units == 'rows' else last})"
    axes = translate("TensorHead", "units × inputs") if look.units == "rows" else translate("TensorHead", "inputs × units")
    return f"{text} ({axes})"


def axes_tip(look: Look | None) -> str:
    """Return what the axes of a weight are, in a sentence."""
    if look is None or not look.units:
        return ""
    if look.units == "rows":
        return translate("TensorHead", "Outputs × inputs: each row holds the weights of one unit.")
    return translate("TensorHead", "Inputs × outputs: each column holds the weights of one unit.")


def match_words(match: Match | None) -> str:
    """Return how a tensor here and there differ."""
    if match is None:
        return translate("TensorHead", "comparing…")
    plain = {
        "equal": translate("TensorHead", "the same in both files"), "near": translate("TensorHead", "nearly the same there"),
        "different": translate("TensorHead", "different there"), "shape": translate("TensorHead", "of another shape there"),
        "type": translate("TensorHead", "of another type there"), "only here": translate("TensorHead", "only in this file"),
        "only there": translate("TensorHead", "only in the other file"),
    }  # fmt: skip
    parts = [f"{MATCHES.get(match.kind, '')} {plain[match.kind]}".strip()]
    if match.other and match.other != match.name:
        parts.append(translate("TensorHead", "called {name} there").replace("{name}", shown(match.other, 40)))
    if match.kind != "equal" and match.largest is not None:
        parts.append(translate("TensorHead", "by at most {n}").format(n=numbers.short(match.largest, 3)))
    if match.kind != "equal" and match.relative is not None:
        parts.append(translate("TensorHead", "relative to its size {n}").format(n=numbers.short(match.relative, 3)))
    if match.kind != "equal" and match.differing is not None:
        parts.append(translate("TensorHead", "{n} numbers differ").format(n=f"{match.differing:,}"))
    return " · ".join(parts)
