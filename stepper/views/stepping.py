"""Under construction by a helper; overwrite this file."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from stepper.models.saved_state import SavedState


class SteppingView(QWidget):
    """Placeholder."""

    tensor_chosen = Signal(str)
    open_wanted = Signal()
    compare_wanted = Signal()
    compare_ended = Signal()
    export_wanted = Signal(str)
    spectrum_wanted = Signal()
    rows_wanted = Signal(int, int)
    step_wanted = Signal(object, object)
    file_wanted = Signal()

    def show_state(self, state: SavedState) -> None:
        """Nothing yet."""

    def show_rows(self, first: int, numbers: object) -> None:
        """Nothing yet."""

    def take_file(self, path: str) -> None:
        """Nothing yet."""
