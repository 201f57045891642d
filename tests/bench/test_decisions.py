"""A small version of the simulations that docs/decisions.md tells: `python -m bench.decisions` is the whole one."""

from __future__ import annotations

import pytest

from bench.decisions import (
    BY_NAME,
    averages,
    bootstrap_coverage,
    coverage,
    false_alarms,
    family,
    lacking,
    promised,
    repeated,
)

SHARES, ALIKE = BY_NAME["right or wrong, 80 % right"], BY_NAME["right or wrong, 95 % right"]
TOP, PANEL = BY_NAME["three judges, 79 % of means at the top"], BY_NAME["three judges, marks 1-10"]
LETTERS, LOSSES = BY_NAME["letters in common"], BY_NAME["losses that trail off"]


@pytest.mark.parametrize(("of", "n"), [(SHARES, 200), (TOP, 100), (PANEL, 40), (LETTERS, 20)])
def test_equal_models_are_told_apart_in_one_of_twenty_cases(of, n) -> None:  # type: ignore[no-untyped-def]
    assert 4 <= false_alarms(of, n, 2000)[0].percent <= 6


def test_the_exact_test_is_too_careful_where_few_items_differ_and_so_is_any() -> None:
    found, exact = false_alarms(SHARES, 100, 2000)
    assert exact is not None and exact < 3.5 < 4 < found.percent < 5.5 and 20 < found.told < 26
    few, none = false_alarms(ALIKE, 20, 500)
    assert few.told < 2 and none is not None and none <= few.percent < 0.5


@pytest.mark.parametrize(("of", "n"), [(SHARES, 40), (TOP, 100), (PANEL, 20), (LETTERS, 40)])
def test_intervals_hold_the_truth_in_nineteen_of_twenty_cases(of, n) -> None:  # type: ignore[no-untyped-def]
    mean, difference = coverage(of, n, 1000)
    assert 93.5 <= mean <= 97 and 93.5 <= difference <= 97.5


@pytest.mark.parametrize("of", [PANEL, LOSSES])
def test_so_does_the_interval_of_a_difference_of_ten_skewed_scores(of) -> None:  # type: ignore[no-untyped-def]
    # made of the means' own intervals, which lean, it gets 93.8 and 92.1
    assert 94.3 <= coverage(of, 10, 2000)[1] <= 96


def test_near_the_ceiling_the_bootstrap_promises_too_much() -> None:
    assert bootstrap_coverage(TOP, 40, 400) < 90 < 93 < coverage(TOP, 40, 400)[1]


def test_of_a_family_of_equal_models_a_pair_is_decided_in_at_most_one_of_twenty_cases() -> None:
    found = family(PANEL, 100, 6, 400)
    assert found.percent <= 6 and 0.5 < found.told < 1.0  # 15 pairs at 5 % without correction


def test_an_average_of_several_benches_keeps_its_word() -> None:
    mean, difference, alarms = averages([(PANEL, 60), (SHARES, 40), (TOP, 40)], 0.0, 500)
    assert 93 <= mean <= 97.5 and 93 <= difference <= 97.5 and 3 <= alarms <= 7


def test_verdicts_that_are_missing_not_at_random_do_not_decide() -> None:
    by_cell, by_whatever = lacking(100, 300)
    assert by_cell < 8 and by_whatever > 20


@pytest.mark.parametrize(("runs", "sd"), [(3, 0.01), (3, 0.03), (5, 0.01), (5, 0.03)])
def test_the_interval_of_several_runs_holds_the_truth(runs: int, sd: float) -> None:
    mean, difference, alarms = repeated(runs, sd, 100, 1000)
    assert 92.5 <= mean <= 97 and 92.5 <= difference <= 97.5 and alarms <= 6


def test_as_many_items_as_are_said_to_decide_a_difference_do() -> None:
    n, power = promised(PANEL, 0.3, 400)
    assert 90 < n < 120 and 75 < power < 85
