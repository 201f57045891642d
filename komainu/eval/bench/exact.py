"""ExactMatch: the answer is one of the right ones, character for character."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from komainu.checks.text import visible
from komainu.eval.base import Bench, judged, texts
from komainu.rows import Chat, Score


@dataclass(frozen=True, kw_only=True)
class ExactMatch(Bench):
    """1 when the answer equals any of `meta["references"]`; only white space around it is left out.

    Width, case and punctuation count. Reported by `meta["task"]` too. `tasks` narrows it to some; () is all.
    Not covered: right answers that are not listed.
    """

    name: ClassVar[str] = "exact"
    metrics: ClassVar[tuple[str, ...]] = ("exact",)
    tasks: tuple[str, ...] = ()

    def applies(self, chat: Chat) -> bool:
        wanted = not self.tasks or chat.meta.get("task") in self.tasks
        return super().applies(chat) and wanted and bool(texts(chat, "references"))

    def score(self, chat: Chat) -> list[Score]:
        right = {text.strip() for text in texts(chat, "references")}
        return judged(self, chat, "" if visible(chat.reply).strip() in right else "not a reference")

    def group(self, chat: Chat) -> str:
        return str(chat.meta.get("task", ""))
