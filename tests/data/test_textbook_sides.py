"""The sides of the textbook: what is on them and that nothing changes its side."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.data.textbook.sentence import (
    Sentence,
    sample,
)
from komainu.data.textbook.sides import SIDES, draw, side_of


def drawn(seed: int) -> Sentence:
    return sample(random.Random(f"world:{seed}"))


@given(st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_whatever_is_done_to_a_sentence_it_stays_on_its_side(seed: int) -> None:
    s = drawn(seed)
    for changed in (s.without("time", "place"), s.with_past(not s.past), s.with_negative(), s.with_question()):
        assert changed.key == s.key


def test_sides_are_shared_out_eighty_ten_ten() -> None:
    counts = Counter(side_of(f"key {n}") for n in range(10_000))
    assert set(counts) == set(SIDES)
    assert abs(counts["train"] - 8000) < 200 and abs(counts["tune"] - 1000) < 150 and abs(counts["test"] - 1000) < 150
    assert side_of("do|妹|パン|食べる") == side_of("do|妹|パン|食べる")


@pytest.mark.parametrize("side", SIDES)
def test_what_is_drawn_for_a_side_is_on_it(side: str) -> None:
    rng = random.Random(f"draw:{side}")
    assert {side_of(draw(rng, side, sample).key) for _ in range(200)} == {side}


def test_drawing_stops_where_a_side_has_nothing() -> None:
    s = drawn(0)
    other = next(side for side in SIDES if side != side_of(s.key))
    with pytest.raises(AssertionError, match="tries"):
        draw(random.Random(0), other, lambda rng: s, tries=20)
