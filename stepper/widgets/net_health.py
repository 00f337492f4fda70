"""What health rules say of the parts of a network: per neuron, weight and bias, per column, and for heat maps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.health.monitor import Mark
from core.health.rules import RULES
from core.program.ir import Array
from core.program.network import Units
from stepper import theme
from stepper.models import mark_signs
from stepper.widgets.mark_overlay import Layer, layers_of
from stepper.widgets.net_items import Item

if TYPE_CHECKING:
    from stepper.widgets.net_scene import Scene


class NetMarks:
    """The marks of one scene. Each value is asked once; where there are none, nothing else is done."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._all: dict[int, tuple[Mark, ...]] = {}
        self._cells: dict[int, tuple[Mark, ...]] = {}
        self._rows: dict[int, tuple[tuple[Mark, Array], ...]] = {}

    def of(self, value: int | None) -> tuple[Mark, ...]:
        """Return the marks of a value."""
        if value is None:
            return ()
        if value not in self._all:
            self._all[value] = self._scene.moment.marks(value)
        return self._all[value]

    def at(self, item: Item) -> tuple[Mark, ...]:
        """Return the marks that stand at one neuron, weight, bias or the loss; of several samples, those of any."""
        if item.kind == "loss":
            return mark_signs.ordered(self.of(self._scene.network.loss))
        if item.kind == "unit":
            found = [m for units in self._units(item.layer) for m, marked in self._by_unit(units) if marked[item.unit]]
            found += [m for m, layer, units in self._of_units if layer == item.layer and item.unit in units]
            return mark_signs.ordered(_once(found))
        value, cell = self._scene.target(item)
        if value is None or cell is None or not self.of(value):
            return ()
        shape = self._scene.moment.shape(value) or ()
        return mark_signs.at_cell(self._at_cells(value), cell, shape)

    def told_at(self, item: Item) -> tuple[Mark, ...]:
        """Return the marks at one thing that a finding stands behind: those that it carries in the picture."""
        return mark_signs.told(self.at(item))

    def of_column(self, item: Item) -> tuple[Mark, ...]:
        """Return all marks of the weights, the biases or the units that an item is one of, one a rule, without cells."""
        found = self._in_column(item)
        return mark_signs.loud([replace(m, mask=None) for m in _once(found)]) if found else ()

    def _in_column(self, item: Item) -> list[Mark]:
        if item.kind == "loss":
            values: list[int | None] = [self._scene.network.loss]
        elif item.kind == "unit":
            adjoints = self._scene.network.adjoints
            values = [v for units in self._units(item.layer) for v in (units.value, adjoints.get(units.value))]
        else:
            gradient = self._scene.gradient_of(item.layer, item.kind)
            values = [self._scene.edge_value(item.layer, item.kind), gradient]
        return [m for v in values for m in self.of(v)]

    def strip(self, column: int, rows: int, columns: int) -> list[Layer]:
        """Return the marks of a column that is a heat map of so many cells, and what in it is no finite number."""
        layers: list[Layer] = []
        for units in self._units(column):
            for mark in self._at_cells(units.value):
                laid = self._scene.laid_out(np.asarray(mark.mask), units)
                if laid is not None and laid.size == rows * columns and laid.any():
                    layers += layers_of([replace(mark, mask=laid.reshape(rows, columns))])
        return [*broken(self._scene.column(column), rows, columns), *layers]

    def block(self, layer: int, kind: str, rows: int, columns: int) -> list[Layer]:
        """Return the marks of weights or biases that are a heat map, and what in it is no finite number."""
        value = self._scene.edge_value(layer, kind)
        array = self._scene.array(value)
        if value is None or array is None or array.size != rows * columns:
            return []
        marks = [replace(m, mask=np.asarray(m.mask).reshape(rows, columns)) for m in self._at_cells(value)]
        return [*broken(array, rows, columns), *layers_of(marks)]

    def shown(self) -> tuple[Mark, ...]:
        """Return every mark to be seen in the picture, one a rule, for its legend."""
        network = self._scene.network
        kinds = [Item(kind, n) for n in range(1, len(network.layers) + 1) for kind in ("weight", "bias", "unit")]
        columns = [m for item in (Item("loss", 0), Item("unit", 0), *kinds) for m in self._in_column(item)]
        return mark_signs.ordered(_once([*mark_signs.loud(columns), *(m for m, _, _ in self._of_units)]))

    @cached_property
    def _of_units(self) -> tuple[tuple[Mark, int, frozenset[int]], ...]:
        """What rules found of whole units here: copies of each other, dead ones."""
        findings = [p.finding for p in self._scene.moment.problems if p.current and p.finding.units]
        return tuple(
            (Mark(f.rule, RULES[f.rule].glyph, f.severity, None, f.text), f.layer or 0, frozenset(f.units)) for f in findings
        )

    def _units(self, column: int) -> tuple[Units, ...]:
        if column == 0:
            return (self._scene.network.input,)
        layer = self._scene.network.layers[column - 1]
        return (layer.act,) if layer.act.value == layer.pre.value else (layer.act, layer.pre)

    def _at_cells(self, value: int) -> tuple[Mark, ...]:
        if value not in self._cells:
            marks = self.of(value)
            self._cells[value] = mark_signs.cells_only(marks, self._scene.array(value)) if marks else ()
        return self._cells[value]

    def _by_unit(self, units: Units) -> tuple[tuple[Mark, Array], ...]:
        """Return for each mark of a value of units whether it stands at a unit."""
        if units.value not in self._rows:
            found: list[tuple[Mark, Array]] = []
            for mark in self._at_cells(units.value):
                laid = self._scene.laid_out(np.asarray(mark.mask), units)
                if laid is not None:
                    found.append((mark, np.asarray(laid.reshape(laid.shape[0], -1).any(axis=1))))
            self._rows[units.value] = tuple(found)
        return self._rows[units.value]


def broken(array: Array | None, rows: int, columns: int) -> list[Layer]:
    """Return the cells that are no finite numbers as a layer, none if there is none."""
    if array is None or array.dtype.kind != "f":
        return []
    bad = ~np.isfinite(array)
    return [Layer("⚠", theme.current().error, bad.reshape(rows, columns))] if bad.any() else []


def _once(marks: Iterable[Mark]) -> list[Mark]:
    """Return the first mark of each rule."""
    return list({m.rule: m for m in reversed(list(marks))}.values())[::-1]
