"""Step: leave out a translation whose two sides differ too much in tokens of the model that is to be trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from komainu.checks.translated import ENOUGH
from komainu.context import Context
from komainu.data.base import Dropped, Step, windows
from komainu.data.token_counts import Target
from komainu.rows import Chat


@dataclass(frozen=True, kw_only=True)
class TokenRatio(Step):
    """Drops (`token_ratio`) an answer with under `low` or over `high` tokens of Japanese to one of English.

    The two texts are the answer and meta["original"], whichever is which by meta["lang"]; the bounds are those that
    were published for the family's first generation. A row without an original, or with one of under 100 bytes, goes
    through.
    """

    target: Target
    low: float = 1.0
    high: float = 3.0

    def check(self) -> Iterator[str]:
        yield from self.target.problems()

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped]:
        tokenizer = self.target.load(ctx)
        for window in windows(rows):
            texts = [sides(chat) for chat in window]
            numbers = iter(lengths(tokenizer, [text for some in texts for text in some]))
            for chat, some in zip(window, texts, strict=True):
                if not some:
                    yield chat
                    continue
                ratio = next(numbers) / max(next(numbers), 1)
                fine = self.low <= ratio <= self.high
                yield chat if fine else Dropped(chat, f"token_ratio: {ratio:.2f} tokens of Japanese to one of English")


def sides(chat: Chat) -> tuple[str, ...]:
    """The Japanese and the English text of a translation; () where there is nothing to compare."""
    original = chat.meta.get("original")
    if not isinstance(original, str) or len(original.strip().encode()) < ENOUGH or not chat.answered:
        return ()
    return (original, chat.reply) if chat.meta.get("lang") == "en" else (chat.reply, original)


def lengths(tokenizer: Any, texts: list[str]) -> list[int]:
    return [len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]] if texts else []
