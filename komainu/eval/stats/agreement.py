"""Agreement of two lists of scores; weighted, so that one function gives a number and its bootstrap replicates.

x and y are of shape (n,), or (resamples, n) where the scores themselves are resampled; w, shape (resamples, n), is how
often each row was drawn. Every function gives (resamples,), nan where it is not defined: no spread, too few rows.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.stats import kendalltau, rankdata

from komainu.eval.stats.bootstrap import Floats

TINY = 1e-9


def mean(x: Floats, w: Floats) -> Floats:
    return np.asarray(np.divide((w * x).sum(axis=-1), total := w.sum(axis=-1), where=total > 0, out=nans(w)))


def nans(w: Floats) -> Floats:
    return np.full(w.shape[0], np.nan)


def ratio(a: Floats, b: Floats) -> Floats:
    """a / b, nan where b is nothing but rounding."""
    return np.asarray(np.divide(a, b, out=np.full(np.shape(b), np.nan), where=b > TINY))


def moments(x: Floats, y: Floats, w: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Means of x and y, their variances (divided by n) and their covariance."""
    mx, my = mean(x, w), mean(y, w)
    dx, dy = x - mx[:, None], y - my[:, None]
    return mx, my, mean(dx * dx, w), mean(dy * dy, w), mean(dx * dy, w)


def pearson(x: Floats, y: Floats, w: Floats) -> Floats:
    _, _, vx, vy, both = moments(x, y, w)
    return ratio(both, np.sqrt(vx * vy))


def slope(x: Floats, y: Floats, w: Floats) -> Floats:
    """By how much y rises where x rises by one: least squares."""
    _, _, vx, _, both = moments(x, y, w)
    return ratio(both, vx)


def bias(x: Floats, y: Floats, w: Floats) -> Floats:
    """How much y is above x on average."""
    return mean(y - x, w)


def error(x: Floats, y: Floats, w: Floats) -> Floats:
    """The mean absolute difference."""
    return mean(np.abs(y - x), w)


def within(x: Floats, y: Floats, w: Floats, reach: float = 1.0) -> Floats:
    """The share of rows on which x and y differ by `reach` at most."""
    return mean((np.abs(y - x) <= reach + TINY).astype(np.float64), w)


def exact(x: Floats, y: Floats, w: Floats) -> Floats:
    """The share of rows on which x and y are equal."""
    return within(x, y, w, 0.0)


def ranks(x: Floats, w: Floats) -> Floats:
    """The ranks from 1 on, ties in the middle of their ranks; a row drawn k times is k rows."""
    if x.ndim == 2:
        assert (w == 1).all(), "scores that are resampled themselves are not drawn as well"
        return np.asarray(rankdata(x, axis=1), dtype=np.float64)
    _, group = np.unique(x, return_inverse=True)
    drawn = np.zeros((len(w), int(group.max()) + 1))
    np.add.at(drawn.T, group, w.T)
    return np.asarray((np.cumsum(drawn, axis=1) - (drawn - 1) / 2)[:, group])


def spearman(x: Floats, y: Floats, w: Floats) -> Floats:
    return pearson(ranks(x, w), ranks(y, w), w)


def weighted_kappa(x: Floats, y: Floats, w: Floats) -> Floats:
    """Cohen's kappa with quadratic weights on the scores themselves (Cohen 1968): over whole scores the usual QWK with
    every grade of the scale as a category; over other scores Lin's concordance (1989), with n in the denominators."""
    mx, my, vx, vy, _ = moments(x, y, w)
    chance = vx + vy + (mx - my) ** 2
    return 1 - ratio(mean((x - y) ** 2, w), chance)


def icc(x: Floats, y: Floats, w: Floats) -> Floats:
    """ICC(A,1) of McGraw and Wong (1996), ICC(2,1) of Shrout and Fleiss (1979): two-way model, absolute agreement, the
    reliability of a single one of two raters."""
    n = w.sum(axis=-1)
    mx, my, vx, vy, both = moments(x, y, w)
    unbiased = np.where(n > 1, n / np.maximum(n - 1, 1), np.nan)
    rows, rest = (vx + vy + 2 * both) / 2 * unbiased, (vx + vy - 2 * both) / 2 * unbiased
    raters = n * (mx - my) ** 2 / 2
    return ratio(rows - rest, rows + rest + 2 * ratio(raters - rest, n))


def kendall(x: Floats, y: Floats, w: Floats) -> Floats:
    """Kendall's tau-b."""
    agree, x_apart, y_apart = ordered(x, y, w)
    return ratio(agree, np.sqrt(x_apart * y_apart))


def pair_agreement(x: Floats, y: Floats, w: Floats) -> Floats:
    """Of the pairs that x tells apart the share that y puts in the same order; one that y does not tell apart counts
    half."""
    agree, x_apart, _ = ordered(x, y, w)
    return ratio(agree + x_apart, 2 * x_apart)


def ordered(x: Floats, y: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """Over all ordered pairs of rows: those in the same order minus those in opposite order, those that x tells apart,
    and those that y tells apart."""
    if x.ndim == y.ndim == 1:
        sx, sy = (np.sign(v[:, None] - v[None, :]) for v in (x, y))
        agree, x_apart, y_apart = (((w @ table) * w).sum(axis=1) for table in (sx * sy, sx**2, sy**2))
        return agree, x_apart, y_apart
    assert (w == 1).all(), "scores that are resampled themselves are not drawn as well"
    found = np.empty((3, len(w)))
    for i, (a, b) in enumerate(zip(*(np.broadcast_to(v, w.shape) for v in (x, y)), strict=True)):
        a_apart, b_apart = apart(a), apart(b)
        method: Literal["asymptotic", "exact"] = "asymptotic" if len(a) > 2 else "exact"  # of a p-value not used here
        tau = kendalltau(a, b, method=method).statistic if a_apart and b_apart else 0.0
        found[:, i] = tau * (a_apart * b_apart) ** 0.5, a_apart, b_apart
    return found[0], found[1], found[2]


def apart(x: Floats) -> float:
    """How many ordered pairs of rows are not tied."""
    return float(len(x) ** 2 - (np.unique(x, return_counts=True)[1] ** 2).sum())


def top_half(x: Floats, y: Floats, w: Floats) -> Floats:
    """Spearman's correlation among the better half of the rows by x, the middle one included."""
    if x.ndim == 2:
        best = np.argsort(-x, axis=1, kind="stable")[:, : (x.shape[1] + 1) // 2]
        kept = [np.take_along_axis(np.broadcast_to(v, x.shape), best, axis=1) for v in (x, y)]
        return spearman(kept[0], kept[1], np.ones(best.shape))
    order = np.argsort(-x, kind="stable")
    drawn = w[:, order]
    room = np.ceil(w.sum(axis=1) / 2)[:, None] - (np.cumsum(drawn, axis=1) - drawn)
    return spearman(x[order], y[order], np.clip(room, 0, drawn))
