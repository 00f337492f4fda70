"""A network described in TOML: what is accepted and does something, and what is refused, where, and in which words."""

# ruff: noqa: E501 (tables of texts, one a line)
from __future__ import annotations

import contextlib
import io
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.bits import bits, floats
from helpers.programs import SETTINGS
from hypothesis import example, given
from hypothesis import strategies as st

from core.complete import load
from core.description import ACTIVATIONS, FIELDS, INITIALIZERS, LAYER_FIELDS, LOSSES, OPTIMIZERS, SCHEDULES, describe, problems
from core.errors import DescriptionError, StepperError
from core.execute.runner import Runner
from core.library import example_text
from core.network_file import Network, build, load_toml
from core.notation.script import script_text
from core.toml_lines import line_of, lines_of

EXAMPLE = """[network]
inputs = 2
layers = [{units = 3, activation = "sigmoid"}, {units = 1, activation = "sigmoid"}]
loss = "mse"
reduction = "mean"
convention = "columns"       # W @ X; or "rows": X @ W
dtype = "float64"
[data]
source = "xor"               # a built-in, "points.csv", or "file.npz" with arrays X and Y in the network's convention
batch = 1                    # or "full"
shuffle = false
standardize = false
[parameters]
init = "normal"              # or values = "weights.npz" with W1, b1, W2, ...
scale = 0.1
seed = 1
generator = "RandomState"    # or "PCG64"
[optimizer]
name = "sgd"
learning_rate = 0.1
"""
Tree = dict[str, Any]


def test_the_example_of_the_issue_is_the_first_seed() -> None:
    described, typed = Runner(load_toml(EXAMPLE).program), Runner(load(example_text("first-seed")))
    for _ in range(200):
        assert described.step() and typed.step()
        assert described.loss == pytest.approx(typed.loss, rel=1e-12, abs=0)
    assert set(described.state) == set(typed.state) == {"W1", "b1", "W2", "b2"}
    for name, value in typed.state.items():
        np.testing.assert_allclose(described.state[name], value, rtol=1e-12, atol=1e-12)


def test_what_is_left_out_is_what_the_table_says() -> None:
    d = describe({"network": {"layers": [{"units": 1}]}})
    for section, fields in FIELDS.items():
        # What decays is decided by the optimiser's name.
        own = {"weight_decay": 0.0} if section == "optimizer" else {}
        assert getattr(d, section) == {**{key: f.default for key, f in fields.items()}, **own}
    adamw = describe({"network": {"layers": [{"units": 1}]}, "optimizer": {"name": "adamw"}})
    assert adamw.optimizer["weight_decay"] == 0.01
    assert d.layers == ({"layer": "dense", **{k: f.default for k, f in LAYER_FIELDS["dense"].items()}, "units": 1},)


# --- every key does something -------------------------------------------------------------------------------------------------

BASE: Tree = {
    "network": {"layers": [{"units": 3, "activation": "tanh"}, {"units": 1}]},
    "data": {"source": "points.csv", "batch": 3},
}


def layers(*several: Tree, **network: Any) -> Tree:
    """Return a section with these layers."""
    return {"network": {"layers": list(several), **network}}


