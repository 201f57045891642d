"""kill -9 between and within steps: what is resumed ends with the bits of what was not disturbed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.train.kills import survives
from tests.train.worlds import STAGES, often


@pytest.mark.parametrize(("name", "ranks"), [("grpo", 1), ("repair", 1), ("grpo", 2)])
def test_a_run_killed_at_random_steps_ends_with_the_same_bits(tmp_path: Path, name: str, ranks: int) -> None:
    survives(STAGES[name](6), often, tmp_path, 2, random.Random(0), ranks)
