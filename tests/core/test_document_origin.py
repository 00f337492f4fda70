"""What a document keeps of the saved network that it was made of: which file, and what was asked for."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.documents import rewrite
from helpers.saved_files import seeds

from core.document import document_of, open_document
from core.document_origin import origin_data, origin_of
from core.document_program import first_of
from core.files.problem import FileProblem
from core.files.source import saved_file
from core.library import open_target
from core.origin import Origin, mark_of, same_network
from core.rewritten import rewritten
from core.session import Session, session_of
from core.steppable.choices import Choices
from core.steppable.data import Samples

CHOICES = Choices("tanh", "softmax", "in,out", "mse", "adam", 0.0123, "training", 3, True)
SAMPLES = (
    Samples(), Samples("iris"), Samples(inputs=(0.1, -2.0, 1e-300), target=(1.0,)),
    Samples(count=3, seed=2**31, standardize=True),
)  # fmt: skip


def session(folder: Path, samples: Samples | None = None, choices: Choices | None = None) -> Session:
    folder.mkdir(exist_ok=True)
    (folder / "net.npz").write_bytes(seeds()["seed.npz"])
    return session_of(open_target(str(folder / "net.npz"), None, choices, samples))


def again(made: Session, path: Path) -> Session:
    path.write_bytes(document_of(made))
    return open_document(path).session


@pytest.mark.parametrize("samples", SAMPLES)
def test_what_was_asked_for_comes_back(samples: Samples, tmp_path: Path) -> None:
    origin = Origin("net.npz", "0" * 64, "X = 1\n", CHOICES, samples)
    data = json.loads(json.dumps(origin_data(origin, "Y = 2\n", tmp_path), allow_nan=False))
    assert origin_of(data, "Y = 2\n", tmp_path) == origin
    data = json.loads(json.dumps(origin_data(origin, "X = 1\n", tmp_path)))
    assert data["text"] is None and origin_of(data, "X = 1\n", tmp_path) == origin


def test_a_session_keeps_where_it_came_from(tmp_path: Path) -> None:
    made = session(tmp_path / "mine", Samples(count=5), Choices("tanh", optimizer="adam"))
    assert made.origin is not None and made.origin.text == made.timeline.opened.text
    made.run(5)
    found = again(made, tmp_path / "a.stepper")
    assert found.origin == made.origin
    assert first_of(tmp_path / "a.stepper")[4] == made.origin
    assert open_target(str(tmp_path / "a.stepper")).origin == made.origin


def test_a_text_written_anew_is_still_of_its_file(tmp_path: Path) -> None:
    made = session(tmp_path / "mine")
    first = made.timeline.opened.text
    anew = session_of(open_target("xor"))
    changed = rewritten(made, anew.program)
    assert changed.origin == made.origin
    found = again(changed, tmp_path / "a.stepper")
    assert found.origin is not None and found.origin.text == first != found.timeline.opened.text


def test_data_beside_the_network_are_found_where_they_were_laid_out(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "points.csv").write_text("x1,x2,y\n" + "".join(f"{k},{-k},{k % 3}\n" for k in range(9)))
    made = session(mine, Samples(str(mine / "points.csv"), standardize=True))
    path = tmp_path / "a.stepper"
    path.write_bytes(document_of(made))
    shutil.rmtree(mine)
    found = open_document(path).session
    assert found.origin is not None and found.folder is not None
    assert found.origin.samples == Samples(str(found.folder / "points.csv"), standardize=True)
    with zipfile.ZipFile(path) as archive:
        assert str(tmp_path) not in archive.read("document.json").decode()
    anew = open_target(str(found.folder / "net.npz"), None, found.origin.choices, found.origin.samples)
    assert anew.program.text == made.timeline.opened.text


def test_the_file_that_was_laid_out_is_the_same_network(tmp_path: Path) -> None:
    made = session(tmp_path / "mine")
    path = tmp_path / "a.stepper"
    path.write_bytes(document_of(made))
    shutil.rmtree(tmp_path / "mine")
    found = open_document(path).session
    assert found.origin is not None and found.folder is not None
    saved = same_network(found.origin, found.folder)
    assert Path(saved.path).read_bytes() == seeds()["seed.npz"]
    Path(saved.path).write_bytes(seeds()["packed.npz"])
    with pytest.raises(FileProblem, match="is another file by now"):
        same_network(found.origin, found.folder)
    Path(saved.path).unlink()
    with pytest.raises(FileProblem, match="cannot be read"):
        same_network(found.origin, found.folder)


def test_the_mark_hears_of_every_part_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, W=np.zeros((4, 100_000)))
    saved = saved_file(path)
    first = mark_of(saved)
    assert first == mark_of(saved)
    size = path.stat().st_size
    for at in (0, size // 2 - size // 2 % (size // 15), size - 1):
        with path.open("r+b") as file:
            file.seek(at)
            old = file.read(1)
            file.seek(at)
            file.write(bytes([old[0] ^ 1]))
        assert mark_of(saved) != first
        with path.open("r+b") as file:
            file.seek(at)
            file.write(old)
    assert mark_of(saved) == first
    with path.open("ab") as file:
        file.write(b"x")
    assert mark_of(saved) != first


def test_numbers_beside_a_network_are_part_of_its_mark(tmp_path: Path) -> None:
    import onnx

    onnx.save(
        onnx.load_from_string(seeds()["seed.onnx"]), tmp_path / "net.onnx", save_as_external_data=True, location="net.data",
        size_threshold=0,
    )  # fmt: skip
    saved = saved_file(tmp_path / "net.onnx")
    first = mark_of(saved)
    raw = bytearray((tmp_path / "net.data").read_bytes())
    raw[3] ^= 1
    (tmp_path / "net.data").write_bytes(raw)
    assert mark_of(saved) != first


def test_without_a_saved_network_there_is_none(tmp_path: Path) -> None:
    assert again(session_of(open_target("xor")), tmp_path / "a.stepper").origin is None
    strange = Origin("../net.npz", "0" * 64, "", Choices(), Samples())
    assert origin_data(strange, "", tmp_path) is None


def test_a_document_of_an_earlier_version_of_the_app_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "a.stepper"
    path.write_bytes(document_of(session(tmp_path / "mine")))
    rewrite(path, lambda data: data.pop("origin"))
    assert open_document(path).session.origin is None


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("file",), "../net.npz"), (("file",), "/etc/passwd"), (("file",), 3), (("file",), ""), (("mark",), ""),
        (("mark",), None),
        (("text",), 3), (("choices",), None), (("choices", "activation"), 3), (("choices", "learning_rate"), "0.1"),
        (("choices", "batch"), 1.5), (("choices", "shuffle"), 1), (("choices", "loss"), "x" * 600), (("samples",), []),
        (("samples", "inputs"), "1"), (("samples", "inputs"), ["1"]), (("samples", "inputs"), [True]),
        (("samples", "target"), [10**400]), (("samples", "count"), True), (("samples", "source"), ["x"]),
    ],
)  # fmt: skip
def test_what_is_none_is_one_sentence(place: tuple[str, ...], value: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.stepper"
    path.write_bytes(document_of(session(tmp_path / "mine")))

    def change(data: dict[str, Any]) -> None:
        holder = data["origin"]
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = value

    rewrite(path, change)
    with pytest.raises(FileProblem, match=r"^a\.stepper: the document is damaged"):
        open_document(path)


def test_what_a_newer_version_can_choose_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.stepper"
    path.write_bytes(document_of(session(tmp_path / "mine")))
    rewrite(path, lambda data: (data["origin"]["choices"].update(new=1), data["origin"]["samples"].pop("seed")))
    found = open_document(path).session.origin
    assert found is not None and (found.choices, found.samples) == (Choices(), Samples())
