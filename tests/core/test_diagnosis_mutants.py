"""The diagnosis against faults put into right programs by a generator that knows nothing of how it searches.

`python tests/bench/bench_diagnosis.py` has them all; here is a sample, the same every time.
"""

from __future__ import annotations

from functools import lru_cache

import pytest
from helpers.mutants import Mutant, made, pairs
from helpers.mutants_score import Said, accused, both_found, said, score
from helpers.right_programs import BY_NAME, RIGHT
from helpers.right_ways import ways

from core.complete import load

SMALL = ("plus", "ng-fused", "unfused", "softmax-rows", "momentum-rows", "regression", "in-update", "mse-plus", "first-seed")


@lru_cache(maxsize=1)
def sample() -> tuple[Mutant, ...]:
    """Return about sixty mutants, of every fault; two of three known to a search."""
    mutants = made([BY_NAME[name] for name in SMALL]).mutants
    groups: dict[tuple[str, bool], list[Mutant]] = {}
    for m in mutants:
        groups.setdefault((m.fault, m.known), []).append(m)
    chosen: list[Mutant] = []
    for n, ((_, known), group) in enumerate(sorted(groups.items())):
        count = min(2 if known else 1, len(group))
        # Elsewhere in each group, so that every program has its turn.
        chosen += [group[(n * len(group) // len(SMALL) + k * len(group) // count) % len(group)] for k in range(count)]
    return tuple(chosen)


@lru_cache(maxsize=1)
def results() -> tuple[tuple[Mutant, Said], ...]:
    """Return the sample with what is said of each."""
    return tuple((m, said(m.text)) for m in sample())


@pytest.mark.parametrize("right", RIGHT, ids=lambda r: r.name)
def test_a_right_program_is_right_in_every_way_of_writing_it(right: object) -> None:
    for way, text in {"as it is": right.text, **ways(right)}.items():  # type: ignore[attr-defined]
        it = said(text)
        assert not accused(it), (way, str(it))
        if way == "other loss scale":
            assert set(it.verdicts.values()) == {"right up to a factor"}, str(it)


def test_the_sample_has_every_fault_and_its_programs_load() -> None:
    assert len(sample()) >= 50 and {m.program for m in sample()} == set(SMALL)
    for m in sample():
        program = load(m.text)
        assert (program.fault is not None) == (m.expected.wrong is None), (m.way, m.typed)


def test_the_wrong_parameters_are_found() -> None:
    missed = [(m.program, m.way, m.typed, str(it)) for m, it in results() if score(m, it).parameters is False]
    assert not missed, missed


def test_no_wrong_line_is_named_alone() -> None:
    named = [(m.program, m.way, m.typed, str(it)) for m, it in results() if score(m, it).wrong_alone]
    assert not named, named


def test_lines_and_names_at_the_rates_that_are_promised() -> None:
    faulty = [(m, it, score(m, it)) for m, it in results() if m.fault]
    rest = [(m.program, m.way, m.typed, str(it)) for m, it, s in faulty if not (s.named and s.alone and s.name)]
    assert sum(s.named for _, _, s in faulty) >= 0.98 * len(faulty), rest
    assert sum(s.alone for _, _, s in faulty) >= 0.90 * len(faulty), rest
    assert sum(s.name for _, _, s in faulty) >= 0.90 * len(faulty), rest


def test_one_factor_common_to_all_is_right_up_to_it() -> None:
    for m, it in results():
        if not m.fault:
            assert it.right and not it.faults and set(it.verdicts.values()) == {"right up to a factor"}, (m.way, str(it))


def test_of_two_faults_both_are_found() -> None:
    couples = [p for p in pairs(made([BY_NAME[n] for n in SMALL]).mutants, 40) if all(m.known for m in p.both)][:10]
    found = [(both_found(p, said(p.text)), [m.typed for m in p.both]) for p in couples]
    assert sum(f for f, _ in found) >= 0.90 * len(found), [lines for f, lines in found if not f]
