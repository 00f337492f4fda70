"""A state dict, a Keras file, a pickle of scikit-learn and square weights, by keys alone: stepped against plain NumPy, saved in
every form, and each of those opened again."""

from __future__ import annotations

import pickle
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.driving import call, cells, go_to, open_saved, type_path
from helpers.keras_torch import keras_on_torch

Array = np.ndarray[Any, Any]
FORMS = ("npz", "safetensors", "onnx", "toml", "stepper")
SAMPLES = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [-0.5, 1.0, 1.0], [0.0, -2.0, 0.5]])
TARGETS = np.array([[1.0], [-0.5], [0.25], [2.0]])


def weights(*sizes: int) -> dict[str, Array]:
    """Weights of dense layers, a column a unit, as single precision numbers."""
    rng = np.random.default_rng(23)
    found: dict[str, Array] = {}
    for n, (inputs, outputs) in enumerate(pairwise(sizes), 1):
        found[f"W{n}"] = rng.normal(size=(inputs, outputs)).astype(np.float32)
        found[f"b{n}"] = rng.normal(size=outputs).astype(np.float32)
    return found


def as_state_dict(folder: Path, p: dict[str, Array]) -> Path:
    torch = pytest.importorskip("torch")
    layers = {"fc1.weight": p["W1"].T, "fc1.bias": p["b1"], "fc2.weight": p["W2"].T, "fc2.bias": p["b2"]}
    torch.save({name: torch.tensor(a.copy()) for name, a in layers.items()}, folder / "net.pt")
    return folder / "net.pt"


def as_keras(folder: Path, p: dict[str, Array]) -> Path:
    keras = keras_on_torch()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(1)])
    model.set_weights(list(p.values()))
    model.save(folder / "net.keras")
    return folder / "net.keras"


def as_sklearn(folder: Path, p: dict[str, Array]) -> Path:
    network = pytest.importorskip("sklearn.neural_network")
    model = network.MLPRegressor(hidden_layer_sizes=(5,), activation="tanh").partial_fit(SAMPLES, TARGETS.ravel())
    model.coefs_, model.intercepts_ = [p["W1"], p["W2"]], [p["b1"], p["b2"]]
    (folder / "net.pkl").write_bytes(pickle.dumps(model))
    return folder / "net.pkl"


def as_square(folder: Path, p: dict[str, Array]) -> Path:
    np.savez(folder / "net.npz", **{n: a.T if n.startswith("W") else a for n, a in p.items()})
    return folder / "net.npz"


UNIT_A_ROW = (as_state_dict, as_square)


def computed(p: dict[str, Array], x: Array, y: Array, rate: float) -> dict[str, Array]:
    """One iteration by hand: a tanh layer, one without a function, the mean of the squares, and the update."""
    A1 = np.tanh(x @ p["W1"] + p["b1"])
    Z2 = A1 @ p["W2"] + p["b2"]
    dZ2 = 2 * (Z2 - y) / Z2.size
    dZ1 = dZ2 @ p["W2"].T * (1 - A1**2)
    slopes = {"W1": x.T @ dZ1, "b1": dZ1.sum(0), "W2": A1.T @ dZ2, "b2": dZ2.sum(0)}
    new = {n: a - rate * slopes[n] for n, a in p.items()}
    return {"A1": A1, "Z2": Z2, "L": np.mean((Z2 - y) ** 2), **{f"d{n}": a for n, a in slopes.items()}, **new}


