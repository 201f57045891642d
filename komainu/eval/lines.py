"""The numbers of an evaluation as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from komainu.eval.suites import PART, SUITES, benchmarks

NUMBERS = ("mean", "95 % interval", "n", "missing")


def run_lines(found: Mapping[str, Any]) -> Iterator[str]:
    for part, each in found["headline"].items():
        every = (*found["not_at_hand"], *found["not_judged"])
        lacking = [n for n in every if part == "avg" or n.removeprefix(PART) in benchmarks(SUITES[part])]
        without = f"  (without {', '.join(lacking)})" if lacking else ""
        if each and each["withheld"]:
            yield f"{part:<4} withheld, {each['worst']:.1f} to {each['best']:.1f} of 100: {each['withheld']}{without}"
        elif each:
            told = f"  ({each['accepted']})" if each["accepted"] else ""
            yield f"{part:<4} {each['mean']:.1f} [{each['low']:.1f}, {each['high']:.1f}] of 100{told}{without}"
    whole = [
        {**of, "metric": name, **e}
        for p in ("criteria", "overall")
        for of in found[p]
        for name, e in estimates("", of[p])
    ]
    judges = [{**of, "metric": name, **e} for of in found["judges"] for name, e in by_judge(of["judges"])]
    for rows in filter(None, (found["rows"], found["beside"], whole, judges)):
        yield ""
        yield from table([(each["bench"], each["language"], each["metric"], *cells(each)) for each in rows])
    yield ""
    yield from map(told_of_judges, found["judges"])
    yield from missing_lines(found["not_at_hand"], found["not_judged"])


def by_judge(told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each judge's estimate of each metric, and the mean of the judges' means: `score by NAME`, `score balanced`."""
    for metric, found in told.items():
        yield from ((f"{metric} by {name}", each) for name, each in found["by"].items())
        yield f"{metric} balanced", {"mean": found["balanced"]}


def told_of_judges(found: Mapping[str, Any]) -> str:
    again = ", ".join(f"{judge} {n}" for judge, n in found["asked_again"].items())
    ruled = ", ".join(f"{n} {why}" for why, n in found["by_rule"].items())
    steering = f"; answers that speak to their judges: {n}" if (n := found.get("steering")) else ""
    told = f"asked again for a verdict: {again}; by rule: {ruled or 'none'}{steering}"
    return f"{found['bench']} ({found['language']}): {told}"


def estimates(name: str, told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The estimates in what a bench tells of its whole set, and the shares without an interval, by their paths:
    `categories/NLI`, `mbpp/plus@1`."""
    if "low" in told:
        yield name, told
    for key, value in told.items():
        path = f"{name}/{key}" if name else key
        if isinstance(value, dict):
            yield from estimates(path, value)
        elif isinstance(value, float) and "low" not in told:
            yield path, {"mean": value}


def missing_lines(lacking: Mapping[str, str], unjudged: Mapping[str, str]) -> Iterator[str]:
    yield from (f"not at hand: {name}: {how}" for name, how in lacking.items())
    yield from (f"not asked: {name}: {how}" for name, how in unjudged.items())


def cells(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Mean, interval, n and missing of an estimate; a dash for what it has not."""
    mean, low, high = (found.get(name) for name in ("mean", "low", "high"))
    interval = "-" if low is None or high is None else f"[{low:.4f}, {high:.4f}]"
    return ("-" if mean is None else f"{mean:.4f}", interval, *(str(found.get(name, "-")) for name in ("n", "missing")))


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of names and the cells of an estimate as lines with a heading; names to the left, numbers to the right."""
    names = len(rows[0]) - len(NUMBERS)
    every = [(*("" for _ in range(names)), *NUMBERS), *rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    for row in every:
        left = (f"{cell:<{width}}" for cell, width in zip(row[:names], widths[:names], strict=True))
        right = (f"{cell:>{width}}" for cell, width in zip(row[names:], widths[names:], strict=True))
        yield "  ".join((*left, *right))
