"""The lines above the editor: running the text, what is derived beside it, whether it is saved and shown."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from stepper.widgets.bar import Bar

DERIVES = ("hidden", "beside")


class EditorHead(QWidget):
    """`run_wanted` asks for the text to be run, `derives_chosen` carries one of DERIVES."""

    run_wanted = Signal()
    derives_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 5, 8, 5)
        row.setSpacing(6)
        self.run_button = QPushButton(self.tr("Run this text"), self)
        self.run_button.setAutoDefault(False)
        self.run_button.setToolTip(self.tr("Make this text the open program (Ctrl+Enter)"))
        self.run_button.clicked.connect(self.run_wanted)
        label = QLabel(self.tr("Derived &backward:"), self)
        self.derive_box = QComboBox(self)
        self.derive_box.addItems([self.tr("hidden"), self.tr("beside mine")])
        self.derive_box.setAccessibleName(self.tr("Derived backward"))
        self.derive_box.setToolTip(self.tr("Show what the app derives from your forward lines (Ctrl+D)"))
        self.derive_box.currentIndexChanged.connect(self._on_derives)
        label.setBuddy(self.derive_box)
        self.saved = QLabel(self)
        self.saved.setTextFormat(Qt.TextFormat.PlainText)
        self.saved.setAccessibleName(self.tr("Whether the text is saved"))
        row.addWidget(self.run_button)
        row.addWidget(self.saved)
        row.addStretch(1)
        row.addWidget(label)
        row.addWidget(self.derive_box)

    def set_saved(self, saved: bool) -> None:
        """Say whether the text stands in its file."""
        self.saved.setText("" if saved else self.tr("● not saved"))
        self.saved.setToolTip("" if saved else self.tr("Ctrl+S saves it; a copy is kept in case something goes wrong"))

    def set_derived(self, how: str) -> None:
        """Choose one of DERIVES."""
        self.derive_box.setCurrentIndex(DERIVES.index(how))

    @Slot(int)
    def _on_derives(self, index: int) -> None:
        self.derives_chosen.emit(DERIVES[index])


class NotRunBar(Bar):
    """Says that the rest of the window shows another text, and how to run this one; hidden where it shows this one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        name = QCoreApplication.translate("NotRunBar", "What the window shows")
        super().__init__(name, name, parent)
        self.row.setContentsMargins(8, 4, 8, 4)

    def compare(self, text: str, shown: str | None, title: str) -> None:
        """Say whether `text` is what the window shows: the text `shown`, or, with None, the program `title` (if any)."""
        if shown is None and title:
            words = self.tr("◷ The rest of the window shows {title}. Ctrl+Enter runs this text.").format(title=title)
        elif shown is None:
            words = self.tr("◷ This text was not run yet. Ctrl+Enter runs it.")
        else:
            words = self.tr("◷ The rest of the window still shows the earlier text. Ctrl+Enter runs this one.")
        self.text.setText(words)
        self.setVisible(bool(text.strip()) and text != shown)
