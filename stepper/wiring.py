"""Which signal of a view leads to what: all connections between views and what they ask for stand here."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Slot
from PySide6.QtWidgets import QMenu, QWidget

from stepper.actions import Actions
from stepper.changing import Changing
from stepper.controller import Controller
from stepper.panels import Panels
from stepper.stops import Stops
from stepper.views.curves import CurvesView
from stepper.views.data import DataView
from stepper.views.graph import GraphView
from stepper.views.line import LineView
from stepper.views.loss import LossView
from stepper.views.network import NetworkView
from stepper.views.notes import NotesView
from stepper.views.operation import OperationView
from stepper.views.program import ProgramView
from stepper.views.update import UpdateView
from stepper.views.value import ValueView
from stepper.views.why import WhyView

LINE_MENU = ("to-cursor", "back-to-cursor", "stop-line")


class Wiring(QObject):
    """Connects views when they are made. A cell that is clicked opens the panel that explains it, unless that was closed."""

    def __init__(self, controller: Controller, changing: Changing, stops: Stops, panels: Panels, actions: Actions) -> None:
        super().__init__(panels)
        self._controller, self._changing, self._stops = controller, changing, stops
        self._panels, self._actions = panels, actions
        self._closed = False

    def connect_view(self, view: QWidget) -> None:
        """Connect the signals of a view."""
        c, stops = self._controller, self._stops
        match view:
            case ProgramView():
                view.statement_clicked.connect(c.to_statement)
                view.stop_clicked.connect(stops.toggle_line)
                view.cursor_moved.connect(c.set_cursor)
                view.menu_wanted.connect(self._on_line_menu)
            case NetworkView() | DataView():
                view.sample_clicked.connect(c.select_sample)
            case GraphView():
                view.instruction_clicked.connect(c.to_instruction)
            case LossView() | CurvesView():
                view.iteration_clicked.connect(c.to_iteration)
            case ValueView():
                view.cell_edited.connect(self._changing.change_cell)
            case WhyView():
                view.place_wanted.connect(c.go)
                view.sample_clicked.connect(c.select_sample)
                view.stop_wanted.connect(stops.stop_on_change)
                view.plot_wanted.connect(self._on_plot)
            case NotesView():
                self._connect_notes(view)
            case _:
                pass
        if isinstance(view, CurvesView):
            view.wanted.connect(stops.want)
        if isinstance(view, (ProgramView, NetworkView, OperationView, GraphView, LineView, UpdateView)):
            view.value_clicked.connect(self._on_value)
        if isinstance(view, (ValueView, WhyView)):
            view.value_clicked.connect(c.select)

    def _connect_notes(self, view: NotesView) -> None:
        stops = self._stops
        view.breakpoint_added.connect(stops.add)
        view.breakpoint_removed.connect(stops.remove)
        view.breakpoint_switched.connect(stops.switch)
        view.watch_added.connect(stops.watch)
        view.watch_removed.connect(stops.unwatch)
        view.watch_plotted.connect(self._on_plot)
        view.bookmark_gone_to.connect(stops.go_to)
        view.bookmark_removed.connect(stops.remove)
        view.bookmark_noted.connect(stops.renote)
        view.hunt.connect(stops.hunt)

    @Slot(object, object)
    def _on_value(self, value: int, cell: tuple[int, ...] | None) -> None:
        """Select, and open the panel that explains a cell; one that a person has closed stays closed."""
        self._controller.select(value, cell)
        if cell is None or self._closed:
            return
        if not self._panels.is_shown("why") and not self._panels.is_shown("value"):
            self._panels.show_panel("value")
            self._panels.show_panel("why")

    @Slot(str)
    def on_panel_closed(self, name: str) -> None:
        """Remember that a person does not want the explaining panel."""
        if name in ("why", "value"):
            self._closed = True

    @Slot(str)
    def _on_plot(self, expression: str) -> None:
        self._stops.watch(expression)
        self._panels.show_panel("curves")

    @Slot(QPoint)
    def _on_line_menu(self, at: QPoint) -> None:
        """Offer what can be done with the line that was clicked with the right button."""
        menu = QMenu(self._panels)
        menu.setAccessibleName(self.tr("What to do with this line"))
        menu.addActions([self._actions[name] for name in LINE_MENU])
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)
