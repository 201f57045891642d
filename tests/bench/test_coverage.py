"""How often intervals hold the truth over all truths, exactly: `python -m bench.coverage` has more sizes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from bench.coverage import DIFFERENCES, PRIORS, SHARES, called, held, likely, outcomes, tables

ALIKE = PRIORS["all cells alike"]
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("n", [5, 10, 20])
def test_the_intervals_taken_hold_the_truth_in_94_to_96_percent_of_all_truths(n: int) -> None:
    k, (low, high) = np.arange(n + 1), SHARES["Wilson (taken)"](n)
    assert 0.94 < np.mean(beta.cdf(high, k + 1, n - k + 1) - beta.cdf(low, k + 1, n - k + 1)) < 0.96
    t, weight = outcomes(n, ALIKE, RNG)
    assert 0.94 < float(weight @ held(t, DIFFERENCES["Newcombe (taken)"](t), ALIKE)) < 0.96


def test_a_mean_over_all_truths_is_the_mean_of_single_ones() -> None:
    """Exact posteriors after each outcome against drawn truths and the outcomes after each."""
    t, weight = outcomes(5, ALIKE, RNG)
    low, high = DIFFERENCES["Tango"](t)
    cells = RNG.dirichlet(ALIKE, 4000)
    each = [likely(t, some)[(low <= some[2] - some[1]) & (some[2] - some[1] <= high)].sum() for some in cells]
    assert weight.sum() == pytest.approx(1) and float(np.mean(each)) == pytest.approx(
        float(weight @ held(t, (low, high), ALIKE)), abs=4 * float(np.std(each)) / 4000**0.5
    )


def test_where_hardly_an_item_differs_nothing_is_called_a_difference_and_every_interval_holds() -> None:
    """Ten items of which a tenth differ, models equal: no interval can be at 95 % and agree with the test."""
    t, cells = tables(10), (0.75, 0.05, 0.05, 0.15)
    chance = likely(t, cells)
    assert chance.sum() == pytest.approx(1) and float(chance[called(t)].sum()) < 0.001
    for interval in DIFFERENCES.values():
        low, high = interval(t)
        assert float(chance[(low <= 0) & (high >= 0)].sum()) > 0.99
