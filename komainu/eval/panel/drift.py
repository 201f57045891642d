"""Drift: the same judges on the same answers, then and now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from komainu.errors import UsageError
from komainu.eval.panel.levels import number
from komainu.eval.panel.marks import Sheet
from komainu.eval.stats import agreement
from komainu.eval.stats.bootstrap import Floats, bca_mean
from komainu.eval.stats.family import holm
from komainu.eval.stats.flips import mcnemar, sign_flip
from komainu.eval.stats.intervals import LEVEL
from komainu.eval.totals import rounded, significant


@dataclass(frozen=True)
class Bounds:
    """What a judge may differ by: its mean by `shift` of the scale (the range of the frozen scores where the scale is
    not known), its weighted kappa with its frozen scores down to `kappa`."""

    shift: float = 0.02
    kappa: float = 0.6


def drift(frozen: Sheet, now: Sheet, seed: str, bounds: Bounds = Bounds()) -> list[dict[str, Any]]:
    """One a judge of the frozen set.

    n, shift         answers scored both times, and by how much the mean has risen, with its BCa interval
    p, p_holm        of the sign-flip test of no shift, and after Holm's correction over the judges
    exact, kappa     the share of equal scores, and the quadratic weighted kappa of the two
    lost, found      verdicts that are missing only now, only then, and the p of McNemar's test
    alarm            why the judge is not the same any more; "" when it is: the shift is past the bound and p_holm at
                     most 0.05; the kappa is below its bound; more verdicts are missing, p at most 0.05; or the judge
                     did not judge again

    Raises UsageError when the two have no answer in common.
    """
    place = {answer: i for i, answer in enumerate(now.answers)}
    shared = [(i, place[answer]) for i, answer in enumerate(frozen.answers) if answer in place]
    if not shared:
        raise UsageError("the frozen set and the scores now have no answer in common: judge the frozen answers again")
    then, again = (np.array(side) for side in zip(*shared, strict=True))
    rows = [one(frozen, now, judge, then, again, seed) for judge in frozen.judges]
    for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = significant(p)
        row["alarm"] = alarm(row, bounds)
    return rows


def one(frozen: Sheet, now: Sheet, judge: str, then: Any, again: Any, seed: str) -> dict[str, Any]:
    before = frozen.of(judge)[then]
    after = now.of(judge)[again] if judge in now.judges else np.full(len(again), np.nan)
    both = ~np.isnan(before) & ~np.isnan(after)
    lost = int((~np.isnan(before) & np.isnan(after)).sum())
    found = int((np.isnan(before) & ~np.isnan(after)).sum())
    rest = {"judge": judge, "n": int(both.sum()), "lost": lost, "found": found}
    if not both.any():
        return {**rest, **dict.fromkeys(("shift", "low", "high", "share", "exact", "kappa")), "p": 1.0, "lost_p": 1.0}
    x, y, once = before[both], after[both], np.ones((1, int(both.sum())))
    mean = bca_mean(y - x, f"{seed}:{judge}")
    return {
        **rest,
        "shift": rounded(mean.mean),
        "low": rounded(mean.low),
        "high": rounded(mean.high),
        "share": rounded(mean.mean / reach(frozen, before)),
        "exact": number(agreement.exact(x, y, once)[0]),
        "kappa": number(agreement.weighted_kappa(x, y, once)[0]),
        "p": significant(sign_flip(y - x)),
        "lost_p": significant(mcnemar(found, lost)),
    }


def reach(frozen: Sheet, scores: Floats) -> float:
    """How far apart scores can be: the highest top there is, or the range of these."""
    seen = float(np.nanmax(scores) - np.nanmin(scores))
    return max(frozen.tops.values(), default=0.0) or seen or 1.0


def alarm(row: dict[str, Any], bounds: Bounds) -> str:
    if row["shift"] is None:
        return "the judge has no verdict on the frozen answers"
    found = []
    if abs(row["share"]) > bounds.shift and row["p_holm"] <= 1 - LEVEL + 1e-12:
        found.append(f"its mean has moved by {row['shift']:+.3f}, {100 * abs(row['share']):.1f} % of the scale")
    if row["kappa"] is not None and row["kappa"] < bounds.kappa:
        found.append(f"it agrees with itself at a kappa of {row['kappa']:.2f}, below {bounds.kappa:g}")
    if row["lost"] > row["found"] and row["lost_p"] <= 1 - LEVEL + 1e-12:
        found.append(f"{row['lost']} verdicts are missing that were there")
    return "; ".join(found)
