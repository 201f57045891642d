"""The sign-flip test: whether differences on the same items could as well have had the other sign."""

from __future__ import annotations

from functools import reduce
from math import log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from komainu.eval.stats.bootstrap import Floats

TINY = 1e-9  # differences below it are ties
GRID = 1 << 14  # steps that the sum of all sizes has at most
FEWEST = 16  # differing items up to which all sums are written down
FEW = 64  # differing items up to which all flips are counted in any case
STEPS = 100


def sign_flip(differences: Floats) -> float:
    """Two-sided p of mean difference 0 under flips of the items' signs, for differences of shape (items,).

    The mid-p value: sums as extreme as the one seen count half. Where all differences have one size that is McNemar's
    mid-p test. The exact test, in which they count whole, finds far fewer differences than the level allows when the
    sums are few (right-or-wrong scores, most items tied); see docs/decisions.md for both.

    Nothing is drawn. All 2^n flips are counted where the sizes have a common step, as marks have, or where few items
    differ; else the p is the saddlepoint approximation of it (Robinson 1982, J. R. Stat. Soc. B 44:91).
    """
    kept = differences[np.abs(differences) > TINY]
    sizes, seen = np.abs(kept), abs(float(kept.sum()))
    if seen <= TINY * len(kept):
        return 1.0
    if len(kept) <= FEWEST:
        return written_down(sizes, seen)
    step = step_of(sizes)
    if sizes.sum() > GRID * step:  # none, or too small a one
        if len(kept) > FEW:
            return saddlepoint(sizes, seen)
        step = float(sizes.sum()) / GRID
    return counted(np.rint(kept / step).astype(np.int64))


def mcnemar(down: int, up: int) -> float:
    """McNemar's mid-p test: two-sided p of discordant counts under a fair coin (Fagerland et al. 2013, BMC Med. Res.
    Methodol. 13:91)."""
    return counted(np.repeat(np.array([-1, 1]), [down, up]))


def step_of(sizes: Floats) -> float:
    """The greatest step that all sizes are whole multiples of, near enough; tiny where they have none."""

    def common(a: float, b: float) -> float:
        while b > TINY:
            a, b = b, a - b * round(a / b)
            b = abs(b)
        return a

    return float(reduce(common, np.unique(np.round(sizes, 12)).tolist()))


def written_down(sizes: Floats, seen: float) -> float:
    """The mid-p over all 2^n sums; sums of the same sizes in another order are equal."""
    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate([sums - size, sums + size])
    near = TINY * len(sizes)
    return float((np.abs(sums) > seen + near).mean() + (np.abs(np.abs(sums) - seen) <= near).mean() / 2)


def counted(kept: NDArray[np.int64]) -> float:
    """The mid-p over all flips of whole numbers."""
    total, seen = int(np.abs(kept).sum()), abs(int(kept.sum()))
    if seen == 0:
        return 1.0
    chance = np.zeros(total + 1)  # of each sum of the sizes that come with a plus
    chance[0], reach = 1.0, 1
    for size in np.abs(kept).tolist():
        before = chance[:reach] / 2
        chance[:reach] = before
        reach += size
        chance[size:reach] += before
    as_seen = (total + seen) // 2
    return float(2 * chance[as_seen + 1 :].sum() + chance[as_seen])


def saddlepoint(sizes: Floats, seen: float) -> float:
    """Twice the chance that the flipped sum is `seen` or more, between 0 and the sum of all sizes."""
    tilt = seen / float(sizes @ sizes)
    if seen >= float(sizes.sum()) * (1 - TINY):
        return float(0.5 ** len(sizes))
    for _ in range(STEPS):  # Newton's method for the tilt under which the expected sum is `seen`; K' is concave
        lean = np.tanh(tilt * sizes)
        move = (seen - float(sizes @ lean)) / float(sizes**2 @ (1 - lean**2))
        tilt += move
        if abs(move) <= TINY * tilt:
            break
    x = tilt * sizes
    log_mean = float((np.logaddexp(x, -x) - log(2)).sum())
    w = sqrt(2 * (tilt * seen - log_mean))
    u = tilt * sqrt(float(sizes**2 @ (1 - np.tanh(x) ** 2)))
    normal = NormalDist()
    return min(1.0, 2 * (normal.cdf(-w) + normal.pdf(w) * (1 / u - 1 / w)))
