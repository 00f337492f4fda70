"""Runs the real app by its own entry point, and answers on stdin/stdout what its widgets show."""

from __future__ import annotations

import json
import sys
import traceback
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Qt, Slot
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QLabel, QTreeWidgetItemIterator, QWidget

from stepper import app, cli
from stepper.drawing import can_be_seen
from stepper.main_window import MainWindow
from stepper.widgets.matrix import MatrixWidget


class Reader(QObject):
    """Answers every line on stdin with one line of JSON: the texts that are on the screen."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
        self.notifier.activated.connect(self.answer)

    @Slot()
    def answer(self) -> None:
        """Read one request and answer it."""
        if not sys.stdin.readline():
            self.notifier.setEnabled(False)
            return
        try:
            seen = self.seen()
        except Exception:  # whoever asked would else wait for ever
            seen = {"trouble": traceback.format_exc()}
        print(json.dumps(seen), flush=True)

    def seen(self) -> dict[str, Any]:
        """Return what can be seen."""
        window = self.window
        focus, dialog = QApplication.focusWidget(), QApplication.activeModalWidget()
        matrices = [m for m in window.operation_view.findChildren(MatrixWidget) if m.isVisible()]
        return {
            "title": window.windowTitle(),
            "status": window.top_bar.status_text(),
            "labels": self.texts(window.top_bar),
            "lines": self.lines(),
            "matrices": {m.name: self.cells(m) for m in matrices},
            "operation": self.texts(window.operation_view),
            "stale": [m.name for m in matrices if m.shown.stale],
            "bar": window.stale_bar.text.text() if window.stale_bar.isVisible() else "",
            "value": self.value(),
            "notes": self.notes(),
            "lesson": self.lesson(),
            "editor": self.editor(),
            "diagnosis": self.diagnosis(),
            "saved": self.saved(),
            "tensor": self.tensor(),
            "stepping": self.stepping(),
            "message": "" if window.message.isHidden() else window.message.text,
            "focus": focus.accessibleName() if focus is not None else "",
            "unseen": focus is not None and focus.visibleRegion().isEmpty(),
            "dialog": dialog.accessibleName() if dialog is not None and dialog.isActiveWindow() else "",
            "modal": dialog is not None and dialog.isActiveWindow(),
            "drawn": not any(can_be_seen(view) for view in window.drawer.waiting),
            "button": self.middle(window.top_bar.later_button),
            "middle": self.middle(window),
            "places": {name: self.middle(dock) for name, dock in window.panels.docks.items() if window.panels.is_in_front(name)},
            "panels": {name: self.panel(name, focus) for name in window.panels.docks if window.panels.is_in_front(name)},
        }

    def texts(self, widget: QWidget) -> list[str]:
        """Return what is written in a part of the window."""
        return [x.text() for x in widget.findChildren(QLabel) if x.isVisible()]

    def value(self) -> list[str]:
        """Return what a screen reader speaks of the heat map of a value and of its cell with the keyboard, and what is typed."""
        view: Any = self.window.panels.views.get("value")
        if view is None or not view.heat.isVisible():
            return []
        editor = view.heat.editor
        return [view.heat.accessibleName(), view.heat.accessibleDescription(), editor.text() if editor.isVisible() else ""]

    def notes(self) -> list[str]:
        """Return the rows of stops, watches and bookmarks."""
        view: Any = self.window.panels.views.get("notes")
        if view is None or not view.isVisible():
            return []
        rows = QTreeWidgetItemIterator(view.tree)
        found: list[str] = []
        while rows.value() is not None:
            found.append(f"{rows.value().text(0)} | {rows.value().text(1)}")
            rows += 1
        return found

    def editor(self) -> dict[str, Any]:
        """Return the text of the editor, what its strip says, the shapes after the lines, and the offer of an unsaved text."""
        view: Any = self.window.panels.views.get("editor")
        bar = self.window.writing.left.bar
        offer = bar.text.text() if bar.isVisible() else ""
        if view is None or not view.isVisible():
            return {"offer": offer}
        lines = view.text().split("\n")
        return {
            "offer": offer,
            "text": view.text(),
            "strip": view.strip.text.text(),
            "shapes": {line: view.edit.shape_at(n) for n, line in enumerate(lines, 1) if view.edit.shape_at(n)},
            "choices": view.edit.choices.words.text() if view.edit.choices.isVisible() else "",
            "stale": view.stale.isVisible(),
            "settled": not view.is_busy,
        }

    def diagnosis(self) -> dict[str, Any]:
        """Return what is said of the backward, its parameters, the cells of the chosen one, the cards, and where to click."""
        view: Any = self.window.panels.views.get("diagnosis")
        if view is None or not view.isVisible():
            return {}
        rows = [view.rows.topLevelItem(n) for n in range(view.rows.topLevelItemCount())]
        cards = [card for card in view.cards if card.isVisible()]
        m = view.detail.matrices
        told = [[x.words for x in (card.head, *card.said) if x.isVisible()] for card in cards]
        return {
            "summary": view.summary.words,
            "place": view.stale.words,
            "rows": {row.text(0): [row.text(1), row.text(2), row.data(0, Qt.ItemDataRole.AccessibleTextRole)] for row in rows},
            "at": {row.text(0): self.point(view.rows.viewport(), view.rows.visualItemRect(row).center()) for row in rows},
            "cells": {x.name: self.cells(x) for x in (m.own, m.true, m.nudged) if x.isVisible()},
            "cards": ["\n".join(words) for words in told],
            "mends": [card.lines.toPlainText() if card.lines.isVisible() else "" for card in cards],
            "put": [self.middle(card.put_button) for card in cards if card.put_button.isVisible()],
        }

    def saved(self) -> dict[str, Any]:
        """Return what stands above the tree of a saved network, its lines as far as they are in sight, and the chosen one."""
        view: Any = self.window.panels.views.get("saved")
        if view is None or not view.isVisible():
            return {}
        tree, rows = view.tree, view.rows
        columns = [c for c in range(rows.columnCount()) if not tree.isColumnHidden(c)]
        lines: list[list[str]] = []
        index = rows.index(0, 0)
        while index.isValid():
            if tree.visualRect(index).intersects(tree.viewport().rect()):
                lines.append([rows.data(index.sibling(index.row(), c)) for c in columns])
            index = tree.indexBelow(index)
        here = tree.currentIndex()
        return {
            "texts": self.texts(view), "lines": lines, "heads": [rows.headerData(c, Qt.Orientation.Horizontal) for c in columns],
            "chosen": rows.data(here.siblingAtColumn(0)) if here.isValid() else "",
        }  # fmt: skip

    def tensor(self) -> dict[str, Any]:
        """Return the tensor that is looked at: its name, what it is, and of the parts in sight statistics, health and cell."""
        view: Any = self.window.panels.views.get("tensor")
        if view is None or not view.isVisible():
            return {}
        shown = [[label.property("full") or label.text() for label in line if label.isVisible()] for line in view.facts.labels]
        return {
            "name": view.head.name.text(), "what": view.head.what.text(), "match": view.head.match.text(),
            "nothing": view.nothing.text() if view.nothing.isVisible() else "", "side": view.head.side,
            "facts": shown if view.facts.isVisible() else [],
            "health": self.texts(view.health) if view.health.isVisible() else [],
            "heat": view.heat.accessibleDescription() if view.heat.isVisible() else "",
        }  # fmt: skip

    def stepping(self) -> dict[str, Any]:
        """Return what the form over a saved network asks, each with its answer and who decided it; and what it says below."""
        view: Any = self.window.panels.views.get("stepping")
        if view is None or not view.isVisible():
            return {}
        rows = [*view.choices.values(), view.rate, view.batch, *view.data.rows()]
        asked = {row.key: row for row in rows if row.isVisible()}
        answers = {k: row.box.currentText() if hasattr(row, "box") else row.holds() for k, row in asked.items() if k != "file"}
        return {
            "answers": answers, "origins": {k: row.origin for k, row in asked.items()}, "way": view.data.way(),
            "about": view.about.words, "note": view.note.words, "can": view.button.isEnabled(),
        }  # fmt: skip

    def lesson(self) -> dict[str, Any]:
        """Return the texts of the lesson that can be seen, the right answer as the question has it, and whether it stands."""
        view: Any = self.window.panels.views.get("lesson")
        state = self.window.lessons.state
        if view is None or not view.isVisible() or state.lesson is None or state.shown is None:
            return {}
        parts = (view.title, view.question.verdict)
        pages = (view.text, view.question.prompt, view.question.explanation, view.reveal)
        return {
            "count": view.head.count.text(),
            "texts": [p.text() for p in parts if p.isVisible()] + [p.toPlainText() for p in pages if p.isVisible()],
            "stands": not state.busy and not self.window.controller.session.running,
            "asks": "" if state.open else state.shown.question.kind,
            "next": view.foot.next_button.text(),
        }

    def lines(self) -> list[str]:
        """Return the lines of the program as a screen reader speaks them, with what has happened to each."""
        found = QAccessible.queryAccessibleInterface(self.window.program_view.list)
        children = [found.child(i) for i in range(found.childCount())]
        return [c.text(QAccessible.Text.Name) for c in children if c is not None]

    def cells(self, matrix: MatrixWidget) -> list[list[list[str]]]:
        """Return each cell as it is painted, and in full as pointing at it tells."""
        rows, columns = matrix.grid()
        axes = 2 if matrix.array is None else matrix.array.ndim
        return [
            [[matrix.text_of(cell), matrix.cell_text(cell)] for c in range(columns) for cell in [(r, c)[2 - axes :]]]
            for r in range(rows)
        ]

    def panel(self, name: str, focus: Any) -> dict[str, Any]:
        """Return whether a panel floats or has the keyboard, and where its button to float is."""
        dock = self.window.panels.docks[name]
        title: Any = dock.titleBarWidget()
        has = focus is not None and dock.isAncestorOf(focus)
        return {"floating": dock.isFloating(), "focus": has, "float": self.middle(title.float_button)}

    def middle(self, widget: Any) -> list[int]:
        """Return the middle of a widget on the screen."""
        return self.point(widget, widget.rect().center())

    def point(self, widget: Any, point: Any) -> list[int]:
        """Return where a point of a widget is on the screen."""
        at = widget.mapToGlobal(point)
        return [at.x(), at.y()]


really_start = app.start


def start(*arguments: Any, **named: Any) -> app.Running:
    """Start as the app does, then listen."""
    running = really_start(*arguments, **named)
    QAccessible.setActive(True)  # else Qt tells nobody that rows come and go
    Reader(running.window)
    return running


if __name__ == "__main__":
    app.start = start
    raise SystemExit(cli.main(sys.argv[1:]))
