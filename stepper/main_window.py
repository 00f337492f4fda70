"""The window. All connections between actions, controller and views stand here; it computes nothing."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QByteArray, QObject, Slot
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from core.library import EXAMPLES
from core.session import Moment
from stepper import actions, looks
from stepper.arrangement import Arrangement
from stepper.asking import Asking
from stepper.backward import Backward
from stepper.changing import Changing
from stepper.controller import Controller
from stepper.diagnosing import Diagnosing
from stepper.documents import Documents
from stepper.drawing import Drawer
from stepper.drops import Drops
from stepper.files import Files
from stepper.first_page import FirstPage
from stepper.guide import Guide
from stepper.health import Health
from stepper.help import HelpView
from stepper.inspecting import Inspecting
from stepper.lessons import PANEL as LESSON
from stepper.lessons import Lessons
from stepper.looks import Looks
from stepper.models.diagnosis_state import Diagnosed
from stepper.models.lesson_state import LessonState
from stepper.panels import Panels
from stepper.possible import Possible
from stepper.saved_files import SavedFiles
from stepper.settings import Settings
from stepper.stops import Stops
from stepper.views.check import CheckView
from stepper.views.lesson import LessonView
from stepper.views.loss import LossView
from stepper.views.network import NetworkView
from stepper.views.operation import OperationView
from stepper.views.program import ProgramView
from stepper.widgets.message_bar import MessageBar
from stepper.widgets.room import room_of
from stepper.widgets.stale_bar import StaleBar
from stepper.widgets.top_bar import TopBar
from stepper.wiring import SAVED, Wiring
from stepper.writing import Writing

SMALL_SCREEN = 1440
FIRST_EXAMPLE = "xor"
INSPECT = "inspect"
MOST_HIDDEN = 1000


class MainWindow(QMainWindow):
    """One open program: where we stand, and the panels that show it."""

    def __init__(self, controller: Controller, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller = controller
        controller.setParent(self)
        self.settings = settings
        self.moment: Moment | None = None
        self.files = Files(controller, settings, self)
        self.looks = Looks(settings, self)
        self.panels = Panels(self)
        self.message = MessageBar(self)
        self.drawer = Drawer((), self)
        self.drops = Drops(self)
        self.first_page = FirstPage(EXAMPLES, self)
        self.guide = Guide(self, controller, self.panels, settings)
        self.changing = Changing(controller, self)
        self.stops = Stops(controller, settings.path.parent / "stops", self)
        self.health = Health(controller, settings, self)
        self.lessons = Lessons(controller, self.panels, settings, self)
        self.diagnosing = Diagnosing(settings, self)
        self.inspecting = Inspecting(controller, self)
        self.saved_files = SavedFiles(settings, self)
        controller.opened.connect(self.message.dismiss)  # before anybody says anything of what was opened
        self.documents = Documents(controller, settings, self)  # before the text: it keeps both when another is opened
        self.writing = Writing(controller, settings, self)
        self.documents.use(self.writing)
        self.backward = Backward(controller, self.diagnosing, self.writing, self.panels, self)
        self.asking = Asking(controller, self.changing, self.stops, self)
        self.owners: dict[str, QObject] = {
            "window": self, "controller": controller, "files": self.files, "looks": self.looks, "guide": self.guide,
            "panels": self.panels, "changing": self.changing, "stops": self.stops, "health": self.health, "asking": self.asking,
            "lessons": self.lessons, "diagnosing": self.diagnosing, "backward": self.backward,
            "writing": self.writing, "leftovers": self.writing.left, "documents": self.documents,
            "inspecting": self.inspecting, "saved_files": self.saved_files,
        }  # fmt: skip
        self.actions_ = actions.Actions(self.owners, self)
        self.wiring = Wiring(
            controller, self.changing, self.stops, self.panels, self.actions_, settings, self.health, self.lessons,
            self.diagnosing, self.backward, self.writing, self.inspecting, self.saved_files,
        )  # fmt: skip
        self.stale_bar = StaleBar(self.actions_["recompute"], self.actions_["undo"], self)
        self.top_bar = TopBar({item.id: self.actions_[item.id] for item in actions.ITEMS}, self)
        self.guide.top = self.top_bar
        self.possible = Possible(self.actions_, self.top_bar, self)
        self._shown = False
        self._before: Arrangement | None = None  # what a saved network put away, to be put back with the next program
        self._before_state = (QByteArray(), "")  # and how the panels stood in it
        self._waits = False  # the keyboard, in the list of a file, for something to step
        self.setWindowTitle(self.tr("Backprop Stepper"))
        self.setAccessibleName(self.tr("Backprop Stepper"))
        self.setAcceptDrops(True)
        self.setMinimumSize(700, 440)
        self.actions_.fill(self.menuBar())
        self._lay_out()
        self._connect()
        self._take_settings()
        self._enable()
        self._on_diagnosed(self.diagnosing.state)

    @property
    def at_first_page(self) -> bool:
        """Whether the first page is shown instead of the panels."""
        return self.stack.currentWidget() is self.first_page

    @property
    def program_view(self) -> ProgramView:
        """The program."""
        return cast(ProgramView, self.panels.view("program"))

    @property
    def network_view(self) -> NetworkView:
        """The network."""
        return cast(NetworkView, self.panels.view("network"))

    @property
    def operation_view(self) -> OperationView:
        """The operation."""
        return cast(OperationView, self.panels.view("operation"))

    @property
    def loss_view(self) -> LossView:
        """The loss."""
        return cast(LossView, self.panels.view("loss"))

    @property
    def views(self) -> tuple[QWidget, ...]:
        """The views that have been made."""
        return tuple(self.panels.views.values())

    # -- what actions call ---------------------------------------------------------------------------

    @Slot(str)
    def show_panel(self, name: str) -> None:
        """Show a panel and give it the keyboard."""
        self.panels.show_panel(name, focus=True)

    @Slot()
    def check_gradients(self) -> None:
        """Check every gradient of this iteration by nudging."""
        self.panels.show_panel("check", focus=True)
        view = cast(CheckView, self.panels.view("check"))
        if self.moment is not None:
            view.draw(self.moment)  # it may just have been made
            view.check_all()

    @Slot()
    def show_lesson(self) -> None:
        """Show the lesson, with the keyboard where the next thing is to be done."""
        if self.moment is not None:
            self.show_panels()
        if not self.at_first_page:
            self.panels.show_panel(LESSON)
            view = cast(LessonView, self.panels.view(LESSON))
            view.show_state(self.lessons.state)
            view.begin()

    @Slot()
    def show_backward(self) -> None:
        """Show what is known of the backward, with the keyboard there."""
        if self.at_first_page:
            self._turn_to(self.panels)
        self.panels.show_panel("diagnosis", focus=True)

    @Slot()
    def show_editor(self) -> None:
        """Show the editor with the keyboard in it; the other panels too, even if nothing is open yet."""
        if self.at_first_page:
            self._turn_to(self.panels)
        if self.moment is None and self.panels.arrangement != "write":
            self.arrange("write")
        self.panels.show_panel("editor", focus=True)

    @Slot(str)
    def toggle_panel(self, name: str) -> None:
        """Show a panel and give it the keyboard, or hide it if it is in sight."""
        self.panels.toggle(name)

    @Slot(str)
    def arrange(self, name: Arrangement) -> None:
        """Put the panels as an arrangement has them."""
        self.settings.set("arrangement", name)
        self._before = None
        self._arrange(name)

    @Slot()
    def reset_arrangement(self) -> None:
        """Put every panel back where the arrangement in use has it."""
        self._arrange(self.panels.arrangement)

    @Slot(str)
    def set_theme(self, name: str) -> None:
        """Use light or dark colours, or those of the system."""
        self.looks.set("theme", name)

    @Slot(str)
    def open_file(self, path: str) -> None:
        """Open a program file; on trouble a sentence says why, and the open program stays."""
        self.files.open(path)

    @Slot()
    def dismiss_message(self) -> None:
        """Close the message; without one, end the tour."""
        if self.message.isHidden():
            self.guide.tour.end()
        self.message.dismiss()

    @Slot()
    def open_palette(self) -> None:
        """Open the palette of all actions."""
        self.guide.open_palette(self.actions_, self.possible.why_not)

    @Slot()
    def show_first_page(self) -> None:
        """Show the page to begin with; what is open stays open."""
        self.controller.stop()
        self.guide.tour.end()
        self.first_page.set_recent(self.files.recent())
        self.first_page.set_lessons(self.lessons.entries())
        self.first_page.set_back("" if self.moment is None else self.moment.title)
        self._turn_to(self.first_page)
        self.first_page.begin()

    @Slot()
    def show_panels(self) -> None:
        """Show what is open, with the keyboard where the arrow keys step."""
        if self.at_first_page and self.moment is not None:
            self._turn_to(self.panels)
            self._focus_on_steps()

    # -- what changes --------------------------------------------------------------------------------

    @Slot(object)
    def _on_opened(self, moment: Moment) -> None:
        self.guide.tour.end()
        self.files.remember()
        if self.controller.restored is None:  # a document holds its own
            self.stops.read()
            self.health.read()
        self.moment = moment
        if self._before is not None and not self.inspecting.holds:
            if self.panels.arrangement == INSPECT:
                self._arrange(self._before)
                self.panels.restore(*self._before_state)
            self._before = None
        self.show_panels()

    @Slot(object)
    def _on_changed(self, moment: Moment) -> None:
        """Note what is to be seen now; the views draw when the keys that are waiting have been dealt with."""
        before = self.moment
        if self.message.is_news and before is not None and (moment.position, moment.events) != (before.position, before.events):
            self.message.dismiss()
        self.moment = moment
        self.drawer.show(moment)
        self.top_bar.draw(moment)
        self.stale_bar.draw(moment)
        self.actions_.turn("run", moment.running)
        self._enable()
        self.guide.follow(moment)
        if moment.losses:
            self.panels.set_low(False)

    @Slot(object)
    def _on_diagnosed(self, state: Diagnosed) -> None:
        """Enable what can be done with the diagnosis of the text."""
        self.actions_["check-backward"].setEnabled(bool(state.text.strip()))
        self.actions_["tell-more"].setEnabled(state.next_card is not None)
        self.actions_["next-fault"].setEnabled(len(state.cards) > 1)
        self.actions_.turn("live", state.live)

    @Slot(object)
    def _on_lesson(self, state: LessonState) -> None:
        """Show where the lesson stands, and what can be done in it."""
        view = self.panels.views.get(LESSON)
        if isinstance(view, LessonView):
            view.show_state(state)
        steps = 0 if state.lesson is None else len(state.lesson.steps)
        for name, can in (("next", state.at + 1 < steps), ("back", 0 < state.at < steps), ("place", state.lesson is not None)):
            self.actions_[f"lesson-{name}"].setEnabled(can)

    @Slot(int)
    def _on_speed(self, per_second: int) -> None:
        self.settings.set("speed", per_second)
        self.controller.set_speed(per_second)

    @Slot()
    def _on_looks(self) -> None:
        """Draw everything in the colours, sizes and notation in use."""
        self.actions_.turn(f"theme-{self.settings.get('theme')}", True)
        self.actions_.paint()
        self.message.paint_theme()
        self.stale_bar.paint_theme()
        self.writing.left.bar.paint_theme()
        if self.moment is not None:
            self.top_bar.draw(self.moment)
        self.drawer.again()
        self.wiring.show_saved(self.inspecting.state)
        self.guide.refresh()

    @Slot(str, object)
    def _on_setting(self, key: str, value: object) -> None:
        """Take a choice of the window of settings."""
        if key in looks.KEYS:
            self.looks.set(key, value)
        elif isinstance(value, int):
            self._on_speed(value)
            self.top_bar.set_speed(value)

    @Slot()
    def _on_panels(self) -> None:
        """Tick the panels that are open, and draw what has come into sight."""
        for name in self.panels.docks:
            self.actions_[f"panel-{name}"].setChecked(self.panels.is_shown(name))
            if self.panels.docks[name].isFloating():
                self.drops.watch(self.panels.docks[name])
        self.drawer.look()

    @Slot()
    def _enable(self) -> None:
        can_dismiss = not self.message.isHidden() or self.guide.tour.is_on
        self.possible.update(self.moment, self.at_first_page, can_dismiss)

    def _turn_to(self, page: QWidget) -> None:
        self.stack.setCurrentWidget(page)
        self.top_bar.setVisible(page is self.panels)
        if page is self.panels and self.moment is not None:
            self.stale_bar.draw(self.moment)
        else:
            self.stale_bar.hide()
        self._enable()

    @Slot(str)
    def say(self, sentence: str) -> None:
        """Show a sentence in the bar above the program."""
        self.message.say(sentence)
        self._enable()

    @Slot(str)
    def tell(self, sentence: str) -> None:
        """Show what has happened, as news and not as trouble; it goes with the next step."""
        self.message.tell(sentence)
        self._enable()

    # -- building ------------------------------------------------------------------------------------

    def _connect(self) -> None:
        c = self.controller
        c.opened.connect(self._on_opened)
        c.changed.connect(self._on_changed)
        c.said.connect(self.say)
        c.told.connect(self.tell)
        c.changed.connect(self.stops.on_changed)
        self.drops.dropped.connect(self.open_file)
        self.drops.said.connect(self.say)
        self.files.said.connect(self.say)
        self.files.told.connect(self.tell)
        self.documents.said.connect(self.say)
        self.documents.told.connect(self.tell)
        self.documents.title_changed.connect(self.setWindowTitle)
        self.documents.saved.connect(self.files.remember)
        self.writing.said.connect(self.say)
        self.writing.told.connect(self.tell)
        self.writing.editor_wanted.connect(self.show_editor)
        self.looks.changed.connect(self._on_looks)
        self.message.closed.connect(self._enable)
        self.top_bar.speed_changed.connect(self._on_speed)
        self.panels.made.connect(self._on_made)
        self.panels.changed.connect(self._on_panels)
        self.panels.closed.connect(self.wiring.on_closed)
        self.panels.focus_freed.connect(self._focus_on_steps)
        self.panels.help_wanted.connect(self.guide.show_page)
        self.guide.chosen.connect(self._on_setting)
        self.guide.action_wanted.connect(self.actions_.call)
        self.guide.tour.begun.connect(self._enable)
        self.guide.tour.ended.connect(self._enable)
        self.backward.panel_wanted.connect(self.show_backward)
        self.diagnosing.changed.connect(self._on_diagnosed)
        self.lessons.changed.connect(self._on_lesson)
        self._on_lesson(self.lessons.state)
        self.lessons.said.connect(self.say)
        self.lessons.seen.connect(self.show_lesson)
        self.lessons.diagnose_wanted.connect(self.backward.check)
        self.lessons.edit_wanted.connect(self.show_editor)
        self.lessons.compare_wanted.connect(self.wiring.compare)
        page = self.first_page
        page.lesson_wanted.connect(self.lessons.open)
        page.watch_wanted.connect(self._watch)
        page.code_wanted.connect(self.files.choose_code)
        page.write_wanted.connect(self._write)
        self.files.code_opened.connect(self._check_code)
        page.network_wanted.connect(self.saved_files.choose_network)
        self.files.saved_wanted.connect(self.inspecting.read)
        self.saved_files.network_chosen.connect(self.files.open_network)
        self.saved_files.other_chosen.connect(self.inspecting.compare_with)
        self.saved_files.export_chosen.connect(self.inspecting.export)
        self.inspecting.changed.connect(self.possible.update_saved)
        self.inspecting.read_in.connect(self._inspect)
        self.inspecting.read_in.connect(self.saved_files.forget_export)
        self.inspecting.said.connect(self.say)
        self.inspecting.told.connect(self.tell)
        page.new_wanted.connect(self.files.describe_network)
        page.tour_wanted.connect(self.guide.begin_tour)
        page.back_wanted.connect(self.show_panels)
        page.chosen.connect(self.files.open)

    @Slot()
    def _focus_on_steps(self) -> None:
        """Put the keyboard where the arrow keys step and nothing is done by mistake."""
        self.top_bar.later_button.setFocus()

    @Slot()
    def _check_code(self) -> None:
        """Show what was opened to be checked: the text, and what is known of its backward."""
        self.arrange("write")
        self.backward.check()

    @Slot()
    def _inspect(self) -> None:
        """Show the saved network that was read: what it holds, and how it is stepped."""
        if not self.inspecting.program.came_back:  # else it is the document that was opened
            self.files.remember_file(self.inspecting.path)
        if self.at_first_page:
            self._turn_to(self.panels)
        if self.panels.arrangement != INSPECT:
            self._before, self._before_state = self.panels.arrangement, self._panels_now()
            self._arrange(INSPECT)
        waited, self._waits = self._waits, self.moment is None
        self.panels.show_panel("saved", focus=self._waits)
        if waited and not self._waits and self.panels.current == "saved":
            self._focus_on_steps()
        if self.inspecting.state.questions:
            self.panels.show_panel("stepping")

    def _panels_now(self) -> tuple[QByteArray, str]:
        """Return how the person's own arrangement stands: which panels were moved, and which are open."""
        if self._before is not None:
            return self._before_state
        if not self._shown:  # they are not put back yet
            return self.settings.get("window/docks"), self.settings.get("window/panels")
        return self.panels.save(), self.panels.shown()

    def _arrange(self, name: Arrangement) -> None:
        self.actions_.turn(f"arrange-{name}", True)
        self.panels.arrange(name)

    @Slot()
    def export_tensor(self) -> None:
        """Ask where to save the numbers of the tensor that is looked at."""
        if self.inspecting.state.known is not None:
            self.saved_files.choose_export(self.inspecting.state.tensor)

    @Slot()
    def _write(self) -> None:
        """Begin a program of one's own."""
        self.arrange("write")
        self.writing.new()

    @Slot()
    def _watch(self) -> None:
        self.controller.open(FIRST_EXAMPLE)

    @Slot(str, QWidget)
    def _on_made(self, name: str, view: QWidget) -> None:
        """Connect a view that was just made, and have it drawn."""
        if isinstance(view, HelpView):
            return  # it shows no moment
        self.wiring.connect_view(view)
        if name not in SAVED:  # those show a file, and no moment
            self.drawer.add(view)

    def _lay_out(self) -> None:
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.panels)
        self.stack.addWidget(self.first_page)
        centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top_bar)
        column.addWidget(self.message)
        column.addWidget(self.writing.left.bar)
        column.addWidget(self.stale_bar)
        column.addWidget(self.stack, 1)
        self.setCentralWidget(centre)
        for name in self.panels.docks:
            self.actions_[f"panel-{name}"].setCheckable(True)

    def _take_settings(self) -> None:
        speed = self.settings.get("speed")
        self.top_bar.set_speed(speed)
        self.controller.set_speed(speed)
        self.looks.apply_all()
        self._on_looks()
        geometry: QByteArray = self.settings.get("window/geometry")
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            room = room_of(self)
            self.resize(min(1600, int(room.width() * 0.92)), min(1000, int(room.height() * 0.9)))
        self.arrange(self.settings.get("arrangement"))

    def open_up(self) -> None:
        """Show the window; at the first start fill a small screen."""
        small = room_of(self).width() <= SMALL_SCREEN
        if small and self.settings.get("window/geometry").isEmpty():
            self.showMaximized()
        else:
            self.show()
        self.writing.left.offer()

    # -- events --------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """At first sight put the panels as they stood, and the focus where the arrow keys step."""
        super().showEvent(event)
        self.drops.watch(self)
        if not self._shown:
            self._shown = True
            if self._before is None:
                self.panels.restore(self.settings.get("window/docks"), self.settings.get("window/panels"))
            self.panels.divide()
            if not self.at_first_page:
                self._focus_on_steps()

    def focusNextPrevChild(self, next: bool) -> bool:
        """Let the Tab key pass over what is in a panel behind another one: Qt stops there, though nobody can see it."""
        for _ in range(MOST_HIDDEN):
            if not super().focusNextPrevChild(next):
                return False
            focus = QApplication.focusWidget()
            if focus is None or not self.panels.is_behind(focus):
                break
        return True

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop running and remember how the window was."""
        self.controller.stop()
        saved = self.files.close() and self.inspecting.close()
        if not saved or not self.documents.close() or not self.writing.close():
            event.ignore()
            return
        self.drawer.stop()
        self.files.end()
        self.documents.end()
        self.inspecting.end()
        self.settings.set("window/geometry", self.saveGeometry())
        docks, shown = self._panels_now()  # that of a saved network is left with its file
        self.settings.set("window/docks", docks)
        self.settings.set("window/panels", shown)
        self.settings.save()
        super().closeEvent(event)
