"""Translation: how close the answer's characters are to a right translation's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from komainu.checks.text import visible
from komainu.eval.base import Bench, texts
from komainu.rows import Chat, Score


@dataclass(frozen=True, kw_only=True)
class Translation(Bench):
    """chrF (Popović 2015; character 6-grams, β 2, as sacrebleu computes it) of each answer to a translation task
    against the best of `meta["references"]`, from 0 to 1; the mean over items, not the corpus score.

    Translation tasks are those whose `meta["task"]` begins with "translate_".
    """

    name: ClassVar[str] = "translation"
    metrics: ClassVar[tuple[str, ...]] = ("chrf",)

    def applies(self, chat: Chat) -> bool:
        task = str(chat.meta.get("task", ""))
        return super().applies(chat) and task.startswith("translate_") and bool(texts(chat, "references"))

    def score(self, chat: Chat) -> list[Score]:
        from komainu.eval.chrf import chrf

        value = chrf(visible(chat.reply).strip(), texts(chat, "references"))
        return [Score(chat.id, "chrf", round(value, 6))]
