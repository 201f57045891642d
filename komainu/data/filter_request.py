"""Step: drop the chats whose last user turn fails a check, read as if it were an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from komainu.checks.base import Check
from komainu.checks.compose import run
from komainu.context import Context
from komainu.data.base import Dropped, Step
from komainu.data.turn import request_alone
from komainu.rows import Chat, Message


@dataclass(frozen=True, kw_only=True)
class FilterRequest(Step):
    """Drop a chat for the first check that its last user turn fails; for turns that models wrote."""

    alone: ClassVar[bool] = True
    checks: tuple[Check, ...]

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped]:
        for chat in rows:
            *before, last = request_alone(chat).messages
            failed = run(self.checks, Chat(chat.id, (*before, Message("assistant", last.content)), chat.meta))
            yield Dropped(chat, failed[0].reason) if failed else chat
