"""My backward: what a person is told, and what they are not told before they ask."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.written import COLUMNS
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QWidget

from core.diagnosis import FAULTS, Fault, diagnose
from core.diagnosis.words import title
from stepper import theme
from stepper.diagnosing import Diagnosing
from stepper.models.diagnosis_state import ALL, FAULT, HINT, MEND, PLACE
from stepper.models.mended_text import changes, put_into
from stepper.settings import Settings
from stepper.views.diagnosis import DiagnosisView
from stepper.widgets.diagnosis_prose import html
from stepper.widgets.diagnosis_rows import COSINE, NAME, SHAPE, STEP, VERDICT
from stepper.widgets.diagnosis_words import cosine_text, direction, joined, short_verdict

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from stepper.main_window import MainWindow

WRONG = COLUMNS.replace("(A2 - Y) * A2", "(Y - A2) * A2").replace("dW2 = dZ2 @ A1.T", "dW2 = dZ2 @ A2.T")
SIGN, OPERAND = 0, 1
HALF = COLUMNS.replace("(A2 - Y) * A2", "0.5 * (A2 - Y) * A2")
FORWARD = COLUMNS[: COLUMNS.index("# backward")]
NO_LOSS = WRONG.replace("L = half_sse(A2, Y)\n", "")


class Desk:
    """A view with somebody who diagnoses behind it, wired as the window wires them."""

    def __init__(self, bot: QtBot, settings: Settings, text: str, size: tuple[int, int] = (420, 760)) -> None:
        self.bot = bot
        self.made = Diagnosing(settings)
        self.window = QWidget()
        self.window.resize(*size)
        self.view = DiagnosisView(self.window)
        self.view.resize(*size)
        v, d = self.view, self.made
        d.setParent(self.window)
        d.changed.connect(v.show_state)
        v.check_wanted.connect(d.check)
        v.cancel_wanted.connect(d.cancel)
        v.live_switched.connect(d.toggle_live)
        v.all_switched.connect(d.show_all)
        v.loss_chosen.connect(d.choose_loss)
        v.level_wanted.connect(d.open_level)
        v.card_wanted.connect(d.go_to)
        bot.addWidget(self.window)
        self.window.show()
        d.take(text, None, "net")

    def check(self) -> Desk:
        self.press(self.view.check_button)
        self.settle()
        return self

    def settle(self) -> None:
        self.bot.waitUntil(lambda: not self.made.work.busy and not self.view.detail.work.busy, timeout=60000)
        for _ in range(3):  # a bar that scrolls comes, and takes room from what wraps
            QApplication.processEvents()

    def press(self, button: QPushButton) -> None:
        self.bot.mouseClick(button, Qt.MouseButton.LeftButton)

    def row(self, name: str) -> list[str]:
        tree = self.view.rows
        items = [tree.topLevelItem(k) for k in range(tree.topLevelItemCount())]
        return next([i.text(c) for c in (NAME, VERDICT, SHAPE)] for i in items if i is not None and i.text(NAME) == name)

    def said(self) -> str:
        """All that stands on the cards, and can be seen."""
        parts: list[str] = []
        for card in self.view.cards:
            if not card.isHidden():
                parts += [card.head.words, *(s.words for s in card.said if not s.isHidden()), card.extra.words]
                parts += [card.lines.toPlainText()] if not card.lines.isHidden() else []
                parts += [b.text() for b in card.findChildren(QPushButton) if not b.isHidden()] + [card.accessibleName()]
        return "\n".join(parts)


@pytest.fixture
def desk(qtbot: QtBot, settings: Settings) -> Callable[..., Desk]:
    def make(text: str = WRONG, **how: tuple[int, int]) -> Desk:
        return Desk(qtbot, settings, text, **how)

    return make


def test_before_a_check_it_says_what_it_would_do(desk: Callable[..., Desk]) -> None:
    d = desk()
    assert "hint" in d.view.summary.words and d.view.rows.isHidden() and d.view.check_button.isEnabled()
    assert not d.view.cards and d.view.loss.isHidden() and d.view.editor_button.isHidden()
    assert not desk("").view.check_button.isEnabled()


def test_one_row_a_parameter(desk: Callable[..., Desk]) -> None:
    d = desk().check()
    assert d.view.summary.words.startswith("✗ ")
    assert d.row("W1") == ["W1", "✗ wrong sign", "2×2"] and d.row("W2") == ["W2", "✗ wrong shape", "1×1 ≠ 1×2"]
    item = d.view.rows.topLevelItem(0)
    assert item is not None and item.data(STEP, COSINE) == pytest.approx(-1)
    assert "uphill" in item.toolTip(STEP) and "uphill" in str(item.data(NAME, Qt.ItemDataRole.AccessibleTextRole))
    assert "L = half_sse(A2, Y)" in d.view.loss.words.words and d.view.loss.choice.isHidden()


def test_nothing_is_told_before_it_is_asked_for(desk: Callable[..., Desk]) -> None:
    d = desk().check()
    faults = d.made.state.cards
    assert [f.fault for f in faults] == ["sign", "operand"] and len(d.view.cards) == 2
    for f in faults:
        for told in (f.text, f.expected, title(f), f.confirmed_by):
            assert told not in d.said()
    assert "Something is wrong that reaches `W2`" in d.view.cards[OPERAND].head.words
    for level, secrets in ((HINT, ["text", "expected"]), (PLACE, ["expected"]), (FAULT, ["expected"])):
        d.press(d.view.cards[OPERAND].more_button)
        assert d.made.state.level(d.made.state.keys[OPERAND]) == level
        for secret in secrets:
            assert getattr(faults[OPERAND], secret) not in d.said()
        assert faults[SIGN].text not in d.said()
    assert title(faults[OPERAND]) in d.said() and faults[OPERAND].text in d.said()
    d.press(d.view.cards[OPERAND].more_button)
    assert faults[OPERAND].expected in d.said() and faults[SIGN].expected not in d.said()
    assert d.view.cards[OPERAND].more_button.isHidden() and not d.view.cards[OPERAND].put_button.isHidden()


def test_the_place_is_shown_once_it_is_told(desk: Callable[..., Desk]) -> None:
    d = desk().check()
    lines: list[int] = []
    d.view.line_wanted.connect(lines.append)
    d.view.tell_more()
    assert lines == []
    d.view.tell_more()
    assert lines == [d.made.state.cards[0].line]
    d.view.tell_more()
    assert len(lines) == 1
    d.press(d.view.cards[SIGN].go_button)
    assert len(lines) == 2
    d.press(d.view.cards[OPERAND].all_button)
    assert lines[2] == d.made.state.cards[OPERAND].line and d.made.state.level(d.made.state.keys[OPERAND]) == ALL


def test_the_mend_goes_into_the_text_and_nothing_else_does(desk: Callable[..., Desk]) -> None:
    d = desk().check()
    put: list[str] = []
    d.view.put_wanted.connect(put.append)
    d.press(d.view.cards[OPERAND].all_button)
    d.press(d.view.cards[OPERAND].put_button)
    assert put == [WRONG.replace("dW2 = dZ2 @ A2.T", "dW2 = dZ2 @ A1.T")]
    assert d.view.cards[OPERAND].lines.toPlainText().split("\n")[0].startswith("− ")
    d.made.set_text(put[0])
    assert not d.view.cards[OPERAND].put_button.isEnabled() and "Out of date" in d.view.stale.words
    d.check()
    assert [f.fault for f in d.made.state.cards] == ["sign"] and not d.view.cards[0].isHidden() and d.view.cards[1].isHidden()
    d.press(d.view.cards[0].all_button)
    d.press(d.view.cards[0].put_button)
    d.made.set_text(put[1])
    d.check()
    assert d.view.summary.words == "✓ Every gradient is right." and d.row("W2") == ["W2", "✓ right", "1×2"]


def test_an_assumed_loss_is_said_and_stays_out_of_the_text(desk: Callable[..., Desk]) -> None:
    d = desk(NO_LOSS).check()
    assert "Assumed" in d.view.loss.words.words and not d.view.loss.choice.isHidden()
    put: list[str] = []
    d.view.put_wanted.connect(put.append)
    card = next(n for n, f in enumerate(d.made.state.cards) if f.fault == "operand")
    d.press(d.view.cards[card].all_button)
    d.press(d.view.cards[card].put_button)
    assert put == [NO_LOSS.replace("dW2 = dZ2 @ A2.T", "dW2 = dZ2 @ A1.T")]
    choice = d.view.loss.choice
    choice.setCurrentIndex(choice.findData("bce"))
    choice.activated.emit(choice.currentIndex())
    d.settle()
    assert d.made.state.loss == "bce" and "bce" in d.view.loss.words.words and choice.currentData() == "bce"


def test_right_up_to_a_factor_is_right(desk: Callable[..., Desk]) -> None:
    d = desk(HALF).check()
    assert d.view.summary.words.startswith("≈ ") and d.row("W1")[1] == "≈ right up to a factor 1/2" and not d.said()


def test_what_the_app_wrote_is_not_checked(desk: Callable[..., Desk]) -> None:
    d = desk(FORWARD).check()
    wanted: list[bool] = []
    d.view.editor_wanted.connect(lambda: wanted.append(True))
    assert "nothing of yours" in d.view.summary.words and not d.view.editor_button.isHidden() and d.view.rows.isHidden()
    d.press(d.view.editor_button)
    assert wanted


def test_cell_by_cell_with_nudging(desk: Callable[..., Desk]) -> None:
    d = desk().check()
    d.view.rows.choose("W1")
    d.settle()
    m, r = d.view.detail.matrices, d.made.state.diagnosis
    assert r is not None and not any(x.isHidden() for x in (m.own, m.true, m.nudged))
    assert np.allclose(m.own.array, -m.true.array) and np.allclose(m.nudged.array, m.true.array, atol=1e-6)
    assert m.own.shown.marks[0].glyph == "≠" and m.own.shown.marks[0].mask is not None and m.own.shown.marks[0].mask.all()
    assert "✓ Checked: all 4 cells" in d.view.detail.nudging.words
    clicked: list[tuple[int, tuple[int, ...]]] = []
    d.view.detail.cell_chosen.connect(lambda value, cell: clicked.append((value, cell)))
    d.bot.mouseClick(m.true, Qt.MouseButton.LeftButton, pos=m.true.cell_rect((1, 0)).center())
    text = d.view.detail.cell_label.text()
    assert text.startswith("W1[1, 0]") and all(word in text for word in ("yours", "≠", "true", "nudged"))
    assert clicked[0][1] == (1, 0) and r.program.values[clicked[0][0]].label == "dW1"
    d.view.rows.choose("")
    assert d.view.detail.isHidden()


def test_another_shape_is_said_in_words(desk: Callable[..., Desk]) -> None:
    d = desk().check()
    d.view.rows.choose("W2")
    d.settle()
    m = d.view.detail.matrices
    assert m.own.array is not None and m.own.array.shape == (1, 1) and m.true.array is not None
    assert "Yours is 1×1, but `W2` is 1×2: one number is used for all of its 2 cells" in d.view.detail.words.words
    d.bot.mouseClick(m.true, Qt.MouseButton.LeftButton, pos=m.true.cell_rect((0, 1)).center())
    assert "yours" not in d.view.detail.cell_label.text()


def test_a_large_gradient_is_a_picture(desk: Callable[..., Desk]) -> None:
    text = COLUMNS.replace("(2, 2)", "(150, 2)").replace("(2, 1)", "(150, 1)").replace("(1, 2)", "(1, 150)")
    text = text.replace("randn(2, 2)", "randn(150, 2)").replace("randn(1, 2)", "randn(1, 150)")
    d = desk(text.replace("dZ1 = (W2.T @ dZ2)", "dZ1 = -(W2.T @ dZ2)")).check()
    d.view.rows.choose("W1")
    d.settle()
    detail = d.view.detail
    assert detail.matrices.own.is_heat_map and "of 300 cells" in detail.nudging.words and not detail.every_button.isHidden()
    assert detail.matrices.own.shown.marks[0].mask is None and "300 of 300" in detail.matrices.own.shown.marks[0].text
    assert not detail.matrices.difference.isHidden() and detail.matrices.nudged.isHidden()
    d.press(detail.every_button)
    d.settle()
    assert "all 300 cells" in detail.nudging.words and not detail.matrices.nudged.isHidden()


def test_numbers_that_are_not_finite(desk: Callable[..., Desk]) -> None:
    text = COLUMNS.replace("half_sse", "bce").replace("W2 = np.random.randn(1, 2)", "W2 = np.array([[4000.0, 4000.0]])")
    d = desk(text).check()
    d.view.rows.choose("W1")
    d.settle()
    assert "finite" in d.view.detail.words.words + d.view.detail.nudging.words
    assert cosine_text(float("nan")) == direction(None) == "–"


def test_keys(desk: Callable[..., Desk]) -> None:
    d = desk()
    d.view.setFocus()
    d.bot.keyClick(d.view, Qt.Key.Key_Return)
    assert d.made.state.busy and d.view.check_button.text() == "Stop"
    d.bot.keyClick(d.view, Qt.Key.Key_Escape)
    assert not d.made.state.busy and d.view.check_button.text() == "Check my backward"
    d.check()
    d.view.rows.setFocus()
    d.view.rows.setCurrentItem(d.view.rows.topLevelItem(0))
    d.settle()
    assert not d.view.detail.isHidden()
    d.bot.keyClick(d.view.rows, Qt.Key.Key_Escape)
    assert d.view.detail.isHidden()
    d.bot.keyClick(d.view.rows, Qt.Key.Key_Space)
    assert not d.view.detail.isHidden()


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_told_at_every_level(desk: Callable[..., Desk], fault: str) -> None:
    from dataclasses import replace

    from stepper.models.diagnosis_state import Diagnosed

    found = diagnose(WRONG)
    made = replace(found.faults[1], fault=fault)
    hints = (Fault(4, "samples = 'columns'", fault),)
    d = desk()
    for everything in (False, True):
        state = Diagnosed("net", WRONG, None, replace(found, faults=(made,), hints=hints), WRONG, WRONG, everything=everything)
        d.view.show_state(state)
        assert (title(fault) in d.said()) == everything and not d.view.hints_title.isHidden()


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("size", [(240, 400), (330, 700), (900, 500)])
def test_it_can_be_read_in_any_theme_and_width(desk: Callable[..., Desk], name: str, size: tuple[int, int]) -> None:
    before = theme.current().name
    theme.apply(name)
    try:
        d = desk(WRONG.replace("W2", "weights_from_the_hidden_to_the_output_layer"), size=size).check()
        d.view.all_box.click()
        d.view.rows.setCurrentItem(d.view.rows.topLevelItem(2))
        d.settle()
        for label in d.view.findChildren(QLabel):
            if label.isVisible():
                assert label.accessibleName() or label.text()
                assert label.height() >= label.heightForWidth(label.width())
                inside = label.mapTo(d.view, label.rect().topRight())
                assert inside.x() <= d.view.width()
        for button in d.view.findChildren(QPushButton):
            if button.isVisible():
                assert button.mapTo(d.view, button.rect().topRight()).x() <= d.view.width()
        shown = [b for b in d.view.cards[0].buttons.findChildren(QPushButton) if b.isVisible()]
        assert all(not one.geometry().intersects(other.geometry()) for one, other in pairwise(shown))
        area = d.view._area
        assert area.widget().width() <= area.viewport().width()
    finally:
        theme.apply(before)


def test_words() -> None:
    assert joined(["a"]) == "`a`" and joined(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert joined([f"p{n}" for n in range(9)]).endswith("and 4 more")
    assert cosine_text(1.0) == "+1.00" and cosine_text(0.9999) == "+0.99" and cosine_text(-1) == "−1.00"
    assert cosine_text(-0.001) == "0.00"
    assert [direction(c) for c in (1, 0, -1)] == ["↘", "→", "↗"]
    assert html("a < `b<c` & d").count("&lt;") == 2 and "<b>" not in html("`<b>x</b>`")
    found = {p.name: short_verdict(p) for p in diagnose(WRONG).parameters}
    assert found == {"W1": "wrong sign", "b1": "wrong sign", "W2": "wrong shape", "b2": "wrong sign"}


def test_a_mend_leaves_the_rest_of_the_text() -> None:
    typed = "a = 1\nb = 2\nc = 3\n"
    diagnosed = "a = 1\n# loss\nL = mse(a, b)\nb = 2\nc = 3\n"
    mended = "a = 1\n# loss\nL = mse(a, b)\nkeep = b\nb = 20\nc = 30\n"
    assert put_into(typed, diagnosed, mended) == "a = 1\nkeep = b\nb = 20\nc = 30\n"
    assert (
        put_into(typed, diagnosed, diagnosed.replace("c = 3", "c = 4").replace("a = 1", "a = 5"), {3}) == "a = 5\nb = 2\nc = 3\n"
    )
    assert [(c.sign, c.line) for c in changes("a\nb\n", "a\nc\nd\n")] == [("−", 2), ("+", 2), ("+", 3)]


# --- in the window ----------------------------------------------------------------------------------------


@pytest.fixture
def written(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    path = tmp_path / "net.py"
    path.write_text(WRONG, "utf-8")
    window.files.open_code(str(path))
    wait(window, qtbot)
    return window


def wait(window: MainWindow, bot: QtBot) -> None:
    bot.waitUntil(lambda: not window.diagnosing.work.busy and not window.diagnosing._later.isActive(), timeout=60000)
    window.drawer.draw_now()


def view_of(window: MainWindow) -> DiagnosisView:
    found = window.panels.view("diagnosis")
    assert isinstance(found, DiagnosisView)
    return found


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_check_my_code_leads_there(window: MainWindow, qtbot: QtBot) -> None:
    window.show_first_page()
    page = window.first_page
    qtbot.mouseClick(page.code_button, Qt.MouseButton.LeftButton)
    assert page.code_menu.isVisible()
    page.code_menu.hide()
    page.code_menu.actions()[0].trigger()
    dialog = window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog) and ".py" in dialog.nameFilters()[0]
    dialog.reject()
    page.code_menu.actions()[1].trigger()
    assert not window.at_first_page and window.panels.arrangement == "write" and window.panels.is_shown("editor")
    assert window.writing.text == ""


def test_a_file_is_checked_when_it_is_opened_for_that(written: MainWindow) -> None:
    assert written.panels.arrangement == "write" and written.diagnosing.state.current
    assert view_of(written).summary.words.startswith("✗ ")
    assert written.panels.is_in_front("editor") and written.panels.is_in_front("diagnosis")


def test_lines_are_marked_once_they_are_told(written: MainWindow, qtbot: QtBot) -> None:
    program = written.program_view
    assert not program.model.faults
    key = Qt.Key.Key_F4
    for _ in range(2):
        qtbot.keyClick(written, key)
    assert written.diagnosing.state.level(written.diagnosing.state.keys[0]) == PLACE
    fault = written.diagnosing.state.cards[0]
    session = written.controller.session
    assert session is not None
    [(statement, words)] = program.model.faults.items()
    assert session.program.statements[statement].text == fault.text and title(fault) not in words
    qtbot.keyClick(written, key)
    assert program.model.faults == {statement: title(fault)}
    row = program.model.row_of(statement)
    assert row is not None and program.model.row(row).mark.startswith("✗")
    assert session.selection.value is None or session.selection.value == fault.value
    qtbot.keyClick(written, key, Qt.KeyboardModifier.ShiftModifier)
    assert written.diagnosing.state.at == 1


def test_a_row_chooses_the_gradient_everywhere(written: MainWindow) -> None:
    session = written.controller.session
    assert session is not None
    view_of(written).rows.choose("W1")
    value = session.selection.value
    assert value is not None and session.program.values[value].label == "dW1"
    session.select(value, (1, 1))
    view_of(written).draw(session.moment())
    assert "W1[1, 1]" in view_of(written).detail.cell_label.text()


def test_a_card_chooses_its_value_once_its_place_is_told(written: MainWindow, qtbot: QtBot) -> None:
    view, session = view_of(written), written.controller.session
    assert session is not None
    qtbot.mouseClick(view.cards[OPERAND], Qt.MouseButton.LeftButton, pos=view.cards[OPERAND].rect().topRight() - QPoint(3, -3))
    assert written.diagnosing.state.at == OPERAND and session.selection.value is None
    qtbot.mouseClick(view.cards[OPERAND].all_button, Qt.MouseButton.LeftButton)
    value = session.selection.value
    assert value is not None and session.program.values[value].label == "dW2"
    session.select(None)
    qtbot.mouseClick(view.cards[OPERAND], Qt.MouseButton.LeftButton, pos=view.cards[OPERAND].rect().topRight() - QPoint(3, -3))
    assert session.selection.value == value


def test_see_what_it_does_is_shown(written: MainWindow, qtbot: QtBot) -> None:
    view = view_of(written)
    qtbot.mouseClick(view.cards[SIGN].all_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(view.cards[SIGN].course_button, Qt.MouseButton.LeftButton)
    assert written.panels.is_shown("course")


def test_a_mend_is_typed_and_can_be_undone(written: MainWindow, qtbot: QtBot) -> None:
    view = view_of(written)
    qtbot.mouseClick(view.cards[OPERAND].all_button, Qt.MouseButton.LeftButton)
    view.put_wanted.emit(view.cards[OPERAND]._put)
    assert "dW2 = dZ2 @ A1.T" in written.writing.text and not written.diagnosing.state.current
    wait(written, qtbot)
    assert written.diagnosing.state.current and not written.diagnosing.state.of_open
    assert [f.fault for f in written.diagnosing.state.cards] == ["sign"]
    written.writing.apply()
    assert written.diagnosing.state.of_open
    editor = written.panels.view("editor")
    editor.edit.undo()  # type: ignore[attr-defined]
    assert written.writing.text == WRONG


def test_actions_are_possible_only_where_there_is_something(written: MainWindow, qtbot: QtBot) -> None:
    table = written.actions_
    assert all(table[name].isEnabled() for name in ("check-backward", "tell-more", "next-fault")) and table["live"].isChecked()
    table["live"].trigger()
    assert not table["live"].isChecked() and not written.diagnosing.state.live
    written.writing.replace(COLUMNS)
    table["check-backward"].trigger()
    wait(written, qtbot)
    assert view_of(written).summary.words == "✓ Every gradient is right."
    assert not table["tell-more"].isEnabled() and not table["next-fault"].isEnabled()
    assert written.possible.why_not("tell-more") and MEND == ALL
