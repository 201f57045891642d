"""rp-bench: a panel marks the character's lines of each talk by eight criteria."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.checks.text import visible
from komainu.eval.base import Lang
from komainu.eval.bench.rp_bench.items import NAME, scenario_of
from komainu.eval.judge.base import Judged
from komainu.rows import Chat

CRITERIA = (  # as Japanese-RP-Bench calls them
    "Roleplay Adherence",
    "Consistency",
    "Contextual Understanding",
    "Expressiveness",
    "Creativity",
    "Naturalness of Japanese",
    "Enjoyment of the Dialogue",
    "Appropriateness of Turn-Taking",
)


@dataclass(frozen=True, kw_only=True)
class RpBench(Judged):
    """Whole marks from 1 to 5 for each of eight criteria; `total` is their mean, reported by genre, too.

    Over verdicts that are whole the mean of the totals is the mean of the criteria's means, as it is published.
    """

    name: ClassVar[str] = NAME
    template: ClassVar[str] = "bench/rp_bench/judge.jinja"
    again: ClassVar[str] = "judge/criteria_again.ja.jinja"
    metrics: ClassVar[tuple[str, ...]] = ("total",)
    pooled: ClassVar[tuple[str, ...]] = ("total",)
    criteria: ClassVar[tuple[str, ...]] = CRITERIA
    top: ClassVar[float] = 5.0
    language: Lang = "ja"

    def group(self, chat: Chat) -> str:
        return str(chat.meta.get("task", ""))

    def values(self, chat: Chat) -> Mapping[str, Any]:
        scenario = scenario_of(chat)
        names = {"user": scenario.user.name, "assistant": scenario.character.name}
        said = ({"by": names[m.role], "text": visible(m.content)} for m in chat.messages if m.role in names)
        return {**scenario.values, "lines": [*said], "stopped": "stopped" in chat.meta}
