"""What is known of the saved network that is inspected: what the file holds, what is looked at, how it is stepped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.files.inference.infer import Inferred, Question
from core.files.looks.looks import Look, Match
from core.files.saved import Layer, Saved, Tensor
from core.steppable.build import Choices, Steppable
from core.steppable.data import Samples

USUAL, RANDOM = Choices(), Samples()


@dataclass(frozen=True)
class SavedState:
    """All that the panels of a saved network show; without `saved` there is none.

    `layers` are those of the file, or those that its weights are read as (`inferred` says how). `tensor` names the one that is
    looked at, `look` is what there is to see of it (None while it is being worked out, or with a sentence in `look_trouble`).
    `seen` holds the looks of this file so far, by name. `busy` names the file that is being read, `trouble` says why it could
    not be.

    `other` is the file that it is compared with, `matches` the tensors of both by name; `other_look` is the tensor looked at
    as it is there, `difference` what the look at there − here gives. `comparing` is how many of its tensors are compared.

    `choices` and `samples` are what a person chose for stepping it; `steps` the program that was made, None while it has none,
    for the reason that `steps_trouble` gives. `by_hand` tells that the open program was changed by hand since.
    """

    saved: Saved | None = None
    layers: tuple[Layer, ...] = ()
    inferred: Inferred | None = None
    busy: str = ""
    trouble: str = ""
    tensor: str = ""
    look: Look | None = None
    look_trouble: str = ""
    seen: Mapping[str, Look] = field(default_factory=dict[str, Look])
    other: Saved | None = None
    matches: Mapping[str, Match] = field(default_factory=dict[str, Match])
    comparing: int = 0
    other_look: Look | None = None
    difference: Look | None = None
    choices: Choices = USUAL
    samples: Samples = RANDOM
    steps: Steppable | None = None
    steps_trouble: str = ""
    by_hand: bool = False

    @property
    def known(self) -> Tensor | None:
        """The tensor that is looked at."""
        return None if self.saved is None else next((t for t in self.saved.tensors if t.name == self.tensor), None)

    @property
    def questions(self) -> tuple[Question, ...]:
        """What the file does not say and a person may know."""
        return () if self.inferred is None else self.inferred.questions
