"""Answers for the checks of the script family."""

from __future__ import annotations

from typing import Any

import pytest

from tests.eval.jp_ifeval.cases import Case, each, few, verdict

CASES = [
    Case(
        "hiragana_only",
        {},
        right=[
            "きょうは いい てんきです。",
            "らーめんを たべたよ！😀",
            "か\u3099っこう",  # が as two code points
            "「おはよう」…ございます、みなさん〜",
            "いすゞ、こゝろ",
            "ゐなかのおばあさん",
            "**ひらがな**",
        ],
        wrong=[
            "今日はいい天気です。",
            "ラーメンを たべた",
            "ｶﾅ",
            "りんごを 3つ",
            "りんごを ３つ",
            "あ Ａ",
            "。。。",
            "ひと々",
            "",
        ],
    ),
    Case(
        "katakana_only",
        {},
        right=[
            "コンニチハ。",
            "ｺﾝﾆﾁﾊ",
            "ヴァイオリン・ソロ",
            "ハ\u309aン",
            "ワタシ ハ ロボット デス！",
            "ヰスキー、ヱビス",
            "コヽロ",
        ],
        wrong=["コンニチは", "コンニチハ、世界", "ロボット1ゴウ", "ロボットＸ", "ーー", "！！", "ひらがな", "一ツ"],
    ),
    Case(
        "no_katakana",
        {},
        right=[
            "珈琲を飲みます。",
            "らーめん・ぎょうざ",
            "ABCと123",
            "三か月",
            "すごーーい",
            "すごｰい",
            "が\u3099ぎ",
            "うつくしい空。",
        ],
        wrong=["コーヒー", "ｺｰﾋｰを飲む", "三ヶ月", "茶の間のｿﾌｧ", "ちょっとダメ", "関ヶ原", "カ\u3099"],
    ),
    Case(
        "no_kanji",
        {},
        right=["ふじさん", "カレー", "3776メートル", "ABC", "さくら🌸", "かな・カナ・ｶﾅ"],
        wrong=["富士さん", "ひと々", "二〇", "㈱さくら", "㊗おめでとう", "〆きり", "力もち"],
    ),
    Case(
        "no_latin",
        {},
        right=["インターネット", "10キロ", "漢字とかな。", "アルファ（α）", "１２３", "番号は五", "😀"],
        wrong=["Internet", "Ｉnternet", "ＡＢＣ", "10㎏", "第Ⅲ章", "Ⓐ案", "café", "№1"],
    ),
    Case(
        "hiragana_count",
        {"low": 5, "high": 6},
        right=[
            "あいうえお",
            "あいうえおか",
            "漢字かなまじり",
            "がぎぐげこ\u3099",
            "いすゞの車だ",
            "らーめんだよ、ラーメン",
            "しゃっくり",
        ],
        wrong=["あいうえ", "あいうえおかき", "アイウエオ", "ｱｲｳｴｵ", "漢字漢字漢", "らーーめん"],
    ),
    Case(
        "lipogram",
        {"letters": ["い"]},
        right=["あさ おきた。", "ゐなか", "えき まで あるく", "ねこ", "なつ・うみ・そら", "ひとりで あそぶ。"],
        wrong=["いぬ", "イヌ", "ｲﾇ", "犬が走る", "おおい", "knight あさ", "あさ 3じ", "はい、どうぞ"],
    ),
    Case("lipogram", {"letters": ["か", "が"]}, right=["はる", "きく"], wrong=["か\u3099っこう", "カラス", "かさ"]),
]


@pytest.mark.parametrize(("check", "kwargs", "answer", "right"), each(CASES))
def test_script(check: str, kwargs: dict[str, Any], answer: str, right: bool) -> None:
    assert verdict(check, kwargs, answer) is right


def test_every_check_has_enough_answers() -> None:
    assert few(CASES, "script") == {}
