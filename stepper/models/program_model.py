"""The program as rows of a list: headings of phases, lines as written, and what was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.program.ir import Phase, Program
from core.session import Moment
from stepper.widgets.numbers import size_text

RowKind = Literal["given-heading", "given", "heading", "line"]
Status = Literal["waiting", "done", "lit", "next", "failed"]
Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole + 1

STATUS_SIGN: dict[Status, str] = {"waiting": "", "done": "✓", "lit": "▶", "next": "▷", "failed": "✗"}


@dataclass(frozen=True)
class Row:
    """What one row shows. `value` is the value that it names, `note` a word before the shape."""

    kind: RowKind
    text: str
    phase: Phase | None = None
    statement: int | None = None
    value: int | None = None
    derived: bool = False
    shape: str = ""
    note: str = ""
    status: Status = "waiting"
    fault: str = ""
    selected: bool = False


class ProgramModel(QAbstractListModel):
    """Rows made anew from every moment; only those that changed are announced."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._program: Program | None = None
        self._moment: Moment | None = None
        self._rows: list[Row] = []
        self._row_of: dict[int, int] = {}
        self.given_open = False

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 (Qt's signature)
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row's text, its tooltip or the whole `Row` (ROW_ROLE)."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings of phases cannot be reached; everything else can."""
        if index.isValid() and self._rows[index.row()].kind == "heading":
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def row_of(self, statement: int) -> int | None:
        """Return the row that shows a statement."""
        return self._row_of.get(statement)

    def row(self, row: int) -> Row:
        """Return what a row shows; raises IndexError."""
        return self._rows[row]

    def toggle_given(self) -> None:
        """Open or close the section of what was given."""
        self.given_open = not self.given_open
        self._program = None
        if self._moment is not None:
            self.draw(self._moment)

    def draw(self, moment: Moment) -> bool:
        """Show a moment; True if the rows are other ones than before, not just in another state."""
        rows = self._given_rows(moment) + self._line_rows(moment)
        self._moment = moment
        if moment.program is not self._program or len(rows) != len(self._rows):
            self.beginResetModel()
            self._program, self._rows = moment.program, rows
            self._row_of = {r.statement: i for i, r in enumerate(rows) if r.statement is not None}
            self.endResetModel()
            return True
        changed = [i for i, (old, new) in enumerate(zip(self._rows, rows, strict=True)) if old != new]
        self._rows = rows
        if changed:
            self.dataChanged.emit(self.index(changed[0]), self.index(changed[-1]))
        return False

    def _given_rows(self, moment: Moment) -> list[Row]:
        given = moment.program.given
        if not given:
            return []
        names = ", ".join(g.name for g in given)
        rows = [Row("given-heading", self.tr("given"), note=names, status="lit" if self.given_open else "waiting")]
        if not self.given_open:
            return rows
        for item in given:
            value = moment.program.inputs.get(item.name)
            shape = getattr(item.value, "shape", ())
            text = size_text(shape) if shape else f"= {item.value}"
            note = self.tr("data") if item.section == "data" else self.tr("parameter") if shape else ""
            chosen = value is not None and value == moment.selection.value
            rows.append(Row("given", item.name, value=value, shape=text, note=note, selected=chosen))
        return rows

    def _line_rows(self, moment: Moment) -> list[Row]:
        program = moment.program
        mixed = _mixed_groups(program)
        rows: list[Row] = []
        phase: Phase | None = None
        group = -1
        for s in program.statements:
            if s.phase != phase:
                phase, group = s.phase, group + 1
                note = self.tr("derived for you") if s.derived and not mixed[group] else ""
                rows.append(Row("heading", self._phase_name(phase), phase=phase, note=note))
            status, note = self._status(moment, s.index)
            if s.derived and mixed[group]:
                note = f"{note} · {self.tr('derived')}" if note else self.tr("derived")
            value = program.instructions[s.last - 1].result if s.last > s.first else None
            known = None if value is None else moment.shape(value)
            failed = status == "failed" and moment.fault is not None
            rows.append(
                Row(
                    "line", s.text, s.phase, s.index, value, s.derived, "" if known is None or failed else size_text(known), note,
                    status, moment.fault.message if failed and moment.fault else "",
                    value is not None and value == moment.selection.value,
                )
            )  # fmt: skip
        return rows

    def _status(self, moment: Moment, statement: int) -> tuple[Status, str]:
        s = moment.program.statements[statement]
        if moment.fault is not None and moment.fault.statement == statement:
            return "failed", ""
        if moment.lit is not None and moment.lit.statement == statement:
            done, count = moment.k - s.first, s.last - s.first
            return "lit", self.tr("{done} of {count}").format(done=done, count=count) if done < count else ""
        if s.last <= moment.k:
            return "done", ""
        if moment.upcoming is not None and moment.upcoming.statement == statement:
            return "next", ""
        return "waiting", ""

    def _phase_name(self, phase: Phase) -> str:
        return {
            "forward": self.tr("forward"), "loss": self.tr("loss"), "backward": self.tr("backward"),
            "update": self.tr("update"), "predict": self.tr("predict"),
        }[phase]  # fmt: skip

    def _spoken(self, row: Row) -> str:
        states = {
            "waiting": "", "done": self.tr("executed"), "lit": self.tr("just executed"), "next": self.tr("next"),
            "failed": self.tr("fails"),
        }  # fmt: skip
        if row.kind == "given-heading":
            state = self.tr("open") if self.given_open else self.tr("closed")
            return ", ".join((row.text, row.note, state))
        parts = [row.text, states[row.status], row.note, row.shape, row.fault]
        if row.derived:
            parts.append(self.tr("derived"))
        return ", ".join(p for p in parts if p)


def _mixed_groups(program: Program) -> list[bool]:
    """Tell for each run of lines of one phase whether it holds both derived and typed lines."""
    groups: list[set[bool]] = []
    phase: Phase | None = None
    for s in program.statements:
        if s.phase != phase:
            phase = s.phase
            groups.append(set())
        groups[-1].add(s.derived)
    return [len(g) > 1 for g in groups]
