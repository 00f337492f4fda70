"""What a form over the table of choices needs to know besides: which choices matter now, what each one means, presets."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources as package_files
from typing import Any

from core.data.sources import BUILT_IN
from core.description import FIELDS, INITIALIZERS, LAYER_FIELDS
from core.explain import EXPLANATIONS
from core.library import example_text
from core.optimizers import RULES, SCHEDULE_USES, USES

PRESETS: dict[str, str] = {"XOR 2-3-1": "xor", "Iris": "iris", "Digits": "digits", "Moons 2-8-1": "moons"}
"""Title → a file under `resources/presets`, else a described built-in of the library."""

_RULE_KEYS = {key for keys in USES.values() for key in keys}
_SCHEDULE_KEYS = {key for keys in SCHEDULE_USES.values() for key in keys}
_SCALED = ("normal", "uniform", "constant")
_WITHOUT_DRAWS = ("zeros", "constant")
_WITH_SLOPE = ("leaky_relu", "elu")


def preset_text(title: str) -> str:
    """Return the TOML of a preset; raises KeyError."""
    name = PRESETS[title]
    own = package_files.files("resources") / "presets" / f"{name}.toml"
    return own.read_text("utf-8") if own.is_file() else example_text(name)


def matters(tree: Mapping[str, Any], path: str) -> bool:
    """Tell whether a key (`optimizer.beta`, `network.layers[2].slope`) changes anything beside the other choices."""
    section, _, key = path.partition(".")

    def chosen(section: str, key: str) -> Any:
        keys = tree.get(section)
        return keys.get(key, FIELDS[section][key].default) if isinstance(keys, Mapping) else FIELDS[section][key].default

    if path.startswith("network.layers["):
        return _layer_matters(tree, path)
    if section == "optimizer" and key in _RULE_KEYS:
        return key in USES.get(chosen("optimizer", "name"), ())
    if section == "optimizer" and key in _SCHEDULE_KEYS:
        return key in SCHEDULE_USES.get(chosen("optimizer", "schedule"), ())
    if section == "parameters" and key != "values":
        init = chosen("parameters", "init")
        if chosen("parameters", "values") is not None:
            return False
        return {"scale": init in _SCALED, "init": True}.get(key, init not in _WITHOUT_DRAWS)
    if path == "data.target":
        # Only a text file has columns to choose from.
        source = str(chosen("data", "source"))
        return source not in BUILT_IN and not source.lower().endswith(".npz")
    if path == "data.seed":
        drops = any(isinstance(x, Mapping) and x.get("layer") == "dropout" for x in _layers(tree))
        return bool(chosen("data", "shuffle") or chosen("data", "held_out") or drops)
    return True


def _layers(tree: Mapping[str, Any]) -> list[Any]:
    network = tree.get("network")
    layers = network.get("layers") if isinstance(network, Mapping) else None
    return layers if isinstance(layers, list) else []


def _layer_matters(tree: Mapping[str, Any], path: str) -> bool:
    number, _, key = path.removeprefix("network.layers[").partition("].")
    layers = _layers(tree)
    if key != "slope" or not number.isdigit() or not 1 <= int(number) <= len(layers):
        return True
    layer = layers[int(number) - 1]
    activation = LAYER_FIELDS.get(layer.get("layer", "dense"), {}).get("activation")
    return layer.get("activation", activation.default if activation else None) in _WITH_SLOPE


def meaning(path: str, choice: Any) -> str:
    """Return what one choice of a key means, in a line: a formula, an update, a data set; empty where there is none."""
    if not isinstance(choice, str):
        return ""
    key = path.rpartition(".")[2]
    if path == "optimizer.name":
        return RULES[choice][1] if choice in RULES else ""
    if path == "parameters.init":
        return INITIALIZERS.get(choice, "")
    if path == "data.source":
        return BUILT_IN.get(choice, "")
    if key in ("activation", "loss"):
        return EXPLANATIONS[choice].formula if choice in EXPLANATIONS else ""
    return ""
