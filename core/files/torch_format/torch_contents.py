"""What a PyTorch pickle holds: every tensor by name, the state dicts and modules among it, and the few plain facts beside."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeVar

from core.files.pickles.inert_values import Called, Items, Table, Value, entries
from core.files.problem import FileProblem
from core.files.saved import MOST_TENSORS
from core.files.torch_format.torch_tensors import Placed, tensor_in

Path = tuple[str, ...]
_T = TypeVar("_T")
_DEEPEST = 40
_MOST_VISITED = 200_000
_MOST_FACTS = 200
_BESIDE = re.compile(r"optim|sched|scaler|^ema$|_ema$|^ema_|grad|^hyper_?param|^hparams$|^callbacks$|^loops$", re.IGNORECASE)


@dataclass
class Contents:
    """What was found, each by its path of keys: tensors, whole modules, plain values; `homes` are the state dicts' paths."""

    tensors: dict[Path, Placed] = field(default_factory=dict)
    modules: dict[Path, Called] = field(default_factory=dict)
    facts: dict[Path, bool | int | float | str] = field(default_factory=dict)
    homes: dict[Path, None] = field(default_factory=dict)
    # Modules of a state dict that have no tensors, such as activations: PyTorch notes every module's version.
    silent: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    # Where an optimiser's own dictionary lies, whatever it is called.
    optimizers: dict[Path, None] = field(default_factory=dict)

    def network(self) -> Path | None:
        """Return the path of the one network in it, None if there are none or several."""
        found = [p for p in [*self.modules, *self.homes] if not self.beside(p)]
        return found[0] if len(found) == 1 else None

    def beside(self, path: Path) -> Path:
        """Return the way to what is not the network itself (an optimiser's state, running copies of the weights), else ()."""
        ways = [path[: n + 1] for n in range(len(path))]
        return next((w for w in ways if w in self.optimizers or _BESIDE.search(w[-1])), ())

    def names(self) -> dict[Path, str]:
        """Return each tensor's name: keys joined by dots, below the only network without the way to it."""
        home = self.network() or ()
        names: dict[Path, str] = {}
        taken: set[str] = set()
        for path in self.tensors:
            inside = path[: len(home)] == home and len(path) > len(home)
            name = ".".join(path[len(home) :] if inside else path) or "tensor"
            while name in taken:
                name += "′"
            taken.add(name)
            names[path] = name
        return names


_GRAPHS = ("torch.fx.graph_module.reduce_graph_module", "torch.fx.graph_module.reduce_package_graph_module")


def is_module(value: Value) -> bool:
    """Return whether a box is a module of PyTorch, of any class: modules keep their parts in three dictionaries."""
    return isinstance(value, Called) and all(isinstance(part(value, p), Table) for p in ("_parameters", "_modules"))


def part(module: Called, name: str) -> Value:
    """Return an attribute of a module as it was saved, None if it has none of that name."""
    state = module.state
    # A module that torch.fx wrote keeps its parts in what its class is called with; its code beside them is not looked at.
    if module.name in _GRAPHS and len(module.args):
        state = module.args.values[0]
    return state.get(name) if isinstance(state, Table) else None


def contents(value: Value) -> Contents:
    """Return what a pickle's value holds. What is shared is listed once under each name, what contains itself once."""
    found = Contents()
    _Walk(found).visit(value, ())
    return found


class _Walk:
    def __init__(self, found: Contents) -> None:
        self._found = found
        self._left = _MOST_VISITED
        self._seen: set[int] = set()

    def visit(self, value: Value, path: Path, module: Path | None = None) -> None:
        """Note what `value` is; `module` is the path of the module it lies in."""
        self._left -= 1
        if self._left < 0 or len(self._found.tensors) > MOST_TENSORS:
            raise FileProblem("it holds more things than a saved network does; it is damaged or a trap, save it anew")
        if isinstance(value, (bool, int, float, str)):
            if len(path) <= 2 and len(self._found.facts) < _MOST_FACTS:
                self._found.facts[path] = value
            return
        placed = tensor_in(value)
        if placed is not None:
            self._found.tensors[path] = placed
            return
        if not isinstance(value, (Table, Items, Called)) or len(path) > _DEEPEST:
            return
        if isinstance(value, Called) and is_module(value):
            # A module that is used twice has its tensors under both names, as in a state dict.
            self._module(value, path, module)
            return
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        self._home(value, path)
        for name, inner in entries(value):
            self.visit(inner, (*path, name))

    def _home(self, value: Value, path: Path) -> None:
        texts = dict(value.texts()) if isinstance(value, Table) else {}
        if path and isinstance(texts.get("state"), Table) and isinstance(texts.get("param_groups"), Items):
            self._found.optimizers[path] = None
        # Numbers alone (a best accuracy, a step) do not make a state dict.
        if not any((t := tensor_in(v)) is not None and t.shape for v in texts.values()):
            return
        self._found.homes[path] = None
        assert isinstance(value, Table)
        noted = value.state.get("_metadata") if isinstance(value.state, Table) else None
        if isinstance(noted, Table):
            owners = {k.rpartition(".")[0] for k in texts}
            inner = [k for k, _ in noted.texts() if k and k not in owners]
            self._found.silent[path] = tuple(k for k in inner if not any(o.startswith(k + ".") for o in owners))

    def _module(self, value: Called, path: Path, module: Path | None) -> None:
        if module is None:
            self._found.modules[path] = value
        for kind in ("_parameters", "_buffers", "_modules"):
            inside = part(value, kind)
            for name, inner in entries(inside):
                self.visit(inner, (*path, name), path)
