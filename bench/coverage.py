"""How often intervals of right-or-wrong scores hold the truth, exactly, over all truths and at single ones.

python -m bench.coverage     about fifteen seconds of CPU

Beside the product's own stand those of the literature. A mean over all truths weighs them by a prior, as Agresti and
Coull (1998) and Brown, Cai and DasGupta (2001) do; at single truths coverage jumps, as there are few outcomes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import sqrt
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import beta, binom

from bench.populations import POPULATIONS
from komainu.eval.stats.flips import sign_flip
from komainu.eval.stats.intervals import LEVEL, normal_quantile, paired_shares, wilson
from komainu.eval.stats.spread import mean_interval

Floats: TypeAlias = NDArray[np.float64]
Ends: TypeAlias = tuple[Floats, Floats]
TAIL = (1 - LEVEL) / 2
SIZES = (5, 10, 20, 40, 100)
EVERY = 40  # up to so many items all tables of counts are gone through; above, so many of them are drawn:
DRAWN = 4000


def ours(n: int) -> Ends:
    found = [wilson(k, n) for k in range(n + 1)]
    return np.array([each.low for each in found]), np.array([each.high for each in found])


def jeffreys(n: int) -> Ends:
    """Equal tails of Beta(k + 1/2, n - k + 1/2), 0 at none and 1 at all."""
    k = np.arange(n + 1)
    low, high = (beta.ppf(q, k + 0.5, n - k + 0.5) for q in (TAIL, 1 - TAIL))
    return np.where(k == 0, 0, low), np.where(k == n, 1, high)


def exact(n: int) -> Ends:
    """Clopper and Pearson (1934)."""
    k = np.arange(n + 1)
    low, high = beta.ppf(TAIL, np.maximum(k, 1), n - k + 1), beta.ppf(1 - TAIL, k + 1, np.maximum(n - k, 1))
    return np.where(k == 0, 0, low), np.where(k == n, 1, high)


def mid_p(n: int) -> Ends:
    """Clopper and Pearson's with the outcome seen counted half, by bisection."""
    k = np.arange(n + 1)

    def below(p: Floats) -> NDArray[np.bool_]:
        return np.asarray(binom.cdf(k, n, p) - binom.pmf(k, n, p) / 2 > TAIL)

    high = bisected(below, np.zeros(n + 1), np.ones(n + 1))
    high[n] = 1.0
    return 1 - high[::-1], high


def bisected(below: Callable[[Floats], NDArray[np.bool_]], low: Floats, high: Floats) -> Floats:
    """Where `below` turns from true to false."""
    for _ in range(40):
        middle = (low + high) / 2
        left = below(middle)
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    return low


SHARES = {"Wilson (taken)": ours, "Jeffreys": jeffreys, "mid-p": mid_p, "Clopper-Pearson": exact}


class Table(NamedTuple):
    """Counts of items: right in both, only in the first, only in the second, in neither; one row an outcome."""

    both: Floats
    first: Floats
    second: Floats
    neither: Floats

    @property
    def n(self) -> Floats:
        return self.both + self.first + self.second + self.neither


def newcombe(t: Table) -> Ends:
    counts = np.array(t, dtype=int).T.tolist()
    found = [paired_shares(*each) for each in counts]
    return np.array([each.low for each in found]), np.array([each.high for each in found])


def added(t: Table, cells: float) -> Ends:
    """Wald's with so much added to each cell of items that differ, and two items in all."""
    n = t.n + 2
    mean, differ = (t.second - t.first) / n, (t.second + t.first + 2 * cells) / n
    half = normal_quantile() * np.sqrt((differ - mean**2) / n)
    return np.maximum(-1, mean - half), np.minimum(1, mean + half)


def bonett_price(t: Table) -> Ends:
    """Bonett and Price (2012): one item more in either cell of those that differ."""
    return added(t, 1.0)


def agresti_min(t: Table) -> Ends:
    """Agresti and Min (2005): half an item more in each of the four cells."""
    return added(t, 0.5)


def tango(t: Table) -> Ends:
    """The score interval (Tango 1998), by bisection."""
    high = bisected(lambda d: score(t, d) > -normal_quantile(), (t.second - t.first) / t.n, np.ones_like(t.n))
    low = bisected(lambda d: score(t, d) > normal_quantile(), -np.ones_like(t.n), (t.second - t.first) / t.n)
    return low, high


