"""The command line: the window, and everything that it does, for scripts and teachers."""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from core.check_report import health_report, rules_named
from core.check_words import health_json, health_text
from core.diagnosis import diagnose
from core.diagnosis.report import diagnosis_json, diagnosis_text
from core.document import document_of
from core.document import opened as opened_session
from core.errors import StepperError, SteppingError, TargetError
from core.files.document import is_document
from core.files.problem import escaped
from core.library import EXAMPLES, Opened, open_target, written
from core.network_writing import write_network
from core.notation.script import script_text
from core.program.ir import fault_sentence
from core.report import save_values, trace, trace_json, trace_table, training
from core.saved_convert import convert
from core.saved_target import is_saved
from core.saved_writing import write_weights
from core.session import session_of
from stepper import screen
from stepper.arguments import CONVERTED, LISTS, parse_settings, parser
from stepper.inspect_command import inspect
from stepper.printing import complain, put
from stepper.saved_arguments import saved_choices
from stepper.saving import save_bytes, save_text

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What printing meets where the disk that the output goes to is full or gone."""


def _list(arguments: argparse.Namespace) -> int:
    _rows(LISTS[arguments.kind]())
    return 0


def _rows(rows: Sequence[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        print(f"{name.ljust(width)}  {text}")


def _opened(arguments: argparse.Namespace) -> Opened:
    """Open the TARGET with what was given for it; what was assumed of a saved network is said beside the output."""
    opened = open_target(arguments.target, parse_settings(getattr(arguments, "settings", ())), *saved_choices(arguments))
    if opened.steps is not None:
        for sentence in opened.steps.assumed:
            print(f"assumed: {escaped(sentence)}", file=sys.stderr)
    return opened


def _trace(arguments: argparse.Namespace) -> int:
    opened = _opened(arguments)
    found = trace(opened.program, arguments.iteration)
    if arguments.values is not None:
        save_values(found, arguments.values)
    put(trace_json(found) if arguments.json else trace_table(found), allow_nan=True)
    if found.fault is not None:
        raise StepperError(fault_sentence(opened.program, found.fault))
    return 0


def _train(arguments: argparse.Namespace) -> int:
    opened = _opened(arguments)
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


def _check(arguments: argparse.Namespace) -> int:
    rules = rules_named(arguments.rules) if arguments.rules else ()
    opened = _opened(arguments)
    report = health_report(opened, arguments.iterations, rules, arguments.gradients)
    put(health_json(report) if arguments.json else health_text(report))
    return 0 if report.healthy else 1


def _diagnose(arguments: argparse.Namespace) -> int:
    w = written(arguments.target)
    if w.described or is_saved(arguments.target):
        raise TargetError(
            f"{w.title} describes a network, so its backward is derived; diagnose a program with a backward of your own"
        )
    found = diagnose(w.text, w.folder)
    if arguments.json:
        put(diagnosis_json(found))
    if found.problem:
        raise StepperError(found.problem)
    if not arguments.json:
        put(diagnosis_text(found, w.title, arguments.show))
    return 0 if found.right else 1


def _lesson(arguments: argparse.Namespace) -> int:
    from core.lessons.check import check_file
    from core.lessons.shipped import list_lessons
    from core.lessons.words import lesson_parts

    if arguments.does == "list":
        _rows(list_lessons())
    elif arguments.does == "show":
        for n, part in enumerate(lesson_parts(arguments.target)):
            print(part if n == 0 else f"\n{part}", flush=True)
    else:
        problems = check_file(arguments.file)
        for problem in problems:
            print(problem)
        return 1 if problems else 0
    return 0


def _script(arguments: argparse.Namespace) -> int:
    opened = _opened(arguments)
    text = script_text(opened.program, opened.title)
    save_text(arguments.output, text)
    return 0


def _picture(arguments: argparse.Namespace) -> int:
    from core.lessons.shipped import is_lesson
    from stepper.picture import picture

    opened = _opened(arguments)
    picture(
        opened, arguments.iteration, arguments.step, arguments.view, arguments.theme, arguments.size, arguments.output,
        arguments.arrangement, arguments.select, arguments.target if is_lesson(arguments.target) else "",
    )  # fmt: skip
    return 0


def _convert(arguments: argparse.Namespace) -> int:
    if arguments.output.suffix.lower() not in CONVERTED:
        raise TargetError(f"{arguments.output} ends in none of {', '.join(CONVERTED)}; the ending says the form to write")
    if arguments.output.suffix.lower() == ".stepper":
        save_bytes(arguments.output, document_of(session_of(_opened(arguments))))
        return 0
    settings = parse_settings(arguments.settings)
    if is_document(arguments.target) and not settings:
        # The parameters as they stand where it was left, as the window writes them.
        session, toml = opened_session(arguments.target).session, arguments.output.suffix.lower() == ".toml"
        for sentence in (write_network if toml else write_weights)(session, arguments.output):
            print(escaped(sentence), file=sys.stderr)
        return 0
    for sentence in convert(arguments.target, arguments.output, settings, *saved_choices(arguments)):
        print(escaped(sentence), file=sys.stderr)
    return 0


def _desktop(arguments: argparse.Namespace) -> int:
    from stepper import desktop

    for line in desktop.install() if arguments.does == "install" else desktop.remove():
        print(line)
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


def _window(arguments: argparse.Namespace) -> int:
    why = why_no_window()
    try:
        return _shown(arguments, why)
    except StepperError as error:
        if why is not None or not getattr(arguments, "from_desktop", False):
            raise
        from stepper import app

        return app.run(None, said=str(error))  # where nobody sees a terminal


def _shown(arguments: argparse.Namespace, why: str | None) -> int:
    """Show the TARGET in a window, or, where there can be none, what it computes and why."""
    target: str | None = getattr(arguments, "target", None)
    # A saved network that cannot be stepped can still be looked into: the window makes its program itself.
    plain = target is not None and is_saved(target) and saved_choices(arguments) == (None, None)
    opened = None if plain and why is None else open_target("xor") if target is None else _opened(arguments)
    if why is None:
        from stepper import app

        return app.run(target, opened)
    assert opened is not None
    found = trace(opened.program, 1)
    put(trace_table(found))
    if found.fault is not None:
        print(fault_sentence(opened.program, found.fault))
    print(why)
    return 0


def _forget_output() -> None:
    """Let what is still to be printed go nowhere, so that nothing is said of it at the end of Python."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _opening(words: list[str]) -> list[str]:
    """Return the words of a command; a target alone, as in `stepper my_net.py`, is opened."""
    with contextlib.suppress(OSError):  # of a name that no file can have
        if words and (words[0] in EXAMPLES or words[0].startswith("lesson:") or Path(words[0]).is_file()):
            return ["open", *words]
    return words


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 1 where a check found something, or 2 with one sentence on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    arguments = parser().parse_args(_opening(list(sys.argv[1:] if argv is None else argv)))
    run = {
        "list": _list, "trace": _trace, "train": _train, "check": _check, "diagnose": _diagnose, "lesson": _lesson,
        "script": _script, "picture": _picture, "inspect": inspect, "convert": _convert, "desktop": _desktop,
    }  # fmt: skip
    try:
        status = _window(arguments) if arguments.command in (None, "open") else run[arguments.command](arguments)
        if sys.stdout is not None:  # closed, as by `>&-`, it is None
            sys.stdout.flush()  # what cannot be written is said here, and not after the end
        return status
    except SteppingError as error:
        complain(SteppingError(f"{error}; `stepper inspect` shows what it holds"))
        return 2
    except StepperError as error:
        complain(error)
        return 2
    except BrokenPipeError:
        _forget_output()
        return 0
    except OSError as error:
        if error.errno not in FULL:
            raise
        _forget_output()
        complain(StepperError(f"the output cannot be written ({error.strerror}); make room, or send it elsewhere"))
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
