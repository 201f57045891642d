"""Turns: questions of several turns, each asked after the model's own answers to the turns before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu.errors import UsageError
from komainu.eval.base import Answers, sampling
from komainu.eval.ruling import with_reply
from komainu.files import write_rows
from komainu.models.base import Model, Question, Reply, Request
from komainu.rows import Chat, Message
from komainu.stage import Stage

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class Turns(Answers):
    """Chat rows: of each item one a turn, the conversation up to the answer to it; `meta["turn"]` counts from 1.

    An item's prompt is its first turn, and `meta["turns"]` has all of them. The items are asked turn by turn, all items
    of a turn at once and through the call cache, so a run that was stopped asks nothing twice. After an answer that the
    model or its provider would not give there is no next question: the turns after it share its fate. `by_task` has the
    temperature for each `meta["task"]`; what is not in it is asked at the model's own.
    """

    turns: int = 2
    by_task: dict[str, float] = field(default_factory=dict)

    def check(self) -> Iterator[str]:
        yield from super().check()
        if self.samples != 1 or self.temperatures:
            yield "Turns.samples and temperatures are for items of one turn; a conversation is had once"
        if self.turns < 1:
            yield f"Turns.turns is {self.turns}; it must be 1 or more"

    @property
    def rounds(self) -> list[tuple[Model, int]]:
        return [(replace(self.model, temperature=t), 0) for t in sorted({*self.by_task.values()})] or super().rounds

    def opening(self, items: Sequence[Chat]) -> list[tuple[Model, Question]]:
        return [(self.asks(item), Question(item.prompt)) for item in items]

    def requests(self, items: Sequence[Chat]) -> Iterator[Request]:
        self.same_turns(items)
        for item in items:
            talk = item
            for turn in range(1, self.turns):
                talk = longer(talk.with_reply("."), turn)
            yield Request(item.id, Question(talk.prompt), self.turns * self.model.max_tokens)

    @property
    def sampled(self) -> dict[str, Any]:
        told = sampling(self.model)
        return {**told, "temperature": self.by_task} if self.by_task else told

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        items = rows(self.items)
        return None if items is None else items * self.turns

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        items = self.read_items(ctx)
        self.same_turns(items)
        talks, found, finish = items, list[list[Chat]](), Counter[str]()
        with ctx.progress(len(items) * self.turns, f"answers of {self.model.name}") as bar:
            for turn in range(self.turns):
                if turn:
                    talks = [longer(talk, turn) for talk in talks]
                talks = self.answered(talks, turn + 1, ctx, bar.update)
                finish.update(talk.meta.get("finish", "stop") for talk in talks)
                found.append(talks)
        return {
            "rows": write_rows(out / "rows.jsonl", (row for item in zip(*found, strict=True) for row in item)),
            "items": len(items),
            "turns": self.turns,
            "model": self.model.name,
            "sampling": self.sampled,
            "finish": dict(sorted(finish.items())),
        }

    def same_turns(self, items: Sequence[Chat]) -> None:
        for item in items:
            if len(item.meta.get("turns", ())) != self.turns or item.prompt[-1].content != item.meta["turns"][0]:
                raise UsageError(
                    f"the item {item.id!r} has not {self.turns} turns in meta.turns, its prompt the first"
                    "; give it as many, or leave it out"
                )

    def answered(self, talks: Sequence[Chat], turn: int, ctx: Context, tick: Callable[[], None]) -> list[Chat]:
        """The conversations with the answers to a turn, asked for one temperature after the other."""
        found = [talk.with_meta(turn=turn) for talk in talks]
        waiting: dict[Model, list[int]] = {}
        for i, talk in enumerate(talks):
            if talk.answered:
                tick()
            else:
                waiting.setdefault(self.asks(talk), []).append(i)
        for model, places in waiting.items():
            replies = ctx.client.ask(model, [Question(talks[i].prompt) for i in places])
            for i, reply in zip(places, replies, strict=True):
                found[i] = said(found[i], reply)
                tick()
        return found

    def asks(self, talk: Chat) -> Model:
        """The model as it is sampled for an item."""
        return replace(self.model, temperature=self.by_task.get(talk.meta.get("task", ""), self.model.temperature))


def said(talk: Chat, reply: Reply) -> Chat:
    """The conversation with a reply, without what its meta told of the turn before."""
    meta = {key: value for key, value in talk.meta.items() if key not in ("finish", "thinking")}
    return with_reply(Chat(talk.id, talk.messages, meta), reply, None)


def longer(talk: Chat, turn: int) -> Chat:
    """The conversation with its next question; one whose last answer was not given stays as it is."""
    if not talk.reply and talk.meta.get("finish", "stop") != "stop":
        return talk
    return Chat(talk.id, (*talk.messages, Message("user", talk.meta["turns"][turn])), talk.meta)
