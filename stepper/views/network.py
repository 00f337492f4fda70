"""The network as neurons and weights: what the step just taken reads and writes is lit, its flow is shown."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from core.files.saved import Layer
from core.program.ir import Array, Program
from core.program.network import Network, network_of
from core.session import Moment, Selection
from stepper import theme
from stepper.models import closed_words
from stepper.models.closed_words import parted
from stepper.widgets import fonts
from stepper.widgets.elided import ElidedLabel
from stepper.widgets.net_bar import NetBar
from stepper.widgets.net_canvas import NetCanvas
from stepper.widgets.net_entries import entries
from stepper.widgets.net_items import Item
from stepper.widgets.net_legend import NetLegend
from stepper.widgets.net_scene import Scene, samples_of
from stepper.widgets.net_words import words_of
from stepper.widgets.numbers import finite_extent
from stepper.widgets.tips import plain

NARROW = 720


class NetworkView(QWidget):
    """Draws a moment as a network; `value_clicked` gives the value (by index) and the cell that was clicked.

    `sample_clicked` gives the sample that was chosen, by its index in the data, None for all of the batch; `closed_clicked` a
    layer that is not stepped, by its name in the file.
    """

    value_clicked = Signal(object, object)
    sample_clicked = Signal(object)
    closed_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Network"))
        self._moment: Moment | None = None
        self._program: Program | None = None
        self._network: Network | None = None
        self._scene: Scene | None = None
        self._selection = Selection()
        self._tracks: object = None
        self._sample_seen: tuple[object, object] = (None, None)
        self._scales: dict[str, float] = {}
        self._measured: dict[int, tuple[Array, float]] = {}
        self._build()

    def draw(self, moment: Moment) -> None:
        """Draw a moment."""
        self._moment = moment
        if moment.program is not self._program:
            self._program = moment.program
            self._network = network_of(moment.program, moment.shape)
            self._scales, self._measured = {}, {}
            if moment.tracks is None or moment.tracks is not self._tracks:  # else only its optimizer was changed
                self._sample_seen = (None, None)
                self.bar.show_place(0)
            self._tracks = moment.tracks
        network = self._network
        self._stack.setCurrentIndex(0 if network is None else 1)
        self.legend.setVisible(network is not None)
        if network is None:
            self._scene = None
            text = self.tr("There are no dense layers to draw: no line multiplies the data by a parameter, as in `Z1 = W1 @ X`.")
            if moment.closed:
                text += "\n" + closed_words.describe(moment.closed, moment.shapes)
            self.hint.setText(text)
            self.bar.setVisible(False)
            self.canvas.show_scene(None)
            self._say(moment)
            return
        self.bar.setVisible(True)
        self._offer_samples(network, moment)
        self._grow_scales(network, moment)
        self._show(network, moment)

    def scene(self) -> Scene | None:
        """Return what is shown now."""
        return self._scene

    def sizeHint(self) -> QSize:
        return QSize(900, 380)

    def _build(self) -> None:
        self.caption = ElidedLabel(self)
        self.caption.setAccessibleName(self.tr("What the last step did"))
        self.bar = NetBar(self)
        self.sample, self.of_samples = self.bar.sample, self.bar.of_samples
        self.bar.hide()
        self.bar.sample_changed.connect(self._on_sample)
        self.bar.edges_changed.connect(self._on_edges)
        self.hint = QLabel(self)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setText(self.tr("There is no program to step yet."))
        self.canvas = NetCanvas(self.describe, self)
        self.canvas.item_chosen.connect(self._choose)
        self.canvas.resized.connect(self._on_resize)
        self.legend = NetLegend(self)
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(2)
        self._top.addWidget(self.caption, 1)
        self._top.addWidget(self.bar)
        body = QWidget(self)
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.hint)
        self._stack.addWidget(self.canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(3)
        layout.addLayout(self._top)
        layout.addWidget(body, 1)
        layout.addWidget(self.legend)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put what can be chosen below the caption where there is no room beside it."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW * fonts.zoom()
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._top.direction() != way:
            self._top.setDirection(way)
        self.bar.set_room((self.width() - 16) / fonts.zoom())

    def _offer_samples(self, network: Network, moment: Moment) -> None:
        count, alone = samples_of(network, moment), ""
        total = moment.program.batching.total
        if count == 1 and total > 1 and len(moment.samples) == 1:
            at = int(moment.samples[0]) + 1
            alone = self.tr("sample {n} of {total} in the data").format(n=at, total=total)
        self.bar.offer(count, alone)
        wanted = None
        seen = (moment.selection.sample, moment.position.iteration)
        if seen != self._sample_seen:
            self._sample_seen = seen
            found = [] if seen[0] is None else np.flatnonzero(moment.samples == seen[0]).tolist()
            wanted = found[0] if found else None
        if (moment.selection.value, moment.selection.cell) != (self._selection.value, self._selection.cell):
            in_cell = self._scene_of(network, moment, 0).sample_of_selection()
            wanted = in_cell if in_cell is not None and self.bar.place is not None else wanted
        self._selection = moment.selection
        if wanted is not None and 0 <= wanted < count:
            self.bar.show_place(wanted)

    def _grow_scales(self, network: Network, moment: Moment) -> None:
        """Scales only grow while a program is open, so that a colour means the same from step to step."""
        for number, layer in enumerate(network.layers, 1):
            for name, kind in ((layer.weight, "weight"), (layer.bias, "bias")):
                if name is not None:
                    self._grow(kind, moment, moment.current(name))
                    self._grow(f"{kind} gradient", moment, moment.program.gradients.get(name))
            self._grow(f"units {number}", moment, layer.act.value)
        self._grow("units 0", moment, network.input.value)

    def _grow(self, scale: str, moment: Moment, value: int | None) -> None:
        array = None if value is None else moment.value(value)
        if value is None or array is None:
            return
        known = self._measured.get(value)
        if known is None or known[0] is not array:
            known = self._measured[value] = (array, nice(finite_extent(array)))
        self._scales[scale] = max(self._scales.get(scale, 0.0), known[1])

    def _scene_of(self, network: Network, moment: Moment, sample: int | None) -> Scene:
        scales = self._scales
        return Scene(
            moment, network, sample, scales.get("weight", 0.0),
            tuple(scales.get(f"units {c}", 0.0) for c in range(len(network.layers) + 1)), scales.get("bias", 0.0),
            self.bar.shows_gradients, scales.get("weight gradient", 0.0), scales.get("bias gradient", 0.0),
        )  # fmt: skip

    def _show(self, network: Network, moment: Moment) -> None:
        self._scene = self._scene_of(network, moment, self.bar.place)
        self.bar.say_sample(self._in_data(moment), moment.program.batching.total)
        self.canvas.show_scene(self._scene)
        self._say(moment)
        self._explain()

    def _explain(self) -> None:
        if self._scene is not None and self.canvas.geometry_ is not None:
            self.legend.set_entries(entries(self._scene, self.canvas.geometry_))

    def _say(self, moment: Moment) -> None:
        phase, lit = moment.phase, moment.lit
        if lit is not None and phase is not None:
            names = {
                "forward": self.tr("forward"), "loss": self.tr("loss"), "backward": self.tr("backward"),
                "update": self.tr("update"), "predict": self.tr("predict"),
            }  # fmt: skip
            text = self.tr("{sign} {phase}: {operation}")
            text = text.format(sign=theme.PHASE_SIGN[phase], phase=names[phase], operation=lit.text)
            colour = theme.current().phases[phase]
        elif moment.upcoming is not None:
            text = self.tr("Nothing is computed yet in this iteration. Next: {operation}").format(operation=moment.upcoming.text)
            colour = theme.current().dim
        else:
            text, colour = "", theme.current().dim
        if self._scene is not None and self._scene.shown_values & moment.stale:
            text = self.tr("{what} · out of date").format(what=text)
        self.caption.setText(text)
        self.caption.setToolTip(plain(text))
        for label, shade in ((self.caption, colour), (self.hint, theme.current().dim)):
            palette = label.palette()
            palette.setColor(label.foregroundRole(), QColor(shade))
            label.setPalette(palette)

    def set_edges(self, gradients: bool) -> None:
        """Show gradients at the edges, or weights."""
        self.bar.set_edges(gradients)

    @Slot(object)
    def _on_sample(self, place: int | None) -> None:
        moment = self._moment
        if moment is None or self._network is None:
            return
        self._show(self._network, moment)
        in_data = None if place is None else self._in_data(moment)
        self._sample_seen = (in_data, moment.position.iteration)
        self.sample_clicked.emit(in_data)

    def _in_data(self, moment: Moment) -> int | None:
        """Return the sample that is shown by its index in the data, None for all."""
        place = self.bar.place
        return None if place is None or place >= len(moment.samples) else int(moment.samples[place])

    @Slot(bool)
    def _on_edges(self, _: bool) -> None:
        if self._moment is not None and self._network is not None:
            self._show(self._network, self._moment)

    @Slot()
    def _on_resize(self) -> None:
        self._explain()

    @Slot(object)
    def _choose(self, item: Item) -> None:
        if self._scene is not None and item.kind == "closed":
            self.closed_clicked.emit(self._closed(item)[0].name)
        elif self._scene is not None:
            value, cell = self._scene.target(item)
            if value is not None:
                self.value_clicked.emit(value, cell)

    def describe(self, item: Item) -> str:
        """Return what an item is and its numbers in full, for the tooltip and the screen reader."""
        scene = self._scene
        if scene is None:
            return ""
        if item.kind == "closed":
            return closed_words.describe(self._closed(item), scene.moment.shapes)
        return words_of(scene, item, self.bar.place)

    def _closed(self, item: Item) -> tuple[Layer, ...]:
        """Return the layers that a box stands for."""
        g, scene = self.canvas.geometry_, self._scene
        assert g is not None and scene is not None
        parts = parted(scene.moment.closed, len(g.closed_boxes))
        return parts[min(item.unit, len(parts) - 1)]


def nice(extent: float) -> float:
    """Return the next round number at or above a magnitude, so that a scale does not creep."""
    if not extent > 0 or not math.isfinite(extent):
        return 0.0
    power = 10.0 ** math.floor(math.log10(extent))
    return next((step * power for step in (1, 1.5, 2, 3, 5, 7.5) if extent <= step * power), 10 * power)
