"""M-IFEval, Japanese part (github.com/lightblue-tech/M-IFEval): 172 prompts, 33 types of instructions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.checks.instructions.asked import asked_of
from komainu.checks.instructions.japanese import CHECKS
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


@dataclass(frozen=True, kw_only=True)
class MIFEvalItems(Items):
    """The Japanese prompts of M-IFEval (Apache-2.0) from a local file of its schema; row ids `m-ifeval-<key>`.

    A hub dataset with its revision serves too, if it holds `ja_input_data.jsonl`.
    """

    source: Source

    def read(self) -> Iterator[Chat]:
        path = self.source.file("ja_input_data.jsonl")
        yield from read_prompts(path, CHECKS, bench=MIFEval.name, lang="ja", source="M-IFEval")


@dataclass(frozen=True, kw_only=True)
class MIFEval(Published):
    """Share of prompts with all instructions followed, and pooled share of instructions, strict and loose.

    Not covered: the Spanish and French parts. docs/ifeval.md says how each of the 33 types is checked.
    """

    name: ClassVar[str] = "m_ifeval"
    metrics: ClassVar[tuple[str, ...]] = METRICS
    pooled: ClassVar[tuple[str, ...]] = POOLED
    carried: ClassVar[tuple[str, ...]] = CARRIED
    language: Lang = "ja"

    def parts(self, chat: Chat) -> int:
        return len(asked_of(chat, CHECKS))

    def score(self, chat: Chat) -> list[Score]:
        return scores(self, chat, CHECKS)

    def told(self, chat: Chat, scores: Sequence[Score]) -> dict[str, Any]:
        """`strict` and `loose`, one verdict an instruction, in the prompt's order."""
        return by_reading(scores)
