"""An evaluation: the board of one model on the benchmarks of a suite, and the habits of its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from komainu.eval.base import Answers, Scores
from komainu.eval.bench.habits import habits
from komainu.eval.board import Board, Entry
from komainu.eval.items import Items
from komainu.eval.suites import Task
from komainu.models.base import Model


def evaluation(model: Model, tasks: Sequence[Task], limit: int = 0, accept: float = 0.0, **how: Any) -> Board:
    """`model` on `tasks`, sampled as each task says, unless `how` (fields of Model) says otherwise.

    Beside each bench stand those that look at the same answers and are in no headline: the task's own, and the habits,
    each where an item is in its language. `accept` is the Board's. Reads the items.
    """
    scores: list[Scores] = []
    for task in tasks:
        items = task.items.limited(limit)
        asked, rows = answers(model, task, items, how), items.rows()
        beside = (*task.beside, *habits("ja", task.bench.name), *habits("en", task.bench.name))
        looks = (task.bench, *(bench for bench in beside if any(map(bench.applies, rows))))
        scores += (Scores(answers=asked, bench=bench) for bench in looks)
    return Board(entries=(Entry(name=model.name, scores=tuple(scores)),), accept=accept)


def answers(model: Model, task: Task, items: Items, how: Mapping[str, Any]) -> Answers:
    first, *others = task.temperatures
    several = task.temperatures if others and "temperature" not in how else ()
    asked = replace(model, **{"temperature": first, "max_tokens": task.max_tokens, **how})
    return Answers(model=asked, items=items, samples=task.samples, temperatures=several)
