"""How near a passage of a long text comes to a short one, by edit distance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from komainu.data.folding import Codes

Weights = NDArray[np.int64]


class Alike(NamedTuple):
    """The passage text[start:end] that takes the fewest edits; `share` is 1 less these for each character that counts."""

    share: float
    start: int
    end: int


def alike(short: Codes, weights: Weights, text: Codes) -> Alike:
    """The passage of `text` nearest to `short`; the first one of equals.

    Weighted edit distance of `short` and any substring of `text` (Sellers 1980, doi 10.1016/0196-6774(80)90016-4):
    to leave out or replace a character costs its weight, and so does one put in after it. Weight 0 is template.
    """
    total = int(weights.sum())
    if not total or not len(text):
        return Alike(0.0, 0, 0)
    costs = ends(short, weights, text)
    end = int(costs.argmin())
    back = ends(short[::-1], weights[::-1], text[:end][::-1])
    return Alike(max(0.0, 1 - int(costs[end]) / total), end - int(back.argmin()), end)


def ends(short: Codes, weights: Weights, text: Codes) -> Weights:
    """Of each length of text, what the cheapest passage that ends there costs."""
    costs, far = np.zeros(len(text) + 1, np.int64), np.arange(len(text) + 1)
    for code, weight in zip(short, weights.tolist(), strict=True):
        row = costs + weight
        np.minimum(row[1:], costs[:-1] + weight * (text != code), out=row[1:])
        costs = np.minimum.accumulate(row - weight * far) + weight * far
    return costs
