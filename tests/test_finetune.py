"""The finetune recipe on real judged answers: the better of two answers to a question over the worse one."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from komainu.launch import open_context
from komainu.recipe import load
from komainu.settings import Settings
from komainu.stage import wiring
from komainu.train.sft import SFT
from tests.train.world import base as tiny
from tests.train.world import context

FIXTURES = os.environ.get("KOMAINU_FIXTURES", "")
ROOT = Path(__file__).parents[1]
JUDGED = "shaberi/tree/judgements/judge_llmjudge-llama33/shisa-ai__ja-mt-bench-1shot"


def judged(model: str) -> dict[str, dict[str, Any]]:
    """Question to the judged answer of a model."""
    with open(Path(FIXTURES) / JUDGED / f"{model}.json", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    return {row["Question"]: row for row in rows}


@pytest.mark.skipif(not FIXTURES, reason="KOMAINU_FIXTURES is not set")
def test_judged_answers_become_pairs_that_dpo_learns(tmp_path: Path) -> None:
    one, other = judged("google__gemma-3-12b-it"), judged("mistralai__Mistral-Nemo-Instruct-2407")
    pairs, chats = [], []
    for i, question in enumerate(sorted(one.keys() & other.keys())):
        ranked = sorted((one[question], other[question]), key=lambda r: -float(r["score"] or 0))
        if (ranked[0]["score"] or 0) > (ranked[1]["score"] or 0):
            asked = question[:40]
            answers = [str(r["ModelAnswer"])[:60] for r in ranked]
            if answers[0] != answers[1]:
                pairs.append({"id": f"q{i}", "prompt": asked, "chosen": answers[0], "rejected": answers[1]})
                turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": answers[0]}]
                chats.append({"id": f"q{i}", "messages": turns})
    assert len(pairs) >= 8
    for name, rows in (("chats", chats), ("pairs", pairs)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    made = context(tmp_path / "base")
    stage = tiny()
    wide = made.store.build(type(stage)(**{**vars_of(stage), "shape": wide_shape()}), made)
    recipe = load(
        str(ROOT / "recipes/finetune.py") + ":finetune",
        [
            f"base={wide.path}",
            f"chats={tmp_path / 'chats.jsonl'}",
            f"pairs={tmp_path / 'pairs.jsonl'}",
            "licence=apache-2.0",
            "lr=0.004",
            "batch=8",
        ],
    )
    with open_context(Settings(store=str(tmp_path / "store"), threads=1)) as ctx:
        tuned = ctx.store.build(recipe.stage, ctx)
    assert tuned.summary["last_loss"] < tuned.summary["first_loss"]


def test_qlora_is_lora_with_the_frozen_layers_in_four_bits(tmp_path: Path) -> None:
    for name, text in (("model.safetensors", ""), ("tokenizer.json", "{}"), ("config.json", "{}")):
        (tmp_path / name).write_text(text)
    chat = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]}
    (tmp_path / "chats.jsonl").write_text(json.dumps(chat) + "\n")
    given = [f"base={tmp_path}", f"chats={tmp_path / 'chats.jsonl'}", "licence=mit", "rank=8", "lr=0.001", "batch=4"]
    given += ["epochs=1.5", "seed=3"]
    plain, four = (load(f"{ROOT / 'recipes/finetune.py'}:{name}", given).stage for name in ("lora", "qlora"))
    assert isinstance(plain, SFT) and isinstance(four, SFT) and four.adapter is not None
    assert four.adapter.quantised == "nf4" and [*wiring(four)] == []
    assert replace(four, adapter=replace(four.adapter, quantised="")) == plain


def vars_of(stage: Any) -> dict[str, Any]:
    return {"model": stage.model, "data": stage.data, "fit": stage.fit}


def wide_shape() -> Any:
    from komainu.train.pretrain import Shape

    return Shape(hidden=32, layers=2, heads=2, feed_forward=64, context=512)
