"""Agreement with a gold at the level of single answers and at the level of models, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from komainu.eval.panel.marks import Sheet
from komainu.eval.stats import agreement
from komainu.eval.stats.bootstrap import Floats, counts, generator, percentiles
from komainu.eval.totals import rounded

RESAMPLES = 1000
FEWEST = 5  # items or models from which an interval is drawn
DEFINED = 0.95  # the share of resamples that must give a number
Measure = Callable[[Floats, Floats, Floats], Floats]  # of gold, judge and weights

ITEM: Mapping[str, Measure] = {
    "pearson": agreement.pearson,
    "spearman": agreement.spearman,
    "qwk": agreement.weighted_kappa,
    "icc": agreement.icc,
    "exact": agreement.exact,
    "within_1": agreement.within,
    "mae": agreement.error,
    "bias": agreement.bias,
}
MODEL: Mapping[str, Measure] = {
    "pearson": agreement.pearson,
    "spearman": agreement.spearman,
    "kendall": agreement.kendall,
    "pairs": agreement.pair_agreement,
    "top_half": agreement.top_half,
    "slope": agreement.slope,
    "bias": agreement.bias,
}


def item_level(sheet: Sheet, gold: Floats, judge: Floats, seed: str) -> dict[str, Any]:
    """Over the answers that both have scored: each measure with its intervals over answers, over items (all answers to
    an item are drawn together) and over models (all answers of a model are)."""
    both = np.flatnonzero(~np.isnan(gold) & ~np.isnan(judge))
    if len(both) < 3:
        return {"n": len(both), **dict.fromkeys(ITEM)}
    cells, inverse = np.unique(np.stack([gold[both], judge[both]], axis=1), axis=0, return_inverse=True)
    (x, y), cell = cells.T, inverse.ravel().tolist()
    once = np.bincount(cell).astype(np.float64)
    items = [sheet.items[i] for i in both.tolist()]
    models = [sheet.answers[i].model for i in both.tolist()]
    drawn = {
        "answers": [generator("answers", seed).multinomial(len(both), once / once.sum(), RESAMPLES).astype(np.float64)],
        "items": [*clustered(cell, items, len(cells), f"{seed}:items")],
        "models": [*clustered(cell, models, len(cells), f"{seed}:models")],
    }
    found: dict[str, Any] = {"n": len(both)}
    for name, measure in ITEM.items():
        found[name] = {"value": number(measure(x, y, once[None])[0])}
        found[name] |= {over: interval(measured(measure, x, y, blocks)) for over, blocks in drawn.items()}
    return found


def clustered(cell: Sequence[int], cluster: Sequence[str], cells: int, seed: str) -> Iterator[Floats]:
    """How often each cell of equal scores is drawn when whole clusters are: blocks of resamples by cells; nothing where
    there are too few clusters."""
    names = {name: i for i, name in enumerate(dict.fromkeys(cluster))}
    table = np.zeros((len(names), cells))
    np.add.at(table, ([names[name] for name in cluster], cell), 1)
    if len(names) >= FEWEST:
        yield from (drawn @ table for drawn in counts(len(names), seed, RESAMPLES))


def measured(measure: Measure, x: Floats, y: Floats, blocks: Sequence[Floats]) -> Floats:
    """A measure of each resample."""
    return np.concatenate([measure(x, y, w) for w in blocks]) if blocks else np.empty(0)


class Means(NamedTuple):
    """The mean score of each model by each of some judges: `values`, models by judges; `replicates`, the same for
    resamples of the items, resamples by models by judges; nan where a model has too few items for that."""

    models: tuple[str, ...]
    values: Floats
    replicates: Floats


def model_means(sheet: Sheet, columns: Sequence[Floats], benches: Sequence[str], seed: str) -> Means:
    """The models' means over the items that all judges (`columns`) have scored for them; of several benches the mean
    of the benches' means, of the models that have all of these benches. Several answers to an item count as their mean.
    """
    parts = [bench_means(sheet, np.stack(columns, axis=1), bench, seed) for bench in benches]
    models = tuple(model for model in sheet.models if all(model in part.models for part in parts))
    several = len(benches) > 1
    values, replicates = [], []
    for bench, part in zip(benches, parts, strict=True):
        kept = [part.models.index(model) for model in models]
        factor = sheet.factor(bench) if several else 1.0
        values.append(factor * part.values[kept])
        replicates.append(factor * part.replicates[:, kept])
    return Means(models, np.mean(values, axis=0), np.mean(replicates, axis=0))


def bench_means(sheet: Sheet, columns: Floats, bench: str, seed: str) -> Means:
    """The same of one bench."""
    sums: dict[tuple[str, str], tuple[Floats, Floats]] = {}
    for answer, scores in zip(sheet.answers, columns, strict=True):
        if answer.bench == bench:
            there = ~np.isnan(scores)
            total, n = sums.get((answer.item, answer.model), (0.0, 0))
            sums[answer.item, answer.model] = (total + np.where(there, scores, 0.0), n + there)
    sums = {key: (total, n) for key, (total, n) in sums.items() if np.all(n > 0)}
    items = {item: i for i, item in enumerate(dict.fromkeys(item for item, _ in sums))}
    models = {model: i for i, model in enumerate(dict.fromkeys(model for _, model in sums))}
    table = np.zeros((len(items), len(models), columns.shape[1]))
    weight = np.zeros((len(items), len(models)))
    for (item, model), (total, n) in sums.items():
        table[items[item], models[model]] = total / n
        weight[items[item], models[model]] = 1.0
    if not sums:
        return Means((), np.empty((0, columns.shape[1])), np.empty((RESAMPLES, 0, columns.shape[1])))
    values = table.sum(axis=0) / weight.sum(axis=0)[:, None]
    blocks, few = [], weight.sum(axis=0)[:, None] < FEWEST
    for drawn in counts(len(items), f"{seed}:{bench}", RESAMPLES):
        n = (drawn @ weight)[..., None]
        mean = np.tensordot(drawn, table, axes=1) / np.maximum(n, 1)
        mean = np.where(n > 0, mean, values)  # a model none of whose items was drawn keeps its mean
        blocks.append(np.where(few, np.nan, mean))
    return Means(tuple(models), values, np.concatenate(blocks))


def model_level(sheet: Sheet, gold: Floats, judge: Floats, benches: Sequence[str], seed: str) -> dict[str, Any]:
    """Over the models' means: each measure with its intervals over items and over models."""
    means = model_means(sheet, [gold, judge], benches, seed)
    n = len(means.models)
    x, y = means.values.T
    alone = np.ones((RESAMPLES, n))
    over_items = () if np.isnan(means.replicates).any() else (means.replicates[..., 0], means.replicates[..., 1])
    models = [*counts(n, f"{seed}:models", RESAMPLES)] if n >= FEWEST else []
    found: dict[str, Any] = {"models": n}
    for name, measure in MODEL.items():
        if n < 3:  # two models are in one order or the other
            found[name] = None
            continue
        found[name] = {
            "value": number(measure(x, y, np.ones((1, n)))[0]),
            "items": interval(measure(*over_items, alone)) if over_items else None,
            "models": interval(measured(measure, x, y, models)),
        }
    return found


def number(value: float) -> float | None:
    return None if np.isnan(value) else rounded(value)


def interval(replicates: Floats) -> list[float] | None:
    """The percentile interval; None where there are no resamples or too many of them give no number."""
    there = replicates[~np.isnan(replicates)]
    if len(there) < DEFINED * RESAMPLES:
        return None
    return [rounded(end) for end in percentiles(there)]
