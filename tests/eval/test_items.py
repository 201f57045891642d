"""Items and benches of published sets: a limit, and what is told of one answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from komainu.eval.base import Lang
from komainu.eval.items import Items, Published
from komainu.rows import Chat, Message, Score

ANSWER = Chat("a", (Message("user", "q"), Message("assistant", "x")))
NONE = Chat("a", (Message("user", "q"),))


@dataclass(frozen=True, kw_only=True)
class Numbers(Items):
    n: int = 30
    sets: int = 1

    def read(self) -> Iterator[Chat]:
        yield from (Chat(f"n-{i}", (Message("user", str(i)),), {"set": i % self.sets}) for i in range(self.n))


@dataclass(frozen=True, kw_only=True)
class One(Published):
    """One verdict, 3 of 3 for x."""

    name: ClassVar[str] = "one"
    metrics: ClassVar[tuple[str, ...]] = ("mark",)
    top: ClassVar[float] = 3.0
    language: Lang = "en"

    def score(self, chat: Chat) -> list[Score]:
        return [Score(chat.id, "mark", 3.0 if chat.reply == "x" else 2.0)]


@dataclass(frozen=True, kw_only=True)
class Several(Published):
    """Two metrics, the second with a score a part."""

    name: ClassVar[str] = "several"
    metrics: ClassVar[tuple[str, ...]] = ("mark", "part")
    pooled: ClassVar[tuple[str, ...]] = ("part",)
    language: Lang = "en"

    def parts(self, chat: Chat) -> int:
        return 2

    def score(self, chat: Chat) -> list[Score]:
        return [Score(chat.id, "mark", 1.0), Score(chat.id, "part", 1.0), Score(chat.id, "part", 0.0)]


def test_one_verdict_is_told_as_passed_or_not_and_none_when_it_is_missing() -> None:
    told = [One().verdict(chat) for chat in (ANSWER, ANSWER.with_reply("y"), ANSWER.with_reply(" "), NONE)]
    assert told == [{"pass": True}, {"pass": False}, {"pass": False}, {"pass": None}]


def test_several_metrics_are_told_by_their_names() -> None:
    assert Several().verdict(ANSWER) == {"mark": 1.0, "part": [1.0, 0.0]}
    assert Several().verdict(NONE) == {"mark": None, "part": [None, None]}


def test_a_limit_takes_the_same_items_wherever_they_stand_and_keeps_their_order() -> None:
    few = [row.id for row in Numbers().limited(5).rows()]
    assert len(few) == 5 and few == sorted(few, key=lambda i: int(i[2:]))
    assert few == [row.id for row in Numbers(limit=5).rows()] != [f"n-{i}" for i in range(5)]


def test_a_limit_is_of_each_of_several_sets() -> None:
    assert sorted(row.meta["set"] for row in Numbers(sets=3).limited(2).rows()) == [0, 0, 1, 1, 2, 2]
