"""What a file holds: its tensors, its layers, and where each number lies. Plain values only, as JSON carries them.

A `Saved` is made in the child process that reads the file (`core.files.child`) and sent to the app as JSON (`to_data`).
The app does not trust it: `from_data` checks each field, for the child may have read something that misled it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from core.files import saved_fields as check
from core.files.problem import FileProblem, escaped

Plain = Any
"""None, a truth value, a number, a text, or a list or mapping of these: what JSON can say."""

WhereKind = Literal["span", "member", "worker"]
Order = Literal["C", "F"]
LayerKind = Literal[
    "dense", "activation", "softmax", "dropout", "batch_norm", "layer_norm", "scale", "flatten", "reshape", "input", "box"
]  # fmt: skip
_KINDS = get_args(WhereKind)
_USUAL: Mapping[str, Plain] = {"file": "", "member": "", "order": "C", "strides": [], "checks": []}
ROLES = ("weight", "bias", "gamma", "beta", "mean", "variance", "factor", "term")
ROLES_OF_STEPS: Mapping[str, str] = {"*": "factor", "/": "factor", "+": "term", "-": "term"}
"""What a tensor is called that a layer of the kind 'scale' scales or shifts by, by the sign before it."""

MOST_TENSORS = 100_000
MOST_LAYERS = 20_000
MOST_AXES = 32
MOST_METADATA = 1_000
MOST_ENDS = 1_000
LONGEST_NAME = check.LONGEST_NAME
LONGEST_TEXT = 20_000
LONGEST_SENTENCE = 2_000
DEEPEST = 12
"""How deep a layer's attributes may be nested."""

ITEM_BYTES: Mapping[str, int] = {
    "bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8, "uint64": 8,
    "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16,
}  # fmt: skip
"""The types of numbers that can be read, with their bytes each. A tensor of any other type is listed and not read."""


