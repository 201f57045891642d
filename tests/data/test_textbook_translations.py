"""The textbook's translation prompts as items whose judges compare two translations."""

from __future__ import annotations

from pathlib import Path

from komainu.data.textbook.prompts import Prompts
from komainu.data.textbook.translations import ForTlBench
from tests.data.fakes import context, through


def test_a_translation_prompt_gets_its_sentence_and_its_direction(tmp_path: Path) -> None:
    prompts = list(Prompts(side="test", n=40, tasks=("translate_ja", "translate_en")).rows())
    rows, dropped, _ = through(context(tmp_path), prompts, ForTlBench())
    assert len(rows) == 40 and not dropped
    for before, row in zip(prompts, rows, strict=True):
        english = before.meta["task"] == "translate_ja"
        assert row.messages == before.messages and row.meta["text"] in row.messages[-1].content
        assert row.meta["direction"] == ("en-ja" if english else "ja-en") and row.meta["bench"] == "tl_bench"
        assert row.meta["text"].isascii() == english


def test_another_task_is_dropped_with_its_name(tmp_path: Path) -> None:
    prompts = list(Prompts(side="test", n=4, tasks=("repeat",)).rows())
    rows, dropped, _ = through(context(tmp_path), prompts, ForTlBench())
    assert not rows and {drop.reason for drop in dropped} == {"no translation: repeat"}
