"""What changing one factor does: paired differences over blocks, with what items and what runs add to their error."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean
from typing import NamedTuple

import numpy as np

from komainu.eval.stats.bootstrap import Floats
from komainu.eval.stats.flips import TINY, sign_flip
from komainu.eval.stats.intervals import LEVEL, student_quantile
from komainu.eval.stats.paired import no_difference
from komainu.eval.stats.runs import FEW, ONE, Between, student


class Block(NamedTuple):
    """Second minus first of two runs that differ in one factor alone, on 0 to 1.

    `parts` are the items' parts in the difference and add up to it; the squares of `errors` add up to the variance that
    the items give it. `replicate` names the seed: blocks of one seed share their luck.
    """

    replicate: str
    items: Sequence[str]
    parts: Floats
    errors: Floats


class Effect(NamedTuple):
    """The mean difference over blocks and its interval; `sd` is how much seeds differ as such, None where there is one
    seed only: then the interval knows of the items alone."""

    mean: float
    low: float
    high: float
    p: float
    n: int
    blocks: int
    replicates: int
    sd: float | None


def effect(blocks: Sequence[Block], *, level: float = LEVEL) -> Effect:
    """The mean over replicates of the mean over each one's blocks.

    An item that several blocks have counts once: what they say of it is correlated. What the seeds add is the variance
    of the replicates' means, as `runs.between` takes it: all of it for up to FEW of them, and past that without half of
    what the items make of it, which is all of their noise where each seed has items of its own, and where all have the
    same the part that is not shared. Student's test and interval; with one replicate the sign-flip test.
    """
    sets = {id(block.items): block.items for block in blocks}
    place = {item: i for i, item in enumerate(dict.fromkeys(item for some in sets.values() for item in some))}
    places = {key: np.array([place[item] for item in some], dtype=np.intp) for key, some in sets.items()}
    by: dict[str, list[tuple[Floats, Floats]]] = {}
    for block in blocks:
        where = places[id(block.items)]
        parts, errors = np.zeros(len(place)), np.zeros(len(place))
        parts[where], errors[where] = block.parts, block.errors
        by.setdefault(block.replicate, []).append((parts, errors))
    parts = np.array([np.mean([each for each, _ in some], axis=0) for some in by.values()])
    errors = np.array([np.mean([each for _, each in some], axis=0) for some in by.values()])
    whole, error, n = parts.mean(axis=0), errors.mean(axis=0), len(place)
    mean, items = float(whole.sum()), float(error @ error)
    luck = between(parts.sum(axis=1), errors)
    ends = (n, len(blocks), len(by), luck.sd if len(by) > 1 else None)
    if items + luck.variance <= TINY**2:
        found = no_difference(n, level=level)
        return Effect(mean, max(-1.0, mean + found.low), min(1.0, mean + found.high), float(abs(mean) < TINY), *ends)
    df = degrees(items, n, luck)
    reach = student_quantile(df, level) * sqrt(items + luck.variance)
    p = student(mean, items, n, [luck]) if luck.variance else sign_flip(whole * n)
    return Effect(mean, max(-1.0, mean - reach), min(1.0, mean + reach), p, *ends)


def between(means: Floats, errors: Floats) -> Between:
    """What replicates add to the variance of their mean, beside what the items give it."""
    many = len(means)
    if many < 2:
        return ONE
    left = errors - errors.mean(axis=0)
    noise = float((left**2).sum()) / (many - 1)
    seen = float(means.var(ddof=1))
    careful = max(0.0, seen - (0.0 if many <= FEW else noise / 2))
    return Between(many, careful / many, sqrt(max(0.0, seen - noise)), many - 1)


def degrees(items: float, n: int, luck: Between) -> float:
    """Satterthwaite's degrees of freedom of the sum of both."""
    return (items + luck.variance) ** 2 / (items**2 / max(1, n - 1) + luck.variance**2 / luck.df)


def average(estimates: Sequence[tuple[float, float, float]], *, level: float = LEVEL) -> tuple[float, float, float]:
    """The mean over seeds of means in [0, 1] with their intervals, and an interval for it: the items' half-widths as if
    all seeds had the same items, and what the seeds add. One seed: as it is."""
    if len(estimates) == 1:
        return estimates[0]
    means = np.array([mean for mean, _, _ in estimates])
    half = fmean((high - low) / 2 for _, low, high in estimates)
    reach = student_quantile(len(means) - 1, level) * float(means.std(ddof=1)) / sqrt(len(means))
    mean, wide = float(means.mean()), sqrt(half**2 + reach**2)
    return mean, max(0.0, mean - wide), min(1.0, mean + wide)
