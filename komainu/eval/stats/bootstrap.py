"""Seeded bootstrap: the same seed and data give the same draws on every run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from komainu.eval.stats.intervals import LEVEL, Estimate

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
RESAMPLES = 5000
CHUNK = 2_000_000  # cells drawn at once


def generator(*seed: object) -> np.random.Generator:
    """A generator from the SHA-256 of the seed's parts."""
    digest = hashlib.sha256(":".join(map(str, seed)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def chunks(total: int, width: int) -> Iterator[int]:
    """How many rows of `width` cells to draw at a time, `total` in all."""
    step = max(1, CHUNK // max(1, width))
    for start in range(0, total, step):
        yield min(step, total - start)


def counts(n: int, seed: str, resamples: int = RESAMPLES) -> Iterator[Floats]:
    """How often each of n items is drawn in each resample: blocks of shape (some resamples, n)."""
    rng = generator("bootstrap", seed)
    for rows in chunks(resamples, n):
        drawn = rng.integers(0, n, size=(rows, n)) + n * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


@lru_cache(maxsize=1)
def few_counts(n: int, seed: str, resamples: int) -> Floats:
    """The same as one block, kept for the next comparison of as many items."""
    return np.concatenate([*counts(n, seed, resamples)])


def means(values: Floats, seed: str, resamples: int) -> Floats:
    """The mean of each resample of values."""
    n = len(values)
    if n * resamples <= 2 * CHUNK:
        return few_counts(n, seed, resamples) @ values / n
    return np.concatenate([block @ values / n for block in counts(n, seed, resamples)])


def percentiles(replicates: Floats, *, level: float = LEVEL) -> tuple[float, float]:
    """The percentile interval of bootstrap replicates, shape (resamples,)."""
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bca_mean(values: Floats, seed: str, *, level: float = LEVEL, resamples: int = RESAMPLES) -> Estimate:
    """The mean of values, shape (n,), and its BCa interval (Efron 1987); the mean itself when all are equal."""
    mean, n = float(values.mean()), len(values)
    centred = values - mean
    if n < 2 or float(np.abs(centred).max()) < 1e-12:
        return Estimate(mean, mean, mean)
    replicates = means(values, seed, resamples)
    # a mean has the jackknife values in closed form; ties count half, as in scipy
    acceleration = float((centred**3).sum() / (6 * (centred**2).sum() ** 1.5))
    below = float((replicates < mean).mean() + (replicates <= mean).mean()) / 2
    normal = NormalDist()
    bias = normal.inv_cdf(min(max(below, 0.5 / resamples), 1 - 0.5 / resamples))

    def share(z: float) -> float:
        return normal.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))

    z = normal.inv_cdf((1 + level) / 2)
    low, high = np.quantile(replicates, [share(-z), share(z)])
    return Estimate(mean, float(low), float(high))
