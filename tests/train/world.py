"""A world of a few dozen sentences, small enough to train on in a test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from komainu.context import Context
from komainu.files import write_rows
from komainu.models.base import Model, Question, Reply
from komainu.rows import Chat, Message, Pair, Row
from komainu.settings import Settings
from komainu.stage import Stage
from komainu.store import Store
from komainu.train.base import Fit
from komainu.train.pretrain import Base, Shape
from komainu.train.tokenizer import Tokenizer

ANIMALS = ("犬", "猫", "鳥", "魚", "馬", "cat", "dog", "bird")
SHAPE = Shape(hidden=32, layers=2, heads=2, feed_forward=64, context=128)


class Nobody:
    """A client of a run in which no model is asked."""

    batch_sensitive = False

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        raise AssertionError("no model is asked here")


@dataclass(frozen=True, kw_only=True)
class Texts(Stage):
    makes: ClassVar[type] = Chat
    n: int = 40

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {"rows": write_rows(out / "rows.jsonl", self.rows())}

    def rows(self) -> Iterator[Row]:
        for i in range(self.n):
            word = ANIMALS[i % len(ANIMALS)]
            yield Chat(f"text-{i}", (Message("assistant", f"{word}が{i % 7}匹いる。"),))


@dataclass(frozen=True, kw_only=True)
class Chats(Texts):
    """Two-turn chats; with system=True each begins with a system turn."""

    system: bool = False

    def rows(self) -> Iterator[Row]:
        for i in range(self.n):
            word, count = ANIMALS[i % len(ANIMALS)], i % 5 + 1
            turns = (Message("user", f"{word}を{count}回"), Message("assistant", word * count))
            more = (Message("user", "もう一度"), Message("assistant", word)) if i % 2 else ()
            first = (Message("system", "短く"),) if self.system else ()
            yield Chat(f"chat-{i}", (*first, *turns, *more))


@dataclass(frozen=True, kw_only=True)
class Pairs(Texts):
    makes = Pair

    def rows(self) -> Iterator[Row]:
        for i in range(self.n):
            word = ANIMALS[i % len(ANIMALS)]
            yield Pair(f"pair-{i}", (Message("user", f"{word}は？"),), f"{word}です。", f"はい。{word}です。")


def context(root: Path, **settings: Any) -> Context:
    return Context(Store(root), Nobody(), Settings(threads=1, **settings))


def base(steps: int = 4, **fit: Any) -> Base:
    texts = Texts()
    values: dict[str, Any] = {"lr": 3e-3, "global_batch": 4, "steps": steps, **fit}
    return Base(model=Tokenizer(data=texts, vocab=300), data=texts, shape=SHAPE, fit=Fit(**values))
