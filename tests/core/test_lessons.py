"""Lessons: those that come with the app hold, their facts are those of plain NumPy, a bad text is one sentence with its line."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.complete import load
from core.errors import DescriptionError, StepperError, TargetError
from core.lessons.check import check, check_file
from core.lessons.fill import Placeholder, parts_of
from core.lessons.lesson import Lesson
from core.lessons.read import read_lesson
from core.lessons.runs import Runs, Shown, finish
from core.lessons.shipped import headings, list_lessons, open_lesson
from core.lessons.words import lesson_text
from core.library import open_target
from core.report import trace

FIVE = ("cost-rises", "nan-after-a-while", "shapes-not-aligned", "stuck-at-one", "why-multiply-why-plus")
NAMES = tuple(h.name for h in headings())
Floats = np.ndarray[Any, np.dtype[np.float64]]


@pytest.fixture(scope="module")
def runs() -> Callable[[str], Runs]:
    """Return the runs of a lesson, made once: some take seconds."""
    made: dict[str, Runs] = {}

    def of(name: str) -> Runs:
        if name not in made:
            made[name] = Runs(open_lesson(name))
        return made[name]

    return of


def shown(runs: Runs, title: str) -> Shown:
    """Return a step by its title."""
    step = next(s for s in runs.lesson.steps if s.title == title)
    return finish(runs.showing(step))


# --- the lessons that come with the app ----------------------------------------------------------------


def test_the_five_come_first_and_in_order() -> None:
    assert tuple(name for name, _ in list_lessons())[:5] == FIVE
    for heading in headings():
        lesson = open_lesson(heading.name)
        assert (lesson.name, lesson.title, lesson.summary, lesson.order) == heading
        assert len(heading.summary) < 120 and heading.summary.endswith((".", "?"))


@pytest.mark.parametrize("name", NAMES)
def test_every_lesson_holds(name: str, runs: Callable[[str], Runs]) -> None:
    assert check(open_lesson(name), runs(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_a_story_with_questions(name: str) -> None:
    lesson = open_lesson(name)
    assert next(iter(lesson.variants)) == "wrong" and "mended" in lesson.variants
    asked = [s for s in lesson.steps if s.question is not None]
    assert (6 if name in FIVE else 4) <= len(lesson.steps) <= 10
    assert asked and (name not in FIVE or any(s.diagnose for s in lesson.steps))
    for step in lesson.steps:
        assert len(step.text.split()) < 110 and len(step.title) < 50, step.title
        for text in (step.text, step.reveal, *((step.question.prompt, step.question.explanation) if step.question else ())):
            assert text.count("`") % 2 == 0 and re.sub("`[^`]*`|{[^}]*}", "", text).count("**") % 2 == 0, step.title
            assert "http" not in text


@pytest.mark.parametrize("name", NAMES)
def test_every_program_is_a_target_and_runs_as_it_stands(name: str) -> None:
    lesson = open_lesson(name)
    assert open_target(f"lesson:{name}").program.text == open_target(lesson.target()).program.text
    for variant, text in lesson.variants.items():
        opened = open_target(lesson.target(variant))
        assert opened.program.text == load(text).text and opened.title == f"{name}: {variant}"
        if opened.program.fault is None:
            assert trace(opened.program, 2).fault is None


def test_lessons_share_no_long_passage_with_the_questions_they_come_from() -> None:
    """The facts carry over, the code of the questions does not: none of their lines of three words and more stands here."""
    theirs = (
        "np.dot(w2.T, dA2)",
        "error_gradient",
        "sigmoid_prime",
        "np.divide(self.Y",
        "Y_trainT",
        "d_weights2",
        "derv_sigmoid",
    )
    for name in FIVE:
        for text in open_lesson(name).variants.values():
            assert not any(t in text for t in theirs), name


# --- facts, by plain NumPy ------------------------------------------------------------------------------


def sigmoid(z: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


XOR = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])


def cost_rises(
    sign: float, operand: str, epochs: int, start: tuple[Floats, Floats] | None = None, rate: float = 0.01
) -> list[float]:
    """Return the mean cost of each epoch of the first lesson's program."""
    if start is None:
        start = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]), np.array([[0.1, 0.2, 0.3]])
    w1, w2 = start
    b1, b2 = np.zeros((3, 1)), np.zeros((1, 1))
    found: list[float] = []
    for _ in range(epochs):
        cost = 0.0
        for x, y in zip(XOR, (0, 1, 1, 0), strict=True):
            column = x.reshape(2, 1)
            a1 = sigmoid(w1 @ column + b1)
            a2 = sigmoid(w2 @ a1 + b2)
            cost += float(((y - a2) ** 2)[0, 0])
            d2 = sign * 2 * (y - a2) * a2 * (1 - a2)
            d1 = (w2.T @ d2) * a1 * (1 - a1)
            w2 = w2 - rate * d2 @ (a1 if operand == "A1" else a2).T
            b2 = b2 - rate * d2
            w1 = w1 - rate * d1 @ column.T
            b1 = b1 - rate * d1
        found.append(cost / 4)
    return found


