"""What helps a person find their way: help, the tour, the palette, the settings, the keys, what this is."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QVBoxLayout, QWidget

from core.session import Moment
from stepper import actions, tour
from stepper.arrangement import BY_ID
from stepper.controller import Controller
from stepper.dialogs import AboutDialog
from stepper.help import FIRST, HelpView, add_to_page
from stepper.keys_page import keys_table
from stepper.palette import Palette
from stepper.panels import Panels
from stepper.settings import Settings
from stepper.settings_dialog import SettingsDialog
from stepper.tour import Tour

STEPS_PAGE = "steps"


class HelpDialog(QDialog):
    """The help in a window of its own, for where there are no panels. It stops nothing."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.setWindowTitle(self.tr("Help"))
        self.setAccessibleName(self.tr("Help"))
        self.view = HelpView(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.resize(640, 560)


class Guide(QObject):
    """Opens the windows and panels of help. `chosen(key, value)` tells of a setting chosen, `action_wanted(id)` of an action."""

    chosen = Signal(str, object)
    action_wanted = Signal(str)

    def __init__(self, window: QMainWindow, controller: Controller, panels: Panels, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._controller, self._panels, self._settings = window, controller, panels, settings
        self.top: QWidget | None = None
        add_to_page("keys", keys_table)
        self.tour = Tour(self._place_of, window)
        self.tour.panel_wanted.connect(self._on_panel_wanted)
        self.tour.action_wanted.connect(self.action_wanted)

    # -- help ------------------------------------------------------------------------------------------

    @Slot()
    def help_here(self) -> None:
        """Open the page of help on the panel that has the keyboard."""
        self.show_page(self.page_here())

    def page_here(self) -> str:
        """Return the page on the panel that has the keyboard, else the first page of help."""
        focus = QApplication.focusWidget()
        if self._panels.isVisible() and self._panels.current:
            return BY_ID[self._panels.current].page
        return STEPS_PAGE if focus is not None and self.top is not None and self.top.isAncestorOf(focus) else FIRST

    @Slot(str)
    def show_page(self, name: str) -> None:
        """Open a page of help, and give it the keyboard: in its panel, or where no panels are, in a window of its own."""
        if self._panels.isVisible():
            cast(HelpView, self._panels.view("help")).show_page(name)
            self._panels.show_panel("help", focus=True)
            return
        dialog = self._window.findChild(HelpDialog)
        if not isinstance(dialog, HelpDialog):
            dialog = HelpDialog(self._window)
        dialog.view.show_page(name)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    @Slot()
    def show_about(self) -> None:
        """Show what this is."""
        AboutDialog(self._window).show()

    # -- palette and settings --------------------------------------------------------------------------

    def open_palette(self, table: actions.Actions, why_not: Callable[[str], str]) -> None:
        """Open the palette over the window."""
        palette = Palette(table, why_not, self._window)
        palette.wanted.connect(self.action_wanted)
        palette.open_over(self._window)

    @Slot()
    def show_settings(self) -> None:
        """Open the window of settings, or bring it to the front."""
        dialog = self._window.findChild(SettingsDialog)
        if not isinstance(dialog, SettingsDialog):
            dialog = SettingsDialog(self._settings, self._window)
            dialog.chosen.connect(self.chosen)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    @Slot()
    def refresh(self) -> None:
        """Show again what a changed setting changes: the window of settings, the help, the tour."""
        for dialog in self._window.findChildren(SettingsDialog):
            dialog.refresh()
        for view in self._window.findChildren(HelpView):
            view.paint_theme()
        self.tour.paint_theme()

    # -- tour ------------------------------------------------------------------------------------------

    @Slot()
    def begin_tour(self) -> None:
        """Open xor before its first operation and begin the tour on it."""
        self.tour.end()
        if self._controller.open(tour.TARGET) and self._controller.session is not None:
            self._controller.to_start()
            self.tour.begin(self._controller.session.moment())

    def follow(self, moment: Moment) -> None:
        """Tell the tour what there is to see now; it ends when something else is opened."""
        if self.tour.is_on:
            self.tour.follow(moment)

    def _place_of(self, panel: str) -> QWidget | None:
        return self.top if panel == "top" else self._panels.docks.get(panel)

    @Slot(str)
    def _on_panel_wanted(self, panel: str) -> None:
        if panel in self._panels.docks:
            self._panels.show_panel(panel)
