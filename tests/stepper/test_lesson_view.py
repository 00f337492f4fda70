"""The panel of a lesson: a step and its question by mouse and keyboard; nothing of an answer is there before it is given."""

from __future__ import annotations

import re

import pytest
from helpers.lessons import TEXT
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from core.lessons.read import read_lesson
from core.lessons.runs import Asked, Runs, finish
from stepper.models.lesson_state import SHOWN, Entry, Given, LessonState
from stepper.views.lesson import LessonView
from stepper.widgets.lesson_question import fits, is_right, is_typed, number_of, shape_of

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
LESSON = read_lesson(TEXT, "small")
RUNS = Runs(LESSON)
ALL = frozenset({"diagnosis", "course", "editor"})
ENTRIES = (
    Entry("lesson:a", "One", "First summary.", 2, 4), Entry("lesson:b", "Two", "Second.", 3, 3),
    Entry("lesson:c", "Three", "Third."),
)  # fmt: skip


def state(at: int, given: Given | None = None, **more: object) -> LessonState:
    shown = finish(RUNS.showing(LESSON.steps[at]))
    return LessonState(ENTRIES, LESSON, at, shown, given, {0: "First"}, panels=ALL, **more)  # type: ignore[arg-type]


@pytest.fixture
def view(qtbot: QtBot) -> LessonView:
    made = LessonView()
    qtbot.addWidget(made)
    made.resize(380, 560)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    return made


def everything(view: QWidget) -> str:
    """All that the panel shows, says to a screen reader or on pointing at it, also in parts that are hidden."""
    found: list[str] = []
    for w in (view, *view.findChildren(QWidget)):
        found += [w.accessibleName(), w.accessibleDescription(), w.toolTip()]
        if isinstance(w, (QLabel, QPushButton)):
            found.append(w.text())
        elif isinstance(w, QTextEdit):
            found.append(w.toPlainText())
        elif isinstance(w, QLineEdit):
            found += [w.text(), w.placeholderText()]
    return "\n".join(found)


def test_without_a_lesson_there_is_the_list(view: LessonView, qtbot: QtBot) -> None:
    view.show_state(LessonState(ENTRIES))
    assert view.list.isVisible() and not view.head.isVisible() and not view.foot.isVisible()
    chosen: list[str] = []
    view.lesson_wanted.connect(chosen.append)
    view.begin()
    assert view.list.hasFocus()
    QTest.keyClick(view.list, Qt.Key.Key_Down)
    QTest.keyClick(view.list, Qt.Key.Key_Return)
    spot = view.list.visualItemRect(view.list.item(2)).center()
    qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert chosen == ["lesson:b", "lesson:c"]
    spoken = [view.list.item(i).data(Qt.ItemDataRole.AccessibleTextRole) for i in range(3)]
    assert "2 of 4" in spoken[0] and "(read)" in spoken[1] and spoken[2] == "Three: Third."


def test_a_step_that_asks_nothing_tells_what_comes_of_doing_it(view: LessonView, qtbot: QtBot) -> None:
    view.show_state(state(0))
    words = view.text.toPlainText()
    assert "W is 2×1." in words and "<b>no</b>" in words
    assert view.title.text() == "First" and view.head.count.text() == "step 1 of 5"
    assert not view.question.isVisible() and "REVEALED" not in everything(view)
    wanted: list[str] = []
    view.action_wanted.connect(wanted.append)
    assert "3 iterations" in view.next.run_button.text()
    view.next.run_button.click()
    view.next.read_button.click()
    assert wanted == ["run", "read"]
    view.show_state(state(0, acted=True))
    assert "REVEALED one" in view.reveal.toPlainText() and view.reveal.isVisible()
    assert not view.next.read_button.isVisible()


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_nothing_of_an_answer_is_there_before(view: LessonView, at: int) -> None:
    view.show_state(state(at, SHOWN))
    view.show_state(state(at))
    words = everything(view)
    assert "EXPLAINED" not in words and "REVEALED" not in words and "✓ Right" not in words and "It is:" not in words
    assert not view.next.isVisible()
    marks = [b.text() for b in view.question.buttons if b.isVisible()]
    assert not any(sign in text for text in marks for sign in "✓✗")


