"""The bad and hostile files that each must end in one sentence (/work/shared/FORMATS.md), in every format that can hold them."""

from __future__ import annotations

import io
import itertools
import json
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnx
from helpers import hostile_h5, hostile_pickles
from helpers.hostile_h5 import DENSE, SECRET, W, h5, keras, sequential
from helpers.hostile_pickles import Cases, in_zip, zipped
from onnx import TensorProto, helper, numpy_helper

KINDS = (1, 2, 3, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 17, 18, 20)
"""Those that have files here; 4, 11 and 13 are among 3, 10 and 12, and 19 is of every format's own tests."""


def hostile(folder: Path) -> Iterator[tuple[int, str, str]]:
    """Write each file into the folder; give the number of its kind, its name and words of its sentence ("" for a network).

    Words that are "*" allow both: a sentence, or a network.
    """
    secret = folder.parent / "secret.bin"
    secret.write_bytes(SECRET)
    kinds: dict[int, Cases] = {
        1: hostile_pickles.traps(folder / "canary"),
        2: _objects(),
        3: hostile_pickles.mazes(),
        5: hostile_pickles.storages(),
        6: _zips(),
        7: _renamed(),
        8: _headers(),
        9: _bombs(),
        10: _safetensors(),
        12: hostile_h5.leaks(secret),
        14: hostile_h5.declared(),
        15: hostile_h5.code(folder / "canary"),
        16: _elsewhere(secret),
        17: _graphs(),
        18: _none_at_all(),
        20: _texts(),
    }
    (folder / "link.bin").symlink_to(secret)
    for kind, cases in kinds.items():
        for name, data, words in cases:
            (folder / name).write_bytes(data)
            yield kind, name, words


def npy(array: Any) -> bytes:
    """Return a .npy file."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def headed(text: str, data: bytes = b"", version: int = 1) -> bytes:
    """Return a .npy file with any header."""
    raw = text.encode("latin-1")
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(raw)) + raw + data


def safetensors(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    """Return a .safetensors file; `header` is JSON, or what stands in its place."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def onnx_bytes(nodes: list[Any], tensors: list[Any]) -> bytes:
    """Return an ONNX file with one input x and one output y."""
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 2]) for n in "xy"]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], tensors)
    return onnx.ModelProto(ir_version=10, opset_import=[helper.make_opsetid("", 20)], graph=graph).SerializeToString()


def _objects() -> Cases:
    objects = np.array([{"a": 1}, None], dtype=object)
    yield "object.npy", npy(objects), "never opened"
    yield "object.npz", zipped({"ok.npy": npy(W), "W.npy": npy(objects)}), "'W' holds Python objects"
    yield "object.skops", zipped({"schema.json": b"{}", "W.npy": npy(objects)}), "holds Python objects"
    yield "structured.npy", npy(np.zeros(2, [("a", "f4"), ("b", "O")])), "Python objects"


def _zips() -> Cases:
    """Kind 6: members that are there twice, are not what was saved, share bytes, lie, or are named as paths."""
    wholes = {
        "npz": ("W.npy", zipped({"W.npy": npy(W), "b.npy": npy(W)})),
        "pt": ("net/data/0", in_zip(hostile_pickles.tensor(0, (4,), (1,), 4), **{"data/0": bytes(16)})),
        "keras": ("config.json", keras(sequential(DENSE), h5(lambda f: f.create_dataset("w", data=W)))),
        "skops": ("W.npy", zipped({"schema.json": b"{}", "W.npy": npy(W)})),
    }
    for ending, (name, whole) in wholes.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stream = io.BytesIO(whole)
            with zipfile.ZipFile(stream, "a") as archive:
                archive.writestr(name, b"other")
        yield f"double.{ending}", stream.getvalue(), "twice"
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            info = archive.getinfo(name)
            start = info.header_offset + 30 + len(name)
        wrong = bytearray(whole)
        wrong[start + info.file_size - 1] ^= 1
        yield f"crc.{ending}", bytes(wrong), "checksum differs"
        at = whole.index(b"PK\x01\x02")
        yield f"encrypted.{ending}", whole[: at + 8] + b"\x01" + whole[at + 9 :], "encrypted"
        yield f"method.{ending}", whole[: at + 10] + b"\x63" + whole[at + 11 :], "unusual way"
        yield f"size.{ending}", whole[: at + 24] + b"\xff\xff\xff\x7f" + whole[at + 28 :], "damaged"
        first, last = at, whole.rindex(b"PK\x01\x02")
        yield f"overlap.{ending}", whole[: last + 42] + whole[first + 42 : first + 46] + whole[last + 46 :], "overlaps"
        yield f"no directory.{ending}", whole[:at], "end is missing"
    yield "paths.npz", zipped({n: npy(W) for n in ("../../up.npy", "/etc/passwd.npy", "C:\\x.npy", ".npy")}), ""


