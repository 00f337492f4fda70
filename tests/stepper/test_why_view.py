"""Why this number?, pressed and clicked as a person would, against NumPy by hand."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from core.complete import load
from core.library import EXAMPLES, open_target
from core.session import Session
from stepper import theme
from stepper.views.why import WhyView

LARGE = """\
# data
np.random.seed(3)
X = np.random.rand(784, 64)
Y = np.random.rand(10, 64)
# parameters
W1 = np.random.randn(128, 784) * np.sqrt(2 / 784)
W2 = np.random.randn(64, 128) * np.sqrt(2 / 128)
W3 = np.random.randn(10, 64) * np.sqrt(2 / 64)
lr = 0.1
# forward
Z1 = W1 @ X
A1 = relu(Z1)
Z2 = W2 @ A1
A2 = relu(Z2)
Z3 = W3 @ A2
A3 = sigmoid(Z3)
# loss
L = mse(A3, Y)
"""


class Desk:
    """A view with a session behind it, wired as the window wires them."""

    def __init__(self, session):
        self.session = session
        self.window = QWidget()  # a view shown by itself would have Qt warn of size hints
        self.window.resize(480, 700)
        self.view = WhyView(self.window)
        self.view.resize(480, 700)
        self.view.value_clicked.connect(session.select)
        self.view.place_wanted.connect(session.go)
        self.view.sample_clicked.connect(session.select_sample)
        session.listen(self.draw)
        self.window.show()
        self.draw()

    def draw(self):
        self.view.draw(self.session.moment())

    def value(self, label):
        return next(v.index for v in self.session.program.values if v.label == label)

    def select(self, label, cell=None):
        self.session.select(self.value(label), cell)

    @property
    def chosen(self):
        s = self.session.selection
        return self.session.program.values[s.value].label, s.cell

    @property
    def tables(self):
        return self.view.stack.shown

    def text(self, table=0):
        model = self.tables[table].rows
        return [[model.data(model.index(r, c)) for c in range(model.columnCount())] for r in range(model.rowCount())]

    def enter(self, row, column, table=0):
        shown = self.tables[table]
        shown.setCurrentIndex(shown.rows.index(row, column))
        self.key(shown, Qt.Key.Key_Return)

    def key(self, widget, key):
        self.bot.keyClick(widget, key)


@pytest.fixture
def desk(qtbot):
    made = []

    def make(target="xor", iteration=1, k=None):
        program = load(LARGE) if target == "large" else open_target(target).program
        session = Session(program, target)
        session.go(iteration, len(program) if k is None else k)
        found = Desk(session)
        found.bot = qtbot
        qtbot.addWidget(found.window)
        made.append(found)
        return found

    return make


def test_without_a_selection_it_invites(desk):
    d = desk()
    assert "Click any number" in d.view.made_label.text() and not d.tables
    assert d.view.asks.isHidden() and d.view.trail_bar.isHidden()


def test_a_weight_gradient_shows_upstream_times_local_by_sample(desk):
    d = desk()
    d.select("dW1", (0, 1))
    moment = d.session.moment()
    dz1, x = moment.value(d.value("dZ1")), moment.value(d.value("X"))
    assert d.view.title_label.text() == f"dW1[0, 1] = {moment.value(d.value('dW1'))[0, 1]}".replace("-", "−")
    assert "backward, line" in d.view.made_label.text() and "dW1 = dZ1 @ X.T" in d.view.made_label.text()
    assert d.view.arithmetic_label.text().startswith("dW1[0, 1]:  ")
    (table,) = d.tables
    assert table.rows.headings == ("sample", "upstream", "local", "product")
    largest = int(np.argmax(np.abs(dz1[0] * x[1])))
    row = d.text()[0]
    assert row[0] == str(largest + 1) and row[1].startswith(f"dZ1[0, {largest}]  ") and row[2] == f"X[1, {largest}]  1"
    assert len(d.text()) == 4 and table.rows.rows[0].entries[3].share == pytest.approx(np.sign(dz1[0, largest]))


def test_links_lead_back_to_the_data_and_back_again(desk):
    d = desk()
    d.select("dW1", (0, 1))
    way = [d.chosen]
    seen = set()
    for _ in range(40):
        links = [(t, r, c) for t, table in enumerate(d.tables) for r, row in enumerate(table.rows.rows)
                 for c, e in enumerate(row.entries) if e.leads and e.factor.value not in seen]  # fmt: skip
        if not links:
            break
        t, r, c = links[0]
        seen.add(d.tables[t].rows.rows[r].entries[c].factor.value)
        d.enter(r, c, t)
        way.append(d.chosen)
    assert d.session.selection.value in d.session.program.inputs.values()
    assert "Given under" in d.view.made_label.text() or "first value" in d.view.made_label.text()
    assert not d.view.trail_bar.isHidden() and len(d.view.trail.stops) == len(way) - 1
    for expected in reversed(way[:-1]):
        d.key(d.tables[0].viewport() if d.tables else d.view.asks.go_button, Qt.Key.Key_Backspace)
        assert d.chosen == expected
    assert d.view.trail_bar.isHidden()


def test_a_selection_made_elsewhere_begins_a_new_way(desk):
    d = desk()
    d.select("dW1", (0, 1))
    d.enter(0, 1)
    assert d.view.trail.stops
    d.select("A2", (0, 0))
    assert not d.view.trail.stops
    d.view.back()
    assert d.chosen == ("A2", (0, 0))


def test_a_parameter_leads_into_the_iteration_before_and_back(desk):
    d = desk(iteration=3, k=2)
    d.select("W1", (0, 1))
    number = d.view.title_label.text().split(" = ")[1]
    assert "From iteration 2" in d.view.made_label.text() and not d.tables
    d.bot.mouseClick(d.view.asks.go_button, Qt.MouseButton.LeftButton)
    assert d.chosen == ("W1_next", (0, 1)) and d.session.timeline.position.iteration == 2
    assert d.view.title_label.text() == f"W1_next[0, 1] = {number}"
    d.enter(0, 0)  # to W1 of iteration 2
    d.bot.mouseClick(d.view.asks.go_button, Qt.MouseButton.LeftButton)
    assert d.session.timeline.position.iteration == 1 and len(d.view.trail.stops) == 3
    for _ in range(3):
        d.bot.mouseClick(d.view.trail_bar.button, Qt.MouseButton.LeftButton)
    assert d.chosen == ("W1", (0, 1)) and (d.session.timeline.position.iteration, d.session.timeline.position.k) == (3, 2)


def test_the_first_value_and_the_data_name_their_line(desk):
    d = desk()
    d.select("W1", (0, 1))
    assert f"line {d.session.program.given_named('W1').line}" in d.view.made_label.text()
    d.select("X", (0, 3))
    assert "sample 4" in d.view.made_label.text()
    d.select("lr")
    assert "not learned" in d.view.made_label.text() and d.view.title_label.text() == "lr = 3"


def test_what_is_not_computed_yet_is_said_and_can_be_gone_to(desk):
    d = desk(k=1)
    d.select("A1", (0, 0))
    assert d.view.title_label.text() == "A1[0, 0]" and "Not computed yet" in d.view.made_label.text()
    d.bot.mouseClick(d.view.asks.go_button, Qt.MouseButton.LeftButton)
    assert d.view.title_label.text().startswith("A1[0, 0] = ") and "sigmoid(Z1)" in d.view.made_label.text()


def test_a_value_without_a_cell_offers_some(desk):
    d = desk()
    d.select("W1")
    w1 = d.session.moment().value(d.value("W1"))
    assert "Choose one" in d.view.made_label.text()
    assert [r[0] for r in d.text()] == ["furthest from 0", "nearest to 0"]
    d.enter(0, 1)
    assert d.chosen == ("W1", tuple(int(i) for i in np.unravel_index(np.argmax(np.abs(w1)), w1.shape)))


def test_nan_is_offered_and_explained_first(desk):
    d = desk("flower", iteration=1760)
    d.select("dW1")
    assert d.text()[0][0] == "not a number"
    d.enter(0, 1)
    assert d.view.title_label.text().endswith("= NaN")
    assert "NaN" in d.text()[0][1] and d.text()[0][3] == "NaN"


def test_long_sums_are_the_largest_terms_and_the_rest_until_all_are_wanted(desk):
    d = desk("large")
    d.select("Z1", (5, 7))
    moment = d.session.moment()
    w, x = moment.value(d.value("W1"))[5], moment.value(d.value("X"))[:, 7]
    assert len(d.text()) == 13 and d.text()[-1][0] == "and 772 more"
    assert d.text()[0][0].startswith(f"W1[5, {int(np.argmax(np.abs(w * x)))}]")
    numbers = [row.entries[-1].number for row in d.tables[0].rows.rows]
    assert sum(numbers) == pytest.approx(float(w @ x), rel=1e-12)
    d.enter(12, 0)
    assert len(d.text()) == 784
    d.select("Z1", (5, 8))
    assert len(d.text()) == 13


def test_the_keyboard_brings_rows_into_sight(desk, qtbot):
    d = desk("large")
    d.view.resize(400, 300)
    d.select("Z1", (5, 7))
    d.window.activateWindow()
    qtbot.waitUntil(d.window.isActiveWindow)
    (table,) = d.tables
    table.setFocus()
    qtbot.waitUntil(table.hasFocus)
    for _ in range(12):
        d.key(table, Qt.Key.Key_Down)
    assert table.currentIndex().row() == 12
    bar = d.view.findChild(QScrollArea).verticalScrollBar()
    assert bar.maximum() > 0 and bar.value() > 0
    rect = table.visualRect(table.currentIndex())
    top = table.viewport().mapTo(d.view, rect.topLeft()).y()
    assert 0 < top < d.view.asks.y()


def test_a_sample_is_made_the_current_one_and_lit(desk):
    d = desk()
    d.select("db1", (0, 0))
    chosen = int(d.text()[1][0])
    d.enter(1, 0)
    assert d.text()[1][0] == f"▸ {chosen}"
    assert d.session.selection.sample == chosen - 1
    assert [r.current for r in d.tables[0].rows.rows] == [r.sample == chosen - 1 for r in d.tables[0].rows.rows]


def test_asking_when_it_changed_and_stopping_there(desk):
    d = desk()
    d.select("W1", (0, 1))
    asked = []
    d.view.plot_wanted.connect(asked.append)
    d.view.stop_wanted.connect(asked.append)
    d.bot.mouseClick(d.view.asks.plot_button, Qt.MouseButton.LeftButton)
    d.bot.mouseClick(d.view.asks.stop_button, Qt.MouseButton.LeftButton)
    assert asked == ["W1[0, 1]", "W1[0, 1]"]
    d.select("Z1.1", (0, 1))
    assert not d.view.asks.plot_button.isEnabled() and "no name" in d.view.asks.plot_button.toolTip()


def test_out_of_date_and_changed_by_hand_are_said(desk):
    d = desk()
    d.session.change_cell(d.value("W1"), (0, 1), "5")
    d.select("A2", (0, 0))
    assert d.session.moment().stale and d.value("A2") in d.session.moment().stale
    assert "Out of date" in d.view.note_label.text() and not d.view.arithmetic_label.text() and not d.tables
    d.select("W1", (0, 1))
    assert "Changed by hand" in d.view.note_label.text() and d.view.title_label.text() == "W1[0, 1] = 5"
    d.select("W1", (0, 0))
    assert "Changed by hand" not in d.view.note_label.text()


def test_a_cell_that_the_last_batch_does_not_have(desk):
    d = desk()
    d.session.select(d.value("X"), (0, 9))
    assert "no such cell" in d.view.made_label.text()


@pytest.mark.parametrize("target", EXAMPLES)
def test_every_value_of_every_builtin_is_explained(desk, target):
    d = desk(target, iteration=2)
    for value in d.session.program.values:
        shape = d.session.moment().shape(value.index)
        d.session.select(value.index, tuple(n - 1 for n in shape))
        assert " = " in d.view.title_label.text() and d.view.made_label.text(), value.label
        assert all(w.accessibleName() for w in d.view.findChildren(QLabel))


@pytest.mark.parametrize("name", ["light", "dark"])
def test_links_can_be_read(name):
    for ground in (theme.THEMES[name].panel, theme.THEMES[name].lit):
        ink = theme.THEMES[name].read if ground == theme.THEMES[name].panel else theme.THEMES[name].lit_text
        assert theme.contrast(ink, ground) >= 4.5


def test_narrow_rows_fold_and_no_number_is_cut(desk):
    d = desk()
    d.view.resize(300, 600)
    d.select("dW1", (0, 1))
    (table,) = d.tables
    assert table.delegate.folded and table.height() >= 4 * table.delegate.row_height
    for row in table.rows.rows:
        for column, entry in enumerate(row.entries):
            assert table.columnWidth(column) >= table.delegate.least(entry)
    d.bot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(table.columnViewportPosition(2) + 4, 6))
    assert d.chosen[0] == "X"
