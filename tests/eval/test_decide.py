from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest

from komainu.eval.stats.bootstrap import generator
from komainu.eval.stats.cells import Cells
from komainu.eval.stats.decide import Makeup, decide, detectable, makeup
from komainu.eval.stats.paired import quantiles
from komainu.eval.stats.runs import ONE, Between


def power(variance: float, difference: float, alpha: float = 0.05) -> float:
    """The chance that a normal test finds a difference."""
    rng = generator("power", variance, difference)
    seen = np.abs(rng.normal(difference, sqrt(variance), 200_000))
    return float((seen > sqrt(variance) * NormalDist().inv_cdf(1 - alpha / 2)).mean())


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 190])
@pytest.mark.parametrize("difference", [0.005, -0.02])
def test_so_many_more_find_the_difference_in_four_of_five_cases(difference: float, alpha: float) -> None:
    n, of = 100, Makeup(0.0009, 0.0007, 0.0005, 0.0, 3, 4)
    found = decide(difference, n, of, alpha)
    items = n + found["items"]
    assert power(of.variance * n / items, difference, alpha) == pytest.approx(0.8, abs=0.01)
    assert power(of.variance * n / (0.97 * items), difference, alpha) < 0.8
    if found["judges"] is not None:
        left = of.variance - 0.0007 + 0.0007 * 3 / (3 + found["judges"])
        assert 0.79 < power(left, difference, alpha) < 0.9


def test_nothing_decides_a_difference_of_nothing() -> None:
    found = decide(0.0, 100, Makeup(0.001, None, None, 0.0), 0.05)
    assert [found[k] for k in ("items", "judges", "samples", "runs")] == [None] * 4
    assert found["why"].startswith("the difference seen is 0")


def test_what_no_number_would_do_is_said() -> None:
    of = Makeup(0.001, 0.0001, None, 0.0, n_judges=3)
    found = decide(0.01, 100, of, 0.05)
    assert found["items"] > 100 and found["judges"] is None
    assert found["why"] == (
        "no number of judges would: the items differ too much; what more samples would do is not known from one an item"
    )
    runs = decide(0.01, 100, Makeup(0.0001, None, None, 0.0005, n_runs=3), 0.05)
    assert runs["items"] is None and runs["runs"] is None and "the runs differ too much" in runs["why"]
    assert decide(0.03, 100, Makeup(0.00001, None, None, 0.0005, n_runs=3), 0.05)["runs"] == 12


def test_shares_need_a_few_items_that_differ_at_all() -> None:
    assert decide(0.05, 40, Makeup(1e-9, None, None, 0.0), 0.05, least=5)["items"] == 60
    assert detectable(Makeup(1e-9, None, None, 0.0), 0.05, 40, 5) == 0.125
    assert detectable(Makeup(0.0001, None, None, 0.0), 0.05, 40) == pytest.approx(0.01 * quantiles(0.05))
    assert detectable(Makeup(0.0, None, None, 0.0), 0.05, 40) is None


def drawn(judges: int, samples: int, noise: float, luck: float, n: int = 400) -> tuple[Cells, Cells]:
    """Items, judges with noise of their own, answers that are luckier or less, marks of 10. Judges are more or less
    kind, and the first one likes the second model."""
    rng = generator("cells", judges, samples, noise, luck)
    sides: list[dict[str, dict[str, list[float]]]] = []
    for liked in (0.0, 2.0):
        item = rng.normal(5, 1, n)
        sides.append({})
        for i in range(n):
            answers = item[i] + luck * rng.normal(size=samples)
            marks = answers + noise * rng.normal(size=(judges, samples)) + 3 * np.arange(judges)[:, None]
            marks[0] += liked
            sides[-1][f"i{i}"] = {f"j{j}": marks[j].tolist() for j in range(judges)}
    return sides[0], sides[1]


def test_judges_noise_and_luck_are_told_apart() -> None:
    first, second = drawn(3, 1, noise=2.0, luck=0.0)
    of = makeup(first, second, 1.0, top=10)
    assert of.judges == pytest.approx(2 * 0.2**2 / (400 * 3), rel=0.1) and of.samples is None and of.n_judges == 3
    first, second = drawn(1, 4, noise=0.0, luck=2.0)
    of = makeup(first, second, 1.0, top=10, samples=4)
    assert of.samples == pytest.approx(2 * 0.2**2 / (400 * 4), rel=0.1) and of.judges is None and of.n_samples == 4
    assert makeup(first, second, 1.0, top=10).samples is None  # four verdicts an item, but not on four answers
    first, second = drawn(2, 3, noise=1.0, luck=2.0)
    of = makeup(first, second, 1.0, top=10, samples=3)
    assert of.samples == pytest.approx(2 * (0.2**2 + 0.1**2 / 2) / (400 * 3), rel=0.15)
    assert of.judges == pytest.approx(2 * 0.1**2 / (400 * 6), rel=0.15)
    runs = (Between(3, 0.0002, 0.02, 2), ONE)
    assert makeup(first, second, 1.0, runs, top=10).runs == 0.0002
