"""What dataflow says of a program: which phase a line belongs to, what the loss is, which layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.program.ir import Instruction, Phase, Program, Statement, Value


def ancestors(instructions: Sequence[Instruction], of: Iterable[int]) -> set[int]:
    """Return all values that the values `of` are computed from, themselves included."""
    wanted = set(of)
    for instruction in reversed(instructions):
        if instruction.result in wanted:
            wanted.update(instruction.reads)
    return wanted


def descendants(instructions: Sequence[Instruction], of: Iterable[int]) -> set[int]:
    """Return all values that are computed from the values `of`, themselves included."""
    found = set(of)
    for instruction in instructions:
        if any(v in found for v in instruction.reads):
            found.add(instruction.result)
    return found


def results(statements: Sequence[Statement], instructions: Sequence[Instruction]) -> list[int | None]:
    """Return the value that each statement gives its name to (None for one that fails before it)."""
    return [instructions[s.last - 1].result if s.last > s.first else None for s in statements]


def classify(
    instructions: Sequence[Instruction],
    statements: Sequence[Statement],
    claimed: Sequence[Phase | None],
    updated: set[int],
    loss: int | None,
    targets: set[int],
) -> list[Phase]:
    """Return the phase of each statement: what its section says, unless dataflow says otherwise.

    `updated` holds the statements that give a parameter or state its next value, `targets` the data
    that the first lines do not read. Where no loss is written, a line belongs to the backward if it
    leads to an update and is made from the targets, or is read by updates alone; so does one under a wrong heading.
    """
    made = results(statements, instructions)
    next_values = {v for i in updated if (v := made[i]) is not None}
    to_loss = ancestors(instructions, [] if loss is None else [loss])
    to_update = ancestors(instructions, next_values)
    after_update = descendants(instructions, next_values)
    after_targets = descendants(instructions, targets)
    readers: dict[int, set[int]] = {}
    for instruction in instructions:
        for v in instruction.reads:
            readers.setdefault(v, set()).add(instruction.statement)
    phases: list[Phase] = []
    for i in range(len(statements)):
        value, claim = made[i], claimed[i]
        if i in updated:
            phase: Phase = "update"
        elif value is not None and value in to_loss:
            phase = "loss" if value == loss or claim == "loss" else "forward"
        elif value is not None and value in to_update:
            if claim in ("backward", "update"):
                phase = claim
            elif (loss is not None and claim is None) or value in after_targets or readers.get(value, {-1}) <= updated:
                phase = "backward"
            else:
                phase = claim or "forward"
        elif value is not None and value in after_update and claim is None:
            phase = "predict"
        else:
            phase = claim or "forward"
        phases.append(phase)
    return phases


def layers_of(program: Program) -> tuple[int | None, ...]:
    """Return the layer, from 1, of each instruction; None for the loss and for what belongs to no layer.

    A forward product with a parameter begins a new layer. A derived backward line belongs to the layer
    of its forward operation, an update to its parameter's; a hand-written backward line goes by the
    parameter it leads to, else by the deepest forward value that its line reads, else by the weights it reads.
    """
    weights = {program.inputs[n] for n in program.trainable}
    of_value: dict[int, int] = {}
    found: list[int | None] = []
    leads_to: dict[int, int] = {}
    for name, value in program.gradients.items():
        leads_to.setdefault(value, program.inputs[name])
    carried_to = {end: start for start, end in program.carried.values() if start in weights}
    forward = {i.result for i in program.instructions if program.phase_of(i.index) in ("forward", "predict")}
    for instruction in program.instructions:
        phase = program.phase_of(instruction.index)
        reads = instruction.reads
        known = [of_value[v] for v in reads if v in of_value]
        layer: int | None = max(known, default=0) or None
        if phase in ("forward", "predict"):
            mine = [v for v in reads if v in weights]
            if instruction.op in ("matmul", "dot") and mine:
                layer = max((of_value.get(v, 0) for v in reads if v not in weights), default=0) + 1
            for v in mine:
                if layer is not None:
                    of_value.setdefault(v, layer)
        elif phase == "loss":
            layer = None
        elif instruction.adjoint_of is not None:
            layer = found[instruction.adjoint_of] or layer
        elif instruction.result in leads_to or instruction.result in carried_to:
            owner = leads_to.get(instruction.result, carried_to.get(instruction.result, -1))
            layer = of_value.get(owner, layer or 0) or None
        else:
            s = program.statements[instruction.statement]
            line = [v for i in program.instructions[s.first : s.last] for v in i.reads if v in of_value]
            read_forward = [of_value[v] for v in line if v in forward]
            # A product such as `A1 @ W2` in the line computes a layer's forward value anew.
            for i in program.instructions[s.first : s.last]:
                if i.op in ("matmul", "dot") and any(v in forward or program.values[v].kind == "data" for v in i.reads):
                    read_forward += [of_value[v] for v in i.reads if v in weights and v in of_value]
            read_weights = [of_value[v] for v in line if v in weights]
            layer = max(read_forward or read_weights or known, default=0) or None
        found.append(layer)
        if layer is not None:
            of_value[instruction.result] = layer
    return _parts_as_their_line(program, found)


def _parts_as_their_line(program: Program, found: list[int | None]) -> tuple[int | None, ...]:
    """Parts of a backward or update line belong where the whole line belongs."""
    for s in program.statements:
        if s.phase in ("backward", "update") and s.last > s.first:
            whole = found[s.last - 1]
            for i in range(s.first, s.last):
                found[i] = whole
    return tuple(found)


_GATHERING = ("matmul", "dot", "outer", "sum", "mean")


def find_gradients(
    instructions: Sequence[Instruction],
    statements: Sequence[Statement],
    values: Sequence[Value],
    carried: Mapping[str, tuple[int, int]],
    trainable: Sequence[str],
) -> dict[str, int]:
    """Return the gradient of each parameter: what its update, perhaps through a state, is made from.

    That is the first named backward value on the way, or, in an update such as `W += A.T @ delta`, the product
    or sum in which the samples are gathered. Of several, it is one that depends on parameters (a number of samples does
    not) and on none of the others (the norm of all gradients does).
    """
    maker = {i.result: i for i in instructions}
    inputs = {start for start, _ in carried.values()}
    starts = [carried[name][0] for name in trainable if name in carried]
    living = descendants([i for i in instructions if i.op != "size_of"], starts)
    found: dict[str, int] = {}
    for name in trainable:
        start, end = carried.get(name, (-1, -1))
        if start == end:
            continue
        queue, seen = [end], {start}
        met: list[int] = []
        while queue:
            value = queue.pop(0)
            instruction = maker.get(value)
            if value in seen or instruction is None:
                continue
            seen.add(value)
            phase = statements[instruction.statement].phase
            if phase in ("forward", "loss"):
                continue
            named = phase == "backward" and values[value].kind != "part"
            if (named or instruction.op in _GATHERING) and value not in inputs:
                met.append(value)
            else:
                queue.extend(instruction.reads)
        likely = [v for v in met if v in living] or met
        # Where there is but one, all that it is made from need not be gone through.
        first = [v for v in likely if len(likely) == 1 or ancestors(instructions, [v]).isdisjoint(set(likely) - {v})]
        if first:
            found[name] = first[0]
    return found
