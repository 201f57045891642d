"""A stage for role-play tests: a client that plays all parts from a script, and the published evaluations."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from komainu.context import Context
from komainu.eval.bench.rp_bench.items import RpItems, item, scenario_of
from komainu.files import write_rows
from komainu.models.base import Model, Question, Reply
from komainu.rows import Chat, Message
from komainu.stage import Stage
from komainu.store import Store

Plays = Callable[[Model, str, int, str], str | Reply]  # model, the character's name, the turn from 1, the last line


@dataclass
class Company:
    """Answers what `plays` gives; keeps every batch of questions."""

    plays: Plays
    batches: list[tuple[Model, list[Question]]] = field(default_factory=list)
    batch_sensitive: bool = False

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        self.batches.append((model, list(questions)))
        for question in questions:
            said = self.plays(model, part(question), turn(question), question.messages[-1].content)
            yield said if isinstance(said, Reply) else Reply(said)


def part(question: Question) -> str:
    """Whom the system turn casts: `user` for the simulated user, `character` for the candidate, `judge` without one."""
    system = question.messages[0]
    if system.role != "system":
        return "judge"
    return "user" if "【あなたの目あて】" in system.content else "character"


def turn(question: Question) -> int:
    """The turn of a talk that a question is about, from 1."""
    lines = [m for m in question.messages if m.role != "system"]
    return (len(lines) + 2) // 2 if part(question) == "user" else (len(lines) + 1) // 2


def context(root: Path, plays: Plays) -> tuple[Context, Company]:
    company = Company(plays)
    return Context(Store(root), company), company


def published(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of published evaluations."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@dataclass(frozen=True, kw_only=True)
class Replayed(Stage):
    """The first lines of published talks, each under a scenario of ours: only the verdicts are of interest."""

    makes = Chat
    path: str

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        scenario = scenario_of(RpItems().rows()[0])
        rows = []
        for row in published(Path(self.path)):
            opening = Message("user", row["conversation_history"][0])
            one = item(scenario)
            rows.append(Chat(f"published-{row['id']}", (one.messages[0], opening), one.meta))
        return {"rows": write_rows(out / "rows.jsonl", rows)}
