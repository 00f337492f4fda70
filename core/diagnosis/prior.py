"""Faults that can be told before any gradient is compared: by shapes, by structure, by what becomes of a state."""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from core.diagnosis.case import Case
from core.diagnosis.code import Change, computed, splice
from core.diagnosis.edits import Stock, edits_of, function_of, nodes_of, product_of
from core.diagnosis.mend import Mend, Mender, ast_of, targets_of, tidy
from core.diagnosis.result import Fault, Tie
from core.diagnosis.search import Work, step_of
from core.diagnosis.trials import Role, Trial, again, constant, first_inputs, fitted, trials
from core.errors import NotationError
from core.execute.adjoints import adjoints
from core.health.probe import Probe
from core.program.ir import Program
from core.program.structure import ancestors, descendants

Found = tuple[Fault, Change | None]


@dataclass(eq=False)
class Prior:
    """What is looked at: a case, and trials of it (none where the loss cannot be computed)."""

    case: Case
    work: Work | None

    @staticmethod
    def of(case: Case) -> Prior:
        """Draw the trials of a case."""
        drawn = trials(case.program) if case.program.loss is not None else []
        return Prior(case, Work(case.program, drawn) if drawn else None)

    @property
    def program(self) -> Program:
        """The program of the case."""
        return self.case.program


def prior_fault(prior: Prior, known: frozenset[tuple[int, str]]) -> Generator[None, None, Found | None]:
    """Find the first fault that is not known yet, as (line, fault), and the change that mends it."""
    found = yield from _misfit(prior)
    if found is not None and ((found[0].line, found[0].fault) not in known or found[1] is None):
        return found
    looks: tuple[Callable[[Prior], list[Found]], ...] = (_broadcasts, _wrong_axes, _missing_biases, _idle_parameters, _never_applied, _never_reset)
    for look in looks:
        for one in look(prior):
            if (one[0].line, one[0].fault) not in known:
                return one
        yield
    return None


# -- a line that does not fit ------------------------------------------------------------------------------


def _misfit(prior: Prior) -> Generator[None, None, Found | None]:
    """The line that fails, or the line before it whose result is of the wrong shape."""
    p, case = prior.program, prior.case
    if p.fault is None:
        return None
    s = p.statements[p.fault.statement]
    best: tuple[tuple[float, ...], int, Mend] | None = None
    for statement in _suspects(prior, s.index):
        for mend, score in (yield from _fitting(prior, statement, s.index)):
            if best is None or score < best[0]:
                best = (score, statement, mend)
        if best is not None and best[0][0] == 0 and statement != s.index:
            break
    unknown = [n for n in _suspects(prior, s.index)[:-1] if not _idle_line(prior, n)]
    if unknown and (best is None or (best[1] == s.index and best[0][0] > 0)):
        # no edit was found of a line before it that computes no adjoint: one of the two
        first = p.statements[unknown[0]]
        return Fault(case.line(first.line), first.text, "shape", ties=(Tie(case.line(s.line), s.text, "", "shape"),)), None
    if best is None:
        return Fault(case.line(s.line), s.text, "shape"), None
    _, statement, mend = best
    name = "shape" if statement == s.index else mend.fault
    return Fault(case.line(mend.line), mend.text, name, mend.expected), mend.change


def _suspects(prior: Prior, failing: int) -> list[int]:
    """Return the lines that may be at fault, in their order: backward lines before it that compute no adjoint, then itself."""
    work, p = prior.work, prior.program
    if work is None or p.statements[failing].phase not in ("backward", "update"):
        return [failing]
    names = prior.case.code.names_before(failing)
    raw = prior.case.code.raws[failing]
    roots = (raw.value, *([] if raw.mask is None else [raw.mask]))
    read = {names[n.id] for root in roots for n in ast.walk(root) if isinstance(n, ast.Name) and n.id in names}
    if raw.mask is not None or raw.augment is not None:
        read |= {names[n] for n in (raw.target,) if n in names}
    above = ancestors(p.instructions, read)
    found: list[int] = []
    for s in p.statements[:failing]:
        if s.last == s.first or not work.judged(s.index) or s.phase != "backward":
            continue
        v = p.instructions[s.last - 1].result
        if v not in above:
            continue
        role = work.role_of(v)
        if role is None or _idle(work, s.index, role[0]):
            found.append(s.index)
    return [*found, failing]