PRINTED = (
    0.25703296560961486, 0.25718506279033615, 0.25734002245320176, 0.25749789408142415, 0.25765872780276317, 0.25782257438803613,
    0.25798948524907084, 0.2581595124360765, 0.2583327086344036, 0.25850912716066776, 0.2586888219582088, 0.25887184759185666,
    0.2590582592419748, 0.2592481126977533, 0.2594414643497189, 0.25963837118143357, 0.2598388907603498, 0.2600430812277913,
    0.2602510012880266, 0.26046271019640493,
)  # fmt: skip


def test_the_cost_rises_as_it_was_printed(runs: Callable[[str], Runs]) -> None:
    r = runs("cost-rises")
    ours = finish(r.losses("wrong", 80))
    assert ours == pytest.approx(PRINTED, rel=0, abs=1e-12)
    assert ours == pytest.approx(cost_rises(1, "A2", 20), rel=0, abs=1e-12)
    text = shown(r, "Twenty epochs, and it gets worse").reveal
    for epoch in (1, 2, 5, 10, 15, 20):
        assert f"| {epoch} | {PRINTED[epoch - 1]:.6f} |" in text
    assert finish(r.losses("sign-only", 80))[-1] == pytest.approx(cost_rises(-1, "A2", 20)[-1], abs=1e-12)
    table = shown(r, "What the curve cannot show").reveal
    assert "| only the sign turned | 0.255771 |" in table and "| both mended | 0.255776 |" in table
    assert f"| only `A1` for `A2` | {cost_rises(1, 'A1', 20)[-1]:.6f} |" in table
    assert shown(r, "A shape that cannot be").question.right_text == "1×1"  # type: ignore[union-attr]


def test_what_the_accepted_answer_changed_too(runs: Callable[[str], Runs]) -> None:
    r = runs("cost-rises")
    random = np.random.RandomState(1)
    start = 0.1 * random.randn(3, 2), 0.1 * random.randn(1, 3)
    theirs = cost_rises(-1, "A1", 10_000, start, 0.1)
    ours = finish(r.losses("answered", 40_000))
    for epoch, true in ((1, 0.2557335792798098), (5000, 0.11559036325187509), (10_000, 0.0015935514365542887)):
        assert theirs[epoch - 1] == pytest.approx(true, rel=1e-9)
        assert ours[epoch - 1] == pytest.approx(true, rel=1e-9)
        assert f"{true:.6f}" in shown(r, "What the accepted answer missed").reveal
    assert "0.2439" in shown(r, "What the accepted answer missed").reveal
    assert finish(r.losses("mended", 40_000))[-1] == pytest.approx(0.2439, abs=5e-5)
    assert finish(r.losses("operand-only", 40_000))[-1] == pytest.approx(0.499, abs=5e-4)


def test_nan_comes_and_nothing_says_when(runs: Callable[[str], Runs]) -> None:
    r = runs("nan-after-a-while")
    losses = finish(r.losses("wrong", 6000))
    assert [f"{losses[i]:.10f}" for i in (0, 500)] == ["0.9897586239", "0.5513227406"] and f"{losses[1000]:.7f}" == "0.5457090"
    first = next(i for i, loss in enumerate(losses, 1) if not math.isfinite(loss))
    place = shown(r, "Just before it happens").place
    assert place.iteration == first > 1300
    toml = (resources.files("resources") / "lessons" / "nan-after-a-while.toml").read_text("utf-8")
    assert str(first) not in toml, "no lesson may pin the iteration"
    goes_first = shown(r, "The loss goes first")
    assert goes_first.place.iteration == first and re.search(r"The cost of this iteration is (NaN|∞)\.", goes_first.reveal)


