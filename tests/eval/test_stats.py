from __future__ import annotations

import random
from math import isclose
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from komainu.eval.stats.bootstrap import bca_mean, counts, generator
from komainu.eval.stats.family import holm, word
from komainu.eval.stats.flips import counted, sign_flip
from komainu.eval.stats.intervals import mover, paired_shares, student_quantile, wilson
from komainu.eval.stats.paired import compare, few
from komainu.eval.stats.spread import (
    difference,
    for_difference,
    interval,
    mean_interval,
    of_items,
    pooled_interval,
    weighted,
)

SHARES = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=60)
SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(successes: int, n: int, low: float, high: float) -> None:
    # Newcombe 1998, Stat. Med. 17:857, table I, method 3
    found = wilson(successes, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_scipy(case: tuple[int, int]) -> None:
    successes, n = case
    theirs = scipy_stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    ours = wilson(successes, n)
    assert isclose(ours.low, theirs.low, abs_tol=1e-12) and isclose(ours.high, theirs.high, abs_tol=1e-12)


def test_the_paired_interval_gives_the_published_values() -> None:
    # Airway hyper-responsiveness before and after transplantation: Fagerland, Lydersen & Laake 2014,
    # Stat. Med. 33:2850: difference -0.286 (before minus after), square-and-add -0.507 to -0.026; exact p 0.070
    found = paired_shares(1, 7, 1, 12)
    assert [round(x, 3) for x in found] == [-0.286, -0.507, -0.026]
    assert round(sign_flip(ones(1, 7)), 3) == 0.039  # the mid-p test; the exact one gives 0.070


def ones(down: int, up: int) -> NDArray[np.float64]:
    return np.array([-1.0] * down + [1.0] * up)


@given(st.integers(0, 60), st.integers(0, 60))
def test_of_shares_the_sign_flip_is_mcnemars_mid_p_test(down: int, up: int) -> None:
    """The binomial test less half the chance of what was seen, on either side."""
    n, least = down + up, min(down, up)
    exact = scipy_stats.binomtest(down, n).pvalue if n else 1.0
    mid = exact - float(scipy_stats.binom.pmf(least, n, 0.5)) if down != up else 1.0
    assert isclose(sign_flip(ones(down, up)), mid, rel_tol=1e-9)


def every_flip(differences: NDArray[np.float64]) -> float:
    """The mid-p by writing down all 2^n sums."""
    sums = np.zeros(1)
    for size in np.abs(differences):
        sums = np.concatenate([sums - size, sums + size])
    seen, near = abs(float(differences.sum())), 1e-9 * len(differences)
    if seen <= near:
        return 1.0
    return float((np.abs(sums) > seen + near).mean() + (np.abs(np.abs(sums) - seen) <= near).mean() / 2)


MARKS = st.lists(st.integers(-9, 9).filter(bool), min_size=1, max_size=12)


@given(MARKS, st.sampled_from([1.0, 1 / 3, 0.1 / 6]))
def test_the_sign_flip_of_marks_is_exact(marks: list[int], step: float) -> None:
    differences = step * np.array(marks)
    assert isclose(sign_flip(differences), every_flip(differences), rel_tol=1e-9)


@given(st.lists(st.floats(-1, 1).filter(lambda d: abs(d) > 1e-3), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_the_sign_flip_of_few_scores_is_exact(differences: list[float]) -> None:
    assert isclose(sign_flip(np.array(differences)), every_flip(np.array(differences)), rel_tol=1e-9)


@given(st.lists(st.integers(-5, 5).filter(bool), min_size=17, max_size=20))
@settings(max_examples=10, deadline=None)
def test_marks_are_counted_as_if_written_down(marks: list[int]) -> None:
    assert isclose(sign_flip(np.array(marks) / 30), every_flip(np.array(marks) / 30), rel_tol=1e-9)


def test_the_exact_sign_flip_equals_scipy() -> None:
    differences = np.array([random.Random(f"scipy:{i}").gauss(0.4, 1) for i in range(12)])  # no two sums are equal
    theirs = scipy_stats.permutation_test(
        (differences, np.zeros(12)),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=100_000,  # more than 2^12: it counts them all
    ).pvalue
    assert isclose(sign_flip(differences), theirs - 1 / 2**12, rel_tol=1e-9)


@pytest.mark.parametrize("effect", [0.0, 0.15, 0.3, 0.6])
@pytest.mark.parametrize("n", [20, 40, 65, 150, 400])
def test_a_coarse_grid_and_the_saddlepoint_come_close_to_all_flips(n: int, effect: float) -> None:
    differences = generator("saddlepoint", n, effect).normal(effect, 1.0, size=n)
    fine = counted(np.rint(differences / (np.abs(differences).sum() / 2**17)).astype(np.int64))
    assert isclose(sign_flip(differences), fine, rel_tol=0.01, abs_tol=1e-14)


def test_the_sign_flip_needs_no_luck_and_small_ps_stay_apart() -> None:
    one_way = np.linspace(0.1, 1.0, 300)
    assert sign_flip(one_way) == 0.5**300 and sign_flip(one_way - 0.2) < sign_flip(one_way - 0.4) < 1e-6
    assert sign_flip(np.zeros(50)) == sign_flip(np.array([1.0, -1.0])) == sign_flip(np.array([])) == 1.0


@given(SCORES, st.randoms())
def test_the_sign_flip_test_does_not_care_for_order_or_direction(scores: list[float], rng: random.Random) -> None:
    shuffled = rng.sample(scores, len(scores))
    p = sign_flip(np.array(scores))
    assert 0 < p <= 1
    assert isclose(p, sign_flip(np.array(shuffled)), rel_tol=1e-6)
    assert isclose(p, sign_flip(-np.array(scores)), rel_tol=1e-9)


def test_bca_comes_close_to_scipy() -> None:
    values = np.array([random.Random(f"bca:{i}").betavariate(5, 1) for i in range(60)])
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, method="BCa", n_resamples=20_000, rng=np.random.default_rng(1)
    ).confidence_interval
    ours = bca_mean(values, "s", resamples=20_000)
    width = theirs.high - theirs.low
    assert abs(ours.low - theirs.low) < 0.05 * width and abs(ours.high - theirs.high) < 0.05 * width


def test_a_resample_draws_as_many_items_as_there_are_and_the_same_each_time() -> None:
    drawn = np.concatenate(list(counts(7, "s", 1000)))
    assert drawn.shape == (1000, 7) and (drawn.sum(axis=1) == 7).all()
    assert abs(float(drawn.mean()) - 1) < 1e-9 and 0.8 < float(drawn.var()) < 0.95  # n·1/n·(1-1/n) = 6/7
    assert (drawn == np.concatenate(list(counts(7, "s", 1000)))).all()
    assert (drawn != np.concatenate(list(counts(7, "t", 1000)))).any()


@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=3), min_size=1, max_size=30))
def test_a_mean_lies_in_its_interval_and_the_interval_in_its_bounds(items: list[list[float]]) -> None:
    found = mean_interval(items)
    assert 0 <= found.low <= found.mean <= found.high <= 1
    assert isclose(found.mean, fmean(map(fmean, items)), abs_tol=1e-9)
    scaled = mean_interval([[5 * s for s in some] for some in items], top=5)
    assert all(isclose(5 * a, b, abs_tol=1e-6) for a, b in zip(found, scaled, strict=True))


