"""Dropping on a window, as the system tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

LEFT, NONE, COPY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction


def drop(window: QWidget, what: Sequence[Path | str] | str, at: QPoint | None = None) -> bool:
    """Drop files (paths) and addresses (texts), or a text, on a place of a window; tells whether it was taken."""
    data, handle, place = QMimeData(), window.windowHandle(), at or QPoint(5, 5)
    if isinstance(what, str):
        data.setText(what)
    else:
        data.setUrls([QUrl.fromLocalFile(str(w)) if isinstance(w, Path) else QUrl(w) for w in what])
    enter = QDragEnterEvent(place, COPY, data, LEFT, NONE)
    enter.ignore()
    QCoreApplication.sendEvent(handle, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(QPointF(place), COPY, data, LEFT, NONE)
    QCoreApplication.sendEvent(handle, event)
    QCoreApplication.processEvents()
    return event.isAccepted()