def test_what_epsilon_does_to_the_samples_that_matter(runs: Callable[[str], Runs]) -> None:
    def biased(z: float) -> float:
        a = float(sigmoid(np.array(z)))
        return 1 / (1 - a + 1e-5) * a * (1 - a)

    table = shown(runs("nan-after-a-while"), "The accepted answer: a little epsilon").reveal
    assert (f"{biased(11.5):.2f}", f"{biased(20):.4f}", biased(37)) == ("0.50", "0.0002", 0)
    for row in ("| 11.5 | 1 | 0.50 |", "| 20 | 1 | 0.0002 |", "| 37 | 1 | 0 |"):
        assert row in table


def test_fused_ends_near_72_percent_and_a_smaller_rate_never_rises(runs: Callable[[str], Runs]) -> None:
    r = runs("nan-after-a-while")
    losses = finish(r.losses("mended", 4000))
    assert all(map(math.isfinite, losses)) and sum(b > a for a, b in pairwise(losses)) > 1000
    text = shown(r, "What is not mended").reveal
    accuracy = re.search(r"\(([\d.]+) % in this very run\)", text)
    assert accuracy is not None and 69 < float(accuracy[1]) < 75
    small = finish(r.losses("small-rate", 4000))
    assert all(b < a for a, b in pairwise(small)) and small[-1] < min(losses[-500:])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_gives_an_answer_away(name: str, runs: Callable[[str], Runs]) -> None:
    heading = next(h for h in headings() if h.name == name)
    assert len(heading.summary) <= 60
    for step in open_lesson(name).steps:
        if step.question is None or step.question.kind != "shape":
            continue
        place = finish(runs(name).showing(step)).place
        asked = re.fullmatch(r"Which shape (?:will|does) `(\w+)` have\?", step.question.prompt)
        program = runs(name).program(place.variant)
        for made in () if asked is None else (i for i in program.instructions if program.values[i.result].label == asked[1]):
            assert made.index >= place.k, f"{asked[1]} is there before it is asked for"  # type: ignore[index]


def test_shapes_and_what_lies_beneath(runs: Callable[[str], Runs]) -> None:
    r = runs("shapes-not-aligned")
    program = r.program("wrong")
    assert program.fault is not None and program.statements[program.fault.statement].phase == "predict"
    x, y = np.ones((5, 2)), np.array([[0, 1], [0, 0], [0, 0], [0, 0.0]])
    w1, w2 = np.zeros((4, 5)), np.zeros((4, 4))
    a1 = sigmoid(w1 @ x)
    a2 = sigmoid(w2 @ a1)
    assert not (a1 - a2).any() and (a2 - y).mean(axis=1).any(), "only b2 moves"
    assert shown(r, "What moves at all?").question.right_text == "only b2"  # type: ignore[union-attr]
    x2 = np.array([[1, 0, 1, 1, 1], [1, 1, 1, 1, 1.0]]).T
    y2 = np.array([[0, 1, 0, 0], [1, 0, 0, 0.0]]).T
    b2 = -0.0001 * (sigmoid(w2 @ sigmoid(w1 @ x2)) - y2).mean(axis=1, keepdims=True)
    prediction = sigmoid(w2 @ sigmoid(w1 @ x2) + b2)
    assert np.round(prediction.T[0], 7).tolist() == [0.5, 0.5, 0.4999875, 0.4999875]
    machine = trace(r.program("second-data"), 1).machine
    ours = next(v.index for v in machine.program.values if v.name == "prediction" and v.kind != "part")
    assert np.asarray(machine.peek(ours)) == pytest.approx(prediction, abs=1e-12)


