"""A saved network in the real window, by keys: inspected, compared, stepped, saved again; every number against plain NumPy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from helpers.driving import call, cells, go_to, network, number, open_saved, type_path
from safetensors.numpy import save_file

Array = np.ndarray[Any, Any]
FACTS = ("numbers", "smallest", "largest", "mean", "standard deviation", "zeros", "NaN or ∞")
RATE = 0.25
SAMPLE, TARGET = (0.5, -1.25, 2.0), (1.0, -0.5)


def statistics(a: Array) -> list[float]:
    """What the panel says of a tensor, by NumPy in float64."""
    b = a.astype(np.float64)
    return [b.size, b.min(), b.max(), b.mean(), b.std(), np.sum(b == 0), np.sum(~np.isfinite(b))]


def looked_at(app: Any, name: str) -> dict[str, Any]:
    """Wait until the statistics of a tensor are in sight; returns what is seen."""

    def found(seen: dict[str, Any]) -> dict[str, Any] | None:
        t = seen["tensor"]
        return seen if t and t["name"] == name and t["facts"] and t["facts"][0][1] != "–" else None

    return app.until(found, f"the statistics of {name}")


def choose(app: Any, name: str) -> dict[str, Any]:
    """Go down the tree to a tensor."""
    call(app, "the layers and tensors")
    app.until(lambda seen: seen["focus"] == "Layers and tensors", "the tree")
    app.press("Home")
    for _ in range(40):
        if app.read()["saved"]["chosen"] == name:
            return looked_at(app, name)
        app.press("Down")
    raise AssertionError(f"the tree has no line {name!r}")


def show_statistics(app: Any) -> None:
    """Bring the statistics of the tensor to sight."""
    go_to(app, "ways to see the tensor")
    for _ in range(8):
        if app.read()["tensor"]["facts"]:
            return
        app.press("Right")
    raise AssertionError("the statistics do not come to sight")


def test_inspected_and_a_bad_file_changes_nothing(newcomer: Any, tmp_path: Path) -> None:
    tensors = network(11)
    tensors["W2"][1, 0] = 0.0
    file, bad = tmp_path / "net.npz", tmp_path / "bad.npz"
    np.savez(file, **tensors)
    bad.write_bytes(file.read_bytes()[:300])
    open_saved(newcomer, file)
    seen = newcomer.until(lambda now: now if now["tensor"] and now["saved"].get("lines") and now["drawn"] else None, "the file")
    assert seen["title"] == "net.npz — Backprop Stepper"
    lines = {line[0]: line for line in seen["saved"]["lines"]}
    what, shape = seen["saved"]["heads"].index("what"), seen["saved"]["heads"].index("size")
    for name, a in tensors.items():
        assert lines[name][what] == ("weight" if name[0] == "W" else "bias")
        assert lines[name][shape] == "×".join(map(str, a.shape))
    above = " ".join(" ".join(seen["saved"]["texts"]).split())
    assert "4 tensors · 26 parameters · float64" in above
    show_statistics(newcomer)
    for name, a in tensors.items():
        seen = choose(newcomer, name)
        assert [line[0] for line in seen["tensor"]["facts"][:7]] == list(FACTS)
        shown = [number(line[1]) for line in seen["tensor"]["facts"][:7]]
        np.testing.assert_allclose(shown, statistics(a), rtol=1e-14)

    before = newcomer.read()
    open_saved(newcomer, bad)
    seen = newcomer.until(lambda now: now if now["message"] else None, "a sentence")
    assert "bad.npz" in seen["message"]
    for part in ("title", "status", "saved", "tensor", "stepping", "labels"):
        assert seen[part] == before[part], part


def trained(p: dict[str, Array]) -> dict[str, Array]:
    """One iteration by hand: the forward of a tanh layer and one without a function, the loss, the gradients, the update."""
    x, y = np.array([SAMPLE]), np.array([TARGET])
    A1 = np.tanh(x @ p["W1"] + p["b1"])
    Z2 = A1 @ p["W2"] + p["b2"]
    dZ2 = 2 * (Z2 - y) / Z2.size
    dZ1 = dZ2 @ p["W2"].T * (1 - A1**2)
    gradients = {"dW1": x.T @ dZ1, "db1": dZ1.sum(0), "dW2": A1.T @ dZ2, "db2": dZ2.sum(0)}
    return {
        "A1": A1,
        "Z2": Z2,
        "L": np.mean((Z2 - y) ** 2),
        **gradients,
        **{k: v - RATE * gradients[f"d{k}"] for k, v in p.items()},
    }


def test_stepped_as_chosen_and_saved_again(newcomer: Any, tmp_path: Path) -> None:
    tensors = network(11)
    file, out = tmp_path / "net.npz", tmp_path / "trained.npz"
    np.savez(file, **tensors)
    open_saved(newcomer, file)
    newcomer.until(lambda now: now["stepping"] and now["drawn"], "the form")
    call(newcomer, "how it is stepped")
    go_to(newcomer, "Function of the hidden layers")
    newcomer.type("tanh")
    go_to(newcomer, "Function of the last layer")
    newcomer.type("id")
    seen = newcomer.until(lambda now: now if now["stepping"]["note"].startswith("●") else None, "the choices")
    assert seen["stepping"]["answers"]["activation"] == "tanh"
    assert seen["stepping"]["origins"]["activation"] == "✓ chosen by you"
    newcomer.press("Tab")
    for _ in range(4):
        if newcomer.read()["stepping"]["way"] == "typed":
            break
        newcomer.press("Down")
    go_to(newcomer, "The sample")
    newcomer.type(", ".join(map(str, SAMPLE)))
    go_to(newcomer, "What it should give")
    newcomer.type(" ".join(map(str, TARGET)))
    go_to(newcomer, "Learning rate")
    newcomer.press("ctrl+a")
    newcomer.type(str(RATE))
    newcomer.press("Return")
    seen = newcomer.until(lambda now: now if now["stepping"]["note"].startswith("✓") else None, "the program of these choices")
    assert seen["title"] == "net.npz — Backprop Stepper"

    newcomer.press("alt+3", "alt+1")
    seen = newcomer.until(lambda now: now if now["lines"] and now["drawn"] else None, "the program")
    said = "\n".join(seen["lines"])
    assert "tanh: chosen by you" in said
    assert "identity: chosen by you" in said
    assert "mse: assumed" in said
    steps = int(re.search(r"0 of (\d+) done", seen["status"])[1])
    values: dict[str, Array] = {}
    for k in range(1, steps + 1):
        newcomer.press("Right")
        seen = newcomer.shows(f"iteration 1 · epoch 1 · {k} of {steps} done")
        values |= {name: cells(matrix) for name, matrix in seen["matrices"].items()}
    wanted = trained(tensors)
    for name in ("A1", "Z2", "L", "dW1", "db1", "dW2", "db2"):
        np.testing.assert_allclose(values[name], np.atleast_2d(wanted[name]), rtol=1e-12, err_msg=name)
    assert f"loss {wanted['L']:.4g}" in seen["labels"]
    assert seen["tensor"] == {} or seen["tensor"]["name"] in tensors

    call(newcomer, "save the weights")
    type_path(newcomer, "the dialog to save", out)
    newcomer.until(lambda now: "trained.npz" in now["message"], "to be told that they are saved")
    with np.load(out) as written:
        assert sorted(written) == sorted(tensors)
        for name in tensors:
            np.testing.assert_allclose(written[name], wanted[name], rtol=1e-12)
    with np.load(file) as untouched:
        assert all(np.array_equal(untouched[name], a) for name, a in tensors.items())


def test_two_checkpoints_beside_each_other(newcomer: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    sizes = {"fc1.weight": (5, 3), "fc1.bias": (5,), "fc2.weight": (2, 5), "fc2.bias": (2,)}
    first = {name: rng.normal(size=size).astype(np.float32) for name, size in sizes.items()}
    later = {**first, "fc1.weight": first["fc1.weight"] * 1.5, "fc2.weight": first["fc2.weight"] + np.float32(0.125)}
    later["fc3.bias"] = np.ones(3, np.float32)
    save_file(first, tmp_path / "first.safetensors")
    save_file(later, tmp_path / "later.safetensors")
    open_saved(newcomer, tmp_path / "first.safetensors")
    newcomer.until(lambda now: now["tensor"] and now["drawn"], "the file")
    call(newcomer, "compare with another")
    type_path(newcomer, "the dialog of the other file", tmp_path / "later.safetensors")

    def compared(now: dict[str, Any]) -> dict[str, Any] | None:
        lines = {line[0]: line for line in now["saved"].get("lines", [])}
        return now if "fc3.bias" in lines and all(lines[name][1] for name in first) else None

    seen = newcomer.until(compared, "the comparison")
    assert seen["saved"]["heads"][1:3] == ["difference", "relative"]
    lines = {line[0]: line for line in seen["saved"]["lines"]}
    for name, a in first.items():
        change = later[name].astype(np.float64) - a
        if not change.any():
            assert lines[name][1] == "= equal"
            continue
        assert lines[name][1].startswith("≠ ")
        shown = [number(lines[name][1].removeprefix("≠ ")), number(lines[name][2])]
        relative = np.sqrt(np.mean(change**2)) / np.sqrt(np.mean(a.astype(np.float64) ** 2))
        np.testing.assert_allclose(shown, [np.abs(change).max(), relative], rtol=6e-4)
    assert lines["fc3.bias"][1] == "▷ only there"

    show_statistics(newcomer)
    seen = choose(newcomer, "fc1.weight")
    facts = newcomer.until(
        lambda now: now["tensor"]["facts"] if all("–" not in row for row in now["tensor"]["facts"]) else None, "both sides"
    )
    head = next(row for row in facts if row[0] not in FACTS)
    assert len([x for x in head if x]) == 3, head
    sides = (first["fc1.weight"], later["fc1.weight"], later["fc1.weight"].astype(np.float64) - first["fc1.weight"])
    rows = {row[0]: row[1:] for row in facts}
    for at, a in enumerate(sides):
        np.testing.assert_allclose([number(rows[what][at]) for what in FACTS], statistics(a), rtol=1e-6)
    call(newcomer, "stop comparing")
    newcomer.until(lambda now: "difference" not in now["saved"]["heads"], "the comparison to end")


def test_a_tensor_is_exported_in_each_form_by_keys(newcomer: Any, tmp_path: Path) -> None:
    tensors = network(11)
    np.savez(tmp_path / "net.npz", **tensors)
    open_saved(newcomer, tmp_path / "net.npz")
    newcomer.until(lambda now: now["tensor"] and now["drawn"], "the file")
    for form in ("npy", "npz", "csv", "safetensors"):
        out = tmp_path / f"W1 out.{form}"
        call(newcomer, "export this tensor")
        type_path(newcomer, "the dialog to export", out)
        newcomer.until(lambda now, out=out: out.name in now["message"], "to be told that it is saved")
        open_saved(newcomer, out)
        newcomer.until(lambda now, out=out: now["title"].startswith(out.name) and now["drawn"], "the exported tensor")
        open_saved(newcomer, tmp_path / "net.npz")
        newcomer.until(lambda now: now["title"].startswith("net.npz") and now["tensor"] and now["drawn"], "the file again")
    np.testing.assert_array_equal(np.load(tmp_path / "W1 out.npy"), tensors["W1"])
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "W1 out.csv", delimiter=","), tensors["W1"])
