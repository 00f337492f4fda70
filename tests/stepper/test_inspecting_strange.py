"""Strange saved networks in the window: any name, any kind of numbers, many files, and what the form makes of bad input."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from helpers.inspecting import RNG, Values, form, npz, numbers, read, saved_view, settle, tensor
from pytestqt.qtbot import QtBot

from core.files.saved import Saved
from core.steppable.build import Choices
from core.steppable.data import Samples
from stepper import looking
from stepper.main_window import MainWindow
from stepper.models.saved_state import RANDOM


@pytest.fixture
def mlp(tmp_path: Path) -> Path:
    return npz(tmp_path / "mlp.npz")


# -- strange files ---------------------------------------------------------------------------------------


def test_a_tensor_without_a_name_is_looked_at(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "names.safetensors"
    save_file({"": np.full((2, 2), 5.0), " ": np.full(3, 6.0), "\n": np.full(3, 7.0), "<b>&x</b>": np.full(3, 8.0)}, path)
    read(window, qtbot, path)
    state = window.inspecting.state
    assert state.saved is not None, window.message.text
    for name, number in (("\n", 7.0), ("", 5.0), (" ", 6.0), ("<b>&x</b>", 8.0), ("", 5.0)):
        window.wiring._on_tensor(name)
        settle(window, qtbot)
        state = window.inspecting.state
        assert state.tensor == name and state.look is not None and state.look.summary.max == number
    tree = saved_view(window).tree
    for tensor_ in state.saved.tensors if state.saved is not None else ():
        tree.setCurrentIndex(tree.rows.place(tensor_.name))
        assert window.inspecting.state.tensor == tensor_.name
        assert tree.rows.data(tree.currentIndex()) and tensor(window).head.name.text()


@pytest.mark.parametrize("name", ["a&b.npz", "a[*]b.npz", "<b>x<b>.npz", "\u202egpj.npz", "a\nb.npz", "€ %1 {file} {0}.npz"])
def test_a_file_of_any_name(window: MainWindow, qtbot: QtBot, tmp_path: Path, name: str) -> None:
    path = npz(tmp_path / name)
    read(window, qtbot, path)
    assert window.inspecting.path == str(path)
    shown = window.windowHandle().title()
    if "&" in name or "[*]" in name or "<b>" in name:
        assert name in shown
    assert "\u202e" not in shown and "\n" not in shown
    window.show_first_page()
    window.inspecting.export("W1", str(tmp_path / f"{name}.npy"))
    window.inspecting.compare_with(str(path))
    form(window)._on_step()
    settle(window, qtbot)
    window.grab()


def strange_values() -> dict[str, Values]:
    return {
        "a number": {"x": np.array(3.0)},
        "empty": {"x": np.zeros((0, 5)), "y": np.zeros((5, 0))},
        "complex": {"x": np.array([[1 + 2j, np.nan]])},
        "bool": {"x": np.array([[True, False]] * 4)},
        "int64": {"x": np.array([[2**62, -(2**63)]])},
        "text": {"x": np.array(["a", "bc"]), "y": np.ones(2)},
        "half": {"W1": np.full((3, 4), 6e4, np.float16), "b1": np.full(4, 6e4, np.float16)},
        "nan": {"W1": np.full((3, 4), np.nan), "b1": np.full(4, np.inf)},
        "huge": {"W1": np.full((3, 4), 1.7e308), "b1": np.full(4, -1.7e308)},
        "one unit": {"W1": np.ones((1, 1)), "b1": np.zeros(1)},
    }


@pytest.mark.parametrize("kind", strange_values())
def test_a_file_of_strange_numbers_is_shown_whole(window: MainWindow, qtbot: QtBot, tmp_path: Path, kind: str) -> None:
    path, later = npz(tmp_path / "x.npz", strange_values()[kind]), npz(tmp_path / "y.npz", strange_values()[kind])
    read(window, qtbot, path)
    state = window.inspecting.state
    assert state.saved is not None, window.message.text
    window.resize(1600, 1000)
    window.panels.show_panel("tensor")
    view = tensor(window)
    window.inspecting.compare_with(str(later))
    settle(window, qtbot)
    for t in state.saved.tensors:
        window.inspecting.choose(t.name)
        settle(window, qtbot)
        for part in ("heat", "spread", "facts", "health", "spectrum", "numbers"):
            view.show_part(part)
            for button in view.head.side_buttons:
                button.click()
                settle(window, qtbot)
                window.grab()
            view.head.side_buttons[0].click()
    if window.inspecting.state.steps is not None:
        window.controller.later("iteration")
        window.controller.later("iteration")
    window.drawer.draw_now()
    window.grab()


def test_looks_are_kept_only_within_bounds(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    values = {f"t{n:03}": np.full((300, 300), float(n)) for n in range(160)}
    read(window, qtbot, npz(tmp_path / "large.npz", values))
    for n in range(160):
        window.inspecting.choose(f"t{n:03}")
        settle(window, qtbot)
    kept = window.inspecting.state.seen
    assert len(kept) == 160  # what is remarkable stays in the list
    assert sum(x.blocks.nbytes for x in kept.values()) <= looking.KEPT_BYTES
    window.inspecting.choose("t000")
    settle(window, qtbot)
    look = window.inspecting.state.look
    assert look is not None and look.blocks.shape == (256, 256) and look.blocks[0, 0] == 0.0


def test_thirty_files_do_not_pile_up(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    for n in range(30):
        read(window, qtbot, npz(tmp_path / f"f{n}.npz", numbers(n)))
        window.drawer.draw_now()
    gc.collect()
    held = [o for o in gc.get_objects() if isinstance(o, Saved)]
    assert len({o.path for o in held}) <= 12


# -- the form --------------------------------------------------------------------------------------------


def test_a_typed_sample_of_784_numbers(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = npz(tmp_path / "wide.npz", {"W1": RNG.standard_normal((784, 10)), "b1": np.zeros(10)})
    read(window, qtbot, path)
    view = form(window)
    view.data.ways["typed"].click()
    x = [round(float(v), 3) for v in RNG.standard_normal(784)]
    view.data.inputs.pane.setPlainText("\n".join(map(str, x[:783])))
    assert not view.button.isEnabled() and "783" in view.note.words
    view.data.inputs.pane.setPlainText("\n".join(map(str, x)))
    assert view.button.isEnabled()
    view._on_step()
    settle(window, qtbot)
    assert window.inspecting.state.samples.inputs == tuple(x) and not window.inspecting.state.steps_trouble


@pytest.mark.parametrize("text", ["1,2\n3,4\n", "a,b,c,d,0\n", "1,2,3,nan,0\n" * 4, "", "\0\0\0", "1,2,3,4,0\n" * 3])
@pytest.mark.parametrize("batch", [None, 100])
def test_data_that_do_not_fit_are_said_and_leave_what_is_open(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, mlp: Path, text: str, batch: int | None
) -> None:
    read(window, qtbot, mlp)
    session = window.controller.session
    data = tmp_path / "data.csv"
    data.write_text(text)
    window.inspecting.step(Choices(batch=batch), Samples(str(data)))
    settle(window, qtbot)
    state = window.inspecting.state
    if window.controller.session is session:
        assert state.steps_trouble or window.message.text
        assert state.samples == RANDOM
    else:
        assert state.samples.source == str(data)
        window.controller.later("iteration")


@pytest.mark.parametrize("rate", ["0", "-1", "1e400", "nan", "", "0x1", "1_0"])
def test_a_learning_rate_that_is_none(window: MainWindow, qtbot: QtBot, mlp: Path, rate: str) -> None:
    read(window, qtbot, mlp)
    view = form(window)
    view.rate.line.setText(rate)
    view.rate.line.textEdited.emit(rate)
    assert view.button.isEnabled() is (rate == "1_0")
