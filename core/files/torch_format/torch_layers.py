"""Whole modules of PyTorch → layers. A module's class is a name in the file; what the few known names do is written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from core.files.pickles.inert_numpy import number_in
from core.files.pickles.inert_values import Called, Items, Table, entries
from core.files.problem import FileProblem, shown
from core.files.saved import MOST_LAYERS, Layer, Plain
from core.files.torch_format.torch_contents import Path, is_module, part
from core.files.torch_format.torch_tensors import Placed, tensor_in

_DEEPEST = 40
_CHAINS = frozenset(["torch.nn.modules.container.Sequential"])
_WRAPPERS = {
    "torch.nn.parallel.data_parallel.DataParallel": "module",
    "torch.nn.parallel.distributed.DistributedDataParallel": "module",
    "torch._dynamo.eval_frame.OptimizedModule": "_orig_mod",
}


@dataclass(frozen=True)
class _Box:
    """A module that is being read: its class without the package, and its tensors by role."""

    name: str
    kind: str
    module: Called
    tensors: Mapping[str, Placed]
    names: Mapping[str, str]

    def setting(self, name: str, default: Plain = None) -> Plain:
        """Return a plain attribute of the module, `default` if it was not saved.

        Raises:
            Unread: if it is nothing plain, such as a tensor: what is usual in its place would give wrong numbers.
        """
        value = part(self.module, name)
        if isinstance(value, Items) and all(isinstance(v, (bool, int, float, str)) for v in value):
            return list(value.values)
        plain = value if isinstance(value, str) else number_in(value, None)
        if plain is None and value is not None:
            raise Unread(f"its {name} is no plain number or text in the file")
        return default if plain is None else plain

    def shape(self, role: str) -> tuple[int, ...] | None:
        return self.tensors[role].shape if role in self.tensors else None

    def closed(self, why: str, **attributes: Plain) -> Layer:
        """Return it as a box that is not stepped."""
        return Layer(
            "box", self.name, tensors=self.names, attributes={"class": self.kind, **attributes}, steppable=False, why=why
        )


class Unread(Exception):
    """A module whose numbers are not what its class has; the text says why."""


@dataclass(frozen=True)
class ModuleLayers:
    """The layers of a module; `chained` if the order in which numbers flow through them is known too."""

    layers: tuple[Layer, ...]
    chained: bool
    assumed: tuple[str, ...]


def layers_of(module: Called, names: Mapping[Path, str], path: Path) -> ModuleLayers:
    """Return the layers of a whole module that lies at `path`; `names` are those of all tensors by path."""
    return _Reader(names).read(module, path)


class _Reader:
    def __init__(self, names: Mapping[Path, str]) -> None:
        self._names = names
        self._layers: list[Layer] = []
        self._assumed: list[str] = []
        self._chained = True
        self._left = MOST_LAYERS

    def read(self, module: Called, path: Path) -> ModuleLayers:
        start = len(path)
        self._visit(module, path, start, True, 0)
        return ModuleLayers(tuple(self._layers), self._chained, tuple(self._assumed))

    def _visit(self, module: Called, path: Path, start: int, chained: bool, depth: int) -> None:
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise FileProblem(
                "its modules are nested deeper, or are more, than any network's; it is damaged or a trap, save it anew"
            )
        kind = module.name
        if depth == 0 and hooked(module):
            self._chained = False
            self._assumed.append(
                "functions of the author's are hooked to it, which a file does not keep; assumed: they change nothing"
            )
        inside = [(n, m) for n, m in entries(part(module, "_modules")) if isinstance(m, Called) and is_module(m)]
        wrapped = dict(inside).get(_WRAPPERS.get(kind, ""))
        if wrapped is not None:
            self._visit(wrapped, (*path, _WRAPPERS[kind]), start, chained, depth + 1)
        elif kind in _CHAINS:
            for name, inner in inside:
                self._visit(inner, (*path, name), start, chained, depth + 1)
        elif (inside and not kind.startswith("torch.nn.modules.")) or kind.startswith("torch.nn.modules.container."):
            self._own_forward(kind, inside, path, start, chained, depth)
        else:
            self._put(_layer(self._box(module, path, start)), chained)

    def _own_forward(
        self, kind: str, inside: list[tuple[str, Called]], path: Path, start: int, chained: bool, depth: int
    ) -> None:
        """A class of the author's: how its forward() uses its parts is code, which is in no file and would not be run."""
        label = shown(kind.rpartition(".")[2])
        alone = len(inside) == 1 and inside[0][1].name in _CHAINS
        use = f"assumed: it runs its one part {shown(inside[0][0])}" if alone else "how its parts are joined is unknown"
        self._assumed.append(f"the class {label} has its own forward(), which a file does not keep; {use}")
        self._chained = False
        for name, inner in inside:
            self._visit(inner, (*path, name), start, chained and alone, depth + 1)

    def _put(self, layer: Layer, chained: bool) -> None:
        if chained:
            before = self._layers[-1].outputs if self._layers else ()
            layer = replace(layer, inputs=before or ("input",), outputs=(layer.name,))
        self._layers.append(layer)

    def _box(self, module: Called, path: Path, start: int) -> _Box:
        tensors: dict[str, Placed] = {}
        names: dict[str, str] = {}
        for kind in ("_parameters", "_buffers"):
            for role, value in entries(part(module, kind)):
                placed = tensor_in(value)
                if placed is not None and (*path, role) in self._names:
                    tensors[role], names[role] = placed, self._names[(*path, role)]
        last = module.name.rpartition(".")[2]
        return _Box(".".join(path[start:]) or last, module.name, module, tensors, names)


