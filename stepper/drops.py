"""Files that are dropped on the window, wherever in it: no part of it takes them for text of its own."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from core.files.problem import escaped

LONGEST = 200


class Drops(QObject):
    """Takes one file of this computer at a time: `dropped(path)`; of anything else `said(sentence)` tells what to do.

    It looks at what comes to the windows of the system, before it goes to what lies under the mouse: an editor or a field
    would write the name of the file into itself, and a drawing would swallow it. A text is left to those.
    """

    dropped = Signal(str)
    said = Signal(str)
    _taken = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._taking = False  # whether what hovers over the window are files
        self._taken.connect(self._on_taken, Qt.ConnectionType.QueuedConnection)

    def watch(self, widget: QWidget) -> None:
        """Take what is dropped on a widget that is a window of its own, once it is in sight."""
        if widget.isVisible():
            widget.windowHandle().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take files; all else goes on to where it was meant for."""
        if isinstance(event, QDragEnterEvent):
            self._taking = event.mimeData().hasUrls() and QApplication.activeModalWidget() is None
        elif event.type() == QEvent.Type.DragLeave:
            self._taking = False
        if not self._taking or not isinstance(event, QDropEvent):
            return False
        event.setDropAction(Qt.DropAction.CopyAction)  # moved is nothing: the file stays where it is
        event.accept()
        if event.type() == QEvent.Type.Drop:
            self._taking = False
            self._take(event.mimeData())
        return True

    def _take(self, data: QMimeData) -> None:
        urls = data.urls()
        if len(urls) > 1:
            words = self.tr("{n} files were dropped. Drop one; to compare two saved networks, open one, then “Compare with…”.")
            self.said.emit(words.format(n=len(urls)))
        elif urls and urls[0].isLocalFile():
            self._taken.emit(urls[0].toLocalFile())
        elif urls:
            words = self.tr("{address} is an address and no file of this computer: download it, then drop the file.")
            self.said.emit(words.format(address=escaped(urls[0].toDisplayString())[:LONGEST]))
        else:
            self.said.emit(self.tr("The other program did not say which file it was: drop it once more."))

    @Slot(str)
    def _on_taken(self, path: str) -> None:
        """Open the file, after the program that it came from has been let go."""
        self._window.activateWindow()
        self.dropped.emit(path)
