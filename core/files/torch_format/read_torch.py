"""PyTorch's files: state dicts, checkpoints and whole modules, in the zip form (since 1.6) and the one before it.

The zip form is a pickle `NAME/data.pkl` and a raw storage `NAME/data/KEY` each; the older one is five pickles in a row (a magic
number, a protocol, the computer's facts, the object, the keys of its storages) and then each storage with its length before it.
Nothing of it is run: the pickle is read by `inert_pickle`, and the numbers stay in the file.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from core.files.limits import Limits
from core.files.pickles.inert_pickle import Machine
from core.files.pickles.inert_source import Account, Source
from core.files.pickles.inert_values import Called, Items, Named, Persistent, Span, Table, Value
from core.files.problem import FileProblem, shown
from core.files.saved import Saved, Where
from core.files.torch_format.torch_contents import Contents, contents, part
from core.files.torch_format.torch_layers import ModuleLayers, layers_of, sizes_chain
from core.files.torch_format.torch_tensors import REBUILT, Storage, bytes_each, placed_tensor, storage_in
from core.files.zip_safe import Zip

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_CHECKED = 256 * 2**20
"""Bytes of storages whose checksums are checked; what is larger is not read just for that."""
_AGAIN = "download or save it again"
_KNOWN_PACKAGES = ("torch.", "collections.", "builtins.", "copyreg.", "numpy.", "_codecs.", "argparse.Namespace", "pathlib.")


def read(path: Path, limits: Limits) -> Saved:
    """Return what a PyTorch file holds; raises FileProblem in one sentence."""
    account = Account()
    with path.open("rb") as file:
        head = file.read(4)
    if head[:2] == b"PK":
        with Zip(path, limits) as archive:
            root = _root(archive)
            value = _from_zip(archive, root, account, limits)
            return saved_of(path, value, account, lambda storage: _in_zip(archive, root, storage))
    if head[:1] != b"\x80":
        raise FileProblem(
            "it is in the form that PyTorch wrote before 0.1.10, which is not read; torch.load it and torch.save it again"
        )
    size = path.stat().st_size
    with path.open("rb") as file:
        source = Source(file, 0, size, account)
        value, places = _legacy(source, account)
        return saved_of(path, value, account, lambda storage: places.get(storage.key) or Where("span"))


# ---- the zip form


def _root(archive: Zip) -> str:
    found = [n for n in archive.names if n.endswith("/data.pkl") and n.count("/") == 1] or [
        n for n in archive.names if n == "data.pkl"
    ]
    if len(found) != 1:
        raise FileProblem("it is a zip without the one data.pkl that PyTorch writes; torch.save the state_dict() anew")
    root = found[0].removesuffix("data.pkl")
    if any(n.startswith((root + "code/", root + "constants.pkl")) for n in archive.names):
        raise FileProblem(
            "it is a TorchScript program, whose code is not run here; torch.jit.load it, and torch.save its state_dict()"
        )
    return root


def _from_zip(archive: Zip, root: str, account: Account, limits: Limits) -> Value:
    if f"{root}byteorder" in archive.names and _checked(archive, f"{root}byteorder", 64).strip() == b"big":
        raise FileProblem("its numbers are written big end first; load it in PyTorch on a usual computer and save it again")
    data = _checked(archive, f"{root}data.pkl", limits.header)
    left = _CHECKED
    for name, member in archive.members.items():
        if name.startswith(f"{root}data/") and member.size <= left:
            left -= member.size
            # PyTorch writes 0 if it was told to compute no checksums.
            if member.crc:
                archive.open(name).finish()
    return Machine(Source(io.BytesIO(data), 0, len(data), account), account).run()


def _checked(archive: Zip, name: str, most: int) -> bytes:
    member = archive.member(name)
    if member.crc:
        return archive.read(name, most)
    if member.size > most:
        raise FileProblem(f"its part {shown(name)} is larger than any network's; {_AGAIN}")
    return archive.open(name).read(member.size)


def _in_zip(archive: Zip, root: str, storage: Storage) -> Where:
    name = f"{root}data/{storage.key}"
    if name not in archive.names:
        raise FileProblem(f"the storage {shown(storage.key)} of a tensor is missing in it; {_AGAIN}")
    start, size = archive.span(name), archive.member(name).size
    return Where("member", member=name, length=size) if start is None else Where("span", offset=start, length=size)


# ---- the older form


def _legacy(source: Source, account: Account) -> tuple[Value, dict[str, Where]]:
    met: dict[str, Storage] = {}

    def persistent(pid: Value) -> Value:
        # A class with its source code: ("module", the class, the file, its text). The code is not looked at.
        if isinstance(pid, Items) and len(pid) >= 2 and pid.values[0] == "module" and isinstance(pid.values[1], Named):
            return pid.values[1]
        box = Persistent(pid)
        storage = storage_in(box)
        if storage is not None:
            met[storage.key] = storage
        return box

    def pickle(known: Callable[[Value], Value] = Persistent) -> Value:
        return Machine(source, account, known).run()

    if pickle() != _MAGIC or pickle() != _PROTOCOL:
        raise FileProblem(f"it does not begin as PyTorch's files do; {_AGAIN}")
    facts = pickle()
    if isinstance(facts, Table) and facts.get("little_endian") is False:
        raise FileProblem("its numbers are written big end first; load it in PyTorch on a usual computer and save it again")
    value = pickle(persistent)
    keys = pickle()
    if not isinstance(keys, Items) or not all(isinstance(k, str) for k in keys):
        raise FileProblem(f"the list of its storages is damaged; {_AGAIN}")
    places: dict[str, Where] = {}
    for key in keys:
        if not isinstance(key, str) or key not in met or key in places:
            raise FileProblem(f"the list of its storages names {shown(str(key))} twice, or no tensor uses it; {_AGAIN}")
        storage = met[key]
        raw = source.read(8)
        if len(raw) < 8 or int.from_bytes(raw, "little") != storage.whole:
            raise FileProblem(f"it is cut short or damaged before its storage {shown(key)}; {_AGAIN}")
        span = source.skip(storage.whole * bytes_each(storage.dtype))
        places[key] = Where("span", offset=span.offset, length=span.length)
    return value, places


class Embedded:
    """Tensors of a plain `pickle.dump`: each storage is a file of the older form inside the bytes of a call."""

    def __init__(self, source: Source, packed: bool) -> None:
        self._source, self._packed = source, packed
        self.places: dict[str, Where] = {}

    def __call__(self, box: Called) -> Value:
        """Return the storage that such a call stands for, any other box as it is."""
        if box.name != "torch.storage._load_from_bytes" or len(box.args) != 1:
            return box
        span = box.args.values[0]
        if self._packed or not isinstance(span, Span):
            raise FileProblem(
                "its tensors are pickled in a packed or an old form, which is not read; torch.save the state_dict()"
            )
        here = self._source.tell()
        with self._source.within(span):
            value, places = _legacy(self._source, self._source.account)
        self._source.seek(here)
        pid = value.pid if isinstance(value, Persistent) else None
        storage = storage_in(value)
        if storage is None or not isinstance(pid, Items) or storage.key not in places:
            raise FileProblem(f"a storage in it is damaged; {_AGAIN}")
        key = str(span.offset)
        self.places[key] = places[storage.key]
        return Persistent(Items("tuple", [*pid.values[:2], key, *pid.values[3:]]))

    def lies(self, storage: Storage) -> Where:
        """Return where a storage is in the file."""
        return self.places.get(storage.key) or Where("span")


# ---- all


def saved_of(path: Path, value: Value, account: Account, lies: Callable[[Storage], Where]) -> Saved:
    """Return what the value of a pickle holds; `lies` says where a storage is in the file."""
    found = contents(value)
    if not found.tensors:
        raise FileProblem(f"no tensors are in it, just {_what(value)}; torch.save a network's state_dict() to keep its weights")
    names = found.names()
    home = found.network()
    module = found.modules.get(home) if home is not None else None
    read_layers = layers_of(module, names, home or ()) if module is not None else ModuleLayers((), False, ())
    unchained = sizes_chain(read_layers.layers) if read_layers.chained else ""
    warnings = [*_unknown(account), *([unchained] if unchained else [])]
    tensors = tuple(placed_tensor(names[p], placed, lies) for p, placed in found.tensors.items())
    odd = sorted({t.dtype for t in tensors if not t.readable})
    if odd:
        warnings.append(f"numbers of the type {', '.join(odd)} are listed and not shown; convert them with .float()")
    return Saved(
        _format(found, module, home), str(path), path.stat().st_size, tensors, read_layers.layers,
        complete=bool(read_layers.layers) and read_layers.chained and not unchained,
        assumed=read_layers.assumed, metadata=_metadata(found, module, home), warnings=tuple(warnings),
    )  # fmt: skip


def _format(found: Contents, module: Called | None, home: tuple[str, ...] | None) -> str:
    if found.modules:
        return "PyTorch module" if module is not None and home == () else "PyTorch checkpoint with a module"
    if home == () and all(len(p) == 1 for p in found.tensors):
        return "PyTorch state dict"
    return "PyTorch checkpoint" if found.homes else "PyTorch tensors"


def _metadata(found: Contents, module: Called | None, home: tuple[str, ...] | None) -> dict[str, str]:
    facts = {".".join(p): str(v) for p, v in found.facts.items()}
    if home:
        facts["network"] = ".".join(home)
    homes = [*found.homes, *found.modules]
    parts = [".".join(p) for p in homes if p and not found.beside(p)]
    if len(parts) > 1:
        facts["networks"] = ", ".join(parts)
    aside = dict.fromkeys(".".join(found.beside(p)) for p in homes if found.beside(p))
    if aside:
        facts["beside the network"] = ", ".join(aside)
    if module is not None:
        facts["class"] = module.name
        facts["saved while"] = "training" if part(module, "training") is not False else "evaluating"
    silent = found.silent.get(home or ())
    if silent:
        facts["modules without weights"] = ", ".join(silent)
    return facts


def _unknown(account: Account) -> list[str]:
    odd = [n.rpartition(".")[2] for n in account.called if n.startswith("torch._utils._rebuild_") and n not in REBUILT]
    said = [f"tensors of an unusual form are left out ({', '.join(odd)}); save them as dense ones"] if odd else []
    names = [n for n in account.called if not n.startswith(_KNOWN_PACKAGES)]
    if not names:
        return said
    some = ", ".join(shown(n) for n in names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return [*said, f"it names classes that are not known here, which were not run: {some}{more}"]


def _what(value: Value) -> str:
    if isinstance(value, Called):
        return f"an object of the class {shown(value.name)}"
    if isinstance(value, (Table, Items)):
        return "a container without any"
    return "a single value"
