"""Step: of a conversation keep the first thing the user asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from komainu.context import Context
from komainu.data.base import Dropped, Step
from komainu.data.turn import prompt_of
from komainu.rows import Chat


@dataclass(frozen=True, kw_only=True)
class FirstRequest(Step):
    """A prompt of the first user turn alone; a request over `longest` characters is dropped as `too_long`."""

    alone: ClassVar[bool] = True
    longest: int = 8000

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped]:
        for chat in rows:
            first = next((m for m in chat.messages if m.role == "user"), None)
            if first is None:
                yield Dropped(chat, "no_request")
                continue
            size = len(first.content)
            yield Dropped(chat, f"too_long: {size}") if size > self.longest else prompt_of(chat, [first])
