"""llm-jp-eval: what counts of each dataset, category means and their average; translations and similarity beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any, ClassVar

from komainu.eval.base import Lang
from komainu.eval.bench.llm_jp_eval import comet
from komainu.eval.bench.llm_jp_eval.datasets import BENCH, CATEGORIES, dataset_of, gold_of
from komainu.eval.bench.llm_jp_eval.execution import ran
from komainu.eval.bench.llm_jp_eval.metrics import METRICS, similarity
from komainu.eval.bench.llm_jp_eval.prompt import counted, normalised
from komainu.eval.items import Published, Source
from komainu.rows import Chat, Score


class OfCategories:
    """What the benches of these items have in common; they are Japanese whatever language an answer is in."""

    categories: ClassVar[tuple[str, ...]]

    def applies(self, chat: Chat) -> bool:
        return chat.meta.get("bench") == BENCH and dataset_of(chat).category in self.categories

    def group(self, chat: Chat) -> str:
        return dataset_of(chat).name

    def told(self, chat: Chat, scores: Sequence[Score]) -> dict[str, Any]:
        """Each metric by its name; None for a missing verdict."""
        return {score.metric: score.value for score in scores}


@dataclass(frozen=True, kw_only=True)
class LlmJpEval(OfCategories, Published):
    """The metric that counts for the item's dataset, from 0 to 1: the table of docs/llm-jp-eval.md.

    `overall` gives the means of the categories and their average. `comet` is the local checkpoint file of
    Unbabel/wmt22-comet-da; without it, or without the package unbabel-comet, the verdicts on translations are
    missing. So are those on code where the sandbox cannot be made.
    Not covered: the most tokens an answer may have (meta.output_length) are not imposed on the model.
    """

    name: ClassVar[str] = BENCH
    metrics: ClassVar[tuple[str, ...]] = ("score",)
    categories: ClassVar[tuple[str, ...]] = CATEGORIES
    language: Lang = "ja"
    comet: Source | None = None

    def score(self, chat: Chat) -> list[Score]:
        dataset, answer, gold = dataset_of(chat), counted(chat.reply), normalised(gold_of(chat))
        if dataset.metric == "comet_wmt22":
            return [self.translated(chat, answer, gold)]
        if dataset.metric == "code_exec":
            found = ran(chat.reply, gold_of(chat))
            return [Score(chat.id, "score", None if found.passed is None else float(found.passed), why=found.why)]
        value = round(METRICS[dataset.metric](answer, gold), 6)
        wrong = dataset.metric == "exact_match" and value == 0
        return [Score(chat.id, "score", value, why=f"differs: {shorten(answer, 80)}" if wrong else "")]

    def translated(self, chat: Chat, answer: str, gold: str) -> Score:
        why = comet.missing(self.comet)
        if self.comet is None or why:
            return Score(chat.id, "score", None, why=f"not_available: {why}")
        path = str(self.comet.file("model.ckpt"))
        return Score(chat.id, "score", round(comet.scorer(path)(str(chat.meta.get("input")), answer, gold), 6))

    def overall(self, chats: Sequence[Chat], scores: Sequence[Score]) -> dict[str, Any]:
        from komainu.eval.bench.llm_jp_eval.average import averages

        found: dict[str, list[Score]] = {}
        names = {chat.id: dataset_of(chat).name for chat in chats}
        for score in scores:
            found.setdefault(names[score.id], []).append(score)
        return averages(found)

    def own(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        """The average of the categories; it is whole when no dataset lacks."""
        found = summary["overall"]["average"]
        lacking = f"without {', '.join(found['lacking'])}" if found["lacking"] else ""
        return {**{end: found[end] for end in ("mean", "low", "high")}, "lacking": lacking}


@dataclass(frozen=True, kw_only=True)
class LlmJpEvalTranslation(OfCategories, Published):
    """BLEU and chrF of each translation, from 0 to 1; means over items, not corpus scores. Outside the average."""

    name: ClassVar[str] = "llm_jp_eval_mt"
    metrics: ClassVar[tuple[str, ...]] = ("bleu", "chrf")
    categories: ClassVar[tuple[str, ...]] = ("MT",)
    language: Lang = "ja"

    @property
    def averaged(self) -> bool:
        return False

    def score(self, chat: Chat) -> list[Score]:
        from komainu.eval.bench.llm_jp_eval.bleu import bleu
        from komainu.eval.chrf import chrf

        answer, gold = counted(chat.reply), normalised(gold_of(chat))
        found = {"bleu": bleu(answer, gold, dataset_of(chat).lang), "chrf": chrf(answer, [gold])}
        return [Score(chat.id, metric, round(value, 6)) for metric, value in found.items()]


@dataclass(frozen=True, kw_only=True)
class LlmJpEvalSimilarity(OfCategories, Published):
    """JSTS: how close the similarity in the answer is to the right one, 1 - |difference| / 5, never below 0.

    That is ours. `overall` gives upstream's figures: Pearson's and Spearman's correlation. Outside the average.
    """

    name: ClassVar[str] = "llm_jp_eval_sts"
    metrics: ClassVar[tuple[str, ...]] = ("closeness",)
    categories: ClassVar[tuple[str, ...]] = ("STS",)
    language: Lang = "ja"

    @property
    def averaged(self) -> bool:
        return False

    def score(self, chat: Chat) -> list[Score]:
        said = similarity(counted(chat.reply))
        if said is None:
            return [Score(chat.id, "closeness", 0.0, why="no_number")]
        away = abs(said - float(gold_of(chat))) / 5
        return [Score(chat.id, "closeness", round(max(0.0, 1 - away), 6))]

    def overall(self, chats: Sequence[Chat], scores: Sequence[Score]) -> dict[str, Any]:
        from komainu.eval.bench.llm_jp_eval.average import correlations

        there = {score.id for score in scores if score.value is not None}
        answered = [chat for chat in chats if chat.id in there]
        pairs = [(similarity(counted(chat.reply)), float(gold_of(chat))) for chat in answered]
        return {**correlations(pairs), "missing": len(chats) - len(answered)}
