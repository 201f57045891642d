"""What would decide a difference: how many more items, judges, samples or runs."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, fsum, sqrt
from statistics import fmean, variance
from typing import Any, NamedTuple

import numpy as np

from komainu.eval.stats.cells import RULE, Cells
from komainu.eval.stats.paired import quantiles
from komainu.eval.stats.runs import Between

MOST = 10**7  # more than so many is as good as never


class Makeup(NamedTuple):
    """What the variance of a mean difference is made of, as it was measured, for scores in [0, 1].

    `variance` is all that more items lessen; `judges` and `samples` are what of it judges' noise and the noise of
    drawing an answer make up, and `runs` what runs add to it. None: not known, as there is one only. The counts are of
    judges, of samples of each answer, and of runs of either model.
    """

    variance: float
    judges: float | None
    samples: float | None
    runs: float
    n_judges: int = 1
    n_samples: int = 1
    n_runs: int = 1


def makeup(
    first: Cells, second: Cells, whole: float, runs: Sequence[Between] = (), *, top: float = 1.0, samples: int = 1
) -> Makeup:
    """Of the mean difference of two models' verdicts with the variance `whole` (of scores in [0, 1], without runs).

    Judges: what is left of the differences by item and judge when the item's and the judge's means are taken out, over
    judges and items; that a judge prefers one model as such is not noise, and more items do not lessen it. Samples:
    the variance between the `samples` answers to an item, of both models.
    """
    noise, n_judges = judge_noise(first, second)
    luck = [sample_noise(cells, samples) for cells in (first, second)]
    known = [each for each in luck if each is not None]
    return Makeup(
        whole,
        None if noise is None else min(whole, noise / top**2),
        min(whole, fsum(known) / top**2) if len(known) == len(luck) else None,
        sum(each.variance for each in runs),
        n_judges,
        samples,
        max((each.runs for each in runs), default=1),
    )


def judge_noise(first: Cells, second: Cells) -> tuple[float | None, int]:
    """The part of the mean difference's variance that is judges' noise, and the number of judges."""
    judges = sorted({judge for cells in first.values() for judge in cells} - {RULE})
    rows = []
    for item, ours in first.items():
        pairs = [(there(ours.get(judge, ())), there(second.get(item, {}).get(judge, ()))) for judge in judges]
        if all(a and b for a, b in pairs):
            rows.append([fmean(b) - fmean(a) for a, b in pairs])
    if len(judges) < 2 or len(rows) < 2:
        return None, max(1, len(judges))
    x = np.array(rows)
    left = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + x.mean()
    n, many = x.shape
    return float((left**2).sum()) / ((n - 1) * (many - 1)) / (n * many), many


def sample_noise(cells: Cells, samples: int) -> float | None:
    """The part of a mean's variance that is the luck of drawing answers; None where no item shows it. An item with
    other than `samples` verdicts of a judge, such as one an instruction, does not."""
    noises = []
    for by in cells.values():
        if samples > 1 and all(len(some) == samples for some in by.values()):
            means = [fmean(some) for column in zip(*by.values(), strict=True) if (some := there(column))]
            noises += [variance(means) / len(means)] if len(means) > 1 else []
    return fmean(noises) / len(cells) if noises else None


def there(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def weighed(parts: Sequence[tuple[float, Makeup]], whole: float) -> Makeup:
    """Of a weighted mean of differences with the variance `whole`; a part that is not known counts nothing."""

    def total(name: str) -> float | None:
        known = [weight**2 * value for weight, each in parts if (value := getattr(each, name)) is not None]
        return sum(known) if known else None

    counts = {n: max(getattr(each, n) for _, each in parts) for n in ("n_judges", "n_samples", "n_runs")}
    runs = fsum(weight**2 * each.runs for weight, each in parts)
    return Makeup(whole, total("judges"), total("samples"), runs, **counts)


def decide(difference: float, n: int, of: Makeup, alpha: float, *, least: int = 0) -> dict[str, Any]:
    """How many more `items`, `judges`, `samples` (of an item) or `runs` would find a true difference of the size seen
    with 80 % power, in a two-sided test at `alpha`, each with the others as they are. None where no number would, or
    it cannot be known; `why` says so. `least` is the number of differing items that a test needs at all.

    Taken at its word: the difference seen is itself uncertain, and so is what is told here.
    """
    nothing: dict[str, Any] = dict.fromkeys(("items", "judges", "samples", "runs"))
    if abs(difference) < 1e-12:
        return {**nothing, "why": "the difference seen is 0, which no number of items, judges or samples decides"}
    goal = (abs(difference) / quantiles(alpha)) ** 2
    found = {
        "items": more(n, of.variance, goal - of.runs),
        "judges": None if of.judges is None else more(of.n_judges, of.judges, goal - of.runs - of.variance + of.judges),
        "samples": None
        if of.samples is None
        else more(of.n_samples, of.samples, goal - of.runs - of.variance + of.samples),
        "runs": None if of.n_runs == 1 else more(of.n_runs, of.runs, goal - of.variance),
    }
    if found["items"] is not None:
        found["items"] = max(found["items"], ceil(least / abs(difference)) - n)
    return {**found, "why": "; ".join(reasons(found, of))}


def detectable(of: Makeup, alpha: float, n: int, least: int = 0) -> float | None:
    """The smallest true difference that such a comparison finds with 80 % power in a two-sided test at `alpha`."""
    smallest = max(quantiles(alpha) * sqrt(of.variance + of.runs), least / n)
    return min(1.0, smallest) if smallest > 0 else None


def more(now: int, part: float, goal: float) -> int | None:
    """How many more of what makes up `part` of the variance bring it down to `goal`."""
    if goal <= 0:
        return None
    needed = ceil(now * part / goal - 1e-9)
    return max(0, needed - now) if needed <= MOST else None


def reasons(found: dict[str, int | None], of: Makeup) -> list[str]:
    """Why there is no number, of each that has none."""
    told = []
    if found["items"] is None:
        told.append("no number of items would: the runs differ too much" if of.runs else "no number of items would")
    if found["judges"] is None and of.n_judges > 1:
        told.append("no number of judges would: the items differ too much")
    if found["samples"] is None:
        one = "what more samples would do is not known from one an item"
        told.append(one if of.samples is None else "no number of samples would: the items differ too much")
    return told
