"""Lines with too little room: whole parts go first, and a number is shown whole or not at all."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stepper.widgets.elided import ElidedLabel, shortened

LINE = "in mnist.safetensors · 128×784 (units × inputs) · float32 · 100,352 numbers · 392 KiB · weights of 'layers.1'"


@pytest.fixture
def metrics(qtbot: QtBot) -> QFontMetrics:
    return QFontMetrics(QApplication.font())


def test_what_has_room_stays_as_it_is(metrics: QFontMetrics) -> None:
    assert shortened(LINE, metrics, metrics.horizontalAdvance(LINE)) == LINE


def test_whole_parts_are_left_out(metrics: QFontMetrics) -> None:
    parts = LINE.split(" · ")
    wholes = [" · ".join((*parts[:n], "…")) for n in range(1, len(parts))]
    shortest = metrics.horizontalAdvance(wholes[0])
    for room in range(shortest, metrics.horizontalAdvance(LINE)):
        found = shortened(LINE, metrics, room)
        assert found in wholes and metrics.horizontalAdvance(found) <= room


@pytest.mark.parametrize("number", ["0.7798673361541327", "−1234567", "100,352", "2.5e−12", "1e5"])
def test_no_number_is_cut(metrics: QFontMetrics, number: str) -> None:
    line = f"W[0, 0] = {number}"
    for room in range(metrics.horizontalAdvance("W[0, …"), metrics.horizontalAdvance(line) + 1):
        found = shortened(line, metrics, room)
        assert metrics.horizontalAdvance(found) <= room
        assert found == line or (found.endswith("…") and not any(c.isdigit() for c in found.partition("=")[2]))


def test_words_are_cut_as_ever(metrics: QFontMetrics) -> None:
    line = "the weights do not say which function follows"
    found = shortened(line, metrics, metrics.horizontalAdvance(line) // 2)
    assert found.endswith("…") and line.startswith(found[:-1].rstrip()) and len(found) > 10
    assert shortened(line, metrics, 0) in ("", "…")


def test_a_label_says_all_to_who_hears_it(qtbot: QtBot) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setText(LINE)
    label.resize(80, 20)
    assert label.accessibleDescription() == label.text() == LINE
