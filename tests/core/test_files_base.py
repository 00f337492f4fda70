"""What a file is, the process that reads it, and what comes back from there."""

from __future__ import annotations

import gzip
import json
import os
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from helpers.damaged import check_sentence, problem

from core.files import worker as worker_module
from core.files.json_safe import loads
from core.files.limits import LIMITS, Limits
from core.files.problem import FileProblem, escaped, shown
from core.files.saved import Layer, Saved, Tensor, Where, capped, plain
from core.files.sniff import sniff
from core.files.worker import Worker, read
from core.files.zip_safe import Zip

ROOT = Path(__file__).parents[2]


# What a file is


def _bytes_of(kind: str, folder: Path) -> bytes:
    made = folder / "made"
    if kind == "npz":
        np.savez(made.with_suffix(".npz"), W=np.eye(2))
        return made.with_suffix(".npz").read_bytes()
    if kind == "npy":
        np.save(made.with_suffix(".npy"), np.eye(2))
        return made.with_suffix(".npy").read_bytes()
    header = b'{"W":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    return {
        "safetensors": struct.pack("<Q", len(header)) + header + bytes(4),
        "pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01W\x94K\x01s.",
        "pickle0": b"(dp0\nVW1\np1\nI3\nsVb1\np2\nF1.5\ns.",
        "pickle1": b"}q\x00(X\x01\x00\x00\x00Wq\x01K\x01X\x01\x00\x00\x00bq\x02K\x02u.",
        "torch-legacy": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
        "h5": b"\x89HDF\r\n\x1a\n" + bytes(100),
        "h5 after 512": bytes(512) + b"\x89HDF\r\n\x1a\n" + bytes(100),
        "mat": b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(200),
        "gguf": b"GGUF\x03\0\0\0" + bytes(100),
        "onnx": b"\x08\x08\x12\x07pytorch:\x04\x0a\x02ab",
        "json": b'{"layers": [[1, 2], [3, 4]]}',
        "tfjs": b'{"modelTopology": {}, "weightsManifest": []}',
        "csv": b"x1,x2\n1,2\n3,4\n",
        "csv numbers": b"0.5 0.25\n-1 2e-3\n",
    }[kind]


@pytest.mark.parametrize(
    ("kind", "format"),
    [
        ("npz", "npz"), ("npy", "npy"), ("safetensors", "safetensors"), ("pickle", "pickle"), ("pickle0", "pickle"),
        ("pickle1", "pickle"), ("torch-legacy", "torch-legacy"), ("h5", "h5"), ("h5 after 512", "h5"), ("mat", "mat"),
        ("gguf", "gguf"), ("onnx", "onnx"), ("json", "json"), ("tfjs", "tfjs"), ("csv", "csv"), ("csv numbers", "csv"),
    ],
)  # fmt: skip
def test_sniffed_by_content(kind: str, format: str, tmp_path: Path) -> None:
    path = tmp_path / "file.unknown"
    path.write_bytes(_bytes_of(kind, tmp_path))
    assert sniff(path).format == format


def test_packed_pickle(tmp_path: Path) -> None:
    data = _bytes_of("pickle", tmp_path)
    for name, packed in (("gzip", gzip.compress(data)), ("zlib", zlib.compress(data))):
        path = tmp_path / f"{name}.joblib"
        path.write_bytes(packed)
        kind = sniff(path)
        assert (kind.format, kind.packing) == ("pickle", name)


