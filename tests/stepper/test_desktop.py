"""`stepper desktop`: an entry, media types and an icon in a person's own folder, and all of it gone again."""

from __future__ import annotations

import configparser
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from core.errors import StepperError
from stepper import desktop
from stepper.cli import main

SPACE = "{http://www.freedesktop.org/standards/shared-mime-info}"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "platform", "linux")
    return tmp_path / "data"


def entry(home: Path) -> configparser.SectionProxy:
    read = configparser.RawConfigParser()
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read(home / "applications" / "backprop-stepper.desktop", "utf-8")
    return read["Desktop Entry"]


def files(home: Path) -> list[str]:
    return sorted(str(p.relative_to(home)) for p in home.rglob("backprop-stepper.*"))


def test_install_writes_three_files_and_remove_takes_them_away(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["desktop", "install"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert files(home) == [
        "applications/backprop-stepper.desktop", "icons/hicolor/scalable/apps/backprop-stepper.svg",
        "mime/packages/backprop-stepper.xml",
    ]  # fmt: skip
    assert sum(line.startswith("wrote ") for line in told) == 3 and ".safetensors" in told[-2]
    assert main(["desktop", "install"]) == 0
    assert main(["desktop", "remove"]) == 0
    assert files(home) == []
    capsys.readouterr()
    assert main(["desktop", "remove"]) == 0
    assert capsys.readouterr().out == "there was nothing to remove\n"


def test_the_entry_starts_this_app_with_the_file(home: Path) -> None:
    desktop.install()
    found = entry(home)
    words = shlex.split(found["Exec"].replace("%%", "%"))
    assert words[1:] == ["open", "--from-desktop", "%f"] and Path(words[0]).is_file()
    assert found["Icon"] == "backprop-stepper" and (home / "icons/hicolor/scalable/apps/backprop-stepper.svg").is_file()
    assert set(found["MimeType"].strip(";").split(";")) == {name for name, *_ in desktop.TYPES}


def test_every_ending_has_a_media_type(home: Path) -> None:
    desktop.install()
    tree = ElementTree.parse(home / "mime" / "packages" / "backprop-stepper.xml").getroot()
    patterns = {g.attrib["pattern"] for g in tree.iter(f"{SPACE}glob")}
    assert patterns == {
        f"*{e}" for e in (".stepper", ".safetensors", ".npz", ".npy", ".onnx", ".keras", ".h5", ".hdf5", ".pt", ".pth")
    }
    assert [t.attrib["type"] for t in tree.iter(f"{SPACE}mime-type")] == [name for name, *_ in desktop.TYPES]


@pytest.mark.parametrize("path", ["/opt/my apps/stepper", '/a"b/$x`y\\z/stepper', "/50%/stepper", "/ünï/stepper"])
def test_any_place_of_the_app_is_quoted_as_an_entry_wants_it(path: str) -> None:
    line = next(x for x in desktop.entry_text([path]).splitlines() if x.startswith("Exec="))
    # Undone in the order of the specification: the texts of an entry, then the quoting, then the codes.
    text = line.removeprefix("Exec=").removesuffix(" open --from-desktop %f").replace("\\\\", "\\")
    assert text[0] == text[-1] == '"'
    out, rest = "", text[1:-1]
    while rest:
        at = 1 if rest[0] == "\\" else 0
        out, rest = out + rest[at], rest[at + 1 :]
    assert out.replace("%%", "%") == path


@pytest.mark.parametrize("path", ["/a\nExec=evil/stepper", "/a=b/stepper", "/a\x1b/stepper"])
def test_a_place_that_no_entry_can_hold_is_refused(path: str) -> None:
    with pytest.raises(StepperError):
        desktop.entry_text([path])


def test_the_tools_of_the_desktop_accept_what_is_written(home: Path) -> None:
    desktop.install()
    validate = shutil.which("desktop-file-validate")
    if validate:
        done = subprocess.run(
            [validate, str(home / "applications" / "backprop-stepper.desktop")], capture_output=True, check=False
        )
        assert done.returncode == 0 and not done.stdout, done.stdout
    if shutil.which("update-mime-database"):
        globs = (home / "mime" / "globs").read_text("utf-8")
        assert "application/x-safetensors:*.safetensors" in globs and "application/x-backprop-stepper:*.stepper" in globs


def test_missing_tools_are_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    told = desktop.install()
    assert sum("at your next login" in line for line in told) == 2


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.write_text("a file, where a folder should be", "utf-8")
    assert main(["desktop", "install"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert main(["desktop", "remove"]) in (0, 2)


@pytest.mark.parametrize(("system", "word"), [("win32", "right-click"), ("darwin", "Finder")])
def test_other_systems_are_told_how_to_do_it_by_hand(home: Path, monkeypatch: pytest.MonkeyPatch, system: str, word: str) -> None:
    monkeypatch.setattr(sys, "platform", system)
    for do in (desktop.install, desktop.remove):
        (line,) = do()
        assert word in line
    assert not home.exists()


def test_the_folder_is_that_of_the_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for said in ("", "not/absolute"):
        monkeypatch.setenv("XDG_DATA_HOME", said)
        assert desktop.data_home() == tmp_path / ".local" / "share"


def test_the_app_is_found_by_its_script_or_by_its_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "stepper"
    script.write_text("#!/bin/sh\n", "utf-8")
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no" / "python"))
    assert desktop.command() == (str(tmp_path / "no" / "python"), "-m", "stepper.cli")
    script.chmod(0o755)
    assert desktop.command() == (str(script),)