@given(SHARES)
def test_the_interval_of_a_share_is_wilsons(scores: list[float]) -> None:
    assert mean_interval([[s] for s in scores]) == wilson(sum(scores), len(scores))


FIVES = st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=3), min_size=2, max_size=30)


@given(FIVES)
def test_an_interval_of_marks_from_one_is_that_of_the_scale_they_are_on(items: list[list[int]]) -> None:
    """1 to 5 is 0 to 4 and one more: no end lies where no mean can."""
    above = [[mark - 1 for mark in marks] for marks in items]
    for given_, shifted in (
        (mean_interval(items, bottom=1, top=5), mean_interval(above, top=4)),
        (pooled_interval(items, bottom=1, top=5), pooled_interval(above, top=4)),
    ):
        assert given_ == pytest.approx([1 + end for end in shifted], abs=1e-9)
        assert 1 <= given_.low <= given_.mean + 1e-9 and given_.mean <= given_.high + 1e-9 and given_.high <= 5


def test_marks_that_are_all_the_lowest_are_as_uncertain_as_marks_that_are_all_the_highest() -> None:
    low, high = (mean_interval([[float(mark)]] * 20, bottom=1, top=5) for mark in (1, 5))
    assert low.low == 1 and low.high == pytest.approx(1 + 4 * wilson(0, 20).high)
    assert high.high == 5 and high.low == pytest.approx(6 - low.high)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=25))