def capped(text: str, most: int = LONGEST_NAME) -> str:
    """Return a name of at most `most` characters; a longer one keeps its beginning and a digest that tells it from others.

    It is the same for the same name every time, so a reader finds a tensor again by comparing `capped(own) == name`.
    """
    if len(text) <= most:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{text[: most - 13]}…{digest}"


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape as `64×10`; a vector is its length, a single number `1`."""
    return "×".join(map(str, shape)) or "1"


@dataclass(frozen=True, slots=True)
class Where:
    """Where a tensor's numbers lie.

    `span`: raw little-endian numbers in the file itself, so that np.memmap shows them and nothing is loaded: `offset` and
    `length` in bytes. `member`: in the compressed zip member `member`, at `offset` of what it unpacks to. `worker`: only the
    reader can say (HDF5, protobuf, pickles); the child process is asked.
    `file` is "" for the file itself, or the bare name of a file beside it. `strides` are in elements, () if the numbers lie
    one after another in `order`; `length` then counts from the first number to the end of the last.
    `checks` are, of a span in a zip whose checksums were not gone through, that of what is before it and that at its end.
    """

    kind: WhereKind
    file: str = ""
    offset: int = 0
    length: int = 0
    member: str = ""
    order: Order = "C"
    strides: tuple[int, ...] = ()
    checks: tuple[int, ...] = ()

    def to_data(self) -> dict[str, Plain]:
        """Return it as JSON can carry it; what is as usual is left out, for a file may hold a hundred thousand of these."""
        found: dict[str, Plain] = {"kind": self.kind, "offset": self.offset, "length": self.length}
        if self.file or self.member or self.order != "C":
            found |= {"file": self.file, "member": self.member, "order": self.order}
        if self.strides or self.checks:
            found |= {"strides": list(self.strides), "checks": list(self.checks)}
        return found

    @classmethod
    def from_data(cls, data: Plain) -> Where:
        """Return it from what `to_data` gave; raises FileProblem if a field is none."""
        got = check.fields(data, "where")
        kind, offset, length = check.choice(got, "kind", _KINDS), check.count(got, "offset"), check.count(got, "length")
        if len(got) == 3:
            return cls(kind, "", offset, length)
        got = {**_USUAL, **got}
        file = check.text(got, "file", LONGEST_NAME)
        if file and (file in (".", "..") or any(c in file for c in "/\\\0:")):
            raise check.bad("file")
        return cls(
            kind, file, offset, length, check.text(got, "member", LONGEST_TEXT), check.choice(got, "order", get_args(Order)),
            tuple(check.counts(got, "strides", MOST_AXES)), tuple(check.counts(got, "checks", 2)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array of a file: its name, shape, type as written there ('float32', 'bfloat16', 'int64', …) and bytes stored."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    bytes: int
    where: Where

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)

    @property
    def readable(self) -> bool:
        """Whether its type is one whose numbers can be read."""
        return self.dtype in ITEM_BYTES

    def to_data(self) -> dict[str, Plain]:
        """Return it as JSON can carry it; a long name is capped."""
        return {
            "name": capped(self.name), "shape": list(self.shape), "dtype": capped(self.dtype), "bytes": self.bytes,
            "where": self.where.to_data(),
        }  # fmt: skip

    @classmethod
    def from_data(cls, data: Plain) -> Tensor:
        """Return it from what `to_data` gave; raises FileProblem if a field is none or the fields disagree."""
        got = check.fields(data, "tensor")
        shape, where = tuple(check.counts(got, "shape", MOST_AXES)), Where.from_data(got.get("where"))
        made = cls(
            check.text(got, "name", LONGEST_NAME),
            shape,
            check.text(got, "dtype", LONGEST_NAME),
            check.count(got, "bytes"),
            where,
        )
        if math.prod(shape) >= 2**62:
            raise check.bad("shape")
        if made.readable and where.kind != "worker":
            size = ITEM_BYTES[made.dtype]
            if where.strides and len(where.strides) != len(shape):
                raise check.bad("strides")
            if not made.count:
                reach = 0
            elif where.strides:
                reach = 1 + sum((n - 1) * s for n, s in zip(shape, where.strides, strict=True))
            else:
                reach = made.count
            if reach * size > where.length:
                raise check.bad("length")
        return made


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a file: what it does, what flows in and out, and the names of its tensors by role (`ROLES`).

    `activation` is the name of the function that it ends in, "" if none. A layer that is not `steppable` says `why`.
    Of `attributes`, `orientation` is 'out,in' or 'in,out': how a dense layer's weight is stored; `product_times` and
    `bias_times` are numbers that its product and its bias are multiplied by, where they are not 1; `population` says that a
    running variance divides by m, not by m − 1; `steps` is what 'scale' does, one after the other: a sign with a number or the
    role of a tensor.
    """

    kind: LayerKind
    name: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    activation: str = ""
    tensors: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Plain] = field(default_factory=dict)
    steppable: bool = True
    why: str = ""

    def to_data(self) -> dict[str, Plain]:
        """Return it as JSON can carry it; long names are capped as those of tensors are."""
        return {
            "kind": self.kind, "name": capped(self.name), "inputs": [capped(n) for n in self.inputs],
            "outputs": [capped(n) for n in self.outputs], "activation": capped(self.activation),
            "tensors": {capped(r): capped(n) for r, n in self.tensors.items()},
            "attributes": {capped(k): plain(v) for k, v in self.attributes.items()},
            "steppable": self.steppable, "why": capped(escaped(self.why), LONGEST_SENTENCE),
        }  # fmt: skip

    @classmethod
    def from_data(cls, data: Plain) -> Layer:
        """Return it from what `to_data` gave; raises FileProblem if a field is none."""
        got = check.fields(data, "layer")
        attributes = check.mapping(got, "attributes", MOST_METADATA)
        return cls(
            check.choice(got, "kind", get_args(LayerKind)), check.text(got, "name", LONGEST_NAME),
            check.texts(got, "inputs", MOST_ENDS, LONGEST_NAME), check.texts(got, "outputs", MOST_ENDS, LONGEST_NAME),
            check.text(got, "activation", LONGEST_NAME), check.text_mapping(got, "tensors", MOST_ENDS, LONGEST_NAME),
            {k: plain(v) for k, v in attributes.items()}, check.truth(got, "steppable"),
            escaped(check.text(got, "why", LONGEST_SENTENCE)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Saved:
    """A file as read: nothing of its numbers, only where they lie.

    `format` names it for a person ('PyTorch state dict'); `complete` says that graph and weights are both known; `assumed`
    are sentences on what the file does not say; `warnings` are sentences on what is odd about it.
    """

    format: str
    path: str
    size: int
    tensors: tuple[Tensor, ...] = ()
    layers: tuple[Layer, ...] = ()
    complete: bool = False
    assumed: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def tensor(self, name: str) -> Tensor:
        """Return the tensor of that name; raises KeyError."""
        for tensor in self.tensors:
            if tensor.name == name:
                return tensor
        raise KeyError(name)

    def to_data(self) -> dict[str, Plain]:
        """Return it as JSON can carry it; raises FileProblem if it holds more than the app takes."""
        for what, n, most in (("tensors", len(self.tensors), MOST_TENSORS), ("layers", len(self.layers), MOST_LAYERS)):
            if n > most:
                raise too_many(n, what, most)
        return {
            "format": capped(self.format), "path": self.path, "size": self.size,
            "tensors": [t.to_data() for t in self.tensors], "layers": [n.to_data() for n in self.layers],
            "complete": self.complete, "assumed": [capped(escaped(s), LONGEST_SENTENCE) for s in self.assumed[:MOST_ENDS]],
            "metadata": {capped(k): capped(v, LONGEST_TEXT) for k, v in list(self.metadata.items())[:MOST_METADATA]},
            "warnings": [capped(escaped(s), LONGEST_SENTENCE) for s in self.warnings[:MOST_ENDS]],
        }  # fmt: skip

    @classmethod
    def from_data(cls, data: Plain) -> Saved:
        """Return it from what `to_data` gave; raises FileProblem if a field is none, a name is twice or names nothing."""
        got = check.fields(data, "file")
        made = cls(
            check.text(got, "format", LONGEST_NAME), check.text(got, "path", LONGEST_TEXT), check.count(got, "size"),
            tuple(Tensor.from_data(t) for t in check.listed(got, "tensors", MOST_TENSORS)),
            tuple(Layer.from_data(n) for n in check.listed(got, "layers", MOST_LAYERS)),
            check.truth(got, "complete"), _said(got, "assumed"),
            check.text_mapping(got, "metadata", MOST_METADATA, LONGEST_TEXT),
            _said(got, "warnings"),
        )  # fmt: skip
        names = {t.name for t in made.tensors}
        if len(names) != len(made.tensors):
            raise check.bad("tensors")
        if any(n not in names for layer in made.layers for n in layer.tensors.values()):
            raise check.bad("layers")
        for tensor in made.tensors:
            where = tensor.where
            if where.kind == "span" and not where.file and where.offset + where.length > made.size:
                raise check.bad("offset")
        return made


def _said(got: Mapping[str, Plain], key: str) -> tuple[str, ...]:
    """Return sentences of the reader; what a file put into them cannot steer a terminal or turn the direction of writing."""
    return tuple(escaped(s) for s in check.texts(got, key, MOST_ENDS, LONGEST_SENTENCE))


def plain(value: Plain, depth: int = DEEPEST) -> Plain:
    """Return a value of a file as JSON can carry it: tuples as lists, long texts capped, anything else as its text's type.

    Raises FileProblem where it is nested deeper than `depth`.
    """
    if depth < 0:
        raise FileProblem("a layer's settings are nested too deep; it cannot be a network to step through")
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else float("inf") if value > 0 else float("-inf")
    if isinstance(value, str):
        return capped(value, LONGEST_TEXT)
    if isinstance(value, (list, tuple)):
        return [plain(v, depth - 1) for v in cast("list[Plain]", value)[:MOST_METADATA]]
    if isinstance(value, Mapping):
        pairs = list(cast("Mapping[Plain, Plain]", value).items())[:MOST_METADATA]
        return {capped(str(k)): plain(v, depth - 1) for k, v in pairs if isinstance(k, (str, int))}
    return f"({type(value).__name__})"


def too_many(n: int, what: str, most: int) -> FileProblem:
    """Return the problem of a file that holds more `what` than the app takes."""
    return FileProblem(f"it holds {n} {what}, more than {most}; it cannot be a network to step through")
