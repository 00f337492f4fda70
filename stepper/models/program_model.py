"""The program as rows of a list: headings of phases, lines as written, and what was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.program.dims import show
from core.program.ir import BodyLine, Phase, Program
from core.session import Moment
from stepper.models import mark_signs
from stepper.models.def_rows import DefRows
from stepper.models.program_row import Row, Status, worst

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
STATE_ROLE = Qt.ItemDataRole.UserRole + 2  # named in dataChanged where the rows keep their texts and so their heights


class ProgramModel(QAbstractListModel):
    """Rows made anew from every moment; only those that changed are announced."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._program: Program | None = None
        self._moment: Moment | None = None
        self._rows: list[Row] = []
        self._row_of: dict[int, int] = {}
        self._tagged: set[int] = set()
        self._first_def: int | None = None
        self._defs = DefRows(self)
        self._body_rows: dict[tuple[str, int], int] = {}
        self.given_open = False
        self.defs_open = True
        self.faults: dict[int, str] = {}
        """What a diagnosis says of lines, where a person has had their place told."""

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (as Qt has it)
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
        if not index.isValid() or self._rows[index.row()].kind == "heading":
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def row_of(self, statement: int) -> int | None:
        """Return the row that shows a statement."""
        return self._row_of.get(statement)

    def row_of_body(self, line: BodyLine) -> int | None:
        """Return the row that shows a line of a `def`."""
        return self._body_rows.get((line.function, line.step))

    def row(self, row: int) -> Row:
        """Return what a row shows; raises IndexError."""
        return self._rows[row]

    def toggle_given(self) -> None:
        """Open or close the section of what was given."""
        self.given_open = not self.given_open
        self._program = None
        if self._moment is not None:
            self.draw(self._moment)

    def draw_again(self) -> None:
        """Show the same moment with other faults."""
        moment, self._moment = self._moment, None
        if moment is not None:
            self.draw(moment)

    def toggle_defs(self) -> None:
        """Open or close the section of the learner's own functions."""
        self.defs_open = not self.defs_open
        self._program = None
        if self._moment is not None:
            self.draw(self._moment)

    def draw(self, moment: Moment) -> bool:
        """Show a moment; True if the rows are other ones than before, not just in another state."""
        before, self._moment = self._moment, moment
        if moment.program is not self._program:
            self._tagged = _derived_among_typed(moment.program)
        elif before is not None and _only_moved(before, moment):
            touched = {*_touched(before, moment), *_marked(before), *_marked(moment)}
            rows = {self._row_of[i]: self._line(moment, i) for i in touched}
            if self._first_def is not None:
                rows |= dict(enumerate(self._defs.rows(moment, self.defs_open, self._inner_rows), self._first_def))
            self._announce(rows)
            return False
        rows = self._given_rows(moment)
        self._first_def = len(rows) if moment.program.functions else None
        rows += self._defs.rows(moment, self.defs_open, self._inner_rows) + self._line_rows(moment)
        if moment.program is not self._program or len(rows) != len(self._rows):
            self.beginResetModel()
            self._program, self._rows = moment.program, rows
            self._place(rows)
            self.endResetModel()
            return True
        self._place(rows)
        self._announce({i: row for i, row in enumerate(rows) if row != self._rows[i]})
        return False

    def _place(self, rows: Sequence[Row]) -> None:
        """Remember which row shows which line."""
        self._row_of = {r.statement: i for i, r in enumerate(rows) if r.statement is not None}
        self._body_rows = {(r.body.function, r.body.step): i for i, r in enumerate(rows) if r.body is not None}

    def _announce(self, rows: dict[int, Row]) -> None:
        """Put rows in the place of the old ones. Where their texts stay as they are, only their state is said to differ."""
        changed = [i for i, row in rows.items() if row != self._rows[i]]
        if not changed:
            return
        same_height = all(rows[i].room == self._rows[i].room for i in changed)
        for i in changed:
            self._rows[i] = rows[i]
        roles = [STATE_ROLE] if same_height else []
        self.dataChanged.emit(self.index(min(changed)), self.index(max(changed)), roles)

    def _given_rows(self, moment: Moment) -> list[Row]:
        given = moment.program.given
        if not given:
            return []
        names = ", ".join(g.name for g in given)
        inputs = [moment.program.inputs.get(g.name) for g in given]
        mark, severity, problems = worst(moment, [v for v in inputs if v is not None])
        status: Status = "lit" if self.given_open else "waiting"
        rows = [
            Row("given-heading", self.tr("given"), note=names, status=status, mark=mark, severity=severity, problems=problems)
        ]
        if not self.given_open:
            return rows
        for item in given:
            value = moment.program.inputs.get(item.name)
            shape = getattr(item.value, "shape", ())
            text = show(shape) if shape else f"= {item.value}"
            note = self.tr("data") if item.section == "data" else self.tr("parameter") if shape else ""
            if value in moment.edited:
                note = self.tr("✎ changed by hand")
            chosen = value is not None and value == moment.selection.value
            mark, severity, problems = worst(moment, [] if value is None else [value])
            row = Row("given", item.name, value=value, shape=text, note=note, selected=chosen)
            rows.append(replace(row, mark=mark, severity=severity, problems=problems))
        return rows

    def _line_rows(self, moment: Moment) -> list[Row]:
        program = moment.program
        rows: list[Row] = []
        phase: Phase | None = None
        for s in program.statements:
            if s.phase != phase:
                phase = s.phase
                note = self.tr("derived for you") if s.derived and s.index not in self._tagged else ""
                rows.append(Row("heading", self._phase_name(phase), phase=phase, note=note))
            rows.append(self._line(moment, s.index))
            beneath = moment.inner is not None and not (moment.calls and self.defs_open)
            if beneath and moment.inner is not None and moment.upcoming is not None and moment.upcoming.statement == s.index:
                rows += self._inner_rows(moment.inner, 1)
        return rows

    def _inner_rows(self, moment: Moment, depth: int) -> list[Row]:
        """Return the lines inside an operation that a person has gone into, and those inside these."""
        rows: list[Row] = []
        for s in moment.program.statements:
            line = self._line(moment, s.index)
            rows.append(replace(line, kind="inner", statement=None, value=None, selected=False, depth=depth, stop=None))
            if moment.inner is not None and moment.upcoming is not None and moment.upcoming.statement == s.index:
                rows += self._inner_rows(moment.inner, depth + 1)
        return rows

    def _line(self, moment: Moment, statement: int) -> Row:
        s = moment.program.statements[statement]
        status, note = self._status(moment, statement)
        count = s.last - s.first
        widest = self.tr("{done} of {count}").format(done=count, count=count) if count > 1 else ""
        if statement in self._tagged and s.derived:
            note = f"{note} · {self.tr('derived')}" if note else self.tr("derived")
            widest = f"{widest} · {self.tr('derived')}" if widest else self.tr("derived")
        value = moment.program.instructions[s.last - 1].result if s.last > s.first else None
        known = None if value is None or status == "failed" else moment.told_shape(value)
        shape = "" if known is None else show(known) if known else self.tr("number")
        fault = moment.fault.message if status == "failed" and moment.fault is not None else ""
        chosen = value is not None and value == moment.selection.value
        here = moment.notes.at_line(s)
        stale = any(i.result in moment.stale for i in moment.program.instructions[s.first : s.last])
        if stale:
            note = self.tr("◷ out of date")
        results = [i.result for i in moment.program.instructions[s.first : min(s.last, moment.k)]]
        mark, severity, problems = worst(moment, results)
        if statement in self.faults:
            said = f"✗ {self.faults[statement]}"
            mark, severity, problems = said, "error", (said, *problems)
        return Row(
            "line", s.text, s.phase, statement, value, s.derived, shape, note, status, fault, chosen, widest,
            None if here is None else here.enabled, stale, 0, mark, severity, problems,
        )  # fmt: skip

    def _status(self, moment: Moment, statement: int) -> tuple[Status, str]:
        s = moment.program.statements[statement]
        if moment.fault is not None and moment.fault.statement == statement and not moment.quiet:
            return "failed", ""
        if moment.lit is not None and moment.lit.statement == statement:
            done, count = moment.k - s.first, s.last - s.first
            if moment.calls and self.defs_open and done < count:  # the line of the `def` is the one just executed
                return "next", self.tr("{done} of {count}").format(done=done, count=count)
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
        if row.kind in ("given-heading", "defs-heading"):
            is_open = row.status == "lit"
            return ", ".join((row.text, row.note, self.tr("open") if is_open else self.tr("closed"), *row.problems))
        parts = [row.text, states[row.status], row.note, row.shape, row.fault]
        if row.derived:
            parts.append(self.tr("derived"))
        if row.stop is not None:
            parts.append(self.tr("breakpoint") if row.stop else self.tr("breakpoint, switched off"))
        if row.depth:
            parts.append(self.tr("in your function") if row.kind == "body" else self.tr("inside"))
        parts += row.problems
        return ", ".join(p for p in parts if p)


