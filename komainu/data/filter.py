"""Step: drop the chats whose answer fails a check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from komainu.checks.base import Check
from komainu.checks.compose import Failure, run
from komainu.context import Context
from komainu.data.base import Dropped, Step
from komainu.rows import Chat

CUT_OFF = "cut_off"  # the failure of an answer that the model did not end by itself


def failures(chat: Chat, checks: Sequence[Check]) -> list[Failure]:
    """What is wrong with a chat's answer: cut off by the model's limit, then the checks in their order."""
    finish = chat.meta.get("finish", "stop")
    found = [] if finish == "stop" else [Failure(CUT_OFF, f"{CUT_OFF}: finish_reason {finish!r}")]
    return found + run(checks, chat)


@dataclass(frozen=True, kw_only=True)
class Filter(Step):
    """Drop a chat for the first check that its answer fails, or because the answer was cut off."""

    alone: ClassVar[bool] = True
    checks: tuple[Check, ...]

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped]:
        for chat in rows:
            failed = failures(chat, self.checks)
            yield Dropped(chat, failed[0].reason) if failed else chat