CHANGES: dict[str, list[tuple[Tree, Any]]] = {
    "network.inputs": [(layers({"layer": "flatten"}, {"units": 1}), [2, 1])],
    "network.loss": [({}, loss) for loss in LOSSES if loss not in ("mse", "cross_entropy", "softmax_cross_entropy")],
    "network.reduction": [({}, "sum"), ({"network": {"loss": "mae"}}, "sum")],
    "network.convention": [({}, "rows")],
    "network.dtype": [({}, "float32"), ({}, "float16")],
    "data.source": [({}, "points.npz"), ({}, "xor")],
    "data.batch": [({}, 4), ({}, "full")],
    "data.shuffle": [({}, True)],
    "data.seed": [({"data": {"shuffle": True}}, 7), ({"data": {"held_out": 0.4}}, 7)],
    "data.standardize": [({}, True)],
    "data.held_out": [({}, 0.4)],
    "data.target": [({}, "second"), ({}, 1)],
    "data.labels": [
        (layers({"units": 2, "activation": "softmax"}, loss="softmax_cross_entropy") | {"data": {"source": "xor"}}, "")
    ],
    "parameters.init": [({}, name) for name in INITIALIZERS if name != "normal"],
    "parameters.scale": [({"parameters": {"init": name}}, 0.7) for name in ("normal", "uniform", "constant")],
    "parameters.seed": [({}, 5), ({"parameters": {"generator": "PCG64"}}, 5)],
    "parameters.generator": [({}, "PCG64"), ({"parameters": {"init": "uniform"}}, "PCG64")],
    "parameters.values": [({}, "weights.npz")],
    "optimizer.name": [({}, name) for name in OPTIMIZERS if name != "sgd"],
    "optimizer.learning_rate": [({"optimizer": {"name": name}}, 0.03) for name in OPTIMIZERS],
    "optimizer.beta": [({"optimizer": {"name": n}}, 0.3) for n in ("momentum", "averaged_momentum", "nesterov", "rmsprop")],
    "optimizer.beta1": [({"optimizer": {"name": name}}, 0.3) for name in ("adam", "adamw")],
    "optimizer.beta2": [({"optimizer": {"name": name}}, 0.3) for name in ("adam", "adamw")],
    "optimizer.epsilon": [({"optimizer": {"name": n}}, 0.01) for n in ("adagrad", "rmsprop", "adam", "adamw")],
    "optimizer.l1": [({}, 0.01)],
    "optimizer.l2": [({}, 0.01)],
    "optimizer.weight_decay": [({}, 0.01), ({"optimizer": {"name": "adamw"}}, 0.02)],
    "optimizer.clip_value": [({}, 0.001)],
    "optimizer.clip_norm": [({}, 0.001)],
    "optimizer.schedule": [({"optimizer": {"every": 2}}, "step"), ({}, "cosine")],
    "optimizer.drop": [({"optimizer": {"schedule": "step", "every": 2}}, 0.2)],
    "optimizer.every": [({"optimizer": {"schedule": "step"}}, 2)],
    "optimizer.total": [({"optimizer": {"schedule": "cosine"}}, 7)],
}
FIRST: dict[str, dict[str, list[tuple[Tree, Any]]]] = {
    "dense": {
        "units": [({"units": 3}, 2)],
        "activation": [({"units": 3}, a) for a in ACTIVATIONS if a != "sigmoid"],
        "bias": [({"units": 3}, False)],
        "residual": [({"units": 2}, True)],
        "slope": [({"units": 3, "activation": a}, 0.4) for a in ("leaky_relu", "elu")],
    },
    "dropout": {"rate": [({}, 0.2), ({}, 0.0)]},
    "batch_norm": {
        "activation": [({}, a) for a in ACTIVATIONS if a != "identity"],
        "momentum": [({}, 0.6)],
        "slope": [({"activation": a}, 0.4) for a in ("leaky_relu", "elu")],
    },
    "layer_norm": {
        "activation": [({}, a) for a in ACTIVATIONS if a != "identity"],
        "slope": [({"activation": a}, 0.4) for a in ("leaky_relu", "elu")],
    },
    "flatten": {},
}


