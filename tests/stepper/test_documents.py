"""Sessions in the window: saved whole, opened as they were, kept against a crash; and that nothing of it gets in the way."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.dropping import drop
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core import numerics
from core.document import open_document
from core.files.document import unpacked
from core.notes import Watch
from core.session import Session
from stepper import actions
from stepper.controller import Controller
from stepper.drafts import Drafts
from stepper.main_window import MainWindow
from stepper.settings import Settings
from stepper.views.editor import EditorView
from stepper.widgets.editor_starts import template


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.stepper"


@pytest.fixture
def another(qtbot: QtBot, settings: Settings) -> Iterator[Callable[[], MainWindow]]:
    made: list[MainWindow] = []

    def make() -> MainWindow:
        window = MainWindow(Controller(), settings)
        qtbot.addWidget(window)
        made.append(window)
        return window

    yield make
    for window in made:
        window.documents.close()


def session_of(window: MainWindow) -> Session:
    assert window.controller.session is not None
    return window.controller.session


def changed(window: MainWindow) -> Session:
    """Train a little, and change a weight by hand."""
    session = session_of(window)
    session.run(5)
    session.change_cell(session.program.inputs["W1"], (0, 0), "0.5")
    return session


def kept(window: MainWindow) -> None:
    """Have the session kept if it is to be, as the clock does, and wait for it."""
    window.documents.keeping.often()
    window.documents.keeping.finish()


def editor_of(window: MainWindow) -> EditorView:
    window.show_editor()
    view = window.panels.view("editor")
    assert isinstance(view, EditorView)
    return view


def left_by(window: MainWindow, folder: Path) -> Path:
    """Return what a window leaves when it dies: its files in a folder of their own, without its lock."""
    folder.mkdir()
    for file in window.writing.drafts.folder.iterdir():
        if file.suffix != ".lock":
            shutil.copy(file, folder / file.name)
    return folder


# -- saving and opening --------------------------------------------------------------------------------


def test_a_session_is_saved_whole_and_opened_as_it_was(window: MainWindow, path: Path) -> None:
    session = changed(window)
    session.later()
    window.stops.watch("norm(W1)")
    window.health.mute("dead", True)
    window.documents.save_to(str(path))
    assert window.windowTitle() == "mine.stepper — Backprop Stepper"
    assert "Saved" in window.message.text
    assert window.files.recent()[0] == str(path)
    at, losses = session.timeline.position, session.timeline.losses
    window.controller.open("iris")
    window.health.mute("dead", False)
    assert window.controller.open(str(path))
    found = session_of(window)
    assert found is not session
    assert (found.timeline.position, found.timeline.losses) == (at, losses)
    assert found.notes.watches == (Watch("norm(W1)"),)
    assert "dead" in found.monitor.settings.muted
    assert found.edits.can_undo and window.actions_["undo"].isEnabled()
    assert window.windowTitle() == "mine.stepper — Backprop Stepper"
    assert not window.documents.is_unsaved


def test_the_dot_says_what_is_unsaved(window: MainWindow, path: Path) -> None:
    session = session_of(window)
    assert window.windowTitle() == "xor — Backprop Stepper"
    session.run(3)
    assert not window.windowTitle().startswith("●")  # looking is no work
    session.change_cell(session.program.inputs["W1"], (0, 0), "0.5")
    assert window.windowTitle() == "● xor — Backprop Stepper"
    session.undo()
    assert window.windowTitle() == "xor — Backprop Stepper"
    window.documents.save_to(str(path))
    session.later("iteration")
    assert window.windowTitle() == "mine.stepper — Backprop Stepper"
    window.stops.watch("L")
    assert window.windowTitle() == "● mine.stepper — Backprop Stepper"
    window.actions_.call("save")
    assert window.windowTitle() == "mine.stepper — Backprop Stepper"
    assert open_document(path).session.notes.watches == (Watch("L"),)
    editor_of(window).edit.appendPlainText("# more")
    assert window.windowTitle() == "● mine.stepper — Backprop Stepper"


def test_an_unsaved_text_lies_in_the_document(window: MainWindow, path: Path) -> None:
    view = editor_of(window)
    view.edit.appendPlainText("Z9 = W1 +")
    text = view.text()
    window.documents.save_to(str(path))
    assert window.writing.is_saved and not window.writing.is_applied
    window.controller.open("iris")
    assert view.text() != text
    window.controller.open(str(path))
    assert view.text() == text
    assert window.writing.is_saved and not window.writing.is_applied


def test_save_does_what_is_right_for_what_is_open(window: MainWindow, tmp_path: Path, path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(template("own"))
    window.controller.open(str(file))
    editor_of(window).edit.appendPlainText("# more")
    window.actions_.call("save")
    assert file.read_text().endswith("# more") or file.read_text().endswith("# more\n")
    changed(window)
    window.actions_.call("save")
    assert "File ▸ Save the session as…" in window.message.text
    assert window.documents.is_unsaved
    window.documents.save_to(str(path))
    assert window.documents.path == path
    assert file.read_text().count("# more") == 1


@pytest.mark.parametrize(("edit", "suffix"), [(False, "py"), (True, "stepper")])
def test_save_asks_where_there_is_no_file(window: MainWindow, qtbot: QtBot, tmp_path: Path, edit: bool, suffix: str) -> None:
    if edit:
        changed(window)
    window.actions_.call("save")
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.defaultSuffix() == suffix
    assert len(dialog.nameFilters()) == 2
    dialog.filterSelected.emit(dialog.nameFilters()[1])
    assert dialog.defaultSuffix() != suffix
    dialog.fileSelected.emit(str(tmp_path / f"a.{suffix}"))
    dialog.close()
    assert (tmp_path / f"a.{suffix}").is_file()
    assert window.windowTitle() == f"a.{suffix} — Backprop Stepper"


def test_saving_the_session_always_asks_for_a_document(window: MainWindow) -> None:
    window.actions_.call("save-session")
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.nameFilters() == ["Whole sessions (*.stepper)"]
    assert dialog.selectedFiles()[0].endswith("xor.stepper")
    dialog.close()


def test_a_file_is_opened_where_it_is_dropped(window: MainWindow, path: Path) -> None:
    changed(window)
    window.documents.save_to(str(path))
    window.controller.open("iris")
    assert drop(window, [path])
    assert window.windowTitle() == "mine.stepper — Backprop Stepper"


def test_what_is_damaged_is_one_sentence_and_the_open_session_stays(window: MainWindow, path: Path) -> None:
    session = changed(window)
    window.documents.save_to(str(path))
    path.write_bytes(path.read_bytes()[:2000])
    at = session.timeline.position
    assert not window.controller.open(str(path))
    assert "mine.stepper" in window.message.text
    assert window.controller.session is session and session.timeline.position == at


def test_a_new_text_beside_an_open_document_is_not_saved_over_it(window: MainWindow, path: Path) -> None:
    changed(window)
    window.documents.save_to(str(path))
    before = path.read_bytes()
    window.writing.new()
    editor_of(window).edit.setPlainText(template("own"))
    window.actions_.call("save")
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    dialog.close()
    assert path.read_bytes() == before


def test_threads_and_another_machine(window: MainWindow, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = numerics.here()
    other = numerics.Numerics("1.0", "mkl", "1", "Haswell", 1)
    with monkeypatch.context() as m:
        m.setattr(numerics, "here", lambda: other)
        window.documents.save_to(str(path))
    window.controller.open("iris")
    window.controller.open(str(path))
    assert numerics.here().threads == 1
    assert "NumPy 1.0 with mkl 1 for Haswell" in window.message.text
    window.controller.open("iris")
    assert numerics.here() == before


def test_a_document_is_started_with(path: Path, window: MainWindow, settings: Settings, qtbot: QtBot) -> None:
    from stepper import app

    session = changed(window)
    session.later()
    window.documents.save_to(str(path))
    running = app.start(str(path), settings.path)
    qtbot.addWidget(running.window)  # Qt takes it away; Python's collection of rubbish, in the midst of a later test, must not
    try:
        assert session_of(running.window).timeline.position == session.timeline.position
        assert running.window.windowTitle() == "mine.stepper — Backprop Stepper"
    finally:
        running.window.close()
        running.reporter.remove()


# -- kept against a crash ------------------------------------------------------------------------------


def test_after_a_crash_the_session_and_its_text_are_one_offer(
    window: MainWindow, another: Callable[[], MainWindow], tmp_path: Path
) -> None:
    session = changed(window)
    editor_of(window).edit.appendPlainText("# mine")
    kept(window)
    editor_of(window).edit.appendPlainText("# newer")
    assert window.writing.keep()
    session.later("iteration")
    second = another()
    second.writing.drafts.folder = left_by(window, tmp_path / "left")
    second.open_up()
    assert len(second.writing.drafts.found()) == 1
    assert "unsaved text of xor" in second.writing.left.bar.text.text()
    assert "in iteration 5" in second.writing.left.bar.text.text()
    second.writing.left.bar.open_button.click()
    found = session_of(second)
    assert found.timeline.losses == session.timeline.losses[:5]
    assert found.edits.can_undo
    assert second.writing.text.rstrip().endswith("# newer")
    assert second.controller.target == "xor"
    assert second.windowTitle() == "● xor — Backprop Stepper"
    assert second.writing.left.bar.isHidden()
    assert [d.iteration for d in Drafts(tmp_path / "left").found()] == []  # it is kept, and held by the second window


def test_a_session_without_text_is_offered_and_thrown_away(
    window: MainWindow, another: Callable[[], MainWindow], tmp_path: Path
) -> None:
    session_of(window).run(5)
    kept(window)
    second = another()
    folder = second.writing.drafts.folder = left_by(window, tmp_path / "left")
    second.open_up()
    assert "unsaved session of xor" in second.writing.left.bar.text.text()
    second.writing.left.bar.throw_button.click()
    assert not list(folder.iterdir())
    assert second.writing.left.bar.isHidden()


def test_what_was_only_looked_at_is_not_kept(window: MainWindow) -> None:
    kept(window)
    session_of(window).later()
    kept(window)
    assert not window.writing.drafts.folder.exists()


def test_it_is_kept_only_when_something_has_changed(window: MainWindow) -> None:
    changed(window)
    kept(window)
    (file,) = window.writing.drafts.folder.glob("*.stepper")
    file.unlink()
    kept(window)
    assert not file.exists()
    session_of(window).later()
    window.documents.keeping._not_before = 0.0  # pyright: ignore[reportPrivateUsage]
    kept(window)
    assert file.exists()


def test_closing_keeps_what_is_unsaved_and_drops_what_is_not(
    window: MainWindow, another: Callable[[], MainWindow], path: Path
) -> None:
    changed(window)
    kept(window)
    window.documents.save_to(str(path))
    folder = window.writing.drafts.folder
    assert not list(folder.glob("*.stepper"))
    session = session_of(window)
    session.undo()
    assert window.close()
    (draft,) = Drafts(folder).found()
    assert (draft.title, draft.target) == ("mine.stepper", str(path))
    second = another()
    second.open_up()
    second.writing.left.bar.open_button.click()
    assert session_of(second).edits.can_redo
    assert second.documents.path == path and second.documents.is_unsaved
    second.actions_.call("save")
    assert not second.documents.is_unsaved
    assert second.close()
    assert not Drafts(folder).found()
    assert not list(folder.glob("*.json")) and not list(folder.glob("*.stepper"))


def test_opening_another_program_keeps_the_unsaved_session(window: MainWindow) -> None:
    changed(window)
    window.controller.open("iris")
    assert "Your unsaved work on xor is kept" in window.message.text
    window.actions_.call("unsaved")
    window.writing.left.bar.open_button.click()
    assert session_of(window).edits.can_undo and session_of(window).timeline.opened.text.startswith("# data")
    assert session_of(window).title == "xor"


def test_a_damaged_session_leaves_its_text(window: MainWindow, another: Callable[[], MainWindow], tmp_path: Path) -> None:
    changed(window)
    editor_of(window).edit.appendPlainText("# mine")
    window.writing.keep()
    kept(window)
    folder = left_by(window, tmp_path / "left")
    (file,) = folder.glob("*.stepper")
    file.write_bytes(b"PK\x03\x04nothing")
    second = another()
    second.writing.drafts.folder = folder
    second.open_up()
    second.writing.left.bar.open_button.click()
    assert second.writing.text.rstrip().endswith("# mine")


# -- nothing is lost where nothing can be written ------------------------------------------------------


def test_a_folder_that_cannot_be_written_to_is_one_sentence(window: MainWindow, tmp_path: Path) -> None:
    session = changed(window)
    before = session.title
    window.documents.save_to(str(tmp_path / "none" / "a.stepper"))
    assert "The session was not saved" in window.message.text
    assert session.title == before and window.documents.is_unsaved
    assert window.writing.drafts.has_session


def test_a_full_disk_leaves_the_old_document_whole(tmp_path: Path) -> None:
    """With a limit on the size of files, as on a full disk: the old file stays, and one sentence says why."""
    code = f"""\
        import resource, signal
        from pathlib import Path
        from core.document import document_of, open_document
        from core.errors import StepperError
        from core.library import open_target
        from core.session import session_of
        from stepper.saving import save_bytes
        path = Path({str(tmp_path / "a.stepper")!r})
        session = session_of(open_target("xor"))
        save_bytes(path, document_of(session))
        old = path.read_bytes()
        session.run(2000)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, resource.RLIM_INFINITY))
        data = document_of(session)
        assert len(data) > 12_000
        try:
            save_bytes(path, data)
        except StepperError as error:
            print(error)
        assert path.read_bytes() == old
        assert [p.name for p in path.parent.iterdir()] == [path.name]
        assert open_document(path).session.timeline.position.iteration == 1
        """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "cannot be written (File too large)" in run.stdout and "\n" not in run.stdout.strip()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 12_000


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_loses_nothing(window: MainWindow, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    changed(window)
    window.documents.save_to(str(folder / "a.stepper"))
    assert "The session was not saved" in window.message.text
    assert window.documents.is_unsaved


def test_the_actions_are_in_the_table() -> None:
    ids = [item.id for item in actions.ITEMS]
    assert {"open", "save", "save-session", "save-as", "unsaved"} <= set(ids)


def test_nothing_of_this_machine_is_in_a_document(window: MainWindow, path: Path, tmp_path: Path) -> None:
    window.documents.save_to(str(path))
    text = json.dumps(unpacked(path).data)
    assert str(tmp_path) not in text and str(Path.home()) not in text


def test_where_nothing_can_be_kept_it_is_said_once(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    window.writing.drafts.folder = tmp_path / "file" / "drafts"
    session = changed(window)
    assert not window.documents.keep()
    assert "cannot be kept in case something goes wrong" in window.message.text
    window.message.dismiss()
    assert not window.documents.keep()
    assert window.message.text == ""
    assert window.controller.session is session
    assert not window.close()
    assert "close once more" in window.message.text
    assert window.close()
