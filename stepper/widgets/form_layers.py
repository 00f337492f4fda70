"""The layers of a network: a list in their order, and the keys of the one that is chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from core.description import LAYER_FIELDS, LAYERS, Field
from core.description_text import is_default
from core.explain.prose_activations import CALLED
from stepper.widgets.form_row import FieldRow, Rows, Wrong, scrolled

KIND = Field("choice", LAYERS[0], "what kind of layer it is", LAYERS)
NEW: Mapping[str, Any] = {"units": 4, "activation": "sigmoid"}


class LayersForm(QWidget):
    """Shows and changes the layers; tells the whole list whenever a person changes something in it."""

    edited = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.layers: list[dict[str, Any]] = []
        self.tree: Mapping[str, Any] = {}
        self._wrong: dict[str, str] = {}
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Layers, from the inputs to the outputs"))
        self.list.currentRowChanged.connect(self._on_row)
        self.add = self._button(self.tr("Add"), self.tr("Add a layer after the chosen one"))
        self.remove = self._button(self.tr("Remove"), self.tr("Remove the chosen layer"))
        self.up = self._button(self.tr("Up"), self.tr("Move the chosen layer up, towards the inputs"))
        self.down = self._button(self.tr("Down"), self.tr("Move the chosen layer down, towards the outputs"))
        self.add.clicked.connect(self._on_add)
        self.remove.clicked.connect(self._on_remove)
        self.up.clicked.connect(self._on_up)
        self.down.clicked.connect(self._on_down)
        self.wrong = Wrong(self)
        self.wrong.setAccessibleName(self.tr("What is wrong with the layers"))
        self.kind = FieldRow("network.layers[1].layer", KIND, self)
        self.kind.edited.connect(self._on_kind)
        self.rows: Rows | None = None
        # One a kind, made once: what is made later would come last to the Tab key.
        self._rows = {kind: Rows("network.layers[1]", fields, self) for kind, fields in LAYER_FIELDS.items()}
        for rows in self._rows.values():
            rows.hide()
            rows.edited.connect(self._on_key)
        self.page = scrolled([self.kind, *self._rows.values()], self.tr("The chosen layer"), self, (0, 4, 12, 8))
        self._lay_out()

    def sizeHint(self) -> QSize:
        return QSize(460, 420)

    def take(self, layers: list[dict[str, Any]], tree: Mapping[str, Any]) -> None:
        """Show layers without telling anyone; the chosen one stays chosen."""
        row = self.list.currentRow()
        self.layers, self.tree = [dict(layer) for layer in layers], tree
        self._fill(min(max(row, 0), len(self.layers) - 1))

    def fit(self, tree: Mapping[str, Any]) -> None:
        """Take the other choices into account."""
        self.tree = tree
        if self.rows is not None:
            self.rows.fit(tree)

    def tell(self, wrong: Mapping[str, str]) -> None:
        """Say what is wrong: path → sentence."""
        self._wrong = dict(wrong)
        own = wrong.get("network.layers", "")
        chosen = self.list.currentRow()
        here = wrong.get(f"network.layers[{chosen + 1}]", "")
        self.wrong.tell(f"layers {own}" if own else self.tr("Layer {n} {what}").format(n=chosen + 1, what=here) if here else "")
        for n in range(self.list.count()):
            self._say(n)
        self.kind.tell(wrong.get(self.kind.path, ""))
        if self.rows is not None:
            self.rows.tell(wrong)

    def choose(self, number: int) -> None:
        """Choose a layer by its number, from 1."""
        self.list.setCurrentRow(number - 1)

    def _button(self, text: str, what: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.setAccessibleName(what)
        button.setToolTip(what)
        return button

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 0, 0)
        top = QHBoxLayout()
        top.addWidget(self.list, 1)
        buttons = QVBoxLayout()
        buttons.setContentsMargins(0, 0, 12, 0)
        for button in (self.add, self.remove, self.up, self.down):
            buttons.addWidget(button)
        buttons.addStretch(1)
        top.addLayout(buttons)
        self.list.setMinimumHeight(150)
        column.addLayout(top, 2)
        column.addWidget(self.wrong)
        column.addWidget(self.page, 3)

    def _fill(self, row: int) -> None:
        self.list.blockSignals(True)
        while self.list.count() > len(self.layers):
            self.list.takeItem(self.list.count() - 1)
        while self.list.count() < len(self.layers):
            self.list.addItem(QListWidgetItem())
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)
        for n in range(self.list.count()):
            self._say(n)
        self._show_layer(row)

    def _say(self, n: int) -> None:
        """Write one layer as a line: its kind and what is said of it."""
        layer = self.layers[n]
        kind = layer.get("layer", LAYERS[0])
        fields = LAYER_FIELDS[kind]
        parts = [kind.replace("_", " ")]
        for key, field in fields.items():
            value = layer.get(key, field.default)
            if value is None:
                continue
            if key == "units":
                parts.append(self.tr("{n} units").format(n=value))
            elif field.kind == "bool":
                if value is not field.default:
                    parts.append(key if value else self.tr("no {key}").format(key=key))
            elif field.kind == "choice" or not is_default(field, value):
                parts.append(CALLED.get(value, str(value)) if field.kind == "choice" else f"{key} {value}")
        pattern = re.compile(rf"network\.layers\[{n + 1}\](\.|$)")
        sign = "⚠ " if any(pattern.match(path) for path in self._wrong) else ""
        item = self.list.item(n)
        item.setText(f"{sign}{n + 1}   {' · '.join(parts)}")
        item.setSizeHint(QSize(0, self.list.fontMetrics().height() + 8))

    def _show_layer(self, row: int) -> None:
        """Show the keys of a layer."""
        layer = self.layers[row] if 0 <= row < len(self.layers) else None
        self.kind.setVisible(layer is not None)
        self.remove.setEnabled(layer is not None)
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < len(self.layers) - 1)
        for rows in self._rows.values():
            rows.hide()
        self.rows = None
        if layer is None:
            return
        kind = layer.get("layer", LAYERS[0])
        prefix = f"network.layers[{row + 1}]"
        self.kind.path = f"{prefix}.layer"
        self.kind.take(kind)
        self.rows = self._rows[kind]
        self.rows.stand_at(prefix)
        self.tell(self._wrong)
        self.rows.take(layer, self.tree)
        self.rows.show()

    def _changed(self, row: int) -> None:
        # What was wrong may stand at another place now; the next check says where.
        self._wrong = {}
        self._fill(row)
        self.edited.emit([dict(layer) for layer in self.layers])

    @Slot(int)
    def _on_row(self, row: int) -> None:
        self._show_layer(row)

    @Slot(str, object)
    def _on_kind(self, _path: str, kind: str) -> None:
        row = self.list.currentRow()
        kept = {k: v for k, v in self.layers[row].items() if k in LAYER_FIELDS[kind]}
        if "units" in LAYER_FIELDS[kind]:
            kept.setdefault("units", NEW["units"])
        self.layers[row] = kept if kind == LAYERS[0] else {"layer": kind, **kept}
        self._changed(row)

    @Slot(str, object)
    def _on_key(self, path: str, value: Any) -> None:
        row, key = self.list.currentRow(), path.rpartition(".")[2]
        if value is None:
            self.layers[row].pop(key, None)
        else:
            self.layers[row][key] = value
        self._say(row)
        self.edited.emit([dict(layer) for layer in self.layers])

    @Slot()
    def _on_add(self) -> None:
        row = self.list.currentRow()
        # Before the last layer: that one gives the outputs, and its size is fixed by the data.
        at = min(row + 1, max(len(self.layers) - 1, 0))
        self.layers.insert(at, dict(NEW))
        self._changed(at)

    @Slot()
    def _on_remove(self) -> None:
        row = self.list.currentRow()
        del self.layers[row]
        self._changed(min(row, len(self.layers) - 1))
        if not self.layers:
            self.add.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _on_up(self) -> None:
        self._move(-1)

    @Slot()
    def _on_down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        row = self.list.currentRow()
        self.layers.insert(row + by, self.layers.pop(row))
        self._changed(row + by)
