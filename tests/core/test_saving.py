"""Writing files: the old one or the whole new one, whatever stands there, whoever writes, and if the app is killed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import IO

import pytest

from core import saving
from core.saving import PART, SavingError, save_all, save_bytes, save_with

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="as Linux has it")
ROOT = Path(__file__).parents[2]


ANYBODY = 65534
DROP = f"""\
import os
import core.saving
if os.geteuid() == 0:
    os.setgroups([]), os.setresgid(*3 * [{ANYBODY}]), os.setresuid(*3 * [{ANYBODY}])
"""


def as_anybody(code: str) -> str:
    """Run code as somebody who may not write everywhere; returns what it prints."""
    whole = DROP + textwrap.dedent(code)
    run = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture
def anybodys(tmp_path: Path) -> Path:
    """A folder that belongs to the one as whom `as_anybody` runs."""
    if os.geteuid() == 0:
        for folder in (tmp_path, *tmp_path.parents):
            if folder.stat().st_mode & 0o005 != 0o005:
                folder.chmod(folder.stat().st_mode | 0o055)
        os.chown(tmp_path, ANYBODY, ANYBODY)
    return tmp_path


def test_links_are_followed_and_a_loop_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "to").symlink_to("file")
    save_bytes(tmp_path / "to", b"new")
    assert (tmp_path / "to").is_symlink() and (tmp_path / "file").read_bytes() == b"new"
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(SavingError, match="a is a link that leads back to itself"):
        save_bytes(tmp_path / "a", b"new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "file", "to"]


@LINUX
def test_a_read_only_file_and_a_folder_are_left_alone(anybodys: Path) -> None:
    said = as_anybody(f"""\
        from pathlib import Path
        from core.saving import SavingError, save_bytes
        folder = Path({str(anybodys)!r})
        (folder / "mine").write_bytes(b"precious")
        (folder / "mine").chmod(0o444)
        (folder / "closed").mkdir()
        (folder / "closed" / "old").write_bytes(b"precious")
        (folder / "closed").chmod(0o555)
        for path in ("mine", "closed/old", "closed/new"):
            try:
                save_bytes(folder / path, b"new")
            except SavingError as error:
                print(error)
        print(*(p.read_bytes() for p in (folder / "mine", folder / "closed" / "old")))
        """)
    mine, old, new, kept = said.splitlines()
    assert mine.endswith("mine is read-only; choose another name, or allow writing to it")
    for line, name in ((old, "old"), (new, "new")):
        assert line.endswith(f"{name} cannot be written (Permission denied); choose another folder or name")
    assert kept == "b'precious' b'precious'"
    assert sorted(p.name for p in anybodys.rglob("*")) == ["closed", "mine", "old"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_permissions_are_kept_and_a_new_file_has_the_usual_ones(tmp_path: Path, mode: int) -> None:
    new, old, usual = tmp_path / "new", tmp_path / "old", tmp_path / "usual"
    usual.write_bytes(b"")
    old.write_bytes(b"")
    old.chmod(mode)
    for path in (new, old):
        save_bytes(path, b"x")
    assert stat.S_IMODE(old.stat().st_mode) == mode
    assert new.stat().st_mode == usual.stat().st_mode


@LINUX
def test_what_is_no_file_on_a_disk_is_written_to_and_stays_what_it_is(tmp_path: Path) -> None:
    code = "from core.saving import save_bytes; from pathlib import Path; save_bytes(Path('/dev/stdout'), b'all of it')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, timeout=60)
    assert (run.stdout, run.stderr) == (b"all of it", b"")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    save_bytes(pipe, b"through it")
    assert os.read(reader, 100) == b"through it" and stat.S_ISFIFO(pipe.stat().st_mode)
    os.close(reader)


def test_where_the_last_of_several_cannot_be_written_none_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"precious")

    def write(file: IO[bytes]) -> None:
        file.write(b"new")

    with pytest.raises(SavingError, match="cannot be written"):
        save_all({tmp_path / "a": write, tmp_path / "b" / "c": write})
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"precious"]


WRITER = """\
import sys
from pathlib import Path
from core.saving import save_with
def write(file):
    for n in range(64):
        file.write(b"new" * 100_000)
        if n == 8:
            file.flush()
            print("in the midst", flush=True)
            sys.stdin.read()
save_with(Path({path!r}), write)
"""


@LINUX
def test_killed_in_the_midst_the_old_file_is_whole_and_what_was_begun_goes_later(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"precious")
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER.format(path=str(out))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == b"in the midst\n"
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        process.stdin.close()
        process.stdout.close()
    assert out.read_bytes() == b"precious"
    long_ago = time.time() - 2 * saving.OLD
    for begun in tmp_path.glob(f".*{PART}"):
        os.utime(begun, (long_ago, long_ago))
    save_bytes(out, b"new")
    assert out.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [out]


def test_what_a_killed_app_began_elsewhere_goes_with_the_next_file(tmp_path: Path) -> None:
    old, young, foreign = tmp_path / f".old{PART}", tmp_path / f".young{PART}", tmp_path / ".other.part"
    for path in (old, young, foreign):
        path.write_bytes(b"half of ")
    long_ago = time.time() - 2 * saving.OLD
    for path in (old, foreign):
        os.utime(path, (long_ago, long_ago))
    save_bytes(tmp_path / "out", b"all")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([".other.part", young.name, "out"])


def test_what_the_writer_raises_comes_through(tmp_path: Path) -> None:
    def broken(file: IO[bytes]) -> None:
        file.write(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        save_with(tmp_path / "out", broken)
    assert list(tmp_path.iterdir()) == []
