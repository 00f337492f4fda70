"""A saved network with data and choices → the text of a program, which is read and derived like any other.

The matrices stay as they are stored: `X @ W1.T` for those with a row a unit, `X @ W1` for those with a column a unit. Where a
file does not say something, a sensible choice is made and said, also in the text: `A1 = relu(Z1)  # relu: assumed, …`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import SettingError, SteppingError
from core.files.inference.infer import Inferred, Question, infer
from core.files.saved import Layer, Saved
from core.steppable.choices import MODES as MODES
from core.steppable.choices import Choices as Choices
from core.steppable.choices import checked, note_of
from core.steppable.data import Given, Samples, Targets, Wanted, given_data
from core.steppable.loss import accuracy_line, loss_line, unfit_loss, update_lines, usual_loss, wanted_targets
from core.steppable.walk import MOST_LAYERS as MOST_LAYERS
from core.steppable.walk import Walk


@dataclass(frozen=True)
class Steppable:
    """The program of a saved network.

    `assumed` are sentences on what the file does not say and was decided here, `chosen` on what a person decided;
    `questions` what can be asked; `stops` says which layer is the first that cannot be stepped, '' if all can be, and `closed`
    are the layers from that one on.

    `parameters` says of each parameter of the program which tensor of the file it is; of a Theta both are parts, W of its
    columns but the first, b of the first one. `takes` is the shape of a sample, `gives` how many numbers come out, 0 where the
    steps end before; `loss` names the loss, '' without one, `targets` what the targets are, and `evaluation` is the text of a
    program that says the accuracy, '' where the targets are no answers.
    """

    text: str
    layers: tuple[Layer, ...]
    assumed: tuple[str, ...]
    chosen: tuple[str, ...]
    questions: tuple[Question, ...] = ()
    stops: str = ""
    inferred: Inferred | None = None
    closed: tuple[Layer, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    takes: tuple[int, ...] = ()
    gives: int = 0
    loss: str = ""
    targets: Targets = ""
    evaluation: str = ""


def layers_of(saved: Saved, choices: Choices | None = None) -> tuple[tuple[Layer, ...], Inferred | None]:
    """Return a file's layers: its own, or those that its weights are read as; then also how and why."""
    c = choices or Choices()
    # Layers that nothing joins (a class of PyTorch with a forward() of its own) say neither their order nor what is between.
    if saved.complete or any(n.inputs for n in saved.layers):
        return saved.layers, None
    found = infer(saved.tensors, c.activation, c.output_activation, c.orientation)
    return found.layers, found


def walk_of(saved: Saved, choices: Choices, folder: Path | None = None) -> tuple[Walk, Inferred | None]:
    """Return how far a network can be stepped, without any data; raises SettingError if a choice is none."""
    layers, inferred = layers_of(saved, checked(choices))
    return Walk(saved, choices, layers, inferred, folder), inferred


def wanted_of(walk: Walk, choices: Choices) -> Wanted:
    """Return what data a network takes."""
    targets = wanted_targets(choices.loss, walk.last, walk.size)
    return Wanted(walk.takes or (), walk.size, targets, walk.columns, bool(choices.loss))


def program_text(saved: Saved, choices: Choices | None = None, samples: Samples | None = None, folder: Path | None = None) -> str:
    """Return the text alone of what `steppable` returns."""
    return steppable(saved, choices, samples, folder).text


def steppable(
    saved: Saved, choices: Choices | None = None, samples: Samples | None = None, folder: Path | None = None
) -> Steppable:
    """Return the program that steps a saved network, as far as it can be stepped.

    `folder` is where the program will lie, and the file beside it unless it is elsewhere.

    Raises:
        SteppingError: if nothing of it can be stepped.
        TargetError: if the data do not fit its sizes.
        SettingError: if a choice is none.
    """
    c, samples = choices or Choices(), samples or Samples()
    walk, inferred = walk_of(saved, c, folder)
    if walk.takes is None or not walk.out.forward:
        why = walk.stops or "it holds no layer that can be stepped"
        raise SteppingError(f"{Path(saved.path).name}: {why}")
    unfit = unfit_loss(c.loss, walk.last, walk.size) if walk.size else ""
    if unfit:
        raise SettingError(unfit)
    data = given_data(samples, wanted_of(walk, c), folder)
    _check_batches(c, data, walk)
    made = _Made(saved, c, walk, inferred, data)
    text = made.text()
    return Steppable(
        text, walk.layers, tuple(made.assumed), tuple(made.chosen), inferred.questions if inferred is not None else (),
        walk.stops, inferred, walk.closed, dict(walk.out.tensors), walk.takes, walk.size, made.loss, data.targets,
        made.evaluation(folder),
    )  # fmt: skip


