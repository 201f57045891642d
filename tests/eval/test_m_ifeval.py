from __future__ import annotations

import json
from pathlib import Path

import pytest

from komainu.errors import UsageError
from komainu.eval.bench.m_ifeval import MIFEval, MIFEvalItems
from komainu.eval.items import Source
from komainu.eval.ruling import scored
from tests.eval.reference import agreement, compared, folder, needs_fixtures

ROW = {
    "key": 3,
    "prompt": "一文で。",
    "instruction_id_list": ["ja:punctuation:no_comma", "ja:letters:kanji"],
    "kwargs": [{}, {"relation": "未満", "kanji_limit": 2}],
}


def items(path: Path, **changed: object) -> MIFEvalItems:
    path.write_text(json.dumps(ROW | changed, ensure_ascii=False), encoding="utf-8")
    return MIFEvalItems(source=Source(path=str(path)))


def test_rows_become_prompts_and_answers_verdicts(tmp_path: Path) -> None:
    (chat,) = items(tmp_path / "items.jsonl").read()
    assert chat.id == "m-ifeval-3" and chat.meta["bench"] == "m_ifeval" and chat.meta["lang"] == "ja"
    assert chat.meta["source"] == "M-IFEval" and chat.meta["licence"] == "Apache-2.0"
    answer = chat.with_reply("はい、漢字。")
    assert MIFEval().applies(answer) and MIFEval().verdict(answer) == {"strict": [False] * 2, "loose": [False] * 2}
    assert [s.value for s in scored(MIFEval(), chat.with_reply("漢です。"))] == [1.0] * 6


def test_an_instruction_of_the_other_language_is_refused(tmp_path: Path) -> None:
    changed = {"instruction_id_list": ["en:punctuation:no_comma", "ja:letters:kanji"]}
    with pytest.raises(UsageError, match=r"items\.jsonl:1: there is no instruction 'en:punctuation:no_comma'"):
        [*items(tmp_path / "items.jsonl", **changed).read()]


@needs_fixtures
def test_agreement_with_the_published_verdicts() -> None:
    asked = MIFEvalItems(source=Source(path=str(folder() / "m_ifeval_ja_172.jsonl"))).rows()
    n, differ = compared(MIFEval(), asked)
    assert len(asked) == 172 and n == {"strict": 452, "loose": 452}
    assert agreement(n, differ, "strict") >= 99.0 and agreement(n, differ, "loose") >= 99.0
    assert differ == [], "docs/ifeval.md says that none differs; list those that do"
