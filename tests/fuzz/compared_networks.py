"""What is compared of a network: PyTorch's own of it in 64 and in 32 bits, ours, and what our own files give again."""

from __future__ import annotations

import collections
import contextlib
import copy
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from drawn_networks import Case, Masked
from helpers.bits import bits
from helpers.scripts import run as run_script
from onnx.reference import ReferenceEvaluator
from torch import nn

from core.document import document_of, open_document
from core.errors import StepperError
from core.execute.runner import Runner
from core.files.arrays import array
from core.files.saving.save_npz import member_name
from core.inspect_report import inspect_json, inspected
from core.library import Opened, open_target
from core.notation.script import script_text
from core.report import trace
from core.saved_convert import convert
from core.saved_target import read_saved
from core.session import session_of
from core.steppable.build import Choices
from core.steppable.data import Samples

BOUND = {"float64": 1e-12, "float32": 1e-5, "bfloat16": 1e-5, "mixed": 1e-5, "float16": 5e-3}
SHARE = {"float64": 3e-8, "float32": 30.0, "bfloat16": 30.0, "mixed": 30.0, "float16": 3e5}
"""So much of what PyTorch itself loses between 64 and 32 bits is allowed: the condition of the network."""
LOSSES = ("mse", "mae", "huber", "sse", "half_sse", "softmax_cross_entropy", "bce_with_logits")


class Wrong(Exception):
    """What is not as its library has it."""


def twin_of(net: Any, dtype: Any) -> Any:
    """Return a network in another type, with masks in place of dropouts."""
    layers = [Masked() if isinstance(n, nn.Dropout) else copy.deepcopy(n) for n in net]
    for layer in layers:
        if hasattr(layer, "inplace"):  # what a layer takes is needed for its gradient, and for losses of what enters the last one
            layer.inplace = False
    return nn.Sequential(*layers).to(dtype).train(net.training)


