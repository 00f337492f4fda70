"""What `stepper check` prints: a report on the health of a training as text, or as one JSON object."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from core.check_found import Cause, Found
from core.check_report import HealthReport
from core.health.finding import SEVERITIES
from core.health.gradcheck_words import GLYPHS, error_text, short_verdict, summary
from core.health.gradresult import GradientCheck
from core.health.remedies import REMEDIES

MOST_STRETCHES = 6


def health_text(report: HealthReport) -> str:
    """Return a report as text: what was looked at, the problems with their causes and mends, the verdict."""
    lines = [f"{report.title}: {_looked(report)}"]
    if report.stopped:
        lines.append(report.stopped)
    told: dict[tuple[Any, ...], int] = {}
    for n, found in enumerate(report.found, start=1):
        lines += ["", *_problem(n, found, told)]
    if report.gradients == ():
        lines += ["", "gradients: not checked, as not one iteration can run"]
    for iteration, check in report.gradients or ():
        lines += ["", *_gradients(iteration, check)]
    return "\n".join([*lines, "", verdict(report)])


def verdict(report: HealthReport) -> str:
    """Return in one line whether the training is healthy."""
    counts = Counter(f.severity for f in report.found)
    said = [f"{counts[s]} {s}{'' if counts[s] == 1 else 's'}" for s in SEVERITIES if counts[s]]
    if report.healthy:
        return "healthy" if not said else f"healthy: nothing but {said[0]}"
    return f"not healthy: {', '.join(said)}"


def health_json(report: HealthReport) -> dict[str, Any]:
    """Return a report as plain data without NaN and ∞ among its numbers: they are the texts NaN, Infinity and -Infinity."""
    data: dict[str, Any] = {
        "target": report.title,
        "healthy": report.healthy,
        "verdict": verdict(report),
        "iterations": report.reached,
        "asked": report.asked,
        "stopped": report.stopped or None,
        "looked_at": [list(stretch) for stretch in report.looked],
        "rules": list(report.rules),
        "loss": {"first": _number(report.losses[0]), "last": _number(report.losses[1])},
        "findings": [_found_json(f) for f in report.found],
    }
    if report.gradients is not None:
        data["gradients"] = [_gradients_json(iteration, check) for iteration, check in report.gradients]
    return data


# --- text -------------------------------------------------------------------------------------------


def _looked(report: HealthReport) -> str:
    n = sum(last - first + 1 for first, last in report.looked)
    iterations = "1 iteration" if report.reached == 1 else f"{report.reached} iterations"
    done = iterations if report.reached == report.asked else f"{report.reached} of {report.asked} iterations"
    if not report.reached:
        return done
    if n >= report.reached:
        return f"{done}, {'each ' if report.reached > 1 else ''}looked at with {_rules(report)}"
    shown = [f"{a}" if a == b else f"{a}–{b}" for a, b in report.looked]
    if len(shown) > MOST_STRETCHES:
        shown[MOST_STRETCHES - 2 : -1] = ["…"]
    scan = "; each one for NaN and ∞" if "nonfinite" in report.rules else ""
    return f"{done}, {n} of them ({', '.join(shown)}) looked at with {_rules(report)}{scan}"


def _rules(report: HealthReport) -> str:
    n = len(report.rules)
    return f"{n} rules" if n > 3 else f"the {'rule' if n == 1 else 'rules'} {', '.join(report.rules)}"


def _problem(n: int, found: Found, told: dict[tuple[Any, ...], int]) -> Iterator[str]:
    more = f"; seen in {found.times} iterations, last in {found.last}" if found.times > 1 else ""
    since = f", less gravely since {found.since}" if found.since < found.iteration else ""
    place = f"iteration {found.iteration}, step {found.step}{since}{more}"
    yield f"{n}. {found.severity} {found.rule}: {found.text} ({place})"
    for link in found.cause:
        key = (link.value, link.cell, link.iteration)
        if key in told:
            yield f"     ← {_cell_of(link)}, as under {told[key]}."
            break
        told[key] = n
        if link.text != found.text:
            when = "" if link.iteration == found.iteration else f" (iteration {link.iteration})"
            yield f"     ← {link.text}{when}"
    mends = [REMEDIES[id].title for id, fits in found.remedies if fits]
    if mends:
        yield f"     mends: {'; '.join(mends)}"


def _cell_of(link: Cause) -> str:
    return f"`{link.value}{list(link.cell) if link.cell else ''}`"


def _gradients(iteration: int, check: GradientCheck) -> Iterator[str]:
    yield f"gradients in iteration {iteration}: {summary(check)}"
    width = max((len(r.name) for r in check.results), default=0)
    for r in check.results:
        nudged = f"{r.nudges} of {r.cells} {'cell' if r.cells == 1 else 'cells'} nudged"
        error = f"largest relative error {error_text(r.largest)}"
        yield f"  {GLYPHS[r.verdict]} {r.name.ljust(width)}  {short_verdict(r)}, {error}, {nudged}"


# --- JSON -------------------------------------------------------------------------------------------


def _found_json(f: Found) -> dict[str, Any]:
    return {
        "rule": f.rule,
        "title": f.title,
        "severity": f.severity,
        "value": f.value,
        "cells": [list(c) for c in f.cells],
        "count": f.count,
        "layer": f.layer,
        "units": list(f.units),
        "iteration": f.iteration,
        "step": f.step,
        "line": f.line,
        "text": f.text,
        "numbers": {name: _number(x) for name, x in f.numbers.items()},
        "cause": [
            {
                "value": c.value,
                "cell": None if c.cell is None else list(c.cell),
                "iteration": c.iteration,
                "step": c.step,
                "text": c.text,
            }
            for c in f.cause
        ],
        "remedy": [{"id": id, "title": REMEDIES[id].title, "fits": fits} for id, fits in f.remedies],
        "since": f.since,
        "last": f.last,
        "times": f.times,
    }


def _gradients_json(iteration: int, check: GradientCheck) -> dict[str, Any]:
    return {
        "iteration": iteration,
        "right": check.right,
        "text": summary(check),
        "parameters": [
            {
                "name": r.name, "verdict": r.verdict, "error": _number(r.largest), "factor": _number(r.factor),
                "cell": None if r.where is None else [int(c) for c in r.where], "nudged": r.nudges, "cells": r.cells,
                "own": r.own is not None,
            }
            for r in check.results
        ],
    }  # fmt: skip


def _number(x: float | None) -> float | str | None:
    """JSON has no NaN and no ∞."""
    if x is None or math.isfinite(x):
        return x
    return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
