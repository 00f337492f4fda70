"""The panels of the window: docks that move, float, stand behind one another, hide, and come back as they were."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QByteArray, QEvent, QObject, QPoint, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QTabBar, QTabWidget, QWidget

from stepper.arrangement import AREAS, BY_ID, OPEN, PANELS, Area, Arrangement, Fold, Panel, area_of, fold_of, folded, say, shares
from stepper.dock_sizes import gap, make_room, share_out
from stepper.widgets import fonts
from stepper.widgets.dock_title import DockTitle

VERSION = 1
"""Of the saved arrangement: a higher one when saved ones no longer fit."""
SMALLEST = QSize(160, 60)
TAB_FRAME = 24
"""What a tab is wider than its name."""
LENDERS: tuple[Area, ...] = ("centre-low", "centre", "left")
SIDES = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea, "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "top": Qt.DockWidgetArea.TopDockWidgetArea, "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}  # fmt: skip


class Panels(QMainWindow):
    """Holds a dock for each panel of the table. A panel's view is made when it is first seen.

    `made(id, view)` tells of a new view, `changed()` of a panel shown, hidden or brought to the front,
    `closed(id)` of one that a person has hidden,
    `help_wanted(page)` of a press on a panel's question mark. What is opened does not cover the panel `kept`: it stands
    elsewhere.
    """

    made = Signal(str, QWidget)
    changed = Signal()
    closed = Signal(str)
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
        self._least: dict[str, QSize] = {}
        self._known: dict[str, QSize] = {}
        self.current = ""
        self.kept = ""
        self._lent: dict[str, Area] = {}
        self._fold = OPEN
        self._fronts: list[str] = []  # what was in front when the window last folded or unfolded, the latest last
        self._low = True
        self._arranging = False
        self._was_moved = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._settle)
        self.docks = {panel.id: self._dock(panel) for panel in PANELS}
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus)

    # -- what a person does ----------------------------------------------------------------------------

    def view(self, name: str) -> QWidget:
        """Return the view of a panel, made now if nobody has seen it yet; raises KeyError."""
        if name not in self.views:
            dock = self.docks[name]
            made = BY_ID[name].view(dock)
            self.views[name] = made
            # Where panels need more room than there is, Qt lets them overlap; it is better that one is cut off.
            self._least[name] = made.minimumSize()
            made.setMinimumSize(SMALLEST)
            dock.setWidget(made)
            made.installEventFilter(self)
            self.made.emit(name, made)
        return self.views[name]

    def is_shown(self, name: str) -> bool:
        """Tell whether a panel is open, be it behind another."""
        return not self.docks[name].isHidden()

    def is_in_front(self, name: str) -> bool:
        """Tell whether a panel is open and not behind another."""
        dock = self.docks[name]
        return not dock.isHidden() and (dock.isFloating() or dock.visibleRegion().boundingRect().isValid())

    def is_behind(self, widget: QWidget) -> bool:
        """Tell whether a widget is in a panel that stands behind another one, so that nobody can see it."""
        name = self._name_of(widget)
        return bool(name) and not self.is_in_front(name)

    def show_panel(self, name: str, focus: bool = False) -> None:
        """Open a panel, or bring it to the front."""
        dock = self.docks[name]
        was_hidden = dock.isHidden()
        dock.show()
        if self.kept and name != self.kept and self.docks[self.kept] in self.tabifiedDockWidgets(dock):
            self._lend(name)
        if was_hidden:
            self.divide()
            if self.moved:
                make_room(self, dock)
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
        self.closed.emit(name)
        self._soon.start()

    def put_away(self, name: str) -> None:
        """Hide a panel that nobody has asked for; unlike one that a person has closed, it may come back by itself."""
        self.docks[name].hide()
        self._soon.start()

    def toggle(self, name: str) -> None:
        """Give a panel the keyboard, showing it if need be; hide it if it has the keyboard already."""
        focus = QApplication.focusWidget()
        if self.is_in_front(name) and (focus is None or self.docks[name].isAncestorOf(focus)):
            self.hide_panel(name)
        else:
            self.show_panel(name, focus=True)

    def float_current(self) -> None:
        """Make the panel that had the keyboard last a window of its own, or put it back."""
        name = self.current
        if name:
            self.docks[name].setFloating(not self.docks[name].isFloating())
            self.show_panel(name, focus=True)

    def move_current(self, side: str) -> None:
        """Move the panel that had the keyboard last to a side of the window: left, right, top or bottom."""
        name = self.current
        if name:
            self.addDockWidget(SIDES[side], self.docks[name])
            self.docks[name].setFloating(False)
            self.moved = True
            make_room(self, self.docks[name])
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
        self._lent.clear()
        self._fronts.clear()
        self._fold = self._fold_now()
        groups = self._stand({panel.id for panel in PANELS if arrangement in panel.shown or panel.id == self.kept})
        for group in groups:
            group[0].raise_()
        if self.kept:
            self.docks[self.kept].raise_()
        self.setUpdatesEnabled(True)
        self._arranging = False
        if focus is not None and self.isAncestorOf(focus) and not focus.isVisible():
            self.focus_freed.emit()
        self.divide()
        self._soon.start()

    def _stand(self, shown: set[str]) -> list[list[QDockWidget]]:
        """Take every panel to its area, and show these; returns those shown that stand behind one another, area by area."""
        places: dict[Area, list[QDockWidget]] = {area: [] for area in AREAS}
        for name, dock in self.docks.items():
            dock.setFloating(False)
            self.removeDockWidget(dock)
            places[self._area(name)].append(dock)
        self._place(places)
        for name, dock in self.docks.items():
            dock.setVisible(name in shown)
        groups = [[d for d in docks if not d.isHidden()] for docks in places.values()]
        return [group for group in groups if group]

    def _fold_now(self) -> Fold:
        """Return what has to be folded in the room that there is."""
        return fold_of(self.width(), self.height(), fonts.zoom(), self.arrangement) if self.isVisible() else OPEN

    def _refold(self) -> None:
        """Put panels behind one another where the room has become too small for them, and beside one another again.

        What is in sight stays in sight where it can; of several that now share a place, the one with the keyboard, or the
        first; what was covered by that is in sight again afterwards. Where a person has moved panels, nothing moves by itself.
        """
        fold = self._fold_now()
        if fold == self._fold or self.moved or self._arranging or not self.isVisible():
            return
        focus, current = QApplication.focusWidget(), self.current  # which moving the panels takes away
        front = [name for name in reversed(self.docks) if self.is_in_front(name)]
        self._fronts = [name for name in self._fronts if name not in front and self.is_shown(name)] + front
        self._fold = fold
        self._arranging = True
        self.setUpdatesEnabled(False)
        for group in self._stand({name for name in self.docks if self.is_shown(name)}):
            group[0].raise_()
        for name in [*self._fronts, *(n for n in (current, self.kept) if n in front)]:
            self.docks[name].raise_()
        self.setUpdatesEnabled(True)
        self._arranging = False
        if focus is not None and self.isAncestorOf(focus):
            if focus.isVisible():
                focus.setFocus(Qt.FocusReason.OtherFocusReason)
            else:
                self.focus_freed.emit()

    def divide(self) -> None:
        """Share the room, unless a person has done so."""
        if self.moved or self._arranging or not self.isVisible():
            return
        shown: dict[Area, list[QDockWidget]] = {}
        for panel in PANELS:
            dock = self.docks[panel.id]
            if not dock.isHidden() and not dock.isFloating():
                shown.setdefault(self._area(panel.id), []).append(dock)
        s = shares(self.width(), self.height(), set(shown), self._low, self.arrangement == "write", fonts.zoom())
        halves = (("left", "left-low"), ("centre", "centre-low"), ("right", "right-low"))
        columns = [[shown[area] for area in half if area in shown] for half in halves]
        gaps = (0, gap(self), gap(self))
        there = [(column, size - gap) for column, size, gap in zip(columns, s.columns, gaps, strict=True) if column]
        if not there:
            return
        share_out(
            self,
            self._needs,
            [([d for docks in column for d in docks], size) for column, size in there],
            self.width(),
            sideways=True,
        )
        strip = shown.get("bottom")
        room = self.height()
        if strip:
            above = there[0][0][0]
            room -= share_out(self, self._needs, [(above, room - s.strip), (strip, s.strip)], room, sideways=False)[-1] + gap(
                self
            )
        for (high, low), part in zip(halves, (room // 3, s.low, room // 2), strict=True):
            if high in shown and low in shown:
                share_out(self, self._needs, [(shown[high], room - part), (shown[low], part)], room, sideways=False)

    def _needs(self, dock: QDockWidget) -> QSize:
        """Return the least size in which a panel can be read."""
        view = self.views.get(dock.objectName())
        if view is None:
            return dock.minimumSizeHint()
        hint, wished = view.minimumSizeHint(), self._least[dock.objectName()]
        return QSize(wished.width() or hint.width(), (wished.height() or hint.height()) + dock.titleBarWidget().height())

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

    def _lend(self, name: str) -> None:
        """Put a panel behind one elsewhere, best in the middle, so that it leaves the place that it has with the kept one."""
        for area in LENDERS:
            there = [d for n, d in self.docks.items() if self._area(n) == area and not (d.isHidden() or d.isFloating())]
            if there and area != self._area(self.kept):
                self._arranging = True  # no hand of a person
                self.removeDockWidget(self.docks[name])
                self.tabifyDockWidget(there[0], self.docks[name])
                self.docks[name].show()
                self._arranging = False
                self._lent[name] = area
                return

    def _area(self, name: str) -> Area:
        lent = self._lent.get(name)
        return folded(lent, self.arrangement, self._fold) if lent else area_of(BY_ID[name], self.arrangement, self._fold)

    @Slot()
    def _settle(self) -> None:
        """Make the views that have come into sight, name the tabs, and tell."""
        self._refold()
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
            wanted = sum(bar.fontMetrics().horizontalAdvance(bar.tabText(n)) + TAB_FRAME for n in range(bar.count()))
            # A few letters less do no harm; names of which nothing is left are better scrolled.
            little = wanted <= 1.15 * bar.width()
            bar.setElideMode(Qt.TextElideMode.ElideRight if little else Qt.TextElideMode.ElideNone)
        self.divide()
        if self._was_moved:
            # A panel that becomes a window, or is none any more, loses the keyboard to anything.
            self._was_moved = False
            focus = QApplication.focusWidget()
            if focus is None or not any(dock.isAncestorOf(focus) for dock in self.docks.values()):
                self.focus_freed.emit()
        self.changed.emit()

    @Slot(QWidget, QWidget)
    def _on_focus(self, _: QWidget | None, now: QWidget | None) -> None:
        """Remember the panel that has the keyboard; a menu, a dialog or another program does not change it."""
        name = self._name_of(now)
        if name or (now is not None and now.window() is self.window()):
            self.current = name

    def _name_of(self, widget: QWidget | None) -> str:
        """Return the panel that a widget is in, '' if it is in none."""
        while widget is not None:
            if isinstance(widget, QDockWidget) and self.docks.get(widget.objectName()) is widget:
                return widget.objectName()
            widget = widget.parentWidget()
        return ""

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
            self.moved = self._was_moved = True
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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Share the room anew when a view turns out to need more than it has, as one that breaks its lines does."""
        if event.type() == QEvent.Type.LayoutRequest:
            name = next((name for name, view in self.views.items() if view is watched), "")
            if name and not self._arranging and self.is_in_front(name):
                dock = self.docks[name]
                needs = self._needs(dock)
                if needs != self._known.get(name):  # once for each need: there may be no more room
                    self._known[name] = needs
                    if needs.height() > dock.height() or needs.width() > dock.width():
                        self._soon.start()
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        """Share the room anew when all text has become larger or smaller."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_soon"):
            self._soon.start()

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
