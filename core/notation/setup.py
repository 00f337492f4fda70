"""`# data` and `# parameters`: what is given before the first iteration, computed once by our own reader."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import ops
from core.data import datasets, given
from core.errors import NotationError, StepperError
from core.notation.convert import BINARY, CONSTANTS, METHODS, constant, fail, is_numpy

MOST_CELLS = 50_000_000
RESERVED = ("samples", "batch", "shuffle", "seed", "dtype")


def shape_of(node: ast.AST, value: Any) -> tuple[int, ...]:
    """Return `value` as a shape of at most MOST_CELLS cells; raises NotationError."""
    sizes = value if isinstance(value, (tuple, list)) else (value,)
    if not all(isinstance(s, (int, np.integer)) and not isinstance(s, bool) and s >= 0 for s in sizes) or len(sizes) > 32:
        raise fail(node, "a shape is whole numbers of at least 0, as in `(3, 2)`")
    shape = tuple(int(s) for s in sizes)
    total = 1
    for size in shape:
        total *= size
    if total > MOST_CELLS:
        raise fail(node, f"an array of {total} numbers is too large here (at most {MOST_CELLS})")
    return shape


@dataclass(frozen=True, slots=True)
class SetupState:
    """Where the evaluation of setup lines stands; see `Setup.state`."""

    names: Mapping[str, Any]
    legacy: np.random.RandomState
    seeded: bool
    stand: Any
    stands: Mapping[str, Any]


class Setup:
    """Evaluates setup lines with NumPy's own generators; holds the names given so far.

    With `most_draws` a draw of more numbers gives zeros: where only shapes are asked for, nobody waits for them.
    """

    def __init__(self, folder: Path | None = None, most_draws: int | None = None) -> None:
        self.folder = folder
        self.most_draws = most_draws
        self.names: dict[str, Any] = {}
        self._legacy = np.random.RandomState(0)
        self._seeded = False

    def state(self) -> SetupState:
        """Return the names given so far, and where every generator stands."""
        moves = {n: v for n, v in self.names.items() if isinstance(v, (np.random.Generator, np.random.RandomState))}
        return SetupState(dict(self.names), self._legacy, self._seeded, self._stand(self._legacy),
                          {n: self._stand(g) for n, g in moves.items()})  # fmt: skip

    def restore(self, state: SetupState) -> None:
        """Go on from a state that this `Setup`, or another, was in."""
        self.names, self._legacy, self._seeded = dict(state.names), state.legacy, state.seeded
        self._legacy.set_state(state.stand)
        for name, stand in state.stands.items():
            generator = self.names[name]
            if isinstance(generator, np.random.Generator):
                generator.bit_generator.state = stand
            else:
                generator.set_state(stand)

    @staticmethod
    def _stand(generator: Any) -> Any:
        return generator.bit_generator.state if isinstance(generator, np.random.Generator) else generator.get_state()

    def call(self, node: ast.Expr) -> None:
        """Do a line that gives no name: only `np.random.seed(n)` and `print(…)` may stand there."""
        assert isinstance(node.value, ast.Call)
        name = ast.unparse(node.value.func)
        if name == "print":
            return
        if name not in ("np.random.seed", "numpy.random.seed"):
            raise fail(node, "this line gives no name to its result; write `name = …`")
        self._legacy = np.random.RandomState(self._seed(node.value))
        self._seeded = True

    def evaluate(self, node: ast.expr) -> Any:
        """Return the array or number that a setup expression stands for; raises NotationError."""
        try:
            with np.errstate(all="ignore"):
                return self._evaluate(node)
        except NotationError:
            raise
        except StepperError as error:
            raise fail(node, str(error)) from None
        except (TypeError, ValueError, ArithmeticError, IndexError, MemoryError, AttributeError) as error:
            raise fail(node, f"NumPy cannot compute this ({error})") from None

    def _evaluate(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            if isinstance(node.value, (bool, int, float)):
                return node.value
        elif isinstance(node, ast.Name):
            if node.id in self.names:
                return self.names[node.id]
            raise fail(node, f"`{node.id}` has no value yet; give it one above this line")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            inner = self._evaluate(node.operand)
            return -inner if isinstance(node.op, ast.USub) else +inner
        elif isinstance(node, ast.BinOp) and type(node.op) in BINARY:
            return self._binary(node)
        elif isinstance(node, (ast.List, ast.Tuple)):
            return [self._evaluate(e) for e in node.elts]
        elif isinstance(node, ast.Attribute):
            return self._attribute(node)
        elif isinstance(node, ast.Subscript):
            return self._subscript(node)
        elif isinstance(node, ast.Call):
            return self._call(node)
        raise fail(node, "only numbers, arrays, names and known functions can be given here")

    def _binary(self, node: ast.BinOp) -> Any:
        a, b = self._evaluate(node.left), self._evaluate(node.right)
        for x in (a, b):
            if isinstance(x, list):
                raise fail(node, "put `np.array(…)` around a list before computing with it")
        if isinstance(node.op, ast.Pow) and isinstance(a, int) and isinstance(b, int) and abs(b) > 1000:
            raise fail(node, "this power is too large")
        op = ops.get(BINARY[type(node.op)])
        shape_of(node, op.shape(np.shape(a), np.shape(b)))
        result = op.forward(a, b)
        if isinstance(result, int) and abs(result) > 2**62:
            raise fail(node, "this whole number is too large; write it with a decimal point")
        return result

    def _attribute(self, node: ast.Attribute) -> Any:
        if is_numpy(node.value) and node.attr in CONSTANTS:
            return CONSTANTS[node.attr]
        inner = self._evaluate(node.value)
        if node.attr == "T":
            return np.asarray(inner).T
        if node.attr == "shape":
            return np.shape(inner)
        if node.attr == "size":
            return int(np.size(inner))
        raise fail(node, f"`.{node.attr}` is not part of the notation")

    def _subscript(self, node: ast.Subscript) -> Any:
        inner = self._evaluate(node.value)
        if isinstance(inner, tuple):
            return inner[constant(node.slice)]
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        index: list[Any] = []
        for item in items:
            if isinstance(item, ast.Slice):
                index.append(slice(*(None if e is None else self._whole(e) for e in (item.lower, item.upper, item.step))))
            elif isinstance(item, ast.Constant) and item.value in (None, Ellipsis):
                index.append(item.value)
            elif isinstance(item, ast.Attribute) and item.attr == "newaxis":
                index.append(None)
            else:
                index.append(self._whole(item))
        return np.asarray(inner)[tuple(index)]

    def _whole(self, node: ast.expr) -> int:
        value = self._evaluate(node)
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise fail(node, "an index is a whole number")
        return int(value)

    def _call(self, node: ast.Call) -> Any:
        name = ast.unparse(node.func)
        short = name.removeprefix("numpy.").removeprefix("np.")
        creator = _CREATORS.get(short)
        if creator is not None:
            return creator(node, *self._arguments(node))
        draw = short.removeprefix("random.")
        if draw in _LEGACY and (short.startswith("random.") or draw != "random"):
            return self._draw(node, self._legacy, draw)
        if short in ("random.default_rng", "default_rng"):
            return np.random.Generator(np.random.PCG64(self._seed(node)))
        if short in ("random.RandomState", "RandomState"):
            return np.random.RandomState(self._seed(node))
        if short in datasets.FUNCTIONS:
            arguments, keywords = self._arguments(node)
            return datasets.FUNCTIONS[short](*arguments, **keywords)
        if short in given.FILE_FUNCTIONS:
            arguments, keywords = self._arguments(node)
            return given.FILE_FUNCTIONS[short](*arguments, folder=self.folder, **keywords)
        if isinstance(node.func, ast.Attribute) and not is_numpy(node.func.value):
            owner = self._evaluate(node.func.value)
            if isinstance(owner, (np.random.Generator, np.random.RandomState)):
                return self._draw(node, owner, node.func.attr)
            if node.func.attr in METHODS:
                return self._operation(node, node.func.attr, [owner])
        if isinstance(node.func, ast.Name) and node.func.id in ("float", "int") and len(node.args) == 1:
            return {"float": float, "int": int}[node.func.id](self._evaluate(node.args[0]))
        return self._operation(node, short, [])

    def _operation(self, node: ast.Call, name: str, first: list[Any]) -> Any:
        op = ops.named(name)
        if op is None or op.context or op.implicit:
            raise fail(node, f"there is no function `{name[:60]}` for data and parameters")
        values = first + [self._evaluate(a) for a in node.args[: op.arity - len(first)]]
        rest = node.args[op.arity - len(first) :]
        if name in ("reshape", "transpose") and len(rest) > 1:
            attributes: dict[str, Any] = {next(iter(op.attributes)): tuple(self._evaluate(r) for r in rest)}
        else:
            attributes = {k: _attribute_value(self, v) for k, v in zip(op.attributes, rest, strict=False)}
        for keyword in node.keywords:
            if keyword.arg not in op.attributes:
                raise fail(node, f"`{name}` has no argument `{keyword.arg}`")
            attributes[str(keyword.arg)] = _attribute_value(self, keyword.value)
        if len(values) < op.arity or (len(rest) > len(op.attributes) and name not in ("reshape", "transpose")):
            raise fail(node, f"`{name}` needs {op.arity} operands")
        shape_of(node, op.shape(*(np.shape(v) for v in values), **attributes))
        return op.forward(*values, **attributes)

    def _arguments(self, node: ast.Call) -> tuple[list[Any], dict[str, Any]]:
        if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
            raise fail(node, "`*` and `**` in a call are not part of the notation")
        return [_attribute_value(self, a) for a in node.args], {
            str(k.arg): _attribute_value(self, k.value) for k in node.keywords
        }

    def _seed(self, node: ast.Call) -> int:
        arguments, keywords = self._arguments(node)
        seed = (arguments + list(keywords.values()) + [0])[0]
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
            raise fail(node, "a seed is a whole number from 0 to 4294967295")
        return seed

    def _draw(self, node: ast.Call, generator: Any, name: str) -> Any:
        known = _LEGACY if isinstance(generator, np.random.RandomState) else _MODERN
        if name not in known:
            raise fail(node, f"there is no draw `{name}` here; there are {', '.join(sorted(known))}")
        if generator is self._legacy and not self._seeded:
            raise fail(node, "write `np.random.seed(1)` above, so that every run starts from the same numbers")
        arguments, keywords = self._arguments(node)
        if name in ("rand", "randn"):
            shape = shape_of(node, tuple(arguments))
        else:
            size = keywords.get("size", arguments[known[name]] if len(arguments) > known[name] else ())
            shape = shape_of(node, () if size is None else size)
            given = [np.shape(v) for k, v in [*enumerate(arguments), *keywords.items()] if k not in ("size", known[name])]
            shape_of(node, np.broadcast_shapes(*given))
        if self.most_draws is not None and math.prod(shape) > self.most_draws:
            return np.zeros(shape, np.int64 if name in ("randint", "integers") else np.float64)
        return getattr(generator, name)(*arguments, **keywords)


# position of `size` among the arguments of each draw
_LEGACY = {"rand": 0, "randn": 0, "random": 0, "random_sample": 0, "uniform": 2, "normal": 2, "standard_normal": 0, "randint": 2}
_MODERN = {"random": 0, "uniform": 2, "normal": 2, "standard_normal": 0, "integers": 2}


def _attribute_value(setup: Setup, node: ast.expr) -> Any:
    if isinstance(node, (ast.Tuple, ast.List)):
        parts = [_attribute_value(setup, e) for e in node.elts]
        return tuple(parts) if isinstance(node, ast.Tuple) else parts
    try:
        return constant(node)
    except NotationError:
        return setup.evaluate(node)


def _array(node: ast.AST, *arguments: Any) -> Any:
    (values, keywords) = arguments
    result = np.array(*values, **keywords)
    if result.dtype.kind not in "biuf":
        raise fail(node, "an array holds numbers, in rows of equal length")
    return result


def _filled(function: Callable[..., Any]) -> Callable[..., Any]:
    def make(node: ast.AST, values: list[Any], keywords: dict[str, Any]) -> Any:
        shape_of(node, values[0] if values else keywords.get("shape", ()))
        return function(*values, **keywords)

    return make


def _line(function: Callable[..., Any]) -> Callable[..., Any]:
    def make(node: ast.AST, values: list[Any], keywords: dict[str, Any]) -> Any:
        numbers = [v for v in (*values, *keywords.values()) if isinstance(v, (int, float))]
        if function is np.arange and len(numbers) > 2:
            shape_of(node, int(abs((numbers[1] - numbers[0]) / (numbers[2] or 1))))
        shape_of(node, int(max((abs(n) for n in numbers), default=0)))
        return function(*values, **keywords)

    return make


def _square(node: ast.AST, values: list[Any], keywords: dict[str, Any]) -> Any:
    shape_of(node, (*values[:1], *values[:1]))
    return np.eye(*values, **keywords)


_CREATORS: Mapping[str, Callable[..., Any]] = {
    "array": _array, "asarray": _array, "zeros": _filled(np.zeros), "ones": _filled(np.ones),
    "full": _filled(np.full), "arange": _line(np.arange), "linspace": _line(np.linspace), "eye": _square,
}  # fmt: skip
