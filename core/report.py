"""What the terminal prints of a program: an iteration step by step, a training line by line."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from core.data.batches import ends_epoch, epoch_of
from core.errors import ExecutionError
from core.execute.machine import Machine
from core.execute.runner import Runner
from core.execute.timeline import Position, Timeline
from core.network_file import Evaluation, scores
from core.program.dims import show
from core.program.ir import Fault, Instruction, Program, fault_sentence
from core.saving import save_with


@dataclass(frozen=True)
class Trace:
    """One iteration, executed to its end or to the line that fails."""

    program: Program
    iteration: int
    machine: Machine

    @property
    def fault(self) -> Fault | None:
        """What stopped the iteration, if anything did."""
        return self.machine.fault


def trace(program: Program, iteration: int) -> Trace:
    """Execute an iteration (from 1) after all those before it.

    Raises:
        ExecutionError: if an earlier iteration cannot run to its end.
    """
    timeline = Timeline(program)
    at = timeline.go(Position(iteration, len(program)))
    if at.iteration != iteration:
        fault = timeline.fault
        reason = "" if fault is None else f": {fault.message}"
        raise ExecutionError(f"iteration {iteration} is not reached; iteration {at.iteration} stops{reason}")
    return Trace(program, iteration, timeline.machine)


def trace_json(t: Trace) -> dict[str, Any]:
    """Return a trace as plain data; steps count from 0 and `adjoint_of` names a step."""
    program = t.program
    loss = None if program.loss is None else t.machine.value(program.loss)
    return {
        "program": program.text,
        "iteration": t.iteration,
        "epoch": epoch_of(program.batching, t.iteration),
        "loss": None if loss is None else float(np.asarray(loss).reshape(-1)[0]),
        "fault": None if t.fault is None else fault_sentence(program, t.fault),
        "steps": [_step(t, i) for i in program.instructions[: t.machine.done]],
    }


def _step(t: Trace, i: Instruction) -> dict[str, Any]:
    values = t.program.values
    inputs = []
    for o in i.operands:
        if o.value is None:
            inputs.append({"name": repr(o.number), "shape": [], "dtype": type(o.number).__name__})
            continue
        datum = t.machine.value(o.value)
        shape = list(np.asarray(datum).shape[:: -1 if o.transposed else 1])
        inputs.append(
            {"name": values[o.value].label + (".T" if o.transposed else ""), "shape": shape, "dtype": dtype_name(datum)}
        )
    out = t.machine.value(i.result)
    array = np.asarray(out)
    finite = array[np.isfinite(array)]
    return {
        "index": i.index,
        "phase": t.program.phase_of(i.index),
        "layer": t.program.layers[i.index],
        "statement": t.program.statements[i.statement].text,
        "op": i.op,
        "text": i.text,
        "inputs": inputs,
        "output": {
            "name": values[i.result].label,
            "shape": list(array.shape),
            "dtype": dtype_name(out),
            "min": finite.min().item() if finite.size else None,
            "max": finite.max().item() if finite.size else None,
            "nonfinite": int(array.size - finite.size),
        },
        "adjoint_of": i.adjoint_of,
    }


def dtype_name(datum: Any) -> str:
    """Return `float64` and the like; for a plain number its Python type."""
    if isinstance(datum, (bool, int, float)) and not isinstance(datum, np.generic):
        return type(datum).__name__
    return str(np.asarray(datum).dtype)


def trace_table(t: Trace) -> str:
    """Return a trace as a table: one row an operation, its result's shape and range."""
    rows: list[tuple[str, ...]] = [("step", "phase", "operation", "shape", "smallest", "largest", "")]
    for i in t.program.instructions[: t.machine.done]:
        array = np.asarray(t.machine.value(i.result))
        finite = array[np.isfinite(array)]
        low, high = (f"{float(finite.min()):.6g}", f"{float(finite.max()):.6g}") if finite.size else ("–", "–")
        bad = array.size - finite.size
        note = f"{bad} of {array.size} not finite" if bad else ""
        rows.append((str(i.index + 1), t.program.phase_of(i.index), i.text, show(array.shape), low, high, note))
    widths = [max(len(r[c]) for r in rows) for c in range(7)]
    right = (0, 4, 5)
    lines = [
        "  ".join(x.rjust(w) if c in right else x.ljust(w) for c, (x, w) in enumerate(zip(r, widths, strict=True))).rstrip()
        for r in rows
    ]
    data = trace_json(t)
    loss = "" if data["loss"] is None else f" · loss {data['loss']!r}"
    return f"iteration {t.iteration} · epoch {data['epoch']}{loss}\n" + "\n".join(lines)


def save_values(t: Trace, path: Path) -> None:
    """Write every value of the iteration under its name into an .npz file, whole or not at all.

    Raises:
        SavingError: if the file cannot be written.
    """
    values = {v.label: t.machine.value(v.index) for v in t.program.values}

    def write(file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, value in values.items():
                if value is not None:
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, np.asarray(value), allow_pickle=False)

    save_with(path, write)


def training(program: Program, iterations: int, evaluations: Sequence[Evaluation] = ()) -> Iterator[dict[str, Any]]:
    """Run a program from its start; yields iteration, epoch, loss and, at an epoch's end, its mean loss.

    With `evaluations`, the end of an epoch also tells `accuracy` on the training data (where there are
    classes), `held_out_loss` and `held_out_accuracy` with the parameters that the epoch leaves.

    Raises:
        ExecutionError: at the line that cannot run.
    """
    runner = Runner(program)
    seen: list[float] = []
    while runner.iteration < iterations:
        if not runner.step():
            assert runner.fault is not None
            raise ExecutionError(f"iteration {runner.iteration + 1}, {fault_sentence(program, runner.fault)}")
        epoch_loss = None
        if runner.loss is not None:
            seen.append(runner.loss)
            if ends_epoch(program.batching, runner.iteration):
                epoch_loss = sum(seen) / len(seen)
                seen = []
        yield {
            "iteration": runner.iteration,
            "epoch": epoch_of(program.batching, runner.iteration),
            "loss": runner.loss,
            "epoch_loss": epoch_loss,
            **(scores(evaluations, runner.state) if ends_epoch(program.batching, runner.iteration) else {}),
        }
