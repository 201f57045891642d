"""Spread: a mean of bounded scores with all that an interval, a difference and a plan need to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum, sqrt
from statistics import fmean

import numpy as np
from numpy.typing import ArrayLike, NDArray

from komainu.eval.stats.bootstrap import Floats
from komainu.eval.stats.intervals import Estimate, mover, student_quantile, wilson

NOTHING = 1e-24  # variances below it are none
TINY = 1e-12  # a mean as near to a bound is at it


@dataclass(frozen=True)
class Spread:
    """A mean in [0, 1] and its variance. `parts` is each item's share in the error: their squares add up to what the
    items give to the variance, and with another model's parts on the same items they give the covariance.

    `df` are the variance's degrees of freedom. `size` is how many right-or-wrong items are as much, for a mean of 0 or
    1, where no spread is seen. `at_bound` is the share of the items that are 0 or 1. `known` is the interval, where it
    is not the one that these give.
    """

    mean: float
    variance: float
    df: float
    parts: Floats
    size: float
    at_bound: float
    known: Estimate | None = None

    def moved(self, by: float) -> Spread:
        """The same with so much more for every item."""
        known = self.known and self.known.times(1.0, by)
        return replace(self, mean=self.mean + by, known=known)


def of_items(means: ArrayLike) -> Spread:
    """Of the mean scores of items, shape (items,), each item counting once."""
    x = np.asarray(means, dtype=np.float64)
    n, mean = len(x), float(x.mean())
    left, variance = x - mean, ceiling_variance(x) / n
    squares = float(left @ left)
    parts = left * sqrt(variance / squares) if squares > NOTHING else np.zeros(n)
    return Spread(mean, variance, max(1, n - 1), parts, n, float(((x <= TINY) | (x >= 1 - TINY)).mean()))


def ceiling_variance(x: Floats) -> float:
    """The variance of scores in [0, 1], drawn to what it would be were they all 0 or 1.

    Items at a bound show less spread than there is: the next one may be far from it. So the largest possible variance
    counts as much as sqrt(n)/5 items, times the share of the items that are at the bound nearer to the mean. Without
    any it is the plain variance, and with more items it comes to that. The weight was chosen by simulation.
    """
    n, mean = len(x), float(x.mean())
    plain = float(x.var(ddof=1)) if n > 1 else 0.0
    at_bound = float((x >= 1 - TINY).mean() if mean > 0.5 else (x <= TINY).mean())
    weight = at_bound * sqrt(n) / 5
    middle = (n * mean + weight / 2) / (n + weight)
    return ((n - 1) * plain + weight * middle * (1 - middle)) / (n - 1 + weight) if weight else plain


def of_scores(items: Sequence[Sequence[float]]) -> Spread:
    """Of the mean over all scores of all items: the ratio of the items' sums to their counts, so an item with more
    scores weighs more. Its variance is the linearised one of a ratio (Cochran 1977, Sampling Techniques, 6.3)."""
    n, total = len(items), sum(map(len, items))
    mean = fsum(x for some in items for x in some) / total
    plain = of_items([fmean(scores) for scores in items])
    left = np.array([sum(scores) - mean * len(scores) for scores in items]) / total
    hidden = plain.variance - float(np.var([fmean(scores) for scores in items], ddof=1)) / n if n > 1 else 0.0
    variance = float(left @ left) * n / max(1, n - 1) + hidden
    return Spread(min(1.0, mean), variance, plain.df, left, n, plain.at_bound)


def weighted(spreads: Sequence[Spread], weights: Sequence[float], items: Sequence[NDArray[np.intp]], n: int) -> Spread:
    """Of a weighted mean of means. `items` says for each which of all `n` items its parts belong to, so an item that
    several look at is one: shared items do not count as independent evidence.

    The interval is MOVER's for a sum (Zou and Donner 2008, Stat. Med. 27:1693): the distances to the means' own ends
    are added as their errors are correlated. So it keeps the lean of a mean near the ceiling.
    """
    placed = np.zeros((len(spreads), n))
    for row, each, weight, where in zip(placed, spreads, weights, items, strict=True):
        row[where] = weight * each.parts
    variances = np.array([weight**2 * each.variance for each, weight in zip(spreads, weights, strict=True)])
    covariances = placed @ placed.T
    np.fill_diagonal(covariances, variances)
    scale = np.sqrt(np.outer(variances, variances))
    seen = np.outer(*[(placed**2).sum(axis=1)] * 2) > NOTHING**2
    alike = [[len({*a} & {*b}) / sqrt(len(a) * len(b)) for b in items] for a in items]  # where no spread is seen
    correlations = np.where(seen, covariances / np.where(seen, scale, 1.0), alike)
    ends = [interval(each) for each in spreads]
    mean = min(1.0, max(0.0, float(np.dot(weights, [each.mean for each in spreads]))))
    below = np.array([weight * (end.mean - end.low) for end, weight in zip(ends, weights, strict=True)])
    above = np.array([weight * (end.high - end.mean) for end, weight in zip(ends, weights, strict=True)])
    low, high = (sqrt(max(0.0, float(arm @ correlations @ arm))) for arm in (below, above))
    known = Estimate(mean, max(0.0, mean - low), min(1.0, mean + high))
    at_bound = float(np.average([each.at_bound for each in spreads], weights=weights))
    return Spread(mean, float(covariances.sum()), float(n), placed.sum(axis=0), float(n), at_bound, known)


def mean_interval(items: Sequence[Sequence[float]], *, bottom: float = 0.0, top: float = 1.0) -> Estimate:
    """The mean over items of scores in [bottom, top], and its interval, clustered by item.

    Each item is a list of its scores (one a sample) and counts once. Scores of `bottom` and `top`, one an item: the
    Wilson interval.
    """
    span = top - bottom
    means = [(fmean(scores) - bottom) / span for scores in items]
    n, mean = len(means), fmean(means)
    assert n and min(means) >= 0 and max(means) <= 1, "scores must lie between bottom and top"
    if n == 1 or (all(len(scores) == 1 for scores in items) and set(means) <= {0.0, 1.0}):
        return wilson(mean * n, n).times(span, bottom)
    return interval(of_items(means)).times(span, bottom)


def pooled_interval(items: Sequence[Sequence[float]], *, bottom: float = 0.0, top: float = 1.0) -> Estimate:
    """The mean over all scores of all items, each in [bottom, top], and its interval, clustered by item; with equally
    many scores an item it is `mean_interval`."""
    if len({len(scores) for scores in items}) == 1:
        return mean_interval(items, bottom=bottom, top=top)
    span = top - bottom
    return interval(of_scores([[(s - bottom) / span for s in scores] for scores in items])).times(span, bottom)


def interval(spread: Spread) -> Estimate:
    """The mean with Wilson's interval for the effective sample size m(1-m)/variance and Student's quantile (Dean and
    Pagano 2015, J. Surv. Stat. Methodol. 3:484, there for clustered shares).

    It stays within the bounds and does not shrink to nothing at the ceiling, where a t or a bootstrap interval does.
    All scores the same inside the bounds: nothing to estimate a spread from, and the interval is the mean.
    """
    mean = spread.mean
    if spread.known:
        return spread.known
    if not TINY < mean < 1 - TINY:
        return wilson(round(mean) * spread.size, spread.size)
    if spread.variance < NOTHING:
        return Estimate(mean, mean, mean)
    effective = mean * (1 - mean) / spread.variance
    _, low, high = wilson(mean * effective, effective, z=student_quantile(spread.df))
    return Estimate(mean, low, high)


def for_difference(spread: Spread) -> Estimate:
    """The mean with the ends that a difference on the same items is made of: those of `interval` with the weight of the
    share of items at a bound, and Student's with the rest.

    `interval` leans away from the nearer bound. The errors of two models on the same items lean alike, so in their
    difference this cancels for the most part, but MOVER adds the long arm of one to the short arm of the other. Of
    Student's ends it makes Student's interval of the paired differences, which is right for scores between the bounds.
    At a bound that one is too narrow, on the side of what the next item may lose. The share as the weight is our own
    choice, without a constant; docs/decisions.md has how often it holds. The ends may lie beyond the bounds.
    """
    mean, low, high = interval(spread)
    reach = student_quantile(spread.df) * sqrt(spread.variance)
    near, far = spread.at_bound, 1 - spread.at_bound
    return Estimate(mean, near * low + far * (mean - reach), near * high + far * (mean + reach))


def difference(first: Spread, second: Spread) -> Estimate:
    """Second minus first, on the same items, and its interval: MOVER with the correlation of the items' parts."""
    variances = first.variance * second.variance
    covariance = float(first.parts @ second.parts)
    correlation = max(-1.0, min(1.0, covariance / sqrt(variances))) if variances > NOTHING**2 else 0.0
    return mover(for_difference(first), for_difference(second), correlation)
