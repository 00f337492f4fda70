"""A part of a lesson: Markdown, as high as all of it is, in lines not too long. Nothing in it is followed or loaded."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import (
    QColor,
    QFont,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QSizePolicy, QTextBrowser, QWidget

from stepper import theme
from stepper.widgets import fonts

LINE_HEIGHT = 128
"""Of a line of words, in percent of the letters: text that is read and not looked up needs air."""
WIDEST = 66
"""Letters in a line."""


class LessonText(QTextBrowser):
    """Shows Markdown without any HTML in it, in the colours of the theme."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._text = ""
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._again)
        self.hide()

    @property
    def text(self) -> str:
        """The Markdown that is shown."""
        return self._text

    def say(self, text: str) -> None:
        """Show Markdown; nothing is shown for an empty text."""
        self.setVisible(bool(text))
        if text != self._text:
            self._text = text
            self._write()

    def sizeHint(self) -> QSize:
        return QSize(360, self.height())

    def loadResource(self, type: int, name: QUrl | str) -> object:
        """Load nothing: a lesson is a file like any other."""
        del type, name

    def wheelEvent(self, e: QWheelEvent) -> None:
        """Leave the wheel to the page around."""
        e.ignore()

    def resizeEvent(self, e: QResizeEvent) -> None:
        """Be as high as the text is in this width."""
        super().resizeEvent(e)
        self._fit()

    def changeEvent(self, e: QEvent) -> None:
        """Follow the size of all text and the theme."""
        if e.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange, QEvent.Type.ApplicationFontChange) and hasattr(
            self, "_soon"
        ):
            self._soon.start()
        super().changeEvent(e)

    @Slot()
    def _again(self) -> None:
        self._write()

    def _write(self) -> None:
        document = self.document()
        document.setDefaultFont(fonts.sized(QApplication.font(), 0.5))
        feature = QTextDocument.MarkdownFeature
        document.setMarkdown(self._text, feature.MarkdownDialectGitHub | feature.MarkdownNoHTML)
        self._dress(document)
        self._fit()

    def _dress(self, document: QTextDocument) -> None:
        """Give lines of words air, and code its font, ground and size."""
        t, cursor = theme.current(), QTextCursor(document)
        mono = fonts.mono(QApplication.font())
        block = document.begin()
        while block.isValid():
            cursor.setPosition(block.position())
            is_code = block.blockFormat().hasProperty(QTextBlockFormat.Property.BlockCodeFence) or bool(
                block.blockFormat().nonBreakableLines()
            )
            form = QTextBlockFormat()
            form.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            if is_code:
                form.setNonBreakableLines(False)
                form.setBackground(QColor(t.window))
                form.setLeftMargin(0)
                form.setTextIndent(0)
            cursor.mergeBlockFormat(form)
            places: list[tuple[int, int]] = []
            fragments = block.begin()
            while not fragments.atEnd():
                fragment = fragments.fragment()
                if fragment.charFormat().fontFixedPitch():
                    places.append((fragment.position(), fragment.length()))
                fragments += 1
            for position, length in places:
                cursor.setPosition(position)
                cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
                cursor.mergeCharFormat(_code(mono, t.window))
            block = block.next()

    def _fit(self) -> None:
        most = self.fontMetrics().averageCharWidth() * WIDEST
        self.document().setTextWidth(max(40, min(self.viewport().width(), most)))
        height = int(self.document().size().height() + 0.99) + 1
        if height != self.height():
            self.setFixedHeight(height)


def _code(font: QFont, ground: str) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setFontFamilies([font.family()])
    form.setFontPointSize(font.pointSizeF())
    form.setBackground(QColor(ground))
    return form
