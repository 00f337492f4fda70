"""The program as a graph of operations: forward left to right, each adjoint under its operation, updates below."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from core.program.graph import Graph
from core.program.graph_places import graph_of
from core.program.ir import Program
from core.session import Moment
from stepper import theme
from stepper.widgets.elided import ElidedLabel
from stepper.widgets.graph_canvas import GraphCanvas
from stepper.widgets.graph_legend import GraphLegend
from stepper.widgets.graph_scene import Checker, GraphScene, phase_name
from stepper.widgets.tips import plain

STEP = 1.25


class GraphView(QWidget):
    """Draws a moment as a graph.

    `value_clicked` gives a value by its index (and no cell); `instruction_clicked` the index of the instruction after
    which a person wants to stand; `closed_clicked` a layer that is not stepped, by its name in the file.
    """

    value_clicked = Signal(object, object)
    instruction_clicked = Signal(int)
    closed_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Graph of operations"))
        self._moment: Moment | None = None
        self._graphs: tuple[Program, dict[bool, Graph]] | None = None
        self._check = Checker()
        self._build()

    def draw(self, moment: Moment) -> None:
        """Draw a moment."""
        if self._graphs is None or self._graphs[0] is not moment.program:
            self._graphs = (moment.program, {})
            self._check = Checker()
        self._moment = moment
        compound = any(s.last - s.first > 1 for s in moment.program.statements)
        self.unfold.setVisible(compound)
        known, unfolded = self._graphs[1], compound and self.unfold.isChecked()
        if unfolded not in known:
            known[unfolded] = graph_of(moment.program, unfolded)
        graph = known[unfolded]
        empty = not graph.nodes
        self._stack.setCurrentIndex(0 if empty else 1)
        for part in (self.legend, self.smaller, self.whole, self.bigger):
            part.setVisible(not empty)
        scene = GraphScene(moment, graph, self._check)
        self.legend.draw(bool(moment.stale), bool(moment.edited), bool(scene.path), scene.all_marks, bool(moment.closed))
        self._say(moment)
        self.canvas.show_scene(None if empty else scene)

    def sizeHint(self) -> QSize:
        """Room for a small network."""
        return QSize(900, 420)

    def _build(self) -> None:
        self.caption = ElidedLabel(self)
        self.caption.setAccessibleName(self.tr("What the last step did"))
        self.unfold = self._button(self.tr("every operation"), self.tr("Show each operation of a line as a box of its own"))
        self.unfold.setCheckable(True)
        self.unfold.toggled.connect(self._on_unfold)
        self.smaller = self._button("−", self.tr("Zoom out (−)"))
        self.smaller.clicked.connect(self._on_smaller)
        self.whole = self._button(self.tr("fit"), self.tr("Show the whole graph (0)"))
        self.whole.clicked.connect(self._on_whole)
        self.bigger = self._button("+", self.tr("Zoom in (+)"))
        self.bigger.clicked.connect(self._on_bigger)
        self.hint = QLabel(self.tr("There is no operation to draw yet. Write a line under # forward, such as Z1 = W1 @ X."), self)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setAccessibleName(self.tr("Why there is no graph"))
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.canvas = GraphCanvas(self)
        self.canvas.node_chosen.connect(self._on_chosen)
        self.canvas.node_entered.connect(self._on_entered)
        self.canvas.closed_chosen.connect(self.closed_clicked)
        self.legend = GraphLegend(self)
        top = QHBoxLayout()
        top.addWidget(self.caption, 1)
        for part in (self.unfold, self.smaller, self.whole, self.bigger):
            top.addWidget(part)
        body = QWidget(self)
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.hint)
        self._stack.addWidget(self.canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(3)
        layout.addLayout(top)
        layout.addWidget(body, 1)
        layout.addWidget(self.legend)

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(plain(tip))
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        return button

    def _say(self, moment: Moment) -> None:
        lit, colours = moment.lit, theme.current()
        if lit is not None:
            phase = moment.program.phase_of(lit.index)
            text = self.tr("{sign} {phase}: {operation}")
            text = text.format(sign=theme.PHASE_SIGN[phase], phase=phase_name(phase), operation=lit.text)
            colour = colours.phases[phase]
        elif moment.upcoming is not None:
            text = self.tr("Nothing is computed yet in this iteration. Next: {operation}").format(operation=moment.upcoming.text)
            colour = colours.dim
        else:
            text, colour = "", colours.dim
        self.caption.setText(text)
        self.caption.setToolTip(plain(text))
        for label, shade in ((self.caption, colour), (self.hint, colours.dim)):
            palette = label.palette()
            palette.setColor(label.foregroundRole(), QColor(shade))
            label.setPalette(palette)

    @Slot(bool)
    def _on_unfold(self, _: bool) -> None:
        if self._moment is not None:
            self.draw(self._moment)

    @Slot()
    def _on_smaller(self) -> None:
        self.canvas.zoom_by(1 / STEP)

    @Slot()
    def _on_bigger(self) -> None:
        self.canvas.zoom_by(STEP)

    @Slot()
    def _on_whole(self) -> None:
        self.canvas.fit()

    @Slot(int)
    def _on_chosen(self, node: int) -> None:
        graph = self._graph()
        if graph is not None:
            self.value_clicked.emit(graph.nodes[node].value, None)

    @Slot(int)
    def _on_entered(self, node: int) -> None:
        graph = self._graph()
        if graph is not None and not graph.nodes[node].given:
            self.instruction_clicked.emit(graph.nodes[node].last - 1)

    def _graph(self) -> Graph | None:
        """Return the graph that is shown."""
        if self._graphs is None or self._moment is None:
            return None
        known = self._graphs[1]
        return known.get(self.unfold.isChecked(), known.get(False))
