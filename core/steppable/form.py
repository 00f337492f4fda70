"""What a form over a saved network asks: what its file says, what is assumed, what a person can choose. It knows no window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from core.data import sources
from core.description import LOSSES, OPTIMIZERS
from core.errors import StepperError
from core.files.inference.infer import Inferred, Question
from core.files.problem import bare
from core.files.saved import Layer, Saved
from core.steppable.build import Choices, Steppable, walk_of, wanted_of
from core.steppable.choices import MODES, SAME
from core.steppable.data import Samples, Targets, Wanted, given_data
from core.steppable.loss import unfit_loss, usual_loss
from core.steppable.walk import Walk

Origin = Literal["file", "assumed", "chosen", "usual"]
Way = Literal["random", "set", "file", "typed"]
WAYS: tuple[Way, ...] = ("random", "set", "file", "typed")
_KEPT = 16


@dataclass(frozen=True)
class FormField:
    """One thing that is asked: `value` holds now, `chosen` is what a person chose, '' where that is left to the app.

    `options` are empty where the answer is typed. `why` says why it cannot be changed, or how the value came about.
    """

    key: str
    value: str
    options: tuple[str, ...] = ()
    origin: Origin = "usual"
    question: str = ""
    chosen: str = ""
    enabled: bool = True
    why: str = ""


@dataclass(frozen=True)
class FittingSet:
    """A built-in data set that fits a network: `classes` is 0 where its targets are numbers."""

    name: str
    inputs: int
    classes: int


@dataclass(frozen=True)
class Form:
    """All that is asked. `wanted` is what data the network takes, None where it takes none; then `stops` says why.

    `sets` are the built-in data sets that fit. `stops` also says where the steps of a network end, '' if it has them all.
    """

    fields: tuple[FormField, ...]
    wanted: Wanted | None
    sets: tuple[FittingSet, ...]
    stops: str
    last: str = ""

    def field(self, key: str) -> FormField | None:
        """Return what is asked under a key, None if it is not asked."""
        return next((f for f in self.fields if f.key == key), None)


class Asking:
    """Makes the forms of one file; what takes long is kept while the choices that it follows from stay."""

    def __init__(self, saved: Saved) -> None:
        self.saved = saved
        self._walks: dict[tuple[str, ...], tuple[Walk, Inferred | None]] = {}

    def form(self, choices: Choices, samples: Samples, steps: Steppable | None = None) -> Form:
        """Return what is asked with these choices and samples; `steps` is the program made with these samples, if any was."""
        walk, inferred = self._walk(choices)
        network = [*_functions(walk.layers, inferred, choices), *_orientation(walk.layers, inferred, choices)]
        stops = walk.stops if walk.takes is not None else walk.stops or "it holds no layer that can be stepped"
        mode = _mode(walk.layers, choices)
        if walk.takes is None:
            return Form((*network, *mode), None, (), stops)
        wanted = wanted_of(walk, choices)
        sets = fitting_sets(wanted)
        targets = _targets(samples, wanted, steps)
        fields = (*network, *mode, *_data(samples, sets), *_training(choices, walk, targets))
        return Form(fields, wanted, sets, stops, walk.last)

    def _walk(self, c: Choices) -> tuple[Walk, Inferred | None]:
        key = (c.activation, c.output_activation, c.orientation, c.mode)
        if key not in self._walks:
            while len(self._walks) >= _KEPT:
                del self._walks[next(iter(self._walks))]
            self._walks[key] = walk_of(self.saved, Choices(*key[:3], mode=c.mode))
        return self._walks[key]


@lru_cache(_KEPT)
def fitting_sets(wanted: Wanted) -> tuple[FittingSet, ...]:
    """Return the built-in data sets that a network of these sizes takes."""
    found: list[FittingSet] = []
    for name in sources.BUILT_IN:
        if _targets_of_set(name, wanted) is not None:
            table = sources.load(name)
            found.append(FittingSet(name, table.inputs.shape[1], len(table.class_names)))
    return tuple(found)


@lru_cache(_KEPT * 16)
def _targets_of_set(name: str, wanted: Wanted) -> Targets | None:
    """Return what the targets of a built-in set are for a network, None if it does not fit."""
    try:
        return given_data(Samples(name), wanted, None).targets
    except StepperError:
        return None


def _targets(samples: Samples, wanted: Wanted, steps: Steppable | None) -> Targets | None:
    """Return what the targets are, None where that is known only after a file was read."""
    if samples.source in sources.BUILT_IN:
        return _targets_of_set(samples.source, wanted)
    if samples.source:
        return steps.targets if steps is not None else None
    try:
        return given_data(samples, wanted, None).targets
    except StepperError:
        return wanted.targets or "numbers"


def way_of(samples: Samples) -> Way:
    """Return where samples come from."""
    if samples.inputs:
        return "typed"
    return "random" if not samples.source else "set" if samples.source in sources.BUILT_IN else "file"


# -- fields


def _functions(layers: Sequence[Layer], inferred: Inferred | None, c: Choices) -> list[FormField]:
    mine = {"activation": c.activation, "output_activation": c.output_activation}
    if inferred is not None:
        return [_asked(q, mine[q.key]) for q in inferred.questions if q.key in mine]
    dense = [n for n, layer in enumerate(layers) if layer.kind == "dense"]
    if not dense:
        return []
    said = "the file says its functions"
    hidden = dict.fromkeys(_function(layer) for layer in layers[: dense[-1]] if layer.kind != "box") if len(dense) > 1 else {}
    output = [_function(layer) for layer in layers[dense[-1] :] if layer.kind != "box"]
    found: list[FormField] = []
    for key, names in (("activation", list(hidden)), ("output_activation", output)):
        if names:
            named = [n for n in names if n not in SAME] or ["identity"]
            found.append(FormField(key, ", ".join(dict.fromkeys(named)), (), "file", "", "", False, said))
    return found


def _function(layer: Layer) -> str:
    name = layer.activation or ("softmax" if layer.kind == "softmax" else "")
    return bare(name) if name else ""


def _asked(q: Question, chosen: str) -> FormField:
    options = q.options if q.chosen in q.options else (*q.options, q.chosen)
    return FormField(q.key, q.chosen, options, "chosen" if chosen else "assumed", q.text, chosen)


def _orientation(layers: Sequence[Layer], inferred: Inferred | None, c: Choices) -> list[FormField]:
    stored = {str(n.attributes.get("orientation", "out,in")) for n in layers if n.kind == "dense" and n.steppable}
    if len(stored) != 1:
        return []
    value = stored.pop()
    asked = None if inferred is None else next((q for q in inferred.questions if q.key == "orientation"), None)
    if asked is not None:
        return [_asked(asked, c.orientation)]
    if inferred is not None and c.orientation:
        return [FormField("orientation", value, ("out,in", "in,out"), "chosen", "", c.orientation)]
    why = "only this way do the sizes fit" if inferred is not None else "the file's format says it"
    return [FormField("orientation", value, (), "file", "", "", False, why)]


def _mode(layers: Sequence[Layer], c: Choices) -> list[FormField]:
    kinds = {layer.kind for layer in layers} & {"dropout", "batch_norm"}
    if not kinds:
        return []
    what = " and ".join(k.replace("_norm", " normalisation") for k in ("dropout", "batch_norm") if k in kinds)
    return [
        FormField(
            "mode", c.mode, MODES, _usual(c.mode == MODES[0]), f"How {'do' if len(kinds) > 1 else 'does'} {what} run?", c.mode
        )
    ]


def _usual(is_usual: bool) -> Origin:
    return "usual" if is_usual else "chosen"


def _data(s: Samples, sets: Sequence[FittingSet]) -> list[FormField]:
    usual, way = Samples(), way_of(s)
    none = "" if sets else "none of the built-in sets has the sizes of this network"
    return [
        FormField("way", way, WAYS, _usual(way == "random")),
        FormField("count", str(s.count), (), _usual(s.count == usual.count)),
        FormField("seed", str(s.seed), (), _usual(s.seed == usual.seed)),
        FormField("set", s.source if way == "set" else "", tuple(f.name for f in sets), "chosen", "", "", bool(sets), none),
        FormField("standardize", str(s.standardize), (), _usual(not s.standardize)),
    ]


def _training(c: Choices, walk: Walk, targets: Targets | None) -> list[FormField]:
    usual, enabled = Choices(), bool(walk.size)
    flat = "nothing in it is trained" if walk.fixed else "its outputs are not flat, so they have no targets"
    why = "" if enabled else walk.stops or flat
    fitting = tuple(n for n in LOSSES if n == c.loss or not unfit_loss(n, walk.last, walk.size))
    possible = {usual_loss(walk.last, t, walk.size) for t in (get_args(Targets) if targets is None else (targets,))}
    # What only the data decide is not guessed.
    assumed = possible.pop() if enabled and len(possible) == 1 else ""
    plain: Mapping[str, tuple[str, tuple[str, ...], bool]] = {
        "optimizer": (c.optimizer, OPTIMIZERS, c.optimizer == usual.optimizer),
        "learning_rate": (repr(c.learning_rate), (), c.learning_rate == usual.learning_rate),
        "batch": ("" if c.batch is None else str(c.batch), (), c.batch is None),
        "shuffle": (str(c.shuffle), (), not c.shuffle),
    }
    loss = FormField("loss", c.loss or assumed, fitting, "chosen" if c.loss else "assumed", "", c.loss, enabled, why)
    rest = [FormField(key, v, o, _usual(is_usual), "", v, enabled, why) for key, (v, o, is_usual) in plain.items()]
    return [loss, *rest]


def form(saved: Saved, choices: Choices, samples: Samples, steps: Steppable | None = None) -> Form:
    """Return what is asked of a file once; `Asking` asks again and again."""
    return Asking(saved).form(choices, samples, steps)
