"""Averages as vectors over items, for the many differences of a sweep: what `headline.gaps` gives, but faster."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from komainu.eval.columns import Column
from komainu.eval.headline import Average
from komainu.eval.stats.bootstrap import Floats


class Part(NamedTuple):
    """One column: the places of its items in all items, their goodness, and what the column counts for."""

    where: NDArray[np.intp]
    values: Floats
    weight: float


class Vector(NamedTuple):
    """An average's columns over its items, in the items' order."""

    items: tuple[str, ...]
    parts: tuple[Part, ...]


def vector(of: Average, weights: Floats) -> Vector | None:
    """None where a difference must look at single verdicts: some are missing, or not all items have the same judges."""
    used = [(column, float(weight)) for column, weight in zip(of.columns, weights, strict=True) if weight]
    if not all(whole(column) for column, _ in used):
        return None
    items = tuple(sorted({item for column, _ in used for item in column.verdicts}))
    place = {item: i for i, item in enumerate(items)}
    parts = []
    for column, weight in used:
        own = sorted(column.verdicts)
        where = np.array([place[item] for item in own], dtype=np.intp)
        values = column.values
        parts.append(Part(where, np.array([column.goodness(values[item] or 0.0) for item in own]), weight))
    return Vector(items, tuple(parts))


def whole(column: Column) -> bool:
    return not column.missing and len({tuple(judges) for judges in column.judges.values()}) == 1


def differences(a: Vector, b: Vector) -> tuple[Floats, Floats]:
    """Second minus first on the same items: parts that add up to it, and errors, as of `headline.Gaps`."""
    parts, errors = np.zeros(len(a.items)), np.zeros(len(a.items))
    for first, second in zip(a.parts, b.parts, strict=True):
        found = second.values - first.values
        n = len(found)
        parts[first.where] += first.weight * found / n
        errors[first.where] += first.weight * (found - found.mean()) / sqrt(n * max(1, n - 1))
    return parts, errors