def hooked(module: Called) -> bool:
    """Return whether code is run before or after the module, which a file only names."""
    return any(list(entries(part(module, name))) for name in ("_forward_hooks", "_forward_pre_hooks"))


def _layer(box: _Box) -> Layer:
    """Return the layer of a module without parts."""
    short = box.kind.rpartition(".")[2]
    known = _KNOWN.get(short) if box.kind.startswith("torch.nn.modules.") else None
    if known is None:
        return box.closed(f"{shown(short)} is not a layer that can be stepped here")
    if hooked(box.module):
        return box.closed("functions of the author's are hooked to it, which a file does not keep")
    if isinstance(part(box.module, "parametrizations"), Table) or any(
        r.endswith(("_g", "_v", "_orig", "_mask")) for r in box.tensors
    ):
        return box.closed("its weight is computed from others before each use (a parametrization)")
    try:
        return known(box)
    except Unread as error:
        return box.closed(str(error))


def _roles(box: _Box, wanted: Mapping[str, str], shape: tuple[int, ...] | None = None) -> dict[str, str]:
    """Return the tensors by our roles; `wanted` is PyTorch's role → ours. Others than these are not expected."""
    for role, placed in box.tensors.items():
        if role in wanted and shape is not None and placed.shape != shape:
            raise Unread(f"its {role} has the shape {placed.shape}, not {shape}")
    extra = [r for r in box.tensors if r not in wanted and r != "num_batches_tracked"]
    if extra:
        raise Unread(f"it has a tensor {shown(extra[0])} that its class does not have")
    return {ours: box.names[role] for role, ours in wanted.items() if role in box.names}


def _dense(box: _Box) -> Layer:
    shape = box.shape("weight")
    if shape is None or len(shape) != 2:
        raise Unread("it has no weight of two axes")
    bias = box.shape("bias")
    if bias not in (None, (shape[0],)):
        raise Unread(f"its bias has the shape {bias}, its weight {shape}")
    return Layer(
        "dense", box.name, tensors=_roles(box, {"weight": "weight", "bias": "bias"}),
        attributes={"class": box.kind, "orientation": "out,in", "inputs": shape[1], "outputs": shape[0]},
    )  # fmt: skip


def _activation(name: str, **settings: tuple[str, Plain]) -> Callable[[_Box], Layer]:
    """Return the reader of an activation; `settings` are ours = (PyTorch's name, its default)."""

    def read(box: _Box) -> Layer:
        found = {ours: box.setting(theirs, default) for ours, (theirs, default) in settings.items()}
        return Layer("activation", box.name, activation=name, attributes={"class": box.kind, **found})

    return read


def _gelu(box: _Box) -> Layer:
    form = box.setting("approximate", "none")
    if form not in ("none", "tanh"):
        raise Unread("it is a GELU of a form that PyTorch does not have")
    name = "gelu" if form == "tanh" else "gelu_erf"
    return Layer("activation", box.name, activation=name, attributes={"class": box.kind, "approximate": form})


def _softplus(box: _Box) -> Layer:
    # Above its threshold PyTorch's is the identity; from 20 on both are the same in 32 bits.
    if box.setting("beta", 1) != 1 or box.setting("threshold", 20) < 20:
        raise Unread("softplus with a beta other than 1 or a threshold below 20 is not a function that can be stepped here")
    return Layer("activation", box.name, activation="softplus", attributes={"class": box.kind})


