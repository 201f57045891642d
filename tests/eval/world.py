"""A few items and a client that answers them as a test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from komainu.context import Context
from komainu.files import write_rows
from komainu.models.base import Model, Question, Reply
from komainu.rows import Chat, Message
from komainu.stage import Stage
from komainu.store import Store

Say = Callable[[Model, str, int], str | Reply]


@dataclass(frozen=True, kw_only=True)
class Items(Stage):
    """n items, Japanese and English in turn: `say <number>`, right answer `<number>` in words of the language."""

    makes = Chat
    n: int = 40
    start: int = 0

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {"rows": write_rows(out / "rows.jsonl", map(item, range(self.start, self.start + self.n)))}


def item(i: int) -> Chat:
    lang = "ja" if i % 2 == 0 else "en"
    meta = {"lang": lang, "task": f"task{i % 4}", "references": [right(i)], "register": "polite"}
    return Chat(f"item-{i}", (Message("user", f"say {i}"),), meta)


def right(i: int) -> str:
    return f"答えは{i}です。" if i % 2 == 0 else f"The answer is {i}."


@dataclass
class Parrot:
    """Answers with what `say(model, last user turn, sample)` gives, and counts the questions."""

    say: Say
    asked: int = 0
    batch_sensitive: bool = False

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        for question in questions:
            self.asked += 1
            said = self.say(model, question.messages[-1].content, question.sample)
            yield said if isinstance(said, Reply) else Reply(said)


def share_right(shares: dict[str, float]) -> Say:
    """Each model knows the first `share` of every twenty numbers of a language."""

    def say(model: Model, text: str, sample: int) -> str:
        i = int(text.split()[1])
        return right(i) if (i // 2) % 20 < 20 * shares[model.name] else "わかりません。"

    return say


def context(root: Path, say: Say) -> Context:
    return Context(Store(root), Parrot(say))
