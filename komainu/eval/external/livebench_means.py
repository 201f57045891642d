"""LiveBench's means: of tasks over questions, of categories over tasks, and the average over categories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from komainu.rows import Chat

CATEGORIES = ("coding", "data_analysis", "instruction_following", "language", "math", "reasoning")


def averages(tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """`categories`, each the mean of its tasks' estimates, and `average`, the mean of these, with 95 % intervals."""
    from komainu.eval.stats.combined import mean_of_means

    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for name, told in tasks.items():
        found[name.partition("/")[0]].append(told)
    absent = [category for category in CATEGORIES if category not in found]
    categories = {category: mean_of_means(some) for category, some in found.items()}
    lacking = f"without {', '.join(absent)}" if absent else ""
    return {"categories": categories, "average": mean_of_means([*categories.values()], lacking=lacking)}


def totals(items: Sequence[Chat], scores: Mapping[str, float]) -> dict[str, Any]:
    """Task means, category means, their average, and what is missing of it."""
    tasks: dict[tuple[str, str], list[float | None]] = defaultdict(list)
    for item in items:
        tasks[item.meta["category"], item.meta["task"]].append(scores.get(item.id))
    means = {key: mean([v for v in some if v is not None]) for key, some in sorted(tasks.items())}
    categories = {c: mean([m for (of, _), m in means.items() if of == c]) for c in sorted({c for c, _ in means})}
    missing = [c for c in CATEGORIES if categories.get(c) is None]
    return {
        "tasks": {
            f"{c}/{t}": {"mean": written_mean(means[c, t]), "n": len(some), "missing": some.count(None)}
            for (c, t), some in sorted(tasks.items())
        },
        "categories": {category: written_mean(value) for category, value in categories.items()},
        "missing_categories": missing,
        "average": None if missing else written_mean(mean([*categories.values()])),
    }


def mean(values: Sequence[float | None]) -> float | None:
    """The mean; None of nothing, and where one is missing."""
    there = [v for v in values if v is not None]
    return fmean(there) if there and len(there) == len(values) else None


def written_mean(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
