"""What the header of a saved network says: how large it is, what is known of it, what was assumed, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from PySide6.QtCore import QCoreApplication

from core.costs import memory_text
from core.explain.prose_activations import CALLED
from core.files.inference.infer import STORED
from core.files.saved import Saved
from stepper.models.saved_state import SavedState
from stepper.models.saved_words import cut, sentence
from stepper.widgets.page import heading, labelled, words
from stepper.widgets.stepping_words import SIGNS

NO_BREAK = "\u00a0"
MOST_LISTED = 60
MOST_TYPES = 4
RUNNING = ("mean", "variance", "factor", "term")
"""Roles of tensors that training does not change."""
translate = QCoreApplication.translate


@dataclass(frozen=True)
class Counts:
    """How many numbers are parameters of layers, running statistics of layers, and of no layer at all."""

    parameters: int
    running: int
    loose: int


def file_name(saved: Saved) -> str:
    """Return the name of a file as it is shown."""
    return cut(PurePath(saved.path).name, 120)


def counts_of(state: SavedState) -> Counts:
    """Count the numbers; a tensor that two layers share counts once."""
    saved = state.saved
    sizes = {} if saved is None else {t.name: t.count for t in saved.tensors}
    role = {name: role for layer in state.layers for role, name in layer.tensors.items()}
    running = sum(sizes.get(n, 0) for n, r in role.items() if r in RUNNING)
    parameters = sum(sizes.get(n, 0) for n, r in role.items() if r not in RUNNING)
    return Counts(parameters, running, sum(sizes.values()) - running - parameters)


def facts(state: SavedState, saved: Saved) -> str:
    """Return format, sizes and types in short, parted by dots."""
    tensors = _many(len(saved.tensors), translate("saved", "1 tensor"), translate("saved", "{n} tensors"))
    types = [cut(d, 16) for d in dict.fromkeys(t.dtype for t in saved.tensors)]
    more = [translate("saved", "{n} more types").format(n=len(types) - MOST_TYPES)] if len(types) > MOST_TYPES else []
    parts = [cut(saved.format), memory_text(saved.size), tensors, *_numbers(counts_of(state)), *types[:MOST_TYPES], *more]
    return " · ".join(part.replace(" ", NO_BREAK) if len(part) < 40 else part for part in parts)


def _numbers(counts: Counts) -> list[str]:
    told = (
        (counts.parameters, translate("saved", "1 parameter"), translate("saved", "{n} parameters")),
        (counts.running, translate("saved", "1 running statistic"), translate("saved", "{n} running statistics")),
        (counts.loose, translate("saved", "1 number of no layer"), translate("saved", "{n} numbers of no layer")),
    )
    if not counts.parameters and not counts.running:
        return [_many(counts.loose, translate("saved", "1 number"), translate("saved", "{n} numbers"))]
    return [_many(n, one, more) for n, one, more in told if n]


def _many(n: int, one: str, more: str) -> str:
    return one if n == 1 else more.format(n=f"{n:,}")


def known(state: SavedState, saved: Saved) -> str:
    """Say whether the file holds graph and weights, with a sign."""
    if saved.complete:
        return translate("saved", "✓ Graph and weights are in the file")
    if not saved.tensors:
        return translate("saved", "◐ The graph is in the file, the weights are not") if state.layers else translate(
            "saved", "○ The file holds no tensor"
        )  # fmt: skip
    if state.inferred is None:
        return translate("saved", "◐ Not all of the network is in the file")
    if not state.layers:
        return translate("saved", "◐ Weights alone, and no layers can be read from them")
    return translate("saved", "◐ Weights alone: the layers are assumed from names and sizes")


def folded(state: SavedState, saved: Saved) -> str:
    """Say what is in the folded part."""
    warnings, assumed = len(saved.warnings), len(_assumed(state, saved))
    chosen = translate("saved", "{n} chosen by you")
    parts = [
        (warnings, translate("saved", "⚠ 1 warning"), translate("saved", "⚠ {n} warnings")),
        (assumed, translate("saved", "1 assumption"), translate("saved", "{n} assumptions")),
        (len(_chosen(state)), chosen.format(n=1), chosen),
        (len(saved.metadata), translate("saved", "1 note in the file"), translate("saved", "{n} notes in the file")),
    ]
    return " · ".join(_many(n, one, more) for n, one, more in parts if n) or translate("saved", "What the file says")


def blocks(state: SavedState, saved: Saved, warning_ink: str) -> list[str]:
    """Return the folded part, as a page."""
    made: list[str] = []
    if saved.warnings:
        made.append(heading(translate("saved", "⚠ Odd about the file"), warning_ink))
        made += _listed([sentence(w) for w in saved.warnings])
    made.append(heading(f"{SIGNS['file']} " + translate("saved", "Said by the file")))
    made.append(words(_said(state, saved)))
    assumed, chosen = _assumed(state, saved), _chosen(state)
    if assumed:
        made.append(heading(f"{SIGNS['assumed']} " + translate("saved", "Assumed by the app")))
        made += _listed(assumed)
    if chosen:
        made.append(heading(f"{SIGNS['chosen']} " + translate("saved", "Chosen by you")))
        made += _listed(chosen)
    if saved.metadata:
        made.append(heading(translate("saved", "Notes in the file")))
        entries = list(saved.metadata.items())
        made += [labelled(cut(key), cut(value, 300)) for key, value in entries[:MOST_LISTED]]
        made += _more(len(entries))
    return made


def _said(state: SavedState, saved: Saved) -> str:
    if saved.complete:
        return translate("saved", "Its layers, their order and functions, and all their tensors.")
    if state.inferred is not None:
        return translate("saved", "The names, shapes and types of its tensors, and their numbers.")
    if not saved.tensors:
        return translate("saved", "Its layers, their order and functions.")
    return translate("saved", "Its layers as far as they are listed, and its tensors.")


def _assumed(state: SavedState, saved: Saved) -> list[str]:
    """Return why the layers are read so, and what was answered for a person who has not been asked yet."""
    found = [sentence(s) for s in saved.assumed]
    if state.inferred is not None:
        found += [sentence(s) for s in state.inferred.why]
        found += [_answer(q.key, q.chosen) for q in state.questions if not getattr(state.choices, q.key, "")]
    return found


def _chosen(state: SavedState) -> list[str]:
    return [_answer(q.key, q.chosen) for q in state.questions if getattr(state.choices, q.key, "")]


def _answer(key: str, chosen: str) -> str:
    keys = {
        "activation": translate("saved", "The function after each hidden layer: {chosen}"),
        "output_activation": translate("saved", "The function after the last layer: {chosen}"),
        "orientation": translate("saved", "How the matrices are stored: {chosen}"),
    }
    return keys.get(key, cut(key) + ": {chosen}").format(
        chosen=STORED.get(chosen) or CALLED.get(chosen) or cut(chosen.replace("_", " "))
    )


def _listed(sentences: list[str]) -> list[str]:
    return [words(f"– {s}") for s in sentences[:MOST_LISTED]] + _more(len(sentences))


def _more(count: int) -> list[str]:
    over = count - MOST_LISTED
    return [words(translate("saved", "… and {n} more").format(n=f"{over:,}"))] if over > 0 else []
