"""Answers that were made elsewhere, as a stage: from a file, matched with the items they answer; asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu.eval.base import Answers
from komainu.eval.items import Source
from komainu.eval.offline import matched
from komainu.files import read_objects, write_rows
from komainu.rows import Chat
from komainu.stage import Questions, Stage

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class Given(Answers):
    """Chat rows: the items with the answers of `file`, in the items' order; one without an answer is missing.

    Of `model` only the name says anything: how it was sampled is not known. The rows are as for `komainu eval score`;
    one that fits no item stops the stage, with file and line. Not covered: conversations of several turns.
    """

    file: Source

    def check(self) -> Iterator[str]:
        yield from super().check()
        yield from (f"Given.file: {problem}" for problem in self.file.problems())

    def questions(self, rows: Callable[[Stage], int | None]) -> tuple[Questions, ...]:
        return ()

    @property
    def sampled(self) -> dict[str, Any]:
        return {}

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        items, path = self.read_items(ctx), self.file.file("answers.jsonl")
        given: dict[str, list[Chat]] = {}
        for answer in matched(path, [*read_objects(path)], {item.id: item for item in items}):
            given.setdefault(answer.chat.id, []).append(answer.chat)
        rows = write_rows(out / "rows.jsonl", (chat for item in items for chat in given.get(item.id, [item])))
        missing = sum(item.id not in given for item in items)
        return {"rows": rows, "items": len(items), "missing": missing, "model": self.model.name}
