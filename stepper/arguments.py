"""What may be written after `stepper`: its commands with their arguments."""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

from core import ops
from core.data.sources import BUILT_IN
from core.description import INITIALIZERS, LAYER_FIELDS
from core.diagnosis.words import LEVELS
from core.errors import SettingError
from core.explain.operations import EXPLANATIONS
from core.health import rules
from core.library import EXAMPLES
from core.optimizers import RULES
from stepper import inspect_command
from stepper.picture import ARRANGED, THEMES, VIEWS
from stepper.saved_arguments import add_saved_arguments, count, positive

CHECKED = 1000
CONVERTED = (".toml", ".npz", ".safetensors", ".onnx", ".stepper")

_EXAMPLES = """\
examples:
  stepper                                  open the window on its first page
  stepper open my_net.py                   open the window on your own program
  stepper trace xor                        one iteration, an operation a line
  stepper trace xor --iteration 3 --json   the third iteration as JSON
  stepper train first-seed --iterations 400 --every 40 --set lr=0.5
  stepper check flower --iterations 3000   what goes wrong in it, when, and its first cause
  stepper diagnose my_net.py               which line of your backward is wrong, and how
  stepper diagnose my_net.py --show hint   only a hint: find the line yourself
  stepper script xor -o xor_plain.py       a plain NumPy script with the same bits
  stepper inspect mlp.pt                   what a saved network holds
  stepper inspect mlp.pt --tensor 0.weight what is odd about one of its tensors
  stepper inspect a.pt --compare b.pt      how far the training went between two checkpoints
  stepper trace mlp.pt --data points.csv   step it on your data
  stepper trace mlp.pt --sample=0.5,-1,2   step it on one sample
  stepper convert mlp.pt -o mlp.safetensors
  stepper picture xor --step 14 --view operation -o dW2.png
"""

_CHECK = """\
Runs a program from its start with the health rules on. Of each problem it tells where and since when, how it came
about, back to its first cause, and what usually mends it.

exit status: 0 healthy; 1 an error or a warning was found (a line that cannot run is an error; notes alone are
hints and leave it at 0); 2 the target or an argument is no good.
Where looking at each iteration would take long, the rules look at stretches of iterations, and the output says at
which; NaN and ∞ are looked for in every iteration all the same.
"""

_DIAGNOSE = """\
Compares the backward and the update that you wrote with the derivatives of your own forward and loss, and says of each
parameter whether its gradient is right. Of each fault it tells the line, what is wrong with it, and what mends it; with
--show it tells less, so that you can find the rest yourself. Nothing in the file is executed by Python.

exit status: 0 right, also up to a factor that all gradients share; 1 wrong; 2 there is no such target, it cannot be
read, or there is nothing to compare with.
"""

_CONVERT = """\
Writes a network in another form: its weights as .npz or .safetensors, its forward lines as .onnx, a description as .toml
with the weights beside it as .npz, or a document of this app as .stepper.
"""

