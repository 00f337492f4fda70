"""What the guard costs: a run at full speed with it beside the same run without, in one go. 1.00 is without; held to 1.05."""

from __future__ import annotations

import time

from bench_run import LARGE

from core.complete import load
from core.execute.timeline import Timeline
from core.health.guard import Guard
from core.library import open_target
from core.program.ir import Program

ROUNDS = 15


def _run(program: Program, iterations: int, guarded: bool) -> float:
    timeline = Timeline(program)
    if guarded:
        Guard(timeline)
    start = time.perf_counter()
    for _ in timeline.iterate(1, iterations):
        pass
    return time.perf_counter() - start


def main() -> None:
    """Print one line a program."""
    print(f"{'program':24}{'without':>12}{'with guard':>12}")
    programs = [("xor", open_target("xor").program, 2000), ("flower", open_target("flower").program, 1000)]
    programs.append(("784-128-64-10, batch 64", load(LARGE), 100))
    for name, program, iterations in programs:
        plain, guarded = [], []
        for _ in range(ROUNDS):
            plain.append(_run(program, iterations, False))
            guarded.append(_run(program, iterations, True))
        # The fastest of each: whatever else the machine does can only make a run longer.
        print(f"{name:24}{1e6 * min(plain) / iterations:9.0f} µs{min(guarded) / min(plain):12.3f}")


if __name__ == "__main__":
    main()
