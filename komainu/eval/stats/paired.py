"""Two models on the same items: difference, interval, p, and the smallest difference the items could show."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, sqrt
from statistics import NormalDist, stdev
from typing import NamedTuple

import numpy as np

from komainu.eval.stats.bootstrap import Floats, bca_mean, chunks, generator
from komainu.eval.stats.intervals import LEVEL, Estimate, paired_shares

FLIPS = 20_000
EXACT = 16  # discordant items up to which all 2^n sign flips are counted
TINY = 1e-9  # differences below it are ties


class Comparison(NamedTuple):
    """Second minus first over n items. `up` and `down` count the discordant items by sign.

    `detectable` is the smallest difference that a two-sided test at `level` finds with 80 % power; None when
    the items differ nowhere and their scores are no shares.
    """

    n: int
    difference: float
    low: float
    high: float
    p: float
    up: int
    down: int
    detectable: float | None


def compare(first: Sequence[float], second: Sequence[float], seed: str, *, top: float = 1.0) -> Comparison:
    """Compare item scores in [0, top], same items in the same order; several samples an item come as their mean.

    Right-or-wrong scores: exact McNemar test, Newcombe interval. Else sign-flip test (exact for few discordant
    items), BCa bootstrap interval. The interval is not adjusted for the number of comparisons.
    """
    a, b = np.asarray(first, dtype=np.float64) / top, np.asarray(second, dtype=np.float64) / top
    assert a.shape == b.shape and len(a), "a paired comparison needs the same items on both sides"
    differences = b - a
    up, down = int((differences > TINY).sum()), int((differences < -TINY).sum())
    shares = bool(np.isin(a, (0.0, 1.0)).all() and np.isin(b, (0.0, 1.0)).all())
    if shares:
        both = int(((a == 1) & (b == 1)).sum())
        found = paired_shares(both, down, up, len(a) - both - up - down)
        p = mcnemar(down, up)
    else:
        found = bca_mean(differences, seed) if up + down else no_difference(len(a))
        p = sign_flip(differences, seed)
    least = detectable(differences, shares=shares)
    scaled = (found.mean * top, found.low * top, found.high * top)
    return Comparison(len(a), *scaled, p, up, down, None if least is None else least * top)


def mcnemar(down: int, up: int) -> float:
    """Two-sided exact McNemar test: p of the discordant counts under a fair coin."""
    n, least = down + up, min(down, up)
    tail: float = sum(comb(n, k) for k in range(least + 1)) / 2**n
    return min(1.0, 2 * tail)


def sign_flip(differences: Floats, seed: str, *, flips: int = FLIPS) -> float:
    """Two-sided sign-flip permutation test of mean difference 0, for differences of shape (items,).

    All differences of one size: the exact binomial. Up to EXACT discordant items: all 2^n flips. Else `flips`
    seeded random ones with p = (1 + as extreme)/(1 + flips) (Phipson & Smyth 2010), never below 1/(1 + flips).
    """
    kept = differences[np.abs(differences) > TINY]
    sizes = np.abs(kept)
    if len(kept) == 0:
        return 1.0
    if float(sizes.max() - sizes.min()) <= TINY:
        return mcnemar(int((kept < 0).sum()), int((kept > 0).sum()))
    seen = abs(float(kept.sum())) - TINY * len(kept)  # sums of the same differences in another order are equal
    if len(kept) <= EXACT:
        sums = np.zeros(1)
        for size in sizes:
            sums = np.concatenate([sums - size, sums + size])
        return float((np.abs(sums) >= seen).mean())
    rng = generator("sign flip", seed)
    extreme = 0
    for rows in chunks(flips, len(kept)):
        signs = rng.integers(0, 2, size=(rows, len(kept)), dtype=np.int8)
        extreme += int((np.abs((2.0 * signs - 1.0) @ sizes) >= seen).sum())
    return (1 + extreme) / (1 + flips)


def no_difference(n: int, *, level: float = LEVEL) -> Estimate:
    """The interval when no item differs: the exact upper limit of a share never seen, either way, times the
    largest difference an item can have (1). A bootstrap would claim certainty here."""
    reach = 1 - ((1 - level) / 2) ** (1 / n)
    return Estimate(0.0, -reach, reach)


def detectable(differences: Floats, *, shares: bool, level: float = LEVEL, power: float = 0.8) -> float | None:
    """The smallest true mean difference that n such items show with the given power, by the normal approximation.

    Shares need at least as many one-sided discordant items as give an exact p below 1 - level (6 for 95 %).
    """
    n = len(differences)
    normal = NormalDist()
    spread = stdev(map(float, differences)) if n > 1 else 0.0
    least = (normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(power)) * spread / sqrt(n)
    if shares:
        one_sided = next(k for k in range(1, 64) if 2 * 0.5**k <= 1 - level)
        least = max(least, one_sided / n)
    return min(least, 1.0) if least > 0 else None
