"""What a file is, by its contents: first bytes, a zip's directory. Its name only tells when it says otherwise."""

from __future__ import annotations

import bz2
import io
import lzma
import pickletools
import re
import stat
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.files.kinds import NAMES, READER_OF, SUFFIXES
from core.files.limits import LIMITS
from core.files.onnx_format.protobuf import protobuf
from core.files.problem import FileProblem, shown
from core.files.zip_safe import Zip

HEAD = 65_536
_HDF5 = b"\x89HDF\r\n\x1a\n"
_TORCH_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_HTML = re.compile(rb"\s*<(!doctype\s+html|html|head|body|script|!--|\?xml|svg)", re.IGNORECASE)
_NUMBER_LINE = re.compile(r"^\s*[-+]?(\d|\.\d|nan|inf)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is: its kind, the module that reads it, its name for a person, and what it is packed in ("" or 'gzip' …)."""

    format: str
    reader: str
    name: str
    packing: str = ""


def sniff(path: Path) -> Kind:
    """Return what a file is.

    Raises:
        FileProblem: if it is nothing that can be read, or something else than its name says: which, and what to do.
    """
    try:
        state = path.stat()
    except FileNotFoundError:
        raise FileProblem("there is no such file; check the name and the folder") from None
    except ValueError:
        raise FileProblem("this is no name of a file; check it") from None
    if stat.S_ISDIR(state.st_mode):
        if (path / "saved_model.pb").is_file():
            return _kind("savedmodel")
        raise FileProblem("it is a folder; open a file in it")
    if not stat.S_ISREG(state.st_mode):
        raise FileProblem("it is a device or a pipe, no file; open a plain file")
    if not state.st_size:
        raise FileProblem("it is empty (0 bytes); download or save it again")
    with path.open("rb") as file:
        head = file.read(HEAD)
        format, packing = _format(file, head, state.st_size, path)
    return _agreeing(path.suffix.lower(), format, packing)


def _agreeing(suffix: str, format: str, packing: str) -> Kind:
    """Return the kind, unless the file's name promises another one."""
    name, right = NAMES[format]
    if suffix in SUFFIXES and format not in SUFFIXES[suffix]:
        raise FileProblem(
            f"it is {name}, although its name ends in {suffix}; rename it to end in {right} to open it as what it is"
        )
    return _kind(format, packing)


def _kind(format: str, packing: str = "") -> Kind:
    return Kind(format, READER_OF.get(format, ""), NAMES[format][0], packing)


def _format(file: IO[bytes], head: bytes, size: int, path: Path) -> tuple[str, str]:
    suffix = path.suffix.lower()
    if head.startswith(b"version https://git-lfs"):
        raise FileProblem(
            "it is a Git LFS pointer, a short text in place of the real file; get that one with 'git lfs pull', or download it"
        )
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _in_zip(path), ""
    if head[:4] == b"ZF0x":
        raise FileProblem("it was written by joblib before 0.10; open it there and joblib.dump it again")
    # Its first bytes are a length, which can be those of any packing: 376 is 78 01, as zlib begins.
    surely = _by_shape(head, size, suffix) if head[4:8] == b"\0\0\0\0" else ""
    packing = "" if surely else _packing(head)
    if packing:
        return _packed(head, packing), packing
    format = surely or _by_magic(file, head) or _by_shape(head, size, suffix) or _pickle(file, head, size)
    if format:
        return format, ""
    if head.lstrip().startswith(b"<?xml") and b"<html" not in head.lower():
        raise FileProblem(
            "it is XML, such as PMML, which this app does not read; save the network as .onnx or its weights as .npz"
        )
    if _HTML.match(head):
        raise FileProblem("it is a web page, saved in place of the file; download the file itself, not the page that shows it")
    format = _text(head) or protobuf(file, size, suffix)
    if format:
        return format, ""
    raise _unknown(suffix)


def _unknown(suffix: str) -> FileProblem:
    if suffix in SUFFIXES:
        name = NAMES[SUFFIXES[suffix][0]][0]
        return FileProblem(f"it is not {name}, although its name ends in {suffix}: it is damaged or something else; save it anew")
    return FileProblem(
        "it is nothing that this app reads; save the network as .npz, .safetensors, .onnx, .keras or a PyTorch state dict (.pt)"
    )


def _by_magic(file: IO[bytes], head: bytes) -> str:
    """Return what the first bytes say without doubt, "" if nothing."""
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if head.startswith((b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file")):
        return "mat"
    if head.startswith(b"GGUF"):
        return "gguf"
    if head[4:8] == b"TFL3":
        raise FileProblem("it is a TensorFlow Lite model, which is not read here; turn it into .onnx with tf2onnx")
    if head.startswith(_TORCH_LEGACY):
        return "torch-legacy"
    # An HDF5 file may begin at 0, 512, 1024, …: what is before is the user's own.
    at = 0
    while at < HEAD:
        if head[at : at + 8] == _HDF5:
            return "h5"
        at = max(512, at * 2)
    if head[257:262] == b"ustar":
        return _in_tar(file)
    return ""


def _by_shape(head: bytes, size: int, suffix: str) -> str:
    """Return 'safetensors' if there is a length and then JSON."""
    length = int.from_bytes(head[:8], "little")
    likely = head[8:9] == b"{" and (length < 2**48 or suffix == ".safetensors")
    return "safetensors" if likely and (length <= size or suffix == ".safetensors" or length >= 2**32) else ""


def _pickle(file: IO[bytes], head: bytes, size: int) -> str:
    """Return 'pickle' if the bytes are instructions of one. They are only split into instructions, none is followed."""
    if not _begins_pickle(head):
        return ""
    file.seek(max(0, size - 1))
    return "pickle" if head[:1] == b"\x80" or (file.read(1) == b"." and _instructions(head, size)) else ""


def _begins_pickle(head: bytes) -> bool:
    if head[:1] == b"\x80":
        return head[1:2] != b"" and 2 <= head[1] <= 5
    return head[:1] != b"" and head[:1] in b"(]})lcdVSUXKJMGIFNL\x88\x89\x8a"


def _instructions(head: bytes, size: int) -> bool:
    """Return whether what has no mark of a pickle (Python 2 wrote none) is a row of its instructions. None is followed."""
    count = 0
    try:
        for opcode, _, position in pickletools.genops(io.BytesIO(head)):
            count += 1
            if opcode.name == "STOP":
                return position == size - 1 and count > 1
            if count >= 200:
                return True
    except Exception:
        # genops says what it does not understand with several types of error, such as bytes that Python 2 wrote as text.
        return count >= 20
    return False


def _text(head: bytes) -> str:
    """Return 'json', 'tfjs' or 'csv' for text of that kind, "" for anything else."""
    try:
        text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) < HEAD or error.start < HEAD - 4 or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return ""
        text = head[: error.start].decode("utf-8-sig")
    if any(ord(c) < 32 and c not in "\t\n\r\f" for c in text):
        return ""
    start = text.lstrip()[:1]
    if start and start in "{[":
        return "tfjs" if '"modelTopology"' in text and '"weightsManifest"' in text else "json"
    lines = [n for n in text.splitlines() if n.strip()][:50]
    numbers = sum(1 for n in lines if _NUMBER_LINE.match(n) or any(_NUMBER_LINE.match(c) for c in re.split(r"[,;\t]", n)[1:]))
    if lines and numbers >= max(1, len(lines) - 3) // 2 and numbers:
        return "csv"
    if not lines:
        raise FileProblem("it holds nothing but blank lines; download or save it again")
    raise FileProblem(
        f"it is a text that begins with {shown(lines[0].strip(), 40)}, no network; open the file that holds the numbers"
    )


def _packing(head: bytes) -> str:
    for magic, name in ((b"\x1f\x8b\x08", "gzip"), (b"BZh", "bz2"), (b"\xfd7zXZ\0", "xz"), (b"]\0\0", "lzma")):
        if head.startswith(magic):
            return name
    is_zlib = head[:1] == b"\x78" and len(head) > 2 and int.from_bytes(head[:2], "big") % 31 == 0
    return "zlib" if is_zlib else ""


def unpacker(packing: str) -> Callable[[bytes, int], bytes]:
    """Return a function of (packed bytes, most bytes to give) that unpacks a stream of that packing piece by piece."""
    if packing in ("gzip", "zlib"):
        return zlib.decompressobj(31 if packing == "gzip" else 15).decompress
    if packing == "bz2":
        return bz2.BZ2Decompressor().decompress
    return lzma.LZMADecompressor(memlimit=LIMITS.unpacked).decompress


def _packed(head: bytes, packing: str) -> str:
    """Return 'pickle' if one is packed there, as joblib does; anything else must be unpacked by hand."""
    try:
        inside = unpacker(packing)(head, HEAD)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
        raise FileProblem(f"it is packed with {packing} and damaged; download or save it again") from None
    if _begins_pickle(inside) and (inside[:1] == b"\x80" or _instructions(inside, len(inside))):
        return "pickle"
    if inside[257:262] == b"ustar":
        raise FileProblem("it is a packed tar archive; unpack it and open the file in it that holds the network")
    raise FileProblem(f"it is packed with {packing}; unpack it and open what is in it")


def _in_tar(file: IO[bytes]) -> str:
    """Return 'torch-tar' for the tar that the first versions of PyTorch wrote."""
    names: set[bytes] = set()
    at = 0
    for _ in range(16):
        file.seek(at)
        block = file.read(512)
        if len(block) < 512 or not block[0]:
            break
        names.add(block[:100].rstrip(b"\0"))
        try:
            at += 512 + (int(block[124:136].strip(b"\0 ") or b"0", 8) + 511) // 512 * 512
        except ValueError:
            break
    if {b"pickle", b"storages", b"tensors"} <= names:
        return "torch-tar"
    raise FileProblem("it is a tar archive; unpack it and open the file in it that holds the network")


def _in_zip(path: Path) -> str:
    """Return what the names in a zip say that it is."""
    with Zip(path, LIMITS) as archive:
        names = archive.names
    if not names:
        raise FileProblem("it is a zip archive with nothing in it; save the network anew")
    last = {n.rpartition("/")[2] for n in names}
    held = set(names)
    if "document.json" in held and path.suffix.lower() not in (".npz", ".pt"):
        return "stepper"
    if "archive_format" in last or any("/models/" in n and n.endswith(".json") for n in names):
        return "pt2"
    if "data.pkl" in last:
        folder = next(n for n in names if n.rpartition("/")[2] == "data.pkl").rpartition("/")[0]
        start = f"{folder}/" if folder else ""
        scripted = f"{start}constants.pkl" in held or any(n.startswith(f"{start}code/") for n in names)
        return "torchscript" if scripted else "torch"
    if any("serialized_exported_program" in n for n in last):
        return "pt2"
    if "config.json" in held and ("model.weights.h5" in held or "metadata.json" in held or "model.weights.npz" in held):
        return "keras"
    if "schema.json" in held:
        return "skops"
    if any(n.endswith(".npy") for n in names):
        return "npz"
    if path.suffix.lower() == ".npz":
        raise FileProblem("it is a zip archive without a single NumPy array in it; save the arrays anew with np.savez")
    known = next((n for n in names if Path(n).suffix.lower() in SUFFIXES), None)
    inside = f" and open {shown(known)}" if known else " and open the file in it that holds the network"
    raise FileProblem(f"it is a zip archive, but of none of the formats that this app reads; unpack it{inside}")
