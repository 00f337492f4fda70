"""Pictures of a backward of one's own: the editor, the diagnosis, what it does, the lessons, all in several states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from bench_run import LARGE
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

from core.complete import load
from core.library import open_target
from core.session import Session, session_of
from stepper.models.diagnosis_state import FAULT, HINT, PLACE
from stepper.picture import THEMES, Studio
from stepper.views.course import CourseView
from stepper.views.diagnosis import DiagnosisView
from stepper.views.editor import EditorView

BACKWARD = """\
# backward
dA3 = 2 * (A3 - Y) / (10 * 64)
dZ3 = dA3 * A3 * (1 - A3)
dW3 = dZ3 @ A2.T
db3 = np.sum(dZ3, axis=1, keepdims=True)
dZ2 = W3.T @ dZ3 * (Z2 > 0)
dW2 = dZ2 @ A1.T
db2 = np.sum(dZ2, axis=1, keepdims=True)
dZ1 = W2.T @ dZ2
dW1 = dZ1 @ X.T
db1 = np.sum(dZ1, axis=1, keepdims=True)
# update
W1 = W1 - lr * dW1
b1 = b1 - lr * db1
W2 = W2 - lr * dW2
b2 = b2 - lr * db2
W3 = W3 - lr * dW3
b3 = b3 + lr * db3
"""
LARGE_OWN = LARGE + BACKWARD
WRONG = "lesson:cost-rises:wrong"
NAN = "lesson:nan-after-a-while:wrong"
EDITOR, PANEL, COURSE, LESSON = (560, 640), (460, 800), (620, 700), (460, 720)


def sessions() -> dict[str, Callable[[], Session]]:
    """Return what makes a session, by its name: small with two faults, large with two, one whose numbers become NaN."""
    return {
        "2-3-1": lambda: session_of(open_target(WRONG)),
        "784-128-64-10": lambda: Session(load(LARGE_OWN), "mine.py"),
        "NaN": sick,
    }


def sick() -> Session:
    """Return a session that has run until its numbers are not finite."""
    session = session_of(open_target(NAN))
    for _ in range(40):
        if not session.timeline.fault and not session.to_first_bad():
            session.run(200)
    return session


def settled(studio: Studio) -> None:
    """Wait until the diagnosis is there."""
    studio.window.diagnosing.check()
    wait(lambda: studio.window.diagnosing.state.busy)


def wait(busy: Callable[[], bool]) -> None:
    """Let the app work while something is busy."""
    QApplication.processEvents()
    while busy():
        QApplication.processEvents()


def own_backward() -> Iterator[tuple[str, str, QPixmap]]:
    """Take every picture; yields the sheet that it belongs on, its name and itself."""
    for name, make in sessions().items():
        with Studio() as studio:
            studio.open(make(), "light")
            settled(studio)
            for theme in THEMES:
                studio.window.set_theme(theme)
                for sheet, picture in states(studio):
                    yield sheet, f"{name} {theme}", picture
    for theme in THEMES:
        with Studio() as studio:
            studio.window.set_theme(theme)
            for sheet, name, picture in lesson(studio):
                yield sheet, f"{name} {theme}", picture


def states(studio: Studio) -> Iterator[tuple[str, QPixmap]]:
    """Take the window, the panel from nothing opened to everything, the editor with its marks, and the course."""
    window, diagnosing = studio.window, studio.window.diagnosing
    if diagnosing.state.everything:
        diagnosing.show_all()
    panel = cast(DiagnosisView, window.panels.view("diagnosis"))
    panel.rows.choose("")
    for level, label in ((0, "closed"), (HINT, "hint"), (PLACE, "place"), (FAULT, "fault")):
        for card in range(len(diagnosing.state.cards)):
            diagnosing.open_level(card, level)
        yield f"diagnosis-{label}", studio.take("diagnosis", PANEL)
    diagnosing.show_all()
    yield "diagnosis-all", studio.take("diagnosis", PANEL)
    for row in range(min(3, panel.rows.topLevelItemCount())):
        panel.rows.choose(diagnosing.state.diagnosis.parameters[row].name if diagnosing.state.diagnosis else "")
        wait(lambda: panel.detail.work.busy)
        yield f"diagnosis-cells-{row + 1}", studio.take("diagnosis", PANEL)
    for size in ((1280, 720), (2560, 1440)):
        yield f"write-{size[0]}x{size[1]}", studio.take("window", size, "write")
    editor = cast(EditorView, window.panels.view("editor"))
    yield "editor-marks", studio.take("editor", EDITOR)
    editor.set_derived("beside")
    wait(lambda: editor.is_busy)
    yield "editor-derived", studio.take("editor", (1000, 640))
    editor.set_derived("hidden")
    text = editor.text()
    editor.replace_text_undoable(text.replace("# backward\n", "# backward\nQ = W1 @ Y\nR = sigmod(Z1\n", 1))
    wait(lambda: editor.is_busy)
    yield "editor-faults", studio.take("editor", EDITOR)
    editor.replace_text_undoable(text)
    wait(lambda: editor.is_busy)
    settled(studio)
    d = diagnosing.state.diagnosis
    if d is not None:
        window.wiring.see(d, 0)
        course = cast(CourseView, window.panels.view("course"))
        wait(lambda: course.busy)
        yield "course", studio.take("course", COURSE)
        window.panels.put_away("course")


def lesson(studio: Studio) -> Iterator[tuple[str, str, QPixmap]]:
    """Take the first lesson's window and panel: at its start, at a question, answered, at the diagnosis, at the end."""
    for n, answer in ((0, None), (1, None), (1, "0"), (4, None), (4, "1×1"), (6, "1"), (9, None)):
        to_step(studio, n, answer)
        name = f"step {n + 1}{'' if answer is None else ' answered'}"
        yield "lesson-steps", name, studio.take("lesson", LESSON)
        if n in (1, 6):
            for size in ((1280, 720), (2560, 1440)):
                yield f"lesson-window-{size[0]}x{size[1]}", name, studio.take("window", size, "learn")


def to_step(studio: Studio, n: int, answer: str | None) -> None:
    """Go to a step of the first lesson, and answer it."""
    lessons = studio.window.lessons
    if lessons.lesson is None:
        lessons.open("lesson:cost-rises")
    lessons.go(n)
    wait(lambda: lessons.work.waits or lessons.state.busy)
    if answer is not None:
        lessons.answer(answer if "×" in answer else int(answer))
        wait(lambda: lessons.work.waits or lessons.state.busy)


def readme() -> Iterator[tuple[str, QPixmap]]:
    """Take the pictures of the README: a diagnosis with a fault opened, and a question of a lesson."""
    with Studio() as studio:
        session = session_of(open_target(WRONG))
        session.run(80)
        session.go(80, 10)
        studio.open(session, "light")
        settled(studio)
        diagnosing = studio.window.diagnosing
        diagnosing.open_level(0, FAULT)
        studio.window.writing.show_line(diagnosing.state.cards[0].line)
        yield "diagnosis", studio.take("window", (1360, 820), "write")
    with Studio() as studio:
        studio.window.set_theme("light")
        to_step(studio, 1, None)
        yield "lesson", studio.take("window", (1360, 820))
