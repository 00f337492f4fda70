"""The one table of actions. The menus, the top bar, the keys and the help are all made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from core.lessons.shipped import PREFIX, headings
from core.library import EXAMPLES
from core.optimizers import RULES
from stepper import resources
from stepper.arrangement import PANELS
from stepper.widgets.tips import plain as as_plain

CONTEXT = "actions"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a person can do.

    `call` is `owner.method`, called with `argument` if there is one. `text` stands in the menu; `button`,
    if given, on a button of the top bar (with `icon`). `on` is the text, button and icon while the action is on.
    `group` makes a choice of one among several, `part` starts a new part of its menu, `menu` may be a path.
    `check` is one that is on or off by itself.
    `later` says which way in time the action goes, so that it is disabled where there is nothing to go to.
    """

    id: str
    menu: str
    text: str
    call: str
    argument: object = None
    keys: tuple[str, ...] = ()
    tip: str = ""
    button: str | None = None
    icon: str = ""
    on: tuple[str, str, str] | None = None
    group: str = ""
    part: bool = False
    check: bool = False
    later: bool | None = None


def translate(context: str, text: str) -> str:
    """Mark a text for translators, whose tool looks for this name; it is translated when it is shown."""
    del context
    return text


FILE = translate("actions", "&File")
EXAMPLES_MENU = translate("actions", "&File/&Examples")
STEP = translate("actions", "&Step")
STOPS = translate("actions", "S&tops")
WRITE = translate("actions", "&Write")
CHANGE = translate("actions", "&Change")
OPTIMIZER = translate("actions", "&Change/&Optimizer from here on")
INSPECT = translate("actions", "&Inspect")
VIEW = translate("actions", "&View")
THEME = translate("actions", "&View/&Colours")
PANELS_MENU = translate("actions", "&View/&Panels")
ARRANGEMENT = translate("actions", "&View/&Arrangement")
LESSONS = translate("actions", "&Lessons")
HELP = translate("actions", "&Help")

