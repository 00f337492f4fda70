"""The tabs of the form: a page a section of the table, the layers, and the same choices as TOML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QTabWidget, QVBoxLayout, QWidget

from core.description import FIELDS, Problem
from stepper import theme
from stepper.widgets.form_layers import LayersForm
from stepper.widgets.form_row import Rows, Wrong, scrolled, tint, title
from stepper.widgets.form_text import TomlPane

LAYERS = "network.layers"


class ChoiceTabs(QWidget):
    """Shows choices in both forms, and tells what a person changes in either."""

    value_edited = Signal(str, object)
    layers_edited = Signal(object)
    typed = Signal(str)
    text_dropped = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.behind = self._behind()
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName(self.tr("Choices"))
        self.sections = {name: Rows(name, fields, self) for name, fields in FIELDS.items()}
        self.layers = LayersForm(self)
        self.toml = TomlPane(self)
        self._is_behind = False
        self._titles: list[tuple[str, str]] = []
        self._pages: list[QWidget] = []
        names = {
            "network": self.tr("Network"), "data": self.tr("Data"), "parameters": self.tr("Start"),
            "optimizer": self.tr("Optimizer"),
        }  # fmt: skip
        for name, rows in self.sections.items():
            shown = names.get(name, title(name))
            self._add(scrolled([rows], shown, self), name, shown)
            rows.edited.connect(self.value_edited)
            if name == "network":
                self._add(self.layers, LAYERS, self.tr("Layers"))
        self.tabs.addTab(self.toml, self.tr("TOML"))
        self.layers.edited.connect(self.layers_edited)
        self.toml.typed.connect(self.typed)
        self.tabs.currentChanged.connect(self._on_tab)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.behind)
        column.addWidget(self.tabs, 1)

    def take_tree(self, tree: Mapping[str, Any], folder: Path) -> None:
        """Show choices in the form; files are looked for in `folder`."""
        for name, rows in self.sections.items():
            rows.take(tree.get(name, {}), tree)
            rows.look_in(folder)
        layers = tree.get("network", {}).get("layers")
        self.layers.take(layers if isinstance(layers, list) else [], tree)

    def fit(self, tree: Mapping[str, Any]) -> None:
        """Show what matters beside the other choices."""
        for rows in self.sections.values():
            rows.fit(tree)
        self.layers.fit(tree)

    def lock(self, is_behind: bool) -> None:
        """While the form cannot show what the text says, let nothing be changed in it: the text would be lost."""
        self._is_behind = is_behind
        for page in self._pages:
            page.setEnabled(not is_behind)
        self._on_tab()

    def tell(self, problems: Sequence[Problem], lines: Sequence[int]) -> None:
        """Say what is wrong at the keys, on the tabs and under the text."""
        wrong: dict[str, str] = {}
        for problem in problems if not self._is_behind else ():
            wrong.setdefault(problem.path, problem.message)
        for rows in self.sections.values():
            rows.tell(wrong)
        self.layers.tell(wrong)
        self.toml.tell([(line, f"{p.path} {p.message}".strip()) for p, line in zip(problems, lines, strict=True)])
        for n, (place, shown) in enumerate(self._titles):
            here = [path for path in wrong if self.place(path) == place]
            self.tabs.setTabText(n, f"{shown} ⚠" if here else shown)
        text = self.tr("TOML")
        self.tabs.setTabText(len(self._titles), f"{text} ⚠" if self._is_behind else text)

    def place(self, path: str) -> str:
        """Return on which page a key stands."""
        return LAYERS if path.startswith(LAYERS) else path.partition(".")[0]

    def name_of(self, place: str) -> str:
        """Return what a page is called; empty if there is none."""
        return dict(self._titles).get(place, "")

    def dress(self) -> None:
        """Take the colours of the theme."""
        tint(self.behind_words, theme.current().error)
        self.toml.dress()

    @Slot()
    def show_text(self) -> None:
        """Go to the text."""
        self.tabs.setCurrentWidget(self.toml)
        self.toml.pane.setFocus(Qt.FocusReason.OtherFocusReason)

    def _add(self, page: QWidget, place: str, shown: str) -> None:
        self.tabs.addTab(page, shown)
        self._pages.append(page)
        self._titles.append((place, shown))

    def _behind(self) -> QWidget:
        box = QWidget(self)
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 4)
        self.behind_words = Wrong(box)
        self.behind_words.tell(self.tr("The TOML text has a mistake, so this form does not show it."))
        self.go_button = QPushButton(self.tr("Show the text"), box)
        self.drop_button = QPushButton(self.tr("Drop the text, use the form"), box)
        self.go_button.clicked.connect(self.show_text)
        self.drop_button.clicked.connect(self.text_dropped)
        row.addWidget(self.behind_words, 1)
        for button in (self.go_button, self.drop_button):
            button.setAutoDefault(False)
            button.setAccessibleName(button.text())
            row.addWidget(button)
        box.hide()
        return box

    @Slot()
    def _on_tab(self) -> None:
        self.behind.setVisible(self._is_behind and self.tabs.currentWidget() is not self.toml)
