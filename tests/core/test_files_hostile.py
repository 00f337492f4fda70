"""Files made to harm, of every kind and in every format, through the process that reads them and through the real command."""

from __future__ import annotations

import io
import os
import pickle
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from helpers.damaged import FUZZ, check_sentence, outcome, problem, truncated
from helpers.hostile_files import KINDS, SECRET, hostile, npy, zipped
from helpers.hostile_pickles import in_zip, tensor
from helpers.saved_files import seeds

from core import inspect_report
from core.files import worker as worker_module
from core.files.arrays import summary
from core.files.limits import LIMITS, Limits
from core.files.problem import FileProblem
from core.files.saved import Layer, Saved
from core.files.saving.save_npz import member_name, write_npz
from core.files.worker import Worker, read

ROOT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells this of a process")


class Written:
    """All hostile files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cases = list(hostile(folder))

    def of(self, kind: int) -> list[tuple[str, str]]:
        return [(name, words) for k, name, words in self.cases if k == kind]

    def check(self) -> None:
        """Fail if reading made anything, or told what lies elsewhere."""
        assert not (self.folder / "canary").exists()
        names = {name for _, name, _ in self.cases} | {"link.bin"}
        assert {p.name for p in self.folder.iterdir()} == names


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("hostile") / "in"
    folder.mkdir()
    return Written(folder)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as made:
        yield made


@pytest.mark.parametrize("kind", KINDS)
def test_every_hostile_file_ends_in_its_sentence_or_a_network(kind: int, written: Written, worker: Worker) -> None:
    cases = written.of(kind)
    assert cases
    for name, words in cases:
        got = outcome(worker, written.folder / name)
        if words:
            assert isinstance(got, str) and words in got, f"{name}: {got}"
        else:
            assert isinstance(got, Saved), f"{name}: {got}"
            assert not any(SECRET.decode() in str(v) for v in (got.metadata, got.warnings))
        assert SECRET.decode() not in str(got)
    written.check()
    if sys.platform == "linux":
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{worker.pid}/status").read_text())
        assert peak is not None and int(peak[1]) < LIMITS.memory // 1024


# A process begins with the memory of the one that it comes from, so a small one is put between it and this one.
_MEASURED = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)
"""


def _inspect(path: Path, temporary: Path, *before: str) -> tuple[int, str, str, int]:
    """Run the command on a file: its exit status, both outputs, and the most KiB that it or a process of its own held."""
    temporary.mkdir(exist_ok=True)
    told = temporary.with_suffix(".kib")
    command = [*before, sys.executable, "-m", "stepper.cli", "inspect", str(path), "--json"]
    if sys.platform == "linux":
        command = [sys.executable, "-c", _MEASURED, str(told), *command]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env={**os.environ, "TMPDIR": str(temporary)},
        encoding="utf-8",
    )  # fmt: skip
    out, err = process.communicate(timeout=60)
    assert list(temporary.iterdir()) == [], "nothing is left in the folder for temporary files"
    return process.returncode, out, err, int(told.read_text()) if told.exists() else 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_says_one_sentence(kind: int, written: Written, tmp_path: Path) -> None:
    name, words = written.of(kind)[0]
    status, out, err, most = _inspect(written.folder / name, tmp_path / "temporary")
    written.check()
    if words:
        assert (status, out) == (2, "")
        assert err.startswith(f"stepper: {name}: ") and err.count("\n") == 1 and words in err
        check_sentence(err.rstrip("\n"))
    else:
        assert status == 0 and err == ""
    assert most < LIMITS.memory // 1024


