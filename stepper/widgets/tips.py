"""Tooltips that show exactly the text they are given: Qt would take a `<` in it for markup."""

from __future__ import annotations

from html import escape


def plain(text: str) -> str:
    """Return text as a tooltip that keeps its signs and its line breaks; an empty text stays empty."""
    return f"<p style='white-space:pre-wrap'>{escape(text)}</p>" if text else ""
