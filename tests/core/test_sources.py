"""Data sets: every built-in, a learner's CSV in every dialect, .npz files, and each refusal's sentence."""

from __future__ import annotations

import csv
import io
import pickle
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.programs import SETTINGS
from hypothesis import given
from hypothesis import strategies as st

from core.data import csv_rows, csv_table, made, npz_arrays
from core.data.csv_table import read_csv
from core.data.npz_table import read_npz
from core.data.sources import BUILT_IN, load
from core.data.table import DataError, Table, split, standardized, statistics
from core.errors import StepperError

RELAXED = SETTINGS(150)


def npz(**arrays: Any) -> io.BytesIO:
    stream = io.BytesIO()
    np.savez(stream, **{n: np.asarray(a) for n, a in arrays.items()})
    stream.seek(0)
    return stream


def consistent(table: Table) -> None:
    n, c = table.targets.shape
    for array in (table.inputs, table.targets):
        assert array.dtype == np.float64
        assert array.ndim == 2
        assert array.flags.c_contiguous
        assert np.isfinite(array).all()
    assert len(table.inputs) == n == table.size > 0
    assert table.inputs.shape[1] == len(table.input_names) > 0
    assert all(isinstance(name, str) and name for name in table.input_names)
    if table.labels is None:
        assert table.class_names == ()
        return
    assert table.labels.dtype == np.int64
    assert table.labels.shape == (n,)
    assert table.labels.min() >= 0
    assert table.labels.max() < len(table.class_names)
    if c == 1:
        np.testing.assert_array_equal(table.targets[:, 0], table.labels)
    else:
        np.testing.assert_array_equal(table.targets, np.eye(len(table.class_names))[table.labels])


# built-ins