def test_a_difference_of_marks_from_one_is_that_of_the_scale_they_are_on(pairs: list[tuple[int, int]]) -> None:
    first, second = zip(*pairs, strict=True)
    found = compare(first, second, "s", bottom=1, top=5)
    shifted = compare([x - 1 for x in first], [x - 1 for x in second], "s", top=4)
    assert found == pytest.approx(shifted) and -4 <= found.low <= found.high <= 4


def test_repeating_each_sample_adds_no_certainty() -> None:
    items = [[random.Random(f"c:{i}").choice([0.0, 0.4, 1.0])] for i in range(50)]
    assert mean_interval(items) == mean_interval([some * 4 for some in items])


def coverage(draw: list[tuple[float, float]], n: int, runs: int) -> float:
    """How often the interval holds the true mean of a discrete population of (value, weight)."""
    values, weights = zip(*draw, strict=True)
    truth = sum(v * w for v, w in draw) / sum(weights)
    rng = random.Random(f"{draw}:{n}")
    hits = 0
    for _ in range(runs):
        found = mean_interval([[v] for v in rng.choices(values, weights, k=n)])
        hits += found.low <= truth <= found.high
    return hits / runs


@pytest.mark.parametrize("n", [30, 100])
@pytest.mark.parametrize(
    "population",
    [
        [(0.0, 2.0), (1.0, 8.0)],
        [(0.2, 1.0), (0.5, 2.0), (0.8, 1.0)],
        [(1.0, 8.0), (0.6, 1.0), (0.3, 1.0)],  # most at the ceiling, as chrF of a trained model
        [(0.05, 5.0), (0.1, 3.0), (0.9, 2.0)],
    ],
)
def test_intervals_hold_the_truth_about_as_often_as_they_say(population: list[tuple[float, float]], n: int) -> None:
    # a t or percentile interval gets 0.77-0.90 on the third population's kind at n = 30
    assert 0.915 <= coverage(population, n, 1500) <= 0.98


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=25))
@settings(max_examples=40, deadline=None)
def test_swapping_the_models_mirrors_the_comparison(pairs: list[tuple[float, float]]) -> None:
    first, second = zip(*pairs, strict=True)
    there, back = compare(first, second, "s"), compare(second, first, "s")
    assert isclose(there.difference, -back.difference, abs_tol=1e-12) and (there.up, there.down) == (back.down, back.up)
    assert -1 <= there.low <= there.high <= 1 and isclose(there.low, -back.high, abs_tol=1e-9)
    assert isclose(there.p, back.p, rel_tol=1e-9)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_shares_are_compared_by_mcnemars_test(pairs: list[tuple[bool, bool]]) -> None:
    first, second = [[float(x) for x in side] for side in zip(*pairs, strict=True)]
    found = compare(first, second, "s")
    assert found.p == sign_flip(ones(found.down, found.up))
    assert found.low - 1e-9 <= found.difference <= found.high + 1e-9
    assert isclose(found.difference, (found.up - found.down) / found.n, abs_tol=1e-12)


