"""The editor in the window: running what was written, saving it, and that nothing typed is ever lost."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QLockFile, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from stepper.controller import Controller
from stepper.drafts import Drafts
from stepper.main_window import MainWindow
from stepper.settings import Settings
from stepper.views.editor import EditorView
from stepper.widgets.editor_starts import template

Key = Qt.Key


def editor_of(window: MainWindow) -> EditorView:
    window.show_editor()
    view = window.panels.view("editor")
    assert isinstance(view, EditorView)
    return view


def settle(qtbot: QtBot, view: EditorView) -> None:
    qtbot.waitUntil(lambda: view.analysis.text == view.text(), timeout=5000)


def type_at_end(view: EditorView, keys: str) -> None:
    view.edit.moveCursor(view.edit.textCursor().MoveOperation.End)
    for n, part in enumerate(keys.split("\n")):
        if n:
            QTest.keyClick(view.edit, Key.Key_Return)
        QTest.keyClicks(view.edit, part)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_bytes(template("own").replace("\n", "\r\n").encode())
    return path


@pytest.fixture
def another(qtbot: QtBot, settings: Settings) -> Callable[[], MainWindow]:
    def make() -> MainWindow:
        made = MainWindow(Controller(), settings)
        qtbot.addWidget(made)
        return made

    return make


def test_the_editor_shows_what_is_open(window: MainWindow, file: Path) -> None:
    view = editor_of(window)
    assert "Z1 = " in view.text()
    assert not window.writing.text.count("dW1")  # derived lines are not typed ones
    window.controller.open(str(file))
    assert view.text().encode() == file.read_bytes()
    assert window.writing.is_saved and window.writing.is_applied
    assert view.stale.isHidden()


def test_running_the_text_keeps_place_stops_and_undo(qtbot: QtBot, window: MainWindow, file: Path) -> None:
    window.controller.open(str(file))
    view, session = editor_of(window), window.controller.session
    assert session is not None
    at = next(s for s in session.program.statements if s.text == "dW2 = dZ2 @ A1.T")
    window.stops.toggle_line(at.index)
    session.later("iteration")
    session.to_statement(at.index)
    line = view.text().split("\r\n").index("Z1 = W1 @ X + b1") + 1
    view.edit.show_line(line)
    QTest.keyClicks(view.edit, "Q = X * 2")
    QTest.keyClick(view.edit, Key.Key_Return)
    assert view.stale.isVisible()
    assert window.controller.session is session
    QTest.keyClick(view.edit, Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    now = window.controller.session
    assert now is not None and now is not session
    assert "Q" in {s.target for s in now.program.statements}
    assert now.title == session.title and now.folder == session.folder
    lit = now.moment().lit
    assert lit is not None and now.program.statements[lit.statement].text == at.text
    assert now.timeline.iteration == session.timeline.iteration
    moved = next(s for s in now.program.statements if s.text == at.text)
    assert now.notes.at_line(moved) is not None
    assert view.stale.isHidden()
    assert view.edit.hasFocus()
    while view.edit.document().isUndoAvailable():
        view.edit.undo()
    assert view.text().encode() == file.read_bytes()
    assert view.stale.isVisible()


def test_a_text_that_cannot_be_read_leaves_the_window_as_it_is(window: MainWindow) -> None:
    view, session = editor_of(window), window.controller.session
    type_at_end(view, "\nQ = (1")
    view.apply()
    assert window.controller.session is session
    assert "cannot be run yet" in window.message.text
    assert "earlier program" in window.message.text
    assert view.text().endswith("Q = (1")


def test_a_new_program_from_the_first_page(qtbot: QtBot, another: Callable[[], MainWindow]) -> None:
    window = another()
    window.show_first_page()
    window.show()
    window.actions_.call("new-program")
    view = editor_of(window)
    assert not window.at_first_page
    assert view.starts.isVisible()
    view.starts.buttons["forward"].click()
    view.apply()
    session = window.controller.session
    assert session is not None and session.title == "my program"
    assert any(s.derived for s in session.program.statements)
    assert view.text() == template("forward")


def test_saving(window: MainWindow, file: Path) -> None:
    window.controller.open(str(file))
    view = editor_of(window)
    type_at_end(view, "# more")
    assert not window.writing.is_saved
    assert view.head.saved.text()
    window.actions_.call("save")
    assert file.read_bytes().endswith(b"# more")
    assert file.read_bytes().count(b"\r\n") == template("own").count("\n")
    assert window.writing.is_saved and not view.head.saved.text()
    view.edit.undo()
    assert not window.writing.is_saved


def test_a_byte_order_mark_stays(window: MainWindow, tmp_path: Path) -> None:
    file = tmp_path / "bom.py"
    file.write_bytes(b"\xef\xbb\xbf" + template("forward").encode())
    window.controller.open(str(file))
    type_at_end(editor_of(window), "#")
    window.writing.save()
    assert file.read_bytes() == b"\xef\xbb\xbf" + template("forward").encode() + b"#"


def test_a_file_that_was_changed_meanwhile_is_not_written_over(window: MainWindow, file: Path) -> None:
    window.controller.open(str(file))
    type_at_end(editor_of(window), "# mine")
    file.write_text("# theirs\n")
    window.writing.save()
    assert file.read_text() == "# theirs\n"
    assert "changed by another program" in window.message.text
    window.writing.save()  # now they know
    assert file.read_text().endswith("# mine")


def test_saving_as_makes_it_that_file(window: MainWindow, tmp_path: Path) -> None:
    type_at_end(editor_of(window), "# mine")
    path = tmp_path / "saved.py"
    window.writing.save_to(str(path))
    assert path.read_text() == window.writing.text
    assert window.controller.target == str(path)
    window.writing.apply()
    session = window.controller.session
    assert session is not None and session.title == "saved.py"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that cannot be written to")
def test_a_folder_that_is_read_only(window: MainWindow, file: Path) -> None:
    window.controller.open(str(file))
    type_at_end(editor_of(window), "# mine")
    file.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        window.writing.save()
        assert "was not saved" in window.message.text
    finally:
        file.parent.chmod(0o755)


def test_a_place_that_cannot_be_written_to_is_one_sentence(window: MainWindow, tmp_path: Path) -> None:
    type_at_end(editor_of(window), "# mine")
    before = window.writing.text
    window.writing.save_to(str(tmp_path / "no" / "such" / "folder" / "x.py"))
    assert "The text was not saved" in window.message.text
    assert window.writing.text == before
    assert [d.text for d in found(window)] == [before]


def found(window: MainWindow) -> list[object]:
    """Return the unsaved texts as another window would find them once this one is gone."""
    window.writing.drafts.set_aside()
    return list(Drafts(window.writing.drafts.folder).found())


def test_what_is_typed_is_kept_in_a_moment(qtbot: QtBot, window: MainWindow) -> None:
    type_at_end(editor_of(window), "# mine")
    folder = window.writing.drafts.folder
    qtbot.waitUntil(lambda: any(folder.glob("*.json")) if folder.exists() else False, timeout=5000)
    kept = [json.loads(f.read_text())["text"] for f in folder.glob("*.json")]
    assert kept == [window.writing.text]
    assert Drafts(folder).found() == []  # its window is alive


def test_after_a_crash_the_text_is_offered(
    qtbot: QtBot, settings: Settings, another: Callable[[], MainWindow], file: Path
) -> None:
    left = Drafts(settings.path.parent / "drafts")
    text = template("own") + "# not saved\n"
    left.keep(text, file.name, str(file))
    left.set_aside()
    window = another()
    window.show_first_page()
    window.open_up()
    assert "unsaved text of mine.py" in window.writing.left.bar.text.text()
    window.writing.left.bar.open_button.click()
    view = editor_of(window)
    assert view.text().replace("\r\n", "\n") == text
    assert window.controller.target == str(file)
    assert view.stale.isVisible()
    assert window.writing.left.bar.isHidden()
    view.edit.undo()
    assert view.text().encode() == file.read_bytes()


def test_a_killed_window_leaves_its_text_to_the_next(qtbot: QtBot, settings: Settings, another: Callable[[], MainWindow]) -> None:
    folder = settings.path.parent / "drafts"
    folder.mkdir(parents=True)
    code = (
        "import os, sys; from pathlib import Path; from stepper.drafts import Drafts; d = Drafts(Path(sys.argv[1])); "
        "d.keep('x = 1', 't', ''); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=False, cwd=Path(__file__).parents[2])
    assert len(list(folder.glob("*.lock"))) == 1
    (folder / "broken.json").write_text("{")
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "strange.json").write_text(json.dumps({"text": 3, "title": "", "target": "", "when": ""}))
    window = another()
    window.open_up()
    assert not window.writing.left.bar.isHidden()
    window.writing.left.bar.throw_button.click()
    assert window.writing.left.bar.isHidden()
    assert {f.name for f in folder.glob("*.json")} == {"broken.json", "deep.json", "strange.json"}


def test_a_lock_of_another_computer_holds_for_an_hour(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"text": "x = 1", "title": "t", "target": "", "when": ""}))
    (tmp_path / "a.lock").write_text("1\nstepper\nelsewhere\n")
    assert Drafts(tmp_path).found() == []
    old = time.time() - 7200
    os.utime(tmp_path / "a.json", (old, old))
    assert [d.text for d in Drafts(tmp_path).found()] == ["x = 1"]


def test_a_text_of_a_living_window_is_not_offered(settings: Settings) -> None:
    folder = settings.path.parent / "drafts"
    one = Drafts(folder)
    one.keep("x = 1", "t", "")
    assert Drafts(folder).found() == []
    one.set_aside()
    assert [d.text for d in Drafts(folder).found()] == ["x = 1"]
    assert QLockFile(str(folder / "x.lock")).tryLock(0)


def test_closing_keeps_the_text(window: MainWindow, another: Callable[[], MainWindow]) -> None:
    type_at_end(editor_of(window), "# mine")
    text = window.writing.text
    assert window.close()
    assert [d.text for d in another().writing.drafts.found()] == [text]


def test_opening_something_else_keeps_the_text(window: MainWindow) -> None:
    type_at_end(editor_of(window), "# mine")
    text = window.writing.text
    window.controller.open("rows")
    assert window.writing.text != text
    window.actions_.call("unsaved")
    assert not window.writing.left.bar.isHidden()
    window.writing.left.bar.open_button.click()
    assert window.writing.text == text
    assert window.controller.target == "xor"


def test_a_window_whose_text_cannot_be_kept_asks_once(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    type_at_end(editor_of(window), "# mine")
    window.writing.drafts.folder.parent.mkdir(parents=True, exist_ok=True)
    window.writing.drafts.folder.write_text("a file where the folder should be")
    assert not window.close()
    assert "could not be kept" in window.message.text
    assert window.close()


def test_a_saved_text_leaves_no_draft(window: MainWindow, file: Path) -> None:
    window.controller.open(str(file))
    type_at_end(editor_of(window), "# mine")
    window.writing.keep()
    window.writing.save()
    assert found(window) == []


def test_a_mend_is_put_into_the_text(window: MainWindow) -> None:
    text = window.writing.text
    window.writing.replace(text + "# mended\n")
    view = editor_of(window)
    assert view.text() == text + "# mended\n"
    view.edit.undo()
    assert view.text() == text


def test_steps_by_keys_are_typed_in_the_editor(window: MainWindow) -> None:
    view = editor_of(window)
    session = window.controller.session
    assert session is not None
    at = session.timeline.position
    for key in (Key.Key_Right, Key.Key_Left, Key.Key_Home, Key.Key_Down):
        QTest.keyClick(view.edit, key)
    assert session.timeline.position == at
    QTest.keyClick(view.edit, Key.Key_F10)
    assert session.timeline.position != at


def test_what_does_not_come_along_is_said(window: MainWindow) -> None:
    view, session = editor_of(window), window.controller.session
    assert session is not None
    w1 = next(v.index for v in session.program.values if v.label == "W1")
    session.change_cell(w1, (0, 0), "3")
    type_at_end(view, "# mine")
    view.apply()
    assert "changes by hand" in window.message.text


def test_a_misspelt_gradient_among_own_ones_is_asked_about(qtbot: QtBot, window: MainWindow, file: Path) -> None:
    window.controller.open(str(file))
    view = editor_of(window)
    view.replace_text_undoable(view.text().replace("lr * dW2", "lr * dWw2"))
    settle(qtbot, view)
    view.edit.show_line(1)
    assert "did you mean `dW2`?" in view.strip.text.text()
