"""What is found of a tensor of a saved network, in a word or two with a sign: what is odd of it, how it differs from another."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from core.files.looks.looks import Look, Match, Remark
from stepper.models.mark_signs import ORDER, WARNING
from stepper.models.remark_signs import GLYPHS
from stepper.models.saved_words import worst
from stepper.widgets.numbers import percent, short

NOTHING_ODD = "✓"
translate = QCoreApplication.translate


def remark_text(look: Look) -> str:
    """Return the gravest remark with its sign, and how many more there are; ✓ if there is none."""
    remark = worst(look)
    if remark is None:
        return NOTHING_ODD
    more = f"  +{len(look.remarks) - 1}" if len(look.remarks) > 1 else ""
    return _remark(remark, look) + more


def remarks_text(look: Look) -> str:
    """Return all remarks on a tensor, one on each line, the gravest first."""
    if not look.remarks:
        return translate("saved", "✓ nothing odd was found")
    return "\n".join(_remark(r, look) for r in sorted(look.remarks, key=lambda r: ORDER[r.severity]))


def _remark(r: Remark, look: Look) -> str:
    one = r.count == 1
    s = look.summary
    few = translate("saved", "it is 0") if s.count == 1 else translate("saved", "all are 0")
    many = few if s.zeros >= s.count else translate("saved", "{zeros} are 0")
    zeros = percent(s.zeros / s.count) if s.count else ""
    text = {
        "nonfinite": translate("saved", "{n} NaN or ∞"),
        "all_zero": few,
        "zeros": many,
        "constant": translate("saved", "all are {value}"),
        "duplicated": translate("saved", "1 repeated unit") if one else translate("saved", "{n} repeated units"),
        "dead": translate("saved", "1 dead unit") if one else translate("saved", "{n} dead units"),
        "condition": translate("saved", "condition {value}"),
        "rank": translate("saved", "rank only {value}"),
        "large": translate("saved", "as large as {value}"),
        "variance": translate("saved", "1 variance below 0") if one else translate("saved", "{n} variances below 0"),
    }[r.kind]
    glyph = GLYPHS[r.kind]
    sign = WARNING + glyph if r.severity == "error" else glyph or WARNING
    return f"{sign} {text.format(n=r.count, zeros=zeros, value=short(r.value))}"


def match_text(match: Match) -> str:
    """Return how a tensor differs from that of the other file, with a sign."""
    if match.kind == "equal":
        return translate("saved", "= equal")
    if match.kind in ("near", "different"):
        sign = "≈" if match.kind == "near" else "≠"
        return f"{sign} {translate('saved', 'different') if match.largest is None else short(match.largest)}"
    return {
        "shape": translate("saved", "◫ shape differs"),
        "type": translate("saved", "◇ not readable"),
        "only here": translate("saved", "◁ only here"),
        "only there": translate("saved", "▷ only there"),
    }[match.kind]


def match_sentence(match: Match) -> str:
    """Return in a sentence or two how a tensor differs."""
    if match.kind in ("near", "different") and match.largest is not None:
        text = translate("saved", "The largest difference is {largest}, {relative} of the numbers' size on average (rms).")
        relative = translate("saved", "an unknown share") if match.relative is None else short(match.relative)
        said = text.format(largest=short(match.largest), relative=relative)
        if match.differing is not None:
            said += " " + translate("saved", "Numbers that differ: {n}.").format(n=f"{match.differing:,}")
        return said
    return {
        "equal": translate("saved", "All numbers are the same in both files."),
        "near": translate("saved", "The numbers are nearly the same in both files."),
        "different": translate("saved", "The numbers differ."),
        "shape": translate("saved", "The other file has a tensor of this name in another shape: they cannot be compared."),
        "type": translate("saved", "The numbers cannot be read in one of the files."),
        "only here": translate("saved", "The other file has no such tensor."),
        "only there": translate("saved", "Only the other file has this tensor."),
    }[match.kind]
