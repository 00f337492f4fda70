"""A tree of choices → TOML, in the style of the shipped examples: what is as usual is left out."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.description import FIELDS, LAYER_FIELDS, Description, Field

MOST_LAYERS_ON_A_LINE = 2
_ALWAYS = ("units", "activation")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def to_toml(tree: Mapping[str, Any]) -> str:
    """Return a nested mapping of choices as TOML that reads back equal.

    Keys that have their default are left out, and so are keys without a value (None). What the table does
    not know, or would not allow, is written as it is: nothing is lost, and the text shows what is wrong.

    Raises:
        TypeError: for a value that TOML cannot hold.
    """
    parts: list[str] = []
    known = [name for name in FIELDS if name in tree]
    for name in [*known, *(name for name in tree if name not in FIELDS)]:
        section = tree[name]
        if not isinstance(section, Mapping):
            # Keys above every section are the only place where TOML has values outside of one.
            parts.insert(0, f"{_key(name)} = {_value(section)}\n")
            continue
        lines = _lines(section, FIELDS.get(name, {}), name == "network")
        if lines or name == "network" or name not in FIELDS:
            parts.append("\n".join([f"[{_key(name)}]", *lines]) + "\n")
    return "\n".join(parts)


def text_of(d: Description) -> str:
    """Return the TOML text of a description."""
    network = {**d.network, "layers": [dict(layer) for layer in d.layers]}
    return to_toml({"network": network, "data": d.data, "parameters": d.parameters, "optimizer": d.optimizer})


def _lines(section: Mapping[str, Any], fields: Mapping[str, Field], layered: bool) -> list[str]:
    """Return the lines of a section in the order of the table; layers stand where the examples have them."""
    order = list(fields)
    if layered:
        order.insert(order.index("inputs") + 1, "layers")
    lines: list[str] = []
    for key in [*(k for k in order if k in section), *(k for k in section if k not in order)]:
        value = section[key]
        if layered and key == "layers":
            lines += _layer_lines(value)
        elif value is not None and not (key in fields and is_default(fields[key], value)):
            lines.append(f"{_key(key)} = {_value(value)}")
    return lines


def is_default(f: Field, value: Any) -> bool:
    """Tell whether a value is the default and of its kind: `1` is not `true`, though Python finds them equal."""
    if isinstance(value, bool) or isinstance(f.default, bool) or f.kind != "float":
        return type(value) is type(f.default) and value == f.default
    return isinstance(value, (int, float)) and value == f.default


def _layer_lines(layers: Any) -> list[str]:
    if not isinstance(layers, list) or not all(isinstance(layer, Mapping) for layer in layers):
        return [f"layers = {_value(layers)}"]
    texts = [_layer(layer) for layer in layers]
    if len(texts) <= MOST_LAYERS_ON_A_LINE:
        line = f"layers = [{', '.join(texts)}]"
        if len(line) <= 120:
            return [line]
    return ["layers = [", *(f"    {text}," for text in texts), "]"]


def _layer(layer: Mapping[str, Any]) -> str:
    kind = layer.get("layer", "dense")
    fields = LAYER_FIELDS.get(kind, {}) if isinstance(kind, str) else {}
    order = ["layer", *fields]
    kept: dict[str, Any] = {}
    for key in [*(k for k in order if k in layer), *(k for k in layer if k not in order)]:
        value = layer[key]
        usual = kind == "dense" if key == "layer" else key in fields and is_default(fields[key], value)
        # A dense layer is read by its units and its activation, even where they are the usual ones.
        if value is not None and (not usual or (kind == "dense" and key in _ALWAYS)):
            kept[key] = value
    return _value(kept)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _text(key)


def _value(value: Any) -> str:
    """Return one value in TOML's own writing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items())
        return f"{{{inside}}}"
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return f"[{', '.join(_value(v) for v in value)}]"
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    raise TypeError(f"TOML cannot hold {type(value).__name__}")


def _text(text: str) -> str:
    signs = (_ESCAPES.get(c) or (f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c) for c in text)
    return f'"{"".join(signs)}"'
