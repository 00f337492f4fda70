"""The singular values of a matrix: bars on a logarithmic scale, the condition number and the rank."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from core.files.looks.looks import Look, Spectrum
from stepper import theme
from stepper.widgets import fonts, numbers
from stepper.widgets.facts_grid import ink
from stepper.widgets.log_bars import Bar, LogBars
from stepper.widgets.tips import plain

MOST_BARS = 256
ROOM = 190
"""The height in which there is room for bars and for what they are, where text has its usual size."""


class SpectrumBars(LogBars):
    """Bars whose scale is worked out once, since there are hundreds of them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale: tuple[Sequence[Bar], tuple[int, int]] | None = None

    def extent(self) -> tuple[int, int]:
        """Return the powers of ten from the floor to the top."""
        if self._scale is None or self._scale[0] is not self.bars:
            self._scale = self.bars, super().extent()
        return self._scale[1]


class TensorSpectrum(QWidget):
    """`wanted` asks for the singular values of a matrix where they take long to work out."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look: Look | None = None
        self._asked: Look | None = None
        self._has_bars = False
        self.bars = SpectrumBars(self)
        self.button = QPushButton(self.tr("Work out the singular values (may take a while)"), self)
        self.button.setAutoDefault(False)
        tip = self.tr("How much the matrix stretches what goes through it, direction by direction.")
        self.button.setToolTip(plain(tip))
        self.button.setAccessibleDescription(tip)
        self.button.clicked.connect(self._on_wanted)
        self.meaning = QLabel(
            self.tr(
                "How much the matrix stretches what goes through it, direction by direction; each line stands for ten times the "
                "one below. Condition number: the largest divided by the smallest. Rank: how many directions get through."
            ),
            self,
        )
        self.meaning.setTextFormat(Qt.TextFormat.PlainText)
        self.meaning.setWordWrap(True)
        self.meaning.setAccessibleName(self.tr("what singular values are"))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(3)
        box.addWidget(self.button)
        box.addWidget(self.bars, 1)
        box.addWidget(self.meaning)

    def minimumSizeHint(self) -> QSize:
        """Enough to see how they fall."""
        return QSize(160, 100)

    def forget(self) -> None:
        """Another tensor is looked at: what was asked for is not waited for any more."""
        self._asked = None

    def set_look(self, look: Look, none: str, may_ask: bool) -> None:
        """Show the singular values of a look; `none` says why there are none, `may_ask` whether they can be asked for."""
        self._look, found = look, look.spectrum
        later = look.spectrum_later and found is None and may_ask
        self.button.setVisible(later)
        self.button.setEnabled(look is not self._asked)
        self._has_bars = found is not None
        self._explain()
        if found is not None:
            self.bars.show_bars(self.title(found), self._bars(found))
            return
        asked = later and look is self._asked
        waiting = self.tr("The matrix is large. Its singular values are worked out when you ask for them.")
        words = self.tr("working out the singular values…") if asked else waiting if later else none
        self.bars.show_bars("" if later else self.tr("Singular values"), (), empty=words)

    def _explain(self) -> None:
        """Say what the bars are, where they leave room for it."""
        self.meaning.setVisible(self._has_bars and self.height() >= ROOM * fonts.zoom())
        ink(self.meaning, theme.current().dim)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the new room."""
        super().resizeEvent(event)
        self._explain()

    def title(self, spectrum: Spectrum) -> str:
        """Return what there is to say of them: condition number and rank."""
        most, shown = len(spectrum.values), len(_picked(spectrum))
        words = self.tr("Condition number {condition} · rank {rank} of {most}").format(
            condition=numbers.short(spectrum.condition), rank=spectrum.rank, most=most
        )
        return words if shown == most else words + self.tr(" · {n} of them drawn").format(n=shown)

    def _bars(self, spectrum: Spectrum) -> list[Bar]:
        """Return a bar for each that is drawn; those that the rank does not count are hatched."""
        said, beyond = self.tr("singular value {n}: {value}"), self.tr("singular value {n}: {value}, too small to count")
        found: list[Bar] = []
        for n in _picked(spectrum):
            value = float(spectrum.values[n - 1])
            words = (said if n <= spectrum.rank else beyond).format(n=n, value=numbers.full(value))
            found.append(Bar(str(n), value, words, hatched=n > spectrum.rank))
        return found

    @Slot()
    def _on_wanted(self) -> None:
        self._asked = self._look
        self.button.setEnabled(False)
        self.wanted.emit()


def _picked(spectrum: Spectrum) -> list[int]:
    """Return which values are drawn, counted from 1: evenly picked, with the first and the last, where they are many."""
    count = len(spectrum.values)
    return [round(x) for x in np.linspace(1, count, min(count, MOST_BARS)).tolist()]
