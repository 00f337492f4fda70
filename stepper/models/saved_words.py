"""What is said of the layers and tensors of a saved network, in a word or two: names, kinds, roles, sizes.

Names and texts of a file come out of here escaped and cut: they are shown, and are no markup.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication

from core.files.looks.looks import Look, Remark
from core.files.problem import bare, escaped
from core.files.saved import Layer
from core.files.saved import shape_text as shape_text
from stepper.models.mark_signs import ORDER

LONGEST_NAME = 80
LONGEST_TEXT = 400
CLOSED = "▣"
GELU = {"gelu": "GELU tanh", "gelu_erf": "GELU exact"}
"""Its two forms, as short as there is room for in a line of a list."""
Shapes = Mapping[str, tuple[int, ...]]
translate = QCoreApplication.translate


def cut(text: str, most: int = LONGEST_NAME) -> str:
    """Return a text of a file as a person may see it: escaped, on one line, at most `most` characters."""
    return bare(text, most)


def sentence(text: str) -> str:
    """Return a sentence on a file, escaped and cut, beginning with a capital letter."""
    made = escaped(text[:LONGEST_TEXT]) + ("…" if len(text) > LONGEST_TEXT else "")
    return made[:1].upper() + made[1:]


def role_text(role: str) -> str:
    """Return what a tensor is in its layer."""
    words = {"mean": translate("saved", "running mean"), "variance": translate("saved", "running variance")}
    return words.get(role) or cut(role, 40)


def kind_text(layer: Layer) -> str:
    """Return what a layer does: `dense, relu`, `dropout 0.5`; a closed one is called by its class."""
    kinds = {
        "batch_norm": translate("saved", "batch norm"), "layer_norm": translate("saved", "layer norm"),
        "scale": translate("saved", "scale and shift"),
    }  # fmt: skip
    kind = kinds.get(layer.kind, layer.kind)
    activation = GELU.get(layer.activation) or cut(layer.activation.replace("_", " "), 40)
    made = layer.attributes.get("class")
    if not layer.steppable or layer.kind == "box":
        # PyTorch and Keras call their classes by where they lie: the last word is what people call them.
        name = cut(made.rpartition(".")[2], 40) if isinstance(made, str) else ""
        return name or ("" if layer.kind == "box" else kind)
    rate = layer.attributes.get("rate")
    if layer.kind == "dropout" and isinstance(rate, (int, float)):
        return f"{kind} {rate:g}"
    if layer.kind in ("activation", "softmax"):
        return activation or kind
    return f"{kind}, {activation}" if activation else kind


def sizes_text(layer: Layer, shapes: Shapes) -> str:
    """Return what flows in and out of a layer, `784 → 128`, as far as its weight says it; '' if that is not known."""
    entering, leaving = layer.attributes.get("inputs"), layer.attributes.get("outputs")
    if layer.kind == "dense" and not (isinstance(entering, int) and isinstance(leaving, int)):
        shape = shapes.get(layer.tensors.get("weight", ""), ())
        if len(shape) != 2:
            return ""
        entering, leaving = shape if layer.attributes.get("orientation") == "in,out" else shape[::-1]
    if isinstance(entering, int) and isinstance(leaving, int):
        return f"{entering} → {leaving}"
    norm = layer.kind in ("batch_norm", "layer_norm")
    return shape_text(shapes[layer.tensors["gamma"]]) if norm and layer.tensors.get("gamma") in shapes else ""


def chosen_of(layer: Layer) -> str | None:
    """Return the tensor that a layer is looked at by: its weight, else its first one; None if it has none."""
    return next((layer.tensors[r] for r in ("weight", "gamma") if r in layer.tensors), next(iter(layer.tensors.values()), None))


def worst(look: Look) -> Remark | None:
    """Return the gravest remark on a tensor."""
    return min(look.remarks, key=lambda r: ORDER[r.severity], default=None)
