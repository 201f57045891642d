"""Populations of item scores, from which the simulations of decisions.py draw: ties, ceilings, panels, samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

Floats: TypeAlias = NDArray[np.float64]
Score: TypeAlias = Callable[[Floats, np.random.Generator], Floats]
GRID = np.linspace(-0.5, 1.0, 31)  # advantages whose true means are known


@dataclass(frozen=True)
class Population:
    """Two models on the same items. An item's score is `score` of a normal latent ability, of which `shared` is the
    item's, the same for both models; the second is `advantage` standard deviations ahead."""

    name: str
    score: Score
    shared: float = 0.5
    right_or_wrong: bool = False

    def draw(
        self, rng: np.random.Generator, sims: int, n: int, advantage: Floats | float = 0.0
    ) -> tuple[Floats, Floats]:
        """The scores of either model, in [0, 1], shape (sims, n); `advantage` may be one a simulation."""
        item = rng.standard_normal((sims, n)) * np.sqrt(self.shared)
        own = np.sqrt(1 - self.shared)
        ahead = np.asarray(advantage, dtype=np.float64).reshape(-1, 1)
        first, second = (item + own * rng.standard_normal((sims, n)) for _ in range(2))
        return self.score(first, rng), self.score(second + ahead, rng)

    def means(self, ahead: Floats) -> Floats:
        """The true mean scores at some advantages."""
        return np.asarray(np.interp(ahead, GRID, truths(self)), dtype=np.float64)


@cache
def truths(of: Population, draws: int = 400_000) -> Floats:
    """The mean score at each advantage of GRID, over many draws."""
    rng = np.random.default_rng(7)
    latent = rng.standard_normal(draws)
    return np.array([float(of.score(latent + ahead, rng).mean()) for ahead in GRID])


def right(share: float) -> Score:
    """Right where the ability is among the best `share`."""
    cut = normal_quantile(1 - share)
    return lambda latent, rng: (latent > cut).astype(np.float64)


def marks(*cuts: float) -> Score:
    """Marks 0, 1, ... by the number of cuts below the ability, as a share of the highest."""
    edges = np.array(cuts)
    return lambda latent, rng: np.searchsorted(edges, latent) / len(edges)


def panel(score: Score, *kindness: float, noise: float = 0.5) -> Score:
    """The mean of judges that each see the ability with noise and are more or less kind."""

    def judged(latent: Floats, rng: np.random.Generator) -> Floats:
        said = (score(latent + kind + noise * rng.standard_normal(latent.shape), rng) for kind in kindness)
        return np.asarray(sum(said) / len(kindness))

    return judged


def samples(share: float, n: int, noise: float = 1.0) -> Score:
    """The share of n answers to one item that are right."""
    cut = normal_quantile(1 - share)

    def drawn(latent: Floats, rng: np.random.Generator) -> Floats:
        return np.asarray(sum((latent + noise * rng.standard_normal(latent.shape) > cut) for _ in range(n)) / n)

    return drawn


def overlap(scale: float) -> Score:
    """A share of common letters, as chrF is, cut at 1."""
    return lambda latent, rng: np.minimum(1.0, scale / (1 + np.exp(-1.4 * latent - 0.7)))


def losses(mean: float) -> Score:
    """1 less an exponential loss, cut at 0: skewed to the left, and hardly a score at a bound."""
    return lambda latent, rng: np.maximum(0.0, 1 + mean * log_ndtr(latent))


def normal_quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


FIVE, TEN = (-1.8, -1.0, -0.2, 0.6), (-2.6, -2.3, -2.0, -1.6, -1.3, -0.9, -0.4, 0.2, 1.2)
TOP = (-2.8, -2.3, -1.8, -1.2)  # 88 of 100 answers get the highest mark
POPULATIONS = (
    Population("right or wrong, 50 % right", right(0.5), right_or_wrong=True),
    Population("right or wrong, 80 % right", right(0.8), right_or_wrong=True),
    Population("right or wrong, 80 % right, models alike", right(0.8), 0.9, right_or_wrong=True),
    Population("right or wrong, 95 % right", right(0.95), right_or_wrong=True),
    Population("four samples, 70 % right", samples(0.7, 4)),
    Population("marks 1-5", marks(*FIVE), 0.6),
    Population("marks 1-5, 88 % at the top", marks(*TOP), 0.6),
    Population("marks 1-10", marks(*TEN), 0.6),
    Population("three judges, marks 1-10", panel(marks(*TEN), 0.0, 0.5, -0.4), 0.6),
    Population("three judges, 79 % of means at the top", panel(marks(*TOP), 0.0, 0.3, -0.2, noise=0.4), 0.6),
    Population("letters in common", overlap(1.0), 0.7),
    Population("letters in common, half at the top", overlap(1.5), 0.7),
    Population("letters in common, models alike", overlap(1.0), 0.95),
    Population("losses that trail off", losses(0.12), 0.6),
)
