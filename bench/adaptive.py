"""How many calls the adaptive mode of tl-bench saves, and whether its intervals still hold the truth: a simulation.

    python -m bench.adaptive [REPEATS]

Twenty anchors as far apart as the published ones, 84 texts, a judge that follows the Bradley-Terry model. For each true
strength of a candidate two designs ask until the interval of LT is as narrow as the published design makes it in the
mean, 67 comparisons with each anchor: "even" takes the anchors in turn, "adaptive" chooses them. In the first world the
two orders of a pairing are independent; in the second the judge says the same again in 60 % of the pairings.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import combinations
from statistics import fmean
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from komainu.eval.bench.tl_bench.adaptive import Adaptive, schedule
from komainu.eval.bench.tl_bench.placing import Placement, Result, place
from komainu.eval.stats.bootstrap import generator
from komainu.eval.stats.bradley_terry import TOP, Duels

ANCHORS = (5.2, 4.5, 3.3, 2.9, 2.3, 2.0, 1.1, 0.9, 0.7, 0.0, -0.1, -0.4, -0.4, -0.9, -2.2, -2.6, -2.9, -3.5, -4.3, -5.6)
STRENGTHS = (-4.5, -3.0, -1.5, -0.5, 0.5, 1.5, 3.0, 4.5)
TEXTS, EACH, PUBLISHED = 84, 134, 67
HOW = Adaptive()
NAMES = [f"anchor {i}" for i in range(len(ANCHORS))]
TRUE = dict(zip(NAMES, np.array(ANCHORS) - np.mean(ANCHORS), strict=True))
SCALE = [
    Duels(a, b, EACH * float(expit(TRUE[a] - TRUE[b])), EACH * float(expit(TRUE[b] - TRUE[a])))
    for a, b in combinations(NAMES, 2)
]
Judge = Callable[[str, str], float]


class Ended(NamedTuple):
    """A run of one design: the calls it took, and whether the interval holds the true LT."""

    calls: int
    held: bool
    width: float


def independent(strength: float, *seed: object) -> Judge:
    """What the candidate wins of the two orders of a pairing, each by itself."""
    rng = generator(*seed)
    return lambda item, anchor: float(rng.binomial(2, expit(strength - TRUE[anchor])))


def alike(strength: float, *seed: object) -> Judge:
    """The second order repeats the first in 60 % of the pairings."""
    rng = generator(*seed)

    def won(item: str, anchor: str) -> float:
        one, two = (int(drawn < expit(strength - TRUE[anchor])) for drawn in rng.random(2))
        return float(one + (one if rng.random() < 0.6 else two))

    return won


def asked(judge: Judge, strength: float, width: float, *, adaptive: bool, most: int) -> Ended:
    """Ask in batches until the interval is at most `width` wide, or `most` pairings were asked."""
    plan = schedule([f"text {i}" for i in range(TEXTS)], NAMES, 0)
    results: list[Result] = []
    placed: Placement | None = None
    while batch := plan.take(HOW.batch if placed else HOW.first, placed.gains() if placed and adaptive else None):
        results += (Result(item, anchor, judge(item, anchor), 2.0) for item, anchor in batch)
        placed = place(SCALE, results)
        if placed.width <= width or len(results) >= most:
            break
    assert placed
    _, low, high = placed.quick()
    true = TOP * float(expit(strength * len(NAMES) / (len(NAMES) + 1)))
    return Ended(2 * len(results), low <= true <= high, high - low)


def lines(repeats: int) -> Iterator[str]:
    pairings = TEXTS * len(NAMES)
    published = PUBLISHED * len(NAMES) // 2
    for name, world in (("independent", independent), ("alike", alike)):
        yield f"orders {name}: {repeats} runs a strength, {2 * pairings} comparisons possible"
        yield "strength     LT  width  even  adaptive  ratio  held even  held adaptive"
        ends: list[tuple[Ended, Ended]] = []
        for true in STRENGTHS:
            pilot = [
                asked(world(true, "pilot", name, true, i), true, 0.0, adaptive=False, most=published) for i in range(5)
            ]
            width = fmean(end.width for end in pilot)
            some = [
                (
                    asked(world(true, "even", name, true, i), true, width, adaptive=False, most=pairings),
                    asked(world(true, "adaptive", name, true, i), true, width, adaptive=True, most=pairings),
                )
                for i in range(repeats)
            ]
            ends += some
            yield line(f"{true:8.1f}  {TOP * expit(true * 20 / 21):5.2f}  {width:5.2f}", some)
        yield line(f"{'all':>8}  {'':5}  {'':5}", ends)


def line(head: str, ends: list[tuple[Ended, Ended]]) -> str:
    even, adaptive = (fmean(end.calls for end in some) for some in zip(*ends, strict=True))
    held = [100 * fmean(end.held for end in some) for some in zip(*ends, strict=True)]
    return f"{head}  {even:4.0f}  {adaptive:8.0f}  {adaptive / even:5.2f}  {held[0]:7.1f} %  {held[1]:11.1f} %"


if __name__ == "__main__":
    for each in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 100):
        print(each, flush=True)
