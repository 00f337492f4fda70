"""The first seed as it was asked, with its two faults, and each of them mended."""

from __future__ import annotations

from helpers.seed_programs import COST_RISES

FIRST = f"\n{COST_RISES}"


def sign_mended(text: str) -> str:
    return text.replace("2 * (Y - A2)", "2 * (A2 - Y)")


def operand_mended(text: str) -> str:
    return text.replace("np.dot(dA2, A2.T)", "np.dot(dA2, A1.T)")