def _softmax(name: str) -> Callable[[_Box], Layer]:
    def read(box: _Box) -> Layer:
        # Without an axis PyTorch takes the last one of a table of samples.
        axis = box.setting("dim")
        if axis not in (None, 1, -1):
            raise Unread(f"it is taken along axis {axis}, not along the units of each sample")
        return Layer("softmax", box.name, activation=name, attributes={"class": box.kind, "axis": -1})

    return read


def _dropout(box: _Box) -> Layer:
    return Layer("dropout", box.name, attributes={"class": box.kind, "rate": box.setting("p", 0.5)})


def _batch_norm(box: _Box) -> Layer:
    shapes = {p.shape for r, p in box.tensors.items() if r != "num_batches_tracked"}
    if len(shapes) > 1 or any(len(s) != 1 for s in shapes):
        raise Unread("its tensors differ in shape")
    roles = _roles(box, {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "variance"})
    size = next(iter(shapes))[0] if shapes else box.setting("num_features", 0)
    return Layer(
        "batch_norm", box.name, tensors=roles,
        attributes={"class": box.kind, "epsilon": box.setting("eps", 1e-5), "momentum": box.setting("momentum"), "outputs": size},
    )  # fmt: skip


def _layer_norm(box: _Box) -> Layer:
    shape = box.setting("normalized_shape", list(box.shape("weight") or ()))
    shape = [shape] if isinstance(shape, int) else shape
    if not isinstance(shape, list) or len(shape) != 1 or not all(type(n) is int for n in shape):
        raise Unread("it normalises over more than the units of a sample")
    return Layer(
        "layer_norm", box.name, tensors=_roles(box, {"weight": "gamma", "bias": "beta"}, (shape[0],)),
        attributes={"class": box.kind, "epsilon": box.setting("eps", 1e-5), "outputs": shape[0]},
    )  # fmt: skip


def _flatten(box: _Box) -> Layer:
    if (box.setting("start_dim", 1), box.setting("end_dim", -1)) != (1, -1):
        raise Unread("it joins other axes than all of a sample")
    return Layer("flatten", box.name, attributes={"class": box.kind})


def _unflatten(box: _Box) -> Layer:
    sizes = part(box.module, "unflattened_size")
    # A torch.Size is pickled as a call with its numbers.
    inner = sizes.args.values[0] if isinstance(sizes, Called) and len(sizes.args) == 1 else sizes
    shape = [n for n in inner if type(n) is int] if isinstance(inner, Items) else []
    if box.setting("dim") not in (1, -1) or not isinstance(inner, Items) or not shape or len(shape) != len(inner):
        raise Unread("it splits another axis than that of the units")
    return Layer("reshape", box.name, attributes={"class": box.kind, "shape": shape})


_KNOWN: dict[str, Callable[[_Box], Layer]] = {
    "Linear": _dense,
    "NonDynamicallyQuantizableLinear": _dense,
    "ReLU": _activation("relu"),
    "Sigmoid": _activation("sigmoid"),
    "Tanh": _activation("tanh"),
    "Identity": _activation("identity"),
    "LeakyReLU": _activation("leaky_relu", slope=("negative_slope", 0.01)),
    "ELU": _activation("elu", alpha=("alpha", 1.0)),
    "SELU": _activation("selu"),
    "GELU": _gelu,
    "SiLU": _activation("silu"),
    "Softsign": _activation("softsign"),
    "Softplus": _softplus,
    "Softmax": _softmax("softmax"),
    "LogSoftmax": _softmax("log_softmax"),
    "Dropout": _dropout,
    "BatchNorm1d": _batch_norm,
    "LayerNorm": _layer_norm,
    "Flatten": _flatten,
    "Unflatten": _unflatten,
}


def sizes_chain(layers: tuple[Layer, ...]) -> str:
    """Return a sentence on the first dense layer or normalisation that does not take what the one before gives, else ''."""
    flow: tuple[str, int] | None = None
    for layer in layers:
        if not layer.steppable or layer.kind in ("flatten", "reshape"):
            flow = None
        size = layer.attributes.get("inputs", layer.attributes.get("outputs"))
        if isinstance(size, int):
            if flow is not None and flow[1] != size:
                return f"the layer {shown(layer.name)} takes {size} numbers where {shown(flow[0])} before it gives {flow[1]}"
            flow = (layer.name, layer.attributes["outputs"])
    return ""