def loss_of(name: str, net: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Return what a network gives and its loss, as the app defines it."""
    f, values = nn.functional, [x]
    for layer in net:
        values.append(layer(values[-1]))
    out, m = values[-1], len(x)
    fused = {"softmax_cross_entropy": (nn.Softmax, nn.LogSoftmax), "bce_with_logits": (nn.Sigmoid,)}.get(name, ())
    at = len(net)
    while at and isinstance(net[at - 1], (nn.Identity, Masked)) and not net.training:
        at -= 1
    logits = values[at - 1] if fused and at and isinstance(net[at - 1], fused) else out
    if name == "softmax_cross_entropy":
        y = y if y.shape == logits.shape else f.one_hot(y.long().reshape(-1), logits.shape[1]).to(logits.dtype)
        return out, -(y * torch.log_softmax(logits, 1)).sum() / m
    return out, {
        "mse": lambda: f.mse_loss(out, y), "sse": lambda: ((out - y) ** 2).sum(), "half_sse": lambda: ((out - y) ** 2).sum() / 2,
        "mae": lambda: (out - y).abs().sum() / m, "huber": lambda: f.huber_loss(out, y, reduction="sum") / m,
        "bce_with_logits": lambda: f.binary_cross_entropy_with_logits(logits, y, reduction="sum") / m,
    }[name]()  # fmt: skip


class Compared:
    """One case, with what is compared of it; `closed` counts what is not stepped or not written, by its reason."""

    def __init__(self, r: random.Random, case: Case, closed: collections.Counter[str]) -> None:
        self.r, self.case, self.closed = r, case, closed

    @staticmethod
    def value(run: Any, name: str) -> Any:
        """Return a value with samples as rows."""
        value = np.asarray(run.machine.value(next(v.index for v in run.program.values if v.name == name and v.kind != "part")))
        return value.T if run.program.batching.axis == -1 else value

    def last(self, run: Any) -> Any:
        return self.value(run, [s for s in run.program.statements if s.phase == "forward"][-1].target)

    def near(self, found: Any, wanted: Any, lost: float) -> bool:
        if found.shape != wanted.shape:
            return False
        scale = max(1.0, float(np.abs(wanted).max(initial=0)))
        bound = BOUND[self.case.dtype] * scale + SHARE[self.case.dtype] * lost
        return bool(np.all(np.abs(found.astype(np.float64) - wanted) <= bound))

    def same(self, what: str, found: Any, wanted: Any, rough: Any) -> None:
        """Compare with PyTorch's in 64 bits; `rough` is PyTorch's in 32."""
        wanted, rough = (np.asarray(a.detach().numpy() if torch.is_tensor(a) else a) for a in (wanted, rough))
        with np.errstate(all="ignore"):
            lost = float(np.nan_to_num(np.abs(wanted - rough)).max(initial=0))
        found = np.asarray(found)
        if found.shape != wanted.shape or not self.near(found, wanted, lost):
            off = np.abs(found - wanted).max() if found.shape == wanted.shape else f"{found.shape} for {wanted.shape}"
            raise Wrong(f"{what} is off by {off} (PyTorch itself in 32 bits: {lost:.2g})")

    # -- inspecting and saving

    def inspected(self, saved: Any) -> None:
        said = {t["name"]: t for t in inspect_json(inspected(saved))["tensors"]}
        for t in saved.tensors:
            a, s = array(saved, t.name), said[t.name]
            wide = np.asarray(a, np.float64)
            fits = not a.size or (
                np.isclose(s["min"], wide.min(), 1e-12, 0) and np.isclose(s["max"], wide.max(), 1e-12, 0)
                and np.isclose(s["mean"], wide.mean(), 1e-9, 1e-12 * np.abs(wide).max())
            )  # fmt: skip
            size = 2 if t.dtype == "bfloat16" else a.dtype.itemsize
            if not fits or s["nonfinite"] or s["bytes"] != size * a.size or s["shape"] != list(a.shape):
                raise Wrong(f"inspect says of {t.name}: {s}")
        held = [(a.shape, np.ascontiguousarray(a).tobytes()) for a in (array(saved, t.name) for t in saved.tensors)]
        for wanted in self.case.arrays or ():
            if (wanted.shape, np.ascontiguousarray(wanted).tobytes()) not in held:
                raise Wrong(f"an array of the shape {wanted.shape} is not in the file as its library wrote it")

    def saved_again(self, opened: Opened, picked: dict[str, str], samples: Samples) -> None:
        folder, saved, case = self.case.path.parent, opened.saved, self.case
        assert saved is not None
        choices = Choices(**picked)
        for form in (".npz", ".safetensors") if saved.tensors else ():
            convert(str(case.path), folder / f"out{form}", None, choices, samples)
            again = read_saved(str(folder / f"out{form}"))
            for t in saved.tensors:
                one, two = array(saved, t.name), array(again, member_name(t.name) if form == ".npz" else t.name)
                if one.tobytes() != two.tobytes() or one.shape != two.shape:
                    raise Wrong(f"{t.name} is another in {form}")
        run = trace(opened.program, 1)
        x, out = self.value(run, "X"), self.last(run)
        self._onnx(folder, choices, samples, x, out, opened.program.batching.axis == -1)
        self._toml(folder, choices, samples, out)
        runner = Runner(opened.program)
        done = all(runner.step() for _ in range(3))
        if not done:
            raise Wrong(f"a run stops: {runner.fault and runner.fault.message}")
        with contextlib.chdir(folder):
            space, _ = run_script(script_text(opened.program, "net"), 3)
        for name, value in runner.state.items():
            if bits(space[name]) != bits(value):
                raise Wrong(f"the script has another {name}")
        session = session_of(opened)
        session.run(2)
        (folder / "doc.stepper").write_bytes(document_of(session))
        again = open_document(folder / "doc.stepper").session
        for value in opened.program.values:
            if bits(session.timeline.machine.peek(value.index)) != bits(again.timeline.machine.peek(value.index)):
                raise Wrong(f"{value.name} is another in the document")

    def _onnx(self, folder: Path, choices: Choices, samples: Samples, x: Any, out: Any, columns: bool) -> None:
        try:
            convert(str(self.case.path), folder / "out.onnx", None, choices, samples)
        except StepperError as error:
            self.closed[f"not written as ONNX: {re.sub(r'[0-9]+', 'N', str(error))}"] += 1
            return
        evaluator = ReferenceEvaluator(str(folder / "out.onnx"))
        code = evaluator.proto_.graph.input[0].type.tensor_type.elem_type
        kind = {1: np.float32, 10: np.float16}.get(code, np.float64)
        given = (x.T if columns else x).astype(kind)  # it takes samples as the program does
        theirs = evaluator.run(None, {evaluator.input_names[0]: given})[0]
        theirs = theirs.T if columns else theirs
        exact, self.case.dtype = self.case.dtype, "float32" if self.case.dtype == "float64" else self.case.dtype
        self.same(
            "what it gives as ONNX", np.asarray(theirs, np.float64), np.asarray(out, np.float64), np.asarray(out, np.float64)
        )
        self.case.dtype = exact

    def _toml(self, folder: Path, choices: Choices, samples: Samples, out: Any) -> None:
        try:
            convert(str(self.case.path), folder / "out.toml", None, choices, samples)
        except StepperError as error:
            self.closed[f"not described: {re.sub(r'^.*? (is|follows|has) ', '… ', re.sub(r'[0-9]+', 'N', str(error)))}"] += 1
            return
        if any(isinstance(n, nn.Dropout) for n in self.case.net):
            return  # a description trains, and draws who is left out
        program = open_target(str(folder / "out.toml")).program
        found = self.last(trace(program, 1))
        self.same("what it gives as TOML", found, np.asarray(out, np.float64), np.asarray(out, np.float64))