def _idle(work: Work, statement: int, role: Role) -> bool:
    """Tell whether a line only gives an adjoint that an earlier line of the backward has."""
    p = work.program
    earlier = [x for x in p.statements[:statement] if x.phase == "backward" and x.last > x.first]
    return any((r := work.role_of(p.instructions[x.last - 1].result)) is not None and r[0] == role for x in earlier)


def _idle_line(prior: Prior, statement: int) -> bool:
    p, work = prior.program, prior.work
    return work is None or work.role_of(p.instructions[p.statements[statement].last - 1].result) is not None


def _fitting(prior: Prior, statement: int, failing: int) -> Generator[None, None, list[tuple[Mend, tuple[float, ...]]]]:
    """Return edits of a line after which the failing one fits, each with how wrong the whole then is."""
    case, p, work = prior.case, prior.program, prior.work
    if work is not None and p.statements[statement].phase in ("backward", "update"):
        mender = Mender(work, case.code)
        roles = [r for r in work.trials[0].truth if r.kind == "adjoint" and r.index != p.loss]
        mends = yield from mender.for_any_role(statement, roles)
    else:
        mends = yield from _legal(prior, statement)
    found: list[tuple[Mend, tuple[float, ...]]] = []
    for k, mend in enumerate(mends[:8]):
        yield
        after = case.with_(mend.change)
        if after is None or (after.program.fault is not None and after.program.fault.statement <= failing):
            continue
        wrong = 0.0
        if p.statements[statement].phase in ("backward", "update"):
            then = Prior.of(after).work
            wrong = 99.0 if then is None else float(len(then.wrong()) + len(set(then.starts) - set(then.gradients)))
            wrong += 0.5 * (after.program.fault is not None)
        found.append((mend, (wrong, float(k))))
    return found


def _legal(prior: Prior, statement: int) -> Generator[None, None, list[Mend]]:
    """Return edits with which a line of the forward or a prediction runs; first those that do as the forward does."""
    case, p = prior.case, prior.program
    code = case.code
    raw = code.raws[statement]
    values = prior.work.now[0] if prior.work is not None else Probe(p, first_inputs(p).__getitem__).values
    names = code.names_before(statement)
    arrays = [n for n, v in names.items() if isinstance(values[v], np.ndarray) and np.ndim(values[v])]
    stock = Stock(arrays, (), (), 1 if p.batching.axis == -1 else 0, (), ())
    size = p.batching.size
    found: list[tuple[float, int, Mend]] = []
    for k, edit in enumerate(edits_of(raw.value, p.text, stock)):
        yield
        if edit.kind not in ("name", "transpose", "index", "reshape"):
            continue
        segment = tidy(code.spliced(raw, edit.spans))
        try:
            result = computed(code.read(segment, raw.target), names, values, {"m": size, "batch_size": size, "iteration": 1})
        except NotationError:
            continue
        if result is not None:
            change = Change(((raw.line, segment), *((n, None) for n in range(raw.line + 1, raw.end_line + 1))))
            found.append((_like_forward(p, segment), k, Mend("shape", raw.line, raw.text, segment.strip(), change, 1.0, edit)))
    return [m for _, _, m in sorted(found, key=lambda x: x[:2])]


def _like_forward(program: Program, segment: str) -> float:
    """Return 0 where a line multiplies a weight with what the forward multiplies it with, else 1."""
    forward = {pair for s in program.statements if s.phase == "forward" for pair in _pairs(s.text)}
    return 0.0 if forward & _pairs(segment) else 1.0


def _pairs(line: str) -> set[tuple[str, str]]:
    try:
        node = ast_of(line)
    except (SyntaxError, ValueError):
        return set()
    found = [product_of(n) for n in ast.walk(node) if isinstance(n, ast.expr)]
    return {(ast.unparse(a), ast.unparse(b)) for pair in found if pair is not None for a, b in [pair]}


# -- structure ---------------------------------------------------------------------------------------------


def _broadcasts(prior: Prior) -> list[Found]:
    """A difference with a target that is larger than both: (m,) − (m, 1) is m × m."""
    if prior.work is None:
        return []
    p, case = prior.program, prior.case
    values = prior.work.trials[0].values
    targets = set(targets_of(p)) | {p.inputs[n] for n in p.batching.sliced}
    found: list[Found] = []
    for i in p.instructions[: p.runnable]:
        if i.op not in ("subtract", "mse", "sse", "half_sse", "bce", "multiply") or len(i.reads) < 2:
            continue
        sizes = [np.size(values[v]) for v in i.reads]
        shapes = [np.shape(values[v]) for v in i.reads]
        out = int(np.prod(np.broadcast_shapes(*shapes), dtype=np.int64)) if _fit(shapes) else 0
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
                  ties=(Tie(case.line(s.line), s.text, f"{name}.reshape({'-1, 1' if column else '1, -1'}) for {name}", "broadcast"),)),
            Change(((given.line, new),)),
        ))  # fmt: skip
        break
    return found


