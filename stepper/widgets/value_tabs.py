"""The switch between the parts of the value view: full words where there is room, short ones where there is not."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QTabBar, QWidget

from stepper.widgets.tips import plain

KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right)
FRAME = 26


class ValueTabs(QTabBar):
    """A tab bar that is never wider than its room. The arrows switch while it has the keyboard."""

    def __init__(self, texts: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = tuple(texts)
        for i, (full, short) in enumerate(self._texts):
            self.addTab(short)
            self.setTabToolTip(i, plain(full))
            self.setAccessibleTabName(i, full)
        self.setExpanding(False)
        self.setDrawBase(True)
        self.setUsesScrollButtons(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def minimumSizeHint(self) -> QSize:
        """The bar scrolls where not even the short words fit."""
        return QSize(80, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the words that fit."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_texts"):
            self._fit()

    def event(self, event: QEvent) -> bool:
        """Claim the arrows before they step the program."""
        ours = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in KEYS
        if ours and isinstance(event, QKeyEvent) and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.accept()
            return True
        return super().event(event)

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        needed = sum(metrics.horizontalAdvance(full) + FRAME for full, _ in self._texts)
        which = 0 if needed <= self.width() else 1
        for i, texts in enumerate(self._texts):
            if self.tabText(i) != texts[which]:
                self.setTabText(i, texts[which])
