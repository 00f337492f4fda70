"""What is worth knowing of a tensor, in a plain sentence each."""

from __future__ import annotations

import math

from core.files.looks.looks import Look, Remark

_NAMED = 6
"""So many cells or units are named in a sentence."""


def remark_text(remark: Remark, look: Look) -> str:
    """Return a remark as one sentence. Units count from 1, cells are indices as NumPy takes them."""
    r, n, every = remark, f"{remark.count:,}", f"{look.summary.count:,}"
    match r.kind:
        case "nonfinite":
            return f"{n} of {every} numbers {_is(r)} NaN or infinite, at {_cells(r)}; what is computed with {_them(r)} is, too."
        case "variance":
            return f"{n} {'variance is' if r.count == 1 else 'variances are'} negative, at {_cells(r)}, which no variance can be."
        case "all_zero":
            return "All numbers are 0."
        case "constant":
            return f"All numbers are {r.value:.6g}, so its units cannot differ." if look.units else f"All are {r.value:.6g}."
        case "zeros":
            return f"{100 * r.count / max(look.summary.count, 1):.3g} % of the numbers are exactly 0."
        case "duplicated":
            pairs = [f"{later + 1} as unit {earlier + 1}" for earlier, later in r.at[:_NAMED]]
            units = "1 unit has" if r.count == 1 else f"{n} units have"
            return f"{units} the same weights as an earlier one: unit {_joined(pairs, r.count, 'unit ')}; one of each is enough."
        case "dead":
            units = _joined([str(at[0] + 1) for at in r.at[:_NAMED]], r.count)
            which = f"unit {units}" if r.count == 1 else f"{n} units ({units})"
            return f"All weights of {which} are 0, so {'it does' if r.count == 1 else 'they do'} not see what comes in."
        case "large":
            usual = "; weights of a healthy network are mostly below 10" if look.units else ""
            return f"The largest number is {r.value:.6g} without its sign{usual}."
        case "condition":
            if math.isinf(r.value):
                return "The condition number is infinite: some directions are lost altogether."
            return f"The condition number is {r.value:.3g}: some directions are stretched that many times more than others."
        case "rank":
            most = len(look.spectrum.values) if look.spectrum is not None else 0
            return f"Its rank is {r.value:.0f} of {most}: it passes on fewer directions than it has room for."


def _is(r: Remark) -> str:
    return "is" if r.count == 1 else "are"


def _them(r: Remark) -> str:
    return "it" if r.count == 1 else "them"


def _cells(r: Remark) -> str:
    return _joined([f"[{', '.join(map(str, cell))}]" for cell in r.at[:_NAMED]], r.count)


def _joined(texts: list[str], count: int, before: str = "") -> str:
    return f", {before}".join(texts) + (", …" if count > len(texts) else "")
