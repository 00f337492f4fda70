"""What the graph of operations shows at a moment: of every node its words, its state and its marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QCoreApplication

from core.explain.finite import Broken, broken
from core.program.graph import Edge, Graph, Node
from core.program.ir import Array, Kind, Phase
from core.session import Moment
from stepper import theme
from stepper.models import mark_signs
from stepper.widgets import names
from stepper.widgets.numbers import short, size_text

if TYPE_CHECKING:
    from core.health.monitor import Mark

translate = QCoreApplication.translate
State = Literal["given", "done", "lit", "next", "waiting", "failed"]
STATE_SIGN: Mapping[State, str] = {"given": "", "done": "", "lit": "▶", "next": "▷", "waiting": "", "failed": "✗"}
BROKEN_SIGN: Mapping[Broken, str] = {"nan": "NaN", "inf": "∞", "-inf": "−∞"}


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in a box, and the lines that its text is cut into. They depend on the program, not on the moment."""

    name: str
    text: str
    lines: tuple[str, ...] = ()


class Checker:
    """Remembers which arrays are finite: an array is never written to, so that only new ones are looked at."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Array, Broken]] = {}

    def __call__(self, moment: Moment, value: int) -> Broken:
        """Return what is not finite in a value, "" if nothing is or it is not computed yet."""
        array = moment.value(value)
        if array is None:
            return ""
        known = self._known.get(value)
        if known is None or known[0] is not array:
            known = self._known[value] = (array, broken(array))
        return known[1]


class GraphScene:
    """A moment as a graph. All questions are cheap; what is drawn asks them."""

    def __init__(self, moment: Moment, graph: Graph, check: Checker) -> None:
        self.moment, self.graph = moment, graph
        self._check = check
        lit, upcoming = moment.lit, moment.upcoming
        self.lit = None if lit is None else graph.place.get(lit.result)
        self.next = None if upcoming is None else graph.place.get(upcoming.result)
        self._broken: dict[int, Broken] = {}
        self._marks: dict[int, tuple[Mark, ...]] = {}
        self._states: tuple[State, ...] = tuple(self._state(n) for n in graph.nodes)
        self.read_values = self._reads()
        self.read = frozenset(e.source for e in graph.edges if self.is_read(e))

    def state(self, node: Node) -> State:
        """Return where a node stands in time."""
        return self._states[node.index]

    def _state(self, node: Node) -> State:
        k, fault = self.moment.k, self.moment.fault
        if node.given:
            return "given"
        if fault is not None and node.first <= fault.instruction < node.last and k >= fault.instruction:
            return "failed"
        if node.index == self.lit:
            return "lit"
        if node.index == self.next:
            return "next"
        return "done" if k >= node.last else "waiting"

    def _reads(self) -> frozenset[int]:
        """What the step just taken reads; of a line of several operations, what has been read for it so far."""
        if self.lit is None:
            return frozenset()
        done = self.moment.program.instructions[self.graph.nodes[self.lit].first : self.moment.k]
        return frozenset(v for i in done for v in i.reads)

    def progress(self, node: Node) -> str:
        """Return how much of a line of several operations is done while it is being done: `2/3`."""
        done, count = self.moment.k - node.first, node.last - node.first
        return f"{done}/{count}" if not node.given and 0 < done < count else ""

    def is_read(self, edge: Edge) -> bool:
        """Tell whether the step just taken reads this edge."""
        return edge.target == self.lit and any(v in self.read_values for v in edge.values)

    @cached_property
    def selected(self) -> int | None:
        """The node of the selected value."""
        value = self.moment.selection.value
        return None if value is None else self.graph.place.get(value)

    @cached_property
    def came_from(self) -> frozenset[int]:
        """The nodes that the selected one is made from."""
        return frozenset() if self.selected is None else self.graph.sources_of(self.selected)

    def on_the_way(self, edge: Edge) -> bool:
        """Tell whether the selected value came along this edge."""
        if edge.target == self.selected:
            return True
        return edge.flow != "quiet" and edge.target in self.came_from

    def values(self, node: Node) -> tuple[int, ...]:
        """Return the values that a node makes, its parts included."""
        if node.given:
            return (node.value,)
        return tuple(i.result for i in self.moment.program.instructions[node.first : node.last])

    def broken(self, node: Node) -> Broken:
        """Return what is not finite in a node."""
        if node.index not in self._broken:
            self._broken[node.index] = self._broken_in(node)
        return self._broken[node.index]

    def _broken_in(self, node: Node) -> Broken:
        for value in reversed(self.values(node)):
            if kind := self._check(self.moment, value):
                return kind
        return ""

    def marks(self, node: Node) -> tuple[Mark, ...]:
        """Return what health rules say of a node, its parts included, one mark a rule, the strongest first."""
        if node.index not in self._marks:
            found = {m.rule: m for v in self.values(node) for m in self.moment.marks(v)}
            self._marks[node.index] = mark_signs.loud(list(found.values()))
        return self._marks[node.index]

    @cached_property
    def all_marks(self) -> tuple[Mark, ...]:
        """Every mark in the graph, one a rule."""
        return mark_signs.ordered(list({m.rule: m for n in self.graph.nodes for m in self.marks(n)}.values()))

    @cached_property
    def path(self) -> Mapping[int, int]:
        """The nodes on the way from a problem to its first cause, with their numbers: 1 is the cause."""
        nodes = {self.graph.place[v] for v in self.moment.path if v in self.graph.place}
        order = sorted(nodes, key=lambda n: (not self.graph.nodes[n].given, self.graph.nodes[n].last))
        return {node: n for n, node in enumerate(order, 1)}

    def on_path(self, edge: Edge) -> bool:
        """Tell whether an edge leads from one node of the path to another."""
        return edge.source in self.path and edge.target in self.path and self.path[edge.source] < self.path[edge.target]

    def stale(self, node: Node) -> bool:
        """Tell whether a node shows what was before a change by hand."""
        return node.value in self.moment.stale

    def edited(self, node: Node) -> bool:
        """Tell whether a value, or the state that the node renews, was changed by hand."""
        edited = self.moment.edited
        return bool(edited) and any(self.graph.place.get(v) == node.index for v in edited)

    def detail(self, node: Node) -> str:
        """Return the shape of a value; of a single number, once it is known, the number."""
        shape = self.moment.told_shape(node.value)
        if shape is None:
            return ""
        if shape == () and (array := self.moment.value(node.value)) is not None:
            return short(array[()])
        return size_text(shape) if shape else ""

    def sign(self, node: Node) -> str:
        """Return the sign of a node's phase."""
        return "" if node.phase is None else theme.PHASE_SIGN[node.phase]

    def describe(self, node: Node) -> str:
        """Return all that is known of a node, for the tooltip and the screen reader."""
        program = self.moment.program
        lines = [self._place(node)]
        shape = self.moment.told_shape(node.value)
        name = names.shown(program, node.value)
        if node.statement is not None:
            line = program.statements[node.statement].text
            part = program.instructions[node.first].text if self.graph.unfolded else line
            lines.append(part)
            if part != line:
                lines.append(translate("graph", "part of: {line}").format(line=line))
            tag = next(
                (i.adjoint_of for i in program.instructions[node.first : node.last][::-1] if i.adjoint_of is not None), None
            )
            if tag is not None:
                lines.append(translate("graph", "adjoint of: {line}").format(line=program.instructions[tag].text))
        if shape is not None:
            array = self.moment.value(node.value) if shape == () else None
            is_ = size_text(shape) if array is None else short(array[()], 8)
            lines.append(translate("graph", "{name} is {size}").format(name=name, size=is_))
        lines += self._notes(node)
        return "\n".join(lines)

    def _place(self, node: Node) -> str:
        name = names.shown(self.moment.program, node.value)
        if node.given:
            kind = kind_name(self.moment.program.values[node.value].kind)
            return translate("graph", "{name}: {kind}").format(name=name, kind=kind)
        phase = "" if node.phase is None else phase_name(node.phase)
        state = state_name(self.state(node))
        return translate("graph", "{name}: {phase}, {state}").format(name=name, phase=phase, state=state)

    def _notes(self, node: Node) -> list[str]:
        notes: list[str] = []
        kind = self.broken(node)
        if kind:
            notes.append(translate("graph", "⚠ It has cells that are {what}.").format(what=BROKEN_SIGN[kind]))
        if self.stale(node):
            notes.append(translate("graph", "Out of date: something was changed by hand after this was computed."))
        if self.edited(node):
            notes.append(translate("graph", "✎ Changed by hand."))
        if node.index in self.read:
            notes.append(translate("graph", "Read by the step just taken."))
        if self.path.get(node.index) == 1:
            notes.append(translate("graph", "The first cause of the chosen problem."))
        elif node.index in self.path:
            notes.append(translate("graph", "On the way from the first cause to the chosen problem."))
        notes += mark_signs.sentences(self.marks(node))
        return notes


