"""A pickle read as data: what Python reads is read, nothing is ever run, and anything else ends in one sentence."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import struct
import subprocess
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from helpers.reading import outcome
from hypothesis import given, settings
from hypothesis import strategies as st

from core.files.arrays import array
from core.files.limits import LIMITS
from core.files.pickles.inert_names import acts
from core.files.pickles.inert_numpy import array_in, number_in
from core.files.pickles.inert_pickle import Machine
from core.files.pickles.inert_source import Account, Source
from core.files.pickles.inert_values import Called, Items, Named, Persistent, Span, Table, Value
from core.files.pickles.read_sklearn import read
from core.files.problem import FileProblem
from core.files.saved import Saved

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def machine(data: bytes) -> tuple[Value, Source, Account]:
    account = Account()
    source = Source(io.BytesIO(data), 0, len(data), account)
    return Machine(source, account).run(), source, account


def plain(value: Value, source: Source) -> object:
    """Return an inert value as Python's own object, arrays and numbers of NumPy too."""
    if isinstance(value, Span):
        return source.take(value)
    if isinstance(value, Items):
        return {"list": list, "tuple": tuple, "set": set}[value.kind](plain(v, source) for v in value)
    if isinstance(value, Table):
        return {plain(k, source): plain(v, source) for k, v in value.pairs}
    if isinstance(value, Called):
        found = array_in(value)
        return found.values(source).tolist() if found else number_in(value, source)
    return value


def problem(data: bytes) -> str:
    with pytest.raises(FileProblem) as caught:
        machine(data)
    return str(caught.value)


# ---- what is written by Python is read


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_values_are_read_as_python_reads_them(protocol: int):
    value = {
        "a": [1, -5, 2**40, 2**500, 1.5, float("inf"), True, None], "é\n\\": ("x", b"\x00\xff", ()), 3: {1, 2}, "n": {"m": {}},
        "empty": [[], {}, "", b"", set()], "o": OrderedDict(a=1, b=[2]), "long": "y" * 5000, "bytes": bytes(range(256)) * 20,
    }  # fmt: skip
    got, source, account = machine(pickle.dumps(value, protocol))
    assert plain(got, source) == value
    assert not any(map(acts, account.names))


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**100), 2**100) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=30,
)


@given(JSONS, st.sampled_from(PROTOCOLS))
def test_any_plain_value_is_read_as_python_reads_it(value: object, protocol: int):
    got, source, _ = machine(pickle.dumps(value, protocol))
    assert plain(got, source) == value


def test_a_list_in_itself_is_read():
    value: list[object] = []
    value.append(value)
    got, _, _ = machine(pickle.dumps(value))
    assert isinstance(got, Items)
    assert got.values == [got]


def test_an_ordered_dict_of_python_2_is_read():
    data = b"ccollections\nOrderedDict\np0\n((lp1\n(lp2\nS'w\\xe9'\naI1\naa(lp3\nVb\naI2\naatp4\nRp5\n."
    got, source, _ = machine(data)
    assert plain(got, source) == {"wé": 1, "b": 2}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("dtype", ["<f8", "<f4", "<f2", ">f4", "<i8", "<i2", ">u4", "u1", "?", "<c16"])
def test_arrays_equal_those_that_were_written(protocol: int, dtype: str, tmp_path: Path):
    first = (np.arange(12) - 5).astype(dtype).reshape(3, 4)
    arrays = {
        "W": first,
        "F": np.asfortranarray(first),
        "cut": first[::2, 1:],
        "none": first[:0],
        "zero": np.array(first[0, 0]),
    }
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(arrays, protocol))
    saved = Saved.from_data(read(path, LIMITS).to_data())
    assert [t.name for t in saved.tensors] == list(arrays)
    for name, wanted in arrays.items():
        got = array(saved, name)
        assert got.dtype == wanted.dtype.newbyteorder("=")
        assert got.shape == wanted.shape
        assert got.tobytes() == wanted.astype(wanted.dtype.newbyteorder("=")).tobytes()


