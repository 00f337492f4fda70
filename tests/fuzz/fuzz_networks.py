"""Networks drawn at random, written by the libraries that learners use, and read, stepped and saved by us: every number is theirs.

`python tests/fuzz/fuzz_networks.py [--count 300] [--seed 1] [--only torch,keras,…]`, also a part of `make fuzz`. A case is named by
its seed, so `--seed N --count 1` repeats it. Compared are what a network gives in use and in training, its loss, every gradient,
updates by SGD, momentum and Adam, what is said of its arrays, and what each form of ours gives when its own library reads it.
What is closed is counted by its reason; each reason that REASONS does not hold is a fault, as is any other difference.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import copy
import io
import os
import random
import re
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1]), str(Path(__file__).parent)]
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import torch
from drawn_networks import Case, Masked, Normed, of_arrays, of_scikit, of_torch
from exported_networks import of_exporter, of_helper, of_keras
from helpers.bits import bits
from onnx.reference import ReferenceEvaluator
from torch import nn

from core.document import document_of, open_document
from core.errors import StepperError
from core.execute.runner import Runner
from core.files.arrays import array
from core.files.saving.save_npz import member_name
from core.inspect_report import inspect_json, inspected
from core.library import Opened, open_saved, open_target
from core.notation.script import script_text
from core.report import trace
from core.saved_convert import convert
from core.saved_target import read_saved
from core.session import session_of
from core.steppable.build import Choices, layers_of
from core.steppable.data import Samples

MAKERS = {"torch": of_torch, "arrays": of_arrays, "sklearn": of_scikit, "keras": of_keras, "exporter": of_exporter, "onnx": of_helper}
BOUND = {"float64": 1e-12, "float32": 1e-5, "bfloat16": 1e-5, "mixed": 1e-5, "float16": 5e-3}
SHARE = {"float64": 3e-8, "float32": 30.0, "bfloat16": 30.0, "mixed": 30.0, "float16": 3e5}
"""So much of what PyTorch itself loses between 64 and 32 bits is allowed: the condition of the network."""
LOSSES = ("mse", "mae", "huber", "sse", "half_sse", "softmax_cross_entropy", "bce_with_logits")
OPTIMIZERS: dict[str, Any] = {
    "sgd": lambda p: torch.optim.SGD(p, 0.1), "momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
    "nesterov": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True), "adam": lambda p: torch.optim.Adam(p, 0.1),
}  # fmt: skip
REASONS: dict[str, str] = {
    "samples that are not flat": "softmax within a sample of several axes",
    "no layer that can be stepped": "functions alone: a file of PyTorch does not say how many numbers enter",
}


class Wrong(Exception):
    """What is not as its library has it."""


def twin_of(net: Any, dtype: Any) -> Any:
    """Return a network in another type, with masks in place of dropouts."""
    layers = [Masked() if isinstance(n, nn.Dropout) else copy.deepcopy(n) for n in net]
    return nn.Sequential(*layers).to(dtype).train(net.training)


def loss_of(name: str, net: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Return what a network gives and its loss, as the app defines it."""
    f, values = nn.functional, [x]
    for layer in net:
        values.append(layer(values[-1]))
    out, m = values[-1], len(x)
    fused = {"softmax_cross_entropy": (nn.Softmax, nn.LogSoftmax), "bce_with_logits": (nn.Sigmoid,)}.get(name, ())
    at = len(net)
    while at and isinstance(net[at - 1], (nn.Identity, Masked, nn.Flatten)) and (net[at - 1] is None or not net.training):
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


