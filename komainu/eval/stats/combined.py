"""The mean of independent estimates, with an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum, sqrt
from typing import Any

from komainu.eval.stats.intervals import Estimate


def independent_mean(parts: Sequence[Estimate]) -> Estimate:
    """The mean of estimates of different items, each counting alike, and its interval from theirs.

    The squares of the distances to the lower ends are added, and those to the upper ends, so that an interval that is
    not symmetric stays so (MOVER: Zou and Donner 2008, Stat. Med. 27:1693). Estimates that share items are not
    independent: for these the interval is too narrow.
    """
    n = len(parts)
    assert n, "a mean needs parts"
    mean = fsum(part.mean for part in parts) / n
    below = sqrt(fsum((part.mean - part.low) ** 2 for part in parts)) / n
    above = sqrt(fsum((part.high - part.mean) ** 2 for part in parts)) / n
    return Estimate(mean, mean - below, mean + above)


def mean_of_means(parts: Sequence[Mapping[str, Any]], *, lacking: str = "") -> dict[str, Any]:
    """The same of summaries' estimates (mean, low, high), as a summary has it; None of nothing, and where one has none.

    `lacking` says why it is not whole.
    """
    if not parts or any(part["mean"] is None for part in parts):
        return {"mean": None, "low": None, "high": None, "lacking": lacking or "a part has no verdicts"}
    found = independent_mean([Estimate(part["mean"], part["low"], part["high"]) for part in parts])
    return {**{end: round(value, 6) for end, value in found._asdict().items()}, "lacking": lacking}