def test_stuck_is_luck_and_a_plateau(runs: Callable[[str], Runs]) -> None:
    """All 40 starts at once, of the program as it was and as it is mended."""
    x = np.hstack([XOR, np.ones((4, 1))])
    y = np.array([[0.0], [1], [1], [0]])

    def ends(mended: bool, iterations: int, seeds: int) -> Floats:
        w1, w2 = np.zeros((seeds, 3, 4)), np.zeros((seeds, 4, 1))
        for seed in range(seeds):
            random = np.random.RandomState(seed)
            w1[seed], w2[seed] = random.rand(3, 4), random.rand(4, 1)
        v1, v2 = np.zeros_like(w1), np.zeros_like(w2)
        a2 = np.zeros((seeds, 4, 1))
        for _ in range(iterations):
            a1 = sigmoid(x @ w1)
            a2 = sigmoid(a1 @ w2)
            s1, s2 = (a1, a2) if mended else (sigmoid(a1), sigmoid(a2))
            d2 = 2 * (y - a2) * s2 * (1 - s2)
            d1 = (d2 @ w2.transpose(0, 2, 1)) * s1 * (1 - s1)
            v1 = 0.5 * v1 + 0.5 * (x.T @ d1)
            v2 = 0.5 * v2 + 0.5 * (a1.transpose(0, 2, 1) @ d2)
            w1, w2 = w1 + 0.5 * v1, w2 + 0.5 * v2
        return ((y - a2) ** 2).sum(axis=(1, 2))

    wrong = ends(False, 10_000, 40)
    assert [f"{loss:.5f}" for loss in wrong[:4]] == ["0.99536", "0.00078", "0.00044", "0.97363"]
    assert (wrong > 0.5).sum() == 6 and (ends(True, 10_000, 40) > 0.5).sum() == 0
    r = runs("stuck-at-one")
    table = shown(r, "The luck of the start")
    assert re.findall(r"\| \d \| ([\d.]+) \|", table.reveal) == ["0.99536", "0.00078", "0.00044", "0.97363"]
    assert table.question is not None and table.question.right_text == "6"
    assert finish(r.losses("wrong", 30_000))[-1] < 0.01, "seed 0 escapes by 30 000"
    assert finish(r.losses("mended-outside", 10_000))[-1] == pytest.approx(finish(r.losses("mended", 10_000))[-1], rel=1e-6)


def test_why_plus(runs: Callable[[str], Runs]) -> None:
    r = runs("why-multiply-why-plus")
    assert "0.028, 0.925, 0.925, 0.090" in shown(r, "It works. But why?").reveal
    assert "0.028, 0.925, 0.925, 0.090" in shown(r, "As the textbook writes it").reveal
    fault = r.program("both-commented").fault
    assert fault is not None and "3×4" in fault.message and "4×4" in fault.message
    assert r.program("one-commented").fault is None, "it fits, by luck"
    assert r.program("five-samples").fault is not None


# --- the format -----------------------------------------------------------------------------------------

SMALL = """\
title = "t"
summary = "s"

[programs]
wrong = '''
# data
X = np.array([[1.0, 2.0]])
Y = np.array([[2.0, 4.0]])
samples = "columns"
# parameters
w = np.array([[0.5]])
lr = 0.1
# forward
A = w @ X
# loss
L = mean((A - Y) ** 2)
# backward
dA = A - Y
dw = -(dA @ X.T)
# update
w -= lr * dw
'''

[[step]]
title = "one"
text = "it is {value: w}"
stop = { iteration = 2, before = "dw" }
select = "dw[0, 0]"
[step.question]
kind = "sign"
prompt = "which?"
answer = { sign = "dw" }
expect = "positive"
explanation = "so"
"""


def read(text: str) -> Lesson:
    return read_lesson(text, "small")


