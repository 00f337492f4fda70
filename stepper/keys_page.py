"""The page of help that lists every action, made from the one table."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from stepper import actions


def keys_table() -> str:
    """Return every action of the one table with its keys, as Markdown tables, a table for each menu."""
    action, keys, what = (QCoreApplication.translate("help", word) for word in ("Action", "Keys", "What it does"))
    found: list[str] = []
    menu = ""
    for item in actions.ITEMS:
        if item.menu != menu:
            menu = item.menu
            title = actions.plain(menu).replace("/", " › ")
            found += ["", f"## {title}", "", f"| {action} | {keys} | {what} |", "| --- | --- | --- |"]
        row = (actions.plain(item.text), actions.keys_text(item) or "–", actions.say(item.tip))
        found.append("| " + " | ".join(_escaped(text) for text in row) + " |")
    return "\n".join(found) + "\n"


def _escaped(text: str) -> str:
    for sign in "\\`*_[]<>|#":
        text = text.replace(sign, "\\" + sign)
    return text.replace("\n", " ")
