"""One tensor of a saved network from every side: as colours, its spread, its statistics, its health, its numbers."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFocusEvent, QGuiApplication, QPalette
from PySide6.QtWidgets import QCheckBox, QLabel, QStackedWidget, QVBoxLayout, QWidget

from core.files.looks.looks import Look
from core.files.problem import shown
from core.files.saved import Tensor
from stepper import theme
from stepper.models.mark_signs import WARNING
from stepper.models.saved_state import SavedState
from stepper.widgets import fonts, tensor_words
from stepper.widgets.numbers import size_text
from stepper.widgets.tensor_facts import TensorFacts
from stepper.widgets.tensor_head import CHANGE, HERE, THERE, TensorHead
from stepper.widgets.tensor_health import TensorHealth
from stepper.widgets.tensor_heat import TensorHeat, extent_of
from stepper.widgets.tensor_histogram import TensorHistogram
from stepper.widgets.tensor_places import (
    FACTS,
    HEALTH,
    HEAT,
    NUMBERS,
    OVERVIEW,
    SPECTRUM,
    SPREAD,
    TensorPlaces,
)
from stepper.widgets.tensor_spectrum import TensorSpectrum
from stepper.widgets.tensor_table import TensorTable

NOTHING, PARTS = range(2)
SAID = 60


class TensorView(QWidget):
    """Shows the tensor that is looked at.

    `export_wanted` carries the name of a tensor that is to be saved in a file of its own, `tensor_chosen` that of another
    one to look at; `spectrum_wanted` asks for singular values that take long, `rows_wanted` for rows of the numbers (the last
    one not included), which `show_rows` takes.
    """

    export_wanted = Signal(str)
    spectrum_wanted = Signal()
    rows_wanted = Signal(int, int)
    tensor_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Tensor"))
        self._state = SavedState()
        self._drawn: tuple[tuple[object, ...], tuple[object, ...]] = ((None,) * 7, ())
        self.head = TensorHead(self)
        self.heat = TensorHeat(self)
        self.histogram = TensorHistogram(self)
        self.log_box = QCheckBox(self.tr("Logarithmic counts"), self)
        self.log_box.setAccessibleName(self.log_box.text())
        self.log_box.toggled.connect(self.histogram.set_log)
        self.facts = TensorFacts(self)
        self.health = TensorHealth(self)
        self.spectrum = TensorSpectrum(self)
        self.table = TensorTable(self)
        self.places = TensorPlaces(
            {
                HEAT: self.heat, SPREAD: self._spread_part(), FACTS: self.facts, HEALTH: self.health,
                SPECTRUM: self.spectrum, NUMBERS: self.table,
            },
            self,
        )  # fmt: skip
        self.nothing = self._label(self.tr("why there is nothing to see"))
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.message = self._label(self.tr("message"))
        self.message.hide()
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.nothing)
        self.stack.addWidget(self.places)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 10, 6)
        box.setSpacing(5)
        box.addWidget(self.head)
        box.addWidget(self.stack, 1)
        box.addWidget(self.message)
        self.head.export_wanted.connect(self._on_export)
        self.head.switched.connect(self._on_side)
        self.head.tensor_chosen.connect(self.tensor_chosen)
        self.spectrum.wanted.connect(self.spectrum_wanted)
        self.table.rows_wanted.connect(self.rows_wanted)
        self.table.said.connect(self.say)
        for part in (self.heat, self.facts, self.table):
            part.copy_wanted.connect(self._copy)
        self._order_keys()
        self._draw()

    def sizeHint(self) -> QSize:
        """Room for a heat map with its legend."""
        return QSize(560, 360)

    def minimumSizeHint(self) -> QSize:
        """Enough for the short words of the tabs."""
        return QSize(300, 220)

    # --- drawing -------------------------------------------------------------------------------

    def show_state(self, state: SavedState) -> None:
        """Show the tensor that is looked at now."""
        if state.saved is not self._state.saved or state.tensor != self._state.tensor:
            self.say("")
            self.spectrum.forget()
            self.table.forget()
        self._state = state
        self._draw()

    def show_part(self, part: str) -> None:
        """Bring to sight one of HEAT, SPREAD, FACTS, HEALTH, SPECTRUM, NUMBERS."""
        self.places.show_part(part)

    @Slot(int, object)
    def show_rows(self, first: int, numbers: object) -> None:
        """Show rows of the numbers that were asked for, as a table from row `first` on."""
        self.table.take(first, numbers)

    @Slot(str)
    def say(self, text: str) -> None:
        """Show a sentence below all; none for an empty text."""
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _draw(self) -> None:
        s, t = self._state, theme.current()
        known, side = s.known, self.head.side
        objects = (s.saved, s.look, s.other, s.other_look, s.difference, s.layers, s.inferred)
        values = (
            s.busy, s.trouble, s.tensor, s.look_trouble, s.seen.get(s.tensor) is s.look, s.matches.get(s.tensor), side, t.key,
            fonts.zoom(),
        )  # fmt: skip
        if values == self._drawn[1] and all(one is other for one, other in zip(objects, self._drawn[0], strict=True)):
            return
        self._drawn = objects, values
        for label in (self.nothing, self.message):
            palette = QPalette()  # an empty one, so that all other roles follow the theme
            palette.setColor(QPalette.ColorRole.WindowText, QColor(t.text))
            label.setPalette(palette)
        self.head.setVisible(known is not None)
        if known is not None:
            self.head.draw(s, known)
        look = None if known is None else (s.look, s.other_look, s.difference)[self.head.side]
        if known is None or look is None or not known.count or (s.look_trouble and self.head.side == HERE):
            self.nothing.setText(self._why_nothing(known))
            self.nothing.setAccessibleDescription(self.nothing.text())
            self.stack.setCurrentIndex(NOTHING)
            return
        self._draw_look(known, look)
        self.stack.setCurrentIndex(PARTS)

    def _why_nothing(self, known: Tensor | None) -> str:
        s = self._state
        if s.saved is None:
            if s.busy:
                return self.tr("Reading {file}…").replace("{file}", s.busy)
            if s.trouble:
                return self.tr("The file could not be read, so there is no tensor to see.")
            return self.tr("Once a saved network is open, the numbers of the tensor that you choose in it are here.")
        if known is None:
            none = self.tr("This file holds no tensors.")
            return self.tr("Choose a tensor in the list of the file to see its numbers.") if s.saved.tensors else none
        if not known.count:
            return self.tr("There is no number in it: its shape is {shape}.").format(shape=size_text(known.shape))
        if self.head.side == HERE:
            if s.look_trouble:
                return f"{WARNING} {s.look_trouble}"
            if not known.readable:
                text = self.tr("Its numbers are of the type {type}, which this app cannot read. Save it as float32 to see them.")
                return text.replace("{type}", shown(known.dtype, 30))
            return self.tr("Looking at it…")
        match = s.matches.get(known.name)
        if match is None:
            return self.tr("Comparing the two files…")
        if match.kind in ("only here", "only there"):
            return self.tr("Only one of the two files has this tensor, so there is nothing to compare.")
        if self.head.side == CHANGE and match.largest is None:
            return self.tr("The two cannot be subtracted: {how}.").replace("{how}", tensor_words.match_words(match))
        return self.tr("Looking at it…")

    def _draw_look(self, known: Tensor, look: Look) -> None:
        s, side, name = self._state, self.head.side, shown(known.name, 60)
        there = None if s.other is None else next((x for x in s.other.tensors if x.name == look.name), None)
        tensor = there if side == THERE and there is not None else known
        whole = side != HERE or s.seen.get(s.tensor) is s.look
        # One scale for both sides, so that the same colour is the same number; what changed has one of its own.
        extent = extent_of(look) if side == CHANGE else extent_of(s.look, s.other_look)
        self.heat.set_look(look, tensor, extent, self._notes(tensor))
        looking = self.tr("Looking at it…")
        self.histogram.set_look(name, look, self.tr("There is no finite number to be counted.") if whole else looking)
        sampled = look.histogram is not None and not look.histogram.exact
        self.sample.setVisible(sampled)
        sides = [(self.tr("here"), s.look), (self.tr("there"), s.other_look), (self.tr("there − here"), s.difference)]
        columns = [(title, x.summary) for title, x in sides if x is not None] if s.other is not None else [("", look.summary)]
        self.facts.set_summaries(name, self._notes(tensor), columns)
        role = tensor_words.role_of(s, known.name)[0]
        remarks = [tensor_words.said(r, look, tensor.shape, role) for r in tensor_words.ordered(look.remarks)]
        nothing = self._nothing_remarkable(look) if side != CHANGE else self.tr("See what is here and what is there.")
        self.health.show_remarks(f"{side} {known.name}", remarks, nothing if whole else looking)
        self.spectrum.set_look(look, self._no_spectrum(look, tensor, side) if whole else looking, side == HERE)
        note = self.tr("These are the numbers here, in the open file.") if side != HERE else ""
        self.table.set_tensor(s.saved, known, "" if s.look is None else s.look.units, note)
        self._name_tabs(look)

    def _nothing_remarkable(self, look: Look) -> str:
        units = self.tr("✓ Nothing remarkable: all numbers are finite, and no unit is empty or a copy of another.")
        return units if look.units else self.tr("✓ Nothing remarkable: all numbers are finite.")

    def _no_spectrum(self, look: Look, tensor: Tensor, side: int) -> str:
        if side == CHANGE:
            return self.tr("Of a difference they are not worked out; see here and there.")
        if len(tensor.shape) != 2 or look.summary.nonfinite:
            return self.tr("Only a matrix of finite numbers has singular values.")
        return self.tr("The matrix is too large for them to be worked out.")

    def _notes(self, tensor: Tensor) -> tuple[str, ...]:
        if tensor.dtype.startswith("complex"):
            return (self.tr("complex numbers by their absolute value"),)
        return (self.tr("true is 1, false is 0"),) if tensor.dtype == "bool" else ()

    def _name_tabs(self, look: Look) -> None:
        """Say on the tabs how much is remarkable, so that nobody has to look for it."""
        grave = sum(r.severity != "note" for r in look.remarks)
        badge = f" {WARNING} {grave}" if grave else ""
        self.places.set_texts({
            HEAT: (self.tr("Heat map"), self.tr("Heat")), SPREAD: (self.tr("Histogram"), self.tr("Bars")),
            FACTS: (self.tr("Statistics"), self.tr("Stats")), HEALTH: (self.tr("Health") + badge, self.tr("Health") + badge),
            SPECTRUM: (self.tr("Singular values"), self.tr("Singular")), NUMBERS: (self.tr("Numbers"), self.tr("Numbers")),
            OVERVIEW: (self.tr("Overview") + badge, self.tr("Overview") + badge),
        })  # fmt: skip

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Give the keyboard to the tabs; as a focus proxy they would make the Tab key leap over what stands above them."""
        if self.places.tabs.isVisible():
            self.places.tabs.setFocus(event.reason())

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "message"):
            self._draw()
            self.places.arrange()

    # --- what a person does ------------------------------------------------------------------------

    @Slot()
    def _on_side(self) -> None:
        self._draw()

    @Slot()
    def _on_export(self) -> None:
        if self._state.known is not None:
            self.export_wanted.emit(self._state.tensor)

    @Slot(str)
    def _copy(self, text: str) -> None:
        if text:
            QGuiApplication.clipboard().setText(text)
            short = text if len(text) < SAID and not {"\n", "\t"} & set(text) else self.tr("the selection")
            self.say(self.tr("Copied: {text}").replace("{text}", short))

    # --- parts -----------------------------------------------------------------------------------

    def _spread_part(self) -> QWidget:
        """Return the histogram with the switch of its scale."""
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        self.sample = self._label(self.tr("how it was counted"))
        self.sample.setText(self.tr("Counted from a sample, spread evenly over the tensor."))
        column.addWidget(self.log_box)
        column.addWidget(self.sample)
        column.addWidget(self.histogram, 1)
        return part

    def _order_keys(self) -> None:
        """Have Tab go from top to bottom: the tabs come before what is behind them."""
        order = (
            self.head.layer_button, self.head.export_button, *self.head.side_buttons, self.places.tabs, self.heat, self.log_box,
            self.histogram, self.facts, self.health, self.spectrum.button, self.spectrum.bars, self.table.pages.rows,
            self.table.pages.columns, self.table.table,
        )  # fmt: skip
        for one, other in pairwise(order):
            QWidget.setTabOrder(one, other)

    def _label(self, name: str) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAccessibleName(name)
        label.setWordWrap(True)
        return label