COUNTS = {
    "xor": ((4, 2), 1, 2),
    "flower": ((400, 2), 1, 2),
    "moons": ((200, 2), 1, 2),
    "circles": ((200, 2), 1, 2),
    "spirals": ((300, 2), 3, 3),
    "sine": ((200, 1), 1, 0),
    "iris": ((150, 4), 3, 3),
    "breast-cancer": ((569, 30), 1, 2),
    "digits": ((1797, 64), 10, 10),
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_has_the_counts_that_its_line_says(name: str) -> None:
    table = load(name)
    consistent(table)
    shape, columns, classes = COUNTS[name]
    assert (table.inputs.shape, table.targets.shape[1], len(table.class_names)) == (shape, columns, classes)
    assert table.source == name
    assert str(shape[0]) in BUILT_IN[name]
    assert str(shape[1]) in BUILT_IN[name]
    if classes:
        assert len(np.unique(table.labels)) == classes
        assert str(classes) in BUILT_IN[name]
    again = load(name)
    assert again.inputs.tobytes() == table.inputs.tobytes()
    assert again.targets.tobytes() == table.targets.tobytes()


@pytest.mark.parametrize("name", [n for n in BUILT_IN if n != "sine"])
def test_classes_of_a_built_in_are_written_as_asked(name: str) -> None:
    auto, hot, index = load(name), load(name, targets="one-hot"), load(name, targets="index")
    classes = len(auto.class_names)
    assert hot.targets.shape == (auto.size, classes)
    assert index.targets.shape == (auto.size, 1)
    for table in (hot, index):
        consistent(table)
        np.testing.assert_array_equal(table.labels, auto.labels)
        np.testing.assert_array_equal(table.inputs, auto.inputs)


def test_xor_is_the_built_in_program_s_data() -> None:
    table = load("xor")
    np.testing.assert_array_equal(table.inputs.T, [[0, 0, 1, 1], [0, 1, 0, 1]])
    np.testing.assert_array_equal(table.targets.T, [[0, 1, 1, 0]])


def test_the_flower_is_the_published_exercise() -> None:
    # The first draw of NumPy's legacy generator from seed 1 is 1.6243454, the 201st stands for the radius.
    table = load("flower")
    draws = np.random.RandomState(1).randn(800)
    assert draws[0] == pytest.approx(1.62434536)
    angle = draws[0] * 0.2
    radius = 4 * np.sin(4 * angle) + draws[200] * 0.2
    np.testing.assert_allclose(table.inputs[0], [radius * np.sin(angle), radius * np.cos(angle)], rtol=1e-12)
    assert table.labels is not None
    np.testing.assert_array_equal(np.bincount(table.labels), [200, 200])


def test_iris_has_fisher_s_numbers() -> None:
    # The summary that the data set is published with: minimum, maximum, mean, deviation (ddof = 1).
    table = load("iris")
    x = table.inputs
    np.testing.assert_array_equal(x.min(axis=0), [4.3, 2.0, 1.0, 0.1])
    np.testing.assert_array_equal(x.max(axis=0), [7.9, 4.4, 6.9, 2.5])
    np.testing.assert_allclose(x.mean(axis=0), [5.84, 3.05, 3.76, 1.20], atol=0.008)
    np.testing.assert_allclose(x.std(axis=0, ddof=1), [0.83, 0.43, 1.76, 0.76], atol=0.006)
    np.testing.assert_array_equal(x[[34, 37]], [[4.9, 3.1, 1.5, 0.2], [4.9, 3.6, 1.4, 0.1]])  # wrong in UCI's own file
    assert table.class_names == ("setosa", "versicolor", "virginica")
    assert table.input_names[0] == "sepal length (cm)"
    assert table.labels is not None
    np.testing.assert_array_equal(np.bincount(table.labels), [50, 50, 50])


def test_breast_cancer_has_the_published_ranges() -> None:
    table = load("breast-cancer")
    low = dict(zip(table.input_names, table.inputs.min(axis=0), strict=True))
    high = dict(zip(table.input_names, table.inputs.max(axis=0), strict=True))
    published = {
        "mean radius": (6.981, 28.11),
        "mean area": (143.5, 2501.0),
        "mean fractal dimension": (0.05, 0.097),
        "radius error": (0.112, 2.873),
        "concave points error": (0.0, 0.053),
        "worst area": (185.2, 4254.0),
        "worst symmetry": (0.156, 0.664),
    }
    for name, (least, most) in published.items():
        assert low[name] == pytest.approx(least, abs=6e-4)
        assert high[name] == pytest.approx(most, abs=6e-4)
    assert table.class_names == ("benign", "malignant")
    assert table.labels is not None
    np.testing.assert_array_equal(np.bincount(table.labels), [357, 212])


def test_digits_are_the_test_part_of_the_published_set() -> None:
    table = load("digits")
    assert (table.inputs.min(), table.inputs.max()) == (0, 16)
    np.testing.assert_array_equal(table.inputs, np.floor(table.inputs))
    assert table.labels is not None
    # The class counts that optdigits.names gives for the test part.
    np.testing.assert_array_equal(np.bincount(table.labels), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    np.testing.assert_array_equal(table.inputs[0, :8], [0, 0, 5, 13, 9, 1, 0, 0])
    assert table.class_names == tuple("0123456789")
    assert table.input_names[10] == "r2c3"


def test_what_is_made_by_formula_obeys_it_without_noise() -> None:
    x, labels = made.moons(101, noise=0)
    np.testing.assert_array_equal(np.bincount(labels), [50, 51])
    np.testing.assert_allclose(np.hypot(*x[:50].T), 1)
    np.testing.assert_allclose(np.hypot(x[50:, 0] - 1, x[50:, 1] - 0.5), 1)
    x, labels = made.circles(100, noise=0, inner=0.25)
    np.testing.assert_allclose(np.hypot(*x.T), np.where(labels == 0, 1, 0.25))
    x, labels = made.spirals(100, noise=0, arms=2)
    np.testing.assert_array_equal(np.bincount(labels), [50, 50])
    np.testing.assert_allclose(np.hypot(*x[:50].T), np.linspace(0, 1, 50), atol=1e-15)
    x, y = made.sine(50, noise=0)
    np.testing.assert_allclose(y, np.sin(x))
    assert np.std(made.sine(5000)[1] - np.sin(made.sine(5000)[0])) == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("make", [made.moons, made.circles, made.spirals, made.sine])
def test_another_seed_is_another_draw(make: Any) -> None:
    np.testing.assert_array_equal(make(seed=3)[0], make(seed=3)[0])
    one, other = make(seed=3), make(seed=4)
    assert any((a != b).any() for a, b in zip(one, other, strict=True))


def test_shipped_files_are_small_and_their_licence_stands_beside_them() -> None:
    folder = Path(__file__).parents[2] / "resources" / "data"
    licences = (folder / "LICENSES.md").read_text("utf-8")
    files = [f for f in folder.iterdir() if f.suffix in (".csv", ".gz", ".npz")]
    assert len(files) == 3
    for file in files:
        assert file.stat().st_size < 200_000
        assert f"## {file.name}" in licences
    assert licences.count("Licence: CC BY 4.0") == 3


# CSV


NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6).map(float)
LETTERS = st.sampled_from("abcxyzé")
LABELS = st.builds(lambda a, b, c: a + b + c, LETTERS, st.text("abé ;,\t\"'.\n", max_size=5), LETTERS)


@st.composite
def csv_tables(draw: st.DrawFn) -> dict[str, Any]:
    n, d = draw(st.integers(2, 8)), draw(st.integers(1, 4))
    inputs = [[draw(NUMBERS) for _ in range(d)] for _ in range(n)]
    labels = draw(st.none() | st.lists(LABELS, min_size=n, max_size=n).filter(lambda k: len(set(k)) > 1))
    numbers = [draw(NUMBERS) for _ in range(n)]
    return {"inputs": inputs, "labels": labels, "numbers": numbers, "columns": d}


@RELAXED
@given(
    table=csv_tables(),
    separator=st.sampled_from(",;\t"),
    decimal_comma=st.booleans(),
    header=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    ending=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1"]),
    blanks=st.booleans(),
    targets=st.sampled_from(["auto", "one-hot", "index"]),
    position=st.sampled_from(["last", "first"]),
)
def test_a_csv_in_any_dialect_is_read_back_equal(
    table: dict[str, Any],
    separator: str,
    decimal_comma: bool,
    header: bool,
    quoting: Any,
    ending: str,
    encoding: str,
    blanks: bool,
    targets: Any,
    position: str,
) -> None:
    def written(x: float) -> str:
        return repr(x).replace(".", ",") if decimal_comma and separator != "," else repr(x)

    labels: list[str] | None = table["labels"]
    last = labels if labels is not None else [written(x) for x in table["numbers"]]
    rows = [[written(x) for x in row] + [t] for row, t in zip(table["inputs"], last, strict=True)]
    names = [f"gr\xf6\xdfe {j}" for j in range(table["columns"])]
    if header:
        rows.insert(0, [*names, "target"])
    if position == "first":
        rows = [[r[-1], *r[:-1]] for r in rows]
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, quoting=quoting, lineterminator=ending)
    for row in rows:
        writer.writerow(row)
        if blanks:
            stream.write(ending)
    data = stream.getvalue().encode(encoding)
    options: dict[str, Any] = {"target": 1} if position == "first" else {}
    if labels is None:
        targets = "auto"
    found = read_csv(data, "points.csv", targets=targets, header=header or None, **options)
    consistent(found)
    np.testing.assert_array_equal(found.inputs, np.array(table["inputs"]))
    assert found.input_names == (tuple(names) if header else tuple(f"x{j + 1}" for j in range(table["columns"])))
    if labels is None:
        np.testing.assert_array_equal(found.targets[:, 0], table["numbers"])
        return
    cells = [k.replace("\r\n", "\n") for k in labels]
    assert found.class_names == tuple(sorted(set(cells)))
    assert found.labels is not None
    assert [found.class_names[k] for k in found.labels] == cells
    wanted = 1 if targets == "index" or (targets == "auto" and len(set(cells)) == 2) else len(set(cells))
    assert found.targets.shape[1] == wanted


