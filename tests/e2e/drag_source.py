"""A small window, as a file manager's, from which files, addresses or a text are dragged by the mouse.

Started with `files PATH …`, `urls URL …` or `text TEXT`. It prints the middle of its window, then for each drag what became
of it: `CopyAction` where it was taken, `IgnoreAction` where nobody wanted it.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QMimeData, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel


class Source(QLabel):
    """Begins to drag as soon as the mouse is moved with its button down."""

    def __init__(self, kind: str, words: list[str]) -> None:
        super().__init__("drag me")
        self.kind, self.words = kind, words
        self.dragging = False
        self.kept: tuple[QDrag, QMimeData] | None = None
        self.setWindowFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint)
        self.setWindowFlag(Qt.WindowType.WindowDoesNotAcceptFocus)
        self.resize(90, 40)
        self.move(0, 0)
        self.setWindowTitle("drag source")

    @Slot()
    def tell(self) -> None:
        """Print where to take hold of it."""
        at = self.mapToGlobal(self.rect().center())
        print(at.x(), at.y(), flush=True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag until the button is let go."""
        if self.dragging:
            return
        self.dragging = True
        data = QMimeData()
        if self.kind == "text":
            data.setText(self.words[0])
        else:
            data.setUrls([QUrl.fromLocalFile(w) if self.kind == "files" else QUrl(w) for w in self.words])
        drag = QDrag(self)
        drag.setMimeData(data)
        self.kept = drag, data  # asked for after the button was let go
        done = drag.exec(Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.DropAction.CopyAction)
        self.dragging = False
        print(done.name, flush=True)


if __name__ == "__main__":
    app = QApplication(sys.argv[:1])
    source = Source(sys.argv[1], sys.argv[2:])
    source.show()
    QTimer.singleShot(200, source.tell)
    raise SystemExit(app.exec())