@LINUX
@pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace here")
@pytest.mark.parametrize("name", ["trap reduce.pt", "external.keras", "mlp.joblib"])
def test_the_system_hears_of_no_process_file_or_socket(name: str, written: Written, tmp_path: Path) -> None:
    path = written.folder / name
    if name == "mlp.joblib":  # one that is read without trouble
        path = tmp_path / name
        path.write_bytes(pickle.dumps({"W1": np.ones((2, 3))}))
    log = tmp_path / "calls"
    calls = "trace=process,network,file,desc"
    _inspect(path, tmp_path / "temporary", "strace", "-f", "-qq", "-s", "4096", "-e", calls, "-e", "signal=none", "-o", str(log))
    lines = log.read_text("utf-8", "replace").splitlines()
    start = next(n for n, line in enumerate(lines) if "execve(" in line and "core/files/child.py" in line)
    child = lines[start].split()[0]
    own = [line for line in lines[start + 1 :] if line.split()[0] == child]
    assert any(name in line for line in own if "open" in line), "the file is read in that process"
    made = re.compile(
        r"\d+ +(execve|fork|vfork|socket|connect|bind|creat|mkdir|rename|link|symlink|unlink|mknod|chmod|kill|truncate)\w*\("
    )
    writes = re.compile(r"\d+ +open(at)?\(.*O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)")
    # Its own folder for temporary files is taken away, and what libraries print goes nowhere.
    bad = [n for n in own if made.match(n) or (writes.match(n) and "/dev/null" not in n)]
    assert bad == []


# What a reader that was led astray could try: refused by Python's hook, by the kernel's filter, or by both


_WALL = """
import ctypes, os, socket, subprocess, sys, threading
sys.path.insert(0, {root!r})
from core.files.kernel_wall import raise_wall
libc = ctypes.CDLL(None, use_errno=True)
os.chdir({folder!r})
if not raise_wall():
    sys.exit(9)
def c(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)
TRIES = [
    lambda: open("new", "w"), lambda: open("old", "r+b"), lambda: open("old", "ab"),
    os.fork, lambda: os.execv("/bin/true", ["true"]),
    lambda: subprocess.run(["true"]), lambda: os.posix_spawn("/bin/true", ["true"], {{}}), socket.socket, socket.socketpair,
    lambda: os.mkfifo("new"), lambda: os.mknod("new"), lambda: os.mkdir("new"), lambda: os.symlink("old", "new"),
    lambda: os.link("old", "new"), lambda: os.rename("old", "new"), lambda: os.unlink("old"), lambda: os.truncate("old", 0),
    lambda: os.chmod("old", 0), lambda: os.utime("old"), lambda: os.kill(os.getppid(), 0), lambda: os.memfd_create("new"),
    lambda: c("open", b"new", os.O_CREAT | os.O_RDWR, 0o600), lambda: c("creat", b"new", 0o600), lambda: c("unlink", b"old"),
    lambda: c("kill", os.getppid(), 0), lambda: c("socket", 2, 1, 0), lambda: c("syscall", 56, 17, 0, 0, 0, 0),
    lambda: c("syscall", 59, b"/bin/true", 0, 0), lambda: c("ptrace", 16, os.getppid(), 0, 0),
]
for n, attempt in enumerate(TRIES):
    try:
        attempt()
    except PermissionError:
        continue
    print("done", n)
os.system("touch new")
thread = threading.Thread(target=print, args=["a thread"])
thread.start()
thread.join()
print(open("old").read())
"""


