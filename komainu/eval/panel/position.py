"""Position bias: whether a judge of two answers favours the one it is shown first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from komainu.eval.stats.flips import mcnemar
from komainu.eval.stats.intervals import wilson
from komainu.eval.totals import rounded, significant

Side = Literal["first", "second", "tie"]


class Duel(NamedTuple):
    """A judge's choice between two answers to an item, shown in this order; None is a missing verdict. `bad`: a tie of
    two answers that are both no good."""

    item: str
    judge: str
    first: str
    second: str
    winner: Side | None
    bench: str = ""
    bad: bool = False


def position_bias(duels: Iterable[Duel]) -> list[dict[str, Any]]:
    """One a judge, from the comparisons that it made in both orders; in those quality is the same on both sides.

    both         how many were made in both orders with a verdict each time
    consistent   the share of them that chose the same answer, or a tie, both times; with Wilson's interval
    first        how often the first answer won both times, `second` the second
    share        of those two the share of the first, 0.5 without a bias; with Wilson's interval and the p of the exact
                 test
    wins, ties   how all verdicts fall, in whichever order: first, second, tie
    one_order    comparisons made in one order alone: they tell nothing of position and are left out
    missing      comparisons without a verdict
    """
    by_judge: dict[str, list[Duel]] = {}
    for duel in duels:
        by_judge.setdefault(duel.judge, []).append(duel)
    return [{"judge": judge, **one(some)} for judge, some in by_judge.items()]


def one(duels: list[Duel]) -> dict[str, Any]:
    said = {(f"{d.bench}/{d.item}", d.first, d.second): d.winner for d in duels if d.winner is not None}
    swapped = {key: (key[0], key[2], key[1]) for key in said}
    pairs = [(said[key], said[other]) for key, other in swapped.items() if other in said and key < other]
    first, second = pairs.count(("first", "first")), pairs.count(("second", "second"))
    consistent = sum(pair in (("first", "second"), ("second", "first"), ("tie", "tie")) for pair in pairs)
    verdicts = [d.winner for d in duels]
    return {
        "both": len(pairs),
        "consistent": [rounded(x) for x in wilson(consistent, len(pairs))] if pairs else None,
        "first": first,
        "second": second,
        "share": [rounded(x) for x in wilson(first, first + second)] if first + second else None,
        "p": significant(mcnemar(first, second)),
        "wins": {side: verdicts.count(side) for side in ("first", "second", "tie")},
        "one_order": len(said) - 2 * len(pairs),
        "missing": verdicts.count(None),
    }
