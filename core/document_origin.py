"""The saved network that a session was made of, in a document: which file it is, and what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

from core.data.sources import BUILT_IN
from core.document_files import is_plain
from core.files.document_form import damaged
from core.origin import Origin
from core.steppable.choices import Choices
from core.steppable.data import Samples

LONGEST, MOST_NUMBERS = 500, 1_000_000
_MARK = 64
_CHOICES: dict[str, tuple[type, ...]] = {
    "activation": (str,), "output_activation": (str,), "orientation": (str,), "loss": (str,), "optimizer": (str,),
    "learning_rate": (float, int), "mode": (str,), "batch": (int, type(None)), "shuffle": (bool,),
}  # fmt: skip
_SAMPLES: dict[str, tuple[type, ...]] = {
    "source": (str,), "inputs": (list,), "target": (list,), "count": (int,), "seed": (int,), "standardize": (bool,),
}  # fmt: skip


def origin_data(origin: Origin | None, text: str, folder: Path | None) -> dict[str, Any] | None:
    """Return where a session came from as plain data; None where it came from no saved network, or from one of a strange name.

    `text` is that of the program: what the origin's own has in common with it is not kept twice.
    """
    if origin is None or not is_plain(origin.file):
        return None
    samples = replace(origin.samples, source=_inside(origin.samples.source, folder))
    return {
        "file": origin.file,
        "mark": origin.mark,
        "text": None if origin.text == text else origin.text,
        "choices": asdict(origin.choices),
        "samples": {**asdict(samples), "inputs": list(samples.inputs), "target": list(samples.target)},
    }


def origin_of(data: Any, text: str, folder: Path) -> Origin | None:
    """Read what `origin_data` wrote, None where there is none, as in documents of earlier versions; raises FileProblem."""
    match data:
        case None:
            return None
        case {"file": str(file), "mark": str(mark), "text": (str() | None) as made, "choices": choices, "samples": samples}:
            pass
        case _:
            raise damaged("where it came from cannot be read")
    if not is_plain(file) or len(mark) != _MARK:
        raise damaged("the file that it came from has a name that is none")
    s = _fields(samples, _SAMPLES)
    for key in ("inputs", "target"):
        s[key] = _numbers(s.get(key, []))
    found = Samples(**s)
    source = found.source
    if source and source not in BUILT_IN and is_plain(source):
        found = replace(found, source=str(folder / source))
    return Origin(file, mark, text if made is None else made, Choices(**_fields(choices, _CHOICES)), found)


def _inside(source: str, folder: Path | None) -> str:
    """Return the name of a data file as seen from the folder of the session, where it lies in there; else as it is."""
    if source in BUILT_IN or folder is None:
        return source
    try:
        name = Path(source).resolve().relative_to(folder.resolve()).as_posix()
    except (OSError, ValueError, RuntimeError):
        return source
    return name if is_plain(name) else source


def _fields(data: Any, known: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """Return what was chosen, as far as this version knows of it; what is missing is as usual."""
    if not isinstance(data, dict):
        raise damaged("what was chosen for its network cannot be read")
    found = {key: value for key, value in cast("dict[str, Any]", data).items() if key in known}
    for key, value in found.items():
        if type(value) not in known[key] or (isinstance(value, str) and len(value) > LONGEST):
            raise damaged("what was chosen for its network cannot be read")
    return found


def _numbers(data: list[Any]) -> tuple[float, ...]:
    if len(data) > MOST_NUMBERS or any(type(x) not in (float, int) or abs(x) > 1e308 for x in data):
        raise damaged("the sample that was typed cannot be read")
    return tuple(float(x) for x in data)