def test_a_small_lesson_is_worked_out() -> None:
    lesson = read(SMALL)
    assert check(lesson) == []
    s = finish(Runs(lesson).showing(lesson.steps[0]))
    assert (s.place.iteration, s.place.variant, s.place.cell) == (2, "wrong", (0, 0))
    assert s.text == "it is −0.25", "the weight as the second iteration has it"
    assert (
        s.question is not None and s.question.right_text == "positive" and s.question.is_right(0) and not s.question.is_right(1)
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('title = "t"', 'titel = "t"', 0, "title is missing"),
        ('summary = "s"', 'summary = "s"\ncolour = 3', 3, "colour is not known here"),
        ('summary = "s"', "summary = 3", 2, "must be a text"),
        ('summary = "s"', 'summary = "s', 2, "not TOML"),
        ("wrong = '''", "Wrong_One = '''", 5, "is no name for a program"),
        ("wrong = '''", "other = '''", 4, "begins with the program that has something to find"),
        ('title = "one"\n', "", 24, "step[1].title is missing"),
        ('text = "it is {value: w}"', 'text = "it is {valu: w}"', 26, "is no placeholder"),
        ('text = "it is {value: w}"', 'text = "it is {value: q}"', 26, "there is no value `q`"),
        ('text = "it is {value: w}"', 'text = "it is {value: w | in other}"', 26, "there is no program other"),
        ('text = "it is {value: w}"', 'text = "it is {value: w | loudly}"', 26, "`loudly` is not known"),
        ('text = "it is {value: w}"', 'text = "it is {w"', 26, "brace"),
        ('before = "dw"', 'before = "dq"', 27, "no line of the program computes `dq`"),
        ('before = "dw"', 'befor = "dw"', 27, "did you mean before?"),
        ('before = "dw"', 'before = "dw", after = "dw"', 27, "only one of them"),
        ("iteration = 2", "iteration = 0", 27, "whole number from 1"),
        ('iteration = 2, before = "dw"', 'where = "w > 100", within = 20', 27, "does not become true within 20"),
        ('iteration = 2, before = "dw"', 'where = "w", within = 20', 27, "a condition compares"),
        ('select = "dw[0, 0]"', 'select = "dw[0, 7]"', 28, "has no cell [0, 7]"),
        ('select = "dw[0, 0]"', 'show = ["operatoin"]', 28, "is no panel"),
        ('kind = "sign"', 'kind = "sing"', 30, "did you mean sign?"),
        ('answer = { sign = "dw" }', 'answer = { shape = "dw" }', 32, "must say one of sign"),
        ('answer = { sign = "dw" }', "", 29, "answer is missing"),
        ('answer = { sign = "dw" }', 'answer = { sign = "X" }', 32, "not one number"),
        ('expect = "positive"', 'expect = "negative"', 33, "the programs answer positive"),
        ('kind = "sign"', 'kind = "choice"\noptions = ["a", "b"]', 33, "must say one of choice, holds"),
        ("dw = -(dA @ X.T)", "dw = -(dA @ X)", 27, "iteration 1 is not reached: line 14, `dw = -(dA @ X)`"),
        ("dw = -(dA @ X.T)", "dw = dA @ X.T", 5, "should have something wrong in it"),
        ("dw = -(dA @ X.T)", "import os", 5, "cannot be read"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_one_sentence_with_its_line(old: str, new: str, line: int, words: str) -> None:
    assert old in SMALL
    try:
        found = check(read(SMALL.replace(old, new, 1)))
    except DescriptionError as error:
        found = [str(error)]
    assert found and any(words in sentence for sentence in found), found
    sentence = next(s for s in found if words in s)
    assert "\n" not in sentence and sentence.startswith(f"line {line}: " if line else ""), sentence


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ('kind = "shape"\noptions = ["1×1", "2×1"]\nanswer = { shape = "dw" }', "1×1"),
        ('kind = "number"\nanswer = { value = "lr * 10" }', "1"),
        ('kind = "rises-or-falls"\nanswer = { rises = 3 }', "rises"),
        ('kind = "choice"\noptions = ["no", "yes {value: lr}"]\nanswer = { choice = 2 }', "yes 0.1"),
        ('kind = "choice"\noptions = ["no", "yes"]\nanswer = { holds = ["w > 10", "w <= 10"] }', "yes"),
        ('kind = "sign"\nanswer = { sign = "w", iteration = 1 }', "negative"),
    ],
)
def test_kinds_of_questions(question: str, right: str) -> None:
    text = SMALL.replace('kind = "sign"\n', question + "\n").replace('answer = { sign = "dw" }\nexpect = "positive"\n', "")
    lesson = read(text)
    asked = finish(Runs(lesson).showing(lesson.steps[0])).question
    assert asked is not None and asked.right_text == right


def test_numbers_in_texts() -> None:
    def said(text: str) -> str:
        lesson = read(SMALL.replace("it is {value: w}", text))
        return finish(Runs(lesson).showing(lesson.steps[0])).text

    assert said("{value: X}, {shape: X.T}, {value: w | iteration 1 | digits 2}") == "1, 2, 2×1, −0.25"
    assert said("{line: dw} {value: 0.123 | percent} {value: 2 | places 2} {value: log(w * 0)}") == "14 12 % 2.00 −∞"
    assert said("{loss: iteration 1 | digits 4}") == "5.625"
    assert parts_of("a {value: w | in x}") == ["a ", Placeholder("value", "w", variant="x"), ""]


