"""Operators of ai.onnx.ml that keep their numbers in attributes: these are given as tensors, as other operators have them."""

from __future__ import annotations

from typing import Any

_FLOATS = 6
"""The number of onnx.AttributeProto.FLOATS."""
_LINEAR = ("coefficients", "intercepts")
_SCALER = ("offset", "scale")
KEPT = {
    ("ai.onnx.ml", "LinearClassifier"): _LINEAR, ("ai.onnx.ml", "LinearRegressor"): _LINEAR, ("ai.onnx.ml", "Scaler"): _SCALER,
}  # fmt: skip
"""The operators, by domain and name, and the attributes that are tensors."""


def tensors_of(node: Any) -> list[Any]:
    """Return the tensors that a node keeps in its attributes, in order: none if one that must be there is not.

    Of a linear model a row of coefficients for each class, and one number for each if there are any; of a scaler both.
    """
    import onnx

    names = KEPT[text_of(node.domain), text_of(node.op_type)]
    said = {a.name: a.floats for a in node.attribute if a.type == _FLOATS and a.name in names}
    held = [said.get(name, ()) for name in names]
    if names == _SCALER:
        dims = [(len(n),) for n in held]
        if not all(len(n) for n in held):
            return []
    else:
        counted = [len(a.ints or a.strings) for a in node.attribute if a.name.startswith("classlabels")]
        targets = next((int(a.i) for a in node.attribute if a.name == "targets"), 1)
        units = len(held[1]) or max(counted, default=targets)
        if not held[0] or units < 1 or len(held[0]) % units:
            return []
        dims = [(units, len(held[0]) // units), (units,)]
    start = text_of(node.name) or text_of(next(iter(node.output), "")) or text_of(node.op_type)
    return [
        onnx.TensorProto(name=f"{start}.{name}", data_type=1, dims=size, float_data=numbers)
        for name, size, numbers in zip(names, dims, held, strict=True)
        if len(numbers)
    ]


def text_of(value: Any) -> str:
    """Return a text of the message; protobuf gives one that is not UTF-8 as bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
