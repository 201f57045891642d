"""The rates of leaking, emptiness, truncation, loops and refusals, beside a board's averages."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.eval.base import Answers, Bench, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.bench.habits import EmptyRate, LoopRate, RefusalRate, TruncatedRate, habits
from komainu.eval.bench.leakage import LeakageRate, marks
from komainu.eval.bench.rate import Rate
from komainu.eval.board import Board, Entry
from komainu.eval.ruling import scored
from komainu.models.base import Model
from komainu.rows import Chat, Message
from tests.eval.world import Items, context, share_right


def chat(reply: str, lang: str = "ja", **meta: Any) -> Chat:
    return Chat("row", (Message("user", "?"), Message("assistant", reply)), {"lang": lang, **meta})


def value(bench: Bench, row: Chat) -> float | None:
    (score,) = scored(bench, row)
    return score.value


def test_each_answer_is_counted_under_its_own_fault() -> None:
    faults = {
        "leakage": chat("彼はstationで待ちます。"),
        "empty": chat(" \n"),
        "truncated": chat("彼は駅で、"),
        "loop": chat("犬が走る。" * 20),
        "refusal": chat("申し訳ありませんが、お手伝いできません。"),
        "": chat("彼は駅で待ちます。"),
    }
    for name, row in faults.items():
        assert [bench.name for bench in habits("ja") if value(bench, row)] == ([name] if name else [])


def test_a_missing_answer_is_missing_everywhere_and_never_a_rate() -> None:
    row = chat("", finish="length")
    assert [value(bench, row) for bench in habits("ja")] == [None] * 5


def test_an_answer_that_ran_out_of_tokens_is_truncated_even_where_it_looks_whole() -> None:
    assert value(TruncatedRate(language="ja"), chat("彼は駅で待ちます。", finish="length")) == 1.0
    assert value(TruncatedRate(language="ja"), chat("<think>駅は", finish="length")) == 1.0
    assert value(EmptyRate(language="ja"), chat("<think>駅は", finish="length")) == 1.0


def test_in_the_averages_an_empty_answer_is_a_failure_as_everywhere() -> None:
    rates: tuple[Rate, ...] = (
        LoopRate(language="ja"),
        RefusalRate(language="ja"),
        LeakageRate(language="ja", headline=False),
    )
    for bench in rates:
        assert value(bench, chat(" ")) == 0.0
        assert value(replace(bench, headline=True), chat(" ")) == 1.0


def test_a_rate_of_one_benchmark_is_named_after_it_and_looks_at_its_items_alone() -> None:
    bench = LoopRate(language="en", of="ifeval")
    assert (bench.title, LoopRate(language="en").title) == ("ifeval_loop", "loop")
    assert bench.applies(chat("x", "en", bench="ifeval")) and not bench.applies(chat("x", "en", bench="mixeval"))
    assert not bench.applies(chat("x", "ja", bench="ifeval"))
    assert len({each.title for of in ("ifeval", "mixeval", "") for each in habits("en", of)}) == 15


def test_the_reason_of_a_leak_marks_every_span_in_the_reply_as_it_was_given() -> None:
    row = chat("<think>station?</think>\n彼はstationで图书馆を見ます。")
    (score,) = LeakageRate(language="ja").score(row)
    assert [(row.reply[s.start : s.end], s.kind) for s in marks(score.why)] == [
        ("station", "latin"),
        ("图书馆", "simplified"),
    ]
    assert marks("") == marks("empty: blank") == []


@given(
    st.lists(st.sampled_from(["駅で", "station", "图书馆", "한국", "です。", "\n- ", "<think>", "</think>", "The dog"]))
)
def test_marks_lie_in_the_reply_in_order_and_hold_what_they_say(pieces: list[str]) -> None:
    row = chat("".join(pieces))
    (score,) = LeakageRate(language="ja").score(row)
    found = marks(score.why)
    assert (score.value == 1.0) == bool(found)
    for before, after in pairwise(found):
        assert before.end <= after.start
    assert all(f'"text": "{row.reply[s.start : s.end]}"' in score.why for s in found)


@pytest.mark.parametrize("asked", [False, True])
def test_habits_stand_on_a_board_and_in_its_averages_only_when_asked(tmp_path: Path, asked: bool) -> None:
    ctx = context(tmp_path, share_right({"a": 0.5}))
    answers = Answers(model=Model(name="a"), items=Items(n=40))
    benches = (ExactMatch(language="ja"), *(replace(bench, headline=asked) for bench in habits("ja")))
    board = Board(entries=(Entry(name="a", scores=tuple(Scores(answers=answers, bench=b) for b in benches)),))
    found = json.loads((ctx.store.build(board, ctx).path / "board.json").read_text())
    rows = {row["bench"]: row for row in found["rows"]}
    assert set(rows) == {"exact", "leakage", "empty", "truncated", "loop", "refusal"}
    assert rows["loop"]["mean"] == 0.0 and rows["loop"]["n"] == 20 and rows["loop"]["high"] > 0
    mean = found["headline"][0]["ja"]["mean"]
    assert (mean == pytest.approx(50.0)) is not asked
