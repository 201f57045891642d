"""JA MT-Bench one-shot: the first turns of 60 questions of the Japanese MT-Bench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from komainu.errors import UsageError
from komainu.eval.base import Lang
from komainu.eval.bench.shaberi.base import SYSTEM, Asked, MarksOf, QuestionsOf, Row, optional, text
from komainu.eval.items import Items, Source
from komainu.eval.judge.base import Judged
from komainu.rows import Chat


@dataclass(frozen=True, kw_only=True)
class JaMtBenchItems(QuestionsOf, Items):
    """The questions of shisa-ai/ja-mt-bench-1shot: columns `category`, `Question`; a column `reference` is used.

    The set of 80 questions with two turns is another benchmark (`ja-mt-bench-2turn`) and refused here.
    """

    bench: ClassVar[str] = "ja_mt_bench_1shot"
    size: ClassVar[int] = 60
    home: ClassVar[str] = "shisa-ai/ja-mt-bench-1shot"
    licence: ClassVar[str] = "Apache-2.0"
    source: Source
    system: str = SYSTEM

    def whole(self, path: Path, rows: Sequence[Row]) -> None:
        if len(rows) == 80 or any("turns" in row for row in rows):
            raise UsageError(
                f"{path} is the set with two turns, another benchmark: ask it with ja-mt-bench-2turn. {self.home} has "
                f"{self.size} questions of one turn, and their scores are not comparable"
            )
        super().whole(path, rows)

    def asked(self, row: Row) -> Asked:
        return Asked(text(row, "Question"), text(row, "category"), optional(row, "reference"))


@dataclass(frozen=True, kw_only=True)
class JaMtBench(MarksOf, Judged):
    """A mark from 1 to 10."""

    name: ClassVar[str] = JaMtBenchItems.bench
    template: ClassVar[str] = "bench/shaberi/ja_mt_bench.jinja"
    top: ClassVar[float] = 10.0
    language: Lang = "ja"

    def values(self, chat: Chat) -> Mapping[str, Any]:
        return {**super().values(chat), "turns": ()}
