"""One question of the form over a saved network: its name, who decided it, how it is answered, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from core.steppable.form import FormField
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.form_editor import Chooser
from stepper.widgets.form_row import Framed, Wrong, tint, words
from stepper.widgets.stepping_words import label, left_to_the_app, option_meaning, option_words, origin_colour, origin_words
from stepper.widgets.tips import plain


class AskRow(QWidget):
    """What all questions have; `changed` is told only of what a person does."""

    changed = Signal()

    def __init__(self, key: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.key = key
        self.origin = ""
        self._ink = ""
        self._answer: QWidget | None = None
        self.head = QLabel(self)
        self.head.setTextFormat(Qt.TextFormat.RichText)
        self.head.setWordWrap(True)
        self.frame = Framed(self)
        self.hint = words("", self)
        self.wrong = Wrong(self)
        self.wrong.setAccessibleName(self.tr("What is wrong with {name}").format(name=label(key)))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        for part in (self.head, self.frame, self.wrong, self.hint):
            column.addWidget(part)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        for part in (self.head, self.wrong, self.hint):
            part.setSizePolicy(policy)
        for part in (self.wrong, self.hint):
            part.setContentsMargins(4, 0, 0, 0)
        self.hint.hide()

    def answer(self, widget: QWidget) -> None:
        """Take the widget that answers."""
        self.frame.column.addWidget(widget)
        self._answer = widget  # no focus proxy: the row itself would be a stop of the Tab key then
        widget.setAccessibleName(label(self.key))
        self.dress()

    def tab_stops(self) -> list[QWidget]:
        """Return what the Tab key stops at."""
        return [] if self._answer is None else [self._answer]

    def say(self, field: FormField | None, hint: str = "") -> None:
        """Show who decided, and a sentence on the question; without a field nobody did."""
        self.origin = "" if field is None else origin_words(field)
        self._ink = "" if field is None else origin_colour(field)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self._write_head()
        self._describe()

    def tell(self, sentence: str) -> None:
        """Say what is wrong with the answer, or nothing."""
        self.wrong.tell(f"{sentence[:1].upper()}{sentence[1:]}" if sentence else "")
        self.frame.wrong = bool(sentence)
        self.frame.update()
        self._describe()

    def dress(self) -> None:
        """Take the colours of the theme and the size of all text."""
        small = fonts.sized(self.font(), -1)
        self.hint.setFont(small)
        tint(self.hint, theme.current().dim)
        tint(self.wrong, theme.current().error)
        self._write_head()

    def changeEvent(self, event: QEvent) -> None:
        """Follow another theme or text size."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and getattr(self, "_answer", None) is not None:
            self.dress()

    def _write_head(self) -> None:
        """Write the name, and who decided, in the font of notes."""
        size = f"font-size:{fonts.sized(self.font(), -1).pointSizeF():.1f}pt; color:{self._ink}"
        # A mark is not torn apart at the end of a line.
        mark = escape(self.origin).replace(" ", "&nbsp;")
        self.head.setText(escape(label(self.key)) + (f" &nbsp;<span style='{size}'>{mark}</span>" if mark else ""))

    def _describe(self) -> None:
        if self._answer is not None:
            self._answer.setAccessibleDescription(". ".join(t for t in (self.wrong.text(), self.origin, self.hint.text()) if t))


