"""The averages of a board: Japanese, English and both, on 0 to 100, with intervals clustered by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import fsum, sqrt
from typing import Any, NamedTuple

import numpy as np

from komainu.eval.columns import Column, accepted, lacking
from komainu.eval.stats.bootstrap import Floats
from komainu.eval.stats.cells import Pairing, pair
from komainu.eval.stats.paired import Comparison, weighed
from komainu.eval.stats.runs import Between, widened
from komainu.eval.stats.spread import Spread, interval, of_items, weighted
from komainu.eval.totals import rounded, significant

NO_ITEM = "a bench has no item with verdicts of both"
PARTS = {"ja": ("ja",), "en": ("en",), "avg": ("ja", "en")}
Goodness = Mapping[str, float]  # by item


class Average:
    """One entry's columns. An item that several benches look at counts once: what they say of it is correlated."""

    def __init__(self, columns: Sequence[Column], seed: int, accept: float = 0.0) -> None:
        self.columns, self.seed, self.accept = columns, seed, accept
        self.place = {i: n for n, i in enumerate(sorted({i for column in columns for i in column.verdicts}))}

    @cached_property
    def goodness(self) -> list[Goodness]:
        """Each column's items from 0 (worst) to 1 (best), those without a verdict left out."""
        return [{i: c.goodness(v) for i, v in c.values.items() if v is not None} for c in self.columns]

    @cached_property
    def between(self) -> list[Between]:
        """What the runs of each column add to the variance of its mean."""
        return [column.between for column in self.columns]

    def spread(self, goodness: Sequence[Goodness], weights: Floats) -> Spread:
        """Of the weighted mean of the columns' means over the given items, each column between its own bounds."""
        used = [(w, g, c) for w, g, c in zip(weights, goodness, self.columns, strict=True) if w]
        spreads = [widened(of_items([*map(c.measure.standing, items.values())]), c.swing) for _, items, c in used]
        where = [np.array([self.place[i] for i in items], dtype=np.intp) for _, items, _ in used]
        spans = [float(w) * c.measure.span / c.measure.top for w, _, c in used]
        worst = fsum(float(w) * c.goodness(c.measure.worst) for w, _, c in used)
        return weighted(spreads, spans, where, len(self.place)).moved(worst)

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """The averages there are: none over a language without a bench, as a part is never shown as the whole."""
        return {part: languages for part, languages in PARTS.items() if set(languages) <= set(self.languages)}

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted({column.measure.language for column in self.columns}))

    def weights(self, languages: Sequence[str]) -> Floats:
        """What each column counts for: languages alike, benches of a language alike, metrics of a bench alike."""
        keys = [(c.measure.language, c.measure.bench) for c in self.columns]
        benches = {language: len({b for x, b in keys if x == language}) for language in languages}
        return np.array([1 / (len(benches) * benches[k[0]] * keys.count(k)) if k[0] in benches else 0.0 for k in keys])

    def used(self, weights: Floats) -> list[Column]:
        return [column for column, weight in zip(self.columns, weights, strict=True) if weight]

    def estimate(self, languages: Sequence[str]) -> dict[str, Any]:
        """Mean and interval on 0-100; null with its reason and its bounds when verdicts are missing."""
        weights = self.weights(languages)
        columns, kept = self.used(weights), weights > 0
        worst, best = (
            rounded(100 * fsum(w * end for w, end in zip(weights[kept], ends, strict=True)))
            for ends in zip(*map(goodness_bounds, columns), strict=True)
        )
        why, told = lacking(columns, self.accept), accepted(columns, self.accept)
        rest = {"withheld": why, "accepted": told, "worst": worst, "best": best}
        if rest["withheld"]:
            return {**dict.fromkeys(("mean", "low", "high")), **rest}
        numbers = interval(self.spread(self.goodness, weights))
        return {**{k: rounded(100 * v) for k, v in numbers._asdict().items()}, **rest}


def goodness_bounds(column: Column) -> tuple[float, float]:
    """The mean goodness if all that is missing were the worst, and the best, that the bench can give."""
    what = column.measure
    return column.goodness(column.bound(what.worst)), column.goodness(column.bound(what.best))


