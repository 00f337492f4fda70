"""The window. All connections between actions, controller and views stand here; it computes nothing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow, QSplitter, QVBoxLayout, QWidget

from core.errors import StepperError
from core.library import EXAMPLES
from core.network_file import Network
from core.notation.script import script_text
from core.program.ir import Fault
from core.session import Moment, Session
from stepper import actions, theme
from stepper.controller import Controller
from stepper.dialogs import AboutDialog, KeysDialog
from stepper.drawing import Drawer
from stepper.network_dialog import NetworkDialog
from stepper.saving import save_text
from stepper.settings import Settings
from stepper.views.loss import LossView
from stepper.views.network import NetworkView
from stepper.views.operation import OperationView
from stepper.views.program import ProgramView
from stepper.widgets import fonts
from stepper.widgets.message_bar import MessageBar
from stepper.widgets.top_bar import TopBar

LOW_STRIP = 92
SMALL_SCREEN = 1440


class MainWindow(QMainWindow):
    """One open program: where we stand, the program, the network, the operation, the loss."""

    def __init__(self, controller: Controller, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller = controller
        controller.setParent(self)
        self.settings = settings
        self.moment: Moment | None = None
        self.actions_ = actions.Actions({"window": self, "controller": controller}, self)
        self.message = MessageBar(self)
        self.top_bar = TopBar({item.id: self.actions_[item.id] for item in actions.ITEMS}, self)
        self.program_view, self.network_view = ProgramView(self), NetworkView(self)
        self.operation_view, self.loss_view = OperationView(self), LossView(self)
        self.views: tuple[QWidget, ...] = (self.program_view, self.network_view, self.operation_view, self.loss_view)
        self.drawer = Drawer(self.views, self)
        self._shown = False
        self._described = ""
        self._strip_is_low = False
        self.setWindowTitle(self.tr("Backprop Stepper"))
        self.setAccessibleName(self.tr("Backprop Stepper"))
        self.setAcceptDrops(True)
        self.setMinimumSize(700, 440)
        self.actions_.fill(self.menuBar())
        self._lay_out()
        self._connect()
        self._take_settings()
        self._enable()

    # -- what actions call ---------------------------------------------------------------------------

    @Slot()
    def describe_network(self) -> None:
        """Show the form that makes a network; it begins with what was last described."""
        dialog = NetworkDialog(self._described, self.settings.get("folder"), self)
        dialog.created.connect(self.take_network)
        dialog.finished.connect(self._on_described)
        dialog.open()

    @Slot(object, str, str)
    def take_network(self, network: Network, title: str, path: str) -> None:
        """Open a network that was described; `path` is where it was saved, if it was."""
        self.controller.take(Session(network.program, title, network.evaluations), path)

    @Slot()
    def choose_file(self) -> None:
        """Ask for a program file or a described network and open it."""
        dialog = QFileDialog(self, self.tr("Open a program"), self.settings.get("folder"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Programs and networks (*.py *.toml)"), self.tr("All files (*)")])
        self._ask(dialog)
        dialog.fileSelected.connect(self.open_file)

    @Slot(str)
    def open_file(self, path: str) -> None:
        """Open a program file; on trouble a sentence says why, and the open program stays."""
        self.controller.open(path)

    @Slot()
    def choose_script_file(self) -> None:
        """Ask where to save the program as a plain NumPy script."""
        if self.moment is None:
            return
        dialog = QFileDialog(self, self.tr("Save as a plain NumPy script"), self.settings.get("folder"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([self.tr("Python scripts (*.py)")])
        dialog.setDefaultSuffix("py")
        dialog.selectFile(f"{Path(self.moment.title).stem}-script.py")
        self._ask(dialog)
        dialog.fileSelected.connect(self.save_script)

    @Slot(str)
    def save_script(self, path: str) -> None:
        """Save the program as a plain NumPy script."""
        if self.moment is None:
            return
        try:
            save_text(Path(path), script_text(self.moment.program, self.moment.title))
        except StepperError as error:
            self.message.say(self.tr("The script was not saved: {why}").format(why=error))

    @Slot(str)
    def set_theme(self, name: str) -> None:
        """Use light or dark colours, or those of the system."""
        self.settings.set("theme", name)
        self.actions_.turn(f"theme-{name}", True)
        self._use_theme()

    @Slot(int)
    def zoom_by(self, steps: int) -> None:
        """Make all text bigger or smaller by steps of a point; 0 goes back to the usual size."""
        zoom = self.settings.get("zoom") + steps if steps else 0
        self._zoom(max(-3, min(8, zoom)))

    @Slot()
    def dismiss_message(self) -> None:
        """Close the message."""
        self.message.dismiss()

    @Slot()
    def show_keys(self) -> None:
        """Show every key."""
        rows = [(actions.keys_text(i), actions.plain(i.text), actions.say(i.tip)) for i in actions.ITEMS if i.keys]
        KeysDialog(rows, self).show()

    @Slot()
    def show_about(self) -> None:
        """Show what this is."""
        AboutDialog(self).show()

    # -- what changes --------------------------------------------------------------------------------

    @Slot(object)
    def _on_opened(self, moment: Moment) -> None:
        self.message.dismiss()
        self.setWindowTitle(self.tr("{title} — Backprop Stepper").format(title=moment.title))
        if self.controller.target not in EXAMPLES and Path(self.controller.target).is_file():
            self.settings.set("folder", str(Path(self.controller.target).absolute().parent))

    @Slot(object)
    def _on_changed(self, moment: Moment) -> None:
        """Note what is to be seen now; the views draw when the keys that are waiting have been dealt with."""
        self.moment = moment
        self.drawer.show(moment)
        self.top_bar.draw(moment)
        self.actions_.turn("run", moment.running)
        self._enable()
        if moment.losses and self._strip_is_low:
            self._strip_is_low = False
            self._set_strip()

    @Slot(int)
    def _on_speed(self, per_second: int) -> None:
        self.settings.set("speed", per_second)
        self.controller.set_speed(per_second)

    @Slot()
    def _use_theme(self) -> None:
        name = self.settings.get("theme")
        theme.apply(theme.system_name() if name == "system" else name)
        self.actions_.paint()
        self.message.paint_theme()
        self._draw_all()

    def _draw_all(self) -> None:
        if self.moment is not None:
            self.top_bar.draw(self.moment)
        self.drawer.again()

    def _zoom(self, zoom: int) -> None:
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            return
        base = fonts.base_points()
        application.setProperty(fonts.BASE_POINTS, base)
        font = application.font()
        font.setPointSizeF(max(5.0, base + zoom))
        application.setFont(font)
        self.settings.set("zoom", zoom)
        self.message.paint_theme()
        self._draw_all()

    def _enable(self) -> None:
        """Disable what leads nowhere: earlier at the very start, later at a line that fails."""
        moment = self.moment
        stuck = moment is None or (moment.fault is not None and moment.k >= moment.machine.runnable)
        at_start = moment is None or (moment.position.iteration == 1 and moment.k == 0)
        steps = {item.id: not (stuck if item.later else at_start) for item in actions.ITEMS if item.later is not None}
        fault = moment.fault if moment is not None and stuck else None
        for name in sorted(steps, key=steps.__getitem__, reverse=True):
            if not steps[name]:
                self.top_bar.keep_focus(self.actions_[name])
            self.actions_[name].setEnabled(steps[name])
            self.actions_.explain(name, self._why_not(moment, fault) if fault is not None and not steps[name] else "")
        self.actions_["save-script"].setEnabled(moment is not None)
        self.actions_["dismiss"].setEnabled(not self.message.isHidden())

    def _why_not(self, moment: Moment | None, fault: Fault) -> str:
        line = "" if moment is None else moment.program.statements[fault.statement].text
        return self.tr("The next line cannot run: {line}\n{why}").format(line=line, why=fault.message)

    @Slot(str)
    def say(self, sentence: str) -> None:
        """Show a sentence in the bar above the program."""
        self.message.say(sentence)
        self._enable()

    # -- building ------------------------------------------------------------------------------------

    def _connect(self) -> None:
        c = self.controller
        c.opened.connect(self._on_opened)
        c.changed.connect(self._on_changed)
        c.said.connect(self.say)
        self.message.closed.connect(self._on_message_closed)
        self.top_bar.speed_changed.connect(self._on_speed)
        self.program_view.statement_clicked.connect(c.to_statement)
        for view in (self.program_view, self.network_view, self.operation_view):
            view.value_clicked.connect(c.select)
        self.loss_view.iteration_clicked.connect(c.to_iteration)
        QApplication.styleHints().colorSchemeChanged.connect(self._use_theme)

    @Slot()
    def _on_described(self) -> None:
        """Keep the choices for the next time; they are changed and tried more often than made anew."""
        dialog = self.sender()
        if isinstance(dialog, NetworkDialog):
            self._described = dialog.draft.text

    @Slot()
    def _on_message_closed(self) -> None:
        self.actions_["dismiss"].setEnabled(False)

    def _lay_out(self) -> None:
        self._right = QSplitter(Qt.Orientation.Vertical, self)
        self._columns = QSplitter(Qt.Orientation.Horizontal, self)
        self._rows = QSplitter(Qt.Orientation.Vertical, self)
        for splitter, parts in (
            (self._right, (self.network_view, self.operation_view)),
            (self._columns, (self.program_view, self._right)),
            (self._rows, (self._columns, self.loss_view)),
        ):
            splitter.setHandleWidth(6)
            for part in parts:
                splitter.addWidget(part)
        self._right.setStretchFactor(0, 1)
        self._right.setStretchFactor(1, 1)
        self._columns.setStretchFactor(0, 3)
        self._columns.setStretchFactor(1, 7)
        self._rows.setStretchFactor(0, 1)
        self._rows.setStretchFactor(1, 0)
        self._rows.setCollapsible(0, False)
        self._rows.splitterMoved.connect(self._on_strip_moved)
        centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top_bar)
        column.addWidget(self.message)
        column.addWidget(self._rows, 1)
        self.setCentralWidget(centre)

    def _take_settings(self) -> None:
        speed = self.settings.get("speed")
        self.top_bar.set_speed(speed)
        self.controller.set_speed(speed)
        if self.settings.get("zoom"):
            self._zoom(self.settings.get("zoom"))
        self.set_theme(self.settings.get("theme"))
        geometry: QByteArray = self.settings.get("window/geometry")
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            room = self.screen().availableSize()
            self.resize(min(1600, int(room.width() * 0.92)), min(1000, int(room.height() * 0.9)))

    def open_up(self) -> None:
        """Show the window; at the first start fill a small screen."""
        small = self.screen().availableSize().width() <= SMALL_SCREEN
        if small and self.settings.get("window/geometry").isEmpty():
            self.showMaximized()
        else:
            self.show()

    def _splitters(self) -> tuple[tuple[str, QSplitter], ...]:
        return (("window/columns", self._columns), ("window/right", self._right), ("window/rows", self._rows))

    def _divide(self) -> None:
        """Share the room as the person left it, else so that the program can be read and the loss is a strip."""
        width = self._rows.width()
        left = [splitter for key, splitter in self._splitters() if self._restored(key, splitter)]
        if self._columns not in left:
            self._columns.setSizes([max(340, width * 3 // 10), width * 7 // 10])
        if self._rows not in left:
            # Before the first loss there is nothing to see in the strip, and much in what stands above it.
            self._strip_is_low = self.moment is None or not self.moment.losses
            self._set_strip()
        if self._right not in left:
            height = max(self._right.height(), 300)
            words_and_matrices = min(height * 46 // 100, max(370, height * 36 // 100))
            self._right.setSizes([height - words_and_matrices, words_and_matrices])

    def _restored(self, key: str, splitter: QSplitter) -> bool:
        state: QByteArray = self.settings.get(key)
        return not state.isEmpty() and splitter.restoreState(state)

    def _set_strip(self) -> None:
        height = self._rows.height()
        strip = LOW_STRIP if self._strip_is_low else max(150, min(200, height // 6))
        self._rows.setSizes([height - strip, strip])

    @Slot()
    def _on_strip_moved(self) -> None:
        self._strip_is_low = False

    def _ask(self, dialog: QFileDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    # -- events --------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """At first sight share the room, and put the focus where the arrow keys step."""
        super().showEvent(event)
        if not self._shown:
            self._shown = True
            self._divide()
            self.top_bar.later_button.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take one file from this computer."""
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the file that was dropped."""
        event.acceptProposedAction()
        self.open_file(event.mimeData().urls()[0].toLocalFile())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop running and remember how the window was."""
        self.controller.stop()
        self.drawer.stop()
        self.settings.set("window/geometry", self.saveGeometry())
        for key, splitter in self._splitters():
            self.settings.set(key, splitter.saveState())
        self.settings.save()
        super().closeEvent(event)
