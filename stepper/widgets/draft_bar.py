"""Offers unsaved work that was left behind, a text or a whole session; hidden while there is none."""

from __future__ import annotations

import datetime

from PySide6.QtCore import QCoreApplication, Signal, Slot
from PySide6.QtWidgets import QPushButton, QWidget

from stepper.widgets.bar import Bar


class DraftBar(Bar):
    """Says that there is unsaved work, of what and from when, and asks what is to become of it."""

    open_wanted = Signal()
    throw_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        tr = QCoreApplication.translate
        super().__init__(tr("DraftBar", "Unsaved work"), tr("DraftBar", "Which unsaved work there is"), parent)
        self.open_button = QPushButton(self.tr("&Open it"), self)
        self.throw_button = QPushButton(self.tr("Throw it awa&y"), self)
        self.later_button = QPushButton(self.tr("Lat&er"), self)
        for button in (self.open_button, self.throw_button, self.later_button):
            button.setAutoDefault(False)
            self.row.addWidget(button)
        self.open_button.clicked.connect(self.open_wanted)
        self.throw_button.clicked.connect(self.throw_wanted)
        self.later_button.clicked.connect(self._on_later)

    def offer(self, title: str, when: str, lines: int, more: int, iteration: int = 0) -> None:
        """Offer a text of so many lines, a session in an iteration, or both; `more` says how many others there are."""
        if not iteration:
            words = self.tr("● There is unsaved text of {title} from {when} ({n} lines).")
        elif lines:
            words = self.tr("● There is unsaved text of {title} from {when} ({n} lines), with its session in iteration {i}.")
        else:
            words = self.tr("● There is an unsaved session of {title} from {when}, in iteration {i}.")
        words = words.format(title=title, when=_day(when), n=lines, i=iteration)
        if more:
            words += " " + self.tr("{n} more after it.").format(n=more)
        self.text.setText(words)
        self.paint_theme()
        self.show()

    @Slot()
    def _on_later(self) -> None:
        self.hide()


def _day(when: str) -> str:
    try:
        return datetime.datetime.fromisoformat(when).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return when[:40]
