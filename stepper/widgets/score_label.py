"""How good the network is at the place looked at, as one line of words."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from stepper.widgets.numbers import percent, short
from stepper.widgets.tips import plain


class ScoreLabel(QLabel):
    """Says accuracy and held-out accuracy; hidden where there is nothing to judge by."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAccessibleName(self.tr("How good the network is here"))
        self.setMinimumWidth(1)  # a narrow window cuts the words; it is not made wider by them
        self.hide()

    def say(self, scores: Mapping[str, float]) -> None:
        """Show scores as `Moment.scores` has them."""
        text = self._text(scores)
        self.setText(text)
        self.setVisible(bool(text))
        self.setToolTip(plain(self._tip(scores)) if text else "")

    def _text(self, scores: Mapping[str, float]) -> str:
        accuracy, held_out = scores.get("accuracy"), scores.get("held_out_accuracy")
        if accuracy is not None and held_out is not None:
            return self.tr("accuracy {a}, held out {h}").format(a=percent(accuracy), h=percent(held_out))
        if accuracy is not None:
            return self.tr("accuracy {a}").format(a=percent(accuracy))
        if "held_out_loss" in scores:
            return self.tr("held-out loss {x}").format(x=short(scores["held_out_loss"]))
        return ""

    def _tip(self, scores: Mapping[str, float]) -> str:
        lines: list[str] = []
        if "accuracy" in scores:
            lines.append(self.tr("Accuracy: the share of all training samples put into the right class, as the network is here."))
        if "held_out_loss" in scores:
            loss = short(scores["held_out_loss"])
            lines.append(self.tr("Held out: samples kept aside and never trained on. Their loss is {x}.").format(x=loss))
        return "\n".join(lines)
