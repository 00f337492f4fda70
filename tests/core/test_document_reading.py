"""A document is taken apart in a process of its own: whatever happens to that one is a sentence, and nothing is there twice."""

from __future__ import annotations

import io
import json
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.bits import bits
from helpers.damaged import check_sentence
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.document import document_of, open_document
from core.document_program import first_of
from core.files import document, worker
from core.files.document import Shelf, unpacked
from core.files.document_form import MAIN, limits_of
from core.files.limits import MIB, Limits
from core.files.problem import FileProblem
from core.files.worker import Worker
from core.library import open_target
from core.session import session_of

ROOT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the limits of the operating system are those of Linux")
ONE = "yield {'length': 15}; yield b'{\"strides\":[1]}'"
"""A document of one array."""
DTYPES = ("bool", "<i1", "<u2", "<i8", "<f2", "<f4", ">f4", "<f8", ">i4")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.stepper"
    session = session_of(open_target("xor"))
    session.run(3)
    path.write_bytes(document_of(session))
    return path


def astray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    """Have the reading process do something else with documents: `parts(path, limits)`."""
    child = tmp_path / "child.py"
    child.write_text(
        f"import os, sys, time\nsys.path.insert(0, {str(ROOT)!r})\nfrom core.files import child\n"
        f"def parts(path, limits):\n    {does}\nchild.parts = parts\nchild.main()\n"
    )
    monkeypatch.setattr(worker, "_CHILD", child)


def sentence(path: Path) -> str:
    with pytest.raises(FileProblem) as caught:
        open_document(path)
    check_sentence(str(caught.value), path.name)
    return str(caught.value)


