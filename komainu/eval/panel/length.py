"""Length bias: how a judge's scores rise with the length of an answer beyond what a reference sees in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from komainu.eval.panel.levels import FEWEST, interval, number
from komainu.eval.panel.marks import Sheet
from komainu.eval.stats.agreement import TINY
from komainu.eval.stats.bootstrap import Bools, Floats, counts


def length_bias(sheet: Sheet, judge: Floats, reference: Floats, seed: str) -> dict[str, Any]:
    """In points for an answer twice as long, each answer against the other answers to its item.

    score    of the judge itself: longer answers may be better ones
    excess   of the judge minus the reference (the gold, or the mean of the other judges): the bias

    Intervals over items. None where no item has answers of two lengths, or the lengths are not known.
    """
    with np.errstate(divide="ignore"):
        doublings = np.log2(sheet.lengths)
    known = np.isfinite(doublings) & ~np.isnan(judge)
    return {
        "score": slope(sheet, doublings, judge, known, seed),
        "excess": slope(sheet, doublings, judge - reference, known & ~np.isnan(reference), seed),
    }


def slope(sheet: Sheet, x: Floats, y: Floats, kept: Bools, seed: str) -> dict[str, Any] | None:
    """The slope of y on x within items, with its interval over items."""
    by_item: dict[str, list[int]] = {}
    for i in np.flatnonzero(kept).tolist():
        by_item.setdefault(sheet.items[i], []).append(i)
    several = [some for some in by_item.values() if len(some) > 1]
    sums = np.array([within(x[some], y[some]) for some in several]).reshape(-1, 2)
    if sums[:, 0].sum() < TINY:
        return None
    replicates = np.empty(0)
    if len(sums) >= FEWEST:
        drawn = np.concatenate([block @ sums for block in counts(len(sums), seed)])
        replicates = np.where(drawn[:, 0] > TINY, drawn[:, 1] / np.maximum(drawn[:, 0], TINY), np.nan)
    total = sums.sum(axis=0)
    n = sum(map(len, several))
    return {"value": number(total[1] / total[0]), "items": interval(replicates), "n": n}


def within(x: Floats, y: Floats) -> tuple[float, float]:
    """The sums of squares of x and of products of x and y around their means."""
    dx = x - x.mean()
    return float(dx @ dx), float(dx @ (y - y.mean()))
