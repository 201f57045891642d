"""Answers for the checks of the counting family."""

from __future__ import annotations

from typing import Any

import pytest

from tests.eval.jp_ifeval.cases import Case, each, few, verdict

CASES = [
    Case(
        "counted",
        {"things": ["鉛筆:3", "紙:5", "猫:12"]},
        right=[
            "鉛筆3本、紙5枚、猫12匹",
            "鉛筆が三本と紙が五枚、猫は十二匹います。",
            "鉛筆：３本\n紙：５枚\n猫：１２匹",
            "猫12匹、紙5葉、鉛筆3本",
            "鉛筆 3 本、紙 5 枚、猫 12 匹",
            "鉛筆を3本。紙は5枚。猫は12匹！",
        ],
        wrong=[
            "鉛筆3個、紙5枚、猫12匹",
            "鉛筆3本、紙5冊、猫12匹",
            "鉛筆3本、紙5枚、猫12羽",
            "鉛筆3本、紙5枚",
            "鉛筆三、紙五枚、猫十二匹",
            "えんぴつ3本、紙5枚、猫12匹",
            "鉛筆3本、紙5枚、猫13匹",
        ],
    ),
    Case(
        "counted",
        {"things": ["卵:10", "箸:1"]},
        right=["卵10個と箸1膳", "卵十個、箸一膳"],
        wrong=["卵10本と箸1膳", "卵1個と箸10膳"],
    ),
    Case(
        "counter_reading",
        {"forms": ["1本", "3本", "10本"]},
        right=[
            "いっぽん\nさんぼん\nじゅっぽん",
            "いっぽん、さんぼん、じっぽん",
            "1本：いっぽん\n3本：さんぼん\n10本：じゅっぽん",
            "いっぽん／さんぼん／じっぽん",
            "1. いっぽん\n2. さんほ\u3099ん\n3. じゅっぽん",
            "「いっぽん」、「さんぼん」、「じゅっぽん」",
        ],
        wrong=[
            "いちほん\nさんぼん\nじゅっぽん",
            "いっぽん\nさんほん\nじゅっぽん",
            "いっぽん\nさんぽん\nじゅっぽん",
            "いつぽん\nさんぼん\nじゅっぽん",
            "いっぽん\nさんぼん",
            "さんぼん\nいっぽん\nじゅっぽん",
            "一本、三本、十本",
            "イッポン、サンボン、ジュッポン",
            "ｲｯﾎﾟﾝ、ｻﾝﾎﾞﾝ、ｼﾞｭｯﾎﾟﾝ",
        ],
    ),
    Case(
        "counter_reading",
        {"forms": ["4日", "8日"]},
        right=["よっか、ようか"],
        wrong=["ようか、よっか", "よんにち、はちにち"],
    ),
    Case(
        "kanji_numerals",
        {"low": 2},
        right=[
            "三人で二日歩いた。",
            "令和八年五月",
            "百二十円と三十円",
            "一九五八年、三百三十三メートル",
            "〇と一",
            "廿三日と五日",
            "第一章、第二章",
        ],
        wrong=[
            "3人で二日、三日",
            "一緒に二人で",
            "３人と四人と五人",
            "①と二と三",
            "一つだけ",
            "人が歩いた",
            "①②③",
            "一番いい一方",
        ],
    ),
    Case(
        "fullwidth_digits",
        {"low": 2},
        right=["１０時３０分", "５個と６個", "１、２", "２０２６年４月から", "Ａ１Ｂ２", "令和８年５月"],
        wrong=["10時30分", "１０時30分", "１０時", "十時三十分", "①と②", "1０と２"],
    ),
    Case(
        "numbers_kept",
        {"numbers": ["1200", "4.5", "3"]},
        right=[
            "3つの階に1,200点、4.5％です。",
            "1200点が3階に。4.5倍の広さ。",
            "１，２００人が３日で４．５キロ歩いた。",
            "4.5と3と1200です",
            "千は1200、ほかは3と4.5です",
            "3人が1,200円で4.5時間働いた。",
        ],
        wrong=[
            "3つの階に1,200点です。",
            "3つの階に1,200点、45％です。",
            "三つの階に1,200点、4.5％です。",
            "3つの階に1,200点、4.5％、5人です。",
            "3 floors, 1,200 and 4.5",
            "3つの階に1,200点、4.5％です。2026年。",
            "3と3と1200と4.5です",
        ],
    ),
    Case(
        "numbers_kept",
        {"numbers": ["250000", "120000000"]},
        right=["25万人と1億2000万円です", "250,000人と120,000,000円です", "25万と1.2億の"],
        wrong=["25人と1億2000万円です", "25万人と1億円と2000万円です"],
    ),
    Case(
        "code_kept",
        {"codes": ["`git push`", "main"]},
        right=[
            "`git push` で main に送ります。",
            "main へ送るには `git push` を使う。",
            "「`git push`」を実行（main）",
            "まず `git push` です。mainブランチへ。",
            "`git push`で`main`へ",
            "コマンド `git push` を main で。😀",
        ],
        wrong=[
            "git push で main に送ります。",
            "`git push` で メイン に送ります。",
            "Run `git push` to main.",
            "`gitpush` で main に",
            "`Git push` で main に送ります。",
            "`ｇｉｔ ｐｕｓｈ` で main に",
        ],
    ),
]


@pytest.mark.parametrize(("check", "kwargs", "answer", "right"), each(CASES))
def test_counting(check: str, kwargs: dict[str, Any], answer: str, right: bool) -> None:
    assert verdict(check, kwargs, answer) is right


def test_every_check_has_enough_answers() -> None:
    assert few(CASES, "counting") == {}