def words_of(moment: Moment, graph: Graph, node: Node) -> Words:
    """Return what stands in the box of a node: its name as the person wants it and, as written, what makes it."""
    name = names.shown(moment.program, node.value)
    if node.statement is None:
        return Words(name, "")
    statement = moment.program.statements[node.statement]
    if not graph.unfolded and moment.is_part(node.value):  # the last operation that there is of a line that fails
        name = statement.target
    if graph.unfolded:
        return Words(name, moment.program.instructions[node.first].text.partition(" = ")[2])
    target, equals, rest = statement.text.partition("=")
    plain = equals and target.strip() == statement.target and not rest.startswith("=")
    return Words(name, rest.strip() if plain else statement.text)


def phase_name(phase: Phase) -> str:
    """Return a phase as a word."""
    return {
        "forward": translate("graph", "forward"), "loss": translate("graph", "loss"), "backward": translate("graph", "backward"),
        "update": translate("graph", "update"), "predict": translate("graph", "predict"),
    }[phase]  # fmt: skip


def kind_name(kind: Kind) -> str:
    """Return what sort of thing is given, in words."""
    return {
        "data": translate("graph", "data"),
        "parameter": translate("graph", "parameter"),
        "hyperparameter": translate("graph", "number you choose"),
        "state": translate("graph", "state"),
        "size": translate("graph", "size"),
    }.get(kind, translate("graph", "given"))


def state_name(state: State) -> str:
    """Return where an operation stands in time, in words."""
    return {
        "given": "",
        "done": translate("graph", "done"),
        "lit": translate("graph", "just done"),
        "next": translate("graph", "next"),
        "waiting": translate("graph", "not done yet"),
        "failed": translate("graph", "cannot run"),
    }[state]
