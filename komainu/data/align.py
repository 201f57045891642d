"""How near a passage of a long text comes to a short one, by edit distance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from komainu.data.folding import Codes

Numbers = NDArray[np.int32]
NOTHING = 0xFFFFFFFF  # no code point
RUN, SURE = 3, 0.5
CELLS = 1 << 15  # numbers worked on at once, so that they stay in the processor's cache


class Pairing(NamedTuple):
    """A short text, what each of its characters weighs, and a long text."""

    short: Codes
    weights: Numbers
    text: Codes


def kept(pairing: Pairing) -> float:
    """The share of the short text's weight in runs of RUN characters that the text has at about the same place.

    Quick, and hardly ever less than SURE where the nearest passage of the text leaves two thirds.
    """
    short, weights, text = pairing
    size, shifts = len(short), len(text) - len(short) + 1
    if size < RUN or shifts < 1:
        return 0.0
    same = as_strided(text, (shifts, size), (4, 4), writeable=False) == short
    runs = same[:, : size - RUN + 1].copy()
    for i in range(1, RUN):
        runs &= same[:, i : size - RUN + 1 + i]
    begins = np.bitwise_or.reduce(runs, 0)
    covered = np.zeros(size, bool)
    for i in range(RUN):
        covered[i : size - RUN + 1 + i] |= begins
    return float(weights[covered].sum() / weights.sum())


def costs(pairings: Sequence[Pairing]) -> tuple[Numbers, Numbers]:
    """What the passage of each text nearest to the short one costs, and where it ends (the first of equals).

    Weighted edit distance of `short` and any substring of `text` (Sellers 1980, doi 10.1016/0196-6774(80)90016-4):
    to leave out or replace a character costs its weight, and so does one put in after it. Weight 0 is template.
    """
    found, ends = np.zeros(len(pairings), np.int32), np.zeros(len(pairings), np.int32)
    for some in alike(pairings):
        reach = reached([pairings[i] for i in some])
        found[some], ends[some] = reach.min(1), reach.argmin(1)
    return found, ends


def alike(pairings: Sequence[Pairing]) -> Iterator[list[int]]:
    """Places of pairings of about one size, so that little is filled up, and of CELLS numbers or so."""
    some: list[int] = []
    for i in sorted(range(len(pairings)), key=lambda i: (len(pairings[i].short), len(pairings[i].text))):
        short, text = len(pairings[i].short), len(pairings[i].text)
        if some and (4 * short > 5 * len(pairings[some[0]].short) + 16 or len(some) * text > CELLS):
            yield some
            some = []
        some.append(i)
    if some:
        yield some


def reached(pairings: Sequence[Pairing]) -> Numbers:
    """Of each pairing and length of text, what the cheapest passage that ends there costs.

    Shorter ones are filled up with characters that weigh nothing, and texts with ones that equal none: that leaves the
    least cost as it is.
    """
    rows, columns = max(len(p.short) for p in pairings), max(len(p.text) for p in pairings)
    short, weights = np.zeros((rows, len(pairings), 1), np.uint32), np.zeros((rows, len(pairings), 1), np.int32)
    text = np.full((len(pairings), columns), NOTHING, np.uint32)
    for i, pairing in enumerate(pairings):
        short[: len(pairing.short), i, 0], weights[: len(pairing.short), i, 0] = pairing.short, pairing.weights
        text[i, : len(pairing.text)] = pairing.text
    found = np.zeros((len(pairings), columns + 1), np.int32)
    far = np.arange(columns + 1, dtype=np.int32)
    for code, weight in zip(short, weights, strict=True):
        instead = (text != code) * weight
        instead += found[:, :-1]
        found += weight
        np.minimum(found[:, 1:], instead, out=found[:, 1:])
        slope = weight * far
        found -= slope
        np.minimum.accumulate(found, axis=1, out=found)
        found += slope
    return found