ITEMS: tuple[Item, ...] = (
    Item("new-network", FILE, translate("actions", "&New network…"), "files.describe_network", keys=("Ctrl+N",),
         tip=translate("actions", "Describe a network: its layers, data, start and optimizer; its program is written for you")),
    Item("open", FILE, translate("actions", "&Open…"), "files.choose", keys=("Ctrl+O",),
         tip=translate("actions", "Open a program (.py), a network or a session (.stepper); nothing in a file is executed")),
    Item("open-saved", FILE, translate("actions", "Open a sa&ved network…"), "saved_files.choose_network",
         keys=("Ctrl+Shift+O",),
         tip=translate("actions", "Open what PyTorch, Keras, scikit-learn, ONNX, NumPy and others saved: look into it, step it")),
    *(Item(f"example-{name}", EXAMPLES_MENU, f"{name}: {what}", "controller.open", name) for name, what in EXAMPLES.items()),
    Item("new-program", FILE, translate("actions", "New &program"), "writing.new", keys=("Ctrl+Shift+N",),
         tip=translate("actions", "Write a program of your own: empty, or from one of three starts")),
    Item("save", FILE, translate("actions", "&Save"), "documents.save", keys=("Ctrl+S",), part=True,
         tip=translate("actions", "Save the session in its document (.stepper), or the text of a program in its file (.py)")),
    Item("save-session", FILE, translate("actions", "Save the s&ession as…"), "documents.choose_file", keys=("Ctrl+Alt+S",),
         tip=translate("actions", "Save everything: program, data, parameters, changes, breakpoints, place in time (.stepper)")),
    Item("save-as", FILE, translate("actions", "Save the text &as…"), "writing.choose_file",
         tip=translate("actions", "Save the text of the editor in another file")),
    Item("save-script", FILE, translate("actions", "&Save as a plain NumPy script…"), "files.choose_script",
         keys=("Ctrl+Shift+S",), part=True,
         tip=translate("actions", "Save the program as a Python script that runs without this app and gives the same numbers")),
    Item("save-weights", FILE, translate("actions", "Save the &weights as…"), "files.choose_weights",
         tip=translate("actions", "Save the parameters as they stand now, for PyTorch, NumPy, ONNX (.safetensors, .npz, .onnx)")),
    Item("save-network", FILE, translate("actions", "Save the networ&k as…"), "files.choose_described",
         tip=translate("actions", "Save a description of the network (.toml), with its parameters as they stand now beside it")),
    Item("unsaved", FILE, translate("actions", "&Unsaved work"), "leftovers.offer_asked",
         tip=translate("actions", "Offer the texts and sessions that were left behind unsaved, as after a crash")),
    Item("first-page", FILE, translate("actions", "&First page"), "window.show_first_page", keys=("Alt+Home",), part=True,
         tip=translate("actions", "Go to the page to begin with: examples, recent files, the tour")),
    Item("settings", FILE, translate("actions", "Se&ttings…"), "guide.show_settings", keys=("Ctrl+,",),
         tip=translate("actions", "Choose colours, text size, digits, notation and speed")),
    Item("quit", FILE, translate("actions", "&Quit"), "window.close", keys=("Ctrl+Q",), part=True,
         tip=translate("actions", "Close the window")),

    Item("operation-later", STEP, translate("actions", "One operation &later"), "controller.later", "operation",
         keys=("Right",), tip=translate("actions", "Do the next operation"), button=translate("actions", "later"),
         icon="later", later=True),
    Item("operation-earlier", STEP, translate("actions", "One operation &earlier"), "controller.earlier", "operation",
         keys=("Left",), tip=translate("actions", "Undo the last operation"), button=translate("actions", "earlier"),
         icon="earlier", later=False),
    Item("into", STEP, translate("actions", "&Into the next operation"), "controller.into", keys=("F11",),
         tip=translate("actions", "Open the next operation: your own function, simpler operations, or its single cells"),
         button=translate("actions", "into"), icon="into", part=True, later=True),
    Item("into-earlier", STEP, translate("actions", "Into the last operation, from its end"), "controller.into_earlier",
         keys=("Ctrl+F11",), tip=translate("actions", "Open the last operation, at its end, to go earlier in it"), button="",
         icon="into", later=False),
    Item("out", STEP, translate("actions", "&Out, finishing it"), "controller.out", keys=("Shift+F11",),
         tip=translate("actions", "Finish the operation or the function that you are in; outside of any, this phase"),
         button=translate("actions", "out"), icon="out", later=True),
    Item("out-earlier", STEP, translate("actions", "Out, to before it"), "controller.out_earlier", keys=("Ctrl+Shift+F11",),
         tip=translate("actions", "Go earlier, to before what you are in; outside of any, to the start of the phase"),
         button="", icon="out", later=False),
    Item("element-later", STEP, translate("actions", "Next cell"), "controller.later", "element", keys=("Alt+Right",),
         tip=translate("actions", "Compute one more cell of the next operation"), later=True, part=True),
    Item("element-earlier", STEP, translate("actions", "Previous cell"), "controller.earlier", "element", keys=("Alt+Left",),
         tip=translate("actions", "Go earlier by one cell of the operation"), later=False),
    Item("line-later", STEP, translate("actions", "Next line (over)"), "controller.later", "statement", keys=("F10",),
         tip=translate("actions", "Do the rest of this line, or the whole next line; in a function of yours, its lines"),
         button="", icon="later", later=True),
    Item("line-earlier", STEP, translate("actions", "Previous line"), "controller.earlier", "statement", keys=("Shift+F10",),
         tip=translate("actions", "Go earlier, to the end of the line before"), button="", icon="earlier", later=False),
    Item("layer-later", STEP, translate("actions", "Next layer"), "controller.later", "layer", keys=("Ctrl+Shift+Right",),
         tip=translate("actions", "Go on to the end of this layer's lines"), later=True),
    Item("layer-earlier", STEP, translate("actions", "Previous layer"), "controller.earlier", "layer", keys=("Ctrl+Shift+Left",),
         tip=translate("actions", "Go earlier, to the start of this layer's lines"), later=False),
    Item("phase-later", STEP, translate("actions", "Next phase"), "controller.later", "phase", keys=("Ctrl+Right",),
         tip=translate("actions", "Go on to the end of this phase (forward, loss, backward, update)"), button="", icon="later",
         later=True),
    Item("phase-earlier", STEP, translate("actions", "Previous phase"), "controller.earlier", "phase", keys=("Ctrl+Left",),
         tip=translate("actions", "Go earlier, to the start of this phase"), button="", icon="earlier", later=False),
    Item("iteration-later", STEP, translate("actions", "Next iteration"), "controller.later", "iteration",
         keys=("Shift+Right",),
         tip=translate("actions", "Go on to the end of this iteration"), button="", icon="later", later=True),
    Item("iteration-earlier", STEP, translate("actions", "Previous iteration"), "controller.earlier", "iteration",
         keys=("Shift+Left",), tip=translate("actions", "Go earlier, to the start of this iteration"), button="",
         icon="earlier", later=False),
    Item("epoch-later", STEP, translate("actions", "Next epoch"), "controller.later", "epoch", keys=("Shift+PgDown",),
         tip=translate("actions", "Go on to the end of this epoch, when every sample has been used once"), later=True),
    Item("epoch-earlier", STEP, translate("actions", "Previous epoch"), "controller.earlier", "epoch", keys=("Shift+PgUp",),
         tip=translate("actions", "Go earlier, to the start of this epoch"), later=False),
    Item("start", STEP, translate("actions", "To the &start"), "controller.to_start", keys=("Home", "Ctrl+Home"),
         tip=translate("actions", "Go to before the very first operation"), button=translate("actions", "start"),
         icon="start", part=True,
         later=False),
    Item("go-to", STEP, translate("actions", "To &iteration…"), "asking.iteration", keys=("Ctrl+G",),
         tip=translate("actions", "Jump to an iteration by its number")),
    Item("to-cursor", STEP, translate("actions", "Run to the &cursor"), "controller.to_cursor", keys=("Ctrl+F10",),
         tip=translate("actions", "Go on to just after the line with the cursor (↑ and ↓ in the program move it)"), later=True),
    Item("back-to-cursor", STEP, translate("actions", "&Back to the cursor"), "controller.back_to_cursor",
         keys=("Ctrl+Shift+F10",), tip=translate("actions", "Go earlier, to just after the line with the cursor"), later=False),
    Item("run", STEP, translate("actions", "&Run"), "controller.toggle_run", keys=("F5",), part=True,
         tip=translate("actions", "Run iteration after iteration, up to the next breakpoint; again to stop"),
         button=translate("actions", "run"), icon="run",
         on=(translate("actions", "&Stop"), translate("actions", "stop"), "stop"), later=True),
    Item("run-earlier", STEP, translate("actions", "Back to the last breakpoint"), "controller.run_earlier", keys=("Shift+F5",),
         tip=translate("actions", "Go earlier, to where a breakpoint hit last: when did this become so?"), later=False),

    Item("stop-line", STOPS, translate("actions", "&Breakpoint on this line"), "stops.toggle_at_cursor", keys=("F9",),
         tip=translate("actions", "Stop before the line with the cursor, or do so no more")),
    Item("stop-finding", STOPS, translate("actions", "Stop at the first NaN or &∞"), "stops.stop_on_finding",
         tip=translate("actions", "Stop at the first operation that makes a number that is not finite")),
    Item("stop-any", STOPS, translate("actions", "Stop at any &problem"), "stops.stop_on_finding", "any",
         tip=translate("actions", "Stop where any health rule finds something that it did not find before")),
    Item("check-gradients", STOPS, translate("actions", "Check all &gradients"), "window.check_gradients",
         keys=("Ctrl+Shift+G",), part=True, tip=translate("actions", "Nudge every parameter and compare with its gradient")),
    Item("notes", STOPS, translate("actions", "Conditions and &watches…"), "window.show_panel", "notes", keys=("Ctrl+Shift+B",),
         tip=translate("actions", "Stop on a condition, watch an expression; every breakpoint, watch and bookmark in one list")),
    Item("bookmark", STOPS, translate("actions", "Book&mark here…"), "stops.ask_bookmark", keys=("Ctrl+B",), part=True,
         tip=translate("actions", "Put a bookmark with a note at this place in time")),

    Item("run-text", WRITE, translate("actions", "&Run this text"), "writing.apply", keys=("Ctrl+Return", "Ctrl+Enter"),
         tip=translate("actions", "Make the text of the editor the open program, at the same place")),
    Item("complete", WRITE, translate("actions", "&Complete"), "writing.complete", keys=("Ctrl+Space",), part=True,
         tip=translate("actions", "List what can be written at the cursor of the editor")),
    Item("comment", WRITE, translate("actions", "Co&mment"), "writing.comment", keys=("Ctrl+/",),
         tip=translate("actions", "Make the chosen lines of the editor comments, or lines again")),
    Item("find", WRITE, translate("actions", "&Find…"), "writing.find", keys=("Ctrl+F",),
         tip=translate("actions", "Find in the text of the editor")),
    Item("text-fault", WRITE, translate("actions", "&Next line with a fault"), "writing.next_fault", keys=("F2",),
         tip=translate("actions", "Go to the next line of the text with a fault or a ✗")),
    Item("derived", WRITE, translate("actions", "&Derived backward beside mine"), "writing.toggle_derived", keys=("Ctrl+D",),
         part=True, tip=translate("actions", "Show what the app derives from your forward lines, or hide it")),
    Item("check-backward", WRITE, translate("actions", "Check my &backward"), "backward.check", keys=("Ctrl+Shift+D",), part=True,
         tip=translate("actions", "Find out which gradients of your own backward are right, and which line is wrong")),
    Item("tell-more", WRITE, translate("actions", "&Tell me more"), "backward.tell_more", keys=("F4",),
         tip=translate("actions", "Open the next of hint, place, fault and mended line")),
    Item("next-fault", WRITE, translate("actions", "Ne&xt fault"), "backward.next_fault", keys=("Shift+F4",),
         tip=translate("actions", "Go to the next fault that was found in your backward")),
    Item("live", WRITE, translate("actions", "Check my backward li&ve"), "diagnosing.toggle_live", check=True,
         tip=translate("actions", "Check after every change of the text, a moment after the last key")),

    Item("undo", CHANGE, translate("actions", "&Undo the change"), "changing.undo", keys=("Ctrl+Z",),
         tip=translate("actions", "Take back the newest change by hand, with all that followed from it")),
    Item("redo", CHANGE, translate("actions", "&Redo the change"), "changing.redo", keys=("Ctrl+Shift+Z", "Ctrl+Y"),
         tip=translate("actions", "Make the change again that was taken back")),
    Item("recompute", CHANGE, translate("actions", "&Compute what is out of date"), "changing.recompute", keys=("F8",),
         part=True, tip=translate("actions", "Compute again, up to here, everything that follows from a change")),
    Item("what-if", CHANGE, translate("actions", "What &if: compute at once"), "changing.toggle_what_if", keys=("F7",),
         check=True, tip=translate("actions", "After each change compute at once what follows from it")),
    Item("rate", CHANGE, translate("actions", "&Learning rate…"), "changing.ask_rate", keys=("Ctrl+R",), part=True,
         tip=translate("actions", "Use another learning rate from here on")),
    *(Item(f"optimizer-{name}", OPTIMIZER, name, "changing.use_optimizer", name, tip=what) for name, (_, what) in RULES.items()),
    Item("first-weights", CHANGE, translate("actions", "Back to the &first weights"), "changing.back_to_first_weights",
         tip=translate("actions", "Begin again, from here on, with the weights that the training began with")),

    Item("inspect", INSPECT, translate("actions", "The &layers and tensors of the file"), "window.show_panel", "saved",
         tip=translate("actions", "Show what the saved network holds")),
    Item("stepping", INSPECT, translate("actions", "&How it is stepped"), "window.show_panel", "stepping",
         tip=translate("actions", "Choose what the file does not say: functions, data, loss, optimizer")),
    Item("compare-files", INSPECT, translate("actions", "&Compare with another file…"), "saved_files.choose_other", part=True,
         tip=translate("actions", "Compare, tensor by tensor, with another saved network, such as a later checkpoint")),
    Item("stop-comparing", INSPECT, translate("actions", "&Stop comparing"), "inspecting.stop_comparing",
         tip=translate("actions", "Put the other file away")),
    Item("export-tensor", INSPECT, translate("actions", "&Export this tensor…"), "window.export_tensor", part=True,
         tip=translate("actions", "Save the numbers of the tensor that is looked at in a file of their own")),

    Item("theme-system", THEME, translate("actions", "As the &system"), "window.set_theme", "system", group="theme",
         tip=translate("actions", "Use light or dark colours as the desktop does")),
    Item("theme-light", THEME, translate("actions", "&Light"), "window.set_theme", "light", group="theme",
         tip=translate("actions", "Use light colours")),
    Item("theme-dark", THEME, translate("actions", "&Dark"), "window.set_theme", "dark", group="theme",
         tip=translate("actions", "Use dark colours")),
    Item("bigger", VIEW, translate("actions", "&Bigger text"), "looks.zoom_by", 1, keys=("Ctrl++", "Ctrl+="), part=True,
         tip=translate("actions", "Make all text bigger")),
    Item("smaller", VIEW, translate("actions", "S&maller text"), "looks.zoom_by", -1, keys=("Ctrl+-",),
         tip=translate("actions", "Make all text smaller")),
    Item("usual", VIEW, translate("actions", "Text in the &usual size"), "looks.zoom_by", 0, keys=("Ctrl+0",),
         tip=translate("actions", "Make all text as big as it was at first")),
    Item("dismiss", VIEW, translate("actions", "Close the &message"), "window.dismiss_message", keys=("Esc",), part=True,
         tip=translate("actions", "Close the message above the program")),

    # The window: panels, arrangements, palette, first page, settings, help.
    *(Item(f"panel-{p.id}", PANELS_MENU, p.title, "window.toggle_panel", p.id, keys=(p.key,) if p.key else (), tip=p.about)
      for p in PANELS),
    Item("float-panel", PANELS_MENU, translate("actions", "&Float this panel, or put it back"), "panels.float_current", part=True,
         tip=translate("actions", "Make the panel that has the keyboard a window of its own, or put it back")),
    *(Item(f"move-{side}", PANELS_MENU, text, "panels.move_current", side,
           tip=translate("actions", "Move the panel that has the keyboard to this side of the window"))
      for side, text in (("left", translate("actions", "Move this panel to the left")),
                         ("right", translate("actions", "Move this panel to the right")),
                         ("top", translate("actions", "Move this panel to the top")),
                         ("bottom", translate("actions", "Move this panel to the bottom")))),
    Item("arrange-learn", ARRANGEMENT, translate("actions", "&Learn"), "window.arrange", "learn", group="arrangement",
         tip=translate("actions", "The program, the network, the operation and the loss; the rest comes when asked for")),
    Item("arrange-write", ARRANGEMENT, translate("actions", "&Write"), "window.arrange", "write", group="arrangement",
         tip=translate("actions", "Your text, what it does, and which line of its backward is wrong")),
    Item("arrange-debug", ARRANGEMENT, translate("actions", "&Debug"), "window.arrange", "debug", group="arrangement",
         tip=translate("actions", "Everything at once, some of it behind tabs")),
    Item("arrange-inspect", ARRANGEMENT, translate("actions", "&Inspect"), "window.arrange", "inspect", group="arrangement",
         tip=translate("actions", "A saved network: its layers and tensors, what is odd in them, how it is stepped")),
    Item("reset-arrangement", ARRANGEMENT, translate("actions", "&Reset the arrangement"), "window.reset_arrangement", part=True,
         tip=translate("actions", "Put every panel back where this arrangement has it")),
    *(Item(PREFIX + h.name, LESSONS, h.title.replace("&", "&&"), "lessons.open", PREFIX + h.name, tip=h.summary)
      for h in headings()),
    Item("lesson-next", LESSONS, translate("actions", "&Next step of the lesson"), "lessons.next", keys=("Ctrl+PgDown",),
         part=True, tip=translate("actions", "Go on in the lesson")),
    Item("lesson-back", LESSONS, translate("actions", "Step of the lesson &before"), "lessons.back", keys=("Ctrl+PgUp",),
         tip=translate("actions", "Go back in the lesson")),
    Item("lesson-place", LESSONS, translate("actions", "Back to the &place of this step"), "lessons.to_place",
         keys=("Ctrl+Shift+Home",), tip=translate("actions", "Stand again where the step of the lesson is about")),
    Item("lesson-list", LESSONS, translate("actions", "&All lessons"), "lessons.show_list", part=True,
         tip=translate("actions", "Leave the lesson and show the list of all")),
    Item("help-here", HELP, translate("actions", "&Help on this panel"), "guide.help_here", keys=("F1",),
         tip=translate("actions", "Open the page of help on the panel that has the keyboard")),
    Item("help-start", HELP, translate("actions", "&Contents of the help"), "guide.show_page", "start",
         tip=translate("actions", "Open the list of all pages of help")),
    Item("tour", HELP, translate("actions", "&Tour (one minute)"), "guide.begin_tour",
         tip=translate("actions", "Be shown around, a step at a time, on xor")),
    Item("palette", HELP, translate("actions", "&Find an action…"), "window.open_palette", keys=("Ctrl+Shift+P",), part=True,
         tip=translate("actions", "Type a few letters of what you want to do")),
    Item("keys", HELP, translate("actions", "&Keys"), "guide.show_page", "keys",
         tip=translate("actions", "List every key")),
    Item("about", HELP, translate("actions", "&About Backprop Stepper"), "guide.show_about",
         tip=translate("actions", "Which version this is, and what it stands on")),
)  # fmt: skip
BY_ID: Mapping[str, Item] = {item.id: item for item in ITEMS}


