"""What is worth knowing of a tensor, remark by remark, on a page that scrolls."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from stepper import theme
from stepper.models.mark_signs import ink
from stepper.widgets.page import Page, heading, words
from stepper.widgets.tensor_words import Said


class TensorHealth(Page):
    """Shows remarks: a sign, what is there, what that means and what mends it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("health of the tensor"), parent)
        self.document().setDocumentMargin(4)

    def show_remarks(self, name: str, remarks: Sequence[Said], nothing: str) -> None:
        """Show remarks, the gravest first; `nothing` says why there are none."""
        blocks: list[str] = []
        for said in remarks:
            blocks += [heading(f"{said.sign}  {said.what}", ink(said.severity)), words(said.means)]
        self.show_page(blocks or [words(nothing, theme.current().dim)], name)
        text = " ".join(f"{said.sign} {said.what} {said.means}" for said in remarks)
        self.setAccessibleDescription(text or nothing)
