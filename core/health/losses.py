"""What the loss does: it starts where it should not, stands still, rises, or jumps up and down."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from core.health.finding import Finding
from core.health.look import Look, number
from core.health.roles import Roles
from core.health.rule import Limit, Limits, Rule

STEPS = 10
ROUNDING = 1e-13
BIAS = 0.1
RATES = ("smaller-rate", "clip")


def _recent(look: Look, count: int) -> list[float] | None:
    """The loss of the last epochs and the one before them, oldest first; None where one is not known or not finite."""
    if look.program.loss is None or not look.fresh(look.program.loss):
        return None
    found = look.epoch_losses(count + 1)
    return found if found is not None and all(map(math.isfinite, found)) else None


def _low(look: Look, recent: list[float], share: float) -> bool:
    """Tell whether the loss has fallen to a small share of what it was in the first epoch."""
    first = look.first_loss
    return recent[-1] == 0 if first is None or not first > 0 else recent[-1] <= share * first


def _steps(look: Look, count: int) -> str:
    return f"{count} {'steps' if look.program.batching.per_epoch == 1 else 'epochs'}"


# -- stalled -----------------------------------------------------------------------------------------


def stalled(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find a loss that hardly falls any more although it is far from its floor."""
    count = int(limits["steps"])
    recent = _recent(look, count)
    if recent is None or look.program.loss is None or _low(look, recent, limits["floor"]):
        return
    fall = (recent[0] - min(recent[1:])) / abs(recent[0]) if recent[0] else 0.0
    if fall < limits["fall"] and max(recent) - min(recent) <= limits["rise"] * abs(recent[0]):
        text = (
            f"The loss {look.label(look.program.loss)} has stalled at {number(recent[-1])}: over {_steps(look, count)} it "
            f"fell by {number(100 * max(fall, 0), 2)} %."
        )
        remedies = ("glorot", "he", "standardise", "break-symmetry")
        yield look.finding("stalled", "warning", look.program.loss, text, numbers={"fall": fall}, remedies=remedies)


STALLED = Rule(
    "stalled", "Loss stalled", "The loss hardly falls any more although it is far from its floor.",
    "Amazon SageMaker Debugger", "⟶", stalled,
    {
        "fall": Limit(1e-3, "warn when the loss falls by less than this share", 0.0, 1.0),
        "steps": Limit(STEPS, "over so many epochs", 2, 200),
        "rise": Limit(0.05, "a loss that moves by more than this share is not stalled", 0.0, 1.0),
        "floor": Limit(0.1, "exempt once the loss is below this share of the first epoch's", 0.0, 1.0),
    },
    each="iteration", past=True,
)  # fmt: skip


# -- rising ------------------------------------------------------------------------------------------


