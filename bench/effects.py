"""How often a sweep's effect is called when there is none, and how often its interval holds the true one.

python -m bench.effects [simulations]

Items are right or wrong. An item has a difficulty that all runs share and an answer of each run; a training adds luck
of its own to every item. With items of each seed's own, as where the seed draws them too, nothing is shared by seeds.
"""

from __future__ import annotations

import sys

import numpy as np

from komainu.eval.stats.bootstrap import Floats
from komainu.eval.stats.effects import Block, effect

N = 300


def block(rng: np.random.Generator, hard: Floats, luck: float, true: float, seed: int, names: list[str]) -> Block:
    """Two runs on the same items, each with luck; the second is better by `true` for sure of an item's probability."""
    sides = []
    for more in (0.0, true):
        share = np.clip(hard + more + rng.normal(0, luck), 0, 1)
        sides.append((rng.random(len(hard)) < share).astype(np.float64))
    gaps = sides[1] - sides[0]
    n = len(gaps)
    return Block(str(seed), names, gaps / n, (gaps - gaps.mean()) / np.sqrt(n * (n - 1)))


def rates(sims: int, seeds: int, others: int, luck: float, true: float, *, own: bool) -> tuple[float, float]:
    """How often p is at most 5 %, and how often the interval holds the true effect."""
    rng = np.random.default_rng((seeds, others, round(1000 * luck), round(1000 * true), own))
    called = held = 0
    for _ in range(sims):
        shared = rng.uniform(0.2, 0.7, N)
        blocks = []
        for seed in range(seeds):
            hard = rng.uniform(0.2, 0.7, N) if own else shared
            names = [f"{seed if own else ''}/{i}" for i in range(N)]
            blocks += [block(rng, hard, luck, true, seed, names) for _ in range(others)]
        found = effect(blocks)
        called += found.p <= 0.05
        held += found.low <= true <= found.high
    return 100 * called / sims, 100 * held / sims


def main(sims: int) -> None:
    print("| seeds | other settings | luck of a training | items | called, none there | interval holds 5 points |")
    print("|---|---|---|---|---|---|")
    for own in (False, True):
        for seeds in (1, 2, 3, 5):
            for others in (1, 4):
                for luck in (0.0, 0.02):
                    false, _ = rates(sims, seeds, others, luck, 0.0, own=own)
                    _, held = rates(sims, seeds, others, luck, 0.05, own=own)
                    items = "a seed's own" if own else "the same"
                    print(f"| {seeds} | {others} | {100 * luck:g} | {items} | {false:.1f} % | {held:.1f} % |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
