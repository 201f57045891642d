"""How often the tests find what is not there, and the intervals hold the truth, by simulation.

python -m bench.decisions [simulations]     default: 10,000, about four minutes of CPU
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from itertools import combinations
from statistics import fmean
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from bench.populations import POPULATIONS, Floats, Population
from komainu.eval.columns import Column, Measure, Verdicts
from komainu.eval.headline import Average, paired
from komainu.eval.stats.bootstrap import bca_mean
from komainu.eval.stats.cells import pair
from komainu.eval.stats.decide import Makeup, decide
from komainu.eval.stats.family import holm
from komainu.eval.stats.flips import TINY, sign_flip
from komainu.eval.stats.intervals import Estimate, paired_shares
from komainu.eval.stats.paired import no_difference
from komainu.eval.stats.runs import between, student, widened
from komainu.eval.stats.spread import difference, interval, mean_interval, of_items

SIZES = (20, 40, 100, 400)
AHEAD = 1.0  # the truth is drawn anew for each simulation: the second model is up to so much ahead
LEVEL = 0.05
BY_NAME = {of.name: of for of in POPULATIONS}
SDS = (0.0, 0.01, 0.03)  # of runs, where an item's own is 0.12 and the noise 0.1


class Rate(NamedTuple):
    """How often something happened, in percent, and what else is told of it."""

    percent: float
    told: float = 0.0


def false_alarms(of: Population, n: int, sims: int) -> tuple[Rate, float | None]:
    """How often two equal models are told apart at 5 %, with the mean number of items that differ; and how often by
    the exact McNemar test, for right-or-wrong scores."""
    first, second = of.draw(np.random.default_rng(1), sims, n)
    gaps = second - first
    differing = float((np.abs(gaps) > TINY).sum(axis=1).mean())
    found = np.mean([sign_flip(gap) <= LEVEL for gap in gaps])
    if not of.right_or_wrong:
        return Rate(100 * float(found), differing), None
    counts = {(int((gap > 0).sum()), int((gap != 0).sum())) for gap in gaps}
    exact = {(up, some): binomtest(up, some).pvalue if some else 1.0 for up, some in counts}
    alarms = np.mean([exact[int((gap > 0).sum()), int((gap != 0).sum())] <= LEVEL for gap in gaps])
    return Rate(100 * float(found), differing), 100 * float(alarms)


def coverage(of: Population, n: int, sims: int) -> tuple[float, float]:
    """How often the interval of the second model's mean, and that of the difference, hold the truth."""
    rng = np.random.default_rng(2)
    ahead = rng.uniform(-AHEAD / 3, AHEAD, sims)
    first, second = of.draw(rng, sims, n, ahead)
    means, changes = of.means(ahead), of.means(ahead) - of.means(np.zeros(1))
    one = sum(holds(mean_interval([[v] for v in b]), t) for b, t in zip(second.tolist(), means, strict=True))
    two = sum(holds(change(a, b, of), t) for a, b, t in zip(first, second, changes, strict=True))
    return 100 * one / sims, 100 * two / sims


def change(a: Floats, b: Floats, of: Population) -> Estimate:
    """The interval of a difference, as compare() has it, without the bootstrap beside it."""
    if of.right_or_wrong:
        both, neither = int(((a == 1) & (b == 1)).sum()), int(((a == 0) & (b == 0)).sum())
        return paired_shares(both, int((a > b).sum()), int((b > a).sum()), neither)
    return difference(of_items(a), of_items(b)) if (np.abs(a - b) > TINY).any() else no_difference(len(a))


def bootstrap_coverage(of: Population, n: int, sims: int) -> float:
    """How often the BCa bootstrap interval of the difference holds the truth."""
    rng = np.random.default_rng(3)
    ahead = rng.uniform(-AHEAD / 3, AHEAD, sims)
    first, second = of.draw(rng, sims, n, ahead)
    changes = of.means(ahead) - of.means(np.zeros(1))
    return 100 * sum(holds(bca_mean(b - a, "b"), t) for a, b, t in zip(first, second, changes, strict=True)) / sims


def holds(found: Estimate, truth: float) -> bool:
    return found.low - 1e-9 <= truth <= found.high + 1e-9