def _fit(shapes: list[tuple[int, ...]]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def _wrong_axes(prior: Prior) -> list[Found]:
    """A softmax whose classes do not sum to 1, because it sums over the samples or over everything."""
    if prior.work is None:
        return []
    p, case = prior.program, prior.case
    values = prior.work.trials[0].values
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
        elif i.op == "divide" and (maker := p.makers.get(i.operands[1].value or -1)) is not None and p.instructions[maker].op == "sum":
            total = p.instructions[maker]
            above, below = (values[o.value] if o.value is not None else None for o in (i.operands[0], total.operands[0]))
            if above is None or not np.array_equal(above, below):
                continue
            axis = total.attributes.get("axis")
        else:
            continue
        here = 1 - sample if i.operands[0].transposed else sample  # `softmax(Z.T, axis=1).T` is turned over
        if axis is not None and axis % 2 == 1 - here:
            continue
        s = p.statements[i.statement]
        for line_statement in dict.fromkeys((p.instructions[p.makers[i.operands[-1].value or 0]].statement if i.op == "divide" else s.index, s.index)):
            raw = case.code.raws[line_statement]
            for node in nodes_of(raw.value):
                if function_of(node) in ("sum", "softmax", "log_softmax") and isinstance(node, ast.Call):
                    inner = node.func.value if isinstance(node.func, ast.Attribute) and not _np(node.func) else node.args[0]
                    text = case.code.source_of
                    name = function_of(node)
                    keep = ", keepdims=True" if name == "sum" else ""
                    prefix = text(node.func) if not (isinstance(node.func, ast.Attribute) and not _np(node.func)) else f"np.{name}"
                    new = tidy(case.code.spliced(raw, [(node, f"{prefix}({text(inner)}, axis={1 - here}{keep})")]))
                    found.append((
                        Fault(case.line(raw.line), raw.text, "axis", new.strip(), parameters=tuple(p.trainable),
                              role=f"{p.values[i.result].label}"),
                        Change(((raw.line, new),)),
                    ))  # fmt: skip
                    return found
    return found


def _np(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy")


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


def _missing_biases(prior: Prior) -> list[Found]:
    p, case = prior.program, prior.case
    work = prior.work
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
            if given.size != units or np.shape(np.add(out, given) if _fit([np.shape(out), given.shape]) else 0) != np.shape(out):
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
        spans = [(node, f"{text(node)} + {name}" if node is raw.value or _argument(raw.value, node) else f"({text(node)} + {name})")]
        new = tidy(case.code.spliced(raw, spans))
        found.append((
            Fault(case.line(raw.line), raw.text, "bias-missing", new.strip(), parameters=(name,), role=p.values[i.result].label),
            Change(((raw.line, new),)),
        ))  # fmt: skip
    return found


def _idle_parameters(prior: Prior) -> list[Found]:
    """A parameter that is updated, though the loss is the same whatever it is."""
    p, case, work = prior.program, prior.case, prior.work
    if work is None:
        return []
    found: list[Found] = []
    for name in p.trainable:
        if name not in p.carried or work.own_role(name) in work.trials[0].truth:
            continue
        start = p.inputs[name]
        s = next((p.statements[i.statement] for i in p.instructions if start in i.reads and p.phase_of(i.index) == "forward"), None)
        if s is not None and np.size(p.given_named(name).value) in np.shape(p.given_named(name).value):
            found.append((Fault(case.line(s.line), s.text, "bias-missing", parameters=(name,), role=s.target), None))
    return found


def _argument(root: ast.expr, node: ast.expr) -> bool:
    return any(isinstance(x, ast.Call) and node in x.args for x in ast.walk(root))


def _biased(program: Program, value: int) -> bool:
    """Tell whether a parameter, or a state that is updated like one, is added to a product."""
    return any(
        i.op in ("add", "subtract") and value in i.reads and any(program.values[v].kind in ("parameter", "state") for v in i.reads)
        for i in program.instructions
    )


def _never_applied(prior: Prior) -> list[Found]:
    p, case, work = prior.program, prior.case, prior.work
    if work is None or not any(s.phase == "update" and not s.derived for s in p.statements):
        return []
    found: list[Found] = []
    for name in p.trainable:
        role = work.own_role(name)
        if role not in work.trials[0].truth:
            continue
        start, end = p.carried.get(name, (-1, -1))
        moved = [step_of(t.values, start, end) for t in work.trials] if name in work.gradients else []
        stands = bool(moved) and all(m is not None and not np.any(m) for m in moved)
        if name in work.gradients and not stands:
            continue
        line = _line_of_change(work, name, role)
        at = None if stands or line is not None else _gradient_line(work, name, role)
        if at is None:
            if line is None:
                continue
            s = p.statements[line]
            new = _applied_text(prior, line, name)
            gradient = None if stands else _gradient_line(work, name, role)
            if new is None and gradient is not None:
                new = _update_like(prior, name, gradient[1])
            found.append((
                Fault(case.line(s.line), s.text, "never-applied", new or "", parameters=(name,), role=f"∂L/∂{name}"),
                Change(((s.line, new),)) if new else None,
            ))  # fmt: skip
            continue
        value, label = at
        s = p.statements[work.statement_of(value)]
        update = _update_like(prior, name, label)
        last = max(x.line for x in p.statements if x.phase == "update")
        end_line = case.code.raws[next(x.index for x in p.statements if x.line == last)].end_line
        change = Change((), ((end_line + 1, update),))
        found.append((Fault(case.line(s.line), s.text, "never-applied", update, parameters=(name,), role=f"∂L/∂{name}"), change))
    return found


def _line_of_change(work: Work, name: str, role: Role) -> int | None:
    """Return the line that would be a parameter's update: it moves it along its gradient under another name, or by nothing."""
    p = work.program
    start = p.inputs[name]
    for s in p.statements:
        if s.last == s.first or s.derived or s.phase in ("forward", "loss"):
            continue
        v = p.instructions[s.last - 1].result
        moved = [step_of(t.values, start, v) for t in work.trials]
        if constant(moved, work.truth(role)) is not None:
            return s.index
    return next((s.index for s in p.statements if s.phase == "update" and s.target == name), None)


def _applied_text(prior: Prior, statement: int, name: str) -> str | None:
    """Return the line with its result given to the parameter."""
    raw = prior.case.code.raws[statement]
    if raw.target == name or raw.augment is not None:
        return None
    return f"{name} = {prior.case.code.source_of(raw.value)}"


def _gradient_line(work: Work, name: str, role: Role) -> tuple[int, str] | None:
    """Return the value that is a parameter's gradient though no update uses it: by its numbers, else by its name."""
    p = work.program
    made = [
        p.instructions[s.last - 1].result
        for s in p.statements
        if s.last > s.first and s.last <= p.runnable and work.judged(s.index) and p.instructions[s.last - 1].result not in work.gradients.values()
    ]
    truth = work.truth(role)
    same = [v for v in made if p.values[v].name not in p.inputs
            and constant([fitted(t.values[v], truth[0].shape) for t in work.trials], truth) is not None]  # fmt: skip
    if same:
        v = next((v for v in same if p.values[v].name.lower().endswith(name.lower())), same[-1])
        return v, p.values[v].name
    for v in made:
        other = p.values[v].name
        if other.lower().endswith(name.lower()) and other != name:
            return v, other
    return None


def _update_like(prior: Prior, name: str, gradient: str) -> str:
    """Return the update of a parameter, written as another one's is."""
    p, case, work = prior.program, prior.case, prior.work
    assert work is not None
    for other, g in work.gradients.items():
        end = p.carried[other][1]
        raw = case.code.raws[work.statement_of(end)]
        label = p.values[g].name
        if label == other or p.values[g].kind == "part":
            continue
        new: dict[str, str] = {other: name, label: gradient, **_states(p, g, gradient)}
        spans = [(n, new[n.id]) for n in ast.walk(raw.value) if isinstance(n, ast.Name) and n.id in new]
        if raw.augment is not None:
            sign = "-" if isinstance(raw.augment, ast.Sub) else "+"
            return f"{name} {sign}= {_renamed(case, raw.value, spans)}"
        return f"{name} = {_renamed(case, raw.value, spans)}"
    return f"{name} = {name} - lr * {gradient}"


def _states(program: Program, other: int, gradient: str) -> dict[str, str]:
    """Return which state of one parameter's update stands for which of another's: each is made from its gradient."""
    own = next((v.index for v in reversed(program.values) if v.name == gradient and v.kind != "part"), None)
    trainable = set(program.trainable)
    states = {n: end for n, (_, end) in program.carried.items() if n not in trainable}
    there, here = (
        [n for n, end in states.items() if v is not None and v in ancestors(program.instructions, [end])] for v in (other, own)
    )
    return dict(zip(there, here, strict=False))


def _renamed(case: Case, node: ast.expr, spans: list[tuple[ast.Name, str]]) -> str:
    text = case.code.source_of(node)
    shifted = ast_of(f"_ = {text}").value
    old = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    new = [n for n in ast.walk(shifted) if isinstance(n, ast.Name)]
    wanted = {id(a): b for a, b in spans}
    return splice(f"_ = {text}", 1, [(b, wanted[id(a)]) for a, b in zip(old, new, strict=True) if id(a) in wanted]).removeprefix("_ = ")


def _never_reset(prior: Prior) -> list[Found]:
    """A gradient that is added to a state which is never set back: g is the sum of all gradients so far."""
    p, case, work = prior.program, prior.case, prior.work
    if work is None:
        return []
    found: list[Found] = []
    for name, (start, end) in p.carried.items():
        datum = work.trials[0].values[start]
        if name in p.trainable or not isinstance(datum, np.ndarray) or datum.dtype.kind != "f":
            continue
        touched = [n for n in p.trainable if n in p.carried and p.carried[n][1] in descendants(p.instructions, [start])]
        if not touched or not _adds(work.trials[0], start, end) or not _moves(work.trials[0], start, p.carried[touched[0]]):
            continue
        statement = work.statement_of(end)
        raw = case.code.raws[statement]
        text = case.code.source_of
        new = ""
        if isinstance(raw.augment, ast.Add):
            new = f"{name} = {text(raw.value)}"
        elif isinstance(raw.value, ast.BinOp) and isinstance(raw.value.op, ast.Add):
            mine = [n for n in (raw.value.left, raw.value.right) if isinstance(n, ast.Name) and n.id == name]
            if mine:
                other = raw.value.right if mine[0] is raw.value.left else raw.value.left
                new = f"{name} = {text(other)}"
        found.append((
            Fault(case.line(raw.line), raw.text, "never-reset", new, parameters=tuple(touched), role=name),
            Change(((raw.line, new),)) if new else None,
        ))  # fmt: skip
    return found


def _adds(trial: Trial, start: int, end: int) -> bool:
    """Tell whether a state comes out as it went in, plus something: its own past never fades."""
    rng = np.random.default_rng(1)
    datum = np.asarray(trial.values[start])
    extra = rng.standard_normal(datum.shape)
    values = again(trial, {start: datum + extra})
    if values is None:
        return False
    before, after = np.asarray(trial.values[end]), np.asarray(values[end])
    return before.shape == extra.shape == after.shape and bool(np.allclose(after - before, extra, rtol=1e-9, atol=1e-12)) and not np.array_equal(
        before, datum
    )


def _moves(trial: Trial, start: int, parameter: tuple[int, int]) -> bool:
    """Tell whether what a state holds goes straight into a step: twice as much moves twice as far."""
    rng = np.random.default_rng(2)
    datum = np.asarray(trial.values[start])
    extra = rng.standard_normal(datum.shape)
    once, twice = again(trial, {start: datum + extra}), again(trial, {start: datum + 2 * extra})
    if once is None or twice is None:
        return False
    base, a, b = (np.asarray(v[parameter[1]], dtype=float) for v in (trial.values, once, twice))
    return a.shape == base.shape == b.shape and bool(np.any(a != base)) and bool(np.allclose(b - base, 2 * (a - base), rtol=1e-6, atol=1e-12))


# -- the start ---------------------------------------------------------------------------------------------


def symmetric(prior: Prior) -> list[Fault]:
    """Hidden units that are one: the same output for every sample and the same adjoint, so that they stay equal for ever."""
    p, case = prior.program, prior.case
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
        if all(np.array_equal(x, np.take(y, np.zeros(y.shape[1 - sample], dtype=int), axis=1 - sample)) for x, y in ((a, a), (g, g))):
            name = p.values[weight].name
            given = p.given_named(name)
            line = case.code.lines[given.line - 1].strip()
            shape = ", ".join(map(str, np.shape(given.value)))
            found.append(
                Fault(case.line(given.line), line, "symmetric-start", f"{name} = 0.5 * np.random.randn({shape})", parameters=(name,),
                      role=p.values[hidden].label,
                      confirmed_by=f"All {a.shape[1 - sample]} units of {p.values[hidden].label} have the same output for every sample and"
                                   " the same gradient, so every update keeps them equal.")
            )  # fmt: skip
    return found

