"""How well-conditioned is each layer? Condition numbers, singular values, gradients through depth, steps, closed units."""

from __future__ import annotations

import math

from PySide6.QtCore import QElapsedTimer, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from core.health.conditioning import Matrix, Row, condition_of, extremes_of, limit_of, rows_of
from core.health.measures import Measure
from core.health.spectrum import Spectrum, known, spectrum, work
from core.program.ir import Program
from core.session import Moment
from stepper import theme
from stepper.widgets import fonts, page
from stepper.widgets.layer_table import Field, LayerTable
from stepper.widgets.log_bars import Bar, LogBars
from stepper.widgets.numbers import percent, short, size_text
from stepper.widgets.page import Page

COLUMNS = ("condition", "input condition", "largest", "smallest", "gradient", "update", "bias update", "saturated", "dead")
AT_ONCE = 1e6
"""Work of all singular values, in multiplications, that fits into the drawing of a step: a millisecond or two."""
PAUSE = 500
WIDE = 620
DIGITS = 3


class ConditioningView(QWidget):
    """Shows the numbers of each layer at a moment. `value_clicked` names the value that a chosen number is of.

    Singular values that take long are computed one matrix at a time when the window is idle, and in a run twice a second.
    """

    value_clicked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Conditioning of the layers"))
        self._moment: Moment | None = None
        self._program: Program | None = None
        self._rows: tuple[Row, ...] = ()
        self._cells: list[dict[str, Measure]] = []
        self._followed: int | None = None
        self._spectra: dict[tuple[int, str], tuple[int, Spectrum]] = {}
        self._waiting: list[tuple[tuple[int, str], int, Matrix]] = []
        self._may_compute = True
        self._left = 0.0
        self._clock = QElapsedTimer()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._compute_next)
        self.status = QLabel(self)
        self.status.setTextFormat(Qt.TextFormat.PlainText)
        self.status.setWordWrap(True)
        self.table = LayerTable(self.tr("Layers and their numbers"), self)
        self.table.chosen.connect(self._on_chosen)
        self.words = Page(self.tr("What the chosen number means"), self)
        self.words.link_clicked.connect(self._on_link)
        self.words.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.spectrum = LogBars(self)
        self.slopes = LogBars(self)
        self._plots = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._plots.setSpacing(8)
        self._plots.addWidget(self.spectrum, 1)
        self._plots.addWidget(self.slopes, 1)
        inside = QWidget(self)
        stack = QVBoxLayout(inside)
        stack.setContentsMargins(8, 6, 8, 6)
        stack.setSpacing(6)
        stack.addWidget(self.status)
        stack.addWidget(self.table, 0, Qt.AlignmentFlag.AlignLeft)
        stack.addWidget(self.words)
        stack.addLayout(self._plots, 1)
        self.area = QScrollArea(self)
        self.area.setWidget(inside)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area)
        self.setFocusProxy(self.table)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for widget in (self, inside):
            page.panel(widget)

    def sizeHint(self) -> QSize:
        return QSize(560, 520)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 180)

    def draw(self, moment: Moment) -> None:
        """Show a moment, with the singular values that are known or quickly computed; the others follow."""
        if moment.program is not self._program:
            self._program = moment.program
            self._spectra.clear()
            self._followed = None
        self._moment = moment
        self._waiting.clear()
        self._may_compute = not moment.running or not self._clock.isValid() or self._clock.elapsed() >= PAUSE
        self._left = AT_ONCE
        self._rows = rows_of(moment.program, moment.value, moment.shape)
        self._cells = [self._measures(n, row) for n, row in enumerate(self._rows)]
        if self._may_compute:
            self._clock.start()
        for widget in (self.table, self.words, self.spectrum, self.slopes):
            widget.setVisible(bool(self._rows))
        self._say_status(moment)
        if self._rows:
            self._show_table()
            self._follow(moment)
            self._show_chosen()
            self._show_depth()
        if self._waiting:
            self._soon.start()

    # --- singular values ------------------------------------------------------------------------

    def _measures(self, n: int, row: Row) -> dict[str, Measure]:
        found: dict[str, Measure] = {}
        weight = self._spectrum((n, "weight"), row.weight)
        if weight is not None:
            found["condition"] = condition_of(row.weight, weight)
            found["largest"], found["smallest"] = extremes_of(row.weight, weight)
        into = None if row.input is None else self._spectrum((n, "input"), row.input)
        if row.input is not None and into is not None:
            found["input condition"] = condition_of(row.input, into)
        every = (row.gradient, row.update, row.bias_update, row.saturated, row.dead)
        return found | {m.kind: m for m in every if m is not None}

    def _spectrum(self, key: tuple[int, str], matrix: Matrix) -> Spectrum | None:
        """Return the newest singular values that there are of a matrix, and have newer ones computed if it is time."""
        assert self._moment is not None
        if matrix.array is None:
            self._spectra.pop(key, None)
            return None
        now = self._moment.position.iteration
        found = known(matrix.array, matrix.unit_axis)
        if found is None and self._may_compute:
            cost = work(matrix.array, matrix.unit_axis)
            if cost <= self._left:
                self._left -= cost
                found = spectrum(matrix.array, matrix.unit_axis)
            else:
                self._waiting.append((key, now, matrix))
        if found is not None:
            self._spectra[key] = (now, found)
        kept = self._spectra.get(key)
        return None if kept is None else kept[1]

    @Slot()
    def _compute_next(self) -> None:
        """Take one matrix apart; between two of them the window stays alive."""
        if not self._waiting or not self.isVisible():
            return
        key, iteration, matrix = self._waiting.pop(0)
        if matrix.array is not None:
            self._spectra[key] = (iteration, spectrum(matrix.array, matrix.unit_axis))
        if self._waiting:
            self._soon.start()
        elif self._moment is not None and not self._moment.running:
            self.draw(self._moment)

    # --- what is shown --------------------------------------------------------------------------

    def _say_status(self, moment: Moment) -> None:
        said: list[str] = []
        if not self._rows:
            said.append(self.tr("There is no layer here: no matrix of parameters that the loss depends on."))
        if self._waiting:
            said.append(self.tr("Singular values are being computed …"))
        if moment.stale.intersection(m.value for cells in self._cells for m in cells.values() if m.value is not None):
            said.append(self.tr("⚠ Out of date: a number was changed by hand; step or run to compute this again."))
        times = {i for i, _ in self._spectra.values()} - {moment.position.iteration}
        if times:
            said.append(self.tr("Singular values as of iteration {n}.").format(n=max(times)))
        self.status.setText(" ".join(said))
        self.status.setVisible(bool(said))

    def _headings(self) -> list[tuple[str, str]]:
        return [
            (self.tr("κ weights"), self.tr("Condition number of the weights: largest singular value / smallest")),
            (self.tr("κ input"), self.tr("Condition number of what comes into the layer, for this batch")),
            (self.tr("σ largest"), self.tr("Largest singular value of the weights: how much they stretch at most")),
            (self.tr("σ smallest"), self.tr("Smallest singular value of the weights: how much they stretch at least")),
            (self.tr("‖gradient‖"), self.tr("Length of the gradient of the weights")),
            (self.tr("step / weights"), self.tr("Length of the update, as a share of the length of the weights")),
            (self.tr("step / bias"), self.tr("Length of the update, as a share of the length of the bias")),
            (self.tr("saturated"), self.tr("Share of the units that are saturated on most samples of this batch")),
            (self.tr("dead"), self.tr("Share of the units that are 0 on every sample of this batch")),
        ]

    def _show_table(self) -> None:
        names = [
            self.tr("layer {n} · {name}").format(n=row.layer, name=row.weight.name) if row.layer else row.weight.name
            for row in self._rows
        ]
        fields = [[self._field(n, kind) for kind in COLUMNS] for n in range(len(self._rows))]
        everywhere = {kind for cells in self._cells for kind in cells}
        kinds = ("bias update", "saturated", "dead")
        hidden = [COLUMNS.index(kind) for kind in kinds if kind not in everywhere]
        self.table.show_fields(self._headings(), names, fields, hidden)

    def _field(self, row: int, kind: str) -> Field:
        measure = self._cells[row].get(kind)
        if measure is None:
            waiting = any(key == (row, "input" if kind == "input condition" else "weight") for key, _, _ in self._waiting)
            matrix = self._rows[row].input if kind == "input condition" else self._rows[row].weight
            if waiting:
                return Field("…", self.tr("This is being computed."), dim=True)
            if kind in COLUMNS[:4] and matrix is not None:
                return Field("–", self.tr("{name} is not computed yet in this iteration.").format(name=matrix.name), dim=True)
            return Field()
        tip = "\n".join(filter(None, (measure.meaning, measure.problem, measure.limit)))
        if measure.number is None:
            text = f"{measure.glyph} {self.tr('NaN or ∞')}" if measure.glyph else "–"
        elif kind in ("saturated", "dead") and math.isfinite(measure.number):
            text = f"{measure.glyph} {percent(measure.number)}".strip()
        else:
            text = f"{measure.glyph} {short(measure.number, DIGITS)}".strip()
        return Field(text, tip, bool(measure.problem), measure.number is None and not measure.glyph)

    def _follow(self, moment: Moment) -> None:
        """Go to the matrix that is selected elsewhere; begin with the first one."""
        selected = moment.selection.value
        row, column = self.table.currentRow(), self.table.currentColumn()
        if not 0 <= row < len(self._rows) or self.table.isColumnHidden(max(column, 0)):
            self.table.go_to(0, 0)
        if selected == self._followed:
            return
        self._followed = selected
        at = self._measure_at(self.table.currentRow(), self.table.currentColumn())
        if selected is None or (at is not None and at.value == selected):
            return
        for n, cells in enumerate(self._cells):
            for c, kind in enumerate(COLUMNS):
                if kind in cells and cells[kind].value == selected:
                    self.table.go_to(n, c)
                    return

    def _measure_at(self, row: int, column: int) -> Measure | None:
        return self._cells[row].get(COLUMNS[column]) if 0 <= row < len(self._cells) and column >= 0 else None

    def _show_chosen(self) -> None:
        """Show the words of the chosen number and the singular values of the chosen matrix."""
        row, column = self.table.currentRow(), self.table.currentColumn()
        measure, t = self._measure_at(row, column), theme.current()
        blocks: list[str] = []
        if measure is not None:
            if measure.meaning not in measure.problem:
                blocks.append(page.words(measure.meaning))
            if measure.problem:
                blocks.append(page.words(f"{measure.glyph} {measure.problem}", t.error, bold=True))
            if measure.limit:
                blocks.append(page.labelled(self.tr("Limit:"), measure.limit))
        else:
            blocks.append(page.words(self._field(row, COLUMNS[column]).tip or self.tr("There is no such number for this layer.")))
        beyond = [(n, c, m) for n, cells in enumerate(self._cells) for c, kind in enumerate(COLUMNS)
                  if (m := cells.get(kind)) is not None and m.problem and m is not measure]  # fmt: skip
        if beyond:
            blocks.append(page.heading(self.tr("Also beyond its limit"), t.error))
            blocks += [page.line_of(page.link(f"{n},{c}", f"{m.glyph} {m.problem}")) for n, c, m in beyond]
        self.words.show_page(blocks, (row, column))
        lines = self.words.document().clone(self)
        lines.setTextWidth(max(self.words.viewport().width(), 100))
        self.words.setFixedHeight(min(round(lines.size().height()) + 4, round(190 * max(1.0, fonts.zoom()))))
        lines.deleteLater()
        self._show_spectrum(row, "input" if COLUMNS[column] == "input condition" else "weight")

    def _show_spectrum(self, row: int, which: str) -> None:
        matrix = self._rows[row].input if which == "input" else self._rows[row].weight
        kept = self._spectra.get((row, which))
        if matrix is None or kept is None:
            title = (
                self.tr("Singular values") if matrix is None else self.tr("Singular values of {name}").format(name=matrix.name)
            )
            self.spectrum.show_bars(title, (), None, self._field(row, COLUMNS[which == "input"]).tip)
            return
        found = kept[1]
        title = self.tr("Singular values of {name} ({size}), largest first")
        title = title.format(name=matrix.name, size=size_text(found.shape))
        limit = limit_of(found.dtype)
        bars = [self._bar(found, n, x) for n, x in enumerate(found.values)]
        line = (found.largest / limit, self.tr("below: κ > {limit}").format(limit=short(limit, DIGITS)))
        self.spectrum.show_bars(title, bars, line if found.rank else None, found.problem)

    def _bar(self, found: Spectrum, place: int, number: float) -> Bar:
        count = len(found.values)
        if found.is_zero(place):
            words = self.tr("{n} of {count}: 0 but for rounding").format(n=place + 1, count=count)
            return Bar(str(place + 1), 0.0, words, marked=True)
        words = self.tr("{n} of {count}: {number}, which is {share} of the largest")
        share = percent(number / found.largest) if number > 1e-3 * found.largest else short(number / found.largest, DIGITS)
        return Bar(str(place + 1), number, words.format(n=place + 1, count=count, number=short(number), share=share))

    def _show_depth(self) -> None:
        bars: list[Bar] = []
        for row in self._rows:
            label = str(row.layer) if row.layer else row.name
            for n, m in enumerate((row.gradient, row.adjoint)):
                if m is not None:
                    bars.append(Bar("" if n else label, m.number, m.meaning, hatched=n == 1, marked=bool(m.problem)))
        known_yet = any(b.number is not None for b in bars)
        title = self.tr("‖gradient‖ by layer: ■ weights, ▨ sums")
        empty = self.tr("No gradient is computed yet in this iteration.")
        self.slopes.show_bars(title, bars if known_yet else (), None, empty)

    # --- what a person does ---------------------------------------------------------------------

    @Slot(int, int)
    def _on_chosen(self, row: int, column: int) -> None:
        if not 0 <= row < len(self._rows):
            return
        self._show_chosen()
        measure, kind = self._measure_at(row, column), COLUMNS[column]
        matrix = self._rows[row].input if kind == "input condition" else self._rows[row].weight
        value = measure.value if measure is not None and measure.value is not None else None if matrix is None else matrix.value
        if value is not None:
            self._followed = value
            self.value_clicked.emit(value, None)

    @Slot(str)
    def _on_link(self, target: str) -> None:
        row, _, column = target.partition(",")
        self.table.go_to(int(row), int(column))
        self._on_chosen(int(row), int(column))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the plots beside each other where there is room."""
        super().resizeEvent(event)
        wide = self.width() >= WIDE * max(1.0, fonts.zoom())
        self._plots.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        if self._rows:
            self._show_chosen()
