"""What is said of layers of a saved network that are not stepped. All of it comes from a file and is shown as it is, escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QCoreApplication

from core.files.problem import bare, escaped
from core.files.saved import Layer

SIGN = "▣"
MOST_NAMED = 12
MOST_ARRAYS = 8
LONGEST_WHY = 400


def name_of(layer: Layer, most: int = 40) -> str:
    """Return a layer's name as a person may see it."""
    return bare(layer.name, most) or _say("no name")


def kind_of(layer: Layer) -> str:
    """Return what a layer is: the class that the file says, else its kind; '' where neither is known."""
    said = layer.attributes.get("class")
    if isinstance(said, str) and said.rpartition(".")[2]:
        return bare(said.rpartition(".")[2], 30)
    return "" if layer.kind == "box" else layer.kind.replace("_", " ")


def parted(layers: Sequence[Layer], boxes: int) -> list[tuple[Layer, ...]]:
    """Return which layers each of some boxes stands for: one each, the last for all that are left."""
    cut = max(0, min(boxes, len(layers)) - 1)
    return [*((layer,) for layer in layers[:cut]), *((tuple(layers[cut:]),) if layers else ())]


def lines_of(part: Sequence[Layer], alone: bool = False) -> tuple[str, str]:
    """Return the two lines of a box: the name and what it is; of several layers, how many. `alone`: no box is before it."""
    if len(part) == 1:
        kind = kind_of(part[0])
        return f"{SIGN} {name_of(part[0])}", _say("{kind} · closed").format(kind=kind) if kind else _say("closed layer")
    words = _say("{n} layers") if alone else _say("and {n} more")
    return f"{SIGN} {words.format(n=len(part))}", _say("closed")


def line_of(part: Sequence[Layer], long: bool = True, alone: bool = False) -> str:
    """Return what stands in a box that has room for one line, or for hardly any."""
    if len(part) == 1:
        name = f"{SIGN} {name_of(part[0])}"
        return f"{name} · {kind_of(part[0]) or _say('closed layer')}" if long else name
    return lines_of(part, alone)[0] if long else f"{SIGN} {'' if alone else '+'}{len(part)}"


def describe(part: Sequence[Layer], shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return all that is known of a box, for the tooltip and the screen reader."""
    if len(part) != 1:
        names = [_named(n) for n in part[:MOST_NAMED]]
        if len(part) > MOST_NAMED:
            names.append(_say("and {n} more").format(n=len(part) - MOST_NAMED))
        return "\n".join([_say("{sign} {n} closed layers").format(sign=SIGN, n=len(part)), *names])
    layer = part[0]
    lines = [_say("{sign} {layer}: closed, it is not stepped").format(sign=SIGN, layer=_named(layer))]
    why = escaped(layer.why[:LONGEST_WHY]) + ("…" if len(layer.why) > LONGEST_WHY else "")
    lines.append(why or _say("What enters it comes from a closed layer."))
    for role, array in list(layer.tensors.items())[:MOST_ARRAYS]:
        size = "×".join(map(str, shapes[array])) if array in shapes else ""
        lines.append(_say("{role}: {name} {size}").format(role=bare(role, 30), name=name_of_array(array), size=size).rstrip())
    if len(layer.tensors) > MOST_ARRAYS:
        lines.append(_say("and {n} more").format(n=len(layer.tensors) - MOST_ARRAYS))
    if layer.tensors:
        lines.append(_say("Choose it to see its numbers."))
    return "\n".join(lines)


def name_of_array(name: str) -> str:
    """Return the name of an array as a person may see it."""
    return bare(name)


def _named(layer: Layer) -> str:
    kind = kind_of(layer)
    return _say("{name} ({kind})").format(name=name_of(layer), kind=kind) if kind else name_of(layer)


def _say(text: str) -> str:
    return QCoreApplication.translate("closed", text)
