"""The averages of a board: Japanese, English and both, on 0 to 100, with intervals by bootstrap over items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from komainu.eval.columns import Column, accepted, lacking
from komainu.eval.stats.bootstrap import RESAMPLES, Bools, Floats, counts, percentiles
from komainu.eval.stats.intervals import Estimate, wilson
from komainu.eval.stats.paired import TINY, detectable, no_difference, sign_flip
from komainu.eval.totals import rounded, significant

PARTS = {"ja": ("ja",), "en": ("en",), "avg": ("ja", "en")}


class Average:
    """One entry's columns as a table of goodness (0 worst, 1 best), items by columns, nan where there is none.

    The bootstrap draws items, not scores: an item that several benches look at is drawn for all of them. The
    same seed draws the same items for every entry, so differences of replicates are paired.
    """

    def __init__(self, columns: Sequence[Column], seed: int, accept: float = 0.0) -> None:
        self.columns, self.seed, self.accept = columns, seed, accept
        self.ids = sorted({i for column in columns for i in column.verdicts})
        place = {i: n for n, i in enumerate(self.ids)}
        self.goodness: Floats = np.full((len(self.ids), len(columns)), np.nan)
        for c, column in enumerate(columns):
            for i, value in column.values.items():
                if value is not None:
                    self.goodness[place[i], c] = column.goodness(value)

    @cached_property
    def means(self) -> Floats:
        """The mean of each column, shape (columns,); nan when nothing of it was scored."""
        there = ~np.isnan(self.goodness)
        n = there.sum(axis=0)
        return np.where(n > 0, np.where(there, self.goodness, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan)

    @cached_property
    def replicates(self) -> Floats:
        """The means of each resample, shape (resamples, columns); a column no item was drawn for keeps its mean."""
        there = ~np.isnan(self.goodness)
        filled = np.where(there, self.goodness, 0.0)
        found = np.empty((RESAMPLES, len(self.columns)))
        start = 0
        for drawn in counts(len(self.ids), f"{self.seed}:average"):
            n = drawn @ there.astype(np.float64)
            means = np.where(n > 0, drawn @ filled / np.maximum(n, 1), self.means)
            found[start : start + len(drawn)] = means
            start += len(drawn)
        return found

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The averages there are: none over a language without a bench, as a part is never shown as the whole."""
        return {part: languages for part, languages in PARTS.items() if set(languages) <= set(self.languages)}

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted({column.scores.bench.language for column in self.columns}))

    def weights(self, languages: Sequence[str]) -> Floats:
        """What each column counts for: languages alike, benches of a language alike, metrics of a bench alike."""
        keys = [(c.scores.bench.language, c.scores.bench.title) for c in self.columns]
        benches = {language: len({b for x, b in keys if x == language}) for language in languages}
        return np.array([1 / (len(benches) * benches[k[0]] * keys.count(k)) if k[0] in benches else 0.0 for k in keys])

    def used(self, weights: Floats) -> list[Column]:
        return [column for column, weight in zip(self.columns, weights, strict=True) if weight]

    def estimate(self, languages: Sequence[str]) -> dict[str, Any]:
        """Mean and interval on 0-100; null with its reason and its bounds when verdicts are missing."""
        weights = self.weights(languages)
        columns, kept = self.used(weights), weights > 0
        worst, best = (
            rounded(100 * sum(w * end for w, end in zip(weights[kept], ends, strict=True)))
            for ends in zip(*map(goodness_bounds, columns), strict=True)
        )
        why, told = lacking(columns, self.accept), accepted(columns, self.accept)
        rest = {"withheld": why, "accepted": told, "worst": worst, "best": best}
        if rest["withheld"]:
            return {**dict.fromkeys(("mean", "low", "high")), **rest}
        numbers = self.interval(weights[kept], kept)
        return {**{k: rounded(100 * v) for k, v in numbers._asdict().items()}, **rest}

    def interval(self, weights: Floats, kept: Bools) -> Estimate:
        """The weighted mean of the kept columns, and Wilson's interval with the effective sample size that the
        bootstrap shows; where every resample gives the same, with that of independent columns, at most the items."""
        mean = min(1.0, float(self.means[kept] @ weights))
        spread = float((self.replicates[:, kept] @ weights).std())
        there = ~np.isnan(self.goodness[:, kept])
        independent = 1 / float((weights**2 / there.sum(axis=0)).sum())
        effective = mean * (1 - mean) / spread**2 if spread > TINY else min(independent, there.any(axis=1).sum())
        return wilson(mean * effective, effective)


def goodness_bounds(column: Column) -> tuple[float, float]:
    """The mean goodness if all that is missing were the worst, and the best, that the bench can give."""
    bench = column.scores.bench
    return column.goodness(column.bound(bench.worst)), column.goodness(column.bound(bench.best))


def comparisons(a: Average, b: Average) -> Iterator[dict[str, Any]]:
    """Second minus first for each average, in points of 100, tested by flipping the sign of whole items."""
    for part, languages in a.parts.items():
        weights = a.weights(languages)
        why = lacking([*a.used(weights), *b.used(weights)], a.accept)
        test = {"part": part, "higher_is_better": True, "withheld": why}
        yield {**test, **(withheld() if why else difference(a, b, weights))}


def withheld() -> dict[str, Any]:
    nothing = dict.fromkeys(("difference", "low", "high", "detectable"))
    return {"n": 0, **nothing, "p": 1.0, "up": 0, "down": 0}


def difference(a: Average, b: Average, weights: Floats) -> dict[str, Any]:
    """Each item's part in the difference, over all its benches; their sum, its interval and its test."""
    kept = weights > 0
    gaps = (b.goodness - a.goodness)[:, kept]
    there = ~np.isnan(gaps)
    shares = np.where(there, gaps, 0.0) * weights[kept] / there.sum(axis=0)
    parts = shares[there.any(axis=1)].sum(axis=1)
    up, down = int((parts > TINY).sum()), int((parts < -TINY).sum())
    if up + down:
        low, high = percentiles((b.replicates - a.replicates)[:, kept] @ weights[kept])
    else:
        _, low, high = no_difference(int(there.sum(axis=0).min()))
    least = detectable(parts * len(parts), shares=False)
    return {
        "n": len(parts),
        "difference": rounded(100 * float(parts.sum())),
        "low": rounded(100 * low),
        "high": rounded(100 * high),
        "p": significant(sign_flip(parts, f"{a.seed}:average")),
        "up": up,
        "down": down,
        "detectable": None if least is None else rounded(100 * least),
    }
