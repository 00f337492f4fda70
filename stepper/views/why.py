"""Why this number? What made it, with which numbers, and on from there, back to the data."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QVBoxLayout, QWidget

from core.explain.moving import index_text
from core.explain.numbers import exact
from core.explain.reasons import MOST_SHOWN, Reason, expression, notable, reason
from core.explain.samples import sample_axes
from core.gradient_parts import Chain
from core.session import Moment
from stepper import theme
from stepper.models.mark_signs import at_cell, sentences
from stepper.models.mark_signs import ink as ink_of
from stepper.widgets import fonts, numbers
from stepper.widgets.grid import CLOCK, PENCIL
from stepper.widgets.names import shown
from stepper.widgets.tips import plain
from stepper.widgets.why_asks import Asks
from stepper.widgets.why_parts import PartsStack
from stepper.widgets.why_stack import ink, wrapped_label
from stepper.widgets.why_terms import notable_rows
from stepper.widgets.why_trail import Stop, Trail, TrailBar
from stepper.widgets.why_words import is_typed, line_words, origin_words

MOST_ALL = 2000
Cell = tuple[int, ...]


class WhyView(QWidget):
    """Explains the selected cell; a link selects what it was made of, Back returns.

    `value_clicked` gives a value and a cell; `place_wanted` an iteration and how many operations of it are done,
    always before the `value_clicked` that goes with it; `plot_wanted` and `stop_wanted` an expression such as
    `W1[0, 2]`; `sample_clicked` the index of a sample in the data.
    """

    value_clicked = Signal(object, object)
    place_wanted = Signal(int, int)
    plot_wanted = Signal(str)
    stop_wanted = Signal(str)
    sample_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Why this number?"))
        self._moment: Moment | None = None
        self._chain: Chain | None = None
        self._most = MOST_SHOWN
        self._target: tuple[int, int, int, Cell | None] | None = None
        self._go_words = ""
        self._expression: str | None = None
        self.trail = Trail()
        self.trail_bar = TrailBar(self)
        self.trail_bar.back_wanted.connect(self.back)
        self.title_label = wrapped_label(self.tr("the number"), self)
        self.note_label = wrapped_label(self.tr("what to know of it"), self)
        self.made_label = wrapped_label(self.tr("what made it"), self)
        self.arithmetic_label = wrapped_label(self.tr("its arithmetic"), self)
        self.chain_label = wrapped_label(self.tr("upstream and local"), self)
        self.stack = PartsStack(self)
        self.stack.followed.connect(self.follow)
        self.stack.sample_chosen.connect(self.sample_clicked)
        self.stack.more_wanted.connect(self._on_more)
        self.stack.looked_at.connect(self._on_looked_at)
        self.asks = Asks(self)
        self.asks.go_wanted.connect(self._on_go)
        self.asks.plot_wanted.connect(self.plot_wanted)
        self.asks.stop_wanted.connect(self.stop_wanted)
        self._lay_out()
        self._use_fonts()

    def sizeHint(self) -> QSize:
        """Room for a dozen terms."""
        return QSize(380, 480)

    def minimumSizeHint(self) -> QSize:
        """Narrow enough for a drawer."""
        return QSize(200, 120)

    def draw(self, moment: Moment) -> None:
        """Explain what is selected."""
        if self._moment is None or moment.program.text != self._moment.program.text:
            self.trail.clear()
        self._moment = moment
        if self._chain is None or self._chain.program is not moment.program:
            self._chain = Chain(moment.program, moment.shape)
        value, cell = moment.selection.value, moment.selection.cell
        if value is not None and value >= len(moment.program.values):
            value = None
        if cell is None and value is not None and moment.shape(value) == ():
            cell = ()
        if self.trail.arrive(_stop(moment, value, cell)):
            self._most = MOST_SHOWN
        self._target, self._go_words, self._expression = None, "", None
        self.stack.begin()
        for label in (self.note_label, self.made_label, self.arithmetic_label, self.chain_label):
            label.setText("")
        if value is None:
            self._draw_nothing()
        elif cell is None:
            self._draw_whole(moment, value)
        elif not self._exists(moment, value, cell):
            self.title_label.setText(index_text(shown(moment.program, value), cell))
            self.made_label.setText(self.tr("There is no such cell here: this batch has fewer samples. Choose another number."))
        else:
            self._draw_cell(moment, value, cell)
        self._finish()

    # --- the ways to and fro ------------------------------------------------------------------------

    @Slot()
    def back(self) -> None:
        """Return to the number that a link was followed from."""
        stop = self.trail.back()
        if stop is None:
            return
        if stop.jumped:
            self.place_wanted.emit(stop.iteration, stop.k)
        self.value_clicked.emit(stop.value, stop.cell)

    @Slot(object, object)
    def follow(self, value: int, cell: Cell) -> None:
        """Select a number that this one was made of, and remember the way."""
        self.trail.leave(value, cell)
        self.value_clicked.emit(value, cell)

    @Slot()
    def _on_go(self) -> None:
        if self._target is None:
            return
        iteration, k, value, cell = self._target
        self.trail.leave(value, cell, jumped=True)
        self.place_wanted.emit(iteration, k)
        self.value_clicked.emit(value, cell)

    @Slot()
    def _on_more(self) -> None:
        self._most = MOST_ALL
        if self._moment is not None:
            self.draw(self._moment)

    @Slot(object)
    def _on_looked_at(self, rect: QRect) -> None:
        """Keep the field that the keyboard came to in sight."""
        at = rect.center() + self.stack.pos()
        self._area.ensureVisible(at.x(), at.y(), 0, rect.height())

    # --- what is said -------------------------------------------------------------------------------

    def _draw_nothing(self) -> None:
        self.title_label.setText(self.tr("Why this number?"))
        self.made_label.setText(
            self.tr(
                "Click any number in a matrix, and here you read where it came from: what was calculated, with which numbers."
            )
        )
        self.arithmetic_label.setText(
            self.tr("Each of these numbers is a link to why it is what it is. So you can go all the way back to the data.")
        )

    def _draw_whole(self, moment: Moment, value: int) -> None:
        array, shape = moment.value(value), moment.shape(value)
        label = shown(moment.program, value)
        size = "" if shape is None else "  " + numbers.size_text(shape)
        self.title_label.setText(label + size)
        if array is None:
            self._draw_not_yet(moment, value, None)
            return
        self._draw_warning(moment, value, None)
        self.made_label.setText(self.tr("Choose one of its numbers: click a cell of a matrix, or one of these."))
        self.stack.show_table("", [""] * 2, notable_rows(label, value, array, notable(array)))

    def _exists(self, moment: Moment, value: int, cell: Cell) -> bool:
        array = moment.value(value)
        shape = moment.shape(value) if array is None else array.shape
        return shape is None or (len(cell) == len(shape) and all(0 <= i < n for i, n in zip(cell, shape, strict=True)))

    def _draw_cell(self, moment: Moment, value: int, cell: Cell) -> None:
        program = moment.program
        name = index_text(shown(program, value), cell)
        array = moment.value(value)
        self._expression = expression(program, value, cell)
        if array is None:
            self.title_label.setText(name)
            self._draw_not_yet(moment, value, cell)
            return
        self.title_label.setText(f"{name} = {exact(array[cell])}")
        if self._draw_warning(moment, value, cell):
            return
        marks = at_cell(moment.marks(value), cell, array.shape)
        if marks:
            self.note_label.setText("\n".join(sentences(marks)))
            ink(self.note_label, ink_of(marks[0].severity))
        axes = sample_axes(program, moment.shape)
        found = reason(
            program, value, cell, moment.value, moment.shape, iteration=moment.position.iteration, samples=moment.samples,
            most=self._most, axes=axes,
        )  # fmt: skip
        self._draw_origin(moment, found)
        self.arithmetic_label.setText(f"{name}:  {found.text}" if found.text else "")
        rounded = self.tr("≈ because the numbers on the left are shown rounded; the result is shown in full.")
        self.arithmetic_label.setToolTip(plain(rounded) if " ≈ " in found.text else "")
        if found.origin == "made":
            assert self._chain is not None
            self.chain_label.setText(self.stack.draw(moment, found, self._chain, axes, self._most))

    def _draw_not_yet(self, moment: Moment, value: int, cell: Cell | None) -> None:
        maker = moment.program.makers.get(value)
        if maker is None:
            self.made_label.setText(self.tr("Not known here."))
            return
        line = line_words(moment.program, moment.program.instructions[maker])
        if moment.fault is not None and maker >= moment.fault.instruction:
            self.made_label.setText(self.tr("Not computed: a line before it cannot run.\n{line}").format(line=line))
            return
        self.made_label.setText(self.tr("Not computed yet in this iteration. It will be by\n{line}").format(line=line))
        self._offer(self.tr("Go later, to where it is made"), moment.position.iteration, maker + 1, value, cell)

    def _draw_warning(self, moment: Moment, value: int, cell: Cell | None) -> bool:
        """Say of a number that was typed in, or is from before a change, that it is; its arithmetic would not add up."""
        typed, stale = is_typed(moment, value, cell), value in moment.stale
        if stale:
            words = self.tr("Out of date: this is from before your change. Step or run on to have it computed anew.")
            self.note_label.setText(f"{CLOCK} {words}")
        elif typed:
            self.note_label.setText(f"{PENCIL} " + self.tr("Changed by hand: this number was typed in."))
        ink(self.note_label, theme.current().error if stale else theme.current().text)
        return typed or stale

    def _draw_origin(self, moment: Moment, found: Reason) -> None:
        """Say what made a number, and offer the way there."""
        i, here = found.instruction, moment.position.iteration
        self.made_label.setText(origin_words(moment.program, found, here))
        if found.origin == "made" and i is not None and moment.k != i.index + 1:
            self._offer(self.tr("Go to where it was made"), here, i.index + 1, found.value, found.cell)
        elif found.origin == "before" and found.earlier is not None:
            k = moment.program.makers.get(found.earlier, -1) + 1
            words = self.tr("Go to where it was made, in iteration {n}").format(n=here - 1)
            self._offer(words, here - 1, k, found.earlier, found.cell)

    # --- parts of the view --------------------------------------------------------------------------

    def _offer(self, words: str, iteration: int, k: int, value: int, cell: Cell | None) -> None:
        self._target = (iteration, k, value, cell)
        self._go_words = words

    def _finish(self) -> None:
        """Show what has something to say, and nothing else."""
        self.stack.end()
        for label in (self.note_label, self.made_label, self.arithmetic_label, self.chain_label):
            label.setVisible(bool(label.text()))
        self.trail_bar.draw(self.trail)
        self.asks.draw(self.trail.here is not None, self._expression, self._go_words)
        ink(self.chain_label, theme.current().dim)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Backspace leads back."""
        if event.key() == Qt.Key.Key_Backspace:
            self.back()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_area"):
            self._use_fonts()

    def _use_fonts(self) -> None:
        base = QApplication.font()
        title = fonts.mono(base, 1)
        title.setBold(True)
        self.title_label.setFont(title)
        self.chain_label.setFont(fonts.sized(base, -1))

    def _lay_out(self) -> None:
        inside = QWidget(self)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(4)
        for label in (self.note_label, self.made_label, self.arithmetic_label, self.chain_label):
            column.addWidget(label)
        column.addWidget(self.stack)
        column.addStretch()
        self._area = QScrollArea(self)
        self._area.setWidget(inside)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 10, 6)
        box.setSpacing(4)
        box.addWidget(self.trail_bar)
        box.addWidget(self.title_label)
        box.addWidget(self._area, 1)
        box.addWidget(self.asks)


def _stop(moment: Moment, value: int | None, cell: Cell | None) -> Stop | None:
    if value is None or cell is None:
        return None
    return Stop(value, cell, index_text(shown(moment.program, value), cell), moment.position.iteration, moment.k)
