"""Texts that try to be executed, and a guard that hears of it if one is.

The guard is an audit hook of Python (PEP 578): it hears of `exec`, imports, files, processes and sockets, however they are
called. Reading a text as a tree (`compile` with PyCF_ONLY_AST) runs nothing and is allowed.
"""

# ruff: noqa: E501 (tables of texts)
from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
OURS = ("core", "stepper", "resources", "numpy")
ALWAYS = (
    "exec", "subprocess.", "socket.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.remove", "os.rename", "os.mkdir",
    "os.rmdir", "os.chmod", "os.putenv", "os.kill", "shutil.", "ctypes.", "pickle.", "marshal.", "webbrowser.", "urllib.", "smtplib.",
    "ftplib.", "code.__new__", "function.__new__", "sys.settrace", "sys.setprofile", "sys.addaudithook",
)  # fmt: skip


class _Guard:
    """Hears every event while it is on, and keeps those that no text may cause."""

    def __init__(self) -> None:
        self.on = False
        self.heard: list[str] = []
        self.readable: tuple[str, ...] = ()
        self._hooked = False

    def hook(self) -> None:
        """Begin to hear; an audit hook cannot be taken away again, so there is one for all tests."""
        if not self._hooked:
            sys.addaudithook(self._hear)
            self._hooked = True

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event.startswith(ALWAYS):
            self.heard.append(f"{event} {arguments!r}"[:200])
        elif event == "import" and str(arguments[0]).split(".")[0] not in OURS:
            self.heard.append(f"import {arguments[0]}")
        elif event == "open" and not self._may_read(*arguments):
            self.heard.append(f"open {arguments!r}")

    def _may_read(self, path: Any, mode: Any, flags: Any) -> bool:
        del flags
        writes = mode is None or any(c in str(mode) for c in "wax+")
        # Python looks for the line of a SyntaxError in a file of the name that `ast.parse` gives to a text.
        return not writes and (path == "<unknown>" or str(path).startswith((str(ROOT), *self.readable)))


_GUARD = _Guard()


@contextmanager
def nothing_is_executed(*readable: Path) -> Iterator[None]:
    """Fail if something in the block executes code, imports, starts, connects, writes, or reads a file that is none of ours.

    Files in `readable` may be read.
    """
    _GUARD.hook()
    _GUARD.heard = []
    _GUARD.readable = tuple(map(str, readable))
    compiled: list[str] = []
    real = builtins.compile

    def compile_(source: Any, filename: Any, mode: Any, flags: int = 0, *more: Any, **named: Any) -> Any:
        if not flags & ast.PyCF_ONLY_AST:
            compiled.append(str(source)[:100])
        return real(source, filename, mode, flags, *more, **named)

    builtins.compile = compile_
    _GUARD.on = True
    try:
        yield
    finally:
        _GUARD.on = False
        builtins.compile = real
    assert not _GUARD.heard, _GUARD.heard
    assert not compiled, compiled


# --- arbitrary valid Python ------------------------------------------------------------------------------

