"""Networks drawn at random, written by the libraries that learners use, and stepped and saved by us: all numbers are theirs.

`python tests/fuzz/fuzz_networks.py [--count 60] [--seed 1] [--only torch,keras,…]`, a part of `make fuzz`. A case is named by its
seed, so `--seed N --count 1` repeats it. Compared are what a network gives in use and in training, its loss, every gradient,
updates by SGD, momentum and Adam, what is said of its arrays, and what each form of ours gives when its own library reads it.
What is closed is counted by its reason; each reason that REASONS does not hold is a fault, as is any other difference.
"""

from __future__ import annotations

import argparse
import collections
import random
import re
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from compared_networks import LOSSES, Compared, Wrong, loss_of, twin_of
from drawn_networks import of_arrays, of_scikit, of_torch
from exported_networks import of_exporter, of_helper, of_keras
from torch import nn

from core.errors import StepperError
from core.files.problem import FileProblem
from core.library import Opened, open_saved
from core.report import trace
from core.saved_target import read_saved
from core.steppable.build import Choices, layers_of
from core.steppable.data import Samples

MAKERS = {
    "torch": of_torch,
    "arrays": of_arrays,
    "sklearn": of_scikit,
    "keras": of_keras,
    "exporter": of_exporter,
    "onnx": of_helper,
}
OPTIMIZERS: dict[str, Any] = {
    "sgd": lambda p: torch.optim.SGD(p, 0.1), "momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
    "nesterov": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True), "adam": lambda p: torch.optim.Adam(p, 0.1),
}  # fmt: skip
REASONS: dict[str, str] = {
    "samples that are not flat": "softmax within a sample of several axes",
    "no layer that can be stepped": "functions alone: a file of PyTorch does not say how many numbers enter",
    "no tensors are in it": "functions alone",
}


class Check(Compared):
    """One case, compared from reading to saving."""

    def run(self) -> None:
        case, r = self.case, self.r
        try:
            saved = read_saved(str(case.path))
        except FileProblem as error:
            self._is_closed(str(error))
            return
        self.inspected(saved)
        modes = ["use", "training"] if not case.infer or r.random() < 0.5 else ["use"]
        for mode in modes:
            picked = {
                "loss": r.choice(["", *LOSSES]),
                "optimizer": r.choice(list(OPTIMIZERS) if case.dtype != "float16" else ["sgd", "momentum"]),
                "mode": mode,
                **self._picked(saved),
            }
            samples = Samples(count=r.choice([2, 3, 7, 9]), seed=r.randrange(99))
            opened = self._opened(saved, picked, samples)
            if opened is None:
                return
            self._stepped(opened, picked)
            if mode == "use":
                self.saved_again(opened, picked, samples)

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
        """Compare what stands before a closed layer with what each layer of the network gives: one of them must give the same."""
        run = trace(opened.program, 1)
        x, out = self.value(run, "X"), self.last(run)
        flow, seen = torch.tensor(np.asarray(x, np.float64)), []
        for layer in twin_of(self.case.net, torch.float64):
            flow = layer(flow)
            seen.append(flow.detach().numpy())
        if not any(a.shape == out.shape and self.near(out, a, 0.0) for a in seen):
            raise Wrong("what stands before the closed layer is no value of the network")

    # -- stepping

    def _stepped(self, opened: Opened, picked: dict[str, str]) -> None:
        case, program = self.case, opened.program
        run = trace(program, 1)
        if run.fault is not None:
            raise Wrong(f"a fault: {run.fault.message}")
        net = case.net.train(picked["mode"] == "training")
        twins = [twin_of(net, t) for t in (torch.float64, torch.float32)]
        self._masks(run, net, twins)
        x, y = self.value(run, "X"), None
        steps = opened.steps
        assert steps is not None
        if not steps.loss:
            outs = [t(torch.tensor(x, dtype=next(iter(t.state_dict().values()), torch.zeros(1)).dtype)) for t in twins]
            self.same("what it gives", self.last(run), *outs)
            return
        y = self.value(run, "Y")
        pairs = self._pairs(opened, run, twins)
        ends = []
        for twin, kind in zip(twins, (torch.float64, torch.float32), strict=True):
            optimizer = OPTIMIZERS[picked["optimizer"]](list(twin.parameters())) if list(twin.parameters()) else None
            out, loss = loss_of(steps.loss, twin, torch.tensor(x, dtype=kind), torch.tensor(y, dtype=kind))
            if optimizer is not None:
                loss.backward()
                optimizer.step()
            ends.append((out, loss))
        self.same("what it gives", self.last(run), ends[0][0], ends[1][0])
        if case.theirs is not None and picked["mode"] == "use":
            self.same("what its own library gives", case.theirs(np.asarray(x)), ends[0][0], ends[1][0])
            self.same("what it gives", self.last(run), case.theirs(np.asarray(x)), ends[1][0])
        self.same("the loss", np.asarray(run.machine.value(program.loss)).reshape(()), ends[0][1], ends[1][1])
        gradients = {n: np.asarray(run.machine.value(g)) for n, g in program.gradients.items()}
        state = run.machine.state()
        for name, (true, rough, turned) in pairs.items():
            t, q = (p.grad.numpy().T if turned else p.grad.numpy() for p in (true, rough))
            self.same(f"the gradient of {name}", gradients[name].reshape(t.shape), t, q)
            moved = [p.detach().numpy().T if turned else p.detach().numpy() for p in (true, rough)]
            # Where the gradient is what rounding leaves, the step of Adam is its sign.
            clear = (np.abs(t) > 1e-4) | (picked["optimizer"] != "adam")
            clear &= np.abs(t - q) < 1e-2 * np.abs(t) + 1e-30 if picked["optimizer"] == "adam" else True
            held = state[name].reshape(t.shape)
            self.same(f"{name} after a step of {picked['optimizer']}", held[clear], *(a[clear] for a in moved))
        self._statistics(program, state, twins)

    def _masks(self, run: Any, net: Any, twins: Any) -> None:
        k = 0
        for place, layer in enumerate(net):
            if isinstance(layer, nn.Dropout) and 0 < layer.p < 1:
                k += 1
                if net.training:
                    for twin in twins:
                        twin[place].mask = torch.tensor(np.asarray(self.value(run, f"D{k}"), np.float64)).to(
                            torch.float64 if twin is twins[0] else torch.float32
                        )

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
            self.same(name, state[name].reshape(-1), true.running_mean, rough.running_mean)
            other = name.replace("mean", "variance")
            self.same(other, state[other].reshape(-1), true.running_var, rough.running_var)


def main() -> int:
    """Draw cases until all are done; say what was wrong, and what is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=60, help="networks of each library")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no new network is drawn after so many")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", default=",".join(MAKERS))
    options = parser.parse_args()
    first = random.randrange(2**31) if options.seed is None else options.seed
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    closed: collections.Counter[str] = collections.Counter()
    faults = 0
    ways: collections.Counter[str] = collections.Counter()
    start = time.monotonic()
    for seed in range(first, first + options.count):
        if time.monotonic() - start > 60 * options.minutes:
            break
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
                    print(f"WRONG {way} --seed {seed} --only {name}: {text}", flush=True)
                    faults += 1
    print(f"first seed {first}, {ways.total()} networks, {faults} wrong: {dict(ways)}")
    for what, n in closed.most_common():
        print(f"{n:5} × {what}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
