from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from komainu.errors import UsageError
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.ifeval import HUB, IFEval, IFEvalItems
from komainu.eval.items import Source
from komainu.eval.ruling import scored
from komainu.eval.stats.spread import mean_interval, pooled_interval
from komainu.eval.totals import estimate
from komainu.models.base import Model, Reply
from komainu.rows import Chat
from tests.eval.reference import agreement, compared, folder, needs_fixtures
from tests.eval.world import context

DOC = Path(__file__).parents[2] / "docs" / "ifeval.md"
COMMA, JSON, TITLE = "punctuation:no_comma", "detectable_format:json_format", "detectable_format:title"


def row(key: int = 1, ids: tuple[str, ...] = (COMMA,), **changed: Any) -> dict[str, Any]:
    return {"key": key, "prompt": f"Say {key}.", "instruction_id_list": [*ids], "kwargs": [{} for _ in ids], **changed}


def items(path: Path, *rows: dict[str, Any]) -> IFEvalItems:
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    return IFEvalItems(source=Source(path=str(path)))


def one(tmp_path: Path, *ids: str, **changed: Any) -> Chat:
    (found,) = items(tmp_path / "items.jsonl", row(1, ids, **changed)).read()
    return found


def test_rows_become_prompts(tmp_path: Path) -> None:
    words = {"relation": "at least", "num_words": 3, "letter": None}
    ids = ("en:length_constraints:number_words", COMMA)
    chat = one(tmp_path, *ids, kwargs=[words, {"keywords": None}])
    assert chat.id == "ifeval-1" and chat.messages[0].content == "Say 1."
    asked = [{"id": "length_constraints:number_words", "kwargs": {"relation": "at least", "num_words": 3}}]
    asked.append({"id": COMMA, "kwargs": {}})
    expected = {"bench": "ifeval", "lang": "en", "instructions": asked}
    assert chat.meta == {**expected, "source": "google/IFEval", "licence": "Apache-2.0"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"prompt": " "}, "prompt is"),
        ({"key": None}, "key is None"),
        ({"instruction_id_list": []}, "instruction_id_list is"),
        ({"instruction_id_list": ["punctuation:no_coma"]}, "did you mean 'punctuation:no_comma'"),
        ({"kwargs": []}, "kwargs must be a list of 1 objects"),
        ({"kwargs": [{"num_words": 3}]}, "takes no 'num_words'"),
        ({"instruction_id_list": ["length_constraints:number_words"]}, "needs num_words, relation"),
        ({"key": 7}, "stands on line 1 too"),
    ],
)
def test_a_bad_row_is_named_with_file_and_line(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=r"items\.jsonl:2: ") as error:
        [*items(tmp_path / "items.jsonl", row(7), row(8) | changed).read()]
    assert said in str(error.value)


def test_a_row_without_a_field_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"items\.jsonl:1: the row has no 'kwargs'"):
        [*items(tmp_path / "items.jsonl", {k: v for k, v in row().items() if k != "kwargs"}).read()]


def test_the_hub_is_pinned() -> None:
    assert IFEvalItems().source == HUB and [*IFEvalItems().check()] == []


def test_an_answer_gets_a_verdict_an_instruction_and_the_thinking_is_left_out(tmp_path: Path) -> None:
    chat = one(tmp_path, COMMA, JSON).with_reply("<think>a, b</think>Sure!\n[1]")
    assert IFEval().verdict(chat) == {"strict": [True, False], "loose": [True, True]}
    found = [(s.metric, s.value, s.why) for s in scored(IFEval(), chat)]
    assert found == [
        ("prompt_strict", 0.0, JSON),
        ("instruction_strict", 1.0, ""),
        ("instruction_strict", 0.0, JSON),
        ("prompt_loose", 1.0, ""),
        ("instruction_loose", 1.0, ""),
        ("instruction_loose", 1.0, ""),
    ]


@pytest.mark.parametrize(("reply", "value"), [(None, None), (" ", 0.0)])
def test_a_missing_or_empty_answer_counts_for_all_its_instructions(
    tmp_path: Path, reply: str | None, value: float | None
) -> None:
    chat = one(tmp_path, COMMA, JSON, TITLE)
    found = [*scored(IFEval(), chat if reply is None else chat.with_reply(reply))]
    assert [s.metric for s in found].count("instruction_loose") == 3 and len(found) == 8
    assert {s.value for s in found} == {value}


def test_an_item_whose_instructions_are_not_known_is_refused_by_its_id(tmp_path: Path) -> None:
    chat = one(tmp_path, COMMA).with_meta(instructions=[{"id": "no:such", "kwargs": {}}]).with_reply("a")
    with pytest.raises(UsageError, match="row 'ifeval-1': there is no instruction 'no:such'"):
        IFEval().score(chat)
    with pytest.raises(UsageError, match=r"row 'ifeval-1': meta\.instructions must be"):
        IFEval().score(chat.with_meta(instructions=["no:such"]))


def test_the_instruction_metric_is_the_share_of_instructions(tmp_path: Path) -> None:
    asked = items(tmp_path / "items.jsonl", row(1, (COMMA, JSON, TITLE)), row(2, (COMMA,)))
    ctx = context(tmp_path, lambda model, text, sample: Reply("a, b" if "1" in text else "a"))
    scores = Scores(answers=Answers(model=Model(name="m"), items=asked), bench=IFEval())
    found = ctx.store.build(scores, ctx).summary["metrics"]
    assert (found["prompt_strict"]["mean"], found["prompt_strict"]["n"]) == (0.5, 2)
    assert (found["instruction_strict"]["mean"], found["instruction_strict"]["n"]) == (0.25, 4)
    assert found["instruction_strict"]["items"] == 2
    assert found["instruction_strict"]["reasons"] == {"detectable_format": 2, "punctuation": 1}


def test_the_pooled_interval_is_clustered_by_item() -> None:
    equal = [[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
    assert pooled_interval(equal) == mean_interval(equal)
    assert pooled_interval([[1.0, 1.0, 0.0], [0.0]]).mean == 0.5
    apart = pooled_interval([[v] for v in [1.0, 0.0] * 60])
    alike = pooled_interval([[float(i % 2)] * (2 + i % 4 // 2) for i in range(48)])  # 120 scores, alike within an item
    assert alike.mean == 0.5 and alike.high - alike.low > 1.4 * (apart.high - apart.low)
    assert estimate([[1.0, None], [None], [0.0, 1.0, 1.0]], 1.0, pooled=True)["mean"] == 0.75


@needs_fixtures
def test_agreement_with_the_published_verdicts() -> None:
    asked = IFEvalItems(source=Source(path=str(folder() / "ifeval_en_541.jsonl"))).rows()
    n, differ = compared(IFEval(), asked)
    assert len(asked) == 541 and n == {"strict": 1668, "loose": 1668}
    assert agreement(n, differ, "strict") >= 99.5 and agreement(n, differ, "loose") >= 99.5
    told = DOC.read_text(encoding="utf-8")
    for d in differ:
        line = f"| {d.item} | {d.model} | {d.reading} | {d.instruction} | {'yes' if d.ours else 'no'} |"
        assert line in told, f"docs/ifeval.md lacks: {line}"
    assert told.count("| ifeval-") == len(differ)