def family(of: Population, n: int, models: int, sims: int) -> Rate:
    """How often any of all pairs of equal models is decided after Holm's correction; and how many are without it."""
    rng, any_found, without = np.random.default_rng(4), 0, 0
    pairs = [*combinations(range(models), 2)]
    for _ in range(sims):
        item = rng.standard_normal(n) * np.sqrt(of.shared)
        own = np.sqrt(1 - of.shared)
        scores = [of.score(item + own * rng.standard_normal(n), rng) for _ in range(models)]
        ps = [sign_flip(scores[j] - scores[i]) for i, j in pairs]
        any_found += min(holm(ps)) <= LEVEL
        without += sum(p <= LEVEL for p in ps)
    return Rate(100 * any_found / sims, without / sims)


def averages(benches: Sequence[tuple[Population, int]], ahead: float, sims: int) -> tuple[float, float, float]:
    """The average of benches of some items each: how often the interval of the second model's average and that of the
    difference hold the truth, and how often the models are told apart."""
    rng, means, changes, found = np.random.default_rng(9), 0, 0, 0
    truth = fmean(float(of.means(np.array(ahead))) for of, _ in benches)
    apart = truth - fmean(float(of.means(np.array(0.0))) for of, _ in benches)
    drawn = [of.draw(rng, sims, n, ahead) for of, n in benches]
    for sim in range(sims):
        one, two = (
            Average([column(f"bench{b}", both[side][sim]) for b, both in enumerate(drawn)], 0) for side in (0, 1)
        )
        weights = one.weights(one.languages)
        compared = paired(one, two, weights)
        assert compared
        found += compared.comparison.p <= LEVEL
        change = Estimate(*compared.comparison[1:4]).times(0.01)
        means += holds(interval(two.spread(two.goodness, weights)), truth)
        changes += holds(change, apart)
    return 100 * means / sims, 100 * changes / sims, 100 * found / sims


def column(name: str, scores: Floats) -> Column:
    verdicts: Verdicts = {f"{name}/{i}": [score] for i, score in enumerate(scores.tolist())}
    return Column(Measure(name, "ja", "score", 0.0, 1.0), verdicts, {i: ["rule"] for i in verdicts}, (verdicts,))


def lacking(n: int, sims: int) -> tuple[float, float]:
    """Equal models before a kind and a strict judge; the strict one says nothing to 30 % of the second's answers. How
    often they are told apart, paired by cell, and with the mean of whatever verdicts there are."""
    rng, by_cell, by_item = np.random.default_rng(5), 0, 0
    for _ in range(sims):
        item = rng.standard_normal(n)
        marks = [np.round(3 * item + 2 * rng.standard_normal(n) + kind) for _ in "ab" for kind in (1.0, -1.0)]
        lost = rng.random(n) < 0.3
        a, b = (
            {str(i): {"kind": [kind[i]], "strict": [None if gone[i] else strict[i]]} for i in range(n)}
            for kind, strict, gone in ((marks[0], marks[1], np.zeros(n, bool)), (marks[2], marks[3], lost))
        )
        both = pair(a, b)
        by_cell += sign_flip(np.array(both.second) - np.array(both.first)) <= LEVEL
        whatever = np.where(lost, marks[2], (marks[2] + marks[3]) / 2) - (marks[0] + marks[1]) / 2
        by_item += sign_flip(whatever) <= LEVEL
    return 100 * by_cell / sims, 100 * by_item / sims


def repeated(runs: int, sd: float, n: int, sims: int) -> tuple[float, float, float]:
    """Models whose mean moves by `sd` from run to run: how often the interval of the mean and of the difference of two
    equal ones hold the truth, and how often these are told apart."""
    rng, means, changes, alarms = np.random.default_rng(6), 0, 0, 0
    for _ in range(sims):
        item = 0.5 + 0.12 * rng.standard_normal((n, 1))
        a, b = (
            np.clip(item + 0.1 * rng.standard_normal((n, runs)) + sd * rng.standard_normal(runs), 0, 1) for _ in "ab"
        )
        of = (between(a), between(b))
        one, two = (widened(of_items(x.mean(axis=1)), each) for x, each in zip((a, b), of, strict=True))
        gaps = b.mean(axis=1) - a.mean(axis=1)
        moved = any(each.variance for each in of)
        p = student(float(gaps.mean()), float(gaps.var(ddof=1)) / n, n, of) if moved else sign_flip(gaps)
        means += holds(interval(two), 0.5)
        changes += holds(difference(one, two), 0.0)
        alarms += p <= LEVEL
    return 100 * means / sims, 100 * changes / sims, 100 * alarms / sims


