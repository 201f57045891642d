"""The content of a board: its lines from the summaries, its decisions and averages from the score rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from komainu.eval.board import Board, Entry, column
from komainu.eval.columns import Column, lacking, ordered, read, same_items
from komainu.eval.headline import PARTS, Average, comparisons, withheld, written
from komainu.eval.measured import measured, weights_of
from komainu.eval.repeated import repeated
from komainu.eval.stats.cells import pair
from komainu.eval.stats.family import holm, word
from komainu.eval.stats.intervals import LEVEL
from komainu.eval.stats.paired import compare
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
    means = [Average([c for c in some if c.measure.averaged], stage.seed, stage.accept) for some in columns]
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
        "measured": {c.name: measured(c.scores[0]) for c in columns[0]},
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
    scores, what = column.scores[0], column.measure
    summaries = [ctx.open(run).summary for run in column.scores]
    several = len(summaries) > 1
    return {
        "entry": entry,
        "model": summaries[0]["model"],
        "weights": weights_of(scores.answers.model).id,
        **what.key,
        **(repeated(column, summaries) if several else once(column, summaries[0])),
        "worst": rounded(column.pooled_bound(what.worst)),
        "best": rounded(column.pooled_bound(what.best)),
        "higher_is_better": what.higher_is_better,
        "bottom": what.low,
        "top": what.top,
        "averaged": what.averaged,
        "sampling": summaries[0]["sampling"],
        "scores": reference(scores),
        "answers": reference(scores.answers),
    }


def once(column: Column, summary: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of a metric as the summary of its scores has them."""
    judges = summary.get("judges", {}).get(column.measure.metric)
    bench = column.scores[0].bench
    own = bench.own(summary) if column.measure.metric == bench.metrics[0] else {}
    found = {**summary["metrics"][column.measure.metric]}
    found |= {"balanced": judges["balanced"], "judges": judges["by"]} if judges else {}
    return found | ({"own": own} if own else {})


def task_lines(entry: Entry, ctx: Context) -> Iterator[dict[str, Any]]:
    for scores in ordered(entry.scores):
        summary = ctx.open(scores).summary
        if sum(column(each) == column(scores) for each in entry.scores) > 1:  # told of the runs together
            continue
        for task, numbers in summary.get("by", {}).items():
            key = {"entry": entry.name, "bench": summary["bench"], "language": summary["language"], "task": task}
            yield {**key, **numbers, "scores": reference(scores)}


def decision(a: Column, b: Column, stage: Board) -> dict[str, Any]:
    """The paired comparison of two columns, over the cells (an item and a judge) that both have a verdict for."""
    both, what = pair(a.cells, b.cells), a.measure
    why = lacking((a, b), stage.accept) or ("" if both.items else "no item has verdicts of both")
    numbers = withheld()
    if not why:
        runs = (a.swing, b.swing) if len(a.runs) + len(b.runs) > 2 else ()
        seed = f"{stage.seed}:{a.name}:{what.metric}"
        numbers = written(compare(both.first, both.second, seed, bottom=what.low, top=what.top, runs=runs))
    cells = {"cells": both.cells, "only_from": both.alone[0], "only_to": both.alone[1]}
    return {
        **what.key,
        **{"higher_is_better": what.higher_is_better, "missing": both.lost, **cells},
        **numbers,
        "withheld": why,
    }


def decided(decisions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One family of decisions with p after Holm's correction and the word.

    What is withheld has neither. It still counts as one of the family: the others' p must not get smaller by verdicts
    that are missing.
    """
    found = []
    for each, p in zip(decisions, holm([d["p"] for d in decisions]), strict=True):
        if each["withheld"]:
            found.append({**each, "p": None, "p_holm": None, "word": None})
        else:
            said = word(each["difference"], p, better_up=each["higher_is_better"])
            found.append({**each, "p_holm": significant(p), "word": said})
    return found
