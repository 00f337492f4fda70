"""Network description → program text: the forward lines, the loss, the update. The backward is derived later.

Everything becomes lines of the notation, so that a person sees what each choice means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.description import Description
from core.errors import DescriptionError
from core.optimizers import RULES, SCHEDULE_USES, USES

Sizes = tuple[int, ...]
_EPSILON = "1e-05"


@dataclass
class _Lines:
    """The text as it grows: sections, and the shapes of parameters as numbers."""

    parameters: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    update: list[str] = field(default_factory=list)
    weights: list[str] = field(default_factory=list)
    trainable: list[str] = field(default_factory=list)


def program_text(
    d: Description, inputs: Sizes, outputs: int | None, data: list[str], evaluate: bool = False, classes: int = 0
) -> str:
    """Return the program of a description.

    `inputs` is the shape of one sample, `outputs` the width of the targets (None where they are class
    indices, of which there are `classes`), `data` the lines under `# data`. With `evaluate` the forward
    lines are those of use, not of training: no dropout, running statistics, and no loss of weights;
    nothing is derived or updated.

    Raises:
        DescriptionError: if the layers do not fit the data.
    """
    return _Model(d, inputs, outputs, evaluate, classes).text(data)


class _Model:
    def __init__(self, d: Description, inputs: Sizes, outputs: int | None, evaluate: bool, classes: int) -> None:
        self.d, self.inputs, self.outputs, self.evaluate = d, inputs, outputs, evaluate
        self.columns = d.network["convention"] == "columns"
        self.out = _Lines()
        self.current, self.pre, self.sizes = "X", "X", inputs
        self.count, self.classes = 0, classes

    def text(self, data: list[str]) -> str:
        make = {
            "dense": self._dense,
            "dropout": self._dropout,
            "batch_norm": self._batch_norm,
            "layer_norm": self._layer_norm,
            "flatten": self._flatten,
        }
        for n, layer in enumerate(self.d.layers, 1):
            make[layer["layer"]](n, layer)
        self._check_width()
        loss = self._loss()
        lines = ["# data", *data, f'samples = "{self.d.network["convention"]}"']
        if self.d.network["dtype"] != "float64":
            lines.append(f'dtype = "{self.d.network["dtype"]}"')
        if not self.evaluate:
            lines += self._batches()
        lines += ["# parameters", *self._seed(), *self.out.parameters]
        if self.evaluate:
            return "\n".join([*lines, "# forward", *self.out.forward, "# loss", loss]) + "\n"
        lines += self._hyperparameters()
        update = self._update()
        lines += ["# forward", *self.out.forward, "# loss", loss, "# update", *update, *self.out.update]
        return "\n".join(lines) + "\n"

    def _batches(self) -> list[str]:
        data = self.d.data
        lines = [] if data["batch"] == "full" else [f"batch = {data['batch']}"]
        if data["shuffle"]:
            lines += ["shuffle = True"]
        if data["shuffle"] or any(layer["layer"] == "dropout" for layer in self.d.layers):
            lines += [f"seed = {data['seed']}"]
        return lines

    def _seed(self) -> list[str]:
        p = self.d.parameters
        if p["values"] is not None or p["init"] in ("zeros", "constant"):
            return []
        return [f"rng = np.random.default_rng({p['seed']})" if p["generator"] == "PCG64" else f"np.random.seed({p['seed']})"]

    def _dense(self, n: int, layer: Mapping[str, Any]) -> None:
        if len(self.sizes) != 1:
            raise self._error(n, "units", 'a dense layer needs flat samples; put {layer = "flatten"} before it')
        self.count += 1
        k, units, before = self.count, layer["units"], self.sizes[0]
        shape = (units, before) if self.columns else (before, units)
        self.out.parameters.append(f"W{k} = {self._start(f'W{k}', shape, before, units)}")
        self.out.weights.append(f"W{k}")
        self.out.trainable.append(f"W{k}")
        product = f"W{k} @ {self.current}" if self.columns else f"{self.current} @ W{k}"
        if layer["bias"]:
            self._vector(f"b{k}", units, "zeros")
            product += f" + b{k}"
        self.out.forward.append(f"Z{k} = {product}")
        entered = self.current
        self.current = self.pre = f"Z{k}"
        self.sizes = (units,)
        self._activate(f"A{k}", layer)
        if layer["residual"]:
            if before != units:
                raise self._error(n, "residual", f"the layer's input has {before} units, its output {units}; they must be equal")
            self.out.forward.append(f"R{k} = {self.current} + {entered}")
            self.current = self.pre = f"R{k}"

    def _dropout(self, n: int, layer: Mapping[str, Any]) -> None:
        if self.evaluate or not layer["rate"]:
            return
        k = self._next("D")
        self.out.forward.append(f"D{k} = dropout_mask({self.current}, rate={layer['rate']!r})")
        self.out.forward.append(f"K{k} = {self.current} * D{k}")
        self.current = self.pre = f"K{k}"

    def _batch_norm(self, n: int, layer: Mapping[str, Any]) -> None:
        k = self._normal(n, "the batch", "flat", 1 if self.columns else 0, self.evaluate)
        if not self.evaluate:
            share, m = layer["momentum"], "m / (m - 1)"
            for state, new in ((f"mean{k}", f"mu{k}"), (f"variance{k}", f"var{k} * {m}")):
                self.out.update.append(f"{state} = {1 - share!r} * {state} + {share!r} * {new}")
        self._vector(f"mean{k}", self.sizes[0], "zeros", trainable=False)
        self._vector(f"variance{k}", self.sizes[0], "ones", trainable=False)
        self._activate(f"B{k}", layer)

    def _layer_norm(self, n: int, layer: Mapping[str, Any]) -> None:
        k = self._normal(n, "the layer", "flat", 0 if self.columns else 1, False)
        self._activate(f"B{k}", layer)

    def _normal(self, n: int, over: str, need: str, axis: int, running: bool) -> int:
        """Shift and scale to mean 0 and variance 1 over an axis (Ioffe, Szegedy, 2015; Ba, Kiros, Hinton, 2016)."""
        if len(self.sizes) != 1:
            raise self._error(n, "layer", 'a normalisation needs flat samples; put {layer = "flatten"} before it')
        k, x = self._next("N"), self.current
        if running:
            mu, var = f"mean{k}", f"variance{k}"
        else:
            mu, var = f"mu{k}", f"var{k}"
            self.out.forward.append(f"mu{k} = mean({x}, axis={axis}, keepdims=True)")
            self.out.forward.append(f"var{k} = mean(({x} - mu{k}) ** 2, axis={axis}, keepdims=True)")
        self.out.forward.append(f"std{k} = sqrt({var} + {_EPSILON})")
        self.out.forward.append(f"N{k} = ({x} - {mu}) / std{k}")
        self._vector(f"gamma{k}", self.sizes[0], "ones")
        self._vector(f"beta_{k}", self.sizes[0], "zeros")
        self.out.forward.append(f"S{k} = gamma{k} * N{k} + beta_{k}")
        self.current = self.pre = f"S{k}"
        return k

    def _flatten(self, n: int, layer: Mapping[str, Any]) -> None:
        if len(self.sizes) == 1:
            return
        total = 1
        for size in self.sizes:
            total *= size
        shape = (total, -1) if self.columns else (-1, total)
        self.out.forward.append(f"F = {self.current}.reshape({shape[0]}, {shape[1]})")
        self.current = self.pre = "F"
        self.sizes = (total,)

    def _next(self, prefix: str) -> int:
        names = [line.split(" = ")[0] for line in self.out.forward]
        return 1 + sum(name[:-1] == prefix or (name.startswith(prefix) and name[len(prefix) :].isdigit()) for name in names)

    def _vector(self, name: str, units: int, start: str, trainable: bool = True) -> None:
        shape = (units, 1) if self.columns else (1, units)
        values = self.d.parameters["values"]
        text = f'values({values!r}, "{name}")' if values is not None and trainable else f"np.{start}({shape})"
        self.out.parameters.append(f"{name} = {text}")
        if trainable:
            self.out.trainable.append(name)

    def _activate(self, name: str, layer: Mapping[str, Any]) -> None:
        activation, x = layer["activation"], self.current
        if activation == "identity":
            return
        extra = {
            "softmax": f", axis={0 if self.columns else 1}",
            "log_softmax": f", axis={0 if self.columns else 1}",
            "leaky_relu": f", slope={0.01 if layer['slope'] is None else layer['slope']!r}",
            "elu": f", alpha={1.0 if layer['slope'] is None else layer['slope']!r}",
        }.get(activation, "")
        self.out.forward.append(f"{name} = {activation}({x}{extra})")
        self.current = name

    def _start(self, name: str, shape: tuple[int, int], fan_in: int, fan_out: int) -> str:
        p = self.d.parameters
        scale = repr(p["scale"])
        if p["values"] is not None:
            return f'values({p["values"]!r}, "{name}")'
        modern = p["generator"] == "PCG64"
        normal = f"rng.standard_normal({shape})" if modern else f"np.random.randn{shape}"
        draw = "rng" if modern else "np.random"
        return {
            "zeros": f"np.zeros({shape})",
            "constant": f"np.full({shape}, {scale})",
            "uniform": f"{draw}.uniform(-{scale}, {scale}, {shape})",
            "normal": f"{scale} * {normal}",
            "glorot": f"np.sqrt(2 / ({fan_in} + {fan_out})) * {normal}",
            "he": f"np.sqrt(2 / {fan_in}) * {normal}",
            "lecun": f"np.sqrt(1 / {fan_in}) * {normal}",
            "orthogonal": f"orthogonal({normal})",
        }[p["init"]]

    def _check_width(self) -> None:
        dense = [n for n, layer in enumerate(self.d.layers, 1) if layer["layer"] == "dense"]
        last = f"network.layers[{dense[-1]}].units" if dense else "network.layers"
        if len(self.sizes) != 1:
            raise DescriptionError("network.layers", "do not end in a flat layer")
        if self.outputs is not None and self.sizes[0] != self.outputs:
            numbers = "1 number" if self.outputs == 1 else f"{self.outputs} numbers"
            reason = f"each sample's target has {numbers}, so it must be {self.outputs}"
            raise DescriptionError(last, f"is {self.sizes[0]}; {reason}")
        if self.outputs is None and self.d.network["loss"] != "softmax_cross_entropy":
            raise DescriptionError("network.loss", "must be softmax_cross_entropy where the targets are class indices")
        if self.outputs is None and self.sizes[0] < self.classes:
            raise DescriptionError(last, f"is {self.sizes[0]}; there are {self.classes} classes, so it must be {self.classes}")

    def _error(self, n: int, key: str, message: str) -> Exception:
        return DescriptionError(f"network.layers[{n}].{key}", message)

    def _loss(self) -> str:
        loss, reduction = self.d.network["loss"], self.d.network["reduction"]
        fused = loss in ("bce_with_logits", "softmax_cross_entropy")
        extra = ', reduction="sum"' if reduction == "sum" and loss not in ("sse", "half_sse") else ""
        text = f"{loss}({self.pre if fused else self.current}, Y{extra})"
        o = self.d.optimizer
        weights = [] if self.evaluate else self.out.weights
        if o["l2"] and weights:
            text += f" + 0.5 * l2 * ({' + '.join(f'sum({w} ** 2)' for w in weights)})"
        if o["l1"] and weights:
            text += f" + l1 * ({' + '.join(f'sum(abs({w}))' for w in weights)})"
        return f"L = {text}"

    def _hyperparameters(self) -> list[str]:
        o = self.d.optimizer
        names = {name: o[name] for name in USES.get(o["name"], ())}
        names |= {key: o[key] for key in ("l1", "l2", "weight_decay") if o[key]}
        names |= {key: o[key] for key in ("clip_value", "clip_norm") if o[key] is not None}
        names |= {key: o[key] for key in SCHEDULE_USES.get(o["schedule"], ())}
        lines = [f"lr = {o['learning_rate']!r}", *(f"{name} = {value!r}" for name, value in names.items())]
        if self._needs_time():
            lines.append("t = 0")
        rule = RULES[o["name"]][0]
        for p in self.out.trainable:
            lines += [f"{name} = {start}" for name, start in rule(p, f"d{p}", "lr").state.items()]
        return lines

    def _needs_time(self) -> bool:
        o = self.d.optimizer
        return o["name"] in ("adam", "adamw") or o["schedule"] != "constant"

    def _update(self) -> list[str]:
        o = self.d.optimizer
        lines = ["t = t + 1"] if self._needs_time() else []
        rate = "lr"
        if o["schedule"] == "step":
            lines.append("rate = float(lr * drop ** floor((t - 1) / every))")
            rate = "rate"
        elif o["schedule"] == "cosine":
            lines.append("rate = float(lr * 0.5 * (1 + cos(np.pi * minimum(t - 1, total) / total)))")
            rate = "rate"
        order = self._in_gradient_order()
        if o["clip_value"] is not None:
            lines += [f"d{p} = maximum(minimum(d{p}, clip_value), -clip_value)" for p in order]
        if o["clip_norm"] is not None:
            lines.append(f"norm = sqrt({' + '.join(f'sum(d{p} ** 2)' for p in order)})")
            lines.append("shrink = minimum(1, clip_norm / (norm + 1e-06))")
            lines += [f"d{p} = shrink * d{p}" for p in order]
        for p in order:
            if o["weight_decay"] and p in self.out.weights:
                lines.append(f"{p} = (1 - {rate} * weight_decay) * {p}")
            lines += RULES[o["name"]][0](p, f"d{p}", rate).lines
        return lines

    def _in_gradient_order(self) -> list[str]:
        """Parameters as the backward reaches them: the last layer first, weights before biases."""
        groups: list[list[str]] = []
        for p in self.out.trainable:
            if p.startswith(("W", "gamma")):
                groups.append([])
            groups[-1].append(p)
        return [p for group in reversed(groups) for p in group]