def test_a_header_is_guessed_from_what_stands_below() -> None:
    plain = read_csv(b"1,2,a\n3,4,b\n", "f")
    assert (plain.input_names, plain.size) == (("x1", "x2"), 2)
    named = read_csv(b"u,,kind\n1,2,a\n3,4,b\n", "f")
    assert (named.input_names, named.size) == (("u", "x2"), 2)
    pandas = read_csv(b",0,1,target\n0,1.5,2,7\n1,3,4,8\n", "f")
    assert (pandas.input_names, pandas.size) == (("x1", "0", "1"), 2)
    told = read_csv(b"2001,2002,2003\n3,4,5\n", "f", header=True)
    assert (told.input_names, told.size) == (("2001", "2002"), 1)
    savetxt = read_csv(b"# u v\n1.0e+00 2.0e+00\n3.0e+00  4.0e+00\n", "f.txt")
    assert (savetxt.input_names, savetxt.targets.tolist()) == (("u",), [[2], [4]])
    with pytest.raises(DataError, match=r"line 1, column 1: '# 1' is not a number"):
        read_csv(b"# 1,2\n3,4\n", "f")


def test_spaces_and_the_line_that_excel_writes() -> None:
    np.testing.assert_array_equal(read_csv(b" 1  2 3\n 4 5  6\n", "f.txt").inputs, [[1, 2], [4, 5]])
    np.testing.assert_array_equal(read_csv(b"1, 2, 3\n4, 5, 6\n", "f").targets, [[3], [6]])
    excel = read_csv(b"sep=;\r\nu;v\r\n1,5;2\r\n3;4\r\n", "f")
    np.testing.assert_array_equal(excel.inputs, [[1.5], [3]])
    assert excel.input_names == ("u",)
    np.testing.assert_array_equal(read_csv("größe;wert\r3,14;a\r2,5;b\r".encode("cp1252"), "f").inputs, [[3.14], [2.5]])


