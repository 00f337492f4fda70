"""The curves: one x axis, numbers as they are taken, gaps with signs, travel by mouse and keys, what is shown is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.complete import load
from core.explain.curve import extent, logarithms
from core.library import example_text, open_target
from core.notes import Bookmark, Watch
from core.session import Session
from stepper import theme
from stepper.views.curves import CurvesView
from stepper.views.loss import LossView
from stepper.widgets.curve_panel import DASHES, look_of


class Wired:
    """A session with its view, as the window wires them."""

    def __init__(self, view: CurvesView) -> None:
        self.view = view
        self.session: Session | None = None
        view.wanted.connect(self.want)

    def want(self, ids: object) -> None:
        assert self.session is not None and isinstance(ids, tuple)
        self.session.tracks.want(ids)

    def show(self, session: Session) -> None:
        """Draw, fill in what is wanted, draw again."""
        self.session = session
        self.view.draw(session.moment())
        while not session.tracks.fill(0.2):
            pass
        self.view.draw(session.moment())


@pytest.fixture
def wired(qtbot: QtBot) -> Iterator[Wired]:
    theme.apply("light")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(820, 640)
    view = CurvesView(window)
    view.resize(800, 620)
    window.show()
    qtbot.waitExposed(window)
    yield Wired(view)
    del window


def session_of(target: str, iterations: int = 0) -> Session:
    found = open_target(target)
    session = Session(found.program, found.title, found.evaluations)
    if iterations:
        session.run(iterations)
    return session


def curve(view: CurvesView, panel: str, place: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x, y = view.panels[panel].curves[place].getOriginalDataset()
    return np.asarray(x), np.asarray(y)


def test_empty_state_invites(wired: Wired) -> None:
    wired.show(session_of("xor"))
    assert wired.view.hint.isVisible() and "Run" in wired.view.hint.text() and not wired.view.area.isVisible()


def test_each_curve_is_its_track_and_all_share_one_axis(wired: Wired) -> None:
    session = session_of("xor", 40)
    session.note(session.notes.add(Watch("W1[0, 0]")).add(Watch("W1")))
    wired.show(session)
    view = wired.view
    assert list(view.panels) == ["loss", "gradient", "update", "units", "watch:W1[0, 0]"]
    x, y = curve(view, "loss")
    assert list(x) == list(range(1, 41)) and list(y) == session.timeline.losses
    np.testing.assert_array_equal(curve(view, "gradient", 1)[1], logarithms(session.tracks.series("gradient:2")))
    np.testing.assert_array_equal(curve(view, "watch:W1[0, 0]")[1], session.tracks.series("watch:W1[0, 0]"))
    plots = [view.axis, *(p.plot for p in view.panels.values())]
    assert len({tuple(p.item.getViewBox().viewRange()[0]) for p in plots}) == 1
    places = {round(p.mapTo(view, QPoint(round(p.x_of(20)), 0)).x()) for p in plots}
    assert max(places) - min(places) <= 1, "the same iteration stands at the same place in all plots"
    assert {p.line.value() for p in view.panels.values()} == {40}
    assert "layer 2" in view.panels["gradient"].legend.accessibleName()


def test_click_and_keys_travel(wired: Wired, qtbot: QtBot) -> None:
    session = session_of("xor", 40)
    wired.show(session)
    view, seen = wired.view, list[int]()
    view.iteration_clicked.connect(seen.append)
    plot = view.panels["update"].plot
    qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(round(plot.x_of(12)), 30))
    qtbot.mouseClick(view.axis.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(round(view.axis.x_of(31)), 10))
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp):
        qtbot.keyClick(view, key)
    assert seen == [12, 31, 39, 1, 40, 36]


def test_not_finite_is_a_gap_with_a_sign_and_words(wired: Wired) -> None:
    session = session_of("flower", 2500)
    wired.show(session)
    for panel in wired.view.panels.values():
        assert panel.bad_label.isVisible() and panel.bad_label.toPlainText().startswith("✕ not finite from iteration ")
        assert panel.bad_region.isVisible() and len(panel.bad_marks.getData()[0]) == 1
        low, high = panel.plot.item.getViewBox().viewRange()[1]
        assert np.isfinite([low, high]).all() and high - low < 100
    assert "not finite" in wired.view.panels["loss"].legend.accessibleName()


def test_only_what_is_not_finite(wired: Wired) -> None:
    session = Session(load(example_text("xor").replace("lr = 3.0", "lr = 1e308 * 100")), "bad")
    session.run(6)
    session.note(session.notes.add(Watch("L / 0")).add(Watch("1e308 * (1 + iteration)")).add(Watch("L * 0")))
    wired.show(session)
    assert wired.view.grab().width() == 800
    for panel in wired.view.panels.values():
        assert np.isfinite(panel.plot.item.getViewBox().viewRange()[1]).all()


def test_what_is_shown_is_chosen_and_only_that_is_followed(wired: Wired, qtbot: QtBot) -> None:
    session = session_of("xor", 30)
    wired.show(session)
    view = wired.view
    update = next(a for a in view.header.menu.actions() if a.data() == "update")
    update.trigger()
    assert not view.panels["update"].isVisible() and not any(id.startswith("update") for id in session.tracks.wanted)
    update.trigger()
    assert view.panels["update"].isVisible() and "update:1" in session.tracks.wanted
    for action in view.header.menu.actions():
        action.trigger()
    assert view.hint.isVisible() and "Show" in view.hint.text()
    view.hide()
    assert session.tracks.wanted == ()
    session.note(session.notes.add(Watch("L")))
    view.show()
    view.draw(session.moment())
    next(a for a in view.header.menu.actions() if a.data() == "watch:L").trigger()
    assert not view.panels["watch:L"].isVisible()
    view.show_watch("L")
    assert view.panels["watch:L"].isVisible() and session.tracks.wanted == ("watch:L",)


def test_flags_changes_and_the_ghost(wired: Wired) -> None:
    session = session_of("xor", 50)
    session.note(session.notes.add(Bookmark(20, 3, "look <here>")))
    session.go(30, 0)
    session.change_cell(session.program.inputs["W1"], (0, 0), "3.5")
    session.run(10)
    wired.show(session)
    panel = wired.view.panels["loss"]
    assert list(panel.signs.flags.getData()[0]) == [20] and list(panel.signs.pencils.getData()[0]) == [29.5]
    assert "look <here> (iteration 20)" in panel.plot.tip_at(panel.plot.x_of(20))
    assert "iteration 30" in panel.plot.tip_at(panel.plot.x_of(29.5)) and panel.plot.tip_at(panel.plot.x_of(5)) == ""
    assert len(curve(wired.view, "loss", 1)[1]) == 50 and "before the change" in panel.legend.accessibleName()
    strip = LossView(wired.view.window())
    strip.resize(700, 160)
    strip.show()
    strip.draw(session.moment())
    assert len(strip.ghost.getOriginalDataset()[1]) == 50 and list(strip.signs.flags.getData()[0]) == [20]


def test_log_scales(wired: Wired, qtbot: QtBot) -> None:
    session = session_of("xor", 200)
    wired.show(session)
    with qtbot.waitSignal(wired.view.log_switched) as caught:
        wired.view.set_log(True)
    assert caught.args == [True]
    np.testing.assert_array_equal(curve(wired.view, "loss")[1], np.log10(session.timeline.losses))
    axis = wired.view.panels["loss"].plot.item.getAxis("left")
    for low, high in ((-6.0, 3.0), (-1.0, 0.2), (-0.2, 0.0), (1.999, 2.0), (0.0, 250.0)):
        ticks = [v for _, values in axis.tickValues(low, high, 100) for v in values]
        assert 1 <= len(ticks) <= 12 and all(low <= v <= high for v in ticks), (low, high, ticks)
    strip = LossView(wired.view.window())
    strip.resize(700, 160)
    strip.show()
    strip.draw(session.moment())
    strip.set_log(True)
    np.testing.assert_array_equal(strip.curve.getOriginalDataset()[1], np.log10(session.timeline.losses))


def test_scores_are_dots_at_a_few_iterations(wired: Wired) -> None:
    session = session_of("iris", 60)
    wired.show(session)
    assert {"loss", "scores"} <= set(wired.view.panels)
    x, y = curve(wired.view, "scores", 1)
    assert len(x) == 60 and (y == session.tracks.series("held_out_accuracy")).all()
    assert len(wired.view.panels["scores"].dots.getData()[0]) == 120


def test_a_change_by_hand_is_drawn_anew(wired: Wired) -> None:
    session = session_of("xor", 20)
    wired.show(session)
    before = curve(wired.view, "gradient")[1].copy()
    session.go(5, 0)
    session.change_cell(session.program.inputs["W1"], (0, 0), "3.5")
    session.run(16)
    wired.show(session)
    after = curve(wired.view, "gradient")[1]
    assert len(after) == len(before) == 20 and (after != before)[5:].all() and (after == before)[:4].all()


def test_looks_differ_not_by_colour_alone() -> None:
    looks = [look_of(n, False) for n in range(20)]
    assert len({(p.color().name(), p.style()) for p in looks}) == 20
    assert all(a.style() != b.style() for a, b in pairwise(looks)) and len(DASHES) == 4
    for name in ("light", "dark"):
        theme.apply(name)
        assert all(theme.contrast(look_of(n, False).color(), theme.current().panel) >= 4.5 for n in range(8))
    theme.apply("light")


def test_scales_are_never_broken() -> None:
    assert extent([]) is None and extent([np.array([np.nan, np.inf])]) is None
    for numbers in ([0.0], [1e308, -1e308], [5.0, 5.0], [1e-320], [1e16, 1e16 + 2], [np.inf, 3.0]):
        found = extent([np.array(numbers)])
        assert found is not None and np.isfinite([*found, found[1] - found[0]]).all() and found[0] < found[1]
