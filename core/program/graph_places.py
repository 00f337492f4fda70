"""Finds the place of every operation and of everything given in the graph of operations, by dataflow alone."""

from __future__ import annotations

from dataclasses import dataclass

from core.program.graph import LANES, Edge, Flow, Graph, Lane, Node
from core.program.ir import Number, Phase, Program


def graph_of(program: Program, unfolded: bool = False) -> Graph:
    """Return the graph of a program: a node a line, or, `unfolded`, a node an operation."""
    return _Layout(program, unfolded).run()


@dataclass(slots=True)
class _Item:
    """A node that is being placed."""

    value: int
    statement: int | None
    phase: Phase | None
    first: int
    last: int
    reads: tuple[int, ...]
    lane: Lane = "forward"
    column: int = 0
    slot: int | None = None
    row: int = 0


class _Layout:
    def __init__(self, program: Program, unfolded: bool) -> None:
        self.program = program
        self.unfolded = unfolded
        self.operations: list[_Item] = []
        self.givens: dict[int, _Item] = {}
        self.maker: dict[int, _Item] = {}
        self.owner: dict[int, _Item] = {}
        for s in program.statements:
            spans = [(i, i + 1) for i in range(s.first, s.last)] if unfolded else [(s.first, s.last)]
            for first, last in spans:
                if last > first:
                    self._add(s.index, s.phase, first, last)
        self.readers: dict[int, list[_Item]] = {}
        for item in self.operations:
            for value in item.reads:
                self.readers.setdefault(value, []).append(item)
        self.fed: set[int] = set()
        self.slots: dict[int, list[int]] = {}
        self.starts = {end: start for start, end in program.carried.values()}
        self.trainable = {program.inputs[name] for name in program.trainable if name in program.inputs}
        arrays = {g.name for g in program.given if not isinstance(g.value, Number)}
        self.numbers = {
            index for name, index in program.inputs.items()
            if program.values[index].kind in ("hyperparameter", "constant", "size") and name not in arrays
        } - self.trainable  # fmt: skip
        self.of_gradient: dict[int, int] = {}
        for name, value in program.gradients.items():
            self.of_gradient.setdefault(value, program.inputs[name])

    def _add(self, statement: int, phase: Phase, first: int, last: int) -> None:
        made = [i.result for i in self.program.instructions[first:last]]
        reads = dict.fromkeys(v for i in self.program.instructions[first:last] for v in i.reads if v not in made)
        lane: Lane = "forward" if phase == "loss" else phase
        item = _Item(made[-1], statement, phase, first, last, tuple(reads), lane)
        self.operations.append(item)
        for index, value in zip(range(first, last), made, strict=True):
            self.maker[value] = self.owner[index] = item

    def run(self) -> Graph:
        self._columns_of_the_forward()
        self._place_givens()
        self._gradients()
        self._columns_of_the_backward()
        self._place_targets()
        self._updates()
        self._predictions()
        return self._graph()

    # --- columns --------------------------------------------------------------------------------

    def _forward(self) -> list[_Item]:
        return [i for i in self.operations if i.lane == "forward"]

    def _columns_of_the_forward(self) -> None:
        """The longest way from the data; what is made of parameters alone stands just before it is used."""
        data = {v.index for v in self.program.values if v.kind == "data"}
        fed = self.fed
        for item in self._forward():
            before = [m for v in item.reads if (m := self.maker.get(v)) is not None and m.lane == "forward"]
            item.column = 1 + max((m.column for m in before), default=0)
            if any(v in data for v in item.reads) or any(id(m) in fed for m in before):
                fed.add(id(item))
        for item in reversed(self._forward()):
            uses = [r.column for v in self._made(item) for r in self.readers.get(v, []) if r.lane == "forward" and r is not item]
            if id(item) not in fed and uses:
                item.column = max(item.column, min(uses) - 1)

    def _made(self, item: _Item) -> list[int]:
        return [i.result for i in self.program.instructions[item.first : item.last]]

    def _first_reader(self, value: int, *lanes: Lane) -> _Item | None:
        return next((r for r in self.readers.get(value, []) if not lanes or r.lane in lanes), None)

    def _place_givens(self) -> None:
        """Inputs of the first lines and numbers stand in column 0, parameters and other data above their first reader."""
        for index in self.program.inputs.values():
            value, reader = self.program.values[index], self._first_reader(index, "forward")
            if index in self.numbers or reader is None:
                continue
            if value.kind == "data" and reader.column == 1:
                self._give(index, "forward", 0)
            elif value.kind != "data":
                self._give(index, "given", reader.column, self._slot(reader.column, index))
        for index in self.program.inputs.values():  # after all parameters, whose slots reach down to the updates
            reader = self._first_reader(index, "forward")
            if self.program.values[index].kind == "data" and reader is not None and index not in self.givens:
                self._give(index, "given", reader.column, self._slot(reader.column, index))
        for index in self.program.inputs.values():
            if index in self.numbers and (reader := self._first_reader(index)) is not None:
                self._give(index, "backward" if reader.lane == "gradient" else reader.lane, 0)

    def _give(self, value: int, lane: Lane, column: int, slot: int | None = None) -> None:
        self.givens[value] = _Item(value, None, None, 0, 0, (), lane, column, slot)

    def _slot(self, column: int, value: int) -> int:
        held = self.slots.setdefault(column, [])
        if value not in held:
            held.append(value)
        return held.index(value)

    def _gradients(self) -> None:
        """A gradient stands in the slot of its parameter, the parts of its line with it."""
        lines: dict[int, int] = {}
        for value, parameter in self.of_gradient.items():
            item = self.maker.get(value)
            if item is not None and item.statement is not None and item.lane == "backward" and parameter in self.givens:
                lines[item.statement] = parameter
        for item in self.operations:
            owner = lines.get(item.statement) if item.statement is not None else None
            if owner is None:
                continue
            tag = self._column_of_tag(item)
            if item.value in self.of_gradient or tag in (None, self.givens[owner].column):
                item.lane, item.column, item.slot = "gradient", self.givens[owner].column, self.givens[owner].slot

    def _column_of_tag(self, item: _Item) -> int | None:
        """Return the column of the forward operation that a derived line is the adjoint of."""
        line = self.program.instructions[item.first : item.last]
        tags = [i.adjoint_of for i in line if i.adjoint_of is not None]
        if not tags:
            return None
        tag = line[-1].adjoint_of
        found = self.owner[max(tags) if tag is None else tag]
        return found.column if found.lane == "forward" else None

    def _columns_of_the_backward(self) -> None:
        for item in self.operations:
            if item.lane == "backward":
                tag = self._column_of_tag(item)
                item.column = tag if tag is not None else self._column_by_dataflow(item)

    def _column_by_dataflow(self, item: _Item) -> int:
        """Return the column of a backward line written by hand: what it is named for, else what it reads.

        `dZ1` is the adjoint of the operation that reads Z1. Without such a name a line stands under the latest forward
        value that it reads no later than what arrives, else under the use of the parameter that it reads.
        """
        named = self._column_by_name(item)
        if named is not None:
            return named
        before = [m.column for v in item.reads if (m := self.maker.get(v)) is not None and m.lane in ("backward", "gradient")]
        limit = min(before, default=10**9)
        masked = {v for i in self.program.instructions[item.first : item.last] if _compares(i.op) for v in i.reads}
        columns: list[int] = []
        for value in item.reads:
            made, reader = self.maker.get(value), self._first_reader(value, "forward")
            if made is not None and made.lane == "forward":
                columns.append(reader.column if value in masked and reader is not None else made.column)
        known = [c for c in columns if c <= limit]
        if known:
            return max(known)
        uses = [r.column for v in item.reads if v in self.givens and (r := self._first_reader(v, "forward")) is not None]
        uses = [c for c in uses if c <= limit]
        if uses:
            return max(uses)
        return min(before, default=max((i.column for i in self._forward()), default=1))

    def _column_by_name(self, item: _Item) -> int | None:
        name = self.program.values[item.value].name
        for prefix in ("d", "d_", "grad_", "g_", "delta_", "δ"):
            if not name.startswith(prefix):
                continue
            for made in reversed(self._forward()):
                if self.program.values[made.value].name == name.removeprefix(prefix):
                    reader = self._first_reader(made.value, "forward")
                    return made.column if reader is None else reader.column
        return None

    def _place_targets(self) -> None:
        """Data that only the backward reads come from the right, where the backward begins."""
        for index in self.program.inputs.values():
            reader = self._first_reader(index)
            if index in self.givens or reader is None or self.program.values[index].kind == "state":
                continue
            lane: Lane = "backward" if reader.lane == "gradient" else reader.lane
            self._give(index, lane, reader.column + 1 if lane == "backward" else 0)

    def _updates(self) -> None:
        """Every line that leads to the new value of one parameter alone stands in the slot of that parameter."""
        leads_to: dict[int, set[int]] = {}
        for item in reversed(self.operations):
            if item.lane != "update":
                continue
            goals: set[int] = set()
            for value in self._made(item):
                start = self.starts.get(value)
                if start in self.trainable:
                    goals.add(start)
                for reader in self.readers.get(value, []):
                    goals |= leads_to.get(id(reader), set()) if reader is not item else set()
            leads_to[id(item)] = goals
        for item in self.operations:
            if item.lane != "update":
                continue
            goals = leads_to[id(item)] or {self.of_gradient[v] for v in item.reads if v in self.of_gradient}
            owner = self.givens.get(next(iter(goals))) if len(goals) == 1 else None
            if owner is not None and owner.lane == "given":
                item.column, item.slot = owner.column, owner.slot
            elif not goals:
                self._follow_the_forward(item)

    def _follow_the_forward(self, item: _Item) -> None:
        """Statistics that are gathered in the forward stand under what they are gathered from."""
        line = [i for i in self.operations if i.statement == item.statement]
        before = [m for i in line for v in i.reads if (m := self.maker.get(v)) is not None]
        above = [m.column for m in before if m.lane == "forward" or (m.lane == "update" and m.slot is not None)]
        if above:
            item.column = max(above)
            last = self.program.values[line[-1].value]
            item.slot = self._slot(item.column, self.program.inputs.get(last.name, last.index))

    def _predictions(self) -> None:
        for item in self.operations:
            if item.lane == "predict":
                before = [
                    m.column for v in item.reads if (m := self.maker.get(v)) is not None and m.lane in ("forward", "predict")
                ]
                item.column = 1 + max(before, default=0)

    # --- rows -----------------------------------------------------------------------------------

    def _rows(self, items: list[_Item]) -> list[tuple[Lane, int, int]]:
        """Stack what shares a place, lane by lane; the longest way through the forward stays in one row."""
        spine = self._spine()
        lanes: list[tuple[Lane, int, int]] = []
        top = 0
        for lane in LANES:
            mine = [i for i in items if i.lane == lane]
            taken: set[tuple[int, int | None, int]] = set()
            for item in sorted(mine, key=lambda i: (id(i) not in spine, i.statement is None)):
                row = 0
                if lane == "forward" and item.column and id(item) not in spine:
                    row = max([1, *(m.row for v in item.reads if (m := self.maker.get(v)) is not None and m.lane == lane)])
                while (item.column, item.slot, row) in taken:
                    row += 1
                item.row = row
                taken.add((item.column, item.slot, row))
            height = 1 + max((i.row for i in mine), default=-1)
            for item in mine:
                item.row += top
            if height:
                lanes.append((lane, top, top + height))
            top += height
        return lanes

    def _spine(self) -> set[int]:
        """Return the longest way through the forward, seen back from the loss; of two the one that the data take."""

        def last(items: list[_Item]) -> list[_Item]:
            return [max(items, key=lambda i: (i.column, id(i) in self.fed))] if items else []

        loss = self.maker.get(self.program.loss) if self.program.loss is not None else None
        way = [loss] if loss is not None and loss.lane == "forward" else last(self._forward())
        found: set[int] = set()
        while way:
            found.add(id(way[-1]))
            before = [m for v in way[-1].reads if (m := self.maker.get(v)) is not None and m.lane == "forward"]
            way = last(before)
        return found

    # --- the graph ------------------------------------------------------------------------------

    def _graph(self) -> Graph:
        items: list[_Item] = []
        seen: set[int] = set()
        for operation in self.operations:  # what is given stands before its first reader
            for value in operation.reads:
                if value in self.givens and value not in seen:
                    seen.add(value)
                    items.append(self.givens[value])
            items.append(operation)
        lanes = self._rows(items)
        at = {id(item): index for index, item in enumerate(items)}
        place = {v: at[id(item)] for v, item in (*self.maker.items(), *self.givens.items())}
        for start, end in self.program.carried.values():
            if start not in place and end in place:
                place[start] = place[end]
        nodes = tuple(
            Node(n, i.value, i.statement, i.phase, i.first, i.last, i.lane, i.column, i.slot, i.row) for n, i in enumerate(items)
        )
        edges: dict[tuple[int, int], list[int]] = {}
        for target, item in enumerate(items):
            for value in item.reads:
                source = place.get(value, target)
                if source != target and (value in self.givens or value in self.maker):
                    edges.setdefault((source, target), []).append(value)
        joined = tuple(Edge(s, t, tuple(v), self._flow(items[s], items[t])) for (s, t), v in edges.items())
        slots = [1] * (1 + max((i.column for i in items), default=0))
        for column, held in self.slots.items():
            slots[column] = max(1, len(held))
        return Graph(nodes, joined, tuple(slots), tuple(lanes), place, self.unfolded)

    def _flow(self, source: _Item, target: _Item) -> Flow:
        if source.statement is None:
            if source.value in self.numbers or target.lane == "update":
                return "quiet"
            return "flow" if target.lane in ("forward", source.lane) else "kept"
        if source.lane == "update" and source.slot is None and target.slot is not None:
            return "quiet"
        return "kept" if source.lane == "forward" and target.lane not in ("forward", "predict") else "flow"


def _compares(op: str) -> bool:
    return op in ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "sign")
