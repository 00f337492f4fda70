"""Biases that the forward does not use, and hidden units that start as one."""

from __future__ import annotations

import ast

import numpy as np

from core.diagnosis.code import Change
from core.diagnosis.look import Found, Look
from core.diagnosis.nodes import nodes_of, product_of
from core.diagnosis.result import Fault
from core.diagnosis.sums import fit
from core.diagnosis.tidying import tidy
from core.diagnosis.trials import first_inputs
from core.execute.adjoints import adjoints
from core.health.probe import Probe
from core.program.ir import Array, Program
from core.program.structure import descendants


def unused(program: Program) -> list[str]:
    """Return float arrays that are updated like parameters though the loss does not depend on them, nor anything else."""
    found: list[str] = []
    for name, (start, end) in program.carried.items():
        given = np.asarray(program.given_named(name).value)
        if name in program.trainable or given.dtype.kind != "f" or program.given_named(name).section != "parameters":
            continue
        below = descendants(program.instructions, [start])
        ends = {e for n, (_, e) in program.carried.items() if n != name}
        if below & ends or not given.ndim:
            continue
        made = [i for i in program.instructions if i.result == end]
        if made and made[0].op in ("subtract", "add", "identity"):
            found.append(name)
    return found


def missing_biases(look: Look) -> list[Found]:
    p, case = look.program, look.case
    work = look.work
    if work is None:
        return []
    found: list[Found] = []
    values = work.trials[0].values
    sample = 1 if p.batching.axis == -1 else 0
    free = [i for i in p.instructions if i.op in ("matmul", "dot") and p.phase_of(i.index) == "forward"
            and any(p.values[v].name in p.trainable for v in i.reads)]  # fmt: skip
    taken: set[int] = set()
    for name in unused(p):
        given = np.asarray(p.given_named(name).value)
        fits: list[tuple[float, int]] = []
        for n, i in enumerate(free):
            out = values[i.result]
            if n in taken or np.ndim(out) != 2:
                continue
            units = np.shape(out)[1 - sample]
            if given.size != units or np.shape(np.add(out, given) if fit([np.shape(out), given.shape]) else 0) != np.shape(out):
                continue
            if _biased(p, i.result):
                continue
            weight = next(p.values[v].name for v in i.reads if p.values[v].name in p.trainable)
            same = 0.0 if name[1:] == weight[1:] else 1.0
            fits.append((same, n))
        if not fits:
            continue
        n = min(fits)[1]
        taken.add(n)
        i = free[n]
        raw = case.code.raws[i.statement]
        node = next((x for x in nodes_of(raw.value) if product_of(x) is not None), None)
        if node is None:
            continue
        text = case.code.source_of
        spans = [
            (node, f"{text(node)} + {name}" if node is raw.value or _argument(raw.value, node) else f"({text(node)} + {name})")
        ]
        new = tidy(case.code.spliced(raw, spans), raw.text)
        found.append((
            Fault(case.line(raw.line), raw.text, "bias-missing", new.strip(), parameters=(name,), role=p.values[i.result].label),
            case.code.change(raw, new),
        ))  # fmt: skip
    return found


def idle_parameters(look: Look) -> list[Found]:
    """A parameter that is updated, though the loss is the same whatever it is."""
    p, case, work = look.program, look.case, look.work
    if work is None:
        return []
    found: list[Found] = []
    for name in p.trainable:
        if name not in p.carried or work.own_role(name) in work.trials[0].truth:
            continue
        start = p.inputs[name]
        s = next(
            (p.statements[i.statement] for i in p.instructions if start in i.reads and p.phase_of(i.index) == "forward"), None
        )
        if s is not None and np.size(p.given_named(name).value) in np.shape(p.given_named(name).value):
            found.append((Fault(case.line(s.line), s.text, "bias-missing", parameters=(name,), role=s.target), None))
    return found


def _argument(root: ast.expr, node: ast.expr) -> bool:
    return any(isinstance(x, ast.Call) and node in x.args for x in ast.walk(root))


def _biased(program: Program, value: int) -> bool:
    """Tell whether a parameter, or a state that is updated like one, is added to a product."""
    return any(
        i.op in ("add", "subtract")
        and value in i.reads
        and any(program.values[v].kind in ("parameter", "state") for v in i.reads)
        for i in program.instructions
    )


def symmetric(look: Look) -> list[Fault]:
    """Hidden units that are one: the same output for every sample and the same adjoint, so that they stay equal for ever."""
    p, case = look.program, look.case
    if p.loss is None:
        return []
    probe = Probe(p, first_inputs(p).__getitem__)
    if probe.loss is None or not np.isfinite(probe.loss):
        return []
    sample = 1 if p.batching.axis == -1 else 0
    products = [i for i in p.instructions if i.op in ("matmul", "dot") and p.phase_of(i.index) in ("forward", "loss")]
    found: list[Fault] = []
    for i in products:
        weight = next((v for v in i.reads if p.values[v].name in p.trainable), None)
        if weight is None:
            continue
        below = descendants(p.instructions, [i.result])
        later = [j for j in products if j is not i and below & set(j.reads)]
        if not later:
            continue
        hidden = next(v for v in later[0].reads if v in below)
        a = np.asarray(probe.values[hidden], dtype=float)
        truth = adjoints(p, probe.values.__getitem__, [hidden])
        if truth is None or a.ndim != 2 or a.shape[1 - sample] < 2:
            continue
        g = truth[hidden]
        if all(_equal(x, np.take(y, np.zeros(y.shape[1 - sample], dtype=int), axis=1 - sample)) for x, y in ((a, a), (g, g))):
            name = p.values[weight].name
            given = p.given_named(name)
            line = case.code.lines[given.line - 1].strip()
            shape = ", ".join(map(str, np.shape(given.value)))
            units, label = a.shape[1 - sample], p.values[hidden].label
            sentence = (
                f"All {units} units of {label} have the same output for every sample and the same gradient, so every update"
                " keeps them equal."
            )
            start = f"{name} = 0.5 * np.random.randn({shape})"
            mended = case.with_(Change(((given.line, start),)))
            if mended is None:  # nothing before it says where random numbers start
                mended = case.with_(Change(((given.line, start),), ((given.line, "np.random.seed(1)"),)))
            text = None if mended is None else mended.text
            found.append(Fault(case.line(given.line), line, "symmetric-start", start, sentence, (), (name,), label, mended=text))
    return found


def _equal(a: Array, b: Array) -> bool:
    """Tell whether two arrays are equal but for the order in which a product adds up."""
    return bool(np.all(np.abs(a - b) <= 1e-12 * np.max(np.abs(b), initial=0.0)))
