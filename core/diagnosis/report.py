"""What `stepper diagnose` prints: a diagnosis as text, as much of it as is asked for, or as one JSON object."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from core.diagnosis import words
from core.diagnosis.result import Diagnosis, Fault

WIDTH = 100


def diagnosis_text(diagnosis: Diagnosis, name: str, show: str = "mend") -> str:
    """Return a diagnosis as text for a learner, each fault up to the level `show` of `words.LEVELS`."""
    d = diagnosis
    lines = [name]
    if d.loss:
        lines += _wrapped(words.loss_sentence(d), "")
    if d.parameters:
        lines += ["", "parameters"]
        width = max(len(p.name) for p in d.parameters)
        for p in d.parameters:
            # What a common factor means is said once, at the end.
            said = words.verdict_sentence(p, d) if p.verdict == "wrong" else words.verdict_short(p)
            lines += _wrapped(said, f"  {words.GLYPHS[p.verdict]:<2} {p.name.ljust(width)}  ")
    for n, fault in enumerate(d.faults, start=1):
        lines += ["", *_fault(f"{n}. ", fault, d, show)]
    for remark in d.hints:
        lines += ["", *_fault("• ", remark, d, show)]
    return "\n".join([*lines, "", *_wrapped(_last(d, show), "")])


def diagnosis_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis as plain data; numbers that are not finite are None."""
    d = diagnosis
    return {
        "loss": d.loss,
        "loss_assumed": d.loss_assumed,
        "parameters": [
            {"name": p.name, "verdict": p.verdict, "factor": _number(p.factor), "cosine": _number(p.cosine)} for p in d.parameters
        ],
        "faults": [_fault_json(f) for f in d.faults],
        "hints": [_fault_json(f) for f in d.hints],
        "problem": d.problem,
    }


def _fault(head: str, fault: Fault, diagnosis: Diagnosis, show: str) -> Iterator[str]:
    """Yield the lines of one fault. A hint tells no line; from `place` on the line stands at the top, as typed."""
    asked = words.LEVELS.index(show)
    margin = " " * len(head)
    if asked == 0:
        yield from _wrapped(words.hint(fault, diagnosis), head, margin)
        return
    yield f"{head}line {fault.line}: {words.one_line(fault.text)}"
    if asked == 1:
        yield from _wrapped(words.hint(fault, diagnosis), margin)
        return
    yield from _wrapped(words.fault_sentence(fault, diagnosis), margin)
    if asked == 3:
        yield from _wrapped(words.mend(fault, diagnosis), margin)
    if fault.confirmed_by:
        yield from _wrapped(fault.confirmed_by, margin)


def _last(diagnosis: Diagnosis, show: str) -> str:
    text = words.summary(diagnosis)
    if diagnosis.problem or not diagnosis.faults or show == "hint":
        return text
    lines = sorted({f.line for f in diagnosis.faults})
    return f"{text}: line{'' if len(lines) == 1 else 's'} {_and([str(n) for n in lines])}"


def _and(items: Sequence[str]) -> str:
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else "".join(items)


def _wrapped(text: str, head: str, margin: str | None = None) -> list[str]:
    """Return text in lines of WIDTH; indented lines, which are code, stay as they are."""
    indent = " " * len(head) if margin is None else margin
    found: list[str] = []
    for line in text.split("\n"):
        start = head if not found else indent
        if line.startswith("    "):
            found.append(indent + line)
        else:
            found += textwrap.wrap(
                line, WIDTH, initial_indent=start, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
            )
    return found


def _fault_json(fault: Fault) -> dict[str, Any]:
    return {
        "line": fault.line, "text": fault.text, "fault": fault.fault, "expected": fault.expected,
        "confirmed_by": fault.confirmed_by,
        "ties": [{"line": t.line, "text": t.text, "fault": t.fault, "expected": t.expected} for t in fault.ties],
    }  # fmt: skip


def _number(x: float | None) -> float | None:
    """JSON has no NaN and no ∞."""
    return x if x is not None and math.isfinite(x) else None
