"""A sentence for the person, above the program: not in the way, and gone when it is closed."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QColor, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from core.files.problem import escaped
from stepper import resources, theme
from stepper.widgets import fonts
from stepper.widgets.bar import lit_palette

LONGEST = 2000
NEWS = "●"


class MessageBar(QFrame):
    """Shows one sentence with a warning sign; hidden while there is nothing to say."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Message"))
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(10)
        self._sign = QLabel("⚠", self)
        self._sign.setTextFormat(Qt.TextFormat.PlainText)
        self._sign.setAccessibleName(self.tr("Warning"))
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setAccessibleName(self.tr("The message"))
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.close_button = QToolButton(self)
        self.close_button.setAutoRaise(True)
        self.close_button.setIconSize(QSize(14, 14))
        self.close_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.close_button.setAccessibleName(self.tr("Close the message"))
        self.close_button.setToolTip(self.tr("Close the message (Esc)"))
        self.close_button.clicked.connect(self.dismiss)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown, empty if none is."""
        return self._text.text() if not self.isHidden() else ""

    @property
    def is_news(self) -> bool:
        """Whether what is shown is news, no trouble."""
        return not self.isHidden() and self._sign.text() == NEWS

    @Slot(str)
    def say(self, sentence: str) -> None:
        """Show a sentence instead of the one before."""
        # Names of files are in it: they can neither turn the direction of writing nor begin a line of their own.
        shown = escaped(sentence[: LONGEST + 1])
        shown = shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"
        self._text.setText(shown)
        self._sign.setText("⚠")
        self._sign.setAccessibleName(self.tr("Warning"))
        self.paint_theme()
        self.show()
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, shown))

    @Slot(str)
    def tell(self, sentence: str) -> None:
        """Show news, with another sign than trouble has."""
        self.say(sentence)
        self._sign.setText(NEWS)
        self._sign.setAccessibleName(self.tr("News"))
        self.paint_theme()

    @Slot()
    def dismiss(self) -> None:
        """Take the sentence away."""
        if not self.isHidden():
            self.hide()
            self._text.setText("")
            self.closed.emit()

    def paint_theme(self) -> None:
        """Draw in the colours of the theme in use."""
        colours = theme.current()
        palette = lit_palette()
        self.setPalette(palette)
        self.close_button.setIcon(resources.icon("close"))
        sign = QPalette(palette)
        sign.setColor(QPalette.ColorRole.WindowText, QColor(colours.error if self._sign.text() == "⚠" else colours.lit_text))
        self._sign.setPalette(sign)
        self._sign.setFont(fonts.scaled(self.font(), 1.3))