def _renamed() -> Cases:
    data = b"\x80\x04cposix\nsystem\nX\x01\x00\x00\x00x\x85R."
    for ending in ("npz", "npy", "safetensors", "onnx", "keras", "h5", "json", "csv", "mat", "gguf", "skops"):
        yield f"pickle.{ending}", data, "is a Python pickle, although"


def _headers() -> Cases:
    """Kind 8, alone and within an archive."""
    ways = {
        "4TB": headed("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }\n", b"abc"),
        "negative": headed("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }\n", bytes(8)),
        "overflow": headed("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n", bytes(8)),
        "long": headed("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }" + " " * 50_000 + "\n", bytes(4)),
        "enormous": b"\x93NUMPY\x02\x00\xff\xff\xff\xff{",
        "code": headed("{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (1,), }\n", bytes(4)),
        "nested": headed("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "(" * 5000 + "), }\n", bytes(4)),
        "digits": headed("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 5000 + ",), }\n", bytes(4)),
        "zero bytes": headed("{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000000,), }\n"),
        "version": b"\x93NUMPY\x09\x00\x10\x00" + bytes(16),
    }
    for way, data in ways.items():
        words = "it holds no array of numbers" if way == "zero bytes" else "'W'"
        yield f"{way}.npy", data, "it "
        yield f"{way}.npz", zipped({"W.npy": data}), words
        yield f"{way}-packed.npz", zipped({"W.npy": data}, zipfile.ZIP_DEFLATED), words


def _bombs() -> Cases:
    zeros = headed("{'descr': '<f4', 'fortran_order': False, 'shape': (50000000,), }\n", bytes(200_000_000))
    bomb = zipped({"W.npy": zeros}, zipfile.ZIP_DEFLATED)
    yield "bomb.npz", bomb, "zip bomb"
    yield "bomb.pt", zipped({"net/data.pkl": zeros}, zipfile.ZIP_DEFLATED), "zip bomb"
    yield "bomb.keras", zipped({"config.json": zeros, "metadata.json": b"{}"}, zipfile.ZIP_DEFLATED), "zip bomb"
    yield "bomb.skops", zipped({"schema.json": zeros}, zipfile.ZIP_DEFLATED), "zip bomb"
    packed = zlib.compress(b"\x80\x02X\xff\xff\xff\x0e" + bytes(280_000_000), 1)
    yield "bomb.pkl", packed, "unpacks to more than"
    at = bomb.index(b"PK\x01\x02")
    said = struct.pack("<I", 60_000_000)
    yield "lying bomb.npz", bomb[: at + 24] + said + bomb[at + 28 :], "'W'"
    matrix = zlib.compress(struct.pack("<II", 14, 280_000_000) + bytes(280_000_000), 1)
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    yield "bomb.mat", head + struct.pack("<II", 15, len(matrix)) + matrix, "unpack"


def _safetensors() -> Cases:
    """Kinds 10 and 11."""
    f4 = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    ways: dict[str, tuple[Any, bytes, int | None, str]] = {
        "2**40": (b"{", b"", 2**40, "claims to be"), "2**64": (b"{", b"", 2**64 - 1, "claims to be"),
        "overlap": ({"a": f4, "b": {**f4, "data_offsets": [2, 6]}}, bytes(6), None, "overlap"),
        "same": ({"a": f4, "b": f4}, bytes(4), None, "overlap"),
        "hole": ({"a": f4, "b": {**f4, "data_offsets": [8, 12]}}, bytes(12), None, "belong to none"),
        "trailing": ({"a": f4}, bytes(9), None, "after its last tensor"), "short": ({"a": f4}, bytes(3), None, "cut short"),
        "backwards": ({"a": {**f4, "data_offsets": [4, 0]}}, bytes(4), None, "its place"),
        "double": (b'{"a":' + json.dumps(f4).encode() + b',"a":' + json.dumps(f4).encode() + b"}", bytes(4), None, "twice"),
        "F8": ({"a": {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]}}, bytes(4), None, "8 bits"),
        "huge": ({"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}, bytes(4), None, "no array has"),
        "float": ({"a": {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}}, bytes(4), None, "lacks"),
        "axes": ({"a": {"dtype": "F32", "shape": [1] * 5000, "data_offsets": [0, 4]}}, bytes(4), None, "no array has"),
        "metadata": ({"__metadata__": {"a": 3}, "a": f4}, bytes(4), None, "metadata"),
    }  # fmt: skip
    for way, (header, data, length, words) in ways.items():
        yield f"{way}.safetensors", safetensors(header, data, length), words


def _elsewhere(secret: Path) -> Cases:
    """Kind 16: numbers said to lie in another file; also the shards of TensorFlow.js."""
    for n, place in enumerate(
        ("../secret.bin", str(secret), "link.bin", "..", "", "sub/x", "C:\\secret", "/dev/zero", "gone.bin")
    ):
        tensor = numpy_helper.from_array(W, "W")
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=place)
        yield f"elsewhere {n}.onnx", onnx_bytes([helper.make_node("MatMul", ["x", "W"], ["y"])], [tensor]), "are "
        manifest = [{"paths": [place], "weights": [{"name": "W", "shape": [2, 3], "dtype": "float32"}]}]
        yield f"elsewhere {n}.json", json.dumps({"modelTopology": {}, "weightsManifest": manifest}).encode(), "are "