def test_the_target_column_is_chosen_by_name_or_position() -> None:
    data = b"u,v,w\n1,2,30\n4,5,60\n"
    for target in ("v", 2, -2):
        table = read_csv(data, "f", target=target)
        np.testing.assert_array_equal(table.inputs, [[1, 30], [4, 60]])
        assert table.input_names == ("u", "w")
    np.testing.assert_array_equal(read_csv(data, "f", target=("w", "u")).targets, [[30, 1], [60, 4]])
    hot = read_csv(b"u,cat,dog\n5,1,0\n6,0,1\n", "f", target=("cat", "dog"))
    assert (hot.class_names, hot.targets.tolist()) == (("cat", "dog"), [[1, 0], [0, 1]])
    index = read_csv(b"5,1,0\n6,0,1\n", "f", target=(2, 3), targets="index")
    assert (index.class_names, index.targets.tolist()) == (("0", "1"), [[0], [1]])


def test_numbers_stay_numbers_unless_classes_are_asked_for() -> None:
    data = b"1,10\n2,2\n3,10.0\n4,1\n"
    auto = read_csv(data, "f")
    assert (auto.labels, auto.targets[:, 0].tolist()) == (None, [10, 2, 10, 1])
    hot = read_csv(data, "f", targets="one-hot")
    assert hot.class_names == ("1", "2", "10")  # by size, not by letter
    assert hot.targets.tolist() == [[0, 0, 1], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    assert read_csv(data, "f", targets="index").targets[:, 0].tolist() == [2, 1, 2, 0]
    assert read_csv(b"1,0\n2,x\n", "f", targets="index").class_names == ("0", "x")


REFUSED_CSV: list[tuple[bytes, dict[str, Any], str]] = [
    (b"", {}, "f.csv is empty; it needs a line of numbers for each sample"),
    (b"\xef\xbb\xbf\n \n\r\n", {}, "f.csv is empty; it needs a line of numbers for each sample"),
    (b"\nu,v\n", {}, "f.csv has only a header (line 2) and no samples; add a line of numbers for each sample"),
    (
        b"u,v\n1,2\n\n3,NA\n",
        {},
        "f.csv, line 4, column 2 ('v'): 'NA' means that the value is missing; write a value in its place or remove the line",
    ),
    (b"1,,3\n4,5,6\n", {}, "f.csv, line 1, column 2: the cell is empty; write a value in its place or remove the line"),
    (b"u,k\n1,a\n2,?\n", {}, "f.csv, line 3, column 2 ('k'): '?' means that the value is missing; write a value in its place "
     "or remove the line"),
    (b"1,2\n-inf,3\n", {}, "f.csv, line 2, column 1: '-inf' is not a finite number; write a value in its place "
     "or remove the line"),
    (b"1,2\n1e999,3\n", {}, "f.csv, line 2, column 1: '1e999' is larger than any float64 number; write it in a larger unit"),
    (
        b'u,colour,k\n1,2,"a\nb"\n2,red,b\n',
        {},
        "f.csv, line 4, column 2 ('colour'): 'red' is not a number, and inputs are numbers; "
        "write a number in its place, remove the column, or choose the right target column",
    ),
    (
        b"1_000,2\n3,4\n",
        {},
        "f.csv, line 1, column 1: '1_000' is not a number, and inputs are numbers; "
        "write a number in its place, remove the column, or choose the right target column",
    ),
    (
        b"u,v\n1,2\n3,4,5\n",
        {},
        "f.csv, line 3 has 3 cells where line 1 has 2; give every line the same columns, "
        "and put quotes around text that contains the separator",
    ),
    (
        b'u,v\n1,2\n3,"4\n5,6\n',
        {},
        "f.csv, after line 2: a quoted cell does not end where it should; "
        'close its quote, and write a quote inside a quoted cell twice ("")',
    ),
    (
        b"1;2,5\n3;1.234\n",
        {},
        "f.csv, line 2, column 2: '1.234' has a decimal point, but '2,5' in line 1, column 2 has a decimal comma; "
        "write all numbers of the file the same way",
    ),
    (
        b"1\n2\n",
        {},
        "f.csv has no column left for the inputs; it needs at least one column of inputs and one of targets, "
        "separated by commas, semicolons or tabs",
    ),
    (
        b"1,a\n2,a\n",
        {},
        "f.csv, column 2 is 'a' in every sample, one class only, so there is nothing to tell apart; "
        "choose another target column or bring samples of another class",
    ),
    (
        b"1,2\n2,3.x\n3,4\n",
        {},
        "f.csv, line 2, column 2: '3.x' is text in a target column that is mostly numbers; "
        'correct it, or make classes of the column with targets = "one-hot" or "index"',
    ),
    (
        b"1,2\n2,0.5\n",
        {"targets": "one-hot"},
        "f.csv, line 2, column 2: '0.5' is not a whole number (or too large a one) and cannot be a class; "
        'correct it, or keep the column as numbers with targets = "auto"',
    ),
    (
        b"".join(b"1,%d\n" % i for i in range(1001)),
        {"targets": "index"},
        "f.csv, column 2 has 1001 different values, and there can be at most 1000 classes; is it the right target column?",
    ),
    (
        b"1,1,1\n2,0,1\n",
        {"targets": "index", "target": (2, 3)},
        "f.csv: the chosen target columns do not hold a single 1 and otherwise 0 in each line, "
        'so they are not classes; choose one column of classes, or targets = "auto"',
    ),
    (
        b"1,a,2\n1,b,2\n",
        {"target": [2, 3]},
        "f.csv, line 1, column 2: 'a' is not a number, and several target columns must all be numbers; "
        "write a number in its place, remove the column, or choose the right target column",
    ),
    (b"1,2\n", {"target": 3}, "f.csv has no column 3; its columns are 1 to 2, or -1 to -2 counted from the last"),
    (b"1,2\n", {"target": 0}, "f.csv has no column 0; its columns are 1 to 2, or -1 to -2 counted from the last"),
    (b"1,2\n", {"target": 1.0}, "f.csv has no column 1.0; its columns are 1 to 2, or -1 to -2 counted from the last"),
    (
        b"1,2\n",
        {"target": "v"},
        "f.csv has no header that names its columns, so no column 'v'; choose the target by its position, 1 to 2",
    ),
    (b"height,width\n1,2\n", {"target": "Height"}, "f.csv has no column named 'Height'; there is 'height'"),
    (b"u,u,v\n1,2,3\n", {"target": "u"}, "f.csv has 2 columns named 'u'; choose the target by its position, 1 to 3"),
    (b"1,2,3\n", {"target": (1, -3)}, "f.csv: a target column is chosen twice; name each one once"),
    (b"1,2,3\n", {"target": ()}, "f.csv: no target column is chosen; name at least one"),
    (
        b"<!DOCTYPE html>\n<html><body>1,2</body></html>",
        {},
        "f.csv is not a CSV file but a web page (HTML); download the data itself, often by a link named raw or CSV",
    ),
    (
        pickle.dumps([[1, 2]]),
        {},
        "f.csv is not a CSV file but a Python pickle, which is never opened here because it could run code; "
        "save the table as CSV",
    ),
    (
        npz(X=[1]).getvalue(),
        {},
        "f.csv is not a CSV file but a zip archive; unpack it, or name it .npz if np.savez wrote it",
    ),
    (b"\x1f\x8b\x08", {}, "f.csv is not a CSV file but a gzip archive; unpack it first"),
    ("1,2\n".encode("utf-16"), {}, "f.csv is not a CSV file but text in UTF-16; save it as CSV in UTF-8"),
    (b"1,2\x00\n", {}, "f.csv is not a text file; a CSV file is plain text with a line for each sample"),
    (b",".join([b"1"] * 5001), {}, "f.csv has 5001 columns, more than 5000; keep fewer columns of it"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "options", "sentence"), REFUSED_CSV, ids=[s[:60] for _, _, s in REFUSED_CSV])
def test_a_csv_that_cannot_be_used_is_refused_in_one_sentence(data: bytes, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        read_csv(data, "f.csv", **options)
    assert str(caught.value) == sentence


def test_limits_of_a_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "MOST_CELLS", 6)
    read_csv(b"1,2\n3,4\n5,6\n", "f.csv")
    with pytest.raises(DataError, match=r"f.csv has more than 6 cells; keep fewer rows or columns of it"):
        read_csv(b"1,2\n3,4\n5,6\n7,8\n", "f.csv")
    monkeypatch.setattr(csv_table, "MOST_CELLS", 8)
    with pytest.raises(DataError, match="column 2 has 3 classes in 3 samples, more than 8 one-hot cells"):
        read_csv(b"1,a\n3,b\n5,c\n", "f.csv")
    monkeypatch.setattr(csv_rows, "LARGEST_FILE", 5)
    with pytest.raises(DataError, match=r"f.csv is larger than 0 MB; keep fewer rows or columns of it"):
        read_csv(b"1,2\n3,4\n", "f.csv")


@RELAXED
@given(
    data=st.binary(max_size=200)
    | st.text(max_size=60).map(str.encode)
    | st.text("01e.,;\t\n\r \"'#a-?", max_size=60).map(str.encode)
    | st.lists(st.sampled_from([b"1", b"2,5", b",", b";", b"\t", b"\n", b'"', b"nan", b"1e99"]), max_size=40).map(b"".join),
    targets=st.sampled_from(["auto", "one-hot", "index"]),
    target=st.sampled_from([None, "a", 1, (1, 2)]),
    header=st.sampled_from([None, True, False]),
)  # fmt: skip
def test_any_bytes_are_a_table_or_a_sentence(data: bytes, targets: Any, target: Any, header: bool | None) -> None:
    try:
        consistent(read_csv(data, "f.csv", targets=targets, target=target, header=header))
    except StepperError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 400


# .npz


@RELAXED
@given(
    n=st.integers(2, 6),
    d=st.integers(1, 4),
    c=st.integers(1, 3),
    columns=st.booleans(),
    dtype=st.sampled_from([">f8", "f4", "f2", "i1", "u8", "?", "g"]),
    fortran=st.booleans(),
    packed=st.booleans(),
    data=st.data(),
)
def test_an_npz_is_read_back_as_rows(
    n: int, d: int, c: int, columns: bool, dtype: str, fortran: bool, packed: bool, data: st.DataObject
) -> None:
    draw = np.random.default_rng(data.draw(st.integers(0, 999)))
    x = draw.integers(0, 100, (n, d)).astype(dtype)
    y = draw.integers(-100, 100, (n, c)).astype(float) + 0.5
    stored = [np.asarray(a.T if columns else a, order="F" if fortran else "C") for a in (x, y)]
    stream = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(stream, X=stored[0], Y=stored[1], extra=np.array("unread"))
    table = read_npz(stream, "f.npz", samples="columns" if columns else "rows")
    consistent(table)
    np.testing.assert_array_equal(table.inputs, x.astype(float))
    np.testing.assert_array_equal(table.targets, y)
    assert table.labels is None


def test_classes_in_an_npz() -> None:
    x = np.arange(6).reshape(3, 2)
    hot = read_npz(npz(X=x, Y=np.eye(3)), "f.npz")
    assert (hot.class_names, hot.targets.tolist()) == (("0", "1", "2"), np.eye(3).tolist())
    assert read_npz(npz(X=x, Y=np.eye(3)), "f.npz", targets="index").targets.tolist() == [[0], [1], [2]]
    flat = read_npz(npz(X=x.T, Y=[3, 7, 3]), "f.npz", targets="one-hot", samples="columns")
    assert (flat.class_names, flat.targets.tolist()) == (("3", "7"), [[1, 0], [0, 1], [1, 0]])
    assert read_npz(npz(X=[1, 2], Y=[0, 1]), "f.npz").labels is None


X = np.arange(6.0).reshape(3, 2)
BAD = np.array([[1.0, 2], [3, np.nan], [5, 6]])
REFUSED_NPZ: list[tuple[Any, dict[str, Any], str]] = [
    (io.BytesIO(b""), {}, "f.npz is not an .npz file; write one with np.savez('f.npz', X=X, Y=Y)"),
    (io.BytesIO(pickle.dumps(1)), {}, "f.npz is not an .npz file; write one with np.savez('f.npz', X=X, Y=Y)"),
    (
        npz(X=X, y=[1]),
        {},
        "f.npz has no array Y, it has 'X', 'y'; write it with np.savez('f.npz', X=inputs, Y=targets)",
    ),
    (npz(), {}, "f.npz has no array X and no array Y, it has no arrays; write it with np.savez('f.npz', X=inputs, Y=targets)"),
    (npz(X=X, Y=[1, 2, 3, 4]), {}, "f.npz: X has 3 samples (rows of (3, 2)) but Y has 4 (rows of (4,)); "
     "save as many targets as samples, with samples as rows"),
    (
        npz(X=X.T, Y=[[1, 2, 3]]),
        {},
        "f.npz: X has 2 samples (rows of (2, 3)) but Y has 1 (rows of (1, 3)); "
        "the columns agree, so read it with samples as columns, or save X.T and Y.T",
    ),
    (
        npz(X=BAD, Y=[1, 2, 3]),
        {},
        "f.npz: X[1, 1] is NaN; replace it by a number or leave out its sample, and save it again",
    ),
    (
        npz(X=X, Y=[1, np.inf, 3]),
        {},
        "f.npz: Y[1] is infinite; replace it by a number or leave out its sample, and save it again",
    ),
    (
        npz(X=X.astype(object), Y=[1, 2, 3]),
        {},
        "f.npz: X holds Python objects (dtype object), which are never opened here because that could run code; "
        "convert it with .astype(float) and save it again",
    ),
    (
        npz(X=X, Y=["a", "b", "c"]),
        {},
        "f.npz: Y holds values of type '<U1', not real numbers; "
        "save class indices instead: np.unique(Y, return_inverse=True)[1]",
    ),
    (npz(X=X * 1j, Y=[1, 2, 3]), {}, "f.npz: X holds values of type 'complex128', not real numbers; "
     "convert it and save it again"),
    (
        npz(X=np.zeros((3, 8, 8)), Y=[1, 2, 3]),
        {},
        "f.npz: X has 3 axes, and 1 or 2 are needed; reshape it to samples by numbers, "
        "such as X.reshape(len(X), -1) for pictures, and save it again",
    ),
    (npz(X=np.zeros((0, 2)), Y=[]), {}, "f.npz: X is empty (its shape is (0, 2)); it needs at least one number a sample"),
    (
        npz(X=X.T, Y=[[0.5, 1, 2]]),
        {"targets": "index", "samples": "columns"},
        "f.npz: Y[0, 0] is 0.5, not a whole number (or too large a one), and cannot be a class; "
        'correct it, or use targets = "auto"',
    ),
    (
        npz(X=X, Y=X),
        {"targets": "one-hot"},
        'f.npz: Y does not hold a single 1 and otherwise 0 for each sample, so it is not classes; use targets = "auto", '
        "or save one class index a sample",
    ),
    (
        npz(X=X, Y=[2, 2, 2]),
        {"targets": "one-hot"},
        "f.npz: Y is '2' in every sample, one class only, so there is nothing to tell apart; "
        "choose another target column or bring samples of another class",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("file", "options", "sentence"), REFUSED_NPZ, ids=[s[:60] for _, _, s in REFUSED_NPZ])
def test_an_npz_that_cannot_be_used_is_refused_in_one_sentence(file: io.BytesIO, options: dict[str, Any], sentence: str) -> None:
    file.seek(0)
    with pytest.raises(DataError) as caught:
        read_npz(file, "f.npz", **options)
    assert str(caught.value) == sentence


def zipped(member: bytes, method: int = zipfile.ZIP_STORED) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("X.npy", member)
        archive.writestr("Y.npy", member)
    stream.seek(0)
    return stream


def npy(header: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999, 9999)}", "takes more than 500 MB as float64"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)}", "damaged: its header and its size disagree"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (-3, 2)}", "damaged or no NumPy array"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (3, 2)}", "never opened here"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (3L, 2)}", "damaged: its header and its size disagree"),
        ("__import__('os')", "damaged or no NumPy array"),
        ("(" * 3000, "damaged or no NumPy array"),
        ("", "damaged or no NumPy array"),
    ],
)
def test_a_header_is_judged_before_any_data_is_read(header: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read_npz(zipped(npy(header)), "f.npz")


def test_an_npz_packed_in_an_unusual_way() -> None:
    with pytest.raises(DataError, match=r"f.npz: X is encrypted or compressed in an unusual way"):
        read_npz(zipped(b"", zipfile.ZIP_BZIP2), "f.npz")


def test_a_large_array_is_refused_by_its_size_as_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz_arrays, "LARGEST_ARRAY", 47)
    with pytest.raises(DataError, match=r"f.npz: X takes more than 0 MB as float64; save fewer samples or numbers"):
        read_npz(npz(X=X.astype("u1"), Y=[1, 2, 3]), "f.npz")


