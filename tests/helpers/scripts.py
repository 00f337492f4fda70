"""A printed script, run as Python would, beside the timeline of its program."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import Any

import numpy as np
from helpers.bits import bits

from core.execute.timeline import Position, Timeline
from core.notation.script import script_text
from core.program.ir import Program


def run(script: str, iterations: int) -> tuple[dict[str, Any], str]:
    """Execute a script as Python would; return its globals and what it printed."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    before, errors = sys.argv, np.geterr()
    sys.argv = ["script.py", str(iterations)]
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(script, "script.py", "exec"), namespace)
    finally:
        sys.argv = before
        np.seterr(**errors)
    return namespace, printed.getvalue()


def compare(program: Program, iterations: int = 20) -> None:
    """Assert that the script of a program and its timeline agree to the last bit."""
    assert program.fault is None, program.fault
    script = script_text(program, "a title")
    assert "import core" not in script and "from core" not in script
    timeline = Timeline(program)
    for iteration in range(1, iterations + 1):
        timeline.go(Position(iteration, len(program)))
        assert timeline.position == Position(iteration, len(program)), timeline.fault
    namespace, printed = run(script, iterations)
    for name, value in timeline.machine.state().items():
        assert bits(namespace[name]) == bits(value), f"{name}\n{script}"
    for v in program.values:
        named = timeline.machine.value(v.index)
        last = max(w.version for w in program.values if w.name == v.name and w.kind != "part") if v.kind != "part" else -1
        if v.kind != "part" and v.version == last and not (v.kind == "data" and program.batching.batch is None):
            assert bits(namespace[v.name]) == bits(named), f"{v.name}\n{script}"
    shown = [line.split() for line in printed.splitlines()]
    if program.loss is not None:
        assert [int(i) for i, _ in shown] == list(range(1, iterations + 1))
        assert [x for _, x in shown] == [repr(x) for x in timeline.losses]
