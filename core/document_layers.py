"""The layers of a saved network in a document: what they are, which are closed, and the shapes of their arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from core.document_program import LARGEST, items, whole
from core.errors import StepperError
from core.files.document_form import damaged
from core.files.saved import MOST_AXES, MOST_LAYERS, MOST_TENSORS, Layer, capped

Shapes = Mapping[str, tuple[int, ...]]


def layers_data(layers: Sequence[Layer], closed: Sequence[Layer], shapes: Shapes) -> dict[str, Any] | None:
    """Return layers as plain data, None where there are none; the closed ones are the last of them."""
    if not layers:
        return None
    return {
        "all": [_finite(layer.to_data()) for layer in layers],
        "closed": len(closed),
        "shapes": {capped(name): list(shape) for name, shape in shapes.items()},
    }


def layers_of(data: Any) -> tuple[tuple[Layer, ...], tuple[Layer, ...], Shapes]:
    """Read what `layers_data` wrote: all layers, the closed ones, the shapes; raises FileProblem."""
    match data:
        case None:
            return (), (), {}
        case {"all": found, "closed": closed, "shapes": dict(shapes)} if len(cast("dict[str, Any]", shapes)) <= MOST_TENSORS:
            try:
                layers = tuple(Layer.from_data(layer) for layer in items(found, MOST_LAYERS, "layers"))
            except StepperError:
                raise damaged("a layer in it cannot be read") from None
            count = whole(closed, 0, len(layers))
            known = {
                name: tuple(whole(n, 0, LARGEST) for n in items(shape, MOST_AXES, "sizes"))
                for name, shape in cast("dict[str, Any]", shapes).items()
            }
            return layers, layers[len(layers) - count :], known
        case _:
            raise damaged("its layers cannot be read")


def _finite(value: Any) -> Any:
    """Return plain data with numbers that are not finite as texts, which JSON can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in cast("dict[str, Any]", value).items()}
    return [_finite(v) for v in cast("list[Any]", value)] if isinstance(value, list) else value
