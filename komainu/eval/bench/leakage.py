"""LeakageRate: the share of answers with a word of another language in them; lower is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from komainu.checks.leakage import Leakage
from komainu.eval.base import Bench, judged
from komainu.rows import Chat, Score


@dataclass(frozen=True, kw_only=True)
class LeakageRate(Bench):
    """1 when the answer leaks another language (an English or Chinese word in Japanese text, a Japanese one in
    English text), 0 when it does not; see checks/leakage.py. An empty answer counts as a leak."""

    name: ClassVar[str] = "leakage"
    metrics: ClassVar[tuple[str, ...]] = ("leakage",)
    higher_is_better: ClassVar[bool] = False

    def score(self, chat: Chat) -> list[Score]:
        return judged(self, chat, Leakage()(chat))
