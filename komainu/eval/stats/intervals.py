"""95 % intervals of shares, of means of bounded scores, and of differences between paired ones."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from scipy.special import stdtrit

LEVEL = 0.95


class Estimate(NamedTuple):
    """A mean and the interval around it, in the unit of the scores."""

    mean: float
    low: float
    high: float

    def times(self, unit: float, bottom: float = 0.0) -> Estimate:
        """A share in another unit, on a scale that begins at `bottom`."""
        return Estimate(*(bottom + unit * value for value in self))

    def plus(self, value: float) -> Estimate:
        return Estimate(*(value + each for each in self))


def normal_quantile(level: float = LEVEL) -> float:
    """The two-sided quantile: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + level) / 2)


def student_quantile(df: float, level: float = LEVEL) -> float:
    """The two-sided quantile of Student's t; `df` need not be whole."""
    return float(stdtrit(df, (1 + level) / 2))


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


def mover(first: Estimate, second: Estimate, correlation: float) -> Estimate:
    """The difference second minus first of two estimates, and its interval from theirs.

    The distances to the ends that matter are added as correlated errors are, so an interval that is not symmetric
    stays so (square-and-add: Newcombe 1998; MOVER: Zou 2007, Psychol. Methods 12:399).
    """

    def reach(x: float, y: float) -> float:
        return sqrt(max(0.0, x * x - 2 * correlation * x * y + y * y))

    difference = second.mean - first.mean
    low = difference - reach(second.mean - second.low, first.high - first.mean)
    high = difference + reach(second.high - second.mean, first.mean - first.low)
    return Estimate(difference, max(-1.0, low), min(1.0, high))


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
    return mover(a, b, correlation)
