"""A saved network with data and choices → the text of a program, which is read and derived like any other.

The matrices stay as they are stored: `X @ W1.T` for those with a row a unit, `X @ W1` for those with a column a unit. Where a
file does not say something, a sensible choice is made and said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.description import ACTIVATIONS, LOSSES, OPTIMIZERS
from core.errors import SettingError, TargetError
from core.files.infer import Inferred, Question, infer
from core.files.problem import shown
from core.files.saved import Layer, Saved, Tensor
from core.optimizers import RULES, USES
from core.steppable_data import Given, Samples, Wanted, given_data, quoted

MOST_LAYERS = 500
"""A program of more layers would be slow to read, and nobody steps through it."""
MODES = ("use", "training")
_DEFAULTS = {"beta": 0.9, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
_SAME = ("", "identity", "linear")
_ALONG = ("softmax", "log_softmax")
_DECAY = 0.01


@dataclass(frozen=True)
class Choices:
    """What a person chose; '' leaves it to what the file says, or else to what is usual.

    `mode` says how dropout and batch normalisation run: as in "use", or as in "training".
    """

    activation: str = ""
    output_activation: str = ""
    orientation: str = ""
    loss: str = ""
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    mode: str = "use"
    batch: int | None = None
    shuffle: bool = False


@dataclass(frozen=True)
class Steppable:
    """The program of a saved network.

    `assumed` are sentences on what the file does not say and was decided here, `chosen` on what a person decided;
    `questions` what can be asked; `stops` says which layer is the first that cannot be stepped, '' if all can be.
    """

    text: str
    layers: tuple[Layer, ...]
    assumed: tuple[str, ...]
    chosen: tuple[str, ...]
    questions: tuple[Question, ...] = ()
    stops: str = ""
    inferred: Inferred | None = None


@dataclass
class _Lines:
    parameters: list[str] = field(default_factory=list)
    trainable: list[list[str]] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    update: list[str] = field(default_factory=list)


def layers_of(saved: Saved, choices: Choices | None = None) -> tuple[tuple[Layer, ...], Inferred | None]:
    """Return a file's layers: its own, or those that its weights are read as; then also how and why."""
    c = choices or Choices()
    # Layers that nothing joins (a class of PyTorch with a forward() of its own) say neither their order nor what is between.
    if saved.complete or any(n.inputs for n in saved.layers):
        return saved.layers, None
    found = infer(saved.tensors, c.activation, c.output_activation, c.orientation)
    return found.layers, found


def program_text(saved: Saved, choices: Choices | None = None, samples: Samples | None = None, folder: Path | None = None) -> str:
    """Return the text alone of what `steppable` returns."""
    return steppable(saved, choices, samples, folder).text


def steppable(
    saved: Saved, choices: Choices | None = None, samples: Samples | None = None, folder: Path | None = None
) -> Steppable:
    """Return the program that steps a saved network, as far as it can be stepped.

    `folder` is where the program will lie, and the file beside it unless it is elsewhere.

    Raises:
        TargetError: if nothing of it can be stepped, or the data do not fit its sizes.
        SettingError: if a choice is none.
    """
    return _Maker(saved, choices or Choices(), samples or Samples(), folder).made()


