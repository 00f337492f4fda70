"""Lessons in the window: opened everywhere, standing where they say, silent before an answer; nothing of a person's is lost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.lessons import TEXT
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.lessons.shipped import headings
from stepper import actions, app
from stepper.controller import Controller
from stepper.lesson_keeping import Keeping
from stepper.lessons import PANEL
from stepper.main_window import MainWindow
from stepper.models.lesson_state import SHOWN
from stepper.models.program_model import ROW_ROLE, Row
from stepper.running import NEAR
from stepper.settings import Settings
from stepper.views.course import CourseView
from stepper.views.lesson import LessonView
from stepper.views.operation import OperationView

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
FAR = """
[[step]]
title = "Far away"
text = "The weights are {value: W}."
stop = { iteration = 400, before = "Z" }
select = "W[1, 0]"
"""
SICK = """
title = "A sick one"
summary = "NaN."
[programs]
wrong = '''
# data
X = np.array([[0.0, 2.0]])
# parameters
W = np.array([[0.5]])
lr = 0.1
# forward
Z = W @ X
A = np.log(Z)
# loss
L = mean(A)
'''
[[step]]
title = "Before"
text = "Guess."
stop = { iteration = 1, after = "A" }
show = ["problems", "value"]
[step.question]
kind = "choice"
prompt = "Is the loss finite?"
options = ["yes", "no"]
answer = { choice = 2 }
explanation = "log 0."
"""


def settle(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until a step has been worked out and the window stands where it says."""
    lessons, c = window.lessons, window.controller

    def stands() -> bool:
        s = lessons.state
        return not s.busy and (s.lesson is None or s.shown is not None or bool(s.trouble)) and not c.running.active

    qtbot.waitUntil(stands, timeout=30000)
    window.drawer.draw_now()
    QApplication.processEvents()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.lesson.toml"
    path.write_text(TEXT + FAR, "utf-8")
    return path


@pytest.fixture
def fresh(qtbot: QtBot, settings: Settings) -> MainWindow:
    """The window as it is when it is started without a target."""
    made = MainWindow(Controller(), settings)
    qtbot.addWidget(made)
    made.set_theme("light")
    made.resize(1280, 720)
    made.show_first_page()
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def view_of(window: MainWindow) -> LessonView:
    view = window.panels.view(PANEL)
    assert isinstance(view, LessonView)
    return view


def place(window: MainWindow) -> tuple[int, int]:
    assert window.moment is not None
    return window.moment.position.iteration, window.moment.k


# -- opening -------------------------------------------------------------------------------------------


def test_from_the_first_page_by_keyboard(fresh: MainWindow, qtbot: QtBot) -> None:
    listed = fresh.first_page.lessons
    assert listed.count() >= 5 and listed.accessibleName() == "Lessons"
    assert listed.item(0).text().startswith("○  The cost rises: ")
    at: QApplication | object = fresh.first_page.watch_button
    for _ in range(8):
        if at is listed:
            break
        QTest.keyClick(at, Qt.Key.Key_Tab)  # type: ignore[arg-type]
        at = QApplication.focusWidget()
    assert at is listed
    QTest.keyClick(listed, Qt.Key.Key_Down)
    QTest.keyClick(listed, Qt.Key.Key_Up)
    QTest.keyClick(listed, Qt.Key.Key_Return)
    settle(fresh, qtbot)
    assert not fresh.at_first_page and fresh.panels.is_in_front(PANEL)
    assert view_of(fresh).head.title.text() == "The cost rises"
    focus = QApplication.focusWidget()
    assert focus is not None and view_of(fresh).isAncestorOf(focus)
    fresh.show_first_page()
    assert listed.item(0).text().startswith("◐  The cost rises") and "(begun)" in str(
        listed.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    )


def test_menu_and_palette_have_every_lesson() -> None:
    for heading in headings():
        item = actions.BY_ID[f"lesson:{heading.name}"]
        assert item.menu == actions.LESSONS and item.argument == f"lesson:{heading.name}"