def test_arrays_of_a_pickle_stay_in_the_file(tmp_path: Path):
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps([np.ones((50, 3)), np.ones(3)]))
    saved = outcome(read, path)
    assert isinstance(saved, Saved)
    assert {t.where.kind for t in saved.tensors} == {"span"}
    assert [t.name for t in saved.tensors] == ["0", "1"]


# ---- nothing is run


class Trap:
    def __init__(self, function: object, *args: object) -> None:
        self.made = (function, args)

    def __reduce__(self):
        return self.made


def _traps(canary: Path) -> dict[str, bytes]:
    touch = f"touch {canary}".encode()
    text = touch.decode()
    call = b"cposix\nsystem\n"
    return {
        **{f"reduce {p}": pickle.dumps({"weights": Trap(os.system, text)}, p) for p in PROTOCOLS},
        "inst": b"(S'" + touch + b"'\niposix\nsystem\n.",
        "obj": b"(" + call + b"S'" + touch + b"'\no.",
        "newobj": call + b"S'" + touch + b"'\n\x85\x81.",
        "newobj_ex": b"\x80\x04" + call + b"S'" + touch + b"'\n\x85}\x92.",
        "stack": b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c" + bytes([len(touch)]) + touch + b"\x85R.",
        "build": call + b"S'" + touch + b"'\nb.",
        "damaged behind it": call + b"NNNNs",
        "eval": pickle.dumps([np.ones(2), Trap(eval, f"__import__('os').system({text!r})")]),
        "subprocess": pickle.dumps([np.ones(2), Trap(subprocess.call, ["touch", str(canary)])]),
        "open": pickle.dumps([np.ones(2), Trap(open, str(canary), "w")]),
        "runpy": b"crunpy\n_run_code\n(tR.",
    }


def test_a_pickle_that_calls_something_is_named_and_runs_nothing(tmp_path: Path):
    canary = tmp_path / "canary"
    path = tmp_path / "a.pkl"
    for kind, data in _traps(canary).items():
        path.write_bytes(data)
        sentence = outcome(read, path)
        assert isinstance(sentence, str), kind
        assert not canary.exists(), kind
        wanted = {"eval": "builtins.eval", "subprocess": "subprocess.call", "open": "io.open", "runpy": "runpy._run_code"}
        assert f"'{wanted.get(kind, 'posix.system')}'" in sentence, kind
        assert "nothing was run" in sentence


