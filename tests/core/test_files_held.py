"""Many arrays of one file cost one reading of it, whatever the file: else a file of two thousand bytes takes a minute."""

from __future__ import annotations

import os
import pickle
import zlib
from pathlib import Path

import numpy as np
import pytest

from core.files import held as room
from core.files.held import held, is_any, let_go
from core.files.limits import LIMITS
from core.files.pickles import read_sklearn
from core.files.problem import FileProblem


@pytest.fixture(autouse=True)
def nothing_held() -> None:
    room._held.clear()


def test_it_is_made_once_until_the_file_changes(tmp_path: Path) -> None:
    made: list[int] = []
    path = tmp_path / "a"
    path.write_text("1")

    def make() -> int:
        made.append(1)
        return len(made)

    assert [held(path, make), held(path, make)] == [1, 1]
    path.write_text("22")
    assert held(path, make) == 2
    os.utime(path, ns=(5, 5))
    assert held(path, make) == 3
    let_go(path)
    assert is_any()
    let_go(tmp_path / "b")
    assert not is_any()
    held(path, make)
    let_go(None)
    assert not is_any()


def test_a_table_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.files import read_table

    path = tmp_path / "a.json"
    path.write_text('{"W1": [[1, 2]], "b1": [3, 4]}')
    counted: list[object] = []
    loads = read_table.loads
    monkeypatch.setattr(read_table, "loads", lambda *a: (counted.append(a), loads(*a))[1])
    assert read_table.array(path, "W1", None, LIMITS).tolist() == [[1, 2]]
    assert read_table.array(path, "b1", None, LIMITS).tolist() == [3, 4]
    assert len(counted) == 1


def test_an_onnx_file_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnx
    from onnx import helper

    from core.files.onnx_format import read_onnx

    weights = [helper.make_tensor(n, 1, [2], [float(i), 7.0]) for i, n in enumerate("abc")]
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", [], [], weights)), tmp_path / "a.onnx")
    counted: list[object] = []
    load = onnx.load_model_from_string
    monkeypatch.setattr(onnx, "load_model_from_string", lambda data: (counted.append(1), load(data))[1])
    got = [read_onnx.array(tmp_path / "a.onnx", n, None, LIMITS).tolist() for n in "abc"]
    assert got == [[0, 7], [1, 7], [2, 7]]
    assert len(counted) == 1
    with pytest.raises(FileProblem, match="no tensor 'd'"):
        read_onnx.array(tmp_path / "a.onnx", "d", None, LIMITS)


def test_a_packed_pickle_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.joblib"
    path.write_bytes(zlib.compress(pickle.dumps({"a": np.arange(6.0).reshape(2, 3), "b": np.arange(3)})))
    counted: list[object] = []
    unpack = read_sklearn._unpacked
    monkeypatch.setattr(read_sklearn, "_unpacked", lambda *a: (counted.append(1), unpack(*a))[1])
    assert read_sklearn.array(path, "a", (1, 2), LIMITS).tolist() == [[3, 4, 5]]
    assert read_sklearn.array(path, "b", None, LIMITS).tolist() == [0, 1, 2]
    assert len(counted) == 1
    with pytest.raises(FileProblem, match="no array 'c'"):
        read_sklearn.array(path, "c", None, LIMITS)
