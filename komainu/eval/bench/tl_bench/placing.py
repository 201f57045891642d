"""Where a candidate stands among the anchors: strength, LT, interval, and each text's part in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from scipy.special import expit, stdtrit

from komainu.eval.stats.bootstrap import Floats, counts, percentiles
from komainu.eval.stats.bradley_terry import TOP, Duels, Fit, fit, steady, tally
from komainu.eval.stats.intervals import LEVEL, Estimate

CANDIDATE = "\0candidate"  # the name of no anchor
RESAMPLES = 2000
FEW = 10  # texts under which an interval is that of the likelihood


class Result(NamedTuple):
    """What the candidate won of some comparisons with an anchor on one text; a tie is half."""

    item: str
    anchor: str
    won: float
    of: float


@dataclass(frozen=True)
class Placement:
    """The joint fit of the anchors' duels and the candidate's results."""

    results: tuple[Result, ...]
    anchors: tuple[Duels, ...]  # what they won against each other: part of the scale, so it is never drawn anew
    fit: Fit

    @property
    def me(self) -> int:
        return self.fit.results.names.index(CANDIDATE)

    @property
    def strength(self) -> float:
        return float(self.fit.strengths[self.me])

    @property
    def lt(self) -> float:
        return float(self.fit.lt[self.me])

    @property
    def names(self) -> list[str]:
        return [name for name in self.fit.results.names if name != CANDIDATE]

    @cached_property
    def items(self) -> list[str]:
        return [*dict.fromkeys(result.item for result in self.results)]

    def gains(self) -> dict[str, float]:
        """By how much one more comparison with each anchor would shrink the variance of the candidate's strength."""
        found = {}
        for j, name in enumerate(self.fit.results.names):
            if j != self.me:
                along = self.fit.covariance[:, self.me] - self.fit.covariance[:, j]
                chance = expit(self.fit.strengths[self.me] - self.fit.strengths[j])
                weight = chance * (1 - chance)
                found[name] = float(weight * along[self.me] ** 2 / (1 + weight * (along[self.me] - along[j])))
        return found

    @cached_property
    def parts(self) -> Floats:
        """Each text's part in the strength, (items,): what it won beyond expectation, times what a win moves."""
        place = {name: i for i, name in enumerate(self.fit.results.names)}
        moves = self.fit.covariance[self.me, self.me] - self.fit.covariance[self.me]
        found = dict.fromkeys(self.items, 0.0)
        for item, anchor, won, of in self.results:
            j = place[anchor]
            found[item] += moves[j] * (won - of * expit(self.fit.strengths[self.me] - self.fit.strengths[j]))
        return np.array([*found.values()])

    @property
    def pseudo(self) -> dict[str, float]:
        """A value for each text whose mean is LT: LT and, to first order, the text's part in it (the jackknife's
        linear form), so that placements over the same texts can be compared text by text."""
        slope = self.lt * (1 - self.lt / TOP)  # of LT by strength
        moved = len(self.items) * slope * (self.parts - self.parts.mean())
        return dict(zip(self.items, (self.lt + moved).tolist(), strict=True))

    def quick(self, level: float = LEVEL) -> Estimate:
        """LT and its interval from the spread of the texts' parts in the strength, with Student's quantile."""
        n = len(self.items)
        spread = float(((self.parts - self.parts.mean()) ** 2).sum()) * n / max(1, n - 1)
        if self.fit.separated or n < FEW or spread < 1e-12:
            return self.wide(level)
        reach = float(stdtrit(n - 1, (1 + level) / 2)) * spread**0.5
        return Estimate(self.lt, *(TOP * float(expit(self.strength + side * reach)) for side in (-1, 1)))

    @property
    def width(self) -> float:
        """Of the quick interval, in points of LT."""
        _, low, high = self.quick()
        return high - low

    def wide(self, level: float = LEVEL) -> Estimate:
        """LT and the profile likelihood's interval, the verdicts on one text and anchor taken as one; 0 or 10 where the
        results set no bound."""
        halved = fit(tally([*self.anchors, *against(self.results, each=True)]))
        low, high = halved.interval(halved.results.names.index(CANDIDATE), level)
        low, high = 0.0 if low is None else TOP * expit(low), TOP if high is None else TOP * expit(high)
        return Estimate(self.lt, min(float(low), self.lt), max(float(high), self.lt))

    def interval(self, seed: str, level: float = LEVEL) -> Estimate:
        """LT and its percentile interval over resamples of the texts, expanded for few texts (Hesterberg 2015, The
        American Statistician 69:371); as `wide` where the fit is separated, or texts are very few or all the same."""
        n = len(self.items)
        if self.fit.separated or n < FEW or float(np.ptp(self.parts)) < 1e-9:
            return self.wide(level)
        wider = float(stdtrit(n - 1, (1 + level) / 2)) * (n / (n - 1)) ** 0.5
        low, high = percentiles(self.replicates(seed), level=2 * NormalDist().cdf(wider) - 1)
        return Estimate(self.lt, min(low, self.lt), max(high, self.lt))

    def replicates(self, seed: str) -> Floats:
        """LT in each resample of the texts, shape (resamples,): the joint fit again, all at once."""
        names = self.fit.results.names
        places = {name: i for i, name in enumerate(names)}, {item: i for i, item in enumerate(self.items)}
        won, of = np.zeros((2, len(self.items), len(names)))
        for item, anchor, w, n in self.results:
            won[places[1][item], places[0][anchor]] += w
            of[places[1][item], places[0][anchor]] += n
        base = tally([*self.anchors, *(Duels(CANDIDATE, name, 0, 0) for name in self.names)])
        order = [base.names.index(name) for name in names]
        games, wins = base.games[np.ix_(order, order)], base.wins[order]
        return np.concatenate(
            [
                self.refitted(games, wins, drawn @ won, drawn @ of)
                for drawn in counts(len(self.items), f"{seed}:lt", RESAMPLES)
            ]
        )

    def refitted(self, games: Floats, wins: Floats, won: Floats, of: Floats) -> Floats:
        """LT for each row of what the candidate won of how many against each name; Newton's steps as in `maximise`.
        A resample without a maximum runs off to where its LT is 0 or 10."""
        me, n = self.me, len(wins)
        met = np.repeat(games[None], len(won), axis=0)
        met[:, me, :] += of
        met[:, :, me] += of
        total = wins + of - won
        total[:, me] = won.sum(axis=1)
        theta = np.repeat(self.fit.strengths[None], len(won), axis=0)
        for _ in range(30):
            chance = expit(theta[:, :, None] - theta[:, None, :])
            weight = met * chance * (1 - chance)
            info = -weight
            info[:, range(n), range(n)] += weight.sum(axis=2)
            slope = total - (met * chance).sum(axis=2)
            step = np.linalg.solve(steady(info) + 1 / n, slope[:, :, None])[:, :, 0]
            apart = np.maximum(np.ptp(step, axis=1, keepdims=True), 1e-12)
            theta = theta + step * (np.log1p(apart) / apart)
            if float(apart.max()) < 1e-8:
                break
        return TOP * np.asarray(expit(theta[:, me] - theta.mean(axis=1)))


def place(anchors: Iterable[Duels], results: Sequence[Result]) -> Placement:
    """The candidate among the anchors; both must have met."""
    known = scale(anchors)
    return Placement(tuple(results), known, fit(tally([*known, *against(results)])))


def scale(anchors: Iterable[Duels]) -> tuple[Duels, ...]:
    """The anchors' duels, each pair once."""
    total: dict[tuple[str, str], list[float]] = {}
    for a, b, wins_a, wins_b, ties in anchors:
        sums = total.setdefault((a, b), [0.0, 0.0, 0.0])
        total[a, b] = [x + y for x, y in zip(sums, (wins_a, wins_b, ties), strict=True)]
    return tuple(Duels(a, b, *sums) for (a, b), sums in total.items())


def against(results: Sequence[Result], *, each: bool = False) -> list[Duels]:
    """The candidate's results by anchor; with `each` all verdicts on a text and anchor count as one."""
    total: Mapping[str, list[float]] = {result.anchor: [0.0, 0.0] for result in results}
    for _, anchor, won, of in results:
        size = of if each else 1.0
        total[anchor][0] += won / size
        total[anchor][1] += (of - won) / size
    return [Duels(CANDIDATE, anchor, won, lost) for anchor, (won, lost) in total.items()]
