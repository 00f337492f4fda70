"""Which value of a derived backward is the adjoint of which forward value."""

from __future__ import annotations

from core.program.ir import Instruction, Program
from core.program.network_parts import ShapeOf


def adjoints_of(program: Program, shape_of: ShapeOf) -> dict[int, int]:
    """Return forward value → its adjoint, for the lines that were derived.

    A derived line is named for the value whose adjoint it is (`core.autodiff`), with `_` appended where the name was
    taken; of several versions it belongs to the last one made before the operation that it is derived from.
    Values whose only use hands their adjoint on unchanged (`D = A - Y`) share that of the result.
    """
    found: dict[int, int] = {}
    forward = [i for i in program.instructions if program.phase_of(i.index) in ("forward", "loss")]
    called: dict[str, list[Instruction]] = {}
    for i in forward:
        called.setdefault(_adjoint_name(program.values[i.result].name, program.values[i.result].label), []).append(i)
    for s in program.statements:
        if not s.derived or s.phase != "backward" or s.last <= s.first:
            continue
        line = program.instructions[s.last - 1]
        tags = [i.adjoint_of for i in program.instructions[s.first : s.last] if i.adjoint_of is not None]
        if not tags:
            continue
        latest = max(tags) if line.adjoint_of is None else line.adjoint_of
        candidates = [
            i.result for name in _without_underscores(s.target) for i in called.get(name, ())
            if i.index < latest and i.result not in found and shape_of(i.result) == shape_of(line.result)
        ]  # fmt: skip
        if candidates:
            found[max(candidates)] = line.result
    uses: dict[int, list[Instruction]] = {}
    for i in forward:
        for v in i.reads:
            uses.setdefault(v, []).append(i)
    derived = {i.adjoint_of for i in program.instructions} - {None}
    for i in reversed(forward):
        value = i.result
        use = uses.get(value, [])
        if value in found or len(use) != 1 or not derived or use[0].result not in found:
            continue
        passes = use[0].op in ("add", "identity") or (use[0].op == "subtract" and use[0].operands[0].value == value)
        if passes and use[0].reads.count(value) == 1 and shape_of(value) == shape_of(use[0].result):
            found[value] = found[use[0].result]
    return found


def _adjoint_name(name: str, label: str) -> str:
    return "d" + (label.replace(".", "_") if "." in label else name)


def _without_underscores(target: str) -> list[str]:
    """Return a name, and what is left of it without one, two, … of the `_` at its end."""
    return [target[:end] for end in range(len(target.rstrip("_")), len(target) + 1)]
