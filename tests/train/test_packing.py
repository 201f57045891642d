"""Packing loses nothing, splits nothing, overfills nothing, and wastes little."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.train.base import Fit
from komainu.train.packing import Pool, best_fit, fill, in_order

SIZES = st.lists(st.integers(1, 64), max_size=120)


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(64, 200), st.integers(0, 40))
def test_every_document_is_in_one_bin_and_no_bin_is_overfull(sizes: list[int], capacity: int, look: int) -> None:
    for bins in (best_fit(sizes, capacity), in_order(sizes, capacity, look)):
        assert sorted(i for b in bins for i in b) == [*range(len(sizes))]
        assert all(b and sum(sizes[i] for i in b) <= capacity for b in bins)


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(64, 500), st.integers(0, 40))
def test_in_order_no_document_moves_further_than_it_may(sizes: list[int], capacity: int, look: int) -> None:
    placed = [i for b in in_order(sizes, capacity, look) for i in b]
    assert all(abs(i - place) <= look for place, i in enumerate(placed))


@pytest.mark.parametrize("capacity", [10, 40, 200])
def test_short_documents_do_not_wait_too_long_while_long_ones_come(capacity: int) -> None:
    for seed in range(60):
        dice = random.Random(seed)
        long = [i // dice.choice((5, 9)) % 2 for i in range(200)]
        sizes = [dice.randint(capacity - 4, capacity) if yes else dice.randint(1, 3) for yes in long]
        look = dice.randint(1, 20)
        placed = [i for b in in_order(sizes, capacity, look) for i in b]
        assert max(abs(i - place) for place, i in enumerate(placed)) <= look


def lengths(median: float, sigma: float, most: int, count: int = 12_000) -> list[int]:
    """Log-normal."""
    dice = random.Random(0)
    return [max(8, min(most, round(median * dice.lognormvariate(0, sigma)))) for _ in range(count)]


def uniform(least: int, most: int, count: int = 12_000) -> list[int]:
    dice = random.Random(0)
    return [dice.randint(least, most) for _ in range(count)]


@pytest.mark.parametrize("capacity", [8192, 4096])
def test_long_documents_fill_their_bins(capacity: int) -> None:
    sizes = lengths(773, 0.9, capacity)
    assert fill(best_fit(sizes, capacity), sizes, capacity) >= 0.999
    assert fill(in_order(sizes, capacity), sizes, capacity) >= 0.999


@pytest.mark.parametrize("median", [50, 100, 190])
@pytest.mark.parametrize("capacity", [2048, 1024])
def test_short_documents_fill_short_bins_in_order(median: int, capacity: int) -> None:
    sizes = lengths(median, 0.6, 1024)
    assert len(in_order(sizes, capacity)) <= 1.002 * sum(sizes) / capacity + 1


def test_more_documents_lie_in_a_bin_than_may_be_passed() -> None:
    sizes = lengths(4, 0.3, 12)
    assert sum(sizes) // 8192 > 8 and len(in_order(sizes, 8192, look=100)) == -(-sum(sizes) // 8192)


@pytest.mark.parametrize(
    ("least", "most", "capacity", "filled"),
    [(16, 2048, 8192, 0.999), (16, 2048, 2048, 0.995), (1, 8192, 8192, 0.99)],
)
def test_uniform_lengths_fill_their_bins_in_order(least: int, most: int, capacity: int, filled: float) -> None:
    sizes = uniform(least, most)
    assert fill(in_order(sizes, capacity), sizes, capacity) >= filled


@pytest.mark.parametrize("turned", [sorted, lambda sizes: sorted(sizes)[::-1]], ids=["ascending", "descending"])
def test_sorted_documents_fill_more_of_their_bins_than_one_after_the_other(
    turned: Callable[[list[int]], list[int]],
) -> None:
    sizes = turned(lengths(773, 0.9, 8192))
    plain = fill(in_order(sizes, 8192, look=0), sizes, 8192)
    assert fill(in_order(sizes, 8192, look=100), sizes, 8192) > plain + 0.01
    assert fill(in_order(sizes, 8192), sizes, 8192) > plain + 0.05


def test_without_leave_to_move_documents_lie_one_after_the_other() -> None:
    assert in_order([3, 6, 2, 7, 4, 1, 5], 10, look=0) == [[0, 1], [2, 3], [4, 5, 6]]
    assert in_order([3, 6, 2, 7, 4, 1, 5], 10, look=100) == [[0, 3], [1, 4], [2, 5, 6]]


def test_another_rule_for_packs_in_the_order_given_needs_another_version_of_fit() -> None:
    bins = in_order(lengths(773, 0.9, 8192, 4_000), 8192)
    assert hashlib.sha256(repr(bins).encode()).hexdigest()[:12] == "ef910e23233f"
    assert Fit(lr=1.0, order="given", pack=8192).config()["v"] == 2
    assert {Fit(lr=1.0, order="given").config()["v"], Fit(lr=1.0, pack=8192).config()["v"]} == {1}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(1, 50), st.integers(1, 12))
def test_the_pair_that_leaves_least_is_found(sizes: list[int], room: int, less: int) -> None:
    pool = Pool(sizes, 50, 0)
    pool.grow(len(sizes))
    found = pool.pair(room, less)
    left = [room - sum(some) for some in combinations(sizes, 2) if room - less < sum(some) <= room]
    assert not found or (room - sum(found) == min(left) and set(found) <= set(sizes))
    twice = [room - 2 * size for size in sizes if 0 <= room - 2 * size < less and sizes.count(size) == 1]
    assert found or not left or min(twice, default=less) < min(left)


def test_the_longest_go_first_and_into_the_fullest_bin_with_room() -> None:
    assert best_fit([3, 6, 7, 4], 10) == [[2, 0], [1, 3]]


@pytest.mark.parametrize("sizes", [[0], [11]])
def test_a_size_that_cannot_be_packed_is_refused(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="from 1 to 10"):
        best_fit(sizes, 10)
