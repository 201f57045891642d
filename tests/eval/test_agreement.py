"""Agreement: every number equals an independent library's, drawn rows are repeated rows, what has no spread is nan."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from sklearn.metrics import cohen_kappa_score

from komainu.eval.stats import agreement
from komainu.eval.stats.bootstrap import Floats

Measure = Callable[[Floats, Floats, Floats], Floats]
GRADES = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=3, max_size=40)
EVERY: list[Measure] = [
    agreement.pearson,
    agreement.spearman,
    agreement.kendall,
    agreement.pair_agreement,
    agreement.top_half,
    agreement.weighted_kappa,
    agreement.icc,
    agreement.slope,
    agreement.bias,
    agreement.error,
    agreement.within,
    agreement.exact,
]


def columns(pairs: list[tuple[int, int]]) -> tuple[Floats, Floats]:
    x, y = zip(*pairs, strict=True)
    return np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)


def once(measure: Measure, x: Floats, y: Floats) -> float:
    return float(measure(x, y, np.ones((1, len(x))))[0])


def by_anova(table: Floats) -> dict[str, float]:
    """The intraclass correlations of Shrout and Fleiss from sums of squares, for subjects by raters."""
    n, k = table.shape
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    between = k * ((rows - table.mean()) ** 2).sum() / (n - 1)
    raters = n * ((columns - table.mean()) ** 2).sum() / (k - 1)
    rest = ((table - rows[:, None] - columns[None, :] + table.mean()) ** 2).sum() / ((n - 1) * (k - 1))
    absolute = (between - rest) / (between + (k - 1) * rest + k / n * (raters - rest))
    return {"2,1": absolute, "3,1": (between - rest) / (between + (k - 1) * rest)}


def test_the_oracle_of_the_icc_gives_the_published_values() -> None:
    # six targets, four judges: Shrout & Fleiss 1979, Psychol. Bull. 86:420, tables 2 and 4
    judged = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    found = by_anova(np.array(judged, dtype=np.float64))
    assert (round(found["2,1"], 2), round(found["3,1"], 2)) == (0.29, 0.71)


@given(GRADES)
@settings(deadline=None)
def test_every_measure_equals_a_library(pairs: list[tuple[int, int]]) -> None:
    x, y = columns(pairs)
    assume(x.std() > 0 and y.std() > 0)
    theirs: dict[Measure, Any] = {
        agreement.pearson: scipy_stats.pearsonr(x, y).statistic,
        agreement.spearman: scipy_stats.spearmanr(x, y).statistic,
        agreement.kendall: scipy_stats.kendalltau(x, y).statistic,
        agreement.weighted_kappa: cohen_kappa_score(x, y, weights="quadratic", labels=[1, 2, 3, 4, 5]),
        agreement.icc: by_anova(np.stack([x, y], axis=1))["2,1"],
        agreement.slope: scipy_stats.linregress(x, y).slope,
    }
    for measure, value in theirs.items():
        assert once(measure, x, y) == pytest.approx(value, abs=1e-9), measure


def test_the_order_of_pairs_is_counted_as_said() -> None:
    gold, judge = np.array([1.0, 2, 3, 3]), np.array([1.0, 1, 2, 5])
    # of five pairs that the gold tells apart four are in its order and one is tied
    assert once(agreement.pair_agreement, gold, judge) == pytest.approx(4.5 / 5)
    assert once(agreement.pair_agreement, gold, -judge) == pytest.approx(0.5 / 5)
    assert once(agreement.exact, gold, judge) == 0.25 and once(agreement.within, gold, judge) == 0.75
    assert once(agreement.bias, gold, judge) == 0.0 and once(agreement.error, gold, judge) == 1.0


def test_the_top_half_is_the_better_half_of_the_gold() -> None:
    gold, judge = np.array([1.0, 2, 3, 4, 5]), np.array([5.0, 4, 3, 1, 2])
    assert once(agreement.top_half, gold, judge) == pytest.approx(-0.5)  # of 3, 4, 5: ranks 3, 1, 2
    assert once(agreement.top_half, -gold, judge) == pytest.approx(1.0)


@given(GRADES, st.randoms())
@settings(deadline=None)
def test_a_row_drawn_twice_is_two_rows(pairs: list[tuple[int, int]], rng: Any) -> None:
    x, y = columns(pairs)
    drawn = np.array([rng.randint(0, 3) for _ in x])
    assume(drawn.sum() > 1)
    again = np.repeat(x, drawn), np.repeat(y, drawn)
    for measure in EVERY:
        if measure is agreement.top_half and len({*x}) < len(x):
            continue  # which of tied rows are in the half is told by their order
        weighted = float(measure(x, y, drawn[None].astype(np.float64))[0])
        assert weighted == pytest.approx(once(measure, *again), abs=1e-9, nan_ok=True), measure


@given(GRADES, st.integers(0, 100))
@settings(deadline=None)
def test_resampled_scores_are_measured_row_by_row(pairs: list[tuple[int, int]], seed: int) -> None:
    x, y = columns(pairs)
    others = np.random.default_rng(seed).permutation(y)
    for measure in EVERY:
        found = measure(np.stack([x, x]), np.stack([y, others]), np.ones((2, len(x))))
        single = [once(measure, x, y), once(measure, x, others)]
        assert found.tolist() == pytest.approx(single, abs=1e-9, nan_ok=True), measure


def test_two_rows_are_enough_for_an_order() -> None:
    up, down = np.array([1.0, 2]), np.array([2.0, 1])
    found = agreement.kendall(np.stack([up, up]), np.stack([up, down]), np.ones((2, 2)))
    assert found.tolist() == [1.0, -1.0]


def test_without_spread_there_is_no_number() -> None:
    flat, other = np.ones(4), np.array([1.0, 2, 3, 4])
    for measure in (agreement.pearson, agreement.spearman, agreement.kendall):
        assert isnan(once(measure, flat, other)) and isnan(once(measure, other, flat))
    assert isnan(once(agreement.slope, flat, other)) and isnan(once(agreement.pair_agreement, flat, other))
    assert isnan(once(agreement.weighted_kappa, flat, flat)) and isnan(once(agreement.icc, other[:1], other[:1]))
    assert all(isnan(float(m(other, other, np.zeros((1, 4)))[0])) for m in EVERY)  # nothing drawn
