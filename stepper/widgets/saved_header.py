"""What stands above the tree of a saved network: the file, and folded what is known of it beside the tensors."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from core.files.problem import escaped
from stepper import theme
from stepper.models.saved_state import SavedState
from stepper.widgets import fonts
from stepper.widgets.elided import ElidedLabel
from stepper.widgets.page import Page
from stepper.widgets.saved_facts import blocks, facts, file_name, folded, known
from stepper.widgets.tips import plain

LONGEST_PATH = 500


class PlainLabel(QLabel):
    """Words that wrap and are never markup; a word that is too long for the width does not make the panel wider."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def say(self, text: str, colour: str = "") -> None:
        """Show a text in a colour; an empty one hides the label."""
        palette = self.palette()
        palette.setColor(self.foregroundRole(), QColor(colour or theme.current().text))
        self.setPalette(palette)
        if text != self.text():
            self.setText(text)
            self.setAccessibleDescription(text)
        self.setVisible(bool(text))


class SavedHeader(QWidget):
    """Says what the file is. What was assumed and why unfolds below it, and takes no more than its share of the height."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("About the file"))
        self._state = SavedState()
        self._about: tuple[object, ...] = ()
        self._share = 200
        self._short = False
        self._what = ""
        self.name = ElidedLabel(self)
        self.name.setAccessibleName(self.tr("File"))
        self.facts = PlainLabel(self.tr("Format and sizes"), self)
        self.known = PlainLabel(self.tr("What is known"), self)
        self.fold = QToolButton(self)
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.fold.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.fold.setToolTip(plain(self.tr("What the file says beside its tensors, what the app assumed, and why")))
        self.fold.setMinimumWidth(40)  # its text is shortened to the room that there is
        self.fold.toggled.connect(self._on_fold)
        self.page = Page(self.tr("What is known of the file, and why"), self)
        self.page.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for part in (self.name, self.facts, self.known):
            column.addWidget(part)
        column.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.page, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._dress()

    def be_short(self, short: bool) -> None:
        """Leave the sizes out where there is little height."""
        self._short = short
        self.facts.setVisible(not short)

    def show_state(self, state: SavedState) -> None:
        """Show what is known of the file."""
        saved, t = state.saved, theme.current()
        about = (saved, state.layers, state.inferred, state.choices, t)
        if saved is None or (self._about and all(a is b for a, b in zip(about, self._about, strict=True))):
            return
        self._state, self._about = state, about
        self.name.setText(file_name(saved))
        self.name.setToolTip(plain(escaped(saved.path[:LONGEST_PATH])))
        self.facts.say(facts(state, saved), t.dim)
        self.facts.setHidden(self._short)
        self.known.say(known(state, saved), t.text if saved.complete else t.written)
        self._show_fold()

    def share(self, height: int) -> None:
        """Take no more than its share of a height when unfolded."""
        self._share = max(90, height * 2 // 5)
        self._fit()

    def _fit(self) -> None:
        document = self.page.document()
        document.setTextWidth(self.page.viewport().width())
        self.page.setFixedHeight(min(self._share, int(document.size().height()) + 6))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the page anew."""
        super().resizeEvent(event)
        self._fit()
        self._write_fold()

    @Slot(bool)
    def _on_fold(self, on: bool) -> None:
        del on
        self._show_fold()

    def _show_fold(self) -> None:
        saved, opened = self._state.saved, self.fold.isChecked()
        if saved is None:
            return
        self._what = folded(self._state, saved)
        self.fold.setAccessibleName(self.tr("Unfolded: {what}").format(what=self._what) if opened else self._what)
        self._write_fold()
        self.page.setVisible(opened)
        if opened:
            self.page.show_page(blocks(self._state, saved, theme.current().written), saved.path)
            self._fit()

    def _write_fold(self) -> None:
        """Say what is folded, as far as there is room."""
        text = f"{'▾' if self.fold.isChecked() else '▸'} {self._what}"
        room = max(40, self.width() - 12)
        self.fold.setText(self.fold.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "page"):
            self._dress()

    def _dress(self) -> None:
        self.name.setFont(fonts.sized(self.font(), 1, bold=True))
        small = fonts.sized(self.font(), -0.5)
        for part in (self.facts, self.known, self.fold):
            part.setFont(small)
        self._write_fold()