@RELAXED
@given(
    packed=st.booleans(),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
    cut=st.floats(0.5, 1) | st.just(1.0),
)
def test_any_damage_to_an_npz_is_a_table_or_a_sentence(packed: bool, changes: list[tuple[float, int]], cut: float) -> None:
    stream = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(stream, X=X, Y=np.array([0, 1, 2]))
    data = bytearray(stream.getvalue())
    for place, value in changes:
        data[min(int(place * len(data)), len(data) - 1)] = value
    try:
        consistent(read_npz(io.BytesIO(bytes(data[: int(cut * len(data))])), "f.npz"))
    except StepperError as error:
        assert len(str(error)) < 400


# files


def test_a_file_is_found_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_bytes(b"u,v\n1,2\n3,4\n")
    (tmp_path / "points.TSV").write_bytes(b"1\t2,5\n3\t4\n")
    (tmp_path / "data.npz").write_bytes(npz(X=X.T, Y=np.eye(3)).getvalue())
    assert load("points.csv", tmp_path, target="u").targets.tolist() == [[1], [3]]
    assert load("points.TSV", tmp_path).targets.tolist() == [[2.5], [4]]
    assert load(str(tmp_path / "points.csv")).source == "points.csv"
    assert load("data.npz", tmp_path, samples="columns", targets="index").targets.tolist() == [[0], [1], [2]]


