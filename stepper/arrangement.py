"""The one table of panels, and the arrangements that they stand in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from stepper.help import HelpView
from stepper.views.check import CheckView
from stepper.views.compare import CompareView
from stepper.views.conditioning import ConditioningView
from stepper.views.course import CourseView
from stepper.views.curves import CurvesView
from stepper.views.data import DataView
from stepper.views.diagnosis import DiagnosisView
from stepper.views.editor import EditorView
from stepper.views.graph import GraphView
from stepper.views.lesson import LessonView
from stepper.views.line import LineView
from stepper.views.loss import LossView
from stepper.views.network import NetworkView
from stepper.views.notes import NotesView
from stepper.views.operation import OperationView
from stepper.views.predict import PredictView
from stepper.views.problems import ProblemsView
from stepper.views.program import ProgramView
from stepper.views.saved import SavedView
from stepper.views.stepping import SteppingView
from stepper.views.tensor import TensorView
from stepper.views.update import UpdateView
from stepper.views.value import ValueView
from stepper.views.why import WhyView

Arrangement = Literal["learn", "write", "debug", "inspect"]
Area = Literal["left", "left-low", "centre", "centre-low", "right", "right-low", "bottom"]
ARRANGEMENTS: tuple[Arrangement, ...] = ("learn", "write", "debug", "inspect")
AREAS: tuple[Area, ...] = ("left", "left-low", "centre", "centre-low", "right", "right-low", "bottom")
CONTEXT = "actions"


def translate(context: str, text: str) -> str:
    """Mark a text for translators, whose tool looks for this name; it is translated when it is shown."""
    del context
    return text


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: what it is called, what shows it, where it stands, which arrangements show it at once.

    Panels of the same area are tabs. `elsewhere` names another area in some arrangement. `about` stands in the
    panel's title row; `page` is its page of help; `key` shows or hides it.
    """

    id: str
    title: str
    about: str
    view: type[QWidget]
    area: Area
    shown: tuple[Arrangement, ...]
    page: str
    key: str = ""
    elsewhere: Mapping[Arrangement, Area] = field(default_factory=dict[Arrangement, Area])


PANELS: tuple[Panel, ...] = (
    Panel("editor", translate("actions", "Editor"), translate("actions", "your program, as text"),
          EditorView, "left", ("write",), "editor", "Ctrl+E"),
    Panel("saved", translate("actions", "Saved network"), translate("actions", "the layers and tensors of the file"),
          SavedView, "left", ("inspect",), "saved-networks"),
    Panel("program", translate("actions", "Program"), translate("actions", "one iteration, line by line"),
          ProgramView, "left", ("learn", "write", "debug", "inspect"), "program", "Alt+1"),
    Panel("network", translate("actions", "Network"), translate("actions", "what this step reads and writes is lit"),
          NetworkView, "centre", ("learn", "write", "debug", "inspect"), "network", "Alt+2"),
    Panel("graph", translate("actions", "Graph"), translate("actions", "operations, and what flows between them"),
          GraphView, "centre", ("debug", "inspect"), "graph", "Alt+0"),
    Panel("curves", translate("actions", "Curves"), translate("actions", "loss, accuracy and gradients over the iterations"),
          CurvesView, "centre", ("debug",), "curves"),
    Panel("conditioning", translate("actions", "Conditioning"), translate("actions", "how healthy each layer is, in numbers"),
          ConditioningView, "centre", ("debug",), "conditioning"),
    Panel("tensor", translate("actions", "Tensor"), translate("actions", "one array of the file, as it is stored"),
          TensorView, "centre-low", ("inspect",), "tensor"),
    Panel("operation", translate("actions", "Operation"), translate("actions", "what just happened, in numbers"),
          OperationView, "centre-low", ("learn", "write", "debug", "inspect"), "operation", "Alt+3"),
    Panel("line", translate("actions", "Line"), translate("actions", "what this line means"),
          LineView, "centre-low", ("debug",), "line", "Alt+7"),
    Panel("update", translate("actions", "Update"), translate("actions", "old − step = new, for each parameter"),
          UpdateView, "centre-low", ("debug",), "update", "Alt+8"),
    Panel("stepping", translate("actions", "How it is stepped"), translate("actions", "what the file does not say, and the data"),
          SteppingView, "right", ("inspect",), "stepping"),
    Panel("value", translate("actions", "Value"), translate("actions", "one value in full"),
          ValueView, "right", ("debug", "inspect"), "value", "Alt+5"),
    Panel("why", translate("actions", "Why"), translate("actions", "why this number is what it is"),
          WhyView, "right", ("debug",), "why", "Alt+6"),
    Panel("data", translate("actions", "Data"), translate("actions", "the samples, and what the network makes of them"),
          DataView, "right", ("debug", "inspect"), "data", "Alt+9"),
    Panel("diagnosis", translate("actions", "My backward"), translate("actions", "which line is wrong, and how"),
          DiagnosisView, "right", ("write",), "diagnosis"),
    Panel("predict", translate("actions", "Predict"), translate("actions", "a question before each step"),
          PredictView, "right", (), "predict"),
    Panel("lesson", translate("actions", "Lesson"), translate("actions", "a program to find something out in"),
          LessonView, "right", (), "lessons", "Ctrl+L"),
    Panel("help", translate("actions", "Help"), translate("actions", "F1 in any panel opens its page"),
          HelpView, "right", (), "start"),
    Panel("loss", translate("actions", "Loss"), translate("actions", "over the iterations; click to travel"),
          LossView, "bottom", ("learn", "write", "debug"), "loss", "Alt+4"),
    Panel("problems", translate("actions", "Problems"), translate("actions", "what is wrong, where it began, what mends it"),
          ProblemsView, "right", ("debug",), "problems"),
    Panel("notes", translate("actions", "Stops and watches"), translate("actions", "where to stop, what to keep an eye on"),
          NotesView, "right", ("debug",), "notes"),
    Panel("compare", translate("actions", "Try a mend"), translate("actions", "a second run, with a remedy in it"),
          CompareView, "centre", ("debug",), "compare"),
    Panel("course", translate("actions", "See what it does"),
          translate("actions", "yours and the mended one, from the same start"),
          CourseView, "centre", (), "course"),
    Panel("check", translate("actions", "Gradient check"), translate("actions", "are the gradients right?"),
          CheckView, "centre-low", ("debug",), "check"),
)  # fmt: skip
BY_ID: Mapping[str, Panel] = {panel.id: panel for panel in PANELS}


