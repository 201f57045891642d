"""From the scores of one bench to its numbers: mean, n, missing, interval, reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from komainu.eval.base import Bench
from komainu.eval.stats.spread import mean_interval, pooled_interval
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
    return {i: fmean(some) if some else None for i, some in there.items()}


def estimate(
    values: Iterable[list[float | None]], top: float, *, bottom: float = 0.0, pooled: bool = False
) -> dict[str, Any]:
    """Mean over items (over all verdicts when `pooled`), n and missing verdicts, 95 % interval clustered by item;
    the numbers are None when n is 0."""
    kept = list(values)
    items = [there for some in kept if (there := [v for v in some if v is not None])]
    n = sum(map(len, items))
    counts = {"n": n, "items": len(items), "missing": sum(map(len, kept)) - n}
    if not items:
        return {"mean": None, **counts, "low": None, "high": None}
    found = (pooled_interval if pooled else mean_interval)(items, bottom=bottom, top=top)
    return {"mean": rounded(found.mean), **counts, "low": rounded(found.low), "high": rounded(found.high)}


def totals(bench: Bench, scores: list[Score]) -> dict[str, Any]:
    """Metric to its estimate and to the reasons given, counted by the word before the colon; a judge's are not."""
    found = {}
    for metric in bench.metrics:
        told = (s for s in scores if s.metric == metric and s.why and (s.by == "rule" or s.value is None))
        reasons = Counter(s.why.split(":")[0] for s in told)
        found[metric] = {
            **estimate(by_item(scores, metric).values(), bench.top, bottom=bench.low, pooled=metric in bench.pooled),
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
    members = {name: [i for i, group in groups.items() if group == name] for name in sorted(set(groups.values()))}
    return {
        name: estimate([found[i] for i in own], bench.top, bottom=bench.low, pooled=pooled)
        for name, own in members.items()
    }
