"""Stages that write the textbook: prompts to be answered, and raw text to pretrain on."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.data.textbook.copies import near_copy
from komainu.data.textbook.raw import raw_text
from komainu.data.textbook.sides import SIDES
from komainu.data.textbook.tasks import TASKS, Item, Lang, Task
from komainu.data.textbook.tasks.base import folded
from komainu.errors import nearest
from komainu.files import write_rows
from komainu.rows import Chat, Message
from komainu.stage import Stage

if TYPE_CHECKING:
    from komainu.context import Context

ORIGIN = {"source": "textbook", "licence": "apache-2.0"}
TRIES = 20  # how often content is drawn again for a prompt that was there before


@dataclass(frozen=True, kw_only=True)
class Prompts(Stage):
    """`n` prompts of a side ("train", "tune", "test"), evenly over the tasks and their answers' languages.

    Row i is a function of seed, side, tasks, duplicates and i: a longer run begins with the shorter one's rows.
    `duplicates` is the share of rows that copy an earlier one: as it is, or with other spaces, widths or
    punctuation; meta.hidden says so. Apart from them no prompt comes twice, unless a task has no more of them
    (labelled too). `tasks` are names of families, all by default.
    """

    makes: ClassVar[type] = Chat

    side: str
    n: int
    seed: int = 0
    tasks: tuple[str, ...] = ()
    duplicates: float = 0.0

    def check(self) -> Iterator[str]:
        known = [task.name for task in TASKS]
        if self.side not in SIDES:
            yield f"Prompts.side must be one of {', '.join(SIDES)}, not {self.side!r}"
        if self.n < 1:
            yield f"Prompts.n must be at least 1, not {self.n}"
        if not 0 <= self.duplicates < 1:
            yield f"Prompts.duplicates must be from 0 to below 1, not {self.duplicates}"
        for name in self.tasks:
            if name not in known:
                yield f"Prompts.tasks: no task is called {name!r}{nearest(name, known)}"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return self.n

    def apart(self, other: Stage) -> bool:
        return isinstance(other, (Prompts, RawText)) and other.side != self.side

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        copies: dict[str, int] = {"duplicates": 0}

        def counted() -> Iterator[Chat]:
            for row in self.rows():
                copies["duplicates"] += "hidden" in row.meta
                yield row

        return {"rows": write_rows(out / "rows.jsonl", counted()), **copies}

    def rows(self) -> Iterator[Chat]:
        """The prompts, in order."""
        earlier: list[Chat] = []
        seen: dict[str, str] = {}  # folded prompt: the id that has it first
        for i, (task, lang) in enumerate(itertools.islice(self.cells(), self.n)):
            rng = random.Random(f"{self.seed}:{self.side}:{i}")
            row_id = f"textbook-{self.side}-{i}"
            if earlier and rng.random() < self.duplicates:
                row = near_copy(rng, rng.choice(earlier), row_id)
            else:
                row = self.fresh(rng, task, lang, row_id, seen)
            first = seen.setdefault(folded(row.messages), row_id)
            if first != row_id:
                row = row.with_meta(hidden={"fault": "duplicate", "of": first})
            earlier.append(row)
            yield row

    def cells(self) -> Iterator[tuple[Task, Lang]]:
        """The task and language of each row: every pair once in each block of rows, in a drawn order."""
        tasks = [task for task in TASKS if not self.tasks or task.name in self.tasks]
        for block in itertools.count():
            pairs = [(task, lang) for task in tasks for lang in task.languages]
            random.Random(f"{self.seed}:{self.side}:block {block}").shuffle(pairs)
            yield from pairs

    def fresh(self, rng: random.Random, task: Task, lang: Lang, row_id: str, seen: dict[str, str]) -> Chat:
        item = task.pose(rng, self.side, lang)
        for _ in range(TRIES):
            if folded(item.messages) not in seen:
                break
            item = task.pose(rng, self.side, lang)
        return prompt(row_id, task.name, item)


def prompt(row_id: str, task: str, item: Item) -> Chat:
    """An item as a row; what is not asked of the answer is not in its meta."""
    asked = {"register": item.register, "preferred": item.preferred, "format": item.format}
    meta = {**ORIGIN, "task": task, "lang": item.lang, "references": list(item.references), "key": item.key}
    return Chat(row_id, item.messages, meta | {name: value for name, value in asked.items() if value})


@dataclass(frozen=True, kw_only=True)
class RawText(Stage):
    """`n` short texts of the train side to pretrain on: each a chat with one assistant turn.

    Sentences alone and aligned (plain, polite, English), glosses, counted nouns, sums, lists, and task prompts
    without their answers. meta.lang is "ja", "en", or "mul" for a text in both.
    """

    makes: ClassVar[type] = Chat
    side: ClassVar[str] = "train"

    n: int
    seed: int = 0

    def apart(self, other: Stage) -> bool:
        return isinstance(other, (Prompts, RawText)) and other.side != self.side

    def check(self) -> Iterator[str]:
        if self.n < 1:
            yield f"RawText.n must be at least 1, not {self.n}"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return self.n

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {"rows": write_rows(out / "rows.jsonl", self.rows())}

    def rows(self) -> Iterator[Chat]:
        for i in range(self.n):
            kind, lang, text = raw_text(random.Random(f"{self.seed}:raw:{i}"))
            yield Chat(f"textbook-raw-{i}", (Message("assistant", text),), {**ORIGIN, "lang": lang, "kind": kind})
