"""Bradley-Terry strengths from counts of comparisons: the joint maximum of the likelihood, intervals, tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import erfc, sqrt
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.sparse.csgraph import connected_components
from scipy.special import expit

from komainu.eval.stats.bootstrap import Bools, Floats
from komainu.eval.stats.intervals import LEVEL, normal_quantile

TOP = 10.0  # of an LT
STEPS = 200  # of the maximisation; a separated fit takes some tens, any other fewer than ten
NOTHING = 1e-8  # a smaller share of wins is none
FAR = 20.0  # a bound farther from its strength is none: odds of 1e8
Side = Literal["", "above", "below", "apart"]


class Duels(NamedTuple):
    """How often each of two won against the other, and ties, each half a win for both. Counts may be fractional."""

    a: str
    b: str
    wins_a: float
    wins_b: float
    ties: float = 0.0


@dataclass(frozen=True)
class Results:
    """What the likelihood needs of n competitors: how often each two met, and what each won in all."""

    names: tuple[str, ...]
    games: Floats  # (n, n), symmetric, 0 on the diagonal
    wins: Floats  # (n,); a tie is half a win
    beaten: Bools  # (n, n): whether i has won anything against j

    def part(self, kept: Sequence[int]) -> Results:
        """The competitors that are kept; they must have met nobody else."""
        square = np.ix_(kept, kept)
        names = tuple(self.names[i] for i in kept)
        return Results(names, self.games[square], self.wins[[*kept]], self.beaten[square])


def tally(duels: Iterable[Duels]) -> Results:
    """The counts added up, competitors in the order they come in."""
    met = [*duels]
    names = [*dict.fromkeys(name for duel in met for name in (duel.a, duel.b))]
    place = {name: i for i, name in enumerate(names)}
    won = np.zeros((len(names), len(names)))
    for a, b, wins_a, wins_b, ties in met:
        assert a != b and min(wins_a, wins_b, ties) >= 0, "two competitors and counts of 0 or more"
        won[place[a], place[b]] += wins_a + ties / 2
        won[place[b], place[a]] += wins_b + ties / 2
    games = won + won.T
    return Results(tuple(names), games, won.sum(axis=1), won > NOTHING * games)


def from_totals(wins: Mapping[str, float], each: float) -> Results:
    """The results of a full round robin, `each` comparisons of every two, from what each competitor won in all.

    More is not needed: the totals are sufficient statistics (Bradley and Terry 1952). Raises ValueError for totals
    that no round robin can have (Landau 1953).
    """
    names, won, n = tuple(wins), np.array([*wins.values()], dtype=np.float64), len(wins)
    order = np.argsort(won, kind="stable")
    spare = np.cumsum(won[order]) - each * np.arange(n) * np.arange(1, n + 1) / 2
    if n < 2 or abs(spare[-1]) > NOTHING * each * n * n or spare.min() < -NOTHING * each * n * n:
        raise ValueError(f"these are no win totals of a round robin of {n} with {each:g} comparisons a pair")
    tier = np.empty(n, dtype=np.int64)  # a lower tier has won nothing against a higher one
    tier[order] = np.concatenate([[0], np.cumsum(spare[:-1] <= NOTHING * each * n * n)])
    games = each * (1 - np.eye(n))
    return Results(names, games, won, (tier[:, None] >= tier[None, :]) & (games > 0))


def parts(results: Results) -> list[Results]:
    """The results by connected part: competitors that met, be it through others; only these can be compared."""
    n, label = connected_components(results.games > 0, directed=False)
    return [results.part(np.flatnonzero(label == part).tolist()) for part in range(n)]


@dataclass(frozen=True)
class Fit:
    """Strengths of connected competitors: log-odds, so that i beats j with probability sigmoid(strength i - j).

    They are centred on their mean. Where every competitor, be it through others, has both won and lost against every
    other one, they are the maximum of the likelihood (Ford 1957). Elsewhere it has none: the results are separated.
    Then they are the maximum of the likelihood with Jeffreys' prior (Firth 1993), which is finite (Kosmidis and Firth
    2021). `sides` says who is the cause. The core is the largest set that is not separated in itself. "above" (or
    "below") is a competitor that the core never beat (or that never beat the core), be it through others; "apart" where
    neither can be said. Where no set is the largest, only who never lost, or never won, outside its own has a side.
    """

    results: Results
    strengths: Floats  # (n,)
    sides: tuple[Side, ...]

    @property
    def separated(self) -> bool:
        return any(self.sides)

    @cached_property
    def lt(self) -> Floats:
        """10 sigmoid(strength - mean strength)."""
        return TOP * np.asarray(expit(self.strengths))

    @cached_property
    def covariance(self) -> Floats:
        """The inverse of the information about the centred strengths, (n, n)."""
        return centred_inverse(information(self.results, self.strengths))

    @cached_property
    def best(self) -> float:
        return objective(self.results, self.strengths, penalised=self.separated)

    def interval(self, i: int, level: float = LEVEL) -> tuple[float | None, float | None]:
        """The profile likelihood interval of a strength; None where the results set no bound."""
        own = np.eye(len(self.strengths))[i] - 1 / len(self.strengths)
        low = None if self.sides[i] in ("below", "apart") else self.bound(own, -1, level)
        high = None if self.sides[i] in ("above", "apart") else self.bound(own, 1, level)
        return low, high

    def bound(self, contrast: Floats, side: int, level: float = LEVEL) -> float | None:
        """Where the profile of `contrast` @ strengths has fallen by half of chi-squared's quantile, to one side; None
        where that is FAR away."""
        middle, z = float(contrast @ self.strengths), normal_quantile(level)
        step = side * z * sqrt(float(contrast @ self.covariance @ contrast))

        def excess(at: float) -> float:
            return self.fall(contrast, at) - z * z

        step = min(max(step, -FAR), FAR)
        while excess(middle + step) < 0:
            if abs(step) == FAR:
                return None
            step = min(max(2 * step, -FAR), FAR)
        return float(brentq(excess, middle, middle + step, xtol=1e-8))

    def fall(self, contrast: Floats, at: float) -> float:
        """Twice what the log-likelihood loses when `contrast` @ strengths is held `at` a value."""
        along = self.covariance @ contrast
        start = self.strengths + along * (at - contrast @ self.strengths) / (contrast @ along)
        held = maximise(self.results, start, penalised=self.separated, contrast=contrast)
        return 2 * (self.best - objective(self.results, held, penalised=self.separated))

    def p(self, i: int, j: int) -> float:
        """The likelihood ratio test of equal strengths of two."""
        unit = np.eye(len(self.strengths))
        return erfc(sqrt(max(0.0, self.fall(unit[i] - unit[j], 0.0)) / 2))


def fit(results: Results) -> Fit:
    """The strengths of competitors that are all connected; see `parts`."""
    sides = separation(results.beaten)
    return Fit(results, maximise(results, np.zeros(len(results.names)), penalised=any(sides)), sides)


def separation(beaten: Bools) -> tuple[Side, ...]:
    """On which side of the core each competitor is; see Fit."""
    n, label = connected_components(beaten, directed=True, connection="strong")
    if n == 1:
        return ("" if len(beaten) > 1 else "apart",) * len(beaten)
    reach = beaten | np.eye(len(beaten), dtype=bool)
    for _ in range(len(beaten).bit_length()):
        reach = reach @ reach
    sizes = np.bincount(label)
    core = label == sizes.argmax()
    if (sizes == sizes.max()).sum() == 1:
        above, below = reach[:, core].any(axis=1), reach[core].any(axis=0)
    else:  # there is no core: only who stands at an end has a side
        apart = label[:, None] != label[None, :]
        above, below = ~(reach & apart).any(axis=0), ~(reach & apart).any(axis=1)
        core = np.zeros(len(beaten), dtype=bool)
    words: dict[tuple[bool, bool], Side] = {(True, False): "above", (False, True): "below"}
    found = np.column_stack([above, below, core]).tolist()
    return tuple("" if inside else words.get((a, b), "apart") for a, b, inside in found)


def maximise(results: Results, start: Floats, *, penalised: bool, contrast: Floats | None = None) -> Floats:
    """The strengths of the greatest likelihood (with Jeffreys' prior when `penalised`) with the sum of `start`, and
    with its `contrast` where one is given. Newton's steps, shortened so that they must gain (Bach 2010, proposition 2:
    the log of a logistic likelihood turns no faster than the strengths move apart)."""
    n = len(start)
    held = np.vstack([np.ones(n), *([] if contrast is None else [contrast])])
    system = np.zeros((n + len(held), n + len(held)))
    system[:n, n:], system[n:, :n] = held.T, held
    near = 1e-11 if contrast is None else 1e-6  # of one that is held only the height is asked: its error is squared
    theta, before = start, np.inf
    for _ in range(STEPS):
        seen = with_prior(results, theta) if penalised else results
        system[:n, :n] = steady(information(seen, theta))
        step = np.linalg.solve(system, [*gradient(seen, theta), *(0.0 for _ in held)])[:n]
        apart = float(np.ptp(step))
        if apart < near or before <= apart < 1e-3:  # the latter: rounding allows no more
            return theta
        theta, before = theta + step * (np.log1p(apart) / apart), apart
    assert contrast is not None, f"no maximum after {STEPS} steps"
    return theta  # so flat there that rounding makes the steps: its height, which is all that is asked, is right


def objective(results: Results, theta: Floats, *, penalised: bool) -> float:
    """The log-likelihood, with half the log-determinant of the information (Jeffreys' prior) when `penalised`."""
    met = np.triu(results.games)
    value = float(results.wins @ theta - (met * np.logaddexp(theta[:, None], theta[None, :])).sum())
    if penalised:
        value += float(np.linalg.slogdet(information(results, theta) + 1 / len(theta))[1]) / 2
    return value


def gradient(results: Results, theta: Floats) -> Floats:
    chance = expit(theta[:, None] - theta[None, :])
    return np.asarray(results.wins - (results.games * chance).sum(axis=1))


def with_prior(results: Results, theta: Floats) -> Results:
    """The results with ties added so that the likelihood has the slope that it has at `theta` with Jeffreys' prior:
    a tie in all for each degree of freedom, spread over the pairs by their leverages (Firth 1993)."""
    chance = expit(theta[:, None] - theta[None, :])
    inverse = centred_inverse(information(results, theta))
    spread = inverse.diagonal()[:, None] + inverse.diagonal()[None, :] - 2 * inverse
    ties = results.games * chance * (1 - chance) * spread
    return replace(results, games=results.games + ties, wins=results.wins + ties.sum(axis=1) / 2)


def information(results: Results, theta: Floats) -> Floats:
    """The expected information, (n, n); its rows sum to 0, as only differences of strengths are seen."""
    chance = expit(theta[:, None] - theta[None, :])
    weight = results.games * chance * (1 - chance)
    return np.asarray(np.diag(weight.sum(axis=1)) - weight)


def centred_inverse(found: Floats) -> Floats:
    """The inverse of an information among strengths that sum to 0."""
    size = max(float(np.trace(found)), 1e-300) / len(found) ** 2  # as big as what it stands beside
    return np.asarray(np.linalg.inv(steady(found) + size) - 1 / (size * len(found) ** 2))


def steady(found: Floats) -> Floats:
    """Information, (..., n, n), and so little more that it can be inverted where chances are 1 but for rounding."""
    size = np.trace(found, axis1=-2, axis2=-1)[..., None, None]
    return np.asarray(found + 1e-13 * size * np.eye(found.shape[-1]))
