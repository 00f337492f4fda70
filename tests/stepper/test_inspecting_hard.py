"""A saved network in the window while files come late, change and go: no number of another tensor, file or time is shown."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.inspecting import form, npz, numbers, read, saved_view, settle, tensor
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.files.saved import Saved
from core.steppable.build import Choices
from stepper import files, inspecting_work
from stepper.main_window import MainWindow
from stepper.models.saved_state import RANDOM, USUAL


@pytest.fixture
def mlp(tmp_path: Path) -> Path:
    return npz(tmp_path / "mlp.npz")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return npz(tmp_path / "other.npz", numbers(1))


class Gate:
    """Lets files be read one at a time, when the test says so."""

    def __init__(self, reader: Callable[[str], Saved]) -> None:
        self._reader = reader
        self.held = threading.Semaphore(0)
        self.asked: list[str] = []

    def __call__(self, path: str) -> Saved:
        self.asked.append(Path(path).name)
        assert self.held.acquire(timeout=20)
        return self._reader(path)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(inspecting_work.read_saved)
    monkeypatch.setattr(inspecting_work, "read_saved", made)
    yield made
    made.held.release(100)


# -- one thing after another -----------------------------------------------------------------------------


def test_the_last_of_several_files_is_shown(window: MainWindow, qtbot: QtBot, mlp: Path, other: Path, gate: Gate) -> None:
    window.open_file(str(mlp))
    qtbot.waitUntil(lambda: gate.asked == ["mlp.npz"])
    window.open_file(str(other))
    gate.held.release(2)
    settle(window, qtbot)
    assert window.inspecting.path == str(other) and window.controller.target == str(other)
    assert window.inspecting.state.look is not None
    assert window.inspecting.state.look.summary.max == numbers(1)["W1"].max()


@pytest.mark.parametrize("how", ["example", "document", "lesson", "bad"])
def test_a_late_file_does_not_replace_what_was_opened_meanwhile(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, mlp: Path, gate: Gate, how: str
) -> None:
    document = tmp_path / "s.stepper"
    window.documents.save_to(str(document))
    window.open_file(str(mlp))
    qtbot.waitUntil(lambda: gate.asked == ["mlp.npz"])
    match how:
        case "example":
            window.open_file("flower")
        case "document":
            window.open_file(str(document))
        case "lesson":
            window.lessons.open("lesson:dead-relu")
            qtbot.waitUntil(lambda: window.controller.target != "xor", timeout=10_000)
        case _:
            (tmp_path / "bad.py").write_text("Z = = 1")
            window.open_file(str(tmp_path / "bad.py"))
    session, title = window.controller.session, window.windowTitle()
    gate.held.release(1)
    settle(window, qtbot)
    qtbot.wait(50)
    if how == "bad":  # nothing was opened, so what was asked for before still comes
        assert window.inspecting.path == str(mlp)
        return
    assert window.controller.session is session and window.windowTitle() == title
    assert window.inspecting.state.saved is None and not window.inspecting.state.busy


def test_a_text_applied_while_a_file_is_read_does_not_stop_it(window: MainWindow, qtbot: QtBot, mlp: Path, gate: Gate) -> None:
    window.open_file(str(mlp))
    qtbot.waitUntil(lambda: gate.asked == ["mlp.npz"])
    window.writing.apply()
    gate.held.release(1)
    settle(window, qtbot)
    assert window.inspecting.path == str(mlp)


def test_a_file_that_is_asked_for_takes_the_place_of_one_being_made_anew(
    window: MainWindow, qtbot: QtBot, mlp: Path, other: Path, gate: Gate
) -> None:
    gate.held.release(1)
    read(window, qtbot, mlp)
    opened: list[str] = []
    window.controller.opened.connect(lambda _: opened.append(window.controller.target))
    window.inspecting.step(Choices("tanh"), RANDOM)
    qtbot.waitUntil(lambda: len(gate.asked) == 2)
    window.open_file(str(other))
    gate.held.release(2)
    settle(window, qtbot)
    assert opened == [str(other)] and window.inspecting.path == str(other)
    assert window.inspecting.state.choices == USUAL


def test_the_window_is_closed_while_a_file_is_read(window: MainWindow, qtbot: QtBot, mlp: Path, gate: Gate) -> None:
    window.open_file(str(mlp))
    qtbot.waitUntil(lambda: gate.asked == ["mlp.npz"])
    window.close()
    gate.held.release(1)
    qtbot.wait(60)
    assert window.controller.target == "xor"


def test_the_training_stops_when_the_network_is_opened_anew(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    window.controller.toggle_run()
    before = window.controller.session
    qtbot.waitUntil(lambda: before is not None and before.timeline.iteration > 2)
    form(window)._on_step()
    settle(window, qtbot)
    session = window.controller.session
    assert session is not None and session is not before and not session.running and session.timeline.iteration == 1
    window.actions_["undo"].trigger()
    window.actions_["start"].trigger()
    assert window.inspecting.state.saved is not None and window.controller.session is session


def test_the_tour_takes_the_place_of_a_file_that_is_read(window: MainWindow, qtbot: QtBot, mlp: Path, gate: Gate) -> None:
    window.open_file(str(mlp))
    qtbot.waitUntil(lambda: gate.asked == ["mlp.npz"])
    window.guide.begin_tour()
    gate.held.release(1)
    settle(window, qtbot)
    assert window.guide.tour.is_on and window.inspecting.state.saved is None
    read_on = mlp.with_name("again.npz")
    npz(read_on)
    gate.held.release(1)
    read(window, qtbot, read_on)
    assert not window.guide.tour.is_on and window.inspecting.path == str(read_on)


def test_the_first_page_is_left_for_a_file_that_comes_late(window: MainWindow, qtbot: QtBot, mlp: Path, gate: Gate) -> None:
    window.open_file(str(mlp))
    window.show_first_page()
    gate.held.release(1)
    settle(window, qtbot)
    assert not window.at_first_page and window.inspecting.path == str(mlp)
    window.show_first_page()
    assert not window.actions_["export-tensor"].isEnabled()


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_being_saved_when_the_window_closes_is_not_lost(
    window: MainWindow, qtbot: QtBot, mlp: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    read(window, qtbot, mlp)
    monkeypatch.setattr(files, "LARGE", 1)
    folder = tmp_path / "folder"
    folder.mkdir()
    window.files.save_weights(str(folder / "w.npz"))
    window.inspecting.export("W1", str(folder / "W1.npy"))
    settle(window, qtbot)
    window.files.save_weights(str(tmp_path / ("nowhere/w.npz" if fails else "w.npz")))
    window.inspecting.export("W1", str(tmp_path / "W1.npy"))
    assert window.close() is not fails
    if fails:
        assert window.isVisible() and "not saved" in window.message.text
        assert window.close()
    assert np.array_equal(np.load(tmp_path / "W1.npy"), numbers()["W1"])
    assert (tmp_path / "w.npz").exists() is not fails


def test_no_process_that_reads_outlives_the_app(tmp_path: Path) -> None:
    """A file that takes long to read is being read when the app ends."""
    slow = tmp_path / "slow.csv"
    slow.write_text("\n".join(",".join(["0.5"] * 200) for _ in range(40_000)))
    code = f"""