def merged(*trees: Tree) -> Tree:
    """Return nested mappings over each other, the later ones on top."""
    out: Tree = {}
    for tree in trees:
        for section, keys in deepcopy(tree).items():
            out.setdefault(section, {}).update(keys)
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data and weights."""
    path = tmp_path_factory.mktemp("described")
    random = np.random.default_rng(3)
    numbers = random.uniform(0, 1, (8, 3)).round(3)
    rows = "\n".join(",".join(map(str, row)) for row in numbers)
    (path / "points.csv").write_text(f"first,second,third\n{rows}\n", encoding="utf-8")
    np.savez(path / "points.npz", X=random.uniform(-1, 1, (2, 8)), Y=random.uniform(0, 1, (1, 8)))
    shapes = {"W1": (3, 2), "b1": (3, 1), "W2": (1, 3), "b2": (1, 1)}
    np.savez(path / "weights.npz", **{n: random.uniform(-1, 1, s) for n, s in shapes.items()})
    np.savez(path / "wrong.npz", **{n: random.uniform(-1, 1, s[::-1]) for n, s in shapes.items()})
    return path


def trained(tree: Tree, folder: Path, iterations: int = 5) -> Any:
    """Return what a training of a description leaves: the bits of its state and losses; everything in it has run."""
    network = build(describe(tree), folder)
    runner, losses = Runner(network.program), []
    for _ in range(iterations):
        assert runner.step(), runner.fault
        losses.append(runner.loss)
    for evaluation in network.evaluations:
        assert "loss" in evaluation.run(runner.state)
    return {n: bits(v) for n, v in runner.state.items()}, floats(losses)


@pytest.mark.parametrize("path, over, value", [(p, over, v) for p, several in CHANGES.items() for over, v in several])
def test_every_key_is_accepted_and_changes_the_training(path: str, over: Tree, value: Any, folder: Path) -> None:
    section, key = path.split(".")
    plain = merged(BASE, over)
    if path == "network.inputs":
        # The text says it; the numbers are the same, since flattening undoes it.
        text = build(describe(merged(plain, {section: {key: value}})), folder).program.text
        assert ".reshape(2, 1, -1)" in text and "F = X.reshape(2, -1)" in text
        return
    if path == "data.labels":
        one_hot, index = (merged(plain, {section: {key: v}}) for v in ("one-hot", "index"))
        plain, index_program = one_hot, build(describe(index), folder).program
        assert index_program.first_values["Y"].shape == (1, 4)
        assert trained(index, folder)[1] == pytest.approx(trained(plain, folder)[1])
        with pytest.raises(DescriptionError, match=r"network\.layers\[1\]\.units"):
            build(describe(merged(plain, {section: {key: "auto"}})), folder)
        return
    changed = merged(plain, {section: {key: value}})
    if path == "network.loss" and value.startswith("bce"):
        plain["network"]["loss"] = "sse"
    assert trained(changed, folder) != trained(plain, folder), f"{path} = {value!r} changes nothing"


@pytest.mark.parametrize(
    "kind, key, over, value", [(kind, k, o, v) for kind, keys in FIRST.items() for k, several in keys.items() for o, v in several]
)
def test_every_key_of_a_layer_is_accepted_and_changes_the_training(
    kind: str, key: str, over: Tree, value: Any, folder: Path
) -> None:
    def tree(*more: Tree) -> Tree:
        first: Tree = {"layer": kind}
        for part in (over, *more):
            first |= part
        before = [] if kind == "dense" else [{"units": 4, "activation": "tanh"}]
        return merged(BASE, layers(*before, first, {"units": 1}), {"data": {"batch": "full"}})

    assert trained(tree({key: value}), folder) != trained(tree(), folder), f"{kind}.{key} = {value!r} changes nothing"


def test_the_tables_above_hold_every_key() -> None:
    assert set(CHANGES) == {f"{section}.{key}" for section, fields in FIELDS.items() for key in fields}
    assert {kind: set(keys) for kind, keys in FIRST.items()} == {kind: set(fields) for kind, fields in LAYER_FIELDS.items()}


# --- every choice runs, reads back as itself, and prints as a script ----------------------------------------------------------


def described_networks() -> dict[str, Tree]:
    """Return a network for each choice there is, and a handful of mixtures."""
    found: dict[str, Tree] = {}
    hidden = {"units": 3, "activation": "tanh"}
    for name in INITIALIZERS:
        for generator in ("RandomState", "PCG64"):
            found[f"{name} {generator}"] = {"parameters": {"init": name, "generator": generator}}
    for n, name in enumerate(OPTIMIZERS):
        for k, schedule in enumerate(SCHEDULES):
            more: Tree = {"name": name, "schedule": schedule, "every": 3, "total": 8, "weight_decay": 0.1 * (k == 1)}
            more |= (
                {"clip_norm": 0.1} if (n + k) % 3 == 0 else {"clip_value": 0.05} if (n + k) % 3 == 1 else {"l1": 0.01, "l2": 0.1}
            )
            found[f"{name} {schedule}"] = {"optimizer": more}
    for n, name in enumerate(ACTIVATIONS):
        convention = ("columns", "rows")[n % 2]
        found[f"{name} hidden"] = layers({"units": 3, "activation": name}, {"units": 1}, convention=convention)
        found[f"{name} last"] = layers(hidden, {"units": 1, "activation": name}, convention=convention)
    for loss in LOSSES:
        for reduction in ("mean", "sum"):
            last = {"units": 2, "activation": "softmax"} if "cross_entropy" in loss else {"units": 1}
            source = {"source": "moons", "batch": 60, "shuffle": True}
            labels = {"labels": "one-hot"} if "cross_entropy" in loss else {}
            found[f"{loss} {reduction}"] = {
                **layers(hidden, last, loss=loss, reduction=reduction), "data": source | labels,
                "optimizer": {"learning_rate": 0.001},
            }  # fmt: skip
    for convention in ("columns", "rows"):
        for dtype in ("float64", "float32", "float16"):
            found[f"everything, {convention}, {dtype}"] = merged(
                layers(
                    {"layer": "flatten"}, {"units": 6, "activation": "elu", "slope": 0.5}, {"layer": "batch_norm"},
                    {"layer": "dropout", "rate": 0.25}, {"units": 6, "activation": "gelu", "residual": True, "bias": False},
                    {"layer": "layer_norm", "activation": "softplus"}, {"layer": "dropout"}, {"units": 3, "activation": "softmax"},
                    inputs=[2, 2], loss="softmax_cross_entropy", convention=convention, dtype=dtype,
                ),
                {"data": {"source": "iris", "batch": 40, "shuffle": True, "seed": 4, "standardize": True, "held_out": 0.1}},
                {"optimizer": {"name": "momentum", "schedule": "step", "every": 3, "l2": 0.01}},
            )  # fmt: skip
    return found


DESCRIBED = described_networks()


@pytest.mark.parametrize("title", DESCRIBED)
def test_every_choice_runs_reads_back_as_itself_and_prints_as_a_script(title: str, folder: Path) -> None:
    network = build(describe(merged(BASE, DESCRIBED[title])), folder)
    program = network.program
    assert program.fault is None
    again = load(program.text, folder=folder)
    assert again.text == program.text
    assert [(i.op, i.operands, dict(i.attributes), i.result, i.text) for i in again.instructions] == [
        (i.op, i.operands, dict(i.attributes), i.result, i.text) for i in program.instructions
    ]
    assert [(s.text, s.phase) for s in again.statements] == [(s.text, s.phase) for s in program.statements]
    runner, losses = Runner(program), []
    for _ in range(10):
        assert runner.step(), runner.fault
        losses.append(runner.loss)
    assert np.all(np.isfinite(losses)), losses
    script = script_text(program, title)
    assert "import core" not in script and "from core" not in script
    named = executed(script, 10)
    assert floats(named["losses"]) == floats(losses)
    for name, value in runner.state.items():
        assert bits(named[name]) == bits(value), f"{name}\n{script}"
    for evaluation in network.evaluations:
        assert set(evaluation.run(runner.state)) >= {"loss"}


def executed(script: str, iterations: int) -> dict[str, Any]:
    """Run a script as Python would; return its globals."""
    names: dict[str, Any] = {"__name__": "__main__"}
    before, errors = sys.argv, np.geterr()
    sys.argv = ["script.py", str(iterations)]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(script, "script.py", "exec"), names)
    finally:
        sys.argv = before
        np.seterr(**errors)
    return names


# --- what is refused, where, in which words -----------------------------------------------------------------------------------

NET = "[network]\nlayers = [{units = 3}, {units = 1}]\n"
LONG = """[network]
layers = [
  {units = 3, activation = "tanh"},  # { is no layer
  {layer = "dropout", rate = 0.5},
  # {units = 7},
  %s,
]
loss = "mse"
"""
REFUSED: list[tuple[str, str, int, tuple[str, ...]]] = [
    # unknown sections and keys
    ("[netwrk]\nx = 1\n" + NET, "netwrk", 1, ("network, data, parameters, optimizer", "did you mean network?")),
    ("x = 1\n" + NET, "x", 1, ("is not a section",)),
    (NET + "[data]\nsource = 'xor'\nbach = 2\n", "data.bach", 5, ("source, batch, shuffle", "did you mean batch?")),
    (NET + "[optimizer]\n\n# rate = 2\nrate = 0.1\n", "optimizer.rate", 6, ("learning_rate",)),
    (NET + "[optimizer.deep]\nx = 1\n", "optimizer.deep", 3, ("is not a key here",)),
    (LONG % "{units = 2, activaton = 'tanh'}", "network.layers[3].activaton", 6, ("did you mean activation?",)),
    (LONG % "{layer = 'flatten', size = 3}", "network.layers[3].size", 6, ("it has no keys",)),
    (LONG % "{layer = 'dropout', units = 3}", "network.layers[3].units", 6, ("there are rate",)),
    # unknown choices
    (NET + "loss = 'mes'\n", "network.loss", 3, ("is 'mes'", "half_sse", "did you mean mse?")),
    (NET + "dtype = 'float128'\n", "network.dtype", 3, ("float64, float32, float16",)),
    (NET + "[optimizer]\nname = 'Adam'\n", "optimizer.name", 4, ("it can be sgd, momentum", "did you mean adam?")),
    (NET + "[parameters]\ninit = 'xavier'\n", "parameters.init", 4, ("glorot",)),
    (LONG % "{units = 2, activation = 'sigmod'}", "network.layers[3].activation", 6, ("sigmoid, tanh", "did you mean sigmoid?")),
    (LONG % "{layer = 'conv'}", "network.layers[3].layer", 6, ("dense, dropout, batch_norm, layer_norm, flatten",)),
    # wrong types
    (NET + "[data]\nshuffle = 1\n", "data.shuffle", 4, ("is 1", "true or false")),
    (NET + "[data]\nshuffle = 'true'\n", "data.shuffle", 4, ("true or false",)),
    (NET + "[data]\nbatch = 2.5\n", "data.batch", 4, ("is 2.5", '"full"')),
    (NET + "[data]\nbatch = true\n", "data.batch", 4, ("is true", '"full"')),
    (NET + "[data]\nsource = 3\n", "data.source", 4, ("text in quotes",)),
    (NET + "[parameters]\nseed = 1.0\n", "parameters.seed", 4, ("whole number from 0 to 4294967295",)),
    (NET + "[optimizer]\nlearning_rate = '0.1'\n", "optimizer.learning_rate", 4, ("is '0.1'", "a number above 0")),
    (NET + "[optimizer]\nlearning_rate = 2020-01-01\n", "optimizer.learning_rate", 4, ("a number above 0",)),
    (LONG % "{units = '4'}", "network.layers[3].units", 6, ("is '4'", "whole number from 1 to 100000")),
    (LONG % "{layer = ['dense'], units = 4}", "network.layers[3].layer", 6, ("dense, dropout",)),
    (LONG % "4", "network.layers[3]", 6, ("{units = 3}",)),
    ("[network]\nlayers = 3\n", "network.layers", 2, ("a list of layers",)),
    ("network = 3\n", "network", 1, ("a section with keys",)),
    # impossible values
    (NET + "[data]\nbatch = 0\n", "data.batch", 4, ("is 0", "at least 1")),
    (NET + "[data]\nheld_out = 1.0\n", "data.held_out", 4, ("from 0 to 0.9",)),
    (NET + "[optimizer]\nlearning_rate = 0\n", "optimizer.learning_rate", 4, ("above 0",)),
    (NET + "[optimizer]\nlearning_rate = nan\n", "optimizer.learning_rate", 4, ("is nan",)),
    (NET + "[optimizer]\nlearning_rate = inf\n", "optimizer.learning_rate", 4, ("is inf", "up to 1000000")),
    (NET + "[optimizer]\nlearning_rate = 1" + "0" * 400 + "\n", "optimizer.learning_rate", 4, ("up to 1000000",)),
    (NET + "[optimizer]\nbeta1 = 1\n", "optimizer.beta1", 4, ("from 0 to 0.999999",)),
    (NET + "[parameters]\nseed = 4294967296\n", "parameters.seed", 4, ("to 4294967295",)),
    (NET + "inputs = [2, true]\n", "network.inputs", 3, ("at least 1",)),
    (LONG % "{units = 0}", "network.layers[3].units", 6, ("from 1 to 100000",)),
    (LONG % "{layer = 'dropout', rate = 1.0}", "network.layers[3].rate", 6, ("from 0 to 0.95",)),
    # what is missing
    ("", "network.layers", 0, ("is needed",)),
    ("[network]\nloss = 'mse'\n", "network.layers", 1, ("is needed",)),
    ("[network]\nlayers = []\n", "network.layers", 2, ("is needed",)),
    (LONG % "{activation = 'tanh'}", "network.layers[3].units", 6, ("is needed: how many neurons",)),
    # choices that do not go together
    (LONG % "{layer = 'dropout'}", "network.layers[3]", 6, ("cannot be last",)),
    ("[network]\nlayers = [{layer = 'flatten'}]\n", "network.layers[1]", 2, ("end with a dense layer",)),
    ((LONG % "{units = 1, activation = 'relu'}").replace("mse", "bce"), "network.layers[3].activation", 6, ("needs sigmoid",)),
    ((LONG % "{units = 1}").replace("mse", "cross_entropy"), "network.layers[3].activation", 6, ("needs softmax",)),
    ("[network]\nlayers = [\n {units = 2},\n {units = 1, activation = 'tanh'},\n {layer = 'flatten'}]\nloss = 'bce'\n",
     "network.layers[2].activation", 4, ("needs sigmoid",)),
    ((LONG % "{units = 3, residual = true}").replace("mse", "bce"), "network.layers[3].residual", 6, ("needs what sigmoid gives",)),
    # what does not fit the data (xor: two inputs, one target, four samples)
    (LONG % "{units = 2}", "network.layers[3].units", 6, ("is 2", "it must be 1")),
    ("[network]\nlayers = [\n {units = 2},\n {layer = 'layer_norm'}]\n", "network.layers[1].units", 3, ("must be 1",)),
    (LONG % "{units = 1, residual = true}", "network.layers[3].residual", 6, ("has 3 units, its output 1", "equal")),
    (NET + "inputs = 3\n", "network.inputs", 3, ("is 3", "has 2 numbers")),
    ("[network]\ninputs = [2, 1]\nlayers = [\n {units = 1}]\n", "network.layers[1].units", 4, ("flatten",)),
    ("[network]\ninputs = [2, 1]\nlayers = [\n {layer = 'batch_norm'}, {units = 1}]\n", "network.layers[1].layer", 4, ("flatten",)),
    (NET + "[data]\nlabels = 'index'\n", "network.loss", 1, ("softmax_cross_entropy",)),
    ("[network]\nlayers = [{units = 2, activation = 'softmax'}]\nloss = 'softmax_cross_entropy'\n"
     "[data]\nlabels = 'index'\nsource = 'iris'\n", "network.layers[1].units", 2, ("3 classes",)),
    ("[network]\nlayers = [{units = 2}, {layer = 'batch_norm'}, {units = 1}]\n[data]\nbatch = 1\n", "data.batch", 4, ("at least 2",)),
    ("[network]\nlayers = [{units = 2}, {layer = 'batch_norm'}, {units = 1}]\n[data]\nbatch = 3\n", "data.batch", 4, ("last batch",)),
    (NET + "[data]\nsource = 'nofile.csv'\n", "data.source", 4, ("cannot be used", "nofile.csv")),
    (NET + "[parameters]\nvalues = 'nofile.npz'\n", "parameters.values", 4, ("cannot be used", "nofile.npz")),
    (NET + "[parameters]\nvalues = 'wrong.npz'\n", "parameters.values", 4, ("cannot be used", "W1 has the shape (2, 3), and (3, 2) is needed")),
    (NET + "[data]\nsource = 'points.csv'\ntarget = true\n", "data.target", 5, ("from 1",)),
    (NET + "[data]\nsource = 'points.csv'\ntarget = 4\n", "data.source", 4, ("no column 4", "1 to 3")),
    # no TOML
    ("[network\n", "", 1, ("this is not TOML",)),
    (NET + "loss = mse\n", "", 3, ("this is not TOML",)),
    (NET + "loss = 'mse'\nloss = 'sse'\n", "", 4, ("this is not TOML",)),
    (NET + "[data]\nbatch = [1,\n\n", "", 5, ("this is not TOML",)),
    # other ways to write the same
    ("[[network.layers]]\nunits = 3\n\n[[network.layers]]\nactivation = 'tanh'\nunits = 'one'\n", "network.layers[2].units", 6, ("'one'",)),
    ("network.loss = 'mes'\nnetwork.layers = [{units = 1}]\n", "network.loss", 1, ("did you mean mse?",)),
    ("# inline\nnetwork = {layers = [{units = 1}], loss = 'mes'}\n", "network.loss", 2, ("did you mean mse?",)),
    ("[network]\n'layers' = [{units = 1}]\n\"loss\" = 'mes'\n", "network.loss", 3, ("did you mean mse?",)),
    ("[data]\nsource = '''\n[network]\nloss = 1\n'''\n[network]\nloss = 'mes'\nlayers = [{units = 1}]\n", "network.loss", 7, ("mes",)),
    ("[network]\nlayers = [{activation = '#{{', units = 1},\n {units = 1},\n {units = 'a'}]\n", "network.layers[1].activation", 2, ("#{",)),
    ("[network]\nloss = 'sse' # {{{\nlayers = [\n\n {units = 1}, {units = 1},\n\n {units = 'a'}]\n", "network.layers[3].units", 7, ("'a'",)),
]  # fmt: skip


@pytest.mark.parametrize("text, path, line, needles", REFUSED)
def test_what_cannot_be_is_refused_with_its_key_path_its_line_and_what_it_can_be(
    text: str, path: str, line: int, needles: tuple[str, ...], folder: Path
) -> None:
    with pytest.raises(DescriptionError) as caught:
        load_toml(text, folder)
    error = caught.value
    assert (error.path, error.line) == (path, line), str(error)
    assert all(needle in str(error) for needle in needles), str(error)
    assert str(error).startswith(f"line {line}: " if line else path)
    assert "\n" not in str(error) and len(str(error)) < 400


def test_every_problem_is_told_not_only_the_first() -> None:
    tree = {"network": {"loss": "mes", "layers": [{"units": 0}, {"layer": "x"}]}, "data": {"batch": -1}, "extra": {}}
    assert [p.path for p in problems(tree)] == [
        "network.loss", "network.layers[1].units", "network.layers[2].layer", "data.batch", "extra",
    ]  # fmt: skip


@pytest.mark.parametrize("section, key", [(s, k) for s, fields in FIELDS.items() for k in fields])
def test_the_bounds_of_the_table_are_the_bounds(section: str, key: str) -> None:
    """The least and the most are allowed themselves unless the ends are open; what lies beyond is not."""
    f = FIELDS[section][key]

    def wrong(value: Any) -> bool:
        return bool(problems(merged({"network": {"layers": [{"units": 1}]}}, {section: {key: value}})))

    assert f.default is None or not wrong(f.default)
    assert f.help and len(f.help) < 100
    step = 1 if f.kind in ("int", "sizes", "batch") else 1e-9
    if f.least is not None:
        assert wrong(f.least) == f.open_ends if f.kind == "float" else not wrong(int(f.least))
        assert wrong(f.least - step) if f.kind == "float" else wrong(int(f.least) - step)
    if f.most is not None:
        assert not wrong(f.most if f.kind == "float" else int(f.most))
        assert wrong(f.most * 1.01 + 1) if f.kind == "float" else wrong(int(f.most) + 1)


# --- anything at all ----------------------------------------------------------------------------------------------------------

WORDS = [*FIELDS, "layers", "layer", *(k for s in FIELDS.values() for k in s), *(k for s in LAYER_FIELDS.values() for k in s)]
CHOICES = [
    *ACTIVATIONS,
    *LOSSES,
    *OPTIMIZERS,
    *INITIALIZERS,
    *SCHEDULES,
    *LAYER_FIELDS,
    "full",
    "iris",
    "xor",
    "sine",
    "index",
    "auto",
]
scalars = st.one_of(
    st.sampled_from(CHOICES), st.integers(-2, 9), st.integers(), st.sampled_from([10**400, -(10**400), 2**64]),
    st.floats(), st.floats(0, 1), st.booleans(), st.none(), st.text(max_size=5), st.binary(max_size=3),
)  # fmt: skip
keys = st.one_of(st.sampled_from(WORDS), st.text(max_size=6))
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=20
)


def test_numbers_that_python_does_not_write_out_are_refused_too() -> None:
    found = problems(merged({"network": {"layers": [{"units": 10**5000}]}}, {"optimizer": {"l1": 10**5000, "l2": -(10**5000)}}))
    assert [p.path for p in found] == ["network.layers[1].units", "optimizer.l1", "optimizer.l2"]
    assert all(p.message.startswith("is too long") for p in found)


@SETTINGS(300)
@given(st.dictionaries(keys, anything, max_size=4), st.lists(anything, max_size=4))
def test_any_mapping_has_a_list_of_problems(tree: Tree, several: list[Any]) -> None:
    for each in (tree, {**tree, "network": {"layers": several}}):
        found = problems(each)
        assert isinstance(found, list) and all(isinstance(p.path, str) and p.message for p in found)
        if found:
            with pytest.raises(DescriptionError):
                describe(each)
        else:
            describe(each)


def plausible(fields: dict[str, Any]) -> Any:
    """Return a strategy of sections that the table allows."""
    values = {
        "int": lambda f: st.integers(max(int(f.least), 0), 9),
        "float": lambda f: st.floats(f.least, f.most, exclude_min=f.open_ends) | st.just(0.1),
        "bool": lambda f: st.booleans(),
        "text": lambda f: st.sampled_from(["xor", "moons", "iris", "sine", "points.npz", "weights.npz", "a'b\"c", "..", "nul\0"]),
        "choice": lambda f: st.sampled_from(f.choices),
        "batch": lambda f: st.integers(1, 9) | st.just("full"),
        "sizes": lambda f: st.integers(1, 5) | st.lists(st.integers(1, 4), min_size=1, max_size=3),
        "column": lambda f: st.integers(-3, 3) | st.text(max_size=3),
    }
    return st.fixed_dictionaries({}, optional={k: values[f.kind](f) for k, f in fields.items() if k not in ("every", "total")})


plausible_layer = st.one_of(
    [plausible(fields).map(lambda keys, kind=kind: {"layer": kind, **({"units": 1} if kind == "dense" else {}), **keys})
     for kind, fields in LAYER_FIELDS.items()]
)  # fmt: skip
plausible_trees = st.fixed_dictionaries(
    {"network": st.tuples(plausible(FIELDS["network"]), st.lists(plausible_layer, min_size=1, max_size=4))},
    optional={section: plausible(FIELDS[section]) for section in ("data", "parameters", "optimizer")},
).map(lambda tree: tree | {"network": {**tree["network"][0], "layers": tree["network"][1]}})


def fitted(tree: Tree) -> Tree:
    """Return the tree with a last layer that fits its data and its loss, and nothing that contradicts them."""
    out = deepcopy(tree)
    network, data = out["network"], out.setdefault("data", {})
    data.pop("target", None)
    network.pop("inputs", None)
    if data.get("source", "xor") not in ("xor", "moons", "iris", "sine", "points.npz"):
        data["source"] = "xor"
    if data.get("source") in ("sine", "points.npz"):
        data.pop("labels", None)
    if "entropy" in network.get("loss", "") or data.get("labels") == "index":
        data.update(source="iris")
        network["loss"] = "softmax_cross_entropy" if data.get("labels") == "index" else network["loss"]
    outputs = 3 if data.get("source") == "iris" else 2 if data.get("labels") == "one-hot" else 1
    activation = {"b": "sigmoid", "s": "softmax" if "_c" in network.get("loss", "") else "tanh", "c": "softmax"}
    network["layers"].append({"units": outputs, "activation": activation.get(network.get("loss", "mse")[0], "identity")})
    out.get("parameters", {}).pop("values", None)
    return out


def test_what_the_table_allows_is_a_network_that_runs_or_an_error_with_its_key_path(folder: Path) -> None:
    seen = {"refused": 0, "runs": 0}

    @SETTINGS(250)
    @given(plausible_trees | plausible_trees.map(fitted))
    def check(tree: Tree) -> None:
        try:
            network = build(describe(tree), folder)
        except DescriptionError as error:
            assert error.path.split(".")[0] in FIELDS and error.bare
            seen["refused"] += 1
            return
        runner = Runner(network.program)
        assert runner.step() and runner.step(), f"{runner.fault}\n{network.program.text}"
        for evaluation in network.evaluations:
            assert set(evaluation.run(runner.state)) <= {"loss", "accuracy"}
        seen["runs"] += 1

    check()
    assert min(seen.values()) >= 40, seen


def _cut(text: str, places: list[tuple[int, int, str]]) -> str:
    for start, length, new in places:
        at = start % (len(text) + 1)
        text = text[:at] + new + text[at + length :]
    return text


PIECES = [
    "[",
    "]",
    "{",
    "}",
    "=",
    '"',
    "'",
    '"""',
    "#",
    "\n",
    ",",
    ".",
    "[[",
    "units",
    "9" * 30,
    "layers",
    "\0",
    "é",
    "[data]\n",
    "-1",
    "1e999",
]
damaged = st.lists(
    st.tuples(st.integers(0, 10**4), st.integers(0, 12), st.sampled_from(PIECES) | st.text(max_size=3)), min_size=1, max_size=4
).map(lambda places: _cut(EXAMPLE, places))  # fmt: skip


