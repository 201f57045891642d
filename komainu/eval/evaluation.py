"""An evaluation: the board of one model on the benchmarks of a suite, and the habits of its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from komainu.eval.base import Answers, Lang, Scores
from komainu.eval.bench.habits import habits
from komainu.eval.board import Board, Entry
from komainu.eval.items import Items
from komainu.eval.suites import Task
from komainu.models.base import Model


def evaluation(
    model: Model,
    tasks: Sequence[Task],
    limit: int = 0,
    judges: Sequence[Model] = (),
    *,
    accept: float = 0.0,
    runs: int = 1,
    **how: Any,
) -> Board:
    """`model` on `tasks`, sampled as each task says, unless `how` (fields of Model) says otherwise; `judges` mark the
    answers of the benches that need them.

    Beside each bench stand those that look at the same answers and are in no headline: the task's own, and the habits,
    each where an item is in its language. `accept` is the Board's. `runs` asks all of it so often, each time with the
    next seed. Reads the items.
    """
    scores: list[Scores] = []
    for task in tasks:
        items = task.items.limited(limit)
        rows, first = items.rows(), how.get("seed", model.seed)
        asked = [answers(model, task, items, {**how, "seed": first + run}) for run in range(runs)]
        names = dict.fromkeys(row.meta["bench"] for row in rows)
        rates = (rate for language in get_args(Lang) for name in names for rate in habits(language, name))
        looks = (bench for bench in (*task.beside, *rates) if any(map(bench.applies, rows)))
        scores += (bench.scoring(each, judges) for bench in (task.bench, *looks) for each in asked)
    return Board(entries=(Entry(name=model.name, scores=tuple(scores)),), accept=accept)


def answers(model: Model, task: Task, items: Items, how: Mapping[str, Any]) -> Answers:
    first, *others = task.temperatures
    own = "temperature" not in how
    asked = replace(model, **{"temperature": first, "max_tokens": task.max_tokens, **how})
    more = {"by_task": {**task.by_task}} if own and task.by_task else {}
    several = task.temperatures if own and others else ()
    return task.answers(model=asked, items=items, samples=task.samples, temperatures=several, **more)
