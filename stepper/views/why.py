"""Why this number? What made it, with which numbers, and on from there, back to the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QKeySequence, QPalette, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.explain.moving import index_text
from core.explain.reasons import MOST_SHOWN, Reason, expression, notable, reason
from core.explain.sample_shares import by_sample, shares
from core.explain.samples import sample_axes
from core.gradient_parts import Chain, GradientParts
from core.program.ir import Instruction, Phase
from core.session import Moment
from stepper import theme
from stepper.models.why_rows import WhyRow
from stepper.widgets import fonts, numbers
from stepper.widgets.grid import CLOCK, PENCIL
from stepper.widgets.names import shown
from stepper.widgets.tips import plain
from stepper.widgets.why_table import WhyTable
from stepper.widgets.why_terms import notable_rows, operand_rows, sample_rows, term_rows, way_rows

MOST_ALL = 2000
MOST_TABLES = 6
SIDE_BY_SIDE = 430
Cell = tuple[int, ...]


@dataclass(frozen=True)
class _Stop:
    """A number that one came by: its value and cell, its name, and where in time it was looked at."""

    value: int
    cell: Cell
    name: str
    iteration: int
    k: int
    jumped: bool = False


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
        self._trail: list[_Stop] = []
        self._here: _Stop | None = None
        self._going: tuple[int, Cell] | None = None
        self._most = MOST_SHOWN
        self._target: tuple[int, int, int, Cell] | None = None
        self._asked = ""
        self.back_button = QToolButton(self)
        self.back_button.setText(self.tr("◂ back"))
        self.back_button.setToolTip(plain(self.tr("To the number that you came from (Backspace)")))
        self.back_button.setAccessibleName(self.tr("back to the number that you came from"))
        self.back_button.clicked.connect(self.back)
        key = QShortcut(QKeySequence(Qt.Key.Key_Backspace), self)
        key.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        key.activated.connect(self.back)
        self.trail_label = self._label(self.tr("how you came here"))
        self.title_label = self._label(self.tr("the number"), wrap=True)
        self.note_label = self._label(self.tr("what to know of it"), wrap=True)
        self.made_label = self._label(self.tr("what made it"), wrap=True)
        self.arithmetic_label = self._label(self.tr("its arithmetic"), wrap=True)
        self.chain_label = self._label(self.tr("upstream and local"), wrap=True)
        self.headings: list[QLabel] = []
        self.tables: list[WhyTable] = []
        self.go_button = self._button("", self._on_go)
        self.plot_button = self._button(self.tr("When did it change?"), self._on_plot)
        self.plot_button.setToolTip(plain(self.tr("Plot this number over the iterations.")))
        self.stop_button = self._button(self.tr("Stop when it changes"), self._on_stop)
        self.stop_button.setToolTip(plain(self.tr("Set a breakpoint: a run stops as soon as this number changes.")))
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
            self._trail, self._going, self._here = [], None, None
        self._moment = moment
        if self._chain is None or self._chain.program is not moment.program:
            self._chain = Chain(moment.program, moment.shape)
        value, cell = moment.selection.value, moment.selection.cell
        if value is not None and value >= len(moment.program.values):
            value = None
        if cell is None and value is not None and moment.shape(value) == ():
            cell = ()
        self._note_way(moment, value, cell)
        self._target, self._asked = None, ""
        self._used = 0
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
        if not self._trail:
            return
        stop = self._trail.pop()
        self._here, self._going = None, (stop.value, stop.cell)
        if stop.jumped:
            self.place_wanted.emit(stop.iteration, stop.k)
        self.value_clicked.emit(stop.value, stop.cell)

    @Slot(object, object)
    def follow(self, value: int, cell: Cell) -> None:
        """Select a number that this one was made of, and remember the way."""
        self._leave(value, cell, jumped=False)
        self.value_clicked.emit(value, cell)

    @Slot()
    def _on_go(self) -> None:
        if self._target is None:
            return
        iteration, k, value, cell = self._target
        self._leave(value, cell, jumped=True)
        self.place_wanted.emit(iteration, k)
        self.value_clicked.emit(value, cell)

    def _leave(self, value: int, cell: Cell, jumped: bool) -> None:
        here = self._here
        if here is not None and (jumped or (here.value, here.cell) != (value, cell)):
            self._trail.append(_Stop(here.value, here.cell, here.name, here.iteration, here.k, jumped))
        self._going = (value, cell)

    def _note_way(self, moment: Moment, value: int | None, cell: Cell | None) -> None:
        """A number that was chosen elsewhere begins a new way."""
        at = None if value is None or cell is None else (value, cell)
        before = None if self._here is None else (self._here.value, self._here.cell)
        if at != before:
            self._most = MOST_SHOWN
            if at != self._going:
                self._trail = []
        if at is None or at == self._going:
            self._going = None
        self._here = None
        if at is not None:
            name = index_text(shown(moment.program, at[0]), at[1])
            self._here = _Stop(*at, name, moment.position.iteration, moment.k)

    @Slot()
    def _on_plot(self) -> None:
        if self._asked:
            self.plot_wanted.emit(self._asked)

    @Slot()
    def _on_stop(self) -> None:
        if self._asked:
            self.stop_wanted.emit(self._asked)

    @Slot()
    def _on_more(self) -> None:
        self._most = MOST_ALL
        if self._moment is not None:
            self.draw(self._moment)

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
            self._draw_not_yet(moment, value, ())
            return
        self._draw_stale(moment, value)
        self.made_label.setText(self.tr("Choose one of its numbers: click a cell of a matrix, or one of these."))
        self._table("", [""] * 2, notable_rows(label, value, array, notable(array)))

    def _exists(self, moment: Moment, value: int, cell: Cell) -> bool:
        array = moment.value(value)
        shape = moment.shape(value) if array is None else array.shape
        return shape is None or (len(cell) == len(shape) and all(0 <= i < n for i, n in zip(cell, shape, strict=True)))

    def _draw_cell(self, moment: Moment, value: int, cell: Cell) -> None:
        program = moment.program
        name = index_text(shown(program, value), cell)
        array = moment.value(value)
        self._asked = expression(program, value, cell) or ""
        if array is None:
            self.title_label.setText(name)
            self._draw_not_yet(moment, value, cell)
            return
        self.title_label.setText(f"{name} = {numbers.full(array[cell]).replace('-', '−')}")
        if self._draw_edited(moment, value, cell):
            return
        if self._draw_stale(moment, value):
            return  # what it was made of has changed since: its arithmetic would not add up
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
            self._draw_parts(moment, found, axes)

    def _draw_parts(self, moment: Moment, found: Reason, axes: dict[int, int]) -> None:
        """Show upstream × local of a gradient, the terms of a sum, the operands, what each sample adds: what says something new."""
        program, sample = moment.program, moment.selection.sample
        assert self._chain is not None
        parts = self._chain.parts(found.value, found.cell, moment.value, axes, moment.samples, self._most)
        if parts is not None:
            self._draw_ways(moment, parts)
        said = parts is not None and len(parts.ways) == 1 and found.sum is not None and parts.ways[0].sum.count == found.sum.count
        sampled = parts is not None and len(parts.ways) == 1 and parts.ways[0].sum.by_sample
        if found.sum is not None and not said:
            sampled = sampled or found.sum.by_sample
            heading = self.tr("Its {n} terms, the largest first") if found.sum.count > 1 else self.tr("Its one term")
            self._table(heading.format(n=found.sum.count), *term_rows(program, found.sum, sample))
        elif found.sum is None and found.operands:
            self._table(self.tr("Made of"), *operand_rows(found))
        backward = found.instruction is not None and program.phase_of(found.instruction.index) in ("backward", "loss")
        share = shares(program, found.value, found.cell, moment.value, axes) if backward and not sampled else None
        if share is not None:
            heading = self.tr("What each of the {n} samples adds").format(n=share.numbers.size)
            self._table(heading, *sample_rows(by_sample(share, moment.samples, self._most), sample))

    def _draw_ways(self, moment: Moment, parts: GradientParts) -> None:
        program = moment.program
        of = index_text(program.values[parts.of].label, parts.cell)
        loss = "L" if program.loss is None else program.values[program.loss].label
        for n, way in enumerate(parts.ways[: MOST_TABLES - 2]):
            through = program.values[way.forward.result].label
            heading = self.tr("How {loss} feels {number}, through  {line}").format(loss=loss, number=of, line=way.forward.text)
            tip = self.tr(
                "upstream: how the loss changes as {through} does\nlocal: how {through} changes as {number} does\n"
                "Their product, added up over all cells that {number} goes into, is how the loss changes as {number} does."
            )
            self._table(heading, *way_rows(program, way, moment.selection.sample), tip=tip.format(through=through, number=of))
            if not n:
                words = self.tr("upstream: how {loss} changes as {through} does · local: how {through} changes as {number} does")
                self.chain_label.setText(words.format(loss=loss, through=through, number=of))

    def _draw_not_yet(self, moment: Moment, value: int, cell: Cell) -> None:
        maker = moment.program.makers.get(value)
        if maker is None:
            self.made_label.setText(self.tr("Not known here."))
            return
        instruction = moment.program.instructions[maker]
        fault = moment.fault
        if fault is not None and maker >= fault.instruction:
            self.made_label.setText(
                self.tr("Not computed: a line before it cannot run.\n{line}").format(line=self._line(moment, instruction))
            )
            return
        self.made_label.setText(
            self.tr("Not computed yet in this iteration. It will be by\n{line}").format(line=self._line(moment, instruction))
        )
        self._offer(self.tr("Go later, to where it is made"), moment.position.iteration, maker + 1, value, cell)

    def _draw_stale(self, moment: Moment, value: int) -> bool:
        if value not in moment.stale:
            return False
        self.note_label.setText(
            f"{CLOCK} " + self.tr("Out of date: this number is from before your change. Step or run on to have it computed anew.")
        )
        _ink(self.note_label, theme.current().error)
        return True

    def _draw_edited(self, moment: Moment, value: int, cell: Cell) -> bool:
        cells = moment.edited.get(value)
        if cells is None or (cells and cell not in cells):
            return False
        self.note_label.setText(f"{PENCIL} " + self.tr("Changed by hand: this number was typed in."))
        _ink(self.note_label, theme.current().text)
        return True

    def _draw_origin(self, moment: Moment, found: Reason) -> None:
        """Say what made a number, and offer the way there."""
        program, i = moment.program, found.instruction
        name = program.values[found.value].name
        here = moment.position.iteration
        words = {
            "first": self.tr("The first value of {name}, from line {line}: where the learning starts.").format(name=name, line=found.line),
            "data": self.tr("Given under # data, line {line}.").format(line=found.line),
            "given": self.tr("Given under # parameters, line {line}: a number that is chosen, not learned.").format(line=found.line),
            "iteration": self.tr("The number of this iteration."),
            "size": self.tr("How many samples this batch has."),
        }  # fmt: skip
        if found.origin == "made" and i is not None:
            self.made_label.setText(self._line(moment, i))
            if moment.k != i.index + 1:
                self._offer(self.tr("Go to where it was made"), here, i.index + 1, found.value, found.cell)
        elif found.origin == "before" and found.earlier is not None:
            text = self.tr("From iteration {n}: what its update left in {name}.").format(n=here - 1, name=name)
            self.made_label.setText(text if i is None else f"{text}\n{self._line(moment, i)}")
            k = program.makers.get(found.earlier, -1) + 1
            self._offer(
                self.tr("Go to where it was made, in iteration {n}").format(n=here - 1), here - 1, k, found.earlier, found.cell
            )
        else:
            text = words[found.origin]
            if found.sample is not None:
                text += " " + self.tr("It belongs to sample {n}.").format(n=found.sample)
            self.made_label.setText(text)

    def _line(self, moment: Moment, i: Instruction) -> str:
        phase = moment.program.phase_of(i.index)
        n = moment.program.statements[i.statement].line
        return self.tr("{sign} {phase}, line {n}:  {text}").format(
            sign=theme.PHASE_SIGN[phase], phase=self._phase_name(phase), n=n, text=i.text
        )

    def _phase_name(self, phase: Phase) -> str:
        return {
            "forward": self.tr("forward"), "loss": self.tr("loss"), "backward": self.tr("backward"),
            "update": self.tr("update"), "predict": self.tr("predict"),
        }[phase]  # fmt: skip

    # --- parts of the view --------------------------------------------------------------------------

    def _offer(self, words: str, iteration: int, k: int, value: int, cell: Cell) -> None:
        self._target = (iteration, k, value, cell)
        self.go_button.setText(words)

    def _table(self, heading: str, headings: Sequence[str], rows: Sequence[WhyRow], tip: str = "") -> None:
        at, self._used = self._used, self._used + 1
        while len(self.tables) <= at:
            self._add_table()
        self.headings[at].setText(heading)
        self.headings[at].setToolTip(plain(tip))
        self.headings[at].setVisible(bool(heading))
        self.tables[at].setAccessibleName(heading or self.tr("numbers to choose from"))
        self.tables[at].setVisible(True)
        self.tables[at].set_rows(headings, rows)

    def _add_table(self) -> None:
        heading = self._label(self.tr("heading"), wrap=True)
        heading.setFont(fonts.sized(QApplication.font(), 0, bold=True))
        table = WhyTable(self.tr("numbers"), self)
        table.followed.connect(self.follow)
        table.sample_chosen.connect(self.sample_clicked)
        table.more_wanted.connect(self._on_more)
        if self.tables:
            QWidget.setTabOrder(self.tables[-1], table)
        self.headings.append(heading)
        self.tables.append(table)
        self._inner.addSpacing(4)
        self._inner.addWidget(heading)
        self._inner.addWidget(table)

    def _finish(self) -> None:
        """Show what has something to say, and nothing else."""
        for heading, table in zip(self.headings[self._used :], self.tables[self._used :], strict=True):
            heading.hide()
            table.hide()
        for label in (self.note_label, self.made_label, self.arithmetic_label, self.chain_label):
            label.setVisible(bool(label.text()))
        self.back_button.setVisible(bool(self._trail))
        self.trail_label.setVisible(bool(self._trail))
        _ink(self.chain_label, theme.current().dim)
        _ink(self.trail_label, theme.current().dim)
        self._write_trail()
        self.go_button.setVisible(self._target is not None)
        chosen = self._here is not None
        self.plot_button.setVisible(chosen)
        self.stop_button.setVisible(chosen)
        nameless = "" if self._asked else self.tr("A part of a line has no name of its own that could be asked for.")
        for button in (self.plot_button, self.stop_button):
            button.setEnabled(bool(self._asked))
            button.setStatusTip(nameless)

    def _write_trail(self) -> None:
        text = " › ".join(stop.name for stop in self._trail)
        metrics = QFontMetrics(self.trail_label.font())
        self.trail_label.setText(
            metrics.elidedText(text + " ›", Qt.TextElideMode.ElideLeft, max(self.trail_label.width(), 40)) if text else ""
        )
        self.trail_label.setToolTip(plain(text))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stand buttons below each other where the room is narrow."""
        super().resizeEvent(event)
        wide = event.size().width() >= SIDE_BY_SIDE
        self._buttons.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._write_trail()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_inner"):
            self._use_fonts()

    def _use_fonts(self) -> None:
        base = QApplication.font()
        title = fonts.mono(base, 1)
        title.setBold(True)
        self.title_label.setFont(title)
        self.trail_label.setFont(fonts.mono(base, -1))
        self.chain_label.setFont(fonts.sized(base, -1))
        for heading in self.headings:
            heading.setFont(fonts.sized(base, 0, bold=True))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.back_button)
        head.addWidget(self.trail_label, 1)
        self.trail_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        inside = QWidget(self)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(4)
        for label in (self.note_label, self.made_label, self.arithmetic_label, self.chain_label):
            column.addWidget(label)
        self._inner = QVBoxLayout()
        self._inner.setSpacing(2)
        column.addLayout(self._inner)
        column.addStretch()
        self.scroll = QScrollArea(self)
        self.scroll.setWidget(inside)
        self.scroll.setWidgetResizable(True)
        self.scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._buttons = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._buttons.setSpacing(4)
        for button in (self.go_button, self.plot_button, self.stop_button):
            self._buttons.addWidget(button)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 10, 6)
        box.setSpacing(4)
        box.addLayout(head)
        box.addWidget(self.title_label)
        box.addWidget(self.scroll, 1)
        box.addLayout(self._buttons)
        self._used = 0

    def _label(self, name: str, wrap: bool = False) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAccessibleName(name)
        label.setWordWrap(wrap)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _button(self, text: str, slot: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        return button


def _ink(label: QLabel, colour: str) -> None:
    palette = QPalette()  # an empty one, so that all other roles follow the theme
    palette.setColor(QPalette.ColorRole.WindowText, QColor(colour))
    label.setPalette(palette)
