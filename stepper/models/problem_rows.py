"""Problems as rows of a list: which are shown, and what each says. Texts are made when they are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.health.finding import SEVERITIES
from core.health.monitor import Problem
from core.health.rules import RULES
from core.program.ir import Program
from core.session import Moment
from stepper.models.mark_signs import WARNING

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
Key = tuple[str, int]


@dataclass(frozen=True)
class ProblemRow:
    """What one row shows: sign, name of the rule, how grave it is in a word, the sentence, and its history."""

    problem: Problem
    glyph: str
    title: str
    severity: str
    text: str
    history: str

    @property
    def key(self) -> Key:
        """What tells problems apart: the rule and the value."""
        return self.problem.finding.rule, self.problem.finding.value


class ProblemModel(QAbstractListModel):
    """The problems that a filter lets through, in the order of the core: cause before symptom, errors first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[ProblemRow] = []
        self.counts: dict[str, int] = dict.fromkeys(SEVERITIES, 0)
        self._moment: Moment | None = None
        self._words = ""
        self._shown = frozenset(SEVERITIES)

    def draw(self, moment: Moment) -> bool:
        """Show the problems of a moment; True if rows came or went."""
        self._moment = moment
        return self._fill()

    def set_filter(self, words: str, severities: frozenset[str]) -> bool:
        """Show only what holds all these words, and is of one of these severities; True if rows came or went."""
        self._words, self._shown = words.casefold(), severities
        return self._fill()

    def row_of(self, key: Key | None) -> int:
        """Return the row of a problem, −1 if it is not shown."""
        return next((n for n, row in enumerate(self.rows) if row.key == key), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (as Qt has it)
        """Return how many problems are shown."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the sentence of a problem, what a screen reader says of it, or the whole `ProblemRow` (ROW_ROLE)."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.severity}, {row.title}: {row.text} {row.history}"
        return None

    def _fill(self) -> bool:
        moment = self._moment
        problems = () if moment is None else moment.problems
        self.counts = {s: sum(p.finding.severity == s for p in problems) for s in SEVERITIES}
        rows = [] if moment is None else [self._row(p, moment) for p in problems if p.finding.severity in self._shown]
        words = self._words.split()
        rows = [r for r in rows if all(w in f"{r.title} {r.text} {self._name(r, moment)}".casefold() for w in words)]
        if [r.key for r in rows] != [r.key for r in self.rows]:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return True
        if rows != self.rows:
            self.rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
        return False

    @staticmethod
    def _name(row: ProblemRow, moment: Moment | None) -> str:
        values: Any = () if moment is None else moment.program.values
        value = row.problem.finding.value
        return str(values[value].label) if value < len(values) else ""

    def _row(self, problem: Problem, moment: Moment) -> ProblemRow:
        finding = problem.finding
        rule = RULES.get(finding.rule)
        words = {"error": self.tr("Error"), "warning": self.tr("Warning"), "note": self.tr("Note")}
        title = finding.rule if rule is None else rule.title
        glyph = WARNING if rule is None else rule.glyph
        return ProblemRow(problem, glyph, title, words[finding.severity], finding.text, self._history(problem, moment.program))

    def _history(self, problem: Problem, program: Program) -> str:
        """Say since when, how often, and whether it holds here."""
        iteration = problem.first[0]
        line = ""
        maker = problem.finding.instruction
        if 0 <= maker < len(program.instructions):
            line = self.tr("line {n}").format(n=program.statements[program.instructions[maker].statement].line)
        if problem.times == 1:
            when = self.tr("in iteration {n}").format(n=iteration)
        else:
            text = self.tr("since iteration {n}, in {times} iterations, last in {last}")
            when = text.format(n=iteration, times=problem.times, last=problem.last)
        here = self.tr("● here now") if problem.current else self.tr("○ not here")
        return " · ".join(x for x in (line, when, here) if x)
