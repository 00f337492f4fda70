"""A session as a document: what comes out is what went in, to the last bit; and nothing that lies in a file can do harm."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.bits import bits
from helpers.documents import rewritten
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import numerics
from core.data import sources
from core.document import Written, document_of, document_work, open_document
from core.document_files import is_plain, named_files
from core.errors import StepperError
from core.files import document as box_of
from core.files import read_document
from core.files.document import Shelf, unpacked
from core.files.document_form import MAIN
from core.files.limits import Limits
from core.files.worker import Worker
from core.health.settings import HealthSettings
from core.library import EXAMPLES, open_target
from core.notes import Bookmark, Breakpoint, Watch
from core.optimizers import RULES
from core.program.ir import Program
from core.session import Session, session_of

SIZES = ("element", "operation", "statement", "layer", "phase", "iteration")
OWN = """\
# data
X = inputs("points.csv").T
Y = targets("points.csv").T
# parameters
W = values("start.npz", "W")
lr = 0.5
# forward
A = sigmoid(W @ X)
# loss
L = mse(A, Y)
"""


READER = Worker()
"""One process reads all documents of this module."""


@pytest.fixture(scope="module", autouse=True)
def reader() -> Iterator[None]:
    yield
    READER.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.stepper"


def again(session: Session, path: Path, written: Written | None = None) -> Session:
    path.write_bytes(document_of(session, written))
    return open_document(path, worker=READER).session


def same_program(a: Program, b: Program) -> None:
    for f in fields(Program):
        if f.name != "given":
            assert getattr(a, f.name) == getattr(b, f.name), f.name
    assert [(g.name, g.section, g.line, bits(g.value)) for g in a.given] == [
        (g.name, g.section, g.line, bits(g.value)) for g in b.given
    ]


def seen(session: Session) -> dict[str, Any]:
    t, moment = session.timeline, session.moment()
    made = [i.result for i in t.program.instructions[: t.position.k]]
    return {
        "position": t.position,
        "call": moment.call,
        "inside": (session.walk.visit.path, moment.element, moment.result is None, moment.deepest.position),
        "values": {n: bits(t.machine.peek(n)) for n in [*t.program.inputs.values(), *made]},
        "losses": np.array(t.losses).tobytes(),
        "epochs": np.array(t.epoch_losses).tobytes(),
        "events": [(e.iteration, e.text, dict(e.cells), {n: bits(v) for n, v in e.values.items()}) for e in t.events],
        "text": t.program.text,
        "undo": (moment.can_undo, moment.can_redo),
        "old": {n: bits(v) for n, v in moment.old.items()},
        "old_losses": np.array(moment.old_losses).tobytes(),
        "edited": dict(moment.edited),
        "what_if": moment.what_if,
        "notes": session.notes,
        "scores": repr(moment.scores),  # of NaN, too
        "health": session.monitor.settings,
    }


def act(session: Session, dice: random.Random) -> None:
    program = session.program
    choice = dice.randrange(14)
    with contextlib.suppress(StepperError):
        if choice < 3:
            session.later(dice.choice(SIZES))  # pyright: ignore[reportArgumentType]
        elif choice < 5:
            session.earlier(dice.choice(SIZES))  # pyright: ignore[reportArgumentType]
        elif choice == 5:
            session.run(dice.randrange(1, 9))
        elif choice == 6:
            session.go(dice.randrange(1, 12), dice.randrange(len(program) + 1))
        elif choice == 7:
            name = dice.choice(sorted(program.first_values))
            index = program.inputs.get(name)
            if index is not None:
                shape = np.shape(session.timeline.machine.peek(index))
                cell = tuple(dice.randrange(n) for n in shape)
                session.change_cell(index, cell, repr(dice.uniform(-1, 1)))
        elif choice == 8:
            session.use_optimizer(dice.choice(list(RULES)))
        elif choice == 9:
            session.undo()
        elif choice == 10:
            session.redo()
        elif choice == 13:
            session.into(dice.random() < 0.3, dice.random() < 0.7)
        elif choice == 11:
            session.set_what_if(not session.what_if)
        else:
            session.back_to_first_weights()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_a_random_session_comes_back_to_the_last_bit(path: Path, seed: int) -> None:
    dice = random.Random(seed)
    session = session_of(open_target(dice.choice(["xor", "first-seed", "rows", "iris"])))
    for _ in range(dice.randrange(1, 25)):
        act(session, dice)
    found = again(session, path)
    same_program(session.timeline.opened, found.timeline.opened)
    assert seen(found) == seen(session)
    other = random.Random()
    other.setstate(dice.getstate())
    for n in range(12):  # going earlier and later, undoing, changing more: still the same
        act(session, dice)
        act(found, other)
        assert seen(found) == seen(session), n
    assert seen(again(found, path)) == seen(found)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_built_in_comes_back(path: Path, name: str) -> None:
    session = session_of(open_target(name))
    session.run(7)
    session.go(6, 4)
    found = again(session, path)
    same_program(session.timeline.opened, found.timeline.opened)
    assert [e.part for e in found.evaluations] == [e.part for e in session.evaluations]
    assert seen(found) == seen(session)
    for session_ in (session, found):
        session_.run(5)
    assert seen(found) == seen(session)


def test_notes_health_selection_and_text_come_back(path: Path) -> None:
    session = session_of(open_target("xor"))
    session.run(3)
    for note in (Breakpoint("condition", "L < 0.1", enabled=False), Bookmark(2, 5, "here"), Watch("norm(W1)")):
        session.notes = session.notes.add(note)
    session.set_health(HealthSettings().mute("dead").with_limit("exploding", "times", 12.5))
    session.select(session.program.inputs["W1"], (0, 1))
    session.select_sample(2)
    path.write_bytes(document_of(session, Written("a = 1\n", "b = 2\n")))
    found = open_document(path)
    assert seen(found.session) == seen(session)
    assert found.session.selection == session.selection
    assert found.written == Written("a = 1\n", "b = 2\n")
    assert found.numerics == numerics.here()


def test_what_was_assumed_and_chosen_comes_back(path: Path) -> None:
    session = session_of(open_target("xor"))
    session.assumed, session.chosen = ("the activation: relu",), ("the loss mse",)
    found = again(session, path)
    assert (found.assumed, found.chosen) == (session.assumed, session.chosen)


def test_losses_that_are_not_finite_come_back(path: Path) -> None:
    session = session_of(open_target("flower", {"lr": 1e6}))
    session.run(20)
    assert not np.isfinite(session.timeline.losses).all()
    assert seen(again(session, path)) == seen(session)


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(12.0).reshape(3, 4)), np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2),
        np.arange(12.0)[::-2], np.arange(40.0).reshape(5, 8)[1:4, ::3], np.broadcast_to(np.arange(3.0), (4, 3)),
        np.array(5, np.int16), np.zeros((0, 3)), np.array([True, False]), np.array([np.nan, -0.0, np.inf], np.float32),
    ],
)  # fmt: skip
def test_an_array_keeps_its_layout(path: Path, array: Any) -> None:
    shelf = Shelf()
    same = array.copy(order="K")
    slots = [shelf.put(array), shelf.put(array), shelf.put(same)]
    assert slots[0] is slots[1]
    path.write_bytes(shelf.packed({"numbers": slots}))
    box = unpacked(path, READER)
    assert box.data["numbers"] == [0, 0, 0 if same.strides == array.strides else 1]
    assert len(box.arrays) == box.data["numbers"][-1] + 1
    found = box.array(0)
    assert bits(found) == bits(array)
    assert found.flags.aligned


def test_it_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "points.csv").write_text("x,y,label\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n")
    np.savez(tmp_path / "home" / "start.npz", W=np.array([[0.1, -0.2]]))
    (tmp_path / "home" / "own.py").write_text(OWN)
    session = session_of(open_target(str(tmp_path / "home" / "own.py")))
    session.run(3)
    session.use_optimizer("adam")
    away = tmp_path / "away"
    away.mkdir()
    path = away / "a.stepper"
    path.write_bytes(document_of(session))
    for file in (tmp_path / "home").iterdir():
        file.unlink()
    found = open_document(path).session
    assert seen(found) == seen(session)
    found.use_optimizer("momentum")  # this reads the text anew, with the files
    found.run(2)
    assert [p.name for p in away.iterdir()] == ["a.stepper"]
    opened = open_target(str(path), {"lr": 0.25})
    assert opened.program.first_values["lr"] == 0.25
    assert open_target(str(path)).program.text == session.timeline.opened.text


def test_names_of_files_that_are_plain() -> None:
    assert all(map(is_plain, ("a.csv", "data/größe 2.npz", "a/b/c.tsv")))
    bad = (
        "", "/etc/a.csv", "../a.csv", "a/../b.csv", "a\\b.csv", "C:a.csv", "a.exe", ".hidden.csv", "a//b.csv", "a\n.csv",
        "x" * 300 + ".csv", "./a.csv", "a/.b/c.csv", "\u202ea.csv", "con/ a.csv",
    )  # fmt: skip
    assert not any(map(is_plain, bad))
    assert named_files('X = inputs("a.csv")\nY = targets("iris")\nW = values("../b.npz", "W")\n') == ("a.csv",)


# -- what is not a document ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole() -> bytes:
    session = session_of(open_target("xor"))
    session.run(4)
    session.use_optimizer("adam")
    session.run(4)
    session.change_cell(session.program.inputs["W1"], (0, 0), "0.5")
    return document_of(session, Written("x = 1\n"))


def refused(path: Path, data: bytes) -> str | None:
    """Return the sentence that a file is refused with, None if it is opened."""
    path.write_bytes(data)
    try:
        found = open_document(path, worker=READER)
    except StepperError as error:
        text = str(error)
        assert text.startswith(path.name) and "\n" not in text and "Traceback" not in text and len(text) < 700
        return text
    found.session.moment()
    found.session.later()
    return None


def test_every_truncation_is_one_sentence(path: Path, whole: bytes) -> None:
    places = sorted({*range(0, len(whole), max(1, len(whole) // 300)), *range(60), *range(len(whole) - 60, len(whole))})
    assert all(refused(path, whole[:n]) for n in places)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutations_are_one_sentence_or_a_session(path: Path, whole: bytes, data: st.DataObject) -> None:
    changed = bytearray(whole)
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4)):
        changed[at] = data.draw(st.integers(0, 255))
    refused(path, bytes(changed))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.booleans())
def test_random_bytes_are_one_sentence(path: Path, data: bytes, zipped: bool) -> None:
    assert refused(path, b"PK\x03\x04" + data if zipped else data)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from places(inner, (*at, key))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_what_it_says_may_be_anything(path: Path, whole: bytes, data: st.DataObject) -> None:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        content = json.loads(archive.read(MAIN))
    at = data.draw(st.sampled_from([p for p in places(content) if p]))
    strange = [None, -1, 0, 1, 3, 2**40, 2**70, 1.5, True, "", "W1", "1" * 20, [], [0], [[1, 2]], {}, {"array": 99}, {"array": 0}]
    holder = content
    for key in at[:-1]:
        holder = holder[key]
    if data.draw(st.booleans()):
        holder[at[-1]] = data.draw(st.sampled_from(strange))
    elif isinstance(holder, dict):
        del holder[at[-1]]
    else:
        holder.pop(at[-1])

    def change(members: dict[str, bytes]) -> None:
        members[MAIN] = json.dumps(content).encode()

    refused(path, rewritten(whole, change))


def _put(name: str, data: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        members[name] = data

    return change


def _content(**entries: Any) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        members[MAIN] = json.dumps({**json.loads(members[MAIN]), **entries}).encode()

    return change


def _pickled() -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([{}], dtype=object), allow_pickle=True)
    return out.getvalue()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_content(version=2), "newer version of this app"),
        (_content(version="1"), "does not say its version"),
        (_content(format="x"), "not a document of this app"),
        (_put(MAIN, b"[]"), "not a document of this app"),
        (_put(MAIN, b"[" * 1000 + b"]" * 1000), "nested"),
        (_put(MAIN, b"\xff\xfe"), "UTF-8"),
        (_put("../../evil.npy", b"x"), "parts that no document has"),
        (_put("arrays/9999.npy", b"x"), "parts that no document has"),
        (_put("arrays/0.npy", _pickled()), "not one of numbers"),
        (_put("arrays/0.npy", b"\x93NUMPY\x01\x00"), "no header"),
        (_content(files={"../evil.csv": 0}), "name that is none"),
        (_content(position={"iteration": 10**12, "k": 1, "call": None, "inside": []}), "damaged"),
        (_content(position={"iteration": 1, "k": 10**6, "call": None, "inside": []}), "not in its program"),
    ],
)  # fmt: skip
def test_what_is_hostile_or_newer_is_said(path: Path, whole: bytes, change: Any, said: str) -> None:
    assert said in (refused(path, rewritten(whole, change)) or "")
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_an_array_that_claims_to_be_huge_is_refused(path: Path, whole: bytes) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**30, 2**20)})
    assert "disagree" in (refused(path, rewritten(whole, _put("arrays/0.npy", header.getvalue()))) or "")


def test_members_that_unpack_to_too_much_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch, whole: bytes) -> None:
    monkeypatch.setattr(box_of, "LARGEST_WHOLE", 5000)
    monkeypatch.setattr(read_document, "LARGEST_WHOLE", 5000)
    path.write_bytes(whole)
    with pytest.raises(StepperError, match="unpacks to more"):
        list(read_document.parts(path, Limits()))
    with pytest.raises(StepperError, match="more than a document can hold"):
        document_of(session_of(open_target("digits")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(path: Path, whole: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        data = archive.read(MAIN)
    out = io.BytesIO(whole)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(MAIN, data)
    assert "twice" in (refused(path, out.getvalue()) or "")


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StepperError, match="no such file"):
        open_document(tmp_path / "none.stepper")
    (tmp_path / "folder.stepper").mkdir()
    with pytest.raises(StepperError, match="is a folder"):
        open_document(tmp_path / "folder.stepper")


# -- what computes -------------------------------------------------------------------------------------


def test_the_number_of_threads_is_held_and_given_back() -> None:
    before = numerics.here()
    threads = numerics.Threads()
    threads.hold(1)
    assert numerics.here().threads == 1
    threads.hold(0)
    assert numerics.here() == before
    with numerics.using(1):
        assert numerics.here().threads == 1
    assert numerics.here() == before


def test_a_document_of_another_machine_is_said() -> None:
    now = numerics.here()
    assert numerics.mismatch(now, now) == ""
    other = numerics.Numerics("1.0", "mkl", "2024", "Haswell", now.threads)
    assert "NumPy 1.0 with mkl 2024 for Haswell" in numerics.mismatch(other, now)
    assert numerics.Numerics.from_data(other.to_data()) == other
    assert numerics.Numerics.from_data({"numpy": 3, "threads": -4}) == numerics.Numerics()
    assert numerics.Numerics.from_data("x") == numerics.Numerics()


def test_two_processes_agree_on_a_document(path: Path) -> None:
    """Opened by a fresh process that has another number of threads, a document goes on to the same bits."""
    session = session_of(open_target("digits"))
    session.run(4)
    session.go(3, 5)
    path.write_bytes(document_of(session))
    session.run(6)
    code = f"""\
        from pathlib import Path
        from core import numerics
        from core.document import open_document
        found = open_document(Path({str(path)!r}))
        with numerics.using(found.numerics.threads):
            found.session.run(6)
        print([x.hex() for x in found.session.timeline.losses])
        """
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, env=env, check=True)
    assert run.stdout.strip() == str([x.hex() for x in session.timeline.losses])


def test_data_sets_are_not_embedded() -> None:
    assert all(not named_files(f'X = inputs("{name}")\n') for name in sources.BUILT_IN)


# -- what documents have brought to light --------------------------------------------------------------


def test_losses_go_on_after_undo_of_a_change_that_was_made_for_the_next_iteration() -> None:
    session = session_of(open_target("xor"))
    session.go(1, 3)
    session.use_optimizer("adam")  # from iteration 2 on, before the loss of iteration 1 is known
    session.run(5)
    session.undo()
    assert len(session.timeline.losses) == session.timeline.iteration - 1
    session.run(3)
    plain = session_of(open_target("xor"))
    plain.run(len(session.timeline.losses))
    assert session.timeline.losses == plain.timeline.losses


def test_a_restored_session_goes_on_where_a_line_fails(path: Path) -> None:
    session = session_of(open_target("iris"))
    session.run(1)
    session.go(2, 0)
    session.change_cell(session.program.inputs["Y"], (0, 0), "0.5")
    found = again(session, path)
    assert found.run(4) == session.run(4)
    assert found.timeline.position == session.timeline.position


@pytest.mark.parametrize("most", [0, 2, 32])
def test_a_document_made_in_another_thread_is_of_the_moment_that_it_was_asked_for(path: Path, most: int) -> None:
    """What is not known of the iterations nearby is replayed beside the session, to the same bits, changes by hand included."""
    made = session_of(open_target("digits"))
    made.run(9)
    made.change_cell(made.program.inputs["W1"], (0, 0), "0.5")
    made.run(5)
    made.use_optimizer("momentum")
    made.run(6)
    t = made.timeline
    t._checkpoints = {i: s for i, s in t._checkpoints.items() if i in (1, 4, 10, 15)}  # pyright: ignore[reportPrivateUsage]
    made.later()
    made.later("statement")
    whole, before = document_of(made), seen(made)
    observed: list[int] = []
    t.observers.append(lambda iteration, *_: observed.append(iteration))
    work = document_work(made, None, most)
    packed: list[bytes] = []
    other = threading.Thread(target=lambda: packed.append(work()))
    other.start()
    other.join()
    assert not observed  # the session's own time was not disturbed
    made.run(4)
    made.undo()
    path.write_bytes(packed[0])
    found = open_document(path, worker=READER).session
    assert seen(found) == before
    path.write_bytes(whole)
    then = open_document(path, worker=READER).session
    for one in (found, then):
        one.earlier("iteration")
        one.earlier("iteration")
        one.go(8, 3)
        one.run(7)
    assert seen(found) == seen(then)


def test_the_nearest_start_that_is_known_needs_no_replay() -> None:
    t = session_of(open_target("xor")).timeline
    assert t.nearest(1)[0] == t.nearest(7)[0] == 1
    t.run(8)
    t._checkpoints = {1: t._checkpoints[1], 4: t._checkpoints[4]}  # pyright: ignore[reportPrivateUsage]
    assert [t.nearest(i)[0] for i in (1, 3, 4, 8)] == [1, 1, 4, 4]
    at, state = t.nearest(9)
    again = session_of(open_target("xor")).timeline
    assert at == 9 and {n: bits(v) for n, v in state.items()} == {n: bits(v) for n, v in again.left_before(9).items()}
