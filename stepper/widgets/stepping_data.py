"""What a saved network is stepped with: random numbers, a built-in set, a file, or one typed sample."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QPushButton, QRadioButton, QVBoxLayout, QWidget

from core.steppable.draft import Draft
from core.steppable.form import WAYS, Form, FormField
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.form_row import tint, words
from stepper.widgets.stepping_row import AskRow, CheckRow, ChoiceRow, LineRow
from stepper.widgets.stepping_words import cut, set_words, target_hint, way_label
from stepper.widgets.tips import plain

MOST_IN_A_LINE = 20


class DataBox(QWidget):
    """Four ways to give data, one of them open; what was typed for the others is kept. `changed`: by a person."""

    changed = Signal()
    file_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.group = QButtonGroup(self)
        self.ways = {way: QRadioButton(way_label(way), self) for way in WAYS}
        for way, button in self.ways.items():
            button.setAccessibleName(self.tr("Data: {way}").format(way=way_label(way)))
        self.whys = {way: words("", self) for way in WAYS}
        self.count, self.seed = LineRow("count", self), LineRow("seed", self)
        self.set = ChoiceRow("set", self)
        self.file = FileRow(self)
        self.standardize = CheckRow("standardize", self)
        self.inputs = LineRow("inputs", self, self.tr("as in 0.5, -1, 2"))
        self.target = LineRow("target", self)
        self.typed: dict[str, LineRow] = {r.key: r for r in (self.count, self.seed, self.inputs, self.target)}
        self._parts: dict[str, tuple[AskRow, ...]] = {
            "random": (self.count, self.seed), "set": (self.set,), "file": (self.file,), "typed": (self.inputs, self.target),
        }  # fmt: skip
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for way in WAYS:
            self.group.addButton(self.ways[way])
            column.addWidget(self.ways[way])
            self.whys[way].setContentsMargins(22, 0, 0, 0)
            self.whys[way].hide()
            column.addWidget(self.whys[way])
            inside = QVBoxLayout()
            inside.setContentsMargins(18, 0, 0, 4)
            inside.setSpacing(4)
            for part in self._parts[way]:
                inside.addWidget(part)
            column.addLayout(inside)
            self.ways[way].clicked.connect(self._on_changed)
        column.addWidget(self.standardize)
        for row in (*self.typed.values(), self.set, self.standardize):
            row.changed.connect(self._on_changed)
        self.file.button.clicked.connect(self.file_wanted)
        self._dress()

    def way(self) -> str:
        """Return which way is open."""
        return next((way for way, button in self.ways.items() if button.isChecked()), WAYS[0])

    def rows(self) -> tuple[AskRow, ...]:
        """Return every row that something can be wrong with."""
        return (*self.typed.values(), self.set, self.file)

    def tab_stops(self) -> list[QWidget]:
        """Return what the Tab key stops at, from top to bottom."""
        found: list[QWidget] = []
        for way in WAYS:
            found.append(self.ways[way])
            found += [w for part in self._parts[way] for w in part.tab_stops()]
        return [*found, *self.standardize.tab_stops()]

    def show_form(self, form: Form, draft: Draft) -> None:
        """Show what is asked and what stands there."""
        w, sets = form.wanted, form.field("set")
        if w is None or sets is None:
            return
        self.ways[draft.way].setChecked(True)
        for way, button in self.ways.items():
            # The Tab key comes to the one that is chosen, arrows go to the others.
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if way == draft.way else Qt.FocusPolicy.ClickFocus)
        self.ways["set"].setEnabled(sets.enabled or draft.way == "set")
        self.whys["set"].setText(sets.why[:1].upper() + sets.why[1:])
        self.whys["set"].setVisible(bool(sets.why))
        for way, parts in self._parts.items():
            for part in parts:
                part.setVisible(way == draft.way and (part is not self.target or w.outputs > 0))
        names = [set_words(s) for s in form.sets]
        chosen = draft.set if draft.set in sets.options else ""
        self.set.show_field(FormField("set", chosen, sets.options, chosen=chosen, enabled=sets.enabled), names)
        if not chosen:
            self.set.box.setCurrentIndex(-1)
        self.set.say(None)
        self.file.show_file(draft.file)
        self.standardize.setVisible(draft.way in ("set", "file"))
        self.standardize.show_field(FormField("standardize", str(draft.standardize)))
        for key, row in self.typed.items():
            row.take(getattr(draft, key))
            row.say(None)
        many = w.size > MOST_IN_A_LINE
        self.inputs.show_lines(many)
        n = "×".join(map(str, w.shape))
        hint = self.tr("1 number") if w.size == 1 else self.tr("{n} numbers, with commas or blanks between them").format(n=n)
        self.inputs.say(None, hint)
        self.target.say(None, self.tr("{what}; may be left out").format(what=target_hint(w)))

    def read_into(self) -> dict[str, str | bool]:
        """Return what stands there, by the names of a draft."""
        texts: dict[str, str | bool] = {key: row.holds() for key, row in self.typed.items()}
        return {**texts, "way": self.way(), "set": self.set.holds(), "standardize": self.standardize.holds()}

    def changeEvent(self, event: QEvent) -> None:
        """Follow another theme or text size."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_parts"):
            self._dress()

    def _dress(self) -> None:
        for why in self.whys.values():
            why.setFont(fonts.sized(self.font(), -1))
            tint(why, theme.current().dim)

    @Slot()
    def _on_changed(self) -> None:
        if self.way() == "set" and not self.set.holds():  # the first that fits is ready
            box = self.set.box
            box.setCurrentIndex(next((n for n in range(box.count()) if box.itemData(n)), -1))
        self.changed.emit()


class FileRow(AskRow):
    """A file, found with a button."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("file", parent)
        self.button = QPushButton(self.tr("Choose a file…"), self.frame)
        self.button.setAutoDefault(False)
        self.answer(self.button)
        self.button.setAccessibleName(self.tr("Choose a file with samples"))

    def show_file(self, path: str) -> None:
        """Show which file it is."""
        self.button.setText(self.tr("Choose another file…") if path else self.tr("Choose a file…"))
        kinds = self.tr("a table (.csv, .tsv, .txt) whose last column is the target, or an .npz with X and Y")
        self.say(None, cut(Path(path).name) if path else kinds)
        self.head.hide()
        self.hint.setToolTip(plain(cut(path)))