@pytest.mark.parametrize(("at", "title"), [(2, "A shape"), (3, "A number")])
def test_titles_to_come_are_not_told(view: LessonView, at: int, title: str) -> None:
    view.show_state(state(0))
    assert title not in everything(view)
    assert view.head.dots.dots[at].accessibleName() == f"step {at + 1} of 5 (not read yet)"
    assert view.head.dots.dots[0].accessibleName() == "step 1 of 5: First (you are here)"


def test_a_choice_by_number_key_and_by_mouse(view: LessonView, qtbot: QtBot) -> None:
    view.show_state(state(1))
    view.begin()
    assert view.question.hasFocus()
    given: list[object] = []
    view.answered.connect(given.append)
    QTest.keyClick(view.question, Qt.Key.Key_2)
    view.foot.next_button.setFocus()
    QTest.keyClick(view.foot.next_button, Qt.Key.Key_1)
    qtbot.mouseClick(view.question.buttons[0], Qt.MouseButton.LeftButton)
    QTest.keyClick(view.question, Qt.Key.Key_9)
    assert given == [1, 0, 0]
    assert "+" in view.question.buttons[0].text() and "−" in view.question.buttons[1].text()
    view.show_state(state(1, 0))
    assert view.question.verdict.text() == "✓ Right: positive"
    assert "EXPLAINED: it is 0.5" in view.question.explanation.toPlainText()
    assert "REVEALED two" in view.reveal.toPlainText()
    assert view.foot.next_button.hasFocus()


def test_a_wrong_one_is_said_by_sign_and_words(view: LessonView) -> None:
    view.show_state(state(1))
    view.show_state(state(1, 1))
    assert view.question.verdict.text() == "✗ Not quite. It is: positive"
    assert view.question.buttons[1].text().endswith("✗") and view.question.buttons[0].text().endswith("✓")
    view.show_state(state(4, 0))
    assert "`" not in view.question.buttons[0].text()
    view.show_state(state(4, SHOWN))
    assert view.question.verdict.text() == "It is: that one"


def test_show_me_skips(view: LessonView) -> None:
    view.show_state(state(1))
    given: list[object] = []
    view.answered.connect(given.append)
    view.question.show_button.click()
    assert given == [SHOWN]


def test_a_shape_is_typed(view: LessonView) -> None:
    view.show_state(state(2))
    view.begin()
    field = view.question.field
    assert field.hasFocus() and not any(b.isVisible() for b in view.question.buttons)
    given: list[object] = []
    view.answered.connect(given.append)
    QTest.keyClicks(field, "two")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert not given and "rows × columns" in view.question.hint.text()
    field.clear()
    QTest.keyClicks(field, "(2, 2)")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert given == ["2×2"]
    view.show_state(state(2, "2×2"))
    assert view.question.verdict.text() == "✓ Right: 2×2" and not field.isVisible()
    view.show_state(state(2, "1×2"))
    assert view.question.verdict.text() == "✗ Not 1×2. It is: 2×2"


def test_a_number_is_typed(view: LessonView) -> None:
    view.show_state(state(3))
    given: list[object] = []
    view.answered.connect(given.append)
    view.question.field.setText("twenty")
    view.question.check_button.click()
    assert not given and "number" in view.question.hint.text()
    view.question.field.setText("20,1")
    view.question.check_button.click()
    assert given == [20.1]
    view.show_state(state(3, 20.1))
    assert view.question.verdict.text() == "✓ Right: 20"


def test_buttons_where_a_step_has_them_and_the_window_can(view: LessonView) -> None:
    names = ("run_button", "diagnose_button", "compare_button", "edit_button")

    def shown(now: LessonState) -> list[bool]:
        view.show_state(now)
        return [getattr(view.next, name).isVisible() for name in names]

    assert shown(state(0)) == [True, False, False, False]
    assert shown(state(2, SHOWN)) == [False, True, False, True]
    assert shown(state(3, 20.0)) == [False, False, True, False]
    assert "wrong and mended" in view.next.compare_button.text()
    assert shown(state(4, 1)) == [False, False, False, True]
    assert shown(LessonState(ENTRIES, LESSON, 3, state(3).shown, 20.0)) == [False] * 4


