"""MixEval and MixEval-Hard: the share of multiple-choice questions whose right option is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.errors import UsageError
from komainu.eval.base import Lang, texts
from komainu.eval.bench.mixeval.extract import choice
from komainu.eval.items import Published
from komainu.rows import Chat, Score


class OfChoices:
    """What both sets have in common: 1 where the answer chooses the right option by the rules of `extract`; no choice
    is a wrong answer. Reported by the set an item comes from, too."""

    def score(self, chat: Chat) -> list[Score]:
        found, right = choice(chat.reply, texts(chat, "options")), target_of(chat)
        why = found.why if found.place is None else f"wrong: {chr(65 + found.place)}"
        return [Score(chat.id, "accuracy", float(found.place == right), why="" if found.place == right else why)]

    def group(self, chat: Chat) -> str:
        return str(chat.meta.get("benchmark", ""))

    def overall(self, chats: Sequence[Chat], scores: Sequence[Score]) -> dict[str, Any]:
        """That the total is of multiple choice only."""
        return {"covers": "multiple choice only"}


@dataclass(frozen=True, kw_only=True)
class MixEval(OfChoices, Published):
    """Share of multiple-choice questions answered with the right option.

    Not covered: the free-form questions, which a judge is for. So this is not MixEval's overall score.
    """

    name: ClassVar[str] = "mixeval"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy",)
    language: Lang = "en"


@dataclass(frozen=True, kw_only=True)
class MixEvalHard(OfChoices, Published):
    """The same on the items of MixEval-Hard."""

    name: ClassVar[str] = "mixeval_hard"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy",)
    language: Lang = "en"


def target_of(chat: Chat) -> int:
    """The place of the right option; UsageError with the row's id when there is none."""
    target, n = chat.meta.get("target"), len(texts(chat, "options"))
    if isinstance(target, (list, tuple)) and len(target) == 1 and isinstance(target[0], int) and 0 <= target[0] < n:
        return target[0]
    raise UsageError(f"row {chat.id!r}: meta.target must be the place of one of {n} options, not {target!r}")
