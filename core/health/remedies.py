"""The table of remedies: edits of a program's text that usually mend a finding, and what each does not mend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import StepperError
from core.health import mends_forward, mends_start, mends_update
from core.health.mending import Changed, Mended, RemedyError
from core.program.ir import Program

__all__ = ["REMEDIES", "Changed", "Mended", "Remedy", "RemedyError", "apply", "offered"]


@dataclass(frozen=True)
class Remedy:
    """One remedy. `text` says what it does, `keeps` what it does not mend; `choices` maps strengths to what they are called."""

    id: str
    title: str
    text: str
    keeps: str
    edit: Callable[[Program, Path | None, str], Mended] = field(repr=False)
    choices: Mapping[str, str] = field(default_factory=dict[str, str])


_ALL = (
    Remedy(
        "fused-loss", "Fused loss",
        "The loss is computed from the weighted sum itself instead of from the sigmoid or softmax of it:"
        " the same number, but no logarithm of 0 and no division by 0.",
        "It ends the NaN. It does not end the saturation, nor a learning rate that is too large.",
        mends_forward.fused_loss,
    ),
    Remedy(
        "smaller-rate", "Smaller learning rate",
        "Each step goes the same way, but less far: where the loss jumps up and down or grows, the steps are too long.",
        "Progress takes as many times more iterations. Units that are dead or saturated from the start stay so;"
        " a log(0) may only come later.",
        mends_update.smaller_rate, mends_update.RATES,
    ),
    Remedy(
        "glorot", "Glorot start",
        "All weights begin as random numbers of variance 2 / (inputs + units), so that sigmoid and tanh layers neither"
        " fade nor saturate at the start.",
        "It only changes the start: a rate that is too large still leads away from it. For ReLU layers it is a little too small.",
        mends_start.glorot,
    ),
    Remedy(
        "he", "He start",
        "All weights begin as random numbers of variance 2 / inputs: what a ReLU cuts away is made up for.",
        "It only changes the start: units can still die later, when a step is too long. For sigmoid layers it is a little"
        " too large.",
        mends_start.he,
    ),
    Remedy(
        "break-symmetry", "Random start",
        "Weights that all begin alike begin as random numbers, so that the units can become different.",
        "It only makes the units different. Where the numbers are very small the loss stands still for long before the units"
        " part; weights that begin different already are left as they are.",
        mends_start.break_symmetry, mends_start.SIZES,
    ),
    Remedy(
        "standardise", "Standardised inputs",
        "From each feature of the inputs its mean is subtracted, and it is divided by its standard deviation.",
        "It mends only the first layer's input. New data must be shifted and scaled with the same numbers, and outliers stay"
        " outliers.",
        mends_start.standardise,
    ),
    Remedy(
        "leaky-relu", "Leaky ReLU",
        "Below 0 a unit passes a hundredth of its input on instead of nothing, so that it always has a gradient and cannot die.",
        "It does not undo the step that drove the units below 0: with too large a rate the loss still jumps. A unit that"
        " would have died comes back only slowly.",
        mends_forward.leaky_relu,
    ),
    Remedy(
        "tanh-for-sigmoid", "tanh in hidden layers",
        "The hidden layers use tanh: its slope is up to 1 where that of the sigmoid is at most ¼, and its outputs are centred"
        " on 0.",
        "tanh saturates too: where weighted sums are large its slope is as good as 0. The output layer stays as it is.",
        mends_forward.tanh_for_sigmoid,
    ),
    Remedy(
        "clip", "Clipped gradients",
        "Where all gradients together are longer than a limit, they are shortened to it; their direction stays.",
        "A NaN or ∞ in a gradient stays one, and gradients that vanish stay small: it only shortens what is too long.",
        mends_update.clip, mends_update.NORMS,
    ),
    Remedy(
        "float64", "float64",
        "Everything is computed with 16 digits instead of 7 (or 3): rounding is finer, the largest and smallest numbers lie"
        " far further out.",
        "It moves the limits, it does not remove them: a sigmoid is exactly 1 from 36.74 on instead of 16.64."
        " Needs twice the memory or more.",
        mends_start.float64,
    ),
)  # fmt: skip
REMEDIES: Mapping[str, Remedy] = {r.id: r for r in _ALL}


def apply(id: str, program: Program, folder: Path | None = None, choice: str = "") -> Mended:
    """Return a program with a remedy in it; files that it names lie in `folder`.

    Raises:
        KeyError: if there is no such remedy, or no such choice of it.
        RemedyError: with one sentence, where it does not fit this program.
    """
    remedy = REMEDIES[id]
    if choice and choice not in remedy.choices:
        raise KeyError(choice)
    if program.fault is not None:
        raise RemedyError("a line of this program cannot run; mend that first")
    try:
        found = remedy.edit(program, folder, choice or next(iter(remedy.choices), ""))
    except RemedyError:
        raise
    except StepperError as error:
        raise RemedyError(f"with this remedy the program cannot be read: {error}") from None
    return replace(found, remedy=id)


def offered(program: Program, folder: Path | None = None) -> dict[str, Mended | str]:
    """Return for each remedy the program that it makes in its first strength, or why it does not fit."""
    found: dict[str, Mended | str] = {}
    for id in REMEDIES:
        try:
            found[id] = apply(id, program, folder)
        except RemedyError as error:
            found[id] = str(error)
    return found