_LESSON = """\
A lesson tells about one program with a fault: where to look, questions, what is wrong, what mends it. Its programs are
TARGETs: lesson:NAME, lesson:NAME:mended. `check` looks through a file that a teacher wrote.

exit status of `check`: 0 nothing to say against it; 1 there is, a line for each; 2 it cannot be read.
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, like every other error here."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see `{self.prog} --help`", file=sys.stderr)
        raise SystemExit(2)


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = _Parser(
        prog="stepper", epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Step through backpropagation one operation at a time, earlier and later.",
    )  # fmt: skip
    root.add_argument("--version", action="version", version=f"stepper {version()}")
    commands = root.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    target: dict[str, Any] = {
        "metavar": "TARGET",
        "help": "a built-in (see `stepper list`), lesson:NAME (see `stepper lesson list`), a program file, or a saved network",
    }  # fmt: skip
    settings: dict[str, Any] = {
        "action": "append", "default": [], "metavar": "NAME=VALUE", "dest": "settings",
        "help": "replace a hyperparameter or a reserved name, as in lr=0.5 or batch=1",
    }  # fmt: skip

    command = commands.add_parser("open", help="open the window on a network")
    command.add_argument("target", nargs="?", **target)
    command.add_argument("--from-desktop", action="store_true", help="say in the window, not here, what cannot be opened")
    add_saved_arguments(command)

    command = commands.add_parser("list", help="list what is built in")
    command.add_argument("kind", nargs="?", choices=tuple(LISTS), default="examples")

    command = commands.add_parser("trace", help="show one iteration, an operation a line")
    command.add_argument("target", **target)
    add_saved_arguments(command)
    command.add_argument("--iteration", type=positive, default=1, metavar="N", help="which iteration, from 1")
    command.add_argument("--set", **settings)
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.add_argument("--values", type=Path, metavar="OUT.npz", help="write every value of the iteration into a file")

    command = commands.add_parser("train", help="run iterations and show the loss")
    command.add_argument("target", **target)
    add_saved_arguments(command)
    command.add_argument("--iterations", type=positive, required=True, metavar="N")
    command.add_argument("--every", type=positive, default=1, metavar="K", help="show the first, each K-th and the last one")
    command.add_argument("--set", **settings)
    command.add_argument("--json", action="store_true", help="print one JSON object a line")

    command = commands.add_parser(
        "check", help="look for ill-conditioned values, trace them to their first cause", description=_CHECK,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("target", **target)
    add_saved_arguments(command)
    command.add_argument(
        "--iterations", type=positive, default=CHECKED, metavar="N", help=f"how many iterations to run; {CHECKED} if not given"
    )  # fmt: skip
    command.add_argument("--rules", default="", metavar="a,b,…", help="only these health rules: " + ", ".join(rules.RULES))
    command.add_argument("--gradients", action="store_true", help="check the gradients too, by nudging every parameter")
    command.add_argument("--set", **settings)
    command.add_argument(
        "--json", action="store_true", help="print one JSON object; its NaN and ∞ are texts, so any reader takes it"
    )

    command = commands.add_parser(
        "diagnose", help="say which lines of a backward written by hand are wrong, and what mends them", description=_DIAGNOSE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("target", **target)
    add_saved_arguments(command)
    command.add_argument(
        "--show", choices=LEVELS, default=LEVELS[-1], help=f"how much to tell of a fault; {LEVELS[-1]} if not given"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object with all of it")

    command = commands.add_parser(
        "lesson", help="list the lessons, print one, or check one that you wrote", description=_LESSON,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    does = command.add_subparsers(dest="does", metavar="list|show|check", required=True, parser_class=_Parser)
    does.add_parser("list", help="list the lessons in the order in which to learn from them")
    shown = does.add_parser("show", help="print a lesson with its numbers and answers")
    shown.add_argument("target", metavar="NAME", help="a lesson's name, or a file that ends in .lesson.toml")
    checked = does.add_parser("check", help="look for what is wrong with a lesson")
    checked.add_argument("file", type=Path, metavar="FILE", help="a file that ends in .lesson.toml")

    command = commands.add_parser("script", help="write a plain NumPy script with the same bits")
    command.add_argument("target", **target)
    add_saved_arguments(command)
    command.add_argument("--set", **settings)
    command.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.py")

    command = commands.add_parser("picture", help="write a picture of a view")
    command.add_argument("target", **target)
    add_saved_arguments(command)
    command.add_argument("--iteration", type=positive, default=1, metavar="N", help="which iteration, from 1")
    command.add_argument("--set", **settings)
    command.add_argument("--step", type=count, default=None, metavar="K", help="how many operations are done; all if not given")
    command.add_argument("--view", choices=VIEWS, default="window")
    command.add_argument("--arrangement", choices=ARRANGED, default="learn", help="which panels the window shows")
    command.add_argument("--select", default="", metavar="VALUE[CELL]", help="choose a value, dW2, or a cell of it, 'dW2[0, 1]'")
    command.add_argument("--theme", choices=THEMES, default="light")
    command.add_argument("--size", type=_size, default=(1600, 1000), metavar="1600x1000")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.png")

    command = commands.add_parser(
        "inspect", help="show what a saved network holds", description=inspect_command.ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    inspect_command.add_inspect_arguments(command)

    command = commands.add_parser(
        "convert", help="write a network in another form", description=_CONVERT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("target", **target)
    add_saved_arguments(command)
    command.add_argument("--set", **settings)
    command.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help=f"a name that ends in {', '.join(CONVERTED)}"
    )

    command = commands.add_parser("desktop", help="open saved networks in this app from the file manager, or no longer")
    does = command.add_subparsers(dest="does", metavar="install|remove", required=True, parser_class=_Parser)
    does.add_parser("install", help="write a desktop entry, media types and an icon into your own folder")
    does.add_parser("remove", help="take them away again")
    return root


def version() -> str:
    """Return the installed version."""
    try:
        return metadata.version("backprop-stepper")
    except metadata.PackageNotFoundError:
        return "not installed"


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 100 <= int(width) <= 10000 and 100 <= int(height) <= 10000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1600x1000 (100 to 10000 each)")
    return int(width), int(height)


def parse_settings(items: Sequence[str]) -> dict[str, Any]:
    """Return `NAME=VALUE` texts as a mapping; raises SettingError."""
    found: dict[str, Any] = {}
    for item in items:
        name, equals, text = item.partition("=")
        if not equals or not all(part.isidentifier() for part in name.strip().split(".")) or not text.strip():
            raise SettingError(f"`{item}` is not a setting; write NAME=VALUE, as in lr=0.5")
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = {"true": True, "false": False}.get(text.strip().lower(), text.strip())
        if not isinstance(value, (bool, int, float, str)):
            raise SettingError(f"`{item}`: the value must be a number, True, False or a word")
        found[name.strip()] = value
    return found


def _list_examples() -> list[tuple[str, str]]:
    return list(EXAMPLES.items())


def _list_ops(kind: str = "") -> list[tuple[str, str]]:
    return [(op.name, EXPLANATIONS[op.name].formula) for op in ops.all_ops() if not kind or op.kind == kind]


LISTS: dict[str, Any] = {
    "examples": _list_examples,
    "ops": _list_ops,
    "losses": lambda: _list_ops("loss"),
    "activations": lambda: _list_ops("activation"),
    "optimizers": lambda: [(name, line) for name, (_, line) in RULES.items()],
    "initializers": lambda: list(INITIALIZERS.items()),
    "layers": lambda: [(name, ", ".join(fields) or "no keys") for name, fields in LAYER_FIELDS.items()],
    "datasets": lambda: list(BUILT_IN.items()),
}
