"""JA MT-Bench with two turns: each answer is marked with the conversation before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from komainu.checks.text import visible
from komainu.eval.base import Lang, texts
from komainu.eval.judge.base import Judged
from komainu.rows import Chat, Message, Score


class Turn(NamedTuple):
    """A question and its answer, before the one that is marked."""

    question: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class MtBench(Judged):
    """A mark from 1 to 10 for the answers to both turns, and their mean; by category, and by turn under `overall`.

    The answers are those of `Turns`. The judges of mathematics, reasoning and coding get the reference answers.
    """

    name: ClassVar[str] = "ja_mt_bench_2turn"
    template: ClassVar[str] = "bench/shaberi/ja_mt_bench.jinja"
    top: ClassVar[float] = 10.0
    language: Lang = "ja"

    def values(self, chat: Chat) -> Mapping[str, Any]:
        references = texts(chat, "references")[: chat.meta["turn"]]
        turns = before(chat.prompt)
        asked = [*(turn.question for turn in turns), chat.prompt[-1].content]
        told = "\n\n".join(f"質問：\n{q}\n\n解答：\n{a}" for q, a in zip(asked, references, strict=bool(references)))
        return {**super().values(chat), "turns": turns, "reference": told}

    def group(self, chat: Chat) -> str:
        return str(chat.meta["task"])

    def overall(self, chats: Sequence[Chat], scores: Sequence[Score]) -> dict[str, Any]:
        """The mean of each turn."""
        from komainu.eval.totals import by_item, estimate

        each = len(scores) // len(chats)  # scores stand in the order of the answers, one a judge
        found: dict[str, list[Score]] = {}
        for i, chat in enumerate(chats):
            found.setdefault(f"turn_{chat.meta['turn']}", []).extend(scores[i * each : (i + 1) * each])
        ends = {"top": self.top, "bottom": self.low}
        return {name: estimate(by_item(some, "score").values(), **ends, pooled=True) for name, some in found.items()}


def before(prompt: Sequence[Message]) -> tuple[Turn, ...]:
    """The turns of a conversation that have their answers already."""
    said = [message.content for message in prompt if message.role != "system"]
    return tuple(Turn(q, visible(a)) for q, a in zip(said[:-1:2], said[1::2], strict=True))
