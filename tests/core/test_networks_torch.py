"""300 random described networks, 20 iterations each, against PyTorch in float64 from equal starts.

Where the two define something differently, ours is what the program's own lines say, and the twin follows it:

- Reductions: "mean" is over all elements for `mse` (as in torch), but over samples for every other loss; torch's "mean" of
  `l1_loss`, `huber_loss` and `binary_cross_entropy` is over elements. The twin takes torch's "sum" and divides.
- `sse` and `half_sse` are always sums. `huber` is ½e² up to delta = 1, then delta·(|e| − ½delta): torch's `huber_loss`, not its
  `smooth_l1_loss` (which divides by beta). `hinge` is torch's `margin_ranking_loss` against 0 with margin 1.
- `bce` takes log(a) as it is; torch clamps log at −100, which these networks never reach (logits stay below 30 in size).
  `softplus` has no threshold (torch's default goes over to the identity above 20). `gelu` is
  torch's tanh form, `gelu_erf` its exact one.
- Epsilon stands outside the root in adagrad, rmsprop and adam, √(v) + ε, as in torch; inside it in the normalisations,
  √(var + 1e-5), as in torch. Normalisation divides by the population variance, running variances by m − 1, as in torch.
- Momentum starts its velocity at 0 and adds the whole gradient: torch's `momentum` with `dampening=0`. The averaged form adds
  (1 − β)g from the first step on; torch's `dampening=1 − β` takes the whole first gradient, so the twin does it by hand.
- Weight decay is decoupled for every optimiser, shrinks the weights alone (no biases, no gamma, beta) and comes before the step:
  p ← (1 − rate·decay)·p, as in torch's AdamW. Its `weight_decay` in SGD, Adagrad and RMSprop is L2 instead: ours is `l2`.
- L1 and L2 belong to the loss, weights alone, so they are clipped with the rest. Clipping is by value first, then by norm, with
  torch's 1e-6 beside the norm.
- Schedules count from 0 at the first iteration, as torch's do. The cosine reaches 0 after `total` iterations and stays there;
  torch's `CosineAnnealingLR` would come up again, so `total` ≥ 20 here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.torch_twin import TorchTwin

from core.data.batches import Picker
from core.description import ACTIVATIONS, INITIALIZERS, LAYER_FIELDS, LOSSES, OPTIMIZERS, SCHEDULES, describe
from core.execute.inputs import inputs_of
from core.execute.machine import Machine
from core.execute.runner import Runner
from core.network_file import build
from core.program.ir import Program

torch = pytest.importorskip("torch", reason="the oracle extra is not installed")

SEEDS = range(300)
ITERATIONS = 20
BOUND = 1e-9
FUSED = {"bce": "sigmoid", "bce_with_logits": "sigmoid", "cross_entropy": "softmax", "softmax_cross_entropy": "softmax"}
SAMPLES_NEEDED = 3
"""By a batch normalisation: with 2 samples the normalised ones are ±1 whatever enters, and true gradients are all but 0."""


def drawn(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the tree of choices of a network, and the arrays of its data file; always the same for a seed."""
    random = np.random.default_rng([20240, seed])

    def pick(*choices: Any) -> Any:
        return choices[int(random.integers(len(choices)))]

    loss, optimizer = LOSSES[seed % 10], OPTIMIZERS[seed // 10 % 8]
    width = pick((3,), (4,), (2, 2), (2, 3), (2, 2, 2))
    samples = int(random.integers(7, 13))
    batch = pick("full", samples, 3, 4, 5, samples - 3)
    least = samples if batch == "full" else min(batch, samples % batch or batch)
    layers = _layers(random, seed, loss, width, least)
    outputs = layers[-1].get("units", 0) or next(x["units"] for x in reversed(layers) if "units" in x)
    tree: dict[str, Any] = {
        "network": {
            "inputs": list(width) if len(width) > 1 else width[0],
            "layers": layers,
            "loss": loss,
            "reduction": pick("mean", "sum"),
            "convention": pick("columns", "rows"),
        },
        "data": {"source": "points.npz", "batch": batch, "shuffle": pick(True, False), "seed": int(random.integers(100))},
        "parameters": {
            "init": pick("uniform", "normal", "glorot", "he", "lecun", "orthogonal"),
            "scale": pick(0.3, 0.5),
            "seed": int(random.integers(1000)),
            "generator": pick("RandomState", "PCG64"),
        },
        "optimizer": {
            "name": optimizer,
            "learning_rate": pick(0.01, 0.02) if optimizer in ("adagrad", "rmsprop", "adam", "adamw") else pick(0.02, 0.05),
            "beta": pick(0.9, 0.5),
            "beta1": pick(0.9, 0.8),
            "beta2": pick(0.999, 0.99),
            "epsilon": pick(1e-8, 1e-6),
            "l1": pick(0.0, 0.0, 0.01),
            "l2": pick(0.0, 0.0, 0.05),
            "weight_decay": pick(0.0, 0.1, 0.5),
            "clip_value": pick(None, None, 0.05),
            "clip_norm": pick(None, None, 0.3),
            "schedule": SCHEDULES[seed // 3 % 3],
            "drop": pick(0.5, 0.8),
            "every": pick(3, 7),
            "total": pick(20, 33),
        },
    }
    # Units that start equal make normalisations and most softmaxes exactly flat: true gradients of 0, as below.
    flat = any("norm" in x.get("layer", "") or "softmax" in x.get("activation", "") for x in layers)
    if not flat and seed % 7 == 0:
        tree["parameters"]["init"] = pick("zeros", "constant")
    tree["optimizer"] = {k: v for k, v in tree["optimizer"].items() if v is not None}
    x = random.uniform(-1, 1, (samples, int(np.prod(width))))
    y = random.uniform(0, 1, (samples, outputs))
    if loss in ("bce", "bce_with_logits", "hinge"):
        y = (y > 0.5).astype(float)
    elif loss in ("cross_entropy", "softmax_cross_entropy"):
        labels = np.arange(samples) % outputs
        y = np.eye(outputs)[labels]
        kind = pick("one-hot", "index", "shares") if loss == "softmax_cross_entropy" else "one-hot"
        if kind == "index":
            tree["data"]["labels"] = "index"
        elif kind == "shares":
            y = random.dirichlet(np.ones(outputs), samples)
    return tree, {"X": x, "Y": y}


def _layers(random: np.random.Generator, seed: int, loss: str, width: tuple[int, ...], least: int) -> list[dict[str, Any]]:
    """Draw layers of which a batch normalisation never sees what is the same in every sample and exactly linear.

    The true gradient of a bias that only shifts what a batch normalisation takes the mean off is 0, and what an adaptive
    optimiser makes of its rounding is not to be compared; so a bend stands between the two.
    """

    def pick(*choices: Any) -> Any:
        return choices[int(random.integers(len(choices)))]

    smooth = ("sigmoid", "tanh", "gelu_erf", "softplus", "silu")  # elu is exactly linear above 0
    layers: list[dict[str, Any]] = [{"layer": "flatten"}] if len(width) > 1 or pick(True, False, False) else []
    size = int(np.prod(width))
    for depth in range(pick(0, 1, 1, 2, 2)):
        activation = ACTIVATIONS[(seed // 10 + 3 * depth + int(random.integers(3))) % len(ACTIVATIONS)]
        units = pick(size, size, 3, 4, 5)
        layer = {"units": units, "activation": activation, "bias": pick(True, True, False)}
        layer["residual"] = units == size and pick(True, True, False)
        size = units
        layers.append(layer)
        following = pick("none", "dropout", "batch_norm", "layer_norm", "batch_norm", "layer_norm")
        if following == "dropout":
            layers.append({"layer": "dropout", "rate": pick(0.2, 0.5, 0.0)})
        elif following != "none" and (following == "layer_norm" or least >= SAMPLES_NEEDED):
            if following == "batch_norm":
                layer["activation"] = pick(*smooth)
                layers.append({"layer": following, "momentum": pick(0.1, 0.3, 1.0), "activation": pick(*ACTIVATIONS)})
            else:
                layers.append({"layer": following, "activation": pick(*ACTIVATIONS)})
    layers.append({"units": pick(2, 3), "activation": FUSED.get(loss) or pick(*ACTIVATIONS), "bias": pick(True, True, False)})
    for layer in layers:
        if layer.get("activation") in ("leaky_relu", "elu") and pick(True, False):
            layer["slope"] = pick(0.2, 0.7)
    return layers


def built(seed: int, folder: Path, **changed: dict[str, Any]) -> tuple[Any, Program]:
    """Return the description and the program of a drawn network; `changed` replaces choices of its sections."""
    tree, arrays = drawn(seed)
    for section, choices in changed.items():
        tree[section] |= choices
    columns = tree["network"]["convention"] == "columns"
    np.savez(folder / "points.npz", **{n: a.T if columns else a for n, a in arrays.items()})
    d = describe(tree)
    return d, build(d, folder).program


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """These arrays are tiny: threads that wait for each other take most of torch's time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Masks:
    """The dropout masks of each iteration, read from the values of a Machine that starts where the Runner stood."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.picker = Picker(program.batching)
        self.wanted = [i for i in program.instructions if i.op == "dropout_mask"]
        self.found: list[dict[str, Any]] = []

    def note(self, runner: Runner) -> None:
        """Read the masks of the iteration that `runner` is about to run."""
        seen: dict[str, Any] = {}
        if self.wanted:
            machine = Machine(self.program, inputs_of(self.program, self.picker, runner.state, runner.iteration + 1))
            machine.go(self.wanted[-1].index + 1)
            seen = {self.program.values[i.result].name: machine.value(i.result) for i in self.wanted}
        self.found.append(seen)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_described_network_trains_as_torch_trains_it(seed: int, tmp_path: Path) -> None:
    d, program = built(seed, tmp_path)
    runner, masks, losses = Runner(program), Masks(program), []
    for _ in range(ITERATIONS):
        masks.note(runner)
        assert runner.step(), runner.fault
        losses.append(runner.loss)
    twin = TorchTwin(d, program)
    twin.run(ITERATIONS, lambda iteration: masks.found[iteration - 1])
    np.testing.assert_allclose(losses, twin.losses, rtol=BOUND, err_msg=program.text)
    assert set(program.trainable) <= set(runner.state)
    for name, true in twin.state.items():
        ours = np.asarray(runner.state[name])
        assert ours.dtype == np.float64 and ours.shape == true.shape
        assert np.all(np.isfinite(true)), f"{name}\n{program.text}"
        error = np.max(np.abs(ours - true))
        assert error <= BOUND * np.max(np.abs(true)), f"{name} is {error:.2e} off\n{program.text}"


def test_the_draws_cover_every_choice_and_most_pairs_of_them() -> None:
    seen: Counter[Any] = Counter()
    for seed in SEEDS:
        tree, arrays = drawn(seed)
        network, data, optimizer = tree["network"], tree["data"], tree["optimizer"]
        size, total = data["batch"], len(arrays["X"])
        seen.update([network["loss"], optimizer["name"], optimizer["schedule"], (network["loss"], optimizer["name"])])
        seen.update([network["reduction"], network["convention"], tree["parameters"]["init"], tree["parameters"]["generator"]])
        seen.update({key for key in ("l1", "l2", "weight_decay", "clip_value", "clip_norm") if optimizer.get(key)})
        seen["short last batch"] += size != "full" and total % size > 0
        seen["shuffled"] += data["shuffle"] and size != "full"
        seen["class indices"] += "labels" in data
        for layer in network["layers"]:
            seen.update([layer.get("layer", "dense"), layer.get("activation", "no activation")])
            seen.update({"residual", "slope"} & {k for k, v in layer.items() if v})
        seen.update({(a, network["loss"]) for x in network["layers"] if (a := x.get("activation")) is not None})
    wanted = [*LOSSES, *OPTIMIZERS, *SCHEDULES, *ACTIVATIONS, *LAYER_FIELDS, *INITIALIZERS, "mean", "sum", "columns", "rows"]
    wanted += ["l1", "l2", "weight_decay", "clip_value", "clip_norm", "RandomState", "PCG64", "short last batch", "shuffled"]
    wanted += ["residual", "slope", "class indices"]
    rare = ("zeros", "constant", "class indices")
    few = {name: seen[name] for name in wanted if seen[name] < (5 if name in rare else 20)}
    assert not few, few
    assert all(seen[loss, optimizer] >= 3 for loss in LOSSES for optimizer in OPTIMIZERS)
    pairs = sum(seen[activation, loss] > 0 for activation in ACTIVATIONS for loss in LOSSES)
    assert pairs >= 0.95 * len(ACTIVATIONS) * len(LOSSES), f"only {pairs} pairs of an activation and a loss"


@pytest.mark.parametrize("dtype, of_loss, of_plain, of_adaptive", [("float32", 1e-5, 1e-4, 1e-4), ("float16", 0.05, 0.05, 0.5)])
@pytest.mark.parametrize("seed", range(0, 300, 7))
def test_a_smaller_precision_is_kept_everywhere_and_stays_near(
    seed: int, dtype: str, of_loss: float, of_plain: float, of_adaptive: float, tmp_path: Path
) -> None:
    """Every value of 20 iterations has the network's precision, and the training stays near that in float64.

    The bounds: the last loss to 1e-5 in float32 and 5 % in float16; parameters, relative to the largest of the network, to 1e-4,
    in float16 to 5 %, and 50 % for optimisers that divide by the gradient's own size (there epsilon is 1e-3, since the default
    1e-8 is 0 in float16). Not compared in float16: losses of probabilities, which reach exactly 0 or 1 there, and so log(0).
    The single numbers of the line `rate = float(…)` are plain Python's float64, as every hyperparameter.
    """
    tree, _ = drawn(seed)
    adaptive = tree["optimizer"]["name"] in ("adagrad", "rmsprop", "adam", "adamw")
    finals: list[Runner] = []
    for kind in ("float64", dtype):
        _, program = built(seed, tmp_path, optimizer={"epsilon": 1e-3}, network={"dtype": kind})
        runner = Runner(program)
        for iteration in range(1, ITERATIONS + 1):
            if iteration in (1, 2, ITERATIONS):
                machine = Machine(program, inputs_of(program, Picker(program.batching), runner.state, iteration))
                machine.go(len(program))
                wrong = {v.label: kind_of(machine.value(v.index)) for v in program.values}
                wrong = {
                    n: k for n, k in wrong.items() if k not in (kind, "int64", "bool", "plain") and not n.startswith("rate.")
                }
                assert not wrong, f"{wrong}\n{program.text}"
            assert runner.step(), runner.fault
        assert all(np.asarray(runner.state[n]).dtype == kind for n in program.trainable)
        finals.append(runner)
    true, ours = finals
    assert true.loss is not None and ours.loss is not None
    if dtype == "float16" and tree["network"]["loss"] in ("bce", "cross_entropy"):
        return
    assert abs(ours.loss - true.loss) <= of_loss * abs(true.loss)
    largest = max(float(np.max(np.abs(true.state[n]))) for n in true.program.trainable)
    bound = of_adaptive if adaptive else of_plain
    for n in true.program.trainable:
        error = np.max(np.abs(np.asarray(ours.state[n], dtype=np.float64) - true.state[n]))
        assert error <= bound * largest, f"{n} is {error:.2e} off"


def kind_of(datum: Any) -> str:
    """Return the dtype's name; "plain" for a Python number."""
    return datum.dtype.name if isinstance(datum, (np.ndarray, np.generic)) else "plain"
