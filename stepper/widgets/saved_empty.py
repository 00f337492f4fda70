"""The panel of a saved network while there is none: how one is opened, or that one is being read."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from stepper import theme
from stepper.models.saved_state import SavedState
from stepper.widgets.saved_header import PlainLabel


class SavedEmpty(QScrollArea):
    """`open_wanted` asks for a file."""

    open_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("No saved network"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget(self)
        self.said = PlainLabel(self.tr("What there is"), inside)
        self.button = QPushButton(self.tr("Open a saved network…"), inside)
        self.button.setAutoDefault(False)
        self.button.setAccessibleName(self.tr("Open a saved network"))
        self.button.clicked.connect(self.open_wanted)
        self.formats = PlainLabel(self.tr("What can be opened"), inside)
        column = QVBoxLayout(inside)
        column.setContentsMargins(2, 8, 2, 8)
        column.setSpacing(10)
        column.addWidget(self.said)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.formats)
        column.addStretch(1)
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)

    def show_state(self, state: SavedState) -> None:
        """Say that nothing is open, unless a file is being read or could not be (which stands above)."""
        quiet = not state.busy and not state.trouble
        self.said.say(self.tr("No saved network is open.") if quiet else "", theme.current().text)
        self.button.setVisible(not state.busy)
        self.formats.say("" if state.busy else self._formats(), theme.current().dim)

    def _formats(self) -> str:
        return (
            self.tr("It can be a PyTorch file (.pt, .pth), Keras (.keras, .h5), ONNX, safetensors, NumPy (.npz, .npy), "
                    "scikit-learn (.pkl, .joblib, .skops), TensorFlow.js, MATLAB (.mat), GGUF, JSON or a table (.csv).")
            + "\n\n"
            + self.tr("A file is only read: nothing in it is ever run.")
        )  # fmt: skip
