"""Choices written as TOML read back equal; what is as usual is left out; what cannot be is written all the same."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.choices import PRESETS, matters, meaning, preset_text
from core.data.sources import BUILT_IN
from core.description import FIELDS, LAYER_FIELDS, Field, describe, problems, problems_of_keys, read_toml
from core.description_text import is_default, to_toml
from core.library import EXAMPLES, example_text
from core.network_file import load_toml

DESCRIBED = ("iris", "digits")


def values(f: Field) -> st.SearchStrategy[Any]:
    low, high = f.least or 0, f.most or 1e6
    whole = st.integers(math.ceil(low) or 1, math.floor(high))
    return {
        "int": whole,
        "float": st.floats(low, high, exclude_min=f.open_ends),
        "bool": st.booleans(),
        "text": st.text(min_size=1),
        "choice": st.sampled_from(f.choices or ("",)),
        "batch": st.one_of(st.just("full"), st.integers(1, 10**6)),
        "sizes": st.one_of(st.integers(1, 99), st.lists(st.integers(1, 99), min_size=1, max_size=4)),
        "column": st.one_of(st.integers(0, 99), st.text()),
    }[f.kind]


def some(fields: dict[str, Field], needed: dict[str, Any] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(needed or {}, optional={k: values(f) for k, f in fields.items() if k not in (needed or {})})


def layer(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    needed: dict[str, Any] = {"units": values(LAYER_FIELDS[kind]["units"])} if kind == "dense" else {"layer": st.just(kind)}
    return some(LAYER_FIELDS[kind], needed)


LAYERS = st.lists(st.one_of([layer(kind) for kind in LAYER_FIELDS]), min_size=1, max_size=7)
TREES = st.fixed_dictionaries(
    {"network": some(FIELDS["network"], {"layers": LAYERS})},
    optional={name: some(fields) for name, fields in FIELDS.items() if name != "network"},
)
SCALARS = st.one_of(st.booleans(), st.integers(-(2**80), 2**80), st.floats(), st.text(), st.dates(), st.times())
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)), max_leaves=8
)
KEYS = st.one_of(st.text(), st.sampled_from([*FIELDS, *(k for fields in FIELDS.values() for k in fields), "layers"]))
ODD = st.dictionaries(KEYS, st.one_of(ANYTHING, st.dictionaries(KEYS, ANYTHING, max_size=4)), max_size=5)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return repr(a) == repr(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and a == b


@given(TREES)
def test_what_can_be_reads_back_as_the_same_description(tree: dict[str, Any]) -> None:
    text = to_toml(tree)
    back = read_toml(text)
    assert problems_of_keys(tree) == []
    if not problems(tree):
        assert describe(back) == describe(tree)
    assert to_toml(back) == text
    for name, keys in back.items():
        for key, value in keys.items():
            if key != "layers":
                assert same(value, tree[name][key])
                assert not is_default(FIELDS[name][key], value)


@given(ODD)
def test_what_cannot_be_is_written_as_it_is(tree: dict[str, Any]) -> None:
    back = read_toml(to_toml(tree))
    for name, keys in tree.items():
        if not isinstance(keys, dict):
            assert same(back[name], keys)
            continue
        for key, value in keys.items():
            kept = back.get(name, {})
            if name == "network" and key == "layers":
                assert key in kept
            elif key in kept:
                assert same(kept[key], value)
            else:
                assert is_default(FIELDS[name][key], value)
    assert {p.path for p in problems_of_keys(tree)} <= {p.path for p in problems_of_keys(back)} | {
        name for name in tree if name in FIELDS and name not in back
    }


@pytest.mark.parametrize("name", DESCRIBED)
def test_the_shipped_examples_are_in_this_style(name: str) -> None:
    text = example_text(name)
    body = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    wanted = {
        section: {k: v for k, v in keys.items() if k == "layers" or not is_default(FIELDS[section][k], v)}
        for section, keys in read_toml(text).items()
    }
    assert read_toml(to_toml(read_toml(text))) == wanted
    # Two lines of the examples say what is the default, for the one who reads them first.
    said = [line for line in body.splitlines() if line and line not in to_toml(read_toml(text)).splitlines()]
    assert all(line in ("seed = 1", 'name = "sgd"') or line.strip().startswith(("layers", "{", "]")) for line in said), said
    assert name in EXAMPLES


def test_layers_stand_one_a_line_when_there_are_more_than_two() -> None:
    two: dict[str, Any] = {"network": {"layers": [{"units": 3, "activation": "tanh"}, {"units": 1}]}}
    assert to_toml(two) == '[network]\nlayers = [{units = 3, activation = "tanh"}, {units = 1}]\n'
    three: dict[str, Any] = {"network": {"layers": [{"layer": "flatten"}, {"layer": "dense", "units": 3}, {"units": 1}]}}
    assert to_toml(three) == '[network]\nlayers = [\n    {layer = "flatten"},\n    {units = 3},\n    {units = 1},\n]\n'


def test_a_key_without_a_value_is_left_out_and_a_wrong_kind_is_not() -> None:
    tree: dict[str, Any] = {"network": {"layers": [{"units": 1}]}, "data": {"target": None, "shuffle": 0, "held_out": 0}}
    assert to_toml(tree).endswith("[data]\nshuffle = 0\n")
    with pytest.raises(TypeError):
        to_toml({"data": {"source": object()}})


@pytest.mark.parametrize("title", PRESETS)
def test_every_preset_makes_a_network(title: str) -> None:
    network = load_toml(preset_text(title))
    assert network.program.fault is None
    assert network.evaluations


def test_what_matters_follows_from_the_other_choices() -> None:
    adam: dict[str, Any] = {"optimizer": {"name": "adam", "schedule": "cosine"}}
    shown = {k for k in FIELDS["optimizer"] if matters(adam, f"optimizer.{k}")}
    assert {"beta1", "beta2", "epsilon", "total"} <= shown
    assert shown.isdisjoint({"beta", "drop", "every"})
    assert not matters({"parameters": {"init": "he"}}, "parameters.scale")
    assert not matters({"parameters": {"init": "zeros"}}, "parameters.seed")
    assert not matters({"parameters": {"values": "w.npz"}}, "parameters.init")
    assert matters({"data": {"source": "mine.csv"}}, "data.target")
    assert not matters({}, "data.target")
    assert matters({"data": {"held_out": 0.2}}, "data.seed")
    layers: dict[str, Any] = {"network": {"layers": [{"units": 1, "activation": "leaky_relu"}, {"units": 1}]}}
    assert matters(layers, "network.layers[1].slope")
    assert not matters(layers, "network.layers[2].slope")
    assert matters(layers, "network.layers[2].units")


def test_every_optimizer_start_loss_activation_and_data_set_is_explained() -> None:
    for path, choices in (
        ("optimizer.name", FIELDS["optimizer"]["name"].choices),
        ("parameters.init", FIELDS["parameters"]["init"].choices),
        ("network.loss", FIELDS["network"]["loss"].choices),
        ("network.layers[1].activation", LAYER_FIELDS["dense"]["activation"].choices),
        ("data.source", tuple(BUILT_IN)),
    ):
        for choice in choices:
            assert meaning(path, choice), (path, choice)
    assert meaning("data.source", "mine.csv") == meaning("network.loss", None) == ""
