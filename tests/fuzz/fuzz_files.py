"""Change saved networks at random, keep the changes that reach new lines of the readers, and change those again.

`python tests/fuzz/fuzz_files.py [--count 10000] [--seed 1] [format …]`, also a part of `make fuzz`. One limited process reads
them all. Whatever is neither a network nor one sentence within the limits is kept in build/fuzz and ends the run with 1.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import io
import random
import re
import sys
import tempfile
import time
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.damaged import check_sentence
from helpers.saved_files import seeds

from core.document import document_of, open_document
from core.files import worker as worker_module
from core.files.arrays import MOST, array
from core.files.document_form import SUFFIX
from core.files.json_safe import loads
from core.files.problem import FileProblem
from core.files.saved import ITEM_BYTES, Saved
from core.files.worker import Worker
from core.library import open_target
from core.session import session_of

ROOT = Path(__file__).parents[2]
_NO_ZIP = (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError, EOFError, OSError)
_MOST_KEPT = 400
_SLOW = 5.0
_TELLING = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\x7f",
    b"\xff" * 8,
    b"\0" * 8,
    b"-1",
    b"99999999",
    b'"',
    b"{",
    b"[",
    b"\\",
)


class _Traced(Worker):
    """The process of `traced_child.py`, and what it said of the lines that it reached."""

    fresh = 0

    def _json(self, frame: tuple[bytes, bytes], named: str) -> dict[str, Any]:
        answer = loads(frame[1], "its answer", deepest=40)
        self.fresh = int(answer.get("fresh", 0)) if isinstance(answer, dict) else 0
        return super()._json(frame, named)


def main() -> int:
    """Fuzz each format in turn, and tell of each what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=2_000, help="changed files of each format")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("formats", nargs="*")
    options = parser.parse_args()
    seed = random.randrange(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    all_files = {**seeds(), "session.stepper": _document()}
    files = {n: d for n, d in all_files.items() if not options.formats or any(f in n for f in options.formats)}
    faults = sum(fuzz(n, d, options.count, random.Random(f"{seed} {n}")) for n, d in files.items())
    return 1 if faults else 0


def _document() -> bytes:
    """Return a session with changes by hand, as a document of this app."""
    session = session_of(open_target("xor"))
    session.run(3)
    session.change_cell(session.program.inputs["W1"], (0, 0), "0.5")
    return document_of(session)


def fuzz(name: str, whole: bytes, count: int, chance: random.Random) -> int:
    """Read `count` changes of a file that can be read; return how many of them ended in neither a network nor a sentence."""
    worker_module._CHILD, before = Path(__file__).with_name("traced_child.py"), worker_module._CHILD
    try:
        return _fuzz(name, whole, count, chance)
    finally:
        worker_module._CHILD = before


def _fuzz(name: str, whole: bytes, count: int, chance: random.Random) -> int:
    kept, faults = [whole], 0
    said: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder, _Traced() as worker:
        path = Path(folder, name)
        path.write_bytes(whole)
        if _outcome(worker, path) != "a network":
            raise RuntimeError(f"{name} cannot be read as it is")
        for _ in range(count):
            data = _changed(chance.choice(kept[-40:] if chance.random() < 0.5 else kept), kept, chance)
            path.write_bytes(data)
            start, worker.fresh = time.monotonic(), 0
            try:
                outcome = _outcome(worker, path)
            except Exception as error:
                outcome = f"FAULT {type(error).__name__}"
            if time.monotonic() - start > _SLOW:
                outcome = f"SLOW {outcome}"
            if sorted(p.name for p in path.parent.iterdir()) != [name]:
                outcome = "FAULT a file was made"
            said[outcome] += 1
            if outcome.startswith(("FAULT", "SLOW")) or "ended before it answered" in outcome:
                faults += outcome.startswith("FAULT")
                _keep(name, data, outcome)
            if worker.fresh and len(kept) < _MOST_KEPT:
                kept.append(data)
    read = sum(n for s, n in said.items() if s == "a network")
    print(f"{name}: {count} files, {read} read, {len(said)} outcomes, {len(kept) - 1} reached new lines")
    for outcome, n in said.most_common():
        if re.search(r"FAULT|SLOW|ended before|\([A-Z]\w+\)|not in order", outcome):
            print(f"    {n} × {outcome[:200]}")
    return faults


def _outcome(worker: Worker, path: Path) -> str:
    """Return 'a network', or its sentence with numbers and quoted names left out; a document is opened as one."""
    try:
        if path.suffix == SUFFIX:
            open_document(path, worker=worker).session.moment()
            return "a network"
        saved = worker.read(path)
        fresh = worker.fresh  # type: ignore[attr-defined]
        _look(saved, worker)
        worker.fresh += fresh  # type: ignore[attr-defined]
    except FileProblem as error:
        check_sentence(str(error))
        return re.sub(r"'.*'|\d[\d,]*", "…", str(error).removeprefix(f"{path.name}: "))
    return "a network"


def _look(saved: Saved, worker: Worker) -> None:
    """Read the tensors: those whose numbers lie open in the file here, the other ones in the process that read their names."""
    for tensor in saved.tensors[:20]:
        if tensor.readable and tensor.where.kind == "span":
            array(saved, tensor.name)
        elif tensor.readable and tensor.where.length <= MOST and tensor.count * ITEM_BYTES[tensor.dtype] <= MOST:
            for _ in worker.numbers(saved, tensor):
                pass


def _changed(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return a changed file. Half of the packed ones are changed inside and packed anew: their checksums hide what is within."""
    if chance.random() < 0.5:
        if data[:2] == b"PK":
            with contextlib.suppress(*_NO_ZIP):
                return _zip_changed(data, others, chance)
        elif data[:1] == b"\x78":
            with contextlib.suppress(zlib.error):
                return zlib.compress(_bytes_changed(zlib.decompress(data), others, chance))
    return _bytes_changed(data, others, chance)


def _zip_changed(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        warnings.simplefilter("ignore")  # about names that are there twice
        infos = old.infolist()
        chosen = chance.randrange(len(infos))
        for i, info in enumerate(infos):
            inside = old.read(info)
            new.writestr(info.filename, _bytes_changed(inside, others, chance) if i == chosen else inside, info.compress_type)
    return stream.getvalue()


def _bytes_changed(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return a file with one to four changes, most of them where headers are: at its beginning and its end."""
    new = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 4))):
        if not new:
            break
        reach = chance.choice((len(new), min(len(new), 400), min(len(new), 64)))
        at = chance.randrange(reach)
        at = len(new) - 1 - at if chance.random() < 0.3 else at
        how = chance.randrange(8)
        if how == 0:
            new[at] = chance.randrange(256)
        elif how == 1:
            new[at] ^= 1 << chance.randrange(8)
        elif how == 2:
            new[at] = (new[at] + chance.choice((-1, 1))) % 256
        elif how == 3:
            telling = chance.choice(_TELLING)
            new[at : at + len(telling)] = telling
        elif how == 4:
            new[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif how == 5:
            del new[at : at + chance.randrange(1, 17)]
        elif how == 6:
            length = chance.randrange(1, 33)
            new[at:at] = new[at : at + length] * chance.choice((1, 1, 50))
        else:
            other = chance.choice(others)
            start = chance.randrange(len(other) or 1)
            new[at : at + 16] = other[start : start + 16]
    return bytes(new)


def _keep(name: str, data: bytes, outcome: str) -> None:
    folder = ROOT / "build" / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{abs(hash(data)) % 10**10}-{name}"
    place.write_bytes(data)
    print(f"    kept {place}: {outcome}")


if __name__ == "__main__":
    sys.exit(main())
