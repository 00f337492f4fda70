"""One root error, one class a kind of fault; each message is one sentence a learner can act on."""

from __future__ import annotations


class StepperError(Exception):
    """Root of every error that is meant for a person: `str(error)` is one clear sentence."""


class NotationError(StepperError):
    """A text that is not a program in the notation.

    `line` and `column` count from 1; `line` is 0 where the fault has no single place.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        self.bare = message
        self.line = line
        self.column = column
        place = f"line {line}, column {column}: " if line else ""
        super().__init__(place + message)


class ShapeError(StepperError):
    """Operands whose shapes or types do not fit the operation."""


class SymbolicError(StepperError):
    """A shape that cannot be expressed with the symbolic batch size `m`."""


class ExecutionError(StepperError):
    """An operation that Python refuses at run time, such as dividing the plain number 1 by 0."""


class SettingError(StepperError):
    """A `--set` that names nothing in the program, or a value that does not fit."""


class DescriptionError(StepperError):
    """A network description that cannot be: the key path, what is wrong, and the line (0 where unknown)."""

    def __init__(self, path: str, message: str, line: int = 0) -> None:
        self.path = path
        self.bare = message
        self.line = line
        place = f"line {line}: " if line else ""
        super().__init__(place + f"{path} {message}".strip())


class TargetError(StepperError):
    """A TARGET that is neither a built-in nor a readable file."""


class SteppingError(TargetError):
    """A saved network of which nothing can be stepped; what it holds can still be looked at."""


class ChangeError(StepperError):
    """A change by hand that cannot be made: no number, no such cell, a value that is calculated."""
