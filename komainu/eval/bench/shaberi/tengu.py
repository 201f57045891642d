"""Tengu-Bench: 120 Japanese questions of 23 categories, each with criteria that add up to ten points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from komainu.eval.base import Lang
from komainu.eval.bench.shaberi.base import SYSTEM, Asked, MarksOf, QuestionsOf, Row, optional, text
from komainu.eval.items import Items, Source
from komainu.eval.judge.base import Judged
from komainu.rows import Chat

REFUSALS = (61, 62, 63, 64, 65)  # they give the points for declining


@dataclass(frozen=True, kw_only=True)
class TenguItems(QuestionsOf, Items):
    """The questions of lightblue/tengu_bench: columns `Category`, `Question`, `Criteria`, and `Answer`, which may be
    empty. `without` leaves out questions by their numbers: other items, which no board mixes with all of them."""

    bench: ClassVar[str] = "tengu_bench"
    size: ClassVar[int] = 120
    home: ClassVar[str] = "lightblue/tengu_bench"
    licence: ClassVar[str] = "not stated"
    source: Source
    system: str = SYSTEM
    without: tuple[int, ...] = ()

    def check(self) -> Iterator[str]:
        yield from super().check()
        if wrong := [number for number in self.without if not 1 <= number <= self.size]:
            yield f"TenguItems.without has {wrong[0]}; the questions are numbered from 1 to {self.size}"

    def read(self) -> Iterator[Chat]:
        yield from (chat for number, chat in enumerate(super().read(), 1) if number not in self.without)

    def asked(self, row: Row) -> Asked:
        return Asked(text(row, "Question"), text(row, "Category"), optional(row, "Answer"), text(row, "Criteria"))


@dataclass(frozen=True, kw_only=True)
class Tengu(MarksOf, Judged):
    """A mark from 0 to 10: the points of the question's own criteria."""

    name: ClassVar[str] = TenguItems.bench
    template: ClassVar[str] = "bench/shaberi/tengu.jinja"
    low: ClassVar[float] = 0.0
    top: ClassVar[float] = 10.0
    language: Lang = "ja"
