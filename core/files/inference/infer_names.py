"""What the name of a tensor says: the layer that it belongs to, its part in it, and whether it is one of the network at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.files.saved import Tensor

Shape = tuple[int, ...]


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TOKEN = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_IN_PIECES = re.compile(r"(.*)[._/]?weight_(g|v|u|orig|mask)|(.*)[./]parametrizations[./]weight[./]original[01]?")
"""A weight that PyTorch keeps as several tensors: weight and spectral normalisation, pruning."""
_CELL = re.compile(r".*/cell/vars/\d+")
_VARIABLE = re.compile(r"(.*)/vars/\d+")
_WEIGHT = _set("weight weights kernel kernels w coef coefs theta thetas syn synapse synapses matrix wt wts")
_BIAS = _set("bias biases b intercept intercepts offset offsets")
_GAMMA = _set("gamma scale")
_BETA = _set("beta shift")
_ENDS = _set("i h o x y ih ho xh hy hx oh in out hid hh hz zx zy xz")
"""What the W of `wih` or `Who` can stand between: input, hidden, output."""

_OPTIMIZER = _set(
    "optimizer optim optimiser adam adamw rmsprop adagrad sgd momentum momentums velocity velocities exp avg slot slots "
    "grad grads gradient gradients"
)
_COPY_AFFIXES = _set("m v s d vd sd mt vt cache acc rms old best prev init initial ema shadow target")
_DATA = _set(
    "x y x_train y_train x_test y_test x_val y_val labels targets inputs outputs data samples loss losses cost costs history "
    "accuracy acc lr learning_rate epoch epochs step steps iteration iterations"
)
_PREPARED = _set("mean std mu sigma x_mean x_std mean_x std_x x_min x_max norm_mean norm_std scaler_mean scaler_scale")
_STATISTICS = _set("means stds variances covariances centroids")
_MEASURED = _set("metrics metric criterion")
_RECURRENT = _set("lstm gru rnn hh whh recurrent")
_TABLES = _set("embedding embeddings embed emb wte wpe")
_ATTENTION = _set("attn attention qkv query mha")
_RANKS = {
    **dict.fromkeys(_set("in input first stem ih xh zx"), -2),
    **dict.fromkeys(_set("conv"), -1),
    **dict.fromkeys(_set("decoder dec"), 1),
    **dict.fromkeys(_set("out output last final head logits classifier ho hy zy prediction predictions pred"), 2),
}
_NORMS = _set("bn norm layernorm batchnorm ln batch")
_SLOPES = _set("prelu")
_KINDS = _set(
    "conv convolution dense fc linear lin layer layers hidden output out input bn norm batch batchnorm normalization layernorm "
    "ln prelu block activation dropout flatten"
)
"""What a layer is called by its kind or its place: such a word at the beginning of a name is no network of its own."""


@dataclass(frozen=True)
class Named:
    """A tensor, its role by its name ('' where the name says nothing), and the words that are left: its layer."""

    tensor: Tensor
    role: str
    group: tuple[str, ...]

    @property
    def shape(self) -> Shape:
        return self.tensor.shape


def words(name: str) -> tuple[str, ...]:
    """Return the words and numbers that a name is made of, in lower case: `fc1.weight` is fc, 1, weight."""
    bare = re.sub(r":0$|\.npy$", "", name)
    return tuple(t.lower() for t in _TOKEN.findall(bare))


def named(tensor: Tensor) -> Named:
    """Return what a tensor's name says of it."""
    parts = words(tensor.name)
    for pair, role in ((("running", "mean"), "mean"), (("moving", "mean"), "mean"), (("running", "var"), "variance"),
                       (("moving", "variance"), "variance"), (("moving", "var"), "variance")):  # fmt: skip
        if parts[-2:] == pair:
            return Named(tensor, role, parts[:-2])
    pieces = _IN_PIECES.fullmatch(tensor.name)
    if pieces is not None:
        return Named(tensor, "weight", words(pieces[1] or pieces[3] or ""))
    for at in range(len(parts) - 1, -1, -1):
        role = _role(parts[at])
        if role:
            return Named(tensor, role, parts[:at] + parts[at + 1 :])
    for at in range(len(parts) - 1, -1, -1):
        short = parts[at]
        if short[0] in "wb" and short[1:] in _ENDS:
            return Named(tensor, "weight" if short[0] == "w" else "bias", (*parts[:at], short[1:], *parts[at + 1 :]))
    return Named(tensor, "", parts)


def all_named(tensors: Sequence[Tensor]) -> list[Named]:
    """Return what the names say, also of variables that are only numbered within their layer: `dense/vars/0`, as in Keras."""
    numbered: dict[str, list[Tensor]] = {}
    for t in tensors:
        found = _VARIABLE.fullmatch(t.name)
        if found is not None:
            numbered.setdefault(found[1], []).append(t)
    roles: dict[str, Named] = {}
    for layer, held in numbered.items():
        held.sort(key=lambda t: [int(n) for n in re.findall(r"\d+", t.name)][-1])
        kinds = {4: ("gamma", "beta", "mean", "variance")}.get(len(held), ("gamma", "beta"))
        if len(held[0].shape) != 1:
            kinds = ("weight", "weight", "bias") if _CELL.fullmatch(held[0].name) else ("weight", "bias")
        for t, kind in zip(held, kinds, strict=False):
            roles[t.name] = Named(t, kind, words(layer))
    return [roles.get(t.name) or named(t) for t in tensors]


