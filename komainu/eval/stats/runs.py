"""Repeated runs: how much a mean moves from run to run, beside how much it moves from item to item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import fsum, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from komainu.eval.stats.spread import Spread

FEW = 3


class Between(NamedTuple):
    """What runs add to the variance of a mean over n items and R runs, beside what the items give.

    `sd` is the standard deviation of runs as such, had they ever so many items: 0 where they differ no more than their
    items' noise explains. `variance` is its square over R, and some of that noise. `df` are R - 1.
    """

    runs: int
    variance: float
    sd: float
    df: float

    def scaled(self, weight: float) -> Between:
        """Of the mean times a weight."""
        return self._replace(variance=weight**2 * self.variance, sd=abs(weight) * self.sd)


ONE = Between(1, 0.0, 0.0, 1.0)


def between(scores: ArrayLike) -> Between:
    """Of scores of shape (items, runs), nan where missing: an item that a run lacks is left out.

    That runs are alike may be luck. So of the noise that is in their means half is left in `variance`, and all of it
    of up to FEW runs: without that the intervals hold the truth too seldom (docs/decisions.md).

    A two-way analysis of variance: the mean square between runs less that of what neither item nor run explains, over
    items and runs (Searle, Casella and McCulloch 1992, Variance Components, 4.3).
    """
    every = np.asarray(scores, dtype=np.float64)
    x = every[~np.isnan(every).any(axis=1)]
    n, runs = x.shape
    if runs < 2 or n < 2:
        return ONE
    left = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + x.mean()
    noise = float((left**2).sum()) / ((n - 1) * (runs - 1))
    seen = float(x.mean(axis=0).var(ddof=1))
    careful = max(0.0, seen - (0.0 if runs <= FEW else noise / n / 2))
    return Between(runs, careful / runs, sqrt(max(0.0, seen - noise / n)), runs - 1)


def widened(spread: Spread, runs: Between) -> Spread:
    """A spread with what its runs add; the degrees of freedom are Satterthwaite's."""
    if runs.variance <= 0:
        return spread
    variance = spread.variance + runs.variance
    df = variance**2 / (spread.variance**2 / spread.df + runs.variance**2 / runs.df)
    return replace(spread, variance=variance, df=df, known=None)


def student(mean: float, variance: float, n: int, runs: Sequence[Between]) -> float:
    """Two-sided p of a mean difference of 0, whose variance is that of n items and what runs of the models add."""
    parts = [(variance, max(1.0, n - 1.0)), *((each.variance, each.df) for each in runs)]
    whole = sum(part for part, _ in parts)
    df = whole**2 / fsum(part**2 / of for part, of in parts)
    return float(2 * stdtr(df, -abs(mean) / sqrt(whole)))