def test_unknown_classes_become_boxes_with_their_names(tmp_path: Path):
    path = tmp_path / "a.pkl"
    data = b"\x80\x02cmy.lab\nNet\n)\x81}(X\x01\x00\x00\x00w"
    data += b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    kind = b"cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    path.write_bytes(data + b"(K\x01K\x01\x85" + kind + b"\x89U\x08" + struct.pack("<d", 1.5) + b"tbub.")
    saved = outcome(read, path)
    assert isinstance(saved, Saved)
    assert [(t.name, t.shape, t.dtype) for t in saved.tensors] == [("w", (1,), "float64")]
    assert array(saved, "w").tolist() == [1.5]
    assert saved.warnings == ("it names classes that are not known here, which were not run: 'my.lab.Net'",)


def test_a_persistent_identifier_is_a_box():
    for data in (b"Pab\n.", b"X\x02\x00\x00\x00abQ."):
        got, _, _ = machine(data)
        assert isinstance(got, Persistent)
        assert got.pid == "ab"


def test_the_extension_registry_is_not_asked():
    got, _, account = machine(b"\x80\x02\x82\x07)R.")
    assert isinstance(got, Called)
    assert list(account.names) == ["copyreg.extension_7"]


# ---- hostile ones


HOSTILE = {
    "no stop": (b"\x80\x04N", "cut short"),
    "nothing": (b"", "cut short"),
    "text": (b"<html>", "damaged"),
    "nested tuples": (b")" + b"\x85" * 200_000 + b".", "deep"),
    "nested without stop": (b")" + b"\x85" * 200_000, "deep"),
    "nested lists": (b"]" * 200_000 + b"a" * 199_999 + b".", "deep"),
    "nested dictionaries": (b"}N" * 100_000 + b"}" + b"s" * 100_000 + b".", "deep"),
    "nested calls": (b"cm\nf\nq\x00)R" + b"\x85q\x01h\x00h\x01R" * 1000 + b".", "deep"),
    "marks": (b"(" * 200_000, "deep"),
    "steps": (b"N0" * 600_000 + b"N.", "more steps"),
    "unknown memo": (b"h\x05.", "value 5, which was not kept"),
    "unknown memo, enormous": (b"g" + b"9" * 4000 + b"\n.", "which was not kept"),
    "5000 digits": (b"L" + b"7" * 5000 + b"L\n.", "damaged"),
    "4000 digits": (b"L" + b"7" * 4000 + b"L\n.", "about 4001 digits"),
    "long of 100 kB": (b"\x8b" + struct.pack("<i", 100_000) + b"\x7f" * 100_000 + b".", "digits"),
    "negative long": (b"\x8b" + struct.pack("<i", -5) + b".", "damaged"),
    "bytes beyond the end": (b"\x8e" + struct.pack("<Q", 2**62) + b"abc.", "cut short"),
    "text beyond the end": (b"\x8d" + struct.pack("<Q", 2**62) + b"abc.", "damaged"),
    "frame beyond the end": (b"\x80\x04\x95" + struct.pack("<Q", 2**62), "cut short"),
    "empty stack": (b".", "not there"),
    "no mark": (b"t.", "a mark"),
    "append to text": (b"X\x01\x00\x00\x00aNa.", "not a list"),
    "entry of a list": (b"]NNs.", "not a dictionary"),
    "odd entries": (b"}(NNNu.", "no value"),
    "call of a text": (b"X\x01\x00\x00\x00a)R.", "not a class"),
    "called with a list": (b"cm\nf\n]R.", "not a tuple"),
    "name of numbers": (b"K\x01K\x02\x93.", "not text"),
    "state of a text": (b"X\x01\x00\x00\x00a}b.", "state"),
    "name of 1 MB": (b"c" + b"m" * 1_000_000 + b"\nf\n.", "1000 characters"),
    "out of band": (b"\x80\x05\x97.", "outside the file"),
    "not UTF-8": (b"X\x02\x00\x00\x00\xff\xfe.", "damaged"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_pickle_ends_in_one_sentence(kind: str, tmp_path: Path):
    data, words = HOSTILE[kind]
    assert words in problem(data)
    path = tmp_path / "a.pkl"
    path.write_bytes(data)
    assert isinstance(outcome(read, path), str)


def _exponential() -> bytes:
    # t = (t, t), sixty times: hashing it once takes 2⁶⁰ steps.
    return b"\x80\x02}(X\x01\x00\x00\x00at" + b"2\x86" * 60 + b"K\x01s."


def test_an_exponential_tuple_as_a_key_costs_nothing(tmp_path: Path):
    got, _, _ = machine(_exponential())
    assert isinstance(got, Table)
    assert isinstance(got.pairs[0][0], Items)
    path = tmp_path / "a.pkl"
    path.write_bytes(_exponential())
    assert "no arrays of numbers" in str(outcome(read, path))


def test_an_exponential_list_is_not_walked_through(tmp_path: Path):
    path = tmp_path / "a.pkl"
    path.write_bytes(b"\x80\x02](K\x01e" + b"2\x86" * 60 + b".")
    assert "no arrays of numbers" in str(outcome(read, path))


def test_lists_of_the_same_list_are_not_gone_through(tmp_path: Path):
    value: list[object] = [1]
    for _ in range(6):
        value = [value] * 1000
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(value))
    assert "no arrays of numbers" in str(outcome(read, path))


def test_text_without_end_is_refused():
    account = Account(text=1000)
    data = pickle.dumps(["x" * 600, "y" * 600])
    with pytest.raises(FileProblem, match="more text"):
        Machine(Source(io.BytesIO(data), 0, len(data), account), account).run()


def _array(dtype: bytes, shape: bytes, data: bytes, state: bytes = b"NNN") -> bytes:
    kind = b"cnumpy\ndtype\nU" + bytes([len(dtype)]) + dtype + b"K\x00K\x01\x87R(K\x03U\x01<" + state
    made = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01" + shape
    return made + kind + b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" + data + b"tb."


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (_array(b"f8", b"K\x05\x85", b"U\x08" + bytes(8)), "8 bytes of numbers where its shape (5) needs 40"),
        (_array(b"f8", b"J\xff\xff\xff\xff\x85", b"U\x08" + bytes(8)), "impossible shape"),
        (_array(b"f8", b"\x8a\x0a" + b"\x7f" * 10 + b"\x85", b"U\x08" + bytes(8)), "far more"),
        (_array(b"f8", b"K\x05", b"U\x08" + bytes(8)), "needs 40"),
        (_array(b"O8", b"K\x01\x85", b"]cposix\nsystem\n)Ra"), "posix.system"),
        (_array(b"O8", b"K\x01\x85", b"]Na"), "array of Python objects"),
        (_array(b"V8", b"K\x01\x85", b"U\x08" + bytes(8)), "no arrays"),
        (_array(b"f9999999999", b"K\x01\x85", b"U\x08" + bytes(8)), "no arrays"),
        (_array(b"f8", b"K\x01\x85", b"U\x08" + bytes(8), state=b"K\x01K\x01K\x01"), "no arrays"),
    ],
)
def test_arrays_that_contradict_themselves(data: bytes, words: str, tmp_path: Path):
    path = tmp_path / "a.pkl"
    path.write_bytes(data)
    assert words in str(outcome(read, path))