def _role(word: str) -> str:
    for role, known in (("weight", _WEIGHT), ("bias", _BIAS), ("gamma", _GAMMA), ("beta", _BETA)):
        if word in known:
            return role
    return ""


def _rank(group: Sequence[str]) -> int:
    """Return where a layer of that name usually stands: below 0 early, above 0 late."""
    spoken = [w for w in group if not w.isdigit()]
    # Two letters such as ih say it only where there is no other word: in an LSTM they mean something else.
    return max((_RANKS.get(w, 0) for w in spoken if len(spoken) == 1 or w not in _ENDS or len(w) > 2), key=abs, default=0)


def order_key(group: Sequence[str]) -> tuple[object, ...]:
    """Return what sorts layers as a person counts: `fc2` before `fc10`, input before hidden before output."""
    return (_rank(group), tuple((0, int(w), "") if w.isdigit() else (1, 0, w) for w in group))


def number_key(group: Sequence[str], norm: bool) -> tuple[object, ...]:
    """Return what sorts layers by their last number, a normalisation after the layer of its number: fc1, bn1, fc2, bn2."""
    numbers = [int(w) for w in group if w.isdigit()]
    return (_rank(group), numbers[-1] if numbers else 0, norm, tuple(group))


def is_norm(group: Sequence[str]) -> bool:
    """Tell whether a layer's name says that it normalises."""
    return any(w in _NORMS for w in group)


def network_of(group: Sequence[str]) -> str:
    """Return the word that names one of several networks in a file, '' if the layer's name begins with none."""
    first = group[0] if group else ""
    return "" if first.isdigit() or first in _KINDS or len(first) == 1 else first


def is_theta(tensors: Sequence[Named]) -> bool:
    """Tell whether matrices are called Theta, as in the course whose matrices hold the bias as a column."""
    return any("theta" in words(n.tensor.name) or "thetas" in words(n.tensor.name) for n in tensors)


def closed(n: Named) -> str:
    """Return why a tensor belongs to a layer that cannot be stepped; '' if nothing says so."""
    everything = {*n.group, *words(n.tensor.name)}
    if everything & _RECURRENT or _CELL.fullmatch(n.tensor.name):
        return "it is a recurrent layer, which steps through time"
    if everything & _TABLES and len(n.shape) == 2:
        return "it is a table of vectors (an embedding)"
    if everything & _ATTENTION:
        return "it is a part of an attention layer"
    if _IN_PIECES.fullmatch(n.tensor.name):
        return "its weight is made of several tensors, as weight normalisation, spectral normalisation and pruning keep it"
    if has_slopes(n):
        return "it is a PReLU, whose slopes are trained"
    if len(n.shape) in (3, 4, 5) and n.role in ("weight", ""):
        return f"its weight has {len(n.shape)} axes, as a convolution has"
    return ""


def has_slopes(n: Named) -> bool:
    """Tell whether a tensor is the slopes of a PReLU by its name, which leaves as many numbers as enter it."""
    return bool({*n.group, *words(n.tensor.name)} & _SLOPES) and len(n.shape) <= 1


def not_of_the_network(tensors: Sequence[Tensor]) -> dict[str, str]:
    """Return the tensors that are not parameters: name → what each one is, in words that follow 'is'."""
    found: dict[str, str] = {}
    shapes = {words(t.name): t.shape for t in tensors}
    spelled = {t.name: t.shape for t in tensors}
    norms = {n.group for n in map(named, tensors) if n.role in ("mean", "variance", "gamma")}
    for t in tensors:
        parts = words(t.name)
        joined = "_".join(parts)
        if not t.dtype.startswith(("float", "bfloat", "complex")) or t.shape == ():
            found[t.name] = "a single number or a count, not trained"
        elif t.dtype.startswith("complex"):
            found[t.name] = "of complex numbers, which no layer here has"
        elif (len(parts) > 1 or joined not in _WEIGHT) and set(parts) & _OPTIMIZER:
            found[t.name] = "a state of the optimizer or a gradient"
        elif _is_copy(t, parts, shapes, spelled):
            found[t.name] = "of the name and the shape of a parameter: a state of the optimizer, a gradient or a copy"
        elif joined in _PREPARED and named(t).group not in norms:
            found[t.name] = "of how the inputs were prepared; prepare your data in the same way"
        elif parts[:2] == ("hyper", "parameters"):
            found[t.name] = "of the settings of the training"
        elif len(parts) > 1 and set(parts[:-1]) & _MEASURED:
            found[t.name] = "of how the training is measured"
        elif joined in _DATA or joined.rpartition("_")[2] in _STATISTICS:
            found[t.name] = "data or a record of the training"
    return found


def _is_copy(t: Tensor, parts: tuple[str, ...], shapes: Mapping[tuple[str, ...], Shape], spelled: Mapping[str, Shape]) -> bool:
    """Tell whether a tensor is called as another of its shape, with a letter or word before or after: mW1, dW1, W1_v."""
    for affix, rest in ((parts[:1], parts[1:]), (parts[-1:], parts[:-1])):
        if rest and affix[0] in _COPY_AFFIXES and shapes.get(rest) == t.shape:
            return True
    return any(
        t.name.lower().startswith(a) and spelled.get(t.name[len(a) :]) == t.shape for a in ("m", "v", "s", "d", "vd", "sd")
    )
