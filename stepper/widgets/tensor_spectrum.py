"""The singular values of a matrix: bars on a logarithmic scale, the condition number and the rank."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from core.files.looks import Look, Spectrum
from stepper.widgets import numbers
from stepper.widgets.log_bars import Bar, LogBars
from stepper.widgets.tips import plain


class TensorSpectrum(QWidget):
    """`wanted` asks for the singular values of a matrix where they take long to work out."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look: Look | None = None
        self._asked: Look | None = None
        self.bars = LogBars(self)
        self.button = QPushButton(self.tr("Work out the singular values (may take a while)"), self)
        self.button.setAutoDefault(False)
        tip = self.tr("How much the matrix stretches what goes through it, direction by direction.")
        self.button.setToolTip(plain(tip))
        self.button.setAccessibleDescription(tip)
        self.button.clicked.connect(self._on_wanted)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(3)
        box.addWidget(self.button)
        box.addWidget(self.bars, 1)

    def minimumSizeHint(self) -> QSize:
        """Enough to see how they fall."""
        return QSize(160, 100)

    def set_look(self, look: Look, none: str, may_ask: bool) -> None:
        """Show the singular values of a look; `none` says why there are none, `may_ask` whether they can be asked for."""
        self._look, found = look, look.spectrum
        later = look.spectrum_later and found is None and may_ask
        self.button.setVisible(later)
        self.button.setEnabled(look is not self._asked)
        if found is not None:
            self.bars.show_bars(self.title(found), self._bars(found))
            return
        asked = later and look is self._asked
        waiting = self.tr("The matrix is large. Its singular values are worked out when you ask for them.")
        words = self.tr("working out the singular values…") if asked else waiting if later else none
        self.bars.show_bars("" if later else self.tr("Singular values"), (), empty=words)

    def title(self, spectrum: Spectrum) -> str:
        """Return what there is to say of them: condition number and rank."""
        most = len(spectrum.values)
        return self.tr("Condition number {condition} · rank {rank} of {most}").format(
            condition=numbers.short(spectrum.condition), rank=spectrum.rank, most=most
        )

    def _bars(self, spectrum: Spectrum) -> list[Bar]:
        """Return a bar for each; those that the rank does not count are hatched."""
        said, beyond = self.tr("singular value {n}: {value}"), self.tr("singular value {n}: {value}, too small to count")
        return [
            Bar(
                str(n), float(value), (said if n <= spectrum.rank else beyond).format(n=n, value=numbers.full(float(value))),
                hatched=n > spectrum.rank,
            )
            for n, value in enumerate(spectrum.values, 1)
        ]  # fmt: skip

    @Slot()
    def _on_wanted(self) -> None:
        self._asked = self._look
        self.button.setEnabled(False)
        self.wanted.emit()
