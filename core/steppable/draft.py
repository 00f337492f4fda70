"""What a person has typed into the form over a saved network, as typed; and what it means, or what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.errors import SettingError, StepperError
from core.steppable.build import Choices
from core.steppable.data import MOST_RANDOM, Samples, Wanted, given_data
from core.steppable.form import Form, Way, way_of
from core.steppable.loss import unfit_loss
from core.typed_numbers import numbers_of

LARGEST_BATCH = 10**9
SHOWN = 40


@dataclass(frozen=True)
class Draft:
    """Everything as it stands in the form. All four ways to give data keep what was typed for them."""

    activation: str = ""
    output_activation: str = ""
    orientation: str = ""
    mode: str = "use"
    loss: str = ""
    optimizer: str = "sgd"
    shuffle: bool = False
    standardize: bool = False
    way: Way = "random"
    set: str = ""
    file: str = ""
    learning_rate: str = "0.1"
    batch: str = ""
    count: str = "8"
    seed: str = "0"
    inputs: str = ""
    target: str = ""

    @property
    def chosen(self) -> Choices:
        """The choices that are not typed, the usual ones in place of those that are."""
        return Choices(
            self.activation, self.output_activation, self.orientation, self.loss, self.optimizer, mode=self.mode,
            shuffle=self.shuffle,
        )  # fmt: skip


@dataclass(frozen=True)
class Read:
    """What a draft means, or sentences on what is wrong, by the keys of its fields."""

    choices: Choices
    samples: Samples
    wrong: Mapping[str, str]


def draft_of(c: Choices, s: Samples) -> Draft:
    """Return the draft that means these choices and samples."""
    way = way_of(s)
    return Draft(
        c.activation, c.output_activation, c.orientation, c.mode, c.loss, c.optimizer, c.shuffle, s.standardize, way,
        s.source if way == "set" else "", s.source if way == "file" else "", _written(c.learning_rate),
        "" if c.batch is None else str(c.batch), str(s.count), str(s.seed), ", ".join(map(_written, s.inputs)),
        ", ".join(map(_written, s.target)),
    )  # fmt: skip


def read_draft(d: Draft, form: Form) -> Read:
    """Return what a draft means for the network that a form asks about."""
    wrong: dict[str, str] = {}
    choices = d.chosen
    for key in ("learning_rate", "batch"):
        try:
            choices = replace(choices, **{key: _rate(d.learning_rate) if key == "learning_rate" else _batch(d.batch)})
        except SettingError as error:
            wrong[key] = str(error)
    if form.wanted is None:
        return Read(choices, Samples(), {**wrong, "network": form.stops})
    why = unfit_loss(d.loss, form.last, form.wanted.outputs) if d.loss and form.wanted.outputs else ""
    if why:
        wrong["loss"] = why
    samples = _samples(d, form, wrong)
    return Read(choices, samples, wrong)


def _samples(d: Draft, form: Form, wrong: dict[str, str]) -> Samples:
    """Return the samples; what is wrong with them is added to `wrong`."""
    assert form.wanted is not None
    if d.way == "random":
        found = Samples()
        for key, text, least, most in (("count", d.count, 1, MOST_RANDOM), ("seed", d.seed, 0, 2**32 - 1)):
            try:
                found = replace(found, **{key: _whole(text, least, most)})
            except SettingError as error:
                wrong[key] = str(error)
        return found
    if d.way == "set":
        if d.set not in [s.name for s in form.sets]:
            wrong["set"] = f"{d.set} does not fit this network; choose another set" if d.set else "choose one of the sets"
        return Samples(d.set, standardize=d.standardize)
    if d.way == "file":
        if not d.file:
            wrong["file"] = "choose a file"
        return Samples(d.file, standardize=d.standardize)
    return _typed(d, form.wanted, wrong)


def _typed(d: Draft, w: Wanted, wrong: dict[str, str]) -> Samples:
    inputs: tuple[float, ...] = ()
    target: tuple[float, ...] = ()
    try:
        inputs = numbers_of(d.inputs)
        if len(inputs) != w.size:
            raise SettingError(f"{len(inputs)} number{'s' * (len(inputs) != 1)} of {w.size} are typed")
    except SettingError as error:
        wrong["inputs"] = str(error)
    if not w.outputs:
        return Samples(inputs=inputs)
    try:
        target = numbers_of(d.target) if d.target.strip() else ()
        given_data(Samples(inputs=(0.0,) * w.size, target=target), w, None)
    except StepperError as error:
        wrong["target"] = str(error)
    return Samples(inputs=inputs, target=target)


def _rate(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise SettingError(f"the learning rate is a number above 0, such as 0.1{_typed_as(text)}")
    return number


def _batch(text: str) -> int | None:
    return _whole(text, 1, LARGEST_BATCH) if text.strip() else None


def _whole(text: str, least: int, most: int) -> int:
    try:
        number = int(text) if len(text) < SHOWN else -1
    except ValueError:
        number = -1
    if not least <= number <= most:
        raise SettingError(f"a whole number from {least} to {most} is needed{_typed_as(text)}")
    return number


def _typed_as(text: str) -> str:
    return f"; {text.strip()[:SHOWN]!r} is none" if text.strip() else "; nothing is typed"


def _written(number: float) -> str:
    return repr(float(number)).removesuffix(".0")
