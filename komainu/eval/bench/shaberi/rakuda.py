"""Rakuda: 40 questions about Japan, ten each on geography, politics, history and society."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from komainu.eval.base import Lang
from komainu.eval.bench.shaberi.base import SYSTEM, Asked, MarksOf, QuestionsOf, Row, text
from komainu.eval.items import Items, Source
from komainu.eval.judge.base import Judged


@dataclass(frozen=True, kw_only=True)
class RakudaItems(QuestionsOf, Items):
    """The questions of yuzuai/rakuda-questions: columns `category`, `text` (or `Question`)."""

    bench: ClassVar[str] = "rakuda"
    size: ClassVar[int] = 40
    home: ClassVar[str] = "yuzuai/rakuda-questions"
    licence: ClassVar[str] = "Apache-2.0"
    source: Source
    system: str = SYSTEM

    def asked(self, row: Row) -> Asked:
        return Asked(text(row, "text", "Question"), text(row, "category"))


@dataclass(frozen=True, kw_only=True)
class Rakuda(MarksOf, Judged):
    """A mark from 1 to 10 for one answer, as Shaberi has it; Rakuda's own ranking compares two answers."""

    name: ClassVar[str] = RakudaItems.bench
    template: ClassVar[str] = "bench/shaberi/rakuda.jinja"
    top: ClassVar[float] = 10.0
    language: Lang = "ja"
