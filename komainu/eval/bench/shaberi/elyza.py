"""ELYZA-tasks-100: a hundred Japanese tasks, each with a model answer and marking criteria of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from komainu.eval.base import Lang
from komainu.eval.bench.shaberi.base import SYSTEM, Asked, MarksOf, QuestionsOf, Row, text
from komainu.eval.items import Items, Source
from komainu.eval.judge.base import Judged


@dataclass(frozen=True, kw_only=True)
class ElyzaItems(QuestionsOf, Items):
    """The tasks of elyza/ELYZA-tasks-100: columns `input` (or `Question`), `output`, `eval_aspect`."""

    bench: ClassVar[str] = "elyza_tasks_100"
    size: ClassVar[int] = 100
    home: ClassVar[str] = "elyza/ELYZA-tasks-100"
    licence: ClassVar[str] = "CC-BY-SA-4.0"
    source: Source
    system: str = SYSTEM

    def asked(self, row: Row) -> Asked:
        question = text(row, "input", "Question")
        return Asked(question, reference=text(row, "output"), rubric=text(row, "eval_aspect").strip())


@dataclass(frozen=True, kw_only=True)
class Elyza(MarksOf, Judged):
    """A mark from 1 to 5, by a base rubric and the task's own; published tables show it twice as large."""

    name: ClassVar[str] = ElyzaItems.bench
    template: ClassVar[str] = "bench/shaberi/elyza.jinja"
    top: ClassVar[float] = 5.0
    language: Lang = "ja"
