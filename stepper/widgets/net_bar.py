"""What a person chooses of the picture of a network: what the edges show, and which sample."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QSizePolicy, QSpinBox, QToolButton, QWidget

from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.bar_button import SpeedSlider
from stepper.widgets.tips import plain

ROOMY, ONE_ROW = 540, 400


class Choice(QToolButton):
    """A button that stays down. Down it is framed and ticked; the style would hardly show it on a dark ground."""

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(fonts.sized(self.font(), 0, bold=True))
        wide = metrics.horizontalAdvance("✓ " + self.text())
        return QSize(wide + 14, max(24, metrics.height() + 6))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, on = theme.current(), self.isChecked()
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(QPen(QColor(t.selection if on or self.underMouse() else t.dim), 2 if on else 1))
        p.setBrush(QColor(t.panel))
        p.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        if self.hasFocus():
            p.setPen(QPen(QColor(t.text), 1, Qt.PenStyle.DotLine))
            p.drawRoundedRect(QRectF(self.rect()).adjusted(3.5, 3.5, -3.5, -3.5), 3, 3)
        p.setFont(fonts.sized(self.font(), 0, bold=on))
        p.setPen(QColor(t.selection if on else t.text))
        p.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "✓ " + self.text() if on else self.text())
        p.end()


class NetBar(QWidget):
    """`edges_changed` carries whether gradients are to be shown, `sample_changed` the place in the batch, None for all."""

    edges_changed = Signal(bool)
    sample_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("What the picture of the network shows"))
        self._edges_word = QLabel(self.tr("edges"), self)
        self.weights = self._button(self.tr("weights"), self.tr("Edges show the weights and biases"))
        self.gradients = self._button(
            self.tr("gradients"), self.tr("Edges show the gradients of the weights and biases, once they are computed")
        )
        self.weights.setChecked(True)
        self.shows_gradients = False
        self.weights.clicked.connect(self._on_weights)  # an exclusive group would take Tab away from one of them
        self.gradients.clicked.connect(self._on_gradients)
        self.word = QLabel(self.tr("s&ample"), self)
        self.sample = QSpinBox(self)
        self.sample.setRange(1, 1)
        self.sample.setKeyboardTracking(False)
        self.sample.lineEdit().setAccessibleName(self.tr("Sample shown in the picture"))
        self.word.setBuddy(self.sample)
        self.slider = SpeedSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(1, 1)
        self.slider.setFixedWidth(110)
        for part in (self.sample, self.slider):
            part.setAccessibleName(self.tr("Sample shown in the picture"))
            part.setToolTip(plain(self.tr("Which sample of the batch the neurons show")))
            part.valueChanged.connect(self._on_number)
        self.of_samples = QLabel(self)
        self.all = self._button(self.tr("all"), self.tr("Show all samples of the batch at once, a stripe for each"))
        self.all.toggled.connect(self._on_all)
        for label in (self._edges_word, self.word, self.of_samples):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._both = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._both.setContentsMargins(0, 0, 0, 0)
        self._both.setSpacing(2)
        self._rows = (QHBoxLayout(), QHBoxLayout())
        parts = (
            (self._edges_word, self.weights, self.gradients),
            (self.word, self.slider, self.sample, self.of_samples, self.all),
        )
        for row, widgets in zip(self._rows, parts, strict=True):
            row.setSpacing(4)
            for widget in widgets:
                row.addWidget(widget)
            row.addStretch(1)
            self._both.addLayout(row)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    @property
    def place(self) -> int | None:
        """The sample that is chosen, as its place in the batch from 0; None for all."""
        return None if self.all.isChecked() and not self.all.isHidden() else self.sample.value() - 1

    def offer(self, count: int, alone: str) -> None:
        """Offer the samples of a batch; `alone` is what to say where there is only one."""
        self._silently(self.sample.value(), max(count, 1))
        many = count > 1
        for widget in (self.sample, self.slider, self.all):
            widget.setVisible(many)
        self.word.setVisible(many)
        self.of_samples.setVisible(many or bool(alone))
        self.of_samples.setText(self.tr("of {total}").format(total=count) if many else alone)
        # The box has grown with its largest number: at once, or its neighbours are cut off until the next layout.
        self._renew()

    def say_sample(self, in_data: int | None, total: int) -> None:
        """Say on pointing which sample of the data is shown, None for all of the batch."""
        text = self.tr("Which sample of the batch the neurons show")
        if in_data is not None:
            text += "\n" + self.tr("now number {n} of the {total} in the data").format(n=in_data + 1, total=total)
        for part in (self.sample, self.slider):
            part.setToolTip(plain(text))

    def set_edges(self, gradients: bool) -> None:
        """Show gradients at the edges, or weights."""
        changed, self.shows_gradients = gradients != self.shows_gradients, gradients
        self.gradients.setChecked(gradients)
        self.weights.setChecked(not gradients)
        if changed:
            self.edges_changed.emit(gradients)

    def show_place(self, place: int) -> None:
        """Show a sample of the batch without telling anybody."""
        self._silently(place + 1, self.sample.maximum())
        self.all.blockSignals(True)
        self.all.setChecked(False)
        self.all.blockSignals(False)

    def set_room(self, wide: float) -> None:
        """Fit into a width in pixels of text in its usual size: with a shorter slider, then in two rows."""
        self.slider.setFixedWidth(110 if wide >= ROOMY else 56)
        self._edges_word.setVisible(wide >= ROOMY or wide < ONE_ROW)
        down = wide < ONE_ROW
        self._both.setDirection(QBoxLayout.Direction.TopToBottom if down else QBoxLayout.Direction.LeftToRight)
        self._both.setSpacing(2 if down else 12)
        self._renew()

    def _renew(self) -> None:
        for layout in (*self._rows, self._both):
            layout.invalidate()
        self.setMinimumWidth(self._both.sizeHint().width())

    def _silently(self, number: int, largest: int) -> None:
        for part in (self.sample, self.slider):
            part.blockSignals(True)
            part.setMaximum(largest)
            part.setValue(number)
            part.blockSignals(False)

    def _button(self, text: str, tip: str) -> QToolButton:
        button = Choice(self)
        button.setText(text)
        button.setCheckable(True)
        button.setAccessibleName(text)
        button.setToolTip(plain(tip))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    @Slot()
    def _on_weights(self) -> None:
        self.set_edges(False)

    @Slot()
    def _on_gradients(self) -> None:
        self.set_edges(True)

    @Slot(int)
    def _on_number(self, number: int) -> None:
        self.show_place(number - 1)
        self.sample_changed.emit(number - 1)

    @Slot(bool)
    def _on_all(self, on: bool) -> None:
        self.sample_changed.emit(None if on else self.sample.value() - 1)
