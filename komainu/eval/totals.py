"""From the scores of one bench to its numbers: mean, n, missing, interval, reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scipy.special import stdtrit

from komainu.eval.base import Bench
from komainu.eval.stats.intervals import LEVEL, Estimate, mean_interval, wilson
from komainu.rows import Chat, Score

DIGITS = 6


def rounded(value: float) -> float:
    """A number as it is written: six decimals, no negative zero."""
    return round(float(value), DIGITS) + 0.0


def significant(p: float) -> float:
    """A p-value as it is written: six significant digits, so that a small one is not 0."""
    return float(f"{p:.6g}")


def by_item(scores: Iterable[Score], metric: str) -> dict[str, list[float | None]]:
    """The values of a metric by item id, in the order of the rows; None is a missing verdict."""
    found: dict[str, list[float | None]] = {}
    for score in scores:
        if score.metric == metric:
            found.setdefault(score.id, []).append(score.value)
    return found


def item_means(values: Mapping[str, list[float | None]]) -> dict[str, float | None]:
    """The mean of each item's verdicts; None when all of them are missing."""
    there = {i: [v for v in some if v is not None] for i, some in values.items()}
    return {i: sum(some) / len(some) if some else None for i, some in there.items()}


def pooled_interval(items: Sequence[Sequence[float]], *, top: float = 1.0, level: float = LEVEL) -> Estimate:
    """The mean over all scores of all items, each in [0, top], and its interval, clustered by item.

    The mean is the ratio of the items' sums to their counts, so an item with more scores weighs more. The interval
    is Wilson's with the effective sample size m(1-m)/v, where v is the linearised variance of the ratio (Cochran
    1977, Sampling Techniques, 6.3), and Student's quantile. With equally many scores an item it is `mean_interval`.
    """
    n, total = len(items), sum(map(len, items))
    mean = sum(map(sum, items)) / (top * total)
    if len({len(scores) for scores in items}) == 1 or mean in (0, 1):
        return mean_interval(items, top=top, level=level)
    left = [sum(scores) / top - mean * len(scores) for scores in items]
    spread = n / (n - 1) * sum(x * x for x in left) / total**2
    if spread < 1e-24:  # every item has the same mean inside the bounds: nothing to estimate a spread from
        return Estimate(mean * top, mean * top, mean * top)
    effective = mean * (1 - mean) / spread
    share, low, high = wilson(mean * effective, effective, z=float(stdtrit(n - 1, (1 + level) / 2)))
    return Estimate(share * top, low * top, high * top)


def estimate(values: Iterable[list[float | None]], top: float, *, pooled: bool = False) -> dict[str, Any]:
    """Mean over items (over all verdicts when `pooled`), n and missing verdicts, 95 % interval clustered by item;
    the numbers are None when n is 0."""
    kept = list(values)
    items = [there for some in kept if (there := [v for v in some if v is not None])]
    n = sum(map(len, items))
    counts = {"n": n, "items": len(items), "missing": sum(map(len, kept)) - n}
    if not items:
        return {"mean": None, **counts, "low": None, "high": None}
    found = (pooled_interval if pooled else mean_interval)(items, top=top)
    return {"mean": rounded(found.mean), **counts, "low": rounded(found.low), "high": rounded(found.high)}


def totals(bench: Bench, scores: list[Score]) -> dict[str, Any]:
    """Metric to its estimate and to the reasons given, counted by the word before the colon; a judge's are not."""
    found = {}
    for metric in bench.metrics:
        told = (s for s in scores if s.metric == metric and s.why and (s.by == "rule" or s.value is None))
        reasons = Counter(s.why.split(":")[0] for s in told)
        found[metric] = {
            **estimate(by_item(scores, metric).values(), bench.top, pooled=metric in bench.pooled),
            "reasons": dict(sorted(reasons.items())),
        }
    return found


def summary(bench: Bench, chats: Sequence[Chat], scores: list[Score]) -> dict[str, Any]:
    """What is told of a bench's scores of some answers: `metrics`; `by` and `overall` where it has groups, or that."""
    groups = {chat.id: group for chat in chats if (group := bench.group(chat))}
    by = by_group(bench, scores, groups)
    parts = {"metrics": totals(bench, scores), "by": by, "overall": bench.overall(chats, scores)}
    return {name: part for name, part in parts.items() if part}


def by_group(bench: Bench, scores: list[Score], groups: Mapping[str, str]) -> dict[str, Any]:
    """Group name (sorted) to the estimate of the bench's first metric over the items of the group."""
    found = by_item(scores, bench.metrics[0])
    pooled = bench.metrics[0] in bench.pooled
    return {
        name: estimate([found[i] for i, group in groups.items() if group == name], bench.top, pooled=pooled)
        for name in sorted(set(groups.values()))
    }