def test_an_action_opens_one_and_the_panel_has_room(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_["lesson:cost-rises"].trigger()
    settle(window, qtbot)
    dock = window.panels.docks[PANEL]
    assert 330 <= dock.width() <= 460
    assert dock.x() > window.panels.width() // 2
    assert window.panels.is_in_front("program") and window.panels.is_in_front("network")


@pytest.mark.parametrize(("target", "steps"), [("lesson:stuck-at-one", 8), ("lesson:stuck-at-one:mended", 0)])
def test_a_target_opens_the_lesson_at_its_first_step(qtbot: QtBot, tmp_path: Path, target: str, steps: int) -> None:
    running = app.start(target, tmp_path / "s.ini")
    qtbot.addWidget(running.window)
    try:
        qtbot.wait(50)
        settle(running.window, qtbot)
        lesson = running.window.lessons.lesson
        assert (len(lesson.steps) if lesson is not None else 0) == steps
        assert running.window.panels.is_shown(PANEL) == bool(steps)
        assert running.window.lessons.state.at == 0
    finally:
        running.reporter.remove()


def test_a_file_of_a_teacher_opens_and_is_remembered(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    window.files.open(str(file))
    qtbot.waitUntil(lambda: window.lessons.lesson is not None)
    settle(window, qtbot)
    assert view_of(window).title.text() == "First"
    assert window.files.recent() == (str(file),)
    window.lessons.go(3)
    settle(window, qtbot)
    assert window.files.recent() == (str(file),)


@pytest.mark.parametrize(
    ("text", "said"), [("title = 3", "title"), ("[[step]]", "title"), (TEXT.replace("Z = W @ X", "Z = W @@ X"), "")]
)
def test_a_broken_file_is_one_sentence_and_nothing_is_lost(window: MainWindow, tmp_path: Path, text: str, said: str) -> None:
    window.controller.later("operation")
    path = tmp_path / "broken.lesson.toml"
    path.write_text(text, "utf-8")
    window.files.open(str(path))
    assert (said in window.message.text and window.message.text.startswith("broken.lesson.toml")) or said in window.message.text
    assert window.message.text and "Traceback" not in window.message.text
    assert window.windowTitle().startswith("xor") and place(window) == (1, 1)
    assert window.lessons.lesson is None


def test_a_step_that_does_not_hold_says_so_and_the_others_go_on(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "half.lesson.toml"
    path.write_text(TEXT.replace('text = "Now guess."', 'text = "It is {value: nobody}."'), "utf-8")
    window.files.open(str(path))
    qtbot.waitUntil(lambda: window.lessons.lesson is not None)
    settle(window, qtbot)
    window.lessons.next()
    settle(window, qtbot)
    assert "nobody" in view_of(window).text.toPlainText()
    window.lessons.next()
    settle(window, qtbot)
    assert view_of(window).title.text() == "A shape"


# -- standing ------------------------------------------------------------------------------------------


def test_each_step_stands_at_its_place_and_selects(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    assert window.lessons.open(str(file))
    settle(window, qtbot)
    for n, step in enumerate(window.lessons.lesson.steps):  # type: ignore[union-attr]
        window.lessons.go(n)
        settle(window, qtbot)
        shown = window.lessons.state.shown
        assert shown is not None and place(window) == (shown.place.iteration, shown.place.k)
        assert window.moment is not None
        assert (window.moment.selection.value, window.moment.selection.cell) == (shown.place.value, shown.place.cell)
        assert not window.lessons.state.away and step.index == n
    label = window.moment.program.values[window.moment.selection.value].label  # type: ignore[index,union-attr]
    assert label == "W" and window.moment is not None and window.moment.selection.cell == (1, 0)


def test_a_far_place_is_reached_in_pieces_with_the_right_numbers(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    assert NEAR < 400
    assert window.lessons.open(str(file))
    settle(window, qtbot)
    window.lessons.go(5)
    settle(window, qtbot)
    assert place(window) == (400, 0)
    W, X = np.array([[0.5], [0.25]]), np.array([[1.0, 2.0]])
    for _ in range(399):
        Z = W @ X
        W = W - 0.1 * (2 * Z / Z.size) @ X.T
    assert window.moment is not None
    now = window.moment.value(window.moment.selection.value)  # type: ignore[arg-type]
    np.testing.assert_allclose(now, W, rtol=1e-12)


def test_the_way_to_a_far_place_can_be_stopped(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "far.lesson.toml"
    path.write_text(TEXT + FAR.replace("400", "20000"), "utf-8")
    assert window.lessons.open(str(path))
    settle(window, qtbot)
    window.lessons.go(5)
    qtbot.waitUntil(lambda: window.controller.running.active, timeout=30000)
    assert window.lessons.state.busy and window.lessons.state.part is not None
    window.lessons.act("stop")
    assert not window.controller.running.active
    assert place(window)[0] < 20000 and window.lessons.state.away
    window.lessons.act("place")
    settle(window, qtbot)
    assert place(window) == (20000, 0) and not window.lessons.state.away


def test_what_is_being_worked_out_can_be_stopped_and_taken_up(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "slow.lesson.toml"
    path.write_text(TEXT + FAR.replace("stop = { iteration = 400", "stop = { iteration = 60000"), "utf-8")
    assert window.lessons.open(str(path))
    settle(window, qtbot)
    window.lessons.work.cancel()
    window.lessons.go(5)
    assert window.lessons.state.busy and window.lessons.state.shown is None
    view = view_of(window)
    assert view.foot.stop_button.isVisible() and view.title.text() == "Far away"
    view.foot.stop_button.click()
    assert not window.lessons.state.busy and "stopped" in view.text.toPlainText()
    view.foot.place_button.click()
    assert window.lessons.state.busy
    window.lessons.go(0)
    settle(window, qtbot)
    assert view.title.text() == "First"


def test_a_person_may_step_around_and_come_back(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    assert window.lessons.open(str(file))
    window.lessons.go(1)
    settle(window, qtbot)
    stood = place(window)
    window.controller.later("iteration")
    assert window.lessons.state.away and view_of(window).foot.place_button.isVisible()
    window.actions_["lesson-place"].trigger()
    settle(window, qtbot)
    assert place(window) == stood and not window.lessons.state.away
    window.controller.open("xor")
    assert window.lessons.state.away and window.lessons.lesson is not None
    window.actions_["lesson-place"].trigger()
    settle(window, qtbot)
    assert window.windowTitle().startswith("small") and place(window) == stood


def test_a_change_by_hand_is_away_too_and_the_lesson_comes_back_unchanged(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    assert window.lessons.open(str(file))
    settle(window, qtbot)
    session = window.controller.session
    assert session is not None
    session.change_cell(session.program.inputs["W"], (0, 0), "9")
    assert window.lessons.state.away
    window.lessons.to_place()
    settle(window, qtbot)
    assert window.moment is not None and not window.moment.events


def test_run_goes_on_as_far_as_the_step_says_and_tells_then(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    assert window.lessons.open(str(file))
    settle(window, qtbot)
    assert not window.lessons.state.told
    view_of(window).next.run_button.click()
    settle(window, qtbot)
    assert window.moment is not None and len(window.moment.losses) == 3 and place(window) == (3, window.moment.n)
    assert window.lessons.state.told and window.lessons.state.away


def test_next_and_back_by_keys_wherever_the_keyboard_is(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    assert not window.actions_["lesson-next"].isEnabled()
    assert window.possible.why_not("lesson-next")
    assert window.lessons.open(str(file))
    settle(window, qtbot)
    window.top_bar.later_button.setFocus()
    QTest.keyClick(window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    settle(window, qtbot)
    assert window.lessons.state.at == 1 and window.top_bar.later_button.hasFocus()
    QTest.keyClick(window, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ControlModifier)
    settle(window, qtbot)
    assert window.lessons.state.at == 0 and not window.actions_["lesson-back"].isEnabled()


def test_in_the_panel_the_keyboard_goes_where_the_next_thing_is_to_do(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    assert window.lessons.open(str(file))
    settle(window, qtbot)
    view = view_of(window)
    view.foot.next_button.setFocus()
    QTest.keyClick(view.foot.next_button, Qt.Key.Key_Return)
    settle(window, qtbot)
    assert view.question.hasFocus()
    QTest.keyClick(view.question, Qt.Key.Key_1)
    assert window.lessons.state.given == 0 and view.foot.next_button.hasFocus()
    QTest.keyClick(view.foot.next_button, Qt.Key.Key_Return)
    settle(window, qtbot)
    assert view.question.field.hasFocus()


# -- silent before the answer --------------------------------------------------------------------------


def rows(window: MainWindow) -> list[Row]:
    model = window.program_view.model
    return [model.index(n, 0).data(ROW_ROLE) for n in range(model.rowCount())]


def shapes(window: MainWindow) -> list[str]:
    return [row.shape for row in rows(window) if row.kind == "line"]


def test_shapes_to_come_are_told_with_the_answer(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    assert window.lessons.open(str(file))
    window.lessons.go(2)
    settle(window, qtbot)
    assert set(shapes(window)) == {""}
    window.lessons.answer("2×2")
    settle(window, qtbot)
    assert "2×2" in shapes(window)


def test_no_panel_tells_of_a_problem_before_the_answer(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "sick.lesson.toml"
    path.write_text(SICK, "utf-8")
    assert window.lessons.open(str(path))
    settle(window, qtbot)
    assert window.moment is not None and not window.moment.problems
    assert not any(row.mark for row in rows(window))
    assert not window.panels.is_shown("problems") and window.panels.is_shown("value")
    assert not window.message.text
    window.lessons.answer(0)
    settle(window, qtbot)
    assert window.moment.problems and any(row.mark for row in rows(window))
    assert window.panels.is_shown("problems") and window.panels.is_in_front(PANEL)


def test_closing_the_panel_ends_the_silence_and_opening_it_goes_on(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "sick.lesson.toml"
    path.write_text(SICK, "utf-8")
    assert window.lessons.open(str(path))
    settle(window, qtbot)
    window.panels.hide_panel(PANEL)
    settle(window, qtbot)
    assert window.moment is not None and window.moment.problems and not window.panels.is_shown("value")
    window.panels.show_panel(PANEL)
    qtbot.waitUntil(lambda: window.moment is not None and not window.moment.problems)
    assert window.panels.is_shown("value")


# -- panels --------------------------------------------------------------------------------------------


def test_no_panel_covers_the_lesson(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    assert window.lessons.open(str(file))
    settle(window, qtbot)
    for name in ("value", "why", "data", "diagnosis", "notes"):
        window.panels.show_panel(name, focus=True)
        qtbot.wait(20)
        assert window.panels.is_in_front(PANEL) and window.panels.is_in_front(name), name
    assert not window.panels.moved and 330 <= window.panels.docks[PANEL].width() <= 460
    window.actions_["arrange-debug"].trigger()
    qtbot.wait(20)
    assert window.panels.is_in_front(PANEL)
    assert view_of(window).title.text() == "First"


def test_panels_of_a_step_go_with_it_and_those_of_a_person_stay(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    window.panels.show_panel("why")
    assert window.lessons.open(str(file))
    window.lessons.go(1)
    settle(window, qtbot)
    assert window.panels.is_shown("value")
    window.lessons.go(2)
    settle(window, qtbot)
    assert not window.panels.is_shown("value") and window.panels.is_shown("why")


def test_diagnose_compare_and_edit_open_their_panels(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    assert window.lessons.open(str(file))
    window.lessons.go(2)
    settle(window, qtbot)
    window.lessons.answer(SHOWN)
    view_of(window).next.diagnose_button.click()
    assert window.panels.is_shown("diagnosis")
    view_of(window).next.edit_button.click()
    assert window.panels.is_shown("editor")
    window.lessons.go(3)
    settle(window, qtbot)
    window.lessons.answer(20.0)
    view_of(window).next.compare_button.click()
    qtbot.wait(30)
    assert window.panels.is_shown("course") and window.panels.is_in_front(PANEL)
    course = window.panels.view("course")
    assert isinstance(course, CourseView) and course.course is not None and len(course.course.runs) == 2
    qtbot.waitUntil(lambda: not course.busy, timeout=30_000)
    compare = window.lessons.lesson.steps[3].compare  # type: ignore[union-attr]
    assert compare is not None and course.course.done == compare.iterations
    assert [e.text.split()[0] for e in course.losses.legend.entries] == list(compare.variants)
    assert "this fault" not in course.words.verdict.text() and all(v in course.words.verdict.text() for v in compare.variants)


def test_a_line_that_cannot_run_is_no_hint_while_a_question_waits(window: MainWindow, qtbot: QtBot) -> None:
    assert window.lessons.open("lesson:shapes-not-aligned")
    settle(window, qtbot)
    operation = window.panels.view("operation")
    assert isinstance(operation, OperationView)
    assert "cannot run" not in operation.phase_label.text() and operation.fault_label.isHidden()
    window.lessons.answer(2)
    settle(window, qtbot)
    assert "cannot run" in operation.phase_label.text() and not operation.fault_label.isHidden()


@pytest.mark.parametrize(("name", "n", "panel"), [("dead-relu", 1, "conditioning"), ("cost-rises", 5, "update")])
def test_a_panel_that_holds_the_answer_comes_after_it(
    window: MainWindow, qtbot: QtBot, name: str, n: int, panel: str
) -> None:  # fmt: skip
    assert window.lessons.open(f"lesson:{name}")
    window.lessons.go(n)
    settle(window, qtbot)
    assert not window.panels.is_shown(panel)
    window.lessons.answer(SHOWN)
    assert window.panels.is_shown(panel)


def test_the_answer_is_in_sight_where_nothing_is_left_to_do(window: MainWindow, qtbot: QtBot) -> None:
    assert window.lessons.open("lesson:cost-rises")
    window.lessons.go(1)
    settle(window, qtbot)
    window.lessons.answer(1)
    view = view_of(window)
    bar = view.page.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() > 0)
    assert view.next.isHidden() and bar.value() <= view.question.y() + view.question.verdict.y()


def test_what_a_person_makes_of_the_program_is_diagnosed_and_not_thrown_away(
    window: MainWindow, qtbot: QtBot, file: Path
) -> None:
    assert window.lessons.open(str(file))
    window.lessons.go(2)
    settle(window, qtbot)
    window.lessons.answer(SHOWN)
    window.lessons.act("edit")
    mine = window.writing.text.replace("lr = 0.1", "lr = 0.3")
    window.writing.replace_and_run(mine)
    settle(window, qtbot)
    assert window.lessons.state.away and window.lessons.state.at == 2
    window.lessons.act("diagnose")
    window.lessons.act("edit")
    assert window.writing.text == mine
    window.lessons.to_place()
    settle(window, qtbot)
    assert not window.lessons.state.away and "lr = 0.1" in window.writing.text


def test_all_lessons_leaves_the_lesson_and_keeps_the_program(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    assert window.lessons.open(str(file))
    settle(window, qtbot)
    window.actions_["lesson-list"].trigger()
    assert window.lessons.lesson is None and view_of(window).list.isVisible()
    assert window.windowTitle().startswith("small") and window.panels.kept == ""
    assert not window.actions_["lesson-next"].isEnabled()


# -- kept between runs ---------------------------------------------------------------------------------


def test_answers_and_how_far_it_was_read_are_kept(window: MainWindow, qtbot: QtBot, file: Path, settings: Settings) -> None:
    assert window.lessons.open("lesson:cost-rises")
    settle(window, qtbot)
    window.lessons.go(1)
    settle(window, qtbot)
    window.lessons.answer(0)
    again = Settings(settings.path)
    kept = Keeping(again)
    entry = next(e for e in kept.entries() if e.target == "lesson:cost-rises")
    assert entry.read == 2 and not entry.done
    window.lessons.show_list()
    assert window.lessons.open("lesson:cost-rises")
    settle(window, qtbot)
    assert window.lessons.state.at == 1 and window.lessons.state.given == 0
    window.lessons.answer(1)
    assert window.lessons.state.given == 0


@pytest.mark.parametrize("text", [
    "no json", "[]", "3", '{"cost-rises": 3}', '{"cost-rises": {"at": -1, "read": "x", "answers": [1]}}',
    '{"cost-rises": {"at": true, "steps": "9", "read": [-1, 0.5, null, "a"], "acted": {}, "answers": {"a": null, "b": [1]}}}',
])  # fmt: skip
def test_damaged_memory_does_no_harm(text: str, settings: Settings) -> None:
    settings.set("lessons", text)
    kept = Keeping(settings)
    assert all(e.read == 0 for e in kept.entries())
    kept.save()
    json.loads(Settings(settings.path).get("lessons"))


def test_a_question_that_was_changed_since_is_asked_anew(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    assert window.lessons.open(str(file))
    window.lessons.go(1)
    settle(window, qtbot)
    window.lessons.answer(0)
    file.write_text(file.read_text("utf-8").replace("Which sign will", "Which sign has"), "utf-8")
    assert window.lessons.open(str(file))
    settle(window, qtbot)
    assert window.lessons.state.at == 1 and window.lessons.state.given is None


def test_a_run_of_a_step_stops_where_numbers_stop_being_finite(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "growing.lesson.toml"
    text = TEXT.replace("lr = 0.1", "lr = 3.0").replace("run = 3", "run = 100000")
    path.write_text(text, "utf-8")
    assert window.lessons.open(str(path))
    settle(window, qtbot)
    window.lessons.act("run")
    settle(window, qtbot)
    assert window.moment is not None and 1 < window.moment.position.iteration < 5000
    assert "Stopped at iteration" in window.message.text and window.lessons.state.away


def test_problems_open_by_themselves_in_other_programs_only(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "sick.lesson.toml"
    path.write_text(SICK.replace('show = ["problems", "value"]', ""), "utf-8")
    assert window.lessons.open(str(path))
    settle(window, qtbot)
    window.lessons.answer(0)
    settle(window, qtbot)
    assert window.moment is not None and window.moment.problems and not window.panels.is_shown("problems")
    program = tmp_path / "sick.py"
    program.write_text(SICK.split("'''")[1], "utf-8")
    window.files.open(str(program))
    window.controller.later("iteration")
    settle(window, qtbot)
    assert window.panels.is_shown("problems") and window.panels.is_in_front(PANEL)
