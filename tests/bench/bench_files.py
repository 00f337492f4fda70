"""How long lists and pictures of big files take, beside NumPy's and safetensors' own lazy readers, in one run.

A .safetensors and an .npz of 2 GiB with 500 tensors are made sparse: their zeros take no room on the disk, and are read as
any others. Memory is what the process holds more than before (its peak, without what the reading process holds).
Then texts of 50 MB beside np.loadtxt and json.loads, a file of 100 000 tensors beside json.loads of its header, and networks
of many layers beside one of half as many: in proportion, that takes twice as long.
"""

from __future__ import annotations

import contextlib
import json
import resource
import statistics
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

sys.path.insert(0, str(Path(__file__).parents[2]))
from core.complete import load
from core.files.arrays import array, blocks, summary
from core.files.looks.look import difference, first_look, look
from core.files.problem import FileProblem
from core.files.worker import Worker, read
from core.library import Opened, open_target
from core.program.network import network_of
from core.session import session_of

COUNT, BIG = 500, (4096, 4096)
BIG_BYTES = 4 * BIG[0] * BIG[1]
REST = (2**31 - BIG_BYTES) // (COUNT - 1) // 4096 * 4096
SHAPE = (REST // 4096, 1024)
MANY = 100_000
RUBBISH = {
    "pairs.json": ("[", "[1],", "[1]]"), "names.json": ("{", '"k":1,', '"k":1}'), "cut.json": ('{"W": [', "0.125,", "1"),
    "words.csv": ("1,2\n", "a,1\n", ""), "names.csv": ("1\n", "a\n1\n", ""), "late.csv": ("", "0.125,0.25\n", "a,b\n"),
}  # fmt: skip
"""How each begins, what is repeated to 50 MB, and how it ends."""


def main() -> None:
    """Print a table of times, memory and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        safetensors, npz, npy = Path(folder, "a.safetensors"), Path(folder, "a.npz"), Path(folder, "big.npy")
        _make_safetensors(safetensors)
        _make_npz(npz)
        np.save(npy, np.random.default_rng(0).normal(size=BIG).astype(np.float32))
        _fill(safetensors, npy)
        for path in (safetensors, npz):
            print(f"{path.name}: {path.stat().st_size / 2**30:.2f} GiB, {COUNT} tensors")
            before = _forget()
            ours = _timed(lambda path=path: read(path))
            print(f"  tensor list            {1000 * ours:8.1f} ms   {_held() - before:6.1f} MiB more")
            theirs = _timed(lambda path=path: _lazy_list(path))
            print(f"  the process that reads {_reading(path):18.1f} MiB in all, at most")
            print(f"  its own lazy reader    {1000 * theirs:8.1f} ms   ratio {ours / theirs:.2f} (ours: a process of its own)")
        packed = read(npz)
        before = _forget()
        heat = _timed(lambda: blocks(packed, "big", 256, 256))
        print(f"4096×4096 in the .npz\n  heat map, checksum too {1000 * heat:8.1f} ms   {_held() - before:6.1f} MiB more")
        saved = read(safetensors)
        before = _forget()
        heat = _timed(lambda: blocks(saved, "big", 256, 256))
        print(f"4096×4096 float32\n  heat map 256×256       {1000 * heat:8.1f} ms   {_held() - before:6.1f} MiB more")
        print(f"  summary                {1000 * _timed(lambda: summary(saved, 'big')):8.1f} ms")
        first = _timed(lambda: first_look(saved, "big"))
        print(f"  both in one go         {1000 * first:8.1f} ms   ratio {first / heat:.2f} to the heat map alone")
        before = _forget()
        full = _timed(lambda: look(saved, "big"))
        print(f"  look at all of it      {1000 * full:8.1f} ms   {_held() - before:6.1f} MiB more; ratio {full / heat:.2f}")
        before = _forget()
        compared = _timed(lambda: difference(saved, saved, "big", "big"))
        print(
            f"  look at a difference   {1000 * compared:8.1f} ms   {_held() - before:6.1f} MiB more; ratio {compared / full:.2f}"
        )
        whole = _timed(lambda: array(saved, "big"))
        print(f"  whole array            {1000 * whole:8.1f} ms")
        mapped = _timed(lambda: _means(np.load(npy, mmap_mode="r")))
        print(f'  np.load(mmap_mode="r") {1000 * mapped:8.1f} ms   the same averages; ratio {heat / mapped:.2f}')
        lazy = _timed(lambda: _means(_lazy_big(safetensors)))
        print(f"  safetensors' get_tensor {1000 * lazy:7.1f} ms   the same averages; ratio {heat / lazy:.2f}")
        assert np.allclose(blocks(saved, "big", 256, 256), _means(np.load(npy)), atol=1e-6)
        _texts(Path(folder))
        _many(Path(folder, "many.safetensors"))
        _deep(Path(folder))


def _texts(folder: Path) -> None:
    a = np.random.default_rng(1).normal(size=(1400, 1400))
    table, nested = folder / "a.csv", folder / "a.json"
    np.savetxt(table, a, delimiter=",")
    nested.write_text(json.dumps({"W": a.tolist()}))
    theirs = _timed(lambda: np.loadtxt(table, delimiter=","), 3)
    ours = _timed(lambda: read(table), 3)
    print(f"a table of {table.stat().st_size / 2**20:.0f} MiB")
    print(f"  read    {1000 * ours:8.1f} ms   ratio {ours / theirs:.2f} to np.loadtxt (ours: a process of its own)")
    theirs = _timed(lambda: np.array(json.loads(nested.read_bytes())["W"]), 3)
    ours = _timed(lambda: read(nested), 3)
    print(f"the same as JSON\n  read    {1000 * ours:8.1f} ms   ratio {ours / theirs:.2f} to json.loads and np.array")
    print("rubbish of 50 MB, to its sentence")
    for name, (start, again, end) in RUBBISH.items():
        path = folder / name
        path.write_text(start + again * (50_000_000 // len(again)) + end)
        print(f"  {name:12}  {1000 * _timed(lambda path=path: _refused(path), 1):8.1f} ms")


def _refused(path: Path) -> None:
    try:
        read(path)
    except FileProblem:
        return
    raise AssertionError(path)


def _many(path: Path) -> None:
    entries = {f"a.{n}.weight": {"dtype": "F32", "shape": [4, 4], "data_offsets": [64 * n, 64 * n + 64]} for n in range(MANY)}
    raw = json.dumps(entries).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(raw)) + raw)
        file.truncate(8 + len(raw) + 64 * MANY)
    theirs, ours = _timed(lambda: json.loads(raw), 3), _timed(lambda: read(path), 3)
    print(f"{MANY} tensors\n  list    {1000 * ours:8.1f} ms   ratio {ours / theirs:.2f} to json.loads of its header")


def _deep(folder: Path) -> None:
    taken: list[tuple[float, float]] = []
    for layers in (100, 200):
        path, rng = folder / f"{layers}.npz", np.random.default_rng(layers)
        np.savez(path, **{f"W{n:03}": rng.normal(size=(8, 8)) for n in range(layers)})  # type: ignore[arg-type]
        taken.append(_seconds(open_target(str(path))))
    print("a program of 200 layers, beside one of 100")
    for what, few, many in zip(("read", "network found"), *taken, strict=True):
        print(f"  {what:14}{1000 * many:8.1f} ms   ratio {many / few:.2f}")


def _timed(work: Callable[[], Any], times: int = 5) -> float:
    """Return the median of the seconds that `work` takes."""
    taken: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _held() -> float:
    """Return the most memory that this process held since the last `_forget`, in MiB."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024


def _reading(path: Path) -> float:
    """Return the most memory that the process that reads a file holds, in MiB; 0 where the system does not tell."""
    with Worker() as worker:
        worker.read(path)
        status = Path(f"/proc/{worker.pid}/status")
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024 if status.exists() else 0.0


def _forget() -> float:
    """Forget the most memory that was held so far, where Linux lets us, and return what is held now."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _held()


def _means(values: Any) -> Any:
    return values.reshape(256, 16, 256, 16).mean(axis=(1, 3), dtype=np.float64)


def _lazy_list(path: Path) -> list[tuple[int, ...]]:
    if path.suffix == ".npz":
        # NumPy cannot map the arrays of an .npz; this is the most lazy that it does: the headers alone.
        with np.load(path) as archive:
            shapes: list[tuple[int, ...]] = []
            for name in archive.zip.namelist():
                with archive.zip.open(name) as stream:
                    np.lib.format.read_magic(stream)
                    shapes.append(np.lib.format.read_array_header_1_0(stream)[0])
            return shapes
    with safe_open(path, "np") as opened:
        return [tuple(opened.get_slice(k).get_shape()) for k in opened.keys()]  # noqa: SIM118 (it is no dict)


def _lazy_big(path: Path) -> Any:
    with safe_open(path, "np") as opened:
        return opened.get_tensor("big")


def _make_safetensors(path: Path) -> None:
    header: dict[str, Any] = {"big": {"dtype": "F32", "shape": BIG, "data_offsets": [0, BIG_BYTES]}}
    at = BIG_BYTES
    for i in range(COUNT - 1):
        header[f"layer{i}.weight"] = {"dtype": "F32", "shape": SHAPE, "data_offsets": [at, at + REST]}
        at += REST
    raw = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(raw)) + raw)
        file.truncate(8 + len(raw) + at)


def _fill(path: Path, npy: Path) -> None:
    """Write random numbers into the first tensor."""
    with path.open("r+b") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        file.seek(8 + length)
        np.load(npy, mmap_mode="r").tofile(file)


def _make_npz(path: Path) -> None:
    """Write a zip by hand, as np.savez would, with holes in place of zeros."""
    directory: list[bytes] = []
    with path.open("wb") as file:
        for i in range(COUNT):
            shape, size = (BIG, BIG_BYTES) if not i else (SHAPE, REST)
            name = b"big.npy" if not i else f"layer{i}.npy".encode()
            text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
            header = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text
            start, total = file.tell(), len(header) + size
            checksum = zlib.crc32(bytes(size), zlib.crc32(header))
            fields = struct.pack("<HHHHHIIIHH", 20, 0, zipfile.ZIP_STORED, 0, 33, checksum, total, total, len(name), 0)
            file.write(b"PK\x03\x04" + fields + name + header)
            file.seek(size, 1)
            more = struct.pack("<HHHII", 0, 0, 0, 0, start)
            directory.append(b"PK\x01\x02" + struct.pack("<H", 20) + fields + more + name)
        start, whole = file.tell(), b"".join(directory)
        file.write(whole + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, COUNT, COUNT, len(whole), start, 0))


def _seconds(opened: Opened) -> tuple[float, float]:
    shape_of = session_of(opened).timeline.machine.layout.shape
    return (
        _timed(lambda: load(opened.program.text, None, opened.folder), 3),
        _timed(lambda: network_of(opened.program, shape_of), 3),
    )


if __name__ == "__main__":
    main()
