"""The editor by itself: typing, completion, faults, marks, and that no character is lost."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.diagnosis import diagnose
from stepper import theme
from stepper.views.editor import EditorView
from stepper.widgets.editor_form import form_of
from stepper.widgets.editor_starts import STARTS, template

TEXT = """def half(x):
    return x / 2

# data
X = np.array([[0, 1, 2]])
# parameters
W = np.array([[0.5]])
lr = 0.1
# forward
Z = W @ X
# loss
L = mean(Z * Z)
"""
Key = Qt.Key


@pytest.fixture
def editor(qtbot: QtBot) -> EditorView:
    made = EditorView()
    qtbot.addWidget(made)
    made.resize(640, 480)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    write(qtbot, made, TEXT)
    made.edit.setFocus()
    return made


def write(qtbot: QtBot, editor: EditorView, text: str) -> None:
    with qtbot.waitSignal(editor.analysed, timeout=5000):
        editor.set_text(text)


def to(editor: EditorView, line: int, at_end: bool = True) -> None:
    editor.edit.show_line(line)
    if at_end:
        editor.edit.moveCursor(QTextCursor.MoveOperation.EndOfBlock)


def typed(qtbot: QtBot, editor: EditorView, keys: str) -> None:
    with qtbot.waitSignal(editor.analysed, timeout=5000):
        QTest.keyClicks(editor.edit, keys)
    qtbot.waitUntil(lambda: editor.analysis.text == editor.text(), timeout=5000)


def test_shapes_stand_after_lines_and_follow_what_is_typed(qtbot: QtBot, editor: EditorView) -> None:
    assert editor.edit.shape_at(10) == "1×3"
    to(editor, 10)
    QTest.keyClick(editor.edit, Key.Key_Return)
    assert editor.edit.shape_at(12) == ""  # the loss has moved down, with its shape
    assert editor.edit.shape_at(13) == "number"
    typed(qtbot, editor, "A = Z.T")
    assert editor.edit.shape_at(11) == "3×1"


def test_a_fault_is_underlined_said_and_marked(qtbot: QtBot, editor: EditorView) -> None:
    to(editor, 10)
    typed(qtbot, editor, " + Q")
    selections = [
        s for s in editor.edit.extraSelections() if s.format.underlineStyle() == QTextCharFormat.UnderlineStyle.WaveUnderline
    ]
    assert [s.cursor.selectedText() for s in selections] == ["Q"]
    assert editor.edit.has_trouble(10)
    assert "`Q` has no value here" in editor.strip.text.text()
    assert "`Q` has no value here" in editor.edit.accessibleDescription()
    assert "`Q` has no value here" in editor.edit.words_at(10)
    assert editor.edit.shape_at(10) == ""
    assert editor.edit.shape_at(7) == "1×1"


def test_a_shape_that_does_not_fit_is_said_in_the_learners_names(qtbot: QtBot, editor: EditorView) -> None:
    to(editor, 10)
    typed(qtbot, editor, " @ W")
    assert "the 3 columns of Z.1 meet the 1 row of W" in editor.strip.text.text()


def test_next_goes_from_fault_to_fault(qtbot: QtBot, editor: EditorView) -> None:
    write(qtbot, editor, TEXT.replace("W @ X", "W @ Y").replace("mean(Z * Z)", "mean(X"))
    to(editor, 1)
    seen: list[int] = []
    for _ in range(3):
        editor.next_fault()
        seen.append(editor.edit.place()[0])
    assert seen == [10, 12, 10]


def test_a_name_is_completed_by_keys(qtbot: QtBot, editor: EditorView) -> None:
    to(editor, 12)
    QTest.keyClick(editor.edit, Key.Key_Return)
    QTest.keyClicks(editor.edit, "S = si")
    assert editor.edit.choices.isVisible()
    assert editor.edit.choices.current is not None and editor.edit.choices.current.text == "sigmoid("
    QTest.keyClick(editor.edit, Key.Key_Down)
    QTest.keyClick(editor.edit, Key.Key_Up)
    QTest.keyClick(editor.edit, Key.Key_Return)
    assert editor.edit.choices.isHidden()
    QTest.keyClicks(editor.edit, "Z")
    assert "S = sigmoid(Z)" in editor.text().split("\n")


def test_an_own_function_and_a_method_are_completed(qtbot: QtBot, editor: EditorView) -> None:
    to(editor, 12)
    QTest.keyClick(editor.edit, Key.Key_Return)
    QTest.keyClicks(editor.edit, "S = ha")
    QTest.keyClick(editor.edit, Key.Key_Tab)
    QTest.keyClicks(editor.edit, "X.")
    assert editor.edit.choices.isVisible()
    QTest.keyClick(editor.edit, Key.Key_Tab)
    assert "S = half(X.T)" in editor.text().split("\n")


@pytest.mark.parametrize("before", ["# sig", "S = 12 # si"])
def test_nothing_pops_up_in_a_comment(qtbot: QtBot, editor: EditorView, before: str) -> None:
    to(editor, 12)
    QTest.keyClick(editor.edit, Key.Key_Return)
    QTest.keyClicks(editor.edit, before)
    assert editor.edit.choices.isHidden()
    editor.edit.complete()
    assert editor.edit.choices.isHidden()


def test_escape_closes_the_choice_and_keeps_the_text(qtbot: QtBot, editor: EditorView) -> None:
    to(editor, 12)
    QTest.keyClick(editor.edit, Key.Key_Return)
    QTest.keyClicks(editor.edit, "S = si")
    QTest.keyClick(editor.edit, Key.Key_Escape)
    assert editor.edit.choices.isHidden()
    assert editor.text().endswith("S = si\n")


def test_indents_and_tabs(qtbot: QtBot, editor: EditorView) -> None:
    write(qtbot, editor, "")
    QTest.keyClicks(editor.edit, "def f(x):")
    QTest.keyClick(editor.edit, Key.Key_Return)
    QTest.keyClicks(editor.edit, "return x")
    QTest.keyClick(editor.edit, Key.Key_Escape)
    QTest.keyClick(editor.edit, Key.Key_Return)
    QTest.keyClick(editor.edit, Key.Key_Tab)
    QTest.keyClick(editor.edit, Key.Key_Backspace)
    QTest.keyClicks(editor.edit, "y = 1")
    assert editor.text() == "def f(x):\n    return x\ny = 1"
    editor.edit.selectAll()
    QTest.keyClick(editor.edit, Key.Key_Tab)
    assert editor.text() == "    def f(x):\n        return x\n    y = 1"
    QTest.keyClick(editor.edit, Key.Key_Backtab)
    assert editor.text() == "def f(x):\n    return x\ny = 1"


def test_escape_and_tab_leave_the_editor(qtbot: QtBot, editor: EditorView) -> None:
    QTest.keyClick(editor.edit, Key.Key_Escape)
    QTest.keyClick(editor.edit, Key.Key_Tab)
    assert not editor.edit.hasFocus()
    assert editor.text() == TEXT


def test_comments_come_and_go(editor: EditorView) -> None:
    to(editor, 10)
    editor.edit.toggle_comment()
    assert editor.text().split("\n")[9] == "# Z = W @ X"
    editor.edit.toggle_comment()
    assert editor.text() == TEXT


def test_brackets_that_belong_together_are_shown(editor: EditorView) -> None:
    to(editor, 12)
    assert sorted(s.cursor.selectedText() for s in editor.edit.extraSelections()) == ["(", ")"]


def test_replacing_the_text_is_one_step_to_undo(editor: EditorView) -> None:
    to(editor, 12)
    QTest.keyClicks(editor.edit, " ")
    other = TEXT.replace("Z = W @ X\n", "Z = W @ X\nA = tanh(Z)\n").replace("lr = 0.1\n", "")
    editor.replace_text_undoable(other)
    assert editor.text() == other
    editor.edit.undo()
    assert editor.text() == TEXT.replace("Z * Z)", "Z * Z) ")
    editor.edit.undo()
    assert editor.text() == TEXT
    QTest.keyClick(editor.edit, Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(editor.edit, Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert editor.text() == other


@pytest.mark.parametrize("name", STARTS)
def test_starts(qtbot: QtBot, editor: EditorView, name: str) -> None:
    write(qtbot, editor, "")
    assert editor.starts.isVisible()
    with qtbot.waitSignal(editor.analysed, timeout=5000):
        editor.starts.buttons[name].click()
    assert editor.text() == template(name)
    assert editor.starts.isHidden()
    assert editor.analysis.troubles == ()
    editor.edit.undo()
    assert editor.text() == ""


def test_marks_of_a_diagnosis_go_when_the_text_changes(editor: EditorView) -> None:
    text = template("own").replace("dW2 = dZ2 @ A1.T", "dW2 = -dZ2 @ A1.T")
    editor.set_text(text)
    found = diagnose(text)
    wrong = found.faults[0].line
    editor.set_diagnosis(found, text)
    mark = editor.edit.mark_at(wrong)
    assert mark is not None and not mark.right
    assert "sign" in editor.edit.words_at(wrong)
    rights = [n for n in range(1, 60) if (m := editor.edit.mark_at(n)) is not None and m.right]
    assert rights
    to(editor, 1)
    QTest.keyClicks(editor.edit, "#")
    assert editor.edit.mark_at(wrong) is None
    editor.edit.undo()
    assert editor.edit.mark_at(wrong) == mark
    editor.set_diagnosis(found, text, {})
    assert editor.edit.mark_at(wrong) is None
    assert editor.edit.mark_at(rights[0]) is not None


def test_the_derived_backward_is_hidden_until_asked(editor: EditorView) -> None:
    editor.set_text(template("own"))
    assert editor.derived.isHidden()
    editor.toggle_derived()
    assert editor.derived.isVisible()
    texts = [editor.derived.list.item(n).text() for n in range(editor.derived.list.count())]
    row = next(n for n, text in enumerate(texts) if text.startswith("dW2 = dZ2 @ A1.T"))
    assert "yours is dW2" in texts[row]
    line = template("own").split("\n").index("dW2 = dZ2 @ A1.T") + 1
    editor.derived.list.itemClicked.emit(editor.derived.list.item(row))
    assert editor.edit.place()[0] == line
    editor.toggle_derived()
    assert editor.derived.isHidden()


def test_find(qtbot: QtBot, editor: EditorView) -> None:
    editor.find_text()
    QTest.keyClicks(editor.find_bar.field, "W")
    assert editor.edit.textCursor().selectedText() == "W"
    first = editor.edit.textCursor().position()
    QTest.keyClick(editor.find_bar.field, Key.Key_Return)
    assert editor.edit.textCursor().position() > first
    QTest.keyClicks(editor.find_bar.field, "qqq")
    assert editor.find_bar.said.text() == "not found"
    QTest.keyClick(editor.find_bar.field, Key.Key_Escape)
    assert editor.find_bar.isHidden()
    assert editor.edit.hasFocus()


def test_a_nul_is_refused_with_a_sentence(editor: EditorView) -> None:
    data = QMimeData()
    data.setText("x = \0")
    editor.edit.insertFromMimeData(data)
    assert "NUL" in editor.strip.text.text()
    editor.set_text("x\0")
    editor.replace_text_undoable("\0")
    assert editor.text() == TEXT


@pytest.mark.parametrize("name", ["light", "dark"])
def test_all_inks_can_be_read(editor: EditorView, name: str) -> None:
    theme.apply(name)
    editor.paint_theme()
    editor.edit.paint_theme()
    try:
        for form in editor.edit.colours._formats.values():
            assert theme.contrast(form.foreground().color(), theme.current().panel) >= 4.5
        assert not editor.grab().isNull()
    finally:
        theme.apply("light")


@pytest.mark.parametrize(
    "text", ["a\r\nb\r\n", "a\rb\nc\r\nd", "\r\n\n\r", "é\u2029𝒳\t\u00a0x\u2028", "a\ufdd0b", "\ufeffx = 1\n", "␍\r\na\nb\n"]
)
def test_a_text_comes_back_byte_for_byte(editor: EditorView, text: str) -> None:
    editor.set_text(text)
    assert editor.text() == text
    editor.edit.moveCursor(QTextCursor.MoveOperation.End)
    QTest.keyClicks(editor.edit, "z")
    assert editor.text() == text + "z"


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=60),
    st.text("\r\n\t ()'\"#=", max_size=30),
)
@example("\u2029", "\r\n\r")
def test_any_text_is_kept(editor: EditorView, one: str, other: str) -> None:
    for text in (one + other, other + one):
        assert form_of(text).meant(form_of(text).shown(text)) == text
        editor.set_text(text)
        assert editor.text() == text
    before = editor.text()
    editor.edit.moveCursor(QTextCursor.MoveOperation.Start)
    QTest.keyClicks(editor.edit, "x(")
    editor.edit.undo()
    editor.edit.undo()
    editor.edit.undo()
    assert editor.text() == before
    editor._analyse()
    while editor._pieces.busy:
        editor._pieces._go_on()


def test_the_shape_is_also_said(editor: EditorView) -> None:
    to(editor, 10)
    assert editor.strip.text.text().startswith("Z: 1×3")
    assert "Z: 1×3" in editor.edit.accessibleDescription()
    assert "Z: 1×3" in editor.edit.words_at(10)
