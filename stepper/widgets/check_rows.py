"""One row a parameter: whether its gradient is right, how far it is off at most, and where."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from core.explain.moving import index_text
from core.health.gradcheck_words import GLYPHS, error_text, short_verdict
from core.health.gradresult import ParameterCheck
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.tips import plain

MOST_ROWS = 7
NAME, VERDICT, ERROR, WHERE = range(4)


class CheckRows(QTreeWidget):
    """The parameters that were checked; `chosen` carries the name of the current one."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Gradients that were checked"))
        self.setHeaderLabels([self.tr("parameter"), self.tr("verdict"), self.tr("largest error"), self.tr("where")])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QTreeWidget.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(20)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.currentItemChanged.connect(self._on_current)

    def show_results(self, results: Sequence[ParameterCheck], stale: bool) -> None:
        """Show what was found; the same parameter stays chosen."""
        name = self.current()
        t = theme.current()
        self.blockSignals(True)
        if [r.name for r in results] != [item.text(NAME) for item in self._items()]:
            self.clear()
            self.addTopLevelItems([QTreeWidgetItem([r.name]) for r in results])
        for item, r in zip(self._items(), results, strict=True):
            where = "" if r.where is None or not r.largest > 0 else index_text("", r.where)
            verdict = short_verdict(r)
            for column, text in ((VERDICT, f"{GLYPHS[r.verdict]} {verdict}"), (ERROR, error_text(r.largest)), (WHERE, where)):
                item.setText(column, text)
            bad = r.verdict in ("wrong", "not finite")
            item.setForeground(VERDICT, QColor(t.dim if stale else t.error if bad else t.text))
            for column in (NAME, ERROR, WHERE):
                item.setFont(column, fonts.mono(self.font()))
                item.setForeground(column, QColor(t.dim if stale else t.text))
            said = self.tr("{name}: {verdict}, largest relative error {error} {where}").format(
                name=r.name, verdict=verdict, error=error_text(r.largest), where=where
            )
            for column in range(4):
                item.setToolTip(column, plain(said))
            item.setData(NAME, Qt.ItemDataRole.AccessibleTextRole, said)
        self.choose(name if any(r.name == name for r in results) else _worst(results))
        self.blockSignals(False)
        self._fit()

    def current(self) -> str:
        """Return the name of the chosen parameter, empty if there is none."""
        item = self.currentItem()
        return "" if item is None else item.text(NAME)

    def choose(self, name: str) -> None:
        """Choose a parameter."""
        for item in self._items():
            if item.text(NAME) == name:
                self.setCurrentItem(item)

    def sizeHint(self) -> QSize:
        return QSize(320, self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        return QSize(180, self.minimumHeight())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter belongs to the view: it checks."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the verdict the room that is left."""
        super().resizeEvent(event)
        self._fit()

    def _items(self) -> list[QTreeWidgetItem]:
        found = (self.topLevelItem(k) for k in range(self.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _fit(self) -> None:
        rows = self.topLevelItemCount()
        height = self.sizeHintForRow(0) if rows else 0
        frame = self.header().sizeHint().height() + 2
        self.setFixedHeight(frame + height * min(rows, MOST_ROWS))
        wanted = [max(self.sizeHintForColumn(c), self.header().sectionSizeHint(c)) + 4 for c in range(4)]
        room = self.viewport().width()
        # What does not fit is said by the sentence below too: first the place goes, then the error.
        for column in (WHERE, ERROR):
            self.setColumnHidden(column, False)
        shown = [NAME, VERDICT, ERROR, WHERE]
        for column in (WHERE, ERROR):
            if sum(wanted[c] for c in shown) > room and len(shown) > 2:
                shown.remove(column)
                self.setColumnHidden(column, True)
        spare = room - sum(wanted[c] for c in shown)
        for column in shown:
            self.setColumnWidth(column, wanted[column] + (spare if column == VERDICT else 0))

    @Slot(QTreeWidgetItem, QTreeWidgetItem)
    def _on_current(self, now: QTreeWidgetItem | None, before: QTreeWidgetItem | None) -> None:
        del before
        if now is not None:
            self.chosen.emit(now.text(NAME))


def _worst(results: Sequence[ParameterCheck]) -> str:
    """Return the parameter that a person should look at first."""
    order = ("wrong", "not finite", "factor", "near", "unknown")
    for verdict in order:
        for r in results:
            if r.verdict == verdict:
                return r.name
    return results[0].name if results else ""
