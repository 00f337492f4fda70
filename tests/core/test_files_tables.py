"""Weights as text, and JSON, of many lines: the same numbers whichever way they are read, and one sentence for rubbish."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.files import csv_weights, json_safe
from core.files.csv_weights import MOST_ARRAYS, MOST_BEFORE, Names, csv_arrays
from core.files.json_safe import loads
from core.files.limits import LIMITS
from core.files.problem import FileProblem
from core.files.read_table import read

R = np.random.default_rng(8)
A = R.standard_normal((300, 7)) * 10.0 ** R.integers(-30, 30, (300, 7))


def text_of(a: np.ndarray, between: str = ",", end: str = "\n") -> str:
    return "".join(between.join(map(repr, row)) + end for row in a.tolist())


@pytest.fixture(params=[200, 2**20], ids=["many blocks", "one block"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_weights, "_BLOCK", request.param)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("between", [",", ";", "\t", " "])
def test_every_bit_of_a_table(between: str) -> None:
    assert np.array_equal(csv_arrays(text_of(A, between), "W")["W"], A)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize(
    "end", [",\n", ",,, \n", "\n\n", "\n   \n", "  \n"], ids=["a comma more", "commas more", "blank lines", "spaces", "trailing"]
)
def test_lines_that_numpy_alone_would_not_take(end: str) -> None:
    assert np.array_equal(csv_arrays(text_of(A, end=end), "W")["W"], A)


@pytest.mark.usefixtures("blocks")
def test_numbers_in_quotes_and_numbers_that_are_none() -> None:
    odd = A.copy()
    odd[::50, 3], odd[7::50, 0], odd[9::50, 6] = np.nan, np.inf, -np.inf
    assert np.array_equal(
        csv_arrays(text_of(odd, '","').replace("\n", '"\n"')[:-1].join(('"', "")), "W")["W"], odd, equal_nan=True
    )
    assert np.array_equal(csv_arrays("x,y,z,a,b,c,d\n" + text_of(odd), "W")["W"], odd, equal_nan=True)


@pytest.mark.usefixtures("blocks")
def test_many_matrices_with_names() -> None:
    text = "".join(f"# W{n}:\n{text_of(A[n : n + 60])}\nb\n{text_of(A[n : n + 1])}" for n in range(4))
    found = csv_arrays(text, "W")
    assert list(found) == ["W0", "b", "W1", "b (2)", "W2", "b (3)", "W3", "b (4)"]
    assert all(np.array_equal(found[f"W{n}"], A[n : n + 60]) for n in range(4))
    assert np.array_equal(found["b (3)"], A[2])


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (text_of(A) + "1,2\n", "line 301 has 2 numbers where line 1 has 7"),
        ("\n\nW\n\n" + text_of(A) + "\n1,2\n" + text_of(A), "line 306 has 2 numbers where line 5 has 7"),
        (text_of(A) + "\n\n1,2,3,4,5,x,7\n" + text_of(A), "line 303: 'x' is not a number"),
        (text_of(A) + "1,2,3,4,1_0,6,7\n", "line 301: '1_0' is not a number"),
        (text_of(A) + "1,2,3,4,٣,6,7\n", "line 301: '٣' is not a number"),
        (text_of(A) + "1,2,3,4,,6,7\n", "line 301: '' is not a number"),
        (text_of(A) + '1,2,3,4,"5,5",6,7\n', "line 301: '5,5' is not a number"),
        (text_of(A) + '1,"' + "2,3\n" * 100_000, "line 301 .*its quotes do not close|line 301: .* is not a number"),
        ("1,2\n" * 3 + "a\nb\n" * MOST_ARRAYS, f"more than {MOST_ARRAYS} arrays"),
        ("1\na\n" * (MOST_ARRAYS + 1), f"more than {MOST_ARRAYS} arrays"),
        ("1,a\n1,b\n" * MOST_BEFORE, f"none of its first {MOST_BEFORE} lines"),
    ],
)
def test_rubbish_is_told_by_its_line(text: str, words: str) -> None:
    with pytest.raises(FileProblem, match=words):
        csv_arrays(text, "W")


def test_reading_ends_with_the_first_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_weights, "_BLOCK", 1000)
    taken: list[str] = []
    take = csv_weights._Table.take
    monkeypatch.setattr(csv_weights._Table, "take", lambda self, block: (taken.append(block), take(self, block)))
    with pytest.raises(FileProblem, match="line 2"):
        csv_arrays("1,2\n1,x\n" + "1,2\n" * 100_000, "W")
    assert len(taken) == 1


def test_as_many_lines_before_the_numbers_as_is_said() -> None:
    assert csv_arrays("1,a\n" * MOST_BEFORE + "1,2\n", "W")["W"].tolist() == [[1, 2]]


def test_a_name_is_given_once_however_often_it_comes() -> None:
    names = Names()
    assert [names.free(n) for n in ("W", "W (2)", "W", "W", "b", "W (2)")] == ["W", "W (2)", "W (3)", "W (4)", "b", "W (2) (2)"]


# -- JSON


@pytest.mark.parametrize("value", [A.tolist(), A.reshape(30, 10, 7).tolist(), [1, 2.5, None, -3], [[0, 1], [2, 3]]])
def test_numbers_of_json(tmp_path: Path, value: list[object]) -> None:
    from core.files.read_table import array

    (tmp_path / "a.json").write_text(json.dumps({"W": value}))
    saved = read(tmp_path / "a.json", LIMITS)
    wanted = np.array(value, float)
    assert saved.tensor("W").shape == wanted.shape
    assert np.array_equal(array(tmp_path / "a.json", "W", None, LIMITS), wanted, equal_nan=True)


@pytest.mark.parametrize("value", ["[[1, 2], [3]]", "[true, 1]", '["1", 2]', "[[[[[[1]]]]]]", "[[], []]", "[]", '[{"a": 1}]'])
def test_json_that_is_no_array(tmp_path: Path, value: str) -> None:
    (tmp_path / "a.json").write_text(f'{{"W": [1, 2], "other": {value}}}')
    assert "other" not in [t.name for t in read(tmp_path / "a.json", LIMITS).tensors]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"W1": [[1, 2], [3, 4]]', "no JSON .*begins with { and ends with"),
        ("[[1, 2], [3, 4", "no JSON .*begins with"),
        ("[" + "[1]," * 30 + "[1]]", "millions of lists"),
        ('["' + '","' * 30 + '"]', "millions of lists or texts"),
    ],
)
def test_json_that_is_refused_before_it_is_read(text: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_safe, "MOST_LISTS", 20)
    monkeypatch.setattr(json_safe, "MOST_TEXTS", 20)
    monkeypatch.setattr(json_safe.json, "loads", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(FileProblem, match=words):
        loads(text, "it")


@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_how_deep_json_may_be(pair: str) -> None:
    def text(depth: int) -> str:
        return (pair[0] + ('"a":' if pair == "{}" else "")) * depth + "1" + pair[1] * depth

    wide = ("[" + "[[[[[1]]]]]," * 100 + "{}]").replace("1", '"]]]{["')
    assert loads(wide, "it", 6) == [[[[[["]]]{["]]]]]] * 100 + [{}]
    for deepest in (5, 50):
        assert loads(text(deepest), "it", deepest)
        with pytest.raises(FileProblem, match=f"more than {deepest} deep"):
            loads(text(deepest + 1), "it", deepest)
    mixed = '[{"a":' * 8 + "1" + "}]" * 8
    assert loads(mixed, "it", 16)
    with pytest.raises(FileProblem, match="more than 15 deep"):
        loads(mixed, "it", 15)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_json_as_windows_writes_it(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.json").write_bytes('{"W1": [[1, 2]]}'.encode(encoding))
    assert [t.name for t in read(tmp_path / "a.json", LIMITS).tensors] == ["W1"]


def test_brackets_that_are_never_closed_are_deep_too() -> None:
    for text in ("[" * 300 + "]" * 9, "[[]" * 300 + "]", "[" + "[" * 290 + "]" * 290 + "]" * 5):
        with pytest.raises(FileProblem, match="nested more than 200 deep"):
            loads(text, "it")


@pytest.mark.parametrize("text", ["x;y\n1,5;2,5\n", "a\tb\n1,5\t2\n"])
def test_numbers_with_a_decimal_comma_are_told_by_their_line(text: str) -> None:
    with pytest.raises(FileProblem, match="line 2: '1,5' is not a number; write numbers with a decimal point"):
        csv_arrays(text, "W")
