"""The small window of the help menu. It stops nothing: work goes on beside it."""

from __future__ import annotations

import platform
from importlib import metadata

import numpy as np
import PySide6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from stepper import resources


def _frame(dialog: QDialog, title: str, content: QWidget) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setModal(False)
    dialog.setWindowTitle(title)
    column = QVBoxLayout(dialog)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
    buttons.rejected.connect(dialog.close)
    column.addWidget(content)
    column.addWidget(buttons)


def _version() -> str:
    try:
        return metadata.version("backprop-stepper")
    except metadata.PackageNotFoundError:
        return ""


class AboutDialog(QDialog):
    """What this is, which version, and what it stands on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        box = QWidget(self)
        column = QVBoxLayout(box)
        picture = QLabel(box)
        picture.setPixmap(resources.app_icon().pixmap(64, 64))
        picture.setAccessibleName(self.tr("The icon of the app: a small network and an arrow towards earlier"))
        column.addWidget(picture)
        self.text = QLabel(
            self.tr(
                "Backprop Stepper {version}\n\nOne training iteration of a neural network, operation by operation:"
                "\nforward, backward and update, earlier and later.\n\n"
                "Python {python} · NumPy {numpy} · PySide6 {pyside}\nMIT licence"
            ).format(
                version=_version(),
                python=platform.python_version(),
                numpy=np.__version__,
                pyside=PySide6.__version__,
            ),
            box,
        )
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self.text)
        _frame(self, self.tr("About Backprop Stepper"), box)
