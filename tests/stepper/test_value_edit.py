"""What is copied from the value view, what may be typed over in it, and how changes by hand are marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.value_view import SHAPES, at_end, image, show, shown_view, table, value
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from core.session import Session
from stepper import theme
from stepper.views.value import FACTS, HEAT, SPREAD, TABLE, ValueView


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[ValueView]:
    window, widget = shown_view(qtbot)
    yield widget
    theme.apply("light")
    del window  # it had to live until here


@pytest.fixture
def xor() -> Session:
    return at_end("xor", 3)


@pytest.fixture
def shapes(tmp_path: Path) -> Session:
    file = tmp_path / "shapes.py"
    file.write_text(SHAPES)
    return at_end(str(file), 1)


def test_copies_go_round(view: ValueView, shapes: Session) -> None:
    array = show(view, shapes, "N", part=TABLE)
    view.copy_numpy()
    again = eval(QGuiApplication.clipboard().text(), {"np": np})
    assert again.tobytes() == array.tobytes() and again.dtype == array.dtype
    view.copy_csv()
    assert QGuiApplication.clipboard().text() == "nan,1.0,-inf\ninf,-0.0,0.1\n"
    assert "CSV" in view.message.text()
    view.table.selectAll()
    view.table.setFocus()
    QTest.keyClick(view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "nan\t1.0\t-inf\ninf\t-0.0\t0.1\n"
    view.table.clearSelection()
    view.table.setCurrentIndex(view.table.numbers.index(1, 2))
    view.copy_selection()
    assert QGuiApplication.clipboard().text() == "0.1"
    view.show_part(HEAT)
    view.heat.setFocus()
    view.heat.cursor_place = (0, 1)
    QTest.keyClick(view.heat, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "1.0"


def test_full_precision_in_the_table(view: ValueView, xor: Session) -> None:
    array = show(view, xor, "dA1", part=TABLE)
    assert np.array_equal(np.array(table(view), dtype=float), array)


def test_a_number_is_typed_over_in_the_table(view: ValueView, xor: Session, qtbot: QtBot) -> None:
    show(view, xor, "W1", (1, 0), TABLE)
    view.table.setFocus()
    qtbot.keyClick(view.table, Qt.Key.Key_F2)
    editor = view.table.findChild(QLineEdit)
    assert editor is not None
    editor.setText("-0.5")
    with qtbot.waitSignal(view.cell_edited) as edited:
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert edited.args == [value(xor, "W1"), (1, 0), "-0.5"]
    moment = xor.moment().value(value(xor, "W1"))
    assert moment is not None and table(view)[1][0] == repr(float(moment[1, 0]))  # the view itself changes nothing


def test_a_number_is_typed_over_in_the_heat_map(view: ValueView, xor: Session, qtbot: QtBot) -> None:
    show(view, xor, "lr")
    edits: list[tuple[int, object, str]] = []
    view.cell_edited.connect(lambda v, c, t: edits.append((v, c, t)))
    view.heat.setFocus()
    qtbot.keyClicks(view.heat, "0")
    assert view.heat.editor.isVisible() and view.heat.editor.hasFocus()
    qtbot.keyClicks(view.heat.editor, ".25")
    qtbot.keyClick(view.heat.editor, Qt.Key.Key_Return)
    assert edits == [(value(xor, "lr"), (), "0.25")] and view.heat.hasFocus()
    qtbot.keyClick(view.heat, Qt.Key.Key_F2)
    qtbot.keyClick(view.heat.editor, Qt.Key.Key_Return)  # nothing was typed
    qtbot.keyClicks(view.heat, "7")
    qtbot.keyClick(view.heat.editor, Qt.Key.Key_Escape)
    assert len(edits) == 1 and not view.heat.editor.isVisible()


def test_what_is_calculated_says_why_it_cannot_be_typed_over(view: ValueView, xor: Session, qtbot: QtBot) -> None:
    edits: list[object] = []
    view.cell_edited.connect(lambda *a: edits.append(a))
    reason = xor.moment().can_change(value(xor, "dW1"))
    show(view, xor, "dW1")
    view.heat.setFocus()
    qtbot.keyClicks(view.heat, "1")
    assert view.message.text() == reason + "." and not view.heat.editor.isVisible()
    show(view, xor, "dW1", (0, 1), TABLE)
    assert view.message.text() == ""
    view.table.setFocus()
    for act in (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_5):
        view.say("")
        qtbot.keyClick(view.table, act)
        assert view.message.text() == reason + "."
    assert edits == [] and view.table.findChild(QLineEdit) is None


def test_stale_and_edited_are_marked(view: ValueView, xor: Session) -> None:
    w1 = value(xor, "W1")
    xor.select(w1)
    moment = xor.moment()
    marked = replace(moment, old={w1: moment.machine.peek(w1)}, edited={w1: frozenset({(1, 0)})})
    pictures = []
    for part in (HEAT, TABLE, SPREAD, FACTS):
        view.show_part(part)
        view.draw(moment)
        plain = image(view.stack)
        view.draw(marked)
        pictures.append((image(view.stack) != plain).any())
        name = view.stack.currentWidget().accessibleName()
        assert "out of date" in name
    assert all(pictures)
    assert "out\u00a0of\u00a0date" in view.head.marks.text() and "changed" in view.head.marks.text()
    view.show_part(TABLE)
    index = view.table.numbers.index(1, 0)
    assert "changed by hand" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "changed by hand" not in view.table.numbers.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "out of date" in index.data(Qt.ItemDataRole.AccessibleTextRole)


def test_a_change_by_hand_from_typing_to_the_marks(view: ValueView, xor: Session, qtbot: QtBot) -> None:
    xor.go(3, 4)
    xor.listen(lambda: view.draw(xor.moment()))
    view.value_clicked.connect(xor.select)
    view.cell_edited.connect(xor.change_cell)
    show(view, xor, "W1", (2, 1), TABLE)
    view.table.setFocus()
    qtbot.keyClick(view.table, Qt.Key.Key_Return)
    editor = view.table.findChild(QLineEdit)
    assert editor is not None
    editor.setText("0.125")
    with qtbot.waitSignal(view.cell_edited):
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert table(view)[2][1] == "0.125"
    assert "changed\u00a0by\u00a0hand" in view.head.marks.text()
    old = xor.moment()
    a1 = value(xor, "A1")
    assert a1 in old.stale
    show(view, xor, "A1", part=HEAT)
    assert "out of date" in view.heat.accessibleName() and view.heat.plane is not None and view.heat.plane.stale
    xor.recompute()
    assert "out of date" not in view.heat.accessibleName()
    w1, x = xor.moment().value(value(xor, "W1")), np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    b1 = xor.moment().value(value(xor, "b1"))
    assert w1 is not None and b1 is not None and w1[2, 1] == 0.125
    np.testing.assert_allclose(view.heat.plane.numbers, 1 / (1 + np.exp(-(w1 @ x + b1))), rtol=1e-12)
