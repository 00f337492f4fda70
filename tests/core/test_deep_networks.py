"""A network of many layers costs as much more as it has more layers; what is counted are steps, never seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.complete import load
from core.files.inference import infer as inferring
from core.files.inference.infer import infer
from core.files.saved import Saved, Tensor, Where
from core.health.roles import roles_of
from core.library import open_target
from core.program import network, network_find, structure
from core.program.ir import Instruction, Program
from core.session import session_of


def deep(folder: Path, layers: int) -> Path:
    rng = np.random.default_rng(layers)
    held = {f"W{n}": rng.standard_normal((3, 3)) for n in range(1, layers + 1)}
    held |= {f"b{n}": rng.standard_normal(3) for n in range(1, layers + 1)}
    np.savez(folder / f"deep{layers}.npz", **held)
    return folder / f"deep{layers}.npz"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """How often an instruction was asked what it reads, since it was asked last."""
    count = 0
    plain = Instruction.reads.fget
    assert plain is not None

    def counted(self: Instruction) -> tuple[int, ...]:
        nonlocal count
        count += 1
        return plain(self)

    def since() -> int:
        nonlocal count
        found, count = count, 0
        return found

    monkeypatch.setattr(Instruction, "reads", property(counted))
    yield since


def work(path: Path, layers: int, read: Callable[[], int]) -> list[int]:
    """How often an instruction is asked while a network is loaded, found and looked at, and how often a shape is."""
    opened = open_target(str(path))
    read()
    load(opened.program.text, None, path.parent)
    found = [read()]
    roles, asked = roles_of(opened.program, session_of(opened).timeline.machine.values), [0]

    def shape(value: int) -> tuple[int, ...] | None:
        asked[0] += 1
        return roles.shape(value)

    read()
    net = network.network_of(opened.program, shape)
    assert net is not None and len(net.layers) == layers
    found += [read(), asked[0]]
    assert len(roles.sites) == layers - 1
    return [*found, read()]


def test_a_deep_network_is_found_in_proportion(tmp_path: Path, read: Callable[[], int]) -> None:
    few, many = (work(deep(tmp_path, layers), layers, read) for layers in (20, 40))
    assert all(a > 0 and b < 2.5 * a for a, b in zip(few, many, strict=True)), (few, many)


def whole_ways(program: Program, layers: Any) -> list[set[int]]:
    """What is on the ways of each layer, looked for in the whole program."""
    forward = [i for i in program.instructions if program.phase_of(i.index) in ("forward", "loss")]
    return [
        structure.descendants(forward, [program.instructions[n.product].result]) & structure.ancestors(forward, [n.act.value])
        for n in layers
    ]


@pytest.mark.parametrize("target", ["xor", "rows", "iris", "digits", "flower", ""])
def test_the_ways_between_layers_are_those_of_the_whole_program(tmp_path: Path, target: str) -> None:
    program = open_target(target or str(deep(tmp_path, 6))).program
    roles = roles_of(program, session_of(open_target(target or str(tmp_path / "deep6.npz"))).timeline.machine.values)
    finder = network_find.Finder(program, roles.shape)
    found = finder.run()
    assert found is not None
    products = [finder.products[program.instructions[n.product].result] for n in found.layers]
    ways = [finder._between(p, n.act.value) for p, n in zip(products, found.layers, strict=True)]
    assert ways == whole_ways(program, found.layers) and all(ways)
    assert finder._between(products[0], program.inputs[found.layers[0].weight]) == set()


# -- many tensors


def many(count: int) -> list[Tensor]:
    return [Tensor(f"a.{n}.weight", (2, 2), "float32", 16, Where("span", "", 16 * n, 16)) for n in range(count)]


def test_names_of_very_many_tensors_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    most = inferring._MOST_NAMED
    assert "not_of_the_network" in dir(inferring)
    monkeypatch.setattr(inferring, "not_of_the_network", lambda _: pytest.fail("they were looked at"))
    found = infer(many(most + 1))
    assert found.layers == () and found.extras == {} and f"it holds {most + 1} parameters" in found.why[0]


def test_parameters_are_found_among_the_states_of_an_optimizer() -> None:
    held = [
        Tensor(f"{of}{n}.weight", (2, 2), "float32", 16, Where("worker")) for of in ("", "adam.m.", "adam.v.") for n in range(30)
    ]
    assert len(held) <= inferring._MOST_NAMED
    found = infer(held)
    assert len(found.layers) == 30 and len(found.extras) == 60


def test_what_is_as_usual_is_left_out_of_the_answer() -> None:
    plain = many(2)[1]
    assert plain.to_data()["where"] == {"kind": "span", "offset": 16, "length": 16}
    assert Tensor.from_data(plain.to_data()) == plain
    for where in (
        Where("member", length=16, member="a/b"), Where("span", "beside.bin", 4, 16), Where("span", length=16, order="F"),
        Where("span", length=16, strides=(1, 2)), Where("span", length=16, checks=(7,)),
    ):  # fmt: skip
        tensor = Tensor("a", (2, 2), "float32", 16, where)
        saved = Saved("f", "p", 100, (tensor,))
        assert Saved.from_data(saved.to_data()) == saved
