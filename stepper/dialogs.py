"""The two small windows of the help menu. Neither stops anything: work goes on beside them."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib import metadata

import numpy as np
import PySide6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

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


class KeysDialog(QDialog):
    """Every action that has a key, with what it does."""

    def __init__(self, rows: Sequence[tuple[str, str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = QTableWidget(len(rows), 3, self)
        self.table.setAccessibleName(self.tr("Keys"))
        self.table.setHorizontalHeaderLabels([self.tr("Keys"), self.tr("Action"), self.tr("What it does")])
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        for r, row in enumerate(rows):
            for c, text in enumerate(row):
                self.table.setItem(r, c, QTableWidgetItem(text))
        self.table.resizeColumnsToContents()
        self.table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        _frame(self, self.tr("Keys"), self.table)
        self.resize(860, 560)


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
