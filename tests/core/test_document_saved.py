"""A session on a saved network as a document: it comes back to the last bit on a machine that has none of its files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from helpers.bits import bits
from helpers.documents import rewrite
from helpers.saved_files import seeds

from core.document import Written, document_of, open_document
from core.files.problem import FileProblem
from core.files.saved import Layer
from core.library import open_target
from core.notes import Bookmark, Breakpoint
from core.rewritten import rewritten
from core.session import Session, session_of
from core.steppable.build import Choices
from core.steppable.data import Samples

KINDS = ("seed.npz", "packed.npz", "seed.safetensors", "seed.pt", "module.pt", "legacy.pt", "seed.onnx", "seed.h5", "seed.keras")
FILES = [name for name in seeds() if name in KINDS]
CHOSEN = Choices(activation="tanh", optimizer="adam", learning_rate=0.01, loss="mse", batch=4, shuffle=True)
ROWS = "x1,x2,y\n" + "".join(f"{k / 7:.3f},{(k * k) % 5 - 2},{k % 3}\n" for k in range(11))


def trained(folder: Path, name: str, file: str = "", data: str = "points.csv") -> Session:
    """A session with everything in it that a document is to keep, on a network and data in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / (file or name)
    place.write_bytes(seeds()[name])
    table = Path(data) if Path(data).is_absolute() else folder / data
    table.write_text(ROWS, "utf-8")
    session = session_of(open_target(str(place), None, CHOSEN, Samples(str(table))))
    assert session.program.fault is None
    first = session.program.statements[0]
    session.note(session.notes.add(Breakpoint("line", first.text, first.line)).add(Bookmark(7, 2, "a sudden drop")))
    session.run(50)
    session.change_cell(session.program.inputs["W1"], (0, 0), "0.125")
    session.later("statement")
    session.later()
    return session


def seen(session: Session) -> dict[str, Any]:
    t = session.timeline
    made = [i.result for i in t.program.instructions[: t.position.k]]
    return {
        "position": t.position,
        "values": {n: bits(t.machine.peek(n)) for n in [*t.program.inputs.values(), *made]},
        "losses": np.array(t.losses).tobytes(),
        "told": (session.assumed, session.chosen, session.layers, session.closed, session.shapes),
        "notes": session.notes,
        "edits": [(e.iteration, e.text) for e in t.events],
        "given": [(g.name, bits(g.value)) for g in t.opened.given],
    }


@pytest.mark.parametrize("name", FILES)
def test_a_session_on_a_saved_network_comes_back_without_its_folder(tmp_path: Path, name: str) -> None:
    session = trained(tmp_path / "mine", name)
    before = seen(session)
    data = document_of(session, Written(session.timeline.opened.text, session.timeline.opened.text))
    session.run(7)
    later = seen(session)
    shutil.rmtree(tmp_path / "mine")
    (tmp_path / "theirs").mkdir()
    path = tmp_path / "theirs" / "a.stepper"
    path.write_bytes(data)
    back = open_document(path).session
    assert seen(back) == before
    assert back.layers and back.shapes
    back.run(7)
    assert seen(back) == later
    # Its files lie where the text finds them: the program can be made anew from its text.
    assert back.folder is not None
    anew = open_target(_text_of(back))
    assert [(g.name, bits(g.value)) for g in anew.program.given] == before["given"]


def _text_of(session: Session) -> str:
    assert session.folder is not None
    text = session.folder / "anew.py"
    text.write_text(session.timeline.opened.text, "utf-8")
    return str(text)


@pytest.mark.parametrize("file", ["my net (2).safetensors", "nétz 网络.safetensors", "a'b.safetensors", "v1.0.safetensors"])
def test_names_with_spaces_and_other_letters_come_along(tmp_path: Path, file: str) -> None:
    session = trained(tmp_path / "mine", "seed.safetensors", file)
    (tmp_path / "a.stepper").write_bytes(document_of(session))
    before = seen(session)
    shutil.rmtree(tmp_path / "mine")
    restored = open_document(tmp_path / "a.stepper")
    assert seen(restored.session) == before and restored.said == ()
    folder = restored.session.folder
    assert folder is not None and (folder / file).is_file() and (folder / "points.csv").is_file()


