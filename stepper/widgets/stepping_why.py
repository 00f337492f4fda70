"""Why a file is read as it is, and what was assumed and chosen: sentences that open and fold."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from stepper import theme
from stepper.models.saved_state import SavedState
from stepper.widgets.diagnosis_prose import Prose
from stepper.widgets.diagnosis_words import first_up
from stepper.widgets.stepping_words import SIGNS, cut

MOST_SENTENCES = 100


class WhyList(QWidget):
    """Folded at first; a press of its button opens it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.button = QPushButton(self)
        self.button.setAutoDefault(False)
        self.button.setCheckable(True)
        self.button.setFlat(True)
        self.button.setStyleSheet("text-align: left; padding: 3px 2px;")
        self.prose = Prose(self.tr("why it is read so"), self)
        self.sentences: tuple[str, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.button)
        column.addWidget(self.prose)
        self.button.toggled.connect(self._on_toggled)
        self._show()

    def show_state(self, state: SavedState) -> None:
        """Take the sentences of a file and of its program."""
        why = () if state.inferred is None else state.inferred.why
        steps = state.steps
        assumed = [] if steps is None else [s for s in steps.assumed if s not in why and s != steps.stops]
        chosen = () if steps is None else steps.chosen
        parts = (
            *((SIGNS["file"], s) for s in why),
            *((SIGNS["assumed"], s) for s in assumed),
            *((SIGNS["chosen"], self.tr("you chose {what}").format(what=s)) for s in chosen),
        )
        self.sentences = tuple(f"{sign} {cut(first_up(' '.join(s.split())))}" for sign, s in parts[:MOST_SENTENCES])
        if len(parts) > MOST_SENTENCES:
            more = self.tr("… and {n} more").format(n=len(parts) - MOST_SENTENCES)
            self.sentences = (*self.sentences, more)
        self._show()

    def _show(self) -> None:
        open_ = self.button.isChecked()
        self.setVisible(bool(self.sentences))
        title = self.tr("Why it is read and stepped so ({n})").format(n=len(self.sentences))
        self.button.setText(f"{'▾' if open_ else '▸'} {self.tr('Why so')} ({len(self.sentences)})")
        self.button.setAccessibleName(title)
        self.prose.say("\n".join(self.sentences) if open_ else "", theme.current().text)

    @Slot(bool)
    def _on_toggled(self, _: bool) -> None:
        self._show()
