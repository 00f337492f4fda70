"""A sample of the coverage-guided fuzzing of every format; `make fuzz` does much more of it."""

from __future__ import annotations

import random

import pytest
from fuzz.fuzz_files import fuzz
from helpers.damaged import FUZZ
from helpers.saved_files import seeds

SEEDS = seeds()


@pytest.mark.parametrize("name", list(SEEDS))
def test_changed_files_end_in_a_network_or_a_sentence(name: str) -> None:
    chance = random.Random(7 if FUZZ == 1 else None)
    assert fuzz(name, SEEDS[name], 40 * FUZZ, chance) == 0, "the files are in build/fuzz"