def _marked(moment: Moment) -> set[int]:
    """Return the lines that health rules say something of."""
    return {i.statement for i in moment.program.instructions[: moment.k] if mark_signs.loud(moment.marks(i.result))}


def _derived_among_typed(program: Program) -> set[int]:
    """Return the lines of those runs of one phase that hold both derived and typed lines."""
    groups: list[list[int]] = []
    phase: Phase | None = None
    for s in program.statements:
        if s.phase != phase:
            phase = s.phase
            groups.append([])
        groups[-1].append(s.index)
    mixed = [g for g in groups if len({program.statements[i].derived for i in g}) > 1]
    return {i for g in mixed for i in g}


def _only_moved(before: Moment, now: Moment) -> bool:
    """Tell whether nothing but the place within one iteration can differ."""
    same = before.fault == now.fault and before.selection == now.selection and before.stale == now.stale
    same = same and before.quiet == now.quiet
    outside = before.inner is None and now.inner is None
    return before.machine is now.machine and same and outside and before.notes == now.notes and before.edited == now.edited


def _touched(before: Moment, now: Moment) -> list[int]:
    """Return the lines whose state may differ: all between the two places, and the next one after each."""
    places = [i.statement for m in (before, now) for i in (m.lit, m.upcoming) if i is not None]
    return list(range(min(places), max(places) + 1)) if places else []
