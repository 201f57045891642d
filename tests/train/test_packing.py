"""Packing loses nothing, splits nothing, overfills nothing, and wastes little."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.train.packing import best_fit, fill, in_order

SIZES = st.lists(st.integers(1, 64), max_size=120)


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(64, 200), st.integers(1, 40))
def test_every_document_is_in_one_bin_and_no_bin_is_overfull(sizes: list[int], capacity: int, look: int) -> None:
    for bins in (best_fit(sizes, capacity), in_order(sizes, capacity, look)):
        assert sorted(i for b in bins for i in b) == [*range(len(sizes))]
        assert all(b and sum(sizes[i] for i in b) <= capacity for b in bins)


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(64, 200), st.integers(2, 40))
def test_in_order_no_document_moves_further_than_it_may(sizes: list[int], capacity: int, look: int) -> None:
    placed = [i for b in in_order(sizes, capacity, look) for i in b]
    assert all(abs(i - place) <= look for place, i in enumerate(placed))


def test_realistic_lengths_fill_their_rows() -> None:
    dice = random.Random(0)
    sizes = [max(16, min(8192, round(dice.lognormvariate(6.65, 0.9)))) for _ in range(20_000)]
    assert fill(best_fit(sizes, 8192), sizes, 8192) >= 0.999
    assert fill(in_order(sizes, 8192), sizes, 8192) >= 0.995


def test_the_longest_go_first_and_into_the_fullest_bin_with_room() -> None:
    assert best_fit([3, 6, 7, 4], 10) == [[2, 0], [1, 3]]


@pytest.mark.parametrize("sizes", [[0], [11]])
def test_a_size_that_cannot_be_packed_is_refused(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="from 1 to 10"):
        best_fit(sizes, 10)
