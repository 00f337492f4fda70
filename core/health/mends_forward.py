"""Remedies that write other forward or loss lines: the fused loss, leaky ReLU, tanh for sigmoid."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core import ops
from core.health.mending import Edit, Mended, RemedyError, Typed, first_iteration, forward_text, free_name, rederived
from core.notation.parse import Raw
from core.program.ir import Instruction, Program
from core.program.structure import ancestors, descendants

SIGMOIDS = ("sigmoid", "sigmoid_written_out")
FUSED = {"bce": "bce_with_logits", "cross_entropy": "softmax_cross_entropy"}
LOSS_OF = {"sigmoid": "bce", "sigmoid_written_out": "bce", "softmax": "cross_entropy"}
MOST_OUTPUTS = 1000


def fused_loss(program: Program, folder: Path | None, choice: str) -> Mended:
    """Sigmoid + binary cross-entropy, or softmax + cross-entropy, become one loss of the weighted sum."""
    del choice
    if any(i.op in FUSED.values() for i in program.instructions):
        raise RemedyError("the loss is computed from the weighted sum already")
    if program.loss is None:
        raise RemedyError("no loss is written in this program, so there is none to fuse; write one under `# loss`")
    text, notes = forward_text(program, folder)
    edit = Edit(text.text)
    named = _named_loss(program)
    if named is not None and _fuse_call(program, text, edit, *named):
        return rederived(program, edit, folder, "Fused loss", notes)
    found = _recognised(program)
    if found is None:
        raise RemedyError("the loss is not the cross-entropy of a sigmoid or a softmax (bce, cross_entropy, or written out)")
    activation, target, reduction, share = found
    z = _pre_activation(program, text, edit, activation)
    y = program.values[target].name
    raw = text.raw(program.statements[_statement_of(program, program.loss)])
    call = f"{FUSED[LOSS_OF[activation.op]]}({z}, {y}{reduction})"
    edit.replace(raw.value, call + (f" / {share}" if share > 1 else ""))
    for statement in _left_over(program, activation):
        line = text.raw(program.statements[statement])
        edit.drop(line.line, line.end_line)
    return rederived(program, edit, folder, "Fused loss", notes)


def _statement_of(program: Program, value: int) -> int:
    return program.instructions[program.makers[value]].statement


def _named_loss(program: Program) -> tuple[Instruction, Instruction] | None:
    """Return the loss that is written by its name, and the activation that it reads."""
    assert program.loss is not None
    used = ancestors(program.instructions, [program.loss])
    for i in program.instructions:
        if i.op in FUSED and i.result in used and i.operands[0].value in program.makers:
            before = program.instructions[program.makers[i.operands[0].value]]  # type: ignore[index]
            if LOSS_OF.get(before.op) == i.op and not i.operands[0].transposed:
                return i, before
    return None


def _fuse_call(program: Program, text: Typed, edit: Edit, loss: Instruction, activation: Instruction) -> bool:
    raw = text.raw(program.statements[loss.statement])
    calls = [n for n in _calls(raw.value) if _name(n) == loss.op and n.args]
    if len(calls) != 1:
        return False
    call = calls[0]
    if activation.statement == loss.statement:
        inner = _argument(call.args[0])
        if inner is None:
            return False
        edit.replace(call.args[0], edit.source(inner))
    else:
        edit.replace(call.args[0], _pre_activation(program, text, edit, activation))
    edit.replace(call.func, FUSED[loss.op])
    return True


def _pre_activation(program: Program, text: Typed, edit: Edit, activation: Instruction) -> str:
    """Return the name of the weighted sum that an activation reads; where it has none, it is given a line of its own."""
    assert program.loss is not None
    operand = activation.operands[0]
    value = None if operand.value is None else program.values[operand.value]
    if value is not None and not operand.transposed and value.kind != "part":
        end = program.makers[program.loss]
        later = [i for i in program.instructions[:end] if program.values[i.result].name == value.name]
        if value.index not in program.makers or (later and later[-1].result == value.index):
            return value.name
    raw = text.raw(program.statements[activation.statement])
    inner = _argument(raw.value)
    if inner is None:
        raise RemedyError(f"the weighted sum in line {raw.line} has no name; give it a line of its own, such as `Z2 = …`")
    digits = raw.target.lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
    name = free_name(program, f"Z{digits}" if digits.isdigit() else "Z", f"Z_of_{raw.target}")
    edit.insert(raw.line, [f"{name} = {edit.source(inner)}"])
    edit.replace(inner, name)
    return name


def _argument(node: ast.expr) -> ast.expr | None:
    """Return what a written activation is applied to: the one argument of a call, or z in 1 / (1 + exp(-z))."""
    if isinstance(node, ast.Call) and _name(node) != "exp" and node.args:
        return node.args[0]
    powers = [c.args[0] for c in _calls(node) if _name(c) == "exp" and c.args]
    if len(powers) == 1 and isinstance(powers[0], ast.UnaryOp) and isinstance(powers[0].op, ast.USub):
        return powers[0].operand
    return None


def _recognised(program: Program) -> tuple[Instruction, int, str, int] | None:
    """Find by its number what loss is written out: the activation, the targets, the reduction, what it is divided by.

    Three probes with other parameters must agree, so that no accident of one start counts.
    """
    assert program.loss is not None
    rng = np.random.default_rng(0)
    states: list[dict[str, np.ndarray]] = [{}]
    for _ in range(2):
        given = {p: np.asarray(program.first_values[p]) for p in program.trainable if p in program.carried}
        states.append({p: (a + 0.3 * rng.standard_normal(a.shape)).astype(a.dtype) for p, a in given.items()})
    machines = [first_iteration(program, state) for state in states]
    used = ancestors(program.instructions, [program.loss])
    axis = program.batching.axis
    for i in program.instructions:
        if i.op not in LOSS_OF or i.result not in used:
            continue
        outputs = [np.asarray(m.peek(i.result)) for m in machines]
        for name, y in program.inputs.items():
            targets = [np.asarray(m.peek(y)) for m in machines]
            if name not in program.batching.sliced or targets[0].shape != outputs[0].shape:
                continue
            forward = ops.get(LOSS_OF[i.op]).forward
            for reduction, text in (("mean", ""), ("sum", ', reduction="sum"')):
                with np.errstate(all="ignore"):
                    wanted = [forward(a, t, samples=axis, reduction=reduction) for a, t in zip(outputs, targets, strict=True)]
                    ratios = np.array(wanted) / [float(np.asarray(m.peek(program.loss)).reshape(-1)[0]) for m in machines]
                share = round(float(ratios[0])) if np.isfinite(ratios[0]) else 0
                if 1 <= share <= MOST_OUTPUTS and np.allclose(ratios, share, rtol=1e-6) and (share == 1 or reduction == "mean"):
                    return i, y, text, share
    return None


def _left_over(program: Program, activation: Instruction) -> list[int]:
    """Return the typed lines that only led to the old loss and that nothing reads any more."""
    assert program.loss is not None
    gone = {_statement_of(program, program.loss)}
    ends = {end for _, end in program.carried.values()}
    used = ancestors(program.instructions, [program.loss])
    found: list[int] = []
    for s in reversed(program.statements[: max(gone)]):
        made = {i.result for i in program.instructions[s.first : s.last]}
        if s.index == activation.statement or made & ends or not made & used or s.phase not in ("forward", "loss"):
            continue
        readers = {i.statement for i in program.instructions if made.intersection(i.reads) and i.statement != s.index}
        if all(r in gone or program.statements[r].phase == "backward" for r in readers):
            gone.add(s.index)
            found.append(s.index)
    return found


def leaky_relu(program: Program, folder: Path | None, choice: str) -> Mended:
    """Each ReLU becomes a leaky one."""
    del choice
    text, notes = forward_text(program, folder)
    edit = Edit(text.text)
    for raw, _ in _forward_lines(program, text):
        for call in _calls(raw.value):
            inner = _relu_of(call, text)
            if inner is not None:
                edit.replace(call.func, "leaky_relu")
                if _name(call) == "maximum":
                    edit.cut(call.args[0], call.args[1], keep_last=inner is call.args[1])
    if not edit.spans:
        raise RemedyError("there is no ReLU (relu, or maximum(0, z)) in the forward lines")
    if "leaky_relu" in text.source.definitions:
        notes.append("`leaky_relu` is the function that you defined yourself.")
    return rederived(program, edit, folder, "Leaky ReLU", notes)


def _relu_of(call: ast.Call, text: Typed) -> ast.expr | None:
    """Return what a ReLU is applied to; None for any other call."""
    name = _name(call)
    if name == "maximum" and len(call.args) == 2:
        zeros = [isinstance(a, ast.Constant) and a.value == 0 for a in call.args]
        return call.args[1] if zeros[0] else call.args[0] if zeros[1] else None
    defined = text.source.definitions.get(name)
    if defined is not None:
        body = defined.value
        same = not defined.steps and isinstance(body, ast.Call) and _name(body) == "maximum" and len(call.args) == 1
        return call.args[0] if same and _relu_of(body, text) is not None else None  # type: ignore[arg-type]
    return call.args[0] if name == "relu" and call.args else None


def tanh_for_sigmoid(program: Program, folder: Path | None, choice: str) -> Mended:
    """The sigmoids of hidden layers become tanh; the one of the output stays."""
    del choice
    text, notes = forward_text(program, folder)
    edit = Edit(text.text)
    weights = {program.inputs[p] for p in program.trainable}
    products = [i for i in program.instructions if i.op in ("matmul", "dot") and weights.intersection(i.reads)]
    for raw, instructions in _forward_lines(program, text):
        hidden = False
        for i in instructions:
            after = descendants(program.instructions, [i.result]) if i.op in SIGMOIDS else set[int]()
            hidden = hidden or any(
                program.phase_of(p.index) in ("forward", "predict") and after.intersection(v for v in p.reads if v not in weights)
                for p in products
            )
        if hidden:
            _write_tanh(raw, text, edit)
    if not edit.spans:
        raise RemedyError("there is no sigmoid in a hidden layer")
    return rederived(program, edit, folder, "tanh in hidden layers", notes)


def _write_tanh(raw: Raw, text: Typed, edit: Edit) -> None:
    for call in _calls(raw.value):
        defined = text.source.definitions.get(_name(call))
        exps = [] if defined is None else [c for c in _calls(defined.value) if _name(c) == "exp"]
        if _name(call) == "sigmoid" or (exps and len(call.args) == 1):
            edit.replace(call.func, "tanh")
            return
    inner = _argument(raw.value)
    if inner is not None:
        edit.replace(raw.value, f"tanh({edit.source(inner)})")


def _forward_lines(program: Program, text: Typed) -> Iterator[tuple[Raw, tuple[Instruction, ...]]]:
    for s in program.statements:
        if s.phase in ("forward", "predict") and not s.derived:
            yield text.raw(s), program.instructions[s.first : s.last]


def _calls(node: ast.expr) -> list[ast.Call]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Call)]


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func).removeprefix("numpy.").removeprefix("np.")
