"""The panels of the window: docks that move, float, stand behind one another, hide, and come back as they were."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QByteArray, QEvent, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QStyle, QTabBar, QTabWidget, QWidget

from stepper.arrangement import AREAS, BY_ID, PANELS, Area, Arrangement, Panel, area_of, say, shares
from stepper.widgets.dock_title import DockTitle

VERSION = 1
"""Of the saved arrangement: a higher one when saved ones no longer fit."""
LEAST_WIDTH, LEAST_HEIGHT, TAB_FRAME = 330, 150, 12


class Panels(QMainWindow):
    """Holds a dock for each panel of the table. A panel's view is made when it is first seen.

    `made(id, view)` tells of a new view, `changed()` of a panel shown, hidden or brought to the front,
    `help_wanted(page)` of a press on a panel's question mark.
    """

    made = Signal(str, QWidget)
    changed = Signal()
    help_wanted = Signal(str)
    focus_freed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setAccessibleName(self.tr("Panels"))
        self.setDockNestingEnabled(True)
        self.setAnimated(False)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.arrangement: Arrangement = "learn"
        self.views: dict[str, QWidget] = {}
        self.moved = False
        self._low = True
        self._arranging = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._settle)
        self.docks = {panel.id: self._dock(panel) for panel in PANELS}

    # -- what a person does ----------------------------------------------------------------------------

    def view(self, name: str) -> QWidget:
        """Return the view of a panel, made now if nobody has seen it yet; raises KeyError."""
        if name not in self.views:
            dock = self.docks[name]
            made = BY_ID[name].view(dock)
            self.views[name] = made
            dock.setWidget(made)
            self.made.emit(name, made)
        return self.views[name]

    def is_shown(self, name: str) -> bool:
        """Tell whether a panel is open, be it behind another."""
        return not self.docks[name].isHidden()

    def is_in_front(self, name: str) -> bool:
        """Tell whether a panel is open and not behind another."""
        dock = self.docks[name]
        return not dock.isHidden() and (dock.isFloating() or dock.visibleRegion().boundingRect().isValid())

    def show_panel(self, name: str, focus: bool = False) -> None:
        """Open a panel, or bring it to the front."""
        dock = self.docks[name]
        if dock.isHidden():
            dock.show()
            self._find_room(dock)
        dock.raise_()
        if focus:
            view = self.view(name)
            (view.focusWidget() or view).setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._soon.start()

    def hide_panel(self, name: str) -> None:
        """Hide a panel; if it had the keyboard, `focus_freed` asks for another place for it."""
        dock, focus = self.docks[name], QApplication.focusWidget()
        had = focus is not None and dock.isAncestorOf(focus)
        dock.hide()
        if had:
            self.focus_freed.emit()
        self._soon.start()

    def toggle(self, name: str) -> None:
        """Hide a panel that is in sight; show one that is hidden or behind another."""
        if self.is_in_front(name):
            self.hide_panel(name)
        else:
            self.show_panel(name, focus=True)

    def set_low(self, low: bool) -> None:
        """Have the strip at the bottom be low, or high, unless a person has shared the room otherwise."""
        if low != self._low:
            self._low = low
            self.divide()

    # -- arrangements ----------------------------------------------------------------------------------

    def arrange(self, arrangement: Arrangement) -> None:
        """Put every panel where an arrangement has it."""
        self._arranging = True
        focus = QApplication.focusWidget()
        self.setUpdatesEnabled(False)
        self.arrangement = arrangement
        self.moved = False
        places: dict[Area, list[QDockWidget]] = {area: [] for area in AREAS}
        for panel in PANELS:
            dock = self.docks[panel.id]
            dock.setFloating(False)
            self.removeDockWidget(dock)
            places[area_of(panel, arrangement)].append(dock)
        self._place(places)
        for panel in PANELS:
            self.docks[panel.id].setVisible(arrangement in panel.shown)
        for docks in places.values():
            for dock in reversed([d for d in docks if not d.isHidden()]):
                dock.raise_()
        self.setUpdatesEnabled(True)
        self._arranging = False
        if focus is not None and self.isAncestorOf(focus) and not focus.isVisible():
            self.focus_freed.emit()
        self.divide()
        self._soon.start()

    def divide(self) -> None:
        """Share the room, unless a person has done so."""
        if self.moved or not self.isVisible():
            return
        shown: dict[Area, list[QDockWidget]] = {}
        for panel in PANELS:
            dock = self.docks[panel.id]
            if not dock.isHidden() and not dock.isFloating():
                shown.setdefault(area_of(panel, self.arrangement), []).append(dock)
        s = shares(self.width(), self.height(), set(shown), self._low)
        halves = (("left", "left-low"), ("centre", "centre-low"), ("right", "right-low"))
        columns = [[shown[area] for area in half if area in shown] for half in halves]
        gaps = (0, self._gap(), self._gap())
        there = [(column, size - gap) for column, size, gap in zip(columns, s.columns, gaps, strict=True) if column]
        if not there:
            return
        self._share([([d for docks in column for d in docks], size) for column, size in there], self.width(), sideways=True)
        strip = shown.get("bottom")
        room = self.height()
        if strip:
            above = there[0][0][0]
            room -= self._share([(above, room - s.strip), (strip, s.strip)], room, sideways=False)[-1] + self._gap()
        for (high, low), part in zip(halves, (room // 3, s.low, room // 2), strict=True):
            if high in shown and low in shown:
                self._share([(shown[high], room - part), (shown[low], part)], room, sideways=False)

    def _gap(self) -> int:
        return self.style().pixelMetric(QStyle.PixelMetric.PM_DockWidgetSeparatorExtent, None, self)

    def _share(self, wanted: list[tuple[list[QDockWidget], int]], room: int, sideways: bool) -> list[int]:
        """Give groups of panels their sizes; the first takes what is left, none less than it needs.

        Sizes that do not add up to what there is leave Qt with two minds about where a line between panels is.
        """
        hints = [[dock.minimumSizeHint() for dock in docks] for docks, _ in wanted]
        tab = self.fontMetrics().height() + TAB_FRAME
        least = [
            max(hint.width() if sideways else hint.height() + (tab if len(group) > 1 else 0) for hint in group) for group in hints
        ]
        sizes = [max(size, need) for (_, size), need in zip(wanted, least, strict=True)]
        sizes[0] = max(least[0], room - self._gap() * (len(sizes) - 1) - sum(sizes[1:]))
        over = sum(sizes) + self._gap() * (len(sizes) - 1) - room
        for n in sorted(range(len(sizes)), key=lambda n: least[n] - sizes[n]):
            less = max(0, min(over, sizes[n] - least[n]))
            sizes[n] -= less
            over -= less
        orientation = Qt.Orientation.Horizontal if sideways else Qt.Orientation.Vertical
        self.resizeDocks([docks[0] for docks, _ in wanted], [max(1, size) for size in sizes], orientation)
        return sizes

    def shown(self) -> str:
        """Return which panels are open, as a text for the settings."""
        return ",".join(name for name in self.docks if self.is_shown(name))

    def save(self) -> QByteArray:
        """Return how the panels stand, empty if nobody has moved any."""
        return self.saveState(VERSION) if self.moved else QByteArray()

    def restore(self, state: QByteArray, shown: str) -> None:
        """Put the panels back as they stood; a state of another version is passed over."""
        self._arranging = True
        self.moved = not state.isEmpty() and self.restoreState(state, VERSION)
        names = set(shown.split(",")) & set(self.docks)
        if names and not self.moved:
            for name, dock in self.docks.items():
                dock.setVisible(name in names)
        self._arranging = False
        self._soon.start()

    # -- inside ----------------------------------------------------------------------------------------

    def _dock(self, panel: Panel) -> QDockWidget:
        dock = QDockWidget(say(panel.title), self)
        dock.setObjectName(panel.id)
        dock.setAccessibleName(self.tr("Panel: {title}").format(title=say(panel.title)))
        title = DockTitle(say(panel.title), say(panel.about), dock)
        title.help_wanted.connect(self._on_help)
        title.close_wanted.connect(self._on_close)
        dock.setTitleBarWidget(title)
        dock.visibilityChanged.connect(self._on_visibility)
        dock.topLevelChanged.connect(self._on_moved)
        dock.dockLocationChanged.connect(self._on_moved)
        return dock

    def _place(self, places: dict[Area, list[QDockWidget]]) -> None:
        """Build the rows and columns: what stands alone in an area splits it, the others stand behind that."""
        left = Qt.DockWidgetArea.LeftDockWidgetArea
        lines, rows = Qt.Orientation.Vertical, Qt.Orientation.Horizontal
        first = {area: docks[0] for area, docks in places.items() if docks}
        columns = [first[area] for area in ("left", "centre", "right") if area in first]
        self.addDockWidget(left, columns[0])
        if "bottom" in first:
            self.splitDockWidget(columns[0], first["bottom"], lines)
        for one, other in pairwise(columns):
            self.splitDockWidget(one, other, rows)
        for high, low in (("left", "left-low"), ("centre", "centre-low"), ("right", "right-low")):
            if high in first and low in first:
                self.splitDockWidget(first[high], first[low], lines)
        for docks in places.values():
            for one, other in pairwise(docks):
                self.tabifyDockWidget(one, other)

    def _find_room(self, dock: QDockWidget) -> None:
        """Give a panel that comes anew into a room that a person has shared enough of it to be read."""
        self.divide()
        if self.moved and not dock.isFloating():
            sideways, upwards = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
            for have, want, room, way in (
                (dock.width(), LEAST_WIDTH, self.width(), sideways), (dock.height(), LEAST_HEIGHT, self.height(), upwards),
            ):  # fmt: skip
                if have < want < room:
                    # Qt shares out what is asked for too much: asked for this much, it gives what is wanted.
                    self.resizeDocks([dock], [want * (room - have) // (room - want)], way)

    @Slot()
    def _settle(self) -> None:
        """Make the views that have come into sight, name the tabs, and tell."""
        for name, dock in self.docks.items():
            if self.isVisible() and self.is_in_front(name):
                self.view(name)
            title = dock.titleBarWidget()
            if isinstance(title, DockTitle):
                title.set_tabbed(not dock.isFloating() and any(not d.isHidden() for d in self.tabifiedDockWidgets(dock)))
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setAccessibleName(self.tr("Panels that share a place"))
            bar.setDocumentMode(True)
            bar.setExpanding(False)
        self.divide()
        self.changed.emit()

    @Slot(bool)
    def _on_visibility(self, visible: bool) -> None:
        if visible and self.isVisible():
            dock = self.sender()
            if isinstance(dock, QDockWidget):
                self.view(dock.objectName())
        self._soon.start()

    @Slot()
    def _on_moved(self) -> None:
        if not self._arranging and self.isVisible():
            self.moved = True
        self._soon.start()

    @Slot()
    def _on_close(self) -> None:
        title = self.sender()
        dock = title.parent() if isinstance(title, DockTitle) else None
        if isinstance(dock, QDockWidget):
            self.hide_panel(dock.objectName())

    @Slot()
    def _on_help(self) -> None:
        title = self.sender()
        dock = title.parent() if isinstance(title, DockTitle) else None
        if isinstance(dock, QDockWidget):
            self.help_wanted.emit(BY_ID[dock.objectName()].page)

    # -- events ----------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Notice a hand on a line between panels: from then on the room is shared as the person wants it."""
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            at: QPoint = event.position().toPoint()
            self.moved = self.moved or self.isSeparator(at)
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new room; once more when the views have found out what they need in it."""
        super().resizeEvent(event)
        self.divide()
        self._soon.start()