def test_a_reader_that_crashes_is_a_sentence(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    astray(tmp_path, monkeypatch, "yield {'length': 9}; os.abort()")
    assert "ended before it answered" in sentence(path)


def test_a_reader_that_takes_too_long_is_a_sentence(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    astray(tmp_path, monkeypatch, "yield {'length': 9}; time.sleep(60)")
    monkeypatch.setattr(document, "limits_of", lambda _: Limits(seconds=0.4))
    assert "took longer than 0.4 seconds" in sentence(path)


@LINUX
def test_a_reader_that_takes_all_the_memory_is_a_sentence(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    astray(tmp_path, monkeypatch, "yield {'length': len(bytearray(2**31))}")
    assert "more than 1024 MiB of memory" in sentence(path)


@LINUX
def test_a_reader_that_writes_is_refused(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    astray(tmp_path, monkeypatch, f"open({str(tmp_path / 'canary')!r}, 'w'); yield {{}}")
    assert "refused" in sentence(path)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize(
    "does",
    [
        "yield b'bytes first'", "yield {'length': 3}; yield b'[]'", "yield {'length': 3}; yield b'[]  '", "yield {}",
        "yield {'length': 9**20}; yield b'x'", "yield {'length': 'x'}", "yield {'length': -3}",
        ONE, f"{ONE}; yield {{'length': 8, 'shape': [2], 'dtype': '<f8', 'order': 'C', 'big': 0}}",
        f"{ONE}; yield {{'length': 8, 'shape': [1], 'dtype': 'O', 'order': 'C', 'big': 0}}",
        f"{ONE}; yield {{'length': 8, 'shape': [-1], 'dtype': '<f8', 'order': 'C', 'big': 0}}",
        "yield {'length': 14}; yield b'{\"strides\":[]}'; yield {'length': 2**31}",
        "yield {'length': 100000}; yield b'[' * 50000 + b']' * 50000",
    ],
)  # fmt: skip
def test_a_reader_that_was_led_astray_is_a_sentence(
    does: str, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    astray(tmp_path, monkeypatch, does)
    sentence(path)


def test_a_program_is_taken_out_of_a_document_in_the_same_way(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert first_of(path)[0] == "xor"
    astray(tmp_path, monkeypatch, "os.abort(); yield")
    with pytest.raises(FileProblem, match="ended before it answered"):
        first_of(path)


def test_one_process_reads_one_document_after_the_other(path: Path) -> None:
    other = path.with_name("b.stepper")
    other.write_bytes(path.read_bytes()[:-40])
    with Worker() as own:
        assert open_document(path, worker=own).session.timeline.position.iteration == 3
        pid = own.pid
        with pytest.raises(FileProblem, match=r"^b\.stepper: "):
            open_document(other, worker=own)
        assert open_document(path, worker=own).session.title == "xor"
        assert own.pid == pid


def test_what_is_no_zip_needs_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_CHILD", tmp_path / "none.py")
    path = tmp_path / "a.stepper"
    path.write_bytes(b"no document")
    assert "not a document of this app" in sentence(path)


@LINUX
def test_the_process_never_holds_a_whole_array(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """160 MiB come through a process that may have 96 MiB, and take no second place in this one."""
    array = np.arange(20 * MIB, dtype=np.float64).reshape(4096, -1)
    shelf = Shelf()
    shelf.put(array)
    path = tmp_path / "large.stepper"
    path.write_bytes(shelf.packed({}))
    monkeypatch.setattr(document, "limits_of", lambda size: Limits(memory=96 * MIB, seconds=limits_of(size).seconds))
    tracemalloc.start()  # NumPy tells it of its memory, too
    try:
        found = unpacked(path).array(0)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.array_equal(found, array)
    assert 160 * MIB <= most <= 176 * MIB


READER = Worker()


@pytest.fixture(scope="module", autouse=True)
def reader() -> Any:
    yield
    READER.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_array_comes_back_as_it_lay(tmp_path: Path, data: st.DataObject) -> None:
    shape = data.draw(arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    made = data.draw(arrays.arrays(np.dtype(data.draw(st.sampled_from(DTYPES))), shape))
    made = np.asfortranarray(made) if made.ndim and data.draw(st.booleans()) else made
    made = made.transpose(data.draw(st.permutations(range(len(shape)))))
    if shape and data.draw(st.booleans()):
        made = made[:: data.draw(st.sampled_from((1, 2, -1)))]
    path = tmp_path / "a.stepper"
    shelf = Shelf()
    shelf.put(made)
    shelf.put_file(b"a file" * 3)
    path.write_bytes(shelf.packed({}))
    found = unpacked(path, READER)
    assert bits(found.array(0)) == bits(made)
    assert found.array(0).flags.aligned and found.array(0).flags.writeable
    assert found.file(0) == b"a file" * 3


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }", "not one of numbers"),
        ("{'descr': '<U4', 'fortran_order': False, 'shape': (1,), }", "not one of numbers"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "not one of numbers"),
        ("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }", "not one of numbers"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }", "no header"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", "disagree"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 'x'), }", "no header"),
        ("print()", "no header"),
    ],
)
def test_a_header_that_is_none_is_said(header: str, said: str, tmp_path: Path) -> None:
    raw = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + b"\0" * 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(MAIN, json.dumps({"format": "backprop stepper document", "version": 1, "strides": [None]}))
        archive.writestr("arrays/0.npy", raw)
    path = tmp_path / "a.stepper"
    path.write_bytes(out.getvalue())
    with pytest.raises(FileProblem, match=said):
        unpacked(path, READER)


def test_numbers_that_lie_far_apart_do_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, whole = Shelf(), np.arange(100_000.0)
    wanted = [whole[n::1000] for n in range(20)]
    for array in wanted:
        shelf.put(array)
    path = tmp_path / "a.stepper"
    path.write_bytes(shelf.packed({}))
    monkeypatch.setattr(document, "LARGEST_ARRAY", 3_000_000)
    found = unpacked(path).arrays
    assert [a.tobytes() for a in found] == [a.tobytes() for a in wanted]
    taken = [a.base.nbytes for a in found if a.base is not None]
    assert sum(taken) <= 3_000_000
    assert [a.strides for a in found] == [(8000,)] * len(taken) + [(8,)] * (20 - len(taken))
    assert len(taken) == 3


def test_a_version_of_thousands_of_digits_is_none(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    data = json.loads(parts[MAIN])
    parts[MAIN] = json.dumps({**data, "version": 10**4000}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    assert "does not say its version" in sentence(path)