def say(text: str) -> str:
    """Return a text of the table in the person's language."""
    return QCoreApplication.translate(CONTEXT, text)


def plain(text: str) -> str:
    """Return a menu text as one reads it, without its mnemonic and dots."""
    return say(text).replace("&", "").rstrip("…")


def keys_text(item: Item) -> str:
    """Return the keys of an action as this system writes them, `Right, F11`; empty if it has none."""
    return ", ".join(QKeySequence(k).toString(QKeySequence.SequenceFormat.NativeText) for k in item.keys)


def tip_text(item: Item) -> str:
    """Return what a button says when one points at it: what it does, and its keys."""
    keys = keys_text(item)
    words = say(item.tip) if item.tip else plain(item.text)
    return f"{words} ({keys})" if keys else words


class Actions(QObject):
    """The QActions of the table, calling the objects named in `owners`."""

    def __init__(self, owners: Mapping[str, QObject], parent: QWidget) -> None:
        super().__init__(parent)
        self._owners = dict(owners)
        self._groups: dict[str, QActionGroup] = {}
        self._actions: dict[str, QAction] = {}
        for item in ITEMS:
            self._actions[item.id] = self._make(item)
        parent.addActions(list(self._actions.values()))

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def fill(self, bar: QMenuBar) -> None:
        """Make the menus in a menu bar, in the order of the table."""
        menus: dict[str, QMenu] = {}
        for item in ITEMS:
            holder: QMenuBar | QMenu = bar
            path = ""
            for title in item.menu.split("/"):
                path = f"{path}/{title}" if path else title
                if path not in menus:
                    menus[path] = holder.addMenu(say(path).rsplit("/", 1)[-1])
                    menus[path].setToolTipsVisible(True)
                holder = menus[path]
            menu = menus[item.menu]
            if item.part and not menu.isEmpty():
                menu.addSeparator()
            menu.addAction(self._actions[item.id])

    def turn(self, name: str, on: bool) -> None:
        """Show an action that is on (running) or off by its text and icon."""
        item = BY_ID[name]
        if item.on is None:
            self._actions[name].setChecked(on)
            return
        text, button, icon = item.on if on else (item.text, item.button or "", item.icon)
        action = self._actions[name]
        if action.text() != say(text):
            action.setText(say(text))
            action.setIconText(say(button))
            action.setIcon(resources.icon(icon))

    def explain(self, name: str, why: str) -> None:
        """Say on pointing at an action why it is not possible; without a reason, what it does."""
        wanted = as_plain(why) if why else tip_text(BY_ID[name])
        if self._actions[name].toolTip() != wanted:
            self._actions[name].setToolTip(wanted)

    def paint(self) -> None:
        """Draw the icons again in the colours of the theme in use."""
        for item in ITEMS:
            if item.icon:
                action = self._actions[item.id]
                is_on = item.on is not None and action.text() == say(item.on[0])
                action.setIcon(resources.icon(item.on[2] if is_on and item.on else item.icon))

    def _make(self, item: Item) -> QAction:
        action = QAction(say(item.text), self)
        action.setObjectName(item.id)
        action.setData(item.id)
        action.setShortcuts([QKeySequence(k) for k in item.keys])
        action.setAutoRepeat(item.later is not None and item.on is None)
        action.setToolTip(tip_text(item))
        action.setStatusTip(say(item.tip))
        if item.button is not None:
            action.setIconText(say(item.button))
        if item.id == "quit":
            action.setMenuRole(QAction.MenuRole.QuitRole)
        elif item.id == "about":
            action.setMenuRole(QAction.MenuRole.AboutRole)
        else:
            action.setMenuRole(QAction.MenuRole.NoRole)
        if item.group or item.check:
            action.setCheckable(True)
        if item.group:
            if item.group not in self._groups:
                self._groups[item.group] = QActionGroup(self)
            self._groups[item.group].addAction(action)
        action.triggered.connect(self._on_triggered)
        return action

    @Slot()
    def _on_triggered(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.call(str(action.data()))

    def call(self, name: str) -> None:
        """Do what an action does."""
        item = BY_ID[name]
        owner, method = item.call.split(".")
        function = getattr(self._owners[owner], method)
        if item.argument is None:
            function()
        else:
            function(item.argument)
