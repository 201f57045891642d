"""Graded: any answer to an item with references, marked from 1 to 5 by judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.checks.text import visible
from komainu.eval.base import texts
from komainu.eval.judge.base import Judged
from komainu.rows import Chat


@dataclass(frozen=True, kw_only=True)
class Graded(Judged):
    """How good an answer is to judges who see the whole conversation and `meta["references"]`, some right answers.

    It stands beside the averages of a board: other benches count the same answers there by rule.
    Not covered: items without references; system turns are not shown to the judges.
    """

    name: ClassVar[str] = "graded"
    template: ClassVar[str] = "bench/graded.jinja"
    again: ClassVar[str] = "judge/again.en.jinja"
    top: ClassVar[float] = 5.0

    @property
    def averaged(self) -> bool:
        return False

    def applies(self, chat: Chat) -> bool:
        return chat.meta.get("lang") == self.language and bool(texts(chat, "references"))

    def values(self, chat: Chat) -> Mapping[str, Any]:
        turns = [turn for turn in chat.prompt if turn.role != "system"]
        return {"turns": turns, "references": texts(chat, "references"), "answer": visible(chat.reply)}