@pytest.mark.parametrize(
    ("members", "format"),
    [
        (("m/data.pkl", "m/data/0", "m/version"), "torch"),
        (("m/data.pkl", "m/constants.pkl", "m/code/a.py"), "torchscript"),
        (("config.json", "metadata.json", "model.weights.h5"), "keras"),
        (("W.npy", "b.npy"), "npz"),
        (("schema.json", "1.npy"), "skops"),
        (("p/archive_format", "p/models/model.json"), "pt2"),
        (("document.json", "arrays/0.npy"), "stepper"),
    ],
)
def test_sniffed_by_the_directory_of_a_zip(members: tuple[str, ...], format: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    with zipfile.ZipFile(path, "w") as archive:
        for name in members:
            archive.writestr(name, b"x")
    assert sniff(path).format == format


def _hdf5_tar(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        archive.add(__file__, "x.py")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.onnx", b"", "is empty"),
        ("a.npz", b"", "is empty"),
        ("a.h5", b"\n\n<!DOCTYPE html>\n<html><body>404</body></html>", "is a web page"),
        ("a.safetensors", b"<html>", "is a web page"),
        ("a.h5", b'<?xml version="1.0"?><!DOCTYPE html><HTML>', "is a web page"),
        ("a.pmml", b'<?xml version="1.0"?><PMML/>', "is XML"),
        ("a.pt", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 10\n", "git lfs pull"),
        ("a.npz", b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01W\x94K\x01s.", "is a Python pickle, although"),
        ("a.npz", b"(dp0\nVW1\np1\nI3\nsVb1\np2\nF1.5\ns.", "is a Python pickle, although"),
        ("a.onnx", b"\x89HDF\r\n\x1a\n" + bytes(100), "rename it to end in .h5"),
        ("a.keras", b"\x93NUMPY\x01\0", "is a NumPy .npy array, although"),
        ("a.gz", gzip.compress(b"hello"), "is packed with gzip"),
        ("a.gz", b"\x1f\x8b\x08junk", "packed with gzip and damaged"),
        ("a.txt", b"Dear all,\nhello\n", "is a text that begins with 'Dear all,'"),
        ("a.txt", b"  \n \n", "nothing but blank lines"),
        ("a.bin", bytes(range(255, 0, -1)), "is nothing that this app reads"),
        ("a.h5", bytes(range(255, 0, -1)), "is not an HDF5 file"),
        ("a.npz", b"PK\x03\x04" + bytes(40), "its end is missing"),
        ("a.onnx", b"\x08\x08\x12\x07pytorch:\xff\xff\x04\x0a\x02ab", "cut short"),
        ("a.onnx", b"\x08\x08\x12\x07pytorch", "without a graph"),
    ],
)
def test_named_for_what_it_is(name: str, data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert words in problem(path)


def test_archives_and_folders_are_named(tmp_path: Path) -> None:
    plain_zip, empty, tar = tmp_path / "a.zip", tmp_path / "b.npz", tmp_path / "c.tar"
    with zipfile.ZipFile(plain_zip, "w") as archive:
        archive.writestr("deep/net.onnx", b"x")
    with zipfile.ZipFile(empty, "w"):
        pass
    _hdf5_tar(tar)
    assert "unpack it and open 'deep/net.onnx'" in problem(plain_zip)
    assert "nothing in it" in problem(empty)
    assert "is a tar archive" in problem(tar)
    assert "is a folder" in problem(tmp_path)
    assert "no such file" in problem(tmp_path / "none.npz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.npz")
    assert "a device or a pipe" in problem(tmp_path / "a.npz")


def test_hostile_file_names(tmp_path: Path) -> None:
    for name in ("a\u202egpj.npz", "<b>x&amp;.npz", "x\ny.npz", "é" * 100 + ".npz"):
        path = tmp_path / name
        path.write_bytes(b"junk junk")
        text = problem(path)
        check_sentence(text)
        assert "\u202e" not in text


# The process


def _child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    path = tmp_path / "fake_child.py"
    path.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{script}")
    monkeypatch.setattr(worker_module, "_CHILD", path)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import time; time.sleep(60)", "took longer than 1 seconds"),
        ("while True: pass", "took longer than 1 seconds"),
        ("import os; os.kill(os.getpid(), 11)", "ended before it answered"),
        ("import os; os.abort()", "ended before it answered"),
        ("import sys; sys.exit(3)", "ended before it answered"),
        ("raise MemoryError", "ended before it answered"),
        ("sys.stdout.buffer.write(b'garbage that is long enough'); sys.stdout.flush()", "too much to list"),
        ("sys.stdout.buffer.write(b'J' + (2**40).to_bytes(8, 'big')); sys.stdout.flush()", "too much to list"),
        ("sys.stdout.buffer.write(b'J' + (9).to_bytes(8, 'big') + b'{'); sys.stdout.flush()", "ended before it answered"),
        ("sys.stdout.buffer.write(b'J' + (4).to_bytes(8, 'big') + b'nope'); sys.stdout.flush()", "is no JSON"),
        ("sys.stdout.buffer.write(b'J' + (2).to_bytes(8, 'big') + b'[]'); sys.stdout.flush()", "gave no answer"),
        ("sys.stdout.buffer.write(b'J' + (14).to_bytes(8, 'big') + b'{\"saved\": [1]}'); sys.stdout.flush()", "not in order"),
        ("sys.stdout.buffer.write(b'J' + (13).to_bytes(8, 'big') + b'{\"problem\":1}'); sys.stdout.flush()", ""),
    ],
)
def test_every_way_of_dying_is_a_sentence(script: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _child(tmp_path, monkeypatch, f"sys.stdin.buffer.read(9)\n{script}")
    path = tmp_path / "a.npz"
    path.write_bytes(b"x")
    with pytest.raises(FileProblem) as raised, Worker(Limits(seconds=1)) as worker:
        worker.read(path)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_a_reader_must_not_answer_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = """
from core.files import child, read_npz
from core.files.saved import Layer, Saved, Tensor, Where
from pathlib import Path
BOX = (Layer("box", "x"),)
ANSWERS = {ANSWERS}
def read(path, limits):
    return ANSWERS[path.name](path)
read_npz.read = read
child.main()
"""
    answers = {
        "bytes.npz": "lambda p: Saved('f', str(p), 1, (Tensor(b'W', (), 'float32', 4, Where('worker')),))",
        "type.npz": "lambda p: 3",
        "write.npz": "lambda p: open(p, 'ab')",
        "hidden.npz": "lambda p: [__import__('contextlib').suppress(BaseException).__exit__, Saved('f', str(p), 1, (), BOX)][1]",
        "deep.npz": "lambda p: ANSWERS['deep.npz'](p)",
        "quiet.npz": "lambda p: (print('to nobody'), p.stat(), Saved('f', str(p), p.stat().st_size, (), BOX))[2]",
    }
    table = "{" + ", ".join(f"{n!r}: {a}" for n, a in answers.items()) + "}"
    _child(tmp_path, monkeypatch, script.replace("{ANSWERS}", table))
    said = {}
    with Worker() as worker:
        for name in answers:
            np.savez(tmp_path / name, W=np.eye(2))
            try:
                said[name] = worker.read(tmp_path / name).format
            except FileProblem as error:
                said[name] = str(error)
        assert worker.pid, "one process answered all"
    assert said["quiet.npz"] == said["hidden.npz"] == "f"
    assert "(TypeError)" in said["bytes.npz"] and "(AttributeError)" in said["type.npz"]
    assert "refused (open for writing)" in said["write.npz"] and "nested deeper" in said["deep.npz"]


def test_a_worker_goes_on_after_its_process_died(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", W=np.eye(2))
    with Worker() as worker:
        worker.read(tmp_path / "a.npz")
        first = worker.pid
        worker.read(tmp_path / "a.npz")
        assert worker.pid == first
        os.kill(first, 9)
        for _ in range(2):
            try:
                worker.read(tmp_path / "a.npz")
                break
            except FileProblem:
                continue
        assert worker.pid not in (0, first)


def test_the_memory_of_the_process_is_limited(tmp_path: Path) -> None:
    header = b'{"a":[' + b"0," * 10_000_000 + b"0]}"
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    with Worker(Limits(memory=120 * 2**20)) as worker, pytest.raises(FileProblem, match="120 MiB of memory"):
        worker.read(path)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    np.savez(tmp_path / "a.npz", W=np.eye(2))
    read(tmp_path / "a.npz")
    assert not list(place.iterdir()) and len(list(tmp_path.iterdir())) == 2
    _child(tmp_path, monkeypatch, "import time; time.sleep(60)")
    with Worker(Limits(seconds=0.3)) as worker, pytest.raises(FileProblem, match="took longer"):
        worker.read(tmp_path / "a.npz")
    assert not list(place.iterdir())


_TRIES = """
import sys, os, zlib
sys.path.insert(0, {root!r})
from pathlib import Path
from core.files.guard import Guard, Refused
import numpy, json, subprocess, socket
folder = Path({folder!r})
guard = Guard()
guard.close(folder / "in" / "asked.npz")
TRIES = {{
    "write": lambda: open(folder / "in" / "new", "w"),
    "append": lambda: open(folder / "in" / "asked.npz", "ab"),
    "os.open": lambda: os.open(folder / "in" / "new", os.O_CREAT | os.O_WRONLY),
    "other": lambda: open(folder / "secret.txt").read(),
    "link": lambda: open(folder / "in" / "link").read(),
    "passwd": lambda: open("/etc/passwd").read(),
    "dots": lambda: open(folder / "in" / ".." / "secret.txt").read(),
    "system": lambda: os.system("touch " + str(folder / "canary")),
    "popen": lambda: subprocess.Popen(["touch", str(folder / "canary")]),
    "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {{}}),
    "fork": lambda: os.fork(),
    "exec": lambda: exec("1"),
    "eval": lambda: eval("1"),
    "compile": lambda: compile("1", "x", "eval"),
    "socket": lambda: socket.socket(),
    "resolve": lambda: socket.getaddrinfo("example.org", 80),
    "import": lambda: __import__("ftplib"),
    "pickle": lambda: numpy.load(folder / "in" / "object.npy", allow_pickle=True),
    "remove": lambda: os.remove(folder / "secret.txt"),
    "mkdir": lambda: os.mkdir(folder / "d"),
    "rename": lambda: os.rename(folder / "secret.txt", folder / "s"),
    "list": lambda: os.listdir("/"),
    "kill": lambda: os.kill(os.getppid(), 0),
}}
got = {{}}
for name, attempt in TRIES.items():
    try:
        attempt()
    except (Refused, ImportError) as error:
        got[name] = "refused"
    except BaseException as error:
        got[name] = type(error).__name__
    else:
        got[name] = "done"
got["asked"] = open(folder / "in" / "asked.npz", "rb").read().decode()
got["beside"] = open(folder / "in" / "beside.bin", "rb").read().decode()
guard.open()
print(json.dumps(got))
"""


class _Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return (os.system, ("true",))


def test_the_guard_refuses_everything_but_reading(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "asked.npz").write_text("asked")
    (folder / "beside.bin").write_text("beside")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret.txt")
    np.save(folder / "object.npy", np.array([_Trap()], dtype=object), allow_pickle=True)
    script = _TRIES.format(root=str(ROOT), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    got = json.loads(done.stdout)
    assert (got.pop("asked"), got.pop("beside")) == ("asked", "beside")
    assert set(got.values()) == {"refused"}, got
    assert not (tmp_path / "canary").exists() and (tmp_path / "secret.txt").exists()


_LIMITED = """
import sys
sys.path.insert(0, {root!r})
from core.files.child import _limit
from core.files.limits import Limits
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_limit(Limits(), 10)
try:
    with open({path!r}, "wb") as file:
        file.write(b"x")
    print("written")
except OSError:
    print("no file")
try:
    bytearray(2**31)
    print("taken")
except MemoryError:
    print("no memory")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limits of the operating system are those of Linux")
def test_the_operating_system_holds_it(tmp_path: Path) -> None:
    script = _LIMITED.format(root=str(ROOT), path=str(tmp_path / "x"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["no file", "no memory"]


def test_no_socket_is_left_in_the_parent(tmp_path: Path) -> None:
    # The pipes are ours alone: the process inherits neither sockets nor files of the app.
    np.savez(tmp_path / "a.npz", W=np.eye(2))
    with socket.socket() as held, Worker() as worker:
        worker.read(tmp_path / "a.npz")
        inherited = Path(f"/proc/{worker.pid}/fd")
        if not inherited.exists():
            pytest.skip("this system does not list the files of a process")
        targets = [str(p.readlink()) for p in inherited.iterdir()]
        assert held.fileno() and not any("socket" in t for t in targets), targets


# What comes back


def _saved() -> Saved:
    tensor = Tensor("W", (2, 3), "float32", 24, Where("span", offset=8, length=24))
    layer = Layer("dense", "fc", ("x",), ("y",), "relu", {"weight": "W"}, {"orientation": "out,in", "n": [1, 2.5, None]})
    return Saved("test", "/x/a.npz", 40, (tensor,), (layer,), True, ("a",), {"k": "v"}, ("w",))


def test_it_goes_to_json_and_back() -> None:
    saved = _saved()
    assert Saved.from_data(json.loads(json.dumps(saved.to_data()))) == saved


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("tensors", 0, "name"), 3), (("tensors", 0, "name"), "x" * 300), (("tensors", 0, "shape"), [-1, 3]),
        (("tensors", 0, "shape"), [2**40, 2**40]), (("tensors", 0, "shape"), [1.0]), (("tensors", 0, "shape"), [True]),
        (("tensors", 0, "shape"), [1] * 40), (("tensors", 0, "shape"), [100, 100]), (("tensors", 0, "dtype"), None),
        (("tensors", 0, "bytes"), -1), (("tensors", 0, "where", "kind"), "path"), (("tensors", 0, "where", "file"), "../x"),
        (("tensors", 0, "where", "file"), "/etc/passwd"), (("tensors", 0, "where", "file"), ".."),
        (("tensors", 0, "where", "offset"), 30), (("tensors", 0, "where", "offset"), -8), (("tensors", 0, "where", "length"), 23),
        (("tensors", 0, "where", "strides"), [1000, 1]), (("tensors", 0, "where", "strides"), [-3, 1]),
        (("tensors", 0, "where", "strides"), [1]), (("tensors", 0, "where"), None), (("tensors",), [None]), (("tensors",), {}),
        (("layers", 0, "kind"), "evil"), (("layers", 0, "tensors"), {"weight": "none"}), (("layers", 0, "steppable"), 1),
        (("layers", 0, "inputs"), "x"), (("complete",), "yes"), (("metadata",), {"k": 1}), (("warnings",), [1]),
        (("size",), 1.5), (("path",), None), (("format",), "x" * 1000),
    ],
)  # fmt: skip
def test_what_comes_back_is_checked(place: tuple[str | int, ...], value: object) -> None:
    data = json.loads(json.dumps(_saved().to_data()))
    at = data
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    with pytest.raises(FileProblem, match="not in order"):
        Saved.from_data(data)


def test_names_twice_are_refused() -> None:
    tensor = Tensor("W", (2,), "float32", 8, Where("span", length=8))
    with pytest.raises(FileProblem, match="not in order"):
        Saved.from_data(Saved("f", "p", 40, (tensor, tensor)).to_data())


def test_long_names_are_cut_and_stay_apart() -> None:
    a, b = "x" * 2**20 + "a", "x" * 2**20 + "b"
    assert len(capped(a)) == 256 and capped(a) != capped(b) and capped("short") == "short"


def test_names_are_shown_escaped() -> None:
    assert shown("W\u202e1\n<b>\x1b[31m") == "'W\\u202e1\\n<b>\\x1b[31m'"
    assert shown("é 中 \ud800") == "'é 中 \\ud800'"
    assert escaped("plain") == "plain"
    assert len(shown("x" * 10**6)) < 70 and len(shown("\u202e" * 10**6)) < 70


def test_plain_makes_json_of_anything() -> None:
    got = plain({"a": (1, 2**80, float("nan")), 3: object(), ("t",): 1, "b": b"x"})
    assert got["a"][:2] == [1, float("inf")] and got["3"] == "(object)" and got["b"] == "(bytes)"
    deep: object = 1
    for _ in range(100):
        deep = [deep]
    with pytest.raises(FileProblem, match="nested"):
        plain(deep)


# JSON and zip files


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000 + "]" * 100_000, "nested more than 200 deep"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, "nested"),
        ('{"a": 1, "a": 2}', "gives 'a' twice"),
        ("1" * 5_000, "a number of thousands of digits"),
        ('["' + '\\"' * 200_000, "is no JSON"),
        (b"\xff\xfe{", "is no text in UTF-8"),
        ('{"a": 1', "is no JSON"),
        ("", "is no JSON"),
    ],
)
def test_json_that_is_refused(text: str | bytes, words: str) -> None:
    with pytest.raises(FileProblem, match=words):
        loads(text, "its header")


def test_json_with_many_brackets_within_texts() -> None:
    assert loads(json.dumps(["[[[{" * 500, "\\", '"['] * 100), "it") == ["[[[{" * 500, "\\", '"['] * 100


def _zipped(path: Path, *members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            with pytest.warns(UserWarning) if name in archive.namelist() else _nothing():
                archive.writestr(name, data)
    return path


class _nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def test_a_zip_is_read(tmp_path: Path) -> None:
    data = os.urandom(300_000)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = _zipped(tmp_path / "a.zip", ("a", data), ("b/", b""), ("b/c", b"xyz"), method=method)
        with Zip(path, LIMITS) as archive:
            assert archive.names == ("a", "b/c")
            assert archive.read("a") == data
            start = archive.span("a")
            assert (start is None) == (method != zipfile.ZIP_STORED)
            if start is not None:
                assert path.read_bytes()[start : start + 5] == data[:5]
            first, second = archive.open("a"), archive.open("b/c")
            assert (first.read(10), second.read(2), first.read(10)) == (data[:10], b"xy", data[10:20])
            with pytest.raises(FileProblem, match="unpacks to 300000 bytes"):
                archive.read("a", 1000)
            with pytest.raises(FileProblem, match="no part 'none'"):
                archive.read("none")


def test_zips_that_are_refused(tmp_path: Path) -> None:
    double = _zipped(tmp_path / "double", ("a", b"1"), ("a", b"2"))
    with pytest.raises(FileProblem, match="'a' twice"):
        Zip(double, LIMITS)
    whole = _zipped(tmp_path / "whole", ("a", b"1234567890" * 10)).read_bytes()
    encrypted = tmp_path / "encrypted"
    at = whole.rfind(b"PK\x01\x02")
    encrypted.write_bytes(whole[: at + 8] + b"\x01" + whole[at + 9 :])
    with pytest.raises(FileProblem, match="is encrypted"):
        Zip(encrypted, LIMITS)
    odd = _zipped(tmp_path / "odd", ("a", b"1" * 100), method=zipfile.ZIP_BZIP2)
    with pytest.raises(FileProblem, match="unusual way"):
        Zip(odd, LIMITS)
    crc = tmp_path / "crc"
    crc.write_bytes(whole.replace(b"1234567890", b"1234567899", 1))
    with Zip(crc, LIMITS) as archive, pytest.raises(FileProblem, match="checksum differs"):
        archive.read("a")
    renamed = tmp_path / "renamed"
    renamed.write_bytes(whole[:30] + b"b" + whole[31:])
    with Zip(renamed, LIMITS) as archive, pytest.raises(FileProblem, match="named otherwise"):
        archive.read("a")
    lying = tmp_path / "lying"
    lying.write_bytes(whole[: at + 24] + struct.pack("<I", 2**31) + whole[at + 28 :])
    with pytest.raises(FileProblem, match="damaged"):
        Zip(lying, LIMITS)


def test_members_that_overlap_are_refused(tmp_path: Path) -> None:
    two = _zipped(tmp_path / "two", ("a", b"x" * 100), ("b", b"y" * 100)).read_bytes()
    first, second = two.find(b"PK\x01\x02"), two.rfind(b"PK\x01\x02")
    path = tmp_path / "overlap"
    path.write_bytes(two[: second + 42] + two[first + 42 : first + 46] + two[second + 46 :])
    with pytest.raises(FileProblem, match="overlaps"):
        Zip(path, LIMITS)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = _zipped(tmp_path / "bomb", ("a", bytes(200_000_000)), method=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 250_000
    with pytest.raises(FileProblem, match="zip bomb"):
        Zip(path, LIMITS)
