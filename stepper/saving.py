"""Writing a file so that it is either the old one or the whole new one, never half of it."""

from __future__ import annotations

from core.saving import SavingError, save_bytes, save_text

__all__ = ["SavingError", "save_bytes", "save_text"]
