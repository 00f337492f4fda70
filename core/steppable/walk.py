"""The layers of a saved network, one after the other → lines of a program, up to the first that cannot be stepped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.description import ACTIVATIONS
from core.files.inference.infer import Inferred
from core.files.problem import bare, shown
from core.files.saved import Layer, Saved, Tensor
from core.steppable.choices import ALONG, SAME, Choices, functions_decided, orientation_decided
from core.steppable.lines import Lines
from core.steppable.scaling import normal, scale, times

MOST_LAYERS = 500
"""A program of more layers would be slow to read, and nobody steps through it."""


class Walk:
    """Goes through the layers once it is made; then it knows the lines, what enters and leaves them, and where they end.

    `takes` is the shape of a sample (None where nothing can be stepped), `sizes` that of what leaves the last line,
    `current`; `last` is the function that ends it, applied to `before`. `stops` says why the layers from `end` on are not
    stepped. `shares` tells that normalisations of the same tensors are one layer that is used twice.
    """

    def __init__(
        self, saved: Saved, choices: Choices, layers: Sequence[Layer], inferred: Inferred | None, folder: Path | None
    ) -> None:
        self.layers = tuple(layers)
        self.training = choices.mode == "training"
        self.tensors = {t.name: t for t in saved.tensors}
        self.columns = self._has_columns()
        self.shares = not saved.format.startswith("ONNX")
        self.out = Lines(saved.path, folder)
        self.current = self.before = "X"
        self.last = ""
        self.takes: tuple[int, ...] | None = None
        self.sizes: tuple[int, ...] | None = None
        self.stops = ""
        self.end = 0
        self.normalises_batches = False
        self._decided = functions_decided(layers, inferred, choices)
        self._stored = orientation_decided(inferred, choices)
        self._flow: str | None = None
        self._count = 0
        self._walk()

    @property
    def size(self) -> int:
        """How many numbers the network gives for a sample; 0 where its steps end before, they are not flat, or nothing learns."""
        return self.sizes[0] if not self.stops and not self.fixed and self.sizes is not None and len(self.sizes) == 1 else 0

    @property
    def fixed(self) -> bool:
        """Whether all tensors that it takes are not trained; a loss would train them."""
        return bool(self.out.tensors) and not self.out.trainable

    @property
    def closed(self) -> tuple[Layer, ...]:
        """The layers from the first one on that is not stepped."""
        return self.layers[self.end :]

    def tensor(self, name: str) -> Tensor:
        """Return a tensor of the file."""
        return self.tensors[name]

    def _has_columns(self) -> bool:
        """Tell whether every bias is a column, so that the network is one of W @ X + b."""
        shapes = [
            self.tensor(layer.tensors["bias"]).shape
            for layer in self.layers if layer.kind == "dense" and "bias" in layer.tensors
        ]  # fmt: skip
        upright = all(len(s) == 2 and s[1] == 1 for s in shapes) and any(s[0] > 1 for s in shapes)
        stored = all(n.attributes.get("orientation") != "in,out" for n in self.layers if n.kind == "dense")
        flat = all(n.kind in ("dense", "activation", "softmax", "dropout", "input") for n in self.layers)
        return upright and stored and flat

    def _walk(self) -> None:
        make = {
            "dense": self._dense, "activation": self._activation, "softmax": self._softmax, "dropout": self._dropout,
            "batch_norm": self._batch_norm, "layer_norm": self._layer_norm, "scale": self._scale, "flatten": self._flatten,
            "reshape": self._reshape, "input": self._input,
        }  # fmt: skip
        for n, layer in enumerate(self.layers):
            self.end, why = n, layer.why or "it cannot be stepped"
            if n >= MOST_LAYERS:
                why = f"it is one of {len(self.layers)} layers, and the first {MOST_LAYERS} are stepped"
            elif layer.steppable and layer.kind in make:
                why = self._flows(layer) or make[layer.kind](layer)
                if not why:
                    self._flow = layer.outputs[0] if layer.outputs else self._flow
                    continue
            kind = str(layer.attributes.get("class", "")) if layer.kind == "box" else layer.kind
            called = shown(layer.name) + (f" ({bare(kind)})" if kind else "")
            self.stops = f"steps end before the layer {called}: {why}"
            return
        self.end = len(self.layers)

    def _flows(self, layer: Layer) -> str:
        """Return why a layer does not simply follow the one before; '' if it does."""
        if layer.kind == "input":
            return "" if self._flow is None else "the network has a second input"
        if len(layer.inputs) > 1:
            return f"it joins {len(layer.inputs)} branches"
        if self._flow is not None and layer.inputs and layer.inputs[0] != self._flow:
            return "it does not follow the layer before; the network has branches"
        return ""

    # -- one layer after the other; each returns why it cannot be stepped, '' if it can

    def _input(self, layer: Layer) -> str:
        said: Any = layer.attributes.get("shape")
        shape: list[Any] = list(said) if isinstance(said, list) else []  # pyright: ignore[reportUnknownVariableType]
        if shape and all(isinstance(s, int) and not isinstance(s, bool) and s > 0 for s in shape):
            self.sizes = self.takes = tuple(shape)
        return ""

    def _dense(self, layer: Layer) -> str:
        weight = self.tensor(layer.tensors["weight"]) if "weight" in layer.tensors else None
        if weight is None or len(weight.shape) != 2:
            return "its weight is not a matrix in this file"
        first = layer.attributes.get("bias") == "first column"
        out_first = layer.attributes.get("orientation", "out,in") == "out,in"
        rows, columns = weight.shape
        entering, units = (columns - first, rows) if out_first else (rows, columns)
        if self.sizes is None:
            self.sizes = self.takes = (entering,)
        if self.sizes != (entering,):
            came = "×".join(map(str, self.sizes))
            return f"it takes {entering} numbers a sample, and {came} come from the layer before"
        self._count += 1
        k = self._count
        w = self.out.parameter(f"W{k}", weight, "[:, 1:]" if first else "", new=True, note=self._stored)
        turned = f"{w}.T" if out_first != self.columns else w
        product = f"{turned} @ {self.current}" if self.columns else f"{self.current} @ {turned}"
        product = times(product, layer.attributes.get("product_times"))
        if first:
            product += f" + {self.out.parameter(f'b{k}', weight, '[:, 0]', alone=w == f'W{k}')}"
        elif "bias" in layer.tensors:
            added = self.tensor(layer.tensors["bias"])
            shape = added.shape
            if len(shape) > 2 or max(shape, default=1) != units:
                return f"its bias has the shape {shape}, and it has {units} units"
            b = self.out.parameter(f"b{k}", added, alone=w == f"W{k}")
            upright = len(shape) == 2 and shape[1] == 1 and shape[0] > 1
            bias = f"{b}.T" if upright and not self.columns else b
            product += f" + {times(bias, layer.attributes.get('bias_times'))}"
        self.line(f"Z{k}", product)
        self.sizes = (units,)
        return self.apply(layer.activation, layer, f"A{k}")

    def _activation(self, layer: Layer) -> str:
        return self.apply(layer.activation, layer, f"A{self._count}")

    def _softmax(self, layer: Layer) -> str:
        axis = layer.attributes.get("axis", -1)
        if self.sizes is not None and axis not in (-1, len(self.sizes)):
            return f"its softmax runs along axis {axis}, not along the units"
        return self.apply(layer.activation or "softmax", layer, f"A{self._count}")

    def apply(self, activation: str, layer: Layer, name: str) -> str:
        """Add the function that a layer ends in; return why it cannot be stepped."""
        note = self._decided.get(self.end, "")
        if activation in SAME:
            if note:
                self.out.remark(f"identity: {note}")
            return ""
        a = layer.attributes
        if activation not in ACTIVATIONS:
            return f"its function {shown(activation)} is not one of those here"
        if activation in ALONG and (self.sizes is None or len(self.sizes) != 1):
            return "its softmax runs over samples that are not flat"
        extra = {
            "leaky_relu": f", slope={float(a.get('slope', a.get('alpha', 0.01)))!r}",
            "elu": f", alpha={float(a.get('alpha', a.get('slope', 1.0)))!r}",
        }.get(activation, f", axis={0 if self.columns else 1}" if activation in ALONG else "")
        before = self.current
        self.line(self.out.free(name), f"{activation}({before}{extra})")
        if note:
            self.out.remark(f"{activation}: {note}")
        self.before, self.last = before, activation
        return ""

    def _dropout(self, layer: Layer) -> str:
        rate = float(layer.attributes.get("rate", 0.5))
        if not self.training or not 0 < rate < 1:
            return ""
        k = self.out.number("D")
        self.line(f"D{k}", f"dropout_mask({self.current}, rate={rate!r})", flows=False)
        self.line(f"K{k}", f"{self.current} * D{k}")
        return ""

    def _batch_norm(self, layer: Layer) -> str:
        if not self.training and not {"mean", "variance"} <= set(layer.tensors):
            return "its running mean and variance are not in this file; it can be stepped in the mode of training"
        if self.training and layer.attributes.get("momentum", 0.1) is None and "mean" in layer.tensors:
            return "its running statistics are those of all batches so far (momentum None), which is no line of an update here"
        self.normalises_batches |= self.training
        return normal(self, layer, 1 if self.columns else 0, self.training)

    def _layer_norm(self, layer: Layer) -> str:
        return normal(self, layer, 0 if self.columns else 1, None)

    def _scale(self, layer: Layer) -> str:
        return scale(self, layer)

    def _flatten(self, layer: Layer) -> str:
        if self.sizes is None or len(self.sizes) == 1:
            return ""
        total = math.prod(self.sizes)
        self.line(f"F{self.out.number('F')}", f"{self.current}.reshape(-1, {total})")
        self.sizes = (total,)
        return ""

    def _reshape(self, layer: Layer) -> str:
        shape = layer.attributes.get("shape")
        if not isinstance(shape, (list, tuple)) or not all(isinstance(s, int) for s in shape) or self.sizes is None:
            return "the shape that it gives is not in the file, or what enters it is not known"
        total = math.prod(self.sizes)
        known = math.prod(size for size in shape if size != -1)
        if shape.count(-1) > 1 or known < 1 or total % known or (-1 not in shape and known != total):
            return f"{total} numbers do not fill the shape {tuple(shape)}"
        self.sizes = tuple(total // known if s == -1 else s for s in shape)
        self.line(f"F{self.out.number('F')}", f"{self.current}.reshape(-1, {', '.join(map(str, self.sizes))})")
        return ""

    def line(self, name: str, text: str, flows: bool = True) -> None:
        """Add a forward line; what follows takes its value if it `flows`."""
        self.out.line(name, text)
        if flows:
            self.current = self.before = name
            self.last = ""
