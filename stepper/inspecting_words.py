"""What is said when a saved network was read."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from stepper.inspecting_work import Read

translate = QCoreApplication.translate


def not_opened(found: Read, open_title: str) -> str:
    """Say why a file is inspected alone; `open_title` is what else is open, empty if nothing is."""
    words = translate("inspecting", "It can be inspected, and not be stepped: {why}.").format(why=found.trouble)
    if not found.trouble:
        n = sum(t.count for t in found.saved.tensors)
        words = translate(
            "inspecting", "It holds {n} numbers: it can be inspected at once, and is stepped when you choose “Step it like this”."
        ).format(n=f"{n:,}")
    still = translate("inspecting", " The program that is open is still {title}.")
    return words + still.format(title=open_title) if open_title else words


def not_looked_into(why: str) -> str:
    """Say why a document is open without the saved network that it was made of."""
    words = translate("inspecting", "The session is as it was; the network that it was made of cannot be looked into: {why}")
    return words.format(why=why)
