"""ExtraTextRate: the share of answers with more than the bare result; lower is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from komainu.checks.extra_text import ExtraText
from komainu.eval.base import Bench, judged
from komainu.rows import Chat, Score


@dataclass(frozen=True, kw_only=True)
class ExtraTextRate(Bench):
    """1 when there is a preface, a note or a wrapper around the result, 0 when there is not; see checks/extra_text.py.

    Asked only where the bare result is called for: tasks that begin with "translate_", items with
    `meta["bare"]`. An empty answer counts as extra text.
    """

    name: ClassVar[str] = "extra_text"
    metrics: ClassVar[tuple[str, ...]] = ("extra_text",)
    higher_is_better: ClassVar[bool] = False

    def applies(self, chat: Chat) -> bool:
        bare = chat.meta.get("bare") is True or str(chat.meta.get("task", "")).startswith("translate_")
        return super().applies(chat) and bare

    def score(self, chat: Chat) -> list[Score]:
        return judged(self, chat, ExtraText()(chat))
