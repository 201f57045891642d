"""Preferences between two models' answers: who wins, and whether judges prefer what people prefer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from komainu.eval.panel.levels import item_level
from komainu.eval.panel.marks import Mark, Sheet, sheet
from komainu.eval.panel.position import Duel
from komainu.eval.stats.family import holm, word
from komainu.eval.stats.flips import sign_flip
from komainu.eval.stats.spread import mean_interval
from komainu.eval.totals import rounded, significant

TINY = 1e-9  # scores that differ by less are equal
POINTS = {"first": 1.0, "second": 0.0, "tie": 0.5}  # of the answer that is shown first


class Meeting(NamedTuple):
    """Answers of two models to one item, `a` before `b` in the alphabet."""

    bench: str
    item: str
    a: str
    b: str


def wins(duels: Iterable[Duel]) -> list[dict[str, Any]]:
    """One a judge and two models, from all comparisons of them in whichever order.

    n, items             comparisons with a verdict, and how many items they are of
    wins_a, wins_b       how often either won; `ties`, and how many of these found both bad; `missing` verdicts
    rate                 what `a` won of them, a tie as half, each item counting once; with its interval
    p, p_holm, word      of the sign-flip test of a rate of one half, after Holm's correction over the judge's rows, and
                         what it says of `a`: better, worse, or not distinguishable
    """
    by: dict[tuple[str, str, str], list[Duel]] = defaultdict(list)
    for duel in duels:
        a, b = sorted((duel.first, duel.second))
        by[duel.judge, a, b].append(duel)
    rows = [{"judge": judge, "a": a, "b": b, **won(some, a)} for (judge, a, b), some in by.items()]
    for judge in dict.fromkeys(row["judge"] for row in rows):
        tested = [row for row in rows if row["judge"] == judge and row["n"]]
        for row, p in zip(tested, holm([row["p"] for row in tested]), strict=True):
            row |= {"p_holm": significant(p), "word": word(row["rate"][0] - 0.5, p)}
    return rows


def won(duels: Sequence[Duel], a: str) -> dict[str, Any]:
    by_item: dict[tuple[str, str], list[float]] = defaultdict(list)
    for duel in duels:
        if duel.winner is not None:
            by_item[duel.bench, duel.item].append(points(duel, a))
    said = [each for some in by_item.values() for each in some]
    found = {
        "n": len(said),
        "items": len(by_item),
        "wins_a": said.count(1.0),
        "wins_b": said.count(0.0),
        "ties": said.count(0.5),
        "bad": sum(duel.bad for duel in duels),
        "missing": len(duels) - len(said),
    }
    if not said:
        return {**found, "rate": None, "p": None, "p_holm": None, "word": "no verdict"}
    rate = mean_interval([*by_item.values()])
    p = sign_flip(np.array([fmean(some) for some in by_item.values()]) - 0.5)
    return {**found, "rate": [rounded(end) for end in rate], "p": significant(p)}


def points(duel: Duel, a: str) -> float:
    """What model `a` got of a comparison with a verdict: 1 won, 0 lost, a half for a tie."""
    assert duel.winner is not None, "a missing verdict gives nobody a point"
    first = POINTS[duel.winner]
    return first if duel.first == a else 1 - first


def preferences(duels: Sequence[Duel], marks: Sheet | None, gold: str, seed: str) -> list[dict[str, Any]]:
    """One a judge, of the pairs of answers to an item that `gold` has compared and the judge has too: in comparisons of
    its own, or by the scores it gave both. What it says several times of a pair (in both orders) is its mean.

    n            pairs that both have
    exact, qwk   how often the two say the same of better, equal and worse, and the kappa of it with quadratic weights,
                 with their intervals over items
    decided      of the pairs on which neither says equal how many, and on which share they agree (Zheng et al. 2023,
                 "agreement" in their setup without ties), with its interval and the p of the sign-flip test of one half
    """
    asked = [*compared(duels)]
    wanted = dict.fromkeys(meeting(mark) for mark in asked if mark.judge == gold)
    found = [mark for mark in asked if meeting(mark) in wanted]
    known = {(meeting(mark), mark.judge) for mark in found}
    found += [m for m in scored(marks, wanted) if (meeting(m), m.judge) not in known] if marks else []
    table = sheet(found)
    return [
        {"judge": judge, "gold": gold, **agreed(table, gold, judge, seed)} for judge in table.judges if judge != gold
    ]


def meeting(mark: Mark) -> Meeting:
    return Meeting(mark.bench, mark.item, *mark.model.split("\0"))


def compared(duels: Iterable[Duel]) -> Iterator[Mark]:
    """What each judge said of each pair of answers, as a mark: 1 where the first model's is better, 0 equal, -1."""
    said: dict[tuple[str, Meeting], list[float]] = defaultdict(list)
    for duel in duels:
        if duel.winner is not None:
            a, b = sorted((duel.first, duel.second))
            said[duel.judge, Meeting(duel.bench, duel.item, a, b)].append(points(duel, a) - 0.5)
    yield from (verdict(met, judge, fmean(some)) for (judge, met), some in said.items())


def scored(marks: Sheet, wanted: Iterable[Meeting]) -> Iterator[Mark]:
    """The same of the scores that judges gave both answers; of several answers of a model their mean."""
    scores: dict[tuple[str, str, str, str], list[float]] = defaultdict(list)
    for answer, row in zip(marks.answers, marks.values, strict=True):
        for judge, score in zip(marks.judges, row.tolist(), strict=True):
            if not np.isnan(score):
                scores[judge, answer.bench, answer.item, answer.model].append(score)
    for met in wanted:
        for judge in marks.judges:
            a, b = (scores.get((judge, met.bench, met.item, model)) for model in (met.a, met.b))
            if a and b:
                yield verdict(met, judge, fmean(a) - fmean(b))


def verdict(met: Meeting, judge: str, difference: float) -> Mark:
    sign = float(np.sign(difference)) if abs(difference) > TINY else 0.0
    return Mark(f"{met.a}\0{met.b}", met.item, judge, sign, bench=met.bench)


def agreed(table: Sheet, gold: str, judge: str, seed: str) -> dict[str, Any]:
    """Of one judge."""
    ours, theirs = table.of(gold), table.of(judge)
    level = item_level(table, ours, theirs, f"{seed}:{judge}")
    alike: dict[str, list[float]] = defaultdict(list)
    for item, x, y in zip(table.items, ours.tolist(), theirs.tolist(), strict=True):
        if abs(x * y) == 1:
            alike[item].append(float(x == y))
    found: dict[str, Any] = {"n": level["n"]}
    for name in ("exact", "qwk"):
        found[name] = level[name] and {key: level[name][key] for key in ("value", "items")}
    found |= {"decided": sum(map(len, alike.values())), "share": None, "p": None}
    if alike:
        found["share"] = [rounded(end) for end in mean_interval([*alike.values()])]
        found["p"] = significant(sign_flip(np.array([fmean(some) for some in alike.values()]) - 0.5))
    return found
