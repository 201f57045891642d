"""Missing verdicts: how many each judge lacks of each bench, and whether that has to do with how good answers are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from scipy.stats import mannwhitneyu

from komainu.eval.panel.levels import FEWEST, interval, number
from komainu.eval.panel.marks import Reference, Sheet, reference
from komainu.eval.stats.bootstrap import Bools, Floats, counts
from komainu.eval.stats.family import holm
from komainu.eval.stats.intervals import LEVEL, wilson
from komainu.eval.totals import rounded, significant


def failures(sheet: Sheet, judges: Sequence[str], gold: str, seed: str) -> list[dict[str, Any]]:
    """One a judge and bench, of the verdicts it was asked for.

    asked, missing, share   with Wilson's interval
    against                 the reference: the gold, or "the others", see `reference`
    absent, present         how it scores the answers without a verdict and those with one
    difference              absent minus present, with its interval over items
    shift                   how much the reference's mean rises when the answers without a verdict are left out, as they
                            are from this judge's mean
    p, p_holm               of Mann and Whitney's test between the two, and after Holm's correction over all rows
    word                    "related" when p_holm is at most 0.05, "no relation seen", or "none missing"
    """
    beside = {judge: reference(sheet, judges, judge, gold) for judge in judges}
    rows = [one(sheet, judge, bench, beside[judge], f"{seed}:{judge}:{bench}") for judge, bench in
            product(judges, sheet.benches)]  # fmt: skip
    tested = [row for row in rows if row["p"] is not None]
    for row, p in zip(tested, holm([row["p"] for row in tested]), strict=True):
        row |= {"p_holm": significant(p), "word": "related" if p <= 1 - LEVEL + 1e-12 else "no relation seen"}
    return [row for row in rows if row["asked"]]


def one(sheet: Sheet, judge: str, bench: str, beside: Reference, seed: str) -> dict[str, Any]:
    asked = sheet.asked[:, sheet.judges.index(judge)] & sheet.rows_of(bench)
    absent = asked & np.isnan(sheet.of(judge))
    n, missing = int(asked.sum()), int(absent.sum())
    share = [rounded(x) for x in wilson(missing, n)] if n else [None, None, None]
    row: dict[str, Any] = {"judge": judge, "bench": bench, "asked": n, "missing": missing, "share": share}
    row["against"] = beside.against
    row |= dict.fromkeys(("absent", "present", "difference", "interval", "shift", "p", "p_holm"))
    known = asked & ~np.isnan(beside.scores)
    out, kept = beside.scores[absent & known], beside.scores[known & ~absent]
    if not len(out) or not len(kept):
        return {**row, "word": "none missing" if not missing else "cannot be told"}
    return row | {
        "absent": number(out.mean()),
        "present": number(kept.mean()),
        "difference": number(out.mean() - kept.mean()),
        "interval": over_items(sheet, known, absent, beside.scores, seed) if len(out) >= FEWEST else None,
        "shift": number(kept.mean() - beside.scores[known].mean()),
        "p": significant(float(mannwhitneyu(out, kept).pvalue)) if len({*out, *kept}) > 1 else 1.0,
        "word": "",
    }


def over_items(sheet: Sheet, known: Bools, absent: Bools, scores: Floats, seed: str) -> list[float] | None:
    """The interval of the difference when items are drawn again."""
    rows = np.flatnonzero(known).tolist()
    items = {item: i for i, item in enumerate(dict.fromkeys(sheet.items[row] for row in rows))}
    sums = np.zeros((len(items), 4))  # of the answers without a verdict their scores and number, and of the others
    for row in rows:
        side = 0 if absent[row] else 2
        sums[items[sheet.items[row]], side] += scores[row]
        sums[items[sheet.items[row]], side + 1] += 1
    if len(items) < FEWEST:
        return None
    drawn = np.concatenate([block @ sums for block in counts(len(items), seed)])
    with np.errstate(invalid="ignore", divide="ignore"):
        return interval(drawn[:, 0] / drawn[:, 1] - drawn[:, 2] / drawn[:, 3])