@SETTINGS(400)
@given(damaged | st.text(max_size=60))
@example("[network]\nlayers = " + "[" * 5000)
@example("a = " + "{b = " * 3000)
@example("[network]\nlayers = [{units = " + "9" * 5000 + "}]")
@example("\ufeff" + EXAMPLE)
@example(EXAMPLE.replace("\n", "\r\n"))
def test_any_text_is_a_network_or_an_error_for_a_person(text: str) -> None:
    try:
        network = load_toml(text)
    except StepperError as error:
        assert str(error) and "Traceback" not in str(error)
        assert not isinstance(error, DescriptionError) or 0 <= error.line <= text.count("\n") + 1
    else:
        assert isinstance(network, Network)


@SETTINGS(300)
@given(damaged)
@example(
    'a = """x"y""\n""""\nb = \'\'\'\n\'\'\'\'\nc.d = 1\n[[e]]\n[e.f]\ng = [1,\n2,[\n3]]\n[[e]]\n"h" = {i = 1, "j" = [\n{k=1}]}\n'
)
def test_the_lines_of_keys_are_those_where_the_keys_are_written(text: str) -> None:
    """Every path of the tree has a line, on which its last key (or its item) stands."""
    import tomllib

    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        lines_of(text)
        return
    lines = lines_of(text)
    written = text.split("\n")

    def walk(node: Any, path: str) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if not key or not key.isascii() or not key.replace("_", "").replace("-", "").isalnum():
                    continue  # quotes and escapes: a key that needs them is not one of ours
                inner = f"{path}.{key}" if path else key
                assert inner in lines, f"{inner} of {text!r}"
                assert key in written[lines[inner] - 1], inner
                walk(value, inner)
        elif isinstance(node, list):
            for n, value in enumerate(node, 1):
                assert f"{path}[{n}]" in lines
                walk(value, f"{path}[{n}]")

    walk(tree, "")


def test_the_lines_of_a_text_written_in_every_way() -> None:
    text = 'a = """x"y""\n""""\nb = \'\'\'\n\'\'\'\'\nc.d = 1\n[[e]]\n[e.f]\ng = [1,\n2,[\n3]]\n[[e]]\n"h" = {i = 1, "j" = [\n{k=1}]} # x\n'
    wanted = {"a": 1, "b": 3, "c": 5, "c.d": 5, "e": 6, "e[1].f": 7, "e[1].f.g[2]": 9, "e[1].f.g[3][1]": 10, "e[2]": 11}
    wanted |= {"e[2].h.i": 12, "e[2].h.j[1].k": 13}
    assert {path: line_of(text, path) for path in wanted} == wanted
    assert line_of(text, "e[1].f.nothing") == 7
    assert line_of(text, "nothing") == line_of(text, "") == line_of("", "network.layers[3].units") == 0
