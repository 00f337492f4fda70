"""Sums and differences over the wrong axis: a target that is stretched, a softmax over the samples."""

from __future__ import annotations

import ast

import numpy as np

from core.diagnosis.code import Change
from core.diagnosis.look import Found, Look
from core.diagnosis.nodes import function_of, nodes_of
from core.diagnosis.result import Fault, Tie
from core.diagnosis.targets import targets_of
from core.diagnosis.tidying import tidy


def broadcasts(look: Look) -> list[Found]:
    """A difference with a target that is larger than both: (m,) − (m, 1) is m × m."""
    if look.work is None:
        return []
    p, case = look.program, look.case
    values = look.work.trials[0].values
    targets = set(targets_of(p)) | {p.inputs[n] for n in p.batching.sliced}
    found: list[Found] = []
    for i in p.instructions[: p.runnable]:
        if i.op not in ("subtract", "mse", "sse", "half_sse", "bce", "multiply") or len(i.reads) < 2:
            continue
        sizes = [np.size(values[v]) for v in i.reads]
        shapes = [np.shape(values[v]) for v in i.reads]
        out = int(np.prod(np.broadcast_shapes(*shapes), dtype=np.int64)) if fit(shapes) else 0
        flat = [v for v in i.reads if v in targets and np.ndim(values[v]) == 1]
        if out <= max(sizes) or not flat:
            continue
        s = p.statements[i.statement]
        name = p.values[flat[0]].name
        given = p.given_named(name)
        line = case.code.lines[given.line - 1]
        column = p.batching.axis != -1
        new = f"{line.rstrip()}.reshape({'-1, 1' if column else '1, -1'})"
        found.append((
            Fault(case.line(given.line), line.strip(), "broadcast", new.strip(), role=s.text, parameters=tuple(p.trainable),
                  ties=(Tie(case.line(s.line), s.text, f"{name}.reshape(…) for {name}", "broadcast"),)),
            Change(((given.line, new),)),
        ))  # fmt: skip
        break
    return found


def fit(shapes: list[tuple[int, ...]]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def wrong_axes(look: Look) -> list[Found]:
    """A softmax whose classes do not sum to 1, because it sums over the samples or over everything."""
    if look.work is None:
        return []
    p, case = look.program, look.case
    values = look.work.trials[0].values
    sample = 1 if p.batching.axis == -1 else 0
    found: list[Found] = []
    for i in p.instructions[: p.runnable]:
        if p.phase_of(i.index) not in ("forward", "loss"):
            continue
        out = values[i.result]
        if np.ndim(out) != 2 or np.shape(out)[1 - sample] < 2:
            continue
        if i.op in ("softmax", "log_softmax"):
            axis = i.attributes.get("axis")
        elif (
            i.op == "divide"
            and (maker := p.makers.get(i.operands[1].value or -1)) is not None
            and p.instructions[maker].op == "sum"
        ):
            total = p.instructions[maker]
            above, below = (values[o.value] if o.value is not None else None for o in (i.operands[0], total.operands[0]))
            if above is None or below is None or not np.array_equal(above, below):
                continue
            axis = total.attributes.get("axis")
        else:
            continue
        here = 1 - sample if i.operands[0].transposed else sample  # `softmax(Z.T, axis=1).T` is turned over
        if axis is not None and axis % 2 == 1 - here:
            continue
        s = p.statements[i.statement]
        for line_statement in dict.fromkeys(
            (p.instructions[p.makers[i.operands[-1].value or 0]].statement if i.op == "divide" else s.index, s.index)
        ):
            raw = case.code.raws[line_statement]
            for node in nodes_of(raw.value):
                if function_of(node) in ("sum", "softmax", "log_softmax") and isinstance(node, ast.Call):
                    inner = node.func.value if isinstance(node.func, ast.Attribute) and not _np(node.func) else node.args[0]
                    text = case.code.source_of
                    name = function_of(node)
                    keep = ", keepdims=True" if name == "sum" else ""
                    prefix = (
                        text(node.func) if not (isinstance(node.func, ast.Attribute) and not _np(node.func)) else f"np.{name}"
                    )
                    new = tidy(case.code.spliced(raw, [(node, f"{prefix}({text(inner)}, axis={1 - here}{keep})")]), raw.text)
                    found.append((
                        Fault(case.line(raw.line), raw.text, "axis", new.strip(), parameters=tuple(p.trainable),
                              role=f"{p.values[i.result].label}"),
                        case.code.change(raw, new),
                    ))  # fmt: skip
                    return found
    return found


def _np(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy")
