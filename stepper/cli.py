"""The command line: the window, and everything that it does, for scripts and teachers."""

from __future__ import annotations

import argparse
import ast
import io
import json
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

from core import ops
from core.data.sources import BUILT_IN
from core.description import INITIALIZERS, LAYER_FIELDS
from core.errors import SettingError, StepperError
from core.explain.operations import EXPLANATIONS
from core.library import EXAMPLES, open_target
from core.notation.script import script_text
from core.optimizers import RULES
from core.program.ir import fault_sentence
from core.report import save_values, trace, trace_json, trace_table, training
from stepper import screen
from stepper.picture import ARRANGED, THEMES, VIEWS
from stepper.saving import save_text

_EXAMPLES = """\
examples:
  stepper                                  open the window on its first page
  stepper open my_net.py                   open the window on your own program
  stepper trace xor                        one iteration, an operation a line
  stepper trace xor --iteration 3 --json   the third iteration as JSON
  stepper train first-seed --iterations 400 --every 40 --set lr=0.5
  stepper script xor -o xor_plain.py       a plain NumPy script with the same bits
  stepper picture xor --step 14 --view operation -o dW2.png
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, like every other error here."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see `{self.prog} --help`", file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="stepper", epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Step through backpropagation one operation at a time, earlier and later.",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"stepper {version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    target: dict[str, Any] = {"metavar": "TARGET", "help": "a built-in's name (see `stepper list`) or a program file"}
    settings: dict[str, Any] = {
        "action": "append", "default": [], "metavar": "NAME=VALUE", "dest": "settings",
        "help": "replace a hyperparameter or a reserved name, as in lr=0.5 or batch=1",
    }  # fmt: skip

    command = commands.add_parser("open", help="open the window on a network")
    command.add_argument("target", **target)

    command = commands.add_parser("list", help="list what is built in")
    command.add_argument("kind", nargs="?", choices=tuple(_LISTS), default="examples")

    command = commands.add_parser("trace", help="show one iteration, an operation a line")
    command.add_argument("target", **target)
    command.add_argument("--iteration", type=_positive, default=1, metavar="N", help="which iteration, from 1")
    command.add_argument("--set", **settings)
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.add_argument("--values", type=Path, metavar="OUT.npz", help="write every value of the iteration into a file")

    command = commands.add_parser("train", help="run iterations and show the loss")
    command.add_argument("target", **target)
    command.add_argument("--iterations", type=_positive, required=True, metavar="N")
    command.add_argument("--every", type=_positive, default=1, metavar="K", help="show the first, each K-th and the last one")
    command.add_argument("--set", **settings)
    command.add_argument("--json", action="store_true", help="print one JSON object a line")

    command = commands.add_parser("script", help="write a plain NumPy script with the same bits")
    command.add_argument("target", **target)
    command.add_argument("--set", **settings)
    command.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.py")

    command = commands.add_parser("picture", help="write a picture of a view")
    command.add_argument("target", **target)
    command.add_argument("--iteration", type=_positive, default=1, metavar="N", help="which iteration, from 1")
    command.add_argument("--set", **settings)
    command.add_argument("--step", type=_count, default=None, metavar="K", help="how many operations are done; all if not given")
    command.add_argument("--view", choices=VIEWS, default="window")
    command.add_argument("--arrangement", choices=ARRANGED, default="learn", help="which panels the window shows")
    command.add_argument("--select", default="", metavar="VALUE[CELL]", help="choose a value, dW2, or a cell of it, 'dW2[0, 1]'")
    command.add_argument("--theme", choices=THEMES, default="light")
    command.add_argument("--size", type=_size, default=(1600, 1000), metavar="1600x1000")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.png")
    return parser


def version() -> str:
    """Return the installed version."""
    try:
        return metadata.version("backprop-stepper")
    except metadata.PackageNotFoundError:
        return "not installed"


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return number


def _positive(text: str) -> int:
    try:
        number = _count(text)
    except argparse.ArgumentTypeError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number


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


_LISTS: dict[str, Any] = {
    "examples": _list_examples,
    "ops": _list_ops,
    "losses": lambda: _list_ops("loss"),
    "activations": lambda: _list_ops("activation"),
    "optimizers": lambda: [(name, line) for name, (_, line) in RULES.items()],
    "initializers": lambda: list(INITIALIZERS.items()),
    "layers": lambda: [(name, ", ".join(fields) or "no keys") for name, fields in LAYER_FIELDS.items()],
    "datasets": lambda: list(BUILT_IN.items()),
}


def _list(arguments: argparse.Namespace) -> int:
    rows = _LISTS[arguments.kind]()
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        print(f"{name.ljust(width)}  {text}")
    return 0


def _trace(arguments: argparse.Namespace) -> int:
    opened = open_target(arguments.target, parse_settings(arguments.settings))
    found = trace(opened.program, arguments.iteration)
    if arguments.values is not None:
        save_values(found, arguments.values)
    print(json.dumps(trace_json(found), ensure_ascii=False) if arguments.json else trace_table(found))
    if found.fault is not None:
        raise StepperError(fault_sentence(opened.program, found.fault))
    return 0


def _train(arguments: argparse.Namespace) -> int:
    opened = open_target(arguments.target, parse_settings(arguments.settings))
    if not arguments.json:
        print("iteration     epoch  loss")
    for row in training(opened.program, arguments.iterations, opened.evaluations):
        i = row["iteration"]
        if i != 1 and i % arguments.every and i != arguments.iterations:
            continue
        if arguments.json:
            print(json.dumps(row))
        else:
            known = row["epoch_loss"] is not None and opened.program.batching.per_epoch > 1
            mean = f"   mean of the epoch {row['epoch_loss']!r}" if known else ""
            known = ("iteration", "epoch", "loss", "epoch_loss")
            scores = "".join(f"   {k.replace('_', ' ')} {v:.4f}" for k, v in row.items() if k not in known)
            print(f"{i:9d} {row['epoch']:9d}  {'no loss' if row['loss'] is None else repr(row['loss'])}{mean}{scores}")
    return 0


def _script(arguments: argparse.Namespace) -> int:
    opened = open_target(arguments.target, parse_settings(arguments.settings))
    text = script_text(opened.program, opened.title)
    save_text(arguments.output, text)
    return 0


def _picture(arguments: argparse.Namespace) -> int:
    from stepper.picture import picture

    opened = open_target(arguments.target, parse_settings(arguments.settings))
    picture(
        opened, arguments.iteration, arguments.step, arguments.view, arguments.theme, arguments.size, arguments.output,
        arguments.arrangement, arguments.select,
    )  # fmt: skip
    return 0


def why_no_window() -> str | None:
    """Return one line that says why no window can open here and how to get one; None if one can."""
    if not screen.display_available():
        return (
            f"There is no window because {_where_a_display_would_be()}: start `stepper` on a desktop or through `ssh -X`, "
            "or write a picture with `stepper picture xor -o xor.png`."
        )
    missing = screen.missing_libraries()
    if missing:
        command = f"apt-get install {' '.join(missing)}"
        return f"There is no window because Qt lacks system libraries: run `{command}` as root, then again."
    return None


def _where_a_display_would_be() -> str:
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"):
        if os.environ.get(name):
            return f"the display that {name}={os.environ[name]} names does not answer"
    return "this machine has no display"


def _window(target: str | None) -> int:
    opened = open_target(target or "xor")
    why = why_no_window()
    if why is None:
        from stepper import app

        return app.run(target)
    found = trace(opened.program, 1)
    print(trace_table(found))
    if found.fault is not None:
        print(fault_sentence(opened.program, found.fault))
    print(why)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, or 2 with one sentence on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    arguments = _parser().parse_args(argv)
    run = {"list": _list, "trace": _trace, "train": _train, "script": _script, "picture": _picture}
    try:
        if arguments.command in (None, "open"):
            return _window(getattr(arguments, "target", None))
        return run[arguments.command](arguments)
    except StepperError as error:
        print(f"stepper: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
