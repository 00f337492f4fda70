"""Operations that work cell by cell, in plain English."""

from __future__ import annotations

from core.explain.explanation import Explanation

CELLS = "Cell by cell: the result has the shape of the operands; an axis of size 1 is repeated to fit the other operand."
SAME = "Cell by cell: the result has the shape of {a}."
NONE = "There is no slope to pass back: the result jumps instead of changing smoothly."

CELLWISE: dict[str, Explanation] = {
    "add": Explanation(
        "addition",
        "a + b",
        "{a} and {b} are added, cell by cell.",
        "g for both operands, summed over any axis along which one was repeated",
        CELLS,
    ),
    "subtract": Explanation(
        "subtraction",
        "a − b",
        "{b} is taken away from {a}, cell by cell.",
        "g for {a}, −g for {b}, summed over any axis along which one was repeated",
        CELLS,
    ),
    "multiply": Explanation(
        "multiplication",
        "a · b",
        "{a} and {b} are multiplied, cell by cell: this is not a matrix product.",
        "g · {b} for {a}, g · {a} for {b}, summed over any axis along which one was repeated",
        CELLS,
    ),
    "divide": Explanation(
        "division",
        "a / b",
        "{a} is divided by {b}, cell by cell.",
        "g / {b} for {a}, −g · {out} / {b} for {b}",
        CELLS,
    ),
    "power": Explanation(
        "power",
        "a ** b",
        "{a} is raised to the power {b}, cell by cell.",
        "g · {b} · {a} ** ({b} − 1) for {a}, g · {out} · log({a}) for {b}",
        CELLS,
    ),
    "power_function": Explanation(
        "power",
        "a ** b",
        "{a} is raised to the power {b}, cell by cell.",
        "g · {b} · {a} ** ({b} − 1) for {a}, g · {out} · log({a}) for {b}",
        CELLS,
    ),
    "negative": Explanation(
        "sign change",
        "−a",
        "Every number of {a} changes its sign.",
        "−g",
        SAME,
    ),
    "exp": Explanation(
        "exponential",
        "exp(a)",
        "e = 2.718… is raised to the power of each number of {a}.",
        "g · {out}",
        SAME,
    ),
    "erf": Explanation(
        "error function",
        "2 / √π · ∫ exp(−t²) dt, from 0 to a",
        "Each number of {a} is squashed into the range from −1 to 1: the chance that a normal random number with the spread 1/√2 "
        "lies nearer to 0 than it, with its sign.",
        "g · 2 / √π · exp(−{a}²)",
        SAME,
    ),
    "log": Explanation(
        "natural logarithm",
        "log(a)",
        "The natural logarithm of each number of {a}: −∞ at 0, and NaN below 0.",
        "g / {a}",
        SAME,
    ),
    "sqrt": Explanation(
        "square root",
        "√a",
        "The square root of each number of {a}; NaN below 0.",
        "g / (2 · {out})",
        SAME,
    ),
    "square": Explanation(
        "square",
        "a²",
        "Each number of {a} is multiplied by itself.",
        "g · 2 · {a}",
        SAME,
    ),
    "abs": Explanation(
        "magnitude",
        "|a|",
        "Each number of {a} loses its sign.",
        "g where {a} is positive, −g where it is negative, 0 at 0",
        SAME,
    ),
    "sign": Explanation(
        "sign",
        "sign(a)",
        "1 where {a} is positive, −1 where it is negative, 0 at 0.",
        "0: between its jumps it is flat",
        SAME,
    ),
    "floor": Explanation(
        "rounded down",
        "⌊a⌋",
        "Each number of {a} becomes the largest whole number that is not above it.",
        "0: between its jumps it is flat",
        SAME,
    ),
    "sin": Explanation(
        "sine",
        "sin(a)",
        "The sine of each number of {a}, an angle in radians.",
        "g · cos({a})",
        SAME,
    ),
    "cos": Explanation(
        "cosine",
        "cos(a)",
        "The cosine of each number of {a}, an angle in radians.",
        "−g · sin({a})",
        SAME,
    ),
    "maximum": Explanation(
        "the larger one",
        "max(a, b)",
        "At each cell, the larger one of {a} and {b}.",
        "g goes to the one that was larger; a tie goes to {a}",
        CELLS,
    ),
    "minimum": Explanation(
        "the smaller one",
        "min(a, b)",
        "At each cell, the smaller one of {a} and {b}.",
        "g goes to the one that was smaller; a tie goes to {a}",
        CELLS,
    ),
    "greater": Explanation(
        "greater than",
        "a > b",
        "True where {a} is greater than {b}; true counts as 1, false as 0.",
        NONE,
        CELLS,
    ),
    "greater_equal": Explanation(
        "at least",
        "a ≥ b",
        "True where {a} is at least {b}; true counts as 1, false as 0.",
        NONE,
        CELLS,
    ),
    "less": Explanation(
        "less than",
        "a < b",
        "True where {a} is less than {b}; true counts as 1, false as 0.",
        NONE,
        CELLS,
    ),
    "less_equal": Explanation(
        "at most",
        "a ≤ b",
        "True where {a} is at most {b}; true counts as 1, false as 0.",
        NONE,
        CELLS,
    ),
    "equal": Explanation(
        "equal",
        "a = b",
        "True where {a} equals {b} exactly; true counts as 1, false as 0.",
        NONE,
        CELLS,
    ),
    "not_equal": Explanation(
        "different",
        "a ≠ b",
        "True where {a} differs from {b}; true counts as 1, false as 0.",
        NONE,
        CELLS,
    ),
    "where": Explanation(
        "choice",
        "b where a, else c",
        "At each cell, {b} where {a} is true and {c} where it is false.",
        "g goes to the one that was chosen; {a} gets none",
        CELLS,
    ),
}
