"""Refusal finds answers that decline and give nothing, and no others."""

from __future__ import annotations

import pytest

from komainu.checks.refusal import Refusal
from tests.checks.helpers import answer, ifeval, needs_fixtures, tatoeba

LONG = "まず水を沸かし、次に麺を入れて三分待ちます。器にたれと油を入れておき、湯を切った麺を移してよく混ぜます。"


@pytest.mark.parametrize(
    "text",
    [
        "申し訳ありませんが、お手伝いできません。",
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I can’t assist with that request.",
        "その質問にはお答えできません。代わりに、安全な方法をご提案できます。",
        "少し考えました。申し訳ありませんが、そのご依頼はお受けできません。",
    ],
)
def test_an_answer_that_declines_is_a_refusal(text: str) -> None:
    assert Refusal()(answer(text)).startswith("refusal: ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "「お手伝いできません」は断るときの言い方です。",
        "I can't recommend it enough!",
        "Dear Ann,\nI'm sorry, but I can't help with the move on Sunday.\nBest,\nBob",
        "申し訳ありませんが、詳しい分量はお答えできません。" + LONG * 4,
        "```\nprint(\"I'm sorry, but I can't help with that.\")\n```",
        "> I cannot help you.\n\nThat is what the guard says in the first act.",
    ],
)
def test_what_only_sounds_like_one_is_none(text: str) -> None:
    assert Refusal()(answer(text)) == ""


def test_a_refusal_far_down_an_answer_is_part_of_it() -> None:
    assert Refusal()(answer(LONG * 20 + "これ以上はお答えできません。")) == ""


@needs_fixtures
def test_sentences_of_all_kinds_are_no_refusals_and_a_strong_model_seldom_refuses() -> None:
    assert [s for s in tatoeba("jpn") if Refusal()(answer(s))] == []
    assert sum(Refusal()(answer(text)) != "" for _, text in ifeval("en", "gpt-4o")) <= 3
