"""How often the intervals of strengths hold the truth, and how often equal models are told apart: a simulation.

    python -m bench.strengths [REPEATS]

First full round robins of five models, as `komainu eval rank` gets them. Then a candidate of tl-bench among four
anchors, with both orders of each text and anchor, where texts are harder or easier for the candidate (standard
deviation 0.8): the interval by resampling texts that is reported, and the quick one that the adaptive mode looks at.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
from scipy.special import expit

from komainu.eval.bench.tl_bench.placing import Result, place
from komainu.eval.stats.bootstrap import generator
from komainu.eval.stats.bradley_terry import Duels, fit, tally

MODELS = {"a": 2.0, "b": 0.5, "c": 0.5, "d": -0.5, "e": -2.5}  # they sum to 0; b and c are equal
ANCHORS = {"a": 1.5, "b": 0.5, "c": -0.5, "d": -1.5}
SCALE = [
    Duels(a, b, 100 * float(expit(ANCHORS[a] - ANCHORS[b])), 100 * float(expit(ANCHORS[b] - ANCHORS[a])))
    for a, b in combinations(ANCHORS, 2)
]
CANDIDATES, MOOD, MANY = (-1.0, 0.3, 2.0), 0.8, 20_000


def robin(strengths: Mapping[str, float], each: int, *seed: object) -> list[Duels]:
    """A full round robin as the model says it would come out."""
    rng = generator(*seed)
    found = []
    for a, b in combinations(strengths, 2):
        won = int(rng.binomial(each, expit(strengths[a] - strengths[b])))
        found.append(Duels(a, b, won, each - won))
    return found


def fought(strength: float, texts: int, *seed: object) -> list[Result]:
    """Both orders of every text and anchor."""
    rng = generator(*seed)
    moods = rng.normal(0, MOOD, texts)
    return [
        Result(f"text {i}", anchor, float(rng.binomial(2, expit(strength + mood - there))), 2.0)
        for i, mood in enumerate(moods)
        for anchor, there in ANCHORS.items()
    ]


def expected(strength: float, texts: int) -> float:
    """LT where the verdicts of so many texts come out as they do in the mean."""
    ratio = texts / MANY
    results = (r._replace(won=r.won * ratio, of=r.of * ratio) for r in fought(strength, MANY, "expected", strength))
    return place(SCALE, [*results]).lt


def ranked(each: int, repeats: int) -> str:
    held = separated = apart = 0
    for i in range(repeats):
        found = fit(tally(robin(MODELS, each, "robin", each, i)))
        separated += found.separated
        apart += found.p(1, 2) <= 0.05
        for j, true in enumerate(MODELS.values()):
            low, high = found.interval(j)
            held += (low is None or low <= true) and (high is None or true <= high)
    shares = (held / (repeats * len(MODELS)), apart / repeats, separated / repeats)
    return f"{each:17}  " + "  ".join(f"{100 * share:16.1f} %" for share in shares)


def placed(texts: int, repeats: int) -> str:
    held = np.zeros(2)
    for strength in CANDIDATES:
        true = expected(strength, texts)
        for i in range(repeats):
            found = place(SCALE, fought(strength, texts, "placed", texts, strength, i))
            ends = (found.interval(str(i)), found.quick())
            held += [low <= true <= high for _, low, high in ends]
    shares = held / (repeats * len(CANDIDATES))
    return f"{texts:5}  " + "  ".join(f"{100 * share:10.1f} %" for share in shares)


def lines(repeats: int) -> Iterator[str]:
    yield f"round robins of five models, {repeats} each"
    yield "games of each two  strength in 95 %  equal told apart      separated"
    yield from (ranked(each, repeats) for each in (5, 20, 100))
    yield f"a candidate among four anchors, {repeats} at each of {len(CANDIDATES)} strengths"
    yield "texts   LT in 95 %      quick"
    yield from (placed(texts, repeats) for texts in (20, 84))


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):
        print(line, flush=True)
