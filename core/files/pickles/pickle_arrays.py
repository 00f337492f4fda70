"""The arrays in any pickle, by name: dictionaries, lists and objects that hold NumPy arrays."""

from __future__ import annotations

from core.files.pickles.inert_numpy import Ndarray, array_in, number_in
from core.files.pickles.inert_source import Source
from core.files.pickles.inert_values import Called, Items, Table, Value, entries
from core.files.problem import FileProblem, shown
from core.files.saved import MOST_TENSORS

_DEEPEST = 12
_MOST_VISITED = 200_000
_MOST_FACTS = 100


def named_arrays(value: Value) -> dict[str, Ndarray]:
    """Return all arrays of numbers, each under its keys and places joined by dots; raises FileProblem if all are of objects."""
    found: dict[str, Ndarray] = {}
    objects: list[str] = []
    _visit(value, (), found, objects, set(), [_MOST_VISITED])
    if objects and not found:
        raise FileProblem(
            f"its {shown(objects[0])} is an array of Python objects, not of numbers; save the numbers with .astype(float)"
        )
    return found


def _visit(
    value: Value, path: tuple[str, ...], found: dict[str, Ndarray], objects: list[str], seen: set[int], left: list[int]
) -> None:  # fmt: skip
    left[0] -= 1
    if left[0] < 0 or len(found) > MOST_TENSORS:
        raise FileProblem("it holds more things than a saved network does; it is damaged or a trap, save it anew")
    if not isinstance(value, (Table, Items, Called)) or len(path) > _DEEPEST:
        return
    array = array_in(value)
    if array is not None:
        name = ".".join(path) or "array"
        if array.numeric:
            while name in found:
                name += "′"
            found[name] = array
        elif array.objects is not None:
            objects.append(name)
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    for name, inner in entries(value):
        _visit(inner, (*path, name), found, objects, seen, left)


def facts_in(value: Value, source: Source) -> dict[str, str]:
    """Return the plain numbers and texts beside the arrays, for a person to read."""
    facts: dict[str, str] = {}
    for name, inner in entries(value):
        plain = inner if isinstance(inner, str) else number_in(inner, source)
        if plain is not None and len(facts) < _MOST_FACTS:
            facts[name] = str(plain)
    return facts
