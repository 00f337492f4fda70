"""What the view of checks says: the numbers of a cell in full, what all of it belongs to, what was found of an operation."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from core.explain.moving import index_text
from core.health.gradcheck_words import GLYPHS, error_text
from core.health.gradresult import ParameterCheck
from core.health.vjpcheck import OperationCheck
from stepper.widgets import numbers
from stepper.widgets.grid import CLOCK

Cell = tuple[int, ...]
translate = QCoreApplication.translate


def cell_text(r: ParameterCheck, single: ParameterCheck | None, cell: Cell) -> str:
    """Return a line for each number; `single` is a later check of single cells of an array too large to nudge all."""
    seen = r if r.misses[cell] >= 0 or single is None or single.name != r.name or not single.misses[cell] >= 0 else single
    rows: list[tuple[str, str]] = []
    if r.own is not None and r.own.array.shape == r.nudged.shape:
        rows.append((translate("check", "yours"), numbers.full(float(r.own.array[cell]))))
    if r.derived is not None:
        rows.append((translate("check", "derived"), numbers.full(float(r.derived[cell]))))
    nudged = float(seen.nudged[cell])
    rows.append(
        (
            translate("check", "nudged"),
            translate("check", "not yet: choose the cell to nudge it") if nudged != nudged else numbers.full(nudged),
        )
    )
    error = float(r.error[cell] if r.own is not None else seen.error[cell])
    bent = "  " + translate("check", "(over a kink)") if cell in seen.kinks else ""
    rows.append((translate("check", "error"), error_of(error) + bent))
    wide = max(len(what) for what, _ in rows)
    return "\n".join([index_text(r.name, cell), *(f"  {what:<{wide}}  {number}" for what, number in rows)])


def error_of(error: float) -> str:
    """Say a relative error."""
    if error != error:
        return translate("check", "not known")
    return (
        translate("check", "within rounding")
        if error == 0
        else translate("check", "{n} of the largest").format(n=error_text(error))
    )


def place_text(checked: int, here: int, stale: bool) -> str:
    """Say to which iteration the numbers belong, where a person stands in iteration `here`."""
    if not stale:
        return translate("check", "These numbers belong to iteration {n}.").format(n=checked)
    if here != checked:
        words = translate("check", "Out of date: these numbers belong to iteration {n}, you are in {here}. Check again.")
    else:
        words = translate("check", "Out of date: these numbers belong to iteration {n} as it was before a change. Check again.")
    return f"{CLOCK} " + words.format(n=checked, here=here)


def operation_text(found: OperationCheck, iteration: int, here: bool) -> str:
    """Say what was found of an operation; marked where another one has just happened."""
    mark = "" if here else f"{CLOCK} "
    place = translate("check", "{mark}`{text}`, iteration {n}:").format(mark=mark, text=found.instruction.text, n=iteration)
    return f"{place}\n{GLYPHS[found.verdict]} {found.sentence}"
