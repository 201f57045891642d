"""The content of a board: its lines from the summaries, its decisions and averages from the score rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from komainu.eval.board import Board, Entry
from komainu.eval.columns import Column, lacking, ordered, read, same_items
from komainu.eval.headline import PARTS, Average, comparisons, withheld
from komainu.eval.measured import measured, weights_of
from komainu.eval.stats.family import holm, word
from komainu.eval.stats.intervals import LEVEL
from komainu.eval.stats.paired import Comparison, compare
from komainu.eval.totals import rounded, significant
from komainu.store import reference

if TYPE_CHECKING:
    from komainu.context import Context


def board(stage: Board, ctx: Context) -> dict[str, Any]:
    """What board.json holds; see Board."""
    names = [entry.name for entry in stage.entries]
    columns = [list(read(entry.scores, ctx)) for entry in stage.entries]
    for name, others in zip(names, columns, strict=True):
        for a, b in zip(columns[0], others, strict=True):
            same_items(a, b, names[0], name)
    means = [Average([c for c in some if c.scores.bench.averaged], stage.seed, stage.accept) for some in columns]
    pairs = compared(len(names))
    decisions = [
        {"from": names[i], "to": names[j], **decision(a, b, stage)}
        for i, j in pairs
        for a, b in zip(columns[i], columns[j], strict=True)
    ]
    headline = [{"entry": name, **estimates(average)} for name, average in zip(names, means, strict=True)]
    tests = [{"from": names[i], "to": names[j], **t} for i, j in pairs for t in comparisons(means[i], means[j])]
    return {
        "level": LEVEL,
        "seed": stage.seed,
        "accept": stage.accept,
        "entries": names,
        "measured": {c.name: measured(c.scores) for c in columns[0]},
        "rows": [line(n, c, ctx) for n, some in zip(names, columns, strict=True) for c in some],
        "tasks": [line for entry in stage.entries for line in task_lines(entry, ctx)],
        "headline": headline,
        "decisions": decided(decisions),
        "headline_decisions": decided(tests),
    }


def estimates(average: Average) -> dict[str, Any]:
    """ja, en and avg; None for an average that the board has no benches for."""
    return {part: average.estimate(average.parts[part]) if part in average.parts else None for part in PARTS}


def compared(n: int) -> list[tuple[int, int]]:
    """Each entry with the next, then the first with the last."""
    return [*pairwise(range(n)), *([(0, n - 1)] if n > 2 else [])]


def line(entry: str, column: Column, ctx: Context) -> dict[str, Any]:
    """The row of one metric of one bench."""
    scores, bench = column.scores, column.scores.bench
    summary = ctx.open(scores).summary
    numbers = summary["metrics"][column.metric]
    judges = summary.get("judges", {}).get(column.metric)
    own = bench.own(summary) if column.metric == bench.metrics[0] else {}
    return {
        "entry": entry,
        "model": summary["model"],
        "weights": weights_of(scores.answers.model).id,
        **column.key,
        **numbers,
        "worst": rounded(column.pooled_bound(bench.worst)),
        "best": rounded(column.pooled_bound(bench.best)),
        **({"balanced": judges["balanced"], "judges": judges["by"]} if judges else {}),
        **({"own": own} if own else {}),
        "higher_is_better": bench.higher_is_better,
        "bottom": bench.low,
        "top": bench.top,
        "averaged": bench.averaged,
        "sampling": summary["sampling"],
        "scores": reference(scores),
        "answers": reference(scores.answers),
    }


def task_lines(entry: Entry, ctx: Context) -> Iterator[dict[str, Any]]:
    for scores in ordered(entry.scores):
        summary = ctx.open(scores).summary
        for task, numbers in summary.get("by", {}).items():
            key = {"entry": entry.name, "bench": summary["bench"], "language": summary["language"], "task": task}
            yield {**key, **numbers, "scores": reference(scores)}


def decision(a: Column, b: Column, stage: Board) -> dict[str, Any]:
    """The paired comparison of two columns, over the items that both have a verdict for."""
    bench = a.scores.bench
    both = [(u, v) for i, u in a.values.items() if u is not None and (v := b.values[i]) is not None]
    if both:
        first, second = zip(*both, strict=True)
        numbers = written(compare(first, second, f"{stage.seed}:{a.name}:{a.metric}", top=bench.top))
    else:
        numbers = withheld()
    rest = {"higher_is_better": bench.higher_is_better, "missing": len(a.values) - len(both)}
    return {**a.key, **rest, **numbers, "withheld": lacking((a, b), stage.accept)}


def written(found: Comparison) -> dict[str, Any]:
    """A comparison as it stands in board.json: p to six digits, the rest to six decimals."""
    numbers = {k: rounded(v) if isinstance(v, float) else v for k, v in found._asdict().items()}
    return {**numbers, "p": significant(found.p)}


def decided(decisions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One family of decisions with p after Holm's correction and the word. What is withheld decides nothing."""
    found = []
    for each, p in zip(decisions, holm([d["p"] for d in decisions]), strict=True):
        change = 0.0 if each["withheld"] else each["difference"]
        found.append({**each, "p_holm": significant(p), "word": word(change, p, better_up=each["higher_is_better"])})
    return found
