"""What each view's signals lead to. A view is connected once, when it is made; no view knows another."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Qt, Slot
from PySide6.QtWidgets import QMenu, QWidget

from core.complete import load
from core.diagnosis import Diagnosis
from core.program.ir import Program
from core.session import Moment, Session
from stepper.actions import Actions
from stepper.backward import Backward
from stepper.changing import Changing
from stepper.controller import Controller
from stepper.diagnosing import Diagnosing
from stepper.health import Health
from stepper.inspecting import Inspecting
from stepper.lessons import Lessons
from stepper.models.lesson_state import Comparison
from stepper.models.saved_state import SavedState
from stepper.panels import Panels
from stepper.saved_files import SavedFiles
from stepper.settings import Settings
from stepper.stops import Stops
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
from stepper.views.problems import ProblemsView
from stepper.views.program import ProgramView
from stepper.views.saved import SavedView
from stepper.views.stepping import SteppingView
from stepper.views.tensor import TensorView
from stepper.views.update import UpdateView
from stepper.views.value import ValueView
from stepper.views.why import WhyView
from stepper.writing import Writing

EXPLAINING = ("value", "why")
SAVED = ("saved", "tensor", "stepping")
LINE_MENU = ("to-cursor", "back-to-cursor", "stop-line", "line-later", "line-earlier")


class Wiring(QObject):
    """Connects the views with the controller and its helpers; what concerns two views goes through here."""

    def __init__(
        self,
        controller: Controller,
        changing: Changing,
        stops: Stops,
        panels: Panels,
        table: Actions,
        settings: Settings,
        health: Health,
        lessons: Lessons,
        diagnosing: Diagnosing,
        backward: Backward,
        writing: Writing,
        inspecting: Inspecting,
        saved_files: SavedFiles,
    ) -> None:
        super().__init__(panels)
        self._controller, self._changing, self._stops = controller, changing, stops
        self._panels, self._actions, self._settings = panels, table, settings
        self._health, self._lessons = health, lessons
        self._diagnosing, self._backward = diagnosing, backward
        self._writing = writing
        self._inspecting, self._saved_files = inspecting, saved_files
        inspecting.changed.connect(self.show_saved)
        inspecting.rows.connect(self._on_rows)
        saved_files.data_chosen.connect(self._on_data_file)
        self._unwanted = False
        self._warned = False
        controller.opened.connect(self._on_opened)
        controller.changed.connect(self._on_changed)

    def connect_view(self, view: QWidget) -> None:
        """Connect a view that was just made."""
        c, changing, stops = self._controller, self._changing, self._stops
        match view:
            case ProgramView():
                view.statement_clicked.connect(c.to_statement)
                view.value_clicked.connect(self._on_value)
                view.stop_clicked.connect(stops.toggle_line)
                view.cursor_moved.connect(c.set_cursor)
                view.body_line_clicked.connect(c.to_body_line)
                view.body_stop_clicked.connect(stops.toggle_body_line)
                view.body_cursor_moved.connect(c.set_body_cursor)
                view.menu_wanted.connect(self._show_line_menu)
            case EditorView():
                self._writing.attach(view)
            case NetworkView():
                view.value_clicked.connect(self._on_value)
                view.sample_clicked.connect(c.select_sample)
                view.closed_clicked.connect(self.show_layer)
            case GraphView():
                view.value_clicked.connect(c.select)
                view.instruction_clicked.connect(c.to_instruction)
                view.closed_clicked.connect(self.show_layer)
            case OperationView() | LineView() | UpdateView() | ConditioningView():
                view.value_clicked.connect(self._on_value)
            case ValueView():
                view.value_clicked.connect(c.select)
                view.cell_edited.connect(changing.change_cell)
            case WhyView():
                view.value_clicked.connect(c.select)
                view.place_wanted.connect(c.go)
                view.sample_clicked.connect(c.select_sample)
                view.plot_wanted.connect(self.plot)
                view.stop_wanted.connect(stops.stop_on_change)
            case DataView():
                view.sample_clicked.connect(c.select_sample)
            case LossView():
                view.iteration_clicked.connect(c.to_iteration)
                view.set_log(bool(self._settings.get("log")))
                view.log_switched.connect(self._on_log)
            case CurvesView():
                view.iteration_clicked.connect(c.to_iteration)
                view.wanted.connect(stops.want)
                view.set_log(bool(self._settings.get("log")))
                view.log_switched.connect(self._on_log)
            case NotesView():
                view.breakpoint_added.connect(stops.add)
                view.breakpoint_switched.connect(stops.switch)
                view.breakpoint_removed.connect(stops.remove)
                view.watch_added.connect(stops.watch)
                view.watch_removed.connect(stops.unwatch)
                view.watch_plotted.connect(self.plot)
                view.bookmark_gone_to.connect(stops.go_to)
                view.bookmark_removed.connect(stops.remove)
                view.bookmark_noted.connect(stops.renote)
                view.hunt.connect(stops.hunt)
            case ProblemsView():
                view.place_wanted.connect(c.go)
                view.value_clicked.connect(c.select)
                view.chain_wanted.connect(self._health.choose)
                view.muted.connect(self._health.mute)
                view.limit_changed.connect(self._health.set_limit)
                view.limit_reset.connect(self._health.reset_limit)
                view.stop_wanted.connect(stops.stop_on_finding)
                view.hunt_wanted.connect(self._health.hunt)
                view.mend_wanted.connect(self.mend)
                view.page_wanted.connect(self._panels.help_wanted)
            case LessonView():
                lessons = self._lessons
                view.step_wanted.connect(lessons.go)
                view.answered.connect(lessons.answer)
                view.action_wanted.connect(lessons.act)
                view.lesson_wanted.connect(lessons.open)
                view.show_state(lessons.state)
            case DiagnosisView():
                d = self._diagnosing
                d.changed.connect(view.show_state)
                view.check_wanted.connect(d.check)
                view.cancel_wanted.connect(d.cancel)
                view.live_switched.connect(d.toggle_live)
                view.all_switched.connect(d.show_all)
                view.loss_chosen.connect(d.choose_loss)
                view.level_wanted.connect(d.open_level)
                view.card_wanted.connect(d.go_to)
                view.line_wanted.connect(self._backward.show_line)
                view.value_clicked.connect(c.select)
                view.put_wanted.connect(self._writing.replace)
                view.editor_wanted.connect(self._backward.write)
                view.course_wanted.connect(self.see)
                view.page_wanted.connect(self._panels.help_wanted)
                view.show_state(d.state)
            case SavedView():
                view.tensor_chosen.connect(self._on_tensor)
                view.open_wanted.connect(self._saved_files.choose_network)
                view.compare_wanted.connect(self._saved_files.choose_other)
                view.compare_ended.connect(self._inspecting.stop_comparing)
                view.show_state(self._inspecting.state)
            case TensorView():
                view.export_wanted.connect(self._saved_files.choose_export)
                view.spectrum_wanted.connect(self._inspecting.ask_spectrum)
                view.rows_wanted.connect(self._inspecting.ask_rows)
                view.tensor_chosen.connect(self._on_tensor)
                view.show_state(self._inspecting.state)
            case SteppingView():
                view.step_wanted.connect(self._inspecting.step)
                view.file_wanted.connect(self._saved_files.choose_data)
                view.show_state(self._inspecting.state)
            case CheckView():
                view.value_clicked.connect(self._on_value)
            case CompareView():
                view.place_wanted.connect(c.go)
                view.iteration_clicked.connect(c.to_iteration)
                view.program_wanted.connect(self._take_program)
            case CourseView():
                view.place_wanted.connect(c.go)
            case _:
                pass

    @Slot(object, object)
    def _on_value(self, value: int, cell: tuple[int, ...] | None) -> None:
        """Select a value; a cell opens the panels that explain it, unless a person has closed them."""
        self._controller.select(value, cell)
        if cell is not None and not any(self._panels.is_shown(name) for name in EXPLAINING) and not self._unwanted:
            for name in EXPLAINING:
                self._panels.show_panel(name)

    @Slot(str)
    def on_closed(self, name: str) -> None:
        """Remember that a person has closed a panel that explains: it does not open by itself again."""
        self._unwanted = self._unwanted or name in EXPLAINING

    @Slot(str)
    def plot(self, text: str) -> None:
        """Watch an expression and show its curve."""
        self._stops.watch(text)
        curves = self._panels.view("curves")
        if isinstance(curves, CurvesView):
            curves.show_watch(text)
        self._panels.show_panel("curves")

    @Slot(object)
    def _on_opened(self, _: object) -> None:
        self._warned = False

    # -- saved networks --------------------------------------------------------------------------------

    @Slot(object)
    def show_saved(self, state: SavedState) -> None:
        """Show what is known of the saved network in its panels."""
        for name in SAVED:
            view = self._panels.views.get(name)
            if isinstance(view, (SavedView, TensorView, SteppingView)):
                view.show_state(state)

    @Slot(int, object)
    def _on_rows(self, first: int, numbers: object) -> None:
        view = self._panels.views.get("tensor")
        if isinstance(view, TensorView):
            view.show_rows(first, numbers)

    @Slot(str)
    def _on_data_file(self, path: str) -> None:
        view = self._panels.view("stepping")
        if isinstance(view, SteppingView):
            view.take_file(path)

    @Slot(object)
    def _on_tensor(self, name: str) -> None:
        """Look at a tensor of the file, and select the parameter that began with its numbers."""
        self._inspecting.choose(name)
        session, parameters = self._controller.session, self._inspecting.parameters
        if session is None or not parameters:
            return
        moment = session.moment()
        for parameter, tensor in parameters.items():
            value = moment.current(parameter) if tensor == name else None
            if value is not None:
                self._controller.select(value)
                return
        chosen = moment.selection.value
        if chosen is not None and moment.program.values[chosen].name in parameters:
            self._controller.select(None)  # else what is looked at would go back to that parameter

    def _follow_selection(self, moment: Moment) -> None:
        """Look at the tensor of the file that the selected parameter began with."""
        value = moment.selection.value
        if value is not None and self._inspecting.program.holds:
            tensor = self._inspecting.parameters.get(moment.program.values[value].name)
            if tensor is not None:
                self._inspecting.choose(tensor)

    @Slot(str)
    def show_layer(self, name: str) -> None:
        """Look at the first tensor of a layer, as of one that is closed."""
        layer = next((n for n in self._inspecting.state.layers if n.name == name), None)
        if layer is not None and layer.tensors:
            self._on_tensor(next(iter(layer.tensors.values())))
            self._panels.show_panel("tensor")
        self._panels.show_panel("saved")

    @Slot(object)
    def _on_changed(self, moment: Moment) -> None:
        """Open the problems the first time that there is an error among them; a person may close them for good."""
        self._follow_selection(moment)
        if self._warned or moment.running or self._lessons.holds:
            return
        if self._inspecting.holds and moment.k == 0 and moment.position.iteration == 1:
            return  # who only looks at a file sees there what is wrong in it, and would lose the form from sight
        if not any(p.finding.severity == "error" for p in moment.problems):
            return
        self._warned = True
        self._panels.show_panel("problems")

    @Slot(object)
    def mend(self, remedies: object) -> None:
        """Offer remedies, to be tried beside the training."""
        view = self._panels.view("compare")
        if isinstance(view, CompareView):
            view.offer(remedies)
        self._panels.show_panel("compare", focus=True)

    @Slot(object, int)
    def see(self, diagnosis: Diagnosis, line: int = 0) -> None:
        """Run what was diagnosed beside what is mended: the fault in a line alone, or with 0 all of them."""
        view, session = self._panels.view("course"), self._controller.session
        base = None if session is None else session.moment().base
        if isinstance(view, CourseView):
            view.show_diagnosis(base, None if session is None else session.folder, diagnosis, line)
        self._panels.show_panel("course", focus=True)

    @Slot(object, str)
    def _take_program(self, program: Program, title: str) -> None:
        """Go on with a mended program, from its first iteration."""
        session = self._controller.session
        self._controller.take(Session(program, title, folder=None if session is None else session.folder), title)

    @Slot(object)
    def compare(self, wanted: Comparison) -> None:
        """Run two programs of a lesson beside each other."""
        view, session = self._panels.view("course"), self._controller.session
        if isinstance(view, CourseView):
            base = None if session is None else session.moment().base
            one, other = wanted.texts
            found = Diagnosis(load(one, folder=wanted.folder), one, "", False, mended=other)
            view.show_diagnosis(base, wanted.folder, found, names=wanted.names, iterations=wanted.iterations)
        self._panels.show_panel("course", focus=True)

    @Slot(bool)
    def _on_log(self, on: bool) -> None:
        """Draw the loss on the same scale wherever it is drawn, now and in the next run."""
        self._settings.set("log", int(on))
        for view in self._panels.views.values():
            if isinstance(view, (LossView, CurvesView)) and view is not self.sender():
                view.set_log(on)

    @Slot(QPoint)
    def _show_line_menu(self, at: QPoint) -> None:
        menu = QMenu(self._panels)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(self.tr("This line"))
        menu.addActions([self._actions[name] for name in LINE_MENU])
        menu.popup(at)
