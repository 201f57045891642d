"""Evaluation: one model on the benchmarks of a suite, and the habits of its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.eval.base import Answers, Bench, Lang, Scores
from komainu.eval.bench.leakage import LeakageRate
from komainu.eval.board import Board, Entry
from komainu.eval.items import Items
from komainu.eval.suites import Task
from komainu.files import write_json
from komainu.models.base import Model
from komainu.stage import Stage, Table
from komainu.store import reference

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class Evaluation(Stage):
    """Writes `evaluation.json`: headline, rows and tasks of the board; `beside`, rows that are in no headline, under
    the names of the benches whose answers they are about; `overall`, what benches tell of their whole sets.

    Beside stand the habits, rates that every answer has whatever was asked, and second looks at a set's answers.
    """

    makes: ClassVar[type] = Table
    board: Board
    beside: tuple[Scores, ...] = ()

    def check(self) -> Iterator[str]:
        for scores in self.beside:
            if scores.answers.id not in self.asked:
                yield f"Evaluation.beside looks at {scores.answers.label}, which are no answers of the board"

    @property
    def asked(self) -> dict[str, list[str]]:
        """The names of the board's benches that look at each set of answers, by its id."""
        found: dict[str, list[str]] = {}
        for entry in self.board.entries:
            for scores in entry.scores:
                found.setdefault(scores.answers.id, []).append(scores.bench.name)
        return found

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        board = json.loads((ctx.open(self.board).path / "board.json").read_bytes())
        kept = {key: board[key] for key in ("level", "headline", "rows", "tasks")}
        every = [scores for entry in self.board.entries for scores in entry.scores]
        beside = [
            {**self.of(scores), "metric": metric, **numbers}
            for scores in self.beside
            for metric, numbers in ctx.open(scores).summary["metrics"].items()
        ]
        overall = [
            {**self.of(scores), "overall": told}
            for scores in (*every, *self.beside)
            if (told := ctx.open(scores).summary.get("overall"))
        ]
        write_json(out / "evaluation.json", {**kept, "beside": beside, "overall": overall})
        return {"rows": len(board["rows"]), "headline": ctx.open(self.board).summary["headline"]}

    def of(self, scores: Scores) -> dict[str, str]:
        bench = ", ".join(self.asked[scores.answers.id])
        entry, language = scores.answers.model.name, scores.bench.language
        return {"entry": entry, "bench": bench, "language": language, "scores": reference(scores)}


def habits(language: Lang) -> tuple[Bench, ...]:
    """What is looked at in every answer in a language."""
    return (LeakageRate(language=language),)


def evaluation(model: Model, tasks: Sequence[Task], limit: int = 0, **how: Any) -> Evaluation:
    """`model` on `tasks`, sampled as each task says, unless `how` (fields of Model) says otherwise. Reads the items."""
    scores: list[Scores] = []
    beside: list[Scores] = []
    for task in tasks:
        items = task.items.limited(limit)
        asked = answers(model, task, items, how)
        scores.append(Scores(answers=asked, bench=task.bench))
        looks = (*task.beside, *habits("ja"), *habits("en"))
        rows = items.rows()
        beside += (Scores(answers=asked, bench=bench) for bench in looks if any(map(bench.applies, rows)))
    board = Board(entries=(Entry(name=model.name, scores=tuple(scores)),))
    return Evaluation(board=board, beside=tuple(dict.fromkeys(beside)))


def answers(model: Model, task: Task, items: Items, how: Mapping[str, Any]) -> Answers:
    first, *others = task.temperatures
    several = task.temperatures if others and "temperature" not in how else ()
    asked = replace(model, **{"temperature": first, "max_tokens": task.max_tokens, **how})
    return Answers(model=asked, items=items, samples=task.samples, temperatures=several)
