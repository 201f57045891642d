"""The bound that bench.packing tells holds for packings that there are."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.packing import least
from komainu.train.packing import in_order


@settings(max_examples=100, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=100), st.integers(1, 10), st.integers(20, 40), st.integers(0, 60))
def test_no_packing_of_ascending_documents_has_fewer_bins_than_the_least(
    long: list[bool], short: int, capacity: int, look: int
) -> None:
    sizes = sorted(capacity - short if yes else short for yes in long)
    assert math.ceil(least(sizes, capacity, look) - 1e-9) <= len(in_order(sizes, capacity, look))


def test_the_least_says_more_than_the_tokens_do() -> None:
    sizes = [10] * 50 + [40] * 50
    assert sum(sizes) / 60 < 42 < least(sizes, 60, 0) <= len(in_order(sizes, 60, 0)) == 58