def choose_data(app: Any, way: str, folder: Path) -> None:
    """Go to the ways to give data, and give it."""
    for _ in range(60):
        if app.read()["focus"].startswith("Data: "):
            break
        app.press("Tab")
    for _ in range(8):
        if app.read()["stepping"]["way"] == way:
            break
        app.press("Down")
    if way == "file":
        rows = [",".join(map(str, (*x, *y))) for x, y in zip(SAMPLES, TARGETS, strict=True)]
        (folder / "some data.csv").write_text("a,b,c,y\n" + "\n".join(rows), "utf-8")
        go_to(app, "Choose a file with samples")
        app.press("space")
        type_path(app, "the dialog of data", folder / "some data.csv")
    elif way == "typed":
        go_to(app, "The sample")
        app.type(", ".join(map(str, SAMPLES[0])))
        go_to(app, "What it should give")
        app.type(" ".join(map(str, TARGETS[0][:1])))


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras itself, as it saves
@pytest.mark.parametrize(
    ("make", "sizes", "asked", "way"),
    [
        (as_state_dict, (3, 5, 1), ("tanh", "identity"), "file"), (as_keras, (3, 5, 1), (), "random"),
        (as_sklearn, (3, 5, 1), (), "typed"), (as_square, (3, 3, 3), ("tanh", "identity", "a row"), "random"),
    ],
    ids=["a state dict", "keras", "scikit-learn", "square weights"],
)  # fmt: skip
def test_stepped_saved_in_every_form_and_opened_again(
    newcomer: Any, tmp_path: Path, make: Any, sizes: tuple[int, ...], asked: tuple[str, ...], way: str
) -> None:
    app, p = newcomer, weights(*sizes)
    open_saved(app, make(tmp_path, p))
    app.until(lambda now: now["stepping"] and now["drawn"], "the form")
    call(app, "how it is stepped")
    heads = ("Function of the hidden layers", "Function of the last layer", "How the matrices are stored")
    for head, answer in zip(heads, asked, strict=False):
        go_to(app, head)
        if head == heads[2]:  # a blank would open the list
            for _ in range(3):
                if app.read()["stepping"]["answers"]["orientation"].startswith(answer):
                    break
                app.press("Down")
        else:
            app.type(answer)
    choose_data(app, way, tmp_path)
    go_to(app, "Loss")
    app.type("mse")
    go_to(app, "Learning rate")
    app.press("ctrl+a")
    app.type("0.25")
    app.press("Return")
    app.until(lambda now: now["stepping"]["note"].startswith("✓"), "the program of these choices")

    app.press("alt+3", "alt+1")
    seen = app.until(lambda now: now if now["lines"] and now["drawn"] else None, "the program")
    steps = int(re.search(r"0 of (\d+) done", seen["status"])[1])
    values: dict[str, Array] = {}
    for k in range(1, steps + 1):
        app.press("Right")
        seen = app.shows(f"iteration 1 · epoch 1 · {k} of {steps} done")
        values |= {name: cells(matrix) for name, matrix in seen["matrices"].items()}
    x, y = values["X"], values["Y"]
    if way == "file":
        np.testing.assert_allclose(x, SAMPLES)
        np.testing.assert_allclose(y, TARGETS)
    elif way == "typed":
        np.testing.assert_allclose((*x.ravel(), *y.ravel()), (*SAMPLES[0], *TARGETS[0]))
    wanted = computed(p, x, y, 0.25)
    for name in ("A1", "Z2", "L", "dW1", "db1", "dW2", "db2"):
        shown = values[name].T if name.startswith("dW") and make in UNIT_A_ROW else values[name]
        np.testing.assert_allclose(shown, np.atleast_2d(wanted[name]), rtol=2e-5, atol=1e-6, err_msg=name)

    for k in (1, 2):
        app.press("Left")
        app.shows(f"iteration 1 · epoch 1 · {steps - k} of {steps} done")
    app.press("Right", "Right")
    app.shows(f"iteration 1 · epoch 1 · {steps} of {steps} done")
    for form in FORMS:
        call(app, {"toml": "save the network as", "stepper": "save the session as"}.get(form, "save the weights as"))
        type_path(app, "the dialog to save", tmp_path / f"out.{form}")
        app.until(lambda now, form=form: f"out.{form}" in now["message"], f"to be told that out.{form} is saved")
    again(tmp_path, {n: wanted[n] for n in p}, wanted, x)
    for form in FORMS:
        open_saved(app, tmp_path / f"out.{form}")
        title = f"out.{form} — Backprop Stepper"
        seen = app.until(lambda now, title=title: now if now["title"] == title and now["drawn"] else None, title)
        assert "cannot" not in seen["message"]


def again(folder: Path, new: dict[str, Array], wanted: dict[str, Array], x: Array) -> None:
    """Compare what was saved with the numbers that were computed by hand, read by the libraries of the formats."""
    from onnx import load
    from onnx.reference import ReferenceEvaluator
    from safetensors.numpy import load_file

    sums = sorted(float(np.sum(a)) for a in new.values())
    with np.load(folder / "out.npz") as held:
        np.testing.assert_allclose(sorted(float(np.sum(held[n])) for n in held), sums, rtol=1e-4, atol=1e-5)
    stored = load_file(folder / "out.safetensors")
    np.testing.assert_allclose(sorted(float(np.sum(a)) for a in stored.values()), sums, rtol=1e-4, atol=1e-5)
    model = load(folder / "out.onnx")
    kind = {1: np.float32, 11: np.float64}[model.graph.input[0].type.tensor_type.elem_type]
    given = ReferenceEvaluator(model).run(None, {model.graph.input[0].name: x.astype(kind)})[0]
    by_hand = np.tanh(x @ new["W1"] + new["b1"]) @ new["W2"] + new["b2"]
    np.testing.assert_allclose(given, by_hand, rtol=1e-4, atol=1e-5)