def test_the_way_on_and_back(view: LessonView) -> None:
    steps: list[int] = []
    wanted: list[str] = []
    view.step_wanted.connect(steps.append)
    view.action_wanted.connect(wanted.append)
    view.show_state(state(0))
    assert not view.foot.back_button.isEnabled()
    view.foot.next_button.click()
    view.show_state(state(4, away=True))
    assert view.foot.place_button.isVisible()
    view.foot.place_button.click()
    view.foot.back_button.click()
    view.foot.next_button.click()
    QTest.keyClick(view.head.dots.dots[2], Qt.Key.Key_Return)
    view.head.list_button.click()
    assert steps == [1, 3, 2] and wanted == ["place", "list", "list"]


def test_what_is_under_way_can_be_stopped(view: LessonView) -> None:
    view.show_state(LessonState(ENTRIES, LESSON, 1, busy="On the way: iteration 5 of 10", part=0.5))
    assert view.foot.bar.isVisible() and view.foot.bar.value() == 500
    wanted: list[str] = []
    view.action_wanted.connect(wanted.append)
    view.foot.stop_button.click()
    assert wanted == ["stop"]
    view.show_state(state(1))
    assert not view.foot.bar.isVisible() and not view.foot.stop_button.isVisible()


def test_trouble_is_told_in_place_of_the_step(view: LessonView) -> None:
    view.show_state(LessonState(ENTRIES, LESSON, 1, trouble="line 12: step[2].text cannot be: there is no value Q"))
    assert "line 12" in view.text.toPlainText()
    assert view.foot.next_button.isEnabled()


@pytest.mark.parametrize(("text", "shape"), [
    ("2×5", (2, 5)), ("2x5", (2, 5)), (" 2 X 5 ", (2, 5)), ("(2, 5)", (2, 5)), ("2 5", (2, 5)), ("[2,5]", (2, 5)),
    ("2 by 5", (2, 5)),
    ("2", None), ("", None), ("2×5×1", None), ("-2×5", None), ("25", None),
])  # fmt: skip
def test_shapes_as_people_type_them(text: str, shape: tuple[int, int] | None) -> None:
    assert shape_of(text) == shape


@pytest.mark.parametrize(("text", "number"), [
    ("0.25", 0.25), ("−3", -3.0), ("1e-5", 1e-5), ("0,5", 0.5), (" 7 ", 7.0), ("x", None), ("", None), ("nan", None),
    ("inf", None),
])  # fmt: skip
def test_numbers_as_people_type_them(text: str, number: float | None) -> None:
    assert number_of(text) == number


def test_answers_kept_from_another_question_do_not_fit() -> None:
    choice = Asked("choice", "?", ("a", "b"), 1, None, 0.01, "")
    shape = Asked("shape", "?", ("1×1", "2×2"), 1, None, 0.01, "")
    number = Asked("number", "?", (), -1, 3.0, 0.01, "")
    assert [fits(choice, g) for g in (0, 1, SHOWN)] == [True] * 3
    assert not any(fits(choice, g) for g in (2, -1, "1×1", 0.5, True))
    assert [fits(shape, g) for g in (0, "1×1", SHOWN)] == [False, True, True]
    assert [fits(number, g) for g in (3, 3.0, "3", SHOWN)] == [True, True, False, True]
    assert is_typed(shape) and not is_typed(choice)
    assert is_right(number, 3.02) and not is_right(number, 3.1) and not is_right(number, SHOWN)


def test_everything_that_can_be_pressed_has_a_name(view: LessonView) -> None:
    for now in (LessonState(ENTRIES), state(0), state(1), state(2), state(3, 20.0), state(4, away=True)):
        view.show_state(now)
        QApplication.processEvents()
        for w in view.findChildren(QWidget):
            if w.isVisible() and w.focusPolicy() & Qt.FocusPolicy.TabFocus:
                text = w.text() if isinstance(w, QPushButton) else ""
                assert w.accessibleName() or text, w


@pytest.mark.parametrize("width", [300, 380, 900])
def test_lines_are_neither_cut_off_nor_too_long(view: LessonView, qtbot: QtBot, width: int) -> None:
    view.resize(width, 500)
    view.show_state(state(0))
    qtbot.wait(20)
    assert view.page.horizontalScrollBar().maximum() == 0
    wide = view.text.document().textWidth()
    assert wide <= view.text.fontMetrics().averageCharWidth() * 67
    assert view.text.document().size().height() <= view.text.height() + 1
    assert re.search(r"markup\.", view.text.toPlainText())
