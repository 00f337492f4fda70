"""`stepper inspect` and `stepper convert` on a document of this app: its parameters as they stand where it was left."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.saved_files import seeds

from core.document import document_of
from core.errors import StepperError
from core.files.saved import Layer
from core.inspect_document import inspected_document
from core.inspect_report import inspect_json, inspect_text
from core.library import open_target
from core.saved_writing import values_now
from core.session import Session, session_of
from core.steppable.build import Choices
from stepper.cli import main


def kept(session: Session, folder: Path) -> Path:
    (folder / "a.stepper").write_bytes(document_of(session))
    return folder / "a.stepper"


def test_a_document_of_a_saved_network_shows_its_layers_and_its_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "seed.npz").write_bytes(seeds()["seed.npz"])
    session = session_of(open_target(str(tmp_path / "seed.npz"), None, Choices(activation="tanh", optimizer="adam")))
    session.run(12)
    session.later("statement")
    closed = (Layer("box", "conv", steppable=False, why="a convolution"),)
    session.layers, session.closed = (*session.layers, *closed), closed
    path = kept(session, tmp_path)
    assert main(["inspect", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == "Backprop Stepper document" and found["complete"] is False
    dense = [n for n in found["layers"] if n["kind"] == "dense"]
    assert [n["tensors"] for n in dense] == [{"weight": "W1", "bias": "b1"}, {"weight": "W2", "bias": "b2"}]
    assert found["layers"][-1]["name"] == "conv" and not found["layers"][-1]["steppable"]
    now = values_now(session)
    for t in found["tensors"]:
        a = now[t["name"]]
        assert (t["shape"], t["dtype"], t["bytes"], t["nonfinite"]) == (list(a.shape), str(a.dtype), a.nbytes, 0)
        assert (t["min"], t["max"]) == (float(a.min()), float(a.max()))
        assert np.isclose(t["mean"], float(a.astype(float).mean()), rtol=1e-6)
    assert {t["name"] for t in found["tensors"]} == {"W1", "b1", "W2", "b2"}
    assert found["metadata"]["iteration"] == str(session.timeline.iteration) and found["assumed"]
    assert "Backprop Stepper document" in inspect_text(inspected_document(path))


def test_a_document_of_a_program_shows_what_its_lines_make(tmp_path: Path) -> None:
    session = session_of(open_target("digits"))
    session.run(1)
    session.change_cell(session.moment().current("W1") or 0, (0, 0), "nan")
    found = inspect_json(inspected_document(kept(session, tmp_path)))
    assert found["complete"] is True
    assert [n["tensors"]["weight"] for n in found["layers"]] == ["W1", "W2"] and found["layers"][0]["inputs"] == ["X"]
    assert any("'W1' has 1 number that is NaN" in w for w in found["warnings"])
    first = next(t for t in found["tensors"] if t["name"] == "W1")
    assert first["nonfinite"] == 1 and np.isfinite(first["mean"])
    json.dumps(found, allow_nan=False)


def test_what_is_no_document_is_said_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.stepper").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(StepperError):
        inspected_document(tmp_path / "a.stepper")
    assert main(["inspect", str(tmp_path / "a.stepper")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("form", [".npz", ".safetensors", ".onnx", ".toml"])
def test_a_document_is_converted_as_it_stands(tmp_path: Path, form: str) -> None:
    (tmp_path / "seed.npz").write_bytes(seeds()["seed.npz"])
    session = session_of(open_target(str(tmp_path / "seed.npz")))
    session.run(5)
    path = kept(session, tmp_path)
    out = tmp_path / f"out{form}"
    assert main(["convert", str(path), "-o", str(out)]) == 0
    assert out.is_file()
    if form == ".npz":
        assert np.load(out)["fc1.weight"].tobytes() == values_now(session)["W1"].tobytes()
