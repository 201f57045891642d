"""The bench as a citizen: verdicts, scores, groups, and the table over five temperatures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from komainu.errors import UsageError
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.jp_ifeval.bench import JpIFEval, JpIFEvalItems
from komainu.eval.bench.jp_ifeval.temperatures import TEMPERATURES, JpIFEvalTable, jp_ifeval
from komainu.eval.ruling import scored
from komainu.models.base import Model, Reply
from komainu.rows import Chat, Message
from tests.eval.jp_ifeval.test_prompts import ITEMS, SAID, prompt
from tests.eval.world import Items, Say, context

MODEL = Model(name="m")
RIGHT = {prompt(item): SAID[item.id] for item in ITEMS}


def item(*asked: tuple[str, dict[str, Any]]) -> Chat:
    meta = {"bench": "jp_ifeval", "lang": "ja", "instructions": [{"id": i, "kwargs": k} for i, k in asked]}
    return Chat("x", (Message("user", "書いて。"),), meta)


KANA = item(("hiragana_only", {}), ("sentence_count", {"count": 1}))


def build(root: Path, say: Say, table: JpIFEvalTable) -> dict[str, Any]:
    ctx = context(root, say)
    return ctx.store.build(table, ctx).summary


def test_a_verdict_has_one_mark_an_instruction() -> None:
    assert JpIFEval().verdict(KANA.with_reply("はるだ。はなだ。")) == {"strict": [True, False], "loose": [True, False]}


def test_loose_forgives_a_first_and_a_last_line_and_strict_does_not() -> None:
    found = JpIFEval().verdict(KANA.with_reply("はい、答えです。\nはるがきた。\n以上です。"))
    assert found == {"strict": [False, False], "loose": [True, True]}
    (score,) = JpIFEval().score(KANA.with_reply("はい、答えです。\nはるがきた。\n以上です。"))
    assert (score.metric, score.value, score.why) == ("strict", 0.0, "hiragana_only, sentence_count")


def test_thinking_is_no_part_of_the_answer() -> None:
    assert JpIFEval().verdict(KANA.with_reply("<think>漢字で考える。</think>\nはるがきた。"))["strict"] == [True, True]
    assert [s.value for s in scored(JpIFEval(), KANA.with_reply("<think>はるがきた。"))] == [0.0]


@pytest.mark.parametrize("answer", ["", " \n", "Spring has come.", "123", "🌸"])
def test_an_empty_answer_or_another_language_follows_nothing(answer: str) -> None:
    nothing = item(("no_kanji", {}), ("no_marks", {"marks": ["。"]})).with_reply(answer)
    assert JpIFEval().verdict(nothing) == {"strict": [False, False], "loose": [False, False]}


def test_a_missing_answer_is_missing() -> None:
    (score,) = scored(JpIFEval(), KANA)
    assert score.value is None


def test_only_items_of_this_bench_are_asked_about() -> None:
    assert JpIFEval().applies(KANA) and not JpIFEval().applies(KANA.with_meta(bench="m_ifeval"))
    assert JpIFEval().group(KANA) == "hiragana_only"


def test_scores_tell_every_type(tmp_path: Path) -> None:
    ctx = context(tmp_path, lambda model, text, sample: RIGHT[text])
    answers = Answers(model=MODEL, items=JpIFEvalItems())
    found = ctx.store.build(Scores(answers=answers, bench=JpIFEval()), ctx).summary
    assert found["metrics"]["strict"]["mean"] == 1.0 and found["metrics"]["strict"]["n"] == len(ITEMS)
    assert {name: each["n"] for name, each in found["by"].items()}["honorific"] == 10


def better_when_cold(model: Model, text: str, sample: int) -> str | Reply:
    """Right at 0, wrong at 1, and one answer lost at 0.5."""
    if model.temperature == 0.5 and text == prompt(ITEMS[0]):
        return Reply("", finish="length")
    return RIGHT[text] if model.temperature < 1 else "Sorry."


def test_the_table_has_the_total_the_types_and_the_temperatures(tmp_path: Path) -> None:
    found = build(tmp_path, better_when_cold, jp_ifeval(MODEL))
    n = len(ITEMS)
    strict = found["strict"]
    assert (strict["n"], strict["items"], strict["missing"]) == (5 * n - 1, n, 1)
    assert strict["mean"] == pytest.approx(0.8, abs=1e-3) and strict["low"] < 0.8 < strict["high"]
    by = found["by_temperature"]
    assert [*by] == ["0", "0.2", "0.5", "0.7", "1"]
    assert [each["mean"] for each in by.values()] == [1.0, 1.0, 1.0, 1.0, 0.0]
    assert (by["0.5"]["n"], by["0.5"]["missing"]) == (n - 1, 1)
    asked = [one["id"] for each in ITEMS for one in each.meta["instructions"]]
    assert {name: each["n"] + each["missing"] for name, each in found["by_type"].items()} == {
        name: 5 * asked.count(name) for name in set(asked)
    }
    assert found["by_type_and_temperature"]["haiku"]["1"]["mean"] == 0.0
    assert json.loads(next(tmp_path.rglob("jp_ifeval.json")).read_bytes())["strict"] == strict


def test_the_interval_counts_items_and_not_answers(tmp_path: Path) -> None:
    """Five equal answers to an item say no more than one: the interval is as wide as that of one temperature."""
    known = {prompt(each) for each in ITEMS[::2]}
    found = build(tmp_path, lambda model, text, sample: RIGHT[text] if text in known else "はい。", jp_ifeval(MODEL))
    total, one = found["strict"], found["by_temperature"]["0"]
    assert total["mean"] == one["mean"]
    assert total["high"] - total["low"] == pytest.approx(one["high"] - one["low"], rel=0.01)


def test_all_temperatures_are_asked_the_same_items() -> None:
    answers = jp_ifeval(MODEL, limit=5).answers
    assert [a.model.temperature for a in answers] == [*TEMPERATURES]
    assert {a.items.id for a in answers} == {JpIFEvalItems(limit=5).id}
    few = {row.id for row in JpIFEvalItems(limit=5).rows()}
    assert len(few) == 5 and few < {row.id for row in ITEMS}


def test_wrong_wiring_is_named() -> None:
    one, other = (Answers(model=MODEL, items=JpIFEvalItems(limit=n)) for n in (1, 2))
    warm = Answers(model=Model(name="other", temperature=1.0), items=JpIFEvalItems(limit=1))
    for answers, told in (((), "is empty"), ((one, other), "different items"), ((one, warm), "different models")):
        assert any(told in problem for problem in JpIFEvalTable(answers=answers).check()), told
    assert any("twice" in problem for problem in JpIFEvalTable(answers=(one, one)).check())
    assert [*jp_ifeval(MODEL).check()] == []


def test_items_of_another_bench_are_refused(tmp_path: Path) -> None:
    ctx = context(tmp_path, lambda model, text, sample: "はい。")
    table = JpIFEvalTable(answers=(Answers(model=MODEL, items=Items(n=4)),))
    with pytest.raises(UsageError, match="use JpIFEvalItems"):
        ctx.store.build(table, ctx)
