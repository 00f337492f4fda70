"""One value from every side: as colours, as a table, its spread, its statistics, its change since the iteration before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from core.explain.copying import csv_text, numpy_code, table_text
from core.explain.statistics import difference, statistics
from core.program.ir import Array
from core.session import Moment
from stepper import theme
from stepper.models.mark_signs import cells_only, sliced
from stepper.widgets import numbers
from stepper.widgets.names import shown
from stepper.widgets.value_axes import AxisNames
from stepper.widgets.value_change import ValueChange
from stepper.widgets.value_facts import ValueFacts
from stepper.widgets.value_head import ValueHead
from stepper.widgets.value_heat import ValueHeat
from stepper.widgets.value_histogram import ValueHistogram
from stepper.widgets.value_plane import Cell, Place, Plane
from stepper.widgets.value_scales import Scales
from stepper.widgets.value_table import ValueTable
from stepper.widgets.value_tabs import ValueTabs
from stepper.widgets.value_tools import ValueTools

if TYPE_CHECKING:
    from core.health.monitor import Mark

HEAT, TABLE, SPREAD, FACTS, CHANGE, NOTHING = range(6)


class ValueView(QWidget):
    """Shows the selected value; where none is selected, the one just made.

    `value_clicked` carries the value (by index) and the cell that was chosen, `cell_edited` also what a person typed over it.
    """

    value_clicked = Signal(object, object)
    cell_edited = Signal(int, object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Value"))
        self._moment: Moment | None = None
        self._index: int | None = None
        self._array: Array | None = None
        self._axes = AxisNames()
        self._shown_cell: tuple[int | None, Cell | None] = (None, None)
        self._text = ""
        self.scales = Scales()
        self.head = ValueHead(self)
        self.tabs = ValueTabs(
            [
                (self.tr("Heat map"), self.tr("Heat")), (self.tr("Table"), self.tr("Table")),
                (self.tr("Histogram"), self.tr("Bars")), (self.tr("Statistics"), self.tr("Stats")),
                (self.tr("Difference"), self.tr("Diff")),
            ],
            self,
        )  # fmt: skip
        self.tabs.setAccessibleName(self.tr("ways to see the value"))
        self.tabs.currentChanged.connect(self._on_part)
        self.tools = ValueTools(self)
        self.slices = self.tools.slices
        self.slices.moved.connect(self._on_part)
        self.tools.fit_wanted.connect(self.fit_scale)
        self.tools.selection_wanted.connect(self.copy_selection)
        self.tools.csv_wanted.connect(self.copy_csv)
        self.tools.numpy_wanted.connect(self.copy_numpy)
        self.heat = ValueHeat(self)
        self.table = ValueTable(self)
        self.histogram = ValueHistogram(self)
        self.facts = ValueFacts(self)
        self.change = ValueChange(self)
        self.nothing = self._label(self.tr("why there is nothing to see"))
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.message = self._label(self.tr("message"))
        self.stack = QStackedWidget(self)
        for page in (self.heat, self.table, self.histogram, self.facts, self.change, self.nothing):
            self.stack.addWidget(page)
        for heat in (self.heat, self.change.heat, self.table):
            heat.chosen.connect(self.value_clicked)
            heat.refused.connect(self._on_refused)
            heat.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            heat.customContextMenuRequested.connect(self._on_menu)
        self.heat.typed.connect(self.cell_edited)
        self.table.typed.connect(self.cell_edited)
        self.heat.copy_wanted.connect(self.copy_selection)
        self.change.heat.copy_wanted.connect(self.copy_selection)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 10, 6)
        box.setSpacing(5)
        box.addWidget(self.head)
        box.addWidget(self.tabs)
        box.addWidget(self.tools)
        box.addWidget(self.stack, 1)
        box.addWidget(self.message)
        self.message.hide()

    def sizeHint(self) -> QSize:
        """Room for a small matrix with its heading."""
        return QSize(380, 420)

    def minimumSizeHint(self) -> QSize:
        """Enough for the short words of the tabs."""
        return QSize(240, 200)

    # --- drawing -------------------------------------------------------------------------------

    def draw(self, moment: Moment) -> None:
        """Show a moment."""
        old, self._moment = self._moment, moment
        if old is None or old.position != moment.position or old.selection != moment.selection:
            self.say("")
        if moment.program.text != self._text:
            self._text = moment.program.text
            self.scales.clear()
        self._axes.read(moment)
        chosen = moment.selection.value is not None
        index = moment.selection.value if chosen else None if moment.lit is None else moment.lit.result
        if index != self._index:
            self.slices.at = ()
        self._index, self._array = index, None if index is None else moment.value(index)
        if index is None:
            self.head.set_nothing(
                self.tr("No value is selected. Click one in any view, or go a step later to see what it makes.")
            )
        else:
            dtype = "" if self._array is None else str(self._array.dtype)
            self.head.draw(moment, index, self._axes, dtype, chosen, moment.can_change(index))
        self._choose_slice(moment)
        self._draw_part()

    def show_part(self, part: int) -> None:
        """Switch to one of HEAT, TABLE, SPREAD, FACTS, CHANGE."""
        self.tabs.setCurrentIndex(part)

    @Slot()
    def fit_scale(self) -> None:
        """Fit the colours and the bars to the numbers of now."""
        if self._moment is not None and self._index is not None:
            self.scales.forget(self._moment.program.values[self._index].name)
            self._draw_part()

    def say(self, text: str) -> None:
        """Show a sentence below the value; none for an empty text."""
        self.message.setText(text)
        self.message.setVisible(bool(text))
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.WindowText, QColor(theme.current().text))
        self.message.setPalette(palette)

    def _choose_slice(self, moment: Moment) -> None:
        """Show the slice of a cell that was newly selected."""
        now, cell = (moment.selection.value, moment.selection.cell), moment.selection.cell
        new = now != self._shown_cell and cell is not None and self._array is not None and len(cell) == self._array.ndim
        self._shown_cell = now
        shape = () if self._array is None else self._array.shape[:-2]
        self.slices.choose(shape, cell[:-2] if new and cell is not None else None)

    def _draw_part(self) -> None:
        """Draw the part that is looked at, and no other."""
        moment, index, array, part = self._moment, self._index, self._array, self.tabs.currentIndex()
        there = moment is not None and index is not None and array is not None
        self.tabs.setVisible(index is not None)
        self.tools.show_for(there, part in (HEAT, SPREAD, CHANGE))
        if moment is None or index is None or array is None:
            self._show_nothing("" if moment is None or index is None else self._why_missing(moment, index))
            return
        name, stale = shown(moment.program, index), index in moment.stale
        if part == FACTS:
            self.facts.set_statistics(name, statistics(array), stale)
        elif 0 in array.shape:
            text = self.tr("{name} has no cells: its shape is {shape}.")
            self._show_nothing(text.format(name=name, shape=numbers.size_text(array.shape)))
            return
        elif part == SPREAD:
            found = self.scales.spread(moment.program.values[index].name, array)
            self.histogram.set_histogram(name, found, stale)
        elif part == CHANGE:
            self._draw_change(moment, index, array)
            return
        else:
            plane = self._plane(moment, index, array)
            (self.heat if part == HEAT else self.table).set_plane(plane, self._selected(plane))
        self.stack.setCurrentIndex(part)

    def _plane(self, moment: Moment, index: int, array: Array, change: bool = False) -> Plane:
        extent = self.scales.extent(moment.program.values[index].name, array, change)
        name = shown(moment.program, index)
        refusal = self.tr("This is a difference; type over the number itself, in the heat map or the table")
        return Plane(
            index=index, name=f"Δ{name}" if change else name, array=array, at=self.slices.at, moment=moment,
            axes=self._axes.of(index, array.shape), extent=extent, stale=index in moment.stale,
            edited=None if change else moment.edited.get(index), refusal=refusal if change else moment.can_change(index),
            marks=() if change else self._marks(moment, index, array),
        )  # fmt: skip

    def _marks(self, moment: Moment, index: int, array: Array) -> tuple[Mark, ...]:
        """Return the marks at the cells of the slice that is shown."""
        marks = cells_only(moment.marks(index), array)
        size = (1, array.size) if array.ndim < 2 else (array.shape[-2], array.shape[-1])
        return sliced(marks, array.shape, self.slices.at, size) if marks else ()

    def _draw_change(self, moment: Moment, index: int, now: Array) -> None:
        if moment.position.iteration == 1:
            self._show_nothing(self.tr("This is iteration 1: there is none before it to compare with."))
            return
        if moment.running:
            self._show_nothing(self.tr("Stop the run to see the difference to the iteration before."))
            return
        before = moment.before(index)
        found = None if before is None else difference(now, before)
        if found is None:
            text = self.tr("There is nothing to compare with: in iteration {n} this value had another shape, or was not there.")
            self._show_nothing(text.format(n=moment.position.iteration - 1))
            return
        plane = self._plane(moment, index, found.array, change=True)
        other = index in self._axes.samples and moment.program.batching.per_epoch > 1
        self.change.set_difference(found, plane, self._selected(plane), other)
        self.stack.setCurrentIndex(CHANGE)

    def _selected(self, plane: Plane) -> Place | None:
        assert self._moment is not None
        selection = self._moment.selection
        return plane.place(selection.cell) if selection.value == self._index else None

    def _show_nothing(self, text: str) -> None:
        self.nothing.setText(text)
        self.stack.setCurrentIndex(NOTHING)

    def _why_missing(self, moment: Moment, index: int) -> str:
        maker = moment.program.makers.get(index)
        if maker is None:
            return self.tr("There is no number here.")
        text = self.tr("Not computed yet at this place: it comes with the line\n{line}")
        statement = moment.program.statements[moment.program.instructions[maker].statement]
        return text.format(line=statement.text)

    # --- what a person does ------------------------------------------------------------------------

    @Slot()
    def _on_part(self) -> None:
        self._draw_part()

    @Slot(str)
    def _on_refused(self, reason: str) -> None:
        self.say(self.tr("{reason}.").format(reason=reason.removesuffix(".")))

    @Slot()
    def copy_selection(self) -> None:
        """Copy the selected numbers of the table, elsewhere the number at the cursor, in the statistics all of them."""
        part = self.tabs.currentIndex()
        if self._array is None:
            return
        if part == TABLE:
            text = self.table.copy_selection()
        elif part == FACTS:
            text = self.facts.as_text()
        else:
            heat = self.change.heat if part == CHANGE else self.heat
            text = "" if heat.plane is None else table_text(heat.plane.numbers[heat.cursor_place].reshape(1, 1)).strip()
        self._copy(
            text, self.tr("Copied: {text}").format(text=text if len(text) < 60 and "\n" not in text else self.tr("the selection"))
        )

    @Slot()
    def copy_csv(self) -> None:
        """Copy the whole value as CSV."""
        if self._array is not None:
            self._copy(csv_text(self._array), self.tr("Copied all of it as CSV."))

    @Slot()
    def copy_numpy(self) -> None:
        """Copy the whole value as an expression for a Python script."""
        if self._array is not None:
            self._copy(numpy_code(self._array), self.tr("Copied all of it as NumPy code."))

    def _copy(self, text: str, said: str) -> None:
        if text:
            QGuiApplication.clipboard().setText(text)
            self.say(said)

    @Slot(QPoint)
    def _on_menu(self, at: QPoint) -> None:
        part = self.tabs.currentIndex()
        source: QWidget = self.table.viewport() if part == TABLE else self.change.heat if part == CHANGE else self.heat
        self.tools.menu.popup(source.mapToGlobal(at))

    def _label(self, name: str) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAccessibleName(name)
        label.setWordWrap(True)
        return label
