"""Bradley-Terry: the published strengths, an independent solver, intervals that hold the truth, separation."""

from __future__ import annotations

import csv
import os
from itertools import combinations
from pathlib import Path
from typing import Any

import choix
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import chi2

from bench.strengths import robin
from komainu.eval.stats.bradley_terry import Duels, Fit, fit, from_totals, objective, parts, tally

PUBLISHED = Path(os.environ.get("KOMAINU_FIXTURES", "")) / "tl_bench/jp_tl_bench_v1.0_anchor_scores.overall.csv"


def by_name(found: Fit) -> dict[str, float]:
    return dict(zip(found.results.names, found.strengths.tolist(), strict=True))


@pytest.mark.skipif(not PUBLISHED.exists(), reason="KOMAINU_FIXTURES has no tl_bench")
def test_the_published_strengths_and_lt_come_out_of_the_win_totals() -> None:
    rows = [*csv.DictReader(PUBLISHED.read_text(encoding="utf-8").splitlines())]
    found = fit(from_totals({row["model"]: float(row["wins"]) for row in rows}, 67))
    told = np.array([float(row["score"]) for row in rows])
    assert len(rows) == 20 and not found.separated
    assert np.abs(found.strengths - (told - told.mean())).max() < 1e-5
    assert np.abs(found.lt - [float(row["LT"]) for row in rows]).max() < 1e-5


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_independent_solver_finds_the_same_strengths(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 7))
    won = np.array([[0.0 if i == j else data.draw(st.floats(0.25, 30)) for j in range(n)] for i in range(n)])
    duels = [Duels(str(i), str(j), won[i, j], won[j, i]) for i, j in combinations(range(n), 2)]
    theirs = choix.ilsr_pairwise_dense(won, alpha=0.0, max_iter=10_000, tol=1e-13)
    assert np.abs(fit(tally(duels)).strengths - theirs).max() < 1e-6


def test_an_independent_solver_of_single_comparisons_finds_the_same_strengths() -> None:
    duels = robin({"a": 1.0, "b": 0.4, "c": 0.0, "d": -0.9}, 40, "choix")
    single = [
        pair
        for i, j, d in zip(*zip(*combinations(range(4), 2), strict=True), duels, strict=True)
        for pair in [(i, j)] * int(d.wins_a) + [(j, i)] * int(d.wins_b)
    ]
    theirs = choix.opt_pairwise(4, single, method="Newton-CG", tol=1e-12)
    assert np.abs(fit(tally(duels)).strengths - theirs).max() < 1e-6


def test_totals_of_a_round_robin_say_as_much_as_its_pairs() -> None:
    duels = robin({"a": 1.0, "b": 0.5, "c": 0.0, "d": -2.0}, 11, "totals")
    whole = tally(duels)
    totals = from_totals(dict(zip(whole.names, whole.wins.tolist(), strict=True)), 11)
    assert np.abs(fit(totals).strengths - fit(whole).strengths).max() < 1e-9


