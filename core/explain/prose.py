"""What each operation is, in plain English, as data.

`{a}`, `{b}`, `{c}` stand for the operands, `{out}` for the result. `g` in a derivative is the adjoint of
the result: how the loss changes as the result does. Sources of the derivatives: those of the rules in `core.ops`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """An operation's name, formula, one sentence, derivative, and why its result has the shape it has."""

    title: str
    formula: str
    sentence: str
    derivative: str
    shape_reason: str


_CELLS = "Cell by cell: the result has the shape of the operands; an axis of size 1 is repeated to fit the other operand."
_SAME = "Cell by cell: the result has the shape of {a}."
_ONE = "A loss is a single number, whatever the shape of the outputs."
_NONE = "There is no slope to pass back: the result jumps instead of changing smoothly."
_GONE = "The axes that are reduced go away, or stay with size 1 when keepdims is set."

EXPLANATIONS: dict[str, Explanation] = {
    "sigmoid": Explanation(
        "sigmoid", "1 / (1 + exp(−z))", "Each number of {a} is squashed into the range from 0 to 1; 0 becomes 0.5.",
        "g · {out} · (1 − {out}): steepest, 0.25, where {out} is 0.5 and almost flat near 0 and 1", _SAME,
    ),
    "sigmoid_written_out": Explanation(
        "sigmoid, written out", "1 / (1 + exp(−z))", "Each number of {a} is squashed into the range from 0 to 1; 0 becomes 0.5.",
        "g · {out} · (1 − {out}): steepest, 0.25, where {out} is 0.5 and almost flat near 0 and 1", _SAME,
    ),
    "tanh": Explanation(
        "hyperbolic tangent", "(exp(z) − exp(−z)) / (exp(z) + exp(−z))",
        "Each number of {a} is squashed into the range from −1 to 1; 0 stays 0.",
        "g · (1 − {out}²): slope 1 at 0 and almost flat near −1 and 1", _SAME,
    ),
    "relu": Explanation(
        "rectified linear unit", "max(z, 0)", "Each positive number of {a} stays as it is; every other one becomes 0.",
        "g where {a} is positive, 0 elsewhere", _SAME,
    ),
    "add": Explanation("addition", "a + b", "{a} and {b} are added, cell by cell.", "g for both operands", _CELLS),
    "subtract": Explanation("subtraction", "a − b", "{b} is taken away from {a}, cell by cell.", "g for {a}, −g for {b}", _CELLS),
    "multiply": Explanation(
        "multiplication", "a · b", "{a} and {b} are multiplied, cell by cell: this is not a matrix product.",
        "g · {b} for {a}, g · {a} for {b}", _CELLS,
    ),
    "divide": Explanation("division", "a / b", "{a} is divided by {b}, cell by cell.", "g / {b} for {a}, −g · {out} / {b} for {b}", _CELLS),
    "power": Explanation(
        "power", "a ** b", "{a} is raised to the power {b}, cell by cell.",
        "g · {b} · {a} ** ({b} − 1) for {a}, g · {out} · log({a}) for {b}", _CELLS,
    ),
    "power_function": Explanation(
        "power", "a ** b", "{a} is raised to the power {b}, cell by cell.",
        "g · {b} · {a} ** ({b} − 1) for {a}, g · {out} · log({a}) for {b}", _CELLS,
    ),
    "negative": Explanation("sign change", "−a", "Every number of {a} changes its sign.", "−g", _SAME),
    "exp": Explanation("exponential", "exp(a)", "e = 2.718… is raised to the power of each number of {a}.", "g · {out}", _SAME),
    "log": Explanation(
        "natural logarithm", "log(a)", "The natural logarithm of each number of {a}: −∞ at 0, and NaN below 0.", "g / {a}", _SAME,
    ),
    "sqrt": Explanation("square root", "√a", "The square root of each number of {a}; NaN below 0.", "g / (2 · {out})", _SAME),
    "square": Explanation("square", "a²", "Each number of {a} is multiplied by itself.", "g · 2 · {a}", _SAME),
    "abs": Explanation("magnitude", "|a|", "Each number of {a} loses its sign.", "g where {a} is positive, −g where it is negative, 0 at 0", _SAME),
    "sign": Explanation("sign", "sign(a)", "1 where {a} is positive, −1 where it is negative, 0 at 0.", "0: between its jumps it is flat", _SAME),
    "maximum": Explanation(
        "the larger one", "max(a, b)", "At each cell, the larger one of {a} and {b}.", "g goes to the one that was larger; a tie goes to {a}", _CELLS,
    ),
    "minimum": Explanation(
        "the smaller one", "min(a, b)", "At each cell, the smaller one of {a} and {b}.", "g goes to the one that was smaller; a tie goes to {a}", _CELLS,
    ),
    "greater": Explanation("greater than", "a > b", "True where {a} is greater than {b}; true counts as 1, false as 0.", _NONE, _CELLS),
    "greater_equal": Explanation("at least", "a ≥ b", "True where {a} is at least {b}; true counts as 1, false as 0.", _NONE, _CELLS),
    "less": Explanation("less than", "a < b", "True where {a} is less than {b}; true counts as 1, false as 0.", _NONE, _CELLS),
    "less_equal": Explanation("at most", "a ≤ b", "True where {a} is at most {b}; true counts as 1, false as 0.", _NONE, _CELLS),
    "equal": Explanation("equal", "a = b", "True where {a} equals {b} exactly; true counts as 1, false as 0.", _NONE, _CELLS),
    "not_equal": Explanation("different", "a ≠ b", "True where {a} differs from {b}; true counts as 1, false as 0.", _NONE, _CELLS),
    "where": Explanation(
        "choice", "b where a, else c", "At each cell, {b} where {a} is true and {c} where it is false.",
        "g goes to the one that was chosen; {a} gets none", _CELLS,
    ),
    "matmul": Explanation(
        "matrix product", "outᵢⱼ = Σₖ aᵢₖ · bₖⱼ", "Each cell of {out} is a row of {a} times a column of {b}: multiplied in pairs, then added up.",
        "g @ {b}.T for {a}, {a}.T @ g for {b}",
        "The columns of {a} meet the rows of {b} and are summed away; the rows of {a} and the columns of {b} remain.",
    ),
    "dot": Explanation(
        "dot product", "outᵢⱼ = Σₖ aᵢₖ · bₖⱼ", "Each number of {out} is a row of {a} times a column of {b}: multiplied in pairs, then added up.",
        "g @ {b}.T for {a}, {a}.T @ g for {b}", "The last axis of {a} meets the rows of {b} and is summed away; the other axes remain.",
    ),
    "outer": Explanation(
        "outer product", "outᵢⱼ = aᵢ · bⱼ", "Every number of {a} is multiplied by every number of {b}.",
        "g @ {b} for {a}, {a} @ g for {b}", "One row for each number of {a}, one column for each number of {b}.",
    ),
    "transpose": Explanation(
        "transpose", "outᵢⱼ = aⱼᵢ", "The same numbers with the axes in another order: the rows of a matrix become its columns.",
        "g with its axes put back", "The sizes of {a} in the new order, for a matrix just swapped.",
    ),
    "swapaxes": Explanation(
        "two axes swapped", "outᵢⱼ = aⱼᵢ", "The same numbers as in {a} with two axes swapped.", "g with the same two axes swapped", "The sizes of {a}, two of them swapped.",
    ),
    "mse": Explanation(
        "mean squared error", "mean((a − y)²)", "How far {a} is from {b}: every difference is squared, and the mean is taken over all of them.",
        "2 · ({a} − {b}) / (how many numbers there are)", _ONE,
    ),
    "sse": Explanation(
        "sum of squared errors", "Σ (a − y)²", "How far {a} is from {b}: every difference is squared, and all are added up.", "2 · ({a} − {b})", _ONE,
    ),
    "half_sse": Explanation(
        "half the sum of squared errors", "½ · Σ (a − y)²",
        "How far {a} is from {b}: every difference is squared, all are added up, and the sum is halved.",
        "{a} − {b}: the ½ is there to make it this simple", _ONE,
    ),
    "bce": Explanation(
        "binary cross-entropy", "−Σ (y · log(a) + (1 − y) · log(1 − a)) / m",
        "How surprised {a}, read as probabilities, is by the answers {b}: sure and wrong costs most. Summed over outputs, averaged over samples.",
        "((1 − {b}) / (1 − {a}) − {b} / {a}) / m", _ONE,
    ),
    "bce_with_logits": Explanation(
        "binary cross-entropy of a sigmoid", "Σ (max(z, 0) − z · y + log(1 + exp(−|z|))) / m",
        "How surprised sigmoid({a}) is by the answers {b}, computed from {a} itself so that it stays finite.",
        "(sigmoid({a}) − {b}) / m", _ONE,
    ),
    "sum": Explanation("sum", "Σ a", "The numbers of {a} are added up{along}.", "g, handed to every number that was added", _GONE),
    "mean": Explanation("mean", "Σ a / n", "The mean of the numbers of {a}{along}.", "g / n, handed to every one of the n numbers", _GONE),
    "max": Explanation("largest", "max a", "The largest number of {a}{along}.", "g to the cell that was largest; a tie shares it evenly", _GONE),
    "min": Explanation("smallest", "min a", "The smallest number of {a}{along}.", "g to the cell that was smallest; a tie shares it evenly", _GONE),
    "identity": Explanation("another name", "a", "{out} is another name for the same numbers as {a}.", "g", "The shape of {a}."),
    "copy": Explanation("copy", "a", "{out} is a copy of {a} that can change without {a}.", "g", "The shape of {a}."),
    "ones_like": Explanation("all ones", "1", "As many ones as {a} has numbers.", "0: the result does not depend on {a}", "The shape of {a}."),
    "zeros_like": Explanation("all zeros", "0", "As many zeros as {a} has numbers.", "0: the result does not depend on {a}", "The shape of {a}."),
    "expand_dims": Explanation("new axis", "a", "The same numbers as in {a} with a new axis of size 1.", "g without that axis", "The sizes of {a} with a 1 put in."),
    "squeeze": Explanation("axes of size 1 dropped", "a", "The same numbers as in {a} without axes of size 1.", "g in the shape of {a}", "The sizes of {a} without the 1s that are dropped."),
    "reshape": Explanation(
        "reshape", "a", "The same numbers as in {a}, in the same order, in another shape.", "g in the shape of {a}",
        "The shape that was asked for; it holds as many numbers as {a}.",
    ),
    "reshape_like": Explanation("reshape", "a", "The same numbers as in {a}, in the shape of {b}.", "g in the shape of {a}", "The shape of {b}."),
    "getitem": Explanation(
        "slice", "a[…]", "Some of the numbers of {a}, picked by their index.", "g where the numbers were picked, 0 elsewhere",
        "One axis for each range in the index; an axis picked at a single place goes away.",
    ),
    "unslice": Explanation(
        "slice, put back", "zeros, with a at the index",
        "{a} is put back where the numbers of {b} were picked; all other cells are 0.", "g at that index", "The shape of {b}.",
    ),
    "mask_assign": Explanation(
        "masked assignment", "c where the mask, else a", "{c} is written wherever {b} is true; all other numbers of {a} stay.",
        "g for {a}, but 0 wherever {b} is true", "The shape of {a}.",
    ),
    "astype": Explanation("another number type", "a", "The numbers of {a}, stored in another number type.", "g", "The shape of {a}."),
    "size_of": Explanation("size of an axis", "a.shape[i]", "How many places one axis of {a} has.", "none: a size does not change with the numbers", "A single number."),
}  # fmt: skip
