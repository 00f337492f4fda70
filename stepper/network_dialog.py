"""New network…: every choice of the table in a form and as TOML, with the program that comes of them beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QMenu, QPushButton, QSplitter, QVBoxLayout, QWidget

from core.choices import PRESETS, preset_text
from core.description import Problem
from core.errors import StepperError
from stepper import theme
from stepper.network_draft import NetworkDraft
from stepper.saving import save_text
from stepper.widgets.form_row import Wrong, tint, words
from stepper.widgets.form_tabs import ChoiceTabs
from stepper.widgets.form_text import Preview
from stepper.widgets.room import room_of


class NetworkDialog(QDialog):
    """Describes a network; `created(Network, title, path)` when a person wants it. Until then nothing else changes."""

    created = Signal(object, str, str)

    def __init__(self, text: str = "", folder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("New network"))
        self.setAccessibleName(self.tr("New network"))
        self._saved = ("", "")
        self._creating = False
        self.draft = NetworkDraft(text or preset_text(next(iter(PRESETS))), Path(folder), self)
        self.presets = QPushButton(self.tr("Start from an &example"), self)
        self.form = ChoiceTabs(self)
        self.preview = Preview(self)
        self._build()
        self._connect()
        self._show_tree()
        self._show_text()
        self.form.lock(self.draft.form_is_behind)
        self.resize(self._room())

    # -- what a person does --------------------------------------------------------------------------

    @Slot()
    def create_network(self) -> None:
        """Hand the network over and close; if it is still being made, as soon as it is."""
        self._creating = True
        self.draft.hurry()
        self._create_if_ready()

    @Slot()
    def choose_toml_file(self) -> None:
        """Ask where to save the choices."""
        dialog = QFileDialog(self, self.tr("Save as TOML"), str(self.draft.folder))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([self.tr("Networks (*.toml)")])
        dialog.setDefaultSuffix("toml")
        dialog.selectFile(f"{self.draft.title.replace(' ', '-') or 'network'}.toml")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save)
        dialog.open()

    @Slot(str)
    def save(self, path: str) -> None:
        """Save the choices as they stand in the TOML tab, whole or not at all."""
        # A lone surrogate, which a clipboard can hold, has no place in a file.
        text = self.draft.text.encode("utf-8", "replace").decode("utf-8")
        try:
            save_text(Path(path), text)
        except StepperError as error:
            self.note.setText(self.tr("⚠ Not saved: {why}").format(why=error))
            return
        self._saved = (path, self.draft.text)
        self.note.setText(self.tr("✓ Saved as {name}").format(name=Path(path).name))
        # Data files are named beside the network: from now on, beside this file.
        self.draft.look_in(Path(path).absolute().parent)
        self._show_tree()

    def reject(self) -> None:
        """Close; nothing has changed."""
        self.draft.stop()
        super().reject()

    def accept(self) -> None:
        """Close."""
        self.draft.stop()
        super().accept()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close; nothing has changed."""
        self.draft.stop()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "status"):
            self._dress()

    # -- what follows --------------------------------------------------------------------------------

    @Slot(str, object)
    def _on_value(self, path: str, value: Any) -> None:
        self.draft.set_value(path, value)
        self.form.fit(self.draft.tree)

    @Slot(object)
    def _on_layers(self, layers: list[dict[str, Any]]) -> None:
        self.draft.set_layers(layers)
        self.form.fit(self.draft.tree)

    @Slot(str)
    def _on_typed(self, text: str) -> None:
        self.draft.set_text(text)
        self.form.lock(self.draft.form_is_behind)
        self._is_changed()

    @Slot()
    def _on_dropped(self) -> None:
        self.draft.drop_text()
        self.form.lock(False)

    @Slot(QAction)
    def _on_preset(self, action: QAction) -> None:
        self.draft.start_from(preset_text(str(action.data())))
        self.form.lock(False)

    @Slot()
    def _show_text(self) -> None:
        self.form.toml.take(self.draft.text)
        self._is_changed()

    @Slot()
    def _show_tree(self) -> None:
        self.form.take_tree(self.draft.tree, self.draft.folder)

    def _is_changed(self) -> None:
        self._creating = False
        if self._saved[1] != self.draft.text:
            self.note.setText("")

    @Slot()
    def _on_checked(self) -> None:
        """Say what is wrong where it is wrong, or show what comes of the choices."""
        draft = self.draft
        if draft.waiting:
            self.preview.is_made()
            self._say(self.tr("Working it out…"), theme.current().dim)
            return
        self.form.tell(draft.problems, draft.lines)
        self.form.fit(draft.tree)
        if draft.network is not None:
            self.preview.draw(draft.network.program)
            self._say(self.tr("✓ Nothing is wrong: this can be created."), theme.current().text)
        else:
            self.preview.is_old()
            self.status.tell(self._sentence(draft.problems[0]))
        self.create_button.setEnabled(draft.network is not None)
        self._create_if_ready()

    def _say(self, text: str, colour: str) -> None:
        self.status.setText(text)
        self.status.setVisible(True)
        tint(self.status, colour)

    def _sentence(self, problem: Problem) -> str:
        """Return a problem with its place: `Layer 2: units is 3; …`."""
        layer = re.match(r"network\.layers\[(\d+)\]\.?(.*)", problem.path)
        if layer is not None:
            where, key = self.tr("Layer {n}").format(n=layer[1]), layer[2]
        else:
            section, _, key = problem.path.partition(".")
            where = self.form.name_of(section) or section
        what = f"{key} {problem.message}".strip()
        return f"{where}: {what}" if where else what

    def _create_if_ready(self) -> None:
        if not self._creating or self.draft.waiting:
            return
        self._creating = False
        network = self.draft.network
        if network is not None:
            path = self._saved[0] if self._saved[1] == self.draft.text else ""
            self.created.emit(network, Path(path).name if path else self.draft.title, path)
            self.accept()

    # -- building ------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.presets.setAutoDefault(False)
        self.presets.setAccessibleName(self.tr("Start from an example"))
        menu = QMenu(self.presets)
        for name in PRESETS:
            menu.addAction(name).setData(name)
        menu.triggered.connect(self._on_preset)
        self.presets.setMenu(menu)
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.presets, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.form, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(12)
        for n, (part, share) in enumerate(((left, 11), (self.preview, 9))):
            splitter.addWidget(part)
            splitter.setStretchFactor(n, share)
        whole = QVBoxLayout(self)
        whole.addWidget(splitter, 1)
        whole.addLayout(self._bottom())
        self._dress()

    def _bottom(self) -> QHBoxLayout:
        self.status = Wrong(self)
        self.status.setAccessibleName(self.tr("Whether the network can be created"))
        self.note = words("", self, wrap=False)
        self.note.setAccessibleName(self.tr("Whether the choices are saved"))
        self.save_button = QPushButton(self.tr("&Save as TOML…"), self)
        self.cancel_button = QPushButton(self.tr("Cancel"), self)
        self.create_button = QPushButton(self.tr("&Create"), self)
        row = QHBoxLayout()
        row.addWidget(self.status, 1)
        row.addWidget(self.note)
        for button in (self.save_button, self.cancel_button, self.create_button):
            button.setAutoDefault(False)
            button.setAccessibleName(button.text().replace("&", ""))
            row.addWidget(button)
        self.create_button.setDefault(True)
        self.create_button.setEnabled(False)
        return row

    def _connect(self) -> None:
        self.form.value_edited.connect(self._on_value)
        self.form.layers_edited.connect(self._on_layers)
        self.form.typed.connect(self._on_typed)
        self.form.text_dropped.connect(self._on_dropped)
        self.draft.text_renewed.connect(self._show_text)
        self.draft.tree_renewed.connect(self._show_tree)
        self.draft.checked.connect(self._on_checked)
        self.save_button.clicked.connect(self.choose_toml_file)
        self.cancel_button.clicked.connect(self.reject)
        self.create_button.clicked.connect(self.create_network)

    def _dress(self) -> None:
        tint(self.note, theme.current().dim)
        self.form.dress()
        self.preview.dress()
        if not self.draft.waiting:
            self._on_checked()

    def _room(self) -> QSize:
        room = room_of(self)
        return QSize(min(1240, int(room.width() * 0.94)), min(820, int(room.height() * 0.88)))
