"""FormatRules: the share of answers that obey the format asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from komainu.checks.format import Format
from komainu.eval.base import Bench, judged
from komainu.rows import Chat, Score


@dataclass(frozen=True, kw_only=True)
class FormatRules(Bench):
    """1 when `meta["format"]` (keys of a JSON object, bullets, limits, repetition) is obeyed; see checks/format.py.

    The content is not looked at: a well-formed wrong answer passes.
    """

    name: ClassVar[str] = "format"
    metrics: ClassVar[tuple[str, ...]] = ("format",)

    def applies(self, chat: Chat) -> bool:
        return super().applies(chat) and bool(chat.meta.get("format"))

    def score(self, chat: Chat) -> list[Score]:
        return judged(self, chat, Format()(chat))