def say(text: str) -> str:
    """Return a text of the table in the person's language."""
    return QCoreApplication.translate(CONTEXT, text)


@dataclass(frozen=True, slots=True)
class Fold:
    """Which parts of the window stand behind others, as tabs, because beside them nobody could read any.

    `halves`: what is low in the centre, behind what is high; `strip`: what is at the bottom, too; `right`: the right column.
    """

    halves: bool = False
    strip: bool = False
    right: bool = False


OPEN = Fold()
LEAST_HEIGHT, LEAST_CENTRE, LEAST_WIDTH = 480, 620, 900
"""Where there is less, in pixels at the usual size of text, all of the centre is folded; that of *Write*, which is narrow and
stands above a strip; and the right column."""


def fold_of(width: int, height: int, zoom: float, arrangement: Arrangement) -> Fold:
    """Return what has to be folded in a room of `width` × `height` pixels, with text `zoom` times as large as usual."""
    low = height / zoom < LEAST_HEIGHT
    return Fold(
        low or (arrangement == "write" and height / zoom - LOW_STRIP < LEAST_CENTRE), low, width / zoom < LEAST_WIDTH
    )  # fmt: skip


def area_of(panel: Panel, arrangement: Arrangement, fold: Fold = OPEN) -> Area:
    """Return where a panel stands in an arrangement."""
    return folded(panel.elsewhere.get(arrangement, panel.area), arrangement, fold)


def folded(area: Area, arrangement: Arrangement, fold: Fold) -> Area:
    """Return where what stands in an area is once the window is folded.

    The right column goes where it hides least of what is being looked at: behind the program or the list of the file, but
    never behind the text that is being written, nor behind the only program.
    """
    if area in ("right", "right-low") and fold.right:
        return "left" if arrangement in ("debug", "inspect") else "centre"
    if (area == "centre-low" and fold.halves) or (area == "bottom" and fold.strip):
        return "centre"
    return area


@dataclass(frozen=True, slots=True)
class Shares:
    """How the room is shared, in pixels; `strip` is the height of the bottom, `low` of the lower part of the centre."""

    columns: tuple[int, int, int]
    strip: int
    low: int


NARROW = 700
LOW_STRIP = 104
"""Before the first loss there is nothing to see in the strip, and much in what stands above it."""
LESS_STRIP = 30
"""Beside a third column the middle is narrow, breaks its lines, and needs the height."""


def shares(width: int, height: int, areas: set[Area], low_strip: bool, writing: bool = False, zoom: float = 1.0) -> Shares:
    """Share the room of `width` × `height` among the areas in use, so that the program can be read; or, `writing`, written.

    `zoom` says how many times as large as usual text is.
    """
    left, right = bool(areas & {"left", "left-low"}), bool(areas & {"right", "right-low"})
    strip = 0
    if "bottom" in areas:
        strip = LOW_STRIP if low_strip else max(150, min(220, height // 6 + 20)) - (LESS_STRIP if right else 0)
        strip = round(strip * max(1.0, zoom))
    beside = 0
    if right:
        beside = max(330, min(width * 30 // 100, 640)) if left else width * 42 // 100
    narrow = 33 if writing else 26 if right else 30
    least = 300 if right else min(round(340 * max(1.0, zoom)), max(340, width * 45 // 100))
    program = max(least, width * narrow // 100) if left else 0
    room = height - strip
    middle = max(width - program - beside, 100)
    # Where the middle is narrow, a line of three matrices takes two rows.
    most = room * (46 if middle > NARROW else 54) // 100 + 10
    words_and_matrices = min(most, max(390, room * 36 // 100))
    return Shares((program, middle, beside), strip, words_and_matrices)
