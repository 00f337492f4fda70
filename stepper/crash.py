"""What happens when we made a mistake: the details go into a file, the person gets one sentence and goes on."""

from __future__ import annotations

import datetime
import sys
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QStandardPaths, Signal

LARGEST = 1024 * 1024
FILE = "problems.log"


class CrashReporter(QObject):
    """Writes down every error that nobody caught, and says so once for each."""

    said = Signal(str)

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path if path is not None else standard_path()
        self._before = sys.excepthook

    def install(self) -> None:
        """Take over `sys.excepthook`; PySide6 sends errors in slots there too."""
        self._before = sys.excepthook
        sys.excepthook = self.report

    def remove(self) -> None:
        """Give `sys.excepthook` back."""
        sys.excepthook = self._before

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Write an error down and say one sentence."""
        if issubclass(kind, KeyboardInterrupt):
            self._before(kind, error, trace)
            return
        written = self._write("".join(traceback.format_exception(kind, error, trace)))
        if written:
            sentence = self.tr(
                "Something went wrong inside the app; your work is still open. Details are in {path}"
            ).format(path=self.path)  # fmt: skip
        else:
            sentence = self.tr(
                "Something went wrong inside the app; your work is still open. Details could not be written to {path}"
            ).format(path=self.path)  # fmt: skip
        self.said.emit(sentence)

    def _write(self, text: str) -> bool:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.path.exists() and self.path.stat().st_size > LARGEST
            with self.path.open("w" if fresh else "a", encoding="utf-8") as file:
                file.write(f"--- {datetime.datetime.now().isoformat(timespec='seconds')}\n{text}\n")
        except OSError:
            return False
        return True


def standard_path() -> Path:
    """Return where the details of crashes are written on this system."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)) / FILE