def _check_batches(c: Choices, data: Given, walk: Walk) -> None:
    """Refuse a batch of one sample where a batch is normalised: its variance says nothing, and m − 1 is 0."""
    batch = data.count if c.batch is None else min(c.batch, data.count)
    if walk.normalises_batches and 1 in (batch, data.count % batch):
        which = "each batch" if batch == 1 else "the last batch of an epoch"
        raise SettingError(
            f"{which} has 1 of the {data.count} samples, and batch normalisation in training needs at least 2; "
            "choose another size, or the mode use"
        )


class _Made:
    """Puts the sections of a program together, and says what was assumed and what was chosen."""

    def __init__(self, saved: Saved, c: Choices, walk: Walk, inferred: Inferred | None, data: Given) -> None:
        self.saved, self.c, self.walk, self.inferred, self.data = saved, c, walk, inferred, data
        self.loss = (c.loss or usual_loss(walk.last, data.targets, walk.size)) if walk.size else ""
        self.assumed: list[str] = list(saved.assumed)
        self.chosen: list[str] = []

    def text(self) -> str:
        lines, walk = [*self._data(), *self._batches(), "# parameters", *self.walk.out.parameters], self.walk
        if self.loss:
            start, update = update_lines(self.c, walk.out.trainable)
            loss = f"{loss_line(self.loss, walk)}  # {self.loss}: {note_of(self.c.loss)}"
            lines += [*start, "# forward", *walk.out.forward, "# loss", loss, "# update", *update, *walk.out.update]
        else:
            lines += ["# forward", *walk.out.forward]
        self._say()
        return "\n".join(lines) + "\n"

    def evaluation(self, folder: Path | None) -> str:
        """Return the program that only uses the network, and says its accuracy; '' where there is none."""
        walk = self.walk
        if self.c.mode != "use":
            layers = (walk.layers, self.inferred)
            walk = Walk(self.saved, Choices(self.c.activation, self.c.output_activation, self.c.orientation), *layers, folder)
        accuracy = accuracy_line(self.loss, walk, self.data) if self.loss and not walk.stops else ""
        if not accuracy:
            return ""
        lines = [*self._data(), "# parameters", *walk.out.parameters, "# forward", *walk.out.forward]
        return "\n".join([*lines, "# loss", loss_line(self.loss, walk), "# predict", accuracy]) + "\n"

    def _data(self) -> list[str]:
        return ["# data", *self.data.lines, f'samples = "{"columns" if self.walk.columns else "rows"}"', *self._dtype()]

    def _dtype(self) -> list[str]:
        """Return the type of all numbers, where the parameters have one and it is not float64."""
        found = {"float32" if d == "bfloat16" else d for d in self._types()}
        return [f'dtype = "{d}"' for d in found] if len(found) == 1 and found <= {"float32", "float16"} else []

    def _types(self) -> set[str]:
        found = {self.walk.tensor(t).dtype for layer in self.walk.layers for t in layer.tensors.values()}
        # Without a tensor the file can still say of which type its input is.
        return found or {str(layer.attributes["dtype"]) for layer in self.walk.layers if "dtype" in layer.attributes}

    def _batches(self) -> list[str]:
        lines = [] if self.c.batch is None else [f"batch = {self.c.batch}"]
        return [*lines, *(["shuffle = True"] if self.c.shuffle else [])]

    def _say(self) -> None:
        c, inferred = self.c, self.inferred
        if "bfloat16" in self._types():
            self.assumed.append("bfloat16 numbers are computed in float32, which holds each of them exactly")
        if self.loss and c.loss:
            self.chosen.append(f"the loss {c.loss}")
        elif self.loss:
            self.assumed.append(f"the loss is not in the file; {self.loss} is used")
        if self.walk.fixed and not self.walk.stops:
            self.assumed.append("nothing in it is trained, so there is no loss")
        self.assumed += self.data.assumed
        if self.walk.stops:
            self.assumed.append(self.walk.stops)
        if c.mode == "use" and any(layer.kind in ("dropout", "batch_norm") for layer in self.walk.layers):
            self.assumed.append("dropout and batch normalisation run as when the network is used, not as in training")
        if inferred is None:
            if c.activation or c.output_activation:
                self.assumed.append("the file says its activations, so the one that was chosen is not used")
            return
        self.assumed = [*inferred.why, *self.assumed]
        mine = {"activation": c.activation, "output_activation": c.output_activation, "orientation": c.orientation}
        for q in inferred.questions:
            sentence = f"{q.key.replace('_', ' ')}: {q.chosen}"
            if mine.get(q.key):
                self.chosen.append(sentence)
            else:
                self.assumed.append(f"{sentence}, as the file does not say it")
