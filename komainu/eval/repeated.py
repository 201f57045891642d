"""The numbers of a metric that several runs of one evaluation gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import fsum
from statistics import fmean
from typing import Any

from komainu.eval.columns import Column
from komainu.eval.stats.runs import widened
from komainu.eval.stats.spread import interval, of_items, of_scores
from komainu.eval.totals import rounded
from komainu.store import reference


def repeated(column: Column, summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The mean over all runs, its interval with what items and what runs give, and `runs`: the mean of each, and `sd`,
    how much runs differ as such: 0 where they differ no more than their items explain.

    Judges' numbers are of all runs. A number of the bench's own is the mean of the runs', and so are its ends.
    """
    what = column.measure
    parts = [summary["metrics"][what.metric] for summary in summaries]
    reasons = sum((Counter(part["reasons"]) for part in parts), Counter())
    found: dict[str, Any] = {**ends(column), "reasons": dict(sorted(reasons.items()))}
    told = [summary["judges"][what.metric] for summary in summaries if "judges" in summary]
    if told:
        names = told[0]["by"]
        found["judges"] = {name: pooled([each["by"][name] for each in told]) for name in names}
        found["balanced"] = mean([each["balanced"] for each in told])
    bench = column.scores[0].bench
    own = [bench.own(summary) for summary in summaries] if what.metric == bench.metrics[0] else []
    if any(own):
        lacking = next((each["lacking"] for each in own if each["lacking"]), "")
        found["own"] = {
            **{end: mean([each[end] for each in own]) for end in ("mean", "low", "high")},
            "lacking": lacking,
        }
    refs = [reference(scores) for scores in column.scores]
    each = [{"scores": ref, "mean": part["mean"]} for ref, part in zip(refs, parts, strict=True)]
    return {**found, "runs": {"n": len(parts), "sd": rounded(column.between.sd * what.top), "each": each}}


def ends(column: Column) -> dict[str, Any]:
    """Mean, interval and counts over all runs, clustered by item."""
    items = [there for some in column.verdicts.values() if (there := [v for v in some if v is not None])]
    n, what = sum(map(len, items)), column.measure
    counts = {"n": n, "items": len(items), "missing": sum(map(len, column.verdicts.values())) - n}
    if not items:
        return {"mean": None, **counts, "low": None, "high": None}
    shares = [[(value - what.low) / what.span for value in some] for some in items]
    spread = of_scores(shares) if what.pooled else of_items([fmean(some) for some in shares])
    found = interval(widened(spread, column.swing)).times(what.span, what.low)
    return {"mean": rounded(found.mean), **counts, "low": rounded(found.low), "high": rounded(found.high)}


def pooled(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A judge's mean, n and missing verdicts over all runs."""
    n, missing = (sum(part[key] for part in parts) for key in ("n", "missing"))
    total = fsum(part["n"] * part["mean"] for part in parts if part["n"])
    return {"mean": rounded(total / n) if n else None, "n": n, "missing": missing}


def mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return rounded(fmean(there)) if len(there) == len(values) else None
