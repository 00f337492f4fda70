"""The text that is being written: where it came from, whether it is saved and run, and that none of it is ever lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from core.complete import load
from core.diagnosis.result import Diagnosis
from core.errors import NotationError, StepperError
from core.files.document import is_document
from core.program.ir import Program
from core.session import Session
from stepper.controller import Controller
from stepper.document import Document, can_be_opened, document_of
from stepper.drafts import Draft, Drafts
from stepper.leftovers import Leftovers
from stepper.saving import SavingError
from stepper.settings import Settings
from stepper.views.editor import EditorView
from stepper.writing_words import lost, refused

PAUSE = 700
"""Milliseconds after the last key before an unsaved text is kept."""


class Writing(QObject):
    """Owns the open text. `text_changed(text)` follows every change; `opened(text, folder, title)` tells of another document,
    `applied(text)` of a text that has become the open program; `said` and `told` carry sentences, `editor_wanted` asks for
    the panel.
    """

    text_changed = Signal(str)
    opened = Signal(str, object, str)
    applied = Signal(str)
    said = Signal(str)
    told = Signal(str)
    editor_wanted = Signal()

    def __init__(self, controller: Controller, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller, self._settings, self._window = controller, settings, parent
        self.drafts = Drafts(settings.path.parent / "drafts")
        self.left = Leftovers(self.drafts, parent)
        self.left.told.connect(self.told)
        self._view: EditorView | None = None
        self._document = Document("")
        self._text = ""
        self._kept = ""
        self._applied: str | None = None
        self._diagnosis: tuple[Diagnosis | None, str, Mapping[int, str] | None] = (None, "", None)
        self._complained = False
        self.is_applying = False
        """Whether the program that is just being opened is this very text, so that nothing of it is to be forgotten."""
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(PAUSE)
        self._soon.timeout.connect(self.keep)
        controller.opened.connect(self._on_opened)

    # -- the text ----------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self._text

    @property
    def is_saved(self) -> bool:
        """Whether the text stands in its file, or is what was opened."""
        return self._text == self._kept

    @property
    def has_file(self) -> bool:
        """Whether the text has a file of its own."""
        return self._document.path is not None

    @property
    def run_text(self) -> str | None:
        """The text that was run last; None where none of this document was."""
        return self._applied

    @property
    def is_applied(self) -> bool:
        """Whether the rest of the window shows this text."""
        return self._text == self._applied

    @property
    def title(self) -> str:
        """What the text is called."""
        return self._document.title

    def attach(self, view: EditorView) -> None:
        """Let a view edit the text."""
        self._view = view
        view.text_changed.connect(self._on_text)
        view.apply_wanted.connect(self.apply_text)
        self._fill()

    @Slot(str)
    def replace(self, text: str) -> None:
        """Make it another text, as one step that can be undone, and show it."""
        self._editor().replace_text_undoable(text)

    @Slot(str)
    def replace_and_run(self, text: str) -> None:
        """Make it another text and the open program."""
        self.replace(text)
        self.apply()

    @Slot(int)
    def show_line(self, line: int) -> None:
        """Show a line of the text."""
        self._editor().show_line(line)

    def set_diagnosis(self, diagnosis: Diagnosis | None, text: str, told: Mapping[int, str] | None = None) -> None:
        """Mark the lines as a diagnosis of `text` has found them.

        `told` holds the lines of faults whose place a person was told, with words; None marks all faults.
        """
        self._diagnosis = diagnosis, text, told
        if self._view is not None:
            self._view.set_diagnosis(diagnosis, text, told)

    # -- running it --------------------------------------------------------------------------------------

    @Slot()
    def apply(self) -> None:
        """Make the text the open program."""
        self.apply_text(self.text)

    @Slot(str)
    def apply_text(self, text: str) -> None:
        """Make a text the open program: the same place, stops and watches, where their lines still are.

        What cannot be read is said, and the window stays on the earlier program.
        """
        if not text.strip():
            self.said.emit(self.tr("There is no text to run yet: write some lines in the editor first."))
            return
        try:
            program = load(text, folder=self._document.folder)
        except StepperError as error:
            self._refuse(error)
            return
        before = self._controller.session if self._applied is not None else None
        self.is_applying = True
        try:
            self._take(program)
        finally:
            self.is_applying = False
        now = self._controller.session
        words = "" if before is None or now is None else lost(before, now)
        if words:
            self.told.emit(words)
        self._applied = text
        if self._view is not None:
            self._view.set_applied(text)
        self.applied.emit(text)

    def _take(self, program: Program) -> None:
        session = self._controller.session
        if session is not None and self._applied is not None:
            self._controller.rewrite(program)
        else:
            made = Session(program, self._document.title, folder=self._document.folder)
            self._controller.take(made, self._document.target or self._document.title)

    def _refuse(self, error: StepperError) -> None:
        line = error.line if isinstance(error, NotationError) else 0
        self.said.emit(refused(error, self._controller.session is not None))
        if line and self._view is not None:
            self._view.show_line(line)

    # -- documents ---------------------------------------------------------------------------------------

    @Slot()
    def new(self) -> None:
        """Begin an empty text; the one before is kept if it was not saved."""
        self._set_aside()
        folder = self._settings.get("folder")
        self._begin(Document(self.tr("my program"), folder=Path(folder) if folder else None), "", None)
        self._editor().setFocus()

    @Slot(object)
    def _on_opened(self, _: object) -> None:
        """Take up the text of the program that was just opened."""
        session = self._controller.session
        if session is None or self.is_applying:
            return
        self._set_aside()
        document, text = document_of(session, self._controller.target)
        restored = self._controller.restored
        if restored is None or restored.written is None:
            self._begin(document, text, text)
        else:
            self._begin(document, restored.written.text, restored.written.applied)
            if not is_document(self._controller.target):
                self._kept = text  # what came back after a crash was never saved in its file
                self._show_state()

    def _begin(self, document: Document, text: str, applied: str | None) -> None:
        self._document, self._text, self._kept, self._applied = document, text, text, applied
        self._diagnosis = None, "", None
        self._fill()
        self.opened.emit(text, document.folder, document.title)

    def _fill(self) -> None:
        if self._view is not None:
            self._view.set_text(self._text, self._document.folder)
            self._view.set_diagnosis(*self._diagnosis)
            self._show_state()

    # -- saving ------------------------------------------------------------------------------------------

    @Slot()
    def save(self) -> None:
        """Save the text in its file; asks for one where it has none."""
        if not self.text and self._document.path is None:
            self.said.emit(self.tr("There is no text to save yet: write some lines in the editor first."))
        elif self._document.path is None:
            self.choose_file()
        else:
            self.save_to(str(self._document.path))

    @Slot()
    def choose_file(self) -> None:
        """Ask where to save the text."""
        dialog = QFileDialog(self._window, self.tr("Save the program"), self._settings.get("folder"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([self.tr("Programs (*.py)")])
        dialog.setDefaultSuffix("py")
        dialog.selectFile(f"{Path(self._document.title).stem or 'my-program'}.py")
        dialog.fileSelected.connect(self.save_to)
        dialog.open()

    def saved_in(self, path: Path) -> None:
        """Take note that the text was saved within a document, which it belongs to from now on."""
        self._document = Document(path.name, str(path), folder=self._document.folder)
        self._kept = self._text
        self._soon.stop()
        self.drafts.drop()
        self._show_state()

    @Slot(str)
    def save_to(self, name: str) -> None:
        """Save the text in a file; on trouble a sentence says why, and the text is kept."""
        path, document, text = Path(name), self._document, self.text
        try:
            data = document.data(path, text)
        except UnicodeEncodeError:
            self.said.emit(self.tr("The text was not saved: it holds half of a character that no file can hold."))
            return
        if document.is_changed_outside(path, data):
            words = self.tr(
                "{file} was changed by another program meanwhile. Save again to write over that, or save as another file."
            )
            self.said.emit(words.format(file=path.name))
            return
        try:
            same = document.save(path, data)
        except SavingError as error:
            self.keep()
            self.said.emit(self.tr("The text was not saved: {why}. It is kept here.").format(why=error))
            return
        self._kept = text
        self._soon.stop()
        self.drafts.drop()
        if not same and self._applied is not None:
            self._controller.rename(path.name, str(path))
        self._show_state()
        self.told.emit(self.tr("Saved: {file}").format(file=path))

    # -- keeping -----------------------------------------------------------------------------------------

    @Slot()
    def keep(self) -> bool:
        """Keep an unsaved text now, so that nothing can lose it; False, and one sentence, where that is not possible."""
        self._soon.stop()
        if self.is_saved or not self.text.strip():
            self.drafts.drop()
            return True
        try:
            self.drafts.keep(self.text, self._document.title, self._document.target)
        except SavingError as error:
            if not self._complained:
                self._complained = True
                words = self.tr("What you type cannot be kept in case something goes wrong: {why}. Save it with Ctrl+S.")
                self.said.emit(words.format(why=error))
            return False
        return True

    def close(self) -> bool:
        """Keep what is unsaved before the window goes; False, once, if that is not possible."""
        if self.keep():
            self.drafts.set_aside()
            return True
        refused, self._kept = not self.is_saved, self.text
        if refused:
            self.said.emit(self.tr("Your text could not be kept. Save it with Ctrl+S, or close once more to lose it."))
        return not refused

    def _set_aside(self) -> None:
        """Leave an unsaved text behind for later."""
        if self.is_saved or not self.text.strip():
            self._soon.stop()
            self.drafts.drop()
            if not self.drafts.has_session:
                return
        elif not self.keep():
            return
        words = self.tr("Your unsaved work on {title} is kept: File ▸ Unsaved work opens it.")
        self.drafts.set_aside()
        self.told.emit(words.format(title=self._document.title))

    def open_left(self, draft: Draft, is_open: bool) -> None:
        """Show a text that was left behind in the editor, as one step to undo; first open its program unless it is open."""
        if not is_open and not (can_be_opened(draft.target) and self._controller.open(draft.target)):
            self._set_aside()
            self._begin(Document(draft.title), "", None)
        if draft.text.strip() and draft.text != self.text:
            self._editor().replace_text_undoable(draft.text)

    # -- what actions call -------------------------------------------------------------------------------

    @Slot()
    def comment(self) -> None:
        """Make the chosen lines comments, or lines again."""
        self._editor().edit.toggle_comment()

    @Slot()
    def complete(self) -> None:
        """Offer what can be written at the cursor."""
        self._editor().edit.complete()

    @Slot()
    def find(self) -> None:
        """Find in the text."""
        self._editor().find_text()

    @Slot()
    def next_fault(self) -> None:
        """Go to the next line with a fault."""
        self._editor().next_fault()

    @Slot()
    def toggle_derived(self) -> None:
        """Show the derived backward beside the text, or hide it."""
        self._editor().toggle_derived()

    # -- inside ------------------------------------------------------------------------------------------

    def _editor(self) -> EditorView:
        """Return the editor, brought into sight."""
        self.editor_wanted.emit()
        assert self._view is not None
        return self._view

    @Slot()
    def _on_text(self) -> None:
        assert self._view is not None
        text = self._view.text()
        if text != self._text:
            self._text = text
            self._soon.start()
            self._show_state()
            self.text_changed.emit(text)

    def _show_state(self) -> None:
        if self._view is not None:
            session = self._controller.session
            self._view.set_applied(self._applied, "" if session is None else session.title)
            self._view.set_saved(self.is_saved)