def test_what_a_source_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "points.xlsx").write_bytes(b"1")
    (tmp_path / "data.npz").write_bytes(npz(X=X, Y=[1, 2, 3]).getvalue())
    known = ", ".join(BUILT_IN)
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("irs", {}, f"there is neither a built-in data set ({known}) nor a file 'irs'; did you mean iris?"),
        ("zz.csv", {}, f"nor a file 'zz.csv'; check the spelling, and that it is in the folder {tmp_path}"),
        ("a\0b", {}, f"'a b' is not a file name; name a built-in data set ({known}) or a data file"),
        ("folder.csv", {}, "'folder.csv' is a folder; name a data file in it, such as points.csv"),
        ("points.xlsx", {}, "points.xlsx does not end in .csv, .tsv, .txt or .npz; save the data as CSV or .npz"),
        ("iris", {"target": 1}, "iris is built in and its target is fixed; leave out the choice of a target column"),
        ("data.npz", {"target": 1}, "data.npz has its targets in the array Y; leave out the choice of a target column"),
        ("sine", {"targets": "index"}, 'sine has numbers as targets, not classes; use targets = "auto" with it'),
        ("iris", {"targets": "hot"}, "targets is 'hot'; it can be auto, one-hot or index"),
        ("iris", {"samples": "row"}, "samples is 'row'; it can be rows or columns"),
    ]
    for source, options, sentence in refused:
        with pytest.raises(DataError) as caught:
            load(source, tmp_path, **options)
        assert str(caught.value).endswith(sentence)
    if Path("/dev/zero").exists():
        with pytest.raises(DataError, match="is not a regular file"):
            load("/dev/zero")