def test_variants_are_made_by_changing_lines() -> None:
    more = """
[programs.mended]
like = "wrong"
lines = [["dw = -(dA @ X.T)", "d = dA\\ndw = d @ X.T"]]
"""
    lesson = read(SMALL.replace("\n[[step]]", more + "\n[[step]]", 1))
    assert "d = dA\ndw = d @ X.T\n" in lesson.variants["mended"] and check(lesson) == []
    for old, why in (("dw = dA", "0 lines"), ("", "lines of that program")):
        with pytest.raises(DescriptionError, match=why) as refused:
            read(SMALL.replace("\n[[step]]", more.replace("dw = -(dA @ X.T)", old) + "\n[[step]]", 1))
        assert refused.value.line == 26


def test_a_file_of_a_teacher(tmp_path: Path) -> None:
    """The example of the help page, as a file: it holds, opens by its parts, and is printed whole."""
    page = (resources.files("resources") / "help" / "lesson-format.md").read_text("utf-8")
    file = tmp_path / "down.lesson.toml"
    file.write_text(page.split("```")[1], "utf-8")
    assert check_file(file) == []
    assert open_target(str(file)).program.text != open_target(f"{file}:mended").program.text
    assert "Answer: positive." in lesson_text(str(file))
    lesson = open_lesson(str(file))
    assert lesson.name == "down" and lesson.target("mended") == f"{file}:mended"
    file.write_text(page.split("```")[1].replace('sign = "dA[0, 0]"', 'sign = "dB"'), "utf-8")
    assert len(check_file(file)) == 1 and "there is no value `dB`" in check_file(file)[0]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("lesson:", "there is no lesson ''"),
        ("lesson:cost-ries", "did you mean cost-rises?"),
        ("lesson:cost-rises:mendet", "did you mean mended?"),
        ("lesson:cost-rises:x", "there are wrong, sign-only"),
        ("cost-rises", "did you mean lesson:cost-rises?"),
        ("no/such.lesson.toml", "cannot be read"),
        ("no-such-net", "neither a built-in nor a file; check the spelling"),
        ("flowr", "did you mean flower?"),
        ("a\0b.lesson.toml", "not a file name"),
    ],
)
def test_targets_that_are_none(target: str, words: str) -> None:
    with pytest.raises(StepperError, match=re.escape(words)) as refused:
        open_target(target)
    assert len(str(refused.value)) < 160 and "\n" not in str(refused.value)


def test_what_is_no_lesson_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.lesson.toml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "x.lesson.toml", tmp_path / "no.lesson.toml", tmp_path, tmp_path / "x.toml"):
        with pytest.raises(TargetError):
            check_file(path)


PIECES = (
    "{", "}", "[", "]", '"', "'''", "=", "\n", "[[step]]", "[step.question]", "[programs.x]", "like = 'wrong'",
    "lines = [['a', 'b']]",
    "stop = 3", "where = 'w > 0'", "{value: w}", "{value: (}", "{loss: epoch 0}", "{shape: 3}", "options = []",
    "__import__('os')",
    "true", "1e999", "-1", "1979-05-27", "kind = 'number'", "select = 'w[largest]'", "\0", "é", "show = [[]]", "run = 10000000",
)  # fmt: skip


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_text_is_a_lesson_or_one_sentence(data: st.DataObject) -> None:
    """Pieces put in, lines taken out and doubled: what comes back is a list of sentences, or one error for a person."""
    lines = SMALL.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        how = data.draw(st.sampled_from(("out", "twice", "in", "after")))
        if how == "out":
            lines[at] = ""
        elif how == "twice":
            lines.insert(at, lines[at])
        elif how == "in":
            k = data.draw(st.integers(0, len(lines[at])))
            lines[at] = lines[at][:k] + data.draw(st.sampled_from(PIECES)) + lines[at][k:]
        else:
            lines.insert(at, data.draw(st.sampled_from(PIECES) | st.text(max_size=20)))
    try:
        found = check(read("\n".join(lines)))
    except StepperError as error:
        found = [str(error)]
    assert all("\n" not in sentence and "Traceback" not in sentence for sentence in found)
