"""How many of the 190 pairs among 20 close models the published protocol can decide: 320 questions, three judges.

python -m bench.ablations SCORES.tsv [simulations]

SCORES.tsv has a line a model: its name, its average, and its means on ELYZA, Tengu, JA MT-Bench and Rakuda, each of 10.
The spread of single items is that of the three models with published judgements under KOMAINU_FIXTURES.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from statistics import NormalDist, fmean

import numpy as np
from numpy.typing import NDArray

from komainu.eval.stats.family import holm
from komainu.eval.stats.flips import sign_flip

Floats = NDArray[np.float64]
BENCHES = {  # folder: what names an item, its marks' top
    "elyza__ELYZA-tasks-100": ("Question", 5),
    "lightblue__tengu_bench": ("Question", 10),
    "shisa-ai__ja-mt-bench-1shot": ("id", 10),
    "yuzuai__rakuda-questions": ("question_id", 10),
}
JUDGES = ("judge_llmjudge-athenev2", "judge_llmjudge-llama33", "judge_llmjudge-tulu405")
MODELS = ("google__gemma-3-12b-it", "microsoft__phi-4", "mistralai__Mistral-Nemo-Instruct-2407")
TOP = 20
POWER = NormalDist().inv_cdf(0.8)


def items(tree: Path, bench: str) -> Floats:
    """The mean of the judges' marks, of 10, shape (items, models); items that a model lacks are left out."""
    name, top = BENCHES[bench]
    said: dict[str, dict[str, list[float]]] = {}
    for model in MODELS:
        for judge in JUDGES:
            for line in (tree / judge / bench / f"{model}.json").read_text(encoding="utf-8").splitlines():
                row = json.loads(line) if line.strip() else {}
                try:
                    mark = float(row["score"])
                except (KeyError, TypeError, ValueError):
                    continue
                said.setdefault(str(row[name]), {}).setdefault(model, []).append(10 * mark / top)
    return np.array([[fmean(by[m]) for m in MODELS] for by in said.values() if len(by) == len(MODELS)])


def deviations(marks: Floats) -> Floats:
    """How far a model's item is from what item and model would give alone: as much as one model's own noise."""
    left = marks - marks.mean(axis=1, keepdims=True) - marks.mean(axis=0) + marks.mean()
    return np.asarray(left.ravel() * np.sqrt(len(MODELS) / (len(MODELS) - 1)))


def close_models(file: Path) -> Iterator[tuple[str, Floats]]:
    """The best 8B ablations and their means on the four benches."""
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()[1:]]
    found = [row for row in rows if row[0].startswith("ablation") and "8b" in row[0].lower() and row[1]]
    for row in sorted(found, key=lambda row: -float(row[1]))[:TOP]:
        yield row[0], np.array([float(cell) for cell in row[2:6]])


def main(file: Path, sims: int) -> None:
    tree = Path(os.environ["KOMAINU_FIXTURES"]) / "shaberi" / "tree" / "judgements"
    marks = [items(tree, bench) for bench in BENCHES]
    pools = [deviations(each) for each in marks]
    means = np.array([mean for _, mean in close_models(file)])
    sizes = [len(each) for each in marks]
    rng = np.random.default_rng(0)
    print(f"items {sizes}, sd of one model's items {[round(float(pool.std()), 2) for pool in pools]}")
    print(f"averages of the {TOP} best: {means.mean(axis=1).max():.2f} to {means.mean(axis=1).min():.2f}")
    pairs = [*combinations(range(TOP), 2)]
    whole = sum(2 * pool.var() / n for pool, n in zip(pools, sizes, strict=True)) / len(pools) ** 2
    print(f"standard error of a difference of averages {np.sqrt(whole):.3f}")
    needed = (abs(NormalDist().inv_cdf(0.025 / len(pairs))) + POWER) * np.sqrt(whole)
    widest = float(means.mean(axis=1).max() - means.mean(axis=1).min())
    print(f"smallest difference found with 80 % power among 190: {needed:.2f}; first to last is {widest:.2f}")
    print(f"items that would decide first against last: {round(sum(sizes) * (needed / widest) ** 2):,}")
    print(
        "| true means | pairs decided without correction | with Holm's correction | runs with none |\n|---|---|---|---|"
    )
    for told, true in (("all equal", np.tile(means.mean(axis=0), (TOP, 1))), ("as published", means)):
        counts = []
        for _ in range(sims):
            drawn = [
                true[:, b : b + 1] + rng.choice(pool, size=(TOP, n))
                for b, (pool, n) in enumerate(zip(pools, sizes, strict=True))
            ]
            parts = np.hstack([bench / (len(pools) * bench.shape[1]) for bench in drawn])
            ps = [sign_flip((parts[j] - parts[i]) * parts.shape[1]) for i, j in pairs]
            counts.append((sum(p <= 0.05 for p in ps), sum(p <= 0.05 for p in holm(ps))))
        plain, corrected = zip(*counts, strict=True)
        none = 100 * sum(c == 0 for c in corrected) / sims
        print(f"| {told} | {fmean(plain):.1f} | {fmean(corrected):.2f} | {none:.0f} % |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200)
