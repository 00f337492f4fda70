"""`stepper diagnose` as a teacher scripts it: what it prints, and its exit status."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.seed_programs import COST_RISES, COST_RISES_MENDED, SEEDS, Seed

from core.diagnosis import FAULTS
from stepper import cli

FAULT_KEYS = ["line", "text", "fault", "expected", "confirmed_by", "ties"]


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    try:
        status = cli.main(argv)
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def as_json(capsys: pytest.CaptureFixture[str], file: Path) -> tuple[int, dict[str, Any]]:
    status, out, err = run(capsys, "diagnose", str(file), "--json")
    assert err == "" and out.count("\n") == 1
    return status, json.loads(out, parse_constant=pytest.fail)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return tmp_path / "mine.py"


def test_the_first_seed_is_status_1_with_both_faults(capsys: pytest.CaptureFixture[str], mine: Path) -> None:
    mine.write_text(COST_RISES, "utf-8")
    status, found = as_json(capsys, mine)
    assert status == 1
    assert list(found) == ["loss", "loss_assumed", "parameters", "faults", "hints", "problem"]
    assert (found["loss"], found["loss_assumed"], found["problem"]) == ("cost = (Y - A2) ** 2", False, "")
    assert [list(p) for p in found["parameters"]] == [["name", "verdict", "factor", "cosine"]] * 4
    assert {p["name"]: p["verdict"] for p in found["parameters"]} == dict.fromkeys(("w1", "b1", "w2", "b2"), "wrong")
    assert [list(f) for f in found["faults"]] == [FAULT_KEYS] * 2
    assert [(f["line"], f["fault"], f["expected"]) for f in found["faults"]] == [
        (26, "sign", "error_gradient = 2 * (A2 - Y)"), (29, "operand", "dw2 = np.dot(dA2, A1.T)"),
    ]  # fmt: skip
    assert all(f["text"] == COST_RISES.split("\n")[f["line"] - 1] for f in found["faults"])


def test_the_text_ends_with_the_verdict(capsys: pytest.CaptureFixture[str], mine: Path) -> None:
    mine.write_text(COST_RISES, "utf-8")
    status, out, err = run(capsys, "diagnose", str(mine))
    assert (status, err) == (1, "")
    assert out.startswith("mine.py\n") and out.endswith("wrong: w1, b1, w2 and b2; 2 faults found: lines 26 and 29\n")
    assert "       dw2 = np.dot(dA2, A1.T)\n" in out
    status, out, _ = run(capsys, "diagnose", str(mine), "--show", "hint")
    assert status == 1 and "line 2" not in out and "A1.T" not in out


@pytest.mark.parametrize("text", [COST_RISES_MENDED, COST_RISES_MENDED.replace("2 * (A2 - Y)", "A2 - Y")], ids=["right", "half"])
def test_right_is_status_0_also_up_to_a_factor(capsys: pytest.CaptureFixture[str], mine: Path, text: str) -> None:
    mine.write_text(text, "utf-8")
    status, found = as_json(capsys, mine)
    assert status == 0 and found["faults"] == []
    assert {p["verdict"] for p in found["parameters"]} == {"right" if text == COST_RISES_MENDED else "right up to a factor"}
    assert run(capsys, "diagnose", str(mine))[0] == 0


@pytest.mark.parametrize("seed", SEEDS, ids=lambda s: s.name)
def test_every_seed_as_it_was_asked_and_mended(capsys: pytest.CaptureFixture[str], mine: Path, seed: Seed) -> None:
    mine.write_text(seed.asked, "utf-8")
    status, found = as_json(capsys, mine)
    assert status == (1 if seed.faults else 0)
    named = [(f["text"], f["fault"]) for f in found["faults"]]
    assert set(seed.faults) <= set(named), named
    assert all(f["fault"] in FAULTS for f in [*found["faults"], *found["hints"]])
    mine.write_text(seed.mended, "utf-8")
    status, found = as_json(capsys, mine)
    assert status == 0, found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = = 1\n", "line 1"),
        ("for i in range(3):\n    pass\n", "a `for` loop"),
        ("import os\n", "only `import numpy as np`"),
        ("# data\nX = np.ones((2, 2))\n# parameters\nW = np.ones((1, 2))\n# forward\nA = W @ X\n", "There is no loss"),
        (COST_RISES.replace("np.array([[0, 0, 1, 1], [0, 1, 0, 1]])", "inputs('not-there.csv')"), "not-there.csv"),
        ("", ""),
    ],
)
def test_what_cannot_be_diagnosed_is_one_sentence_and_status_2(
    capsys: pytest.CaptureFixture[str], mine: Path, text: str, words: str
) -> None:
    mine.write_text(text, "utf-8")
    status, out, err = run(capsys, "diagnose", str(mine))
    assert status == 2 and out == ""
    assert words in err and err.count("\n") == 1 and "Traceback" not in err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("no-such.py",), "neither a built-in"),
        (("digits",), "describes a network"),
        (("xor", "--show", "all"), "invalid choice"),
        ((), "TARGET"),
    ],
)
def test_what_is_no_target_is_one_sentence_and_status_2(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], words: str
) -> None:
    status, out, err = run(capsys, "diagnose", *argv)
    assert status == 2 and out == "" and words in err and err.count("\n") == 1


def test_with_json_a_problem_is_told_twice(capsys: pytest.CaptureFixture[str], mine: Path) -> None:
    mine.write_text("# data\nX = np.ones((2, 2))\n# parameters\nW = np.ones((1, 2))\n# forward\nA = W @ X\n", "utf-8")
    status, out, err = run(capsys, "diagnose", str(mine), "--json")
    assert status == 2 and json.loads(out)["problem"] in err


def test_built_ins_and_lessons_are_targets(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "diagnose", "xor")
    assert status == 0 and "derived by the app" in out
    assert run(capsys, "diagnose", "lesson:cost-rises:wrong")[0] == 1
    assert run(capsys, "diagnose", "lesson:cost-rises:mended")[0] == 0


def test_the_readme_shows_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    command, shown = re.findall(r"```\n\$ stepper (diagnose [^\n]*)\n(.*?)```", readme, re.DOTALL)[0]
    assert run(capsys, *command.split())[1] == shown, "write the transcript in the README anew"


def test_files_that_the_text_names_lie_beside_it(
    capsys: pytest.CaptureFixture[str], mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(mine.with_name("mine.npz"), X=np.array([[0, 0, 1, 1], [0, 1, 0, 1]]))
    mine.write_text(COST_RISES.replace("np.array([[0, 0, 1, 1], [0, 1, 0, 1]])", 'values("mine.npz", "X")'), "utf-8")
    monkeypatch.chdir("/")
    status, found = as_json(capsys, mine)
    assert status == 1 and [f["line"] for f in found["faults"]] == [26, 29]


def test_numbers_that_are_not_finite_are_null(capsys: pytest.CaptureFixture[str], mine: Path) -> None:
    mine.write_text(
        COST_RISES.replace("[[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]", "[[1e308, 0.2], [1e308, 0.4], [np.nan, 0.6]]"), "utf-8"
    )
    status, found = as_json(capsys, mine)
    assert status == 1 and found["faults"]
    assert all(p["cosine"] is None or -1.1 < p["cosine"] < 1.1 for p in found["parameters"])


def test_it_is_the_text_as_typed_that_is_looked_at(capsys: pytest.CaptureFixture[str], mine: Path) -> None:
    """Comments, empty lines, Windows line ends and a byte order mark move no line."""
    text = "\ufeff" + COST_RISES.replace("dw2 = np.dot(dA2, A2.T)", "dw2  =  np.dot( dA2,A2.T )  # is it?").replace("\n", "\r\n")
    mine.write_bytes(("\r\n" + text).replace("\ufeff", "").encode("utf-8-sig"))
    status, found = as_json(capsys, mine)
    assert status == 1 and [f["line"] for f in found["faults"]] == [27, 30]
    assert found["faults"][1]["text"].startswith("dw2  =  np.dot( dA2,A2.T )")


def test_help_tells_the_status_and_the_levels(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "diagnose", "--help")
    assert status == 0 and "exit status: 0 right" in out and re.search(r"\{hint,place,fault,mend\}", out)
    assert "diagnose" in run(capsys, "--help")[1]


def test_lessons_are_listed_and_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, err = run(capsys, "lesson", "list")
    assert (status, err) == (0, "") and "cost-rises" in out
    assert run(capsys, "lesson", "show", "no-such")[0] == 2
    assert run(capsys, "lesson", "check", str(tmp_path / "none.lesson.toml"))[0] == 2
    (tmp_path / "mine.lesson.toml").write_text("title = 'a lesson without a program'\n", "utf-8")
    status, out, _ = run(capsys, "lesson", "check", str(tmp_path / "mine.lesson.toml"))
    assert status == 1 and out
    assert run(capsys, "lesson")[0] == 2