import threading, time
from pathlib import Path
from core.files import worker
threading.Thread(target=worker.read, args=(Path({str(slow)!r}),), daemon=True).start()
while not worker._alive:
    time.sleep(0.01)
print(next(iter(worker._alive)).pid, flush=True)
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    pid = int(made.stdout)
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return
    assert state == "Z" or "child.py" not in Path(f"/proc/{pid}/cmdline").read_text()  # nobody may have buried it yet


# -- what is chosen, and what is shown of it -------------------------------------------------------------


def test_a_chosen_tensor_stays_while_the_training_goes_on(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = npz(tmp_path / "more.npz", {**numbers(), "epoch": np.array([3.0])})
    read(window, qtbot, path)
    window.wiring._on_tensor("W2")
    window.wiring._on_tensor("epoch")
    assert window.inspecting.state.tensor == "epoch"
    window.controller.later("iteration")
    assert window.inspecting.state.tensor == "epoch"
    moment = window.controller.session.moment()  # type: ignore[union-attr]
    window.controller.select(next(v.index for v in moment.program.values if v.name == "b1"))
    assert window.inspecting.state.tensor == "b1"


def test_many_tensors_one_after_the_other_end_with_the_last(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    values = {f"t{n:03}": np.full((3, 4), float(n)) for n in range(500)}
    read(window, qtbot, npz(tmp_path / "many.npz", values))
    view = saved_view(window)
    view.tree.setFocus()
    for n in range(300):
        qtbot.keyClick(view.tree, Qt.Key.Key_Down)
        if n % 37 == 0:
            qtbot.wait(20)
    state = window.inspecting.state
    assert state.look is None or state.look.name == state.tensor
    settle(window, qtbot)
    state = window.inspecting.state
    assert state.tensor != "t000" and state.look is not None and state.look.name == state.tensor
    assert state.look.summary.max == float(state.tensor[1:])
    assert view.rows.tensor_of(view.tree.currentIndex()) == state.tensor
    assert state.tensor in tensor(window).head.name.text()


def test_rows_that_were_asked_for_of_another_tensor_are_not_shown(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    values = {f"t{n}": np.full((30, 4), float(n)) for n in range(5)}
    read(window, qtbot, npz(tmp_path / "rows.npz", values))
    window.panels.show_panel("tensor")
    view = tensor(window)
    view.show_part("numbers")
    for n in (1, 2, 3, 1, 4, 0, 3):
        window.inspecting.choose(f"t{n}")
        qtbot.wait(5)
    settle(window, qtbot)
    view.table.ask()
    settle(window, qtbot)
    assert view.table.numbers.number(0, 0) in (None, 3.0)


# -- the program and the file ----------------------------------------------------------------------------


def test_the_form_says_that_the_program_was_changed_by_hand(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    assert form(window).note.words.startswith("✓")
    text = window.writing.text
    assert "relu(Z1)" in text
    window.writing.apply_text(text.replace("relu(Z1)", "tanh(Z1)"))
    assert window.inspecting.state.saved is not None
    assert not form(window).note.words.startswith("✓")
    form(window)._on_step()
    settle(window, qtbot)
    assert form(window).note.words.startswith("✓")
    window.controller.session.later("iteration")  # type: ignore[union-attr]
    assert form(window).note.words.startswith("✓")


def test_a_value_changed_by_hand_is_said_in_the_form(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    session = window.controller.session
    assert session is not None
    session.go(1, 1)
    rate = next(v.index for v in session.program.values if v.name == "lr")
    window.changing.change_cell(rate, (), "5")
    assert session.timeline.events
    assert "by hand" in form(window).note.words
    window.actions_["undo"].trigger()
    assert form(window).note.words.startswith("✓")


def test_a_parameter_that_no_longer_comes_from_the_file_is_not_shown_as_its_tensor(
    window: MainWindow, qtbot: QtBot, mlp: Path
) -> None:
    read(window, qtbot, mlp)
    line = next(n for n in window.writing.text.splitlines() if n.startswith("W2 = "))
    window.writing.apply_text(window.writing.text.replace(line, "W2 = rng.standard_normal((8, 3))"))
    assert "W2 = rng" in window.controller.session.program.text  # type: ignore[union-attr]
    window.inspecting.choose("b1")
    moment = window.controller.session.moment()  # type: ignore[union-attr]
    window.controller.select(next(v.index for v in moment.program.values if v.name == "W2"))
    assert window.inspecting.state.tensor == "b1"
    window.controller.select(next(v.index for v in moment.program.values if v.name == "W1"))
    assert window.inspecting.state.tensor == "W1"


def test_what_was_typed_in_the_editor_is_kept_when_the_network_is_opened_anew(
    window: MainWindow, qtbot: QtBot, mlp: Path
) -> None:
    read(window, qtbot, mlp)
    window.writing.replace(window.writing.text + "\n# a thought of mine\n")
    form(window)._on_step()
    settle(window, qtbot)
    assert "# a thought of mine" not in window.writing.text
    assert any("# a thought of mine" in d.text for d in window.writing.drafts.found())
    assert "kept" in window.message.text


def test_a_session_saved_while_inspecting_is_still_of_its_file(
    window: MainWindow, qtbot: QtBot, mlp: Path, tmp_path: Path
) -> None:
    read(window, qtbot, mlp)
    window.controller.later("iteration")
    window.documents.save_to(str(tmp_path / "s.stepper"))
    assert window.windowTitle().startswith("s.stepper")
    window.writing.apply_text(window.writing.text.replace("relu(Z1)", "tanh(Z1)"))
    assert window.inspecting.state.saved is not None
    assert not form(window).note.words.startswith("✓")
    window.open_file(str(tmp_path / "s.stepper"))
    settle(window, qtbot)
    assert window.inspecting.path == str(mlp) and not window.inspecting.state.by_hand
    assert form(window).note.words.startswith("✓")
    assert window.controller.session.timeline.iteration == 1  # type: ignore[union-attr]


# -- files that change and go ----------------------------------------------------------------------------


@pytest.fixture(params=["other numbers", "gone", "a folder", "garbage"])
def spoil(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    def do(path: Path) -> None:
        path.unlink()
        match request.param:
            case "other numbers":
                npz(path, numbers(5))
            case "a folder":
                path.mkdir()
            case "garbage":
                path.write_bytes(b"PK\3\4" + bytes(range(256)) * 9)
            case _:
                pass

    do.__name__ = str(request.param)
    return do


def test_a_tensor_looked_at_before_is_not_shown_of_a_file_that_has_changed(
    window: MainWindow, qtbot: QtBot, mlp: Path, spoil: Callable[[Path], None]
) -> None:
    read(window, qtbot, mlp)
    window.inspecting.choose("W2")
    settle(window, qtbot)
    spoil(mlp)
    window.inspecting.choose("W1")
    settle(window, qtbot)
    assert window.inspecting.state.look_trouble
    assert tensor(window).stack.currentIndex() == 0


def test_everything_else_says_a_sentence_of_a_file_that_has_changed(
    window: MainWindow, qtbot: QtBot, mlp: Path, other: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    read(window, qtbot, mlp)
    spoil(mlp)
    session = window.controller.session
    for do in (
        lambda: window.inspecting.ask_rows(0, 2),
        lambda: window.inspecting.compare_with(str(other)),
        lambda: window.inspecting.export("W1", str(tmp_path / "out.npy")),
    ):
        window.message.dismiss()
        do()
        settle(window, qtbot)
        assert "mlp.npz" in window.message.text, do
        assert window.inspecting.state.other is None
    assert not (tmp_path / "out.npy").exists()
    window.message.dismiss()
    window.files.save_weights(str(tmp_path / "w.npz"))
    assert np.array_equal(np.load(tmp_path / "w.npz")["W1"], numbers()["W1"])
    window.documents.save_to(str(tmp_path / "s.stepper"))
    window.open_file(str(tmp_path / "s.stepper"))
    assert np.array_equal(window.controller.session.program.first_values["W1"], numbers()["W1"])  # type: ignore[union-attr]
    assert session is not window.controller.session


def test_stepping_a_changed_file_again_shows_its_new_numbers(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    window.inspecting.choose("W2")
    settle(window, qtbot)
    npz(mlp, numbers(5))
    window.inspecting.step(Choices("tanh"), RANDOM)
    settle(window, qtbot)
    session, state = window.controller.session, window.inspecting.state
    assert session is not None and np.array_equal(session.program.first_values["W1"], numbers(5)["W1"])
    assert state.look is not None and state.look.summary.max == numbers(5)[state.look.name].max()
    window.inspecting.choose("W1" if state.tensor != "W1" else "W2")
    settle(window, qtbot)
    state = window.inspecting.state
    assert state.look is not None and state.look.summary.max == numbers(5)[state.look.name].max()
    assert state.choices == Choices("tanh")


def test_a_text_applied_of_a_changed_file_shows_its_new_numbers(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    npz(mlp, numbers(5))
    window.writing.apply_text(window.writing.text + "# again\n")
    settle(window, qtbot)
    session, state = window.controller.session, window.inspecting.state
    assert session is not None and np.array_equal(session.program.first_values["W1"], numbers(5)["W1"])
    assert state.look is not None and state.look.summary.max == numbers(5)[state.look.name].max()


def test_stepping_a_file_that_has_gone_leaves_all_as_it_is(
    window: MainWindow, qtbot: QtBot, mlp: Path, spoil: Callable[[Path], None]
) -> None:
    if spoil.__name__ == "other numbers":
        return
    read(window, qtbot, mlp)
    spoil(mlp)
    session = window.controller.session
    window.inspecting.step(Choices("tanh"), RANDOM)
    settle(window, qtbot)
    assert window.controller.session is session and window.inspecting.state.saved is not None
    assert "mlp.npz" in window.message.text and not window.inspecting.state.busy


def test_a_second_comparison_that_cannot_be_leaves_the_first(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, mlp: Path, other: Path
) -> None:
    (tmp_path / "bad.npz").write_bytes(mlp.read_bytes()[:200])
    read(window, qtbot, mlp)
    window.inspecting.compare_with(str(other))
    window.inspecting.compare_with(str(tmp_path / "bad.npz"))
    settle(window, qtbot)
    assert "bad.npz" in window.message.text
    state = window.inspecting.state
    assert state.other is None and not state.busy
    window.inspecting.compare_with(str(other))
    settle(window, qtbot)
    window.inspecting.compare_with(str(tmp_path / "bad.npz"))
    settle(window, qtbot)
    state = window.inspecting.state
    assert state.other is not None and len(state.matches) == 4


def test_two_files_are_compared_while_tensors_are_chosen(window: MainWindow, qtbot: QtBot, mlp: Path, other: Path) -> None:
    read(window, qtbot, mlp)
    window.inspecting.compare_with(str(other))
    here, there = numbers(), numbers(1)
    for name in ("W2", "b1", "W1", "b2", "W2", "b1"):
        window.inspecting.choose(name)
        qtbot.wait(3)
    settle(window, qtbot)
    s = window.inspecting.state
    assert s.tensor == "b1" and s.look is not None and s.other_look is not None and s.difference is not None
    assert s.look.summary.max == here["b1"].max() and s.other_look.summary.max == there["b1"].max()
    assert s.difference.summary.max == (there["b1"] - here["b1"]).max()
    assert {x.name for x in (s.look, s.other_look)} == {"b1"}


def test_what_stands_above_a_tensor_is_of_the_file_that_is_shown(
    window: MainWindow, qtbot: QtBot, mlp: Path, tmp_path: Path
) -> None:
    wider = npz(tmp_path / "wider.npz", {**numbers(1), "W2": np.ones((9, 3), np.float32)})
    read(window, qtbot, mlp)
    window.panels.show_panel("tensor")
    view = tensor(window)
    window.wiring._on_tensor("W2")
    window.inspecting.compare_with(str(wider))
    settle(window, qtbot)
    window.controller.session.go(50, 0)  # type: ignore[union-attr]
    assert view.head.what.text().startswith("in mlp.npz · 8×3")
    assert view.head.export_button.text() == "Export…"
    button = view.head.side_buttons[1]
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Return)
    assert [b.isChecked() for b in view.head.side_buttons] == [False, True, False]
    assert view.head.what.text().startswith("in wider.npz · 9×3") and "float32" in view.head.what.text()
    assert "here" in view.head.export_button.text()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert view.head.side_buttons[1].isChecked()
    window.wiring._on_tensor("W1")
    assert view.head.what.text().startswith("in wider.npz · 4×8") and view.head.name.text() == "W1"
    window.inspecting.stop_comparing()
    assert view.head.what.text().startswith("in mlp.npz · 4×8") and view.head.export_button.text() == "Export…"


def test_the_sides_are_reached_by_the_tab_key(window: MainWindow, qtbot: QtBot, mlp: Path, other: Path) -> None:
    read(window, qtbot, mlp)
    window.panels.show_panel("tensor")
    window.inspecting.compare_with(str(other))
    settle(window, qtbot)
    head = tensor(window).head
    head.export_button.setFocus()
    for button in head.side_buttons:
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        assert button.hasFocus(), (
            button.text(),
            window.focusWidget(),
            [(b.focusPolicy(), b.isVisible()) for b in head.side_buttons],
        )


def test_the_tab_key_leaves_the_form(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    window.panels.show_panel("stepping", focus=True)
    view = form(window)
    view.button.setFocus()
    qtbot.keyClick(view.button, Qt.Key.Key_Tab)
    focus = window.focusWidget()
    assert focus is not None and not view.isAncestorOf(focus)


def test_ctrl_enter_in_the_form_steps_it(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    window.panels.show_panel("stepping", focus=True)
    view = form(window)
    view.rate.line.setFocus()
    view.rate.line.selectAll()
    qtbot.keyClicks(view.rate.line, "0.25")
    qtbot.keyClick(view.rate.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settle(window, qtbot)
    assert window.inspecting.state.choices.learning_rate == 0.25
    assert window.controller.session.program.first_values["lr"] == 0.25  # type: ignore[union-attr]


def test_a_session_that_was_just_saved_or_opened_is_not_kept_as_unsaved(
    window: MainWindow, qtbot: QtBot, mlp: Path, tmp_path: Path
) -> None:
    read(window, qtbot, mlp)
    window.controller.later("iteration")
    window.documents.save_to(str(tmp_path / "s.stepper"))
    window.documents.keeping.often()
    window.documents.keeping.finish()
    assert not window.writing.drafts.has_session
    window.open_file(str(tmp_path / "s.stepper"))
    window.documents.keeping.often()
    window.documents.keeping.finish()
    assert not window.writing.drafts.has_session
    window.controller.later("iteration")
    window.documents.keeping.often()
    window.documents.keeping.finish()
    assert window.writing.drafts.has_session


def test_an_export_that_was_asked_for_is_not_of_a_file_that_came_late(
    window: MainWindow, qtbot: QtBot, mlp: Path, other: Path
) -> None:
    read(window, qtbot, mlp)
    window.inspecting.read(str(other))
    window.export_tensor()
    (dialog,) = window.findChildren(QFileDialog)
    gone: list[str] = []
    dialog.rejected.connect(lambda: gone.append("gone"))
    settle(window, qtbot)
    assert gone == ["gone"] and window.inspecting.path == str(other)
    window.export_tensor()
    assert any(d.isVisible() for d in window.findChildren(QFileDialog))
    window.saved_files.forget_export()