def test_a_file_is_refused_by_its_size_before_it_is_read(tmp_path: Path) -> None:
    for name, size, most in (("a.csv", 50_000_001, 50), ("a.npz", 500_000_001, 500)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)  # a sparse file: takes no room
        with pytest.raises(DataError, match=f"{name} is larger than {most} MB; keep fewer samples or columns of it"):
            load(name, tmp_path)


# split and standardise


def test_standardised_inputs_have_mean_0_and_deviation_1() -> None:
    table = load("breast-cancer")
    mean, std = statistics(table)
    assert mean.shape == std.shape == (30,)
    new = standardized(table, mean, std)
    consistent(new)
    np.testing.assert_allclose(new.inputs.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(new.inputs.std(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(new.inputs * std + mean, table.inputs, atol=1e-12)
    assert new.targets is table.targets


def test_an_input_that_never_changes_becomes_zero() -> None:
    # The mean of 0.1 taken ten times is not 0.1 in floating point; its deviation must not be divided by.
    table = read_csv(b"0.1,1,5\n" * 9 + b"0.1,2,5\n", "f")
    mean, std = statistics(table)
    assert std[0] == 1
    np.testing.assert_allclose(standardized(table, mean, std).inputs[:, 0], 0, atol=1e-15)
    with pytest.raises(DataError, match="f: the input 'x1' has numbers too large to standardise; divide that column"):
        statistics(read_csv(b"1e300,1\n-1e300,2\n", "f"))


def test_standardising_refuses_what_does_not_fit() -> None:
    table = load("xor")
    with pytest.raises(DataError, match=r"xor has 2 inputs, so its mean and deviation are 2 numbers each, not arrays of shape"):
        standardized(table, np.zeros(3), np.ones(3))
    with pytest.raises(DataError, match="xor: the mean and the deviation must be finite, and no deviation 0"):
        standardized(table, np.zeros(2), np.zeros(2))


@RELAXED
@given(n=st.integers(2, 40), share=st.floats(0.01, 0.99), seed=st.integers(0, 2**40))
def test_a_split_parts_the_samples(n: int, share: float, seed: int) -> None:
    table = read_csv("".join(f"{i},{'ab'[i % 2]}\n" for i in range(n)).encode(), "f")
    if round(n * share) in (0, n):
        with pytest.raises(DataError, match="leaves no"):
            split(table, share, seed)
        return
    training, held = split(table, share, seed)
    assert held.size == round(n * share)
    np.testing.assert_array_equal(np.sort(np.r_[training.inputs[:, 0], held.inputs[:, 0]]), np.arange(n))
    for part in (training, held):
        consistent(part)
        np.testing.assert_array_equal(part.labels, part.inputs[:, 0] % 2)
        assert part.class_names == ("a", "b")
    np.testing.assert_array_equal(split(table, share, seed)[0].inputs, training.inputs)


def test_a_split_is_recorded_and_says_what_it_cannot_do() -> None:
    iris = load("iris")
    training, held = split(iris, 0.2, 7)
    assert (training.size, held.size) == (120, 30)
    order = np.random.Generator(np.random.PCG64(7)).permutation(150)
    np.testing.assert_array_equal(held.inputs, iris.inputs[order[:30]])
    assert not np.array_equal(split(iris, 0.2, 8)[1].inputs, held.inputs)
    for share, seed, sentence in (
        (0.1, 1, "xor has 4 samples, and a held-out share of 0.1 leaves no held-out sample; choose a larger share or bring"),
        (0.9, 1, "xor has 4 samples, and a held-out share of 0.9 leaves no training sample; choose a smaller share or bring"),
        (1.0, 1, "the held-out share must lie between 0 and 1, such as 0.2, not 1.0"),
        (float("nan"), 1, "the held-out share must lie between 0 and 1, such as 0.2, not nan"),
        (0.5, -1, "the seed of a split must be 0 or more, not -1"),
    ):
        with pytest.raises(DataError, match=sentence):
            split(load("xor"), share, seed)


def test_nothing_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in BUILT_IN:
            statistics(load(name))