# ---- any bytes


OPERATIONS = [o.code.encode("latin-1") for o in pickletools.opcodes]
ARGUMENTS = [b"", b"\x00", b"\x01", b"\x02\x00\x00\x00ab", b"posix\nsystem\n", b"collections\nOrderedDict\n", b"1\n", b"'a'\n",
             b"\x01\x00\x00\x00\x00\x00\x00\x00", b"numpy\ndtype\n", b"numpy.core.multiarray\n_reconstruct\n"]  # fmt: skip
PROGRAMS = st.lists(st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(ARGUMENTS)), max_size=60)


@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_value_or_one_sentence(data: bytes):
    try:
        machine(data)
    except FileProblem as error:
        assert str(error).isprintable()


@settings(max_examples=400)
@given(PROGRAMS)
def test_any_operations_end_in_a_file_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, program: list[tuple[bytes, bytes]]
):
    path = tmp_path_factory.getbasetemp() / "any.pkl"
    path.write_bytes(b"".join(o + a for o, a in program) + b".")
    outcome(read, path)


def test_names_that_act_are_known():
    for name in (
        "os.system", "posix.system", "nt.system", "subprocess.Popen", "builtins.eval", "builtins.__import__", "runpy.x",
        "importlib.import_module", "pty.spawn", "torch.load", "numpy.load", "webbrowser.open", "ctypes.CDLL",
    ):  # fmt: skip
        assert acts(name)
    for name in ("collections.OrderedDict", "torch.Size", "numpy.dtype", "builtins.set", "argparse.Namespace", "osmium.system"):
        assert not acts(name)


def test_a_named_class_is_only_its_name():
    got, _, _ = machine(b"cno.such.module\nThing\n.")
    assert got == Named("no.such.module.Thing")
