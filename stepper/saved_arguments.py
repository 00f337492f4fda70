"""What may be written after a saved network: the data to step it with, and the choices that its file does not say."""

from __future__ import annotations

import argparse

from core.description import LOSSES, OPTIMIZERS
from core.errors import SettingError
from core.files.inference.infer import ORIENTATIONS
from core.steppable.build import MODES, Choices
from core.steppable.data import Samples
from core.typed_numbers import numbers_of


def add_saved_arguments(command: argparse.ArgumentParser) -> None:
    """Add what a saved network can be given beside its file."""
    group = command.add_argument_group("of a saved network")
    group.add_argument("--data", default=None, metavar="FILE", help="the samples: a .csv or .npz file, or a built-in data set")
    group.add_argument("--standardize", action="store_true", help="shift and scale each input of --data")
    group.add_argument("--sample", type=_numbers, default=None, metavar="X1,X2,…", help="one sample, typed: --sample=0.5,-1,2")
    group.add_argument("--target", type=_numbers, default=None, dest="goal", metavar="Y1,…", help="what --sample should give")
    group.add_argument("--samples", type=positive, default=None, metavar="N", help="so many random samples; 8 if not given")
    group.add_argument("--seed", type=count, default=None, metavar="N", help="which random samples; 0 if not given")
    group.add_argument(
        "--activation", default=None, metavar="HIDDEN[,OUTPUT]", help="functions that the file does not say, as in relu,softmax"
    )
    group.add_argument("--loss", default=None, choices=LOSSES, metavar="LOSS", help="the loss; see `stepper list losses`")
    group.add_argument("--orientation", default=None, choices=ORIENTATIONS, help="how matrices are stored where both ways fit")
    group.add_argument("--mode", default=None, choices=MODES, help="how dropout and batch normalisation run; use if not given")
    group.add_argument(
        "--optimizer", default=None, choices=OPTIMIZERS, metavar="NAME", help="sgd if not given; see `stepper list optimizers`"
    )
    group.add_argument("--batch", type=positive, default=None, metavar="N", help="samples in an iteration; all if not given")
    group.add_argument("--shuffle", action="store_true", help="a new order of the samples in each epoch")


def saved_choices(arguments: argparse.Namespace) -> tuple[Choices | None, Samples | None]:
    """Return what was given for a saved network, None for what was not; raises SettingError."""
    hidden, _, output = (arguments.activation or "").partition(",")
    if "," in output:
        raise SettingError(
            f"--activation takes two functions at most, the one of all hidden layers and the one of the last; "
            f"{output.count(',') + 2} were given"
        )
    choices = Choices(
        hidden.strip(), output.strip(), arguments.orientation or "", arguments.loss or "", arguments.optimizer or "sgd",
        mode=arguments.mode or MODES[0], batch=arguments.batch, shuffle=arguments.shuffle,
    )  # fmt: skip
    samples = _samples(arguments)
    unsaid = (arguments.activation, arguments.loss, arguments.orientation, arguments.mode, arguments.optimizer)
    return (None if unsaid == (None,) * 5 and choices == Choices() else choices), (None if samples == Samples() else samples)


def _samples(a: argparse.Namespace) -> Samples:
    """Return the samples that were asked for; raises SettingError where one answer excludes another."""
    ways = {"--data": a.data, "--sample": a.sample, "--samples": a.samples}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) > 1:
        raise SettingError(f"{given[0]} and {given[1]} both say where the samples come from; give one of them")
    for name, value, owner, there in (
        ("--target", a.goal, "--sample", a.sample is not None), ("--standardize", a.standardize or None, "--data", bool(a.data)),
        ("--seed", a.seed, "random samples", a.data is None and a.sample is None),
    ):  # fmt: skip
        if value is not None and not there:
            raise SettingError(f"{name} belongs to {owner}; give both, or leave it out")
    usual = Samples()
    count, seed = a.samples or usual.count, a.seed or usual.seed
    return Samples(a.data or "", a.sample or (), a.goal or (), count, seed, a.standardize)


def count(text: str) -> int:
    """Return a whole number of at least 0; raises ArgumentTypeError."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return number


def positive(text: str) -> int:
    """Return a whole number of at least 1; raises ArgumentTypeError."""
    try:
        number = count(text)
    except argparse.ArgumentTypeError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return numbers_of(text)
    except SettingError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
