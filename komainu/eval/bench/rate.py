"""Rate: the share of answers that fail a check; lower is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from komainu.checks.base import Check
from komainu.eval.base import Bench, judged
from komainu.rows import Chat, Score


@dataclass(frozen=True, kw_only=True)
class Rate(Bench):
    """1 when an answer fails `check`, 0 when it does not; it stands beside a board's averages unless `headline` is set.

    `of` narrows it to the items of one published bench (`meta["bench"]`), and a board then calls it by both names, so
    that it can stand there once for each. In the averages an empty answer counts as a failure, as everywhere; beside
    them an empty answer fails only the check for it, so that each answer is counted under its own fault.
    """

    higher_is_better: ClassVar[bool] = False
    check: ClassVar[Check]
    of: str = ""
    headline: bool = False

    @property
    def title(self) -> str:
        return f"{self.of}_{self.name}" if self.of else self.name

    @property
    def averaged(self) -> bool:
        return self.headline

    @property
    def sees_empty(self) -> bool:
        return not self.headline

    def applies(self, chat: Chat) -> bool:
        return super().applies(chat) and self.of in ("", chat.meta.get("bench"))

    def score(self, chat: Chat) -> list[Score]:
        return judged(self, chat, self.check(chat))
