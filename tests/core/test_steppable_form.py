"""What the form over a saved network asks, who decided each answer, and what a draft of it means."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import TargetError
from core.files.saved import Saved
from core.library import open_saved
from core.saved_target import read_saved
from core.steppable.build import Choices, steppable
from core.steppable.data import Samples
from core.steppable.draft import Draft, draft_of, read_draft
from core.steppable.form import Asking, FittingSet, Form, form

R = np.random.default_rng(3)
PLAIN, RANDOM = Choices(), Samples()


def mlp(tmp_path: Path, *sizes: int, **more: Any) -> Saved:
    held: dict[str, Any] = {}
    for k, (i, o) in enumerate(pairwise(sizes), 1):
        held[f"W{k}"], held[f"b{k}"] = R.standard_normal((i, o)), R.standard_normal(o)
    np.savez(tmp_path / "net.npz", **held, **more)
    return read_saved(str(tmp_path / "net.npz"))


def module(tmp_path: Path, *layers: Any) -> Saved:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    torch.save(torch.nn.Sequential(*layers).double(), tmp_path / "net.pt")
    return read_saved(str(tmp_path / "net.pt"))


def asked(found: Form, key: str) -> tuple[str, str, str]:
    field = found.field(key)
    assert field is not None, key
    return field.value, field.origin, field.chosen


def test_what_weights_do_not_say_is_assumed_until_a_person_says_it(tmp_path: Path) -> None:
    saved = mlp(tmp_path, 4, 6, 3)
    found = form(saved, PLAIN, RANDOM)
    assert asked(found, "activation") == ("relu", "assumed", "")
    assert asked(found, "output_activation") == ("softmax", "assumed", "")
    assert asked(found, "loss") == ("softmax_cross_entropy", "assumed", "")
    assert asked(found, "optimizer") == ("sgd", "usual", "sgd")
    orientation = found.field("orientation")
    assert orientation is not None
    assert (orientation.value, orientation.origin, orientation.enabled) == ("in,out", "file", False)
    found = form(saved, Choices("tanh", "identity", loss="mae", optimizer="adam", learning_rate=0.5, batch=2), RANDOM)
    assert asked(found, "activation") == ("tanh", "chosen", "tanh")
    assert asked(found, "output_activation") == ("identity", "chosen", "identity")
    assert asked(found, "loss") == ("mae", "chosen", "mae")
    assert [asked(found, k)[1] for k in ("optimizer", "learning_rate", "batch", "shuffle")] == ["chosen"] * 3 + ["usual"]


def test_what_a_file_says_is_shown_and_cannot_be_changed(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    nn = torch.nn
    saved = module(tmp_path, nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3), nn.Softmax(1))
    found = form(saved, Choices(activation="elu"), RANDOM)
    for key, value in (("activation", "relu, tanh"), ("output_activation", "softmax"), ("orientation", "out,in")):
        assert asked(found, key) == (value, "file", "")
        field = found.field(key)
        assert field is not None
        assert not field.enabled
        assert field.why
    assert found.field("mode") is None
    ends = form(module(tmp_path, nn.Linear(4, 3)), PLAIN, RANDOM)
    assert ends.field("activation") is None
    assert asked(ends, "output_activation")[0] == "identity"


def test_the_mode_is_asked_where_it_matters(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    saved = module(tmp_path, torch.nn.Linear(4, 3), torch.nn.Dropout(0.5))
    assert asked(form(saved, PLAIN, RANDOM), "mode") == ("use", "usual", "use")
    assert asked(form(saved, Choices(mode="training"), RANDOM), "mode") == ("training", "chosen", "training")


def test_the_orientation_stays_a_question_after_it_was_answered(tmp_path: Path) -> None:
    saved = mlp(tmp_path, 3, 3, 3)
    assert asked(form(saved, PLAIN, RANDOM), "orientation") == ("in,out", "assumed", "")
    for answer in ("out,in", "in,out"):
        assert asked(form(saved, Choices(orientation=answer), RANDOM), "orientation") == (answer, "chosen", answer)
        steps = steppable(saved, Choices(orientation=answer), None, tmp_path)
        assert f"orientation: {answer}" in steps.chosen


def test_only_data_sets_that_fit_are_offered(tmp_path: Path) -> None:
    assert form(mlp(tmp_path, 4, 6, 3), PLAIN, RANDOM).sets == (FittingSet("iris", 4, 3),)
    assert form(mlp(tmp_path, 1, 6, 1), Choices(output_activation="identity"), RANDOM).sets == (FittingSet("sine", 1, 0),)
    assert {s.name for s in form(mlp(tmp_path, 2, 6, 1), PLAIN, RANDOM).sets} == {"xor", "flower", "moons", "circles"}
    none = form(mlp(tmp_path, 7, 3), PLAIN, RANDOM)
    field = none.field("set")
    assert none.sets == ()
    assert field is not None
    assert (field.enabled, field.why) == (False, "none of the built-in sets has the sizes of this network")
    for name in ("iris",):
        open_saved(mlp(tmp_path, 4, 6, 3), None, PLAIN, Samples(name))


@pytest.mark.parametrize(
    ("output", "samples", "loss"),
    [
        ("identity", RANDOM, "mse"), ("identity", Samples("iris"), "softmax_cross_entropy"), ("tanh", Samples("iris"), "mse"),
        ("softmax", RANDOM, "softmax_cross_entropy"),
        ("identity", Samples(inputs=(1.0,) * 4, target=(2.0,)), "softmax_cross_entropy"),
    ],
)  # fmt: skip
def test_the_usual_loss_is_the_one_that_is_then_used(tmp_path: Path, output: str, samples: Samples, loss: str) -> None:
    saved, choices = mlp(tmp_path, 4, 6, 3), Choices(output_activation=output)
    assert asked(form(saved, choices, samples), "loss") == (loss, "assumed", "")
    assert steppable(saved, choices, samples, tmp_path).loss == loss


def test_what_only_a_file_decides_is_not_guessed(tmp_path: Path) -> None:
    saved, samples = mlp(tmp_path, 4, 6, 3), Samples(str(tmp_path / "points.csv"))
    (tmp_path / "points.csv").write_text("1,2,3,4,ape\n5,6,7,8,bee\n1,1,1,1,cat\n")
    choices = Choices(output_activation="identity")
    assert asked(form(saved, choices, samples), "loss") == ("", "assumed", "")
    assert asked(form(saved, Choices(), samples), "loss") == ("", "assumed", "")
    assert asked(form(saved, Choices(output_activation="tanh"), samples), "loss") == ("mse", "assumed", "")
    steps = steppable(saved, choices, samples, tmp_path)
    assert asked(form(saved, choices, samples, steps), "loss") == ("softmax_cross_entropy", "assumed", "")


def test_targets_that_are_no_shares_get_another_loss_unless_one_was_chosen(tmp_path: Path) -> None:
    saved, samples = mlp(tmp_path, 4, 6, 3), Samples(str(tmp_path / "points.npz"))
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "points.npz", X=rng.standard_normal((5, 4)), Y=rng.standard_normal((5, 3)))
    assert steppable(saved, Choices(), samples, tmp_path).loss == "mse"
    with pytest.raises(TargetError, match="add up to 1"):
        steppable(saved, Choices(loss="softmax_cross_entropy"), samples, tmp_path)


def test_a_loss_that_cannot_be_is_not_offered_and_is_said_where_it_was_chosen(tmp_path: Path) -> None:
    saved = mlp(tmp_path, 4, 6, 3)
    field = form(saved, PLAIN, RANDOM).field("loss")
    assert field is not None
    assert "bce" not in field.options
    assert "cross_entropy" in field.options
    found = form(saved, Choices(loss="bce"), RANDOM)
    field = found.field("loss")
    assert field is not None
    assert "bce" in field.options
    assert "needs a sigmoid" in read_draft(Draft(loss="bce"), found).wrong["loss"]


def test_a_network_that_ends_early_has_nothing_to_train(tmp_path: Path) -> None:
    more = {"lstm.weight_ih_l0": R.standard_normal((12, 5)), "lstm.weight_hh_l0": R.standard_normal((12, 3))}
    found = form(mlp(tmp_path, 4, 5, **more), PLAIN, RANDOM)
    assert "lstm" in found.stops
    assert found.wanted is not None
    assert found.wanted.outputs == 0
    for key in ("loss", "optimizer", "learning_rate", "batch", "shuffle"):
        field = found.field(key)
        assert field is not None
        assert not field.enabled
        assert field.why == found.stops
    assert read_draft(Draft(way="typed", inputs="1 2 3 4"), found).wrong == {}


def test_a_network_that_cannot_be_stepped_asks_for_no_data(tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", **{"conv1.weight": np.zeros((4, 1, 3, 3)), "conv1.bias": np.zeros(4)})
    found = form(read_saved(str(tmp_path / "net.npz")), PLAIN, RANDOM)
    assert found.wanted is None
    assert "convolution" in found.stops
    assert found.field("way") is None
    assert read_draft(Draft(), found).wrong["network"] == found.stops


def test_the_same_questions_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = Asking(mlp(tmp_path, 4, 6, 3))
    first = asking.form(PLAIN, RANDOM)
    monkeypatch.setattr("core.steppable.form.walk_of", None)
    assert asking.form(Choices(learning_rate=0.5), RANDOM).sets == first.sets


# -- drafts


@pytest.mark.parametrize(
    ("choices", "samples"),
    [
        (PLAIN, RANDOM),
        (Choices("tanh", "identity", "", "mae", "adam", 1e-3, "training", 16, True), Samples(count=3, seed=9)),
        (PLAIN, Samples("iris", standardize=True)),
        (PLAIN, Samples("/data/points.csv")),
        (PLAIN, Samples(inputs=(0.1, -2.0, 1e-30, 4.0), target=(1.0,))),
    ],
)
def test_a_draft_means_what_it_was_made_of(tmp_path: Path, choices: Choices, samples: Samples) -> None:
    found = form(mlp(tmp_path, 4, 6, 3), choices, samples)
    read = read_draft(draft_of(choices, samples), found)
    assert (read.choices, read.samples, read.wrong) == (choices, samples, {})


@pytest.mark.parametrize(
    ("change", "key", "word"),
    [
        ({"learning_rate": "fast"}, "learning_rate", "'fast'"), ({"learning_rate": "0"}, "learning_rate", "above 0"),
        ({"learning_rate": "nan"}, "learning_rate", "above 0"), ({"learning_rate": "1e999"}, "learning_rate", "above 0"),
        ({"learning_rate": ""}, "learning_rate", "nothing is typed"), ({"batch": "0"}, "batch", "whole number"),
        ({"batch": "2.5"}, "batch", "2.5"), ({"count": "many"}, "count", "'many'"), ({"count": "0"}, "count", "from 1"),
        ({"count": "9" * 5000}, "count", "100000"), ({"seed": "-1"}, "seed", "from 0"),
        ({"way": "typed", "inputs": "1, 2, 3"}, "inputs", "3 numbers of 4"), ({"way": "typed"}, "inputs", "nothing is typed"),
        ({"way": "typed", "inputs": "1, zwei, 3, 4"}, "inputs", "'zwei', at place 2"),
        ({"way": "typed", "inputs": "1, nan, 3, 4"}, "inputs", "'nan'"),
        ({"way": "typed", "inputs": "1,,3,4"}, "inputs", "3 numbers"),
        ({"way": "typed", "inputs": "1 2 3 4", "target": "3"}, "target", "from 0 to 2"),
        ({"way": "typed", "inputs": "1 2 3 4", "target": "1 2"}, "target", "from 0 to 2"),
        ({"way": "typed", "inputs": "1 2 3 4", "target": "1 1 1"}, "target", "add up to 1"),
        ({"way": "typed", "inputs": "1 2 3 4", "target": "x"}, "target", "'x'"),
        ({"way": "set", "set": "xor"}, "set", "does not fit"), ({"way": "set"}, "set", "choose one"),
        ({"way": "file"}, "file", "choose a file"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(tmp_path: Path, change: dict[str, Any], key: str, word: str) -> None:
    found = form(mlp(tmp_path, 4, 6, 3), PLAIN, RANDOM)
    read = read_draft(replace(Draft(), **change), found)
    assert set(read.wrong) == {key}
    assert word in read.wrong[key]
    assert "\n" not in read.wrong[key]


@pytest.mark.parametrize(
    "text", ["0.5, -1, 2e3, 4", "0.5 -1 2e3 4", "[0.5; -1; 2e3; 4]", "0.5,\n-1,\n2e3,\n4\n", " 0.5,-1 ,2000,4,"]
)
def test_numbers_are_typed_in_many_ways(tmp_path: Path, text: str) -> None:
    found = form(mlp(tmp_path, 4, 6, 3), PLAIN, RANDOM)
    read = read_draft(Draft(way="typed", inputs=text), found)
    assert read.wrong == {}
    assert read.samples.inputs == (0.5, -1.0, 2000.0, 4.0)
