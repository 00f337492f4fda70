"""The open session is kept soon after every change, by another thread, and nothing older ever takes the place of newer work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from core.document import document_of, document_work, open_document
from core.errors import StepperError
from core.files.problem import FileProblem
from core.session import Session
from stepper import keeping
from stepper.drafts import Draft, Drafts
from stepper.keeping import LATEST, REST, SHARE, SOON, Keeping
from stepper.main_window import MainWindow

Pack = Callable[[], bytes]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SOON", 20)
    monkeypatch.setattr(keeping, "LATEST", 60)
    monkeypatch.setattr(keeping, "SHARE", 0)
    monkeypatch.setattr(keeping, "REST", 0)


class Gate:
    """Holds what packs a session until the test lets it go on, and notes in which thread it does."""

    def __init__(self) -> None:
        self.held, self.begun = threading.Semaphore(0), threading.Semaphore(0)
        self.threads: list[int] = []

    def __call__(self, session: Session, *rest: object) -> Pack:
        pack = document_work(session, *rest)  # type: ignore[arg-type]

        def wait() -> bytes:
            self.threads.append(threading.get_ident())
            self.begun.release()
            assert self.held.acquire(timeout=20)
            return pack()

        return wait


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate()
    monkeypatch.setattr(keeping, "document_work", made)
    yield made
    made.held.release(100)


def session_of(window: MainWindow) -> Session:
    assert window.controller.session is not None
    return window.controller.session


def left(window: MainWindow) -> list[Path]:
    return sorted(p for p in window.writing.drafts.folder.glob("*") if p.suffix != ".lock")


def iteration_of(window: MainWindow) -> int:
    (file,) = window.writing.drafts.folder.glob("*.stepper")
    return open_document(file).session.timeline.iteration


@pytest.mark.usefixtures("quick")
def test_a_step_is_kept_by_itself(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.later("iteration")
    window.controller.later("iteration")
    qtbot.waitUntil(lambda: window.writing.drafts.has_session, timeout=20_000)
    window.documents.keeping.finish()
    assert iteration_of(window) == session_of(window).timeline.iteration
    assert [p.suffix for p in left(window)] == [".json", ".stepper"]


@pytest.mark.usefixtures("quick")
def test_a_run_is_kept_while_it_goes_on(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.set_speed(100)
    window.controller.toggle_run()
    qtbot.waitUntil(lambda: window.writing.drafts.has_session, timeout=20_000)
    assert session_of(window).running
    first = iteration_of(window)
    qtbot.waitUntil(lambda: iteration_of(window) > first, timeout=20_000)
    window.controller.stop()


def test_it_waits_for_the_last_change_and_not_for_ever(window: MainWindow) -> None:
    made, now = window.documents.keeping, [100.0]
    made.clock = lambda: now[0]
    timer = made._timer  # pyright: ignore[reportPrivateUsage]
    timer.stop()
    waits: list[int] = []
    for at in (100.0, 101.5, 103.0, 104.0, 104.8, 105.0, 107.0):
        now[0] = at
        made.soon()
        assert timer.isActive() and timer.isSingleShot()
        waits.append(timer.interval())
    assert waits == [SOON, SOON, SOON, 1000, 200, 0, 0]
    assert (SOON, LATEST) == (2000, 5000)
    timer.stop()


def test_it_rests_as_long_as_it_took_many_times(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    made, now = window.documents.keeping, [0.0]
    made.clock = lambda: now[0]

    def slow(*arguments: object) -> Pack:
        now[0] += 0.2
        return document_work(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(keeping, "document_work", slow)
    session_of(window).run(2)
    made.often()
    made.finish()
    assert iteration_of(window) == 2
    session_of(window).run(1)
    now[0] = 0.2 * SHARE
    made.often()
    made.finish()
    assert iteration_of(window) == 2 and made._timer.isActive()  # pyright: ignore[reportPrivateUsage]
    now[0] = 0.2 * (SHARE + 1) + 0.001
    monkeypatch.setattr(keeping, "_timed", lambda work: (work(), 3.0))
    made.often()
    made.finish()
    assert iteration_of(window) == 3
    assert made._not_before >= now[0] + 3.0 * REST  # pyright: ignore[reportPrivateUsage]


def test_the_window_goes_on_while_it_is_packed(window: MainWindow, qtbot: QtBot, gate: Gate) -> None:
    session = session_of(window)
    session.run(3)
    session.change_cell(session.program.inputs["W1"], (0, 0), "0.5")
    whole = document_of(session)
    window.documents.keeping.often()
    assert gate.begun.acquire(timeout=20)
    assert gate.threads and gate.threads[0] != threading.get_ident()
    session.run(20)
    session.undo()
    session.use_optimizer("adam")
    session.run(3)
    gate.held.release()
    window.documents.keeping.finish()
    (file,) = window.writing.drafts.folder.glob("*.stepper")
    file.with_name("whole.stepper").write_bytes(whole)
    kept, then = (open_document(p).session for p in (file, file.with_name("whole.stepper")))
    for one in (kept, then):
        one.run(4)
    assert kept.timeline.losses == then.timeline.losses and kept.timeline.position == then.timeline.position
    assert [e.text for e in kept.timeline.events] == [e.text for e in then.timeline.events]


def test_what_is_saved_meanwhile_is_not_kept_again(window: MainWindow, tmp_path: Path, gate: Gate) -> None:
    session = session_of(window)
    session.run(3)
    window.documents.keeping.often()
    assert gate.begun.acquire(timeout=20)
    window.documents.save_to(str(tmp_path / "a.stepper"))
    gate.held.release()
    window.documents.keeping.finish()
    assert not [p for p in left(window) if p.suffix in (".stepper", ".next")]
    assert not window.writing.drafts.has_session


def test_newer_work_stays_where_older_comes_late(window: MainWindow, gate: Gate) -> None:
    session = session_of(window)
    session.run(3)
    window.documents.keeping.often()
    assert gate.begun.acquire(timeout=20)
    session.run(4)
    assert window.documents.keep()
    gate.held.release()
    assert window.documents.keeping.work._thread is not None  # pyright: ignore[reportPrivateUsage]
    done = threading.Event()
    window.documents.keeping.work.start("after", done.set)
    assert done.wait(20)
    assert iteration_of(window) == 7 and not list(window.writing.drafts.folder.glob("*.next"))


def test_a_text_that_is_kept_meanwhile_stays(window: MainWindow, gate: Gate) -> None:
    session_of(window).run(3)
    window.documents.keeping.often()
    assert gate.begun.acquire(timeout=20)
    window.writing.drafts.keep("x = 1\n", "xor", "xor")
    gate.held.release()
    window.documents.keeping.finish()
    (draft,) = _of_another_window(window)
    assert (draft.text, draft.iteration) == ("x = 1\n", 3)


def _of_another_window(window: MainWindow) -> list[Draft]:
    folder = window.writing.drafts.folder
    window.writing.drafts.set_aside()  # as a window that is gone: its lock is free
    return Drafts(folder).found()


def test_what_cannot_be_packed_is_said_once(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Pack:
        def pack() -> bytes:
            raise FileProblem("it would take 2000 MiB")

        return pack

    monkeypatch.setattr(keeping, "document_work", broken)
    session_of(window).run(2)
    for _ in range(2):
        window.documents.keeping.often()
        window.documents.keeping.finish()
        window.documents.keeping._not_before = 0.0  # pyright: ignore[reportPrivateUsage]
    assert "cannot be kept in case something goes wrong: it would take 2000 MiB" in window.message.text
    window.message.dismiss()
    window.documents.keeping.often()
    window.documents.keeping.finish()
    assert window.message.text == ""
    assert window.documents.keep()  # which packs by itself, and can


def test_a_half_written_session_of_a_dead_window_goes(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    (tmp_path / "0123.next").write_bytes(b"half")
    assert drafts.found() == []
    assert not list(tmp_path.glob("*.next"))


def test_a_writer_that_was_given_up_writes_nothing(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "drafts")
    one = drafts.session_writer("a", "a", 1)
    two = drafts.session_writer("a", "a", 2)
    assert two(b"two") and not one(b"one")
    (file,) = (tmp_path / "drafts").glob("*.stepper")
    assert file.read_bytes() == b"two"
    drafts.drop_session()
    assert not two(b"again") and not list((tmp_path / "drafts").glob("*.stepper"))


def test_a_folder_that_goes_is_a_sentence(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "drafts")
    write = drafts.session_writer("a", "a", 1)
    for file in (tmp_path / "drafts").iterdir():
        file.unlink()
    (tmp_path / "drafts").rmdir()
    with pytest.raises(StepperError, match="cannot be written"):
        write(b"data")


def test_nothing_is_asked_of_an_empty_window(qtbot: QtBot) -> None:
    timer = QTimer()
    made = Keeping(lambda: None, timer)
    made.often()
    assert made.now() and not made.work.busy
    made.end()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system kills in another way")
def test_a_killed_window_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    code = f"""\
        from pathlib import Path
        from stepper import app
        running = app.start("xor", Path({str(tmp_path / "settings.ini")!r}))
        running.window.controller.later("iteration")
        running.window.controller.later("iteration")
        running.application.exec()
        """
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], env=env) as process:
        try:
            end = time.monotonic() + 60
            while not list((tmp_path / "drafts").glob("*.json")) and process.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
        finally:
            process.kill()
    (draft,) = Drafts(tmp_path / "drafts").found()
    assert draft.iteration == 2 and draft.title == "xor"
    assert open_document(Path(draft.session)).session.timeline.iteration == 2
