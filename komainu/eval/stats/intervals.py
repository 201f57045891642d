"""95 % intervals of means of bounded scores and of differences between paired shares."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist, fmean, variance
from typing import NamedTuple

from scipy.special import stdtrit

LEVEL = 0.95


class Estimate(NamedTuple):
    """A mean and the interval around it, in the unit of the scores."""

    mean: float
    low: float
    high: float


def normal_quantile(level: float = LEVEL) -> float:
    """The two-sided quantile: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(successes: float, n: float, *, level: float = LEVEL, z: float | None = None) -> Estimate:
    """A share and its score interval (Wilson 1927); exactly 0 at no success, exactly 1 at n of n.

    Fractions of successes and of n are allowed, for an effective sample size; `z` replaces the normal quantile.
    """
    assert 0 <= successes <= n > 0, f"{successes} successes of {n}"
    z = normal_quantile(level) if z is None else z
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, min(centre - half, share))
    high = 1.0 if successes == n else min(1.0, max(centre + half, share))
    return Estimate(share, low, high)


def mean_interval(items: Sequence[Sequence[float]], *, top: float = 1.0, level: float = LEVEL) -> Estimate:
    """The mean over items of scores in [0, top], and its interval, clustered by item.

    Each item is a list of its scores (one a sample) and counts once. Scores of 0 and `top`, one an item: the
    Wilson interval. Else Wilson's with the effective sample size m(1-m)/(s²/n) of the item means and Student's
    quantile (Dean & Pagano 2015, J. Surv. Stat. Methodol. 3:484, there for clustered shares): it stays within
    the bounds and does not shrink to nothing at the ceiling, where a t or bootstrap interval does.
    """
    means = [fmean(scores) / top for scores in items]
    n, mean = len(means), fmean(means)
    assert n and min(means) >= 0 and max(means) <= 1, "scores must lie between 0 and top"
    if n == 1 or mean in (0, 1) or (all(len(s) == 1 for s in items) and set(means) <= {0.0, 1.0}):
        share, low, high = wilson(mean * n, n, level=level)
    elif (spread := variance(means)) < 1e-24:  # equal scores inside the bounds: nothing to estimate a spread from
        share, low, high = mean, mean, mean
    else:
        effective = mean * (1 - mean) * n / spread
        z = float(stdtrit(n - 1, (1 + level) / 2))
        share, low, high = wilson(mean * effective, effective, z=z)
    return Estimate(share * top, low * top, high * top)


def paired_shares(both: int, first: int, second: int, neither: int, *, level: float = LEVEL) -> Estimate:
    """The difference second minus first of two shares on the same items, and its interval.

    Counts of items: right in both, only in the first, only in the second, in neither. Newcombe's square-and-add
    interval with continuity-corrected correlation (Newcombe 1998, Stat. Med. 17:2635, method 10).
    """
    n = both + first + second + neither
    assert n > 0, "a difference needs items"
    a, b = wilson(both + first, n, level=level), wilson(both + second, n, level=level)
    correlation = 0.0
    if margins := (both + first) * (second + neither) * (both + second) * (first + neither):
        product = both * neither - first * second
        correlation = (max(product - n / 2, 0.0) if product > 0 else product) / sqrt(margins)

    def reach(x: float, y: float) -> float:
        return sqrt(max(0.0, x * x - 2 * correlation * x * y + y * y))

    difference = (second - first) / n
    low = difference - reach(b.mean - b.low, a.high - a.mean)
    high = difference + reach(b.high - b.mean, a.mean - a.low)
    return Estimate(difference, max(-1.0, low), min(1.0, high))
