"""A page of words, code and links that scrolls; every text that it is given is shown as it is."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QEvent, QSize, QUrl, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QFrame, QTextBrowser, QWidget

from stepper import theme
from stepper.widgets import fonts

NO_BREAK = "\u00a0"


class Page(QTextBrowser):
    """Shows what `show_page` is given, made with the functions of this room. `link_clicked` carries a link's target."""

    link_clicked = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.document().setDocumentMargin(10)
        self.viewport().setAutoFillBackground(False)
        self.anchorClicked.connect(self._on_anchor)
        self._shown = ""
        self._subject: object = None

    def sizeHint(self) -> QSize:
        return QSize(360, 320)

    def show_page(self, blocks: Sequence[str], subject: object = None, at: str = "") -> None:
        """Show blocks from top to bottom. Still about the same subject, the page stays where it was scrolled to.

        A new subject begins at the top, or at the heading of the name `at`.
        """
        html = f"<body style='color:{theme.current().text}'>{''.join(blocks)}</body>"
        if html == self._shown:
            return
        same = subject == self._subject
        before = self.verticalScrollBar().value() if same else 0
        self._shown, self._subject = html, subject
        self.setHtml(html)
        self.verticalScrollBar().setValue(before)
        if at and not same:
            self.scrollToAnchor(at)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text and the theme: the next page is written anew."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange):
            self._shown = ""
        super().changeEvent(event)

    @Slot(QUrl)
    def _on_anchor(self, url: QUrl) -> None:
        self.link_clicked.emit(url.toString())


def panel(widget: QWidget) -> None:
    """Give a widget the ground that a page stands on."""
    widget.setBackgroundRole(QPalette.ColorRole.Base)
    widget.setAutoFillBackground(True)


def heading(text: str, colour: str = "", name: str = "") -> str:
    """A heading of one line; `name` is what the page can be scrolled to."""
    anchor = f"<a name='{escape(name)}'></a>" if name else ""
    return f"<p style='margin-top:2px;margin-bottom:2px;{_ink(colour)}'>{anchor}<b>{escape(text)}</b></p>"


def words(text: str, colour: str = "", bold: bool = False) -> str:
    """A paragraph of plain words."""
    inner = f"<b>{escape(text)}</b>" if bold else escape(text)
    return f"<p style='margin-top:2px;margin-bottom:3px;{_ink(colour)}'>{inner}</p>"


def labelled(label: str, text: str) -> str:
    """A paragraph that says in its first, dim words what it is about."""
    dim = theme.current().dim
    return (
        f"<p style='margin-top:2px;margin-bottom:3px'><span style='color:{dim}'>{escape(label)}</span> "
        f"{escape(text)}</p>"
    )  # fmt: skip


def code(text: str, bold: bool = False, large: bool = False) -> str:
    """A line in the font of code; it wraps where it is too long."""
    return f"<p style='margin-top:2px;margin-bottom:3px'>{inline_code(text, bold, large)}</p>"


def inline_code(text: str, bold: bool = False, large: bool = False) -> str:
    """Words in the font of code, to stand inside a cell or a line."""
    font = fonts.mono(QApplication.font(), 1.5 if large else 0.0)
    weight = "font-weight:600;" if bold else ""
    kept = escape(text).replace("\n", "<br/>")
    return f"<span style='font-family:\"{font.family()}\";font-size:{font.pointSizeF():.1f}pt;{weight}'>{kept}</span>"


def link(target: str, text: str) -> str:
    """Something in the font of code that can be clicked; by keyboard Tab goes to it and Enter clicks."""
    return f"<a href='{escape(target)}' style='color:{theme.current().read}'>{inline_code(text)}</a>"


def small(text: str) -> str:
    """Dim words, to stand inside a cell or a line."""
    return f"<span style='color:{theme.current().dim}'>{escape(text)}</span>"


def line_of(*parts: str) -> str:
    """One line put together from links and inline code."""
    return f"<p style='margin-top:2px;margin-bottom:3px'>{' '.join(parts)}</p>"


def table(rows: Sequence[Sequence[str]]) -> str:
    """A table without lines: the first cell of each row dim words, the others numbers in the font of code."""
    dim = theme.current().dim
    body = "".join(
        "<tr>"
        + f"<td valign='bottom' style='padding-right:14px;color:{dim}'>{escape(row[0])}</td>"
        + "".join(f"<td valign='bottom' align='right'>{inline_code(cell.replace(' ', NO_BREAK))}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table cellspacing='0' cellpadding='1' style='margin-top:2px;margin-bottom:3px'>{body}</table>"


def rule() -> str:
    """A thin line across."""
    return f"<table width='100%' cellspacing='0' cellpadding='0' style='margin-top:8px;margin-bottom:5px'><tr><td bgcolor='{theme.current().border}' height='1' style='font-size:1px'></td></tr></table>"  # noqa: E501


def _ink(colour: str) -> str:
    return f"color:{colour};" if colour else ""