def score(t: Table, d: Floats) -> Floats:
    """How many standard errors the difference seen is above `d`."""
    n, x, y = t.n, t.second, t.first
    b, c = -x - y + (2 * n - x + y) * d, -y * d * (1 - d)
    share = (np.sqrt(np.maximum(0, b * b - 8 * n * c)) - b) / (4 * n)
    error = np.sqrt(np.maximum(0, n * (2 * share + d * (1 - d))))
    gap = x - y - n * d
    return np.asarray(np.divide(gap, error, out=np.sign(gap) * 9e9, where=error > 1e-12))


DIFFERENCES = {
    "Newcombe (taken)": newcombe,
    "Bonett-Price": bonett_price,
    "Agresti-Min": agresti_min,
    "Tango": tango,
}
PRIORS = {"all cells alike": (1.0, 1.0, 1.0, 1.0), "models alike": (2.0, 0.25, 0.25, 2.0)}  # as Table has them


def tables(n: int) -> Table:
    """All tables of n items."""
    grid = np.array(np.meshgrid(*[np.arange(n + 1)] * 3, indexing="ij")).reshape(3, -1)
    both, first, second = grid[:, grid.sum(0) <= n].astype(float)
    return Table(both, first, second, n - both - first - second)


def outcomes(n: int, prior: Sequence[float], rng: np.random.Generator) -> tuple[Table, Floats]:
    """Tables of n items and how likely each is, all or drawn."""
    if n > EVERY:
        cells = rng.dirichlet(prior, DRAWN)
        return Table(*rng.multinomial(n, cells).astype(float).T), np.full(DRAWN, 1 / DRAWN)
    every, a = tables(n), np.array(prior)[:, None]
    counts = np.array(every)
    parts = (gammaln(counts + a) - gammaln(a) - gammaln(counts + 1)).sum(0)
    return every, np.exp(parts + gammaln(n + 1) + gammaln(a.sum()) - gammaln(n + a.sum()))


def held(t: Table, ends: Ends, prior: Sequence[float]) -> Floats:
    """After each table, how likely the difference is within the ends: the cells are Dirichlet's, so the share of items
    that differ and the part of these for the second are independent, of Beta distributions."""
    both, first, second, neither = (count + a for count, a in zip(t, prior, strict=True))
    levels = (np.arange(48) + 0.5)[:, None] / 48
    differ = np.maximum(1e-12, beta.ppf(levels, first + second, both + neither))
    low, high = (beta.cdf(np.clip((end / differ + 1) / 2, 0, 1), second, first) for end in ends)
    return np.asarray(np.mean(high - low, axis=0))


def over_shares() -> Iterator[str]:
    yield "| interval of a mean | " + " | ".join(f"n = {n}" for n in SIZES) + " |"
    yield "|---|" + "---|" * len(SIZES)
    grid = np.linspace(0.02, 0.98, 961)
    for name, interval in SHARES.items():
        cells = []
        for n in SIZES:
            k, (low, high) = np.arange(n + 1), interval(n)
            mean = np.mean(beta.cdf(high, k + 1, n - k + 1) - beta.cdf(low, k + 1, n - k + 1))
            at = (binom.pmf(k[:, None], n, grid) * ((low[:, None] <= grid) & (grid <= high[:, None]))).sum(0)
            cells.append(f"{100 * mean:.1f} ({100 * at.min():.1f}; {(high - low).mean():.3f})")
        yield f"| {name} | {' | '.join(cells)} |"


def over_cells() -> Iterator[str]:
    yield "| interval of a difference | truths | " + " | ".join(f"n = {n}" for n in SIZES) + " |"
    yield "|---|---|" + "---|" * len(SIZES)
    for truths, prior in PRIORS.items():
        some = {n: outcomes(n, prior, np.random.default_rng(n)) for n in SIZES}
        for name, interval in DIFFERENCES.items():
            cells = []
            for t, weight in some.values():
                ends = interval(t)
                mean, width = (float((weight * each).sum()) for each in (held(t, ends, prior), ends[1] - ends[0]))
                cells.append(f"{100 * mean:.1f} ({width:.3f})")
            yield f"| {name} | {truths} | {' | '.join(cells)} |"