class _Maker:
    def __init__(self, saved: Saved, choices: Choices, samples: Samples, folder: Path | None) -> None:
        self.saved, self.choices, self.samples, self.folder = saved, _checked(choices), samples, folder
        self.layers, self.inferred = layers_of(saved, choices)
        self.layers = self._answered(self.layers)
        self.tensors = {t.name: t for t in saved.tensors}
        self.given: set[str] = set()
        self.columns = self._has_columns()
        self.out = _Lines()
        self.current = self.before = "X"
        self.last = ""
        self.flow: str | None = None
        self.sizes: tuple[int, ...] | None = None
        self.taken: tuple[int, ...] | None = None
        self.count = 0
        self.numbers: dict[str, int] = {}
        self.assumed: list[str] = list(saved.assumed)
        self.chosen: list[str] = []
        self.stops = ""

    def made(self) -> Steppable:
        self._walk()
        if self.taken is None or not self.out.forward:
            raise TargetError(
                f"{self._name()}: {self.stops or 'it holds no layer that can be stepped'}; `stepper inspect` shows it"
            )
        size = self.sizes[0] if self.sizes is not None and len(self.sizes) == 1 else 0
        data = given_data(self.samples, Wanted(self.taken, size, self._targets(), self.columns), self.folder)
        loss = self._loss(data, size) if not self.stops and size else ""
        self._say(data)
        lines = ["# data", *data.lines, f'samples = "{"columns" if self.columns else "rows"}"', *self._dtype(), *self._batches()]
        lines += ["# parameters", *self.out.parameters]
        if loss:
            start, update = self._update()
            lines += [*start, "# forward", *self.out.forward, "# loss", loss, "# update", *update, *self.out.update]
        else:
            lines += ["# forward", *self.out.forward]
        questions = self.inferred.questions if self.inferred is not None else ()
        return Steppable(
            "\n".join(lines) + "\n", self.layers, tuple(self.assumed), tuple(self.chosen), questions, self.stops, self.inferred
        )

    # -- what the layers are

    def tensor(self, name: str) -> Tensor:
        return self.tensors[name]

    def _name(self) -> str:
        return Path(self.saved.path).name

    def _answered(self, layers: Sequence[Layer]) -> tuple[Layer, ...]:
        """Put a person's activations into the layers of a file that knows its layers, but not these."""
        c = self.choices
        if self.inferred is not None or not (c.activation or c.output_activation) or self.saved.complete:
            return tuple(layers)
        dense = [n for n, layer in enumerate(layers) if layer.kind == "dense"]
        known = any(layer.kind in ("activation", "softmax") or layer.activation for layer in layers)
        if known or not dense:
            return tuple(layers)
        found = list(layers)
        for n in dense:
            given = c.output_activation if n == dense[-1] else c.activation
            found[n] = replace(found[n], activation=given)
        return tuple(found)

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
            "batch_norm": self._batch_norm, "layer_norm": self._layer_norm, "flatten": self._flatten,
            "reshape": self._reshape, "input": self._input,
        }  # fmt: skip
        for n, layer in enumerate(self.layers):
            why = layer.why or "it cannot be stepped"
            if n >= MOST_LAYERS:
                why = f"it is one of {len(self.layers)} layers, and the first {MOST_LAYERS} are stepped"
            elif layer.steppable and layer.kind in make:
                why = self._flows(layer) or make[layer.kind](layer)
                if not why:
                    self.flow = layer.outputs[0] if layer.outputs else self.flow
                    continue
            kind = str(layer.attributes.get("class", "")) if layer.kind == "box" else layer.kind
            called = shown(layer.name) + (f" ({shown(kind)[1:-1]})" if kind else "")
            self.stops = f"steps end before the layer {called}: {why}"
            return

    def _flows(self, layer: Layer) -> str:
        """Return why a layer does not simply follow the one before; '' if it does."""
        if layer.kind == "input":
            return "" if self.flow is None else "the network has a second input"
        if len(layer.inputs) > 1:
            return f"it joins {len(layer.inputs)} branches"
        if self.flow is not None and layer.inputs and layer.inputs[0] != self.flow:
            return "it does not follow the layer before; the network has branches"
        return ""

    # -- one layer after the other; each returns why it cannot be stepped, '' if it can

    def _input(self, layer: Layer) -> str:
        said: Any = layer.attributes.get("shape")
        shape: list[Any] = list(said) if isinstance(said, list) else []  # pyright: ignore[reportUnknownVariableType]
        if shape and ("batch" in layer.attributes or shape[0] in (None, -1)):
            shape = shape[1:]
        if shape and all(isinstance(s, int) and not isinstance(s, bool) and s > 0 for s in shape):
            self.sizes = self.taken = tuple(shape)
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
            self.sizes = self.taken = (entering,)
        if self.sizes != (entering,):
            came = "×".join(map(str, self.sizes))
            return f"it takes {entering} numbers a sample, and {came} come from the layer before"
        self.count += 1
        k = self.count
        self._parameter(f"W{k}", layer.tensors["weight"], "[:, 1:]" if first else "", new=True)
        turned = f"W{k}.T" if out_first != self.columns else f"W{k}"
        product = f"{turned} @ {self.current}" if self.columns else f"{self.current} @ {turned}"
        if first:
            self._parameter(f"b{k}", layer.tensors["weight"], "[:, 0]")
            product += f" + b{k}"
        elif "bias" in layer.tensors:
            shape = self.tensor(layer.tensors["bias"]).shape
            if len(shape) > 2 or max(shape, default=1) != units:
                return f"its bias has the shape {shape}, and it has {units} units"
            self._parameter(f"b{k}", layer.tensors["bias"])
            upright = len(shape) == 2 and shape[1] == 1 and shape[0] > 1
            product += f" + b{k}.T" if upright and not self.columns else f" + b{k}"
        self._line(f"Z{k}", product)
        self.sizes = (units,)
        return self._apply(layer.activation, layer, f"A{k}")

    def _activation(self, layer: Layer) -> str:
        return self._apply(layer.activation, layer, f"A{self.count}")

    def _softmax(self, layer: Layer) -> str:
        axis = layer.attributes.get("axis", -1)
        if self.sizes is not None and axis not in (-1, len(self.sizes)):
            return f"its softmax runs along axis {axis}, not along the units"
        return self._apply(layer.activation or "softmax", layer, f"A{self.count}")

    def _apply(self, activation: str, layer: Layer, name: str) -> str:
        if activation in _SAME:
            return ""
        a = layer.attributes
        if activation not in ACTIVATIONS:
            return f"its function {shown(activation)} is not one of those here"
        if activation == "gelu" and str(a.get("approximate", "tanh")) != "tanh":
            return "its gelu is the exact one by the error function, which NumPy does not have"
        if activation in _ALONG and (self.sizes is None or len(self.sizes) != 1):
            return "its softmax runs over samples that are not flat"
        extra = {
            "leaky_relu": f", slope={float(a.get('slope', a.get('alpha', 0.01)))!r}",
            "elu": f", alpha={float(a.get('alpha', a.get('slope', 1.0)))!r}",
        }.get(activation, f", axis={0 if self.columns else 1}" if activation in _ALONG else "")
        before = self.current
        self._line(self._free(name), f"{activation}({before}{extra})")
        self.before, self.last = before, activation
        return ""

    def _dropout(self, layer: Layer) -> str:
        rate = float(layer.attributes.get("rate", 0.5))
        if self.choices.mode != "training" or not 0 < rate < 1:
            return ""
        k = self._number("D")
        self._line(f"D{k}", f"dropout_mask({self.current}, rate={rate!r})", flows=False)
        self._line(f"K{k}", f"{self.current} * D{k}")
        return ""

    def _batch_norm(self, layer: Layer) -> str:
        training = self.choices.mode == "training"
        if not training and not {"mean", "variance"} <= set(layer.tensors):
            return "its running mean and variance are not in this file; it can be stepped in the mode of training"
        return self._normal(layer, 1 if self.columns else 0, training)

    def _layer_norm(self, layer: Layer) -> str:
        return self._normal(layer, 0 if self.columns else 1, None)

    def _normal(self, layer: Layer, axis: int, training: bool | None) -> str:
        """Shift and scale over an axis; `training` is None where there are no running statistics."""
        if self.sizes is None:
            known = next((self.tensor(t) for t in layer.tensors.values()), None)
            if known is None:
                return "how many numbers enter it is not known"
            self.sizes = self.taken = (known.count,)
        if len(self.sizes) != 1:
            return "it normalises samples that are not flat"
        for role, name in layer.tensors.items():
            if self.tensor(name).count != self.sizes[0]:
                return f"its {role} has {self.tensor(name).count} numbers, and {self.sizes[0]} come from the layer before"
        k, x = self._number("N"), self.current
        mu, var = (f"mu{k}", f"var{k}") if training is not False else (f"mean{k}", f"variance{k}")
        if training is not None:
            for name, role in ((f"mean{k}", "mean"), (f"variance{k}", "variance")):
                if role in layer.tensors:
                    self._parameter(name, layer.tensors[role], trained=False)
        if training is not False:
            self._line(mu, f"mean({x}, axis={axis}, keepdims=True)", flows=False)
            self._line(var, f"mean(({x} - {mu}) ** 2, axis={axis}, keepdims=True)", flows=False)
        if training and {"mean", "variance"} <= set(layer.tensors):
            share = float(layer.attributes.get("momentum", 0.1) or 0.1)
            turn = "" if len(self.tensor(layer.tensors["mean"]).shape) == 2 else f".reshape({self.sizes[0]})"
            self.out.update.append(f"mean{k} = {1 - share!r} * mean{k} + {share!r} * {mu}{turn}")
            self.out.update.append(f"variance{k} = {1 - share!r} * variance{k} + {share!r} * {var}{turn} * (m / (m - 1))")
        self._line(f"std{k}", f"sqrt({var} + {float(layer.attributes.get('epsilon', 1e-5))!r})", flows=False)
        self._line(f"N{k}", f"({x} - {mu}) / std{k}")
        if "gamma" in layer.tensors:
            self._parameter(f"gamma{k}", layer.tensors["gamma"], new=True)
        if "beta" in layer.tensors:
            self._parameter(f"beta_{k}", layer.tensors["beta"], new="gamma" not in layer.tensors)
        scaled = f"gamma{k} * {self.current}" if "gamma" in layer.tensors else self.current
        if "gamma" in layer.tensors or "beta" in layer.tensors:
            self._line(f"S{k}", scaled + (f" + beta_{k}" if "beta" in layer.tensors else ""))
        return self._apply(layer.activation, layer, f"B{k}")

    def _flatten(self, layer: Layer) -> str:
        if self.sizes is None or len(self.sizes) == 1:
            return ""
        total = 1
        for size in self.sizes:
            total *= size
        self._line(f"F{self._number('F')}", f"{self.current}.reshape(-1, {total})")
        self.sizes = (total,)
        return ""

    def _reshape(self, layer: Layer) -> str:
        shape = layer.attributes.get("shape")
        if not isinstance(shape, (list, tuple)) or not all(isinstance(s, int) for s in shape) or self.sizes is None:
            return "the shape that it gives is not in the file, or what enters it is not known"
        total = 1
        for size in self.sizes:
            total *= size
        known = 1
        for size in shape:
            known *= size if size != -1 else 1
        if shape.count(-1) > 1 or known < 1 or total % known or (-1 not in shape and known != total):
            return f"{total} numbers do not fill the shape {tuple(shape)}"
        self.sizes = tuple(total // known if s == -1 else s for s in shape)
        self._line(f"F{self._number('F')}", f"{self.current}.reshape(-1, {', '.join(map(str, self.sizes))})")
        return ""

    # -- lines

    def _line(self, name: str, text: str, flows: bool = True) -> None:
        self.out.forward.append(f"{name} = {text}")
        self.given.add(name)
        if flows:
            self.current = self.before = name
            self.last = ""

    def _free(self, name: str) -> str:
        """Return a name that no line gives yet: a second function after the same layer is A1_2."""
        n, free = 1, name
        while free in self.given:
            n += 1
            free = f"{name}_{n}"
        return free

    def _number(self, prefix: str) -> int:
        self.numbers[prefix] = self.numbers.get(prefix, 0) + 1
        return self.numbers[prefix]

    def _parameter(self, name: str, tensor: str, part: str = "", new: bool = False, trained: bool = True) -> None:
        path = Path(self.saved.path)
        beside = self.folder is None or path.parent.resolve() == self.folder.resolve()
        file = path.name if beside else str(path.resolve())
        self.out.parameters.append(f"{name} = tensor({quoted(file)}, {quoted(tensor)}){part}")
        if trained and new:
            self.out.trainable.append([name])
        elif trained:
            self.out.trainable[-1].append(name)

    def _dtype(self) -> list[str]:
        """Return the type of all numbers, where the parameters have one and it is not float64."""
        used = {self.tensor(t).dtype for layer in self.layers for t in layer.tensors.values()}
        if "bfloat16" in used:
            self.assumed.append("bfloat16 numbers are computed in float32, which holds each of them exactly")
        found = {"float32" if d == "bfloat16" else d for d in used}
        return [f'dtype = "{d}"' for d in found] if len(found) == 1 and found <= {"float32", "float16"} else []

    def _batches(self) -> list[str]:
        lines = [] if self.choices.batch is None else [f"batch = {self.choices.batch}"]
        return [*lines, *(["shuffle = True"] if self.choices.shuffle else [])]

    def _targets(self) -> str:
        """Return what the targets are by the last function: classes, 0 and 1, or numbers; '' if they decide themselves."""
        loss = self.choices.loss
        if loss in ("softmax_cross_entropy", "cross_entropy") or (not loss and self.last in _ALONG):
            return "one-hot" if loss == "cross_entropy" else "classes"
        if loss in ("bce", "bce_with_logits") or (not loss and self.last == "sigmoid"):
            return "truth"
        return "numbers" if self.last and not loss else ""

    def _loss(self, data: Given, size: int) -> str:
        loss = self.choices.loss
        classes = data.targets in ("classes", "one-hot") and size > 1
        if not loss:
            if self.last in _ALONG:
                loss = "softmax_cross_entropy"
            elif self.last == "sigmoid":
                loss = "mse" if data.targets == "numbers" else "bce_with_logits"
            elif not self.last and classes:
                loss = "softmax_cross_entropy"
            else:
                loss = "mse"
            self.assumed.append(f"the loss is not in the file; {loss} is used")
        else:
            self.chosen.append(f"the loss {loss}")
        entering = self.current
        if (loss == "bce_with_logits" and self.last == "sigmoid") or (loss == "softmax_cross_entropy" and self.last in _ALONG):
            entering = self.before
        elif loss == "bce" and self.last != "sigmoid":
            raise SettingError(
                f"the loss bce needs a sigmoid in the last layer, and it ends in {self.last or 'no function'}; "
                "use bce_with_logits"
            )
        elif loss == "cross_entropy" and self.last != "softmax":
            raise SettingError(
                f"the loss cross_entropy needs a softmax in the last layer, and it ends in {self.last or 'no function'}; "
                "use softmax_cross_entropy"
            )
        return f"L = {loss}({entering}, Y)"

    def _update(self) -> tuple[list[str], list[str]]:
        """Return the hyperparameters with the states, and the lines of the update, the last layer first."""
        name = self.choices.optimizer
        start = [f"lr = {self.choices.learning_rate!r}", *(f"{n} = {_DEFAULTS[n]!r}" for n in USES.get(name, ()))]
        timed = name in ("adam", "adamw")
        lines = ["t = t + 1"] if timed else []
        start += ["t = 0"] if timed else []
        start += [f"weight_decay = {_DECAY}"] if name == "adamw" else []
        for p in (p for group in reversed(self.out.trainable) for p in group):
            if name == "adamw" and p.startswith("W"):
                lines.append(f"{p} = (1 - lr * weight_decay) * {p}")
            rule = RULES[name][0](p, f"d{p}", "lr")
            start += [f"{n} = {text}" for n, text in rule.state.items()]
            lines += rule.lines
        return start, lines

    def _say(self, data: Given) -> None:
        c = self.choices
        self.assumed += data.assumed
        if self.stops:
            self.assumed.append(self.stops)
        if c.mode == "use" and any(layer.kind in ("dropout", "batch_norm") for layer in self.layers):
            self.assumed.append("dropout and batch normalisation run as when the network is used, not as in training")
        if self.inferred is not None:
            self.assumed = [*self.inferred.why, *self.assumed]
            for q in self.inferred.questions:
                mine: Mapping[str, Any] = {
                    "activation": c.activation, "output_activation": c.output_activation, "orientation": c.orientation,
                }  # fmt: skip
                sentence = f"{q.key.replace('_', ' ')}: {q.chosen}"
                if mine.get(q.key):
                    self.chosen.append(sentence)
                else:
                    self.assumed.append(f"{sentence}, as the file does not say it")
        elif c.activation and self.saved.complete:
            self.assumed.append("the file says its activations, so the one that was chosen is not used")


def _checked(c: Choices) -> Choices:
    for what, value, known in (
        ("activation", c.activation, ACTIVATIONS), ("activation of the output", c.output_activation, ACTIVATIONS),
        ("loss", c.loss, LOSSES), ("mode", c.mode, MODES), ("orientation", c.orientation, ("out,in", "in,out")),
    ):  # fmt: skip
        if value and value not in known:
            raise SettingError(f"{shown(value)} is no {what}; there are {', '.join(known)}")
    if c.optimizer not in OPTIMIZERS:
        raise SettingError(f"{shown(c.optimizer)} is no optimiser; there are {', '.join(OPTIMIZERS)}")
    return c
