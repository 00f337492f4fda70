"""The names in a pickle: which of them act on the computer, and the few calls whose result is plain data."""

from __future__ import annotations

from collections.abc import Callable

from core.files.pickles.inert_source import Source
from core.files.pickles.inert_values import Items, Span, Table, Value, depth_of

# Modules of the standard library through which a pickle can act on the computer: no saved network names them.
_ACTING = frozenset(
    """_posixsubprocess asyncio bdb cProfile code codeop commands concurrent ctypes distutils doctest ensurepip faulthandler
    fcntl ftplib gc glob http imp importlib inspect io linecache marshal mmap multiprocessing nt ntpath os pdb pickle
    _pickle pip pkgutil popen2 posix posixpath profile pty pydoc resource runpy setuptools shelve shutil signal site
    smtplib socket socketserver sqlite3 ssl subprocess sys tarfile tempfile threading timeit trace turtle urllib
    urllib2 venv webbrowser winreg xmlrpc zipfile zipimport _io _imp _thread _ctypes _socket _winapi""".split()  # noqa: SIM905
)
_ACTING_BUILTINS = frozenset(
    "eval exec execfile compile open file input raw_input __import__ breakpoint globals locals vars setattr".split()  # noqa: SIM905
)
_ACTING_IN_LIBRARIES = (
    "numpy.testing.",
    "numpy.f2py.",
    "torch.hub.",
    "torch.utils.cpp_extension.",
    "torch.load",
    "torch.jit.load",
    "joblib.load",
    "numpy.load",
    "numpy.fromfile",
    "numpy.memmap",
)


_PLAIN_IN_ACTING = ("io.BytesIO", "_io.BytesIO")
"""Bytes in memory: Keras pickles a network as one."""


def acts(name: str) -> bool:
    """Return whether the name is one that lets a pickle act on the computer (such as `os.system`)."""
    module, _, last = name.rpartition(".")
    root = module.partition(".")[0]
    if root == "builtins":
        return last in _ACTING_BUILTINS
    return (root in _ACTING and name not in _PLAIN_IN_ACTING) or name.startswith(_ACTING_IN_LIBRARIES)


def _pairs(args: list[Value], _: Source) -> object:
    """OrderedDict(), OrderedDict([[key, value], …]) (Python 2 writes the list) and dict() in the same forms."""
    table = Table()
    if len(args) > 1:
        return NotImplemented
    for argument in args:
        if isinstance(argument, Table):
            table = argument
        elif isinstance(argument, Items):
            for pair in argument:
                if not isinstance(pair, Items) or len(pair) != 2:
                    return NotImplemented
                table.put(pair.values[0], pair.values[1])
                table.depth = max(table.depth, pair.depth + 1)
        else:
            return NotImplemented
    return table


def _set(args: list[Value], _: Source) -> object:
    if len(args) > 1 or not all(isinstance(a, Items) for a in args):
        return NotImplemented
    inner = [v for a in args if isinstance(a, Items) for v in a]
    return Items("set", inner, 1 + max(map(depth_of, inner), default=0))


def _encoded(args: list[Value], _: Source) -> object:
    """Bytes as protocols 0 to 2 write them: text and the name of the code, `latin1`."""
    if len(args) == 2 and isinstance(args[0], str) and args[1] in ("latin1", "latin-1"):
        return args[0].encode("latin-1")
    return NotImplemented


def _bytes(args: list[Value], source: Source) -> object:
    if not args:
        return b""
    if len(args) == 1 and isinstance(args[0], (bytes, Span)):
        return args[0]
    return _encoded(args, source)


# The few calls whose result is plain data; each is written out here, nothing is looked up.
PLAIN: dict[str, Callable[[list[Value], Source], object]] = {
    "collections.OrderedDict": _pairs,
    "builtins.dict": _pairs,
    "builtins.set": _set,
    "builtins.frozenset": _set,
    "_codecs.encode": _encoded,
    "builtins.bytes": _bytes,
    "builtins.bytearray": _bytes,
}
# Python 2 names of modules.
RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg", "cPickle": "pickle"}
