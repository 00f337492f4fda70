"""Nothing that is typed is executed: any text gives a program, a diagnosis, or one clear sentence, and does nothing else."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir

import pytest
from helpers.hostile import CANARY, nothing_is_executed, poisoned, valid_python
from helpers.programs import SETTINGS
from helpers.seed_programs import COST_RISES, COST_RISES_MENDED, STUCK, WHY_PLUS
from hypothesis import example, given
from hypothesis import strategies as st

from core.complete import load
from core.diagnosis import Diagnosis, diagnose
from core.errors import NotationError
from core.program.ir import Program
from stepper import cli


@pytest.fixture(scope="module", autouse=True)
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let everything be imported that is only imported when it is first needed."""
    for text in (COST_RISES, STUCK, WHY_PLUS):
        load(text)
        diagnose(text)
    file = tmp_path_factory.mktemp("warm") / "mine.py"
    file.write_text(COST_RISES, "utf-8")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for target in (str(file), "no such thing"):
            cli.main(("diagnose", target))
            cli.main(("diagnose", target, "--json"))


def _one_sentence(error: BaseException) -> None:
    said = str(error)
    assert said and "\n" not in said and "Traceback" not in said, said


def _read(text: str) -> Program | None:
    with warnings.catch_warnings(), nothing_is_executed():
        warnings.simplefilter("error")
        try:
            return load(text)
        except NotationError as error:
            _one_sentence(error)
            return None


def _diagnosed(text: str) -> Diagnosis | None:
    with nothing_is_executed():
        try:
            return diagnose(text)
        except NotationError as error:
            _one_sentence(error)
            return None


@SETTINGS(300)
@given(
    st.one_of(
        st.text(), st.text(st.characters(categories=["Cs", "Cc", "Zs", "Nd"])), st.binary().map(lambda b: b.decode("latin-1"))
    )
)
@example("\ud800")
@example("\0")
@example("(" * 5000)
@example("x = " + "-" * 3000 + "1")
@example("# data\nX = " + "1" * 5000)
@example("# parameters\nW = 9 ** 9 ** 9\n")
@example("# parameters\nW = np.zeros((10 ** 6, 10 ** 6))\n")
def test_any_text(text: str) -> None:
    program = _read(text)
    assert program is None or isinstance(program, Program)
    assert isinstance(_diagnosed(text), Diagnosis | None)


@SETTINGS(400)
@given(valid_python())
def test_any_valid_python(text: str) -> None:
    program = _read(text)
    assert program is None or isinstance(program, Program)
    assert isinstance(_diagnosed(text), Diagnosis | None)


@SETTINGS(100)
@given(st.sampled_from((COST_RISES, COST_RISES_MENDED, STUCK, WHY_PLUS)).flatmap(poisoned))
def test_a_real_program_with_something_else_in_it(text: str) -> None:
    if _read(text) is not None:
        found = _diagnosed(text)
        if found is not None and found.mended is not None:
            assert _read(found.mended) is not None, "what mends a program is a program"


@SETTINGS(60)
@given(text=st.one_of(st.text(), valid_python(), poisoned(WHY_PLUS)), as_json=st.booleans())
def test_the_command_line(text: str, as_json: bool) -> None:
    file = Path(gettempdir()) / "stepper_hostile.py"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), nothing_is_executed(file):
        status = cli.main(("diagnose", str(file), *(("--json",) if as_json else ())))
    assert status in (0, 1, 2)
    said = err.getvalue()
    assert (status == 2) == bool(said) and said.count("\n") == int(bool(said)) and "Traceback" not in said
    if as_json and out.getvalue():
        json.loads(out.getvalue(), parse_constant=pytest.fail)


def test_no_canary_was_ever_hatched() -> None:
    assert not (Path(gettempdir()) / CANARY).exists()


def _imports() -> None:
    with contextlib.suppress(ImportError):
        __import__("antigravity_")


@pytest.mark.parametrize(
    "does", [lambda: exec("1"), lambda: compile("1", "x", "eval"), lambda: Path("/etc/passwd").read_bytes(), _imports],
    ids=["exec", "compile", "open", "import"],
)  # fmt: skip
def test_the_guard_hears_what_it_should(does: Callable[[], object]) -> None:
    """With a deaf guard the other tests would pass as well."""
    with pytest.raises(AssertionError), nothing_is_executed():
        does()
