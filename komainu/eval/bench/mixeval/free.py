"""The free-form questions of MixEval and MixEval-Hard, marked by judges, and the score of both kinds together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.checks.text import visible
from komainu.eval.base import Answers, Bench, Lang, Scores, texts
from komainu.eval.bench.mixeval.bench import MixEval, MixEvalHard
from komainu.eval.items import Published
from komainu.eval.judge.base import Judged
from komainu.eval.judge.panel import Panel, panel
from komainu.models.base import Model
from komainu.rows import Chat, Score
from komainu.spec import Spec

if TYPE_CHECKING:
    from komainu.context import Context


class OfAnswers:
    """What the free-form halves share: the judges see the question without its context, as upstream's do, and all the
    answers that are known to be right. Reported by the set an item comes from, too."""

    def values(self, chat: Chat) -> Mapping[str, Any]:
        return {"question": chat.meta["question"], "answer": visible(chat.reply), "references": texts(chat, "target")}

    def group(self, chat: Chat) -> str:
        return str(chat.meta.get("benchmark", ""))


@dataclass(frozen=True, kw_only=True)
class MixEvalFree(OfAnswers, Judged):
    """How correct the answers to the free-form questions are, from 0 to 1."""

    name: ClassVar[str] = "mixeval_free"
    template: ClassVar[str] = "bench/mixeval/free.jinja"
    again: ClassVar[str] = "judge/again.en.jinja"
    low: ClassVar[float] = 0.0
    language: Lang = "en"


@dataclass(frozen=True, kw_only=True)
class MixEvalHardFree(OfAnswers, Judged):
    """The same on the items of MixEval-Hard."""

    name: ClassVar[str] = "mixeval_hard_free"
    template: ClassVar[str] = "bench/mixeval/free.jinja"
    again: ClassVar[str] = "judge/again.en.jinja"
    low: ClassVar[float] = 0.0
    language: Lang = "en"


class OfBoth:
    """Both halves of a set: the mean over all its questions, so that each half weighs as many as it has. That is how
    upstream's later versions have it; the earlier ones took the mean of the two halves."""

    choice: ClassVar[Published]
    free: ClassVar[Judged]

    def applies(self, chat: Chat) -> bool:
        return chat.meta.get("bench") in (self.choice.name, self.free.name)

    def scoring(self, answers: Answers, judges: Sequence[Model] = (), seed: int = 0) -> Scores:
        assert isinstance(self, Bench)
        choice = Scores(answers=answers, bench=self.choice)
        return Both(answers=answers, bench=self, choice=choice, free=panel(answers, self.free, judges, seed))

    def group(self, chat: Chat) -> str:
        return str(chat.meta.get("benchmark", ""))

    def overall(self, chats: Sequence[Chat], scores: Sequence[Score]) -> dict[str, Any]:
        """The two halves, each by itself."""
        from komainu.eval.totals import by_item, estimate

        half = {chat.id: "choice" if self.choice.applies(chat) else "free" for chat in chats}
        found = by_item(scores, "score")
        return {name: estimate([found[i] for i in found if half[i] == name], 1.0) for name in ("choice", "free")}


@dataclass(frozen=True, kw_only=True)
class MixEvalFull(OfBoth, Bench):
    """MixEval's overall score: the options chosen, and how correct the free-form answers are."""

    name: ClassVar[str] = "mixeval_full"
    metrics: ClassVar[tuple[str, ...]] = ("score",)
    needs_judges: ClassVar[bool] = True
    choice: ClassVar[Published] = MixEval()
    free: ClassVar[Judged] = MixEvalFree()
    language: Lang = "en"


@dataclass(frozen=True, kw_only=True)
class MixEvalHardFull(OfBoth, Bench):
    """The same for MixEval-Hard."""

    name: ClassVar[str] = "mixeval_hard_full"
    metrics: ClassVar[tuple[str, ...]] = ("score",)
    needs_judges: ClassVar[bool] = True
    choice: ClassVar[Published] = MixEvalHard()
    free: ClassVar[Judged] = MixEvalHardFree()
    language: Lang = "en"


@dataclass(frozen=True, kw_only=True)
class Both(Scores):
    """Score rows of both halves under one metric: of a choice one by rule, of a free-form answer one a judge."""

    choice: Scores
    free: Panel

    def check(self) -> Iterator[str]:
        yield from super().check()
        yield from self.free.check()

    @property
    def how(self) -> tuple[Spec, ...]:
        return self.free.how

    def scored(self, chats: Sequence[Chat], ctx: Context) -> list[Score]:
        found: dict[str, list[Score]] = {}
        for half in (self.choice, self.free):
            for row in ctx.open(half).rows():
                if isinstance(row, Score):
                    found.setdefault(row.id, []).append(Score(row.id, "score", row.value, row.by, row.why))
        return [score for id in dict.fromkeys(chat.id for chat in chats) for score in found[id]]

    def told(self, chats: Sequence[Chat], scores: Sequence[Score], ctx: Context) -> dict[str, Any]:
        there = ctx.open(self.free).summary
        return {name: there[name] for name in ("judges", "asked_again", "by_rule", "steering", "prompt")}
