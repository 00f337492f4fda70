"""Right programs by many hands, each with its forward, loss, backward and update written out, to put faults into.

A mark at a line's end, `#: …`, says what the line is for; it is taken out of the program's text. Marks: `X`, `Y <kind>`, `W`, `b`,
`Z`, `A <kind>`, `delta` (the target enters here), `dA` (a weight is crossed), `dZ | D | kind A Z` (D is the derivative's text),
`mask` (a derivative written as an assignment), `dW p`, `db p` (gradient of p), `v p` (its running mean), `update p`.
"""

# ruff: noqa: E501 (replacements, a program a line)
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from helpers.right_texts import DEEP_MSE, FIRST_SEED, NG_FUSED, PLUS, SOFTMAX_ROWS, SQUARE_SOFTMAX, UNFUSED
from helpers.right_texts_batches import MINI, MOMENTUM, MOMENTUM_ROWS, SINGLE_ROWS
from helpers.right_texts_forms import DEEP_BCE, IN_UPDATE, MSE_PLUS, REGRESSION


@dataclass(frozen=True)
class Mark:
    """What a line is for: words such as `dZ`, the parameter, and a derivative's text, kind, output and input."""

    words: tuple[str, ...]
    derivative: str = ""
    kind: str = ""
    a: str = ""
    z: str = ""


@dataclass(frozen=True)
class Right:
    """A right program. `unfused` are replacements of text that fuse or part the output's delta, another right way of it."""

    name: str
    marked: str
    unfused: tuple[tuple[str, str], ...]

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines of the program, without marks."""
        return tuple(line.split("  #:")[0] for line in self.marked.splitlines())

    @property
    def text(self) -> str:
        """The program."""
        return "\n".join(self.lines) + "\n"

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """The mark of each line."""
        return tuple(_mark(line) for line in self.marked.splitlines())

    def at(self, *words: str) -> list[int]:
        """Return the indices of the lines that have all of these words."""
        return [i for i, mark in enumerate(self.marks) if all(w in mark.words for w in words)]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters that the loss depends on."""
        return tuple(self.lines[i].split(" =")[0] for i, mark in enumerate(self.marks) if mark.words[:1] in (("W",), ("b",)))


def _mark(line: str) -> Mark:
    if "  #:" not in line:
        return Mark(())
    parts = [p.strip() for p in line.split("  #:")[1].split("|")]
    return Mark(tuple(parts[0].split()), *(parts[1:2] or [""]), *(parts[2].split() if len(parts) > 2 else ()))


RIGHT = (
    Right("first-seed", FIRST_SEED, (("error_gradient = 2 * (A2 - Y)\n", ""), ("(error_gradient, sigmoid_prime(Z2))", "(2 * (A2 - Y), sigmoid_prime(Z2))"))),
    Right("plus", PLUS, (("error = y - output\n", ""), ("= error *", "= (y - output) *"))),
    Right("ng-fused", NG_FUSED, (("dZ2 = A2 - Y", "dA2 = -Y / A2 + (1 - Y) / (1 - A2)\ndZ2 = dA2 * A2 * (1 - A2)"),)),
    Right("unfused", UNFUSED, (("dA2 = -(np.divide(Y, A2) - np.divide(1 - Y, 1 - A2))\n", ""), ("dZ2 = dA2 * A2 * (1 - A2)", "dZ2 = A2 - Y"))),
    Right("softmax-rows", SOFTMAX_ROWS, (("dscores = (probs - Y) / m", "dprobs = -Y / probs / m\ndscores = probs * (dprobs - sum(dprobs * probs, axis=1, keepdims=True))"),)),
    Right("square-softmax", SQUARE_SOFTMAX, (("dZ3 = (A3 - Y) / m", "dA3 = -Y / A3 / m\ndZ3 = A3 * (dA3 - np.sum(dA3 * A3, axis=0, keepdims=True))"),)),
    Right("deep-mse", DEEP_MSE, (("delta4 = 2 * (out - T) / out.shape[0] / 2", "d_out = 2 * (out - T)\ndelta4 = d_out / (out.shape[0] * out.shape[1])"),)),
    Right("momentum", MOMENTUM, (("dA2 = 2 * (A2 - Y) / n\n", ""), ("dZ2 = dA2 *", "dZ2 = 2 * (A2 - Y) / n *"))),
    Right("momentum-rows", MOMENTUM_ROWS, (("d2 = (A2 - Y) / len(X)", "g = ((1 - Y) / (1 - A2) - Y / A2) / len(X)\nd2 = g * A2 * (1 - A2)"),)),
    Right("single-rows", SINGLE_ROWS, (("d_o = o - Y", "d_out = -(Y / o) + (1 - Y) / (1 - o)\nd_o = d_out * o * (1 - o)"),)),
    Right("mini-batches", MINI, (("dZ3 = P - Y", "dP = -Y / P\ndZ3 = P * (dP - sum(dP * P, axis=1, keepdims=True))"),)),
    Right("regression", REGRESSION, (("dYhat = 2 / m * (Yhat - Y)", "error = Yhat - Y\ndYhat = 2 * error / m"),)),
    Right("deep-bce", DEEP_BCE, (("dA3 = (-Y / A3 + (1 - Y) / (1 - A3)) / m\n", ""), ("dZ3 = dA3 * (A3 * (1 - A3))", "dZ3 = (A3 - Y) / m"))),
    Right("in-update", IN_UPDATE, (("d2 = np.multiply(A2 - Y, A2 * (1 - A2))", "e = A2 - Y\nd2 = e * A2 * (1 - A2)"),)),
    Right("mse-plus", MSE_PLUS, (("d2 = 2 * (Y - A2) * A2", "e = 2 * (Y - A2)\nd2 = e * A2"),)),
)  # fmt: skip
BY_NAME = {r.name: r for r in RIGHT}
