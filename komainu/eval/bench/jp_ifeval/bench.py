"""jp-ifeval: closed-form Japanese linguistic instruction following, over prompts of our own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Any, ClassVar

from komainu.checks.instructions.asked import asked_of, judge
from komainu.checks.text import visible
from komainu.eval.base import Lang
from komainu.eval.bench.instructed import read_prompts
from komainu.eval.bench.jp_ifeval.checks import CHECKS
from komainu.eval.bench.jp_ifeval.kana import is_japanese
from komainu.eval.items import Items, Published
from komainu.rows import Chat, Score

PROMPTS = files("komainu.eval.bench.jp_ifeval").joinpath("prompts.jsonl")


@cache
def prompts_hash() -> str:
    return hashlib.sha256(PROMPTS.read_bytes()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class JpIFEvalItems(Items):
    """The prompts of the package (Apache-2.0), written for it; row ids `jp-ifeval-<type>-<n>`.

    `sha256` is that of the prompts, taken from them unless given: other prompts are other items. The private jp-ifeval
    of the Shisa V2 model cards is another set, and numbers are not comparable with it.
    """

    sha256: str = ""

    def __post_init__(self) -> None:
        if not self.sha256:
            object.__setattr__(self, "sha256", prompts_hash())

    def check(self) -> Iterator[str]:
        yield from super().check()
        if self.sha256 != prompts_hash():
            yield f"JpIFEvalItems.sha256 is {self.sha256}; the prompts of this version have {prompts_hash()}"

    def read(self) -> Iterator[Chat]:
        with as_file(PROMPTS) as path:
            yield from read_prompts(path, CHECKS, bench=JpIFEval.name, lang="ja", source="komainu jp-ifeval")


@dataclass(frozen=True, kw_only=True)
class JpIFEval(Published):
    """Share of prompts with all instructions followed, read strictly; groups are the types of the first instructions.

    Not covered: whether an answer is any good beside what is asked. docs/jp-ifeval.md says how each type is checked.
    """

    name: ClassVar[str] = "jp_ifeval"
    metrics: ClassVar[tuple[str, ...]] = ("strict",)
    language: Lang = "ja"

    def group(self, chat: Chat) -> str:
        return asked_of(chat, CHECKS)[0].id

    def score(self, chat: Chat) -> list[Score]:
        right = self.verdict(chat)["strict"]
        broken = [one.id for one, good in zip(asked_of(chat, CHECKS), right, strict=True) if not good]
        return [Score(chat.id, "strict", float(not broken), why=", ".join(broken))]

    def told(self, chat: Chat, scores: Sequence[Score]) -> dict[str, Any]:
        """`strict` and `loose`, one verdict an instruction, in the prompt's order; strict is what is counted."""
        if scores[0].value is None:
            return {reading: [None] * len(asked_of(chat, CHECKS)) for reading in ("strict", "loose")}
        return self.verdict(chat)

    def overall(self, chats: Sequence[Chat], scores: Sequence[Score]) -> dict[str, Any]:
        """`by_temperature`, for answers at several."""
        from komainu.eval.totals import estimate

        marks: dict[str, dict[str, list[float | None]]] = {}
        for chat, score in zip(chats, scores, strict=True):
            if (temperature := chat.meta.get("temperature")) is not None:
                marks.setdefault(f"{temperature:g}", {}).setdefault(chat.id, []).append(score.value)
        told = {temperature: estimate(found.values(), self.top) for temperature, found in marks.items()}
        return {"by_temperature": told} if told else {}

    def verdict(self, chat: Chat) -> dict[str, list[bool]]:
        """`strict` and `loose`, one verdict an instruction, in the prompt's order; strict is what is counted.

        An answer that is not in Japanese follows none: else an English one would be right wherever something is
        forbidden.
        """
        found = judge(chat, CHECKS)
        if is_japanese(visible(chat.reply)):
            return found
        return {reading: [False] * len(marks) for reading, marks in found.items()}
