"""The published verdicts of IFEval and M-IFEval beside ours."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from komainu.eval.items import Published
from komainu.rows import Chat

FIXTURES = os.environ.get("KOMAINU_FIXTURES", "")
needs_fixtures = pytest.mark.skipif(not FIXTURES, reason="KOMAINU_FIXTURES is not set")
MODELS = ("gpt-4o-2024-08-06", "Qwen__Qwen2.5-0.5B-Instruct-GPTQ-Int4")


class Disagreement(NamedTuple):
    """One verdict that differs from the published one."""

    model: str
    reading: str
    item: str
    instruction: str
    ours: bool


def folder() -> Path:
    return Path(FIXTURES) / "ifeval"


def published(lang: str, model: str, reading: str) -> dict[str, dict[str, Any]]:
    """The published rows of a model by prompt."""
    with gzip.open(folder() / "verdicts" / lang / f"{model}.{reading}.jsonl.gz", "rt", encoding="utf-8") as file:
        return {row["prompt"]: row for row in map(json.loads, file)}


def compared(bench: Published, items: list[Chat]) -> tuple[Counter[str], list[Disagreement]]:
    """How many verdicts of each reading were compared over all models, and those that differ."""
    n: Counter[str] = Counter()
    differ = []
    for model in MODELS:
        rows = {reading: published(bench.language, model, reading) for reading in ("strict", "loose")}
        for item in items:
            prompt = item.messages[0].content
            found = bench.verdict(item.with_reply(rows["strict"][prompt]["response"] or ""))
            for reading, ours in found.items():
                theirs = rows[reading][prompt]["follow_instruction_list"]
                n[reading] += len(theirs)
                for asked, a, b in zip(item.meta["instructions"], ours, theirs, strict=True):
                    if a != b:
                        differ.append(Disagreement(model, reading, item.id, asked["id"], a))
    return n, differ


def agreement(n: Counter[str], differ: list[Disagreement], reading: str) -> float:
    """The share of instructions with the same verdict, in per cent."""
    return 100 * (1 - sum(d.reading == reading for d in differ) / n[reading])
