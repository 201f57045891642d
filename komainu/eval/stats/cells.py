"""Verdicts of two models paired by item and judge: only what both have is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

Cells = Mapping[str, Mapping[str, Sequence[float | None]]]  # item, judge: verdicts, one a sample; None: missing
RULE = "rule"


class Pairing(NamedTuple):
    """Each item's mean over the cells that both models have, for either model, and what only one of them has.

    `cells` are the shared ones; `alone` those that only the first and only the second has; `lost` the items without a
    shared one.
    """

    items: list[str]
    first: list[float]
    second: list[float]
    cells: int
    alone: tuple[int, int]
    lost: int


def pair(first: Cells, second: Cells) -> Pairing:
    """Pair the verdicts of two models on the same items.

    A cell is one judge's verdicts on one item. Judges differ in their means and do not lack verdicts at random, so a
    mean over whatever there is would compare judges, not models. What a rule decided (an empty answer) it decided for
    every judge.
    """
    items, a, b, cells, alone, lost = [], [], [], 0, [0, 0], 0
    for item, ours in first.items():
        mine, theirs = judged(ours), judged(second.get(item, {}))
        mine, theirs = for_all(mine, theirs), for_all(theirs, mine)
        both = [judge for judge in mine if judge in theirs]
        cells += len(both)
        alone[0] += len(mine) - len(both)
        alone[1] += len(theirs) - len(both)
        if both:
            items.append(item)
            a.append(fmean(mine[judge] for judge in both))
            b.append(fmean(theirs[judge] for judge in both))
        else:
            lost += 1
    return Pairing(items, a, b, cells, (alone[0], alone[1]), lost)


def judged(cells: Mapping[str, Sequence[float | None]]) -> dict[str, float]:
    """Each judge's mean of what it gave an item. Where judges marked, a rule's verdicts on other samples of the same
    item, one a judge, are shared out among them."""
    judges = {judge: some for judge, some in cells.items() if judge != RULE}
    ruled = [*cells.get(RULE, ())][:: len(judges) or 1]
    every = {judge: [*some, *ruled] for judge, some in judges.items()} or {RULE: ruled}
    there = {judge: [v for v in some if v is not None] for judge, some in every.items()}
    return {judge: fmean(some) for judge, some in there.items() if some}


def for_all(mine: dict[str, float], theirs: dict[str, float]) -> dict[str, float]:
    """A rule's verdict in the place of each judge's that the other model has."""
    return dict.fromkeys(theirs, mine[RULE]) if [*mine] == [RULE] and theirs else mine
