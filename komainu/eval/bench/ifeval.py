"""IFEval (Zhou et al. 2023, arXiv 2311.07911): 541 English prompts whose instructions a program can check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.checks.instructions.asked import asked_of
from komainu.checks.instructions.english import CHECKS
from komainu.eval.base import Lang
from komainu.eval.bench.instructed import (
    CARRIED,
    METRICS,
    POOLED,
    by_reading,
    read_prompts,
    scores,
)
from komainu.eval.items import Items, Published, Source
from komainu.rows import Chat, Score

HUB = Source(repo="google/IFEval", revision="966cd89545d6b6acfd7638bc708b98261ca58e84")


@dataclass(frozen=True, kw_only=True)
class IFEvalItems(Items):
    """The prompts of google/IFEval (Apache-2.0), or of a local file of its schema; row ids `ifeval-<key>`."""

    source: Source = HUB

    def read(self) -> Iterator[Chat]:
        path = self.source.file("ifeval_input_data.jsonl")
        yield from read_prompts(path, CHECKS, bench=IFEval.name, lang="en", source=HUB.repo)


@dataclass(frozen=True, kw_only=True)
class IFEval(Published):
    """Share of prompts with all instructions followed, and pooled share of instructions, strict and loose.

    Not covered: whether an answer is any good. docs/ifeval.md says how each of the 25 types is checked.
    """

    name: ClassVar[str] = "ifeval"
    metrics: ClassVar[tuple[str, ...]] = METRICS
    pooled: ClassVar[tuple[str, ...]] = POOLED
    carried: ClassVar[tuple[str, ...]] = CARRIED
    language: Lang = "en"

    def parts(self, chat: Chat) -> int:
        return len(asked_of(chat, CHECKS))

    def score(self, chat: Chat) -> list[Score]:
        return scores(self, chat, CHECKS)

    def told(self, chat: Chat, scores: Sequence[Score]) -> dict[str, Any]:
        """`strict` and `loose`, one verdict an instruction, in the prompt's order."""
        return by_reading(scores)
