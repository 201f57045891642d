"""The questions of the Japanese MT-Bench with their reference answers: from the published files to prompts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from komainu.errors import UsageError
from komainu.eval.items import Items, Source
from komainu.files import read_objects
from komainu.rows import Chat, Message

T = TypeVar("T", bound=msgspec.Struct)
SIZE = 80
REFERRED = ("math", "reasoning", "coding")  # categories whose judges get the reference answers, as in FastChat
# Temperature by category, as in FastChat (fastchat/llm_judge/common.py).
TEMPERATURES = {
    "writing": 0.7,
    "roleplay": 0.7,
    "extraction": 0.0,
    "math": 0.0,
    "coding": 0.0,
    "reasoning": 0.0,
    "stem": 0.1,
    "humanities": 0.1,
}


class Asked(msgspec.Struct, frozen=True):
    """A row of question_full.jsonl."""

    question_id: int
    category: str
    turns: tuple[str, str]


class Turned(msgspec.Struct, frozen=True):
    """One reference of a question, turn by turn."""

    turns: tuple[str, str]


class Referred(msgspec.Struct, frozen=True):
    """A row of a file of reference answers."""

    question_id: int
    choices: tuple[Turned, ...]


@dataclass(frozen=True, kw_only=True)
class MtBenchItems(Items):
    """The 80 questions with two turns; row ids `ja-mt-bench-2turn-<question_id>`.

    `source` is question_full.jsonl, `references` a file of answers to judge by, in FastChat's layout. The 60 questions
    of one turn are another benchmark (`ja-mt-bench-1shot`).
    """

    source: Source
    references: Source

    def check(self) -> Iterator[str]:
        yield from super().check()
        yield from (f"MtBenchItems.references: {problem}" for problem in self.references.problems())

    def read(self) -> Iterator[Chat]:
        path = self.source.file("question_full.jsonl")
        asked = [*rows(path, Asked)]
        if len({row.question_id for row in asked}) != SIZE or len(asked) != SIZE:
            raise UsageError(
                f"{path} holds {len(asked)} questions; the Japanese MT-Bench with two turns has {SIZE}"
                "; give the whole set"
            )
        references = self.referred()
        for row in asked:
            if row.category not in TEMPERATURES:
                raise UsageError(
                    f"{path}: question {row.question_id} is of the unknown category {row.category!r}"
                    f"; known are {', '.join(TEMPERATURES)}"
                )
            meta: dict[str, Any] = {
                "bench": "ja_mt_bench_2turn",
                "lang": "ja",
                "task": row.category,
                "turns": [*row.turns],
                "source": "Stability-AI/FastChat japanese_mt_bench",
                "licence": "Apache-2.0",
            }
            if row.category in REFERRED:
                if row.question_id not in references:
                    what = f"question {row.question_id}, which judges compare with one ({row.category})"
                    raise UsageError(
                        f"the file of references has no answer to {what}; give the reference file of the whole set"
                    )
                meta["references"] = references[row.question_id]
            yield Chat(f"ja-mt-bench-2turn-{row.question_id}", (Message("user", row.turns[0]),), meta)

    def referred(self) -> dict[int, list[str]]:
        """The reference answers to both turns, by the question's id."""
        path = self.references.file("gpt-4.jsonl")
        return {row.question_id: [*row.choices[0].turns] for row in rows(path, Referred) if row.choices}


def rows(path: Path, kind: type[T]) -> Iterator[T]:
    """The rows of a file as what they should be; UsageError with file:line for one that is not."""
    for line, row in read_objects(path):
        try:
            yield msgspec.convert(row, kind)
        except msgspec.ValidationError as error:
            raise UsageError(f"{path}:{line}: {error}") from None
