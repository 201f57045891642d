"""Judges without a fault, many times: how often `komainu eval panel` says that they have one.

python -m bench.panels [runs]    default: 400
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from statistics import fmean

from komainu.eval.panel.drift import drift
from komainu.eval.panel.failures import failures
from komainu.eval.panel.kin import Kin, kin_bias
from komainu.eval.panel.marks import Mark, Sheet, sheet

MODELS, KIN, ITEMS = 14, 5, 15
JUDGES = ("a", "b", "c")


def fair(rng: random.Random) -> Iterator[Mark]:
    """Three judges who see what each answer is worth, and noise; c gives no verdict one time in ten."""
    for m in range(MODELS):
        able = rng.gauss(6, 1)
        for i in range(ITEMS):
            worth = able + rng.gauss(0, 1)
            for judge in JUDGES:
                score = None if judge == "c" and rng.random() < 0.1 else worth + rng.gauss(0, 0.7)
                yield Mark(f"model-{m}", f"{i}", judge, score, top=10.0)


def again(rng: random.Random) -> tuple[Sheet, Sheet]:
    """Two judges on 40 answers, twice: one score in three is a point off the second time, either way."""
    then = [Mark("m", f"{i}", judge, float(rng.randint(1, 5)), top=5.0) for i in range(40) for judge in JUDGES[:2]]
    scores = [min(5.0, max(1.0, (mark.score or 0) + rng.choice((-1, 0, 0, 0, 0, 1)))) for mark in then]
    return sheet(then), sheet(mark._replace(score=score) for mark, score in zip(then, scores, strict=True))


def main(runs: int) -> None:
    kin = [Kin(f"model-{m}", "a" if m < KIN else "other", "") for m in range(MODELS)]
    found: dict[str, list[bool]] = {}
    for run in range(runs):
        rng = random.Random(f"panels:{run}")
        table = sheet(fair(rng))
        (own,) = kin_bias(table, JUDGES, kin, "family", "s")[0]["own"]
        (missing,) = (row for row in failures(table, JUDGES, "", "s") if row["judge"] == "c")
        frozen, now = again(rng)
        told = {
            f"a bias towards {KIN} of {MODELS} models, by its p": own["p"] <= 0.05,
            "the same, by its interval over models": not own["models"][0] <= 0 <= own["models"][1],
            f"the same, by its interval over {ITEMS} items": not own["items"][0] <= 0 <= own["items"][1],
            "missing verdicts that have to do with the answer": missing["word"] == "related",
            "drift of one of two judges": any(row["alarm"] for row in drift(frozen, now, "s")),
        }
        for what, said in told.items():
            found.setdefault(what, []).append(said)
    for what, said in found.items():
        print(f"{100 * fmean(said):5.1f} %  {what}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
