"""What a sweep of many points costs beside its points: planning them, and telling what they did.

python -m bench.sweeps [points]

Points are boards over 300 items a language in four benches of right or wrong; nothing is trained.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from komainu.eval.columns import Column, Measure
from komainu.eval.factors import Factors, Tried, analysed
from komainu.eval.versus import Entrant, Key
from komainu.sweeps.points import combinations, factors

N = 300


def point(values: dict[str, str], seed: int) -> Tried:
    rng = np.random.default_rng(seed)
    columns = {}
    for language in ("ja", "en"):
        for bench in ("a", "b", "c", "d"):
            right = (rng.random(N) < 0.5 + 0.02 * int(values["lr"])).astype(float)
            verdicts: dict[str, list[float | None]] = {f"{language}/{i}": [float(x)] for i, x in enumerate(right)}
            measure = Measure(bench, language, "right", 0.0, 1.0)
            judges = {item: ["rule"] for item in verdicts}
            columns[Key(measure, ())] = Column(measure, verdicts, judges, (verdicts,))
    return Tried(values, Entrant("m", columns))


def timed(what: str, call: Callable[[], Any]) -> None:
    started = time.process_time()
    call()
    print(f"| {what} | {time.process_time() - started:.1f} s |")


def main(count: int) -> None:
    some = factors([f"lr=0..{count // 20 - 1}", "mix=a,b", "beta=1,2", "seed=0..4"])
    every = [point(values, i) for i, values in enumerate(combinations(some))]
    varied = {f.name: f.levels for f in some}
    print(f"| {len(every)} points | CPU |\n|---|---|")
    timed("effects, settings, groups", lambda: analysed(Factors(every, varied)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
