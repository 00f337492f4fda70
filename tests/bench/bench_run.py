"""How fast iterations run: the Runner and the Machine beside the plain script of the same program.

Ratios of times measured side by side in one run; 1.00 is the plain script.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
import time
from collections.abc import Callable

from core.execute.runner import Runner
from core.execute.timeline import Position, Timeline
from core.library import open_target
from core.notation.script import script_text
from core.program.ir import Program

LARGE = """\
# data
np.random.seed(3)
X = np.random.rand(784, 64)
Y = np.random.rand(10, 64)
# parameters
W1 = np.random.randn(128, 784) * np.sqrt(2 / 784)
b1 = np.zeros((128, 1))
W2 = np.random.randn(64, 128) * np.sqrt(2 / 128)
b2 = np.zeros((64, 1))
W3 = np.random.randn(10, 64) * np.sqrt(2 / 64)
b3 = np.zeros((10, 1))
lr = 0.1
# forward
Z1 = W1 @ X + b1
A1 = relu(Z1)
Z2 = W2 @ A1 + b2
A2 = relu(Z2)
Z3 = W3 @ A2 + b3
A3 = sigmoid(Z3)
# loss
L = mse(A3, Y)
"""


def _script(program: Program, iterations: int) -> Callable[[], None]:
    code = compile(script_text(program, "bench"), "bench", "exec")

    def run() -> None:
        sys.argv = ["bench", str(iterations)]
        with contextlib.redirect_stdout(io.StringIO()):
            exec(code, {})

    return run


def _runner(program: Program, iterations: int) -> Callable[[], None]:
    def run() -> None:
        runner = Runner(program)
        for _ in range(iterations):
            runner.step()

    return run


def _machine(program: Program, iterations: int) -> Callable[[], None]:
    def run() -> None:
        timeline = Timeline(program)
        for i in range(1, iterations + 1):
            timeline.go(Position(i, len(program)))

    return run


def _median(functions: list[Callable[[], None]], rounds: int = 5) -> list[float]:
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for n, function in enumerate(functions):
            start = time.perf_counter()
            function()
            times[n].append(time.perf_counter() - start)
    return [statistics.median(t) for t in times]


def main() -> None:
    """Print one line a program."""
    from core.complete import load

    print(f"{'program':24}{'script':>10}{'Runner':>10}{'Machine':>10}   (times relative to the script)")
    programs = [("xor", open_target("xor").program, 2000), ("flower", open_target("flower").program, 1000)]
    programs.append(("784-128-64-10, batch 64", load(LARGE), 100))
    for name, program, iterations in programs:
        script, runner, machine = _median([f(program, iterations) for f in (_script, _runner, _machine)])
        per = 1e6 * script / iterations
        print(f"{name:24}{1.0:10.2f}{runner / script:10.2f}{machine / script:10.2f}   script {per:.0f} µs an iteration")


if __name__ == "__main__":
    main()
