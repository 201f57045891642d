"""Two models on the same items: difference, intervals, p, and the smallest difference the items could show."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from komainu.eval.stats.bootstrap import Floats, bca_mean
from komainu.eval.stats.flips import TINY, sign_flip
from komainu.eval.stats.intervals import LEVEL, Estimate, paired_shares
from komainu.eval.stats.runs import Between, student, widened
from komainu.eval.stats.spread import Spread, difference, of_items

POWER = 0.8


class Comparison(NamedTuple):
    """Second minus first over n items. `up` and `down` count the discordant items by sign.

    `low` and `high` are the analytic interval, `boot_low` and `boot_high` the bootstrap's. `detectable` is the smallest
    difference that a two-sided test at the level finds with 80 % power; None when the items differ nowhere and their
    scores are no shares.
    """

    n: int
    difference: float
    low: float
    high: float
    p: float
    up: int
    down: int
    detectable: float | None
    boot_low: float
    boot_high: float


def compare(
    first: Sequence[float],
    second: Sequence[float],
    seed: str,
    *,
    bottom: float = 0.0,
    top: float = 1.0,
    runs: Sequence[Between] = (),
) -> Comparison:
    """Compare item scores in [bottom, top], same items in the same order; several samples an item come as their mean.

    Sign-flip test (McNemar's mid-p where scores are right or wrong). Interval: Newcombe's of right-or-wrong scores,
    else that of `spread.difference`; beside it the BCa bootstrap over items. Neither is adjusted for the number of
    comparisons. `runs` is what several runs of the first and of the second model add, of shares of the scale: then the
    test is Student's.
    """
    span = top - bottom
    a, b = ((np.asarray(some, dtype=np.float64) - bottom) / span for some in (first, second))
    assert a.shape == b.shape and len(a), "a paired comparison needs the same items on both sides"
    one, two = of_items(a), of_items(b)
    if runs:
        one, two = (widened(spread, each) for spread, each in zip((one, two), runs, strict=True))
    found = weighed(b - a, one, two, runs, seed, unit=span)
    if not (np.isin(a, (0.0, 1.0)).all() and np.isin(b, (0.0, 1.0)).all()):
        return found
    least = span * few(len(a))
    found = found._replace(detectable=max(least, found.detectable or 0.0))
    if any(each.variance for each in runs):
        return found
    both, neither = int(((a == 1) & (b == 1)).sum()), int(((a == 0) & (b == 0)).sum())
    _, low, high = paired_shares(both, found.down, found.up, neither).times(span)
    return found._replace(low=low, high=high)


def weighed(
    gaps: Floats,
    first: Spread,
    second: Spread,
    runs: Sequence[Between],
    seed: str,
    *,
    unit: float = 100.0,
    errors: Floats | None = None,
) -> Comparison:
    """The comparison of two means, in a unit, from the differences of items between -1 and 1, whose mean is theirs.

    `errors` are the items' parts in the error of that mean, where they are not the gaps less their mean, over their
    number: their squares add up to the mean's variance.
    """
    n, extra = len(gaps), sum(each.variance for each in runs)
    up, down = int((gaps > TINY).sum()), int((gaps < -TINY).sum())
    mean = float(gaps.mean())
    if errors is None:
        errors = (gaps - mean) / sqrt(n * max(1, n - 1))
    items = float(errors @ errors)
    p = student(mean, items, n, runs) if extra else sign_flip(gaps)
    found = difference(first, second) if up + down or extra else no_difference(n)
    boot = bca_mean(mean + errors * sqrt(n * max(1, n - 1)), seed) if up + down else no_difference(n)
    smallest = min(1.0, quantiles(1 - LEVEL) * sqrt(items + extra))
    ends = (*found.times(unit), p, up, down, unit * smallest if smallest else None)
    return Comparison(n, *ends, unit * boot.low, unit * boot.high)


def no_difference(n: int, *, level: float = LEVEL) -> Estimate:
    """The interval when no item differs: the exact upper limit of a share never seen, either way, times the
    largest difference an item can have (1). A bootstrap would claim certainty here."""
    reach = 1 - ((1 - level) / 2) ** (1 / n)
    return Estimate(0.0, -reach, reach)


def quantiles(alpha: float, power: float = POWER) -> float:
    """How many standard errors a true difference must be for a two-sided test at `alpha` to find it with `power`."""
    normal = NormalDist()
    return normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)


def few(n: int, *, alpha: float = 1 - LEVEL) -> float:
    """The difference of two shares that all differ one way on as few of n items as give a p of `alpha` (5 for 5 %)."""
    return next(k for k in range(1, 1024) if 0.5**k <= alpha) / n
