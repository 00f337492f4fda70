"""Where the parts of a tensor stand: one at a time behind tabs, beside the heat map, or all at once, as there is room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from stepper.widgets import fonts
from stepper.widgets.value_tabs import ValueTabs

HEAT, SPREAD, FACTS, HEALTH, SPECTRUM, NUMBERS = "heat", "spread", "facts", "health", "spectrum", "numbers"
PARTS = (HEAT, SPREAD, FACTS, HEALTH, SPECTRUM, NUMBERS)
OVERVIEW = "overview"
TABS, BESIDE, ALL = range(3)
BESIDE_FROM = (760, 260)
ALL_FROM = (1120, 480)


class PartTabs(ValueTabs):
    """The switch between the parts; which there are depends on the room."""

    def set_texts(self, texts: Sequence[tuple[str, str]], at: int) -> None:
        """Have other tabs: for each a full and a short word."""
        if tuple(texts) == self._texts and self.currentIndex() == at:
            return
        with QSignalBlocker(self):
            self._texts = tuple(texts)
            while self.count() > len(texts):
                self.removeTab(self.count() - 1)
            for i, (full, short) in enumerate(texts):
                if i >= self.count():
                    self.addTab(short)
                self.setTabText(i, short)
                self.setTabToolTip(i, "")
                self.setAccessibleTabName(i, full)
            self.setCurrentIndex(at)
        self._fit()


class TensorPlaces(QWidget):
    """Arranges the parts for the room there is. `part` is the one that was last chosen."""

    def __init__(self, parts: Mapping[str, QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = dict(parts)
        self._texts: dict[str, tuple[str, str]] = dict.fromkeys((*PARTS, OVERVIEW), ("", ""))
        self.mode = -1
        self.part = HEAT
        self.tabs = PartTabs([], self)
        self.tabs.setAccessibleName(self.tr("ways to see the tensor"))
        self.tabs.currentChanged.connect(self._on_tab)
        self.stack = QStackedWidget(self)
        self.overview = QWidget(self)
        across = QHBoxLayout(self.overview)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(14)
        self._columns = (QVBoxLayout(), QVBoxLayout())
        for one in self._columns:
            one.setSpacing(12)
            across.addLayout(one, 1)
        side = QWidget(self)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.tabs)
        column.addWidget(self.stack, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(side)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.splitter)
        self.arrange()

    def set_texts(self, texts: Mapping[str, tuple[str, str]]) -> None:
        """Say what the tabs are called, in full and short; `overview` is that of several parts at once."""
        self._texts |= texts
        self._draw_tabs()

    def show_part(self, part: str) -> None:
        """Bring a part to sight."""
        self.part = part
        self._draw_tabs()

    def tabs_now(self) -> tuple[str, ...]:
        """Return what there is a tab for in the room there is."""
        return (PARTS, PARTS[1:], (OVERVIEW, NUMBERS))[self.mode]

    def arrange(self) -> None:
        """Put the parts where there is room for them."""
        zoom = max(fonts.zoom(), 1.0)
        width, height = self.width() / zoom, self.height() / zoom
        mode = next(
            (m for m, (w, h) in ((ALL, ALL_FROM), (BESIDE, BESIDE_FROM)) if width >= w and height >= h), TABS
        )  # fmt: skip
        if mode == self.mode:
            return
        held = next((w for w in self._parts.values() if w.hasFocus()), None)
        self.mode = mode
        for part in PARTS:
            self.stack.removeWidget(self._parts[part])
            for one in self._columns:
                one.removeWidget(self._parts[part])
        self.stack.removeWidget(self.overview)
        if mode == TABS:
            self.stack.addWidget(self._parts[HEAT])
        else:
            self.splitter.insertWidget(0, self._parts[HEAT])
            self.splitter.setStretchFactor(0, 1)
            self.splitter.setStretchFactor(1, 1)
            share = 0.44 if mode == BESIDE else 0.4
            self.splitter.setSizes([round(self.width() * share), round(self.width() * (1 - share))])
        if mode == ALL:
            for at, part, stretch in ((0, SPREAD, 1), (0, SPECTRUM, 1), (1, FACTS, 0), (1, HEALTH, 1)):
                self._columns[at].addWidget(self._parts[part], stretch)
                self._parts[part].show()
            self.stack.addWidget(self.overview)
        else:
            for part in (SPREAD, FACTS, HEALTH, SPECTRUM):
                self.stack.addWidget(self._parts[part])
        self.stack.addWidget(self._parts[NUMBERS])
        self._draw_tabs()
        self._parts[HEAT].setVisible(mode != TABS or self.part == HEAT)
        if held is not None and held.isVisible():
            held.setFocus()

    def _draw_tabs(self) -> None:
        """Have the tabs that there are now, and the part that was chosen behind them."""
        now = self.tabs_now()
        wanted = self.part if self.part in now else OVERVIEW if OVERVIEW in now else now[0]
        self.tabs.set_texts([self._texts[part] for part in now], now.index(wanted))
        self.stack.setCurrentWidget(self.overview if wanted == OVERVIEW else self._parts[wanted])

    @Slot(int)
    def _on_tab(self, at: int) -> None:
        now = self.tabs_now()
        if 0 <= at < len(now):
            self.part = HEAT if now[at] == OVERVIEW else now[at]
            self._draw_tabs()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the new room."""
        super().resizeEvent(event)
        self.arrange()
