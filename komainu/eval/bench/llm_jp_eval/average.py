"""From the verdicts of the datasets to category means, their average, and correlations, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from komainu.eval.bench.llm_jp_eval.datasets import BENCH, CATEGORIES, of_category
from komainu.eval.columns import LIMIT
from komainu.eval.stats.bootstrap import RESAMPLES, Floats, chunks, counts, generator, percentiles
from komainu.eval.totals import by_item, estimate, item_means, rounded
from komainu.rows import Score

UNREAD = -2.0  # the similarity that upstream takes for an answer without a number


def averages(scores: Mapping[str, Sequence[Score]]) -> dict[str, Any]:
    """`average`, and `categories` with their datasets, from the scores of each dataset that was asked.

    A category is the mean of its datasets and the average the mean of the categories, each counting alike
    whatever its size. Nothing that is missing counts as 0: it is left out of the mean, which is then `partial`,
    and stands in `lacking` with the reason. That is a dataset without items or verdicts, or one with more than
    0.5 % of its verdicts missing. The interval resamples the items within each dataset.
    """
    categories: dict[str, Any] = {}
    means: dict[str, Floats] = {}
    lacking: dict[str, str] = {}
    for category in CATEGORIES:
        names = [dataset.name for dataset in of_category(category)]
        found = {name: values(scores[name]) for name in names if name in scores}
        told = {name: estimate([[v] for v in some], 1.0) for name, some in found.items()}
        why = {name: reason(scores.get(name), told.get(name)) for name in names}
        drawn = {name: replicates(some, name) for name, some in found.items() if told[name]["n"]}
        lacking |= {name: text for name, text in why.items() if text}
        if drawn:
            means[category] = np.mean([*drawn.values()], axis=0)
        mean = [told[name]["mean"] for name in drawn]
        partial = any(why[name] for name in names)
        categories[category] = {**interval(mean, means.get(category)), "partial": partial, "datasets": told}
    mean = [categories[category]["mean"] for category in means]
    whole = interval(mean, np.mean([*means.values()], axis=0) if means else None)
    return {"average": {**whole, "partial": bool(lacking), "lacking": lacking}, "categories": categories}


def values(scores: Sequence[Score]) -> list[float | None]:
    """Each item's mean verdict; None when all of them are missing."""
    return [*item_means(by_item(scores, "score")).values()]


def reason(scores: Sequence[Score] | None, told: Mapping[str, Any] | None) -> str:
    """Why a dataset is not whole; "" when it is."""
    if not scores or told is None:
        return "no items"
    share = told["missing"] / (told["n"] + told["missing"])
    if share <= LIMIT:
        return ""
    why = next(score.why for score in scores if score.value is None)
    return f"{100 * share:.1f} % of its verdicts are missing; the first: {why}"


def replicates(values: Iterable[float | None], seed: str) -> Floats:
    """The means of bootstrap resamples of the verdicts that are there, shape (RESAMPLES,)."""
    there = np.asarray([value for value in values if value is not None])
    return np.concatenate([block @ there / len(there) for block in counts(len(there), f"{BENCH}:{seed}")])


def interval(means: Sequence[float], drawn: Floats | None) -> dict[str, Any]:
    if drawn is None:
        return {"mean": None, "low": None, "high": None}
    low, high = percentiles(drawn)
    return {"mean": rounded(float(np.mean(means))), "low": rounded(low), "high": rounded(high)}


def correlations(pairs: Sequence[tuple[float | None, float]]) -> dict[str, Any]:
    """Pearson's and Spearman's correlation of said and right similarities, n, and how many answers had no number.

    An answer without a number counts as -2, and a correlation that does not exist as 0, as upstream has it.
    """
    said = np.asarray([UNREAD if value is None else value for value, _ in pairs])
    right = np.asarray([value for _, value in pairs])
    found: dict[str, Any] = {"n": len(pairs), "no_number": sum(value is None for value, _ in pairs)}
    for name, of in (("pearson", pearson), ("spearman", spearman)):
        if not pairs:
            found[name] = interval([], None)
            continue
        rng = generator(BENCH, name)
        drawn = [rng.integers(0, len(pairs), size=(rows, len(pairs))) for rows in chunks(RESAMPLES, len(pairs))]
        resampled = np.concatenate([of(said[at], right[at]) for at in drawn])
        found[name] = interval([float(of(said[None], right[None])[0])], resampled)
    return found


def pearson(a: Floats, b: Floats) -> Floats:
    """The correlation of each row of two arrays of shape (rows, n); 0 where a row does not vary."""
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    spread = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    found: Floats = np.divide((a * b).sum(axis=1), spread, out=np.zeros(len(a)), where=spread > 1e-12)
    return found


def spearman(a: Floats, b: Floats) -> Floats:
    return pearson(rankdata(a, axis=1), rankdata(b, axis=1))
