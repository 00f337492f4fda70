"""The command line with files whose names, and whose tensors' names, are made to harm: a terminal, a path, a lookup."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.hostile_files import h5, keras, onnx_bytes, safetensors, sequential
from onnx import helper, numpy_helper

from stepper.cli import main

ROOT = Path(__file__).parents[2]

EVIL = "W1<img src>\x1b]0;owned\x07\x9b31m\u202egnp\r\nstepper: fake\u2028"
"""Markup, a terminal's title and colour, a turn of direction, a second line."""
NAMES = (f"{EVIL}.weight", f"{EVIL}.bias", "../../../w7.weight", "/etc/w7", "__class__", "os.system")
BAD = {chr(n) for n in range(0xA0) if not chr(n).isprintable()} - {"\n"} | set("\u202e\u2066\u200f\u2028\ufeff\ud800")
FORMS = ("npz", "safetensors", "json", "onnx", "keras", "pkl")


def _made(form: str, path: Path, more: str = "") -> Path:
    """Write a network with such names; `more` makes them longer."""
    names = [n.replace(EVIL, EVIL + more) for n in NAMES]
    shapes = ((3, 2), (3,), (1, 3), (1,), (2,), (2,))
    values = {n: np.ones(s, "f4") for n, s in zip(names, shapes, strict=True)}
    if form == "npz":
        np.savez(path, **{n[:50_000]: v for n, v in values.items()})
    elif form == "json":
        path.write_text(json.dumps({n: v.tolist() for n, v in values.items()}))
    elif form == "pkl":
        path.write_bytes(pickle.dumps(values))
    elif form == "safetensors":
        header: dict[str, object] = {"__metadata__": {EVIL + more: EVIL + more, "__class__": "os.system"}}
        at = 0
        for n, v in {**values, "\ud800": np.zeros(0, "f4")}.items():
            header[n] = {"dtype": "F32", "shape": list(v.shape), "data_offsets": [at, at + v.nbytes]}
            at += v.nbytes
        path.write_bytes(safetensors(header, b"".join(v.tobytes() for v in values.values())))
    elif form == "onnx":
        node = helper.make_node
        nodes = [
            node("Gemm", ["x", names[0], names[1]], [EVIL + more], transB=1, name=EVIL + more),
            node(f"Odd{EVIL}", [EVIL + more], ["q"], name="o", domain=EVIL + more),
            node("Gemm", ["q", names[2], names[3]], ["y"], transB=1),
        ]
        path.write_bytes(onnx_bytes(nodes, [numpy_helper.from_array(v, n) for n, v in values.items()]))
    else:
        layers = [
            {"class_name": "Dense", "config": {"name": EVIL + more, "units": 3, "activation": EVIL + more,
                                               "batch_input_shape": [None, 2]}},
            {"class_name": EVIL + more, "config": {"name": "__class__"}},
        ]  # fmt: skip
        path.write_bytes(keras(sequential(*layers), h5(lambda f: f.create_dataset(EVIL.replace("/", ""), data=np.ones((2, 3))))))
    return path


def _run(capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main([str(w) for w in words])
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    out, err = capfd.readouterr()
    for text in (out, err):
        assert not BAD & set(text), words
        assert max(map(len, text.split("\n"))) < 40_000, words
    if status == 2:
        assert err.startswith("stepper: ") and err.count("\n") == 1 and len(err) < 2_100
    return status, out, err


@pytest.mark.parametrize("more", ["", "x" * 1_000_000])
@pytest.mark.parametrize("form", FORMS)
def test_no_name_in_a_file_reaches_the_terminal_as_it_is(
    form: str, more: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = _made(form, tmp_path / f"net.{form}", more)
    status, out, _ = _run(capfd, "inspect", path, "--json")
    assert status == 0
    assert all(len(t["name"]) <= 256 for t in json.loads(out)["tensors"])
    status, out, _ = _run(capfd, "inspect", path)
    assert status == 0 and "W1<img" in out and "\\x1b" in out
    for words in (["trace", path], ["check", path, "--iterations", 1, "--json"], ["diagnose", path]):
        _run(capfd, *words)


@pytest.mark.parametrize("form", FORMS)
def test_no_name_in_a_file_becomes_a_path(form: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    path = _made(form, folder / f"net.{form}")
    for ending in ("npz", "safetensors", "toml", "onnx", "stepper"):
        _run(capfd, "convert", path, "-o", folder / f"out.{ending}")
    wanted = {
        f"net.{form}",
        "out.weights.npz",
        "out.data.npz",
        *(f"out.{e}" for e in ("npz", "safetensors", "toml", "onnx", "stepper")),
    }
    assert {p.name for p in folder.iterdir()} <= wanted
    assert [p.name for p in folder.parent.iterdir()] == ["c"]
    assert not Path("/etc/w7").exists() and not Path("/etc/w7.npy").exists()
    if (folder / "out.safetensors").exists():
        status, out, _ = _run(capfd, "inspect", folder / "out.safetensors", "--json")
        names = {t["name"] for t in json.loads(out)["tensors"]}
        assert status == 0 and (form == "keras" or {"__class__", "os.system"} <= names)


@pytest.mark.parametrize("ending", ["npz", "py", "toml", "stepper", "h5"])
def test_no_name_of_a_file_reaches_the_terminal_as_it_is(ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"a\x1b[31m\u202egnp\nfake.{ending}"
    path.write_bytes(b"PK\3\4\0")
    for words in (["inspect", path], ["trace", path], ["diagnose", path], ["convert", path, "-o", tmp_path / "o.npz"]):
        assert _run(capfd, *words)[0] == 2


@pytest.mark.parametrize("command", ["inspect", "trace", "diagnose"])
@pytest.mark.parametrize("ending", ["npz", "py", "toml", "stepper", ""])
def test_what_is_no_plain_file_ends_in_a_sentence(
    command: str, ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A pipe that nobody writes into, a device without end, a folder, links in a circle: none is waited for or read."""
    if not hasattr(os, "mkfifo") or not Path("/dev/zero").exists():
        pytest.skip("this system has no named pipes")
    name = f"a.{ending}" if ending else "a"
    pipe, device, folder, circle = (tmp_path / k for k in ("pipe", "device", "folder", "circle"))
    for made in (pipe, device, folder, circle):
        made.mkdir()
    os.mkfifo(pipe / name)
    (device / name).symlink_to("/dev/zero")
    (folder / name).mkdir()
    (circle / name).symlink_to(circle / name)
    for place in (pipe, device, folder, circle):
        assert _run(capfd, command, place / name)[0] == 2


@pytest.mark.parametrize("command", [("trace",), ("inspect",), ("convert", "-o", "out.npz")])
def test_a_name_that_is_far_too_long_still_ends_in_what_to_do(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command[0], "x" * 5000, *command[1:]]) == 2
    said = capsys.readouterr().err
    assert len(said) < 2100 and said.count("\n") == 1
    assert "name too long" in said and said.rstrip().endswith("permissions")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to try")
@pytest.mark.parametrize("command", ["list", "inspect net.npz --json", "train net.npz --iterations 3"])
def test_a_full_disk_behind_the_output_is_one_sentence(command: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", W1=np.ones((3, 2)), b1=np.ones(2))
    words = [sys.executable, "-m", "stepper.cli", *command.split()]
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            words, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
    said = [line for line in run.stderr.splitlines() if not line.startswith("assumed: ")]
    assert run.returncode == 2
    assert said == ["stepper: the output cannot be written (No space left on device); make room, or send it elsewhere"]
