"""What stands above a tensor: its name, what it is, its shape and size; which of two files it is shown of."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.costs import memory_text
from core.files.problem import bare, escaped, shown
from core.files.saved import Tensor
from stepper import theme
from stepper.models.saved_state import SavedState
from stepper.widgets import fonts, tensor_words
from stepper.widgets.elided import ElidedLabel
from stepper.widgets.facts_grid import ink
from stepper.widgets.press_button import PressButton
from stepper.widgets.tips import plain

HERE, THERE, CHANGE = range(3)
CHOSEN, OTHER = "●", "○"
LONGEST_TIP = 2000
LONGEST_NAME = 400
LONGEST_FILE = 40


class TensorHead(QWidget):
    """`export_wanted` asks for the tensor in a file of its own; `switched` tells that another side of the comparison is wanted.

    `tensor_chosen` carries another tensor of the same layer.
    """

    export_wanted = Signal()
    switched = Signal()
    tensor_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self.what, self.match = ElidedLabel(self), ElidedLabel(self), ElidedLabel(self)
        self.name.setAccessibleName(self.tr("name of the tensor"))
        self.what.setAccessibleName(self.tr("what it is"))
        self.match.setAccessibleName(self.tr("how it differs"))
        self.layer_menu = QMenu(self)
        self.layer_menu.setAccessibleName(self.tr("Tensors of this layer"))
        self.layer_menu.triggered.connect(self._on_layer)
        self.layer_button = PressButton(self.tr("Layer"), self.tr("Go to another tensor of the same layer."), self)
        self.layer_button.setText(self.tr("Layer ▾"))
        self.layer_button.setMenu(self.layer_menu)
        self.layer_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.export_button = PressButton(
            self.tr("Export…"), self.tr("Save the numbers of this tensor in a file of its own."), self
        )
        self.export_button.clicked.connect(self._on_export)
        # In no group: there the Tab key stops at the chosen one alone, and arrows step the program.
        self.side_buttons: list[QToolButton] = []
        self._side_names = (self.tr("Here"), self.tr("There"), self.tr("There − here"))
        tips = (
            self.tr("The tensor in the open file."), self.tr("The tensor of the same name in the other file."),
            self.tr("How each number there differs from the one here."),
        )  # fmt: skip
        for at, (text, tip) in enumerate(zip(self._side_names, tips, strict=True)):
            button = PressButton(text, tip, self)
            button.setCheckable(True)
            button.setChecked(at == HERE)
            button.clicked.connect(self._on_side)
            self.side_buttons.append(button)
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.name, 1)
        top.addWidget(self.layer_button)
        top.addWidget(self.export_button)
        self.comparison = QWidget(self)
        row = QHBoxLayout(self.comparison)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for button in self.side_buttons:
            row.addWidget(button)
        row.addWidget(self.match, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addLayout(top)
        box.addWidget(self.what)
        box.addWidget(self.comparison)
        self.comparison.hide()

    @property
    def side(self) -> int:
        """Which is to be shown: HERE, THERE or CHANGE."""
        chosen = next((at for at, button in enumerate(self.side_buttons) if button.isChecked()), HERE)
        return chosen if not self.comparison.isHidden() else HERE

    def draw(self, state: SavedState, tensor: Tensor) -> None:
        """Tell of a tensor."""
        t, name = theme.current(), tensor.name
        whole = escaped(name[:LONGEST_TIP]) + ("…" if len(name) > LONGEST_TIP else "") if name.strip() else shown(name)
        self.name.setText(whole[:LONGEST_NAME])
        self.name.setFont(fonts.mono(QApplication.font(), 0.5))
        self.name.setToolTip(plain(whole))
        self.comparison.setVisible(state.other is not None)
        told = self._about(state, tensor)
        look = state.look if state.look is not None and state.look.name == name else None
        self.what.setText(told)
        self.what.setToolTip(plain("\n".join(p for p in (told, tensor_words.axes_tip(look)) if p)))
        ink(self.what, t.dim)
        self._draw_layer(state, name)
        self._sign_sides()
        if state.other is not None:
            words = tensor_words.match_words(state.matches.get(name))
            self.match.setText(words)
            self.match.setToolTip(plain(words))

    def _about(self, state: SavedState, tensor: Tensor) -> str:
        """Return which file it is of, its shape and size; that of the tensor there where that one is shown."""
        name, file, look = tensor.name, state.saved, state.look
        if self.side == THERE and state.other is not None:
            match = state.matches.get(name)
            there = None if match is None else next((x for x in state.other.tensors if x.name == match.other), None)
            if there is None:
                return ""
            tensor, file, look = there, state.other, state.other_look
        if look is not None and look.name != tensor.name:
            look = None
        _, role = tensor_words.role_of(state, name)
        count = self.tr("1 number") if tensor.count == 1 else self.tr("{n} numbers").format(n=f"{tensor.count:,}")
        parts = [
            tensor_words.shape_words(tensor, look), bare(tensor.dtype, 30), count if tensor.shape else "",
            memory_text(tensor.bytes), role,
        ]  # fmt: skip
        # The parameter that began with these numbers may have others by now: where they are from is said first.
        where = "" if file is None else self.tr("in {file}").format(file=bare(Path(file.path).name, LONGEST_FILE))
        return " · ".join(p for p in (where, *parts) if p)

    def _draw_layer(self, state: SavedState, name: str) -> None:
        layer = next((n for n in state.layers if name in n.tensors.values()), None)
        others = [] if layer is None else [(r, n) for r, n in layer.tensors.items() if n != name]
        self.layer_button.setVisible(bool(others))
        texts = [(f"{bare(r, 20)}: {bare(n, 60)}".replace("&", "&&"), n) for r, n in others]
        if texts != [(a.text(), a.data()) for a in self.layer_menu.actions()]:
            self.layer_menu.clear()
            for text, other in texts:
                self.layer_menu.addAction(text).setData(other)

    def _sign_sides(self) -> None:
        for button, name in zip(self.side_buttons, self._side_names, strict=True):
            button.setText(f"{CHOSEN if button.isChecked() else OTHER} {name}")
        export = self.tr("Export…") if self.side == HERE else self.tr("Export the one here…")
        self.export_button.setText(export)
        self.export_button.setAccessibleName(export)

    @Slot()
    def _on_export(self) -> None:
        self.export_wanted.emit()

    @Slot()
    def _on_side(self) -> None:
        for button in self.side_buttons:
            button.setChecked(button is self.sender())
        self._sign_sides()
        self.switched.emit()

    @Slot(QAction)
    def _on_layer(self, action: QAction) -> None:
        self.tensor_chosen.emit(str(action.data()))