@pytest.mark.parametrize("n", [2, 10, 200])
def test_between_the_bounds_the_interval_of_a_difference_is_students_of_the_pairs(n: int) -> None:
    rng = generator("students", n)
    first = rng.beta(8, 2, size=n)
    second = 0.7 * first + 0.3 * rng.beta(4, 3, size=n)
    theirs = scipy_stats.ttest_rel(second, first).confidence_interval(0.95)
    found = compare(first.tolist(), second.tolist(), "s")
    assert (found.low, found.high) == pytest.approx((max(-1.0, theirs.low), min(1.0, theirs.high)))


def test_at_the_bounds_the_interval_of_a_difference_is_movers_of_wilsons() -> None:
    first, second = np.array([1.0] * 8 + [0.0] * 2), np.array([1.0] * 7 + [0.0, 1.0, 1.0])
    one, two = of_items(first), of_items(second)
    correlation = float(one.parts @ two.parts) / (one.variance * two.variance) ** 0.5
    assert difference(one, two) == pytest.approx(mover(interval(one), interval(two), correlation))
    half = of_items([0.5, *first[:-1]])  # nine of ten at a bound
    assert half.at_bound == 0.9
    low, student = interval(half).low, half.mean - student_quantile(9) * half.variance**0.5
    assert for_difference(half).low == pytest.approx(0.9 * low + 0.1 * student)
    assert weighted([one, half], [0.75, 0.25], [np.arange(10), np.arange(10)], 10).at_bound == pytest.approx(0.975)


def test_no_differing_item_is_no_proof_of_equality() -> None:
    shares, scores = compare([1.0] * 20, [1.0] * 20, "s"), compare([0.9] * 20, [0.9] * 20, "s")
    assert shares.p == scores.p == 1.0
    assert shares.low < -0.1 and shares.high > 0.1
    assert scores.low < -0.1 and scores.high > 0.1


def test_a_comparison_is_in_the_unit_of_the_scores() -> None:
    first, second = [0.1, 0.4, 0.3, 0.9, 0.2] * 5, [0.2, 0.7, 0.3, 0.8, 0.6] * 5
    one, five = compare(first, second, "s"), compare([5 * s for s in first], [5 * s for s in second], "s", top=5)
    assert isclose(five.difference, 5 * one.difference) and isclose(five.low, 5 * one.low, rel_tol=1e-6)
    assert one.detectable and five.detectable and isclose(five.detectable, 5 * one.detectable)


def test_the_detectable_difference_is_found_in_four_of_five_runs() -> None:
    rng = generator("power")
    least = compare([0.5] * 2000, (0.5 + np.clip(rng.normal(0, 0.1, size=2000), -0.5, 0.5)).tolist(), "s").detectable
    assert least
    n, found = 2000, 0
    for _ in range(300):
        draws = rng.normal(least, 0.1, size=n)
        found += int(abs(draws.mean()) > 1.96 * draws.std() / n**0.5)
    assert 0.72 <= found / 300 <= 0.88
    assert few(100) == 0.05  # five items one way: the least with p below 5 %
    assert compare([1.0] * 100, [1.0] * 100, "s").detectable == 0.05
    assert compare([0.9] * 100, [0.9] * 100, "s").detectable is None


def test_holm_gives_a_worked_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_never_lowers_a_p_and_keeps_the_order(ps: list[float]) -> None:
    adjusted = holm(ps)
    assert all(p <= a <= min(1.0, len(ps) * p) for p, a in zip(ps, adjusted, strict=True))
    assert all(adjusted[i] <= adjusted[j] for i in range(len(ps)) for j in range(len(ps)) if ps[i] < ps[j])


def test_the_word_knows_which_direction_is_good() -> None:
    assert word(0.1, 0.01) == "better" and word(-0.1, 0.01) == "worse"
    assert word(0.1, 0.01, better_up=False) == "worse" and word(-0.1, 0.01, better_up=False) == "better"
    assert word(0.1, 0.051) == word(0.0, 0.01) == "not distinguishable"
    assert word(0.1, 0.05) == "better"
