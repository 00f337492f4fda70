"""Help: a short page for each panel, and some more. No network is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources as package_files

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from core.diagnosis import words
from core.health.rules import RULES
from stepper import theme

FIRST = "start"
PAGES = (
    "start", "steps", "program", "network", "graph", "operation", "line", "update", "value", "why", "data", "loss", "curves",
    "predict", "notes", "problems", "keys", "notation", "breakpoints", "changes", "panels", "rules", "check", "conditioning",
    "compare", "course", "lessons", "lesson-format", "diagnosis", "faults", "editor", "defs", "saving", "document",
    "saved-networks", "tensor", "stepping",
)  # fmt: skip

RULE_PAGES = tuple(rule.page for rule in RULES.values())
FAULT_PAGES = words.PAGES


def _nothing() -> str:
    return ""


_made: dict[str, Callable[[], str]] = {}


def add_to_page(name: str, more: Callable[[], str]) -> None:
    """Let Markdown that is made while the app runs follow the text of a page."""
    _made[name] = more


def page_text(name: str) -> str:
    """Return a page as Markdown; raises KeyError for one that there is not."""
    if name not in (*PAGES, *RULE_PAGES, *FAULT_PAGES):
        raise KeyError(name)
    return (package_files.files("resources") / "help" / f"{name}.md").read_text("utf-8")


class HelpView(QWidget):
    """Shows one page; links lead to other pages, and nowhere else."""

    page_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Help"))
        self.page = ""
        self._before: list[str] = []
        self.browser = QTextBrowser(self)
        self.browser.setAccessibleName(self.tr("The page of help"))
        self.browser.setOpenLinks(False)
        self.browser.setOpenExternalLinks(False)
        self.browser.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.browser.document().setDocumentMargin(12)
        self.browser.anchorClicked.connect(self._follow)
        self.setFocusProxy(self.browser)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.back_button = QPushButton(self.tr("‹ &Back"), self)
        self.index_button = QPushButton(self.tr("Cont&ents"), self)
        self.keys_button = QPushButton(self.tr("&All keys"), self)
        row = QHBoxLayout()
        row.setContentsMargins(8, 6, 8, 0)
        for button in (self.back_button, self.index_button, self.keys_button):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.browser, 1)
        self.back_button.clicked.connect(self.back)
        self.index_button.clicked.connect(self._index)
        self.keys_button.clicked.connect(self._keys)
        self.show_page(FIRST)

    @Slot(str)
    def show_page(self, name: str) -> None:
        """Show a page; raises KeyError."""
        text = page_text(name)
        if self.page and name != self.page:
            self._before.append(self.page)
        self._show(name, text)

    @Slot()
    def back(self) -> None:
        """Show the page that was shown before."""
        if self._before:
            name = self._before.pop()
            self._show(name, page_text(name))

    @Slot()
    def paint_theme(self) -> None:
        """Show the page again in the colours in use."""
        self._show(self.page, page_text(self.page))

    def _show(self, name: str, text: str) -> None:
        self.page = name
        t = theme.current()
        document = self.browser.document()
        document.setDefaultStyleSheet(f"a {{ color: {t.read}; }}")
        document.setMarkdown(text + _made.get(name, _nothing)(), QTextDocument.MarkdownFeature.MarkdownDialectGitHub)
        self.browser.moveCursor(self.browser.textCursor().MoveOperation.Start)
        self.back_button.setEnabled(bool(self._before))
        self.page_changed.emit(name)

    @Slot(QUrl)
    def _follow(self, link: QUrl) -> None:
        name = link.toString().removesuffix(".md")
        if name in (*PAGES, *RULE_PAGES, *FAULT_PAGES):
            self.show_page(name)

    @Slot()
    def _index(self) -> None:
        self.show_page(FIRST)

    @Slot()
    def _keys(self) -> None:
        self.show_page("keys")
