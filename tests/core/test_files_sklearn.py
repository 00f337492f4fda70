"""scikit-learn's MLPs, by pickle and joblib: what they compute, their arrays to the last bit, packing, and hostile ones."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import os
import pickle
import warnings
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.reading import outcome
from helpers.saved_forward import forward
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.files.arrays import array
from core.files.limits import LIMITS, Limits
from core.files.pickles.read_sklearn import read
from core.files.problem import FileProblem
from core.files.saved import Saved
from core.library import open_target
from core.report import trace
from core.steppable.build import Choices
from core.steppable.data import Samples

pytest.importorskip("sklearn", reason="the oracle extra is not installed")
joblib = pytest.importorskip("joblib", reason="the oracle extra is not installed")


def _of(name: str) -> Any:
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)


MLPClassifier = _of("sklearn.neural_network.MLPClassifier")
MLPRegressor = _of("sklearn.neural_network.MLPRegressor")
make_pipeline = _of("sklearn.pipeline.make_pipeline")
StandardScaler = _of("sklearn.preprocessing.StandardScaler")
MinMaxScaler = _of("sklearn.preprocessing.MinMaxScaler")

RNG = np.random.default_rng(4)
X = RNG.normal(2, 3, (60, 3))
COLOURS = np.array(["red", "green", "blue"])[RNG.integers(0, 3, 60)]
PACKINGS = [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)]


def fitted(made: Any, y: np.ndarray = COLOURS, x: np.ndarray = X) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return made.fit(x, y)


def opened(path: Path) -> Saved:
    return Saved.from_data(read(path, LIMITS).to_data())


def pickled(path: Path, value: Any, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(value, protocol))
    return path


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("task", ["classes", "two classes", "several labels", "numbers", "several numbers"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_mlp_computes_what_scikit_learn_computes(activation: str, task: str, dtype: str, tmp_path: Path):
    kind = MLPRegressor if "numbers" in task else MLPClassifier
    y = {
        "classes": COLOURS, "two classes": COLOURS == "red",
        "several labels": np.stack([COLOURS == "red", X[:, 0] > 2], 1).astype(int),
        "numbers": X[:, 0] * X[:, 1], "several numbers": X[:, :2] ** 2,
    }[task]  # fmt: skip
    made = fitted(kind(hidden_layer_sizes=(5, 4), activation=activation, max_iter=5, random_state=1), y, X.astype(dtype))
    path = tmp_path / "a.joblib"
    joblib.dump(made, path)
    saved = opened(path)
    assert saved.complete
    assert saved.format == f"scikit-learn {kind.__name__} (joblib)"
    assert [n.kind for n in saved.layers] == ["dense"] * 3
    assert {n.attributes["orientation"] for n in saved.layers} == {"in,out"}
    x = X[:20].astype(dtype)
    got = forward(saved, x)
    wanted = made.predict_proba(x) if kind is MLPClassifier else made.predict(x)
    if task == "two classes":
        got, wanted = got[:, 0], wanted[:, 1]
    most = 1e-12 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(got.reshape(wanted.shape), wanted, rtol=most * 10, atol=most * max(1, float(np.abs(wanted).max())))


def same(saved: Saved, made: Any) -> None:
    for kind in ("coefs_", "intercepts_"):
        for n, wanted in enumerate(getattr(made, kind)):
            got = array(saved, f"{kind}.{n}")
            assert got.dtype == wanted.dtype
            assert got.shape == wanted.shape
            assert got.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("packing", PACKINGS, ids=str)
def test_joblib_packed_or_not(packing: Any, tmp_path: Path):
    made = fitted(MLPClassifier((5,), max_iter=2))
    path = tmp_path / "a.joblib"
    joblib.dump(made, path, compress=packing)
    saved = opened(path)
    assert {t.where.kind for t in saved.tensors} == {"worker" if packing else "span"}
    same(saved, made)
    assert saved.metadata["classes"] == "blue, green, red"


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_of_every_protocol(protocol: int, tmp_path: Path):
    made = fitted(MLPClassifier((5,), max_iter=2))
    saved = opened(pickled(tmp_path / "a.pkl", made, protocol))
    assert saved.complete
    same(saved, made)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress])
def test_packed_pickles(pack: Any, tmp_path: Path):
    made = fitted(MLPClassifier((5,), max_iter=2))
    path = tmp_path / "a.pkl.gz"
    path.write_bytes(pack(pickle.dumps(made)))
    same(opened(path), made)


@pytest.mark.parametrize("solver", ["lbfgs", "sgd", "adam"])
def test_every_solver_and_classes_that_are_objects(solver: str, tmp_path: Path):
    made = fitted(MLPClassifier((5,), max_iter=2, solver=solver), COLOURS.astype(object))
    path = tmp_path / "a.joblib"
    joblib.dump(made, path)
    saved = opened(path)
    same(saved, made)
    assert saved.metadata["classes"] == "blue, green, red"


def test_a_pipeline_with_a_standard_scaler(tmp_path: Path):
    made = fitted(make_pipeline(StandardScaler(), MLPClassifier((5, 4), max_iter=5)))
    saved = opened(pickled(tmp_path / "a.pkl", made))
    assert saved.complete
    assert [n.kind for n in saved.layers] == ["scale", "dense", "dense", "dense"]
    np.testing.assert_allclose(forward(saved, X), made.predict_proba(X), rtol=1e-12, atol=1e-12)


def test_the_steps_of_a_pipeline_compute_what_it_computes(tmp_path: Path):
    x = X[:16]
    made = fitted(make_pipeline(StandardScaler(), MLPClassifier((5, 4), max_iter=5)))
    path = pickled(tmp_path / "a.pkl", made)
    np.savez(tmp_path / "data.npz", X=x, Y=made.predict_proba(x).round())
    program = open_target(str(path), None, Choices(), Samples(str(tmp_path / "data.npz"))).program
    last = [s for s in program.statements if s.phase == "forward"][-1].target
    machine = trace(program, 1).machine
    got = next(machine.value(v.index) for v in program.values if v.name == last)
    np.testing.assert_allclose(np.asarray(got), made.predict_proba(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "before",
    [
        lambda: MinMaxScaler(), lambda: StandardScaler(with_mean=False), lambda: StandardScaler(with_std=False),
        lambda: _of("sklearn.preprocessing.MaxAbsScaler")(), lambda: _of("sklearn.preprocessing.RobustScaler")(),
    ],
)  # fmt: skip
def test_other_scalers_and_a_feature_that_never_varies(before: Any, tmp_path: Path):
    x = np.column_stack([X, np.ones(60)])
    made = fitted(make_pipeline(before(), MLPClassifier((5,), max_iter=2)), x=x)
    saved = opened(pickled(tmp_path / "a.pkl", made))
    assert saved.complete
    np.testing.assert_allclose(forward(saved, x), made.predict_proba(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "before", [lambda: MinMaxScaler(clip=True), lambda: _of("sklearn.preprocessing.PolynomialFeatures")(degree=1)]
)
def test_a_pipeline_with_something_else_has_a_closed_box(before: Any, tmp_path: Path):
    made = fitted(make_pipeline(before(), MLPClassifier((5,), max_iter=2)))
    saved = opened(pickled(tmp_path / "a.pkl", made))
    assert not saved.complete
    assert [(n.kind, n.steppable) for n in saved.layers] == [("box", False), ("dense", True), ("dense", True)]
    assert saved.layers[0].why


def test_the_best_of_a_search_and_an_entry(tmp_path: Path):
    search = _of("sklearn.model_selection.GridSearchCV")(MLPClassifier((5,), max_iter=2), {"alpha": [0.1, 0.2]}, cv=2)
    made = fitted(search)
    same(opened(pickled(tmp_path / "a.pkl", made)), made.best_estimator_)
    same(opened(pickled(tmp_path / "b.pkl", {"model": made.best_estimator_, "note": "x"})), made.best_estimator_)


def test_another_estimator_shows_its_arrays(tmp_path: Path):
    made = fitted(_of("sklearn.linear_model.LogisticRegression")())
    path = tmp_path / "a.joblib"
    joblib.dump(made, path)
    saved = outcome(read, path)
    assert isinstance(saved, Saved)
    assert array(saved, "coef_").tobytes() == made.coef_.tobytes()


def test_one_that_was_never_fitted(tmp_path: Path):
    assert "never fitted" in str(outcome(read, pickled(tmp_path / "a.pkl", MLPClassifier())))


# ---- hostile ones


def test_matrices_that_are_no_numbers(tmp_path: Path):
    made = fitted(MLPClassifier((5,), max_iter=2))
    right = made.coefs_[0]
    wrongs = {
        "Python objects": right.astype(object), "real numbers": right.astype(complex), "do not fit": right[:, :4],
        "takes 5 numbers": None,
    }  # fmt: skip
    for words, wrong in wrongs.items():
        if wrong is None:
            made.coefs_[0], made.intercepts_[0] = right[:, :4], made.intercepts_[0][:4]
        else:
            made.coefs_[0] = wrong
        for write in (lambda p: joblib.dump(made, p), lambda p: pickled(p, made)):
            path = tmp_path / "a.joblib"
            write(path)
            assert words in str(outcome(read, path)), words


def test_classes_that_are_no_characters(tmp_path: Path):
    data = pickle.dumps(fitted(MLPClassifier((2,), max_iter=1)))
    wrong = data.replace("red".encode("utf-32-le"), b"\xff" * 12)
    assert wrong != data
    path = tmp_path / "a.pkl"
    path.write_bytes(wrong)
    assert "\ufffd" in opened(path).metadata["classes"]


class _System:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("packing", [0, 3])
def test_a_trap_among_objects_of_joblib(packing: int, tmp_path: Path):
    canary = tmp_path / "canary"
    path = tmp_path / "a.joblib"
    joblib.dump([np.ones(3), np.array([_System(f"touch {canary}")], dtype=object)], path, compress=packing)
    assert "'posix.system'" in str(outcome(read, path))
    assert not canary.exists()


def test_a_packed_bomb_is_not_unpacked(tmp_path: Path):
    path = tmp_path / "a.pkl"
    for pack in (zlib.compress, gzip.compress, bz2.compress, lzma.compress):
        path.write_bytes(pack(bytes(30 * 2**20)))
        with pytest.raises(FileProblem, match="unpacks to more than 4 MiB"):
            read(path, Limits(unpacked=4 * 2**20))


def test_packing_that_is_cut_off_or_damaged(tmp_path: Path):
    path = tmp_path / "a.pkl"
    for pack in (zlib.compress, gzip.compress, bz2.compress, lzma.compress):
        data = pack(pickle.dumps([np.arange(50.0)]))
        for length in range(len(data)):
            path.write_bytes(data[:length])
            assert isinstance(outcome(read, path), str), length
        path.write_bytes(data[:30] + b"\xff" * 20 + data[50:])
        assert isinstance(outcome(read, path), str)


def test_forms_that_are_not_read_are_named(tmp_path: Path):
    path = tmp_path / "a.joblib"
    for data, words in ((b"\x04\x22\x4d\x18rest", "LZ4"), (b"ZF0x1234", "before 0.10")):
        path.write_bytes(data)
        assert words in str(outcome(read, path))


@pytest.mark.parametrize("packing", [0, 3])
def test_cut_off_at_every_byte(packing: int, tmp_path: Path):
    path = tmp_path / "a.joblib"
    joblib.dump({"W": np.arange(6.0).reshape(2, 3), "b": np.arange(3.0)}, path, compress=packing)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        assert isinstance(outcome(read, path), str), length


@cache
def original(which: int) -> bytes:
    made = fitted(make_pipeline(StandardScaler(), MLPClassifier((2,), max_iter=1, solver="lbfgs")))
    out = io.BytesIO()
    joblib.dump(made, out)
    return pickle.dumps(made, which) if which else out.getvalue()


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 5), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_changed_file_ends_in_a_network_or_one_sentence(tmp_path: Path, which: int, changes: list[tuple[int, int]]):
    raw = bytearray(original(which))
    for at, byte in changes:
        raw[at % len(raw)] = byte
    path = tmp_path / "a.pkl"
    path.write_bytes(raw)
    got = outcome(read, path)
    if isinstance(got, Saved):
        for tensor in got.tensors:
            if tensor.where.kind == "span":
                assert array(got, tensor.name).shape == tensor.shape


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\x80\x04", b"\x1f\x8b\x08", b"x\x9c", b"BZh9", b"\xfd7zXZ\x00", b"]\x00\x00"]),
)
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes):
    path = tmp_path_factory.getbasetemp() / "any.pkl"
    path.write_bytes(head + data)
    outcome(read, path)