class ChoiceRow(AskRow):
    """One of a few; where a person chose none, the app does."""

    def __init__(self, key: str, parent: QWidget) -> None:
        super().__init__(key, parent)
        self.box = Chooser(self.frame)
        self.answer(self.box)
        self.box.view().setAccessibleName(self.box.accessibleName())
        self._shown: tuple[tuple[str, str], ...] = ()
        self.box.activated.connect(self._on_activated)

    def holds(self) -> str:
        """Return what is chosen, '' where it is left to the app."""
        return str(self.box.currentData() or "")

    def show_field(self, field: FormField, extra: Sequence[str] = (), hint: str = "", left: str | None = None) -> None:
        """Show a question; `extra` are words for its options, `left` what the app takes where nothing is chosen."""
        entries: list[tuple[str, str]] = []
        if left is not None:
            entries.append(("", left_to_the_app(self.key, left)))
        named = extra or [option_words(self.key, o) for o in field.options]
        entries += list(zip(field.options, named, strict=True))
        if not field.options:
            entries = [(field.chosen, option_words(self.key, field.value) or "–")]
        if tuple(entries) != self._shown:
            self._shown = tuple(entries)
            self.box.clear()
            for n, (value, text) in enumerate(entries):
                self.box.addItem(text, value)
                self.box.setItemData(n, plain(option_meaning(self.key, value)), Qt.ItemDataRole.ToolTipRole)
        self.box.setCurrentIndex(max(0, next((n for n, (value, _) in enumerate(entries) if value == field.chosen), -1)))
        self.box.setEnabled(field.enabled)
        self.box.setToolTip(plain(option_meaning(self.key, field.value)))
        self.say(field, hint)

    @Slot(int)
    def _on_activated(self, _: int) -> None:
        self.changed.emit()


class LineRow(AskRow):
    """A typed answer; with `lines` in more than one line. What is typed and cannot be is kept."""

    def __init__(self, key: str, parent: QWidget, hint: str = "") -> None:
        super().__init__(key, parent)
        self.line = QLineEdit(self.frame)
        self.line.setPlaceholderText(hint)
        self.pane = NumbersPane(self.frame)
        self.pane.setPlaceholderText(hint)
        self.frame.column.addWidget(self.pane)
        self.pane.hide()
        self.pane.setAccessibleName(label(key))
        self.answer(self.line)
        self.line.textEdited.connect(self._on_edited)
        self.pane.textChanged.connect(self._on_edited)

    def holds(self) -> str:
        """Return what is typed."""
        return self.line.text() if self.pane.isHidden() else self.pane.toPlainText()

    def take(self, text: str) -> None:
        """Show a text without telling anyone."""
        if text != self.holds():
            self.pane.blockSignals(True)
            self.pane.setPlainText(text)
            self.pane.blockSignals(False)
            self.line.setText(text)

    def show_lines(self, many: bool) -> None:
        """Answer in many lines, or in one."""
        if many == self.pane.isHidden():
            text = self.holds()
            self.pane.setVisible(many)
            self.line.setVisible(not many)
            self._answer = self.pane if many else self.line
            self.take(text)

    def hold(self, enabled: bool) -> None:
        """Let the answer be changed, or not."""
        self.line.setEnabled(enabled)
        self.pane.setEnabled(enabled)

    def tab_stops(self) -> list[QWidget]:
        return [self.line, self.pane]

    @Slot()
    def _on_edited(self) -> None:
        self.changed.emit()


class NumbersPane(QPlainTextEdit):
    """Many numbers; Tab leaves it as it leaves every other field."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.setMaximumHeight(self.sizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().lineSpacing() * 5 + 12)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.fontMetrics().lineSpacing() * 3 + 12)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter is for the view, which steps."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
        else:
            super().keyPressEvent(event)


class CheckRow(AskRow):
    """Yes or no; its name stands at the box."""

    def __init__(self, key: str, parent: QWidget) -> None:
        super().__init__(key, parent)
        self.box = QCheckBox(label(key), self.frame)
        self.answer(self.box)
        self.box.clicked.connect(self._on_clicked)

    def holds(self) -> bool:
        """Return what is chosen."""
        return self.box.isChecked()

    def show_field(self, field: FormField) -> None:
        """Show what is chosen."""
        self.box.setChecked(field.value == "True")
        self.box.setEnabled(field.enabled)
        self.say(None)
        self.head.hide()

    @Slot()
    def _on_clicked(self) -> None:
        self.changed.emit()
