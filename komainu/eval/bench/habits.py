"""Habits: how often a model leaks, says nothing, breaks off, loops or refuses, on the answers of any benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from komainu.checks.base import Check
from komainu.checks.empty import Empty
from komainu.checks.refusal import Refusal
from komainu.checks.repetition import Repetition
from komainu.checks.truncation import Truncation
from komainu.eval.base import Lang, judged
from komainu.eval.bench.leakage import LeakageRate
from komainu.eval.bench.rate import Rate
from komainu.rows import Chat, Score


@dataclass(frozen=True, kw_only=True)
class EmptyRate(Rate):
    """1 when there is nothing to read in the answer, or only thinking; see checks/empty.py."""

    name: ClassVar[str] = "empty"
    metrics: ClassVar[tuple[str, ...]] = ("empty",)
    check: ClassVar[Check] = Empty()


@dataclass(frozen=True, kw_only=True)
class TruncatedRate(Rate):
    """1 when the model ran out of tokens, or the answer breaks off; see checks/truncation.py."""

    name: ClassVar[str] = "truncated"
    metrics: ClassVar[tuple[str, ...]] = ("truncated",)
    check: ClassVar[Check] = Truncation()

    def score(self, chat: Chat) -> list[Score]:
        if chat.meta.get("finish") == "length":
            return judged(self, chat, "length: the model ran out of tokens")
        return super().score(chat)


@dataclass(frozen=True, kw_only=True)
class LoopRate(Rate):
    """1 when the answer has fallen into a loop; see checks/repetition.py."""

    name: ClassVar[str] = "loop"
    metrics: ClassVar[tuple[str, ...]] = ("loop",)
    check: ClassVar[Check] = Repetition()


@dataclass(frozen=True, kw_only=True)
class RefusalRate(Rate):
    """1 when the model declines or says it is unable, and gives nothing; see checks/refusal.py."""

    name: ClassVar[str] = "refusal"
    metrics: ClassVar[tuple[str, ...]] = ("refusal",)
    check: ClassVar[Check] = Refusal()


def habits(language: Lang, of: str = "") -> tuple[Rate, ...]:
    """The five rates for the answers in a language, of the published bench named `of` or of all items; beside the
    averages. `replace(bench, headline=True)` counts one in them."""
    leaks = LeakageRate(language=language, of=of, headline=False)
    return leaks, *(rate(language=language, of=of) for rate in (EmptyRate, TruncatedRate, LoopRate, RefusalRate))