CANARY = "stepper_canary_must_never_be"
_EVIL = (
    f"open('/tmp/{CANARY}', 'w')", f"__import__('os').system('touch /tmp/{CANARY}')", "exec('import antigravity')", "eval('1 + 1')",
    "compile('1', 'x', 'exec')", "().__class__.__bases__[0].__subclasses__()", "globals()['__builtins__']", "breakpoint()", "input()",
    "exit()", "np.load('x.npy', allow_pickle=True)", "np.__builtins__", "np.f2py.compile('')", f"np.savetxt('/tmp/{CANARY}', [1])",
    "np.lib.format.open_memmap('x')", "np.ctypeslib.load_library('c', '.')", "getattr(np, 'load')('x')", "__builtins__", "np.random.__dict__",
    "(lambda: exec('1'))()", "[exec('1') for _ in range(3)]", "f'{exec(1)}'", "f'{1:{exec(1)}}'", "(x := exec('1'))", "type('A', (), {})()",
    "sigmoid.__globals__", "X.tofile('x')", "X.T.dump('x')", "X.__reduce__()", "W1.__array_interface__", "np.fromfile('/etc/passwd')",
    "np.vectorize(exec)('1')", "np.frompyfunc(exec, 1, 1)", "np.apply_along_axis(exec, 0, X)", "np.array(['x'], dtype=object)",
    "X.astype('O')", "np.memmap('x')", "np.genfromtxt('/etc/passwd')", "'%s' % exec(1)", "X[exec('1')]", "X.reshape(exec('1'))",
    "sum(X, axis=exec('1'))", "np.zeros(exec('1'))", "*X", "yield_", "...", "b'x'", "1j", "not X", "X if Y else 1", "{1: 2}", "{*()}",
)  # fmt: skip
_NAMES = ("x", "X", "Y", "W1", "np", "sigmoid", "exec", "open", "print", "__import__", "os", "_", "self", "m", "lr", "loss", "dW1")  # fmt: skip
_STATEMENTS = (
    "import {n}", "import antigravity", "import os, sys", "from os import *", "from . import {n}", "import numpy as np",
    "{n} = {e}", "{n} += {e}", "{n}[{e}] = {e}", "{n}.a = {e}", "{n}, {n} = {e}, {e}", "{n}: {n} = {e}", "{e}", "del {n}", "assert {e}, {e}",
    "def {f}(x={e}):\n    return {e}", "def {f}(x):\n    return {e}", "def {f}(x, *a, **k):\n    {n} = {e}\n    return {e}",
    "@{e}\ndef {f}(x):\n    return x", "async def {f}(x):\n    await {e}", "class {f}({e}):\n    {n} = {e}", "for {n} in {e}:\n    {e}",
    "while {e}:\n    break", "if {e}:\n    {e}\nelse:\n    {e}", "with {e} as {n}:\n    pass", "try:\n    {e}\nexcept {e}:\n    {e}",
    "raise {e}", "global {n}", "return_ = {e}", "{n} = {n} = {e}", "match {e}:\n    case _:\n        {e}", "lambda: {e}", "pass",
    "# forward", "# loss", "# backward", "# update", "# data", "# parameters", '"""{n}"""',
)  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn, depth: int = 2) -> str:
    """Draw the source of an expression that reaches for what it must not have."""
    kind = draw(st.integers(0, 11 if depth else 3))
    if kind <= 1:
        return draw(st.sampled_from(_EVIL))
    if kind == 2:
        return draw(st.sampled_from(_NAMES))
    if kind == 3:
        return draw(st.sampled_from(("0", "1", "-1", "2.5", "1e400", "10 ** 9", "True", "None", "'x'", "np.pi", "9 ** 9 ** 9")))
    a, b = draw(expressions(depth=depth - 1)), draw(expressions(depth=depth - 1))
    n = draw(st.sampled_from(_NAMES))
    return draw(st.sampled_from((
        f"{n}({a}, {b})", f"({a}) @ ({b})", f"({a}) * ({b})", f"({a}) - ({b})", f"({a}).{n}", f"({a})[{b}]", f"{n}(*{a}, **{b})",
        f"[{a} for {n} in {b} if {a}]", f"{{{a}: {b}}}", f"(lambda {n}={a}: {b})({a})", f"np.{n}({a}, axis={b})", f"({a} if {b} else {a})",
        f"(({a}), ({b}))", f"[{a}, {b}]", f"-({a})", f"({a}) > ({b})", f"sigmoid({a})", f"np.dot({a}, {b})", f"({a})({b})",
    )))  # fmt: skip


@st.composite
def valid_python(draw: st.DrawFn) -> str:
    """Draw a text that Python could read, and that would do harm if it were run."""
    lines: list[str] = []
    for pattern in draw(st.lists(st.sampled_from(_STATEMENTS), min_size=1, max_size=6)):
        text = pattern
        while "{n}" in text:
            text = text.replace("{n}", draw(st.sampled_from(_NAMES)), 1)
        text = text.replace("{f}", draw(st.sampled_from(("f", "sigmoid", "exec", "__init__"))))
        while "{e}" in text:
            text = text.replace("{e}", draw(expressions()), 1)
        lines.append(text)
    text = "\n".join(lines) + "\n"
    assume(_readable(text))
    return text


@st.composite
def poisoned(draw: st.DrawFn, text: str) -> str:
    """Draw a program in which a line is added, or one word of a line became something else that Python can read."""
    lines = text.split("\n")
    at = draw(st.integers(0, len(lines) - 1))
    if draw(st.booleans()):
        new = draw(st.sampled_from(_STATEMENTS)).replace("{f}", "f")
        while "{n}" in new:
            new = new.replace("{n}", draw(st.sampled_from(_NAMES)), 1)
        while "{e}" in new:
            new = new.replace("{e}", draw(expressions(depth=1)), 1)
        lines.insert(at, new)
    else:
        whole = draw(st.sampled_from([n for n, line in enumerate(lines) if "=" in line or "return" in line]))
        head, equals, tail = lines[whole].rpartition("=") if "=" in lines[whole] else lines[whole].rpartition("return")
        words = (
            [w for w in ast.walk(ast.parse(tail.strip(), mode="eval")) if isinstance(w, ast.expr)]
            if _readable(tail.strip())
            else []
        )
        assume(words)
        word = draw(st.sampled_from(words))
        piece = ast.get_source_segment(tail.strip(), word) or "1"
        known = sorted({line.partition("=")[0].strip() for line in lines if " = " in line})
        other = draw(st.one_of(expressions(depth=1), st.sampled_from([ast.unparse(w) for w in words]), st.sampled_from(known)))
        lines[whole] = f"{head}{equals} " + tail.strip().replace(piece, f"({other})", 1)
    found = "\n".join(lines)
    assume(_readable(found))
    return found


def _readable(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
