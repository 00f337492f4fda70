"""Pictures of saved networks: what a file holds, one tensor, how it is stepped, all in several states."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

from core.files.saving.save_safetensors import Part, write_safetensors
from core.library import open_target
from core.program.ir import Array
from core.steppable.build import Choices
from core.steppable.data import Samples
from stepper.looks import BIGGEST
from stepper.models.saved_state import RANDOM, USUAL
from stepper.picture import THEMES, Studio, standing

SIZES = {"saved": (420, 640), "tensor": (760, 420), "stepping": (420, 760)}
WINDOWS = ((1280, 720), (2560, 1440))
KINDS = ("weight", "bias")


def write(path: Path, arrays: dict[str, Array]) -> Path:
    """Write arrays as a .safetensors file."""
    with path.open("wb") as file:
        write_safetensors(file, [Part(n, str(a.dtype), a.shape, partial(np.asarray, a)) for n, a in arrays.items()])
    return path


def checkpoints(folder: Path) -> tuple[Path, Path]:
    """Write the digits network as it is after 20 iterations of training, and after 60."""
    made: list[Path] = []
    for iterations in (20, 60):
        session = standing(open_target("digits"), iterations, None)
        moment = session.moment()
        arrays: dict[str, Array] = {}
        for layer in (1, 2):
            for letter, name in (("W", "weight"), ("b", "bias")):
                value = moment.current(f"{letter}{layer}")
                found = None if value is None else session.timeline.machine.value(value)
                assert found is not None
                array = np.asarray(found, np.float32)
                arrays[f"fc{layer}.{name}"] = np.ascontiguousarray(array) if letter == "W" else array.reshape(-1)
        made.append(write(folder / f"digits-{iterations}.safetensors", arrays))
    return made[0], made[1]


def files(folder: Path) -> dict[str, tuple[Path, Choices, Samples]]:
    """Write a file for each state, and return it with what is chosen for it."""
    rng = np.random.default_rng(5)
    first, _ = checkpoints(folder)
    small = {
        "fc1.weight": rng.standard_normal((3, 2)), "fc1.bias": np.zeros(3),
        "fc2.weight": rng.standard_normal((1, 3)), "fc2.bias": np.zeros(1),
    }  # fmt: skip
    sizes = (784, 128, 64, 10)
    large: dict[str, Array] = {}
    for n, (inputs, units) in enumerate(pairwise(sizes), 1):
        large[f"layers.{n}.weight"] = (rng.standard_normal((units, inputs)) / np.sqrt(inputs)).astype(np.float32)
        large[f"layers.{n}.bias"] = np.zeros(units, np.float32)
    sick = {name: np.array(a) for name, a in large.items()}
    sick["layers.1.weight"][5, 100:300] = np.nan
    sick["layers.1.weight"][9] = np.inf
    sick["layers.2.weight"][7] = sick["layers.2.weight"][3]
    sick["layers.2.weight"][20] = 0
    closed = {
        "0.weight": rng.standard_normal((16, 8)), "0.bias": np.zeros(16),
        "2.weight": rng.standard_normal((4, 1, 3, 3)), "2.bias": np.zeros(4),
        "5.weight": rng.standard_normal((3, 16)), "5.bias": np.zeros(3),
    }  # fmt: skip
    return {
        "2-3-1": (write(folder / "xor.safetensors", small), Choices("tanh", "sigmoid"), Samples("xor")),
        "784-128-64-10": (write(folder / "mnist.safetensors", large), USUAL, RANDOM),
        "NaN": (write(folder / "diverged.safetensors", sick), USUAL, RANDOM),
        "closed": (write(folder / "closed.safetensors", closed), USUAL, RANDOM),
        "digits": (first, Choices("relu", "softmax"), Samples("digits", standardize=True)),
    }  # fmt: skip


def strange(folder: Path) -> dict[str, Path]:
    """Write files of which little or nothing can be stepped, with very many or very odd names, and a damaged one."""
    rng = np.random.default_rng(6)
    long = "a_very_long_name_that_a_program_has_made_" * 4
    many = {f"encoder.layer.{n}.output.{kind}": np.ones((8, 8)[: 2 - (kind == "bias")]) for n in range(250) for kind in KINDS}
    found = {
        "only closed": {"conv.weight": rng.standard_normal((4, 1, 3, 3)), "conv.bias": np.zeros(4)},
        "500 tensors": many,
        "names": {
            "שכבה.1.weight": rng.standard_normal((5, 4)), "שכבה.1.bias": np.zeros(5),
            f"{long}.weight": rng.standard_normal((3, 5)), f"{long}.bias": np.zeros(3),
        },
        "all NaN": {
            "fc1.weight": np.full((3, 2), np.nan), "fc1.bias": np.full(3, np.inf),
            "fc2.weight": np.full((1, 3), -np.inf), "fc2.bias": np.full(1, np.nan),
        },
        "square": {name: rng.standard_normal((4, 4)[: 2 - (name == "c")]) for name in ("a", "b", "c")},
    }  # fmt: skip
    paths = {name: write(folder / f"{name}.safetensors", arrays) for name, arrays in found.items()}
    paths["damaged"] = folder / "damaged.safetensors"
    paths["damaged"].write_bytes(paths["square"].read_bytes()[:60])
    return paths


def wait(studio: Studio) -> None:
    """Return when nothing is being read any more."""
    while studio.window.inspecting.work.busy:
        QApplication.processEvents()


def show(studio: Studio, path: Path, choices: Choices, samples: Samples) -> None:
    """Open a saved network as a person does, and wait until it is shown."""
    studio.window.inspecting.read(str(path), choices, samples)
    wait(studio)


def saved_networks(folder: Path) -> Iterator[tuple[str, str, QPixmap]]:
    """Take every picture; yields the sheet that it belongs on, its name and itself."""
    for name, (path, choices, samples) in files(folder).items():
        for theme in THEMES:
            with Studio() as studio:
                studio.window.set_theme(theme)
                show(studio, path, choices, samples)
                for width, height in WINDOWS:
                    yield f"inspect-{width}x{height}", f"{name} {theme}", studio.take("window", (width, height), "inspect")
                for view, size in SIZES.items():
                    yield view, f"{name} {theme}", studio.take(view, size)
    first, second = folder / "digits-20.safetensors", folder / "digits-60.safetensors"
    for theme in THEMES:
        with Studio() as studio:
            studio.window.set_theme(theme)
            show(studio, first, Choices("relu", "softmax"), Samples("digits", standardize=True))
            studio.window.inspecting.compare_with(str(second))
            wait(studio)
            for view in ("saved", "tensor"):
                yield view, f"compared {theme}", studio.take(view, SIZES[view])


def hard_states(folder: Path) -> Iterator[tuple[str, str, QPixmap]]:
    """Take pictures of strange files, of no file, and of the largest text in a small window; yields as `saved_networks`."""
    for name, path in (*strange(folder).items(), ("no file", None)):
        for theme in THEMES:
            with Studio() as studio:
                studio.window.set_theme(theme)
                if path is not None:
                    show(studio, path, USUAL, RANDOM)
                yield "inspect-strange", f"{name} {theme}", studio.take("window", WINDOWS[0], "inspect")
    path, choices, samples = files(folder)["NaN"]
    for theme in THEMES:
        with Studio() as studio:
            studio.window.set_theme(theme)
            show(studio, path, choices, samples)
            studio.window.looks.zoom_by(BIGGEST)
            for panel in ("network", "tensor", "stepping"):
                studio.take("window", WINDOWS[0], "inspect")
                studio.window.panels.show_panel(panel)
                yield "inspect-largest-text", f"{panel} {theme}", studio.take("window", WINDOWS[0], "inspect")
            studio.window.looks.zoom_by(0)  # it is of the whole application


def readme(folder: Path) -> Iterator[tuple[str, QPixmap]]:
    """Take the README's picture of a saved network."""
    _, path = checkpoints(folder)
    with Studio() as studio:
        studio.window.set_theme("light")
        show(studio, path, Choices("relu", "softmax"), Samples("digits", standardize=True))
        session = studio.window.controller.session
        assert session is not None
        session.later("phase")  # all of the forward: each neuron then shows its number
        yield "saved", studio.take("window", (1360, 820), "inspect")