def _graphs() -> Cases:
    """Kind 17."""
    node = helper.make_node
    w = numpy_helper.from_array(W.T, "W")
    yield "circle.onnx", onnx_bytes([node("Relu", ["a"], ["y"]), node("Relu", ["y"], ["a"])], [w]), "circle"
    yield "double.onnx", onnx_bytes([node("MatMul", ["x", "W"], ["y"])], [w, w]), "twice"
    size = numpy_helper.from_array(np.array([10_000_000_000]), "s")
    yield "40GB.onnx", onnx_bytes([node("ConstantOfShape", ["s"], ["b"]), node("Add", ["x", "b"], ["y"])], [size]), ""
    for depth in (60, 5000):
        inner = _message((1, _message((1, b"x"), (2, b"y"), (4, b"Identity"))))
        for _ in range(depth):
            branch = _message((1, b"then_branch"), (6, inner)) + b"\xa0\x01\x05"
            inner = _message((1, _message((1, b"c"), (2, b"y"), (4, b"If"), (5, branch))))
        yield f"nested {depth}.onnx", b"\x08\x08" + _message((7, inner), (8, b"\x10\x15")), "nested too deep"
    chain = [node("Relu", [f"a{i}"], [f"a{i + 1}"]) for i in range(5_000)]
    yield "long.onnx", onnx_bytes([node("Relu", ["x"], ["a0"]), *chain], [w]), ""
    same = [node("Add", [f"a{i}", f"a{i}"], [f"a{i + 1}"]) for i in range(200)]
    yield "doubling.onnx", onnx_bytes([node("Relu", ["x"], ["a0"]), *same], [w]), ""
    claim = numpy_helper.from_array(W, "W")
    claim.dims[:] = [2**31, 2**31]
    yield "claims.onnx", onnx_bytes([node("MatMul", ["x", "W"], ["y"])], [claim]), "declares"


def _message(*fields: tuple[int, bytes]) -> bytes:
    """Write a protobuf message by hand: the library writes no more than 100 levels."""

    def varint(n: int) -> bytes:
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)

    return b"".join(varint(number << 3 | 2) + varint(len(data)) + data for number, data in fields)


ENDINGS = ("npz", "npy", "safetensors", "onnx", "keras", "h5", "weights.h5", "json", "pt", "pth", "pkl", "joblib", "csv", "skops",
           "mat", "gguf", "pb", "pt2")  # fmt: skip


def _none_at_all() -> Cases:
    texts = {
        "empty": (b"", "is empty"), "page": (b"\n<!DOCTYPE html>\n<html><body>404</body></html>", "web page"),
        "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git lfs pull"),
        "zeros": (bytes(5000), ""), "ones": (b"\xff" * 5000, ""),
    }  # fmt: skip
    for ending, (way, (data, words)) in itertools.product(ENDINGS, texts.items()):
        yield f"{way}.{ending}", data, words or "it "
    for ending in ENDINGS:
        other = safetensors({}) if ending != "safetensors" else npy(W)
        yield f"other.{ending}", npy(W) if ending not in ("npy", "safetensors") else other, "although"


def _texts() -> Cases:
    """Kind 20: JSON that is deep, or has an endless number, wherever a format has JSON."""
    deep, digits = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"a": [[' + b"7" * 5000 + b", 1]]}"
    for way, text, words in (("deep", deep, "nested"), ("digits", digits, "thousands of digits")):
        yield f"{way}.json", text, words
        yield f"{way}.safetensors", safetensors(text), words
        yield f"{way}.keras", keras(text), words
        yield f"{way}.skops", zipped({"schema.json": text}), words
        # An attribute of HDF5 holds 64 kB, another one as a text in its heap.
        data = h5(lambda f, t=text: f.attrs.create("model_config", t.decode(), dtype=h5py.string_dtype()))
        yield f"{way}.h5", data, words
        manifest = b'{"modelTopology": ' + text + b', "weightsManifest": []}'
        yield f"{way}-tfjs.json", manifest, words
    yield "nan.json", b'{"W": [[NaN, Infinity], [1, 2]]}', ""
    yield "huge.json", b'{"W": [[1' + b"0" * 390 + b", 1]]}", "no float64"
    yield "1e999.csv", b"1e999,2\n3,4\n", ""
    yield "wide.csv", b",".join([b"1"] * 300_000) + b"\n", ""
