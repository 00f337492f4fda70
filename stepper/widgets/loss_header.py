"""The line above the loss curve: the loss here, how good the network is, the scale, and what the signs mean."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from core.session import Moment
from stepper import theme
from stepper.models.mark_signs import loud_problems
from stepper.widgets.loss_plot import KeyToSigns
from stepper.widgets.numbers import full, short
from stepper.widgets.score_label import ScoreLabel


class LossHeader(QWidget):
    """Says what there is to read; `log_switched` asks for the other scale."""

    log_switched = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(1)  # a narrow window cuts the words; it is not made wider by them
        self.now = QLabel(self)
        self.now.setTextFormat(Qt.TextFormat.PlainText)
        self.now.setAccessibleName(self.tr("Loss at the iteration looked at"))
        self.scores = ScoreLabel(self)
        self.log_button = QToolButton(self)
        self.log_button.setText(self.tr("log"))
        self.log_button.setCheckable(True)
        self.log_button.setAutoRaise(True)
        self.log_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.log_button.setAccessibleName(self.tr("Draw the loss on a logarithmic scale"))
        self.log_button.setToolTip(self.tr("Draw the loss on a logarithmic scale: each line up is ten times as much"))
        self.log_button.toggled.connect(self.log_switched)
        self.keys = {
            "line": KeyToSigns("line", self.tr("each iteration"), self),
            "point": KeyToSigns("point", self.tr("mean of each epoch"), self),
            "ghost": KeyToSigns("ghost", self.tr("before the change"), self),
            "here": KeyToSigns("here", self.tr("where you are"), self),
            "flag": KeyToSigns("flag", self.tr("bookmark"), self),
            "event": KeyToSigns("event", self.tr("changed by hand"), self),
            "problem": KeyToSigns("problem", self.tr("a problem begins"), self),
            "bad": KeyToSigns("bad", self.tr("not a finite number"), self),
        }
        self._meant: set[str] = set()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.now)
        row.addSpacing(14)
        row.addWidget(self.scores)
        row.addStretch(1)
        for key in self.keys.values():
            row.addWidget(key)
        row.addWidget(self.log_button)

    def say(self, moment: Moment, bad: bool) -> None:
        """Say what holds at a moment; `bad`: some loss is not finite."""
        here = moment.position.iteration
        loss: float | None = None
        if here <= len(moment.losses):
            loss = moment.losses[here - 1]
        elif moment.program.loss is not None and (value := moment.value(moment.program.loss)) is not None:
            loss = float(value.reshape(-1)[0])
        if moment.program.loss is None:
            text = self.tr("No loss")
        elif here > len(moment.losses) and moment.program.loss in moment.stale:
            loss, text = None, self.tr("◷ Loss out of date in iteration {n}").format(n=here)
        elif loss is None:
            text = self.tr("Loss: not computed yet in iteration {n}").format(n=here)
        else:
            text = self.tr("Loss {loss} in iteration {n}").format(loss=short(loss), n=here)
        self.now.setText(text)
        self.now.setToolTip("" if loss is None or moment.program.loss is None else full(loss))
        self.scores.say(moment.scores)
        shown = {
            "point": moment.program.batching.per_epoch > 1, "ghost": bool(moment.old_losses), "bad": bad,
            "flag": bool(moment.notes.bookmarks), "event": bool(moment.events),
            "problem": bool(loud_problems(moment)),
        }  # fmt: skip
        self._meant = {name for name in self.keys if shown.get(name, True)}
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show the entries of the legend that there is room for, what is least common first."""
        room = self.width() - self.log_button.sizeHint().width() - self.now.sizeHint().width() - 30
        if not self.scores.isHidden():
            room -= self.scores.sizeHint().width()
        for name in ("bad", "problem", "event", "ghost", "flag", "point", "line", "here"):
            key = self.keys[name]
            room -= key.sizeHint().width() + 6 if name in self._meant else 0
            key.setVisible(name in self._meant and room >= 0)

    def dress(self) -> None:
        """Put the colours of the theme on."""
        for label in (self.now, self.scores):
            palette = label.palette()
            palette.setColor(label.foregroundRole(), QColor(theme.current().text))
            label.setPalette(palette)
