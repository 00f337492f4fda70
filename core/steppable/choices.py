"""What a person can choose for stepping a saved network, checked; and what comes of it where nothing was chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.description import ACTIVATIONS, LOSSES, OPTIMIZERS
from core.errors import SettingError
from core.files.inference.infer import ORIENTATIONS, Inferred
from core.files.problem import shown
from core.files.saved import Layer

MODES = ("use", "training")
SAME = ("", "identity", "linear")
"""An activation that changes nothing."""
ALONG = ("softmax", "log_softmax")
"""Activations that share out a whole among the units."""
CHOSEN, ASSUMED = "chosen by you", "assumed, the file does not say it"
_NORMS = ("batch_norm", "layer_norm")


@dataclass(frozen=True)
class Choices:
    """What a person chose; '' leaves it to what the file says, or else to what is usual.

    `mode` says how dropout and batch normalisation run: as in "use", or as in "training".
    """

    activation: str = ""
    output_activation: str = ""
    orientation: str = ""
    loss: str = ""
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    mode: str = "use"
    batch: int | None = None
    shuffle: bool = False


def checked(c: Choices) -> Choices:
    """Return choices that can be; raises SettingError for what is none, with what there is."""
    for what, value, known in (
        ("activation", c.activation, ACTIVATIONS), ("activation of the output", c.output_activation, ACTIVATIONS),
        ("loss", c.loss, LOSSES), ("mode", c.mode, MODES), ("orientation", c.orientation, ORIENTATIONS),
    ):  # fmt: skip
        if value and value not in known:
            raise SettingError(f"{shown(value)} is no {what}; there are {', '.join(known)}")
    if c.optimizer not in OPTIMIZERS:
        raise SettingError(f"{shown(c.optimizer)} is no optimizer; there are {', '.join(OPTIMIZERS)}")
    if not 0 < c.learning_rate < math.inf:
        raise SettingError(f"the learning rate is {c.learning_rate!r}; it is a number above 0, such as 0.1")
    if c.batch is not None and c.batch < 1:
        raise SettingError(f"a batch of {c.batch} samples cannot be; it is a whole number of at least 1")
    return c


def note_of(choice: str) -> str:
    """Return what is said beside what was decided: by a person, or by the app."""
    return CHOSEN if choice else ASSUMED


def functions_decided(layers: Sequence[Layer], inferred: Inferred | None, c: Choices) -> Mapping[int, str]:
    """Return which layers end in a function that no file says, by their place, and who decided it.

    As `core.files.inference.infer` reads weights: a function follows every layer, after its normalisation where it has one.
    """
    if inferred is None:
        return {}
    dense = [n for n, layer in enumerate(layers) if layer.kind == "dense"]
    found: dict[int, str] = {}
    for n, layer in enumerate(layers):
        if layer.kind not in ("dense", *_NORMS) or (n + 1 < len(layers) and layers[n + 1].kind in _NORMS):
            continue
        hidden = any(k > n for k in dense)
        if layer.kind == "dense" or any(k < n for k in dense):
            found[n] = note_of(c.activation if hidden else c.output_activation)
    return found


def orientation_decided(inferred: Inferred | None, c: Choices) -> str:
    """Return what is said beside a matrix where both ways to read it fit, or a person said which; '' where sizes decide."""
    asked = inferred is not None and any(q.key == "orientation" for q in inferred.questions)
    if inferred is None or not (asked or c.orientation):
        return ""
    stored = "a row for each unit" if inferred.orientation == "out,in" else "a column for each unit"
    return f"{stored}: {CHOSEN if c.orientation else 'assumed, both ways fit'}"
