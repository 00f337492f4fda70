"""Step a saved network: what its file does not say, the data, the loss; each marked with who decided it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from core.steppable.draft import Draft, Read, draft_of, read_draft
from core.steppable.form import Asking, Form, FormField
from stepper import theme
from stepper.models.saved_state import RANDOM, SavedState
from stepper.widgets import fonts
from stepper.widgets.diagnosis_prose import Prose
from stepper.widgets.diagnosis_words import first_up
from stepper.widgets.form_row import scrolled, words
from stepper.widgets.stepping_data import DataBox
from stepper.widgets.stepping_note import note_of
from stepper.widgets.stepping_row import AskRow, CheckRow, ChoiceRow, LineRow
from stepper.widgets.stepping_why import WhyList
from stepper.widgets.stepping_words import FUNCTIONS, about, asked_of, cut, hint
from stepper.widgets.tips import plain

NOTHING = SavedState()
CHOICES = (*FUNCTIONS, "mode", "loss", "optimizer")
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
LEFT_TO_THE_APP = (*FUNCTIONS, "loss")


class SteppingView(QWidget):
    """Asks what `show_state` leaves open; `step_wanted(Choices, Samples)` says how a person wants to step.

    `file_wanted` asks for a file with samples, which `take_file` is then given. What is typed stays while the file stays.
    """

    step_wanted = Signal(object, object)
    file_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Step a saved network"))
        self._state = NOTHING
        self._asking: Asking | None = None
        self._draft = Draft()
        self._read: Read | None = None
        self.empty = words(
            self.tr("Once a saved network is open, choose here what its file does not say, and the data to step it with."),
            self,
        )
        self.title = Prose(self.tr("which network it is"), self)
        self.about = Prose(self.tr("how far it can be stepped"), self)
        self.trouble = Prose(self.tr("why it could not be stepped"), self)
        self.choices = {key: ChoiceRow(key, self) for key in CHOICES}
        self.rate = LineRow("learning_rate", self)
        self.batch = LineRow("batch", self, self.tr("all of them"))
        self.shuffle = CheckRow("shuffle", self)
        self.data = DataBox(self)
        self.no_loss = Prose(self.tr("why there is no loss"), self)
        self.why = WhyList(self)
        heads = {
            "unsaid": self.tr("The file does not say"), "said": self.tr("The file says"), "runs": self.tr("How it runs"),
            "data": self.tr("Data"), "training": self.tr("Training"),
        }  # fmt: skip
        self.heads = {key: Prose(name, self) for key, name in heads.items()}
        self._order: tuple[str, ...] = ()
        self._stops: list[QWidget] = []
        self.note = Prose(self.tr("what keeps it from being stepped, or what is not applied yet"), self)
        self.button = QPushButton(self.tr("Step it like this"), self)
        self.button.setAutoDefault(False)
        self.button.setAccessibleName(self.button.text())
        self._lay_out()
        for row in (*self.choices.values(), self.rate, self.batch, self.shuffle, self.data):
            row.changed.connect(self._on_changed)
        self.data.file_wanted.connect(self.file_wanted)
        self.button.clicked.connect(self._on_step)
        self._show()

    def sizeHint(self) -> QSize:
        return QSize(360, 600)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 160)

    def show_state(self, state: SavedState) -> None:
        """Show what is known of a saved network; another file begins anew."""
        before, self._state = self._state, state
        if state.saved is None:
            self._asking = None
        elif before.saved is not state.saved:
            self._asking = Asking(state.saved)
            self._draft = draft_of(state.choices, state.samples)
            self.why.button.setChecked(False)
            self._area.verticalScrollBar().setValue(0)
        self._show()

    @Slot(str)
    def take_file(self, path: str) -> None:
        """Take a file with samples that a person chose."""
        self._draft = replace(self._draft, way="file", file=path)
        self._show()

    # --- drawing --------------------------------------------------------------------------------------

    def _show(self) -> None:
        s, t = self._state, theme.current()
        asking = self._asking
        self.empty.setVisible(asking is None)
        self._area.setVisible(asking is not None)
        self._foot.setVisible(asking is not None)
        if asking is None or s.saved is None:
            return
        read = read_draft(self._draft, asking.form(self._draft.chosen, RANDOM))
        # With the samples it is known what the targets are, and so which loss is usual.
        steps = s.steps if s.samples.source == read.samples.source else None
        form = asking.form(read.choices, read.samples, steps)
        self._read = read = read_draft(self._draft, form)
        self.title.say(cut(s.saved.path.replace("\\", "/").rsplit("/", 1)[-1], 120), t.text, bold=True)
        self._show_about(form)
        asked = asked_of(form)
        shown = {f.key: f for f in form.fields if (f.enabled and f.key not in FUNCTIONS) or f.key in asked}
        for key, row in self.choices.items():
            row.setVisible(key in shown)
            if key in shown:
                row.show_field(shown[key], hint=hint(shown[key]), left=self._left(shown[key], read))
        for key, row in (("learning_rate", self.rate), ("batch", self.batch)):
            row.setVisible(key in shown)
            row.take(getattr(self._draft, key))
            if key in shown:
                row.say(None if key in read.wrong else shown[key])
        self.shuffle.setVisible("shuffle" in shown)
        if "shuffle" in shown:
            self.shuffle.show_field(shown["shuffle"])
        self.data.setVisible(form.wanted is not None)
        self.data.show_form(form, self._draft)
        self._show_network(form, asked)
        loss = form.field("loss")
        why = "" if loss is None or loss.enabled else first_up(cut(loss.why))
        self.no_loss.say(self.tr("There is no loss and nothing to train. {why}").format(why=why) if why else "", t.dim)
        self.why.show_state(s)
        self._show_wrong(read)

    def _show_about(self, form: Form) -> None:
        s, t = self._state, theme.current()
        self.about.say(about(form.wanted, form.stops), t.error if form.wanted is None else t.text)
        trouble = first_up(cut(s.steps_trouble)) if form.wanted is not None and s.steps_trouble else ""
        self.trouble.say(self.tr("✗ Not stepped like that: {why}").format(why=trouble) if trouble else "", t.error)

    def _show_network(self, form: Form, keys: Sequence[str]) -> None:
        """Put what a file does not say before what it says, each below its heading."""
        t = theme.current()
        asked = [f.key for f in form.fields if f.key in keys and f.origin != "file"]
        said = [f.key for f in form.fields if f.key in keys and f.origin == "file"]
        steps = form.wanted is not None
        heads = {
            "unsaid": bool(asked), "said": bool(said), "data": steps, "training": steps, "runs": form.field("mode") is not None,
        }  # fmt: skip
        for key, is_there in heads.items():
            self.heads[key].say(self.heads[key].accessibleName() if is_there else "", t.text, bold=True)
        order = (*asked, "", *said)
        if order != self._order:
            self._order = order
            parts = [
                self.heads["unsaid"],
                *(self.choices[k] for k in asked),
                self.heads["said"],
                *(self.choices[k] for k in said),
            ]
            for part in parts:
                self._network.removeWidget(part)
            for part in parts:
                self._network.addWidget(part)
            self._set_tabs([self.choices[k] for k in (*asked, *said)])

    def _set_tabs(self, network: list[ChoiceRow]) -> None:
        """Let the Tab key go from top to bottom."""
        training: list[AskRow] = [self.choices["loss"], self.choices["optimizer"], self.rate, self.batch, self.shuffle]
        stops = [*(r.box for r in network), self.choices["mode"].box, *self.data.tab_stops()]
        stops += [w for r in training for w in r.tab_stops()] + [self.why.button, self.button]
        self._stops = stops
        for one, next_ in pairwise(stops):
            QWidget.setTabOrder(one, next_)

    def _show_wrong(self, read: Read) -> None:
        s = self._state
        rows: tuple[AskRow, ...] = (*self.choices.values(), self.rate, self.batch, *self.data.rows())
        for row in rows:
            # Nothing is wrong with a place in which nobody has typed yet; the button says what is missing.
            waits = row.key in ("inputs", "set", "file") and not getattr(self._draft, row.key)
            row.tell("" if waits else read.wrong.get(row.key, ""))
        self.button.setEnabled(not read.wrong and not s.busy)
        self.note.say(*note_of(s, read))
        self.button.setToolTip(plain(self.tr("Make the program anew and start it from the weights of the file (Ctrl+Enter)")))

    # --- what a person wants --------------------------------------------------------------------------

    @Slot()
    def _on_changed(self) -> None:
        kept = {key: row.holds() for key, row in self.choices.items() if not row.isHidden() and row.box.isEnabled()}
        kept |= {"learning_rate": self.rate.holds(), "batch": self.batch.holds(), "shuffle": self.shuffle.holds()}
        self._draft = replace(self._draft, **{**kept, **self.data.read_into()})  # type: ignore[arg-type]
        self._show()

    @Slot()
    def _on_step(self) -> None:
        if self._read is not None and not self._read.wrong and not self._state.busy:
            self.step_wanted.emit(self._read.choices, self._read.samples)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Give the keyboard to the first that can be asked."""
        first = next((w for w in self._stops if w.isVisible() and w.isEnabled()), None)
        if first is not None:
            first.setFocus(event.reason())

    def event(self, event: QEvent) -> bool:
        """Claim Ctrl+Enter while the keyboard is in the form; elsewhere it runs the text."""
        claims = event.type() == QEvent.Type.ShortcutOverride and self._asking is not None
        if claims and isinstance(event, QKeyEvent) and event.key() in ENTER:
            if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                return super().event(event)
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter in a line, and Ctrl+Enter anywhere, steps."""
        if event.key() in ENTER:
            focus = self.focusWidget()
            control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if isinstance(focus, QPushButton) and focus.hasFocus() and not control:
                focus.click()
            elif self.button.isEnabled():
                self._on_step()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow another theme or text size."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_foot"):
            self._dress()
            self._show()

    # --- parts ----------------------------------------------------------------------------------------

    def _left(self, field: FormField, read: Read) -> str | None:
        """Return what the app takes where a person leaves a choice to it; None where it is not left to the app."""
        if self._asking is None or not field.options or field.key not in LEFT_TO_THE_APP:
            return None
        if not field.chosen:
            return field.value
        found = self._asking.form(replace(read.choices, **{field.key: ""}), read.samples, self._state.steps).field(field.key)
        return "" if found is None else found.value

    def _lay_out(self) -> None:
        self._network = QVBoxLayout()
        self._network.setSpacing(7)
        for part in (self.heads["unsaid"], *(self.choices[key] for key in FUNCTIONS), self.heads["said"]):
            self._network.addWidget(part)
        training = [
            self.heads["training"], self.no_loss, self.choices["loss"], self.choices["optimizer"], self.rate, self.batch,
            self.shuffle,
        ]  # fmt: skip
        parts = [self.title, self.about, self.trouble]
        below = [self.heads["runs"], self.choices["mode"], self.heads["data"], self.data, *training, self.why]
        inside = QWidget(self)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        for part in parts:
            column.addWidget(part)
        column.addLayout(self._network)
        for part in below:
            column.addWidget(part)
        self._area = scrolled([inside], self.tr("How to step the network"), self, (10, 6, 8, 6))
        # Its height follows from its width alone; wrapped words would else ask for the height of a narrow column.
        page = inside.parentWidget()
        assert page is not None
        page.setMinimumHeight(1)
        self._foot = QFrame(self)
        foot = QVBoxLayout(self._foot)
        foot.setContentsMargins(10, 4, 10, 8)
        foot.setSpacing(4)
        foot.addWidget(self.note)
        foot.addWidget(self.button)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.empty.setContentsMargins(10, 6, 10, 6)
        self.empty.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.empty, 1)
        whole.addWidget(self._area, 1)
        whole.addWidget(self._foot)
        self._dress()

    def _dress(self) -> None:
        bold = fonts.sized(self.font(), 0, bold=True)
        self.button.setFont(bold)
        for head in (self.title, *self.heads.values()):
            head.setFont(fonts.sized(self.font(), 1, bold=True))
            head.setContentsMargins(0, 0 if head is self.title else 7, 0, 0)