def comparisons(a: Average, b: Average) -> Iterator[dict[str, Any]]:
    """Second minus first for each average, in points of 100, tested by flipping the sign of whole items."""
    for part, languages in a.parts.items():
        weights = a.weights(languages)
        why = lacking([*a.used(weights), *b.used(weights)], a.accept)
        found = withheld() if why else difference(a, b, weights)
        why = why or (NO_ITEM if found["difference"] is None else "")
        yield {"part": part, "higher_is_better": True, "withheld": why, **found}


def withheld() -> dict[str, Any]:
    """A comparison that is not made. Its p counts in the family, and is not told."""
    nothing = dict.fromkeys(("difference", "low", "high", "detectable", "boot_low", "boot_high"))
    return {"n": 0, **nothing, "p": 1.0, "up": 0, "down": 0}


class Paired(NamedTuple):
    """A comparison of averages, and the variance of the difference that the items give, on 0 to 1."""

    comparison: Comparison
    whole: float


def difference(a: Average, b: Average, weights: Floats) -> dict[str, Any]:
    """The weighted mean of the columns' differences, in points of 100, as board.json has it."""
    found = paired(a, b, weights)
    return written(found.comparison) if found else withheld()


def paired(a: Average, b: Average, weights: Floats) -> Paired | None:
    """The weighted mean of the columns' differences over the cells that both have; None where a column has none."""
    found = gaps(a, b, weights)
    if found is None:
        return None
    runs = [r.scaled(w) for each in (a, b) for r, w in zip(each.between, weights, strict=True) if w]
    spreads = (a.spread(found.first, weights), b.spread(found.second, weights))
    whole = float(found.errors @ found.errors)
    told = weighed(found.parts * len(found.items), *spreads, runs, f"{a.seed}:average", errors=found.errors)
    return Paired(told, whole)


class Gaps(NamedTuple):
    """A difference of averages item by item, on 0 to 1: `parts` add up to it, the squares of `errors` (the same without
    the means of the benches) to the variance that the items give it. `first` and `second` are the sides it is of."""

    items: list[str]
    parts: Floats
    errors: Floats
    first: list[Goodness]
    second: list[Goodness]


def gaps(a: Average, b: Average, weights: Floats) -> Gaps | None:
    """Second minus first over the cells that both have; None where a column has none."""
    pairs = [pair(c.cells, d.cells) if w else None for c, d, w in zip(a.columns, b.columns, weights, strict=True)]
    if any(each and not each.items for each in pairs):
        return None
    one, two = sides(a, pairs)
    parts = np.zeros(len(a.place))  # each item's part in the difference, over all its benches
    errors = np.zeros(len(a.place))  # the same without its bench's mean
    for weight, x, y in zip(weights, one, two, strict=True):
        where = [a.place[item] for item in x]
        found = np.array([y[item] - x[item] for item in x]) if x else np.zeros(0)
        parts[where] += weight * found / max(1, len(x))
        errors[where] += weight * (found - found.mean()) / sqrt(len(x) * max(1, len(x) - 1)) if x else 0.0
    there = sorted({a.place[item] for x in one for item in x})
    names = sorted(a.place)
    return Gaps([names[i] for i in there], parts[there], errors[there], one, two)


def sides(a: Average, pairs: Sequence[Pairing | None]) -> tuple[list[Goodness], list[Goodness]]:
    """The goodness of each column's paired items, of either model; nothing of a column that does not count."""

    def side(column: Column, each: Pairing | None, values: str) -> Goodness:
        there = zip(each.items, getattr(each, values), strict=True) if each else ()
        return {item: column.goodness(value) for item, value in there}

    one, two = ([side(c, p, s) for c, p in zip(a.columns, pairs, strict=True)] for s in ("first", "second"))
    return one, two


def written(found: Comparison) -> dict[str, Any]:
    """A comparison as it stands in board.json: p to six digits, the rest to six decimals."""
    numbers = {k: rounded(v) if isinstance(v, float) else v for k, v in found._asdict().items()}
    return {**numbers, "p": significant(found.p)}
