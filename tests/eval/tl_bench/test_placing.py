"""Placing a candidate: parts of the texts, intervals by three ways, and how often they hold the truth."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from scipy.special import expit, logit

from bench import adaptive as design
from bench.strengths import ANCHORS, SCALE, expected, fought
from komainu.eval.bench.tl_bench.placing import CANDIDATE, Result, place, scale
from komainu.eval.stats.bradley_terry import centred_inverse, information


def test_the_mean_of_the_parts_is_lt_and_a_part_is_what_lt_moves_by_when_a_text_counts_more() -> None:
    results = fought(0.3, 30, "parts")
    placed = place(SCALE, results)
    parts = placed.pseudo
    assert sum(parts.values()) / 30 == pytest.approx(placed.lt, abs=1e-9)
    more, moved = 1e-4, {}
    for item in ("text 0", "text 7", "text 29"):
        heavier = [r._replace(won=r.won * (1 + more), of=r.of * (1 + more)) if r.item == item else r for r in results]
        moved[item] = (place(SCALE, heavier).lt - placed.lt) / more
    for one, two in combinations(moved, 2):
        assert moved[one] - moved[two] == pytest.approx((parts[one] - parts[two]) / 30, abs=1e-3)
    assert max(moved.values()) - min(moved.values()) > 0.02


def test_resampling_the_texts_and_the_spread_of_their_parts_say_the_same() -> None:
    placed = place(SCALE, fought(0.3, 80, "ways"))
    quick, whole = placed.quick(), placed.interval("seed")
    assert whole == placed.interval("seed") != placed.interval("other")
    assert whole.low == pytest.approx(quick.low, abs=0.15) and whole.high == pytest.approx(quick.high, abs=0.15)
    low, high = (logit(end / 10) for end in placed.wide()[1:])
    own = placed.fit.interval(placed.me)
    assert own[0] is not None and own[1] is not None
    assert (high - low) / (own[1] - own[0]) == pytest.approx(2**0.5, abs=0.15)  # two orders are one comparison


def test_each_resample_is_fitted_as_if_it_were_alone() -> None:
    results = fought(-0.4, 12, "refit")
    placed = place(SCALE, results)
    names = placed.fit.results.names
    won, of = np.zeros((2, 1, len(names)))
    for item, anchor, w, n in results:
        times = 2 if item == "text 3" else 0 if item == "text 5" else 1
        won[0, names.index(anchor)] += times * w
        of[0, names.index(anchor)] += times * n
    base = place(SCALE, [Result("text", "a", 1.0, 2.0)]).fit.results  # the order of names is the same
    games, wins = base.games.copy(), base.wins.copy()
    me, a = base.names.index(CANDIDATE), base.names.index("a")
    games[me, a] = games[a, me] = 0.0
    wins[me] -= 1.0
    wins[a] -= 1.0
    assert base.names == names
    again = [r for r in results if r.item != "text 5"] + [r for r in results if r.item == "text 3"]
    assert placed.refitted(games, wins, won, of)[0] == pytest.approx(place(SCALE, again).lt, abs=1e-6)


def test_few_texts_and_texts_that_all_say_the_same_get_the_likelihoods_interval() -> None:
    few = place(SCALE, fought(0.0, 5, "few"))
    assert few.interval("seed") == few.wide()
    ties = place(SCALE, [Result(f"text {i}", anchor, 1.0, 2.0) for i in range(20) for anchor in ANCHORS])
    low, high = ties.interval("seed")[1:]
    assert ties.lt == pytest.approx(5.0, abs=1e-6) and low < 4.6 and high > 5.4


def test_who_lost_everything_has_no_lower_bound() -> None:
    lost = place(SCALE, [Result(f"text {i}", anchor, 0.0, 2.0) for i in range(20) for anchor in ANCHORS])
    found = lost.interval("seed")
    assert found.low == 0.0 < found.mean < found.high < 2 and lost.fit.sides[lost.me] == "below"


def test_a_comparison_with_an_anchor_as_strong_as_the_candidate_tells_most() -> None:
    gains = place(SCALE, fought(2.5, 40, "gains")).gains()
    assert max(gains, key=lambda name: gains[name]) == "a" and min(gains, key=lambda name: gains[name]) == "d"
    placed = place(SCALE, fought(0.2, 40, "gain"))
    names, before = placed.fit.results.names, placed.fit.covariance[placed.me, placed.me]
    for name, gain in placed.gains().items():
        one = np.zeros(len(names))
        one[placed.me], one[names.index(name)] = 1.0, -1.0
        chance = float(expit(one @ placed.fit.strengths))
        seen = information(placed.fit.results, placed.fit.strengths) + chance * (1 - chance) * np.outer(one, one)
        assert gain == pytest.approx(before - centred_inverse(seen)[placed.me, placed.me], rel=1e-6)
    known = place(design.SCALE, [Result(f"text {i}", name, 1.0, 2.0) for i, name in enumerate(design.NAMES)])
    sums = scale([*SCALE, *SCALE])
    assert [duels.wins_a for duels in sums] == [2 * duels.wins_a for duels in SCALE] and known.names == design.NAMES


def test_the_interval_holds_the_truth_where_texts_differ() -> None:
    true = expected(0.3, 40)
    held = {"quick": 0, "whole": 0}
    for i in range(200):
        placed = place(SCALE, fought(0.3, 40, "held", i))
        for name, found in (("quick", placed.quick()), ("whole", placed.interval(str(i)))):
            held[name] += found.low <= true <= found.high
    assert 0.90 <= held["quick"] / 200 <= 0.99 and 0.90 <= held["whole"] / 200 <= 0.99


@pytest.mark.parametrize("world", [design.independent, design.alike])
def test_the_adaptive_design_needs_at_most_half_of_the_calls(world: Callable[..., design.Judge]) -> None:
    width = design.asked(world(3.0, "pilot"), 3.0, 0.0, adaptive=False, most=670).width
    even, adaptive = (
        np.mean([design.asked(world(3.0, how, i), 3.0, width, adaptive=how, most=1680).calls for i in range(6)])
        for how in (False, True)
    )
    assert adaptive <= even / 2
