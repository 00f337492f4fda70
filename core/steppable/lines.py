"""The lines of a saved network's program as they grow: parameters from the file, forward lines, updates; and their names."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

from core.files.saved import Tensor
from core.steppable.data import quoted


class Lines:
    """Collects lines. `trainable` are the parameters layer by layer, `tensors` says which tensor of the file each one is.

    A remark is a comment of our own words: never a text of the file.
    """

    def __init__(self, path: str, folder: Path | None) -> None:
        file = Path(path)
        beside = folder is None or file.parent.resolve() == folder.resolve()
        self._file = quoted(file.name if beside else str(file.resolve()))
        self._given: set[str] = set()
        self._held: dict[Hashable, str] = {}
        self._numbers: dict[str, int] = {}
        self.parameters: list[str] = []
        self.tensors: dict[str, str] = {}
        self.trainable: list[list[str]] = []
        self.forward: list[str] = []
        self.update: list[str] = []

    def parameter(
        self, name: str, tensor: Tensor, part: str = "", new: bool = False, trained: bool = True, note: str = "",
        alone: bool = False,
    ) -> str:  # fmt: skip
        """Add what is read from the file; `new` begins another layer's parameters.

        Returns its name: that of an earlier one where a layer is used twice, so that both train the same numbers. One that is
        `alone` keeps its own: files of ONNX hold arrays of equal numbers once, such as all biases of 0.
        """
        lies = tensor.where if tensor.where.kind != "worker" and tensor.count else tensor.name
        if trained and new:
            self.trainable.append([])
        held = self._held.setdefault((lies, tensor.shape, part, name.rstrip("0123456789")), name)
        if not alone and held != name:
            return held
        line = f"{name} = tensor({self._file}, {quoted(tensor.name)}){part}"
        self.parameters.append(f"{line}  # {note}" if note else line)
        self.tensors[name] = tensor.name
        if trained:
            self.trainable[-1].append(name)
        return name

    def line(self, name: str, text: str) -> None:
        """Add a forward line."""
        self.forward.append(f"{name} = {text}")
        self._given.add(name)

    def remark(self, note: str) -> None:
        """Say something beside the last forward line."""
        self.forward[-1] += f"  # {note}"

    def free(self, name: str) -> str:
        """Return a name that no line gives yet: a second function after the same layer is A1_2."""
        n, found = 1, name
        while found in self._given:
            n += 1
            found = f"{name}_{n}"
        return found

    def number(self, prefix: str) -> int:
        """Return the next number of names that begin so."""
        self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return self._numbers[prefix]
