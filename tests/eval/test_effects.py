"""Effects: blocks, items and seeds, and how often an effect is called that is not there."""

from __future__ import annotations

import numpy as np
import pytest

from bench.effects import rates
from komainu.eval.stats.bootstrap import Floats
from komainu.eval.stats.effects import Block, average, effect


def block(gaps: Floats, seed: str = "0", own: str = "") -> Block:
    n = len(gaps)
    return Block(seed, [f"{own}{i}" for i in range(n)], gaps / n, (gaps - gaps.mean()) / np.sqrt(n * (n - 1)))


def gaps(seed: int, n: int = 200, mean: float = 0.0) -> Floats:
    drawn: Floats = np.random.default_rng(seed).choice([-1.0, 0.0, 1.0], size=n, p=[0.2, 0.6 - mean, 0.2 + mean])
    return drawn


def test_an_item_counts_once_however_many_blocks_have_it() -> None:
    one, many = effect([block(gaps(1))]), effect([block(gaps(1))] * 10)
    assert many.blocks == 10 and many.n == one.n == 200
    assert (many.low, many.high) == pytest.approx((one.low, one.high))
    apart = effect([block(gaps(1), own=f"{i}/") for i in range(10)])
    assert apart.high - apart.low < 0.5 * (one.high - one.low)


def test_seeds_that_differ_widen_the_interval() -> None:
    calm = effect([block(gaps(i), str(i)) for i in range(3)])
    wild = effect([block(np.full(200, x) + 0.1 * gaps(i), str(i)) for i, x in enumerate((-0.1, 0.0, 0.1))])
    assert wild.sd and wild.sd > 0.05 and wild.p > 0.5
    assert wild.high - wild.low > 2 * (calm.high - calm.low)
    assert effect([block(gaps(1))]).sd is None


def test_each_seed_weighs_alike() -> None:
    ones, zeros = np.ones(20), np.zeros(20)
    found = effect([block(ones, "a"), block(ones, "a"), block(ones, "a"), block(zeros, "b")])
    assert found.mean == pytest.approx(0.5) and found.replicates == 2


def test_no_difference_anywhere_is_not_certainty() -> None:
    found = effect([block(np.zeros(50))])
    assert found.p == 1.0 and found.low < -0.05 and found.high > 0.05


def test_what_is_clear_is_called() -> None:
    found = effect([block(gaps(i, mean=0.3), str(i)) for i in range(3)])
    assert found.p < 0.001 and found.low > 0.1


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("luck", [0.0, 0.02])
def test_with_three_seeds_few_effects_are_called_that_are_not_there(luck: float, own: bool) -> None:
    false, _ = rates(150, 3, 2, luck, 0.0, own=own)
    _, held = rates(150, 3, 2, luck, 0.05, own=own)
    assert false <= 7 and held >= 92


def test_a_mean_over_seeds_has_the_items_and_the_seeds_in_its_interval() -> None:
    assert average([(0.5, 0.4, 0.6)]) == (0.5, 0.4, 0.6)
    mean, low, high = average([(0.5, 0.4, 0.6), (0.5, 0.4, 0.6)])
    assert (mean, low, high) == pytest.approx((0.5, 0.4, 0.6))
    _, low, _ = average([(0.4, 0.3, 0.5), (0.5, 0.4, 0.6), (0.6, 0.5, 0.7)])
    assert low < 0.3