@pytest.mark.parametrize("wins", [{"a": 10.0, "b": 11.0}, {"a": 21.0, "b": 9.0, "c": 0.0}, {"a": 5.0}])
def test_totals_that_no_round_robin_can_have_are_refused(wins: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no win totals of a round robin"):
        from_totals(wins, 10)


def test_totals_show_who_won_everything() -> None:
    assert fit(from_totals({"a": 6.0, "b": 20.0, "c": 4.0}, 10)).sides == ("", "above", "")
    assert fit(from_totals({"a": 15.0, "b": 15.0, "c": 0.0}, 10)).sides == ("", "", "below")
    assert fit(from_totals({"a": 11.0, "b": 12.0, "c": 7.0}, 10)).sides == ("", "", "")


def test_a_tie_is_half_a_win_for_both() -> None:
    ties = fit(tally([Duels("a", "b", 4, 2, 3), Duels("b", "c", 1, 1, 5)]))
    halves = fit(tally([Duels("a", "b", 5.5, 3.5), Duels("c", "b", 3.5, 3.5)]))
    assert by_name(ties) == pytest.approx(by_name(halves), abs=1e-9)


@given(st.permutations(["a", "b", "c", "d"]), st.floats(0.5, 20))
@settings(max_examples=25, deadline=None)
def test_names_order_and_scale_do_not_move_strengths_and_turned_results_turn_them(names: list[str], k: float) -> None:
    duels = [Duels(a, b, 3 + i, 2.0, 1) for i, (a, b) in enumerate(combinations(names, 2))]
    found = by_name(fit(tally(duels)))
    assert sum(found.values()) == pytest.approx(0, abs=1e-9)
    again = [Duels(d.b, d.a, k * d.wins_b, k * d.wins_a, k * d.ties) for d in reversed(duels)]
    turned = [Duels(d.a, d.b, d.wins_b, d.wins_a, d.ties) for d in duels]
    assert by_name(fit(tally(again))) == pytest.approx(found, abs=1e-8)
    assert {n: -v for n, v in by_name(fit(tally(turned))).items()} == pytest.approx(found, abs=1e-8)


def test_the_interval_ends_where_the_best_fit_with_that_strength_has_lost_half_of_chi_squared() -> None:
    found = fit(tally(robin({"a": 1.5, "b": 0.3, "c": 0.0, "d": -0.9}, 12, "profile")))
    ends = [(i, end) for i in range(4) for end in found.interval(i)]
    for i, end in ends:
        assert end is not None
        others = [j for j in range(4) if j != i]

        def loss(free: Any, i: int = i, end: float = end, others: list[int] = others) -> float:
            theta = np.zeros(4)
            theta[i] = end
            theta[others] = [*free, -end - sum(free)]
            return -objective(found.results, theta, penalised=False)

        held = minimize(loss, [0.0, 0.0], method="BFGS", options={"gtol": 1e-9})
        assert 2 * (found.best + held.fun) == pytest.approx(3.8414588, abs=1e-5)


def test_equal_strengths_are_tested_by_the_likelihood_ratio() -> None:
    found = fit(tally([Duels("a", "b", 14, 6)]))
    ratio = 2 * (14 * np.log(0.7) + 6 * np.log(0.3) - 20 * np.log(0.5))
    assert found.p(0, 1) == pytest.approx(float(chi2.sf(ratio, 1)), abs=1e-9)


def test_the_intervals_hold_the_truth_and_equal_models_are_seldom_told_apart() -> None:
    truth = {"a": 1.0, "b": 0.5, "c": 0.5, "d": -2.0}
    held = tests = 0
    for i in range(400):
        found = fit(tally(robin(truth, 30, "coverage", i)))
        low, high = found.interval(0)
        held += (low if low is not None else -9) <= 1.0 <= (high if high is not None else 9)
        tests += found.p(1, 2) <= 0.05
    assert 0.92 <= held / 400 <= 0.98
    assert 0.02 <= tests / 400 <= 0.09


def test_a_model_that_wins_everything_has_no_upper_bound_and_a_finite_strength() -> None:
    found = fit(tally([Duels("a", "b", 10, 0), Duels("a", "c", 10, 0), Duels("b", "c", 6, 4), Duels("c", "d", 5, 0)]))
    assert dict(zip(found.results.names, found.sides, strict=True)) == {"a": "above", "b": "", "c": "", "d": "below"}
    low, high = found.interval(0)
    assert low is not None and high is None and low < found.strengths[0] < 10
    low, high = found.interval(3)
    assert low is None and high is not None and found.strengths[3] < high
    assert None not in (*found.interval(1), *found.interval(2))
    assert found.p(0, 1) < 0.001


def test_a_separated_fit_is_the_maximum_with_jeffreys_prior() -> None:
    found = fit(tally([Duels("a", "b", 7, 0), Duels("b", "c", 3, 4), Duels("a", "c", 2, 0)]))

    def loss(free: Any) -> float:
        return -objective(found.results, np.array([*free, -sum(free)]), penalised=True)

    best = minimize(loss, [0.0, 0.0], tol=1e-12)
    assert np.abs(found.strengths[:2] - best.x).max() < 1e-5
    one = fit(tally([Duels("a", "b", 1, 0)]))  # (wins + 1/2) of (games + 1)
    assert one.strengths[0] - one.strengths[1] == pytest.approx(np.log(3)) and one.sides == ("above", "below")


def test_without_a_core_only_the_ends_have_a_side() -> None:
    chain = fit(tally([Duels("a", "b", 3, 0), Duels("b", "c", 3, 0)]))
    assert chain.sides == ("above", "apart", "below")
    assert chain.interval(1) == (None, None)


def test_models_that_never_met_are_parts_of_their_own() -> None:
    some = parts(tally([Duels("a", "b", 3, 1), Duels("c", "d", 1, 1), Duels("d", "e", 1, 1), Duels("f", "a", 0, 0)]))
    assert [found.names for found in some] == [("a", "b"), ("c", "d", "e"), ("f",)]
    assert fit(some[2]).interval(0) == (None, None)
