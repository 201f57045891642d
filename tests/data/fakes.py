"""What the tests of data share: a stage that holds rows, a fake model, two small checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from komainu.checks.base import Check
from komainu.context import Context
from komainu.data.base import Dataset, Drop, Step, drops
from komainu.files import write_rows
from komainu.models.base import Model, Question, Reply
from komainu.rows import Chat, Message, Pair, Row, Score, encode
from komainu.stage import Stage
from komainu.store import Store

TEACHER = Model(name="teacher", temperature=0.7)


@dataclass(frozen=True, kw_only=True)
class Rows(Stage):
    """A source of the rows in its lines."""

    makes = Chat
    lines: tuple[str, ...]
    kind: str = "Chat"

    @property
    def row_type(self) -> type:
        return {"Chat": Chat, "Pair": Pair}[self.kind]

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        rows: Iterator[Row] = (msgspec.json.decode(line, type=Row) for line in self.lines)
        return {"rows": write_rows(out / "rows.jsonl", rows)}


class Fake:
    """A model that says what `reply(text of the last turn, sample)` says; counts its calls."""

    batch_sensitive = False

    def __init__(self, *said: str, finish: str = "stop", hidden: Sequence[str] = ()) -> None:
        self.said, self.finish, self.hidden = said or ("{prompt}/{sample}",), finish, hidden
        self.asked: list[Question] = []
        self.batches: list[int] = []

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        self.asked += questions
        self.batches.append(len(questions))
        for messages, sample in questions:
            text = self.said[sample % len(self.said)].format(prompt=messages[-1].content, sample=sample)
            label = {"fault": self.hidden[sample % len(self.hidden)]} if self.hidden else {}
            yield Reply(text, self.finish, hidden=label)


@dataclass(frozen=True, kw_only=True)
class No(Check):
    """Fails an answer that holds a word."""

    text: str = "bad"

    def fault(self, text: str, chat: Chat) -> str:
        return f"it says {self.text}" if self.text in text else ""


@dataclass(frozen=True, kw_only=True)
class Short(Check):
    """Fails an answer over so many characters."""

    most: int = 20

    def fault(self, text: str, chat: Chat) -> str:
        return f"{len(text)} characters" if len(text) > self.most else ""


def meta(drop: Drop) -> dict[str, Any]:
    """The meta of a dropped chat or pair."""
    assert not isinstance(drop.row, Score)
    return drop.row.meta


def source(*rows: Row) -> Rows:
    kind = type(rows[0]).__name__ if rows else "Chat"
    return Rows(lines=tuple(encode(row).decode() for row in rows), kind=kind)


def chat(id: str, prompt: str, reply: str | None = None, **meta: Any) -> Chat:
    answered = () if reply is None else (Message("assistant", reply),)
    return Chat(id, (Message("user", prompt), *answered), meta)


def context(root: Path, fake: Fake | None = None) -> Context:
    return Context(Store(root / "store"), fake or Fake())


def build(stage: Stage, ctx: Context) -> tuple[list[Any], dict[str, Any]]:
    """The rows and the summary of a stage."""
    artifact = ctx.store.build(stage, ctx)
    return list(artifact.rows()), artifact.summary


def through(ctx: Context, rows: Sequence[Row], *steps: Step) -> tuple[list[Any], list[Drop], dict[str, Any]]:
    """What steps make of rows: rows, drops, summary."""
    artifact = ctx.store.build(Dataset(sources=(source(*rows),), steps=steps), ctx)
    return list(artifact.rows()), list(drops(artifact)), artifact.summary