def promised(of: Population, advantage: float, sims: int) -> tuple[int, float]:
    """How many items are said to decide a true difference, and how often so many do."""
    rng = np.random.default_rng(8)
    first, second = of.draw(rng, 1, 200_000, advantage)
    gaps = (second - first)[0]
    found = decide(float(gaps.mean()), 1, Makeup(float(gaps.var()), None, None, 0.0), LEVEL)
    n = 1 + found["items"]
    first, second = of.draw(rng, sims, n, advantage)
    return n, 100 * float(np.mean([sign_flip(b - a) <= LEVEL for a, b in zip(first, second, strict=True)]))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> None:
    print(f"\n**{title}**\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    sys.stdout.flush()


def by_size(title: str, cell: Callable[[Population, int], str], sizes: Sequence[int] = SIZES) -> None:
    """A table with a line a population and a column a number of items."""
    rows = [[of.name, *(cell(of, n) for n in sizes)] for of in POPULATIONS]
    table(["scores", *(f"n = {n}" for n in sizes)], rows, title)


def main(sims: int) -> None:
    few = max(200, sims // 10)

    def alarm(of: Population, n: int) -> str:
        rate, exact = false_alarms(of, n, sims)
        return f"{rate.percent:.1f} ({rate.told:.0f}{'' if exact is None else f'; exact {exact:.1f}'})"

    by_size("False alarms at 5 %, in percent (items that differ)", alarm)
    sizes = (10, *SIZES)
    held = {(of, n): coverage(of, n, sims) for of in POPULATIONS for n in sizes}
    by_size("Intervals of a mean that hold the truth, in percent", lambda of, n: f"{held[of, n][0]:.1f}", sizes)
    by_size("Intervals of a difference that hold the truth, in percent", lambda of, n: f"{held[of, n][1]:.1f}", sizes)
    by_size(
        "Bootstrap intervals of a difference that hold the truth, in percent",
        lambda of, n: f"{bootstrap_coverage(of, n, few):.1f}",
    )
    picked = [BY_NAME[name] for name in ("right or wrong, 80 % right", "three judges, marks 1-10")]
    found = [(of, n, family(of, n, 8, few)) for of in picked for n in (100, 320)]
    rows = [[of.name, str(n), f"{rate.percent:.1f}", f"{rate.told:.2f}"] for of, n, rate in found]
    table(["scores", "n", "any decided, %", "decided without correction"], rows, "Families: 8 equal models, 28 pairs")
    benches = [(picked[1], 100), (picked[0], 60), (BY_NAME["three judges, 79 % of means at the top"], 40)]
    rows = [[f"{ahead:g} sd", *(f"{x:.1f}" for x in averages(benches, ahead, few))] for ahead in (0.0, 0.3, 1.0)]
    heads = ["second ahead by", "interval of a mean", "of a difference", "told apart"]
    table(heads, rows, "Averages of three benches of 100, 60 and 40 items, in percent")
    rows = [[str(n), *(f"{x:.1f}" for x in lacking(n, few))] for n in (40, 100)]
    heads = ["n", "paired by item and judge", "by whatever there is"]
    table(heads, rows, "False alarms where a judge lacks 30 % of one model, in percent")
    rows = [[str(r), f"{s:g}", *(f"{x:.1f}" for x in repeated(r, s, 100, sims))] for r in (2, 3, 5, 10) for s in SDS]
    heads = ["runs", "sd between runs", "interval of a mean", "of a difference", "false alarms"]
    table(heads, rows, "Runs of 100 items, in percent")
    plans = [(of, ahead, *promised(of, ahead, few)) for of in picked for ahead in (0.1, 0.3)]
    rows = [[of.name, f"{ahead:g} sd", f"{n:,}", f"{power:.0f}"] for of, ahead, n, power in plans]
    table(["scores", "second ahead by", "items said to decide", "do, %"], rows, "Plans")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
