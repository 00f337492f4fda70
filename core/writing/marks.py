"""What a diagnosis says of each line of the text: right, or wrong and how."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from core.diagnosis.result import Diagnosis
from core.notation.parse import lines_of
from core.program.structure import ancestors


@dataclass(frozen=True, slots=True)
class Mark:
    """One line's mark; `words` say what is wrong with it, empty where the line is right."""

    right: bool
    words: str = ""


def marks_of(diagnosis: Diagnosis, text: str, told: Mapping[int, str] | None = None) -> dict[int, Mark]:
    """Return line of `text` (from 1) → mark: ✗ for the lines of faults, ✓ for backward lines that only right gradients need.

    `told` maps the lines of those faults whose place a person was told to words for them; without it, all get the fault's name.
    Nothing is said of a line that a wrong parameter needs but that no fault names: it may be right.
    """
    program = diagnosis.program
    moved = _moved(lines_of(diagnosis.text), lines_of(text))
    found: dict[int, Mark] = {}
    if not diagnosis.problem:
        right: set[int] = set()
        wrong: set[int] = set()
        for verdict in diagnosis.parameters:
            if verdict.value is not None:
                (wrong if verdict.verdict == "wrong" else right).update(ancestors(program.instructions, [verdict.value]))
        for s in program.statements:
            made = {i.result for i in program.instructions[s.first : s.last]}
            is_right = s.phase == "backward" and not s.derived and made & right and not made & wrong
            if is_right and s.line in moved:
                found[moved[s.line]] = Mark(True)
    for line, words in ({f.line: f.fault for f in diagnosis.faults} if told is None else told).items():
        found[line] = Mark(False, words)
    return found


def _moved(old: list[str], new: list[str]) -> dict[int, int]:
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {b.a + n + 1: b.b + n + 1 for b in blocks for n in range(b.size)}
