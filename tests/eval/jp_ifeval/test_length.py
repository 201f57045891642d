"""Answers for the checks of the length family."""

from __future__ import annotations

from typing import Any

import pytest

from tests.eval.jp_ifeval.cases import Case, each, few, verdict

CASES = [
    Case(
        "characters",
        {"low": 5, "high": 6},
        right=[
            "あいうえお",
            "あいうえお。",
            "あ い\nう　え お",
            "か\u3099き\u3099く\u3099け\u3099こ\u3099",
            "日本の春だ",
            "ABCDE😀",
            "ｱｲｳｴｵ",
        ],
        wrong=["あいうえ", "あいうえおかき", "あ　　　　い", "日本の春が来る。", "ｶﾞｷﾞｸﾞｹﾞ", "**あいう**"],
    ),
    Case(
        "sentence_count",
        {"count": 2},
        right=[
            "春だ。花が咲く。",
            "春だ！　花は？",
            "春だ\n花が咲く",
            "「春だ。花だ。」と言った。外へ出た。",
            "すごい！！花だ。",
            "円周率は3.14です。覚えて。",
            "春だ。花が咲く。😀",
        ],
        wrong=[
            "春だ。",
            "春だ。花だ。風だ。",
            "春だ、花が咲く。",
            "「春だ。花だ。」と言った。",
            "春だ。花が咲く。\n以上です",
            "。。",
        ],
    ),
    Case(
        "line_lengths",
        {"lines": 2, "characters": 5},
        right=[
            "あいうえお\nかきくけこ",
            "春が来た。\n夏が来た！",
            "あいうえお\n\nかきくけこ\n",
            "か\u3099きくけこ\nあいうえお",
            "あい うえお\nかきくけこ",
            "ｱｲｳｴｵ\n１２３４５",
        ],
        wrong=[
            "あいうえお",
            "あいうえお\nかきくけ",
            "あいうえお\nかきくけこさ",
            "あいうえおかきくけこ",
            "あいうえお\nかきくけこ\nさしすせそ",
            "**あいうえお**\nかきくけこ",
        ],
    ),
    Case(
        "sentence_limit",
        {"limit": 6},
        right=[
            "春だ。花が咲く。",
            "春！夏！",
            "あいうえお。かきくけこ。",
            "春だ\n夏だ",
            "か\u3099きくけこ。春だ。",
            "「春。」と。夏だ。",
        ],
        wrong=[
            "春だ。",
            "春だ。とても花が咲く。",
            "あいうえおか。春だ。",
            "春が来て花が咲いた。",
            "",
            "春だ。「とてもいい」ね。",
        ],
    ),
    Case(
        "mark_count",
        {"mark": "、", "low": 2, "high": 2},
        right=["春、夏、秋", "春､夏､秋", "「春、」と、言う。", "、、", "春、\n夏、", "春､夏、秋。"],
        wrong=["春、夏", "春、夏、秋、冬", "春,夏,秋", "春，夏，秋", "春・夏・秋", "春"],
    ),
    Case("mark_count", {"mark": "！", "low": 1, "high": 1}, right=["春！", "春!"], wrong=["春！！", "春‼"]),
    Case(
        "no_marks",
        {"marks": ["。"]},
        right=["春、夏", "春！", "春. 夏", "3．14", "春\n夏", "「春」と言う"],
        wrong=["春。", "春｡", "「春。」", "春。夏", "。", "！"],
    ),
    Case("no_marks", {"marks": ["！", "？"]}, right=["春。"], wrong=["春！", "春!", "春?", "春？"]),
    Case(
        "fullwidth",
        {},
        right=["春が来た。", "ＡＢＣ１２３", "春　夏\n秋", "カタカナ！", "「春」、夏……", "😀です"],
        wrong=["春 夏", "ABC", "１2３", "ｶﾀｶﾅ", "春｡", "春!", "(春)", "**春**"],
    ),
]


@pytest.mark.parametrize(("check", "kwargs", "answer", "right"), each(CASES))
def test_length(check: str, kwargs: dict[str, Any], answer: str, right: bool) -> None:
    assert verdict(check, kwargs, answer) is right


def test_every_check_has_enough_answers() -> None:
    assert few(CASES, "length") == {}
