"""Evaluation: one model on the benchmarks of a suite, and the habits of its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.eval.base import Answers, Bench, Scores
from komainu.eval.bench.leakage import LeakageRate
from komainu.eval.board import Board, Entry
from komainu.eval.suites import Task
from komainu.files import write_json
from komainu.models.base import Model
from komainu.stage import Stage, Table
from komainu.store import reference

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class Evaluation(Stage):
    """Writes `evaluation.json`: headline, rows and tasks of the board, and `habits`, one row an answer set and rate.

    A habit is a rate that every answer has whatever was asked (leakage, for one). It is not in the headline.
    """

    makes: ClassVar[type] = Table
    board: Board
    habits: tuple[Scores, ...] = ()

    def check(self) -> Iterator[str]:
        for scores in self.habits:
            if scores.answers.id not in self.asked:
                yield f"Evaluation.habits looks at {scores.answers.label}, which are no answers of the board"

    @property
    def asked(self) -> dict[str, list[str]]:
        """The names of the benches that look at each set of answers, by its id."""
        found: dict[str, list[str]] = {}
        for entry in self.board.entries:
            for scores in entry.scores:
                found.setdefault(scores.answers.id, []).append(scores.bench.name)
        return found

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        board = json.loads((ctx.open(self.board).path / "board.json").read_bytes())
        kept = {key: board[key] for key in ("level", "headline", "rows", "tasks")}
        write_json(out / "evaluation.json", {**kept, "habits": [*self.rates(ctx)]})
        return {"rows": len(board["rows"]), "headline": ctx.open(self.board).summary["headline"]}

    def rates(self, ctx: Context) -> Iterator[dict[str, Any]]:
        asked = self.asked
        for scores in self.habits:
            of = {"entry": scores.answers.model.name, "bench": ", ".join(asked[scores.answers.id])}
            of |= {"language": scores.bench.language, "scores": reference(scores)}
            for metric, numbers in ctx.open(scores).summary["metrics"].items():
                yield {**of, "metric": metric, **numbers}


def habits(language: Any) -> tuple[Bench, ...]:
    """What is looked at in every answer in a language."""
    return (LeakageRate(language=language),)


def evaluation(model: Model, tasks: Sequence[Task], limit: int = 0, **how: Any) -> Evaluation:
    """`model` on `tasks`, sampled as each task says, unless `how` (fields of Model) says otherwise."""
    scores = [Scores(answers=answers(model, task, limit, how), bench=task.bench) for task in tasks]
    looked = [Scores(answers=s.answers, bench=habit) for s in scores for habit in habits(s.bench.language)]
    board = Board(entries=(Entry(name=model.name, scores=tuple(scores)),))
    return Evaluation(board=board, habits=tuple(dict.fromkeys(looked)))


def answers(model: Model, task: Task, limit: int, how: Mapping[str, Any]) -> Answers:
    first, *others = task.temperatures
    several = task.temperatures if others and "temperature" not in how else ()
    asked = replace(model, **{"temperature": first, "max_tokens": task.max_tokens, **how})
    items = task.items.limited(limit) if limit else task.items
    return Answers(model=asked, items=items, samples=task.samples, temperatures=several)