@LINUX
def test_the_kernel_refuses_what_only_harms(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("kept")
    script = _WALL.format(root=str(ROOT), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    if done.returncode == 9:
        pytest.skip("this kernel has no filter of system calls")
    assert done.stdout.split("\n") == ["a thread", "kept", ""], done.stdout + done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["old"]


_ASTRAY = """
import sys
sys.path.insert(0, {root!r})
import ctypes, mmap, os, signal, socket, subprocess, _posixsubprocess
from core.files import child, read_npz
from core.files.saved import Layer, Saved
libc = ctypes.CDLL(None)
system = libc.system
TRIES = {{
    "write.npz": lambda p: open(p.with_name("new"), "w"), "system.npz": lambda p: os.system("touch " + str(p.with_name("new"))),
    "socket.npz": lambda p: socket.socket(), "symlink.npz": lambda p: os.symlink(p, p.with_name("new")),
    "kill.npz": lambda p: os.kill(os.getppid(), 9), "fifo.npz": lambda p: os.mkfifo(p.with_name("new")),
    "node.npz": lambda p: os.mknod(p.with_name("new")), "ctypes.npz": lambda p: ctypes.CDLL("libc.so.6").system(b"true"),
    "python.npz": lambda p: ctypes.pythonapi.Py_Exit, "spawn.npz": lambda p: subprocess.Popen(["true"]),
    "fork_exec.npz": lambda p: _posixsubprocess.fork_exec([b"/bin/true"], [b"/bin/true"]),
    "pidfd.npz": lambda p: signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9),
    "other.npz": lambda p: open("/etc/passwd"), "chroot.npz": lambda p: os.chroot("/"), "exec.npz": lambda p: exec("1"),
    "map.npz": lambda p: mmap.mmap(os.open(p, os.O_RDWR), 0),
    "c.npz": lambda p: system(b"touch " + bytes(p.with_name("new"))),
}}
def read(path, limits):
    try:
        TRIES[path.name](path)
    except Exception:
        pass  # a reader that hides what it did is found out all the same
    return Saved("f", str(path), 1, (), (Layer("box", "x"),))
read_npz.read = read
child.main()
"""


def test_what_a_reader_tries_is_refused_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = tmp_path / "child.py"
    child.write_text(_ASTRAY.format(root=str(ROOT)))
    monkeypatch.setattr(worker_module, "_CHILD", child)
    folder = tmp_path / "in"
    folder.mkdir()
    names = re.findall(r'"(\w+\.npz)"', _ASTRAY)
    assert len(names) > 15
    for name in names:
        (folder / name).write_bytes(zipped({"W.npy": npy(np.ones(2))}))
    with Worker() as worker:
        for name in names:
            got = outcome(worker, folder / name)  # which fails if a file was made
            if name != "c.npz":  # only the kernel hears of that
                assert isinstance(got, str) and "refused" in got, f"{name}: {got}"
        assert worker.pid


@LINUX
def test_a_small_file_that_takes_long_is_stopped_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = tmp_path / "child.py"
    child.write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom core.files import child, read_npz\n"
        "def read(path, limits):\n    while True: pass\nread_npz.read = read\nchild.main()\n"
    )
    monkeypatch.setattr(worker_module, "_CHILD", child)
    np.savez(tmp_path / "a.npz", W=np.ones(2))
    with Worker(Limits(seconds=60, least=0.1)) as worker:
        assert "far longer than a file of its size takes" in problem(tmp_path / "a.npz", worker)


# Kind 19, of the formats whose own tests do not have it


SEEDS = seeds()


@pytest.mark.parametrize("name", ["seed.json", "seed.csv", "seed.gguf", "seed.skops", "model.h5"])
def test_cut_short_anywhere(name: str, tmp_path: Path, worker: Worker) -> None:
    for data in truncated(SEEDS[name], 250 * FUZZ):
        (tmp_path / name).write_bytes(data)
        outcome(worker, tmp_path / name)


# What the fuzzer and an attacker found


def _with_text() -> bytearray:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["backend"] = "numpy"
        file["w"] = np.ones(3)
    return bytearray(stream.getvalue())


@pytest.mark.parametrize("place", [16, 40])
def test_texts_of_hdf5_that_never_end(place: int, tmp_path: Path, worker: Worker) -> None:
    data = _with_text()
    heap = data.index(b"GCOL")
    # The text and the free space behind it; either becomes free space of 0 bytes, at which HDF5 stays for ever.
    data[heap + place : heap + place + 16] = bytes(16)
    (tmp_path / "a.h5").write_bytes(data)
    assert "keeps its texts is damaged" in problem(tmp_path / "a.h5", worker)
    (tmp_path / "a.h5").write_bytes(_with_text())
    assert isinstance(outcome(worker, tmp_path / "a.h5"), Saved)


def test_tensors_that_share_their_numbers_are_not_looked_at_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect_report, "PATIENCE", -1.0)
    entries = b"".join(tensor(0, (1000,), (1,), 1000, name=f"w{i}")[3:-1] for i in range(500))
    path = tmp_path / "a.pt"
    path.write_bytes(in_zip(b"\x80\x02}" + entries + b".", **{"data/0": bytes(4000)}))
    found = inspect_report.inspected(read(path))
    assert len(found.saved.tensors) == 500 and 5 < len(found.summaries) < 400
    assert "tensors more are not looked at" in found.warnings[-1]


