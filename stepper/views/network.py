"""The network as neurons and weights: what the step just taken reads and writes is lit, its flow is shown."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSpinBox, QStackedLayout, QVBoxLayout, QWidget

from core.program.ir import Program
from core.program.network import Network, network_of
from core.session import Moment, Selection
from stepper import theme
from stepper.widgets.net_canvas import NetCanvas
from stepper.widgets.net_layout import Item
from stepper.widgets.net_legend import Entry, NetLegend
from stepper.widgets.net_scene import Scene, samples_of
from stepper.widgets.numbers import finite_extent, full, short, size_text


class NetworkView(QWidget):
    """Draws a moment as a network; `value_clicked` gives the value (by index) and the cell that was clicked."""

    value_clicked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Network"))
        self._moment: Moment | None = None
        self._program: Program | None = None
        self._network: Network | None = None
        self._scene: Scene | None = None
        self._selection = Selection()
        self._weight_scale, self._bias_scale = 0.0, 0.0
        self._unit_scales: list[float] = []
        self._build()

    def draw(self, moment: Moment) -> None:
        """Draw a moment."""
        self._moment = moment
        if moment.program is not self._program:
            self._program = moment.program
            self._network = network_of(moment.program, moment.shape)
            self._weight_scale, self._bias_scale = 0.0, 0.0
            self._unit_scales = [0.0] * (1 + len(self._network.layers)) if self._network is not None else []
            self.sample.blockSignals(True)
            self.sample.setValue(1)
            self.sample.blockSignals(False)
        self._say(moment)
        network = self._network
        self._stack.setCurrentIndex(0 if network is None else 1)
        self.legend.setVisible(network is not None)
        if network is None:
            self._sample_row.setVisible(False)
            self.canvas.show_scene(None)
            return
        self._offer_samples(network, moment)
        self._grow_scales(network, moment)
        self._show(network, moment)

    def scene(self) -> Scene | None:
        """Return what is shown now."""
        return self._scene

    def sizeHint(self) -> QSize:
        return QSize(900, 380)

    def _build(self) -> None:
        self.caption = QLabel(self)
        self.caption.setTextFormat(Qt.TextFormat.PlainText)
        self.caption.setAccessibleName(self.tr("What the last step did"))
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._sample_row = QWidget(self)
        self.sample = QSpinBox(self._sample_row)
        self.sample.setAccessibleName(self.tr("Sample shown in the picture"))
        self.sample.lineEdit().setAccessibleName(self.tr("Sample shown in the picture"))
        self.sample.setRange(1, 1)
        self.sample.setKeyboardTracking(False)
        self.sample.valueChanged.connect(self._on_sample)
        label = QLabel(self.tr("s&ample"), self._sample_row)
        label.setBuddy(self.sample)
        self.of_samples = QLabel(self._sample_row)
        for part in (label, self.of_samples):
            part.setTextFormat(Qt.TextFormat.PlainText)
        row = self._sample_layout = QHBoxLayout(self._sample_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._sample_word = label
        for part in (label, self.sample, self.of_samples):
            row.addWidget(part)
        self.hint = QLabel(self)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setText(
            self.tr("There are no dense layers to draw: no line multiplies the data by a parameter, as in `Z1 = W1 @ X`.")
        )
        self.canvas = NetCanvas(self.describe, self)
        self.canvas.item_chosen.connect(self._choose)
        self.canvas.resized.connect(self._on_resize)
        self.legend = NetLegend(self)
        top = QHBoxLayout()
        top.addWidget(self.caption, 1)
        top.addWidget(self._sample_row)
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

    def _offer_samples(self, network: Network, moment: Moment) -> None:
        count = samples_of(network, moment)
        self.sample.blockSignals(True)
        self.sample.setMaximum(max(count, 1))
        if moment.selection != self._selection:
            self._selection = moment.selection
            scene = self._scene_of(network, moment, self.sample.value() - 1)
            wanted = scene.sample_of_selection()
            if wanted is not None and 0 <= wanted < count:
                self.sample.setValue(wanted + 1)
        self.sample.blockSignals(False)
        total = moment.program.batching.total
        alone = count == 1 and total > 1 and len(moment.samples) == 1
        self.sample.setVisible(count > 1)
        self._sample_word.setVisible(count > 1)
        self._sample_row.setVisible(count > 1 or alone)
        if alone:
            at = int(moment.samples[0]) + 1
            self.of_samples.setText(self.tr("sample {n} of {total} in the data").format(n=at, total=total))
        else:
            self.of_samples.setText(self.tr("of {total}").format(total=count))
        # The box has grown with its largest number: at once, or its neighbours are cut off until the next layout.
        self._sample_layout.invalidate()
        self._sample_row.setMinimumWidth(self._sample_layout.sizeHint().width())

    def _grow_scales(self, network: Network, moment: Moment) -> None:
        """Scales only grow while a program is open, so that a colour means the same from step to step."""
        for layer in network.layers:
            for name in (layer.weight, layer.bias):
                array = None if name is None or (at := moment.current(name)) is None else moment.value(at)
                if array is None:
                    continue
                if name == layer.weight:
                    self._weight_scale = max(self._weight_scale, nice(finite_extent(array)))
                else:
                    self._bias_scale = max(self._bias_scale, nice(finite_extent(array)))
        for column in range(len(network.layers) + 1):
            array = moment.value(network.units(column).value)
            if array is not None:
                self._unit_scales[column] = max(self._unit_scales[column], nice(finite_extent(array)))

    def _scene_of(self, network: Network, moment: Moment, sample: int) -> Scene:
        return Scene(moment, network, sample, self._weight_scale, tuple(self._unit_scales), self._bias_scale)

    def _show(self, network: Network, moment: Moment) -> None:
        self._scene = self._scene_of(network, moment, self.sample.value() - 1)
        self.canvas.show_scene(self._scene)
        self.legend.set_entries(self._entries())

    def _entries(self) -> tuple[Entry, ...]:
        network, g = self._network, self.canvas.geometry_
        if network is None or g is None:
            return ()
        layers = range(1, len(network.layers) + 1)
        out = [Entry("read", self.tr("read by this step")), Entry("written", self.tr("written by it"))]
        if any(not g.block(i) for i in layers):
            width = self.tr("width: size")
            if self._weight_scale:
                width = self.tr("width: 0 to {scale}").format(scale=short(self._weight_scale))
            out += [Entry("positive", self.tr("weight > 0")), Entry("negative", self.tr("weight < 0")), Entry("width", width)]
        if any(g.block(i) for i in layers):
            out.append(Entry("scale", self.tr("weights −{scale} to {scale}").format(scale=short(self._weight_scale))))
        if not g.roomy or any(g.big(c) for c in (0, *layers)):
            out.append(Entry("scale", self.tr("units, each layer its own scale")))
        if any(layer.bias is not None for layer in network.layers):
            out.append(Entry("bias", self.tr("bias")))
        if network.adjoints and g.roomy:
            out.append(Entry("adjoint", self.tr("adjoint")))
        out.append(Entry("broken", self.tr("NaN or ∞")))
        return tuple(out)

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
        self.caption.setText(text)
        self.caption.setToolTip("")
        for label, shade in ((self.caption, colour), (self.hint, theme.current().dim)):
            palette = label.palette()
            palette.setColor(label.foregroundRole(), QColor(shade))
            label.setPalette(palette)

    @Slot(int)
    def _on_sample(self, _: int) -> None:
        if self._moment is not None and self._network is not None:
            self._show(self._network, self._moment)

    @Slot()
    def _on_resize(self) -> None:
        self.legend.set_entries(self._entries())

    @Slot(object)
    def _choose(self, item: Item) -> None:
        if self._scene is not None:
            value, cell = self._scene.target(item)
            if value is not None:
                self.value_clicked.emit(value, cell)

    def describe(self, item: Item) -> str:
        """Return what an item is and its numbers in full, for the tooltip and the screen reader."""
        scene = self._scene
        if scene is None:
            return ""
        value, cell = scene.target(item)
        if value is None:
            return ""
        shape = scene.moment.shape(value)
        if item.source < 0:
            return self.tr("{name}: the weights into layer {layer}, {size}").format(
                name=scene.label(value), layer=item.layer, size=size_text(shape or ())
            )
        place = scene.label(value) + (f"[{', '.join(map(str, cell))}]" if cell else "")
        number = scene.number(item)
        shown = self.tr("not computed yet") if number is None else full(number)
        lines = [self._kind(item), self.tr("{place} = {number}").format(place=place, number=shown)]
        for known in (scene.before_activation(item), scene.gradient(item), scene.adjoint(item)):
            if known is not None:
                lines.append(self.tr("{place} = {number}").format(place=known[0], number=full(known[1])))
        return "\n".join(lines)

    def _kind(self, item: Item) -> str:
        if item.kind == "loss":
            return self.tr("The loss")
        if item.kind == "bias":
            return self.tr("Bias of unit {n} in layer {layer}").format(n=item.unit + 1, layer=item.layer)
        if item.kind == "weight":
            text = self.tr("Weight from input {source} to unit {n} of layer {layer}")
            if item.layer > 1:
                text = self.tr("Weight from unit {source} of layer {before} to unit {n} of layer {layer}")
            return text.format(source=item.source + 1, before=item.layer - 1, n=item.unit + 1, layer=item.layer)
        if item.layer == 0:
            return self.tr("Input {n}, sample {sample}").format(n=item.unit + 1, sample=self.sample.value())
        return self.tr("Unit {n} of layer {layer}, sample {sample}").format(
            n=item.unit + 1, layer=item.layer, sample=self.sample.value()
        )


def nice(extent: float) -> float:
    """Return the next round number at or above a magnitude, so that a scale does not creep."""
    if not extent > 0 or not math.isfinite(extent):
        return 0.0
    power = 10.0 ** math.floor(math.log10(extent))
    return next((step * power for step in (1, 1.5, 2, 3, 5, 7.5) if extent <= step * power), 10 * power)
