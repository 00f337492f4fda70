"""Pickles made to harm, and the files that carry them: alone, packed, in a zip of PyTorch's and in its older form."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
Cases = Iterator[tuple[str, bytes, str]]
"""A file's name, its bytes, and words of the sentence ("" where a network is right)."""


def in_zip(data: bytes, **more: bytes) -> bytes:
    """Return a PyTorch file of the zip form around a pickle."""
    return zipped({"net/data.pkl": data, "net/version": b"3\n", **{f"net/{n}": d for n, d in more.items()}})


def in_legacy(data: bytes, storage: bytes = b"") -> bytes:
    """Return a PyTorch file of the older form around a pickle: five pickles in a row, then the storage "0", if any."""
    facts = {"protocol_version": _PROTOCOL, "little_endian": True}
    head = b"".join(pickle.dumps(v, 2) for v in (_MAGIC, _PROTOCOL, facts))
    return head + data + pickle.dumps(["0"] if storage else [], 2) + storage


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


CARRIERS: dict[str, Callable[[bytes], bytes]] = {
    "{}.pkl": bytes, "{}.joblib": bytes, "{}-packed.joblib": zlib.compress, "{}.pt": in_zip, "{}-legacy.pth": in_legacy,
}  # fmt: skip


def traps(canary: Path) -> Cases:
    """Kind 1: what would run a command, by every operation of a pickle that can call something, in every kind of file."""
    touch = f"touch {canary}".encode()
    call = b"\x80\x02cposix\nsystem\n"
    ways = {
        "reduce": call + b"X" + struct.pack("<I", len(touch)) + touch + b"\x85R.",
        "inst": b"\x80\x02(S'" + touch + b"'\niposix\nsystem\n.",
        "obj": b"\x80\x02(cos\nsystem\nS'" + touch + b"'\no.",
        "newobj": call + b"S'" + touch + b"'\n\x85\x81.",
        "stack": b"\x80\x04\x8c\x05posix\x8c\x06system\x93S'" + touch + b"'\n\x85R.",
        "eval": b'\x80\x02cbuiltins\neval\nS\'__import__("os").system("' + touch + b"\")'\n\x85R.",
        "popen": b"\x80\x02csubprocess\nPopen\n]S'" + touch + b"'\na\x85R.",
        "build": call + b"}X\x01\x00\x00\x00aNsb.",
        "in a key": b"\x80\x02}" + call[2:] + b"S'" + touch + b"'\n\x85RK\x01s.",
        "python2": b"\x80\x02c__builtin__\nexecfile\nS'/etc/passwd'\n\x85R.",
        "hub": b"\x80\x02ctorch.hub\nload\nS'a/b'\nS'c'\n\x86R.",
    }
    for way, data in ways.items():
        for pattern, carry in CARRIERS.items():
            yield pattern.format(f"trap {way}"), carry(data), "trap: opened with"
    # Names that act only together: what getattr gives of an object is not known, and nothing is looked up.
    hidden = b"\x80\x02cbuiltins\ngetattr\ncbuiltins\n__import__\n"
    yield "getattr.pkl", hidden + b"S'x'\n\x86R.", "builtins.__import__"
    yield "dotted.pkl", b"\x80\x04\x8c\x08builtins\x8c\x10object.__class__\x93.", "no arrays"
    yield "protocol0.pkl", b"cposix\nsystem\np0\n(S'" + touch + b"'\ntR.", "posix.system"


def mazes() -> Cases:
    """Kinds 3 and 4: what takes for ever, or too deep a stack, to go through."""
    ways = {
        "key": (b"\x80\x02}(X\x01\x00\x00\x00at" + b"2\x86" * 60 + b"K\x01s.", "no "),
        "list": (b"\x80\x02](K\x01e" + b"2\x86" * 60 + b".", "no "),
        "deep": (b"\x80\x02)" + b"\x85" * 200_000 + b".", "deep"),
        "deep keys": (b"\x80\x02}N" + b"}" * 100_000 + b"s" * 50_000 + b".", "deep"),
        "no stop": (b"\x80\x02]N", "cut short"),
        "deep and no stop": (b"\x80\x02)" + b"\x85" * 200_000, "deep"),
        "digits": (b"\x80\x02L" + b"7" * 4000 + b"L\n.", "digits"),
        "marks": (b"\x80\x02" + b"(" * 500_000 + b".", "deep"),
        "memo": (b"\x80\x02]" + b"r\xff\xff\xff\x7f0]" * 10 + b".", "no "),
        "itself": (b"\x80\x02]q\x00h\x00a.", "no "),
        "text": (b"\x80\x02X\xff\xff\xff\x7fabc.", "damaged at byte"),
    }
    for way, (data, words) in ways.items():
        for pattern, carry in CARRIERS.items():
            yield pattern.format(f"maze {way}"), carry(data), words


def storages() -> Cases:
    """Kind 5: tensors that reach where they must not, in both forms of PyTorch."""
    for way, (offset, shape, strides, count, length, words) in {
        "beyond": (3, (2, 2), (2, 1), 4, 16, "storage"),
        "negative offset": (-1, (2,), (1,), 4, 16, "impossible"),
        "negative stride": (0, (2, 2), (-2, 1), 4, 16, "impossible"),
        "negative shape": (0, (-2,), (1,), 4, 16, "impossible"),
        "expanded": (0, (1_000_000_000,), (0,), 4, 16, "repeats"),
        "expanded twice": (0, (40_000, 40_000), (0, 0), 4, 16, "repeats"),
        "short": (0, (4,), (1,), 4, 8, "cut short"),
        "claims": (0, (2**40,), (1,), 2**40, 16, "cut short"),
        "overflow": (2**62, (2,), (2**62,), 4, 16, "impossible"),
        "too many axes": (0, (1,) * 70, (1,) * 70, 4, 16, "impossible"),
        "no storage": (0, (4,), (1,), 4, None, "missing"),
    }.items():
        data = tensor(offset, shape, strides, count)
        yield f"storage {way}.pt", in_zip(data, **({} if length is None else {"data/0": bytes(length)})), words
        if length is not None:
            yield f"storage {way}.pth", in_legacy(data, struct.pack("<Q", count) + bytes(length)), words


def tensor(offset: int, shape: tuple[int, ...], strides: tuple[int, ...], count: int, key: str = "0", name: str = "w") -> bytes:
    """Return the pickle of a state dict with one tensor of float32, as PyTorch writes it."""
    numbers = [pickle.dumps(v, 2)[2:-1] for v in (offset, shape, strides)]
    pid = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\n" + text(key) + text("cpu") + pickle.dumps(count, 2)[2:-1] + b"tQ"
    rebuilt = b"ctorch._utils\n_rebuild_tensor_v2\n(" + pid + b"".join(numbers) + b"\x89ccollections\nOrderedDict\n)RtR"
    return b"\x80\x02}" + text(name) + rebuilt + b"s."


def text(value: str) -> bytes:
    """Return the operation that puts a text on the stack."""
    raw = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw
