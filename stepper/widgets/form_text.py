"""Text panes of the form: the TOML that can be typed in, and the program that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QTableWidget, QTableWidgetItem, QTextEdit, QVBoxLayout, QWidget

from core.program.dims import show
from core.program.ir import Program
from stepper import theme
from stepper.widgets.form_row import Wrong, tint, words

MOST_ROWS = 200
MOST_WRONG = 4


class CodePane(QPlainTextEdit):
    """Text in letters of one width; Tab goes on to the next widget."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._letters()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._letters()

    def _letters(self) -> None:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(QFont().pointSizeF())
        self.setFont(font)

    def replace(self, text: str) -> None:
        """Show another text; Undo brings the one before back, and what is in view stays in view."""
        if text == self.toPlainText():
            return
        place = self.verticalScrollBar().value()
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        self.verticalScrollBar().setValue(place)

    def mark(self, lines: Sequence[int]) -> None:
        """Lay the colour of the lit line under lines, from 1; a line 0 is none."""
        marks: list[Any] = []
        for line in lines:
            if line:
                mark = QTextEdit.ExtraSelection()
                mark.format.setBackground(QColor(theme.current().lit))  # pyright: ignore[reportAttributeAccessIssue]
                mark.format.setForeground(QColor(theme.current().lit_text))  # pyright: ignore[reportAttributeAccessIssue]
                mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)  # pyright: ignore[reportAttributeAccessIssue]
                mark.cursor = QTextCursor(self.document().findBlockByNumber(line - 1))  # pyright: ignore[reportAttributeAccessIssue]
                marks.append(mark)
        self.setExtraSelections(marks)


class Headings(QSyntaxHighlighter):
    """Writes headings bold: `# forward` in the colour of its phase, `[network]`; other comments are dim."""

    def highlightBlock(self, text: str) -> None:
        """Write one line."""
        colours = theme.current()
        form = QTextCharFormat()
        bare = text.strip()
        name = bare.removeprefix("#").strip()
        sections = ("data", "parameters", *colours.phases)
        if (bare.startswith("#") and name in sections) or (bare.startswith("[") and "=" not in bare):
            form.setFontWeight(QFont.Weight.Bold)
            phases: dict[str, str] = {str(phase): colour for phase, colour in colours.phases.items()}
            form.setForeground(QColor(phases.get(name, colours.text)))
        elif bare.startswith("#"):
            form.setForeground(QColor(colours.dim))
        else:
            return
        self.setFormat(0, len(text), form)


class TomlPane(QWidget):
    """The choices as a text; what is wrong in it stands below, with its line."""

    typed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.pane = CodePane(self.tr("The same choices as TOML"), self)
        self.headings = Headings(self.pane.document())
        self.wrong = Wrong(self)
        self.wrong.setAccessibleName(self.tr("What is wrong in the text"))
        self.hint = words(
            self.tr("Type here and the form follows. Changing the form writes this text anew; Ctrl+Z brings yours back."),
            self,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.addWidget(self.hint)
        column.addWidget(self.pane, 1)
        column.addWidget(self.wrong)
        self.pane.textChanged.connect(self._on_text)
        self.dress()

    def take(self, text: str) -> None:
        """Show a text without telling anyone."""
        self.pane.blockSignals(True)
        self.pane.replace(text)
        self.pane.blockSignals(False)

    def tell(self, wrong: Sequence[tuple[int, str]]) -> None:
        """Say what is wrong, each with its line (0 where none is known), and mark the lines."""
        shown = [self.tr("Line {n}: {what}").format(n=n, what=what) if n else what for n, what in wrong[:MOST_WRONG]]
        if len(wrong) > MOST_WRONG:
            shown.append(self.tr("and {n} more").format(n=len(wrong) - MOST_WRONG))
        self.wrong.tell("\n⚠ ".join(shown))
        self.pane.mark([n for n, _ in wrong])

    def dress(self) -> None:
        """Take the colours of the theme."""
        tint(self.hint, theme.current().dim)
        self.headings.rehighlight()

    @Slot()
    def _on_text(self) -> None:
        self.typed.emit(self.pane.toPlainText())


class Preview(QWidget):
    """What the choices make: the program, how many parameters, and their shapes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.state = words(self.tr("The program that this makes"), self)
        font = self.state.font()
        font.setBold(True)
        self.state.setFont(font)
        self.pane = CodePane(self.tr("The program that this makes"), self)
        self.pane.setReadOnly(True)
        self.pane.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.headings = Headings(self.pane.document())
        self.count: QLabel = words("", self)
        self.count.setAccessibleName(self.tr("Number of parameters"))
        self.table = QTableWidget(0, 3, self)
        self.table.setAccessibleName(self.tr("Parameters and their shapes"))
        self.table.setHorizontalHeaderLabels([self.tr("Parameter"), self.tr("Shape"), self.tr("Numbers")])
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        self.table.setMinimumHeight(90)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.state)
        column.addWidget(self.pane, 3)
        column.addWidget(self.count)
        column.addWidget(self.table, 1)

    def draw(self, program: Program) -> None:
        """Show a program."""
        self.pane.setEnabled(True)
        self.state.setText(self.tr("The program that this makes"))
        self.pane.replace(program.text)
        names = [name for name in program.trainable if name in program.first_values]
        shapes = {name: tuple(getattr(program.first_values[name], "shape", ())) for name in names}
        counts = {name: _product(shape) for name, shape in shapes.items()}
        batching = program.batching
        self.count.setText(
            self.tr(
                "Parameters: {n}, in {arrays} arrays\nSamples: {m} · in each iteration: {each} · iterations in an epoch: {k}"
            ).format(
                n=f"{sum(counts.values()):,}".replace(",", " "), arrays=len(names), m=batching.total,
                each=batching.size, k=batching.per_epoch,
            )
        )  # fmt: skip
        self.table.setRowCount(min(len(names), MOST_ROWS))
        for r, name in enumerate(names[:MOST_ROWS]):
            for c, text in enumerate((name, show(shapes[name]), str(counts[name]))):
                self.table.setItem(r, c, QTableWidgetItem(text))

    def is_old(self) -> None:
        """Say that what is shown was made of the choices before, because those of now make none."""
        self.state.setText(self.tr("⚠ The program of the last choices that fit together"))
        self.pane.setEnabled(False)

    def is_made(self) -> None:
        """Say that it is being made."""
        self.state.setText(self.tr("Working it out…"))

    def dress(self) -> None:
        """Take the colours of the theme."""
        self.headings.rehighlight()


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total