class Check:
    """One case, compared from reading to saving."""

    def __init__(self, r: random.Random, case: Case, closed: collections.Counter[str]) -> None:
        self.r, self.case, self.closed = r, case, closed

    def run(self) -> None:
        case, r = self.case, self.r
        saved = read_saved(str(case.path))
        self._inspected(saved)
        modes = ["use", "training"] if not case.infer or r.random() < 0.5 else ["use"]
        for mode in modes:
            picked = {"loss": r.choice(["", *LOSSES]), "optimizer": r.choice(list(OPTIMIZERS) if case.dtype != "float16" else ["sgd", "momentum"]), "mode": mode, **self._picked(saved)}
            samples = Samples(count=r.choice([2, 3, 7, 9]), seed=r.randrange(99))
            opened = self._opened(saved, picked, samples)
            if opened is None:
                return
            self._stepped(opened, picked)
            if mode == "use":
                self._saved_again(opened, picked, samples)

    def _picked(self, saved: Any) -> dict[str, str]:
        picked = dict(self.case.choices)
        way = picked.pop("way", "out,in")
        if self.case.infer:
            _, inferred = layers_of(saved)
            asked = {q.key for q in inferred.questions} if inferred is not None else set()
            if "orientation" in asked:
                picked["orientation"] = way
        return picked

    def _opened(self, saved: Any, picked: dict[str, str], samples: Samples) -> Opened | None:
        try:
            opened = open_saved(saved, None, Choices(**picked), samples)
        except StepperError as error:
            if picked["loss"] and re.search("needs a|shares out", str(error)):
                picked["loss"] = "mse"
                return self._opened(saved, picked, samples)
            self._is_closed(str(error))
            return None
        if opened.program.fault is not None:
            raise Wrong(f"a fault: {opened.program.fault.message}")
        if opened.steps is not None and opened.steps.stops:
            self._is_closed(opened.steps.stops)
            self._before(opened)
            return None
        return opened

    def _is_closed(self, why: str) -> None:
        self.closed[re.sub(r"\d+", "N", re.sub(r"^.*?: ", "", why))] += 1
        if not any(reason in why for reason in REASONS):
            raise Wrong(f"closed: {why}")

    def _before(self, opened: Opened) -> None:
        """Compare what stands before a closed layer with the same layers of the network, by its number of matrices."""
        run = trace(opened.program, 1)
        x, out = self._value(run, "X"), self._last(run)
        flow, seen = torch.tensor(np.asarray(x, np.float64)), []
        for layer in twin_of(self.case.net, torch.float64):
            flow = layer(flow)
            seen.append(flow.detach().numpy())
        if not any(a.shape == out.shape and self._near(out, a, 0.0) for a in seen):
            raise Wrong("what stands before the closed layer is no value of the network")

    @staticmethod
    def _value(run: Any, name: str) -> Any:
        """Return a value with samples as rows."""
        value = np.asarray(run.machine.value(next(v.index for v in run.program.values if v.name == name and v.kind != "part")))
        return value.T if run.program.batching.axis == -1 else value

    def _last(self, run: Any) -> Any:
        return self._value(run, [s for s in run.program.statements if s.phase == "forward"][-1].target)

    def _near(self, found: Any, wanted: Any, lost: float) -> bool:
        if found.shape != wanted.shape:
            return False
        scale = max(1.0, float(np.abs(wanted).max(initial=0)))
        bound = BOUND[self.case.dtype] * scale + SHARE[self.case.dtype] * lost
        return bool(np.all(np.abs(found.astype(np.float64) - wanted) <= bound))

    def _same(self, what: str, found: Any, wanted: Any, rough: Any) -> None:
        """Compare with PyTorch's in 64 bits; `rough` is PyTorch's in 32."""
        wanted, rough = (np.asarray(a.detach().numpy() if torch.is_tensor(a) else a) for a in (wanted, rough))
        with np.errstate(all="ignore"):
            lost = float(np.nan_to_num(np.abs(wanted - rough)).max(initial=0))
        found = np.asarray(found)
        if found.shape != wanted.shape or not self._near(found, wanted, lost):
            off = np.abs(found - wanted).max() if found.shape == wanted.shape else f"{found.shape} for {wanted.shape}"
            raise Wrong(f"{what} is off by {off} (PyTorch itself in 32 bits: {lost:.2g})")

    # -- stepping

    def _stepped(self, opened: Opened, picked: dict[str, str]) -> None:
        case, program = self.case, opened.program
        run = trace(program, 1)
        if run.fault is not None:
            raise Wrong(f"a fault: {run.fault.message}")
        net = case.net.train(picked["mode"] == "training")
        twins = [twin_of(net, t) for t in (torch.float64, torch.float32)]
        self._masks(run, net, twins)
        x, y = self._value(run, "X"), None
        steps = opened.steps
        assert steps is not None
        if not steps.loss:
            outs = [t(torch.tensor(x, dtype=next(iter(t.state_dict().values()), torch.zeros(1)).dtype)) for t in twins]
            self._same("what it gives", self._last(run), *outs)
            return
        y = self._value(run, "Y")
        pairs = self._pairs(opened, run, twins)
        ends = []
        for twin, kind in zip(twins, (torch.float64, torch.float32), strict=True):
            optimizer = OPTIMIZERS[picked["optimizer"]](list(twin.parameters())) if list(twin.parameters()) else None
            out, loss = loss_of(steps.loss, twin, torch.tensor(x, dtype=kind), torch.tensor(y, dtype=kind))
            if optimizer is not None:
                loss.backward()
                optimizer.step()
            ends.append((out, loss))
        self._same("what it gives", self._last(run), ends[0][0], ends[1][0])
        if case.theirs is not None and picked["mode"] == "use":
            self._same("what its own library gives", case.theirs(np.asarray(x)), ends[0][0], ends[1][0])
            self._same("what it gives", self._last(run), case.theirs(np.asarray(x)), ends[1][0])
        self._same("the loss", np.asarray(run.machine.value(program.loss)).reshape(()), ends[0][1], ends[1][1])
        gradients = {n: np.asarray(run.machine.value(g)) for n, g in program.gradients.items()}
        state = run.machine.state()
        for name, (true, rough, turned) in pairs.items():
            t, q = (p.grad.numpy().T if turned else p.grad.numpy() for p in (true, rough))
            self._same(f"the gradient of {name}", gradients[name].reshape(t.shape), t, q)
            moved = [p.detach().numpy().T if turned else p.detach().numpy() for p in (true, rough)]
            # Where the gradient is what rounding leaves, the step of Adam is its sign.
            clear = (np.abs(t) > 1e-4) | (picked["optimizer"] != "adam")
            clear &= np.abs(t - q) < 1e-2 * np.abs(t) + 1e-30 if picked["optimizer"] == "adam" else True
            held = state[name].reshape(t.shape)
            self._same(f"{name} after a step of {picked['optimizer']}", held[clear], *(a[clear] for a in moved))
        self._statistics(program, state, twins)

    def _masks(self, run: Any, net: Any, twins: Any) -> None:
        k = 0
        for place, layer in enumerate(net):
            if isinstance(layer, nn.Dropout) and 0 < layer.p < 1:
                k += 1
                if net.training:
                    for twin in twins:
                        twin[place].mask = torch.tensor(np.asarray(self._value(run, f"D{k}"), np.float64)).to(torch.float64 if twin is twins[0] else torch.float32)

    def _pairs(self, opened: Opened, run: Any, twins: Any) -> dict[str, tuple[Any, Any, bool]]:
        """Return each parameter of the program with PyTorch's, and whether it lies turned; their numbers are equal to the bit."""
        program, found = opened.program, {}
        wanted = [list(t.parameters()) for t in twins]
        names = program.gradients
        order = [n for g in program.given if (n := g.name) in names]
        if len(order) != len(wanted[0]):
            raise Wrong(f"{len(order)} parameters are trained, and {len(wanted[0])} are in the network")
        for name, true, rough in zip(order, *wanted, strict=True):
            value, p = np.asarray(program.first_values[name], np.float64), true.detach().numpy()
            turned = p.ndim == 2 and not np.array_equal(value, p)
            if not np.array_equal(value.reshape(-1) if p.ndim < 2 else value, p.T if turned else p):
                raise Wrong(f"{name} does not hold the numbers of the file")
            found[name] = (true, rough, turned)
        return found

    def _statistics(self, program: Any, state: Any, twins: Any) -> None:
        norms = [[n for n in t if isinstance(n, nn.BatchNorm1d)] for t in twins]
        ours = [n for n in state if n.startswith("mean")]
        for name, true, rough in zip(ours, *norms, strict=False):
            self._same(name, state[name].reshape(-1), true.running_mean, rough.running_mean)
            other = name.replace("mean", "variance")
            self._same(other, state[other].reshape(-1), true.running_var, rough.running_var)

    # -- inspecting and saving

    def _inspected(self, saved: Any) -> None:
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

    def _saved_again(self, opened: Opened, picked: dict[str, str], samples: Samples) -> None:
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
        x, out = self._value(run, "X"), self._last(run)
        self._onnx(folder, choices, samples, x, out)
        self._toml(folder, choices, samples, out)
        runner = Runner(opened.program)
        done = all(runner.step() for _ in range(3))
        if not done:
            raise Wrong(f"a run stops: {runner.fault and runner.fault.message}")
        space: dict[str, Any] = {"__name__": "__main__"}
        script = script_text(opened.program, "net", 3)
        before, sys.argv, errors = sys.argv, ["net.py"], np.geterr()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(folder):
            exec(compile(script, "net.py", "exec"), space)
        sys.argv = before
        np.seterr(**errors)
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

    def _onnx(self, folder: Path, choices: Choices, samples: Samples, x: Any, out: Any) -> None:
        try:
            convert(str(self.case.path), folder / "out.onnx", None, choices, samples)
        except StepperError as error:
            self.closed[f"not written as ONNX: {re.sub(r'[0-9]+', 'N', str(error))}"] += 1
            return
        evaluator = ReferenceEvaluator(str(folder / "out.onnx"))
        code = evaluator.proto_.graph.input[0].type.tensor_type.elem_type
        kind = {1: np.float32, 10: np.float16}.get(code, np.float64)
        theirs = evaluator.run(None, {evaluator.input_names[0]: x.astype(kind)})[0]
        exact, self.case.dtype = self.case.dtype, "float32" if self.case.dtype == "float64" else self.case.dtype
        self._same("what it gives as ONNX", np.asarray(theirs, np.float64), np.asarray(out, np.float64), np.asarray(out, np.float64))
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
        found = self._last(trace(program, 1))
        self._same("what it gives as TOML", found, np.asarray(out, np.float64), np.asarray(out, np.float64))