def test_a_big_archive_is_checked_where_it_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, W=np.random.default_rng(0).normal(size=(2500, 2000)), b=np.ones(3))
    assert summary(read(path), "W").count == 5_000_000
    data = bytearray(path.read_bytes())
    data[20_000_000] ^= 1
    path.write_bytes(data)
    saved = read(path)
    with pytest.raises(FileProblem, match="'W' are not as they were saved"):
        summary(saved, "W")
    assert summary(saved, "b").mean == 1


def test_a_packed_tensor_of_impossible_size(tmp_path: Path, worker: Worker) -> None:
    data = SEEDS["seed.gguf"]
    sizes = struct.pack("<QQI", 2, 3, 0)
    assert data.count(sizes) == 1
    for wrong in ((2**40, 2**40, 2), (2**63, 0, 2), (2**63, 1, 0)):
        (tmp_path / "a.gguf").write_bytes(data.replace(sizes, struct.pack("<QQI", *wrong)))
        assert "claims more numbers" in problem(tmp_path / "a.gguf", worker)


def test_a_file_with_nothing_in_it_is_no_network(tmp_path: Path, worker: Worker) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_group("model_weights")
    assert "neither arrays of numbers nor layers" in problem(tmp_path / "a.h5", worker)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("layers/dense/vars/0", "layers/dense/vars/0"), ("a..b", "a..b"), ("onnx::MatMul_1", "onnx::MatMul_1"),
        ("../../x", "%2E%2E/%2E%2E/x"), ("/etc/passwd", "%2Fetc/passwd"), ("//x", "%2F/x"), ("a/../b", "a/%2E%2E/b"),
        (".", "%2E"), ("C:\\x", "C%3A%5Cx"), ("..\\x", "..%5Cx"), ("c:x", "c%3Ax"),
    ],
)  # fmt: skip
def test_what_we_write_unpacks_to_no_place_outside(name: str, written: str, tmp_path: Path) -> None:
    assert member_name(name) == written
    path, inside = tmp_path / "a.npz", tmp_path / "deep" / "inside"
    with path.open("wb") as file:
        write_npz(file, [(name, lambda: np.ones(2))])
    with zipfile.ZipFile(path) as archive:
        (member,) = archive.namelist()
        assert Path(os.path.normpath(inside / member)).is_relative_to(inside)
        assert not re.match(r"[A-Za-z]:|.*\\", member)
    assert read(path).tensors[0].name == written
    with pytest.raises(FileProblem, match="cannot be written"), path.open("wb") as file:
        write_npz(file, [("/x", lambda: np.ones(2)), ("%2Fx", lambda: np.ones(2))])


def test_sentences_of_a_reader_cannot_steer_a_terminal() -> None:
    evil = "\x1b]0;x\x07\u202e\n" + "x" * 100_000
    data: dict[str, Any] = Saved("f", "p", 1, (), (Layer("box", "n", why=evil),), False, (evil,), {}, (evil,)).to_data()
    for given in (data, {**data, "warnings": [evil[:50]], "assumed": [evil[:50]]}):
        got = Saved.from_data(given)
        for sentence in (*got.warnings, *got.assumed, got.layers[0].why):
            assert sentence.isprintable() and len(sentence) <= 2_000