def rising(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find a loss that has risen over ten epochs, or in several in a row."""
    loss, count, row = look.program.loss, int(limits["steps"]), int(limits["row"])
    long, short = _recent(look, count), _recent(look, row)
    if short is None or loss is None or _low(look, short, limits["floor"]):
        return
    rise = (long[-1] - long[0]) / abs(long[0]) if long is not None and long[0] else 0.0
    in_a_row = all(b - a > ROUNDING * abs(a) for a, b in pairwise(short))
    if rise > limits["rise"]:
        text = (
            f"The loss {look.label(loss)} rises: over {_steps(look, count)} by {number(100 * rise, 3)} %, to {number(short[-1])}."
        )
    elif in_a_row:
        text = f"The loss {look.label(loss)} rises: {row} times in a row, from {number(short[0])} to {number(short[-1])}."
        rise = (short[-1] - short[0]) / abs(short[0]) if short[0] else math.inf
    else:
        return
    yield look.finding("rising", "warning", loss, text, numbers={"rise": rise}, remedies=RATES)


RISING = Rule(
    "rising", "Loss rises", "The loss has risen over several epochs.", "Amazon SageMaker Debugger; measured", "⤴", rising,
    {
        "rise": Limit(0.05, "warn when the loss rises by more than this share", 0.0, 1e6),
        "steps": Limit(STEPS, "over so many epochs", 2, 200),
        "row": Limit(3, "or so many times in a row", 2, 200),
        "floor": Limit(0.1, "exempt while the loss is below this share of the first epoch's", 0.0, 1.0),
    },
    each="iteration", past=True,
)  # fmt: skip


# -- alternating -------------------------------------------------------------------------------------


def alternating(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find a loss that goes up and down in turn: the steps jump across the valley."""
    loss, count = look.program.loss, int(limits["steps"])
    recent = _recent(look, count)
    if recent is None or loss is None or _low(look, recent, limits["floor"]):
        return
    moves = np.diff(recent)
    turns = int(np.count_nonzero(moves[1:] * moves[:-1] < 0))
    size = float(np.median(np.abs(moves))) / max(abs(recent[0]), abs(recent[-1]), 1e-300)
    if turns >= len(moves) - 1 - limits["misses"] and size > limits["size"]:
        text = (
            f"The loss {look.label(loss)} goes up and down in turn, {turns} times over {_steps(look, count)}: the steps jump "
            "from one side of a valley to the other, which a smaller learning rate would not."
        )
        yield look.finding("alternating", "warning", loss, text, numbers={"turns": turns, "size": size}, remedies=RATES)


ALTERNATING = Rule(
    "alternating", "Loss alternates", "The loss goes up and down in turn.", "measured", "∿", alternating,
    {
        "steps": Limit(STEPS, "over so many epochs", 4, 200),
        "misses": Limit(1, "so many times it may go on in the same direction", 0, 100),
        "size": Limit(1e-3, "steps below this share of the loss do not count", 0.0, 1.0),
        "floor": Limit(0.1, "exempt while the loss is below this share of the first epoch's", 0.0, 1.0),
    },
    each="iteration", past=True,
)  # fmt: skip


# -- initial loss ------------------------------------------------------------------------------------


def initial_loss(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find a cross-entropy that at small weights is not that of guessing: ln C for C classes, ln 2 for each yes or no."""
    loss, mine = look.program.loss, look.loss
    if look.iteration != 1 or loss is None or mine is None or not look.fresh(loss):
        return
    guess = look.roles.once("initial loss", _of_guessing)
    if guess is None or not math.isfinite(mine) or not _small(look, limits["small"]):
        return
    expected, samples, outputs, value = guess
    own = look.array(value)
    # A penalty on the weights may be added to the cross-entropy itself.
    mine = float(own.reshape(-1)[0]) if own is not None and own.size == 1 else mine
    # A mean over samples, a sum over them, or a mean over samples and outputs: all are in use.
    if any(abs(mine / (expected * by) - 1) <= limits["off"] for by in (1, samples, 1 / outputs)):
        return
    text = (
        f"The first loss {look.label(loss)} is {number(mine)}, but with small weights a cross-entropy is that of guessing: "
        f"{number(expected)}. Look at the inputs, the targets, or how the loss is summed."
    )
    yield look.finding(
        "initial-loss", "warning", loss, text, numbers={"loss": mine, "expected": expected}, remedies=("standardise",)
    )


def _small(look: Look, limit: float) -> bool:
    """Tell whether no layer makes its input larger: fan-in · mean w² is small, and biases are as good as 0."""
    network = look.roles.network
    if network is None:
        return False
    for layer in network.layers:
        w = look.array(look.program.inputs[layer.weight])
        if w is None or not w.size or not layer.inputs * float(np.mean(np.square(w, dtype=float))) <= limit:
            return False
    biases = [look.array(look.program.inputs[n]) for n in look.roles.biases]
    return all(b is None or np.max(np.abs(b), initial=0) <= BIAS for b in biases)


def _scaled(roles: Roles, value: int) -> int:
    """Follow a loss through what multiplies or divides it, up to where something is added."""
    loss = roles.program.loss
    while value != loss:
        use = [i for i in roles.readers.get(value, ()) if i.result in roles.to_loss]
        if len(use) != 1 or use[0].op not in ("multiply", "divide", "negative", "identity"):
            return value
        value = use[0].result
    return value


def _of_guessing(roles: Roles) -> tuple[float, int, int, int] | None:
    """The cross-entropy per sample of equal probabilities, how many samples there are, how many answers each has, and the
    value that is to be so large.
    """
    for i in roles.forward:
        shape = roles.shape(i.reads[0]) if i.reads else None
        if i.result not in roles.to_loss or not shape or len(shape) > 2:
            continue
        axis, maker = roles.axes.get(i.reads[0]), roles.program.makers.get(i.reads[0])
        made_by = "" if maker is None else roles.program.instructions[maker].op
        if axis is None:
            continue
        samples, outputs = shape[axis], math.prod(shape) // max(shape[axis], 1)
        if i.op in ("softmax_cross_entropy", "cross_entropy") or (i.op == "log" and made_by == "softmax"):
            value = roles.program.loss if i.op == "log" else _scaled(roles, i.result)
            return (math.log(outputs), samples, 1, value) if outputs > 1 and value is not None else None
        if i.op in ("bce", "bce_with_logits") or (i.op == "log" and made_by in ("sigmoid", "sigmoid_written_out")):
            value = roles.program.loss if i.op == "log" else _scaled(roles, i.result)
            return (outputs * math.log(2), samples, outputs, value) if outputs and value is not None else None
    return None


INITIAL_LOSS = Rule(
    "initial-loss", "First loss is off", "At small weights the first cross-entropy is not that of guessing.",
    "CS231n", "≟", initial_loss,
    {
        "off": Limit(0.2, "warn when it is off by more than this share", 0.0, 10.0),
        "small": Limit(0.5, "weights count as small up to this fan-in · mean w²", 0.0, 100.0),
    },
    each="iteration",
)  # fmt: skip
