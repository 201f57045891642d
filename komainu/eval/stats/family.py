"""Many tests at once: Holm's adjustment and the three words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from komainu.eval.stats.intervals import LEVEL

Word = Literal["better", "worse", "not distinguishable"]


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values (Holm 1979), in the order given: each at most 1, none below its p."""
    adjusted, largest = [0.0] * len(ps), 0.0
    for rank, i in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[i]))
        adjusted[i] = largest
    return adjusted


def word(difference: float, p: float, *, better_up: bool = True, level: float = LEVEL) -> Word:
    """What a difference means for the second of two models: decided only when p is at most 1 - level."""
    if difference == 0 or p > 1 - level + 1e-12:
        return "not distinguishable"
    return "better" if (difference > 0) == better_up else "worse"