FIXED = {  # the cells of two models that are 80 % right, as Table has them
    "a tenth differ, equal": (0.75, 0.05, 0.05, 0.15),
    "a tenth differ, 5 points apart": (0.75, 0.025, 0.075, 0.15),
    "a quarter differ, equal": (0.675, 0.125, 0.125, 0.075),
    "a quarter differ, 15 points apart": (0.675, 0.05, 0.2, 0.075),
}


def at_truths() -> Iterator[str]:
    yield "| truth | n | " + " | ".join(DIFFERENCES) + " | the test's false alarms |"
    yield "|---|---|" + "---|" * (len(DIFFERENCES) + 1)
    for truth, cells in FIXED.items():
        for n in (10, 20, 40):
            t = tables(n)
            chance = likely(t, cells)
            true = cells[2] - cells[1]
            at = [
                float(chance[(low <= true) & (true <= high)].sum())
                for low, high in (f(t) for f in DIFFERENCES.values())
            ]
            said = [f"{100 * each:.1f}" for each in at]
            alarms = f"{100 * float(chance[called(t)].sum()):.1f}" if true == 0 else "-"
            yield f"| {truth} | {n} | {' | '.join([*said, alarms])} |"


def likely(t: Table, cells: Sequence[float]) -> Floats:
    """How likely each table is where the cells are so."""
    counts = np.array(t)
    parts = counts * np.log(np.array(cells))[:, None] - gammaln(counts + 1)
    return np.asarray(np.exp(parts.sum(0) + gammaln(t.n + 1)))


def called(t: Table) -> NDArray[np.bool_]:
    """The tables that the test calls a difference at the level, before any correction."""
    known: dict[tuple[int, int], bool] = {}
    pairs = [(int(up), int(down)) for up, down in zip(t.second, t.first, strict=True)]
    for up, down in {*pairs}:
        gaps = np.repeat([1.0, -1.0], [up, down])
        known[up, down] = up + down > 0 and sign_flip(gaps) <= 1 - LEVEL
    return np.array([known[pair] for pair in pairs])


def bootstrap_t(x: Floats, rng: np.random.Generator, draws: int = 999) -> tuple[float, float]:
    """The bootstrap-t interval of a mean of scores in [0, 1] (Efron 1981); a resample without spread says nothing."""
    n, error = len(x), x.std(ddof=1) / sqrt(len(x))
    drawn = x[rng.integers(n, size=(draws, n))]
    spread = drawn.std(axis=1, ddof=1)
    t = (drawn.mean(axis=1) - x.mean())[spread > 0] / (spread[spread > 0] / sqrt(n))
    low, high = np.quantile(t, (TAIL, 1 - TAIL)) if len(t) else (0.0, 0.0)
    return max(0.0, x.mean() - high * error), min(1.0, x.mean() - low * error)


SKEWED = ("losses that trail off", "letters in common", "marks 1-10", "three judges, 79 % of means at the top")


def taken(x: Floats, rng: np.random.Generator) -> tuple[float, float]:
    found = mean_interval([[each] for each in x.tolist()])
    return found.low, found.high


MEANS = {"taken": taken, "bootstrap-t": bootstrap_t}


def over_means(sims: int = 2000, n: int = 10) -> Iterator[str]:
    yield f"| scores, n = {n} | " + " | ".join(MEANS) + " |"
    yield "|---|" + "---|" * len(MEANS)
    for of in POPULATIONS:
        if of.name in SKEWED:
            rng = np.random.default_rng(11)
            some, true = of.draw(rng, sims, n)[0], float(of.means(np.zeros(1))[0])
            cells = []
            for interval in MEANS.values():
                ends = np.array([interval(x, rng) for x in some])
                share = ((ends[:, 0] <= true) & (true <= ends[:, 1])).mean()
                cells.append(f"{100 * share:.1f} ({(ends[:, 1] - ends[:, 0]).mean():.3f})")
            yield f"| {of.name} | {' | '.join(cells)} |"


def main() -> None:
    for part in (over_shares, over_cells, at_truths, over_means):
        print("\n".join(part()), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
