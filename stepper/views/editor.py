"""The editor of the program: what a person writes, with what is known of it while they write."""

from __future__ import annotations

import difflib
import time
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from core.diagnosis.result import Diagnosis
from core.notation.parse import lines_of
from core.session import Moment
from core.writing import Analysis, Completions, SetupCache, analysing, completions, derived_backward, marks_of
from stepper.widgets.editor_derived import DerivedPane
from stepper.widgets.editor_find import FindBar
from stepper.widgets.editor_gutter import Gutter
from stepper.widgets.editor_head import EditorHead, NotRunBar
from stepper.widgets.editor_starts import Starts
from stepper.widgets.editor_strip import Strip
from stepper.widgets.editor_text import CodeEdit
from stepper.widgets.pieces import Pieces

PAUSE = 150
COLUMNS = 48
DERIVE_PAUSE = 400
SHARES = (6000, 4000)


class EditorView(QWidget):
    """Edits the text of a program.

    `text_changed` follows every change, `analysed` carries an `Analysis` soon after, `apply_wanted` the text that is to become
    the open program, `cursor_moved` the line of the cursor (from 1), `derived_shown` whether the derived backward is shown.
    """

    text_changed = Signal()
    analysed = Signal(object)
    apply_wanted = Signal(str)
    cursor_moved = Signal(int)
    derived_shown = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Editor"))
        self._folder: Path | None = None
        self._cache = SetupCache()
        self._analysis = Analysis("")
        self._diagnosis: Diagnosis | None = None
        self._diagnosed = ""
        self._told: Mapping[int, str] | None = None
        self._applied: str | None = None
        self._shown_title = ""
        self.edit = CodeEdit(self)
        self.edit.ask = self._completions
        self.gutter = Gutter(self.edit)
        self.find_bar = FindBar(self.edit, self)
        self.strip = Strip(self)
        self.starts = Starts(self)
        self.derived = DerivedPane(self)
        self.derived.hide()
        self.head = EditorHead(self)
        self.head.run_wanted.connect(self.apply)
        self.head.derives_chosen.connect(self._on_derives)
        self.stale = NotRunBar(self)
        self.sides = QSplitter(Qt.Orientation.Horizontal, self)
        self.sides.addWidget(self.edit)
        self.sides.addWidget(self.derived)
        self.sides.setChildrenCollapsible(False)
        self.sides.setStretchFactor(0, SHARES[0])
        self.sides.setStretchFactor(1, SHARES[1])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.head, self.stale, self.find_bar, self.starts):
            column.addWidget(widget)
        column.addWidget(self.sides, 1)
        column.addWidget(self.strip)
        self.setFocusProxy(self.edit)
        self._pieces = Pieces(self)
        self._pieces.ended.connect(self._on_analysed)
        self._soon = _timer(self, PAUSE, self._analyse)
        self._derive_soon = _timer(self, DERIVE_PAUSE, self._derive)
        self.edit.edited.connect(self._on_edited)
        self.edit.line_changed.connect(self._on_line)
        self.edit.refused.connect(self._on_refused)
        self.starts.chosen.connect(self._on_start)
        self.strip.line_wanted.connect(self.show_line)
        self.derived.line_wanted.connect(self.show_line)
        self.paint_theme()
        self._say()

    def sizeHint(self) -> QSize:
        """A column wide enough for usual lines."""
        return QSize(420, 500)

    def minimumSizeHint(self) -> QSize:
        """Wide enough for a usual line with its shape."""
        hint = super().minimumSizeHint()
        return QSize(max(hint.width(), self.edit.fontMetrics().horizontalAdvance("0") * COLUMNS), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the derived lines beside the text where there is room for both, else below it."""
        super().resizeEvent(event)
        wide = self.width() > 2 * self.edit.fontMetrics().horizontalAdvance("0") * COLUMNS
        orientation = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self.sides.orientation() != orientation:
            self.sides.setOrientation(orientation)

    # -- the text ----------------------------------------------------------------------------------------

    def text(self) -> str:
        """Return the text, every character as it came or was typed."""
        return self.edit.text()

    def set_text(self, text: str, folder: Path | None = None) -> None:
        """Begin with another text; files that it names lie in `folder`."""
        if folder != self._folder:
            self._folder, self._cache = folder, SetupCache(folder)
        if self.edit.set_text(text):
            self._analyse()

    def replace_text_undoable(self, text: str) -> None:
        """Make it another text, as one step that can be undone."""
        self.edit.replace_text(text)

    def set_applied(self, text: str | None, title: str = "") -> None:
        """Say which text the rest of the window shows; None for another program, with its title, empty for none."""
        self._applied, self._shown_title = text, title
        self._show_stale()

    def set_saved(self, saved: bool) -> None:
        """Say whether the text stands in its file."""
        self.head.set_saved(saved)

    @Slot(int)
    def show_line(self, line: int) -> None:
        """Go to a line."""
        self.edit.show_line(line)
        self.edit.setFocus()

    # -- what is known -----------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """Whether the text is still being looked at."""
        return self._pieces.busy or self._soon.isActive()

    @property
    def analysis(self) -> Analysis:
        """What was known of the text last."""
        return self._analysis

    def set_diagnosis(self, diagnosis: Diagnosis | None, of: str | None = None, told: Mapping[int, str] | None = None) -> None:
        """Mark the lines as a diagnosis of the text `of` has found them; the marks go while the text is another one.

        `told` holds the lines of faults that a person was told of, with words; None for all of them, by name.
        """
        self._diagnosis, self._told = diagnosis, told
        self._diagnosed = "" if diagnosis is None else of if of is not None else self.text()
        self._show_marks()

    def draw(self, moment: Moment) -> None:
        """Take the colours in use; the moment itself is not shown here."""
        del moment
        self.paint_theme()

    def paint_theme(self) -> None:
        """Draw in the colours of the theme in use."""
        self.stale.paint_theme()
        self._say()

    # -- what actions call -------------------------------------------------------------------------------

    @Slot()
    def apply(self) -> None:
        """Have this text become the open program."""
        self.apply_wanted.emit(self.text())

    @Slot()
    def find_text(self) -> None:
        """Open the line to find with."""
        self.find_bar.open_bar()

    @Slot()
    def next_fault(self) -> None:
        """Go to the next line with a fault or a ✗."""
        line = self.strip.next_line()
        if line is not None:
            self.show_line(line)

    @Slot()
    def toggle_derived(self) -> None:
        """Show the derived backward beside the text, or hide it."""
        self.set_derived("beside" if self.derived.isHidden() else "hidden")

    def set_derived(self, how: str) -> None:
        """Show the derived backward (`beside`) or not (`hidden`)."""
        self.head.set_derived("beside" if how == "beside" else "hidden")

    # -- inside ------------------------------------------------------------------------------------------

    @Slot()
    def _on_edited(self) -> None:
        self._soon.start()
        if not self.derived.isHidden():
            self._derive_soon.start()
        self.starts.setVisible(not self.edit.document().characterCount() > 1)
        self._show_stale()
        self._show_marks()
        self.text_changed.emit()

    @Slot()
    def _analyse(self) -> None:
        self._soon.stop()
        text = self.text()
        self._pieces.start(text, analysing(text, self._folder, self._cache))

    @Slot(object, object)
    def _on_analysed(self, text: object, analysis: Analysis) -> None:
        if text != self.text():
            self._soon.start()
            return
        self._analysis = analysis
        self.edit.set_analysis(analysis)
        self._say()
        self.analysed.emit(analysis)

    def _completions(self, line: int, column: int) -> Completions:
        return completions(self.text(), line, column, self._analysis)

    @Slot(int)
    def _on_line(self, line: int) -> None:
        self._say()
        if not self.derived.isHidden():
            self.derived.show_own(line)
        self.cursor_moved.emit(line)

    @Slot(str)
    def _on_refused(self, sentence: str) -> None:
        self.strip.show_troubles((), 0, f"✗ {sentence}")

    @Slot(str)
    def _on_start(self, text: str) -> None:
        self.edit.replace_text(text)
        self.edit.setFocus()

    @Slot(str)
    def _on_derives(self, how: str) -> None:
        self.derived.setVisible(how == "beside")
        if how == "beside":
            self.sides.setSizes(SHARES)
            self._derive()
            self.derived.show_own(self.edit.place()[0])
        self.derived_shown.emit(how)

    @Slot()
    def _derive(self) -> None:
        begun = time.perf_counter()
        self.derived.show_derived(derived_backward(self.text(), self._folder))
        # With large data this takes a moment; then it waits for a longer rest, and not for every pause between two keys.
        self._derive_soon.setInterval(max(DERIVE_PAUSE, int(8000 * (time.perf_counter() - begun))))

    def _say(self) -> None:
        line = self.edit.place()[0]
        mark = self.edit.mark_at(line)
        words = "" if mark is None else self.edit.words_at(line)
        if not self._analysis.text.strip():
            words = self.tr("Ctrl+Space shows what can be written here.")
        elif not words and not self._analysis.troubles:
            known = self._of_missing() if self._analysis.missing else self.tr("✓ Every line can be read.")
            words = " · ".join(w for w in (self.edit.shape_words(line), known) if w)
        self.strip.show_troubles(self._analysis.troubles, line, words, self._wrong_lines())
        self.edit.setAccessibleDescription(self.strip.text.text())

    def _of_missing(self) -> str:
        """Return what is to be said of gradients that nothing gives: one among own ones may be misspelt."""
        analysis = self._analysis
        own = [f.name for f in analysis.lines.values() if f.section == "backward"]
        for name in analysis.missing:
            near = difflib.get_close_matches(name, own, 1)
            if near:
                words = self.tr("◆ `{name}` is given nowhere, so it would be derived; did you mean `{near}`?")
                return words.format(name=name, near=near[0])
        return self.tr("✓ Every line can be read; {names} will be derived.").format(names=", ".join(analysis.missing))

    def _is_diagnosed(self) -> bool:
        """Whether the text is the one that was diagnosed, but for how its lines end."""
        return [r.rstrip() for r in lines_of(self._diagnosed.rstrip())] == [r.rstrip() for r in lines_of(self.text().rstrip())]

    def _wrong_lines(self) -> list[int]:
        if self._diagnosis is None or not self._is_diagnosed():
            return []
        return list(self._told) if self._told is not None else [fault.line for fault in self._diagnosis.faults]

    def _show_marks(self) -> None:
        if self._diagnosis is None or not self._is_diagnosed():
            self.edit.set_marks({})
        else:
            self.edit.set_marks(marks_of(self._diagnosis, self._diagnosed, self._told))
        self._say()

    def _show_stale(self) -> None:
        self.stale.compare(self.text(), self._applied, self._shown_title)

    def changeEvent(self, event: QEvent) -> None:
        """Take other colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_derive_soon"):
            self.paint_theme()


def _timer(parent: QWidget, pause: int, slot: object) -> QTimer:
    made = QTimer(parent)
    made.setSingleShot(True)
    made.setInterval(pause)
    made.timeout.connect(slot)  # type: ignore[arg-type]
    return made