def main() -> int:
    """Draw cases until all are done; say what was wrong, and what is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", default=",".join(MAKERS))
    parser.add_argument("--loud", action="store_true")
    options = parser.parse_args()
    first = random.randrange(2**31) if options.seed is None else options.seed
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    closed: collections.Counter[str] = collections.Counter()
    faults: dict[str, list[str]] = {}
    ways: collections.Counter[str] = collections.Counter()
    for seed in range(first, first + options.count):
        for name in options.only.split(","):
            r = random.Random(f"{seed} {name}")
            with tempfile.TemporaryDirectory() as folder:
                way = name
                try:
                    case = MAKERS[name](r, Path(folder))
                    ways[way := case.way] += 1
                    Check(r, case, closed).run()
                except Exception as error:
                    text = f"{type(error).__name__}: {error}".splitlines()[0][:300]
                    faults.setdefault(re.sub(r"[\d.e+-]+", "N", text), []).append(f"{way} --seed {seed} --only {name}: {text}")
                    if options.loud:
                        traceback.print_exc()
    print(f"first seed {first}, {ways.total()} networks: {dict(ways)}")
    for what, n in closed.most_common():
        print(f"{n:5} × {what}")
    for found in sorted(faults.values(), key=len, reverse=True):
        print(f"WRONG {len(found)} ×", *found[:3], sep="\n      ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