def test_numbers_in_a_file_of_their_own_come_along(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    model = onnx.load_from_string(seeds()["seed.onnx"])
    onnx.save(model, mine / "net.onnx", save_as_external_data=True, location="net.onnx.data", size_threshold=0)
    assert (mine / "net.onnx.data").stat().st_size > 0
    session = session_of(open_target(str(mine / "net.onnx")))
    session.run(3)
    before = seen(session)
    (tmp_path / "a.stepper").write_bytes(document_of(session))
    shutil.rmtree(mine)
    back = open_document(tmp_path / "a.stepper").session
    assert seen(back) == before
    assert [(g.name, bits(g.value)) for g in open_target(_text_of(back)).program.given] == before["given"]


def test_data_that_lie_elsewhere_are_said_to_be_missing_and_their_numbers_are_there(tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where" / "points.csv"
    elsewhere.parent.mkdir()
    session = trained(tmp_path / "mine", "seed.npz", data=str(elsewhere))
    (tmp_path / "a.stepper").write_bytes(document_of(session))
    assert open_document(tmp_path / "a.stepper").said == ()
    before = seen(session)
    shutil.rmtree(elsewhere.parent)
    shutil.rmtree(tmp_path / "mine")
    restored = open_document(tmp_path / "a.stepper")
    assert seen(restored.session) == before
    assert len(restored.said) == 1 and "points.csv" in restored.said[0]
    restored.session.run(3)


def closed_session(folder: Path) -> Session:
    """A session on a network whose last layers are closed, one with a number in it that JSON cannot hold."""
    session = trained(folder, "seed.npz")
    closed = (
        Layer(
            "box", "conv", ("h",), ("i",), "", {"weight": "fc2.weight"}, {"class": "Conv2d", "rate": float("inf")}, False, "<b>no"
        ),
        Layer("dense", "head\u202e", ("i",), ("o",), "relu"),
    )
    session.layers = (*session.layers, *closed)
    session.closed = closed
    return session


def test_closed_layers_come_back_and_are_in_the_moment(tmp_path: Path) -> None:
    session = closed_session(tmp_path)
    (tmp_path / "a.stepper").write_bytes(document_of(session))
    back = open_document(tmp_path / "a.stepper").session
    moment = back.moment()
    assert [(n.kind, n.name, n.why, n.steppable) for n in moment.closed] == [
        (n.kind, n.name, n.why, n.steppable) for n in session.closed
    ]
    assert moment.closed == back.closed == back.layers[-2:] and moment.shapes["fc2.weight"] == (1, 3)
    assert moment.closed[0].attributes == {"class": "Conv2d", "rate": "inf"}
    text = back.timeline.opened.text
    made = rewritten(back, open_target(_text_of(back)).program)
    assert made.closed == back.closed and made.layers == back.layers and made.shapes == back.shapes and text


@pytest.mark.parametrize(
    "layers",
    [
        [], 1, {"all": []}, {"all": [{}], "closed": 0, "shapes": {}}, {"all": [], "closed": 1, "shapes": {}},
        {"all": [], "closed": 0, "shapes": {"a": [-1]}}, {"all": [], "closed": 0, "shapes": {"a": [1] * 40}},
        {"all": [], "closed": True, "shapes": {}}, {"all": [], "closed": 0, "shapes": []},
    ],
)  # fmt: skip
def test_layers_that_are_none_are_refused_in_one_sentence(tmp_path: Path, layers: Any) -> None:
    path = tmp_path / "a.stepper"
    path.write_bytes(document_of(trained(tmp_path, "seed.npz")))
    rewrite(path, lambda data: data.update(layers=layers))
    with pytest.raises(FileProblem, match=r"a\.stepper: the document is damaged"):
        open_document(path)
