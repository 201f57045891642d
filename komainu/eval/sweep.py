"""The content of a sampler sweep: each point's quality and leakage, what is distinguishable, the advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from komainu.eval.columns import read, same_items
from komainu.eval.headline import Average, difference
from komainu.eval.sampler import SamplerSweep
from komainu.eval.stats.family import holm, word
from komainu.eval.totals import rounded
from komainu.store import reference

if TYPE_CHECKING:
    from komainu.context import Context


def sweep(stage: SamplerSweep, ctx: Context) -> dict[str, Any]:
    """What sweep.json holds; see SamplerSweep."""
    names = [point.name for point in stage.points]
    quality = against_best(tables(names, [list(read(p.quality, ctx)) for p in stage.points], stage.seed))
    leakage = against_best(tables(names, [list(read(p.leakage, ctx)) for p in stage.points], stage.seed))
    points = [
        {
            "point": point.name,
            "temperature": point.model.temperature,
            "top_p": point.model.top_p,
            "min_p": point.model.min_p,
            "quality": good,
            "leakage": as_rate(clean),
            "scores": [reference(scores) for scores in (*point.quality, *point.leakage)],
        }
        for point, good, clean in zip(stage.points, quality, leakage, strict=True)
    ]
    return {"points": points, "advice": advice(points)}


def tables(names: list[str], columns: list[list[Any]], seed: int) -> list[Average]:
    """One table a point, all about the same items."""
    for name, others in zip(names, columns, strict=True):
        for a, b in zip(columns[0], others, strict=True):
            same_items(a, b, names[0], name)
    return [Average(some, seed) for some in columns]


def against_best(averages: list[Average]) -> list[dict[str, Any]]:
    """Each point's mean goodness on 0-100 and its word against the best point, which has the word "best"."""
    languages = averages[0].languages
    weights = averages[0].weights(languages)
    found = [average.estimate(languages) for average in averages]
    there = [i for i, each in enumerate(found) if each and each["mean"] is not None]
    best = max(there, key=lambda i: (found[i]["mean"], -i), default=None)
    words = dict.fromkeys(range(len(found)), "withheld")
    if best is not None:
        others = [i for i in there if i != best]
        changes = [difference(averages[best], averages[i], weights) for i in others]
        for i, change, p in zip(others, changes, holm([c["p"] for c in changes]), strict=True):
            words[i] = word(change["difference"], p)
        words[best] = "best"
    return [{**each, "word": words[i]} for i, each in enumerate(found)]


def as_rate(clean: dict[str, Any]) -> dict[str, Any]:
    """Goodness as the rate it is 100 minus of: low and high change places."""

    def rate(name: str) -> float | None:
        return None if clean[name] is None else rounded(100 - clean[name])

    ends = {
        "mean": rate("mean"),
        "low": rate("high"),
        "high": rate("low"),
        "worst": rate("worst"),
        "best": rate("best"),
    }
    return {**clean, **ends}


def advice(points: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The point of best quality among those of low leakage; None when verdicts are missing everywhere."""
    kept = [
        p
        for p in points
        if p["leakage"]["word"] in ("best", "not distinguishable") and p["quality"]["word"] != "withheld"
    ]
    if not kept:
        return None
    chosen = min(kept, key=lambda p: (-p["quality"]["mean"], p["leakage"]["mean"], p["temperature"]))
    lowest = min(p["leakage"]["mean"] for p in kept)
    why = (
        f"the best quality ({chosen['quality']['mean']:.1f}) of the {len(kept)} of {len(points)} settings whose "
        f"leakage is not distinguishable from the lowest ({lowest:.1f} %)"
    )
    return {**{k: chosen[k] for k in ("point", "temperature", "top_p", "min_p")}, "why": why}
