"""Which text is diagnosed when, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from helpers.written import COLUMNS

from core.diagnosis import Diagnosis
from stepper.diagnosing import Diagnosing
from stepper.models.diagnosis_state import ALL, FAULT, HINT, PLACE
from stepper.settings import Settings

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

WRONG = COLUMNS.replace("(A2 - Y) * A2", "(Y - A2) * A2")
TWO = WRONG.replace("dW1 = dZ1 @ X.T", "dW1 = 3 * dZ1 @ X.T")
FORWARD = COLUMNS[: COLUMNS.index("# backward")]
NO_LOSS = COLUMNS.replace("L = half_sse(A2, Y)\n", "")


@pytest.fixture
def made(qtbot: QtBot, settings: Settings) -> Diagnosing:
    return Diagnosing(settings)


@pytest.fixture
def settle(qtbot: QtBot, made: Diagnosing) -> Callable[[], None]:
    def wait() -> None:
        qtbot.waitUntil(lambda: not made.work.busy and not made._later.isActive(), timeout=60000)

    return wait


def names(made: Diagnosing) -> list[str]:
    assert made.state.diagnosis is not None
    return [f.fault for f in made.state.diagnosis.faults]


def test_a_text_is_diagnosed_when_asked(made: Diagnosing, settle: Callable[[], None]) -> None:
    told: list[tuple[Diagnosis, str]] = []
    made.diagnosed.connect(lambda d, text: told.append((d, text)))
    made.take(WRONG, None, "net")
    assert not made.state.busy and made.state.diagnosis is None and not made.state.current
    made.check()
    assert made.state.busy
    settle()
    assert made.state.current and made.state.of_open and names(made) == ["sign"] and not made.state.busy
    assert [text for _, text in told] == [WRONG]


def test_a_change_makes_it_out_of_date_at_once_and_undo_brings_it_back(made: Diagnosing, settle: Callable[[], None]) -> None:
    made.take(WRONG, None, "net")
    made.check()
    settle()
    found = made.state.diagnosis
    made.set_text(COLUMNS)
    assert made.state.diagnosis is found and not made.state.current and not made.state.busy
    made.set_text(WRONG)
    assert made.state.current
    made.set_text(COLUMNS)
    made.check()
    settle()
    assert made.state.current and not made.state.of_open and names(made) == []
    made.set_open(COLUMNS)
    assert made.state.of_open


def test_live_only_while_somebody_looks(made: Diagnosing, settle: Callable[[], None]) -> None:
    made.take(WRONG, None, "net")
    settle()
    assert made.state.diagnosis is None
    made.set_seen(True)
    settle()
    assert names(made) == ["sign"]
    made.set_text(COLUMNS)
    assert made._later.isActive()
    settle()
    assert made.state.current and names(made) == []
    made.toggle_live()
    made.set_text(WRONG)
    assert not made._later.isActive() and not made.state.current
    made.toggle_live()
    settle()
    assert made.state.current


def test_live_is_remembered(made: Diagnosing, settings: Settings) -> None:
    assert made.state.live
    made.toggle_live()
    assert not Diagnosing(settings).state.live


def test_what_cannot_be_read_is_said_and_the_rest_stays(made: Diagnosing, settle: Callable[[], None]) -> None:
    made.take(WRONG, None, "net")
    made.check()
    settle()
    made.set_text(WRONG + "dW1 = (\n")
    made.check()
    settle()
    s = made.state
    assert s.trouble.startswith("line ") and "Traceback" not in s.trouble and not s.current and names(made) == ["sign"]
    made.set_text(WRONG)
    assert not made.state.trouble and made.state.current


def test_a_change_gives_up_what_is_being_diagnosed(made: Diagnosing) -> None:
    made.take(WRONG, None, "net")
    made.check()
    made.set_text(COLUMNS)
    assert not made.work.busy and not made.state.busy and made.state.diagnosis is None
    made.check()
    made.cancel()
    assert not made.work.busy and not made.state.busy


def test_nothing_of_theirs(made: Diagnosing, settle: Callable[[], None]) -> None:
    made.take(FORWARD, None, "net")
    made.check()
    settle()
    assert made.state.derived and made.state.diagnosis is None and made.state.current and made.state.next_card is None
    made.take("", None, "")
    made.check()
    assert not made.state.busy


def test_what_was_opened_is_remembered_while_the_text_is_edited(made: Diagnosing, settle: Callable[[], None]) -> None:
    made.take(TWO, None, "net")
    made.check()
    settle()
    assert len(made.state.keys) == 2
    made.open_level(1, PLACE)
    made.set_text("# a line above all others\n" + TWO)
    made.check()
    settle()
    assert [made.state.level(k) for k in made.state.keys] == [0, PLACE] and made.state.at == 1
    first = made.state.cards[0]
    made.set_text(TWO.replace("(Y - A2) * A2", "(A2 - Y) * A2"))
    made.check()
    settle()
    assert first.text != made.state.cards[0].text
    assert [made.state.level(k) for k in made.state.keys] == [PLACE] and made.state.at == 0
    made.take(TWO, None, "another")
    assert not made.state.levels and made.state.diagnosis is None


def test_more_is_told_of_the_fault_that_one_is_at_then_of_the_next(made: Diagnosing, settle: Callable[[], None]) -> None:
    made.take(TWO, None, "net")
    made.check()
    settle()
    for level in range(1, ALL + 1):
        assert made.state.next_card == 0
        made.open_level(0, level)
    assert made.state.next_card == 1
    made.next_fault()
    assert made.state.at == 1
    made.open_level(1, ALL + 3)
    assert made.state.level(made.state.keys[1]) == ALL and made.state.next_card is None
    made.next_fault()
    assert made.state.at == 0
    made.go_to(7)
    assert made.state.at == 0


def test_a_teacher_sees_all_of_it(made: Diagnosing, settle: Callable[[], None]) -> None:
    made.take(TWO, None, "net")
    made.check()
    settle()
    made.open_level(0, HINT)
    made.show_all()
    assert [made.state.level(k) for k in made.state.keys] == [ALL, ALL] and made.state.next_card is None
    made.show_all()
    assert [made.state.level(k) for k in made.state.keys] == [HINT, 0]
    assert FAULT < ALL


def test_another_loss_can_be_assumed(made: Diagnosing, settle: Callable[[], None]) -> None:
    made.take(NO_LOSS, None, "net")
    made.check()
    settle()
    d = made.state.diagnosis
    assert d is not None and d.loss_assumed and d.right and "half_sse" in d.loss
    made.choose_loss("bce")
    settle()
    d = made.state.diagnosis
    assert d is not None and d.loss_assumed and "bce" in d.loss and not d.right and made.state.loss == "bce"
    made.choose_loss("")
    settle()
    d = made.state.diagnosis
    assert d is not None and "half_sse" in d.loss


def test_files_lie_beside_the_program(made: Diagnosing, settle: Callable[[], None], tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("a,b,y\n0,1,1\n1,0,0\n1,1,1\n", "utf-8")
    made.take(COLUMNS, tmp_path, "net")
    assert made.state.folder == tmp_path
    made.check()
    settle()
    assert made.state.current
